//! Why a verb was refused: one small `Copy` enum per verb.
//!
//! In every case the order, the clerk and the queue are as they were before the call. Messages are for
//! logs; programs match on variants.

use crate::{ClassId, ClerkId, Mono, OrderId, PoolId, Presence, ServiceId, Session, State};

/// Why [`Engine::submit`](crate::Engine::submit) took no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// As many orders are open as the engine was built for. Try again when one has closed.
    #[error("all {orders} order slots are in use")]
    Full {
        /// The bound.
        orders: u32,
    },
    /// The rules have no such service.
    #[error("no {service}")]
    NoSuchService {
        /// What was asked for.
        service: ServiceId,
    },
    /// The rules have no such class.
    #[error("no {class}")]
    NoSuchClass {
        /// What was asked for.
        class: ClassId,
    },
}

/// A call is of an earlier session of its clerk; each verb has its own public enum made from this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OldSession {
    pub(crate) clerk: ClerkId,
    pub(crate) session: Session,
}

impl From<OldSession> for GrabError {
    fn from(OldSession { clerk, session }: OldSession) -> Self {
        Self::OldSession { clerk, session }
    }
}

impl From<OldSession> for GrabOrderError {
    fn from(OldSession { clerk, session }: OldSession) -> Self {
        Self::OldSession { clerk, session }
    }
}

/// Why [`Engine::grab`](crate::Engine::grab) gave no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrabError {
    /// No order waits that this clerk may take. Wait for the next arrival.
    #[error("no order waits that {clerk} may take")]
    Empty {
        /// Who asked.
        clerk: ClerkId,
    },
    /// What the clerk holds leaves no room for more. Complete one or put one back first.
    #[error("{clerk} has no room left of {units} units")]
    AtLimit {
        /// Who asked.
        clerk: ClerkId,
        /// How many units they have.
        units: u32,
    },
    /// The clerk is not ready. Set the presence first.
    #[error("{clerk} is {presence:?}, not ready")]
    NotReady {
        /// Who asked.
        clerk: ClerkId,
        /// What they are instead.
        presence: Presence,
    },
    /// No clerk has this number.
    #[error("no {clerk}")]
    NoSuchClerk {
        /// Who asked.
        clerk: ClerkId,
    },
    /// The clerk grabs faster than the rules allow.
    #[error("{clerk} grabs too fast; again in {retry_after_ms} ms")]
    TooSoon {
        /// Who asked.
        clerk: ClerkId,
        /// In so many milliseconds they may.
        retry_after_ms: u64,
    },
    /// The call is of an earlier session. The terminal that made it is signed out.
    #[error("{clerk} is in {session} now")]
    OldSession {
        /// Who asked.
        clerk: ClerkId,
        /// Their latest session.
        session: Session,
    },
}

/// Why [`Engine::grab_order`](crate::Engine::grab_order) did not give the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrabOrderError {
    /// Another clerk has it. A lost race is no fault; offer the next one.
    #[error("{order} is taken by {by}")]
    Taken {
        /// The order.
        order: OrderId,
        /// Who has it.
        by: ClerkId,
    },
    /// It is over.
    #[error("{order} is closed")]
    Closed {
        /// The order.
        order: OrderId,
    },
    /// It is neither waiting nor taken.
    #[error("{order} is {state:?}, not waiting")]
    NotWaiting {
        /// The order.
        order: OrderId,
        /// What it is instead.
        state: State,
    },
    /// The clerk lacks a skill, does not work for a pool where it waits, or is kept from it by its
    /// notes.
    #[error("{clerk} may not take {order}")]
    NotEligible {
        /// The order.
        order: OrderId,
        /// Who asked.
        clerk: ClerkId,
    },
    /// The id is from an earlier life of its slot, or never named an order.
    #[error("{order} is gone")]
    Gone {
        /// The id.
        order: OrderId,
    },
    /// What the clerk holds leaves no room for more.
    #[error("{clerk} has no room left of {units} units")]
    AtLimit {
        /// Who asked.
        clerk: ClerkId,
        /// How many units they have.
        units: u32,
    },
    /// The clerk is not ready.
    #[error("{clerk} is {presence:?}, not ready")]
    NotReady {
        /// Who asked.
        clerk: ClerkId,
        /// What they are instead.
        presence: Presence,
    },
    /// No clerk has this number.
    #[error("no {clerk}")]
    NoSuchClerk {
        /// Who asked.
        clerk: ClerkId,
    },
    /// The clerk grabs faster than the rules allow.
    #[error("{clerk} grabs too fast; again in {retry_after_ms} ms")]
    TooSoon {
        /// Who asked.
        clerk: ClerkId,
        /// In so many milliseconds they may.
        retry_after_ms: u64,
    },
    /// The order is not among the oldest that the clerk may choose from.
    #[error("{order} is not for {clerk} to choose; {oldest} goes first")]
    NotOldest {
        /// The order.
        order: OrderId,
        /// Who asked.
        clerk: ClerkId,
        /// The one that goes first.
        oldest: OrderId,
    },
    /// The call is of an earlier session. The terminal that made it is signed out.
    #[error("{clerk} is in {session} now")]
    OldSession {
        /// Who asked.
        clerk: ClerkId,
        /// Their latest session.
        session: Session,
    },
}

/// The refusals of verbs on owned work are the same five, but each verb keeps a type of its own, so
/// that one can grow without the others.
macro_rules! owned_work {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$extra_doc:meta])* $extra:ident $({ $($(#[$of_doc:meta])* $of:ident: $is:ty,)* })?
            => $message:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            /// The claim is no longer the latest: the order was given back or taken away since.
            /// Drop it.
            #[error("the claim on {order} is stale: its epoch is {epoch} now")]
            Stale {
                /// The order.
                order: OrderId,
                /// Its latest epoch.
                epoch: u16,
            },
            /// The order is not held by anybody now.
            #[error("nobody holds {order}")]
            NotOwner {
                /// The order.
                order: OrderId,
            },
            /// The order's state does not allow it.
            #[error("{order} is {state:?}")]
            WrongState {
                /// The order.
                order: OrderId,
                /// Its state.
                state: State,
            },
            /// The id is from an earlier life of its slot, or never named an order.
            #[error("{order} is gone")]
            Gone {
                /// The id.
                order: OrderId,
            },
            /// The call is of an earlier session. The terminal that made it is signed out.
            #[error("{clerk} is in {session} now")]
            OldSession {
                /// Whose claim it is.
                clerk: ClerkId,
                /// Their latest session.
                session: Session,
            },
            $(
                $(#[$extra_doc])*
                #[error($message)]
                $extra {
                    /// The order.
                    order: OrderId,
                    $($($(#[$of_doc])* $of: $is,)*)?
                },
            )*
        }

        impl From<OldSession> for $name {
            fn from(OldSession { clerk, session }: OldSession) -> Self {
                Self::OldSession { clerk, session }
            }
        }

        impl From<crate::order::NotYours> for $name {
            fn from(refused: crate::order::NotYours) -> Self {
                use crate::order::NotYours;
                match refused {
                    NotYours::Stale { order, epoch } => Self::Stale { order, epoch },
                    NotYours::NotOwner { order } => Self::NotOwner { order },
                    NotYours::WrongState { order, state } => Self::WrongState { order, state },
                    NotYours::Gone { order } => Self::Gone { order },
                }
            }
        }
    };
}

owned_work! {
    /// Why [`Engine::start`](crate::Engine::start) did nothing.
    StartError {}
}
owned_work! {
    /// Why [`Engine::complete`](crate::Engine::complete) did nothing.
    CompleteError {}
}
owned_work! {
    /// Why [`Engine::put_back`](crate::Engine::put_back) did nothing.
    PutBackError {
        /// The order has been claimed 65,535 times. Complete it or have it cancelled.
        Exhausted => "{order} has been claimed too often to be put back",
        /// The clerk has given back as much as the rules allow, for this session or day. Complete it, or
        /// have it handed on.
        TooOften => "{order} is not given back: its holder has done that too often",
    }
}
owned_work! {
    /// Why [`Engine::suspend`](crate::Engine::suspend) did nothing.
    SuspendError {
        /// The order has been claimed 65,535 times. Keep it for its owner.
        Exhausted => "{order} has been claimed too often to be let go",
    }
}
owned_work! {
    /// Why [`Engine::take_up`](crate::Engine::take_up) did nothing.
    TakeUpError {
        /// It was put aside and kept for nobody. Take it up in the queue.
        NobodyKept => "{order} is kept for nobody",
        /// Whom it was kept for holds as many orders as they may. Try again, or in the queue.
        OwnerAtLimit {
            /// Who.
            clerk: ClerkId,
        } => "{clerk}, for whom {order} is kept, holds as many orders as they may",
        /// Whom it was kept for is not ready. Try again, or in the queue.
        OwnerNotReady {
            /// Who.
            clerk: ClerkId,
        } => "{clerk}, for whom {order} is kept, is not ready",
        /// The order has been claimed 65,535 times. Take it up with its owner.
        Exhausted => "{order} has been claimed too often to be put back",
    }
}
owned_work! {
    /// Why [`Engine::recall`](crate::Engine::recall) did nothing.
    RecallError {
        /// Call again later.
        TooSoon {
            /// From when on.
            again: Mono,
        } => "the person of {order} was called a moment ago",
        /// The person was called as often as the service's rule allows. They are a no-show.
        TooOften {
            /// The most there may be.
            most: u32,
        } => "the person of {order} was called {most} times already",
        /// There is no room to note it.
        NoRoom {
            /// How much there is in all.
            notes: u32,
        } => "all {notes} notes are in use, and {order} needs one",
    }
}
owned_work! {
    /// Why [`Engine::no_show`](crate::Engine::no_show) did nothing.
    NoShowError {
        /// The order has been claimed 65,535 times. Complete it or have it cancelled.
        Exhausted => "{order} has been claimed too often to be put back",
    }
}
owned_work! {
    /// Why [`Engine::renew`](crate::Engine::renew) did nothing.
    RenewError {
        /// There is no room to note it. Start, or the claim lapses.
        NoRoom {
            /// How much there is in all.
            notes: u32,
        } => "all {notes} notes are in use, and {order} needs one",
    }
}
owned_work! {
    /// Why [`Engine::transfer`](crate::Engine::transfer) did nothing.
    TransferError {
        /// Orders of this service are not handed on to that pool.
        NotThere {
            /// The pool.
            pool: PoolId,
        } => "{order} is not handed on to {pool}",
        /// There is no room to note it.
        NoRoom {
            /// How much there is in all.
            notes: u32,
        } => "all {notes} notes are in use, and {order} needs two",
        /// The order has been claimed 65,535 times. Complete it or have it cancelled.
        Exhausted => "{order} has been claimed too often to be put back",
    }
}

macro_rules! goes_back {
    ($($name:ident)*) => {$(
        impl From<crate::engine::NotBack> for $name {
            fn from(refused: crate::engine::NotBack) -> Self {
                match refused {
                    crate::engine::NotBack::NotYours(refused) => refused.into(),
                    crate::engine::NotBack::Exhausted { order } => Self::Exhausted { order },
                }
            }
        }
    )*};
}

goes_back! { PutBackError TakeUpError NoShowError TransferError }

/// Why [`Engine::cancel`](crate::Engine::cancel) did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// The order is being served (ask its owner), or has ended another way.
    #[error("{order} is {state:?}")]
    WrongState {
        /// The order.
        order: OrderId,
        /// Its state.
        state: State,
    },
    /// The id is from an earlier life of its slot, or never named an order.
    #[error("{order} is gone")]
    Gone {
        /// The id.
        order: OrderId,
    },
}

/// Why [`Engine::amend`](crate::Engine::amend) did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmendError {
    /// The order is over.
    #[error("{order} is {state:?}")]
    WrongState {
        /// The order.
        order: OrderId,
        /// Its state.
        state: State,
    },
    /// The id is from an earlier life of its slot, or never named an order.
    #[error("{order} is gone")]
    Gone {
        /// The id.
        order: OrderId,
    },
    /// The rules have no such service.
    #[error("no {service}")]
    NoSuchService {
        /// What was asked for.
        service: ServiceId,
    },
    /// The rules have no such class.
    #[error("no {class}")]
    NoSuchClass {
        /// What was asked for.
        class: ClassId,
    },
}

macro_rules! of_clerks {
    ($(#[$doc:meta])* $name:ident { $($(#[$extra_doc:meta])* $extra:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    } => $message:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            /// No clerk has this number.
            #[error("no {clerk}")]
            NoSuchClerk {
                /// Who.
                clerk: ClerkId,
            },
            /// The call is of an earlier session. The terminal that made it is signed out.
            #[error("{clerk} is in {session} now")]
            OldSession {
                /// Who.
                clerk: ClerkId,
                /// Their latest session.
                session: Session,
            },
            $(
                $(#[$extra_doc])*
                #[error($message)]
                $extra { $($(#[$field_doc])* $field: $type,)* },
            )*
        }

        impl From<OldSession> for $name {
            fn from(OldSession { clerk, session }: OldSession) -> Self {
                Self::OldSession { clerk, session }
            }
        }
    };
}

of_clerks! {
    /// Why [`Engine::sign_in`](crate::Engine::sign_in) did nothing.
    SignInError {
        /// The rules have no such pool.
        NoSuchPool {
            /// Which.
            pool: PoolId,
        } => "no {pool}",
        /// The spec says a ceiling for a service that has none in the rules.
        NoCeiling {
            /// Which.
            service: ServiceId,
        } => "no ceiling for {service} in the rules",
        /// More certificates than are kept for each clerk.
        TooManyCertificates {
            /// How many there are.
            found: usize,
            /// How many can be.
            most: usize,
        } => "{found} certificates, at most {most}",
    }
}
of_clerks! {
    /// Why [`Engine::set_skills`](crate::Engine::set_skills) did nothing.
    SetSkillsError {
        /// The clerk is signed out. Sign in first.
        SignedOut {
            /// Who.
            clerk: ClerkId,
        } => "{clerk} is signed out",
        /// The rules have no such pool.
        NoSuchPool {
            /// Which.
            pool: PoolId,
        } => "no {pool}",
        /// The spec says a ceiling for a service that has none in the rules.
        NoCeiling {
            /// Which.
            service: ServiceId,
        } => "no ceiling for {service} in the rules",
        /// More certificates than are kept for each clerk.
        TooManyCertificates {
            /// How many there are.
            found: usize,
            /// How many can be.
            most: usize,
        } => "{found} certificates, at most {most}",
    }
}

/// What is wrong with a [`ClerkSpec`](crate::ClerkSpec); both verbs that take one say so.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SpecError {
    NoSuchPool { pool: PoolId },
    NoCeiling { service: ServiceId },
    TooManyCertificates { found: usize, most: usize },
}

macro_rules! from_spec {
    ($name:ident) => {
        impl From<SpecError> for $name {
            fn from(wrong: SpecError) -> Self {
                match wrong {
                    SpecError::NoSuchPool { pool } => Self::NoSuchPool { pool },
                    SpecError::NoCeiling { service } => Self::NoCeiling { service },
                    SpecError::TooManyCertificates { found, most } => {
                        Self::TooManyCertificates { found, most }
                    }
                }
            }
        }
    };
}
from_spec!(SignInError);
from_spec!(SetSkillsError);

of_clerks! {
    /// Why [`Engine::sign_out`](crate::Engine::sign_out) did nothing.
    SignOutError {}
}
of_clerks! {
    /// Why [`Engine::set_presence`](crate::Engine::set_presence) did nothing.
    PresenceError {
        /// The clerk is signed out. Sign in first.
        SignedOut {
            /// Who.
            clerk: ClerkId,
        } => "{clerk} is signed out",
        /// Nobody chooses this; it comes about.
        NotChosen {
            /// Which.
            presence: Presence,
        } => "nobody can be set to {presence:?}",
    }
}
of_clerks! {
    /// Why [`Engine::set_units`](crate::Engine::set_units) did nothing.
    SetUnitsError {}
}
of_clerks! {
    /// Why [`Engine::heartbeat`](crate::Engine::heartbeat) did nothing.
    HeartbeatError {
        /// The clerk is signed out. Sign in first.
        SignedOut {
            /// Who.
            clerk: ClerkId,
        } => "{clerk} is signed out",
    }
}
