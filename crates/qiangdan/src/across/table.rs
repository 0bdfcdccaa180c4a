//! Who may do which step, and what it leads to. A table, so that it can be read and checked as one.

/// How much the owner has left to the receiver (委托收件、授权办理).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Delegation {
    /// The receiver takes papers in; acceptance is the owner's (委托收件).
    CollectOnly,
    /// The receiver also accepts in the owner's name (委托受理).
    AcceptOnBehalf,
    /// The receiver also decides in the owner's name (授权办理).
    DecideOnBehalf,
}

impl Delegation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CollectOnly, Self::AcceptOnBehalf, Self::DecideOnBehalf];
}

/// Who acts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// The hall that took the papers in (收件方).
    Receiver,
    /// The authority whose business it is (主办方).
    Owner,
    /// Who is on the road with the papers, or the line that carries the data (寄递).
    Carrier,
    /// The applicant (申请人).
    Applicant,
    /// Nobody: a limit is over, and the law says what follows (届满).
    Law,
}

/// Where the papers are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PapersAt {
    /// With the receiver.
    Receiver,
    /// On their way to the owner.
    GoingOut,
    /// With the owner.
    Owner,
    /// On their way back to the receiver.
    ComingBack,
    /// With the applicant, at a window or by post.
    Applicant,
}

/// How far the case has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CaseState {
    /// Taken in (收件).
    Received,
    /// Accepted (受理).
    Accepted,
    /// Not accepted, with reasons (不予受理).
    NotAccepted,
    /// Decided, one way or the other (决定).
    Decided,
    /// The result is with the applicant (送达).
    Delivered,
    /// Withdrawn by the applicant (撤回).
    Withdrawn,
}

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Papers or data leave the receiver (转送).
    Send,
    /// The owner signs for them (签收).
    Sign,
    /// The case is accepted (受理); it gets a number.
    Accept,
    /// The limit for accepting is over and nobody has said anything: accepted (视为受理), with a number.
    Deem,
    /// The case is not accepted (不予受理).
    Refuse,
    /// It is decided (决定).
    Decide,
    /// The result leaves the owner for the receiver (回传).
    SendBack,
    /// The receiver has the result.
    Arrive,
    /// The receiver hands the result over (窗口领取).
    HandOut,
    /// The owner has sent the result to the applicant, who has it (快递送达).
    Post,
    /// The applicant withdraws (撤回).
    Withdraw,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Send,
        Self::Sign,
        Self::Accept,
        Self::Deem,
        Self::Refuse,
        Self::Decide,
        Self::SendBack,
        Self::Arrive,
        Self::HandOut,
        Self::Post,
        Self::Withdraw,
    ];
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The step.
    pub step: Step,
    /// Under which delegations.
    pub modes: &'static [Delegation],
    /// With the papers there; anywhere, if `None`.
    pub papers: Option<PapersAt>,
    /// With the case in one of these states.
    pub cases: &'static [CaseState],
    /// Who may do it.
    pub by: Side,
    /// Where the papers are then; where they were, if `None`.
    pub papers_then: Option<PapersAt>,
    /// How far the case has come then; as far as before, if `None`.
    pub case_then: Option<CaseState>,
}

use CaseState::{Accepted, Decided, Delivered, NotAccepted, Received, Withdrawn};
use Delegation::{AcceptOnBehalf, CollectOnly, DecideOnBehalf};

const ALL: &[Delegation] = &Delegation::ALL;
const RECEIVED: &[CaseState] = &[Received];
const ACCEPTED: &[CaseState] = &[Accepted];
const OPEN: &[CaseState] = &[Received, Accepted];
const OVER: &[CaseState] = &[Decided, NotAccepted];

const HERE: Option<PapersAt> = Some(PapersAt::Receiver);
const OUT: Option<PapersAt> = Some(PapersAt::GoingOut);
const THERE: Option<PapersAt> = Some(PapersAt::Owner);
const BACK: Option<PapersAt> = Some(PapersAt::ComingBack);
const WITH_THEM: Option<PapersAt> = Some(PapersAt::Applicant);

const fn row_of(
    step: Step,
    modes: &'static [Delegation],
    papers: Option<PapersAt>,
    cases: &'static [CaseState],
    by: Side,
    papers_then: Option<PapersAt>,
    case_then: Option<CaseState>,
) -> Row {
    Row { step, modes, papers, cases, by, papers_then, case_then }
}

/// The whole table: at most one row for each delegation, step, place and state. A row says: the step,
/// under which delegations, with the papers where, of a case in which states, by whom; then where the
/// papers are and how far the case has come.
///
/// Source: 委托收件、授权办理 as the papers of Jiangxi and Changsha have it; 行政许可法 art. 24
/// (delegation), 32 (acceptance within five days), 44 (delivery).
pub const TABLE: &[Row] = &[
    row_of(Step::Send, &[CollectOnly], HERE, OPEN, Side::Receiver, OUT, None),
    row_of(Step::Send, &[AcceptOnBehalf], HERE, ACCEPTED, Side::Receiver, OUT, None),
    row_of(Step::Sign, &[CollectOnly, AcceptOnBehalf], OUT, OPEN, Side::Owner, THERE, None),
    row_of(Step::Accept, &[CollectOnly], THERE, RECEIVED, Side::Owner, None, Some(Accepted)),
    row_of(
        Step::Accept,
        &[AcceptOnBehalf, DecideOnBehalf],
        HERE,
        RECEIVED,
        Side::Receiver,
        None,
        Some(Accepted),
    ),
    row_of(Step::Deem, ALL, None, RECEIVED, Side::Law, None, Some(Accepted)),
    row_of(Step::Refuse, &[CollectOnly], THERE, RECEIVED, Side::Owner, None, Some(NotAccepted)),
    row_of(
        Step::Refuse,
        &[AcceptOnBehalf, DecideOnBehalf],
        HERE,
        RECEIVED,
        Side::Receiver,
        None,
        Some(NotAccepted),
    ),
    row_of(
        Step::Decide,
        &[CollectOnly, AcceptOnBehalf],
        THERE,
        ACCEPTED,
        Side::Owner,
        None,
        Some(Decided),
    ),
    row_of(Step::Decide, &[DecideOnBehalf], HERE, ACCEPTED, Side::Receiver, None, Some(Decided)),
    row_of(Step::SendBack, ALL, THERE, OVER, Side::Owner, BACK, None),
    row_of(Step::Arrive, ALL, BACK, OVER, Side::Receiver, HERE, None),
    row_of(Step::HandOut, ALL, HERE, OVER, Side::Receiver, WITH_THEM, Some(Delivered)),
    row_of(Step::Post, ALL, THERE, OVER, Side::Owner, WITH_THEM, Some(Delivered)),
    row_of(Step::Withdraw, ALL, None, OPEN, Side::Applicant, None, Some(Withdrawn)),
];

/// The row for a step as things stand; `None` if it cannot be done.
#[must_use]
pub fn row(
    mode: Delegation,
    step: Step,
    papers: PapersAt,
    case: CaseState,
) -> Option<&'static Row> {
    TABLE.iter().find(|row| {
        row.step == step
            && row.modes.contains(&mode)
            && row.papers.is_none_or(|at| at == papers)
            && row.cases.contains(&case)
    })
}

/// Whose turn it is: who owns the step that comes next, and the clock that runs. `None` if it is over.
#[must_use]
pub fn waits_for(mode: Delegation, papers: PapersAt, case: CaseState) -> Option<Side> {
    // On the road, the carrier's clock runs, whoever signs in the end.
    match papers {
        _ if matches!(case, Delivered | Withdrawn) => None,
        PapersAt::GoingOut | PapersAt::ComingBack => Some(Side::Carrier),
        _ => {
            let next = |row: &&Row| matches!(row.by, Side::Receiver | Side::Owner);
            let can = |step: &Step| row(mode, *step, papers, case);
            Step::ALL.iter().filter_map(can).find(next).map(|row| row.by)
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Counted {
    /// That a case was taken in.
    Received,
    /// That it was accepted, or not.
    Accepted,
    /// That it was decided, and within which time.
    Decided,
    /// How the person rates those who took the papers in (一次一评).
    RatingOfWindow,
    /// How the person rates what they asked for (一事一评).
    RatingOfService,
}

/// In whose figures something counts: the receiver gets what it took in and how it was rated for that;
/// acceptance and decision are the owner's, whoever acted in its name.
#[must_use]
pub const fn counts_for(what: Counted) -> Side {
    match what {
        Counted::Received | Counted::RatingOfWindow => Side::Receiver,
        Counted::Accepted | Counted::Decided | Counted::RatingOfService => Side::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_row_at_most_for_each_situation() {
        let places = [
            PapersAt::Receiver,
            PapersAt::GoingOut,
            PapersAt::Owner,
            PapersAt::ComingBack,
            PapersAt::Applicant,
        ];
        let cases = [Received, Accepted, NotAccepted, Decided, Delivered, Withdrawn];
        for mode in Delegation::ALL {
            for step in Step::ALL {
                for papers in places {
                    for case in cases {
                        let rows = TABLE.iter().filter(|row| {
                            row.step == step
                                && row.modes.contains(&mode)
                                && row.papers.is_none_or(|at| at == papers)
                                && row.cases.contains(&case)
                        });
                        assert!(rows.count() <= 1, "{mode:?} {step:?} {papers:?} {case:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn acceptance_and_decision_are_the_owners_unless_delegated() {
        let by = |step, mode| {
            let rows = TABLE.iter().filter(|row| row.step == step && row.modes.contains(&mode));
            rows.map(|row| row.by).collect::<Vec<_>>()
        };
        assert_eq!(by(Step::Accept, CollectOnly), [Side::Owner]);
        assert_eq!(by(Step::Accept, AcceptOnBehalf), [Side::Receiver]);
        assert_eq!(by(Step::Decide, AcceptOnBehalf), [Side::Owner]);
        assert_eq!(by(Step::Decide, DecideOnBehalf), [Side::Receiver]);
        assert_eq!(by(Step::Send, DecideOnBehalf), []);
        assert_eq!(counts_for(Counted::Received), Side::Receiver);
        assert_eq!(counts_for(Counted::Accepted), Side::Owner);
    }
}
