//! From the stages of a limit to rungs: everything that may happen while it runs, in a fixed order.
//!
//! A stage is one rung, and so is each time it is said again, its silence, each card of its that wants a
//! reply, and what it tells roles that are there only in some hours. The breach and the expiry are rungs
//! too. A rung has an instant (once so much is spent, once it is late by so much) and a condition; both
//! are functions of an order's facts, in `clocks.rs`.
//!
//! Rungs are numbered as they come about if the limit lasts as long as the rules say. Of those at one
//! instant the breach goes first, then the stages as they were written, each followed by what belongs to
//! it, and the expiry last: so that a card is given before the order is closed.

use super::{LimitRule, LimitStage, StageAt};
use crate::{Action, CalendarId, Colour, RoleId};

/// One rung (档) of a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    /// What kind of rung it is.
    pub kind: RungKind,
    /// The stage it belongs to, from 0.
    pub stage: Option<u8>,
    /// What happens, in this order.
    pub actions: Vec<Action>,
    /// It waits for the next opening of this calendar.
    pub hours: Option<CalendarId>,
    /// The rung that it follows.
    pub(super) base: Option<u8>,
    pub(super) at: StageAt,
    /// How much later than `at`, in the limit's unit.
    pub(super) plus: u64,
    /// What `at` and `plus` are if the limit lasts as long as the rules say.
    pub(super) usual: Mark,
}

/// Kinds of rungs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RungKind {
    /// The first millisecond that is late. Every limit has it.
    Breach,
    /// A stage of the ladder.
    Stage,
    /// A stage is said again: what it tells, but not what it does. Only while nobody has acknowledged it.
    Again {
        /// The how many-th time, from 1.
        time: u8,
    },
    /// Nobody has acknowledged a stage in time.
    Silence,
    /// Nobody has replied to a card in time. It happens even if the clock has stopped since.
    Unanswered,
    /// Roles are told that are there only in some hours, once they are. Of a limit that is over they are
    /// told even if the clock has stopped since.
    Told,
    /// What the law makes of a limit that is over.
    Expiry,
}

/// What must be true of a clock for a rung to be due. In the order in which they come true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Mark {
    /// So much is spent; not more than the limit.
    Spent(u64),
    /// It is late by so much.
    Late(u64),
}

impl Mark {
    pub(super) fn new(at: StageAt, plus: u64, amount: u64) -> Self {
        /// So many ten-thousandths of an amount, rounded up.
        fn share(amount: u64, of_10_000: u32) -> u64 {
            let share = (u128::from(amount) * u128::from(of_10_000)).div_ceil(10_000);
            u64::try_from(share).unwrap_or(u64::MAX)
        }
        let spent = match at {
            StageAt::Spent(part) if part < 10_000 => share(amount, part),
            StageAt::Spent(part) => {
                return Self::Late(share(amount, part - 10_000).saturating_add(plus));
            }
            StageAt::Remaining(rest) => amount.saturating_sub(rest),
            StageAt::Past(late) => return Self::Late(late.saturating_add(plus)),
        };
        let spent = spent.saturating_add(plus);
        if spent <= amount { Self::Spent(spent) } else { Self::Late(spent - amount) }
    }
}

impl Rung {
    /// The rungs of a limit. `hours` says when a role may be told, if not always.
    pub(super) fn unroll(
        rule: &LimitRule,
        hours: impl Fn(RoleId) -> Option<CalendarId>,
    ) -> Vec<Self> {
        let amount = rule.lasts.amount;
        let late = |kind| Unrolled::new(kind, None, StageAt::Past(0), 0, amount);
        let mut all = vec![late(RungKind::Breach)];
        for (stage, of_stage) in (0..=u8::MAX).zip(&rule.stages) {
            unroll_stage(stage, of_stage, amount, &hours, &mut all);
        }
        if rule.expiry.is_some() {
            all.push(late(RungKind::Expiry));
        }
        // Stable: what is at one mark stays as written. What only tells follows what it belongs to.
        let mut order = (0..all.len()).collect::<Vec<_>>();
        order.sort_by_key(|&at| all[at].rung.usual);
        let place = |of: usize| order.iter().position(|&at| at == of);
        let number = |of: usize| place(of).and_then(|place| u8::try_from(place).ok());
        let rung = |&at: &usize| {
            let unrolled = &all[at];
            Self { base: unrolled.base.and_then(number), ..unrolled.rung.clone() }
        };
        order.iter().map(rung).collect()
    }

    /// The card that it gives, if any.
    pub(super) fn card(&self) -> Option<(Colour, Option<u64>)> {
        self.actions.iter().find_map(|action| match *action {
            Action::Card { colour, reply_within } => Some((colour, reply_within)),
            _ => None,
        })
    }

    /// What it takes to be due, of a limit that lasts so long.
    pub(super) fn mark(&self, amount: u64) -> Mark {
        Mark::new(self.at, self.plus, amount)
    }
}

/// A rung whose base is still a place in the list being made.
struct Unrolled {
    rung: Rung,
    base: Option<usize>,
}

impl Unrolled {
    fn new(kind: RungKind, stage: Option<u8>, at: StageAt, plus: u64, amount: u64) -> Self {
        let usual = Mark::new(at, plus, amount);
        let (actions, hours) = (Vec::new(), None);
        let rung = Rung { kind, stage, actions, hours, base: None, at, plus, usual };
        Self { rung, base: None }
    }
}

fn unroll_stage(
    stage: u8,
    of_stage: &LimitStage,
    amount: u64,
    hours: &impl Fn(RoleId) -> Option<CalendarId>,
    all: &mut Vec<Unrolled>,
) {
    let base = all.len();
    let mut push = |kind, plus, actions: &[Action], tells_only: bool| {
        let of_stage = |kind, plus| Unrolled::new(kind, Some(stage), of_stage.at, plus, amount);
        let (at, mut unrolled) = (all.len(), of_stage(kind, plus));
        unrolled.base = (at > base).then_some(base);
        let mut followers = Vec::<Unrolled>::new();
        for action in actions.iter().filter(|action| !tells_only || tells(action)) {
            let calendar = match *action {
                Action::Notify { role } => hours(role),
                _ => None,
            };
            let Some(calendar) = calendar else {
                unrolled.rung.actions.push(*action);
                continue;
            };
            let told = followers.iter_mut().find(|told| told.rung.hours == Some(calendar));
            match told {
                Some(told) => told.rung.actions.push(*action),
                None => {
                    let mut told = of_stage(RungKind::Told, plus);
                    told.rung.actions.push(*action);
                    (told.rung.hours, told.base) = (Some(calendar), Some(at));
                    followers.push(told);
                }
            }
        }
        if let Some((_, Some(within))) = unrolled.rung.card() {
            let mut unanswered = of_stage(RungKind::Unanswered, plus.saturating_add(within));
            unanswered.base = Some(at);
            followers.push(unanswered);
        }
        all.push(unrolled);
        all.append(&mut followers);
    };
    push(RungKind::Stage, 0, &of_stage.actions, false);
    if let Some(silence) = &of_stage.silence {
        push(RungKind::Silence, silence.after, &silence.actions, false);
    }
    if let Some(again) = of_stage.again {
        for time in 1..=again.at_most {
            let plus = again.every.saturating_mul(u64::from(time));
            push(RungKind::Again { time }, plus, &of_stage.actions, true);
        }
    }
}

/// Whether an action only tells somebody something, so that it may be said again.
fn tells(action: &Action) -> bool {
    matches!(action, Action::Notify { .. } | Action::Show { .. } | Action::OpenWindow)
}
