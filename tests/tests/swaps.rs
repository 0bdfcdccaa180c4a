//! Rules are swapped while orders are open: atomically, and every order keeps what it came in with.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeMap, thread};

use proptest::prelude::*;
use qiangdan::{
    Action, Amend, ApplyError, Bounds, ClerkId, ClerkSpec, Cx, Engine, EventKind, Handling, Ladder,
    LimitId, Mono, NoShow, Now, OpenOrders, OrderId, OrderSpec, Outbox, Outcome, PlanId, PoolId,
    PutBack, RoleId, Rules, RulesDraft, ServiceId, SkillId, Stage, State, SubmitError, Wall,
    hall::Hall,
    limit::{Milestone, Moment, TimeLimit},
};
use qiangdan_tests::{
    hall::{Hall as House, checked, climbing, service, within},
    office::{at, limit, rules},
};

const CLERK: ClerkId = ClerkId(0);

fn notify(at_ms: u64, role: u16) -> Stage {
    Stage { at_ms, actions: vec![Action::Notify { role: RoleId(role) }] }
}

/// Two services; the first waits in `pool` and tells `role` after `at_ms`.
fn draft(pool: u16, at_ms: u64, role: u16) -> RulesDraft {
    RulesDraft {
        pools: 2,
        services: vec![climbing(0, service(pool, &[])), service(1, &[])],
        ladders: vec![Ladder { stages: vec![notify(at_ms, role)] }],
        ..RulesDraft::default()
    }
}

fn hall(draft: RulesDraft) -> House {
    let mut hall = House::bounded(draft, Bounds { lanes: Some(16), ..Bounds::new(64, 4) });
    hall.sign_in(0, &[0, 1], &[], 9);
    hall.take();
    hall
}

fn apply(hall: &mut House, next: &Rules, open: OpenOrders) -> Result<PlanId, ApplyError> {
    let now = hall.now();
    hall.advancer.apply(&mut Cx::new(now, &mut hall.outbox), next, open)
}

fn switch(hall: &mut House, plan: PlanId) {
    let now = hall.now();
    hall.advancer.switch(&mut Cx::new(now, &mut hall.outbox), plan, OpenOrders::Keep).unwrap();
}

/// Who was told of which order, and when that was due.
fn told(hall: &mut House) -> Vec<(OrderId, RoleId, Mono)> {
    let (mut told, mut due_now) = (Vec::new(), Mono(0));
    for event in hall.take() {
        match event.kind {
            EventKind::StageReached { due, .. } => due_now = due,
            EventKind::NotifyDue { role } => told.push((event.order.unwrap(), role, due_now)),
            _ => {}
        }
    }
    told
}

#[test]
fn open_orders_keep_the_ladder_they_came_in_with() {
    let mut hall = hall(draft(0, 1_000, 1));
    let old = hall.submit(OrderSpec::new(ServiceId(0)));
    let plan = apply(&mut hall, &checked(draft(0, 400, 2)), OpenOrders::Keep).unwrap();
    assert_eq!((plan, hall.engine.plan(), hall.engine.version()), (PlanId(1), PlanId(1), 1));
    let new = hall.submit(OrderSpec::new(ServiceId(0)));
    hall.pass(2_000);
    hall.advance();
    let due = |order, role, at| (order, RoleId(role), Mono(at));
    assert_eq!(told(&mut hall), [due(new, 2, 400), due(old, 1, 1_000)]);
    // For the host both are of one service.
    for order in [old, new] {
        assert_eq!(hall.engine.order(order).unwrap().service, ServiceId(0));
        let grabbed = hall.call(|engine, cx| engine.grab_order(cx, CLERK, order)).unwrap();
        assert_eq!(grabbed.service, ServiceId(0));
    }
}

#[test]
fn every_event_names_the_version_of_its_rules() {
    let mut hall = hall(draft(0, 1_000, 1));
    hall.submit(OrderSpec::new(ServiceId(0)));
    apply(&mut hall, &checked(draft(0, 400, 2)), OpenOrders::Keep).unwrap();
    hall.submit(OrderSpec::new(ServiceId(0)));
    let versions = hall.take().iter().map(|event| event.version).collect::<Vec<_>>();
    assert_eq!(versions, [0, 1, 1]);
}

#[test]
fn e66_moved_orders_climb_the_new_ladder_from_where_their_wait_is_and_no_stage_twice() {
    let mut hall = hall(draft(0, 1_000, 1));
    let order = hall.submit(OrderSpec::new(ServiceId(0)));
    hall.pass(1_500);
    hall.advance();
    assert_eq!(told(&mut hall).len(), 1);
    let mut next = draft(0, 500, 2);
    next.ladders[0].stages.extend([notify(1_200, 3), notify(2_000, 4)]);
    apply(&mut hall, &checked(next), OpenOrders::Move).unwrap();
    hall.advance();
    let events = hall.take();
    let amended = |kind: EventKind| matches!(kind, EventKind::OrderAmended { service, .. } if service == ServiceId(0));
    assert_eq!(events.iter().filter(|event| amended(event.kind)).count(), 1, "{events:?}");
    hall.pass(1_000);
    hall.advance();
    assert_eq!(told(&mut hall), [(order, RoleId(4), Mono(2_000))]);
}

#[test]
fn moved_orders_change_their_pool() {
    let mut hall = hall(draft(0, 1_000, 1));
    hall.sign_in(1, &[1], &[], 9);
    let order = hall.submit(OrderSpec::new(ServiceId(0)));
    assert!(!hall.engine.may_take(ClerkId(1), order));
    apply(&mut hall, &checked(draft(1, 1_000, 1)), OpenOrders::Move).unwrap();
    let again = apply(&mut hall, &checked(draft(0, 1_000, 1)), OpenOrders::Move);
    assert_eq!(again, Err(ApplyError::StillMoving { left: 64 }));
    hall.advance();
    let grabbed = hall.call(|engine, cx| engine.grab(cx, ClerkId(1))).unwrap();
    assert_eq!(grabbed.claim.order, order);
}

#[test]
fn e65_a_service_that_is_withdrawn_takes_no_orders_and_serves_those_it_has() {
    let mut hall = hall(draft(0, 1_000, 1));
    let order = hall.submit(OrderSpec::new(ServiceId(1)));
    let next = checked(RulesDraft { withdrawn: vec![ServiceId(1)], ..draft(0, 1_000, 1) });
    let preview = hall.engine.preview(&next, hall.now()).unwrap();
    assert_eq!(preview.withdrawn, [ServiceId(1)]);
    assert_eq!(preview.of_withdrawn, [order]);
    assert_eq!((preview.changed.len(), preview.new.len()), (0, 0));
    apply(&mut hall, &next, OpenOrders::Move).unwrap();
    hall.advance();
    let refused = hall.call(|engine, cx| engine.submit(cx, &OrderSpec::new(ServiceId(1))));
    assert_eq!(refused, Err(SubmitError::NoSuchService { service: ServiceId(1) }));
    let amend = Amend { service: Some(ServiceId(1)), class: None };
    let other = hall.submit(OrderSpec::new(ServiceId(0)));
    hall.call(|engine, cx| engine.amend(cx, other, amend)).unwrap_err();
    let grabbed = hall.call(|engine, cx| engine.grab(cx, CLERK)).unwrap();
    assert_eq!((grabbed.claim.order, grabbed.service), (order, ServiceId(1)));
    hall.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done)).unwrap();
}

#[test]
fn e53_a_preview_counts_what_would_be_in_breach() {
    let limited = |limit_ms| {
        let services = vec![within(limit_ms, service(0, &[]))];
        checked(RulesDraft { pools: 1, services, ..RulesDraft::default() })
    };
    let first = RulesDraft {
        pools: 1,
        services: vec![within(1_000, service(0, &[]))],
        ..RulesDraft::default()
    };
    let mut hall = House::new(first, 64, 1);
    for _ in 0..3 {
        hall.submit(OrderSpec::new(ServiceId(0)));
        hall.pass(400);
    }
    // They wait for 1,200, 800 and 400 ms.
    let now = hall.now();
    let preview = |hall: &House, limit_ms| hall.engine.preview(&limited(limit_ms), now).unwrap();
    let counts = |limit_ms| {
        let preview = preview(&hall, limit_ms);
        (preview.changed, preview.breached, preview.unbreached)
    };
    assert_eq!(counts(1_000), (vec![], 0, 0));
    assert_eq!(counts(500), (vec![(ServiceId(0), 3)], 1, 0));
    assert_eq!(counts(399), (vec![(ServiceId(0), 3)], 2, 0));
    assert_eq!(counts(1_200), (vec![(ServiceId(0), 3)], 0, 1));
    assert_eq!(hall.take().len(), 3, "a preview tells nothing");
}

#[test]
fn clerks_take_from_new_lanes_without_signing_in_again() {
    let mut hall = hall(draft(0, 1_000, 1));
    let with_skill = |skill: u8| {
        let mut next = draft(0, 1_000, 1);
        next.services.push(service(1, &[skill]));
        checked(next)
    };
    hall.sign_in(1, &[1], &[7], 9);
    apply(&mut hall, &with_skill(7), OpenOrders::Keep).unwrap();
    let order = hall.submit(OrderSpec::new(ServiceId(2)));
    assert!(hall.call(|engine, cx| engine.grab(cx, CLERK)).is_err());
    let grabbed = hall.call(|engine, cx| engine.grab(cx, ClerkId(1))).unwrap();
    assert_eq!(grabbed.claim.order, order);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut hall = House::new(draft(0, 1_000, 1), 8, 1);
    let mut wide = draft(0, 1_000, 1);
    wide.services.push(service(0, &[3]));
    let refused = apply(&mut hall, &checked(wide), OpenOrders::Keep);
    assert_eq!(refused, Err(ApplyError::Lanes { found: 3, most: 2 }));
    let limited = checked(rules(
        vec![limit(
            Moment::Reached(Milestone::SUBMITTED),
            &[Moment::Reached(Milestone::CLOSED)],
            TimeLimit::working_days(5),
        )],
        &[&[0]],
    ));
    assert_eq!(apply(&mut hall, &limited, OpenOrders::Keep), Err(ApplyError::NoClocks));
    assert_eq!((hall.engine.version(), hall.take()), (0, vec![]));
    let now = hall.now();
    let nowhere =
        hall.advancer.switch(&mut Cx::new(now, &mut hall.outbox), PlanId(1), OpenOrders::Keep);
    assert_eq!(nowhere, Err(ApplyError::NoSuchPlan { plan: PlanId(1) }));
}

#[test]
fn switching_to_and_fro_needs_no_room() {
    let mut hall = hall(draft(0, 1_000, 1));
    let peak = apply(&mut hall, &checked(draft(1, 400, 2)), OpenOrders::Keep).unwrap();
    for _ in 0..1_000 {
        switch(&mut hall, PlanId(0));
        switch(&mut hall, peak);
    }
    // The same rules once more are the same plan.
    assert_eq!(apply(&mut hall, &checked(draft(1, 400, 2)), OpenOrders::Keep), Ok(peak));
    assert_eq!(hall.engine.version(), 2_002);
    assert_eq!(hall.engine.rules().services().len(), 3);
    for number in 3..100 {
        let next = checked(draft(0, number, 1));
        if let Err(refused) = apply(&mut hall, &next, OpenOrders::Keep) {
            assert_eq!((number, refused), (65, ApplyError::Editions { most: 64 }));
            return;
        }
    }
    panic!("there is no end to rules");
}

#[test]
fn limits_by_the_calendar_stay_as_they_were_for_open_orders() {
    let [submitted, closed] = [Milestone::SUBMITTED, Milestone::CLOSED].map(Moment::Reached);
    let within = |days| {
        checked(rules(vec![limit(submitted, &[closed], TimeLimit::working_days(days))], &[&[0]]))
    };
    let (engine, mut advancer) = Engine::new(within(5), Bounds::new(8, 1)).unwrap();
    let mut outbox = Outbox::default();
    let now = Now::after(at("2026-03-02 10:00"), 0);
    let mut cx = Cx::new(now, &mut outbox);
    let spec = OrderSpec::new(ServiceId(0));
    let old = engine.submit(&mut cx, &spec).unwrap().order;
    advancer.apply(&mut cx, &within(3), OpenOrders::Keep).unwrap();
    let new = engine.submit(&mut cx, &spec).unwrap().order;
    let due = |order| {
        let clocks = engine.clocks(order, now.wall).unwrap();
        (engine.rules().host_limit(clocks[0].limit), clocks[0].due.unwrap().at)
    };
    assert_eq!(due(old), (LimitId(0), at("2026-03-09 17:00")));
    assert_eq!(due(new), (LimitId(0), at("2026-03-05 17:00")));
    advancer.switch(&mut cx, PlanId(1), OpenOrders::Move).unwrap();
    advancer.advance_all(&mut cx);
    assert_eq!(due(old), (LimitId(0), at("2026-03-05 17:00")));
    let kinds = outbox.events().iter().filter(|event| event.order == Some(old));
    let is_due =
        |kind| matches!(kind, EventKind::ClockStarted { .. } | EventKind::LimitRecomputed { .. });
    assert!(kinds.filter(|event| is_due(event.kind)).count() >= 2, "{:?}", outbox.events());
}

/// What a child would keep: for each order the role its rules tell, and when.
#[derive(Debug, Default)]
struct Model {
    tells: BTreeMap<OrderId, (RoleId, Mono)>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn each_order_is_told_of_by_the_rules_that_were_in_force_when_it_came(
        steps in prop::collection::vec((0..3_u8, 0..6_u16), 1..60),
    ) {
        let variants = |n: u16| draft(n % 2, 50 + u64::from(n) * 7, n);
        let mut hall = hall(variants(0));
        let (mut model, mut now) = (Model::default(), 0);
        let mut done = Vec::new();
        for (step, n) in steps {
            match step {
                0 => { apply(&mut hall, &checked(variants(n)), OpenOrders::Keep).unwrap(); now = n; }
                1 => {
                    let order = hall.submit(OrderSpec::new(ServiceId(0)));
                    let due = Mono(hall.now_ms + 50 + u64::from(now) * 7);
                    model.tells.insert(order, (RoleId(now), due));
                }
                _ => { hall.pass(u64::from(n)); hall.advance(); done.extend(told(&mut hall)); }
            }
        }
        hall.pass(1_000);
        hall.advance();
        done.extend(told(&mut hall));
        let done: BTreeMap<_, _> = done.into_iter().map(|(order, role, due)| (order, (role, due))).collect();
        prop_assert_eq!(done, model.tells);
    }
}

// Four threads submit and grab while a fifth swaps rules: whatever came in is served, once.
#[test]
fn orders_come_and_go_while_rules_are_swapped() {
    const ROUNDS: u64 = 400;
    let first = checked(draft(0, 1_000, 1));
    let bounds = Bounds { lanes: Some(16), ..Bounds::new(4_096, 8) };
    let (engine, mut advancer) = Engine::new(first, bounds).unwrap();
    let desk = |clerk: u32, engine: &Engine| {
        let (pools, mut outbox) = ([PoolId(0), PoolId(1)], Outbox::default());
        let skills = [SkillId(0)].into_iter().collect();
        let spec = ClerkSpec { units: 2, ..ClerkSpec::new(&pools, skills) };
        engine
            .sign_in(&mut Cx::new(Now::after(Wall(0), 0), &mut outbox), ClerkId(clerk), &spec)
            .unwrap();
        let mut served = Vec::new();
        for round in 0..ROUNDS {
            let mut cx = Cx::new(Now::after(Wall(0), round), &mut outbox);
            engine.submit(&mut cx, &OrderSpec::new(ServiceId(0))).unwrap();
            if let Ok(grabbed) = engine.grab(&mut cx, ClerkId(clerk)) {
                assert_eq!(grabbed.service, ServiceId(0));
                engine.complete(&mut cx, grabbed.claim, Outcome::Done).unwrap();
                served.push(grabbed.claim.order);
            }
        }
        served
    };
    let mut served = thread::scope(|scope| {
        let desks: Vec<_> = (0..4)
            .map(|clerk| {
                let engine = engine.clone();
                scope.spawn(move || desk(clerk, &engine))
            })
            .collect();
        let mut outbox = Outbox::default();
        for round in 0..40 {
            let mut cx = Cx::new(Now::after(Wall(0), round), &mut outbox);
            let next = checked(draft(u16::from(round % 2 == 0), 1_000 + round % 20, 1));
            let open = if round % 3 == 0 { OpenOrders::Move } else { OpenOrders::Keep };
            advancer.apply(&mut cx, &next, open).unwrap();
            advancer.advance_all(&mut cx);
        }
        desks.into_iter().flat_map(|desk| desk.join().unwrap()).collect::<Vec<_>>()
    });
    let mut outbox = Outbox::default();
    let mut cx = Cx::new(Now::after(Wall(0), ROUNDS), &mut outbox);
    while let Ok(grabbed) = engine.grab(&mut cx, CLERK) {
        engine.complete(&mut cx, grabbed.claim, Outcome::Done).unwrap();
        served.push(grabbed.claim.order);
    }
    assert_eq!(served.len() as u64, 4 * ROUNDS);
    served.sort_unstable();
    served.dedup();
    assert_eq!(served.len() as u64, 4 * ROUNDS);
}

const FIRST: &str = r#"
    schema = 1
    [hall]
    id = "county"
    name = "县政务服务中心"
    timezone = "Asia/Shanghai"
    [pools]
    front = "综合窗口"
    [services.id-card]
    name = "居民身份证换领"
    pool = "front"
    takes = "6 min"
    [services.pension]
    name = "养老待遇认证"
    pool = "front"
    takes = "5 min"
"#;

#[test]
fn a_hall_file_may_follow_another_if_what_it_knows_keeps_its_place() {
    let hall = |text: &str| Hall::parse("county.toml", text).unwrap().hall;
    let first = hall(FIRST);
    let withdrawn = FIRST.replace("takes = \"5 min\"", "takes = \"5 min\"\nwithdrawn = true");
    let second = hall(&format!("{withdrawn}[services.tax]\npool = \"front\"\ntakes = \"9 min\""));
    assert_eq!(second.follows(&first), Ok(()));
    let (engine, mut advancer) =
        Engine::new(first.rules(), Bounds { lanes: Some(4), ..Bounds::new(8, 1) }).unwrap();
    let mut outbox = Outbox::default();
    let mut cx = Cx::new(Now::after(Wall(0), 0), &mut outbox);
    advancer.apply(&mut cx, &second.rules(), OpenOrders::Keep).unwrap();
    engine.submit(&mut cx, &OrderSpec::new(second.services()[2].id)).unwrap();
    engine.submit(&mut cx, &OrderSpec::new(second.services()[1].id)).unwrap_err();
    // The other way round a service would be missing, and another have its number.
    let moved = first.follows(&second).unwrap_err();
    let texts: Vec<_> = moved.iter().map(ToString::to_string).collect();
    let missing =
        "`tax` was number 3 of [services] and is not there: keep it, with `withdrawn = true`";
    assert_eq!(texts, [missing]);
    let swapped = FIRST.replace("[pools]", "[pools]\nback = \"后台\"");
    let moved = hall(&swapped).follows(&first).unwrap_err();
    assert_eq!((moved[0].kind, moved[0].was, moved[0].is), ("pools", 1, Some(2)));
}

const PEAK: &str = r#"
    [plans.peak]
    name = "早高峰"
    when = ["09:00-10:30"]
    services.id-card = { pool = "help" }
"#;

fn with_plan(plan: &str) -> String {
    FIRST.replace("[services.id-card]", "help = \"帮办代办\"\n[services.id-card]") + plan
}

#[test]
fn a_plan_of_the_hall_file_says_only_what_differs() {
    let hall = Hall::parse("county.toml", &with_plan(PEAK)).unwrap().hall;
    let [peak] = hall.plans() else { panic!("{:?}", hall.plans()) };
    assert_eq!((peak.id, peak.key.as_str(), peak.name.zh.as_str()), (PlanId(1), "peak", "早高峰"));
    assert_eq!(
        (peak.when[0].from_ms, peak.when[0].to_ms),
        (9 * 3_600_000, 10 * 3_600_000 + 1_800_000)
    );
    let pools =
        |rules: &Rules| rules.services().iter().map(|service| service.pool.0).collect::<Vec<_>>();
    assert_eq!(pools(&hall.rules()), [0, 0]);
    assert_eq!(pools(&peak.rules), [1, 0]);
}

#[test]
fn what_is_wrong_in_a_plan_is_told_where_it_stands() {
    let wrong = |plan: &str| {
        let invalid = Hall::parse("county.toml", &with_plan(plan)).unwrap_err();
        invalid.mistakes.iter().map(|m| format!("{m}; {:?}", m.help)).collect::<Vec<_>>()
    };
    let told = wrong("[plans.peak]\nservices.id-card.pool = \"hlep\"");
    assert!(
        told.len() == 1 && told[0].contains(":19:25") && told[0].contains("did you mean `help`?"),
        "{told:?}"
    );
    let told =
        wrong("[plans.peak]\nservices.tax = { pool = \"help\", takes = \"5 min\" }\nwen = []");
    assert!(told.len() == 1 && told[0].contains("did you mean `when`?"), "{told:?}");
}

// S05: more than two wait, and the pool of helpers comes to their help; it goes back by itself.
#[test]
fn a_watch_puts_a_plan_in_force_and_takes_it_back() {
    let watched = with_plan(PEAK).replace(
        "front = \"综合窗口\"",
        "front = { name = \"综合窗口\", watch = [{ when = \"more than 2 wait\", until = 0, do = [\"switch to peak\"] }] }",
    );
    let hall = Hall::parse("county.toml", &watched).unwrap().hall;
    let bounds = Bounds { lanes: Some(8), ..Bounds::new(16, 2) };
    let (engine, mut advancer) = Engine::new(hall.rules(), bounds).unwrap();
    assert_eq!(advancer.prepare(&hall.plans()[0].rules), Ok(hall.plans()[0].id));
    let mut outbox = Outbox::default();
    let mut cx = Cx::new(Now::after(Wall(0), 0), &mut outbox);
    let [front, help] = [PoolId(0), PoolId(1)];
    let skills = qiangdan::Skills::none();
    for (clerk, pools) in [(0, [front]), (1, [help])] {
        let spec = ClerkSpec { units: 9, ..ClerkSpec::new(&pools, skills) };
        engine.sign_in(&mut cx, ClerkId(clerk), &spec).unwrap();
    }
    let submit = |cx: &mut Cx<'_>| engine.submit(cx, &OrderSpec::new(ServiceId(0))).unwrap().order;
    for _ in 0..3 {
        submit(&mut cx);
        advancer.advance_all(&mut cx);
    }
    assert_eq!(engine.plan(), PlanId(1));
    let fourth = submit(&mut cx);
    assert_eq!(engine.grab(&mut cx, ClerkId(1)).unwrap().claim.order, fourth);
    while engine.grab(&mut cx, ClerkId(0)).is_ok() {}
    assert_eq!(advancer.next_look(), Some(Mono(0)));
    advancer.advance_all(&mut cx);
    assert_eq!((engine.plan(), engine.version()), (PlanId(0), 2));
    assert!(!engine.may_take(ClerkId(1), submit(&mut cx)));
}

#[test]
fn open_orders_are_handled_as_they_came_in() {
    let say = |no_show| RulesDraft {
        handling: vec![(ServiceId(0), Handling { no_show, ..Handling::default() })],
        ..draft(0, 1_000, 1)
    };
    let mut hall = hall(say(NoShow::Close));
    let old = hall.submit(OrderSpec::new(ServiceId(0)));
    let back = NoShow::PutBack(PutBack::KeepPlace);
    apply(&mut hall, &checked(say(back)), OpenOrders::Keep).unwrap();
    let new = hall.submit(OrderSpec::new(ServiceId(0)));
    let mut claims = Vec::new();
    for order in [old, new] {
        let claim = hall.call(|engine, cx| engine.grab_order(cx, ClerkId(0), order)).unwrap().claim;
        claims.push(claim);
        hall.call(|engine, cx| engine.no_show(cx, claim)).unwrap();
    }
    let state = |order| hall.engine.state(order);
    assert_eq!((state(old), state(new)), (Some(State::Closed), Some(State::Waiting)));
}
