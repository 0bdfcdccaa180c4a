//! The instants of one clerk: heard of, lost, written up, idle since.
//!
//! Each has one writer at a time in a host that calls for a clerk from one place at a time; whoever
//! reads them takes them for what they are worth, and the clerk's word decides.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use crate::{Mono, sync::AtomicU64};

/// See the module docs.
#[derive(Debug, Default)]
pub(crate) struct Times {
    heard: AtomicU64,
    lost: AtomicU64,
    /// When the wrap-up ends.
    written_up: AtomicU64,
    /// Since when they are idle, moved on by the time they were away.
    idle: AtomicU64,
    /// Since when they are away.
    away: AtomicU64,
}

impl Times {
    /// Notes that the clerk was heard of.
    #[inline]
    pub(crate) fn hear(&self, now: Mono) {
        // Ordering: Relaxed, both. An instant, that the look asks for itself; the load spares a
        // store back.
        if self.heard.load(Relaxed) < now.0 {
            self.heard.store(now.0, Relaxed);
        }
    }

    pub(crate) fn heard(&self) -> Mono {
        // Ordering: Relaxed. An instant; the next look asks again.
        Mono(self.heard.load(Relaxed))
    }

    pub(crate) fn lose(&self, now: Mono) {
        // Ordering: Relaxed. Only the one that advances writes and reads it.
        self.lost.store(now.0, Relaxed);
    }

    pub(crate) fn lost(&self) -> Mono {
        // Ordering: Relaxed, as in `lose`.
        Mono(self.lost.load(Relaxed))
    }

    /// Lets the wrap-up end then, or later if it does already.
    pub(crate) fn write_until(&self, until: Mono) {
        // Ordering: AcqRel. It comes before the change of the word that says that there is a
        // wrap-up.
        self.written_up.fetch_max(until.0, AcqRel);
    }

    pub(crate) fn written_up(&self) -> Mono {
        // Ordering: Acquire, as in `write_until`.
        Mono(self.written_up.load(Acquire))
    }

    /// Begins the idle clock anew.
    pub(crate) fn idle_from(&self, now: Mono) {
        // Ordering: Relaxed, both. A figure that ranks those who are ready.
        self.idle.store(now.0, Relaxed);
        self.away.store(now.0, Relaxed);
    }

    pub(crate) fn leave(&self, now: Mono) {
        // Ordering: Relaxed, as in `idle_from`.
        self.away.store(now.0, Relaxed);
    }

    /// Takes the time since they left out of the idle clock.
    pub(crate) fn come_back(&self, now: Mono) {
        // Ordering: Relaxed, as in `idle_from`, all.
        let away_ms = now.since_ms(Mono(self.away.load(Relaxed)));
        self.idle.fetch_add(away_ms, Relaxed);
    }

    /// Idle for how long, by the instant they left if they are away.
    pub(crate) fn idle_ms(&self, now: Mono, is_away: bool) -> u64 {
        // Ordering: Relaxed, as in `idle_from`, both.
        let until = if is_away { Mono(self.away.load(Relaxed)) } else { now };
        until.since_ms(Mono(self.idle.load(Relaxed)))
    }
}
