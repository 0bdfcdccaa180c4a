//! One seed, one simulation, byte for byte; whoever runs it, and in whatever portions.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::fmt::Write as _;

use qiangdan::{
    Action, ClassId, ClerkId, Colour, Event, Ladder, PoolId, RoleId, Rules, RulesDraft, ServiceId,
    SkillId, Stage, Wall,
};
use qiangdan_sim::{
    dice::{Arrivals, Choice, Law, Purpose, Sampler, Slot, Stream},
    driver::{Arriving, Driver, Duty, Record, Seat, Setup, Source, Stay, Visit},
};
use qiangdan_tests::hall::{checked, climbing, service, within};

const DAY_MS: u64 = 86_400_000;
const MINUTE: u64 = 60_000;
const DAYS: u64 = 6;
const SEED: u64 = 20_261_124;

fn rules() -> Rules {
    let stage = |minutes: u64, actions| Stage { at_ms: minutes * MINUTE, actions };
    let stages = vec![
        stage(5, vec![Action::Show { colour: Colour::Amber }, Action::Boost { by_ms: 2 * MINUTE }]),
        stage(10, vec![Action::Widen { pool: PoolId(1) }, Action::Notify { role: RoleId(0) }]),
    ];
    checked(RulesDraft {
        pools: 2,
        services: vec![
            within(10 * MINUTE, climbing(0, service(0, &[]))),
            within(15 * MINUTE, climbing(0, service(0, &[0]))),
            service(1, &[]),
        ],
        head_starts_ms: vec![0, 600_000],
        ladders: vec![Ladder { stages }],
        ..RulesDraft::default()
    })
}

/// A random day: arrivals from 9 to 17, each with its service, class, duration and patience.
struct Day {
    arrivals: Arrivals,
    next_ms: Option<u64>,
    number: u32,
    dice: [Stream; 4],
    service: Choice,
    takes: Sampler,
    patience: Sampler,
}

impl Day {
    fn new(day: u64) -> Self {
        let expected = [20.0, 45.0, 60.0, 25.0, 10.0, 50.0, 55.0, 20.0];
        let slots = (0..).zip(expected).map(|(hour, expected)| Slot {
            from_ms: day * DAY_MS + hour * 60 * MINUTE,
            to_ms: day * DAY_MS + (hour + 1) * 60 * MINUTE,
            expected,
        });
        let stream = |purpose| Stream::new(SEED, day, purpose);
        let mut arrivals = Arrivals::new(slots.collect(), stream(Purpose::Arrivals)).unwrap();
        let law = |law: Law| law.sampler().unwrap();
        Self {
            next_ms: arrivals.next(),
            arrivals,
            number: 0,
            dice: [Purpose::Service, Purpose::Class, Purpose::Duration, Purpose::Patience]
                .map(stream),
            service: Choice::new(&[5.0, 2.0, 3.0]).unwrap(),
            takes: law(Law::Lognormal { mean_ms: 400_000.0, cv: 0.8 }),
            patience: law(Law::Exponential { mean_ms: 2_400_000.0 }),
        }
    }
}

impl Source for Day {
    fn peek_ms(&self) -> Option<u64> {
        self.next_ms
    }

    fn next(&mut self) -> Arriving {
        let at_ms = self.next_ms.unwrap();
        self.next_ms = self.arrivals.next();
        self.number += 1;
        let [service, class, takes, patience] = &mut self.dice;
        Arriving {
            at_ms,
            service: ServiceId(u16::try_from(self.service.draw(service)).unwrap()),
            class: ClassId(u8::from(class.uniform() < 0.1)),
            takes_ms: self.takes.draw_ms(takes),
            patience_ms: Some(self.patience.draw_ms(patience)),
            number: self.number,
        }
    }
}

/// Everything that a record is told of a day, as text; instants from the day's beginning.
struct Diary {
    text: String,
    begins_ms: u64,
}

impl Record for Diary {
    fn arrived(&mut self, visit: &Visit) {
        let at_ms = visit.at_ms - self.begins_ms;
        writeln!(self.text, "{} arrives {at_ms} {:?}", visit.number, visit.service).unwrap();
    }

    fn claimed(&mut self, visit: &Visit, wait_ms: u64) {
        writeln!(self.text, "{} claimed after {wait_ms}", visit.number).unwrap();
    }

    fn abandoned(&mut self, visit: &Visit, wait_ms: u64) {
        writeln!(self.text, "{} leaves after {wait_ms}", visit.number).unwrap();
    }

    fn still_waiting(&mut self, visit: &Visit, wait_ms: u64) {
        writeln!(self.text, "{} still waits after {wait_ms}", visit.number).unwrap();
    }

    fn waiting_now(&mut self, at_ms: u64, orders: u32) {
        writeln!(self.text, "{} wait at {}", orders, at_ms - self.begins_ms).unwrap();
    }

    fn served(&mut self, clerk: ClerkId, from_ms: u64, to_ms: u64) {
        writeln!(self.text, "{clerk} serves {}", to_ms - from_ms).unwrap();
    }

    fn event(&mut self, event: &Event, visit: Option<&Visit>) {
        let number = visit.map(|visit| visit.number);
        let at_ms = event.at.mono.0 - self.begins_ms;
        let what = format!("{:?}", event.kind);
        // Dues are instants of the run, not of the day.
        let what = what.split("due").next().unwrap();
        writeln!(self.text, "{number:?} at {at_ms}: {what}").unwrap();
    }
}

fn driver() -> Driver {
    let seat = |pools: &[u16], skills: &[u8]| Seat {
        pools: pools.iter().copied().map(PoolId).collect(),
        skills: skills.iter().copied().map(SkillId).collect(),
    };
    let seats = vec![seat(&[0], &[]), seat(&[0], &[0]), seat(&[0, 1], &[0]), seat(&[1], &[])];
    Driver::new(Setup { rules: rules(), orders: 1_024, seats, start: Wall(0) }).unwrap()
}

fn run(driver: &mut Driver, day: u64) -> String {
    let begins_ms = day * DAY_MS;
    for clerk in (0..4).map(ClerkId) {
        let (from_ms, to_ms) = (begins_ms, begins_ms + 8 * 60 * MINUTE);
        driver.schedule(Duty::shift(clerk, from_ms, to_ms, Stay::UntilEmpty));
    }
    let mut diary = Diary { text: String::new(), begins_ms };
    driver.run(&mut Day::new(day), &mut diary);
    diary.text
}

#[test]
fn the_same_days_twice_are_the_same_byte_for_byte() {
    let days = || {
        let mut driver = driver();
        let diary: String = (0..DAYS).map(|day| run(&mut driver, day)).collect();
        (diary, driver.engine().stats())
    };
    let (first, second) = (days(), days());
    assert!(first == second, "the second time was another");
    for what in ["claimed", "leaves", "StageReached", "Widened", "LimitBreached"] {
        assert!(first.0.contains(what), "nothing is {what} in these days");
    }
}

#[test]
fn days_on_one_driver_are_the_same_as_on_two() {
    let mut one = driver();
    let together: Vec<_> = (0..DAYS).map(|day| run(&mut one, day)).collect();
    let mut two = [driver(), driver()];
    let apart: Vec<_> =
        (0..DAYS).map(|day| run(&mut two[usize::from(day % 2 == 1)], day)).collect();
    for (day, (together, apart)) in together.iter().zip(&apart).enumerate() {
        let lines = together.lines().zip(apart.lines());
        for (line, (together, apart)) in lines.enumerate() {
            assert_eq!(together, apart, "day {day}, line {line}");
        }
        assert_eq!(together.len(), apart.len(), "day {day}");
    }
}
