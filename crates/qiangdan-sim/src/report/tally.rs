//! Many days, merged in any order.
//!
//! What grows with orders is kept exactly: every wait, per service and half hour of arrival. What
//! intervals need is kept per day, with the day's number. Nothing is added up in floating point
//! before the days are in order, so the report does not depend on who merged what when.

use super::{
    day::{Day, Waited, WindowDay},
    interval::Counted,
    shape::Shape,
};

/// The sum of days, from which a [`Report`](super::Report) is made.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) shape: Shape,
    /// `service × half hours + half hour`.
    pub(super) cells: Vec<Cell>,
    /// Per service.
    pub(super) breaches: Vec<u64>,
    /// All stages of all ladders.
    pub(super) stages: Vec<u64>,
    pub(super) days: Vec<DayRow>,
}

/// Orders of one service that arrived in one half hour, over all days.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) arrived: u64,
    pub(super) abandoned: u64,
    pub(super) abandoned_late: u64,
    pub(super) still_waiting: u64,
    pub(super) still_waiting_late: u64,
    /// Waits until the first claim, in milliseconds.
    pub(super) claimed: Vec<u32>,
    /// Waits of those never claimed.
    pub(super) unclaimed: Vec<u32>,
}

/// What intervals need of one day.
#[derive(Clone, Debug)]
pub(super) struct DayRow {
    pub(super) number: u32,
    pub(super) all: Counted,
    pub(super) services: Vec<Counted>,
    pub(super) half_hours: Vec<Counted>,
    pub(super) queue_area: Vec<u64>,
    pub(super) queue_max: Vec<u32>,
    pub(super) open_area: Vec<u64>,
    pub(super) windows: Vec<WindowDay>,
}

impl Tally {
    /// No days yet.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let stages = shape.ladders.iter().map(|ladder| ladder.stages.len()).sum();
        let cells = vec![Cell::default(); shape.services.len() * shape.grid().len()];
        let breaches = vec![0; shape.services.len()];
        Self { shape, cells, breaches, stages: vec![0; stages], days: Vec::new() }
    }

    /// What was fixed before the first day.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Adds the day numbered `number` and empties it, ready to be used again.
    ///
    /// Each number is to be merged once, in any order.
    ///
    /// # Panics
    ///
    /// If the day was made for another shape.
    pub fn merge(&mut self, number: u32, day: &mut Day) {
        assert_eq!(day.arrived.len(), self.cells.len(), "the day is of another shape");
        let mut row = DayRow::new(number, day, &self.shape);
        for (cell, &arrived) in self.cells.iter_mut().zip(&day.arrived) {
            cell.arrived += u64::from(arrived);
        }
        let target_ms = self.target_ms();
        for &waited in &day.claimed {
            row.count(waited, waited.wait_ms <= target_ms);
            self.cells[waited.cell as usize].claimed.push(waited.wait_ms);
        }
        for &waited in &day.abandoned {
            let cell = &mut self.cells[waited.cell as usize];
            cell.abandoned += 1;
            cell.abandoned_late += u64::from(waited.wait_ms > target_ms);
        }
        for &waited in &day.still_waiting {
            let cell = &mut self.cells[waited.cell as usize];
            cell.still_waiting += 1;
            cell.still_waiting_late += u64::from(waited.wait_ms > target_ms);
        }
        for &waited in day.abandoned.iter().chain(&day.still_waiting) {
            self.cells[waited.cell as usize].unclaimed.push(waited.wait_ms);
            if waited.wait_ms > target_ms {
                row.count(waited, false);
            }
        }
        add(&mut self.breaches, &day.breaches);
        add(&mut self.stages, &day.stages);
        self.days.push(row);
        day.clear();
    }

    /// Adds all days of `other`, which was filled on another thread.
    ///
    /// # Panics
    ///
    /// If it is of another shape.
    pub fn join(&mut self, other: Self) {
        assert!(self.shape == other.shape, "the tally is of another shape");
        for (cell, other) in self.cells.iter_mut().zip(other.cells) {
            cell.join(other);
        }
        add(&mut self.breaches, &other.breaches);
        add(&mut self.stages, &other.stages);
        self.days.extend(other.days);
    }

    pub(super) fn target_ms(&self) -> u32 {
        u32::try_from(self.shape.target.within_ms).unwrap_or(u32::MAX)
    }
}

impl Cell {
    fn join(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.abandoned += other.abandoned;
        self.abandoned_late += other.abandoned_late;
        self.still_waiting += other.still_waiting;
        self.still_waiting_late += other.still_waiting_late;
        self.claimed.extend(other.claimed);
        self.unclaimed.extend(other.unclaimed);
    }
}

impl DayRow {
    fn new(number: u32, day: &mut Day, shape: &Shape) -> Self {
        day.queue.finish();
        day.open.finish();
        Self {
            number,
            all: Counted::default(),
            services: vec![Counted::default(); shape.services.len()],
            half_hours: vec![Counted::default(); day.grid.len()],
            queue_area: day.queue.area.clone(),
            queue_max: day.queue.max.clone(),
            open_area: day.open.area.clone(),
            windows: day.windows.clone(),
        }
    }

    fn count(&mut self, waited: Waited, is_within: bool) {
        let (cell, half_hours) = (waited.cell as usize, self.half_hours.len());
        self.all.add(is_within);
        self.services[cell / half_hours].add(is_within);
        self.half_hours[cell % half_hours].add(is_within);
    }
}

fn add<T: Copy + Into<u64>>(sums: &mut [u64], counts: &[T]) {
    for (sum, &count) in sums.iter_mut().zip(counts) {
        *sum += count.into();
    }
}
