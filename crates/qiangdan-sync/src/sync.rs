//! The atomics of this crate: the standard library's, loom's under `cfg(qiangdan_loom)`, or shuttle's
//! under `cfg(qiangdan_shuttle)`.
//!
//! Nothing else may import atomics from elsewhere, or the checkers would not see them.

use std::sync::atomic::Ordering::Relaxed;

#[cfg(qiangdan_loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
#[cfg(qiangdan_shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicU32, AtomicU64, fence};
#[cfg(not(any(qiangdan_loom, qiangdan_shuttle)))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, fence};

/// `len` zeroed words.
///
/// The values are collected in place from an allocation that the allocator hands out zeroed, so in
/// a release build no page is touched before it is used: room for ten million slots costs nothing
/// until there are ten million orders.
pub(crate) fn zeroed_u64(len: usize) -> Box<[AtomicU64]> {
    vec![0_u64; len].into_iter().map(AtomicU64::new).collect::<Vec<_>>().into_boxed_slice()
}

/// `len` zeroed half words; see [`zeroed_u64`].
pub(crate) fn zeroed_u32(len: usize) -> Box<[AtomicU32]> {
    vec![0_u32; len].into_iter().map(AtomicU32::new).collect::<Vec<_>>().into_boxed_slice()
}

/// Stands between a SeqCst write to one word and a SeqCst load of another.
///
/// Of two threads that each do this, to the same two words the other way round, one sees the other's
/// write: SeqCst accesses have one order, and in it one of the writes comes before both loads. That is
/// in the memory model of C++20, which is Rust's, so an ordinary build needs nothing here. Loom takes
/// SeqCst accesses for AcqRel ones; for the models a fence stands in.
#[inline]
pub(crate) fn store_then_load() {
    #[cfg(qiangdan_loom)]
    fence(std::sync::atomic::Ordering::SeqCst);
}

/// What a word may be, for a swap that checks it.
///
/// Under loom by a read-modify-write: loom remembers only the last access to each word, so a load
/// right before the swap would hide from its search what others have read before.
#[inline]
pub(crate) fn guess(word: &AtomicU64) -> u64 {
    #[cfg(qiangdan_loom)]
    // Ordering: Relaxed. It adds nothing, and orders nothing.
    return word.fetch_add(0, Relaxed);
    #[cfg(not(qiangdan_loom))]
    // Ordering: Relaxed. The swap checks it.
    word.load(Relaxed)
}

/// The low half of a word.
pub(crate) const fn low(word: u64) -> u32 {
    (word & 0xffff_ffff) as u32
}

/// The high half of a word.
pub(crate) const fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The first position from `start` on that is not done, and what `look` says of it.
///
/// `look` says `None` of positions that are done. These must be all positions up to some one and none
/// after it; all before `start` must be done. Steps double, so a start far behind costs little.
#[inline]
pub(crate) fn walk<T>(mut start: u64, look: impl Fn(u64) -> Option<T>) -> (u64, T) {
    let mut stride = 1;
    loop {
        let position = start + stride - 1;
        match look(position) {
            None => {
                start = position + 1;
                stride *= 2;
            }
            Some(found) if stride == 1 => return (position, found),
            Some(_) => stride = 1,
        }
    }
}
