//! Every verb of a case in every state, against `case_table.csv` (`>State` leads there, `E` is
//! refused and changes nothing), and random lives of cases against a model made of the same file.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use qiangdan::{
    Advancer, Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, PoolId, ServiceId,
    case::{
        CASE_TABLE, COMPLAINT_TABLE, CaseBounds, CaseError, CaseId, CaseState, CaseTold, CaseVerb,
        Cases, ComplaintState, ComplaintVerb, Decision, FOLLOW_UP_TABLE, FollowUpState,
        FollowUpVerb, Grade, Notice, Origin, Rating,
    },
    hall::Hall,
    limit::PauseReason,
};
use qiangdan_tests::office::at;

const WINDOW: ClerkId = ClerkId(0);
const REVIEWER: ClerkId = ClerkId(1);

struct Desk {
    cases: Cases,
    _advancer: Advancer,
    outbox: Outbox,
    told: CaseTold,
    now: Now,
    permit: ServiceId,
    immediate: ServiceId,
}

impl Desk {
    fn new() -> Self {
        let text = include_str!("../../examples/halls/one-window.toml");
        let hall = Hall::parse("one-window.toml", text).unwrap().hall;
        let (engine, advancer) = Engine::new(hall.rules(), Bounds::new(256, 2)).unwrap();
        let now = Now::after(at("2026-03-02 10:00"), 0);
        let mut outbox = Outbox::default();
        for clerk in [WINDOW, REVIEWER] {
            let pools = [PoolId(0), PoolId(1), PoolId(2)];
            let skills = (0..2).map(qiangdan::SkillId).collect();
            let spec = ClerkSpec { units: 100, ..ClerkSpec::new(&pools, skills) };
            engine.sign_in(&mut Cx::new(now, &mut outbox), clerk, &spec).unwrap();
        }
        let id = |key: &str| hall.services().iter().find(|s| s.key == key).unwrap().id;
        let bounds = CaseBounds { cases: 64, follow_ups: 64, complaints: 4 };
        let (permit, immediate) = (id("permit"), id("id-card"));
        let cases = Cases::new(engine, hall.cases().clone(), bounds);
        let told = CaseTold::default();
        Self { cases, _advancer: advancer, outbox, told, now, permit, immediate }
    }

    fn ask<T>(&mut self, verb: impl FnOnce(&Cases, &mut Cx<'_>, &mut CaseTold) -> T) -> T {
        verb(&self.cases, &mut Cx::new(self.now, &mut self.outbox), &mut self.told)
    }

    fn begin(&mut self, verb: CaseVerb, service: ServiceId) -> Result<CaseId, CaseError> {
        self.ask(|cases, cx, told| match verb {
            CaseVerb::HandIn => cases.hand_in(cx, told, service, WINDOW),
            _ => cases.apply(cx, told, service, verb),
        })
    }

    fn state(&self, case: CaseId) -> Option<CaseState> {
        self.cases.view(case).map(|view| view.state)
    }

    /// Lets the reviewer have the order, so that who decides holds it.
    fn grab(&mut self, case: CaseId) {
        let order = self.cases.view(case).and_then(|view| view.order);
        if let Some(order) = order {
            let engine = self.cases.engine().clone();
            engine.grab_order(&mut Cx::new(self.now, &mut self.outbox), REVIEWER, order).ok();
        }
    }

    fn tell(&mut self, case: CaseId, verb: CaseVerb) -> Result<(), CaseError> {
        use CaseVerb as V;
        let by = match self.state(case) {
            Some(CaseState::Draft | CaseState::Submitted | CaseState::Received) => WINDOW,
            _ => REVIEWER,
        };
        self.ask(|cases, cx, told| match verb {
            V::AskSupplement | V::AskInReview => {
                cases.ask_for_supplement(cx, told, case, by, None, Notice::First).map(drop)
            }
            V::Review => cases.review(cx, told, case, by).map(drop),
            V::BeginSpecial => {
                let hearing = PauseReason::new(2).unwrap();
                cases.begin_special(cx, told, case, by, hearing, None).map(drop)
            }
            V::EndSpecial => cases.end_special(cx, told, case, by).map(drop),
            V::Extend => cases.extend(cx, told, case, by).map(drop),
            V::Decide | V::DecideNow => {
                cases.decide(cx, told, case, by, Decision::Approved).map(drop)
            }
            V::Rate => {
                let rating = Rating { grade: Grade::VeryBad, origin: Origin::Citizen };
                cases.rate(cx, told, case, rating).map(drop)
            }
            verb => cases.tell(cx, told, case, verb, Some(by)).map(drop),
        })
    }
}

fn verb(name: &str) -> CaseVerb {
    CaseVerb::ALL.iter().find(|(of, _)| *of == name).unwrap().1
}

/// Both notices are one verb of the library's, and so are both decisions: which one is meant goes by the
/// state.
fn meant(verb: CaseVerb, state: CaseState) -> CaseVerb {
    use CaseVerb as V;
    match (verb, state) {
        (V::AskSupplement | V::AskInReview, CaseState::UnderReview) => V::AskInReview,
        (V::AskSupplement | V::AskInReview, _) => V::AskSupplement,
        (V::Decide | V::DecideNow, CaseState::Received) => V::DecideNow,
        (V::Decide | V::DecideNow, _) => V::Decide,
        (verb, _) => verb,
    }
}

/// The file: (from, verb) → to.
fn table() -> BTreeMap<(Option<CaseState>, CaseVerb), CaseState> {
    let mut reader = csv::Reader::from_reader(include_str!("case_table.csv").as_bytes());
    let states: Vec<_> = reader.headers().unwrap().iter().skip(2).map(str::to_owned).collect();
    let names = CaseState::ALL.map(|state| format!("{state:?}"));
    assert_eq!(states, names);
    let state = |name: &str| CaseState::ALL[names.iter().position(|of| of == name).unwrap()];
    let mut table = BTreeMap::new();
    for row in reader.records().map(Result::unwrap) {
        let from = [None].into_iter().chain(CaseState::ALL.map(Some));
        for (from, cell) in from.zip(row.iter().skip(1)) {
            if let Some(to) = cell.strip_prefix('>') {
                table.insert((from, verb(&row[0])), state(to));
            }
        }
    }
    table
}

/// The shortest way to a state by the table, without what ends at the window.
fn way(to: CaseState, table: &BTreeMap<(Option<CaseState>, CaseVerb), CaseState>) -> Vec<CaseVerb> {
    let mut ways = BTreeMap::from([(None, Vec::new())]);
    loop {
        let mut new = BTreeMap::new();
        for (&(from, verb), &next) in table {
            let is_known = ways.contains_key(&Some(next)) || new.contains_key(&Some(next));
            if verb == CaseVerb::DecideNow || is_known {
                continue;
            }
            if let Some(way) = ways.get(&from) {
                new.insert(Some(next), way.iter().copied().chain([verb]).collect());
            }
        }
        ways.append(&mut new);
        if let Some(way) = ways.get(&Some(to)) {
            return way.clone();
        }
    }
}

#[test]
fn the_library_has_the_same_table() {
    let ours: BTreeMap<_, _> =
        CASE_TABLE.iter().map(|row| ((row.from, row.verb), row.to)).collect();
    assert_eq!(ours.len(), CASE_TABLE.len(), "no cell twice");
    assert_eq!(ours, table());
}

#[test]
fn every_verb_in_every_state_does_what_the_table_says() {
    let table = table();
    for state in CaseState::ALL {
        for (name, verb) in CaseVerb::ALL {
            let (mut desk, verb) = (Desk::new(), meant(verb, state));
            let way = way(state, &table);
            let service = if verb == CaseVerb::DecideNow { desk.immediate } else { desk.permit };
            let is_window = verb == CaseVerb::DecideNow && state == CaseState::Received;
            let (first, service) =
                if is_window { (CaseVerb::HandIn, service) } else { (way[0], desk.permit) };
            let case = desk.begin(first, service).unwrap();
            for &verb in way.iter().skip(1).filter(|_| !is_window) {
                if verb == CaseVerb::Review {
                    desk.grab(case);
                }
                desk.tell(case, verb).unwrap();
            }
            assert_eq!(desk.state(case), Some(state), "as it begins");
            if verb == CaseVerb::Review {
                desk.grab(case);
            }
            let before = desk.told.cases.len();
            let told = desk.tell(case, verb);
            match table.get(&(Some(state), verb)) {
                Some(&to) => {
                    assert_eq!(told, Ok(()), "{name} of {state:?}");
                    assert_eq!(desk.state(case), Some(to), "{name} of {state:?}");
                    assert_eq!(desk.told.cases.len(), before + 1);
                }
                None => {
                    let is_once = (state, verb) == (CaseState::Rated, CaseVerb::Rate);
                    let why = if is_once { CaseError::RatedAlready } else { CaseError::WrongState };
                    assert_eq!(told, Err(why), "{name} of {state:?}");
                    assert_eq!(desk.state(case), Some(state));
                    assert_eq!(desk.told.cases.len(), before);
                }
            }
        }
    }
}

#[test]
fn every_state_of_what_follows_is_reached_and_left_but_the_last() {
    for state in FollowUpState::ALL {
        let is_left = FOLLOW_UP_TABLE.iter().any(|row| row.from == Some(state));
        assert!(FOLLOW_UP_TABLE.iter().any(|row| row.to == state), "{state:?}");
        assert_eq!(is_left, state != FollowUpState::Closed, "{state:?}");
    }
    for state in ComplaintState::ALL {
        let is_left = COMPLAINT_TABLE.iter().any(|row| row.from == Some(state));
        assert!(COMPLAINT_TABLE.iter().any(|row| row.to == state), "{state:?}");
        assert_eq!(is_left, state != ComplaintState::Closed, "{state:?}");
    }
    for (name, verb) in FollowUpVerb::ALL {
        assert!(FOLLOW_UP_TABLE.iter().any(|row| row.verb == verb), "{name}");
    }
    for (name, verb) in ComplaintVerb::ALL {
        assert!(COMPLAINT_TABLE.iter().any(|row| row.verb == verb), "{name}");
    }
}

#[derive(Clone, Copy, Default)]
struct Plain {
    state: Option<CaseState>,
    notices: [bool; 2],
    is_extended: bool,
    is_held: bool,
    acceptance: Option<u64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cases_answer_as_the_model_i9_i11(
        ops in prop::collection::vec((0..4_usize, 0..32_usize), 0..120),
    ) {
        use CaseVerb as V;
        let table = table();
        let mut desk = Desk::new();
        let mut cases = Vec::new();
        for _ in 0..4 {
            let case = desk.begin(V::Save, desk.permit).unwrap();
            cases.push((case, Plain { state: Some(CaseState::Draft), ..Plain::default() }));
        }
        let mut accepted = 0;
        for (nth, op) in ops {
            let (case, plain) = &mut cases[nth];
            let Some(&(_, verb)) = CaseVerb::ALL.get(op) else {
                // The reviewer takes it in hand, if it has an order that is open.
                desk.grab(*case);
                let order = desk.cases.view(*case).and_then(|view| view.order);
                let view = order.and_then(|order| desk.cases.engine().order(order));
                plain.is_held = view.is_some_and(|view| view.owner == Some(REVIEWER));
                continue;
            };
            let verb = meant(verb, plain.state.unwrap());
            let stage = usize::from(plain.state == Some(CaseState::UnderReview));
            let may = match verb {
                V::AskSupplement | V::AskInReview => !plain.notices[stage],
                V::Extend => !plain.is_extended,
                V::Review | V::Decide => plain.is_held,
                // A promised case is not decided at the window.
                V::DecideNow => false,
                _ => true,
            };
            let to = table.get(&(plain.state, verb)).filter(|_| may);
            let told = desk.tell(*case, verb);
            prop_assert_eq!(told.is_ok(), to.is_some(), "{:?} of {:?}: {:?}", verb, plain.state, told);
            let Some(&to) = to else { continue };
            match verb {
                V::AskSupplement | V::AskInReview => plain.notices[stage] = true,
                V::Extend => plain.is_extended = true,
                V::Accept | V::AcceptWithGaps | V::DeemAccepted => {
                    accepted += 1;
                    plain.acceptance = Some(accepted);
                }
                _ => {}
            }
            plain.state = Some(to);
            let view = desk.cases.view(*case).unwrap();
            prop_assert_eq!(Some(view.state), plain.state);
            prop_assert_eq!(view.acceptance, plain.acceptance);
            prop_assert!(view.reviewer.is_none() || view.reviewer != view.receiver);
        }
        for (seq, event) in (0..).zip(&desk.told.cases) {
            prop_assert_eq!(event.seq, seq, "without gaps");
        }
    }
}
