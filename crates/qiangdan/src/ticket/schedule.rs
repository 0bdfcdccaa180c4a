//! Appointments (预约): slots of a day, how many each takes, and when who comes is in time.

use crate::{
    ClassId, ServiceId, Wall,
    calendar::{Calendar, Day, OpenSpan},
};

/// Which appointments there are for some services.
///
/// There is a slot every [`every_ms`](Self::every_ms) from the beginning of each span of
/// [`hours`](Self::hours), as long as it fits into it, on every day on which the hall is open all
/// that time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// For which services.
    pub services: Vec<ServiceId>,
    /// What comes before the prefix of the service on the ticket: `Y`.
    pub mark: String,
    /// The class of who comes in time, which gives the head start.
    pub class: ClassId,
    /// When slots begin and end, by the time of day.
    pub hours: Vec<OpenSpan>,
    /// How long a slot is, in milliseconds.
    pub every_ms: u32,
    /// How many appointments a slot takes.
    pub each: u32,
    /// How many days ahead one may book; 0 is today only.
    pub days_ahead: u32,
    /// How long before the slot booking closes, in milliseconds.
    pub closes_before_ms: u64,
    /// How long before the slot one may take the number, in milliseconds; who is early is called from
    /// the beginning of the slot on.
    pub early_ms: u64,
    /// How long after the beginning of the slot one is still in time, in milliseconds. Who comes later
    /// has lost the head start, but not a place like everybody's.
    pub grace_ms: u64,
    /// How long after the beginning of the slot the appointment is void, in milliseconds. At exactly so
    /// long it is not yet.
    pub void_after_ms: u64,
}

/// A slot and how many more it takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FreeSlot {
    /// When it begins.
    pub begins: Wall,
    /// How many more appointments it takes.
    pub free: u32,
}

impl Schedule {
    /// Appointments every half hour between these times, for one each: in time from half an hour
    /// before until a quarter past, void after half an hour, closed ten minutes before.
    // Source: the rules of a city's platform that is in use (平潭综合实验区行政服务中心).
    #[must_use]
    pub fn new(services: &[ServiceId], hours: &[OpenSpan]) -> Self {
        const MINUTE_MS: u64 = 60_000;
        Self {
            services: services.to_vec(),
            mark: "Y".to_owned(),
            class: ClassId(0),
            hours: hours.to_vec(),
            every_ms: 1_800_000,
            each: 1,
            days_ahead: 7,
            closes_before_ms: 10 * MINUTE_MS,
            early_ms: 30 * MINUTE_MS,
            grace_ms: 15 * MINUTE_MS,
            void_after_ms: 30 * MINUTE_MS,
        }
    }

    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let is_backwards = |span: &OpenSpan| span.from_ms >= span.to_ms;
        let overlap = |pair: &[OpenSpan]| pair[0].to_ms > pair[1].from_ms;
        if self.services.is_empty() {
            Some("for no service")
        } else if self.every_ms == 0 {
            Some("slots without length")
        } else if self.hours.iter().any(is_backwards) || self.hours.windows(2).any(overlap) {
            Some("hours that do not rise")
        } else if self.begins().next().is_none() {
            Some("no slot fits into the hours")
        } else if self.each == 0 {
            Some("slots that take nobody")
        } else if self.grace_ms > self.void_after_ms {
            Some("in time for longer than it is valid")
        } else {
            None
        }
    }

    /// The slots of a day, in milliseconds of the day.
    fn begins(&self) -> impl Iterator<Item = u32> {
        self.hours.iter().flat_map(|span| {
            let fits =
                |at: &u32| at.checked_add(self.every_ms).is_some_and(|end| end <= span.to_ms);
            let step = usize::try_from(self.every_ms.max(1)).unwrap_or(usize::MAX);
            (span.from_ms..span.to_ms).step_by(step).take_while(fits)
        })
    }

    /// The slots of a day on which the hall is open throughout each; none beyond the calendar.
    pub(super) fn slots<'a>(
        &'a self,
        calendar: &'a Calendar,
        day: Day,
    ) -> impl Iterator<Item = Wall> + 'a {
        self.begins().filter_map(move |ms| {
            let from = calendar.instant(day, ms).ok()?;
            let until = Wall(from.0.saturating_add(self.every_ms.into()));
            let mut spans = calendar.open_spans(day).ok()?;
            spans.any(|(opens, shuts)| opens <= from && until <= shuts).then_some(from)
        })
    }
}

/// `ms` milliseconds before or after an instant on the wall.
pub(super) fn before(at: Wall, ms: u64) -> Wall {
    Wall(at.0.saturating_sub_unsigned(ms))
}

pub(super) fn after(at: Wall, ms: u64) -> Wall {
    Wall(at.0.saturating_add_unsigned(ms))
}
