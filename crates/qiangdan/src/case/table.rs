//! The state table of a case, as data. Every cell that is not a row is a refusal.

use crate::course::Row;

/// Where a case is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CaseState {
    /// Saved by the applicant, not sent (草稿).
    Draft,
    /// Sent online, to be looked through (申办).
    Submitted,
    /// It did not pass the pre-review (预审不通过).
    PreReviewFailed,
    /// Taken in; not accepted yet (收件).
    Received,
    /// The applicant was told what is missing (补正告知).
    SupplementPending,
    /// Another authority's business (转送).
    Referred,
    /// Not accepted, with reasons (不予受理).
    NotAccepted,
    /// Accepted (受理).
    Accepted,
    /// A reviewer has it (审查).
    UnderReview,
    /// A hearing, an appraisal, experts (特别程序).
    Special,
    /// The reviewer has asked for more (过程补正).
    ReviewSupplement,
    /// Decided (办结).
    Decided,
    /// The result is made, or on its way (制证出件).
    Delivering,
    /// The applicant has it (送达).
    Delivered,
    /// The applicant may rate (待评价).
    RatingOpen,
    /// Rated (已评价).
    Rated,
    /// Over (归档).
    Closed,
    /// Withdrawn, or deemed so (撤回).
    Withdrawn,
    /// Its acceptance was revoked (撤销受理).
    AcceptRevoked,
}

/// What can be told of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CaseVerb {
    /// The applicant saves a draft (保存).
    Save,
    /// The applicant sends it (申报).
    Submit,
    /// It passes the pre-review (预审通过).
    PassPreReview,
    /// It does not (预审不通过).
    FailPreReview,
    /// It is handed in at a window (窗口收件).
    HandIn,
    /// Decided at the window, at once (即办).
    DecideNow,
    /// What is missing is told, all at once (一次性告知补正).
    AskSupplement,
    /// What was missing is handed in (补正材料).
    HandInSupplement,
    /// The time for it is over (逾期未补正).
    SupplementOver,
    /// Another authority's business (转送).
    Refer,
    /// Not accepted (不予受理).
    Refuse,
    /// Accepted (受理).
    Accept,
    /// Accepted though papers are missing, which are promised (容缺受理).
    AcceptWithGaps,
    /// Nobody said anything in time, so it is accepted (逾期视为受理).
    DeemAccepted,
    /// A reviewer takes it (审查).
    Review,
    /// A special procedure begins (特别程序开始).
    BeginSpecial,
    /// It ends (特别程序结束).
    EndSpecial,
    /// The reviewer asks for more (过程补正告知).
    AskInReview,
    /// It is handed in (过程补正).
    HandInInReview,
    /// More time, with approval (延期).
    Extend,
    /// Decided (作出决定).
    Decide,
    /// The promised papers are handed in (容缺补齐).
    HandInGaps,
    /// They are not, in time: the acceptance is revoked (撤销受理).
    RevokeAcceptance,
    /// They are not, in time: deemed withdrawn (视为撤回).
    DeemWithdrawn,
    /// The applicant withdraws (撤回).
    Withdraw,
    /// The result is sent (寄送).
    Send,
    /// The applicant has it (送达, 领取).
    Deliver,
    /// The applicant is asked to rate (邀评).
    Invite,
    /// The applicant rates (评价).
    Rate,
    /// The time for it is over (逾期未评).
    RatingOver,
    /// Filed (归档).
    File,
}

use CaseState as S;
use CaseVerb as V;

const fn row(from: S, verb: V, to: S) -> Row<S, V> {
    Row { from: Some(from), verb, to }
}

/// Every verb that may be told, in every state.
// Source: the stages of the provinces' exchange formats (申办, 网上预受理, 受理, 审批, 补证告知, 补证受理,
// 特别程序, 办结, 领证登记) and 行政许可法 art. 32, 42, 44, 45.
pub const CASE_TABLE: [Row<CaseState, CaseVerb>; 53] = [
    Row { from: None, verb: V::Save, to: S::Draft },
    row(S::Draft, V::Submit, S::Submitted),
    Row { from: None, verb: V::Submit, to: S::Submitted },
    row(S::Submitted, V::PassPreReview, S::Received),
    row(S::Submitted, V::FailPreReview, S::PreReviewFailed),
    Row { from: None, verb: V::HandIn, to: S::Received },
    row(S::Draft, V::HandIn, S::Received),
    row(S::Received, V::DecideNow, S::Decided),
    row(S::Received, V::AskSupplement, S::SupplementPending),
    row(S::SupplementPending, V::HandInSupplement, S::Received),
    row(S::SupplementPending, V::SupplementOver, S::Withdrawn),
    row(S::Received, V::Refer, S::Referred),
    row(S::Received, V::Refuse, S::NotAccepted),
    row(S::Received, V::Accept, S::Accepted),
    row(S::Received, V::AcceptWithGaps, S::Accepted),
    row(S::Received, V::DeemAccepted, S::Accepted),
    row(S::Accepted, V::Review, S::UnderReview),
    row(S::UnderReview, V::BeginSpecial, S::Special),
    row(S::Special, V::EndSpecial, S::UnderReview),
    row(S::UnderReview, V::AskInReview, S::ReviewSupplement),
    row(S::ReviewSupplement, V::HandInInReview, S::UnderReview),
    row(S::ReviewSupplement, V::SupplementOver, S::Withdrawn),
    row(S::UnderReview, V::Extend, S::UnderReview),
    row(S::UnderReview, V::Decide, S::Decided),
    row(S::Accepted, V::HandInGaps, S::Accepted),
    row(S::UnderReview, V::HandInGaps, S::UnderReview),
    row(S::Special, V::HandInGaps, S::Special),
    row(S::ReviewSupplement, V::HandInGaps, S::ReviewSupplement),
    row(S::Decided, V::HandInGaps, S::Decided),
    row(S::Accepted, V::RevokeAcceptance, S::AcceptRevoked),
    row(S::UnderReview, V::RevokeAcceptance, S::AcceptRevoked),
    row(S::Special, V::RevokeAcceptance, S::AcceptRevoked),
    row(S::ReviewSupplement, V::RevokeAcceptance, S::AcceptRevoked),
    row(S::Accepted, V::DeemWithdrawn, S::Withdrawn),
    row(S::UnderReview, V::DeemWithdrawn, S::Withdrawn),
    row(S::Special, V::DeemWithdrawn, S::Withdrawn),
    row(S::ReviewSupplement, V::DeemWithdrawn, S::Withdrawn),
    row(S::Draft, V::Withdraw, S::Withdrawn),
    row(S::Submitted, V::Withdraw, S::Withdrawn),
    row(S::Received, V::Withdraw, S::Withdrawn),
    row(S::SupplementPending, V::Withdraw, S::Withdrawn),
    row(S::Accepted, V::Withdraw, S::Withdrawn),
    row(S::UnderReview, V::Withdraw, S::Withdrawn),
    row(S::Special, V::Withdraw, S::Withdrawn),
    row(S::ReviewSupplement, V::Withdraw, S::Withdrawn),
    row(S::Decided, V::Send, S::Delivering),
    row(S::Decided, V::Deliver, S::Delivered),
    row(S::Delivering, V::Deliver, S::Delivered),
    row(S::Delivered, V::Invite, S::RatingOpen),
    row(S::Delivered, V::File, S::Closed),
    row(S::RatingOpen, V::Rate, S::Rated),
    row(S::RatingOpen, V::RatingOver, S::Closed),
    row(S::Rated, V::File, S::Closed),
];

impl CaseState {
    /// Every state, in the order of a case's life.
    pub const ALL: [Self; 19] = [
        Self::Draft,
        Self::Submitted,
        Self::PreReviewFailed,
        Self::Received,
        Self::SupplementPending,
        Self::Referred,
        Self::NotAccepted,
        Self::Accepted,
        Self::UnderReview,
        Self::Special,
        Self::ReviewSupplement,
        Self::Decided,
        Self::Delivering,
        Self::Delivered,
        Self::RatingOpen,
        Self::Rated,
        Self::Closed,
        Self::Withdrawn,
        Self::AcceptRevoked,
    ];

    /// Whether nothing more can happen to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::PreReviewFailed
                | Self::Referred
                | Self::NotAccepted
                | Self::Closed
                | Self::Withdrawn
                | Self::AcceptRevoked
        )
    }
}

impl CaseVerb {
    /// Every verb, with what rules call it.
    pub const ALL: [(&'static str, Self); 31] = [
        ("save", Self::Save),
        ("submit", Self::Submit),
        ("pass pre-review", Self::PassPreReview),
        ("fail pre-review", Self::FailPreReview),
        ("hand in", Self::HandIn),
        ("decide now", Self::DecideNow),
        ("ask for supplement", Self::AskSupplement),
        ("hand in supplement", Self::HandInSupplement),
        ("supplement over", Self::SupplementOver),
        ("refer", Self::Refer),
        ("refuse", Self::Refuse),
        ("accept", Self::Accept),
        ("accept with gaps", Self::AcceptWithGaps),
        ("deem accepted", Self::DeemAccepted),
        ("review", Self::Review),
        ("begin special", Self::BeginSpecial),
        ("end special", Self::EndSpecial),
        ("ask in review", Self::AskInReview),
        ("hand in in review", Self::HandInInReview),
        ("extend", Self::Extend),
        ("decide", Self::Decide),
        ("hand in gaps", Self::HandInGaps),
        ("revoke acceptance", Self::RevokeAcceptance),
        ("deem withdrawn", Self::DeemWithdrawn),
        ("withdraw", Self::Withdraw),
        ("send", Self::Send),
        ("deliver", Self::Deliver),
        ("invite", Self::Invite),
        ("rate", Self::Rate),
        ("rating over", Self::RatingOver),
        ("file", Self::File),
    ];
}
