//! Why a verb on a case, a follow-up or a complaint was refused. In every case nothing has changed but
//! what is said of [`CaseError::Clock`].

use crate::{
    CancelError, CompleteError, ExtendLimitError, GrabOrderError, PauseOrderError, ReachError,
    ResumeOrderError, ServiceId, SubmitError,
};

/// Why a verb was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The id is from an earlier life of its place, or never named anything.
    #[error("it is gone")]
    Gone,
    /// Not in this state; see the table.
    #[error("not in this state")]
    WrongState,
    /// This service begins no case.
    #[error("{service} begins no case")]
    NoCase {
        /// The service.
        service: ServiceId,
    },
    /// Only cases of the immediate kind are decided at the window.
    #[error("it is not decided at the window")]
    NotImmediate,
    /// As many are open as there is room for.
    #[error("all {most} places are in use")]
    Full {
        /// The bound.
        most: usize,
    },
    /// The applicant was told in this stage what is missing; once is all (一次性告知). Somebody may
    /// override it, and it is counted.
    #[error("told what is missing already")]
    ToldAlready,
    /// It was extended before; once is all.
    #[error("extended already")]
    ExtendedAlready,
    /// An extension needs who approved it.
    #[error("nobody approved it")]
    NobodyApproved,
    /// Who took it in may not review it (受审分离).
    #[error("who took it in may not review it")]
    ReceivedIt,
    /// The clerk does not hold its order. Grab it first.
    #[error("its order is not held by who decides")]
    NotHeld,
    /// It was rated already (一次一评).
    #[error("rated already")]
    RatedAlready,
    /// No order came in.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The window's clerk could not take it in hand.
    #[error(transparent)]
    Grab(#[from] GrabOrderError),
    /// The order could not be closed.
    #[error(transparent)]
    Complete(#[from] CompleteError),
    /// The order could not be closed.
    #[error(transparent)]
    Cancel(#[from] CancelError),
    /// A limit cannot be extended: it is over, or may not be.
    #[error(transparent)]
    Extend(#[from] ExtendLimitError),
    /// A clock could not be told. What was told before it of the same verb stays told; telling the
    /// verb again tells the remainder.
    #[error(transparent)]
    Clock(#[from] ClockRefusal),
}

/// Why a clock could not be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockRefusal {
    /// A milestone.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// A pause.
    #[error(transparent)]
    Pause(#[from] PauseOrderError),
    /// The end of a pause.
    #[error(transparent)]
    Resume(#[from] ResumeOrderError),
}

impl From<ReachError> for CaseError {
    fn from(refused: ReachError) -> Self {
        Self::Clock(refused.into())
    }
}

impl From<PauseOrderError> for CaseError {
    fn from(refused: PauseOrderError) -> Self {
        Self::Clock(refused.into())
    }
}

impl From<ResumeOrderError> for CaseError {
    fn from(refused: ResumeOrderError) -> Self {
        Self::Clock(refused.into())
    }
}
