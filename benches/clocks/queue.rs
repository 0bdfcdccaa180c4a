//! `DelayQueue` of tokio-util, on a runtime whose clock stands still until it is told to go on.
//!
//! It fires in steps as the others do. Each step enters the runtime once, which is some hundred
//! nanoseconds of its time.

use std::{fmt, future::poll_fn, task::Poll, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    task::unconstrained,
    time::{Instant, advance},
};
use tokio_util::time::{DelayQueue, delay_queue::Key};

use super::{Clocks, STEP};

/// The queue, its keys, and its runtime.
pub struct Queue {
    queue: DelayQueue<u32>,
    keys: Vec<Option<Key>>,
    now_ms: u64,
    begin: Instant,
    runtime: Runtime,
}

impl Queue {
    fn at(&self, due_ms: u64) -> Instant {
        self.begin + Duration::from_millis(due_ms)
    }
}

impl Clocks for Queue {
    fn new(slots: u32) -> Self {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime of this thread");
        let guard = runtime.enter();
        let (queue, begin) = (DelayQueue::new(), Instant::now());
        drop(guard);
        Self { queue, keys: vec![None; slots as usize], now_ms: 0, begin, runtime }
    }

    fn arm(&mut self, slot: u32, due_ms: u64) {
        let due = self.at(due_ms);
        let _guard = self.runtime.enter();
        self.keys[slot as usize] = Some(self.queue.insert_at(slot, due));
    }

    fn arm_anew(&mut self, slot: u32, due_ms: u64) {
        let due = self.at(due_ms);
        let _guard = self.runtime.enter();
        if let Some(key) = &self.keys[slot as usize] {
            self.queue.reset_at(key, due);
        }
    }

    fn cancel(&mut self, slot: u32) {
        let _guard = self.runtime.enter();
        if let Some(key) = self.keys[slot as usize].take() {
            self.queue.remove(&key);
        }
    }

    fn advance(&mut self, now_ms: u64) -> (usize, bool) {
        let Self { queue, keys, now_ms: was_ms, runtime, .. } = self;
        let step = Duration::from_millis(now_ms - *was_ms);
        *was_ms = now_ms;
        runtime.block_on(unconstrained(async {
            if !step.is_zero() {
                advance(step).await;
            }
            let fire = |cx: &mut std::task::Context<'_>| {
                for fired in 0..STEP {
                    let Poll::Ready(Some(expired)) = queue.poll_expired(cx) else {
                        return Poll::Ready((fired, true));
                    };
                    keys[expired.into_inner() as usize] = None;
                }
                Poll::Ready((STEP, false))
            };
            poll_fn(fire).await
        }))
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}
