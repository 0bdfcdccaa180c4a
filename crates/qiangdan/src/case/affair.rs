//! The state tables of what follows a bad rating (差评工单) and of complaints (诉求), as data.

use crate::course::Row;

/// Where a follow-up of a bad rating is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FollowUpState {
    /// It has come in.
    Opened,
    /// The person was spoken to (已联系).
    Contacted,
    /// The rating is what it says (属实).
    VerifiedTrue,
    /// It was a mistake (误评).
    VerifiedMistaken,
    /// It was malicious (恶意).
    VerifiedMalicious,
    /// The rated one says that this is wrong (申诉复核).
    Appealed,
    /// It is put right (整改).
    Rectifying,
    /// The person was told what was done (已答复).
    Replied,
    /// The person was asked whether that will do (已回访).
    Revisited,
    /// Over.
    Closed,
}

/// What can be told of a follow-up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FollowUpVerb {
    /// A bad rating was given.
    Open,
    /// The person was spoken to.
    Contact,
    /// It is so.
    VerifyTrue,
    /// It was a mistake.
    VerifyMistaken,
    /// It was malicious.
    VerifyMalicious,
    /// The rated one appeals.
    Appeal,
    /// The appeal is granted: the rating does not count.
    Grant,
    /// The appeal is dismissed.
    Dismiss,
    /// It is to be put right.
    Rectify,
    /// The person is told.
    Reply,
    /// The person is asked, and content.
    Revisit,
    /// The person is asked, and not content (回访不满意).
    Reopen,
    /// Filed.
    Close,
}

use FollowUpState as F;
use FollowUpVerb as V;

const fn row(from: F, verb: V, to: F) -> Row<F, V> {
    Row { from: Some(from), verb, to }
}

/// Every verb that may be told of a follow-up, in every state.
pub const FOLLOW_UP_TABLE: [Row<FollowUpState, FollowUpVerb>; 15] = [
    Row { from: None, verb: V::Open, to: F::Opened },
    row(F::Opened, V::Contact, F::Contacted),
    row(F::Contacted, V::VerifyTrue, F::VerifiedTrue),
    row(F::Contacted, V::VerifyMistaken, F::VerifiedMistaken),
    row(F::Contacted, V::VerifyMalicious, F::VerifiedMalicious),
    row(F::VerifiedTrue, V::Appeal, F::Appealed),
    row(F::Appealed, V::Grant, F::VerifiedMistaken),
    row(F::Appealed, V::Dismiss, F::Rectifying),
    row(F::VerifiedTrue, V::Rectify, F::Rectifying),
    row(F::Rectifying, V::Reply, F::Replied),
    row(F::Replied, V::Revisit, F::Revisited),
    row(F::Replied, V::Reopen, F::Rectifying),
    row(F::VerifiedMistaken, V::Close, F::Closed),
    row(F::VerifiedMalicious, V::Close, F::Closed),
    row(F::Revisited, V::Close, F::Closed),
];

/// Where a complaint is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ComplaintState {
    /// It has come in (受理).
    Received,
    /// Answered at once (直接答复).
    Answered,
    /// Sent to a unit (派单).
    Dispatched,
    /// The unit has it (签收).
    Signed,
    /// The unit says that it is another's business (申请退单).
    ReturnRequested,
    /// The dispatcher has ruled that it stays: the unit cannot return it again (裁定).
    Ruled,
    /// It is worked on (办理).
    Handling,
    /// The person was told what was done (回复).
    Replied,
    /// The person was called back (回访).
    CalledBack,
    /// Over (办结).
    Closed,
}

/// What can be told of a complaint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ComplaintVerb {
    /// It comes in.
    Receive,
    /// Answered at once.
    Answer,
    /// Sent to a unit, or to another one.
    Dispatch,
    /// The unit signs.
    Sign,
    /// The unit asks to return it.
    RequestReturn,
    /// The return is granted.
    GrantReturn,
    /// It stays.
    Rule,
    /// The unit begins.
    Handle,
    /// More time, with approval (延期).
    Extend,
    /// The person is told.
    Reply,
    /// The person is called back.
    CallBack,
    /// The person is called back, and not content.
    Reopen,
    /// Filed.
    Close,
}

use ComplaintState as C;
use ComplaintVerb as W;

const fn complaint(from: C, verb: W, to: C) -> Row<C, W> {
    Row { from: Some(from), verb, to }
}

/// Every verb that may be told of a complaint, in every state.
pub const COMPLAINT_TABLE: [Row<ComplaintState, ComplaintVerb>; 18] = [
    Row { from: None, verb: W::Receive, to: C::Received },
    complaint(C::Received, W::Answer, C::Answered),
    complaint(C::Answered, W::Close, C::Closed),
    complaint(C::Received, W::Dispatch, C::Dispatched),
    complaint(C::Dispatched, W::Sign, C::Signed),
    complaint(C::Dispatched, W::RequestReturn, C::ReturnRequested),
    complaint(C::Signed, W::RequestReturn, C::ReturnRequested),
    complaint(C::ReturnRequested, W::GrantReturn, C::Received),
    complaint(C::ReturnRequested, W::Rule, C::Ruled),
    complaint(C::Signed, W::Handle, C::Handling),
    complaint(C::Ruled, W::Handle, C::Handling),
    complaint(C::Signed, W::Extend, C::Signed),
    complaint(C::Ruled, W::Extend, C::Ruled),
    complaint(C::Handling, W::Extend, C::Handling),
    complaint(C::Handling, W::Reply, C::Replied),
    complaint(C::Replied, W::CallBack, C::CalledBack),
    complaint(C::Replied, W::Reopen, C::Handling),
    complaint(C::CalledBack, W::Close, C::Closed),
];

impl FollowUpState {
    /// Every state, in the order of its life.
    pub const ALL: [Self; 10] = [
        Self::Opened,
        Self::Contacted,
        Self::VerifiedTrue,
        Self::VerifiedMistaken,
        Self::VerifiedMalicious,
        Self::Appealed,
        Self::Rectifying,
        Self::Replied,
        Self::Revisited,
        Self::Closed,
    ];
}

impl FollowUpVerb {
    /// Every verb, with what rules call it.
    pub const ALL: [(&'static str, Self); 13] = [
        ("open", Self::Open),
        ("contact", Self::Contact),
        ("verify true", Self::VerifyTrue),
        ("verify mistaken", Self::VerifyMistaken),
        ("verify malicious", Self::VerifyMalicious),
        ("appeal", Self::Appeal),
        ("grant", Self::Grant),
        ("dismiss", Self::Dismiss),
        ("rectify", Self::Rectify),
        ("reply", Self::Reply),
        ("revisit", Self::Revisit),
        ("reopen", Self::Reopen),
        ("close", Self::Close),
    ];
}

impl ComplaintState {
    /// Every state, in the order of its life.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Answered,
        Self::Dispatched,
        Self::Signed,
        Self::ReturnRequested,
        Self::Ruled,
        Self::Handling,
        Self::Replied,
        Self::CalledBack,
        Self::Closed,
    ];
}

impl ComplaintVerb {
    /// Every verb, with what rules call it.
    pub const ALL: [(&'static str, Self); 13] = [
        ("receive", Self::Receive),
        ("answer", Self::Answer),
        ("dispatch", Self::Dispatch),
        ("sign", Self::Sign),
        ("request return", Self::RequestReturn),
        ("grant return", Self::GrantReturn),
        ("rule", Self::Rule),
        ("handle", Self::Handle),
        ("extend", Self::Extend),
        ("reply", Self::Reply),
        ("call back", Self::CallBack),
        ("reopen", Self::Reopen),
        ("close", Self::Close),
    ];
}
