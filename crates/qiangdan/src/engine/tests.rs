//! What only the inside can test: calls stopped half way, while another call runs from end to end.

use super::*;
use crate::{
    Action, Amend, Choice, ClerkSpec, Ladder, LadderId, Mono, OrderSpec, Outbox, PoolId, PutBack,
    RulesDraft, ServiceId, ServiceRule, Skills, Stage, State, Wall, order::OtherLife,
};

/// The one clerk of these tests.
const ANN: ClerkId = ClerkId(0);

/// A hall with two services, each in a pool of its own; the first climbs `stages`. Ann works for both.
struct House {
    engine: Engine,
    advancer: Advancer,
    out: Outbox,
}

impl House {
    fn new(orders: u32, stages: Vec<Stage>) -> Self {
        let service = |pool, ladder| ServiceRule {
            pool: PoolId(pool),
            needs: Skills::none(),
            wait_limit_ms: None,
            ladder,
        };
        let draft = RulesDraft {
            pools: 2,
            services: vec![service(0, Some(LadderId(0))), service(1, None)],
            ladders: vec![Ladder { stages }],
            ..Default::default()
        };
        let rules = draft.check().expect("the rules are right");
        let (engine, advancer) = Engine::new(rules, Bounds::new(orders, 1)).unwrap();
        let mut house = Self { engine, advancer, out: Outbox::default() };
        house.sign_in(&[PoolId(0), PoolId(1)]);
        house
    }

    fn sign_in(&mut self, pools: &[PoolId]) {
        let spec = ClerkSpec { units: u32::MAX, ..ClerkSpec::new(pools, Skills::none()) };
        self.engine.clone().sign_in(&mut self.at(0), ANN, &spec).unwrap();
    }

    fn at(&mut self, ms: u64) -> Cx<'_> {
        Cx::new(crate::Now::after(Wall(0), ms), &mut self.out)
    }

    fn advance(&mut self, ms: u64) {
        let mut cx = Cx::new(crate::Now::after(Wall(0), ms), &mut self.out);
        self.advancer.advance_all(&mut cx);
    }

    fn submit(&mut self, ms: u64) -> OrderId {
        let engine = self.engine.clone();
        engine.submit(&mut self.at(ms), &OrderSpec::new(ServiceId(0))).unwrap().order
    }

    fn grab(&mut self, ms: u64) -> Option<crate::Claim> {
        let engine = self.engine.clone();
        engine.grab(&mut self.at(ms), ANN).ok().map(|grabbed| grabbed.claim)
    }
}

fn widen_at(at_ms: u64, pool: u16) -> Stage {
    Stage { at_ms, actions: vec![Action::Widen { pool: PoolId(pool) }] }
}

#[test]
fn an_order_is_in_a_lane_once_however_often_it_widens_there() {
    let mut house = House::new(65, (1..=4).map(|at_ms| widen_at(at_ms, 0)).collect());
    for _ in 0..65 {
        house.submit(0);
    }
    house.advance(10);
    let engine = house.engine.clone();
    for _ in 0..65 {
        let claim = house.grab(10).expect("all of them wait");
        engine.put_back(&mut house.at(10), claim, PutBack::KeepPlace).unwrap();
    }
    let grabbed = std::iter::from_fn(|| house.grab(10)).count();
    assert_eq!(grabbed, 65);
}

#[test]
fn boosts_never_use_up_the_room() {
    let boost = |at_ms| Stage { at_ms, actions: vec![Action::Boost { by_ms: 1 }] };
    let mut house = House::new(65, (1..=20).map(boost).collect());
    let orders: Vec<_> = (0..65).map(|_| house.submit(0)).collect();
    (1..=20).for_each(|ms| house.advance(ms));
    let grabbed: Vec<_> = (0..65).map(|_| house.grab(20).unwrap().order).collect();
    assert_eq!(grabbed, orders);
    assert_eq!(house.grab(20), None);
}

#[test]
fn fields_without_a_tag_are_not_read_from_the_next_life() {
    let mut house = House::new(1, vec![]);
    let engine = house.engine.clone();
    let spec = OrderSpec::new(ServiceId(0));
    let first = engine.submit(&mut house.at(1), &spec.tag(11)).unwrap().order;
    let life = engine.inner.life(first).unwrap();
    assert_eq!((life.tag(), life.arrived()), (Ok(11), Ok(Mono(1))));
    engine.cancel(&mut house.at(2), first, crate::Reason::EndOfDay).unwrap();
    assert_eq!(life.tag(), Ok(11), "closed is remembered");
    engine.submit(&mut house.at(3), &spec.tag(22)).unwrap();
    assert_eq!((life.tag(), life.arrived()), (Err(OtherLife), Err(OtherLife)));
}

#[test]
fn a_step_that_no_longer_follows_is_not_taken() {
    let mut house = House::new(2, vec![widen_at(5, 1)]);
    let order = house.submit(0);
    let inner = Arc::clone(&house.engine.inner);
    let life = inner.life(order).unwrap();
    let step = inner.next_step(life).unwrap();
    let claim = house.grab(1).unwrap();
    house.engine.clone().put_back(&mut house.at(4), claim, PutBack::KeepPlace).unwrap();
    house.out.clear();
    inner.reach(&mut house.at(5), life, step);
    inner.breach(&mut house.at(5), life, step.due, |now| now == step.terms);
    assert_eq!(house.out.events(), []);
}

#[test]
fn a_put_back_that_stops_half_way_hides_no_order() {
    for how in [PutBack::KeepPlace, PutBack::BackOfLine, PutBack::HeadStart { ms: 3 }] {
        let mut house = House::new(2, vec![]);
        let order = house.submit(0);
        let inner = Arc::clone(&house.engine.inner);
        let life = inner.life(order).unwrap();
        let claim = house.grab(1).unwrap();
        assert_eq!(inner.begin_return(life, claim, how), Ok(true));
        inner.prepare(&mut house.at(5), life, how).unwrap();
        house.out.clear();
        // The thread stops here. Another grab goes through.
        let again = house.grab(9).expect("the owner has let go of it");
        assert_eq!((again.order, again.epoch), (order, 2));
        let told: Vec<_> = house.out.events().iter().map(|event| event.kind).collect();
        let place = match how {
            PutBack::KeepPlace => how,
            PutBack::BackOfLine => PutBack::HeadStart { ms: 4 },
            _ => PutBack::HeadStart { ms: 7 },
        };
        assert_eq!(told[0], EventKind::OrderPutBack { epoch: 1, how: place });
        // The grab at 1 ended a wait of 1 ms; from 5 to 9 it waited 4 more.
        assert_eq!(told[1], EventKind::OrderClaimed { epoch: 2, choice: Choice::Next, wait_ms: 5 });
        assert_eq!(house.engine.held(ANN), Some(1), "the first claim's room was given back");
        // And on: the put_back was done, with nothing left to do.
        let engine = house.engine.clone();
        engine.put_back(&mut house.at(10), claim, how).unwrap_err();
        assert_eq!(engine.order(order).unwrap().owner, Some(ANN));
        assert_eq!(engine.stats().put_back, 1);
    }
}

#[test]
fn an_activation_that_stops_half_way_hides_no_order() {
    let mut house = House::new(2, vec![]);
    let engine = house.engine.clone();
    let spec = OrderSpec::new(ServiceId(0)).not_before(Mono(5));
    let order = engine.submit(&mut house.at(0), &spec).unwrap().order;
    let life = engine.inner.life(order).unwrap();
    assert_eq!(house.grab(5), None);
    let lined = engine.inner.line_up(life).unwrap();
    // The thread stops here.
    let claim = house.grab(7).expect("its time has come");
    assert_eq!(claim.order, order);
    assert_eq!(engine.inner.open(&mut house.at(8), life, lined), Ok(false));
    assert_eq!(engine.stats().claimed, 1);
}

#[test]
fn an_amend_that_stops_half_way_hides_no_order() {
    let mut house = House::new(2, vec![]);
    let engine = house.engine.clone();
    let order = house.submit(0);
    let life = engine.inner.life(order).unwrap();
    // It asks for the other service from now on, and the thread stops here.
    let next = |terms: TermsNow| TermsNow { service: ServiceId(1), ..terms.next_turn() };
    life.change_terms(|terms| Some(next(terms))).unwrap();
    // Who works for the old pool alone meets the old entry, and lines the order up.
    house.sign_in(&[PoolId(0)]);
    assert_eq!(house.grab(1), None);
    house.sign_in(&[PoolId(1)]);
    assert_eq!(house.grab(2).expect("it is in its new lane").order, order);
    assert_eq!(engine.state(order), Some(State::Claimed));
}

#[test]
fn however_often_an_order_moves_it_is_lined_up_once_a_turn() {
    let mut house = House::new(1, vec![]);
    let engine = house.engine.clone();
    let order = house.submit(0);
    // Each leaves an entry behind, more of them than a lane has room for.
    for ms in 1..1_000 {
        let service = Some(ServiceId(u16::from(ms % 2 == 1)));
        engine.amend(&mut house.at(ms), order, Amend { service, class: None }).unwrap();
    }
    assert_eq!(house.grab(1_000).unwrap().order, order);
    assert_eq!(house.grab(1_000), None);
}

#[test]
fn a_key_that_names_an_order_meanwhile_is_found_out() {
    let mut house = House::new(2, vec![]);
    let inner = Arc::clone(&house.engine.inner);
    let (engine, key) = (house.engine.clone(), DedupKey(7));
    let spec = OrderSpec::new(ServiceId(0)).dedup(key);
    // Another call found the key free, and stopped there.
    let order = engine.submit(&mut house.at(1), &spec).unwrap().order;
    let row = inner.row_for(&spec).unwrap();
    let late = inner.submit_as(&mut house.at(2), &spec, row, key).unwrap();
    assert_eq!(late, crate::Submitted { order, existed: true });
    // And it gave back the slot it had taken.
    house.submit(3);
    assert_eq!(engine.stats().submitted, 2);
}
