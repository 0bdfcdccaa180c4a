//! What only the inside can test: calls stopped half way, while another call runs from end to end.

use qiangdan_sync::{GiveBack, Reserve};

use super::*;
use crate::{
    Action, Amend, Choice, ClerkSpec, Handling, Ladder, LadderId, Mono, NoShow, Note, OrderSpec,
    Outbox, PoolId, PutBack, PutBackError, RulesDraft, Says, ServiceId, ServiceRule, Skills, Stage,
    State, TakeUp, Wall, WhileAside, order::OtherLife,
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
        Self::handling(orders, stages, Handling::default())
    }

    fn handling(orders: u32, stages: Vec<Stage>, handling: Handling) -> Self {
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
            handling: vec![(ServiceId(0), handling)],
            ..Default::default()
        };
        let rules = draft.check().expect("the rules are right");
        let bounds = Bounds { notes: 64, ..Bounds::new(orders, 1) };
        let (engine, advancer) = Engine::new(rules, bounds).unwrap();
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
        let back = put_back::Back { how, from: GiveBack::Owned, bears: false };
        let begun =
            inner.begin_return(life, back, |_, _| life.owned_by(claim).map_err(PutBackError::from));
        assert!(begun.unwrap().is_some());
        inner.prepare(&mut house.at(5), life, 1, how).unwrap();
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
    assert_eq!(engine.inner.open(&mut house.at(8), life, 0, lined), Ok(false));
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

/// Begins to give the latest claim of an order back at `ms`, and stops just before the swap.
fn stop_half_way(house: &mut House, order: OrderId, ms: u64, back: put_back::Back) {
    let inner = Arc::clone(&house.engine.inner);
    let life = inner.life(order).unwrap();
    let begun = inner.begin_return(life, back, |life, _| -> Result<_, PutBackError> {
        Ok(life.seen().unwrap().0)
    });
    assert!(begun.unwrap().is_some());
    let epoch = life.seen().unwrap().0.epoch;
    inner.prepare(&mut house.at(ms), life, epoch, back.how).unwrap();
    house.out.clear();
}

#[test]
fn a_taking_up_that_stops_half_way_hides_no_order() {
    for aside in [WhileAside::KeepOwner, WhileAside::LetGo] {
        let mut house = House::new(2, vec![]);
        let (engine, order) = (house.engine.clone(), house.submit(0));
        let claim = house.grab(1).unwrap();
        engine.suspend(&mut house.at(3), claim, aside, 7).unwrap();
        assert_eq!((engine.held(ANN), engine.state(order)), (Some(0), Some(State::Suspended)));
        assert_eq!(house.grab(4), None, "put aside is not waiting");
        let back = put_back::Back { how: PutBack::KeepPlace, from: GiveBack::Owned, bears: false };
        stop_half_way(&mut house, order, 5, back);
        // The thread stops here.
        let again = house.grab(9).expect("it was let go on its way");
        assert_eq!((again.order, again.epoch, engine.held(ANN)), (order, 2, Some(1)));
        let waited = EventKind::OrderClaimed { epoch: 2, choice: Choice::Next, wait_ms: 5 };
        assert_eq!(house.out.events()[1].kind, waited, "neither held nor put aside is waiting");
        let how = TakeUp::InQueue(PutBack::KeepPlace);
        engine.take_up(&mut house.at(10), order, how).unwrap();
        assert_eq!(engine.order(order).unwrap().owner, Some(ANN));
    }
}

#[test]
fn a_hand_over_that_stops_half_way_hides_no_order() {
    let mut house =
        House::handling(2, vec![], Handling { hands_to: vec![PoolId(1)], ..Handling::default() });
    let (engine, order) = (house.engine.clone(), house.submit(0));
    let _claim = house.grab(1).unwrap();
    let moved = Note::new(Mono(5), Says::Moved { pool: Some(PoolId(1)) });
    engine.inner.note(order, &[moved], Reserve::Use).unwrap();
    let back = put_back::Back { how: PutBack::KeepPlace, from: GiveBack::Owned, bears: true };
    stop_half_way(&mut house, order, 5, back);
    // The thread stops here.
    house.sign_in(&[PoolId(0)]);
    assert_eq!(house.grab(6), None);
    house.sign_in(&[PoolId(1)]);
    assert_eq!(house.grab(7).expect("it waits in its new pool").order, order);
}

#[test]
fn a_lapse_that_stops_half_way_hides_no_order_and_takes_none_from_who_began() {
    let rule = Handling { start_within_ms: Some(4), ..Handling::default() };
    for begins in [false, true] {
        let mut house = House::handling(2, vec![], rule.clone());
        let (engine, order) = (house.engine.clone(), house.submit(0));
        let claim = house.grab(1).unwrap();
        let back = put_back::Back { how: PutBack::KeepPlace, from: GiveBack::IfHeld, bears: false };
        stop_half_way(&mut house, order, 5, back);
        // The thread that advances stops here.
        if begins {
            engine.start(&mut house.at(6), claim).unwrap();
            assert_eq!(house.grab(7), None);
            assert_eq!(engine.state(order), Some(State::Serving));
            let how = PutBack::KeepPlace;
            engine.put_back(&mut house.at(8), claim, how).expect("the other one came to nothing");
            assert_eq!(house.grab(9).map(|claim| claim.epoch), Some(2));
        } else {
            assert_eq!(house.grab(7).map(|claim| claim.epoch), Some(2));
            engine.start(&mut house.at(8), claim).unwrap_err();
        }
    }
}

#[test]
fn a_no_show_that_comes_too_late_changes_nothing() {
    let no_show = NoShow::PutBack(PutBack::BackOfLine);
    let mut house = House::handling(2, vec![], Handling { no_show, ..Handling::default() });
    let (engine, order) = (house.engine.clone(), house.submit(0));
    let claim = house.grab(1).unwrap();
    let inner = Arc::clone(&engine.inner);
    let life = inner.life(order).unwrap();
    let back = put_back::Back { how: PutBack::BackOfLine, from: GiveBack::IfHeld, bears: false };
    let before = (life.since(), life.key());
    let begun =
        inner.begin_return(life, back, |life, _| life.owned_by(claim).map_err(PutBackError::from));
    engine.start(&mut house.at(2), claim).unwrap();
    inner.go_back(&mut house.at(5), life, begun.unwrap().unwrap().0, back).unwrap_err();
    assert_eq!((life.since(), life.key()), before);
    assert_eq!((engine.state(order), engine.held(ANN)), (Some(State::Serving), Some(1)));
}

#[test]
fn who_was_interrupted_in_a_grab_has_the_time_to_begin_that_others_have() {
    let rule = Handling { start_within_ms: Some(4), ..Handling::default() };
    let mut house = House::handling(2, vec![widen_at(7, 1)], rule);
    let order = house.submit(0);
    let inner = Arc::clone(&house.engine.inner);
    let life = inner.life(order).unwrap();
    // The swap of a grab at 6; its thread sleeps before it has noted when that was.
    assert_eq!(life.slot.word.try_hold(order.generation(), owner(ANN).unwrap()), Ok(1));
    house.advance(7);
    house.advance(10);
    assert_eq!(house.engine.state(order), Some(State::Claimed));
    // (The room that the grab had taken.)
    house.engine.inner.clerk(ANN).unwrap().reserve(ANN).unwrap();
    house.advance(11);
    assert_eq!(house.engine.state(order), Some(State::Waiting));
}
