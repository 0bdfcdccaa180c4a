//! What is timed: pairs, lives, batches and single grabs of a desk, by threads that begin together.
//!
//! A *pair* is a submit and a grab. Blocks of 256 are timed; completing them, which gives the slots
//! back, comes after each block and is not. A *life* is a submit, a grab and a completing, all timed.
//! In both, what waits beforehand (the backlog) stays as many.

use std::{
    fmt,
    hint::spin_loop,
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{
    desk::Desk,
    latency::Latencies,
    people::{People, Shape, Ticket},
    together::{Gate, each, together},
};

/// Pairs in a block.
const BLOCK: usize = 256;
/// So often is a desk asked in vain before the core is left to somebody else.
const SPINS: u32 = 64;

/// Which clock times a grab.
#[derive(Clone, Copy)]
enum By {
    /// The one on the wall.
    Wall,
    /// The one that runs while the thread has a core.
    Core,
}

/// A desk with the people in front of it.
pub struct Floor<D: Desk> {
    /// The desk.
    pub desk: D,
    backlog: Vec<D::Order>,
    people: Vec<Mutex<People>>,
}

impl<D: Desk> Floor<D> {
    /// A desk for `threads`, with `backlog` orders that wait; each is due within `slack_ms`.
    ///
    /// # Panics
    ///
    /// If the desk has no room.
    #[must_use]
    pub fn new(desk: D, shape: &Shape, threads: u32, backlog: u64, slack_ms: u64) -> Self {
        let mut first = People::new(shape, threads, slack_ms);
        let mut own = desk.own();
        let backlog = (0..backlog).map(|_| desk.submit(&mut own, first.ticket())).collect();
        let people = |thread| {
            let mut people = People::new(shape, thread, slack_ms);
            people.wait_until(first.now_ms());
            Mutex::new(people)
        };
        Self { desk, backlog, people: (0..threads).map(people).collect() }
    }

    /// The orders that waited first.
    pub fn backlog(&self) -> &[D::Order] {
        &self.backlog
    }

    fn threads(&self) -> u32 {
        u32::try_from(self.people.len()).expect("few threads")
    }

    /// How long `orders` take, if each thread does its share of them in blocks; `block` grabs as many
    /// as [`BLOCK`]. A block lasts from when the first thread begins it until the last is done.
    fn blocks(
        &self,
        orders: u64,
        block: impl Fn(&mut D::Own, &mut People, &mut Vec<D::Held>) + Sync,
    ) -> Duration {
        let in_block = BLOCK as u64 * u64::from(self.threads());
        let blocks = orders.div_ceil(in_block);
        let gate = Gate::new(self.threads());
        let threads = each(self.threads(), |thread| {
            let (mut own, mut held) = (self.desk.own(), Vec::with_capacity(BLOCK));
            let people = &mut *self.people[thread as usize].lock();
            let mut spans = Vec::new();
            for _ in 0..blocks {
                gate.pass();
                let begin = Instant::now();
                block(&mut own, people, &mut held);
                spans.push((begin, Instant::now()));
                gate.pass();
                for held in held.drain(..) {
                    self.desk.complete(&mut own, held, people.now_ms());
                }
            }
            spans
        });
        let mut blocks_of_all = threads[0].clone();
        for spans in &threads[1..] {
            for (all, span) in blocks_of_all.iter_mut().zip(spans) {
                *all = (all.0.min(span.0), all.1.max(span.1));
            }
        }
        let took: Duration = blocks_of_all.iter().map(|&(begin, end)| end - begin).sum();
        took.mul_f64(ratio(orders, blocks * in_block))
    }

    /// Time of so many pairs.
    pub fn pairs(&self, orders: u64) -> Duration {
        self.blocks(orders, |own, people, held| {
            for _ in 0..BLOCK {
                self.desk.submit(own, people.ticket());
                held.push(self.grab(own, people));
            }
        })
    }

    /// Time of so many pairs, submitted and grabbed `size` at a time.
    pub fn batches(&self, size: usize, orders: u64) -> Duration {
        self.blocks(orders, |own, people, held| {
            let mut tickets = [Ticket::default(); BLOCK];
            for _ in 0..BLOCK / size {
                let tickets = &mut tickets[..size];
                tickets.fill_with(|| people.ticket());
                self.desk.submit_many(own, tickets);
                let full = held.len() + size;
                loop {
                    let left = full - held.len();
                    self.desk.grab_many(own, people.clerk(), people.now_ms(), left, held);
                    if held.len() == full {
                        break;
                    }
                    spin_loop();
                }
            }
        })
    }

    /// Time of so many lives.
    pub fn lives(&self, orders: u64) -> Duration {
        let share = orders.div_ceil(u64::from(self.threads()));
        let took = together(self.threads(), |thread| {
            let mut own = self.desk.own();
            let people = &mut *self.people[thread as usize].lock();
            for _ in 0..share {
                self.desk.submit(&mut own, people.ticket());
                let held = self.grab(&mut own, people);
                self.desk.complete(&mut own, held, people.now_ms());
            }
        });
        took.mul_f64(ratio(orders, share * u64::from(self.threads())))
    }

    /// How long each grab takes, of so many lives.
    pub fn grabs(&self, orders: u64) -> Latencies {
        let share = orders.div_ceil(u64::from(self.threads()));
        self.each_grab(|done| done < share, By::Wall)
    }

    /// For how long of each grab its thread had a core, of so many lives.
    pub fn grabs_on_core(&self, orders: u64) -> Latencies {
        let share = orders.div_ceil(u64::from(self.threads()));
        self.each_grab(|done| done < share, By::Core)
    }

    /// How long each grab takes, as long as `goes_on`, which is told how many lives the thread has
    /// done.
    pub fn grabs_while(&self, goes_on: impl Fn(u64) -> bool + Sync) -> Latencies {
        self.each_grab(goes_on, By::Wall)
    }

    fn each_grab(&self, goes_on: impl Fn(u64) -> bool + Sync, by: By) -> Latencies {
        let threads = each(self.threads(), |thread| {
            let (mut own, mut latencies) = (self.desk.own(), Latencies::new());
            let people = &mut *self.people[thread as usize].lock();
            for done in 0.. {
                if !goes_on(done) {
                    break;
                }
                self.desk.submit(&mut own, people.ticket());
                let held = match by {
                    By::Wall => latencies.time(|| self.grab(&mut own, people)),
                    By::Core => latencies.time_on_core(|| self.grab(&mut own, people)),
                };
                self.desk.complete(&mut own, held, people.now_ms());
            }
            latencies
        });
        Latencies::of_all(&threads)
    }

    /// How long grabs take from when they should begin, which is every so often, as long as `goes_on`.
    /// One that is late because the one before took long counts from when it should have begun.
    ///
    /// For one thread, which keeps its core busy until the next is due.
    pub fn grabs_on_time(&self, every: Duration, goes_on: impl Fn() -> bool) -> Latencies {
        let (mut own, mut latencies) = (self.desk.own(), Latencies::new());
        let people = &mut *self.people[0].lock();
        let mut due = Instant::now() + every;
        while goes_on() {
            self.desk.submit(&mut own, people.ticket());
            while Instant::now() < due {
                spin_loop();
            }
            let held = self.grab(&mut own, people);
            latencies.note(due.elapsed());
            self.desk.complete(&mut own, held, people.now_ms());
            due += every;
        }
        latencies
    }

    /// Grabs until there is something: somebody's order waits for each thread that is here, but it
    /// may not be for this clerk, or not yet in line.
    fn grab(&self, own: &mut D::Own, people: &mut People) -> D::Held {
        let mut spins = 0;
        loop {
            if let Some(held) = self.desk.grab(own, people.clerk(), people.now_ms()) {
                return held;
            }
            spins += 1;
            if spins % SPINS == 0 {
                thread::yield_now();
            } else {
                spin_loop();
            }
        }
    }
}

impl<D: Desk> fmt::Debug for Floor<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor").field("people", &self.people).finish_non_exhaustive()
    }
}

/// One count to another.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to as f64
}

/// Nanoseconds of one of `count` that took `took`.
#[must_use]
pub fn ns_of_each(took: Duration, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let count = count as f64;
    took.as_secs_f64() * 1e9 / count
}
