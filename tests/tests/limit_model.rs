//! The engine's clocks against a stopwatch: a model that steps through time minute by minute, adds one to
//! what is spent if the office is open and nothing holds the clock, and looks at each stage. It knows no
//! calendar arithmetic, no facts and no wheel.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use proptest::{collection::vec, prelude::*};
use qiangdan::{
    Action, ClerkId, Cx, EventKind, LimitId, OrderId, OrderSpec, RoleId, ServiceId, Wall,
    calendar::Calendar,
    limit::{
        LimitRule, LimitStage, Milestone, Moment, PauseReason, Reasons, RungKind, StageAt,
        TimeLimit,
    },
};
use qiangdan_tests::office::{Office, at, calendar, limit, rules};

const MINUTE_MS: i64 = 60_000;
const BEGUN: Milestone = Milestone(4);
const DONE: Milestone = Milestone(5);
/// How long the model watches: two working days and a night.
const MINUTES: i64 = 44 * 60;

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

/// What is told of an order, or that time passes for all.
#[derive(Clone, Copy, Debug)]
enum Op {
    Begin,
    Done,
    Pause(u8),
    Resume(u8),
    Extend(u64),
    /// Everything due happens. Without it the engine is late, and catches up.
    Advance,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::Begin),
        1 => Just(Op::Done),
        3 => (0..3_u8).prop_map(Op::Pause),
        3 => (0..3_u8).prop_map(Op::Resume),
        2 => (1..=30_u64).prop_map(|half| Op::Extend(2 * half)),
        3 => Just(Op::Advance),
    ]
}

/// Reasons 0 and 1 hold it, reason 2 starts it anew.
fn stopwatch_rule(minutes: u64, working: bool) -> LimitRule {
    let ms = minutes * 60_000;
    let lasts = if working { TimeLimit::working_time(ms) } else { TimeLimit::natural_time(ms) };
    let rule = limit(Moment::Reached(BEGUN), &[Moment::Reached(DONE)], lasts);
    let stage = |at| LimitStage {
        at,
        actions: vec![Action::Notify { role: RoleId(0) }],
        again: None,
        silence: None,
    };
    LimitRule {
        pauses: Reasons::default().with(reason(0)).with(reason(1)),
        restarts: Reasons::default().with(reason(2)),
        extends_by: 60 * 60_000,
        stages: [StageAt::Spent(5_000), StageAt::Remaining(600_000), StageAt::Past(1_200_000)]
            .map(stage)
            .to_vec(),
        ..rule
    }
}

/// A stage that fired: which (none is the breach), and when.
type Fired = (Option<u8>, Wall);

/// One clock, counted in minutes.
#[derive(Debug)]
struct Stopwatch {
    working: bool,
    lasts: u64,
    amount: u64,
    running: bool,
    extended: bool,
    holds: [bool; 3],
    spent: u64,
    /// The breach, then the stages: fired since they were last armed.
    fired: [bool; 4],
    log: Vec<Fired>,
}

impl Stopwatch {
    fn new(working: bool, lasts: u64) -> Self {
        Self {
            working,
            lasts,
            amount: lasts,
            running: false,
            extended: false,
            holds: [false; 3],
            spent: 0,
            fired: [false; 4],
            log: Vec::new(),
        }
    }

    fn is_held(&self) -> bool {
        self.holds.iter().any(|&held| held)
    }

    /// From what on each fires; the breach just after that.
    fn marks(&self) -> [u64; 4] {
        let half = self.amount / 2;
        [self.amount, half, self.amount.saturating_sub(10), self.amount + 20]
    }

    fn tell(&mut self, op: Op) {
        match op {
            Op::Begin if !self.running => {
                let holds = self.holds;
                let log = std::mem::take(&mut self.log);
                *self = Self { running: true, holds, log, ..Self::new(self.working, self.lasts) };
            }
            Op::Done => self.running = false,
            Op::Pause(n) => self.holds[usize::from(n)] = true,
            Op::Resume(n) => {
                let held = std::mem::replace(&mut self.holds[usize::from(n)], false);
                if held && n == 2 && self.running {
                    self.spent = 0;
                    self.rearm();
                }
            }
            Op::Extend(minutes) if self.may_extend() => {
                self.amount += minutes;
                self.extended = true;
                self.rearm();
            }
            _ => {}
        }
    }

    fn may_extend(&self) -> bool {
        self.running && !self.extended && !self.fired[0]
    }

    /// What lies ahead again may fire again.
    fn rearm(&mut self) {
        let (spent, marks) = (self.spent, self.marks());
        for (fired, mark) in self.fired.iter_mut().zip(marks) {
            *fired &= mark <= spent;
        }
    }

    /// Everything told at this minute has been told.
    fn look(&mut self, now: Wall) {
        if !self.running {
            return;
        }
        let marks = self.marks();
        // A pause that begins at an instant does not undo what is true by then.
        for (stage, (fired, mark)) in (0..).zip(self.fired.iter_mut().zip(marks).skip(1)) {
            if self.spent >= mark && !*fired {
                *fired = true;
                self.log.push((Some(stage), now));
            }
        }
        if self.spent >= marks[0] && !self.fired[0] && !self.is_held() {
            self.fired[0] = true;
            self.log.push((None, Wall(now.0 + 1)));
        }
    }

    fn minute(&mut self, is_open: bool) {
        if self.running && !self.is_held() && (is_open || !self.working) {
            self.spent += 1;
        }
    }
}

struct Pair {
    office: Office,
    order: OrderId,
}

impl Pair {
    fn tell(&mut self, op: Op) {
        let order = self.order;
        // What cannot be is refused, and the model does nothing either.
        self.office.call(|engine, cx| match op {
            Op::Begin => engine.reach(cx, order, BEGUN, None, None).unwrap(),
            Op::Done => engine.reach(cx, order, DONE, None, None).unwrap(),
            Op::Pause(n) => engine.pause(cx, order, reason(n), None, None).unwrap(),
            Op::Resume(n) => {
                engine.resume(cx, order, reason(n), None).ok();
            }
            Op::Extend(minutes) => {
                let by = minutes * 60_000;
                engine.extend(cx, order, LimitId(0), by, ClerkId(0), None).ok();
            }
            Op::Advance => {}
        });
        if matches!(op, Op::Advance) {
            self.office.advance();
        }
    }

    fn fired(&mut self) -> Vec<Fired> {
        let fired = |kind: EventKind| match kind {
            EventKind::RungClimbed { kind: RungKind::Breach, due, .. } => Some((None, due)),
            EventKind::RungClimbed { stage, due, .. } => Some((stage, due)),
            _ => None,
        };
        self.office.kinds().into_iter().filter_map(fired).collect()
    }
}

fn check(calendar: &Calendar, working: bool, lasts: u64, mut ops: Vec<(i64, Op)>) {
    // What comes in at an instant comes before what is due at it.
    ops.sort_by_key(|&(minute, op)| (minute, matches!(op, Op::Advance)));
    let opens = "2026-03-05 09:00";
    let draft = rules(vec![stopwatch_rule(lasts, working)], &[&[0]]);
    let mut office = Office::new(draft, opens);
    let order = office.submit(OrderSpec::new(ServiceId(0)));
    let mut pair = Pair { office, order };
    let mut model = Stopwatch::new(working, lasts);
    let mut ops = ops.into_iter().peekable();
    for minute in 0..MINUTES {
        let now = Wall(at(opens).0 + minute * MINUTE_MS);
        let told: Vec<_> = std::iter::from_fn(|| ops.next_if(|&(at, _)| at == minute)).collect();
        let gives_time = |op: &Op| matches!(op, Op::Extend(_) | Op::Resume(2) | Op::Begin);
        if minute > 0 && told.iter().any(|(_, op)| gives_time(op)) {
            // It comes before what is due and has not been looked at.
            pair.office.go_to(Wall(now.0 - 1));
        }
        for (_, op) in told {
            pair.office.wait(now);
            pair.tell(op);
            model.tell(op);
        }
        let is_open = calendar.is_open(now).unwrap();
        model.look(now);
        model.minute(is_open);
    }
    pair.office.wait(Wall(at(opens).0 + MINUTES * MINUTE_MS - 1));
    // In pieces, as a host does that must not be held up.
    let mut cx = Cx::new(pair.office.now, &mut pair.office.outbox);
    while !pair.office.advancer.advance_within(&mut cx, 3).is_done {}
    let (mut fired, mut expected) = (pair.fired(), model.log);
    let by_instant = |fired: &Fired| (fired.1, fired.0);
    fired.sort_by_key(by_instant);
    expected.sort_by_key(by_instant);
    assert_eq!(fired, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_fires_is_what_a_stopwatch_says(
        working in any::<bool>(),
        half in 11..150_u64,
        ops in vec((0..MINUTES, op()), 0..14),
        early in vec((0..200_i64, op()), 0..10),
    ) {
        let begin = [(0, Op::Begin)];
        let ops = begin.into_iter().chain(ops).chain(early).collect();
        check(&calendar(), working, 2 * half, ops);
    }
}
