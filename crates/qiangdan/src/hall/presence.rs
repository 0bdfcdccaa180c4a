//! `[presence]` and the guards of `[grab]`: how presence is kept, and what keeps grabbing fair.

use jiff::{Timestamp, tz::TimeZoneDatabase};
use toml::Spanned;

use super::{
    Code, Duration,
    mistake::Mistakes,
    table::Table,
    value::{self, Value},
};
use crate::{GiveBacks, GiveBacksPer, GrabRules, MassLoss, Pace, PresenceRules};

/// How long a clerk has to come back, if the file does not say.
const RETURN_AFTER_MS: u64 = 60_000;
const HOLD_MS: u64 = 30_000;
const CHOICES_MAX: u8 = 32;
const PACE_MAX: u16 = 1_000;

/// Reads `[presence]`.
pub(super) fn read(table: Option<&Table<'_>>, mistakes: &mut Mistakes) -> PresenceRules {
    let mut rules = PresenceRules::default();
    let Some(table) = table else { return rules };
    table.only(&["lost_after", "then_return_after", "wrap_up", "mass_loss"], mistakes);
    let mut ms = |key| {
        let value = table.get(key)?;
        value::natural_ms(value, mistakes).map(Spanned::into_inner)
    };
    rules.lost_after_ms = ms("lost_after");
    rules.wrap_up_ms = ms("wrap_up").unwrap_or(0);
    rules.then_return_after_ms = ms("then_return_after").unwrap_or(RETURN_AFTER_MS);
    rules.mass_loss = table.get("mass_loss").and_then(|value| read_mass_loss(value, mistakes));
    for key in ["then_return_after", "mass_loss"] {
        if let Some(value) = table.get(key).filter(|_| table.get("lost_after").is_none()) {
            let found = format!("`{key}`, but nobody is ever lost");
            mistakes.wrong(Code::Misplaced, value.span(), found, "`lost_after` beside it");
        }
    }
    rules
}

fn read_mass_loss(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<MassLoss> {
    let like = "{ share = \"30 %\", hold = \"30 s\" }";
    let table = Table::read("`mass_loss`", value, like, mistakes)?;
    table.only(&["share", "hold"], mistakes);
    let share = table.need("share", "\"30 %\"", mistakes);
    let share = share.and_then(|value| value::share(value, mistakes));
    let hold = table.get("hold").and_then(|value| value::natural_ms(value, mistakes));
    let hold_ms = hold.map_or(HOLD_MS, Spanned::into_inner);
    Some(MassLoss { share: share?.into_inner().to_f64(), hold_ms })
}

/// Reads `may_choose`, `at_most` and `give_back_limit` of `[grab]`; days are those of the hall's zone.
pub(super) fn read_guards(table: &Table<'_>, zone: &str, mistakes: &mut Mistakes) -> GrabRules {
    let mut read = |key, read: fn(&str, &str) -> Result<Guard, &'static str>| {
        let text = value::string(table.get(key)?, "a rule in quotes", mistakes)?;
        match read(text.get_ref(), zone) {
            Ok(guard) => Some(guard),
            Err(expected) => {
                let found = format!("`{}` means nothing here", text.get_ref().escape_debug());
                let mistake = mistakes.wrong(Code::BadWord, text.span(), found, expected);
                if key == "may_choose" {
                    mistake.did_you_mean(text.get_ref(), ["any", "oldest"].into_iter());
                }
                None
            }
        }
    };
    let mut rules = GrabRules::default();
    let guards =
        [read("may_choose", choose), read("at_most", pace), read("give_back_limit", give_backs)];
    for guard in guards.into_iter().flatten() {
        match guard {
            Guard::Choose(choices) => rules.may_choose = choices,
            Guard::Pace(pace) => rules.pace = Some(pace),
            Guard::GiveBacks(give_backs) => rules.give_backs = Some(give_backs),
        }
    }
    rules
}

/// One guard.
enum Guard {
    Choose(Option<u8>),
    Pace(Pace),
    GiveBacks(GiveBacks),
}

fn choose(text: &str, _: &str) -> Result<Guard, &'static str> {
    const EXPECTED: &str = "`any`, `oldest`, or `oldest 2` up to `oldest 32`";
    let choices = match text {
        "any" => return Ok(Guard::Choose(None)),
        "oldest" => 1,
        _ => text.strip_prefix("oldest ").and_then(|k| k.parse().ok()).ok_or(EXPECTED)?,
    };
    let choices = Some(choices).filter(|choices| (1..=CHOICES_MAX).contains(choices));
    choices.map(|choices| Guard::Choose(Some(choices))).ok_or(EXPECTED)
}

fn pace(text: &str, _: &str) -> Result<Guard, &'static str> {
    const EXPECTED: &str = "a pace such as `1 per 10 s`, of at most 1,000";
    let (most, per) = text.split_once(" per ").ok_or(EXPECTED)?;
    let most = most.parse().ok().filter(|most| (1..=PACE_MAX).contains(most)).ok_or(EXPECTED)?;
    match per.parse() {
        Ok(Duration::Natural { ms: per_ms }) if (1..=31_622_400_000).contains(&per_ms) => {
            Ok(Guard::Pace(Pace { most, per_ms }))
        }
        _ => Err(EXPECTED),
    }
}

fn give_backs(text: &str, zone: &str) -> Result<Guard, &'static str> {
    const EXPECTED: &str = "a limit such as `3 per day` or `3 per shift`";
    let (most, per) = text.split_once(" per ").ok_or(EXPECTED)?;
    let per = match per {
        "shift" => GiveBacksPer::Session,
        "day" => GiveBacksPer::Day { ahead_ms: ahead_ms(zone) },
        _ => return Err(EXPECTED),
    };
    Ok(Guard::GiveBacks(GiveBacks { most: most.parse().map_err(|_| EXPECTED)?, per }))
}

/// By how much the walls of a zone are ahead of UTC, in winter.
fn ahead_ms(zone: &str) -> i32 {
    // Source: the first of January 2026; where clocks change, the day turns an hour late in summer.
    let winter = Timestamp::from_second(1_767_225_600);
    let zone = TimeZoneDatabase::bundled().get(zone);
    let offset = zone.ok().zip(winter.ok()).map(|(zone, at)| zone.to_offset(at).seconds());
    offset.unwrap_or(0).saturating_mul(1_000)
}
