//! When so much is spent, or late: `spent.rs` the other way round.

use super::{Clock, DueError, Unit, clock::Days};
use crate::{
    Wall,
    calendar::{Day, Due, HorizonError},
};

impl Clock<'_> {
    /// The first millisecond at which [`Clock::spent`] says `amount` or more, by what is known of its
    /// pauses: of days, the beginning of the day. For no amount, the beginning of the clock.
    ///
    /// Costs what [`Clock::due`] costs.
    ///
    /// # Errors
    ///
    /// [`DueError::Paused`] if it stands still before; [`DueError::Horizon`] if the calendar does not
    /// reach there.
    pub fn when_spent(&self, amount: u64) -> Result<Due, DueError> {
        let spent = if amount == 0 {
            Due { at: self.from, is_provisional: false }
        } else if !self.limit.unit.is_in_days() {
            self.when_time_is_spent(amount)?
        } else if amount <= self.limit.amount {
            self.when_days_are_spent(amount)?
        } else {
            self.when_days_are_late(amount)?
        };
        self.unless_paused_before(spent)
    }

    /// The first millisecond at which [`Clock::lateness`] says `amount` or more; for no amount, the first
    /// after the due instant.
    ///
    /// Costs what [`Clock::due`] costs, or twice that.
    ///
    /// # Errors
    ///
    /// As [`Clock::when_spent`].
    pub fn when_late_by(&self, amount: u64) -> Result<Due, DueError> {
        if amount > 0 {
            // Nothing more than the limit is spent before it is late.
            return self.when_spent(self.limit.amount.saturating_add(amount));
        }
        let due = self.due()?;
        Ok(Due { at: Wall(due.at.0.saturating_add(1)), ..due })
    }

    /// A pause that begins at an instant does not undo what is true by then.
    fn unless_paused_before(&self, due: Due) -> Result<Due, DueError> {
        match self.pauses.paused_since() {
            Some(since) if since.max(self.from) < due.at => Err(DueError::Paused { since }),
            _ => Ok(due),
        }
    }

    /// Pauses that are over, cut to the life of the clock.
    fn pauses_over(&self) -> impl Iterator<Item = (Wall, Wall)> + '_ {
        let ours = self.pauses.over().iter().copied().filter(|pause| self.from < pause.1);
        ours.map(|(from, until)| (from.max(self.from), until))
    }

    fn when_time_is_spent(&self, amount_ms: u64) -> Result<Due, DueError> {
        let is_open_time = self.limit.unit == Unit::WorkingTime;
        let total = |at: Wall| match is_open_time {
            true => self.calendar.open_before_ms(at),
            false => Ok(at.0),
        };
        let mut target_ms = total(self.from)?.saturating_add(signed(amount_ms));
        for (from, until) in self.pauses_over() {
            let from_ms = match total(from) {
                // What begins after the horizon begins after all that is in it.
                Err(HorizonError::Past { .. }) => break,
                from_ms => from_ms?,
            };
            if from_ms >= target_ms {
                break;
            }
            target_ms = target_ms.saturating_add(total(until)?.saturating_sub(from_ms));
        }
        Ok(match is_open_time {
            true => self.calendar.due_by_open(self.from, target_ms)?,
            false => Due { at: Wall(target_ms), is_provisional: false },
        })
    }

    fn when_days_are_spent(&self, amount: u64) -> Result<Due, HorizonError> {
        let days = Days::new(self)?;
        let day = self.day_when_spent(&days, signed(amount))?;
        self.beginning(&days, day)
    }

    /// Past the last day, days by which that was put off are not spent.
    fn when_days_are_late(&self, amount: u64) -> Result<Due, DueError> {
        let due = self.due()?;
        let days = Days::new(self)?;
        let last = days.last_over(self.limit.amount, self.pauses_over())?;
        let counted = signed(amount).saturating_add(last.put_off);
        let more = signed(self.limit.amount).saturating_add(1);
        let day = self.day_when_spent(&days, counted.max(more))?;
        let begins = self.beginning(&days, day)?;
        let is_provisional = due.is_provisional || begins.is_provisional;
        Ok(Due { at: begins.at.max(Wall(due.at.0.saturating_add(1))), is_provisional })
    }

    /// The day on which so many days are spent, put off or not.
    fn day_when_spent(&self, days: &Days<'_>, amount: i64) -> Result<Day, HorizonError> {
        let mut place = days.start.saturating_add(amount);
        for (from, until) in self.pauses_over() {
            if days.place_in_life(from)? >= place {
                break;
            }
            place = place.saturating_add(days.held(from, until)?);
        }
        days.day_at(place)
    }

    fn beginning(&self, days: &Days<'_>, day: Day) -> Result<Due, HorizonError> {
        let at = self.calendar.begins(day)?.max(self.from);
        let is_working = matches!(self.limit.unit, Unit::WorkingDays { .. });
        let may_change = is_working && self.calendar.is_provisional(days.receipt, day);
        Ok(Due { at, is_provisional: may_change })
    }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
