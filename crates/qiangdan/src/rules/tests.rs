//! Drafts that are right, and drafts that are wrong.

use super::*;

fn service(pool: u16, skill: Option<u8>, ladder: Option<u16>) -> ServiceRule {
    ServiceRule {
        pool: PoolId(pool),
        needs: skill.map(SkillId).into_iter().collect(),
        wait_limit_ms: None,
        ladder: ladder.map(LadderId),
    }
}

#[test]
fn services_with_the_same_pool_and_needs_share_a_lane() {
    let services =
        vec![service(0, Some(1), None), service(0, Some(1), None), service(0, None, None)];
    let draft =
        RulesDraft { pools: 1, services, head_starts_ms: vec![0, 60_000], ..Default::default() };
    let rules = draft.check().unwrap();
    assert_eq!(rules.lanes().len(), 4);
    assert_eq!(rules.home(ServiceId(0), ClassId(1)), rules.home(ServiceId(1), ClassId(1)));
    assert_ne!(rules.home(ServiceId(0), ClassId(1)), rules.home(ServiceId(2), ClassId(1)));
    assert_eq!(rules.home(ServiceId(0), ClassId(2)), None);
}

#[test]
fn a_ladder_that_widens_gets_lanes_in_the_wider_pool() {
    let widen = Stage { at_ms: 1, actions: vec![Action::Widen { pool: PoolId(1) }] };
    let ladders = vec![Ladder { stages: vec![widen] }];
    let services = vec![service(0, None, Some(0))];
    let rules = RulesDraft { pools: 2, services, ladders, ..Default::default() }.check().unwrap();
    assert!(rules.lane_in(PoolId(1), ServiceId(0), ClassId(0)).is_some());
}

#[test]
fn every_mistake_is_named() {
    let stage = |at_ms| Stage { at_ms, actions: vec![Action::Widen { pool: PoolId(9) }] };
    let draft = RulesDraft {
        pools: 1,
        services: vec![service(3, None, Some(7))],
        ladders: vec![Ladder { stages: vec![stage(5), stage(5)] }],
        target: WaitTarget { within_ms: 1, share: 1.5 },
        head_starts_ms: vec![0, i64::MIN],
        ..Default::default()
    };
    assert_eq!(draft.check().unwrap_err().len(), 7);
    let boost = Stage { at_ms: 1, actions: vec![Action::Boost { by_ms: u64::MAX }; 2] };
    let ladders = vec![Ladder { stages: vec![boost] }];
    let services = vec![service(0, None, None)];
    let long = RulesDraft { pools: 1, services, ladders, ..Default::default() };
    assert_eq!(long.check().unwrap_err().len(), 1);
    assert_eq!(RulesDraft::default().check().unwrap_err(), [RulesError::NoService]);
}
