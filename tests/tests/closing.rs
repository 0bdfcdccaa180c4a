//! The end of a shift and of a day: what is under way is finished, and what is left over is told. The
//! comment above a test names its row in the table of edge cases (E) or of traps seen in the field (T).

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    ClerkId, EventKind, GrabError, OrderId, OrderSpec, Outcome, Presence, Reason, RulesDraft,
    ServiceId,
};
use qiangdan_tests::hall::{Hall, service};

const MINUTE: u64 = 60_000;
const ORDINARY: OrderSpec = OrderSpec::new(ServiceId(0));
const ANA: ClerkId = ClerkId(0);
const BO: ClerkId = ClerkId(1);

fn staffed() -> Hall {
    let draft = RulesDraft { pools: 1, services: vec![service(0, &[])], ..RulesDraft::default() };
    let mut hall = Hall::new(draft, 4, 2);
    hall.sign_in(0, &[0], &[], 2);
    hall.sign_in(1, &[0], &[], 2);
    hall
}

/// The orders a clerk gets until nothing is left, completing each.
fn serve_all(hall: &mut Hall, clerk: ClerkId) -> Vec<OrderId> {
    let mut served = vec![];
    while let Ok(grabbed) = hall.call(|engine, cx| engine.grab(cx, clerk)) {
        served.push(grabbed.claim.order);
        hall.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done)).unwrap();
    }
    served
}

// E19.
#[test]
fn a_break_asked_for_while_busy_lets_the_order_be_finished() {
    let mut hall = staffed();
    hall.submit(ORDINARY);
    hall.submit(ORDINARY);
    let claim = hall.call(|engine, cx| engine.grab(cx, ANA)).unwrap().claim;
    for chosen in [Presence::Draining, Presence::Break(3)] {
        hall.call(|engine, cx| engine.set_presence(cx, ANA, chosen)).unwrap();
        let refused = hall.call(|engine, cx| engine.grab(cx, ANA));
        let presence = Presence::Draining;
        assert_eq!(refused, Err(GrabError::NotReady { clerk: ANA, presence }));
    }
    // The latest request holds; what is held is theirs to finish.
    hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done)).unwrap();
    assert_eq!(hall.engine.presence(ANA), Some(Presence::Break(3)));
    assert_eq!(serve_all(&mut hall, BO).len(), 1);
}

// E40, T8.
#[test]
fn at_closing_time_leftovers_expire_or_keep_their_place() {
    let mut hall = staffed();
    let [goes, stays] = [0, 1].map(|_| hall.submit(ORDINARY));
    hall.now_ms = 8 * 60 * MINUTE;
    hall.advance();
    hall.take();
    hall.call(|engine, cx| engine.cancel(cx, goes, Reason::EndOfDay)).unwrap();
    let expired = EventKind::OrderClosed { outcome: Outcome::Expired, epoch: 0 };
    let told: Vec<_> = hall.take().into_iter().map(|event| event.kind).collect();
    assert_eq!(told, [expired], "nobody's order ends without a word");
    // The next morning, who was kept goes before who comes then.
    hall.now_ms = 24 * 60 * MINUTE;
    hall.advance();
    let fresh = hall.submit(ORDINARY);
    assert_eq!(serve_all(&mut hall, ANA), [stays, fresh]);
}
