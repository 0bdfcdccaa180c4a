//! Keeps the figures of a day while it is driven.

use qiangdan::{ClerkId, Event, EventKind, Rules, ServiceId};

use crate::{
    driver::{Record, Visit},
    report::Day,
};

/// One day's figures, told by the driver.
#[derive(Debug)]
pub(crate) struct Keeper<'a> {
    pub(crate) day: Day,
    rules: &'a Rules,
    /// The window of each clerk.
    window_of: &'a [usize],
    /// When the day began, in milliseconds of the run.
    start_ms: u64,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(day: Day, rules: &'a Rules, window_of: &'a [usize]) -> Self {
        Self { day, rules, window_of, start_ms: 0 }
    }

    /// The day that follows begins at this instant of the run.
    pub(crate) fn begin(&mut self, start_ms: u64) {
        self.start_ms = start_ms;
    }

    fn of_day(&self, at_ms: u64) -> u64 {
        at_ms.saturating_sub(self.start_ms)
    }
}

impl Record for Keeper<'_> {
    fn arrived(&mut self, visit: &Visit) {
        self.day.arrived(visit.service, self.of_day(visit.at_ms));
    }

    fn claimed(&mut self, visit: &Visit, wait_ms: u64) {
        self.day.claimed(visit.service, self.of_day(visit.at_ms), wait_ms);
    }

    fn abandoned(&mut self, visit: &Visit, wait_ms: u64) {
        self.day.abandoned(visit.service, self.of_day(visit.at_ms), wait_ms);
    }

    fn still_waiting(&mut self, visit: &Visit, wait_ms: u64) {
        self.day.still_waiting(visit.service, self.of_day(visit.at_ms), wait_ms);
    }

    fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        self.day.waiting_now(self.of_day(at_ms), orders);
    }

    fn open_now(&mut self, at_ms: u64, windows: u32) {
        self.day.open_now(self.of_day(at_ms), windows);
    }

    fn served(&mut self, clerk: ClerkId, from_ms: u64, to_ms: u64) {
        self.day.window(self.window_of[clerk.index()], 0, to_ms - from_ms, 1);
    }

    fn present(&mut self, clerk: ClerkId, from_ms: u64, to_ms: u64) {
        self.day.window(self.window_of[clerk.index()], to_ms - from_ms, 0, 0);
    }

    fn event(&mut self, event: &Event, visit: Option<&Visit>) {
        let Some(service) = visit.map(|visit| visit.service) else { return };
        tell(&mut self.day, self.rules, event, service);
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
