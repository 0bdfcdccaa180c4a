//! `[arrivals]`: who comes, when and for what.

use std::ops::Range;

use toml::Spanned;

use super::{
    Code, Share, Span, Takes,
    book::Book,
    mistake::Mistakes,
    span::time_of_day,
    table::{Entry, Table},
    takes, value,
};
use crate::{ClassId, ServiceId};

/// Who comes on one day (到达).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Arrivals {
    /// When people may come in. No slot reaches beyond.
    pub doors: Span,
    /// How many are expected when, in order, without overlap.
    pub slots: Vec<Slot>,
    /// The share of each service that anybody comes for; the shares add up to 1.
    pub mix: Vec<(ServiceId, f64)>,
    /// The share of each class that occurs, the ordinary one first; the shares add up to 1.
    pub classes: Vec<(ClassId, f64)>,
    /// How long a person waits before leaving, unless they wait for ever.
    pub leave_after: Option<Takes>,
}

/// So many orders in this time.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Slot {
    /// When it begins, in milliseconds of the day.
    pub from_ms: u64,
    /// When it ends, in milliseconds of the day.
    pub to_ms: u64,
    /// How many orders are expected in it.
    pub expected: f64,
}

impl Arrivals {
    /// How many orders are expected in a day.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.slots.iter().map(|slot| slot.expected).sum()
    }
}

impl Slot {
    /// Its span of the day.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { from_ms: self.from_ms, to_ms: self.to_ms }
    }
}

/// Arrivals as written.
#[derive(Debug)]
pub(super) struct RawArrivals<'d> {
    doors: Option<Spanned<Span>>,
    slots: Vec<Spanned<Slot>>,
    mix: Vec<(Spanned<&'d str>, f64)>,
    mix_at: Range<usize>,
    classes: Vec<(Spanned<&'d str>, Spanned<Share>)>,
    leave_after: Option<Takes>,
}

impl<'d> RawArrivals<'d> {
    pub(super) fn read(table: &Table<'d>, mistakes: &mut Mistakes) -> Self {
        table.only(&["doors", "per", "rates", "mix", "classes", "leave_after"], mistakes);
        let doors = table.get("doors").and_then(|value| value::span(value, mistakes));
        let per = table.get("per").map(|value| value::natural_ms(value, mistakes));
        let per_ms = per.map_or(Some(30 * 60_000), |per| per.map(Spanned::into_inner));
        let rates = read_table(table, "rates", r#"{ "09:00" = 40, "09:30" = 66 }"#, mistakes);
        let mut slots = Vec::new();
        for entry in rates.iter().flat_map(Table::entries) {
            slots.extend(read_slot(entry, per_ms, mistakes));
        }
        slots.sort_by_key(|slot| slot.get_ref().from_ms);
        let mix = read_table(table, "mix", "{ id-card = 70, company-open = 30 }", mistakes);
        let mix_at = mix.as_ref().map_or(0..0, |mix| mix.at.clone());
        let parts = mix.iter().flat_map(Table::entries).filter_map(|entry| {
            let parts = value::number(entry.value, "a number of parts such as `70`", mistakes)?;
            Some((entry.key.clone(), parts.into_inner()))
        });
        let mix = parts.collect();
        let classes = table
            .get("classes")
            .and_then(|value| Table::read("`classes`", value, r#"{ elderly = "8 %" }"#, mistakes));
        let shares = classes
            .iter()
            .flat_map(Table::entries)
            .filter_map(|entry| Some((entry.key.clone(), value::share(entry.value, mistakes)?)));
        let classes = shares.collect();
        let leave_after = table.get("leave_after");
        let leave_after = leave_after.and_then(|value| takes::read(value, mistakes));
        Self { doors, slots, mix, mix_at, classes, leave_after }
    }

    /// Looks references up and adds shares up. `None` goes with a mistake.
    pub(super) fn check(&self, book: &mut Book, mistakes: &mut Mistakes) -> Option<Arrivals> {
        self.check_slots(mistakes);
        let mix = self.check_mix(book, mistakes);
        let classes = self.check_classes(book, mistakes);
        let first = self.slots.first()?.get_ref().from_ms;
        let last = self.slots.last()?.get_ref().to_ms;
        let whole = Span { from_ms: first, to_ms: last };
        Some(Arrivals {
            doors: self.doors.as_ref().map_or(whole, |doors| *doors.get_ref()),
            slots: self.slots.iter().map(|slot| *slot.get_ref()).collect(),
            mix,
            classes,
            leave_after: self.leave_after,
        })
    }

    fn check_slots(&self, mistakes: &mut Mistakes) {
        for pair in self.slots.windows(2) {
            let [before, slot] = pair else { continue };
            if before.get_ref().to_ms > slot.get_ref().from_ms {
                let found = format!(
                    "the slot of `{}` is not over by then",
                    time_of_day(before.get_ref().from_ms)
                );
                let expected = "slots apart from each other; `per` says how long each is";
                mistakes.wrong(Code::Overlap, slot.span(), found, expected);
            }
        }
        let Some(doors) = self.doors.as_ref().map(|doors| *doors.get_ref()) else { return };
        for slot in &self.slots {
            let span = slot.get_ref().span();
            if span.shared_ms(doors) < span.lasts_ms() {
                let found = format!("people who come {span}, when the doors are not open");
                mistakes.wrong(Code::DoorsClosed, slot.span(), found, format!("{doors} only"));
            }
        }
    }

    fn check_mix(&self, book: &mut Book, mistakes: &mut Mistakes) -> Vec<(ServiceId, f64)> {
        let whole: f64 = self.mix.iter().map(|&(_, parts)| parts).sum();
        if whole <= 0.0 && !self.mix_at.is_empty() {
            let found = "a mix of nothing";
            mistakes.wrong(Code::Empty, self.mix_at.clone(), found, "a service with some parts");
        }
        let mut mix = Vec::new();
        for (service, parts) in &self.mix {
            let found = book.services.find(service, mistakes);
            if let Some(id) = found.and_then(|found| u16::try_from(found).ok())
                && *parts > 0.0
            {
                mix.push((ServiceId(id), parts / whole));
            }
        }
        mix
    }

    fn check_classes(&self, book: &mut Book, mistakes: &mut Mistakes) -> Vec<(ClassId, f64)> {
        let (mut classes, mut sum) = (vec![(ClassId(0), 1.0)], 0.0);
        for (class, share) in &self.classes {
            if *class.get_ref() == "ordinary" {
                let found = "a share of the ordinary class";
                mistakes.wrong(
                    Code::BadWord,
                    class.span(),
                    found,
                    "the other classes; it is the rest",
                );
                continue;
            }
            let Some(found) = book.classes.find(class, mistakes) else { continue };
            let part = share.get_ref().to_f64();
            sum += part;
            if sum > 1.0 + 1e-9 {
                let found = "classes that add up to more than 100 %";
                mistakes.wrong(Code::MoreThanWhole, share.span(), found, "100 % at most");
            }
            classes.push((ClassId(u8::try_from(found).unwrap_or(0)), part));
        }
        classes[0].1 = (1.0 - sum).max(0.0);
        classes
    }

    /// Where the slot that covers a time of day stands.
    pub(super) fn place(&self, ms: u64) -> Range<usize> {
        let covers = |slot: &&Spanned<Slot>| slot.get_ref().to_ms > ms;
        self.slots.iter().find(covers).map_or(0..0, Spanned::span)
    }
}

fn read_table<'d>(
    table: &Table<'d>,
    key: &str,
    like: &str,
    mistakes: &mut Mistakes,
) -> Option<Table<'d>> {
    let value = table.need(key, like, mistakes)?;
    let read = Table::read(format!("`{key}`"), value, like, mistakes)?;
    if read.entries().next().is_none() {
        mistakes.wrong(Code::Empty, value.span(), "an empty table", format!("`{like}`"));
    }
    Some(read)
}

fn read_slot(
    entry: &Entry<'_>,
    per_ms: Option<u64>,
    mistakes: &mut Mistakes,
) -> Option<Spanned<Slot>> {
    const DAY_MS: u64 = 24 * 3_600_000;
    let from_ms = value::time_ms(&entry.key, mistakes);
    let expected = value::number(entry.value, "a number of orders such as `40`", mistakes);
    let (from_ms, expected, to_ms) = (from_ms?, expected?.into_inner(), from_ms? + per_ms?);
    if to_ms > DAY_MS {
        let found = format!("a slot from `{}` that ends after midnight", entry.key.get_ref());
        mistakes.wrong(Code::BadTime, entry.key.span(), found, "slots within one day");
        return None;
    }
    Some(Spanned::new(entry.key.span(), Slot { from_ms, to_ms, expected }))
}
