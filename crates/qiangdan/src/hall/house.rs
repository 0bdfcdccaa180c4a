//! `[hall]`, `[targets]`, `[grab]`, `[bounds]`: what is said once for the whole hall.

use toml::Spanned;

use super::{Code, Text, mistake::Mistakes, table::Table, text, value};
use crate::{WaitTarget, WallTrust};

/// The promise about waits, and where it is measured.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The wait promised, in milliseconds.
    pub within_ms: u64,
    /// The share of orders for which it must be kept, 0 to 1.
    pub share: f64,
    /// The time over which the share is taken.
    pub per: Per,
}

/// Over which time a share is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Per {
    /// Every half hour must keep the promise, also the worst.
    HalfHour,
    /// The day as a whole must.
    Day,
}

impl Target {
    /// What the engine needs of it.
    #[must_use]
    pub fn wait_target(self) -> WaitTarget {
        WaitTarget { within_ms: self.within_ms, share: self.share }
    }
}

impl Default for Target {
    /// Ten minutes for nine in ten, in every half hour.
    fn default() -> Self {
        let WaitTarget { within_ms, share } = WaitTarget::default();
        Self { within_ms, share, per: Per::HalfHour }
    }
}

/// `[hall]` as read: who and where.
#[derive(Debug)]
pub(super) struct House {
    pub(super) id: String,
    pub(super) name: Text,
    pub(super) timezone: String,
    pub(super) address: Option<Text>,
}

/// `calendar` of `[hall]`: the key of the calendar that limits go by if they name none.
pub(super) fn read_calendar<'d>(
    table: &Table<'d>,
    mistakes: &mut Mistakes,
) -> Option<Spanned<&'d str>> {
    value::string(table.get("calendar")?, "the key of a calendar", mistakes)
}

impl House {
    /// Reads `[hall]`. `None` goes with a mistake.
    pub(super) fn read(table: &Table<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        table.only(&["id", "name", "timezone", "address", "calendar"], mistakes);
        let id = table.need("id", "\"county\"", mistakes);
        let id = id.and_then(|value| value::name(value, mistakes));
        let name = table.need("name", "\"县政务服务中心\"", mistakes);
        let name = name.and_then(|value| text::read(value, mistakes));
        let timezone = table.need("timezone", "\"Asia/Shanghai\"", mistakes);
        let timezone = timezone.and_then(|value| value::name(value, mistakes));
        let timezone = timezone.and_then(|name| check_timezone(&name, mistakes));
        let address = table.get("address").and_then(|value| text::read(value, mistakes));
        Some(Self { id: id?.get_ref().to_string(), name: name?, timezone: timezone?, address })
    }
}

pub(super) fn check_timezone(name: &Spanned<&str>, mistakes: &mut Mistakes) -> Option<String> {
    // The zones compiled in, not those of the machine: a file is as right here as there.
    let zones = jiff::tz::TimeZoneDatabase::bundled();
    let found = zones.get(name.get_ref()).ok();
    if let Some(zone) = found.as_ref().and_then(|zone| zone.iana_name()) {
        return Some(zone.to_owned());
    }
    let zones: Vec<_> = zones.available().map(|zone| zone.as_str().to_owned()).collect();
    let message = format!("there is no time zone `{}`", name.get_ref());
    mistakes
        .wrong(Code::BadTimezone, name.span(), message, "an IANA name such as `Asia/Shanghai`")
        .did_you_mean(name.get_ref(), zones.iter().map(String::as_str));
    None
}

/// Reads `[targets]`.
pub(super) fn read_target(table: &Table<'_>, mistakes: &mut Mistakes) -> Target {
    let mut target = Target::default();
    table.only(&["wait"], mistakes);
    let Some(wait) =
        table.need("wait", r#"{ within = "10 min", share = "90 %" }"#, mistakes).and_then(|wait| {
            Table::read("the wait target", wait, "{ within = …, share = … }", mistakes)
        })
    else {
        return target;
    };
    wait.only(&["within", "share", "per"], mistakes);
    let within = wait.need("within", "\"10 min\"", mistakes);
    if let Some(within) = within.and_then(|value| value::natural_ms(value, mistakes)) {
        target.within_ms = within.into_inner();
    }
    let share = wait.need("share", "\"90 %\"", mistakes);
    if let Some(share) = share.and_then(|value| value::share(value, mistakes)) {
        target.share = share.into_inner().to_f64();
    }
    let words = [("half hour", Per::HalfHour), ("day", Per::Day)];
    if let Some(per) = wait.get("per").and_then(|value| value::word(value, &words, mistakes)) {
        target.per = per;
    }
    target
}

/// `[grab]` and `[bounds]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) held_at_most: u32,
    pub(super) dedup_window_ms: u64,
    pub(super) orders: u32,
    pub(super) facts: Option<u32>,
    pub(super) lanes: Option<u32>,
    pub(super) trust: WallTrust,
}

impl Bounds {
    /// Reads both; each may be missing, and so may every key.
    pub(super) fn read(
        grab: Option<&Table<'_>>,
        bounds: Option<&Table<'_>>,
        mistakes: &mut Mistakes,
    ) -> Self {
        let mut read = Self {
            held_at_most: 1,
            dedup_window_ms: 24 * 3_600_000,
            orders: 10_000,
            facts: None,
            lanes: None,
            trust: WallTrust::default(),
        };
        if let Some(grab) = grab {
            const KEYS: [&str; 5] =
                ["held_at_most", "dedup_window", "may_choose", "at_most", "give_back_limit"];
            grab.only(&KEYS, mistakes);
            let held = grab.get("held_at_most");
            if let Some(held) = held.and_then(|value| value::count(value, 1..=1_000, mistakes)) {
                read.held_at_most = held;
            }
            let window = grab.get("dedup_window");
            if let Some(window) = window.and_then(|value| value::natural_ms(value, mistakes)) {
                read.dedup_window_ms = window.into_inner();
            }
        }
        if let Some(bounds) = bounds {
            bounds.only(&["orders", "facts", "lanes", "wall_leap", "wall_hold"], mistakes);
            let facts = bounds.get("facts");
            read.facts = facts.and_then(|value| value::count(value, 0..=1 << 28, mistakes));
            let lanes = bounds.get("lanes");
            read.lanes = lanes.and_then(|value| value::count(value, 1..=1 << 20, mistakes));
            let trust =
                [("wall_leap", &mut read.trust.leap_ms), ("wall_hold", &mut read.trust.hold_ms)];
            for (key, ms) in trust {
                let value = bounds.get(key).and_then(|value| value::natural_ms(value, mistakes));
                *ms = value.map_or(*ms, Spanned::into_inner);
            }
            let orders = bounds.get("orders");
            if let Some(orders) = orders.and_then(|v| value::count(v, 1..=10_000_000, mistakes)) {
                read.orders = orders;
            }
        }
        read
    }
}
