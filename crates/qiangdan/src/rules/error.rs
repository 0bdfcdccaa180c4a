//! What can be wrong with a draft of rules.

#[cfg(feature = "calendar")]
use crate::limit::ClockError;
use crate::{ClassId, LadderId, PoolId, ServiceId, staff::StaffError, watch::WatchError};

/// What is wrong with a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// There is nothing to do. Name at least one service.
    #[error("there is no service")]
    NoService,
    /// A service is withdrawn that is not there.
    #[error("{service} is withdrawn, but there is none")]
    NoSuchService {
        /// The service.
        service: ServiceId,
    },
    /// A service waits in a pool that is not there.
    #[error("{service} waits in {pool}, but there are {pools} pools")]
    NoSuchPool {
        /// The service.
        service: ServiceId,
        /// The pool it names.
        pool: PoolId,
        /// How many there are.
        pools: u16,
    },
    /// A service climbs a ladder that is not there.
    #[error("{service} climbs {ladder}, but there are {ladders} ladders")]
    NoSuchLadder {
        /// The service.
        service: ServiceId,
        /// The ladder it names.
        ladder: LadderId,
        /// How many there are.
        ladders: usize,
    },
    /// A stage widens to a pool that is not there.
    #[error("stage {stage} of {ladder} widens to {pool}, but there are {pools} pools")]
    WidensNowhere {
        /// The ladder.
        ladder: LadderId,
        /// The stage, from 1.
        stage: usize,
        /// The pool it names.
        pool: PoolId,
        /// How many there are.
        pools: u16,
    },
    /// A stage fires at the instant of the one before it, or earlier.
    #[error("stage {stage} of {ladder} fires after {at_ms} ms, not later than the stage before it")]
    StagesNotRising {
        /// The ladder.
        ladder: LadderId,
        /// The stage, from 1.
        stage: usize,
        /// When it fires.
        at_ms: u64,
    },
    /// The share of the wait target is no share.
    #[error("the target's share is not between 0 and 1")]
    NoShare,
    /// A head start of more than a hundred years, ahead or behind.
    #[error("{class} has a head start of {head_start_ms} ms, more than {most_ms}")]
    HeadStartTooLong {
        /// The class.
        class: ClassId,
        /// Its head start.
        head_start_ms: i64,
        /// The longest there can be, either way.
        most_ms: i64,
    },
    /// The boosts of a ladder add up to more than a hundred years.
    #[error("the boosts of {ladder} add up to more than {most_ms} ms")]
    BoostsTooLong {
        /// The ladder.
        ladder: LadderId,
        /// The most there can be.
        most_ms: i64,
    },
    /// A card on the ladder of a wait wants a reply. Only cards of limits do.
    #[error("stage {stage} of {ladder} wants a reply to a card, but it is no stage of a limit")]
    ReplyOnWait {
        /// The ladder.
        ladder: LadderId,
        /// The stage, from 1.
        stage: usize,
    },
    /// A watch on a pool is wrong.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// What is said of clerks is wrong.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// It is said how orders of a service are handled that is not there, or twice.
    #[error("it is said how {service} is handled, but it is not there, or that was said already")]
    HandlesNothing {
        /// The service.
        service: ServiceId,
    },
    /// Orders are handed on to a pool that is not there.
    #[error("{service} is handed on to {pool}, but there are {pools} pools")]
    HandsNowhere {
        /// The service.
        service: ServiceId,
        /// The pool it names.
        pool: PoolId,
        /// How many there are.
        pools: u16,
    },
    /// What is promised by the calendar is wrong.
    #[cfg(feature = "calendar")]
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// More of something than an id can number.
    #[error("too many {what}: {found}, at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many can be.
        most: usize,
    },
}
