//! Spent, remaining, percent, lateness: all from history, at any instant.

use super::{Clock, DueError, Unit, clock::Days};
use crate::{Wall, calendar::HorizonError};

impl Clock<'_> {
    /// How much of the limit is spent at `now`: days or milliseconds, as its unit says.
    ///
    /// A day counts as spent from its beginning. Days by which the last day is put off to a working day
    /// are not spent. Past the due instant it goes on.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach to `now`.
    pub fn spent(&self, now: Wall) -> Result<u64, HorizonError> {
        if now < self.from {
            return Ok(0);
        }
        let spent = match self.limit.unit {
            Unit::WorkingDays { .. } | Unit::NaturalDays { .. } => self.days_spent(now)?,
            Unit::WorkingTime => self.minus_pauses(now, |at| self.calendar.open_before_ms(at))?,
            Unit::NaturalTime => self.minus_pauses(now, |at| Ok(at.0))?,
        };
        Ok(u64::try_from(spent).unwrap_or(0))
    }

    /// What remains of the limit at `now`; negative past it. Spent and remaining make the limit.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach to `now`.
    pub fn remaining(&self, now: Wall) -> Result<i64, HorizonError> {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        Ok(signed(self.limit.amount) - signed(self.spent(now)?))
    }

    /// How many hundredths of the limit are spent at `now`, rounded down; 100 if the limit is nothing.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach to `now`.
    pub fn percent(&self, now: Wall) -> Result<u32, HorizonError> {
        if self.limit.amount == 0 {
            return Ok(100);
        }
        let percent = u128::from(self.spent(now)?) * 100 / u128::from(self.limit.amount);
        Ok(u32::try_from(percent).unwrap_or(u32::MAX))
    }

    /// How much more than the limit is spent at `now`; `None` while it is in time.
    ///
    /// Done at exactly the due instant is in time. A limit in days may be late by no day at all: on its
    /// last day, after closing. Pauses after the due instant do not make it later, nor in time again.
    ///
    /// # Errors
    ///
    /// [`HorizonError`] if the calendar does not reach to `now`.
    pub fn lateness(&self, now: Wall) -> Result<Option<u64>, HorizonError> {
        if !self.is_late(now)? {
            return Ok(None);
        }
        Ok(Some(self.spent(now)?.saturating_sub(self.limit.amount)))
    }

    fn is_late(&self, now: Wall) -> Result<bool, HorizonError> {
        match self.due() {
            Ok(due) => Ok(due.at < now),
            // A due instant past the horizon is past any instant in it.
            Err(DueError::Paused { .. } | DueError::Horizon(HorizonError::Past { .. })) => {
                Ok(false)
            }
            Err(DueError::Horizon(error)) => Err(error),
        }
    }

    fn days_spent(&self, now: Wall) -> Result<i64, HorizonError> {
        let days = Days::new(self)?;
        let mut spent = (days.place(self.calendar.day_of(now)?)? - days.start).max(0);
        for (from, until) in self.pauses_until(now) {
            spent -= days.held(from, until)?;
        }
        let amount = i64::try_from(self.limit.amount).unwrap_or(i64::MAX);
        if spent <= amount {
            return Ok(spent);
        }
        // While it is in time no more is spent, though the next day has begun: at 24:00 of its last day,
        // or in a pause that began just then.
        if !self.is_late(now)? {
            return Ok(amount);
        }
        let last = days.last_over(self.limit.amount, self.pauses_until(now))?;
        Ok(amount.max(spent - last.put_off))
    }

    /// How much a running total grows from the beginning until `now`, outside the pauses.
    fn minus_pauses(
        &self,
        now: Wall,
        total: impl Fn(Wall) -> Result<i64, HorizonError>,
    ) -> Result<i64, HorizonError> {
        let mut spent = total(now)?.saturating_sub(total(self.from)?);
        for (from, until) in self.pauses_until(now) {
            spent = spent.saturating_sub(total(until)?.saturating_sub(total(from)?));
        }
        Ok(spent)
    }

    /// The pauses of this clock before `now`, cut to its life.
    pub(super) fn pauses_until(&self, now: Wall) -> impl Iterator<Item = (Wall, Wall)> + '_ {
        let ours = self.pauses.until(now).filter(|pause| self.from < pause.1);
        ours.map(|(from, until)| (from.max(self.from), until))
    }
}
