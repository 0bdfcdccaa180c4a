//! Threads that begin together.

use std::{
    hint::spin_loop,
    sync::{
        Barrier,
        atomic::{
            AtomicU32,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
    thread,
    time::{Duration, Instant},
};

/// Runs `work` on `threads` threads, numbered from 0, which begin together; how long until the last
/// one is done.
///
/// # Panics
///
/// If `work` does.
pub fn together(threads: u32, work: impl Fn(u32) + Sync) -> Duration {
    let spans = each(threads, |thread| {
        let begin = Instant::now();
        work(thread);
        (begin, Instant::now())
    });
    let begin = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let end = spans.iter().map(|span| span.1).max().expect("at least one thread");
    end - begin
}

/// Runs `work` on `threads` threads, numbered from 0, which begin together; what each returns.
///
/// # Panics
///
/// If `work` does.
pub fn each<T: Send>(threads: u32, work: impl Fn(u32) -> T + Sync) -> Vec<T> {
    if threads == 1 {
        return vec![work(0)];
    }
    let barrier = Barrier::new(threads as usize);
    thread::scope(|scope| {
        let run = |thread| {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(thread)
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

/// A barrier that is spun on, so that threads pass it within a fraction of a microsecond of each
/// other.
#[derive(Debug)]
pub struct Gate {
    threads: u32,
    here: AtomicU32,
    /// How often it has opened.
    opened: AtomicU32,
}

/// So often is a closed gate looked at before the core is left to somebody else.
const SPINS: u32 = 1_000;

impl Gate {
    /// A gate for so many threads.
    #[must_use]
    pub fn new(threads: u32) -> Self {
        Self { threads, here: AtomicU32::new(0), opened: AtomicU32::new(0) }
    }

    /// Waits until all threads are here.
    pub fn pass(&self) {
        if self.threads == 1 {
            return;
        }
        // Ordering: Relaxed. This thread is needed to open it, so it cannot change meanwhile.
        let opened = self.opened.load(Relaxed);
        // Ordering: AcqRel. The last one receives from all others, and sends on below.
        if self.here.fetch_add(1, AcqRel) + 1 == self.threads {
            // Ordering: Relaxed. Published by the addition below.
            self.here.store(0, Relaxed);
            // Ordering: Release, to the loads below: whoever passes sees what came before the gate.
            self.opened.fetch_add(1, Release);
            return;
        }
        let mut spins = 0;
        // Ordering: Acquire, the receiving half of the addition above.
        while self.opened.load(Acquire) == opened {
            spins += 1;
            if spins < SPINS {
                spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}
