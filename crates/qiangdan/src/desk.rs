//! Where one thread at a time writes down what it did: the numbers of its events, and live figures.
//!
//! Every call that changes something comes with an [`Outbox`](crate::Outbox), which one thread has to
//! itself. An engine gives each outbox that calls it a *desk*, and the outbox keeps it until it is
//! dropped or calls another engine; then the next outbox may have it. So a desk has one writer at a
//! time, who counts with plain loads and stores: no read-modify-write, no line that two writers
//! want. Readers add up the desks whenever they like.
//!
//! # Edges
//!
//! * **desk**: an outbox leaves its desk (Release) → the next one takes it (Acquire), and goes on
//!   counting where the last one stopped.

use std::sync::{
    Arc, OnceLock,
    atomic::Ordering::{Acquire, Relaxed, Release},
};

use crate::{
    Seq,
    stats::{BUCKETS, bucket_of},
    sync::{AtomicBool, AtomicU64},
};

/// The desks of one engine, in a chain that only grows: the first free one is taken.
#[derive(Debug)]
pub(crate) struct Desks {
    first: OnceLock<Arc<Desk>>,
    within_ms: u64,
}

/// One desk. Its owner adds, anybody reads.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Desk {
    number: u32,
    /// Waits up to this are within the target, in milliseconds.
    within_ms: u64,
    events: Count,
    pub(crate) submitted: Count,
    pub(crate) claimed_again: Count,
    pub(crate) put_back: Count,
    pub(crate) closed: Count,
    pub(crate) abandoned: Count,
    pub(crate) abandoned_late: Count,
    pub(crate) breached: Count,
    /// First claims by wait. The bucket in which the target lies is there twice: for the waits within
    /// and for those beyond.
    pub(crate) waits: Box<[Count]>,
    is_taken: AtomicBool,
    next: OnceLock<Arc<Self>>,
}

/// A number with one writer at a time.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Adds one. Only the owner of the desk may.
    #[inline]
    pub(crate) fn add(&self) {
        // Ordering: Relaxed, both. There is no other writer, and the count guards no data.
        self.0.store(self.0.load(Relaxed) + 1, Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Ordering: Relaxed. A figure.
        self.0.load(Relaxed)
    }
}

impl Desk {
    fn new(number: u32, within_ms: u64) -> Self {
        Self {
            number,
            within_ms,
            events: Count::default(),
            submitted: Count::default(),
            claimed_again: Count::default(),
            put_back: Count::default(),
            closed: Count::default(),
            abandoned: Count::default(),
            abandoned_late: Count::default(),
            breached: Count::default(),
            waits: (0..=BUCKETS).map(|_| Count::default()).collect(),
            is_taken: AtomicBool::new(true),
            next: OnceLock::new(),
        }
    }

    /// The number of the event that comes next from this desk.
    #[inline]
    pub(crate) fn next_seq(&self) -> Seq {
        Seq::new(self.number, self.events.get())
    }

    /// Counts the event that was numbered.
    #[inline]
    pub(crate) fn told(&self) {
        self.events.add();
    }

    /// Notes a claim after a wait.
    #[inline]
    pub(crate) fn claimed(&self, epoch: u16, wait_ms: u64) {
        if epoch > 1 {
            return self.claimed_again.add();
        }
        self.waits[bucket_of(wait_ms) + usize::from(wait_ms > self.within_ms)].add();
    }

    /// Notes that somebody left who had not been claimed.
    pub(crate) fn left(&self, wait_ms: u64) {
        self.abandoned.add();
        if wait_ms > self.within_ms {
            self.abandoned_late.add();
        }
    }

    fn try_take(&self) -> bool {
        // Ordering: Acquire on success, the receiving half of "desk". Relaxed: a guess before it.
        !self.is_taken.load(Relaxed)
            && self.is_taken.compare_exchange(false, true, Acquire, Relaxed).is_ok()
    }

    /// Leaves the desk to the next outbox.
    pub(crate) fn leave(&self) {
        // Ordering: Release, the sending half of "desk".
        self.is_taken.store(false, Release);
    }
}

impl Desks {
    pub(crate) fn new(within_ms: u64) -> Self {
        Self { first: OnceLock::new(), within_ms }
    }

    pub(crate) fn within_ms(&self) -> u64 {
        self.within_ms
    }

    /// The first free desk, or a new one behind the last.
    pub(crate) fn take(&self) -> Arc<Desk> {
        let mut place = &self.first;
        for number in 0.. {
            let desk = match place.get() {
                Some(desk) if desk.try_take() => return Arc::clone(desk),
                Some(desk) => desk,
                None => {
                    let new = Arc::new(Desk::new(number, self.within_ms));
                    if place.set(Arc::clone(&new)).is_ok() {
                        return new;
                    }
                    place.get().expect("another thread has just set it")
                }
            };
            place = &desk.next;
        }
        unreachable!("a desk takes ten kilobytes; memory ends before numbers do")
    }

    /// All desks there ever were.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Desk> {
        std::iter::successors(self.first.get(), |desk| desk.next.get()).map(|desk| &**desk)
    }
}

impl Drop for Desks {
    /// One after the other: a chain that is dropped from its first link would call itself once for
    /// each.
    fn drop(&mut self) {
        let mut rest = self.first.take();
        while let Some(mut desk) = rest.and_then(Arc::into_inner) {
            rest = desk.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_was_left_is_taken_again_and_counts_on() {
        let desks = Desks::new(10);
        let (first, second) = (desks.take(), desks.take());
        assert_eq!((first.number, second.number), (0, 1));
        first.told();
        first.leave();
        assert_eq!(desks.take().next_seq(), Seq::new(0, 1));
        assert_eq!(desks.take().number, 2);
    }

    #[test]
    fn the_target_divides_its_bucket() {
        let desk = Desk::new(0, 1_001);
        assert_eq!(bucket_of(1_001), bucket_of(1_002), "else this shows nothing");
        desk.claimed(1, 1_001);
        desk.claimed(1, 1_002);
        let within = &desk.waits[..=bucket_of(1_001)];
        assert_eq!(within.iter().map(Count::get).sum::<u64>(), 1);
    }
}
