//! What a stage does, as written: `boost 10 min`, `widen back`, `notify lead`, `card yellow`.

use std::ops::Range;

use toml::Spanned;

use super::{Code, Duration, book::Book, mistake::Mistakes};
use crate::{Action, Colour, PlanId, PoolId, RoleId, ServiceId, SkillId, limit::Unit, watch};

/// An action whose names are not looked up yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RawAction<'d> {
    Boost { by_ms: u64 },
    Widen { pool: &'d str },
    Notify { role: &'d str },
    Show { colour: Colour },
    Card { colour: Colour, reply_within: Option<Duration> },
    Drop { skill: &'d str },
    Move { pool: &'d str },
    OpenWindow,
    FollowUp { service: &'d str },
    SwitchPlan { plan: &'d str },
}

const VERBS: [&str; 10] =
    ["boost", "widen", "notify", "show", "card", "drop", "move", "open", "follow", "switch"];

const EXPECTED: &str = "`boost 10 min`, `widen POOL`, `move to POOL`, `drop skill SKILL`, \
    `notify ROLE`, `show amber`, `show red`, `card yellow`, `card red`, `open window`, \
    `switch to PLAN` or `follow up SERVICE`";

/// What stands after a word, if that word is there and something after it.
fn after<'t>(word: &str, text: &'t str) -> Option<&'t str> {
    let (first, rest) = text.split_once(char::is_whitespace)?;
    (first == word).then_some(rest.trim())
}

/// What follows on `card`: its colour, and how long there is for a reply.
fn card<'d>(text: &str) -> Option<RawAction<'d>> {
    let (colour, reply) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let colour = match colour {
        "yellow" => Colour::Amber,
        "red" => Colour::Red,
        _ => return None,
    };
    let reply_within = match reply.trim() {
        "" => None,
        reply => Some(after("within", after("reply", reply)?)?.parse().ok()?),
    };
    Some(RawAction::Card { colour, reply_within })
}

/// An action whose names are looked up, not yet tied to a limit.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    action: Action,
    /// How long there is for a reply to a card.
    reply_within: Option<Duration>,
    at: Range<usize>,
}

impl Checked {
    /// The action of a watch on a pool.
    pub(super) fn of_pool(&self, mistakes: &mut Mistakes) -> Action {
        if !watch::is_of_pool(&self.action) || self.reply_within.is_some() {
            let found = "this can only be done to an order, and a watch is on a pool";
            let expected =
                "`notify ROLE`, `show amber`, `show red`, `open window` or `switch to PLAN`";
            mistakes.wrong(Code::Misplaced, self.at.clone(), found, expected);
        }
        self.action
    }

    /// The action of a limit on the wait.
    pub(super) fn of_wait(&self, mistakes: &mut Mistakes) -> Action {
        if self.reply_within.is_some() {
            let found = "a card that must be replied to, on the way of a limit on the wait";
            let expected = "`card yellow` or `card red` alone";
            mistakes.wrong(Code::Misplaced, self.at.clone(), found, expected);
        }
        self.action
    }

    /// The action of a limit in this unit.
    pub(super) fn in_unit(&self, unit: Unit, mistakes: &mut Mistakes) -> Action {
        let (Action::Card { colour, .. }, Some(within)) = (self.action, self.reply_within) else {
            return self.action;
        };
        let reply_within = within.in_unit(unit);
        if reply_within.is_none() {
            let found = format!("a reply within {within}");
            mistakes.wrong(
                Code::BadDuration,
                self.at.clone(),
                found,
                "the unit of the limit itself",
            );
        }
        Action::Card { colour, reply_within }
    }
}

impl<'d> RawAction<'d> {
    pub(super) fn read(text: &Spanned<&'d str>, mistakes: &mut Mistakes) -> Option<Self> {
        let written = text.get_ref().trim();
        let (verb, object) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        let object = object.trim();
        let expected = match (verb, object) {
            ("boost", by) => match by.parse() {
                Ok(Duration::Natural { ms }) if ms > 0 => return Some(Self::Boost { by_ms: ms }),
                _ => "`boost` and minutes, such as `boost 10 min`",
            },
            ("widen", pool) if !pool.is_empty() => return Some(Self::Widen { pool }),
            ("widen", _) => "`widen` and a pool, such as `widen back`",
            ("notify", role) if !role.is_empty() => return Some(Self::Notify { role }),
            ("notify", _) => "`notify` and a role, such as `notify lead`",
            ("show", "amber") => return Some(Self::Show { colour: Colour::Amber }),
            ("show", "red") => return Some(Self::Show { colour: Colour::Red }),
            ("show", _) => "`show amber` or `show red`",
            ("card", object) => match card(object) {
                Some(card) => return Some(card),
                None => "`card yellow` or `card red`, or `card red reply within 2 working days`",
            },
            ("drop", object) => match after("skill", object) {
                Some(skill) => return Some(Self::Drop { skill }),
                None => "`drop skill` and a skill, such as `drop skill english`",
            },
            ("move", object) => match after("to", object) {
                Some(pool) => return Some(Self::Move { pool }),
                None => "`move to` and a pool, such as `move to back`",
            },
            ("open", "window") => return Some(Self::OpenWindow),
            ("open", _) => "`open window`",
            ("switch", object) => match after("to", object) {
                Some(plan) => return Some(Self::SwitchPlan { plan }),
                None => "`switch to` and a plan, such as `switch to peak`",
            },
            ("follow", object) => match after("up", object) {
                Some(service) => return Some(Self::FollowUp { service }),
                None => "`follow up` and a service, such as `follow up call-back`",
            },
            _ => EXPECTED,
        };
        let found = format!("`{}` is no action", text.get_ref().escape_debug());
        let report = mistakes.wrong(Code::BadAction, text.span(), found, expected);
        if !VERBS.contains(&verb) {
            report.did_you_mean(verb, VERBS.into_iter());
        }
        None
    }

    /// Looks up what it names; it stands at `at`.
    pub(super) fn check(
        self,
        at: Range<usize>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Option<Checked> {
        let reply_within = match self {
            Self::Card { reply_within, .. } => reply_within,
            _ => None,
        };
        let action = self.find(at.clone(), book, mistakes)?;
        Some(Checked { action, reply_within, at })
    }

    fn find(self, at: Range<usize>, book: &mut Book, mistakes: &mut Mistakes) -> Option<Action> {
        let id = |position: usize| u16::try_from(position).ok();
        Some(match self {
            Self::Boost { by_ms } => Action::Boost { by_ms },
            Self::Show { colour } => Action::Show { colour },
            Self::Widen { pool } => {
                let pool = PoolId(book.pools.find_str(pool, at, mistakes).and_then(id)?);
                Action::Widen { pool }
            }
            Self::Card { colour, .. } => Action::Card { colour, reply_within: None },
            Self::OpenWindow => Action::OpenWindow,
            Self::Move { pool } => {
                let pool = PoolId(book.pools.find_str(pool, at, mistakes).and_then(id)?);
                Action::Move { pool }
            }
            Self::Drop { skill } => {
                let found = book.skills.find_str(skill, at.clone(), mistakes)?;
                if !book.soft.contains(&found) {
                    let message = format!("skill `{skill}` is not soft");
                    let expected = "a skill with `soft = true`, which clerks can do without";
                    mistakes.wrong(Code::NotSoft, at, message, expected);
                }
                Action::Drop { skill: SkillId(u8::try_from(found).ok()?) }
            }
            Self::FollowUp { service } => {
                let service = book.services.find_str(service, at, mistakes).and_then(id)?;
                Action::FollowUp { service: ServiceId(service) }
            }
            Self::SwitchPlan { plan } => {
                // Plan 0 is the file without any.
                let plan = book.plans.find_str(plan, at, mistakes).and_then(|at| id(at + 1))?;
                Action::SwitchPlan { plan: PlanId(plan) }
            }
            Self::Notify { role } => {
                let role = RoleId(book.roles.find_str(role, at, mistakes).and_then(id)?);
                Action::Notify { role }
            }
        })
    }
}
