//! Clerks in virtual time: who is on duty, who is free, for how long.

use std::collections::VecDeque;

use qiangdan::{ClerkId, ClerkSpec, Engine, Now};

use super::{Duty, Record, Seat, Stay};
use crate::watch::Told;

/// All clerks.
#[derive(Debug)]
pub(super) struct Staff {
    clerks: Vec<Clerk>,
    /// Who has a free seat, the longest free first.
    free: VecDeque<ClerkId>,
    open: u32,
    /// How many are off duty, but serving those who wait.
    staying: usize,
    last_ms: u64,
}

#[derive(Debug)]
struct Clerk {
    seat: Seat,
    /// How many orders they may serve at a time; zero when off duty or about to leave.
    seats: u32,
    busy: u32,
    /// Since when they are signed in.
    since_ms: Option<u64>,
    /// Off duty, but serving those who wait.
    is_staying: bool,
}

impl Clerk {
    fn has_room(&self) -> bool {
        self.busy < self.seats
    }
}

impl Staff {
    pub(super) fn new(seats: Vec<Seat>) -> Self {
        let clerk = |seat| Clerk { seat, seats: 0, busy: 0, since_ms: None, is_staying: false };
        Self {
            clerks: seats.into_iter().map(clerk).collect(),
            free: VecDeque::new(),
            open: 0,
            staying: 0,
            last_ms: 0,
        }
    }

    /// The latest instant at which anything about a clerk changed.
    pub(super) fn last_ms(&self) -> u64 {
        self.last_ms
    }

    /// The free clerk at `turn` in the line of free clerks.
    pub(super) fn free(&self, turn: usize) -> Option<ClerkId> {
        self.free.get(turn).copied()
    }

    /// The free clerk at `turn` took an order.
    pub(super) fn took(&mut self, turn: usize) {
        let clerk = self.free[turn];
        let record = &mut self.clerks[clerk.index()];
        record.busy += 1;
        if !record.has_room() {
            self.free.remove(turn);
        }
    }

    /// The clerk at `turn` turned out not to be free.
    pub(super) fn drop_free(&mut self, turn: usize) {
        self.free.remove(turn);
    }

    /// A clerk has finished with an order.
    pub(super) fn gave(
        &mut self,
        engine: &Engine,
        now: Now,
        clerk: ClerkId,
        told: &mut Told,
        record: &mut impl Record,
    ) {
        self.last_ms = self.last_ms.max(now.mono.0);
        let of = &mut self.clerks[clerk.index()];
        let had_room = of.has_room();
        of.busy -= 1;
        if of.seats == 0 {
            if of.busy == 0 {
                self.sign_out(engine, now, clerk, told, record);
            }
        } else if !had_room && of.has_room() {
            self.free.push_back(clerk);
        }
    }

    /// A shift begins, ends or changes.
    pub(super) fn change(
        &mut self,
        engine: &Engine,
        now: Now,
        duty: Duty,
        told: &mut Told,
        record: &mut impl Record,
    ) {
        self.last_ms = self.last_ms.max(now.mono.0);
        let of = &mut self.clerks[duty.clerk.index()];
        if duty.seats == 0 {
            if of.since_ms.is_none() {
                return;
            }
            // Whoever stays keeps their seats until nothing is left to grab.
            if duty.stay == Stay::UntilEmpty {
                self.staying += usize::from(!of.is_staying);
                of.is_staying = true;
            } else {
                self.leave(engine, now, duty.clerk, told, record);
            }
            return;
        }
        of.seats = duty.seats;
        self.staying -= usize::from(of.is_staying);
        of.is_staying = false;
        let spec =
            ClerkSpec { units: duty.seats, ..ClerkSpec::new(&of.seat.pools, of.seat.skills) };
        told.signs_in(duty.clerk, &spec);
        let signed_in = told.call(now, |cx| engine.sign_in(cx, duty.clerk, &spec));
        debug_assert!(signed_in.is_ok(), "clerks and pools are those of the setup: {signed_in:?}");
        let is_free = of.has_room();
        if of.since_ms.is_none() {
            of.since_ms = Some(now.mono.0);
            self.open += 1;
            record.open_now(now.mono.0, self.open);
        }
        self.free.retain(|&clerk| clerk != duty.clerk);
        if is_free {
            self.free.push_back(duty.clerk);
        }
    }

    /// Those who stayed for the last people leave once they are free and nothing is theirs to grab.
    pub(super) fn dismiss_idle(
        &mut self,
        engine: &Engine,
        now: Now,
        told: &mut Told,
        record: &mut impl Record,
    ) {
        if self.staying == 0 {
            return;
        }
        while let Some(clerk) = self.idle_stayer() {
            self.leave(engine, now, clerk, told, record);
        }
    }

    fn idle_stayer(&self) -> Option<ClerkId> {
        self.free.iter().copied().find(|clerk| {
            let of = &self.clerks[clerk.index()];
            of.is_staying && of.busy == 0
        })
    }

    /// No further order; gone when the last one in hand is done.
    fn leave(
        &mut self,
        engine: &Engine,
        now: Now,
        clerk: ClerkId,
        told: &mut Told,
        record: &mut impl Record,
    ) {
        self.free.retain(|&free| free != clerk);
        let of = &mut self.clerks[clerk.index()];
        of.seats = 0;
        self.staying -= usize::from(of.is_staying);
        of.is_staying = false;
        if of.busy == 0 {
            self.sign_out(engine, now, clerk, told, record);
        }
    }

    fn sign_out(
        &mut self,
        engine: &Engine,
        now: Now,
        clerk: ClerkId,
        told: &mut Told,
        record: &mut impl Record,
    ) {
        let signed_out = told.call(now, |cx| engine.sign_out(cx, clerk));
        debug_assert!(signed_out.is_ok(), "clerks are those of the setup: {signed_out:?}");
        if let Some(since_ms) = self.clerks[clerk.index()].since_ms.take() {
            self.open -= 1;
            record.open_now(now.mono.0, self.open);
            record.present(clerk, since_ms, now.mono.0);
        }
    }
}
