//! Models of the edges in `bitmap.rs`.

use super::*;

/// A bitmap of two lanes that hold no more than a count.
struct Bits {
    bitmap: Bitmap,
    mask: Mask,
    entries: [AtomicU32; 2],
    news: AtomicU32,
}

impl Bits {
    fn new() -> Self {
        let mask = Mask::new(2);
        mask.replace([0, 1]);
        let [a, b, news] = [0; 3].map(AtomicU32::new);
        Self { bitmap: Bitmap::new(2), mask, entries: [a, b], news }
    }

    /// Lane 0 is set, but empty.
    fn with_hint_left_over() -> Self {
        let bits = Self::new();
        bits.bitmap.set(0);
        bits
    }

    /// No lane is set, but the summary does not know it yet.
    fn with_summary_left_over() -> Self {
        let bits = Self::with_hint_left_over();
        bits.clear_if_empty(0);
        bits
    }

    fn push(&self, lane: u32) {
        self.entries[lane as usize].store(1, Relaxed);
        self.bitmap.set(lane);
    }

    fn push_and_find(&self, lane: u32) {
        self.push(lane);
        assert!(self.found().contains(&lane), "a push that has returned is found");
    }

    fn has(&self, lane: u32) -> bool {
        self.entries[lane as usize].load(Relaxed) == 1
    }

    fn clear_if_empty(&self, lane: u32) {
        self.bitmap.clear_if(lane, || !self.has(lane));
    }

    fn found(&self) -> Vec<u32> {
        let mut found = Vec::new();
        self.bitmap.for_each_and(&self.mask, |lane| found.push(lane));
        found
    }
}

#[test]
fn bitmap_set_is_not_cleared_after_a_push() {
    let push = |bits: &Bits| bits.push_and_find(0);
    let clear = |bits: &Bits| {
        bits.clear_if_empty(0);
        bits.found();
    };
    race(Bits::with_hint_left_over, [push, clear], |bits, _| assert_eq!(bits.found(), [0]));
    race(Bits::new, [push, clear], |bits, _| assert_eq!(bits.found(), [0]));
    // The bit may be set, and the word not told yet.
    let hint = |bits: &Bits| bits.bitmap.set(0);
    race(Bits::new, [hint, push, clear], |bits, _| assert_eq!(bits.found(), [0]));
}

#[test]
fn bitmap_set_is_seen_with_the_push_where_parts_are_read() {
    let read = |bits: &Bits| {
        if bits.bitmap.and_part(0, &bits.mask) == 1 {
            assert!(bits.has(0), "whoever sees the bit sees the push");
        }
    };
    race(Bits::new, [|bits: &Bits| bits.push(0), read], |bits, _| assert_eq!(bits.found(), [0]));
}

#[test]
fn bitmap_doubt_is_one_of_two_lanes() {
    let clear = |bits: &Bits| {
        bits.clear_if_empty(0);
        bits.clear_if_empty(1);
    };
    let both = || {
        let bits = Bits::with_hint_left_over();
        bits.bitmap.set(1);
        bits
    };
    race(both, [|bits| bits.push_and_find(0), clear], |bits, _| {
        assert!(bits.found().contains(&0));
    });
    // A doubt of another lane comes between two of this one.
    let clear_again = |bits: &Bits| {
        bits.bitmap.clear_if(1, || false);
        bits.clear_if_empty(0);
    };
    race(
        both,
        [|bits| bits.push_and_find(0), |bits| bits.clear_if_empty(0), clear_again],
        |bits, _| assert_eq!(bits.found(), [0, 1]),
    );
}

/// A lane and a side as they stand behind one bit, which is set although they are empty.
struct Behind {
    bitmap: Bitmap,
    lane: Lane,
    side: Side,
}

impl Behind {
    fn new() -> Self {
        let behind = Self { bitmap: Bitmap::new(1), lane: Lane::new(2), side: Side::new(1) };
        // Loom does not see the lock that guards the allocation of a segment: do it now.
        behind.side.insert(entry(0)).unwrap();
        assert!(behind.side.remove_if(&behind.side.peek().unwrap()));
        behind.bitmap.set(0);
        behind
    }

    fn push(&self) {
        self.lane.push(Item { slot: 0, generation: 1 }, |_| false).unwrap();
        self.bitmap.set(0);
        assert!(self.bitmap.contains(0), "a push that has returned is found");
    }

    fn insert(&self) {
        self.side.insert(entry(1)).unwrap();
        self.bitmap.set(0);
        assert!(self.bitmap.contains(0), "an insert that has returned is found");
    }

    fn clear(&self) {
        self.bitmap.clear_if(0, || self.lane.is_empty() && self.side.is_empty());
    }
}

#[test]
fn bitmap_doubt_or_the_push_is_seen() {
    // The first push makes the ring, too.
    race(Behind::new, [Behind::push, Behind::clear], |_, _| {});
    race(Behind::new, [Behind::insert, Behind::clear], |_, _| {});
    let with_ring = || {
        let behind = Behind::new();
        behind.lane.push(Item { slot: 1, generation: 1 }, |_| false).unwrap();
        behind.lane.pass(&behind.lane.first(Some).unwrap());
        behind
    };
    race(with_ring, [Behind::push, Behind::clear], |_, _| {});
}

#[test]
fn bitmap_set_carries_the_push_to_a_scan() {
    let push = |bits: &Bits| bits.push(0);
    let ask = |bits: &Bits| assert!(!bits.bitmap.contains(0) || bits.has(0));
    let scan = |bits: &Bits| assert!(bits.found().is_empty() || bits.has(0));
    race(Bits::new, [push, ask], |_, _| {});
    race(Bits::new, [push, scan], |_, _| {});
    race(Bits::with_summary_left_over, [push, scan], |_, _| {});
}

#[test]
fn bitmap_summary_is_not_lowered_over_a_set_bit() {
    let scan = |bits: &Bits| drop(bits.found());
    race(
        Bits::with_summary_left_over,
        [|bits| bits.push_and_find(0), |bits| bits.push_and_find(1), scan],
        |bits, _| assert_eq!(bits.found(), [0, 1]),
    );
    // One scan may stop halfway through the lowering, and another take over.
    race(Bits::with_summary_left_over, [|bits| bits.push_and_find(0), scan, scan], |bits, _| {
        assert_eq!(bits.found(), [0]);
    });
}

#[test]
fn bitmap_told_carries_the_summary_to_whoever_hears_of_a_push() {
    let first = |bits: &Bits| bits.push(0);
    let second = |bits: &Bits| {
        bits.push(1);
        bits.news.store(1, Release);
    };
    let hear = |bits: &Bits| {
        if bits.news.load(Acquire) == 1 {
            assert!(bits.found().contains(&1));
        }
    };
    race(Bits::new, [first, second, hear], |_, _| {});
    let second_again = |bits: &Bits| {
        bits.push(0);
        bits.news.store(1, Release);
    };
    let hear_again = |bits: &Bits| {
        if bits.news.load(Acquire) == 1 {
            assert!(bits.found().contains(&0));
        }
    };
    race(Bits::new, [first, second_again, hear_again], |_, _| {});
}
