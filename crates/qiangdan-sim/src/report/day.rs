//! One day, told as it happens.
//!
//! The driver's hot path: every method is an addition or a push to a list that keeps its memory
//! from day to day. Instants are milliseconds since the day's local midnight.

use qiangdan::{LadderId, ServiceId};

use super::shape::{Grid, HALF_HOUR_MS, Shape};

/// What happened on one day, or in one replication.
///
/// Made once per thread and used again: [`Tally::merge`](super::Tally::merge) empties it. An
/// arrival outside the shape's half hours counts to the nearest one.
#[derive(Clone, Debug)]
pub struct Day {
    pub(super) grid: Grid,
    pub(super) arrived: Vec<u32>,
    pub(super) claimed: Vec<Waited>,
    pub(super) abandoned: Vec<Waited>,
    pub(super) still_waiting: Vec<Waited>,
    pub(super) breaches: Vec<u32>,
    pub(super) stages: Vec<u32>,
    pub(super) windows: Vec<WindowDay>,
    pub(super) queue: Steps,
    pub(super) open: Steps,
    stage_starts: Vec<usize>,
}

/// How long one order waited, and where it is counted: `service × half hours + half hour`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Waited {
    pub(super) cell: u32,
    pub(super) wait_ms: u32,
}

/// What one window did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct WindowDay {
    pub(super) open_ms: u64,
    pub(super) busy_ms: u64,
    pub(super) orders: u32,
}

impl Day {
    /// An empty day.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        let grid = shape.grid();
        let stage_starts = shape.stage_starts();
        Self {
            grid,
            arrived: vec![0; shape.services.len() * grid.len()],
            claimed: Vec::new(),
            abandoned: Vec::new(),
            still_waiting: Vec::new(),
            breaches: vec![0; shape.services.len()],
            stages: vec![0; stage_starts.last().copied().unwrap_or(0)],
            windows: vec![WindowDay::default(); shape.windows.len()],
            queue: Steps::new(grid),
            open: Steps::new(grid),
            stage_starts,
        }
    }

    /// Forgets the day, keeps the memory.
    pub fn clear(&mut self) {
        self.arrived.fill(0);
        self.claimed.clear();
        self.abandoned.clear();
        self.still_waiting.clear();
        self.breaches.fill(0);
        self.stages.fill(0);
        self.windows.fill(WindowDay::default());
        self.queue.clear();
        self.open.clear();
    }

    /// An order came in.
    ///
    /// # Panics
    ///
    /// Here and below: if the service, window, ladder or stage is not in the shape.
    #[inline]
    pub fn arrived(&mut self, service: ServiceId, at_ms: u64) {
        let cell = self.cell(service, at_ms);
        self.arrived[cell as usize] += 1;
    }

    /// An order that came in at `arrived_ms` was claimed for the first time, after `wait_ms`.
    #[inline]
    pub fn claimed(&mut self, service: ServiceId, arrived_ms: u64, wait_ms: u64) {
        let waited = self.waited(service, arrived_ms, wait_ms);
        self.claimed.push(waited);
    }

    /// Somebody gave up after `wait_ms`, never having been claimed.
    #[inline]
    pub fn abandoned(&mut self, service: ServiceId, arrived_ms: u64, wait_ms: u64) {
        let waited = self.waited(service, arrived_ms, wait_ms);
        self.abandoned.push(waited);
    }

    /// The day ended and this order, never claimed, had waited `wait_ms`.
    #[inline]
    pub fn still_waiting(&mut self, service: ServiceId, arrived_ms: u64, wait_ms: u64) {
        let waited = self.waited(service, arrived_ms, wait_ms);
        self.still_waiting.push(waited);
    }

    /// From `at_ms` on, `orders` orders wait. Told on every change, in the order of time; a length
    /// that lasts no time leaves no mark.
    #[inline]
    pub fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        self.queue.set(at_ms, orders);
    }

    /// From `at_ms` on, `windows` windows are open. Told on every change, in the order of time.
    #[inline]
    pub fn open_now(&mut self, at_ms: u64, windows: u32) {
        self.open.set(at_ms, windows);
    }

    /// Adds to what a window did: how long it was open, how long busy, how many orders it claimed.
    #[inline]
    pub fn window(&mut self, window: usize, open_ms: u64, busy_ms: u64, orders: u32) {
        let day = &mut self.windows[window];
        day.open_ms += open_ms;
        day.busy_ms += busy_ms;
        day.orders += orders;
    }

    /// A stage of a ladder fired; the first stage is 0.
    #[inline]
    pub fn stage(&mut self, ladder: LadderId, stage: usize) {
        let at = self.stage_starts[ladder.index()] + stage;
        assert!(at < self.stage_starts[ladder.index() + 1], "{ladder} has no stage {stage}");
        self.stages[at] += 1;
    }

    /// The wait limit of an order passed while it still waited.
    #[inline]
    pub fn breach(&mut self, service: ServiceId) {
        self.breaches[service.index()] += 1;
    }

    #[inline]
    fn waited(&self, service: ServiceId, arrived_ms: u64, wait_ms: u64) -> Waited {
        let wait_ms = u32::try_from(wait_ms).unwrap_or(u32::MAX);
        Waited { cell: self.cell(service, arrived_ms), wait_ms }
    }

    #[inline]
    fn cell(&self, service: ServiceId, at_ms: u64) -> u32 {
        let cell = u64::from(service.0) * self.grid.len() as u64 + self.grid.nearest(at_ms);
        debug_assert!(cell < self.arrived.len() as u64, "{service} is not in the shape");
        u32::try_from(cell).expect("65,536 services × 65,536 half hours fit")
    }
}

/// A count that changes in steps: its area and its largest value, per half hour.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    grid: Grid,
    at_ms: u64,
    count: u32,
    /// Count × milliseconds.
    pub(super) area: Vec<u64>,
    pub(super) max: Vec<u32>,
}

impl Steps {
    fn new(grid: Grid) -> Self {
        Self { grid, at_ms: 0, count: 0, area: vec![0; grid.len()], max: vec![0; grid.len()] }
    }

    fn clear(&mut self) {
        (self.at_ms, self.count) = (0, 0);
        self.area.fill(0);
        self.max.fill(0);
    }

    #[inline]
    fn set(&mut self, at_ms: u64, count: u32) {
        if at_ms > self.at_ms {
            if self.count > 0 {
                self.hold_until(at_ms);
            }
            self.at_ms = at_ms;
        }
        self.count = count;
    }

    /// Holds the present count to the end of the last half hour.
    pub(super) fn finish(&mut self) {
        self.set(self.grid.end_ms(), 0);
    }

    fn hold_until(&mut self, until_ms: u64) {
        let until_ms = until_ms.min(self.grid.end_ms());
        let mut from_ms = self.at_ms.max(self.grid.start_ms());
        while from_ms < until_ms {
            let end_ms = until_ms.min((from_ms / HALF_HOUR_MS + 1) * HALF_HOUR_MS);
            let half_hour = usize::try_from(self.grid.nearest(from_ms)).expect("below `grid.len`");
            self.area[half_hour] += u64::from(self.count) * (end_ms - from_ms);
            self.max[half_hour] = self.max[half_hour].max(self.count);
            from_ms = end_ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Gates, Name, Target};

    fn steps() -> Steps {
        let target = Target { within_ms: 1, share: 0.9, gates: Gates::Day };
        let (services, windows, ladders) = (vec![], vec![], vec![]);
        let (hall, first_half_hour, last_half_hour) = (Name::default(), 1, 3);
        let shape =
            Shape { hall, services, windows, ladders, target, first_half_hour, last_half_hour };
        Day::new(&shape).queue
    }

    #[test]
    fn a_step_over_several_half_hours_counts_in_each() {
        let mut queue = steps();
        queue.set(HALF_HOUR_MS / 2, 2);
        queue.set(2 * HALF_HOUR_MS + 10, 5);
        queue.set(2 * HALF_HOUR_MS + 12, 0);
        queue.finish();
        assert_eq!(queue.area, [2 * HALF_HOUR_MS, 20 + 10, 0]);
        assert_eq!(queue.max, [2, 5, 0]);
    }

    #[test]
    fn a_length_that_lasts_no_time_leaves_no_mark() {
        let mut queue = steps();
        queue.set(HALF_HOUR_MS, 1);
        queue.set(HALF_HOUR_MS, 0);
        queue.finish();
        assert_eq!((queue.area[0], queue.max[0]), (0, 0));
    }

    #[test]
    fn the_last_length_holds_to_the_end_of_the_day_and_not_beyond() {
        let mut queue = steps();
        queue.set(4 * HALF_HOUR_MS - 1, 3);
        queue.finish();
        queue.set(9 * HALF_HOUR_MS, 7);
        assert_eq!(queue.area, [0, 0, 3]);
    }
}
