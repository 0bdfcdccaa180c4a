//! Keeps the figures of days while they are driven.

use qiangdan::{ClerkId, Event, EventKind, Rules, ServiceId};

use crate::{
    driver::{Record, Visit},
    promises::ClockKeeper,
    report::Day,
};

/// The figures of one day or several, told by the driver.
#[derive(Debug)]
pub(crate) struct Keeper<'a> {
    pub(crate) days: Vec<Day>,
    /// When each day begins, in milliseconds of the run; rising.
    starts_ms: Vec<u64>,
    rules: &'a Rules,
    /// The window of each clerk.
    window_of: &'a [usize],
    waiting: Level,
    open: Level,
    pub(crate) clocks: ClockKeeper,
}

/// A count that goes on into the next day.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    day: usize,
    count: u32,
}

impl<'a> Keeper<'a> {
    /// For days that begin at `starts_ms` of the run.
    pub(crate) fn new(
        days: Vec<Day>,
        starts_ms: Vec<u64>,
        rules: &'a Rules,
        window_of: &'a [usize],
    ) -> Self {
        assert_eq!(days.len(), starts_ms.len(), "each day has a beginning");
        let (waiting, open) = (Level::default(), Level::default());
        let clocks = ClockKeeper::new(rules);
        Self { days, starts_ms, rules, window_of, waiting, open, clocks }
    }

    /// The only day begins again, at another instant of the run.
    pub(crate) fn begin(&mut self, start_ms: u64) {
        self.starts_ms[0] = start_ms;
    }

    /// The day an instant belongs to, and the instant within it.
    fn find(&self, at_ms: u64) -> (usize, u64) {
        let day = match self.starts_ms[..] {
            [_] => 0,
            _ => self.starts_ms.partition_point(|&start| start <= at_ms).saturating_sub(1),
        };
        (day, at_ms.saturating_sub(self.starts_ms[day]))
    }
}

impl Record for Keeper<'_> {
    fn arrived(&mut self, visit: &Visit) {
        let (day, at_ms) = self.find(visit.at_ms);
        self.days[day].arrived(visit.service, at_ms);
    }

    fn claimed(&mut self, visit: &Visit, wait_ms: u64) {
        let (day, at_ms) = self.find(visit.at_ms);
        self.days[day].claimed(visit.service, at_ms, wait_ms);
    }

    fn abandoned(&mut self, visit: &Visit, wait_ms: u64) {
        let (day, at_ms) = self.find(visit.at_ms);
        self.days[day].abandoned(visit.service, at_ms, wait_ms);
    }

    fn still_waiting(&mut self, visit: &Visit, wait_ms: u64) {
        let (day, at_ms) = self.find(visit.at_ms);
        self.days[day].still_waiting(visit.service, at_ms, wait_ms);
    }

    fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        let (day, at_ms) = self.find(at_ms);
        if day != self.waiting.day {
            self.days[day].waiting_now(0, self.waiting.count);
        }
        self.waiting = Level { day, count: orders };
        self.days[day].waiting_now(at_ms, orders);
    }

    fn open_now(&mut self, at_ms: u64, windows: u32) {
        let (day, at_ms) = self.find(at_ms);
        if day != self.open.day {
            self.days[day].open_now(0, self.open.count);
        }
        self.open = Level { day, count: windows };
        self.days[day].open_now(at_ms, windows);
    }

    fn served(&mut self, clerk: ClerkId, from_ms: u64, to_ms: u64) {
        let (day, _) = self.find(from_ms);
        self.days[day].window(self.window_of[clerk.index()], 0, to_ms - from_ms, 1);
    }

    fn present(&mut self, clerk: ClerkId, from_ms: u64, to_ms: u64) {
        let (first, _) = self.find(from_ms);
        for day in first..self.days.len() {
            let from_ms = if day == first { from_ms } else { self.starts_ms[day] };
            let ends_ms = self.starts_ms.get(day + 1).map_or(to_ms, |&next| next.min(to_ms));
            if from_ms >= to_ms {
                break;
            }
            let open_ms = ends_ms.saturating_sub(from_ms);
            self.days[day].window(self.window_of[clerk.index()], open_ms, 0, 0);
        }
    }

    fn event(&mut self, event: &Event, visit: Option<&Visit>) {
        self.clocks.event(event);
        let Some(visit) = visit else { return };
        let (day, _) = self.find(visit.at_ms);
        tell(&mut self.days[day], self.rules, event, visit.service);
    }
}

/// Counts a stage or a breach.
pub(crate) fn tell(day: &mut Day, rules: &Rules, event: &Event, service: ServiceId) {
    match event.kind {
        EventKind::StageReached { stage, .. } => {
            if let Some(ladder) = rules.service(service).and_then(|rule| rule.ladder) {
                day.stage(ladder, usize::from(stage));
            }
        }
        EventKind::LimitBreached { .. } => day.breach(service),
        _ => {}
    }
}
