//! The wall as the wheel of calendar limits sees it: a scale that never goes back, though the clock
//! on the wall does, and that does not believe every leap.
//!
//! The scale is the wall plus a *lag*. Each step back of the wall adds itself to the lag, so the
//! scale stands. What was armed before is then looked at too early, by the step; the look finds
//! nothing due and arms again. A leap ahead takes the scale along, once it is believed.

use std::sync::atomic::Ordering::Relaxed;

use crate::{Mono, Now, Wall, WallTrust, sync::AtomicU64};

/// 1900-01-01T00:00:00Z, where the scale begins; no calendar reaches further back.
const EARLIEST: Wall = Wall(-2_208_988_800_000);

/// How much the scale is ahead of the wall. Written by the one that advances, read by all that arm.
#[derive(Debug, Default)]
pub(super) struct Lag(AtomicU64);

impl Lag {
    /// Where an instant on the wall is on the scale, by the lag of now. Later lags only make it
    /// later, so what is armed by an old one is looked at too early.
    pub(super) fn place(&self, at: Wall) -> u64 {
        // Ordering: Relaxed. One number that guards no data; an old one brings an early look.
        on_scale(at).saturating_add(self.0.load(Relaxed))
    }

    /// The instant on the wall at a place of the scale. For the one that advances.
    pub(super) fn wall(&self, place: u64) -> Wall {
        // Ordering: Relaxed. Only the caller writes it.
        let since_ms = place.saturating_sub(self.0.load(Relaxed));
        Wall(i64::try_from(since_ms).unwrap_or(i64::MAX).saturating_add(EARLIEST.0))
    }

    fn grow(&self, by_ms: u64) {
        // Ordering: Relaxed, both. There is one writer.
        self.0.store(self.0.load(Relaxed).saturating_add(by_ms), Relaxed);
    }
}

/// Milliseconds since the first instant that a fact can have.
fn on_scale(at: Wall) -> u64 {
    u64::try_from(at.0.saturating_sub(EARLIEST.0)).unwrap_or(0)
}

/// What the one that advances remembers of the wall.
#[derive(Debug)]
pub(super) struct WallHand {
    trust: WallTrust,
    /// The last pair that was believed.
    believed: Option<Now>,
    /// Since when the wall is suspect.
    suspect: Option<Mono>,
    /// By how much the wall has stepped back in all.
    stepped_back_ms: u64,
}

/// What to make of the wall of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Showing {
    /// It counts.
    Believed,
    /// It has leapt ahead by so much just now, and does not count yet.
    Leapt {
        /// Milliseconds.
        ahead_ms: u64,
    },
    /// It has leapt before, and does not count yet.
    Held,
}

impl WallHand {
    pub(super) fn new(trust: WallTrust) -> Self {
        Self { trust, believed: None, suspect: None, stepped_back_ms: 0 }
    }

    /// Takes in what both clocks say.
    pub(super) fn see(&mut self, lag: &Lag, now: Now) -> Showing {
        let Some(last) = self.believed else {
            self.believed = Some(now);
            return Showing::Believed;
        };
        let passed_ms = i64::try_from(now.mono.since_ms(last.mono)).unwrap_or(i64::MAX);
        let expected = last.wall.0.saturating_add(passed_ms);
        let ahead_ms = u64::try_from(now.wall.0.saturating_sub(expected)).unwrap_or(0);
        if ahead_ms > self.trust.leap_ms {
            match self.suspect {
                None => {
                    self.suspect = Some(now.mono);
                    return Showing::Leapt { ahead_ms };
                }
                Some(since) if now.mono.since_ms(since) < self.trust.hold_ms => {
                    return Showing::Held;
                }
                Some(_) => {}
            }
        }
        self.suspect = None;
        let back_ms = last.wall.0.saturating_sub(now.wall.0);
        if let Ok(back_ms @ 1..) = u64::try_from(back_ms) {
            lag.grow(back_ms);
            self.stepped_back_ms = self.stepped_back_ms.saturating_add(back_ms);
        }
        self.believed = Some(now);
        Showing::Believed
    }

    /// Until when calendar limits are held, if the wall is suspect.
    pub(super) fn held_until(&self) -> Option<Mono> {
        self.suspect.map(|since| since.plus_ms(self.trust.hold_ms))
    }

    /// The wall that was believed last.
    pub(super) fn believed(&self) -> Option<Now> {
        self.believed
    }

    pub(super) fn stepped_back_ms(&self) -> u64 {
        self.stepped_back_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_268_800_000;

    fn hand() -> (WallHand, Lag) {
        (WallHand::new(WallTrust::default()), Lag::default())
    }

    fn now(mono_s: u64, wall_s: i64) -> Now {
        Now { mono: Mono(mono_s * 1_000), wall: Wall(NOON + wall_s * 1_000) }
    }

    #[test]
    fn a_step_back_leaves_the_scale_where_it_was() {
        let (mut hand, lag) = hand();
        hand.see(&lag, now(0, 0));
        let before = lag.place(Wall(NOON));
        assert_eq!(hand.see(&lag, now(0, -3_600)), Showing::Believed);
        assert_eq!(lag.place(now(0, -3_600).wall), before);
        assert_eq!(lag.wall(before), now(0, -3_600).wall);
        assert_eq!(hand.stepped_back_ms(), 3_600_000);
    }

    #[test]
    fn a_leap_is_believed_only_if_it_stays() {
        let (mut hand, lag) = hand();
        hand.see(&lag, now(0, 0));
        assert_eq!(hand.see(&lag, now(10, 70)), Showing::Believed, "60 s is no leap");
        assert_eq!(hand.see(&lag, now(11, 132)), Showing::Leapt { ahead_ms: 61_000 });
        assert_eq!(hand.held_until(), Some(Mono(41_000)));
        assert_eq!(hand.see(&lag, now(12, 72)), Showing::Believed, "it came back");
        assert_eq!(hand.see(&lag, now(13, 86_400)), Showing::Leapt { ahead_ms: 86_327_000 });
        assert_eq!(hand.see(&lag, now(42, 86_429)), Showing::Held);
        assert_eq!(hand.see(&lag, now(43, 86_430)), Showing::Believed, "it stayed");
        assert_eq!((hand.stepped_back_ms(), hand.held_until()), (0, None));
    }

    #[test]
    fn a_host_that_sleeps_is_no_leap() {
        let (mut hand, lag) = hand();
        hand.see(&lag, now(0, 0));
        assert_eq!(hand.see(&lag, now(36_000, 36_000)), Showing::Believed);
    }
}
