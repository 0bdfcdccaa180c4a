//! Models of the edges in `stack.rs`.

use super::*;

struct Pushed {
    inbox: Inbox,
    data: [AtomicU32; 2],
}

impl Pushed {
    fn new() -> Self {
        Self { inbox: Inbox::new(3), data: [AtomicU32::new(0), AtomicU32::new(0)] }
    }

    /// Writes its own data, then pushes an index that others push too.
    fn write_and_push(&self, n: usize) -> Option<[u32; 2]> {
        self.data[n].store(1, Relaxed);
        self.inbox.push(0);
        None
    }

    /// What the taker of index 0 sees.
    fn take_and_read(&self) -> Option<[u32; 2]> {
        self.inbox.take().last().map(|_| [0, 1].map(|n| self.data[n].load(Relaxed)))
    }
}

#[test]
fn inbox_flag_brings_every_push_to_a_taker() {
    race(
        Pushed::new,
        [|p| p.write_and_push(0), |p| p.write_and_push(1), Pushed::take_and_read],
        |p, [.., early]| {
            let late = p.inbox.take().count();
            assert!(late == 1 || early == Some([1, 1]), "a push was lost: {early:?}");
        },
    );
}

#[test]
fn inbox_queue_loses_no_index() {
    fn push(p: &Pushed, n: u32) -> Vec<u32> {
        assert!(p.inbox.push(n));
        vec![]
    }
    race(
        Pushed::new,
        [|p| push(p, 0), |p| push(p, 1), |p| p.inbox.take().collect()],
        |p, taken| {
            let mut all: Vec<_> = taken.into_iter().flatten().chain(p.inbox.take()).collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1]);
        },
    );
}

#[test]
fn inbox_queue_carries_the_links_to_a_taker() {
    let push = |p: &Pushed| {
        assert!(p.inbox.push(1) && p.inbox.push(2));
        vec![]
    };
    let take = |p: &Pushed| p.inbox.take().collect::<Vec<_>>();
    race(Pushed::new, [push, take], |p, [_, taken]| {
        let mut all: Vec<_> = taken.into_iter().chain(p.inbox.take()).collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}
