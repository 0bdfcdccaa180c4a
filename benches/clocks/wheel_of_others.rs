//! The cancellable wheel of `hierarchical_hash_wheel_timer`: four levels of 256, and a hash map of what
//! is live.
//!
//! It goes on millisecond by millisecond, except where it says that it can skip. What is due in one
//! millisecond comes in one call.

use std::{fmt, rc::Rc, time::Duration};

use hierarchical_hash_wheel_timer::{
    IdOnlyTimerEntry,
    wheels::{Skip, cancellable::QuadWheelWithOverflow},
};

use super::{Clocks, STEP};

/// The wheel and where it is.
pub struct WheelOfOthers {
    wheel: QuadWheelWithOverflow<IdOnlyTimerEntry<u32>>,
    now_ms: u64,
}

impl Clocks for WheelOfOthers {
    fn new(_slots: u32) -> Self {
        Self { wheel: QuadWheelWithOverflow::new(), now_ms: 0 }
    }

    fn arm(&mut self, slot: u32, due_ms: u64) {
        let delay = Duration::from_millis(due_ms.saturating_sub(self.now_ms).max(1));
        let timer = Rc::new(IdOnlyTimerEntry::new(slot, delay));
        self.wheel.insert_ref(timer).expect("it is not due yet");
    }

    fn arm_anew(&mut self, slot: u32, due_ms: u64) {
        self.cancel(slot);
        self.arm(slot, due_ms);
    }

    fn cancel(&mut self, slot: u32) {
        // Refused only if it has fired.
        self.wheel.cancel(&slot).ok();
    }

    fn advance(&mut self, now_ms: u64) -> (usize, bool) {
        let mut fired = 0;
        while self.now_ms < now_ms {
            let left_ms = now_ms - self.now_ms;
            let skip_ms = match self.wheel.can_skip() {
                Skip::None => 0,
                Skip::Millis(ms) => u64::from(ms).min(left_ms),
                Skip::Empty => left_ms,
            };
            if skip_ms > 0 {
                self.wheel.skip(u32::try_from(skip_ms).expect("less than an hour"));
                self.now_ms += skip_ms;
                continue;
            }
            fired += self.wheel.tick().len();
            self.now_ms += 1;
            if fired >= STEP {
                return (fired, false);
            }
        }
        (fired, true)
    }
}

impl fmt::Debug for WheelOfOthers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WheelOfOthers").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}
