//! Rules and engines the benchmarks run on.

use qiangdan::{
    Action, Advancer, Bounds, ClerkId, ClerkSpec, Cx, Engine, Ladder, LadderId, Now, Outbox,
    PoolId, Rules, RulesDraft, ServiceRule, SkillId, Skills, Stage, Wall,
};

use crate::people::{CLASSES, Shape};

/// How far a class is ahead of the next: thirty years, so that the highest class always goes first.
const CLASS_MS: i64 = 946_728_000_000;

/// Rules with one service, one class, hence one lane; no limit, no ladder.
///
/// # Panics
///
/// Never: the rules are right.
#[must_use]
pub fn one_lane() -> Rules {
    many_lanes(&Shape::one_lane(1), None).check().expect("one service in one pool")
}

/// A lane for each skill and each class, all in one pool; the service number is the skill it needs.
fn many_lanes(shape: &Shape, wait_limit_ms: Option<u64>) -> RulesDraft {
    assert!(shape.classes <= CLASSES, "classes are thirty years apart");
    let service = |skill| {
        let needs = if shape.skills == 1 { Skills::none() } else { Skills::none().with(skill) };
        ServiceRule { pool: PoolId(0), needs, wait_limit_ms, ladder: None }
    };
    let skills = (0..=u8::MAX).map(SkillId).zip(0..shape.skills);
    RulesDraft {
        pools: 1,
        services: skills.map(|(skill, _)| service(skill)).collect(),
        head_starts_ms: (0..i64::from(shape.classes)).map(|class| class * CLASS_MS).collect(),
        ..Default::default()
    }
}

/// An engine of one lane with room for `orders`, and `clerks` who may hold as many as they like.
///
/// # Panics
///
/// If the bounds are out of range.
#[must_use]
pub fn engine(orders: u32, clerks: u32) -> Engine {
    of_shape(&Shape::one_lane(clerks), orders, None).0
}

/// An engine for `shape` with room for `orders`, its clerks signed in.
///
/// # Panics
///
/// If the bounds are out of range.
#[must_use]
pub fn of_shape(shape: &Shape, orders: u32, wait_limit_ms: Option<u64>) -> (Engine, Advancer) {
    of_rules(shape, orders, many_lanes(shape, wait_limit_ms))
}

/// The same, with one stage that is due after a wait of `at_ms`.
///
/// # Panics
///
/// If the bounds are out of range.
#[must_use]
pub fn with_stage(shape: &Shape, orders: u32, at_ms: u64, action: Action) -> (Engine, Advancer) {
    let mut draft = many_lanes(shape, None);
    draft.ladders = vec![Ladder { stages: vec![Stage { at_ms, actions: vec![action] }] }];
    for service in &mut draft.services {
        service.ladder = Some(LadderId(0));
    }
    of_rules(shape, orders, draft)
}

fn of_rules(shape: &Shape, orders: u32, draft: RulesDraft) -> (Engine, Advancer) {
    let (clerks, rules) = (shape.clerks(), draft.check().expect("services in one pool"));
    let (engine, advancer) =
        Engine::new(rules, Bounds::new(orders, clerks)).expect("bounds in range");
    let mut outbox = Outbox::with_capacity(8);
    for clerk in 0..clerks {
        outbox.clear();
        let skills = shape.skills_of(clerk).iter().map(|&skill| SkillId(skill)).collect();
        let spec = ClerkSpec { units: u32::MAX, ..ClerkSpec::new(&[PoolId(0)], skills) };
        let cx = &mut Cx::new(at(0), &mut outbox);
        engine.sign_in(cx, ClerkId(clerk), &spec).expect("the clerk and the pool exist");
    }
    (engine, advancer)
}

/// An instant of the run.
#[must_use]
pub fn at(ms: u64) -> Now {
    Now::after(Wall(0), ms)
}
