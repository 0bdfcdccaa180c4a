//! Many at once is as good as one after another: the same answers, the same events, the same state.

use proptest::{collection::vec, prelude::*};
use qiangdan::{
    ClassId, ClerkId, DedupKey, GrabError, Mono, OrderSpec, Outcome, RulesDraft, ServiceId,
};
use qiangdan_tests::hall::{Hall, service, within};

const ORDERS: u32 = 90;
const ANA: ClerkId = ClerkId(0);

fn hall(units: u32) -> Hall {
    let draft = RulesDraft {
        pools: 2,
        services: vec![service(0, &[]), within(40, service(1, &[0]))],
        head_starts_ms: vec![0, 30],
        dedup_window_ms: 50,
        ..RulesDraft::default()
    };
    let mut hall = Hall::new(draft, ORDERS, 1);
    hall.sign_in(0, &[0, 1], &[0], units);
    hall
}

#[derive(Clone, Debug)]
enum Step {
    Submit(Vec<OrderSpec>),
    Grab(u32),
    CompleteAll,
    Pass(u64),
}

fn spec() -> impl Strategy<Value = OrderSpec> {
    // Mostly plain ones, so that many in a row are alike; a few of a service or class that is not.
    let service = prop_oneof![20 => Just(0_u16), 6 => Just(1), 1 => Just(9)];
    let class = prop_oneof![20 => Just(0_u8), 4 => Just(1), 1 => Just(7)];
    let later = prop_oneof![12 => Just(None), 1 => (0..200_u64).prop_map(|ms| Some(Mono(ms)))];
    let key = prop_oneof![12 => Just(None), 1 => (0..4_u64).prop_map(|key| Some(DedupKey(key)))];
    (service, class, later, key, any::<u64>()).prop_map(|(service, class, later, dedup, tag)| {
        let spec = OrderSpec::new(ServiceId(service)).class(ClassId(class)).tag(tag);
        OrderSpec { not_before: later, dedup, ..spec }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => vec(spec(), 0..70).prop_map(Step::Submit),
        3 => (0..50_u32).prop_map(Step::Grab),
        1 => Just(Step::CompleteAll),
        2 => (1..30_u64).prop_map(Step::Pass),
    ]
}

fn submit_each(hall: &mut Hall, specs: &[OrderSpec]) -> (Vec<qiangdan::Submitted>, bool) {
    let mut submitted = Vec::new();
    for spec in specs {
        match hall.call(|engine, cx| engine.submit(cx, spec)) {
            Ok(one) => submitted.push(one),
            Err(_) => return (submitted, false),
        }
    }
    (submitted, true)
}

fn grab_each(hall: &mut Hall, most: u32) -> (Vec<qiangdan::Grabbed>, Option<GrabError>) {
    let mut grabbed = Vec::new();
    for _ in 0..most {
        match hall.call(|engine, cx| engine.grab(cx, ANA)) {
            Ok(one) => grabbed.push(one),
            Err(why) if grabbed.is_empty() => return (grabbed, Some(why)),
            Err(_) => break,
        }
    }
    (grabbed, None)
}

proptest! {
    #[test]
    fn many_at_once_are_as_good_as_each(units in 1..60_u32, steps in vec(step(), 1..40)) {
        let (mut each, mut many) = (hall(units), hall(units));
        let mut claims = Vec::new();
        for step in steps {
            match step {
                Step::Submit(specs) => {
                    let (expected, all) = submit_each(&mut each, &specs);
                    let mut submitted = Vec::new();
                    let answer =
                        many.call(|engine, cx| engine.submit_many(cx, &specs, &mut submitted));
                    prop_assert_eq!(answer.is_ok(), all);
                    prop_assert_eq!(submitted, expected);
                }
                Step::Grab(most) => {
                    let (expected, why) = grab_each(&mut each, most);
                    let mut grabbed = Vec::new();
                    let answer =
                        many.call(|engine, cx| engine.grab_many(cx, ANA, most, &mut grabbed));
                    prop_assert_eq!(answer.err(), why);
                    prop_assert_eq!(&grabbed, &expected);
                    prop_assert!(answer.is_err() || answer.unwrap() as usize == grabbed.len());
                    claims.extend(grabbed.iter().map(|grabbed| grabbed.claim));
                }
                Step::CompleteAll => {
                    for claim in claims.drain(..) {
                        for hall in [&mut each, &mut many] {
                            hall.call(|engine, cx| engine.complete(cx, claim, Outcome::Done))
                                .unwrap();
                        }
                    }
                }
                Step::Pass(ms) => {
                    for hall in [&mut each, &mut many] {
                        hall.pass(ms);
                        hall.advance();
                    }
                }
            }
            prop_assert_eq!(each.take(), many.take());
            prop_assert_eq!(each.engine.held(ANA), many.engine.held(ANA));
            prop_assert_eq!(each.engine.stats(), many.engine.stats());
        }
    }
}
