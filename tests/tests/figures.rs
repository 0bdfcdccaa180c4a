//! Figures for supervisors: those of a replay are the live ones, parts add up to the whole, the same
//! events give the same figures, and each figure is what a child would count.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use qiangdan::{
    Action, Amend, Claim, ClassId, ClerkId, ClerkSpec, Colour, Event, Ladder, LimitId, Mono,
    OrderId, OrderSpec, Outcome, PoolId, Presence, PutBack, Reason, RulesDraft, ServiceId, SkillId,
    Stage, State,
    figures::{Fold, Part, Promises, Share, Whose},
    history::History,
    limit::{LimitRule, LimitStage, Milestone, Moment, PauseReason, Reasons, StageAt, TimeLimit},
};
use qiangdan_tests::{
    hall::{Hall, climbing, service, within},
    history::proven,
    office::{self, Office, at, just_after, limit},
};

const ANA: ClerkId = ClerkId(0);
const BO: ClerkId = ClerkId(1);
const WITHIN_MS: u64 = 30;

fn draft() -> RulesDraft {
    let stages = vec![
        Stage { at_ms: 20, actions: vec![Action::Boost { by_ms: 15 }] },
        Stage {
            at_ms: 25,
            actions: vec![Action::Card { colour: Colour::Amber, reply_within: None }],
        },
    ];
    let mut draft = RulesDraft {
        pools: 2,
        services: vec![within(40, climbing(0, service(0, &[]))), service(1, &[0]), service(0, &[])],
        head_starts_ms: vec![0, 10],
        ladders: vec![Ladder { stages }],
        ..RulesDraft::default()
    };
    draft.target.within_ms = WITHIN_MS;
    draft
}

/// Two reporting lines at once, and the clerk.
type Key = (u16, u64, Option<ClerkId>);

/// The service says which department, the tag which unit.
fn key(whose: &Whose) -> Key {
    (whose.service.map_or(u16::MAX, |service| service.0), whose.tag % 3, whose.clerk)
}

/// A hall whose history and figures are kept.
struct Day {
    hall: Hall,
    history: History,
    sessions: Vec<(ClerkId, Vec<PoolId>, u32)>,
    orders: Vec<OrderId>,
    claims: Vec<Claim>,
}

impl Day {
    fn new() -> Self {
        let hall = Hall::new(draft(), 32, 2);
        let history = History::new(hall.engine.rules().clone());
        let (orders, claims) = (vec![], vec![]);
        let mut day = Self { hall, history, sessions: vec![], orders, claims };
        day.sign_in(ANA, &[0, 1], 3);
        day.sign_in(BO, &[0], 1);
        day
    }

    fn sign_in(&mut self, clerk: ClerkId, pools: &[u16], held_max: u32) {
        self.hall.sign_in(clerk.0, pools, &[0], held_max);
        let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
        self.sessions.push((clerk, pools, held_max));
        let (clerk, pools, _) = self.sessions.last().unwrap();
        self.history.signs_in(*clerk, &spec(pools, held_max));
    }

    /// One verb, as three small numbers say.
    fn step(&mut self, (verb, one, other): (u8, u8, u8)) {
        let n = usize::from(one);
        let clerk = if other.is_multiple_of(2) { ANA } else { BO };
        let order = self.orders.get(n % self.orders.len().max(1)).copied();
        let claim = self.claims.iter().rev().nth(n % 6).copied();
        match verb {
            0..=3 => {
                let (service, class) = (ServiceId(u16::from(one % 3)), ClassId(other % 2));
                let mut spec = OrderSpec::new(service).class(class).tag(u64::from(other));
                spec.not_before = (one > 200).then_some(Mono(self.hall.now_ms + 5));
                let answer = self.hall.call(|engine, cx| engine.submit(cx, &spec));
                self.orders.extend(answer.map(|submitted| submitted.order));
            }
            4..=6 => {
                let answer = self.hall.call(|engine, cx| engine.grab(cx, clerk));
                self.claims.extend(answer.map(|grabbed| grabbed.claim));
            }
            7 => {
                let Some(order) = order else { return };
                let answer = self.hall.call(|engine, cx| engine.grab_order(cx, clerk, order));
                self.claims.extend(answer.map(|grabbed| grabbed.claim));
            }
            8 => {
                let Some(claim) = claim else { return };
                let how = [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::After { ms: 9 }];
                let how = how[usize::from(other % 3)];
                self.hall.call(|engine, cx| engine.put_back(cx, claim, how)).ok();
            }
            9 => {
                let Some(claim) = claim else { return };
                self.hall.call(|engine, cx| engine.start(cx, claim)).ok();
            }
            10 | 11 => {
                let Some(claim) = claim else { return };
                let outcome = [Outcome::Done, Outcome::NoShow, Outcome::Rejected(1)];
                let outcome = outcome[usize::from(other % 3)];
                self.hall.call(|engine, cx| engine.complete(cx, claim, outcome)).ok();
            }
            12 => {
                let Some(order) = order else { return };
                let reason = [Reason::Abandoned, Reason::EndOfDay, Reason::Withdrawn(2)];
                let reason = reason[usize::from(other % 3)];
                self.hall.call(|engine, cx| engine.cancel(cx, order, reason)).ok();
            }
            13 => {
                let Some(order) = order else { return };
                let amend = Amend { service: Some(ServiceId(u16::from(other % 3))), class: None };
                self.hall.call(|engine, cx| engine.amend(cx, order, amend)).ok();
            }
            14 => {
                let presence = if one < 128 { Presence::Break(0) } else { Presence::Ready };
                self.hall.call(|engine, cx| engine.set_presence(cx, clerk, presence)).ok();
            }
            _ => {
                self.hall.pass(u64::from(one % 16));
                self.hall.advance();
            }
        }
    }

    fn events(&self) -> &[Event] {
        self.hall.outbox.events()
    }

    fn figures(&self) -> Fold<Key> {
        let mut fold = Fold::new(self.hall.engine.rules().clone(), key);
        for (clerk, pools, held_max) in &self.sessions {
            fold.signs_in(*clerk, &spec(pools, *held_max));
        }
        fold.read_all(self.events());
        fold.until(Mono(self.hall.now_ms));
        fold
    }
}

fn spec(pools: &[PoolId], held_max: u32) -> ClerkSpec<'_> {
    ClerkSpec { units: held_max, ..ClerkSpec::new(pools, [SkillId(0)].into_iter().collect()) }
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Part {
    let mut sum = Part::default();
    parts.into_iter().for_each(|part| sum.add(part));
    sum
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    // I14, I15.
    #[test]
    fn figures_are_functions_of_the_log(ops in vec((0..18_u8, any::<u8>(), any::<u8>()), 0..120)) {
        let mut day = Day::new();
        ops.into_iter().for_each(|op| day.step(op));
        let (fold, stats) = (day.figures(), day.hall.engine.stats());
        let whole = fold.whole();
        // Live counters equal a replay of the log.
        prop_assert_eq!(
            [whole.taken, whole.claimed, whole.claimed_again, whole.within, whole.put_backs],
            [stats.submitted, stats.claimed, stats.claimed_again, stats.within, stats.put_back]
        );
        prop_assert_eq!(
            [whole.closed, whole.abandoned, whole.abandoned_late, whole.breached],
            [stats.closed, stats.abandoned, stats.abandoned_late, stats.breached]
        );
        for percent in 0..=100 {
            let p = f64::from(percent) / 100.0;
            prop_assert_eq!(whole.wait_ms(p), stats.wait_ms(p));
        }
        prop_assert_eq!(whole.within_target().value(), stats.share_within());
        // Every end is of one kind; every claim is of one kind.
        let ends = whole.done + whole.rejected + whole.cancelled + whole.no_shows + whole.expired;
        let left = day.events().iter().filter(|event| is_left(event)).count() as u64;
        prop_assert_eq!(ends + left, whole.closed);
        prop_assert_eq!(whole.grabs_next + whole.grabs_named, whole.claims());
        // Parts add up to the whole, along both lines and by clerk.
        prop_assert_eq!(&sum(fold.by(|key| key.0).values()), &whole);
        prop_assert_eq!(&sum(fold.by(|key| key.1).values()), &whole);
        prop_assert_eq!(&sum(fold.by(|key| key.2).values()), &whole);
        // The same log, the same figures.
        let again = day.figures();
        prop_assert_eq!(again.parts(), fold.parts());
        let grabs: BTreeMap<_, _> = fold.grabs().collect();
        prop_assert_eq!(grabs.values().sum::<u64>(), whole.claims());
        proven(day.history.clone(), day.events(), &day.hall.engine);
    }
}

fn is_left(event: &Event) -> bool {
    matches!(event.kind, qiangdan::EventKind::OrderClosed { outcome: Outcome::Abandoned, .. })
}

/// The share, and that it names its denominator.
#[track_caller]
fn is(share: Share, count: u64, of: u64, of_what: &str) {
    assert_eq!((share.count, share.of, share.of_what), (count, of, of_what), "{share}");
}

// T16: cherry-picking shows: who is passed over, by whom, and how unevenly work is spread.
#[test]
fn a_day_counted_by_hand() {
    let mut day = Day::new();
    let submit = |day: &mut Day, ms, service| {
        day.hall.now_ms = ms;
        day.hall.advance();
        day.hall.submit(OrderSpec::new(ServiceId(service)))
    };
    let orders: Vec<_> = (0..4).map(|n| submit(&mut day, n, 2)).collect();
    let call = |day: &mut Day, ms, clerk, order: Option<OrderId>| {
        day.hall.now_ms = ms;
        let answer = match order {
            Some(order) => day.hall.call(|engine, cx| engine.grab_order(cx, clerk, order)).unwrap(),
            None => day.hall.call(|engine, cx| engine.grab(cx, clerk)).unwrap(),
        };
        answer.claim
    };
    // Bo picks the last of four: three are passed over.
    let picked = call(&mut day, 10, BO, Some(orders[3]));
    let next = call(&mut day, 12, ANA, None);
    assert_eq!(next.order, orders[0]);
    day.hall.now_ms = 20;
    day.hall.call(|engine, cx| engine.start(cx, next)).unwrap();
    day.hall.now_ms = 30;
    day.hall.call(|engine, cx| engine.complete(cx, picked, Outcome::Done)).unwrap();
    day.hall.now_ms = 50;
    day.hall.call(|engine, cx| engine.complete(cx, next, Outcome::Rejected(1))).unwrap();
    let late = call(&mut day, 51, BO, None);
    day.hall.call(|engine, cx| engine.put_back(cx, late, PutBack::KeepPlace)).unwrap();
    day.hall.call(|engine, cx| engine.cancel(cx, orders[2], Reason::Abandoned)).unwrap();
    day.hall.now_ms = 100;
    let fold = day.figures();
    let (whole, by_clerk) = (fold.whole(), fold.by(|key| key.2));
    let (ana, bo) = (&by_clerk[&Some(ANA)], &by_clerk[&Some(BO)]);
    assert_eq!((bo.skips, bo.skipped, ana.skips), (1, 3, 0));
    is(bo.named_share(), 1, 2, "claims");
    is(whole.put_back_share(), 1, 3, "claims");
    is(whole.hops(), 1, 3, "orders closed");
    // 7, 12 and 50 ms; the one who left had waited 49.
    assert_eq!(whole.wait_mean_ms(), Some(23.0));
    is(whole.within_target(), 2, 4, "orders claimed or left later than that");
    is(whole.abandoned_share(), 1, 4, "orders that came in");
    // From start to end; where no start was told, from the claim.
    assert_eq!((whole.handling_mean_ms(), whole.handled_inferred), (Some(25.0), 1));
    is(ana.use_share(), 38, 100, "ms at the window");
    is(bo.use_share(), 20, 100, "ms at the window");
    is(whole.same_visit_share(), 2, 2, "orders done or rejected");
    assert_eq!(fold.grabs().collect::<Vec<_>>(), [(ANA, 1), (BO, 2)]);
    let gini = fold.gini_of_grabs().unwrap();
    assert!((gini - 1.0 / 6.0).abs() < 1e-9, "{gini}");
    assert_eq!(day.hall.engine.state(orders[1]), Some(State::Waiting));
}

const PROMISED: LimitId = LimitId(0);
const BY_LAW: LimitId = LimitId(1);

fn supplement() -> PauseReason {
    PauseReason::new(0).unwrap()
}

/// Four working days are promised, the law allows ten; a supplement holds both. Past the promise there is
/// a red card.
fn promising() -> (Office, Fold<()>) {
    let (from, to) = (Moment::Reached(Milestone::SUBMITTED), [Moment::Reached(Milestone::CLOSED)]);
    let pauses = Reasons::default().with(supplement());
    let days = |days| LimitRule { pauses, ..limit(from, &to, TimeLimit::working_days(days)) };
    let action = Action::Card { colour: Colour::Red, reply_within: None };
    let stage =
        LimitStage { at: StageAt::Past(0), actions: vec![action], again: None, silence: None };
    let promised = LimitRule { stages: vec![stage], ..days(4) };
    let rules = office::rules(vec![promised, days(10)], &[&[0, 1]]);
    let mut office = Office::new(rules, "2026-03-02 10:00");
    office.sign_in(0, &[0], &[0]);
    let service = ServiceId(0);
    let promises = Promises {
        promised: [(service, PROMISED)].into(),
        by_law: [(service, BY_LAW)].into(),
        supplement: Some(supplement()),
        immediate: [service].into(),
    };
    let fold = Fold::new(office.engine.rules().clone(), |_| ()).with_promises(promises);
    (office, fold)
}

fn decide(office: &mut Office, order: OrderId, outcome: Outcome) {
    let claim = office.call(|engine, cx| engine.grab_order(cx, ANA, order)).unwrap().claim;
    office.call(|engine, cx| engine.complete(cx, claim, outcome)).unwrap();
}

// T14, T15: what is held by supplements and what is closed early to stop the clock is counted apart.
#[test]
fn promises_kept_early_late_and_not_yet() {
    let (mut office, mut fold) = promising();
    let orders: Vec<_> = (0..5).map(|_| office.submit(OrderSpec::new(ServiceId(0)))).collect();
    // Decided after one of four days; the last is due on Friday the 6th.
    office.go_to(at("2026-03-03 10:00"));
    decide(&mut office, orders[0], Outcome::Done);
    office.call(|engine, cx| engine.pause(cx, orders[1], supplement(), None, None)).unwrap();
    office.go_to(at("2026-03-04 10:00"));
    office.call(|engine, cx| engine.resume(cx, orders[1], supplement(), None)).unwrap();
    office.call(|engine, cx| engine.pause(cx, orders[1], supplement(), None, None)).unwrap();
    office.go_to(at("2026-03-05 10:00"));
    office.call(|engine, cx| engine.resume(cx, orders[1], supplement(), None)).unwrap();
    // On the last day, in time; and sent away before the end.
    office.go_to(at("2026-03-06 16:00"));
    decide(&mut office, orders[2], Outcome::Rejected(3));
    office.call(|engine, cx| engine.cancel(cx, orders[3], Reason::Withdrawn(9))).unwrap();
    office.go_to(just_after(at("2026-03-06 17:00")));
    fold.read_all(&office.take());
    let part = fold.whole();
    is(part.on_time_share(), 3, 3, "orders decided");
    is(part.on_time_share_with_open(), 3, 4, "orders decided or open past due");
    is(part.early_share(), 1, 3, "orders decided");
    assert_eq!((part.done, part.rejected, part.cancelled), (1, 1, 1));
    is(part.supplement_share(), 1, 5, "orders that came in");
    is(part.told_once_share(), 0, 1, "orders that had to supplement");
    is(part.red_share(), 1, 5, "orders that came in");
    assert_eq!(part.red_share().per_ten_thousand(), Some(2_000.0));
    is(part.promised_of_law(), 12, 30, "allowed by law, over orders decided");
    assert_eq!(part.promised_of_law().complement(), Some(0.6));
    is(part.spent_of_promised(), 9, 12, "promised, over orders decided");
    // The last is decided late, though within the law; what was open past due is not any more.
    office.go_to(at("2026-03-09 10:00"));
    decide(&mut office, orders[4], Outcome::Done);
    office.go_to(at("2026-03-09 11:00"));
    decide(&mut office, orders[1], Outcome::Done);
    fold.read_all(&office.take());
    let part = fold.whole();
    is(part.on_time_share(), 4, 5, "orders decided");
    is(part.on_time_share_with_open(), 4, 5, "orders decided or open past due");
    is(part.on_time_share_by_law(), 5, 5, "orders decided");
    is(part.on_time_share_by_law_with_open(), 5, 5, "orders decided or open past due");
    // Held by a supplement, it was not finished in one visit.
    is(part.same_visit_share(), 3, 4, "orders done or rejected");
    let rules = office.engine.rules();
    let promises = Promises {
        promised: [(ServiceId(0), PROMISED)].into(),
        by_law: [(ServiceId(0), BY_LAW)].into(),
        immediate: [ServiceId(0)].into(),
        ..Promises::default()
    };
    is(promises.promised_of_law(rules.clocks()), 4, 10, "allowed by law, over services");
    is(promises.immediate_share(4), 1, 4, "services");
}
