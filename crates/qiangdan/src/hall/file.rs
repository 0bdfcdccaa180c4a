//! The whole file: read section by section, then checked for what the sections say together.

use super::{
    Class, Code, Hall, HallLadder, Limit, Named, Service, Span, Target, Window,
    arrivals::RawArrivals,
    book::Book,
    clerks::{self, RawClerks},
    head_starts::HeadStarts,
    house::{self, Bounds, House},
    ladders::{CheckedLadder, RawLadder},
    limits::RawLimit,
    load,
    mistake::Mistakes,
    named,
    names::Names,
    oddities,
    services::RawService,
    table::{Keyed, Table},
    windows,
};
use crate::{ClockRules, LadderId, Rules, RulesDraft, ServiceId, ServiceRule};

const SECTIONS: [&str; 16] = [
    "schema",
    "hall",
    "targets",
    "skills",
    "pools",
    "roles",
    "services",
    "head_starts",
    "limits",
    "ladders",
    "shifts",
    "windows",
    "clerks",
    "arrivals",
    "grab",
    "bounds",
];

/// A file as written. Sections without references are checked already.
#[derive(Debug)]
pub(super) struct RawFile<'d> {
    house: Option<House>,
    target: Target,
    bounds: Bounds,
    skills: Vec<Named>,
    pools: Vec<Named>,
    roles: Vec<Named>,
    head_starts: HeadStarts,
    services: Vec<RawService<'d>>,
    limits: Vec<RawLimit<'d>>,
    ladders: Vec<RawLadder<'d>>,
    shifts: Vec<Vec<Span>>,
    windows: Vec<Window>,
    clerks: Vec<RawClerks<'d>>,
    arrivals: Option<RawArrivals<'d>>,
}

impl<'d> RawFile<'d> {
    /// Reads every section, and adds what it defines to the book.
    pub(super) fn read(root: &Table<'d>, book: &mut Book, mistakes: &mut Mistakes) -> Self {
        root.only(&SECTIONS, mistakes);
        let house = root.need_section("hall", mistakes);
        let target = root.section("targets", mistakes);
        let [skills, roles, head_starts, shifts, grab, bounds, arrivals] =
            ["skills", "roles", "head_starts", "shifts", "grab", "bounds", "arrivals"]
                .map(|name| root.section(name, mistakes));
        let pools = root.need_section("pools", mistakes);
        root.need_section("services", mistakes);
        let services = root.keyed("services", "service", mistakes);
        let limits = root.keyed("limits", "limit", mistakes);
        let ladders = root.keyed("ladders", "ladder", mistakes);
        let clerks = root.repeated("clerks", "a clerk", mistakes);
        Self {
            house: house.and_then(|table| House::read(&table, mistakes)),
            target: target.map_or_else(Target::default, |t| house::read_target(&t, mistakes)),
            bounds: Bounds::read(grab.as_ref(), bounds.as_ref(), mistakes),
            skills: named::read(skills.as_ref(), &mut book.skills, mistakes),
            pools: named::read(pools.as_ref(), &mut book.pools, mistakes),
            roles: named::read(roles.as_ref(), &mut book.roles, mistakes),
            head_starts: HeadStarts::read(head_starts.as_ref(), book, mistakes),
            services: read_each(services, &mut book.services, mistakes, RawService::read),
            limits: read_each(limits, &mut book.limits, mistakes, RawLimit::read),
            ladders: read_each(ladders, &mut book.ladders, mistakes, RawLadder::read),
            shifts: clerks::read_patterns(shifts.as_ref(), book, mistakes),
            windows: windows::read(root, book, mistakes),
            clerks: clerks.iter().map(|table| RawClerks::read(table, mistakes)).collect(),
            arrivals: arrivals.map(|table| RawArrivals::read(&table, mistakes)),
        }
    }

    /// Looks every reference up. `None` goes with a mistake, here or in reading.
    pub(super) fn check(self, book: &mut Book, mistakes: &mut Mistakes) -> Option<Hall> {
        let checked = self.limits.iter().map(|raw| raw.check(book, mistakes));
        let (limits, climbs): (Vec<_>, Vec<_>) = checked.unzip();
        let services: Vec<_> = (0..)
            .map(ServiceId)
            .zip(self.services)
            .map(|(id, raw)| raw.check(id, book, &limits, mistakes))
            .collect();
        let checked: Vec<_> = self.ladders.iter().map(|raw| raw.check(book, mistakes)).collect();
        for ladder in &checked {
            self.head_starts.check_boosts(&ladder.boosts, mistakes);
        }
        let ladders = climb(&limits, &climbs, &self.ladders, &checked, mistakes);
        let mut clerks = Vec::new();
        for raw in self.clerks {
            raw.check(book, &self.shifts, &mut clerks, mistakes);
        }
        clerks::check_windows(&clerks, book, mistakes);
        let arrivals = self.arrivals.as_ref().and_then(|raw| raw.check(book, mistakes));
        if !mistakes.none_wrong() {
            return None;
        }

        let (house, bounds, classes) = (self.house?, self.bounds, self.head_starts.classes);
        let draft = RulesDraft {
            pools: u16::try_from(self.pools.len()).unwrap_or(u16::MAX),
            services: services.iter().map(|service| rule(service, &limits, &ladders)).collect(),
            head_starts_ms: classes.iter().map(|class: &Class| class.head_start_ms).collect(),
            ladders: ladders.iter().map(|ladder| ladder.ladder.clone()).collect(),
            target: self.target.wait_target(),
            dedup_window_ms: bounds.dedup_window_ms,
            clocks: ClockRules::default(),
        };
        let hall = Hall {
            id: house.id,
            name: house.name,
            address: house.address,
            timezone: house.timezone,
            target: self.target,
            skills: self.skills,
            pools: self.pools,
            roles: self.roles,
            services,
            classes,
            limits,
            ladders,
            windows: self.windows,
            clerks,
            arrivals,
            held_at_most: bounds.held_at_most,
            dedup_window_ms: bounds.dedup_window_ms,
            bounds_orders: bounds.orders,
            rules: rules(draft, mistakes)?,
        };
        oddities::warn_unused(book, mistakes);
        oddities::warn_idle(&hall, book, mistakes);
        if let Some(raw) = &self.arrivals {
            load::check(&hall, book, raw, mistakes);
        }
        Some(hall)
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

/// Ties each ladder to each limit that climbs it and that the engine times.
fn climb(
    limits: &[Limit],
    climbs: &[Option<usize>],
    raw: &[RawLadder<'_>],
    checked: &[CheckedLadder],
    mistakes: &mut Mistakes,
) -> Vec<HallLadder> {
    let mut ladders = Vec::new();
    for (limit, climbs) in limits.iter().zip(climbs) {
        let ladder = climbs.and_then(|position| raw.get(position).zip(checked.get(position)));
        if let Some(((raw, checked), limit_ms)) = ladder.zip(limit.wait_ms()) {
            raw.check_rising(Some(limit_ms), mistakes);
            let id = LadderId(u16::try_from(ladders.len()).unwrap_or(u16::MAX));
            ladders.push(checked.climbed_by(id, limit, limit_ms));
        }
    }
    ladders
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

/// The rules of a draft that is right if every check before was made.
fn rules(draft: RulesDraft, mistakes: &mut Mistakes) -> Option<Rules> {
    let checked = draft.check();
    for error in checked.as_ref().err().into_iter().flatten() {
        mistakes.wrong(Code::TooMany, 0..0, error.to_string(), "rules that hold");
    }
    checked.ok()
}
