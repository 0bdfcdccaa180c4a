//! Which lanes are worth a look: one bit per lane, and a summary over the bits.
//!
//! A set bit is a hint that the lane may have entries. A clear bit is a promise: no entry is in the
//! lane whose push has returned. So a grabber looks only at set bits, and an empty hall costs it
//! one load for each 1,024 lanes.
//!
//! # Layout
//!
//! | word of lanes   | bits 63..33: version | bit 32: told | bits 31..0: one per lane |
//! |-----------------|----------------------|--------------|--------------------------|
//! | word of summary | bits 63..32: version |              | bits 31..0: one per word of lanes |
//!
//! # Protocol
//!
//! A pusher pushes, *then* sets the bit; setting always changes the word's version, even if the bit
//! was set. A grabber that finds a lane empty clears the bit with [`Bitmap::clear_if`]: it reads
//! the word, *then* makes sure that the lane is empty, and swaps the bit out only if the word has
//! not changed. Why no entry stays hidden: take a push, its setting S, and a clearing that read the
//! word at R and swapped it at C.
//!
//! * S before R in the order of the word's changes: the clearer receives the push along "set", so
//!   it finds the lane non-empty, unless the entry is gone.
//! * S between R and C: the version differs, and C fails.
//! * S after C: the bit is set again.
//!
//! There is no moment between in which the bit is clear and the entry is there, so a thread that is
//! interrupted anywhere in this hides nothing from the others.
//!
//! The summary works the same way, with "the word has a bit" in place of "the lane has an entry".
//! To spare pushers the second change, a word carries the bit *told*: the summary's bit is set, and
//! stays set as long as *told* is. Whoever sets a lane's bit in a word that is not told sets the
//! summary's bit, then tells the word so, by a swap that fails if the word has changed. The
//! summary's bit is cleared lazily by whoever scans past a word without bits: un-tell the word,
//! then clear the bit as above.
//!
//! # Edges
//!
//! * **set**: `set`, change of the word (Release) → `clear_if` and scans, load of the word
//!   (Acquire). Whoever sees the bit sees the push before it.
//! * **summary**: `set`, change of the summary (Release) → the clearing of the summary's bit, load
//!   of the summary (Acquire). Whoever is about to clear it sees the lane's bit set before it.
//! * **told**: `set`, swap that tells the word (Release) → `set` of another thread (Acquire).
//!   Whoever relies on the summary's bit and passes on the news of its push has that bit set before
//!   it.

use std::fmt;
use std::iter::FusedIterator;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::sync::{AtomicU32, AtomicU64, low, zeroed_u32, zeroed_u64};

/// Lanes to a word, and words to a summary.
const BITS: u32 = 32;
/// The bit that says that the summary knows of this word.
const TOLD: u64 = 1 << 32;
/// One change of a word of lanes.
const LANE_VERSION: u64 = 1 << 33;
/// One change of a summary.
const SUMMARY_VERSION: u64 = 1 << 32;

const _: () = assert!(TOLD < LANE_VERSION && (1_u64 << (BITS - 1)) < TOLD);

/// Which lanes may have entries.
pub struct Bitmap {
    summary: Box<[AtomicU64]>,
    words: Box<[AtomicU64]>,
    bits: u32,
}

impl Bitmap {
    /// A bitmap for lanes `0..bits`, all clear.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        let words = bits.div_ceil(BITS);
        Self {
            summary: zeroed_u64(words.div_ceil(BITS) as usize),
            words: zeroed_u64(words as usize),
            bits,
        }
    }

    /// How many lanes it covers.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Says that lane `i` may have entries; to be called after the push.
    ///
    /// One addition if the bit is set already. Lock-free: a failed swap means that another thread
    /// changed the word. Linearizes at the change of the word.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    pub fn set(&self, i: u32) {
        assert!(i < self.bits, "lane {i} is not in this bitmap");
        let (word, bit) = (&self.words[(i / BITS) as usize], 1 << (i % BITS));
        // Ordering: Relaxed. A guess; the change below checks it.
        let mut seen = word.load(Relaxed);
        if seen & bit != 0 && seen & TOLD != 0 {
            // Ordering: AcqRel, the sending half of "set", the receiving half of "told".
            seen = word.fetch_add(LANE_VERSION, AcqRel);
            if seen & bit != 0 && seen & TOLD != 0 {
                return;
            }
        }
        let mut now = loop {
            let next = (seen | bit).wrapping_add(LANE_VERSION);
            // Ordering: AcqRel on success, the sending half of "set", the receiving half of "told".
            // Relaxed on failure: the value is a guess again.
            match word.compare_exchange_weak(seen, next, AcqRel, Relaxed) {
                Ok(_) => break next,
                Err(changed) => seen = changed,
            }
        };
        // Until the word is told, or the bit is cleared by somebody who saw the push.
        while now & TOLD == 0 && now & bit != 0 {
            self.raise(i / BITS);
            // Ordering: Release on success, the sending half of "told". Relaxed on failure: the bit
            // that was raised above stays, unless the lane's bit has been cleared since by somebody
            // who saw the push.
            match word.compare_exchange(now, now | TOLD, Release, Relaxed) {
                Ok(_) => return,
                Err(changed) => now = changed,
            }
        }
    }

    /// Sets the summary's bit of word `j`, and changes its version.
    fn raise(&self, j: u32) {
        let (summary, bit) = (&self.summary[(j / BITS) as usize], 1_u64 << (j % BITS));
        // Ordering: Relaxed. A guess; the swap below checks it.
        let mut seen = summary.load(Relaxed);
        loop {
            let next = (seen | bit).wrapping_add(SUMMARY_VERSION);
            // Ordering: Release on success, the sending half of "summary".
            match summary.compare_exchange_weak(seen, next, Release, Relaxed) {
                Ok(_) => return,
                Err(changed) => seen = changed,
            }
        }
    }

    /// Clears the bit of lane `i` if the lane is empty, as `still_empty` finds. True if it was
    /// cleared.
    ///
    /// `still_empty` is asked at most once, and must look at the lane itself. Wait-free but for
    /// `still_empty`: one attempt is made, and if it fails, somebody has just pushed. Linearizes at
    /// the swap.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    pub fn clear_if(&self, i: u32, still_empty: impl FnOnce() -> bool) -> bool {
        assert!(i < self.bits, "lane {i} is not in this bitmap");
        let (word, bit) = (&self.words[(i / BITS) as usize], 1 << (i % BITS));
        // Ordering: Acquire, the receiving half of "set": `still_empty` sees the pushes before it.
        let seen = word.load(Acquire);
        if seen & bit == 0 || !still_empty() {
            return false;
        }
        // Ordering: Relaxed. It sends nothing; being a read-modify-write, it leaves "set" of the
        // other lanes in force.
        word.compare_exchange(seen, seen & !bit, Relaxed, Relaxed).is_ok()
    }

    /// Clears the summary's bit of word `j` if no lane of it has a bit.
    fn lower(&self, j: u32) {
        let word = &self.words[j as usize];
        let (summary, bit) = (&self.summary[(j / BITS) as usize], 1_u64 << (j % BITS));
        // Ordering: Acquire, the receiving half of "summary": the word is seen at least as its
        // setter left it.
        let seen = summary.load(Acquire);
        // Ordering: Relaxed. Of what is older than `seen` the Acquire above took care; of what is
        // newer, the swap below.
        let lanes = word.load(Relaxed);
        if seen & bit == 0 || low(lanes) != 0 {
            return;
        }
        if lanes & TOLD != 0 {
            // Ordering: Relaxed. It sends nothing.
            if word.compare_exchange(lanes, lanes & !TOLD, Relaxed, Relaxed).is_err() {
                return;
            }
        }
        // Ordering: Relaxed. It sends nothing; a failure means that somebody has just set a bit.
        let _ = summary.compare_exchange(seen, seen & !bit, Relaxed, Relaxed);
    }

    /// Whether lane `i` has its bit set. Wait-free.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    #[must_use]
    pub fn contains(&self, i: u32) -> bool {
        assert!(i < self.bits, "lane {i} is not in this bitmap");
        // Ordering: Acquire, the receiving half of "set".
        self.words[(i / BITS) as usize].load(Acquire) & (1 << (i % BITS)) != 0
    }

    /// Whether no lane has its bit set; may say no for a while after the last was cleared, until
    /// somebody scans. Wait-free: one load for each 1,024 lanes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Ordering: Relaxed. A push that the caller knows of comes before this by whatever edge
        // told the caller; of others nothing is promised.
        self.summary.iter().all(|summary| low(summary.load(Relaxed)) == 0)
    }

    /// The lanes whose bits are set here and in `mask`, in order.
    ///
    /// Each word is read when the iterator comes to it: a bit that is set throughout the scan is
    /// found, one that changes meanwhile may or may not be. Wait-free, one load for each 1,024
    /// lanes and one for each word that has bits in both.
    ///
    /// # Panics
    ///
    /// If `mask` is for another number of lanes.
    pub fn iter_and<'a>(&'a self, mask: &'a Mask) -> IterAnd<'a> {
        assert_eq!(self.bits, mask.bits, "the mask is for another bitmap");
        IterAnd { bitmap: self, mask, next_summary: 0, words_left: 0, word: 0, lanes_left: 0 }
    }

    /// Calls `f` for each lane of [`Bitmap::iter_and`].
    pub fn for_each_and(&self, mask: &Mask, f: impl FnMut(u32)) {
        self.iter_and(mask).for_each(f);
    }
}

impl fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..self.bits).filter(|&i| self.contains(i))).finish()
    }
}

/// The lanes that are set in a bitmap and a mask; see [`Bitmap::iter_and`].
#[derive(Debug)]
pub struct IterAnd<'a> {
    bitmap: &'a Bitmap,
    mask: &'a Mask,
    /// The summary to read next.
    next_summary: u32,
    /// Words still to visit under the last summary read.
    words_left: u32,
    /// The last word read, and its lanes still to return.
    word: u32,
    lanes_left: u32,
}

impl Iterator for IterAnd<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.lanes_left == 0 {
            while self.words_left == 0 {
                let at = self.next_summary as usize;
                // Ordering: Relaxed, for the reason given at `is_empty`. If the word that it leads
                // to turns out to be an old one without bits, `lower` looks again.
                let summary = low(self.bitmap.summary.get(at)?.load(Relaxed));
                // Ordering: Relaxed. The mask belongs to one owner; see [`Mask`].
                self.words_left = summary & self.mask.summary[at].load(Relaxed);
                self.next_summary += 1;
            }
            self.word = (self.next_summary - 1) * BITS + self.words_left.trailing_zeros();
            self.words_left &= self.words_left - 1;
            // Ordering: Acquire, the receiving half of "set".
            let lanes = low(self.bitmap.words[self.word as usize].load(Acquire));
            if lanes == 0 {
                self.bitmap.lower(self.word);
            }
            // Ordering: Relaxed, as above.
            self.lanes_left = lanes & self.mask.words[self.word as usize].load(Relaxed);
        }
        let lane = self.word * BITS + self.lanes_left.trailing_zeros();
        self.lanes_left &= self.lanes_left - 1;
        Some(lane)
    }
}

impl FusedIterator for IterAnd<'_> {}

/// Some lanes: those that one grabber may draw on.
///
/// Any thread may read and change it, bit by bit. It has no edges: whoever changes a mask and wants
/// a grab to heed the change must see to it that the grab comes after.
pub struct Mask {
    /// Words that have or once had bits. Bits are only added here, so no order matters.
    summary: Box<[AtomicU32]>,
    words: Box<[AtomicU32]>,
    bits: u32,
}

impl Mask {
    /// A mask for lanes `0..bits`, all unset.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        let words = bits.div_ceil(BITS);
        Self {
            summary: zeroed_u32(words.div_ceil(BITS) as usize),
            words: zeroed_u32(words as usize),
            bits,
        }
    }

    /// Adds lane `i`. Wait-free.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    pub fn set(&self, i: u32) {
        assert!(i < self.bits, "lane {i} is not in this mask");
        self.note(i / BITS);
        // Ordering: Relaxed. A mask has no edges.
        self.words[(i / BITS) as usize].fetch_or(1 << (i % BITS), Relaxed);
    }

    /// Takes lane `i` out. Wait-free.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    pub fn unset(&self, i: u32) {
        assert!(i < self.bits, "lane {i} is not in this mask");
        // Ordering: Relaxed. A mask has no edges.
        self.words[(i / BITS) as usize].fetch_and(!(1 << (i % BITS)), Relaxed);
    }

    /// Whether lane `i` is in it. Wait-free.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    #[must_use]
    pub fn contains(&self, i: u32) -> bool {
        assert!(i < self.bits, "lane {i} is not in this mask");
        // Ordering: Relaxed. A mask has no edges.
        self.words[(i / BITS) as usize].load(Relaxed) & (1 << (i % BITS)) != 0
    }

    /// Makes `lanes` the lanes of the mask, word by word: readers meanwhile see some of each.
    ///
    /// # Panics
    ///
    /// If a lane is out of range.
    pub fn replace(&self, lanes: impl IntoIterator<Item = u32>) {
        let mut words = vec![0_u32; self.words.len()];
        for i in lanes {
            assert!(i < self.bits, "lane {i} is not in this mask");
            words[(i / BITS) as usize] |= 1 << (i % BITS);
        }
        for ((j, word), lanes) in (0..).zip(&self.words).zip(words) {
            if lanes != 0 {
                self.note(j);
            }
            // Ordering: Relaxed. A mask has no edges.
            word.store(lanes, Relaxed);
        }
    }

    /// Says in the summary that word `j` may have bits.
    fn note(&self, j: u32) {
        // Ordering: Relaxed. A mask has no edges.
        self.summary[(j / BITS) as usize].fetch_or(1 << (j % BITS), Relaxed);
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..self.bits).filter(|&i| self.contains(i))).finish()
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;

    /// Covers two summaries, with a part of a word at the end.
    const LANES: u32 = 1024 + 40;

    fn all() -> Mask {
        let mask = Mask::new(LANES);
        mask.replace(0..LANES);
        mask
    }

    #[test]
    fn set_lanes_are_found_in_order() {
        let (bitmap, mask) = (Bitmap::new(LANES), all());
        let lanes = [1063, 0, 31, 32, 700, 1024];
        for lane in lanes {
            bitmap.set(lane);
            bitmap.set(lane);
        }
        let mut sorted = lanes.to_vec();
        sorted.sort_unstable();
        assert_eq!(bitmap.iter_and(&mask).collect::<Vec<_>>(), sorted);
        for lane in [31, 1063] {
            mask.unset(lane);
            assert!(!mask.contains(lane) && bitmap.contains(lane));
        }
        assert_eq!(bitmap.iter_and(&mask).collect::<Vec<_>>(), [0, 32, 700, 1024]);
        assert_eq!(bitmap.iter_and(&Mask::new(LANES)).count(), 0);
    }

    #[test]
    fn a_lane_with_entries_stays_set() {
        let bitmap = Bitmap::new(LANES);
        bitmap.set(3);
        assert!(!bitmap.clear_if(3, || false));
        assert!(bitmap.contains(3));
        assert!(!bitmap.clear_if(4, || panic!("a clear bit asks nothing")));
        assert!(bitmap.clear_if(3, || true));
        assert!(!bitmap.contains(3));
    }

    #[test]
    fn setting_a_set_bit_keeps_it_from_being_cleared() {
        let bitmap = Bitmap::new(LANES);
        bitmap.set(3);
        let push_between = || {
            bitmap.set(3);
            true
        };
        assert!(!bitmap.clear_if(3, push_between));
        assert!(bitmap.contains(3));
    }

    #[test]
    fn a_scan_lowers_the_summary() {
        let (bitmap, mask) = (Bitmap::new(LANES), all());
        for round in 0..3 {
            assert!(bitmap.is_empty());
            bitmap.set(1050);
            assert!(!bitmap.is_empty());
            assert_eq!(bitmap.iter_and(&mask).collect::<Vec<_>>(), [1050], "round {round}");
            assert!(bitmap.clear_if(1050, || true));
            assert_eq!(bitmap.iter_and(&mask).count(), 0);
        }
    }

    #[test]
    fn versions_wrap_without_touching_bits() {
        let bitmap = Bitmap::new(1);
        bitmap.set(0);
        bitmap.words[0].fetch_or(!0 << 33, Relaxed);
        bitmap.summary[0].fetch_or(!0 << 32, Relaxed);
        bitmap.set(0);
        bitmap.raise(0);
        assert_eq!(bitmap.words[0].load(Relaxed), TOLD | 1);
        assert_eq!(bitmap.summary[0].load(Relaxed), 1);
    }

    #[test]
    fn a_mask_is_replaced_whole() {
        let mask = all();
        mask.replace([5, 1060]);
        mask.set(6);
        assert_eq!((0..LANES).filter(|&i| mask.contains(i)).collect::<Vec<_>>(), [5, 6, 1060]);
    }
}
