//! All clocks of one order, and what comes next.

use smallvec::SmallVec;

use super::{
    Book, Calendars, DueError, Fact,
    reading::{Life, Run},
};
use crate::{
    LimitId, Wall,
    calendar::{Due, HorizonError},
};

/// The clocks of one order, as its facts tell. Made by [`Book::read`].
///
/// The clock of a limit runs from its `from` until the first of its `to`, and again from the next
/// `from`. What is said here is of the last of these runs. A rung is to be climbed if its due comes
/// before the clock stops: at one instant, what is told comes before what is due. It is climbed as
/// long as its due has not moved later than a due that was noted for it.
///
/// Nothing is kept but what the facts say, so reading them again gives the same.
#[derive(Debug)]
pub struct Clocks<'a> {
    pub(super) runs: SmallVec<[Run<'a>; 4]>,
    pub(super) facts: &'a [Fact],
}

/// What comes next for an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Next {
    /// When; it may be over.
    pub due: Wall,
    /// It may change once more holidays are published.
    pub is_provisional: bool,
    /// Of which limit.
    pub limit: LimitId,
    /// Which rung: [`Book::rung`] says what happens.
    pub rung: u8,
}

/// Why nothing comes. Of several clocks, the last reason in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Quiet {
    /// No clock runs.
    Idle,
    /// All that was to happen has happened.
    Done,
    /// A clock stands still.
    Paused,
    /// The calendar does not reach there. Ask again with a wider one.
    Horizon,
}

/// One clock of an order at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockNow {
    /// Its limit.
    pub limit: LimitId,
    /// How it stands.
    pub state: ClockState,
    /// How often it had run before.
    pub run: u16,
    /// When it began; if it was restarted, when that was.
    pub from: Wall,
    /// How long it lasts, with what was announced and extended.
    pub amount: u64,
    /// Whether it was extended.
    pub is_extended: bool,
    /// The last instant in time.
    pub due: Result<Due, DueError>,
    /// What is spent, once it has stopped by then.
    pub figures: Result<Figures, HorizonError>,
    /// The due at which its breach was noted. It stays so if the due moves later.
    pub breached: Option<Wall>,
}

/// How a clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClockState {
    /// It runs.
    Running,
    /// It stands still.
    Paused {
        /// Since when.
        since: Wall,
    },
    /// It has stopped in time.
    Met {
        /// When.
        at: Wall,
    },
    /// It has stopped too late.
    Missed {
        /// When.
        at: Wall,
    },
}

/// Figures of a clock, in its unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Figures {
    /// [`Clock::spent`](super::Clock::spent).
    pub spent: u64,
    /// [`Clock::remaining`](super::Clock::remaining).
    pub remaining: i64,
    /// [`Clock::percent`](super::Clock::percent).
    pub percent: u32,
    /// [`Clock::lateness`](super::Clock::lateness).
    pub lateness: Option<u64>,
}

/// Why a limit cannot be extended. Nothing changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtendError {
    /// The order has no such limit, or its clock does not run at that instant.
    #[error("its clock does not run")]
    NotRunning,
    /// The limit allows less, or none at all, or it was for nothing.
    #[error("it may be extended by 1 to {most}")]
    NotSoLong {
        /// The most it allows.
        most: u64,
    },
    /// It has been extended. It can be but once.
    #[error("it has been extended already")]
    Already,
    /// It was over by then.
    #[error("it is over")]
    Over {
        /// The last instant at which it could be.
        due: Wall,
    },
}

impl<'a> Clocks<'a> {
    pub(super) fn new(
        book: &'a Book,
        limits: &[LimitId],
        facts: &'a [Fact],
        calendars: Calendars<'a>,
    ) -> Self {
        let run = |&limit: &LimitId| Run::new(limit, book.limit(limit), facts, calendars);
        let mut runs = limits.iter().map(run).collect::<SmallVec<[Run<'_>; 4]>>();
        let mut take = |fact: Fact| runs.iter_mut().for_each(|run| run.take(fact));
        if facts.is_sorted_by_key(|fact| fact.at) {
            facts.iter().copied().for_each(&mut take);
        } else {
            let mut sorted = facts.to_vec();
            sorted.sort_by_key(|fact| fact.at);
            sorted.into_iter().for_each(&mut take);
        }
        Self { runs, facts }
    }

    /// The rung to be climbed next: the first in the order of (due, limit, rung).
    ///
    /// Costs the due instant of the first rung of each clock, and of each rung that was climbed.
    ///
    /// # Errors
    ///
    /// [`Quiet`] says why there is none.
    pub fn next(&self) -> Result<Next, Quiet> {
        let mut next: Result<Next, Quiet> = Err(Quiet::Idle);
        for run in &self.runs {
            next = match (next, run.next()) {
                (Err(quiet), Err(why)) => Err(quiet.max(why)),
                (Ok(next), Err(_)) => Ok(next),
                (Ok(next), Ok((due, _))) if next.due <= due.at => Ok(next),
                (_, Ok((Due { at: due, is_provisional }, rung))) => {
                    Ok(Next { due, is_provisional, limit: run.limit, rung })
                }
            };
        }
        next
    }

    /// Whether a clock runs or stands still, so that something may still come of this order's
    /// limits.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let mut lives = self.runs.iter().filter_map(|run| run.life);
        lives.any(|life| life.stopped.is_none())
    }

    /// One clock at `now`; none before it has begun for the first time.
    #[must_use]
    pub fn of(&self, limit: LimitId, now: Wall) -> Option<ClockNow> {
        self.run(limit)?.at(now)
    }

    /// What does not change of one clock while nothing is told; none before it has begun for the
    /// first time.
    pub(crate) fn standing(&self, limit: LimitId) -> Option<Standing> {
        self.run(limit)?.standing()
    }

    /// All clocks that have begun, as they stand at `now`, by limit.
    pub fn all(&self, now: Wall) -> impl Iterator<Item = ClockNow> + '_ {
        self.runs.iter().filter_map(move |run| run.at(now))
    }

    /// The rungs of a limit that count as climbed in its last run, with their dues.
    pub fn climbed(&self, limit: LimitId) -> impl Iterator<Item = (u8, Wall)> + '_ {
        let run = self.run(limit);
        run.into_iter().flat_map(|run| {
            let rungs = (0..=u8::MAX).take(run.of.rungs.len());
            rungs.filter_map(|rung| run.until(rung).map(|due| (rung, due)))
        })
    }

    /// Whether a limit may be extended by so much, at an instant not before the last fact.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn may_extend(&self, limit: LimitId, by: u64, at: Wall) -> Result<(), ExtendError> {
        let run = self.run(limit).ok_or(ExtendError::NotRunning)?;
        let running = run.life.filter(|life| life.stopped.is_none() && life.from <= at);
        let life = running.ok_or(ExtendError::NotRunning)?;
        let most = run.of.rule.extends_by;
        if by == 0 || by > most {
            return Err(ExtendError::NotSoLong { most });
        }
        if life.is_extended {
            return Err(ExtendError::Already);
        }
        match run.clock(life).due() {
            Ok(due) if due.at < at => Err(ExtendError::Over { due: due.at }),
            _ => Ok(()),
        }
    }

    pub(super) fn run(&self, limit: LimitId) -> Option<&Run<'a>> {
        self.runs.iter().find(|run| run.limit == limit)
    }
}

/// What does not change while nothing is told of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// How it stands.
    pub(crate) state: ClockState,
    /// How often it had run before.
    pub(crate) run: u16,
    /// When it began.
    pub(crate) from: Wall,
    /// The last instant in time.
    pub(crate) due: Result<Due, DueError>,
}

impl Run<'_> {
    fn standing(&self) -> Option<Standing> {
        let life = self.life?;
        let Life { from, number: run, stopped, .. } = life;
        let due = self.clock(life).due();
        let state = match (stopped, self.pauses.paused_since()) {
            (Some(at), _) if due.is_ok_and(|due| due.at < at) => ClockState::Missed { at },
            (Some(at), _) => ClockState::Met { at },
            (None, Some(since)) => ClockState::Paused { since: since.max(from) },
            (None, None) => ClockState::Running,
        };
        Some(Standing { state, run, from, due })
    }

    fn at(&self, now: Wall) -> Option<ClockNow> {
        let Standing { state, run, from, due } = self.standing()?;
        let life = self.life?;
        let Life { amount, is_extended, stopped, .. } = life;
        let clock = self.clock(life);
        let then = stopped.map_or(now, |stopped| stopped.min(now));
        let figures = || {
            let (spent, remaining) = (clock.spent(then)?, clock.remaining(then)?);
            let (percent, lateness) = (clock.percent(then)?, clock.lateness(then)?);
            Ok(Figures { spent, remaining, percent, lateness })
        };
        let breached = self.until(self.breach());
        let limit = self.limit;
        let figures = figures();
        Some(ClockNow { limit, state, run, from, amount, is_extended, due, figures, breached })
    }
}

impl From<DueError> for Quiet {
    fn from(error: DueError) -> Self {
        match error {
            DueError::Paused { .. } => Self::Paused,
            DueError::Horizon(_) => Self::Horizon,
        }
    }
}
