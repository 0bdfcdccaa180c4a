//! Every interleaving of two or three threads, for each edge named in the module docs.
//!
//! The data that an edge is to carry is a Relaxed atomic: where the edge is missing, loom lets its
//! reader see the old value, and the assertion fails. `scripts/weaken.py` checks that it does.

#![cfg(qiangdan_loom)]
#![expect(clippy::unwrap_used, reason = "what fails in a model fails the test")]

mod agenda;
mod bitmap;
mod claim;
mod heads;
mod lane;
mod ledger;
mod side;
mod slab;
mod stack;
mod wheel;

use std::cell::RefCell;

use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use loom::thread;
use qiangdan_sync::{
    Agenda, AppendError, Bitmap, ClaimWord, CloseReach, End, Entries, Entry, First, GiveBack,
    Heads, Inbox, Item, Keep, Key, Lane, Ledger, Looks, Mask, Next, Onward, Owner, Pair, Phase,
    Refused, Reserve, Side, Slab, Wheel, WheelDriver,
};

/// Runs `parts` as threads that share what `new` makes, then `after` with what they returned.
///
/// Once for each order of the parts. Loom remembers only the last access to each atomic, so a thread
/// that reads a word and then swaps it hides the reads of others before it; which
/// interleavings it finds depends on the order in which it first tries the threads.
fn race<S, R, const N: usize>(new: fn() -> S, parts: [fn(&S) -> R; N], after: fn(&S, [R; N]))
where
    S: Send + Sync + 'static,
    R: Send + 'static,
{
    for order in orders(N) {
        let mut builder = loom::model::Builder::new();
        // More if `LOOM_MAX_PREEMPTIONS` says so.
        let least = Some(if N == 2 { 3 } else { 2 });
        builder.preemption_bound = builder.preemption_bound.max(least);
        builder.check(move || {
            let shared = Arc::new(new());
            let threads: Vec<_> = order[1..]
                .iter()
                .map(|&n| {
                    let shared = shared.clone();
                    thread::spawn(move || parts[n](&shared))
                })
                .collect();
            let mut returned = [const { None }; N];
            returned[order[0]] = Some(parts[order[0]](&shared));
            for (&n, thread) in order[1..].iter().zip(threads) {
                returned[n] = Some(thread.join().unwrap());
            }
            after(&shared, returned.map(Option::unwrap));
        });
    }
}

/// All orders of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![vec![]] };
    let shorter = orders(last);
    let with_last_at = |place: usize| {
        shorter.iter().map(move |order| {
            let mut order = order.clone();
            order.insert(place, last);
            order
        })
    };
    (0..n).flat_map(with_last_at).collect()
}

fn owner(n: u32) -> Owner {
    Owner::new(n).unwrap()
}

fn entry(n: i64) -> Entry {
    Entry { key: Key { rank: n, tie: n.cast_unsigned() }, bits: n.cast_unsigned() }
}

/// The number of an entry whose words belong together.
fn number(entry: Entry) -> i64 {
    let n = entry.key.rank;
    assert_eq!(entry, self::entry(n), "words of two entries");
    n
}
