//! `[ladders]`: what happens while a limit runs on.

use std::ops::Range;

use toml::Spanned;

use super::{
    Code, Duration, Limit,
    action::{self, RawAction},
    book::Book,
    mistake::Mistakes,
    stage_at::{OtherUnit, When},
    table::{Keyed, Table},
    value::{self, Value},
};
use crate::{
    Ladder, LadderId, Stage,
    limit::{Again, LimitStage, Silence, TimeLimit},
};

/// A ladder (升级阶梯) as one limit on the wait climbs it.
///
/// A ladder in the file may be named by several limits. Where its stages are shares of the limit,
/// each limit makes a ladder of its own, so the same key may occur more than once. Ladders of
/// limits by a calendar are in their rules.
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
    again: Option<Spanned<RawAgain>>,
    silence: Option<Spanned<RawSilence<'d>>>,
}

/// How a stage is said again.
#[derive(Clone, Copy, Debug)]
struct RawAgain {
    every: Duration,
    at_most: u8,
}

/// What follows if nobody acknowledges a stage.
#[derive(Debug)]
struct RawSilence<'d> {
    after: Duration,
    actions: Vec<Spanned<RawAction<'d>>>,
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
        let stages = stages.into_iter().filter_map(|stage| RawStage::read(stage, mistakes));
        let ladder = Self { stages: stages.collect() };
        let rungs = ladder.stages.iter().map(RawStage::rungs).sum::<usize>();
        if rungs > usize::from(u8::MAX) {
            let found = format!("{rungs} stages, with what is said again");
            mistakes.wrong(Code::TooMany, value.span(), found, format!("at most {}", u8::MAX));
        }
        Some(ladder)
    }

    /// Looks references up: the actions of each stage.
    pub(super) fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> CheckedLadder {
        // Once without a limit, so that a ladder nobody climbs is looked at too.
        for (number, pair) in (2..).zip(self.stages.windows(2)) {
            let [before, stage] = pair else { continue };
            if before.at.get_ref().is_before(*stage.at.get_ref()) == Some(false) {
                not_rising(number, before, stage, mistakes);
            }
        }
        let mut boosts = Vec::new();
        let mut check = |actions: &[Spanned<RawAction<'_>>], times: u8| {
            let mut checked = Vec::new();
            for action in actions {
                if let RawAction::Boost { by_ms } = *action.get_ref() {
                    let boost = Spanned::new(action.span(), by_ms);
                    boosts.extend(std::iter::repeat_n(boost, times.into()));
                }
                checked.extend(action.get_ref().check(action.span(), book, mistakes));
            }
            checked
        };
        let stage = |stage: &RawStage<'_>| {
            let again = stage.again.as_ref().map(|again| *again.get_ref());
            let times = again.map_or(0, |again| again.at_most) + 1;
            let actions = check(&stage.actions, times);
            let silence = stage.silence.as_ref().map(|silence| {
                let silence = silence.get_ref();
                (silence.after, check(&silence.actions, 1))
            });
            CheckedStage { at: *stage.at.get_ref(), actions, again, silence }
        };
        let stages = self.stages.iter().map(stage).collect();
        CheckedLadder { stages, boosts }
    }

    /// Where a stage says when it fires, by its number from 1.
    pub(super) fn place(&self, stage: usize) -> Option<Range<usize>> {
        self.stages.get(stage.checked_sub(1)?).map(|stage| stage.at.span())
    }

    /// The ladder as a limit on the wait climbs it, that lasts so long.
    pub(super) fn of_wait(
        &self,
        checked: &CheckedLadder,
        id: LadderId,
        limit: &Limit,
        limit_ms: u64,
        mistakes: &mut Mistakes,
    ) -> HallLadder {
        let (mut stages, mut before_ms) = (Vec::<Stage>::new(), None);
        for ((number, raw), stage) in (1..).zip(&self.stages).zip(&checked.stages) {
            let Ok(at_ms) = stage.at.of_wait(limit_ms) else {
                other_unit(raw.at.span(), &stage.at.to_string(), limit, mistakes);
                continue;
            };
            if before_ms.is_some_and(|before_ms| at_ms <= before_ms) {
                not_rising(number, &self.stages[number - 2], raw, mistakes);
            }
            before_ms = Some(at_ms);
            if let Some(silence) = &raw.silence {
                let found = format!("`silence` on the way of limit `{}`", limit.key);
                let expected = "a limit by a calendar: a wait is over before anybody is silent";
                mistakes.wrong(Code::Misplaced, silence.span(), found, expected);
            }
            let actions: Vec<_> = stage.actions.iter().map(|a| a.of_wait(mistakes)).collect();
            stages.push(Stage { at_ms, actions: actions.clone() });
            let Some((again, written)) = stage.again.zip(raw.again.as_ref()) else { continue };
            let Duration::Natural { ms: every_ms } = again.every else {
                other_unit(written.span(), &again.every.to_string(), limit, mistakes);
                continue;
            };
            for time in 1..=u64::from(again.at_most) {
                let at_ms = at_ms.saturating_add(every_ms.saturating_mul(time));
                stages.push(Stage { at_ms, actions: actions.clone() });
            }
        }
        stages.sort_by_key(|stage| stage.at_ms);
        // What falls on one instant is one stage.
        stages.dedup_by(|later, earlier| {
            let is_same = later.at_ms == earlier.at_ms;
            if is_same {
                earlier.actions.append(&mut later.actions);
            }
            is_same
        });
        let key = limit.ladder.clone().unwrap_or_default();
        HallLadder { id, key, limit: limit.key.clone(), ladder: Ladder { stages } }
    }

    /// The stages as a limit by a calendar climbs them.
    pub(super) fn of_limit(
        &self,
        checked: &CheckedLadder,
        limit: &Limit,
        lasts: TimeLimit,
        mistakes: &mut Mistakes,
    ) -> Vec<LimitStage> {
        let (mut stages, mut before) = (Vec::new(), None);
        for ((number, raw), stage) in (1..).zip(&self.stages).zip(&checked.stages) {
            let Ok(at) = stage.at.of_limit(lasts) else {
                other_unit(raw.at.span(), &stage.at.to_string(), limit, mistakes);
                continue;
            };
            let place = When::place(at, lasts);
            if before.is_some_and(|before| place <= before) {
                not_rising(number, &self.stages[number - 2], raw, mistakes);
            }
            before = Some(place);
            let mut amount = |of: Duration, at: Range<usize>| {
                let amount = of.in_unit(lasts.unit).ok_or(OtherUnit);
                if amount.is_err() {
                    other_unit(at, &of.to_string(), limit, mistakes);
                }
                amount.unwrap_or(1)
            };
            let again = stage.again.zip(raw.again.as_ref()).map(|(again, written)| {
                let every = amount(again.every, written.span());
                Again { every, at_most: again.at_most }
            });
            let silence = stage.silence.as_ref().zip(raw.silence.as_ref());
            let silence = silence.map(|((after, actions), written)| {
                let after = amount(*after, written.span());
                (after, actions)
            });
            let mut in_unit = |actions: &[action::Checked]| {
                actions.iter().map(|action| action.in_unit(lasts.unit, mistakes)).collect()
            };
            let silence =
                silence.map(|(after, actions)| Silence { after, actions: in_unit(actions) });
            stages.push(LimitStage { at, actions: in_unit(&stage.actions), again, silence });
        }
        stages
    }
}

/// A ladder whose references are looked up, not yet tied to a limit.
#[derive(Debug)]
pub(super) struct CheckedLadder {
    stages: Vec<CheckedStage>,
    pub(super) boosts: Vec<Spanned<u64>>,
}

#[derive(Debug)]
struct CheckedStage {
    at: When,
    actions: Vec<action::Checked>,
    again: Option<RawAgain>,
    silence: Option<(Duration, Vec<action::Checked>)>,
}

impl<'d> RawStage<'d> {
    fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let like = r#"{ at = "80 %", do = ["show amber"] }"#;
        let table = Table::read("a stage", value, like, mistakes)?;
        table.only(&["at", "do", "again", "silence"], mistakes);
        let at = table.need("at", "\"80 %\"", mistakes);
        let at = at.and_then(|value| When::read(value, mistakes));
        let actions = read_actions(&table, mistakes);
        let again = table.get("again").and_then(|value| RawAgain::read(value, mistakes));
        let silence = table.get("silence").and_then(|value| RawSilence::read(value, mistakes));
        Some(Self { at: at?, actions: actions?, again, silence })
    }

    /// How many instants it has.
    fn rungs(&self) -> usize {
        let again = self.again.as_ref().map_or(0, |again| again.get_ref().at_most.into());
        1 + again + usize::from(self.silence.is_some())
    }
}

impl RawAgain {
    fn read(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Spanned<Self>> {
        let like = r#"{ every = "1 working day", at_most = 5 }"#;
        let table = Table::read("`again`", value, like, mistakes)?;
        table.only(&["every", "at_most"], mistakes);
        let every = table.need("every", "\"1 working day\"", mistakes);
        let every = every.and_then(|value| some_time(value, mistakes));
        let at_most = table.need("at_most", "5", mistakes);
        let at_most = at_most.and_then(|value| value::count(value, 1..=100, mistakes));
        let at_most = u8::try_from(at_most?).ok()?;
        Some(Spanned::new(value.span(), Self { every: every?, at_most }))
    }
}

impl<'d> RawSilence<'d> {
    fn read(value: &'d Value<'d>, mistakes: &mut Mistakes) -> Option<Spanned<Self>> {
        let like = r#"{ after = "1 working day", do = ["notify lead"] }"#;
        let table = Table::read("`silence`", value, like, mistakes)?;
        table.only(&["after", "do"], mistakes);
        let after = table.need("after", "\"1 working day\"", mistakes);
        let after = after.and_then(|value| some_time(value, mistakes));
        let actions = read_actions(&table, mistakes);
        Some(Spanned::new(value.span(), Self { after: after?, actions: actions? }))
    }
}

/// `do` of a stage. `None` if it is missing.
pub(super) fn read_actions<'d>(
    table: &Table<'d>,
    mistakes: &mut Mistakes,
) -> Option<Vec<Spanned<RawAction<'d>>>> {
    let written = table.need("do", "[\"show amber\"]", mistakes)?;
    let mut actions = Vec::new();
    for text in value::strings(written, "[\"show amber\"]", mistakes) {
        let action = RawAction::read(&text, mistakes);
        actions.extend(action.map(|action| Spanned::new(text.span(), action)));
    }
    Some(actions)
}

/// A duration of any kind, more than nothing.
fn some_time(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Duration> {
    let read = value::duration(value, mistakes)?;
    let is_nothing = matches!(
        read.get_ref(),
        Duration::Natural { ms: 0 }
            | Duration::Working { ms: 0 }
            | Duration::WorkingDays { days: 0 }
    );
    if is_nothing {
        let found = format!("`{}`", read.get_ref());
        mistakes.wrong(Code::BadDuration, read.span(), found, "more than none");
        return None;
    }
    Some(read.into_inner())
}

fn not_rising(number: usize, before: &RawStage<'_>, stage: &RawStage<'_>, mistakes: &mut Mistakes) {
    let found = format!("stage {number} fires at {}", stage.at.get_ref());
    let expected = format!("later than the stage before it ({})", before.at.get_ref());
    mistakes.wrong(Code::StagesNotRising, stage.at.span(), found, expected);
}

fn other_unit(at: Range<usize>, what: &str, limit: &Limit, mistakes: &mut Mistakes) {
    let found =
        format!("`{what}` on the way of limit `{}`, which lasts {}", limit.key, limit.lasts);
    mistakes.wrong(Code::BadDuration, at, found, "a share, or the unit of the limit itself");
}

fn empty(at: Range<usize>, found: &str, mistakes: &mut Mistakes) {
    mistakes.wrong(Code::Empty, at, found, "one at least");
}
