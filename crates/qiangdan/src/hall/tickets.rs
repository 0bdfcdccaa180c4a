//! `[tickets]`, `[appointments]` and what services say about their numbers.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{
    Code,
    book::Book,
    by_calendar::Calendars,
    clerks,
    mistake::Mistakes,
    table::{Keyed, Table},
    value::{self, Value},
};
use crate::{
    CalendarId, ClassId, Rules, ServiceId,
    calendar::Calendar,
    ticket::{Schedule, TicketRules, TicketRulesDraft, TicketService},
};

/// What a service says about its numbers: `"A"`, or `{ prefix = "A", quota = 40 }`.
#[derive(Debug)]
pub(super) struct RawTicket {
    rule: TicketService,
    at: Range<usize>,
    quota_at: Option<Range<usize>>,
}

impl RawTicket {
    pub(super) fn read(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let mut rule = TicketService::new(ServiceId(0), "");
        let mut quota_at = None;
        if let DeValue::Table(_) = value.get_ref() {
            let table = Table::read("a ticket", value, "{ prefix = \"A\" }", mistakes)?;
            let keys = ["prefix", "quota", "full_at", "full_again", "again_after", "keeps_place"];
            table.only(&keys, mistakes);
            let count = |key: &str, mistakes: &mut Mistakes| {
                table.get(key).and_then(|value| value::count(value, 1..=1_000_000, mistakes))
            };
            rule.quota = count("quota", mistakes);
            rule.full_at = count("full_at", mistakes);
            quota_at = table.get("quota").map(Spanned::span);
            set_ms(&mut rule.full_again_ms, table.get("full_again"), mistakes);
            set_ms(&mut rule.again_after_ms, table.get("again_after"), mistakes);
            if let Some(keeps) = table.get("keeps_place").and_then(|v| value::flag(v, mistakes)) {
                rule.keeps_place = keeps;
            }
            let written = table.need("prefix", "\"A\"", mistakes);
            let read = written.and_then(|written| prefix(written, mistakes));
            rule.prefix = read.unwrap_or_default();
        } else {
            // What is no prefix was reported; the service has numbers even so.
            rule.prefix = prefix(value, mistakes).unwrap_or_default();
        }
        Some(Self { rule, at: value.span(), quota_at })
    }
}

/// A prefix of numbers: it may be empty, and does not end in a digit.
fn prefix(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let text = value::string(value, "a prefix such as `\"A\"`", mistakes)?;
    let written = *text.get_ref();
    if !written.is_empty() && !value::is_name(written) {
        value::bad_name(written, text.span(), mistakes);
        return None;
    }
    if written.ends_with(char::is_numeric) {
        let found = format!("the prefix `{written}`, whose end reads like a number");
        mistakes.wrong(Code::BadName, text.span(), found, "one that does not end in a digit");
        return None;
    }
    Some(written.to_owned())
}

/// Takes over a duration, if there is one.
fn set_ms(ms: &mut u64, value: Option<&Value<'_>>, mistakes: &mut Mistakes) {
    if let Some(read) = value.and_then(|value| value::natural_ms(value, mistakes)) {
        *ms = *read.get_ref();
    }
}

fn small(value: &Value<'_>, range: std::ops::RangeInclusive<u32>, to: &mut Mistakes) -> Option<u8> {
    value::count(value, range, to).and_then(|count| u8::try_from(count).ok())
}

/// `[tickets]` as written.
#[derive(Debug)]
pub(super) struct RawTickets<'d> {
    at: Range<usize>,
    calendar: Option<Spanned<&'d str>>,
    cart_at_most: Option<u8>,
    digits: Option<u8>,
    wraps_at: Option<u32>,
    opens_before_ms: u64,
    stops_before_ms: u64,
    recalls_at_most: Option<u8>,
    recall_gap_ms: Option<u64>,
    call_lasts_ms: Option<u64>,
    take_back: Option<u8>,
    top: Option<Spanned<&'d str>>,
    ahead_at_most: Option<u32>,
    apart: Vec<[Spanned<&'d str>; 2]>,
    marks: Vec<(Spanned<&'d str>, String)>,
}

const KEYS: [&str; 13] = [
    "calendar",
    "cart_at_most",
    "digits",
    "wraps_at",
    "opens_before",
    "stops_before",
    "recalls",
    "call_lasts",
    "take_back",
    "top",
    "ahead_at_most",
    "apart",
    "marks",
];

impl<'d> RawTickets<'d> {
    pub(super) fn read(table: &Table<'d>, mistakes: &mut Mistakes) -> Self {
        table.only(&KEYS, mistakes);
        let name = |key: &str, like: &str, mistakes: &mut Mistakes| {
            table.get(key).and_then(|value| value::string(value, like, mistakes))
        };
        let ms = |key: &str, mistakes: &mut Mistakes| {
            let read = table.get(key).and_then(|value| value::natural_ms(value, mistakes));
            read.map(Spanned::into_inner)
        };
        let count = |key: &str, most: u8, least: u32, mistakes: &mut Mistakes| {
            table.get(key).and_then(|value| small(value, least..=most.into(), mistakes))
        };
        let recalls = table.get("recalls");
        let recalls = recalls.and_then(|value| {
            let like = "{ at_most = 5, gap = \"60 s\" }";
            Table::read("`recalls`", value, like, mistakes)
        });
        let (mut recalls_at_most, mut recall_gap_ms) = (None, None);
        if let Some(recalls) = &recalls {
            recalls.only(&["at_most", "gap"], mistakes);
            let at_most = recalls.get("at_most");
            recalls_at_most = at_most.and_then(|value| small(value, 0..=100, mistakes));
            let gap = recalls.get("gap").and_then(|value| value::natural_ms(value, mistakes));
            recall_gap_ms = gap.map(Spanned::into_inner);
        }
        let wraps_at = table.get("wraps_at");
        let ahead = table.get("ahead_at_most");
        Self {
            at: table.at.clone(),
            calendar: name("calendar", "the key of a calendar", mistakes),
            cart_at_most: count("cart_at_most", TicketRules::CART_MAX, 1, mistakes),
            digits: count("digits", 9, 1, mistakes),
            wraps_at: wraps_at.and_then(|v| value::count(v, 1..=999_999_999, mistakes)),
            opens_before_ms: ms("opens_before", mistakes).unwrap_or(0),
            stops_before_ms: ms("stops_before", mistakes).unwrap_or(0),
            recalls_at_most,
            recall_gap_ms,
            call_lasts_ms: ms("call_lasts", mistakes),
            take_back: count("take_back", TicketRules::TAKE_BACK_MAX, 0, mistakes),
            top: name("top", "the key of a class", mistakes),
            ahead_at_most: ahead.and_then(|v| value::count(v, 0..=1_000_000, mistakes)),
            apart: read_apart(table, mistakes),
            marks: read_marks(table, mistakes),
        }
    }
}

/// Reads `apart = [["id-card", "company"]]`.
fn read_apart<'d>(table: &Table<'d>, mistakes: &mut Mistakes) -> Vec<[Spanned<&'d str>; 2]> {
    const LIKE: &str = "[[\"id-card\", \"company\"]]";
    let Some(value) = table.get("apart") else { return Vec::new() };
    let mut apart = Vec::new();
    for pair in value::list(value, LIKE, mistakes) {
        let names = value::strings(pair, "[\"id-card\", \"company\"]", mistakes);
        match <[_; 2]>::try_from(names) {
            Ok(names) => apart.push(names),
            Err(names) => {
                let found = format!("{} services that do not go together", names.len());
                mistakes.wrong(Code::BadNumber, pair.span(), found, "two");
            }
        }
    }
    apart
}

/// Reads `marks = { green = "V" }`.
fn read_marks<'d>(table: &Table<'d>, mistakes: &mut Mistakes) -> Vec<(Spanned<&'d str>, String)> {
    let Some(value) = table.get("marks") else { return Vec::new() };
    let marks = Table::read("`marks`", value, "{ green = \"V\" }", mistakes);
    let mut all = Vec::new();
    for entry in marks.iter().flat_map(Table::entries) {
        all.extend(prefix(entry.value, mistakes).map(|mark| (entry.key.clone(), mark)));
    }
    all
}

/// `[appointments.KEY]` as written.
#[derive(Debug)]
pub(super) struct RawAppointments<'d> {
    at: Range<usize>,
    services: Vec<Spanned<&'d str>>,
    class: Option<Spanned<&'d str>>,
    rule: Schedule,
}

impl<'d> RawAppointments<'d> {
    pub(super) fn read(Keyed { table, .. }: Keyed<'d>, mistakes: &mut Mistakes) -> Option<Self> {
        let table = table?;
        let keys = [
            "services",
            "hours",
            "every",
            "each",
            "class",
            "mark",
            "days_ahead",
            "closes_before",
            "early",
            "in_time",
            "void_after",
        ];
        table.only(&keys, mistakes);
        let services = table.need("services", "[\"property\"]", mistakes);
        let services = services.map(|v| value::strings(v, "[\"property\"]", mistakes));
        let hours = table.need("hours", "[\"09:00-12:00\"]", mistakes);
        let hours = hours.map(|value| clerks::read_spans(value, mistakes)).unwrap_or_default();
        let hours: Vec<_> = hours.into_iter().map(Into::into).collect();
        let mut rule = Schedule::new(&[], &hours);
        let mut every_ms = u64::from(rule.every_ms);
        set_ms(&mut every_ms, table.get("every"), mistakes);
        rule.every_ms = u32::try_from(every_ms).unwrap_or(u32::MAX);
        let ms = [
            ("closes_before", &mut rule.closes_before_ms),
            ("early", &mut rule.early_ms),
            ("in_time", &mut rule.grace_ms),
            ("void_after", &mut rule.void_after_ms),
        ];
        for (key, ms) in ms {
            set_ms(ms, table.get(key), mistakes);
        }
        let each = table.need("each", "5", mistakes);
        let each = each.and_then(|value| value::count(value, 1..=10_000, mistakes));
        rule.each = each.unwrap_or(1);
        let days = table.get("days_ahead").and_then(|v| value::count(v, 0..=366, mistakes));
        rule.days_ahead = days.unwrap_or(rule.days_ahead);
        if let Some(mark) = table.get("mark").and_then(|value| prefix(value, mistakes)) {
            rule.mark = mark;
        }
        let class = table.get("class");
        let class = class.and_then(|v| value::string(v, "the key of a class", mistakes));
        Some(Self { at: table.at.clone(), services: services?, class, rule })
    }
}

/// Everything about tickets, looked up.
pub(super) struct CheckedTickets {
    calendar: CalendarId,
    at: Range<usize>,
    make: Box<dyn FnOnce(Calendar) -> TicketRulesDraft>,
}

/// Looks up what is said about tickets. `None` if nothing is, or with a mistake.
pub(super) fn check(
    raw: Option<RawTickets<'_>>,
    appointments: Vec<RawAppointments<'_>>,
    services: Vec<(ServiceId, RawTicket)>,
    calendars: &Calendars,
    book: &mut Book,
    mistakes: &mut Mistakes,
) -> Option<CheckedTickets> {
    let Some(raw) = raw else {
        let expected = "a section `[tickets]`";
        for ticket in &services {
            let found = "a ticket, and nothing about tickets";
            mistakes.wrong(Code::Misplaced, ticket.1.at.clone(), found, expected);
        }
        for one in &appointments {
            let found = "appointments, and nothing about tickets";
            mistakes.wrong(Code::Misplaced, one.at.clone(), found, expected);
        }
        return None;
    };
    let at = raw.at.clone();
    if services.is_empty() {
        let found = "`[tickets]`, and no service that gives numbers";
        mistakes.wrong(Code::Empty, at.clone(), found, "`ticket = \"A\"` in a service");
    }
    let has_ticket = |id: ServiceId| services.iter().any(|&(of, _)| of == id);
    let service = |name: &Spanned<&str>, book: &mut Book, mistakes: &mut Mistakes| {
        let found = book.services.find(name, mistakes)?;
        let id = ServiceId(u16::try_from(found).ok()?);
        if !has_ticket(id) {
            let found = format!("no numbers are taken for service `{}`", name.get_ref());
            let expected = "one that says `ticket = \"A\"`";
            mistakes.wrong(Code::Misplaced, name.span(), found, expected);
        }
        Some(id)
    };
    let mut schedules = Vec::new();
    for one in appointments {
        let ids = one.services.iter().filter_map(|name| service(name, book, mistakes)).collect();
        let class = one.class.as_ref().and_then(|name| class(name, book, mistakes));
        let rule = Schedule { services: ids, class: class.unwrap_or(ClassId(0)), ..one.rule };
        if let Some(what) = rule.mistake().filter(|_| !rule.services.is_empty()) {
            let expected = "slots that fit into the hours, and are void after they are late";
            let found = format!("appointments that cannot be: {what}");
            mistakes.wrong(Code::BadTime, one.at.clone(), found, expected);
        }
        schedules.push(rule);
    }
    for (id, ticket) in &services {
        let is_booked = schedules.iter().any(|rule| rule.services.contains(id));
        if let Some(at) = ticket.quota_at.clone().filter(|_| !is_booked) {
            let found = "a quota on a service without appointments";
            let expected =
                "`[appointments]` for it: a hall that takes none may not limit how many come";
            mistakes.wrong(Code::Misplaced, at, found, expected);
        }
    }
    let pair = |names: &[Spanned<&str>; 2], book: &mut Book, mistakes: &mut Mistakes| {
        let [one, other] = [&names[0], &names[1]].map(|name| service(name, book, mistakes));
        Some([one?, other?])
    };
    let apart: Vec<_> = raw.apart.iter().filter_map(|names| pair(names, book, mistakes)).collect();
    let mut marks = Vec::new();
    for (name, mark) in raw.marks {
        marks.extend(class(&name, book, mistakes).map(|class| (class, mark)));
    }
    let topped = raw.top.as_ref().and_then(|name| class(name, book, mistakes));
    let calendar = calendars.of_tickets(raw.calendar.as_ref(), at.clone(), book, mistakes)?;
    let rules: Vec<_> =
        services.into_iter().map(|(service, raw)| TicketService { service, ..raw.rule }).collect();
    let make = move |calendar| {
        let usual = TicketRulesDraft::new(calendar);
        TicketRulesDraft {
            services: rules,
            apart,
            marks,
            cart_at_most: raw.cart_at_most.unwrap_or(usual.cart_at_most),
            digits: raw.digits.unwrap_or(usual.digits),
            wraps_at: raw.wraps_at.unwrap_or(usual.wraps_at),
            opens_before_ms: raw.opens_before_ms,
            stops_before_ms: raw.stops_before_ms,
            recalls_at_most: raw.recalls_at_most.unwrap_or(usual.recalls_at_most),
            recall_gap_ms: raw.recall_gap_ms.unwrap_or(usual.recall_gap_ms),
            call_lasts_ms: raw.call_lasts_ms,
            take_back_last: raw.take_back.unwrap_or(usual.take_back_last),
            topped,
            ahead_at_most: raw.ahead_at_most,
            schedules,
            calendar: usual.calendar,
        }
    };
    Some(CheckedTickets { calendar, at, make: Box::new(make) })
}

fn class(name: &Spanned<&str>, book: &mut Book, mistakes: &mut Mistakes) -> Option<ClassId> {
    let found = book.classes.find(name, mistakes)?;
    u8::try_from(found).ok().map(ClassId)
}

impl CheckedTickets {
    /// The rules of tickets over those of the engine. What is wrong even so is said at `[tickets]`.
    pub(super) fn rules(
        self,
        rules: &Rules,
        calendars: &[Calendar],
        mistakes: &mut Mistakes,
    ) -> Option<TicketRules> {
        let calendar = calendars.get(self.calendar.index())?.clone();
        let checked = (self.make)(calendar).check(rules);
        for error in checked.as_ref().err().into_iter().flatten() {
            let expected = "rules of tickets that hold";
            mistakes.wrong(Code::Misplaced, self.at.clone(), error.to_string(), expected);
        }
        checked.ok()
    }
}
