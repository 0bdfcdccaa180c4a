//! A made-up hall whose days look like a hall's: two rushes, one service short of windows.
//!
//! Orders go to the window of their service that is free first. This is a stand-in for the engine,
//! good enough to look at reports; nothing here is measured.

use std::iter;

use qiangdan::{LadderId, ServiceId};
use qiangdan_sim::report::{
    Day, Gates, LadderShape, LimitUse, Name, Named, Report, Shape, Source, StageShape, StageUse,
    Tally, Target, WindowShape,
};

/// 09:00, and the half hours until 17:00.
const FIRST: u16 = 18;
const HALF_HOURS: u16 = 16;
const HALF_HOUR_MS: u64 = 1_800_000;

const PROFILE: [f64; HALF_HOURS as usize] =
    [0.6, 1.0, 1.35, 1.5, 1.4, 1.1, 0.7, 0.5, 0.6, 1.1, 1.35, 1.3, 1.1, 0.9, 0.6, 0.3];

struct Row {
    key: &'static str,
    zh: &'static str,
    en: &'static str,
    /// Orders per half hour in an ordinary half hour.
    rate: f64,
    mean_min: f64,
    windows: usize,
}

const SERVICES: [Row; 4] = [
    Row {
        key: "general",
        zh: "综合受理",
        en: "General intake",
        rate: 12.2,
        mean_min: 8.0,
        windows: 5,
    },
    Row {
        key: "estate",
        zh: "不动产登记",
        en: "Real estate",
        rate: 4.5,
        mean_min: 10.0,
        windows: 3,
    },
    Row {
        key: "social",
        zh: "社保<医保>&公积金",
        en: "Social & <health>",
        rate: 5.0,
        mean_min: 6.0,
        windows: 3,
    },
    Row {
        key: "company",
        zh: "企业开办",
        en: "Company opening",
        rate: 2.2,
        mean_min: 11.0,
        windows: 3,
    },
];

/// Forty random days.
pub(crate) fn simulated(gates: Gates) -> Report {
    let days = 40;
    let tally = run(gates, days, 0);
    let report = tally.report(Source::Simulated { days, seed: 1, streams: 1 }, None);
    Report { limits: limits(), ..report }
}

/// A limit with a late order, one that nothing is known of, and one that did not begin.
fn limits() -> Vec<LimitUse> {
    let stage = |stage, count| StageUse { stage, what: "通知值班长".into(), count };
    let limit = |key: &str, [met, late, open, open_late, unknown]: [u64; 5]| LimitUse {
        key: key.into(),
        name: Name { zh: "首次联系".into(), en: "first contact".into() },
        lasts: "1 working day".into(),
        started: met + late + open + open_late + unknown,
        met,
        late,
        open,
        open_late,
        unknown,
        judged: met + late + open_late,
        on_time: LimitUse::share(met, met + late + open_late),
        yellow_cards: late,
        red_cards: open_late,
        stages: vec![stage(1, met), stage(2, 0)],
    };
    vec![limit("contact", [97, 2, 4, 1, 0]), limit("far", [0, 0, 0, 0, 3]), limit("idle", [0; 5])]
}

/// One recorded day, replayed with one window more.
pub(crate) fn replayed() -> Report {
    let (trace, mode) = ("hall-2026-11".into(), "what-if".into());
    let source = Source::Replayed { trace, mode, days: 1, rows: 402, skipped: 3 };
    run(Gates::Day, 1, 1).report(source, Some(run(Gates::Day, 1, 0)))
}

/// Days without a single order.
pub(crate) fn empty() -> Report {
    let shape = shape(Gates::HalfHour, 0);
    let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape));
    tally.merge(0, &mut day);
    tally.report(Source::Simulated { days: 1, seed: 1, streams: 1 }, None)
}

/// A hall open day and night, with more of everything and longer names than anybody wants to read.
pub(crate) fn vast() -> Report {
    let long = |at: usize| format!("第{at}号·跨省通办与一网通办综合受理（含补正、转报、代收代办）");
    let named = |at: usize| Named { key: format!("s{at}"), name: long(at).into() };
    let window =
        |at: usize| WindowShape { key: format!("w{at}"), name: long(at).into(), group: None };
    let mut shape = shape(Gates::HalfHour, 0);
    shape.services = (1..=30).map(named).collect();
    shape.windows = (1..=200).map(window).collect();
    (shape.first_half_hour, shape.last_half_hour) = (0, 47);
    let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape));
    for number in 0..3 {
        let mut dice = Dice(number.into());
        for order in 0..60_000_u32 {
            let service = ServiceId(u16::try_from(order % 30).unwrap());
            let (at_ms, wait_ms) =
                (round(dice.unit() * 86_400_000.0), round(dice.exponential(25e5)));
            day.arrived(service, at_ms);
            day.claimed(service, at_ms, wait_ms);
        }
        (0..200).for_each(|window| day.window(window, 86_400_000, round(dice.unit() * 9e7), 300));
        day.waiting_now(0, 12_345);
        day.open_now(0, 200);
        tally.merge(number, &mut day);
    }
    tally.report(Source::Simulated { days: 3, seed: u64::MAX, streams: 1 }, None)
}

fn run(gates: Gates, days: u32, extra: usize) -> Tally {
    let shape = shape(gates, extra);
    let (mut day, mut tally) = (Day::new(&shape), Tally::new(shape));
    for number in 0..days {
        let mut dice = Dice(u64::from(number) * 7_919 + 17);
        Hall::new(extra).live(&mut day, &mut dice);
        tally.merge(number, &mut day);
    }
    tally
}

fn shape(gates: Gates, extra: usize) -> Shape {
    let name = |zh: &str, en: &str| Name { zh: zh.into(), en: en.into() };
    let services =
        SERVICES.iter().map(|row| Named { key: row.key.into(), name: name(row.zh, row.en) });
    let owners = (0..SERVICES.len()).flat_map(|at| iter::repeat_n(at, windows(at, extra)));
    let windows = (1..).zip(owners).map(|(number, owner): (u32, usize)| WindowShape {
        key: format!("w{number:02}"),
        name: format!("{number:02}").into(),
        group: Some(name(SERVICES[owner].zh, SERVICES[owner].en)),
    });
    let stages = [
        (360_000, name("亮黄灯，通知大堂经理", "show amber, notify the floor manager")),
        (480_000, name("扩池到全部窗口", "widen to all windows")),
        (600_000, name("亮红灯，提前 20 分钟", "show red, boost by 20 min")),
    ];
    let stages = stages.map(|(at_ms, what)| StageShape { at_ms, what }).into();
    let ladder =
        LadderShape {
            key: "counter-wait".into(), name: name("窗口等候", "Counter wait"), stages
        };
    Shape {
        hall: name("湘江新区政务服务大厅", "Xiangjiang service hall"),
        services: services.collect(),
        windows: windows.collect(),
        ladders: vec![ladder],
        target: Target { within_ms: 600_000, share: 0.9, gates },
        first_half_hour: FIRST,
        last_half_hour: FIRST + HALF_HOURS - 1,
    }
}

/// How many windows a service has; the first gets the extra ones.
fn windows(service: usize, extra: usize) -> usize {
    SERVICES[service].windows + if service == 0 { extra } else { 0 }
}

/// When each window is free again, per service, and what it did.
struct Hall {
    free: Vec<Vec<u64>>,
    busy: Vec<Vec<(u64, u32)>>,
    changes: Vec<(u64, i32)>,
}

impl Hall {
    fn new(extra: usize) -> Self {
        let each = |at| vec![u64::from(FIRST) * HALF_HOUR_MS; windows(at, extra)];
        let free = (0..SERVICES.len()).map(each).collect::<Vec<_>>();
        let busy = free.iter().map(|windows| vec![(0, 0); windows.len()]).collect();
        Self { free, busy, changes: Vec::new() }
    }

    fn live(&mut self, day: &mut Day, dice: &mut Dice) {
        for (service, row) in (0..).map(ServiceId).zip(&SERVICES) {
            for (half_hour, factor) in (u64::from(FIRST)..).zip(PROFILE) {
                let mut at = dice.exponential(1.0 / (row.rate * factor));
                while at < 1.0 {
                    let at_ms = half_hour * HALF_HOUR_MS + round(at * HALF_HOUR_MS as f64);
                    self.serve(day, dice, service, at_ms);
                    at += dice.exponential(1.0 / (row.rate * factor));
                }
            }
        }
        self.changes.sort_unstable();
        let mut waiting = 0_i32;
        for &(at_ms, change) in &self.changes {
            waiting += change;
            day.waiting_now(at_ms, waiting.unsigned_abs());
        }
        let windows = self.busy.concat();
        for (window, &(busy_ms, orders)) in windows.iter().enumerate() {
            day.window(window, u64::from(HALF_HOURS) * HALF_HOUR_MS, busy_ms, orders);
        }
        day.open_now(u64::from(FIRST) * HALF_HOUR_MS, u32::try_from(windows.len()).unwrap());
    }

    fn serve(&mut self, day: &mut Day, dice: &mut Dice, service: ServiceId, at_ms: u64) {
        let patience_ms = round(dice.exponential(5_400_000.0));
        let takes_ms =
            round(dice.exponential(SERVICES[service.index()].mean_min * 60_000.0)) + 1_000;
        day.arrived(service, at_ms);
        let free = &mut self.free[service.index()];
        let window = (0..free.len()).min_by_key(|&window| free[window]).unwrap();
        let wait_ms = free[window].saturating_sub(at_ms);
        let left_ms = wait_ms.min(patience_ms);
        self.changes.extend([(at_ms, 1), (at_ms + left_ms, -1)]);
        (0..3).filter(|&stage| left_ms >= [360_000, 480_000, 600_000][stage]).for_each(|stage| {
            day.stage(LadderId(0), stage);
        });
        if left_ms > 600_000 {
            day.breach(service);
        }
        if wait_ms > patience_ms {
            return day.abandoned(service, at_ms, patience_ms);
        }
        free[window] = at_ms + wait_ms + takes_ms;
        let busy = &mut self.busy[service.index()][window];
        *busy = (busy.0 + takes_ms, busy.1 + 1);
        day.claimed(service, at_ms, wait_ms);
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds of a day"
)]
fn round(ms: f64) -> u64 {
    ms as u64
}
