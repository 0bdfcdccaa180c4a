//! `[ladders]`: what happens while an order waits on.

use std::ops::Range;

use toml::Spanned;

use super::{
    Code, Duration, Limit, Share,
    action::RawAction,
    book::Book,
    mistake::Mistakes,
    table::{Keyed, Table},
    value::{self, Value},
};
use crate::{Action, Ladder, LadderId, Stage};

/// A ladder (升级阶梯) as one limit climbs it.
///
/// A ladder in the file may be named by several limits. Where its stages are shares of the limit,
/// each limit makes a ladder of its own, so the same key may occur more than once.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HallLadder {
    /// Its position.
    pub id: LadderId,
    /// What the file calls it.
    pub key: String,
    /// The key of the limit that climbs it.
    pub limit: String,
    /// What the engine obeys.
    pub ladder: Ladder,
}

/// A ladder as written.
#[derive(Debug)]
pub(super) struct RawLadder<'d> {
    stages: Vec<RawStage<'d>>,
}

#[derive(Debug)]
struct RawStage<'d> {
    at: Spanned<When>,
    actions: Vec<Spanned<RawAction<'d>>>,
}

/// When a stage fires.
#[derive(Clone, Copy, Debug)]
enum When {
    /// After this share of the limit.
    Share(Share),
    /// After this wait, in milliseconds.
    Wait(u64),
}

impl<'d> RawLadder<'d> {
    pub(super) fn read(Keyed { table, .. }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        const LIKE: &str = r#"[{ at = "80 %", do = ["show amber"] }]"#;
        let table = table?;
        table.only(&["stages"], mistakes);
        let value = table.need("stages", LIKE, mistakes)?;
        let stages = value::list(value, LIKE, mistakes);
        if stages.is_empty() {
            empty(value.span(), "a ladder without stages", mistakes);
        }
        if stages.len() > usize::from(u8::MAX) {
            let found = format!("{} stages", stages.len());
            mistakes.wrong(Code::TooMany, value.span(), found, format!("at most {}", u8::MAX));
        }
        let stages = stages.into_iter().filter_map(|stage| RawStage::read(stage, mistakes));
        Some(Self { stages: stages.collect() })
    }

    /// Looks references up: the actions of each stage.
    pub(super) fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> CheckedLadder {
        // Once without a limit, so that a ladder nobody climbs is looked at too.
        self.check_rising(None, mistakes);
        let mut stages = Vec::new();
        let mut boosts = Vec::new();
        for stage in &self.stages {
            let mut actions = Vec::new();
            for action in &stage.actions {
                if let RawAction::Boost { by_ms } = *action.get_ref() {
                    boosts.push(Spanned::new(action.span(), by_ms));
                }
                actions.extend(action.get_ref().check(action.span(), book, mistakes));
            }
            stages.push((*stage.at.get_ref(), actions));
        }
        CheckedLadder { stages, boosts }
    }

    /// Reports stages that do not fire later than the one before, under a limit of so long or any.
    pub(super) fn check_rising(&self, limit_ms: Option<u64>, mistakes: &mut Mistakes) {
        for (number, pair) in (2..).zip(self.stages.windows(2)) {
            let [before, stage] = pair else { continue };
            let (at, before) = (*stage.at.get_ref(), *before.at.get_ref());
            if before.is_before(at, limit_ms) == Some(false) {
                let found = format!("stage {number} fires at {at}");
                let expected = format!("later than the stage before it ({before})");
                mistakes.wrong(Code::StagesNotRising, stage.at.span(), found, expected);
            }
        }
    }
}

/// A ladder whose references are looked up, not yet tied to a limit.
#[derive(Debug)]
pub(super) struct CheckedLadder {
    stages: Vec<(When, Vec<Action>)>,
    pub(super) boosts: Vec<Spanned<u64>>,
}

impl CheckedLadder {
    /// The ladder as a limit that lasts `limit_ms` climbs it.
    pub(super) fn climbed_by(&self, id: LadderId, limit: &Limit, limit_ms: u64) -> HallLadder {
        let stage = |(at, actions): &(When, Vec<Action>)| Stage {
            at_ms: at.after_ms(limit_ms),
            actions: actions.clone(),
        };
        HallLadder {
            id,
            key: limit.ladder.clone().unwrap_or_default(),
            limit: limit.key.clone(),
            ladder: Ladder { stages: self.stages.iter().map(stage).collect() },
        }
    }
}

impl<'d> RawStage<'d> {
    fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let like = r#"{ at = "80 %", do = ["show amber"] }"#;
        let table = Table::read("a stage", value, like, mistakes)?;
        table.only(&["at", "do"], mistakes);
        let at = table.need("at", "\"80 %\"", mistakes);
        let at = at.and_then(|value| When::read(value, mistakes));
        let written = table.need("do", "[\"show amber\"]", mistakes);
        let mut actions = Vec::new();
        for text in written.map(|value| value::strings(value, "[\"show amber\"]", mistakes))? {
            let action = RawAction::read(&text, mistakes);
            actions.extend(action.map(|action| Spanned::new(text.span(), action)));
        }
        Some(Self { at: at?, actions })
    }
}

impl When {
    fn read(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Spanned<Self>> {
        let text = value::string(value, "when a stage fires, such as `\"80 %\"`", mistakes)?;
        let share = text.get_ref().parse().map(Self::Share).ok();
        let wait = match text.get_ref().parse() {
            Ok(Duration::Natural { ms }) => Some(Self::Wait(ms)),
            _ => None,
        };
        if let Some(when) = share.or(wait) {
            return Some(Spanned::new(text.span(), when));
        }
        let found = format!("`{}` is no instant of a wait", text.get_ref().escape_debug());
        let expected = "a share of the limit such as `80 %`, or a wait such as `8 min`";
        mistakes.wrong(Code::BadDuration, text.span(), found, expected);
        None
    }

    fn after_ms(self, limit_ms: u64) -> u64 {
        match self {
            Self::Share(share) => share.of(limit_ms),
            Self::Wait(ms) => ms,
        }
    }

    /// Whether this is before `other`. `None` if that depends on a limit that is not known.
    fn is_before(self, other: Self, limit_ms: Option<u64>) -> Option<bool> {
        match (self, other, limit_ms) {
            (_, _, Some(limit_ms)) => Some(self.after_ms(limit_ms) < other.after_ms(limit_ms)),
            (Self::Share(this), Self::Share(other), None) => Some(this < other),
            (Self::Wait(this), Self::Wait(other), None) => Some(this < other),
            _ => None,
        }
    }
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Share(share) => share.fmt(f),
            Self::Wait(ms) => Duration::Natural { ms }.fmt(f),
        }
    }
}

fn empty(at: Range<usize>, found: &str, mistakes: &mut Mistakes) {
    mistakes.wrong(Code::Empty, at, found, "one at least");
}
