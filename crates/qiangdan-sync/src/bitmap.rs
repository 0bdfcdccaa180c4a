//! Which lanes are worth a look: one bit per lane, and a summary over the bits.
//!
//! A set bit is a hint that the lane may have entries. A clear bit is a promise: no entry is in the
//! lane whose push has returned. So a grabber looks only at set bits, and an empty hall costs it
//! one load for each 1,024 lanes.
//!
//! # Layout
//!
//! | word of | 63..39  | 38..34        | 33    | 32   | 31..0                 |
//! |---------|---------|---------------|-------|------|-----------------------|
//! | lanes   | version | lane in doubt | doubt | told | one per lane          |
//! | summary | version | version       | version | version | one per word of lanes |
//!
//! # Protocol
//!
//! A pusher pushes, *then* reads the word. Mostly the lane's bit is set, and there is nothing to do:
//! a push to a lane that is not empty writes nothing here. Otherwise it sets the bit.
//!
//! A grabber that finds a lane empty clears the bit with [`Bitmap::clear_if`], in three steps: it
//! puts the lane *in doubt*, by a swap of the word; *then* it makes sure that the lane is empty;
//! then it swaps bit and doubt out, which fails if the word has changed. A pusher that finds its
//! lane in doubt changes the word: it takes the doubt back. Why no entry stays hidden: take a push,
//! its pusher's reading R of the word, and a clearing that doubted at D and swapped the bit out at C.
//!
//! * R before D in the order of the word's changes: the push and R, like D and the look at the lane,
//!   are SeqCst accesses. These have one order, and in it the push comes before R, R before D, and D
//!   before the look. So the clearer finds the lane non-empty, unless the entry is gone.
//! * R between D and C: the pusher finds the lane in doubt, or another doubt in its place; it takes
//!   the doubt back, or the other doubt has changed the word. If it does so before C, C fails;
//!   otherwise it finds the bit clear, and sets it.
//! * R after C: the pusher finds the bit clear, and sets it.
//!
//! There is no moment between in which the bit is clear and the entry is there, so a thread that is
//! interrupted anywhere in this hides nothing from the others. A doubt that is left over costs the
//! next push to the lane one change of the word.
//!
//! Each doubt and each setting changes the word's version, so that a word that is expected by a swap
//! does not come back; a thread would have to sleep through a multiple of 2²⁵ changes.
//!
//! The summary is guarded by its version alone, which every setting of a bit changes: whoever wants
//! to clear a bit reads the summary, *then* makes sure that the word has no bits, and swaps the bit
//! out only if the summary has not changed. To spare pushers a change of the summary, a word carries
//! the bit *told*: the summary's bit is set, and stays set as long as *told* is. Whoever sets a
//! lane's bit in a word that is not told sets the summary's bit, then tells the word so, by a swap
//! that fails if the word has changed. The summary's bit is cleared lazily by whoever scans past a
//! word without bits: un-tell the word, then clear the bit as above.
//!
//! # Edges
//!
//! * **doubt**: push (SeqCst), then `set`, load of the word (SeqCst) ↔ `clear_if`, swap that doubts
//!   (SeqCst), then its look at the lane (SeqCst). One sees the other.
//! * **set**: `set`, change of the word (Release) → `clear_if` and scans, reading of the word
//!   (Acquire). Whoever sees the bit sees the push of whoever set it.
//! * **summary**: `set`, change of the summary (Release) → the clearing of the summary's bit, load
//!   of the summary (Acquire). Whoever is about to clear it sees the lane's bit set before it.
//! * **told**: `set`, swap that tells the word (Release) → `set` of another thread (Acquire).
//!   Whoever relies on the summary's bit and passes on the news of its push has that bit set before
//!   it.

use std::fmt;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use crate::sync::{AtomicU32, AtomicU64, low, store_then_load, zeroed_u32, zeroed_u64};

/// Lanes to a word, and words to a summary.
const BITS: u32 = 32;
/// The bit that says that the summary knows of this word.
const TOLD: u64 = 1 << 32;
/// Which lane is in doubt: a bit that says that one is, and its number in the word.
const DOUBT: u64 = 0x3f << 33;
/// One change of a word of lanes.
const LANE_VERSION: u64 = 1 << 39;
/// One change of a summary.
const SUMMARY_VERSION: u64 = 1 << 32;

/// Up to so many words have no summary: they lie in one line of memory, and to read them all is no
/// dearer than to ask which.
#[cfg(not(qiangdan_loom))]
const FLAT_WORDS: u32 = 8;
/// The models are of the summary too.
#[cfg(qiangdan_loom)]
const FLAT_WORDS: u32 = 0;

const _: () = assert!((1_u64 << (BITS - 1)) < TOLD && DOUBT & (TOLD | LANE_VERSION) == 0);
const _: () = assert!(doubt_of(BITS - 1) == DOUBT, "a lane's number fits its field");

/// What [`DOUBT`] covers while `lane` of a word is in doubt.
const fn doubt_of(lane: u32) -> u64 {
    (lane as u64) << 34 | 1 << 33
}

/// Which lanes may have entries.
pub struct Bitmap {
    summary: Box<[AtomicU64]>,
    words: Box<[AtomicU64]>,
    /// [`TOLD`] if there is a summary to be told of.
    told: u64,
    bits: u32,
}

impl Bitmap {
    /// A bitmap for lanes `0..bits`, all clear.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        let words = bits.div_ceil(BITS);
        let summaries = if words > FLAT_WORDS { words.div_ceil(BITS) } else { 0 };
        Self {
            summary: zeroed_u64(summaries as usize),
            words: zeroed_u64(words as usize),
            told: if summaries > 0 { TOLD } else { 0 },
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
    /// The push must have been a SeqCst read-modify-write of what `still_empty` of
    /// [`Bitmap::clear_if`] will look at. One load if the bit is set already. Lock-free: a failed
    /// swap means that another thread changed the word. Linearizes at the load or the swap.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    #[inline]
    pub fn set(&self, i: u32) {
        assert!(i < self.bits, "lane {i} is not in this bitmap");
        store_then_load();
        // Ordering: SeqCst, the pusher's half of "doubt", and the receiving half of "told".
        let seen = self.words[(i / BITS) as usize].load(SeqCst);
        let (bit, doubt) = (1 << (i % BITS), doubt_of(i % BITS));
        let settled = bit | self.told;
        if seen & settled != settled || seen & DOUBT == doubt {
            self.set_from(i, seen);
        }
    }

    /// Sets the bit of lane `i` in its word, which was `seen` without it, not told, or in doubt of it.
    #[cold]
    fn set_from(&self, i: u32, mut seen: u64) {
        let word = &self.words[(i / BITS) as usize];
        let (bit, doubt) = (1 << (i % BITS), doubt_of(i % BITS));
        let mut now = loop {
            let trusted = if seen & DOUBT == doubt { seen & !DOUBT } else { seen };
            let next = (trusted | bit).wrapping_add(LANE_VERSION);
            // Ordering: AcqRel on success, the sending half of "set", the receiving half of "told".
            // Relaxed on failure: the value is a guess again.
            match word.compare_exchange_weak(seen, next, AcqRel, Relaxed) {
                Ok(_) => break next,
                Err(changed) => seen = changed,
            }
        };
        // Until the word is told, or the bit is cleared by somebody who saw the push.
        while now & self.told != self.told && now & bit != 0 {
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
    /// `still_empty` is asked at most once, and must look at the lane itself, by SeqCst loads.
    /// Wait-free but for `still_empty`: one attempt is made, and if it fails, somebody has just
    /// pushed, or is clearing the bit of this lane or of one beside it. Linearizes at the last swap.
    ///
    /// # Panics
    ///
    /// If `i` is out of range.
    pub fn clear_if(&self, i: u32, still_empty: impl FnOnce() -> bool) -> bool {
        assert!(i < self.bits, "lane {i} is not in this bitmap");
        let (word, bit) = (&self.words[(i / BITS) as usize], 1 << (i % BITS));
        // Ordering: Relaxed. A guess; the swap below checks it.
        let seen = word.load(Relaxed);
        if seen & bit == 0 {
            return false;
        }
        let doubted = (seen & !DOUBT | doubt_of(i % BITS)).wrapping_add(LANE_VERSION);
        // Ordering: SeqCst on success, the clearer's half of "doubt", and the receiving half of
        // "set": `still_empty` sees the pushes before it. Relaxed on failure: nothing is done.
        if word.compare_exchange(seen, doubted, SeqCst, Relaxed).is_err() {
            return false;
        }
        store_then_load();
        if !still_empty() {
            return false;
        }
        // Ordering: Relaxed. It sends nothing; being a read-modify-write, it leaves "set" of the
        // other lanes in force.
        word.compare_exchange(doubted, doubted & !(DOUBT | bit), Relaxed, Relaxed).is_ok()
    }

    /// Clears the summary's bit of word `j` if no lane of it has a bit.
    #[cold]
    fn lower(&self, j: u32) {
        if self.told == 0 {
            return;
        }
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
        lanes_of(&self.words[(i / BITS) as usize]) & (1 << (i % BITS)) != 0
    }

    /// Whether no lane has its bit set; may say no for a while after the last was cleared, until
    /// somebody scans. Wait-free: one load for each 1,024 lanes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Ordering: Relaxed. A push that the caller knows of comes before this by whatever edge
        // told the caller; of others nothing is promised.
        let words = if self.told == 0 { &self.words } else { &self.summary };
        words.iter().all(|word| low(word.load(Relaxed)) == 0)
    }

    /// Those of the 64 lanes from `64 * part` on whose bits are set here and in `mask`, a bit each.
    ///
    /// Lanes that are not there are not set. Wait-free, four loads. For whoever has few lanes, or looks
    /// at some of them first.
    ///
    /// # Panics
    ///
    /// If the mask is for another number of lanes.
    #[inline]
    #[must_use]
    pub fn and_part(&self, part: u32, mask: &Mask) -> u64 {
        assert_eq!(self.bits, mask.bits, "the mask is for another bitmap");
        let word = |at: usize| {
            let set = self.words.get(at).map_or(0, lanes_of);
            // Ordering: Relaxed. The mask belongs to one owner; see [`Mask`].
            let masked = mask.words.get(at).map_or(0, |word| word.load(Relaxed));
            u64::from(set & masked)
        };
        word(2 * part as usize) | word(2 * part as usize + 1) << 32
    }

    /// Calls `f` for each lane whose bit is set here and in `mask`, in order.
    ///
    /// Each word is read when the scan comes to it: a bit that is set throughout the scan is found,
    /// one that changes meanwhile may or may not be. Wait-free, one load for each 1,024 lanes and one
    /// for each word that has bits in both.
    ///
    /// # Panics
    ///
    /// If `mask` is for another number of lanes.
    #[inline]
    pub fn for_each_and(&self, mask: &Mask, mut f: impl FnMut(u32)) {
        assert_eq!(self.bits, mask.bits, "the mask is for another bitmap");
        if self.told == 0 {
            for (word, (lanes, masked)) in (0..).zip(self.words.iter().zip(&mask.words)) {
                // Ordering: Relaxed. The mask belongs to one owner; see [`Mask`].
                let set = lanes_of(lanes) & masked.load(Relaxed);
                each_bit(set, |bit| f(word * BITS + bit));
            }
            return;
        }
        for ((at, summary), masked) in (0..).zip(&self.summary).zip(&mask.summary) {
            // Ordering: Relaxed, for the reason given at `is_empty`; if the word that it leads to
            // turns out to be an old one without bits, `lower` looks again. The mask belongs to one
            // owner; see [`Mask`].
            let mut words = low(summary.load(Relaxed)) & masked.load(Relaxed);
            while words != 0 {
                let word = at * BITS + words.trailing_zeros();
                words &= words - 1;
                let set = lanes_of(&self.words[word as usize]);
                if set == 0 {
                    self.lower(word);
                }
                // Ordering: Relaxed. The mask belongs to one owner; see [`Mask`].
                each_bit(set & mask.words[word as usize].load(Relaxed), |bit| f(word * BITS + bit));
            }
        }
    }
}

/// The lanes of a word whose bits are set.
#[inline]
fn lanes_of(word: &AtomicU64) -> u32 {
    // Ordering: Acquire, the receiving half of "set".
    low(word.load(Acquire))
}

/// Calls `f` with the number of each set bit, in order.
#[inline]
fn each_bit(mut bits: u32, mut f: impl FnMut(u32)) {
    while bits != 0 {
        f(bits.trailing_zeros());
        bits &= bits - 1;
    }
}

impl fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..self.bits).filter(|&i| self.contains(i))).finish()
    }
}

/// Some lanes: those that one grabber may draw on.
///
/// Any thread may read and change it, bit by bit. It has no edges: whoever changes a mask and wants
/// a grab to heed the change must see to it that the grab comes after.
pub struct Mask {
    /// Words that have or once had bits. Bits are only added here, so no order matters.
    summary: Box<[AtomicU32]>,
    words: Box<[AtomicU32]>,
    /// The lane, if there is one alone; otherwise [`Mask::NO_LANE`].
    alone: AtomicU32,
    bits: u32,
}

impl Mask {
    const NO_LANE: u32 = u32::MAX;

    /// A mask for lanes `0..bits`, all unset.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        let words = bits.div_ceil(BITS);
        Self {
            summary: zeroed_u32(words.div_ceil(BITS) as usize),
            words: zeroed_u32(words as usize),
            alone: AtomicU32::new(Self::NO_LANE),
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
        self.count();
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
        self.count();
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
        self.count();
    }

    /// The lane, if there is just one in it. Wait-free: one load.
    #[inline]
    #[must_use]
    pub fn alone(&self) -> Option<u32> {
        // Ordering: Relaxed. A mask has no edges.
        let alone = self.alone.load(Relaxed);
        (alone != Self::NO_LANE).then_some(alone)
    }

    /// Notes whether there is one lane alone.
    fn count(&self) {
        // Ordering: Relaxed. A mask has no edges.
        let words = (0..).zip(&self.words).map(|(j, word)| (j * BITS, word.load(Relaxed)));
        let mut some = words.filter(|&(_, lanes)| lanes != 0);
        let alone = match (some.next(), some.next()) {
            (Some((first, lanes)), None) if lanes.is_power_of_two() => {
                first + lanes.trailing_zeros()
            }
            _ => Self::NO_LANE,
        };
        // Ordering: Relaxed. A mask has no edges.
        self.alone.store(alone, Relaxed);
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

    fn found(bitmap: &Bitmap, mask: &Mask) -> Vec<u32> {
        let mut found = Vec::new();
        bitmap.for_each_and(mask, |lane| found.push(lane));
        found
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
        assert_eq!(found(&bitmap, &mask), sorted);
        for lane in [31, 1063] {
            mask.unset(lane);
            assert!(!mask.contains(lane) && bitmap.contains(lane));
        }
        assert_eq!(found(&bitmap, &mask), [0, 32, 700, 1024]);
        assert!(found(&bitmap, &Mask::new(LANES)).is_empty());
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
    fn setting_a_set_bit_writes_only_if_the_lane_is_in_doubt() {
        let bitmap = Bitmap::new(LANES);
        let word = || bitmap.words[0].load(Relaxed);
        bitmap.set(31);
        bitmap.set(3);
        let unwritten = word();
        bitmap.set(3);
        assert_eq!(word(), unwritten);
        assert!(!bitmap.clear_if(3, || false));
        let doubted = word();
        bitmap.set(31);
        assert_eq!(word(), doubted, "the doubt is not of this lane");
        bitmap.set(3);
        let trusted = word();
        assert_ne!(trusted, doubted);
        bitmap.set(3);
        assert_eq!(word(), trusted);
    }

    #[test]
    fn a_doubt_is_replaced_by_another() {
        let bitmap = Bitmap::new(LANES);
        bitmap.set(30);
        bitmap.set(31);
        assert!(!bitmap.clear_if(31, || bitmap.clear_if(30, || true)));
        assert!(bitmap.contains(31) && !bitmap.contains(30));
        assert!(!bitmap.clear_if(31, || !bitmap.clear_if(31, || true)));
        assert!(!bitmap.contains(31));
    }

    #[test]
    fn a_doubt_does_not_come_back() {
        let bitmap = Bitmap::new(LANES);
        bitmap.set(3);
        bitmap.set(4);
        let push_between_doubts = || {
            assert!(!bitmap.clear_if(4, || false));
            // The pushed-to lane is not in doubt just now, so this does not write.
            bitmap.set(3);
            assert!(!bitmap.clear_if(3, || false));
            true
        };
        assert!(!bitmap.clear_if(3, push_between_doubts));
        assert!(bitmap.contains(3));
    }

    #[test]
    fn a_scan_lowers_the_summary() {
        let (bitmap, mask) = (Bitmap::new(LANES), all());
        for round in 0..3 {
            assert!(bitmap.is_empty());
            bitmap.set(1050);
            assert!(!bitmap.is_empty());
            assert_eq!(found(&bitmap, &mask), [1050], "round {round}");
            assert!(bitmap.clear_if(1050, || true));
            assert!(found(&bitmap, &mask).is_empty());
        }
    }

    #[test]
    fn versions_wrap_without_touching_bits() {
        let bitmap = Bitmap::new(LANES);
        bitmap.set(0);
        bitmap.words[0].fetch_or(!0 << 33, Relaxed);
        bitmap.words[0].fetch_and(!DOUBT | doubt_of(0), Relaxed);
        bitmap.summary[0].fetch_or(!0 << 32, Relaxed);
        bitmap.set(0);
        bitmap.raise(0);
        assert_eq!(bitmap.words[0].load(Relaxed), TOLD | 1);
        assert_eq!(bitmap.summary[0].load(Relaxed), 1);
    }

    #[test]
    fn few_lanes_have_no_summary() {
        const FEW: u32 = 8 * BITS - 3;
        let (bitmap, mask) = (Bitmap::new(FEW), Mask::new(FEW));
        assert!(bitmap.summary.is_empty() && bitmap.is_empty());
        mask.replace([0, 31, 32, 64, FEW - 1]);
        let lanes = [FEW - 1, 0, 32, 33];
        for lane in lanes {
            bitmap.set(lane);
        }
        let unwritten = bitmap.words[0].load(Relaxed);
        bitmap.set(0);
        assert_eq!(bitmap.words[0].load(Relaxed), unwritten, "nobody is to be told");
        assert_eq!(found(&bitmap, &mask), [0, 32, FEW - 1]);
        assert_eq!(bitmap.and_part(0, &mask), 1 | 1 << 32);
        assert_eq!(bitmap.and_part((FEW - 1) / 64, &mask), 1 << ((FEW - 1) % 64));
        assert_eq!(bitmap.and_part(FEW, &mask), 0, "there are no such lanes");
        for lane in lanes {
            assert!(!bitmap.is_empty() && bitmap.clear_if(lane, || true));
        }
        assert!(bitmap.is_empty());
        assert!(found(&bitmap, &mask).is_empty());
        assert!(found(&Bitmap::new(0), &Mask::new(0)).is_empty());
    }

    #[test]
    fn a_mask_is_replaced_whole() {
        let mask = all();
        assert_eq!(mask.alone(), None);
        mask.replace([5, 1060]);
        assert_eq!(mask.alone(), None);
        mask.unset(5);
        assert_eq!(mask.alone(), Some(1060));
        mask.set(5);
        mask.set(6);
        assert_eq!(mask.alone(), None);
        assert_eq!((0..LANES).filter(|&i| mask.contains(i)).collect::<Vec<_>>(), [5, 6, 1060]);
    }
}
