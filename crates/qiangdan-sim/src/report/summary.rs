//! From tally to report.

use super::{
    figures::{
        Curve, Escalation, HalfHour, Outcome, Queue, Recorded, RecordedHalfHour, Report, SCHEMA,
        Service, Source, Totals, Use, Verdict, Verdicts, Wait, WindowUse, Within, tidy,
    },
    interval::Confidence,
    shape::{Gates, HALF_HOUR_MS, Target},
    tally::{Cell, DayRow, Tally},
    waits::Waits,
};

/// A half hour with fewer orders than this over the run is not called the worst, unless none has
/// more.
const HANDFUL: u64 = 30;

/// The curve has about this many points.
const CURVE_POINTS: u32 = 60;

impl Tally {
    /// All figures. `recorded` holds what was recorded on the same days, told the same way.
    #[must_use]
    pub fn report(self, source: Source, recorded: Option<Self>) -> Report {
        report(self, source, recorded)
    }
}

fn report(mut tally: Tally, source: Source, recorded: Option<Tally>) -> Report {
    tally.days.sort_by_key(|day| day.number);
    let sums = Sums { tally: &tally, half_hours: tally.shape.grid().len() };
    let (all, services) = (sums.all_waits(), sums.service_waits());
    let half_hours = sums.half_hours();
    let target = tally.shape.target;
    Report {
        schema: SCHEMA,
        engine: env!("CARGO_PKG_VERSION"),
        source,
        hall: tally.shape.hall.clone(),
        target,
        verdict: verdicts(target, sums.within(), &half_hours),
        totals: sums.totals(&all),
        wait: all.figures(),
        services: sums.services(&services),
        half_hours,
        windows: sums.windows(),
        escalations: sums.escalations(),
        limits: Vec::new(),
        curve: curve(tally.target_ms(), &all, &services),
        recorded: recorded.map(self::recorded),
    }
}

fn recorded(mut tally: Tally) -> Recorded {
    tally.days.sort_by_key(|day| day.number);
    let sums = Sums { tally: &tally, half_hours: tally.shape.grid().len() };
    let all = sums.all_waits();
    let half_hours = sums.half_hours().into_iter().map(|half_hour| {
        let HalfHour { half_hour, start, arrived_per_day, within, wait, .. } = half_hour;
        RecordedHalfHour { half_hour, start, arrived_per_day, within, wait }
    });
    Recorded {
        totals: sums.totals(&all),
        within: sums.within(),
        wait: all.figures(),
        services: sums.services(&sums.service_waits()),
        half_hours: half_hours.collect(),
    }
}

fn verdicts(target: Target, day: Within, half_hours: &[HalfHour]) -> Verdicts {
    let looked_at = looked_at(half_hours.iter().map(|half_hour| half_hour.within.orders));
    let worst = half_hours
        .iter()
        .filter(|half_hour| half_hour.within.orders >= looked_at.orders_min)
        .min_by(|a, b| a.within.share.total_cmp(&b.within.share));
    let gates_day = target.gates == Gates::Day || worst.is_none();
    Verdicts {
        day: verdict(target, None, day, gates_day),
        worst_half_hour: worst
            .map(|worst| verdict(target, Some(worst.half_hour), worst.within, !gates_day)),
    }
}

fn verdict(target: Target, half_hour: Option<u32>, within: Within, gates: bool) -> Verdict {
    let outcome = if within.low >= target.share {
        Outcome::Met
    } else if within.high < target.share {
        Outcome::Missed
    } else {
        Outcome::Unsure
    };
    Verdict { half_hour, within, outcome, holds: within.share >= target.share, gates }
}

/// Which half hours can be the worst, and so share one error probability.
struct LookedAt {
    orders_min: u64,
    half_hours: usize,
}

fn looked_at(orders: impl Iterator<Item = u64> + Clone) -> LookedAt {
    let with = |orders_min| orders.clone().filter(|&orders| orders >= orders_min).count();
    let orders_min = if with(HANDFUL) > 0 { HANDFUL } else { 1 };
    LookedAt { orders_min, half_hours: with(orders_min) }
}

fn curve(target_ms: u32, all: &Waits, services: &[Waits]) -> Curve {
    let longest = target_ms.saturating_mul(3).max(all.figures().p99_ms).max(1);
    let step =
        longest.div_ceil(CURVE_POINTS).next_multiple_of(if longest > 60_000 { 1000 } else { 1 });
    let mut within_ms =
        (0..=longest.div_ceil(step)).map(|i| i.saturating_mul(step)).collect::<Vec<_>>();
    if let Err(place) = within_ms.binary_search(&target_ms) {
        within_ms.insert(place, target_ms);
    }
    let shares = |waits: &Waits| within_ms.iter().map(|&ms| waits.share_within(ms)).collect();
    Curve { share: shares(all), services: services.iter().map(shares).collect(), within_ms }
}

/// What can be read off a tally whose days are in order.
struct Sums<'a> {
    tally: &'a Tally,
    half_hours: usize,
}

impl Sums<'_> {
    fn days(&self) -> &[DayRow] {
        &self.tally.days
    }

    fn per_day(&self, sum: f64) -> f64 {
        tidy(sum / self.days().len().max(1) as f64)
    }

    fn of_service(&self, service: usize) -> &[Cell] {
        &self.tally.cells[service * self.half_hours..][..self.half_hours]
    }

    fn of_half_hour(&self, half_hour: usize) -> impl Iterator<Item = &Cell> {
        self.tally.cells.iter().skip(half_hour).step_by(self.half_hours)
    }

    fn all_waits(&self) -> Waits {
        waits(self.tally.cells.iter())
    }

    fn service_waits(&self) -> Vec<Waits> {
        let services = 0..self.tally.shape.services.len();
        services.map(|service| waits(self.of_service(service).iter())).collect()
    }

    fn within(&self) -> Within {
        Confidence::single(self.days().len()).within(self.days().iter().map(|day| day.all))
    }

    fn totals(&self, all: &Waits) -> Totals {
        let cells = &self.tally.cells;
        let wait = all.figures();
        let arrived = sum(cells, |cell| cell.arrived);
        Totals {
            days: self.days().len() as u64,
            arrived,
            arrived_per_day: self.per_day(arrived as f64),
            claimed: wait.orders,
            claimed_at_once: wait.at_once,
            abandoned: sum(cells, |cell| cell.abandoned),
            abandoned_late: sum(cells, |cell| cell.abandoned_late),
            still_waiting: sum(cells, |cell| cell.still_waiting),
            still_waiting_late: sum(cells, |cell| cell.still_waiting_late),
            unclaimed_wait_ms_max: all.unclaimed_max_ms(),
            breaches: self.tally.breaches.iter().sum(),
        }
    }

    fn services(&self, waits: &[Waits]) -> Vec<Service> {
        let confidence = Confidence::single(self.days().len());
        let shapes = self.tally.shape.services.iter().enumerate();
        let service = |((at, shape), waits): ((usize, &super::Named), &Waits)| {
            let cells = self.of_service(at);
            Service {
                key: shape.key.clone(),
                name: shape.name.clone(),
                arrived: sum(cells, |cell| cell.arrived),
                abandoned: sum(cells, |cell| cell.abandoned),
                still_waiting: sum(cells, |cell| cell.still_waiting),
                breaches: self.tally.breaches[at],
                within: confidence.within(self.days().iter().map(|day| day.services[at])),
                wait: waits.figures(),
            }
        };
        shapes.zip(waits).map(service).collect()
    }

    fn half_hours(&self) -> Vec<HalfHour> {
        let orders =
            |at: usize| self.days().iter().map(move |day| u64::from(day.half_hours[at].of));
        let orders = (0..self.half_hours).map(|at| orders(at).sum());
        let together = looked_at(orders).half_hours;
        let confidence = Confidence::joint(self.days().len(), together);
        let first = u32::from(self.tally.shape.first_half_hour);
        let half_hour = |(half_hour, at): (u32, usize)| HalfHour {
            half_hour,
            start: format!("{:02}:{:02}", half_hour / 2, half_hour % 2 * 30),
            arrived_per_day: self
                .per_day(self.of_half_hour(at).map(|cell| cell.arrived).sum::<u64>() as f64),
            within: confidence.within(self.days().iter().map(|day| day.half_hours[at])),
            wait: self.half_hour_wait(at),
            queue: self.queue(at),
            windows_open: self.per_day(self.days().iter().map(|day| mean(day.open_area[at])).sum()),
        };
        (first..).zip(0..self.half_hours).map(half_hour).collect()
    }

    fn half_hour_wait(&self, at: usize) -> Wait {
        waits(self.of_half_hour(at)).figures()
    }

    fn queue(&self, at: usize) -> Queue {
        let mut means = self.days().iter().map(|day| mean(day.queue_area[at])).collect::<Vec<_>>();
        means.sort_by(f64::total_cmp);
        let quantile = |percent: usize| {
            let rank = (means.len() * percent).div_ceil(100).max(1);
            tidy(means.get(rank - 1).copied().unwrap_or(0.0))
        };
        Queue {
            mean: self.per_day(means.iter().sum()),
            low: quantile(5),
            high: quantile(95),
            max: self.days().iter().map(|day| day.queue_max[at]).max().unwrap_or(0),
        }
    }

    fn windows(&self) -> Vec<WindowUse> {
        let confidence = Confidence::single(self.days().len());
        let shapes = self.tally.shape.windows.iter().enumerate();
        let window = |(at, shape): (usize, &super::WindowShape)| {
            let days = self.days().iter().map(|day| day.windows[at]);
            let open = days.clone().map(|day| day.open_ms).sum::<u64>() as f64;
            let busy = days.clone().map(|day| day.busy_ms).sum::<u64>() as f64;
            let orders = days.clone().map(|day| u64::from(day.orders)).sum::<u64>() as f64;
            let share = if open > 0.0 { busy / open } else { 0.0 };
            let half =
                confidence.half_width(days.map(|day| (day.busy_ms as f64, day.open_ms as f64)));
            WindowUse {
                key: shape.key.clone(),
                name: shape.name.clone(),
                group: shape.group.clone(),
                open_ms_per_day: self.per_day(open),
                busy_ms_per_day: self.per_day(busy),
                orders_per_day: self.per_day(orders),
                used: Use {
                    share: tidy(share),
                    low: half.map(|half| tidy((share - half).max(0.0))),
                    high: half.map(|half| tidy(share + half)),
                },
            }
        };
        shapes.map(window).collect()
    }

    fn escalations(&self) -> Vec<Escalation> {
        let ladders = self.tally.shape.ladders.iter();
        let stages = ladders.flat_map(|ladder| {
            (1..).zip(&ladder.stages).map(move |(stage, shape)| (ladder, stage, shape))
        });
        let escalation = |((ladder, stage, shape), &count): (
            (&super::LadderShape, _, &super::StageShape),
            _,
        )| {
            Escalation {
                ladder: ladder.key.clone(),
                name: ladder.name.clone(),
                stage,
                at_ms: shape.at_ms,
                what: shape.what.clone(),
                count,
                per_day: self.per_day(count as f64),
            }
        };
        stages.zip(&self.tally.stages).map(escalation).collect()
    }
}

fn waits<'a>(cells: impl Iterator<Item = &'a Cell>) -> Waits {
    Waits::new(cells.map(|cell| (&cell.claimed[..], &cell.unclaimed[..])))
}

fn sum(cells: &[Cell], of: fn(&Cell) -> u64) -> u64 {
    cells.iter().map(of).sum()
}

/// The mean count over a half hour.
fn mean(area: u64) -> f64 {
    area as f64 / HALF_HOUR_MS as f64
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use qiangdan::{LadderId, ServiceId};

    use super::*;
    use crate::report::{Basis, Day, LadderShape, Named, Shape, StageShape, WindowShape};

    const HOUR_MS: u64 = 3_600_000;

    fn shape(gates: Gates) -> Shape {
        let named = |key: &str| Named { key: key.into(), name: key.into() };
        let stages = vec![StageShape::default(); 2];
        Shape {
            hall: "大厅".into(),
            services: ["a", "b", "c"].map(named).into(),
            windows: vec![WindowShape::default(); 2],
            ladders: vec![LadderShape { stages, ..Default::default() }],
            target: Target { within_ms: 600, share: 0.9, gates },
            first_half_hour: 18,
            last_half_hour: 21,
        }
    }

    /// One thing that happens in a day. Of an order: service, arrival, wait.
    #[derive(Clone, Debug)]
    enum Fact {
        Claimed(u16, u64, u64),
        Abandoned(u16, u64, u64),
        StillWaiting(u16, u64, u64),
        Stage(usize),
        /// Window, busy.
        Window(usize, u64),
    }

    fn fact() -> impl Strategy<Value = Fact> {
        let order = || (0_u16..3, 8 * HOUR_MS..12 * HOUR_MS, 0_u64..1_200);
        prop_oneof![
            6 => order().prop_map(|(service, at, wait)| Fact::Claimed(service, at, wait)),
            2 => order().prop_map(|(service, at, wait)| Fact::Abandoned(service, at, wait)),
            1 => order().prop_map(|(service, at, wait)| Fact::StillWaiting(service, at, wait)),
            1 => (0_usize..2).prop_map(Fact::Stage),
            1 => (0_usize..2, 0..HOUR_MS).prop_map(|(window, busy)| Fact::Window(window, busy)),
        ]
    }

    fn tell(day: &mut Day, facts: &[Fact]) {
        for fact in facts {
            match *fact {
                Fact::Claimed(service, at_ms, wait_ms) => {
                    day.arrived(ServiceId(service), at_ms);
                    day.claimed(ServiceId(service), at_ms, wait_ms);
                }
                Fact::Abandoned(service, at_ms, wait_ms) => {
                    day.arrived(ServiceId(service), at_ms);
                    day.abandoned(ServiceId(service), at_ms, wait_ms);
                    day.breach(ServiceId(service));
                }
                Fact::StillWaiting(service, at_ms, wait_ms) => {
                    day.arrived(ServiceId(service), at_ms);
                    day.still_waiting(ServiceId(service), at_ms, wait_ms);
                }
                Fact::Stage(stage) => day.stage(LadderId(0), stage),
                Fact::Window(window, busy_ms) => day.window(window, HOUR_MS, busy_ms, 1),
            }
        }
        for (at, count) in (0..).zip([1, 3, 2]) {
            day.waiting_now((9 + at) * HOUR_MS, count * u32::try_from(facts.len()).unwrap());
        }
    }

    fn source(days: u32) -> Source {
        Source::Simulated { days, seed: 1, streams: 1 }
    }

    fn run(gates: Gates, days: &[Vec<Fact>]) -> Report {
        let shape = shape(gates);
        let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape));
        for (number, facts) in (0..).zip(days) {
            tell(&mut day, facts);
            tally.merge(number, &mut day);
        }
        tally.report(source(u32::try_from(days.len()).unwrap()), None)
    }

    proptest! {
        #[test]
        fn figures_of_parts_add_up_to_the_whole(days in vec(vec(fact(), 0..60), 1..6)) {
            let Report { totals, wait, services, half_hours, verdict, curve, .. } =
                run(Gates::Day, &days);
            let over = |of: fn(&Service) -> u64| services.iter().map(of).sum::<u64>();
            prop_assert_eq!(totals.arrived, totals.claimed + totals.abandoned + totals.still_waiting);
            prop_assert_eq!(over(|s| s.arrived), totals.arrived);
            prop_assert_eq!(over(|s| s.wait.orders), totals.claimed);
            prop_assert_eq!(over(|s| s.wait.at_once), totals.claimed_at_once);
            prop_assert_eq!(over(|s| s.abandoned), totals.abandoned);
            prop_assert_eq!(over(|s| s.still_waiting), totals.still_waiting);
            prop_assert_eq!(over(|s| s.breaches), totals.breaches);
            let counted = totals.claimed + totals.abandoned_late + totals.still_waiting_late;
            prop_assert_eq!(verdict.day.within.orders, counted);
            prop_assert_eq!(over(|s| s.within.orders), counted);
            prop_assert_eq!(half_hours.iter().map(|h| h.within.orders).sum::<u64>(), counted);
            prop_assert_eq!(half_hours.iter().map(|h| h.wait.orders).sum::<u64>(), totals.claimed);
            prop_assert_eq!(services.iter().map(|s| s.wait.max_ms).max(), Some(wait.max_ms));
            let at_target = curve.within_ms.binary_search(&600).unwrap();
            prop_assert_eq!(curve.share[at_target], verdict.day.within.share);
        }

        #[test]
        fn who_merges_what_when_makes_no_difference(
            days in vec(vec(fact(), 0..40), 1..8), turn in 0_usize..8, split in 0_usize..8,
        ) {
            let shape = shape(Gates::HalfHour);
            let mut numbered = (0..).zip(&days).collect::<Vec<(u32, _)>>();
            numbered.rotate_left(turn % days.len());
            let (left, right) = numbered.split_at(split.min(days.len()));
            let [mut tally, other] = [right, left].map(|part| {
                let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape.clone()));
                for &(number, facts) in part {
                    tell(&mut day, facts);
                    tally.merge(number, &mut day);
                }
                tally
            });
            tally.join(other);
            let days_run = u32::try_from(days.len()).unwrap();
            prop_assert_eq!(tally.report(source(days_run), None), run(Gates::HalfHour, &days));
        }
    }

    fn claimed(at_ms: u64, wait_ms: u64, orders: usize) -> Vec<Fact> {
        vec![Fact::Claimed(0, at_ms, wait_ms); orders]
    }

    #[test]
    fn a_day_can_pass_while_an_hour_fails() {
        let day = [
            claimed(9 * HOUR_MS, 600, 900),
            claimed(10 * HOUR_MS, 0, 20),
            claimed(10 * HOUR_MS, 601, 20),
        ];
        let days = [day.concat()];
        let by_day = run(Gates::Day, &days).verdict;
        let worst = by_day.worst_half_hour.unwrap();
        assert_eq!((by_day.day.outcome, by_day.holds()), (Outcome::Met, true));
        assert_eq!((worst.half_hour, worst.outcome), (Some(20), Outcome::Missed));
        assert!(!run(Gates::HalfHour, &days).verdict.holds());
    }

    #[test]
    fn a_handful_of_orders_is_not_the_worst_half_hour() {
        let days = [[claimed(9 * HOUR_MS, 0, 30), claimed(10 * HOUR_MS, 601, 29)].concat()];
        let worst = run(Gates::HalfHour, &days).verdict.worst_half_hour.unwrap();
        assert_eq!(worst.half_hour, Some(18));
        let few = [claimed(10 * HOUR_MS, 601, 3)];
        assert!(!run(Gates::HalfHour, &few).verdict.holds());
    }

    #[test]
    fn an_empty_run_fails_nobody() {
        let report = run(Gates::HalfHour, &[vec![]]);
        assert!(report.verdict.holds() && report.verdict.worst_half_hour.is_none());
        assert_eq!(report.verdict.day.outcome, Outcome::Unsure);
    }

    #[test]
    fn use_and_queue_are_means_over_days() {
        let window = |busy_ms| vec![Fact::Window(1, busy_ms)];
        let report = run(Gates::Day, &[window(HOUR_MS / 2), window(HOUR_MS / 4)]);
        let used = report.windows[1].used;
        assert!((used.share - 0.375).abs() < 1e-9);
        // Half width: t(0.05, 1) = 12.7062 times the standard error 0.125.
        assert!((used.high.unwrap() - (0.375 + 12.7062 * 0.125)).abs() < 1e-4);
        assert_eq!(report.half_hours[0].queue, Queue { mean: 1.0, low: 1.0, high: 1.0, max: 1 });
        assert_eq!(report.windows[0].used, Use { share: 0.0, low: None, high: None });
        assert_eq!(run(Gates::Day, &[window(1)]).windows[1].used.low, None);
    }

    #[test]
    fn the_curve_goes_past_the_slowest() {
        let report = run(Gates::Day, &[claimed(9 * HOUR_MS, 5_000_000, 3)]);
        assert_eq!(report.verdict.day.within.basis, Basis::Orders);
        assert!(report.curve.within_ms.len() <= 63);
        assert!((report.curve.share.last().unwrap() - 1.0).abs() < 1e-9);
    }
}
