//! The whole file: read section by section, then checked for what the sections say together.

use std::ops::Range;

use toml::Spanned;

use super::{
    Class, Clerk, Code, Hall, HallLadder, Limit, Named, Service, Span, Target, Window,
    arrivals::RawArrivals,
    book::Book,
    by_calendar::Calendars,
    calendars::RawCalendar,
    cases::RawCases,
    clerks::{self, RawClerks},
    halls::{self, RawHall},
    head_starts::HeadStarts,
    house::{self, Bounds, House},
    ladders::{CheckedLadder, RawLadder},
    limits::{CheckedLimit, RawLimit},
    load,
    mistake::Mistakes,
    moments, named,
    names::Names,
    oddities,
    packages::RawPackage,
    plans, presence,
    services::RawService,
    table::{Keyed, Table},
    tickets::{self, RawAppointments, RawTickets},
    watches::{self, RawWatch},
    windows,
};
use crate::{
    CalendarId, ClockRules, LadderId, LimitId, RoleId, Rules, RulesDraft, RulesError, ServiceId,
    ServiceRule, StaffRules,
    limit::{ClockError, LimitRule},
    package::PackageKind,
};

const SECTIONS: [&str; 28] = [
    "schema",
    "hall",
    "targets",
    "skills",
    "pools",
    "roles",
    "services",
    "packages",
    "halls",
    "head_starts",
    "calendars",
    "milestones",
    "pauses",
    "limits",
    "ladders",
    "shifts",
    "windows",
    "clerks",
    "arrivals",
    "tickets",
    "appointments",
    "cases",
    "follow_ups",
    "complaints",
    "grab",
    "presence",
    "bounds",
    "plans",
];

/// A file as written. Sections without references are checked already.
#[derive(Debug)]
pub(super) struct RawFile<'d> {
    house: Option<House>,
    target: Target,
    bounds: Bounds,
    staff: StaffRules,
    skills: Vec<Named>,
    pools: Vec<Named>,
    watches: Vec<RawWatch<'d>>,
    roles: Vec<Named>,
    hours_of_roles: Vec<(usize, Spanned<&'d str>)>,
    calendar: Option<Spanned<&'d str>>,
    calendars: Vec<RawCalendar<'d>>,
    milestones: Vec<Named>,
    pauses: Vec<Named>,
    head_starts: HeadStarts,
    services: Vec<RawService<'d>>,
    packages: Vec<RawPackage<'d>>,
    halls: Vec<RawHall<'d>>,
    limits: Vec<RawLimit<'d>>,
    ladders: Vec<RawLadder<'d>>,
    shifts: Vec<Vec<Span>>,
    windows: Vec<Window>,
    clerks: Vec<RawClerks<'d>>,
    arrivals: Option<RawArrivals<'d>>,
    tickets: Option<RawTickets<'d>>,
    appointments: Vec<RawAppointments<'d>>,
    cases: RawCases<'d>,
}

impl<'d> RawFile<'d> {
    /// Reads every section, and adds what it defines to the book.
    pub(super) fn read(root: &Table<'d>, book: &mut Book, mistakes: &mut Mistakes) -> Self {
        root.only(&SECTIONS, mistakes);
        plans::names(root, book, mistakes);
        let house = root.need_section("hall", mistakes);
        let target = root.section("targets", mistakes);
        let [skills, roles, head_starts, shifts, grab, bounds, arrivals] =
            ["skills", "roles", "head_starts", "shifts", "grab", "bounds", "arrivals"]
                .map(|name| root.section(name, mistakes));
        let pools = root.need_section("pools", mistakes);
        root.need_section("services", mistakes);
        let services = root.keyed("services", "service", mistakes);
        let packages = root.keyed("packages", "package", mistakes);
        let halls = root.keyed("halls", "hall", mistakes);
        let calendars = root.keyed("calendars", "calendar", mistakes);
        let [milestones, pauses] =
            ["milestones", "pauses"].map(|name| root.section(name, mistakes));
        let limits = root.keyed("limits", "limit", mistakes);
        let ladders = root.keyed("ladders", "ladder", mistakes);
        let clerks = root.repeated("clerks", "a clerk", mistakes);
        let (pools, watches) = watches::read_pools(pools.as_ref(), &mut book.pools, mistakes);
        let tickets = root.section("tickets", mistakes);
        let appointments = root.keyed("appointments", "appointments", mistakes);
        let presence = root.section("presence", mistakes);
        let (roles, hours_of_roles) = named::read_roles(roles.as_ref(), &mut book.roles, mistakes);
        let calendar = house.as_ref().and_then(|table| house::read_calendar(table, mistakes));
        let house = house.and_then(|table| House::read(&table, mistakes));
        let zone = house.as_ref().map_or("Etc/UTC", |house| house.timezone.as_str());
        let guards = grab.as_ref().map(|grab| presence::read_guards(grab, zone, mistakes));
        let staff = StaffRules {
            presence: presence::read(presence.as_ref(), mistakes),
            grab: guards.unwrap_or_default(),
            ..StaffRules::default()
        };
        Self {
            calendar,
            house,
            staff,
            target: target.map_or_else(Target::default, |t| house::read_target(&t, mistakes)),
            bounds: Bounds::read(grab.as_ref(), bounds.as_ref(), mistakes),
            skills: named::read_skills(skills.as_ref(), &mut book.skills, &mut book.soft, mistakes),
            pools,
            watches,
            roles,
            hours_of_roles,
            calendars: read_each(calendars, &mut book.calendars, mistakes, RawCalendar::read),
            milestones: moments::read_milestones(
                milestones.as_ref(),
                &mut book.milestones,
                mistakes,
            ),
            pauses: named::read(pauses.as_ref(), &mut book.pauses, mistakes),
            head_starts: HeadStarts::read(head_starts.as_ref(), book, mistakes),
            services: read_each(services, &mut book.services, mistakes, RawService::read),
            packages: read_each(packages, &mut book.packages, mistakes, RawPackage::read),
            halls: read_each(halls, &mut book.halls, mistakes, RawHall::read),
            limits: read_each(limits, &mut book.limits, mistakes, RawLimit::read),
            ladders: read_each(ladders, &mut book.ladders, mistakes, RawLadder::read),
            shifts: clerks::read_patterns(shifts.as_ref(), book, mistakes),
            windows: windows::read(root, book, mistakes),
            clerks: clerks.iter().map(|table| RawClerks::read(table, mistakes)).collect(),
            arrivals: arrivals.map(|table| RawArrivals::read(&table, mistakes)),
            tickets: tickets.map(|table| RawTickets::read(&table, mistakes)),
            appointments: appointments
                .into_iter()
                .filter_map(|section| RawAppointments::read(section, mistakes))
                .collect(),
            cases: RawCases::read(root, mistakes),
        }
    }

    /// Looks every reference up. `None` goes with a mistake, here or in reading.
    pub(super) fn check(mut self, book: &mut Book, mistakes: &mut Mistakes) -> Option<Hall> {
        let mut clerks = Vec::new();
        for raw in std::mem::take(&mut self.clerks) {
            raw.check(book, &self.shifts, &mut clerks, mistakes);
        }
        clerks::check_windows(&clerks, book, mistakes);
        let mut calendars = self.check_calendars(&clerks, book, mistakes);
        let checked = self.check_limits(&mut calendars, book, mistakes);
        let (ladders, clocks) = self.climb(checked.iter(), book, mistakes);
        let places = self.places(&checked);
        let limits: Vec<_> = checked.into_iter().map(|checked| checked.limit).collect();
        let mut raw_services = std::mem::take(&mut self.services);
        let (mut with_tickets, mut kinds) = (Vec::new(), Vec::new());
        for (id, raw) in (0..).map(ServiceId).zip(&mut raw_services) {
            with_tickets.extend(raw.ticket.take().map(|ticket| (id, ticket)));
            kinds.extend(raw.case.map(|kind| (id, kind)));
        }
        let tickets = tickets::check(
            self.tickets.take(),
            std::mem::take(&mut self.appointments),
            with_tickets,
            &calendars,
            book,
            mistakes,
        );
        let cases = self.cases.check(kinds, &limits, book, mistakes);
        let services: Vec<_> = (0..)
            .map(ServiceId)
            .zip(raw_services)
            .map(|(id, raw)| raw.check(id, book, &limits, mistakes))
            .collect();
        let watches = watches::check(&self.watches, book, mistakes);
        let packages: Vec<_> = (0..)
            .map(PackageKind)
            .zip(self.packages)
            .filter_map(|(kind, raw)| raw.check(kind, book, mistakes))
            .collect();
        let (halls, tree) = halls::check(&self.halls, book, mistakes);
        let hours_of_roles = hours(&self.hours_of_roles, book, mistakes);
        let calendar = calendars.of_hall();
        let calendars = calendars.into_all();
        let arrivals = self.arrivals.as_ref().and_then(|raw| raw.check(book, mistakes));
        if !mistakes.none_wrong() {
            return None;
        }

        let (house, bounds, classes) = (self.house?, self.bounds, self.head_starts.classes);
        let (calendars, compiled) = calendars?;
        let clocks = ClockRules {
            calendars: compiled,
            limits: clocks,
            of_services: of_services(&services, &limits),
            hours_of_roles,
            trust: bounds.trust,
        };
        let withdrawn = services.iter().filter(|service| service.is_withdrawn);
        let draft = RulesDraft {
            handling: Vec::new(),
            pools: u16::try_from(self.pools.len()).unwrap_or(u16::MAX),
            services: services.iter().map(|service| rule(service, &limits, &ladders)).collect(),
            head_starts_ms: classes.iter().map(|class: &Class| class.head_start_ms).collect(),
            ladders: ladders.iter().map(|ladder| ladder.ladder.clone()).collect(),
            watches: watches?,
            target: self.target.wait_target(),
            dedup_window_ms: bounds.dedup_window_ms,
            withdrawn: withdrawn.map(|service| service.id).collect(),
            staff: self.staff,
            clocks,
        };
        let rules = rules(draft, &places, mistakes)?;
        let by = &rules.clocks().calendars;
        let tickets = tickets.and_then(|tickets| tickets.rules(&rules, by, mistakes));
        let hall = Hall {
            tickets,
            cases,
            id: house.id,
            name: house.name,
            address: house.address,
            timezone: house.timezone,
            target: self.target,
            skills: self.skills,
            pools: self.pools,
            roles: self.roles,
            calendar,
            calendars,
            milestones: self.milestones,
            pauses: self.pauses,
            services,
            packages,
            halls,
            tree,
            classes,
            limits,
            ladders,
            windows: self.windows,
            clerks,
            arrivals,
            held_at_most: bounds.held_at_most,
            dedup_window_ms: bounds.dedup_window_ms,
            bounds_orders: bounds.orders,
            bounds_facts: bounds.facts,
            bounds_lanes: bounds.lanes,
            plans: Vec::new(),
            rules,
        };
        oddities::warn_unused(book, mistakes);
        oddities::warn_idle(&hall, book, mistakes);
        if let Some(raw) = &self.arrivals {
            load::check(&hall, book, raw, mistakes);
        }
        Some(hall)
    }
}

impl RawFile<'_> {
    fn check_calendars(
        &mut self,
        clerks: &[Clerk],
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Calendars {
        // A zone that is none was reported; another stands in.
        let zone = self.house.as_ref().map_or("Etc/UTC", |house| house.timezone.as_str());
        let raw = std::mem::take(&mut self.calendars).into_iter();
        let all = raw.map(|raw| raw.check(zone, clerks, book, mistakes)).collect();
        Calendars::new(all, self.calendar.as_ref(), zone, book, mistakes)
    }

    fn check_limits(
        &self,
        calendars: &mut Calendars,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> Vec<CheckedLimit> {
        let mut next = LimitId(0);
        let mut checked = Vec::new();
        for raw in &self.limits {
            let limit = raw.check(next, calendars, book, mistakes);
            next.0 += u16::from(limit.rule.is_some());
            checked.push(limit);
        }
        checked
    }

    /// Where the limits by a calendar stand, in the order of their ids.
    fn places(&self, checked: &[CheckedLimit]) -> Vec<Place> {
        let by_calendar = self.limits.iter().zip(checked).filter(|(_, c)| c.rule.is_some());
        let place = |(raw, checked): (&RawLimit<'_>, &CheckedLimit)| {
            let ladder = checked.ladder.and_then(|ladder| self.ladders.get(ladder));
            let stages = (1..).map_while(|stage| ladder?.place(stage)).collect();
            Place { limit: raw.place(), stages }
        };
        by_calendar.map(place).collect()
    }

    /// Ties each ladder to each limit that climbs it: ladders of limits on the wait, and the
    /// rules of limits by a calendar, in the order of their ids.
    fn climb<'c>(
        &self,
        limits: impl Iterator<Item = &'c CheckedLimit>,
        book: &mut Book,
        mistakes: &mut Mistakes,
    ) -> (Vec<HallLadder>, Vec<LimitRule>) {
        let checked: Vec<_> = self.ladders.iter().map(|raw| raw.check(book, mistakes)).collect();
        for ladder in &checked {
            self.head_starts.check_boosts(&ladder.boosts, mistakes);
        }
        let ladder = |position: usize| -> Option<(&RawLadder<'_>, &CheckedLadder)> {
            self.ladders.get(position).zip(checked.get(position))
        };
        let (mut waits, mut rules) = (Vec::new(), Vec::new());
        for CheckedLimit { limit, ladder: climbs, rule } in limits {
            let climbs = climbs.and_then(ladder);
            if let Some(mut rule) = rule.clone() {
                if let Some((raw, checked)) = climbs {
                    rule.stages = raw.of_limit(checked, limit, rule.lasts, mistakes);
                }
                rules.push(rule);
            } else if let Some(((raw, checked), limit_ms)) = climbs.zip(limit.wait_ms()) {
                let id = LadderId(u16::try_from(waits.len()).unwrap_or(u16::MAX));
                waits.push(raw.of_wait(checked, id, limit, limit_ms, mistakes));
            }
        }
        (waits, rules)
    }
}

/// Reads sections that each have a key, and adds the keys to `names`.
fn read_each<'d, T>(
    sections: Vec<Keyed<'d>>,
    names: &mut Names,
    mistakes: &mut Mistakes,
    read: fn(Keyed<'d>, &mut Mistakes) -> Option<T>,
) -> Vec<T> {
    let mut all = Vec::new();
    for section in sections {
        names.add(section.key.get_ref(), section.key.span(), mistakes);
        all.extend(read(section, mistakes));
    }
    all
}

/// When roles are there.
fn hours(
    of_roles: &[(usize, Spanned<&str>)],
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Vec<(RoleId, CalendarId)> {
    let mut hours = Vec::new();
    for (role, calendar) in of_roles {
        let id = Calendars::named(calendar, book, mistakes);
        let role = u16::try_from(*role).ok().map(RoleId);
        hours.extend(role.zip(id));
    }
    hours
}

/// Which limits by a calendar the orders of each service have.
fn of_services(services: &[Service], limits: &[Limit]) -> Vec<(ServiceId, LimitId)> {
    let of = |service: &Service| {
        let (id, under) = (service.id, service.limits.clone());
        under.into_iter().filter_map(move |limit| Some((id, limits.get(limit)?.id?)))
    };
    services.iter().flat_map(of).collect()
}

/// What the engine obeys of a service.
fn rule(service: &Service, limits: &[Limit], ladders: &[HallLadder]) -> ServiceRule {
    let wait = service.limits.iter().map(|&limit| &limits[limit]).find(|l| l.wait_ms().is_some());
    let ladder = wait.and_then(|wait| ladders.iter().find(|ladder| ladder.limit == wait.key));
    ServiceRule {
        pool: service.pool,
        needs: service.needs,
        wait_limit_ms: wait.and_then(Limit::wait_ms),
        ladder: ladder.map(|ladder| ladder.id),
    }
}

/// Where a limit by a calendar stands in the file, and its stages.
#[derive(Debug)]
struct Place {
    limit: Range<usize>,
    stages: Vec<Range<usize>>,
}

/// The rules of a draft. What is wrong with the limits by a calendar is said where they stand;
/// all else is right if every check before was made.
fn rules(draft: RulesDraft, places: &[Place], mistakes: &mut Mistakes) -> Option<Rules> {
    let checked = draft.check();
    for error in checked.as_ref().err().into_iter().flatten() {
        let (id, stage, what) = match *error {
            RulesError::Clock(ClockError::Limit { limit, mistake }) => (limit, None, mistake),
            RulesError::Clock(ClockError::Stage { limit, stage, mistake }) => {
                (limit, Some(stage), mistake)
            }
            _ => {
                mistakes.wrong(Code::TooMany, 0..0, error.to_string(), "rules that hold");
                continue;
            }
        };
        let place = places.get(id.index());
        let at = place.map(|place| {
            let stage = stage.and_then(|stage| place.stages.get(stage - 1));
            stage.unwrap_or(&place.limit).clone()
        });
        let (of, expected) = match stage {
            Some(_) => ("this stage", "a stage that can come about"),
            None => ("this limit", "a limit that can be kept and missed"),
        };
        let found = format!("{of} {what}");
        mistakes.wrong(Code::BadLimit, at.unwrap_or(0..0), found, expected);
    }
    checked.ok()
}
