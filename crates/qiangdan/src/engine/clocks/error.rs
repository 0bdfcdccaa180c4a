//! Why a verb on clocks was refused. Nothing has changed then, and nothing was told.

use super::change::Refusal;
use crate::{
    LimitId, OrderId, Wall,
    limit::{CardId, ExtendError, Milestone, PauseReason},
};

/// The refusals that all of these verbs have; each keeps a type of its own, so that one can grow
/// without the others.
macro_rules! told_of_orders {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$extra_doc:meta])* $extra:ident { $($field:ident: $of:ty),* },)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            /// The id is from an earlier life of its slot, or never named an order; or the rules
            /// have no limits on the calendar.
            #[error("{order} is gone")]
            Gone {
                /// The id.
                order: OrderId,
            },
            /// The order is closed, and its history stays as it is: no clock of its runs any more,
            /// or what was told is of before it closed, or not for closed orders.
            #[error("{order} is closed")]
            Closed {
                /// The order.
                order: OrderId,
            },
            /// It takes effect later than now. Tell it then.
            #[error("it is not {} ms yet", at.0)]
            InFuture {
                /// When.
                at: Wall,
            },
            /// As much is told as there is room for, but for an eighth that is kept for rungs. Try
            /// again when orders have closed, or build the engine with more room.
            #[error("all room for {facts} facts is in use")]
            Full {
                /// How many there is room for.
                facts: u32,
            },
            $(
                $(#[$extra_doc])*
                $extra {
                    $(
                        #[doc = concat!("The ", stringify!($field), ".")]
                        $field: $of,
                    )*
                },
            )*
        }

        impl From<Refusal> for $name {
            fn from(refused: Refusal) -> Self {
                match refused {
                    Refusal::Gone { order } => Self::Gone { order },
                    Refusal::Closed { order } => Self::Closed { order },
                    Refusal::InFuture { at } => Self::InFuture { at },
                    Refusal::Full { facts } => Self::Full { facts },
                }
            }
        }
    };
}

told_of_orders! {
    /// Why [`Engine::reach`](crate::Engine::reach) did nothing.
    ReachError {
        /// It is reached by submit, grab, start or close alone.
        #[error("milestone {} is the engine's own", milestone.0)]
        Own { milestone: Milestone },
        /// Milestones are numbered up to [`Milestone::MAX`].
        #[error("no milestone {}", milestone.0)]
        NoSuchMilestone { milestone: Milestone },
    }
}
told_of_orders! {
    /// Why [`Engine::pause`](crate::Engine::pause) did nothing.
    PauseOrderError {
        /// It is paused for this reason already, since another instant. Resume first.
        #[error("paused for reason {} already", reason.number())]
        AlreadyPaused { reason: PauseReason, since: Wall },
    }
}
told_of_orders! {
    /// Why [`Engine::resume`](crate::Engine::resume) did nothing.
    ResumeOrderError {
        /// It was never paused for this reason.
        #[error("not paused for reason {}", reason.number())]
        NotPaused { reason: PauseReason },
        /// The pause would end before it began.
        #[error("it would end before it began")]
        Backwards { since: Wall },
    }
}
told_of_orders! {
    /// Why [`Engine::extend`](crate::Engine::extend) did nothing.
    ExtendLimitError {
        /// It may not be extended so.
        #[error("{limit} cannot be extended: {why}")]
        Not { limit: LimitId, why: ExtendError },
        /// It would take effect before what was told last.
        #[error("an extension takes effect after all that was told")]
        TooEarly { last: Wall },
    }
}
told_of_orders! {
    /// Why [`Engine::acknowledge`](crate::Engine::acknowledge) did nothing.
    AcknowledgeError {
        /// The stage has not been reached, or there is none.
        #[error("stage {stage} of {limit} has not been reached")]
        NotReached { limit: LimitId, stage: u8 },
    }
}
told_of_orders! {
    /// Why a verb on a card did nothing.
    CardError {
        /// The order was never given this card.
        #[error("no such card of {}", card.limit)]
        NoSuchCard { card: CardId },
    }
}
told_of_orders! {
    /// Why [`Engine::settle`](crate::Engine::settle) did nothing.
    SettleError {
        /// It is still open. Close it first.
        #[error("{order} is not closed")]
        Open { order: OrderId },
    }
}
