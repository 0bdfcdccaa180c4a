//! Watches on pools (单池盯守): conditions on how many orders wait, and on who is ready.

use crate::{Action, PoolId, WatchId};

/// The most watches on one pool.
pub(crate) const ON_ONE_POOL_MAX: usize = 12;

/// A watch on a pool: what it waits for, and what it does then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolWatch {
    /// The pool it watches.
    pub pool: PoolId,
    /// What it waits for.
    pub when: WatchWhen,
    /// What it does, in this order: [`Action::Notify`], [`Action::Show`], [`Action::OpenWindow`],
    /// [`Action::SwitchPlan`].
    pub actions: Vec<Action>,
}

/// What a watch waits for. Once it has fired it says nothing more until it is armed again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum WatchWhen {
    /// More than `than` orders wait in the pool (队列过长). Armed again once `until` or fewer do.
    Longer {
        /// So many may wait.
        than: u32,
        /// Fewer than `than`, so that a queue that goes up and down by one is told of once.
        until: u32,
    },
    /// An order waits, and no clerk of the pool is ready (无人在岗): at once, whichever comes first.
    /// Armed again once somebody is.
    NobodyReady,
}

impl WatchWhen {
    /// Whether it has fired and is not armed again, now that so many wait and are ready.
    pub(crate) fn is_on(self, was_on: bool, waiting: i32, ready: i32) -> bool {
        let more_than = |count: u32| i64::from(waiting) > i64::from(count);
        match self {
            Self::Longer { than, until } => more_than(if was_on { until } else { than }),
            Self::NobodyReady => ready <= 0 && (was_on || waiting > 0),
        }
    }
}

/// What is wrong with a watch of a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// It watches a pool that is not there.
    #[error("{watch} watches {pool}, but there are {pools} pools")]
    NoSuchPool {
        /// The watch.
        watch: WatchId,
        /// The pool it names.
        pool: PoolId,
        /// How many there are.
        pools: u16,
    },
    /// It is armed again by a queue as long as the one it fires at.
    #[error("{watch} fires when more than {than} wait, and is armed again at {until}, not below")]
    NotBelow {
        /// The watch.
        watch: WatchId,
        /// So many may wait.
        than: u32,
        /// So many arm it again.
        until: u32,
    },
    /// It does something that can only be done to an order.
    #[error("{watch} does something that can only be done to an order")]
    NotOfPool {
        /// The watch.
        watch: WatchId,
    },
    /// One more on its pool than there can be.
    #[error("{watch} is one more than the {most} there can be on {pool}")]
    TooMany {
        /// The watch.
        watch: WatchId,
        /// The pool.
        pool: PoolId,
        /// The most there can be.
        most: usize,
    },
}

/// Whether an action can be done for a pool.
pub(crate) fn is_of_pool(action: &Action) -> bool {
    matches!(
        action,
        Action::Notify { .. }
            | Action::Show { .. }
            | Action::OpenWindow
            | Action::SwitchPlan { .. }
    )
}

/// What is wrong with watches, where there are so many pools.
pub(crate) fn mistakes(watches: &[PoolWatch], pools: u16) -> impl Iterator<Item = WatchError> {
    let of_one = move |(n, rule): (usize, &PoolWatch)| {
        let watch = WatchId(u16::try_from(n).unwrap_or(u16::MAX));
        let (pool, most) = (rule.pool, ON_ONE_POOL_MAX);
        let nowhere = pool.0 >= pools;
        let nowhere = nowhere.then_some(WatchError::NoSuchPool { watch, pool, pools });
        let not_below = match rule.when {
            WatchWhen::Longer { than, until } if until >= than => {
                Some(WatchError::NotBelow { watch, than, until })
            }
            _ => None,
        };
        let is_other = rule.actions.iter().any(|action| !is_of_pool(action));
        let other = is_other.then_some(WatchError::NotOfPool { watch });
        let before = watches[..n].iter().filter(|other| other.pool == pool).count();
        let too_many = (before == most).then_some(WatchError::TooMany { watch, pool, most });
        [nowhere, not_below, other, too_many]
    };
    watches.iter().enumerate().flat_map(of_one).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, RoleId};

    #[test]
    fn every_mistake_is_named() {
        let watch = |pool, when, action| PoolWatch { pool, when, actions: vec![action] };
        let longer = |than, until| WatchWhen::Longer { than, until };
        let mut watches = vec![
            watch(PoolId(1), WatchWhen::NobodyReady, Action::OpenWindow),
            watch(PoolId(0), longer(5, 5), Action::Notify { role: RoleId(0) }),
            watch(PoolId(0), longer(5, 4), Action::Boost { by_ms: 1 }),
        ];
        let show = watch(PoolId(0), longer(1, 0), Action::Show { colour: Colour::Red });
        watches.extend(std::iter::repeat_n(show, 11));
        let found = mistakes(&watches, 1).collect::<Vec<_>>();
        let expected = [
            WatchError::NoSuchPool { watch: WatchId(0), pool: PoolId(1), pools: 1 },
            WatchError::NotBelow { watch: WatchId(1), than: 5, until: 5 },
            WatchError::NotOfPool { watch: WatchId(2) },
            WatchError::TooMany { watch: WatchId(13), pool: PoolId(0), most: 12 },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_queue_that_goes_up_and_down_by_one_is_told_of_once() {
        let when = WatchWhen::Longer { than: 3, until: 1 };
        let mut on = false;
        let mut fired = 0;
        for waiting in [3, 4, 3, 4, 2, 4, 1, 3, 4, -1] {
            let is_on = when.is_on(on, waiting, 0);
            fired += u32::from(is_on && !on);
            on = is_on;
        }
        assert_eq!((fired, on), (2, false));
    }

    #[test]
    fn nobody_ready_is_told_once_until_somebody_was() {
        let when = WatchWhen::NobodyReady;
        let mut on = false;
        let steps = [(0, 0, false), (1, 0, true), (0, 0, true), (2, 0, true), (2, 1, false)];
        for (waiting, ready, expected) in steps {
            on = when.is_on(on, waiting, ready);
            assert_eq!(on, expected, "{waiting} wait, {ready} are ready");
        }
    }
}
