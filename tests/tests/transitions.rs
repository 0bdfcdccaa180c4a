//! Every verb in every state, by the table in `transitions.csv`.
//!
//! A cell is what may come of it, alternatives apart by `|`: `=` nothing happens, `>State` the order is
//! there then and one event tells so, `E:Name` refused, with a remark behind it or in brackets. An
//! order is brought into each state by real verbs, in each way there is; no verb leads to the
//! states marked
//! `unreachable`.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeMap, fmt::Debug};

use qiangdan::{
    Action, Amend, Bounds, Claim, ClassId, ClerkId, DedupKey, EventKind, Handling, Ladder, Mono,
    NoShow, OrderId, OrderSpec, Outcome, PoolId, PutBack, Reason, RulesDraft, ServiceId, Stage,
    State, TakeUp, Transfer, WhileAside,
};
use qiangdan_tests::{
    data,
    hall::{Hall, climbing, service},
};

const TABLE: &str = include_str!("transitions.csv");
const OWNER: ClerkId = ClerkId(0);
const OTHER: ClerkId = ClerkId(1);
const KEY: DedupKey = DedupKey(5);
const DEDUP_WINDOW_MS: u64 = 50;
const STAGE_MS: u64 = 1_000;
const AWAY_MS: u64 = 100;
const START_WITHIN_MS: u64 = 10_000;
const WITHDRAWN: Reason = Reason::Withdrawn(3);

/// Cells by verb and state, as they are written.
fn read(table: &str) -> BTreeMap<(String, String), String> {
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let states = rows.headers().unwrap().clone();
    let mut cells = BTreeMap::new();
    for row in rows.records() {
        let row = row.unwrap();
        for (state, cell) in states.iter().zip(&row).skip(1) {
            cells.insert((row[0].to_owned(), state.to_owned()), cell.to_owned());
        }
    }
    cells
}

/// What may come of a cell: its alternatives, each without its remark.
fn outcomes(cell: &str) -> Vec<&str> {
    cell.split('|').map(|alternative| alternative.split([' ', ',', '(']).next().unwrap()).collect()
}

/// An order somewhere in its life.
struct Order {
    hall: Hall,
    order: OrderId,
    /// The latest claim, or one that never was.
    claim: Claim,
    /// Whether it was completed, if it is closed.
    is_completed: bool,
}

impl Order {
    /// An order that waits, or is to wait.
    fn submitted(not_before: Option<Mono>) -> Self {
        Self::handled(not_before, NoShow::Close)
    }

    fn handled(not_before: Option<Mono>, no_show: NoShow) -> Self {
        let stage = Stage { at_ms: STAGE_MS, actions: vec![Action::Boost { by_ms: 500 }] };
        let draft = RulesDraft {
            pools: 2,
            services: vec![climbing(0, service(0, &[])), service(0, &[])],
            handling: vec![(
                ServiceId(0),
                Handling {
                    start_within_ms: Some(START_WITHIN_MS),
                    no_show,
                    hands_to: vec![PoolId(1)],
                    ..Handling::default()
                },
            )],
            head_starts_ms: vec![0, 300],
            ladders: vec![Ladder { stages: vec![stage] }],
            dedup_window_ms: DEDUP_WINDOW_MS,
            ..RulesDraft::default()
        };
        let mut hall = Hall::bounded(draft, Bounds { notes: 64, ..Bounds::new(4, 2) });
        hall.sign_in(OWNER.0, &[0], &[], 2);
        hall.sign_in(OTHER.0, &[0], &[], 2);
        let order = hall.submit(OrderSpec { not_before, ..spec() });
        let claim = Claim { order, clerk: OWNER, epoch: 1 };
        Self { hall, order, claim, is_completed: false }
    }

    fn claimed() -> Self {
        let mut it = Self::submitted(None);
        it.claim = it.hall.call(|engine, cx| engine.grab(cx, OWNER)).unwrap().claim;
        it
    }

    fn serving() -> Self {
        let mut it = Self::claimed();
        it.hall.call(|engine, cx| engine.start(cx, it.claim)).unwrap();
        it
    }

    fn aside(self, aside: WhileAside) -> Self {
        let mut it = self;
        it.hall.call(|engine, cx| engine.suspend(cx, it.claim, aside, 3)).unwrap();
        it
    }

    /// The same with a claim whose person, if they do not come, stays in the queue.
    fn claimed_of_patient() -> Self {
        let mut it = Self::handled(None, NoShow::PutBack(PutBack::HeadStart { ms: -5 }));
        it.claim = it.hall.call(|engine, cx| engine.grab(cx, OWNER)).unwrap().claim;
        it
    }

    fn put_back(self, how: PutBack) -> Self {
        let mut it = self;
        it.hall.call(|engine, cx| engine.put_back(cx, it.claim, how)).unwrap();
        it
    }

    fn completed(self) -> Self {
        let mut it = self;
        it.hall.call(|engine, cx| engine.complete(cx, it.claim, Outcome::Done)).unwrap();
        Self { is_completed: true, ..it }
    }

    fn cancelled(self) -> Self {
        let mut it = self;
        it.hall.call(|engine, cx| engine.cancel(cx, it.order, WITHDRAWN)).unwrap();
        it
    }

    /// An order in `state`, in each way there is to get there.
    fn all_in(state: State) -> Vec<Self> {
        match state {
            State::Scheduled => vec![
                Self::submitted(Some(Mono(AWAY_MS))),
                Self::claimed().put_back(PutBack::After { ms: AWAY_MS }),
                Self::serving().put_back(PutBack::After { ms: AWAY_MS }),
            ],
            State::Waiting => vec![
                Self::submitted(None),
                Self::claimed().put_back(PutBack::KeepPlace),
                Self::serving().put_back(PutBack::BackOfLine),
                Self::claimed().put_back(PutBack::HeadStart { ms: 7 }),
                Self::claimed().aside(WhileAside::KeepOwner).put_back(PutBack::KeepPlace),
            ],
            State::Claimed => vec![Self::claimed(), Self::claimed_of_patient()],
            State::Serving => vec![Self::serving()],
            State::Closed => vec![
                Self::claimed().completed(),
                Self::serving().completed(),
                Self::submitted(None).cancelled(),
                Self::claimed().cancelled(),
                Self::claimed().aside(WhileAside::LetGo).cancelled(),
                Self::serving().aside(WhileAside::KeepOwner).completed(),
                Self::submitted(Some(Mono(AWAY_MS))).cancelled(),
            ],
            State::Suspended => vec![
                Self::claimed().aside(WhileAside::KeepOwner),
                Self::serving().aside(WhileAside::KeepOwner),
                Self::claimed().aside(WhileAside::LetGo),
            ],
            State::Offered => vec![],
        }
    }

    fn state(&self) -> State {
        self.hall.engine.state(self.order).unwrap()
    }

    /// Whether this order can show `alternative`: a claim of its own needs one, and so on.
    fn can_show(&self, verb: &str, alternative: &str) -> bool {
        let view = self.hall.engine.order(self.order).unwrap();
        let was_claimed = view.epoch > 0;
        let is_kept = view.state != State::Suspended || view.owner.is_some();
        let no_show = self.hall.engine.rules().handling(view.service).map(|all| all.no_show);
        match (verb, alternative) {
            // What was let go of has no owner whose verbs could do anything.
            (
                "start" | "recall" | "no_show" | "renew" | "put_back" | "transfer" | "complete",
                _,
            ) if !is_kept => false,
            ("resume", "Serving (kept owner)") => is_kept,
            ("no_show", ">Waiting") => no_show != Some(NoShow::Close),
            ("no_show", "Closed(NoShow)") => no_show == Some(NoShow::Close),
            ("put_back", "= if own epoch") => was_claimed,
            ("complete", "= same epoch+outcome") => self.is_completed,
            ("cancel (applicant)", "= same outcome") => !self.is_completed,
            _ => true,
        }
    }

    /// Calls the verb in the way that `alternative` is about; what came of it, as a table says it.
    fn call(&mut self, verb: &str, alternative: &str) -> String {
        let (order, mut claim) = (self.order, self.claim);
        let is_own = alternative.contains("own") || alternative.contains("same");
        let was_claimed = self.hall.engine.order(order).unwrap().epoch > 0;
        match verb {
            "submit(dup key)" => {
                let waits = if alternative.starts_with("new") { DEDUP_WINDOW_MS + 1 } else { 0 };
                self.hall.pass(waits);
                let answer = self.hall.call(|engine, cx| engine.submit(cx, &spec())).unwrap();
                assert_eq!(answer.existed, answer.order == order);
                String::from(if answer.existed { "=existed" } else { "new" })
            }
            "activate (timer)" => {
                // Too short for a stage.
                self.hall.pass(AWAY_MS);
                self.told(Self::advanced)
            }
            "escalate (ladder)" => {
                let away = self.state() == State::Scheduled;
                // A scheduled order climbs nothing, but is activated in time.
                self.hall.pass(if away { AWAY_MS - 1 } else { 2 * STAGE_MS });
                self.told(Self::advanced)
            }
            "grab / grab_order" => {
                let clerk = if is_own { OWNER } else { OTHER };
                self.told(|hall| hall.call(|engine, cx| engine.grab_order(cx, clerk, order)))
            }
            "start" => self.told(|hall| hall.call(|engine, cx| engine.start(cx, claim))),
            "recall" => self.told(|hall| hall.call(|engine, cx| engine.recall(cx, claim))),
            "no_show" => self.told(|hall| hall.call(|engine, cx| engine.no_show(cx, claim))),
            "renew" => self.told(|hall| hall.call(|engine, cx| engine.renew(cx, claim))),
            "transfer" => {
                let to = Transfer::Pool(PoolId(1));
                self.told(|hall| hall.call(|engine, cx| engine.transfer(cx, claim, to)))
            }
            "suspend" => {
                let aside = WhileAside::KeepOwner;
                self.told(|hall| hall.call(|engine, cx| engine.suspend(cx, claim, aside, 1)))
            }
            "resume" => {
                let with_owner = alternative.starts_with("Serving");
                let queue = TakeUp::InQueue(PutBack::KeepPlace);
                let how = if with_owner { TakeUp::WithOwner } else { queue };
                self.told(|hall| hall.call(|engine, cx| engine.take_up(cx, order, how)))
            }
            "lease time-out" => {
                // Where nothing else may come of time passing.
                let is_due = self.state() == State::Claimed;
                self.hall.pass(if is_due { START_WITHIN_MS } else { AWAY_MS - 1 });
                self.told(Self::advanced)
            }
            "put_back" => {
                if alternative == "E:Stale" {
                    // A claim that was never given, or an older one than the last.
                    claim.epoch = if was_claimed { claim.epoch - 1 } else { claim.epoch };
                }
                let how = if alternative == "Parked" { PutBack::Park } else { PutBack::KeepPlace };
                self.told(|hall| hall.call(|engine, cx| engine.put_back(cx, claim, how)))
            }
            "complete" => {
                let other = alternative == "E:WrongState" && self.is_completed;
                let outcome = if other { Outcome::NoShow } else { Outcome::Done };
                self.told(|hall| hall.call(|engine, cx| engine.complete(cx, claim, outcome)))
            }
            "cancel (applicant)" => {
                let other = alternative == "E:WrongState" && !self.is_completed;
                let reason = if other { Reason::EndOfDay } else { WITHDRAWN };
                self.told(|hall| hall.call(|engine, cx| engine.cancel(cx, order, reason)))
            }
            "amend" => {
                let amend = Amend { service: Some(ServiceId(1)), class: Some(ClassId(1)) };
                self.told(|hall| hall.call(|engine, cx| engine.amend(cx, order, amend)))
            }
            other => panic!("the table has no verb {other}"),
        }
    }

    fn advanced(hall: &mut Hall) -> Result<(), ()> {
        hall.advance();
        Ok(())
    }

    /// What came of a call, in the words of the table.
    fn told<T, E: Debug>(&mut self, call: impl FnOnce(&mut Hall) -> Result<T, E>) -> String {
        let told = self.hall.outbox.events().len();
        match call(&mut self.hall) {
            Err(error) => {
                let name = format!("{error:?}");
                format!("E:{}", name.split([' ', '(']).next().unwrap())
            }
            Ok(_) if self.hall.outbox.events().len() == told => String::from("="),
            Ok(_) => format!(">{:?}", self.state()),
        }
    }
}

fn spec() -> OrderSpec {
    OrderSpec::new(ServiceId(0)).dedup(KEY).tag(9)
}

/// The events a transition tells; no more, no fewer.
fn expected_events(verb: &str, came: &str) -> usize {
    match verb {
        // A stage, and the one thing it does.
        "escalate (ladder)" => 2,
        // That the order is back, and why. And there it has waited long enough for a stage.
        "transfer" | "lease time-out" => 2,
        "no_show" if came == ">Waiting" => 2,
        _ => 1,
    }
}

fn check(verb: &str, mut it: Order, alternative: &str, way: usize) {
    let expected = outcomes(alternative)[0];
    let state = it.state();
    let place = format!("{verb} on {state:?} (way {way}), {alternative}");
    let held = |hall: &Hall| [OWNER, OTHER].map(|clerk| hall.engine.held(clerk));
    let (view, before) = (it.hall.engine.order(it.order), held(&it.hall));
    it.hall.take();
    let came = it.call(verb, alternative);
    // Parked is a way of waiting: in the queue for the person, for clerks by name only.
    let is_parked = expected == "Parked";
    let says = match expected {
        "Parked" => ">Waiting",
        "Closed" => ">Closed",
        "Serving" => ">Serving",
        as_written => as_written,
    };
    assert_eq!(came, says, "{place}");
    let events = it.hall.take();
    if came == "new" || came.starts_with('>') {
        assert_eq!(events.len(), expected_events(verb, &came), "{place}: {events:?}");
    } else {
        assert_eq!(events, [], "{place}");
        assert_eq!(it.hall.engine.order(it.order), view, "{place}");
        assert_eq!(held(&it.hall), before, "{place}");
    }
    if alternative.contains("target") {
        assert_eq!(it.hall.engine.notes(it.order).unwrap().moved_to(), Some(PoolId(1)), "{place}");
        it.hall.call(|engine, cx| engine.grab(cx, OTHER)).unwrap_err();
        it.hall.sign_in(OTHER.0, &[1], &[], 2);
        let grabbed = it.hall.call(|engine, cx| engine.grab(cx, OTHER)).unwrap();
        assert_eq!(grabbed.claim.order, it.order, "{place}");
    }
    if alternative.contains("owner told") {
        assert_eq!(events[0].clerk, Some(OWNER), "{place}");
    }
    if alternative.contains("re-rank") {
        assert!(it.hall.engine.order(it.order).unwrap().rank_ms < view.unwrap().rank_ms);
    }
    if alternative.contains("start implied") {
        assert!(matches!(events[0].kind, EventKind::OrderClosed { .. }), "{place}");
    }
    if is_parked {
        it.hall.call(|engine, cx| engine.grab(cx, OTHER)).unwrap_err();
    }
    let holds = matches!(it.state(), State::Claimed | State::Serving);
    let sum: u32 = held(&it.hall).into_iter().flatten().sum();
    assert_eq!(sum, u32::from(holds), "{place}: who holds what");
}

#[test]
fn every_verb_does_in_every_state_what_the_table_says() {
    let table = read(TABLE);
    assert_eq!(table.len(), 16 * State::ALL.len());
    let mut shown = 0;
    for ((verb, state), cell) in &table {
        let state = State::ALL.into_iter().find(|s| format!("{s:?}") == *state).unwrap();
        let ways = Order::all_in(state).len();
        assert_eq!(cell == "unreachable", ways == 0, "{verb} on {state:?}");
        for alternative in cell.split('|').filter(|_| ways > 0) {
            let before = shown;
            for (way, it) in Order::all_in(state).into_iter().enumerate() {
                if it.can_show(verb, alternative) {
                    check(verb, it, alternative, way);
                    shown += 1;
                }
            }
            assert!(shown > before, "nothing shows {alternative} of {verb} on {state:?}");
        }
    }
    assert!(shown > 100, "{shown}");
}

/// The one alternative of the common table that is a choice of the hall we do not offer.
/// And an order that is handed on waits, it is not offered.
const NOT_OFFERED: [&str; 2] = ["policy", "Offered"];

#[test]
fn the_table_agrees_with_the_common_one() {
    let Some(path) = data::reference("transitions.csv") else { return };
    let common = read(&std::fs::read_to_string(path).unwrap());
    for ((verb, state), cell) in read(TABLE).iter().filter(|(_, cell)| *cell != "unreachable") {
        // Who is being served is not thrown back into the queue (E13).
        if (verb.as_str(), state.as_str()) == ("lease time-out", "Serving") {
            continue;
        }
        let theirs = &common[&(verb.clone(), state.clone())];
        let mut theirs = outcomes(theirs);
        theirs.retain(|outcome| !NOT_OFFERED.contains(outcome));
        assert_eq!(outcomes(cell), theirs, "{verb} on {state}");
    }
}
