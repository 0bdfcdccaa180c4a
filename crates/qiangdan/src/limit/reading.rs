//! From facts to the run of one limit: when its clock began and stopped, what held it, what was climbed.

use super::{
    Calendars, Clock, DueError, Fact, Moment, Pauses, Reasons, Rung, RungKind, TimeLimit, What,
    book::OfLimit, rungs::Mark,
};
use crate::{
    LimitId, Wall,
    calendar::{Calendar, Due, HorizonError},
};

/// What facts say of one limit of an order.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) limit: LimitId,
    pub(super) of: &'a OfLimit,
    calendar: &'a Calendar,
    calendars: Calendars<'a>,
    facts: &'a [Fact],
    /// Reasons that hold the order.
    open: Reasons,
    /// Pauses of the order, from its beginning on, that hold this limit.
    pub(super) pauses: Pauses,
    /// Its clock; none before it has begun for the first time.
    pub(super) life: Option<Life>,
    /// One for each rung, from the first that was climbed on.
    notes: Vec<Note>,
}

/// One life of a clock, from a `from` until a `to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Life {
    pub(super) from: Wall,
    pub(super) amount: u64,
    /// How many came before.
    pub(super) number: u16,
    pub(super) is_extended: bool,
    pub(super) stopped: Option<Wall>,
}

/// What was noted of a rung.
#[derive(Clone, Copy, Default, Debug)]
struct Note {
    /// The latest due, in this life, at which it was climbed or to which it moved.
    until: Option<Wall>,
    /// The latest due, in this life, at which it was climbed.
    climbed: Option<Wall>,
    /// How often it was climbed, in all lives.
    times: u8,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        limit: LimitId,
        of: &'a OfLimit,
        facts: &'a [Fact],
        calendars: Calendars<'a>,
    ) -> Self {
        Self {
            limit,
            of,
            calendar: calendars.of(of.rule.calendar),
            calendars,
            facts,
            open: Reasons::default(),
            pauses: Pauses::none(),
            life: None,
            notes: Vec::new(),
        }
    }

    /// Takes the next fact in, by (instant, order of telling).
    pub(super) fn take(&mut self, Fact { at, what }: Fact) {
        match what {
            What::Reached { milestone, amount } => {
                self.come_to(Moment::Reached(milestone), at, amount);
            }
            What::Paused { reason, amount } if !self.open.has(reason) => {
                self.open = self.open.with(reason);
                if self.of.held_by.has(reason) {
                    self.pauses.pause(reason, at).ok();
                }
                self.come_to(Moment::Paused(reason), at, amount);
            }
            What::Resumed { reason } if self.open.has(reason) => {
                self.open = self.open.without(reason);
                if self.of.held_by.has(reason) {
                    self.pauses.resume(reason, at).ok();
                }
                let restarts = self.of.rule.restarts.has(reason);
                if let Some(life) = self.running_mut().filter(|_| restarts) {
                    life.from = at;
                }
                self.come_to(Moment::Resumed(reason), at, 0);
            }
            What::Extended { limit, by } if limit == self.limit && self.may_extend(at) => {
                if let Some(life) = self.running_mut() {
                    life.amount = life.amount.saturating_add(by);
                    life.is_extended = true;
                }
            }
            What::Climbed { limit, rung } if limit == self.limit => self.note(rung, at, true),
            What::Moved { limit, rung } if limit == self.limit => self.note(rung, at, false),
            _ => {}
        }
    }

    fn come_to(&mut self, moment: Moment, at: Wall, amount: u64) {
        let of = self.of;
        let rule = &of.rule;
        if let Some(life) = self.running_mut() {
            if rule.to.contains(&moment) {
                life.stopped = Some(at);
            }
        } else if rule.from == moment {
            let amount = if amount == 0 { rule.lasts.amount } else { amount };
            let number = self.life.map_or(0, |life| life.number.saturating_add(1));
            let (is_extended, stopped) = (false, None);
            self.life = Some(Life { from: at, amount, number, is_extended, stopped });
            for note in &mut self.notes {
                *note = Note { times: note.times, ..Note::default() };
            }
        }
    }

    fn running_mut(&mut self) -> Option<&mut Life> {
        self.life.as_mut().filter(|life| life.stopped.is_none())
    }

    /// Once, and before it is over. A clock that stands still is not over.
    fn may_extend(&self, at: Wall) -> bool {
        let running = self.life.filter(|life| life.stopped.is_none() && !life.is_extended);
        running.is_some_and(|life| match self.clock(life).due() {
            Ok(due) => at <= due.at,
            Err(DueError::Paused { .. } | DueError::Horizon(HorizonError::Past { .. })) => true,
            Err(DueError::Horizon(_)) => false,
        })
    }

    fn note(&mut self, rung: u8, due: Wall, is_climbed: bool) {
        if self.notes.is_empty() {
            self.notes.resize(self.of.rungs.len(), Note::default());
        }
        let Some(note) = self.notes.get_mut(usize::from(rung)) else { return };
        note.until = note.until.max(Some(due));
        if is_climbed {
            note.climbed = note.climbed.max(Some(due));
            note.times = note.times.saturating_add(1);
        }
    }
}

/// What follows from it.
impl Run<'_> {
    pub(super) fn clock(&self, life: Life) -> Clock<'_> {
        let limit = TimeLimit { amount: life.amount, ..self.of.rule.lasts };
        Clock { limit, calendar: self.calendar, from: life.from, pauses: &self.pauses }
    }

    /// The earliest rung that is not climbed, in (due, rung) order; `Err` says why there is none.
    pub(super) fn next(&self) -> Result<(Due, u8), super::Quiet> {
        use super::Quiet;
        let Some(life) = self.life else { return Err(Quiet::Idle) };
        let clock = self.clock(life);
        let is_usual = life.amount == self.of.rule.lasts.amount;
        let mut quiet = if life.stopped.is_none() { Quiet::Done } else { Quiet::Idle };
        let mut next: Option<(Due, u8)> = None;
        for (number, rung) in (0..=u8::MAX).zip(&self.of.rungs) {
            let due = match self.due_of(&clock, rung) {
                Ok(due) => due,
                Err(error) => {
                    quiet = quiet.max(error.into());
                    continue;
                }
            };
            if self.until(number) >= Some(due.at) || !self.holds(life, &clock, rung, due) {
                let is_over = life.stopped.is_some_and(|stopped| stopped <= due.at);
                // Later ones are due later, and nothing was given or told that outlives the clock.
                if is_over && is_usual && self.notes.is_empty() {
                    break;
                }
                continue;
            }
            if next.is_none_or(|(best, _)| due.at < best.at) {
                next = Some((due, number));
            }
            // Later ones are due at the same instant or later, if the marks are in their order; those
            // that wait for an opening come right after what they belong to, which is climbed first.
            if is_usual && rung.kind != RungKind::Told {
                break;
            }
        }
        next.ok_or(quiet)
    }

    /// When a rung is due, whether it is climbed or not.
    pub(super) fn due(&self, life: Life, rung: &Rung) -> Result<Due, DueError> {
        self.due_of(&self.clock(life), rung)
    }

    fn due_of(&self, clock: &Clock<'_>, rung: &Rung) -> Result<Due, DueError> {
        let amount = clock.limit.amount;
        let is_usual = amount == self.of.rule.lasts.amount;
        let due = match if is_usual { rung.usual } else { rung.mark(amount) } {
            Mark::Spent(amount) => clock.when_spent(amount)?,
            Mark::Late(amount) => clock.when_late_by(amount)?,
        };
        let Some(hours) = rung.hours else { return Ok(due) };
        Ok(Due { at: self.calendars.of(hours).next_opening(due.at)?, ..due })
    }

    /// Whether a rung is to be climbed at its due, if it has not been.
    fn holds(&self, life: Life, clock: &Clock<'_>, rung: &Rung, due: Due) -> bool {
        let is_before_stop = life.stopped.is_none_or(|stopped| due.at < stopped);
        let base = rung.base.and_then(|base| Some((base, self.rung(base)?)));
        // What follows another rung is nothing before that is climbed.
        let base = base.filter(|&(number, base)| {
            let due = self.due_of(clock, base);
            due.is_ok_and(|due| self.until(number) >= Some(due.at))
        });
        match (rung.kind, base) {
            (RungKind::Breach | RungKind::Stage | RungKind::Expiry, _) => is_before_stop,
            (_, None) => false,
            (RungKind::Again { .. } | RungKind::Silence, Some((base, _))) => {
                is_before_stop && !self.is_acknowledged(rung, base, due.at)
            }
            (RungKind::Unanswered, Some((base, _))) => !self.is_answered(base, due.at),
            (RungKind::Told, Some((_, base))) => {
                is_before_stop || self.is_told_of_end(life, clock, base)
            }
        }
    }

    /// Whether what a rung tells is about a limit that was over.
    fn is_told_of_end(&self, life: Life, clock: &Clock<'_>, base: &Rung) -> bool {
        let Ok(end) = clock.due() else { return false };
        let is_late = life.stopped.is_none_or(|stopped| end.at < stopped);
        let is_about_end = self.due_of(clock, base).is_ok_and(|due| end.at < due.at);
        is_about_end && (is_late || self.has_expired())
    }

    fn is_acknowledged(&self, rung: &Rung, base: u8, due: Wall) -> bool {
        let Some(climbed) = self.climbed(base) else { return false };
        self.facts.iter().any(|fact| match fact.what {
            What::Acknowledged { limit, stage } => {
                limit == self.limit
                    && Some(stage) == rung.stage
                    && (climbed..=due).contains(&fact.at)
            }
            _ => false,
        })
    }

    fn is_answered(&self, base: u8, due: Wall) -> bool {
        let number = self.times(base).saturating_sub(1);
        self.facts.iter().any(|fact| match fact.what {
            What::CardReplied { card } | What::CardRuled { card, upheld: false } => {
                (card.limit, card.rung, card.number) == (self.limit, base, number) && fact.at <= due
            }
            _ => false,
        })
    }

    /// Whether the law's consequence has come about.
    pub(super) fn has_expired(&self) -> bool {
        let expiry = self.of.rungs.iter().rposition(|rung| rung.kind == RungKind::Expiry);
        expiry.is_some_and(|at| self.notes.get(at).is_some_and(|note| note.until.is_some()))
    }

    /// The number of its breach.
    pub(super) fn breach(&self) -> u8 {
        let at = self.of.rungs.iter().position(|rung| rung.kind == RungKind::Breach);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
    }

    pub(super) fn rung(&self, number: u8) -> Option<&Rung> {
        self.of.rungs.get(usize::from(number))
    }

    /// The due until which a rung counts as climbed.
    pub(super) fn until(&self, rung: u8) -> Option<Wall> {
        self.notes.get(usize::from(rung)).and_then(|note| note.until)
    }

    /// When a rung was climbed last in this life.
    pub(super) fn climbed(&self, rung: u8) -> Option<Wall> {
        self.notes.get(usize::from(rung)).and_then(|note| note.climbed)
    }

    /// How often a rung was climbed, in all lives.
    pub(super) fn times(&self, rung: u8) -> u8 {
        self.notes.get(usize::from(rung)).map_or(0, |note| note.times)
    }
}
