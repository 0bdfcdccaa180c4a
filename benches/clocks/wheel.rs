//! Our wheel, where a timer is a hint to look: arming later and cancelling only change what a look will
//! find, in the slot's own word.
//!
//! Any thread may arm; [`Wheel::shared`] is what they arm through.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use qiangdan_sync::{Looks, Wheel as Halves, WheelDriver};

use super::{Clocks, STEP};

/// Both halves.
#[derive(Debug)]
pub struct Wheel {
    shared: Arc<Shared>,
    driver: Driver,
}

/// The half that arms.
#[derive(Debug)]
pub struct Shared {
    looks: Looks,
    /// What each slot is armed for; `u64::MAX` is never.
    due: Box<[AtomicU64]>,
}

/// The half that fires.
pub struct Driver(WheelDriver);

impl Shared {
    /// Arms a slot, or arms it anew.
    pub fn arm(&self, slot: u32, due_ms: u64) {
        // Ordering: Release, to the look: it may come on an older arm.
        self.due[slot as usize].store(due_ms, Release);
        self.looks.arm(slot, due_ms);
    }

    /// Lets what a slot is armed for not come.
    pub fn cancel(&self, slot: u32) {
        // Ordering: Relaxed. A look that does not see it yet fires what was armed before.
        self.due[slot as usize].store(u64::MAX, Relaxed);
    }
}

impl Driver {
    /// Fires what is due, `budget` steps of the wheel at most.
    pub fn advance(&mut self, shared: &Shared, now_ms: u64, budget: usize) -> (usize, bool) {
        let mut fired = 0;
        let look = |slot: u32, armed_ms: u64| {
            let due = &shared.due[slot as usize];
            // Ordering: Acquire, the receiving half of `arm`.
            let due_ms = due.load(Acquire);
            if due_ms > armed_ms {
                return (due_ms != u64::MAX).then_some(due_ms);
            }
            // Ordering: Relaxed, both. Whoever arms anew meanwhile brings another look.
            if due.compare_exchange(due_ms, u64::MAX, Relaxed, Relaxed).is_ok() {
                fired += 1;
            }
            None
        };
        let advanced = self.0.advance(&shared.looks, now_ms, budget, u64::from, look);
        (fired, advanced.done)
    }
}

impl Wheel {
    /// The two halves for themselves.
    #[must_use]
    pub fn shared(self) -> (Arc<Shared>, Driver) {
        (self.shared, self.driver)
    }
}

impl Clocks for Wheel {
    fn new(slots: u32) -> Self {
        let (looks, driver) = Halves::new(slots);
        let due = (0..slots).map(|_| AtomicU64::new(u64::MAX)).collect();
        Self { shared: Arc::new(Shared { looks, due }), driver: Driver(driver) }
    }

    fn arm(&mut self, slot: u32, due_ms: u64) {
        self.shared.arm(slot, due_ms);
    }

    fn arm_anew(&mut self, slot: u32, due_ms: u64) {
        self.shared.arm(slot, due_ms);
    }

    fn cancel(&mut self, slot: u32) {
        self.shared.cancel(slot);
    }

    fn advance(&mut self, now_ms: u64) -> (usize, bool) {
        self.driver.advance(&self.shared, now_ms, STEP)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
