//! Models of the edge in `heads.rs`.

use super::*;

/// A lane into which one entry comes out of order, and its bound.
struct Inserted {
    heads: Heads,
    entry: AtomicU32,
}

impl Inserted {
    fn new() -> Self {
        Self { heads: Heads::new(1), entry: AtomicU32::new(0) }
    }

    fn insert(&self) {
        self.entry.store(1, Relaxed);
        self.heads.lower(0, 5);
    }

    /// Looks at the lane, and raises the bound to what is found: the entry, or what comes after it.
    fn look(&self) {
        let seen = self.heads.see(0);
        let first = if self.entry.load(Relaxed) == 0 { 9 } else { 5 };
        self.heads.raise(0, seen, first);
    }

    fn is_right(&self) {
        assert!(self.heads.see(0).rank() <= 5, "the bound is above what was inserted");
    }
}

#[test]
fn heads_bound_is_never_above_what_was_inserted() {
    let parts = [Inserted::insert, Inserted::look];
    race(Inserted::new, parts, |lane, _| lane.is_right());
}

#[test]
fn heads_bound_that_was_raised_carries_the_insert_before_it() {
    let parts = [Inserted::insert, Inserted::look, Inserted::look];
    race(Inserted::new, parts, |lane, _| lane.is_right());
}

#[test]
fn heads_bound_found_among_several_carries_the_insert_before_it() {
    let look_by_lowest = |lane: &Inserted| {
        let lowest = lane.heads.lowest(0, 1).expect("lane 0 is asked for");
        let first = if lane.entry.load(Relaxed) == 0 { 9 } else { 5 };
        lane.heads.raise(0, lowest.bound, first);
    };
    race(Inserted::new, [Inserted::insert, look_by_lowest], |lane, _| lane.is_right());
}
