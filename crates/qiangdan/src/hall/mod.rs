//! The hall file: one TOML file that says what a hall promises, who works there and who comes.
//!
//! [`Hall::parse`] reads the text and checks it into a [`Hall`], which cannot be wrong, or answers
//! with every [`Mistake`] in the file at once, each with its place. It opens no file: the text is
//! an argument. What may be written is described in `docs/hall-file.md`.
//!
//! Each section has a file here with two kinds of types: `Raw…` holds what was written and where,
//! the public type what was meant. Reading collects wrong shapes (`table.rs`, `value.rs`),
//! checking what does not fit together (`names.rs`); `parse.rs` and `file.rs`
//! are the way through both.
//!
//! | section of the file | module |
//! |---|---|
//! | `[hall]`, `[targets]`, `[grab]`, `[bounds]` | `house.rs` |
//! | `[skills]`, `[pools]`, `[roles]`, `[pauses]` | `named.rs` |
//! | `[milestones]` | `moments.rs` |
//! | `[services]` | `services.rs`, with `takes.rs` |
//! | `[packages]` | `packages.rs` |
//! | `[halls]` | `halls.rs` |
//! | `[head_starts]` | `head_starts.rs` |
//! | `[calendars]` | `calendars.rs`, with `week.rs`, `dates.rs` |
//! | `[limits]` | `limits.rs`, with `moments.rs`, `by_calendar.rs`, `expiry.rs` |
//! | `[ladders]` | `ladders.rs`, with `stage_at.rs`, `action.rs` |
//! | `[shifts]`, `[[windows]]`, `[[clerks]]` | `clerks.rs`, `windows.rs`, with `span.rs`, `series.rs` |
//! | `[tickets]`, `[appointments]` | `tickets.rs` |
//! | `[cases]`, `[follow_ups]`, `[complaints]` | `cases.rs` |
//! | `[plans]` | `plans.rs` |
//! | `[presence]`, guards of `[grab]` | `presence.rs` |
//! | `[arrivals]` | `arrivals.rs`, weighed against the shifts in `load.rs` |

mod action;
mod arrivals;
mod book;
mod by_calendar;
mod calendars;
mod cases;
mod clerks;
mod dates;
mod duration;
mod expiry;
mod file;
mod follow;
mod halls;
mod head_starts;
mod house;
mod ladders;
mod limits;
mod load;
mod mistake;
mod moments;
mod named;
mod names;
mod near;
mod oddities;
mod packages;
mod parse;
mod plans;
mod presence;
mod series;
mod services;
mod share;
mod span;
mod stage_at;
mod table;
mod takes;
mod text;
mod tickets;
mod value;
mod watches;
mod week;
mod windows;

pub use arrivals::{Arrivals, Slot};
pub use calendars::HallCalendar;
pub use clerks::Clerk;
pub use duration::{Duration, DurationError};
pub use follow::Moved;
pub use halls::OtherHall;
pub use head_starts::Class;
pub use house::{Per, Target};
pub use ladders::HallLadder;
pub use limits::Limit;
pub use load::Load;
pub use mistake::{Code, Invalid, Mistake};
pub use named::Named;
pub use near::nearest;
pub use packages::HallPackage;
pub use plans::HallPlan;
pub use services::Service;
pub use share::{Share, ShareError};
pub use span::{Span, SpanError};
pub use takes::Takes;
pub use text::Text;
pub use windows::Window;

use crate::{
    CalendarId, ClockRules, Rules, across::HallTree, calendar::Calendar, case::CaseRules,
    limit::LimitRule, package::PackageRule, ticket::TicketRules,
};

/// A checked hall.
///
/// # Example
///
/// ```
/// use qiangdan::hall::Hall;
///
/// let text = r#"
///     schema = 1
///     [hall]
///     id = "county"
///     name = "县政务服务中心"
///     timezone = "Asia/Shanghai"
///     [pools]
///     front = "综合窗口"
///     [services.id-card]
///     name = "居民身份证换领"
///     pool = "front"
///     takes = "6 min"
/// "#;
/// let hall = Hall::parse("county.toml", text)?.hall;
/// assert_eq!(hall.services()[0].key, "id-card");
///
/// let wrong = text.replace("Shanghai", "Shangai");
/// let invalid = Hall::parse("county.toml", &wrong).unwrap_err();
/// assert_eq!((invalid.mistakes[0].line, invalid.mistakes[0].column), (6, 16));
/// # Ok::<(), qiangdan::hall::Invalid>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hall {
    id: String,
    name: Text,
    address: Option<Text>,
    timezone: String,
    target: Target,
    skills: Vec<Named>,
    pools: Vec<Named>,
    roles: Vec<Named>,
    calendar: Option<CalendarId>,
    calendars: Vec<HallCalendar>,
    milestones: Vec<Named>,
    pauses: Vec<Named>,
    services: Vec<Service>,
    packages: Vec<HallPackage>,
    halls: Vec<OtherHall>,
    tree: HallTree,
    classes: Vec<Class>,
    limits: Vec<Limit>,
    ladders: Vec<HallLadder>,
    windows: Vec<Window>,
    clerks: Vec<Clerk>,
    arrivals: Option<Arrivals>,
    held_at_most: u32,
    dedup_window_ms: u64,
    bounds_orders: u32,
    bounds_facts: Option<u32>,
    bounds_lanes: Option<u32>,
    plans: Vec<HallPlan>,
    rules: Rules,
    tickets: Option<TicketRules>,
    cases: CaseRules,
}

/// A hall and what is odd about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The hall.
    pub hall: Hall,
    /// What is allowed but probably not meant, in file order.
    pub warnings: Vec<Mistake>,
}

impl Hall {
    /// What programs call the hall.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call the hall.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Option<&Text> {
        self.address.as_ref()
    }

    /// The time zone of its walls, by its IANA name. All times of day in the file are in it.
    #[must_use]
    pub fn timezone(&self) -> &str {
        &self.timezone
    }

    /// The promise about waits.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// The skills, in the order of their ids.
    #[must_use]
    pub fn skills(&self) -> &[Named] {
        &self.skills
    }

    /// The pools, in the order of their ids.
    #[must_use]
    pub fn pools(&self) -> &[Named] {
        &self.pools
    }

    /// The roles that can be notified, in the order of their ids.
    #[must_use]
    pub fn roles(&self) -> &[Named] {
        &self.roles
    }

    /// The calendars, in the order of their ids; what they say is in the rules' clocks.
    #[must_use]
    pub fn calendars(&self) -> &[HallCalendar] {
        &self.calendars
    }

    /// The calendar that limits go by if they name none: the one that `[hall]` names, or the only one.
    #[must_use]
    pub fn calendar(&self) -> Option<CalendarId> {
        self.calendar
    }

    /// The milestones, in the order of their numbers. The first four are those of every order.
    #[must_use]
    pub fn milestones(&self) -> &[Named] {
        &self.milestones
    }

    /// The reasons to pause, in the order of their numbers.
    #[must_use]
    pub fn pauses(&self) -> &[Named] {
        &self.pauses
    }

    /// The services, in the order of their ids.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The packages, in the order of their kinds.
    #[must_use]
    pub fn packages(&self) -> &[HallPackage] {
        &self.packages
    }

    /// What [`Packages`](crate::package::Packages) obey.
    #[must_use]
    pub fn package_rules(&self) -> Vec<PackageRule> {
        self.packages.iter().map(|package| package.rule.clone()).collect()
    }

    /// The halls that work together, in the order of their ids.
    #[must_use]
    pub fn halls(&self) -> &[OtherHall] {
        &self.halls
    }

    /// Which of them is under which.
    #[must_use]
    pub fn tree(&self) -> &HallTree {
        &self.tree
    }

    /// The classes, in the order of their ids. The first is the ordinary one.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The limits, in file order: those on the wait, and those by a calendar.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// The calendars and the limits by a calendar, as the engine obeys them.
    #[must_use]
    pub fn clocks(&self) -> &ClockRules {
        self.rules.clocks()
    }

    /// What the engine obeys of a limit by a calendar, and that calendar. `None` for a limit on
    /// the wait.
    #[must_use]
    pub fn rule_of(&self, limit: &Limit) -> Option<(&LimitRule, &Calendar)> {
        let clocks = self.clocks();
        let rule = clocks.limits.get(limit.id?.index())?;
        Some((rule, clocks.calendars.get(rule.calendar.index())?))
    }

    /// The ladders of limits on the wait, in the order of their ids.
    #[must_use]
    pub fn ladders(&self) -> &[HallLadder] {
        &self.ladders
    }

    /// The windows, in file order.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The clerks, in the order of their ids.
    #[must_use]
    pub fn clerks(&self) -> &[Clerk] {
        &self.clerks
    }

    /// Who comes, if the file says so. Needed to simulate random days.
    #[must_use]
    pub fn arrivals(&self) -> Option<&Arrivals> {
        self.arrivals.as_ref()
    }

    /// The plans, in file order: what is in force at other times, or when a ladder says so.
    #[must_use]
    pub fn plans(&self) -> &[HallPlan] {
        &self.plans
    }

    /// How many orders one clerk may hold at a time.
    #[must_use]
    pub fn held_at_most(&self) -> u32 {
        self.held_at_most
    }

    /// For how long after closing a dedup key still names its order, in milliseconds.
    #[must_use]
    pub fn dedup_window_ms(&self) -> u64 {
        self.dedup_window_ms
    }

    /// How many orders may be open at a time: the bound the engine is built with.
    #[must_use]
    pub fn bounds_orders(&self) -> u32 {
        self.bounds_orders
    }

    /// How many facts may be told of orders with limits by a calendar at a time, if the file says
    /// so: the engine's bound of the same name.
    #[must_use]
    pub fn bounds_facts(&self) -> Option<u32> {
        self.bounds_facts
    }

    /// How many lanes there is room for once rules are swapped, if the file says so: the engine's
    /// bound of the same name.
    #[must_use]
    pub fn bounds_lanes(&self) -> Option<u32> {
        self.bounds_lanes
    }

    /// The rules of its tickets, if it has any.
    #[must_use]
    pub fn tickets(&self) -> Option<&TicketRules> {
        self.tickets.as_ref()
    }

    /// The rules of its cases, follow-ups and complaints.
    #[must_use]
    pub fn cases(&self) -> &CaseRules {
        &self.cases
    }

    /// The part the engine obeys.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules.clone()
    }
}

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod on_top_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod watch_tests;
