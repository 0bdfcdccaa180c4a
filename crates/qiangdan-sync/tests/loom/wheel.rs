//! Models of the edges in `wheel.rs`.

use super::*;

/// A wheel of one slot, armed for 5, whose history others may make.
struct Timer {
    looks: Looks,
    /// Touched by one part of the race, then by `after`.
    driver: loom::sync::Mutex<RefCell<WheelDriver>>,
    history: [AtomicU32; 2],
}

impl Timer {
    fn new() -> Self {
        let (looks, driver) = Wheel::new(1);
        looks.arm(0, 5);
        let history = [AtomicU32::new(0), AtomicU32::new(0)];
        Self { looks, driver: loom::sync::Mutex::new(RefCell::new(driver)), history }
    }

    fn write_and_arm(&self, n: usize, due: u64) -> Vec<[u32; 2]> {
        self.history[n].store(1, Relaxed);
        self.looks.arm(0, due);
        vec![]
    }

    /// What each look sees.
    fn advance(&self, now: u64, again: Option<u64>) -> Vec<[u32; 2]> {
        let driver = self.driver.lock().unwrap();
        let mut seen = vec![];
        let mut look = |_, due| {
            assert!(due <= now, "early: {due} at {now}");
            seen.push([0, 1].map(|n| self.history[n].load(Relaxed)));
            again
        };
        let advanced = driver.borrow_mut().advance(&self.looks, now, usize::MAX, |_| 0, &mut look);
        assert!(advanced.done);
        seen
    }

    fn next(&self) -> Option<u64> {
        self.driver.lock().unwrap().borrow_mut().next(&self.looks)
    }
}

#[test]
fn wheel_arm_is_seen_by_a_look_or_brings_one() {
    // Lowering it, and finding it low enough.
    let arm = [|t: &Timer| t.write_and_arm(0, 3), |t: &Timer| t.write_and_arm(0, 7)];
    for arm in arm {
        race(Timer::new, [arm, |t| t.advance(10, None)], |t, seen| {
            let looks = [seen.concat(), t.advance(10, None)].concat();
            assert_eq!(looks.last(), Some(&[1, 0]), "a look was lost");
            assert_eq!(t.next(), None);
        });
    }
}

#[test]
fn wheel_two_arms_are_seen_by_looks() {
    race(
        Timer::new,
        [|t| t.write_and_arm(0, 4), |t| t.write_and_arm(1, 6), |t| t.advance(10, None)],
        |t, seen| {
            let looks = [seen.concat(), t.advance(10, None)].concat();
            assert_eq!(looks.last(), Some(&[1, 1]), "a look was lost");
            assert_eq!(t.next(), None);
        },
    );
}

#[test]
fn wheel_arm_beside_the_drivers_own_keeps_the_earlier() {
    race(Timer::new, [|t| t.write_and_arm(0, 8), |t| t.advance(6, Some(20))], |t, [_, seen]| {
        assert_eq!(seen.len(), 1);
        // Either the look has seen the arm, or there is another one in time.
        let looks = t.advance(8, Some(20));
        assert!(seen == [[1, 0]] || looks == [[1, 0]], "a look was lost");
        assert!(t.next().is_some_and(|next| next <= 20));
    });
}
