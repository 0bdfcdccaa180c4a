//! Checks a history (历史核验): reads events, and proves from them alone that what happened could
//! happen.
//!
//! A [`History`] is fed events, in any order, of any number of desks. [`History::check`] then
//! proves, or refutes with one [`Finding`] each, naming the order and the two events that do not
//! go together:
//!
//! * *numbers*: those of each desk have no gap and no double;
//! * *one owner*: no order is claimed while somebody holds it, nor twice in one epoch, and
//!   epochs have no gap;
//! * *fencing*: no verb of an ended claim had an effect, nor one of somebody else;
//! * *no loss*: every order came in once, ends once, and is in exactly one state until then;
//!   [`History::check_against`] compares with the engine, both ways;
//! * *waits*: each is what follows from arrival, claims and put_backs;
//! * *not early, once*: scheduled orders, stages, breaches, rungs, cards; what ends a pause finds
//!   one;
//! * *capacity* and *presence*: nobody holds more than they may, nobody grabs while away;
//! * *rank order*: who was grabbed was the first among those the clerk may take.
//!
//! An outbox has its desk until it is dropped; then another may get it, and tell late what
//! happened before. So hosts whose threads are checked keep their outboxes until the end.
//!
//! Of one desk everything is exact: its numbers are the order of everything. Between desks only
//! what epochs and the table of states say is certain, and the rest follows from the clock, if it
//! is said ([`History::by_one_clock`]) that all calls were told instants of one clock: then
//! nobody may be passed over who waited from before a grab began until after it was over.
//! Capacity counts what ended at another desk as ended at once. What limits have granted to an
//! order that was amended since is left out. [`Proof`] says how many were compared.
//!
//! The table of states is `history/table.rs`; a new verb is a few rows there.

mod clerks;
mod facts;
mod finding;
mod merge;
mod rank;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use finding::Finding;
pub use table::Verb;

use crate::{
    ClerkId, ClerkSpec, Engine, Event, EventKind, Mono, OrderId, Outcome, Rules, Seq, State,
};
use clerks::{Session, Sessions};
use facts::Facts;
use merge::{Line, merge};
use table::Life;

/// What was proven, and of how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Proof {
    /// Events read.
    pub events: u64,
    /// Desks they came from.
    pub desks: u32,
    /// Orders submitted; that many are open or closed.
    pub orders: u64,
    /// Orders that are open.
    pub open: u64,
    /// Orders that are over.
    pub closed: u64,
    /// Claims; each had one owner.
    pub claims: u64,
    /// Claims whose wait was computed anew.
    pub waits: u64,
    /// Claims of the order that goes next that were compared with everybody who waited.
    pub ranked: u64,
    /// Claims for which what the clerk held was counted.
    pub held: u64,
    /// Stages and breaches of waits that were neither early nor doubled.
    pub stages: u64,
    /// Rungs of limits, the same.
    pub rungs: u64,
    /// Cards, none of them given twice.
    pub cards: u64,
    /// Reasons that held some order, whose every end found a pause.
    pub pauses: u64,
}

/// A history under check.
///
/// Memory grows with the events; [`History::forget_closed`] keeps it to those of open orders.
/// Feeding costs a few maps' look-ups per event, a check the sorting of everything kept.
///
/// # Example
///
/// ```
/// use qiangdan::{Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, OrderSpec, Outbox, Outcome, PoolId};
/// use qiangdan::{RulesDraft, ServiceId, ServiceRule, Skills, Wall, history::History};
///
/// let service =
///     ServiceRule { pool: PoolId(0), needs: Skills::none(), wait_limit_ms: None, ladder: None };
/// let rules = RulesDraft { pools: 1, services: vec![service], ..Default::default() };
/// let (hall, _advancer) = Engine::new(rules.check().unwrap(), Bounds::new(8, 1))?;
/// let mut history = History::new(hall.rules().clone());
///
/// let (clerk, mut events) = (ClerkId(0), Outbox::default());
/// let spec = ClerkSpec { units: 1, ..ClerkSpec::new(&[PoolId(0)], Skills::none()) };
/// history.signs_in(clerk, &spec);
/// let cx = &mut Cx::new(Now::after(Wall(0), 0), &mut events);
/// hall.sign_in(cx, clerk, &spec)?;
/// hall.submit(cx, &OrderSpec::new(ServiceId(0)))?;
/// let claim = hall.grab(cx, clerk)?.claim;
/// hall.complete(cx, claim, Outcome::Done)?;
///
/// history.read_all(events.events());
/// let proof = history.check_against(&hall).unwrap();
/// assert_eq!((proof.orders, proof.claims, proof.ranked), (1, 1, 1));
///
/// // The same with the claim told twice is refuted.
/// history.read(&events.events()[2]);
/// assert_eq!(history.check().unwrap_err().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct History {
    rules: Rules,
    is_one_clock: bool,
    sessions: Sessions,
    desks: BTreeMap<u32, Desk>,
    orders: BTreeMap<OrderId, Vec<Event>>,
    /// Events of clerks.
    of_clerks: Vec<Event>,
    /// What was wrong at once when it was read.
    findings: Vec<Finding>,
    forgotten: Forgotten,
}

/// What has been read of a desk.
#[derive(Clone, Debug, Default)]
struct Desk {
    /// The number that comes next.
    next: u64,
    /// Those beyond it that have come already.
    beyond: BTreeSet<u64>,
    /// When the calls were, by number; of several in a row at one instant the first.
    instants: BTreeMap<u64, Mono>,
}

/// What is left of orders that are not kept any more.
#[derive(Clone, Debug, Default)]
struct Forgotten {
    proof: Proof,
    counts: Counts,
    findings: BTreeSet<Finding>,
    /// The last life of each slot that is over.
    lives: BTreeMap<u32, u32>,
}

/// The live figures as they follow from events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Counts {
    submitted: u64,
    claimed: u64,
    within: u64,
    claimed_again: u64,
    put_back: u64,
    closed: u64,
    breached: u64,
    abandoned: u64,
}

/// Everything kept, judged.
struct Judged {
    lines: BTreeMap<OrderId, Line>,
    proof: Proof,
    findings: BTreeSet<Finding>,
}

impl History {
    /// Nothing has happened yet in a hall of these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            is_one_clock: false,
            sessions: Sessions::new(),
            desks: BTreeMap::new(),
            orders: BTreeMap::new(),
            of_clerks: Vec::new(),
            findings: Vec::new(),
            forgotten: Forgotten::default(),
        }
    }

    /// The same, where every call is told an instant that was read from one clock just before it.
    ///
    /// Then an event was at its instant or later, and before the next instant of its desk; what
    /// follows from that is checked between desks, too.
    #[must_use]
    pub fn by_one_clock(self) -> Self {
        Self { is_one_clock: true, ..self }
    }

    /// What a clerk can do in the next session. The n-th told is that of their n-th sign-in; if
    /// there are more of those, the last one stays.
    ///
    /// What is not told of a clerk is not checked: neither rank order nor capacity of their claims.
    pub fn signs_in(&mut self, clerk: ClerkId, spec: &ClerkSpec<'_>) {
        self.sessions.entry(clerk).or_default().push(Session::of(spec));
    }

    /// Reads an event, of any desk, before or after any other.
    pub fn read(&mut self, event: &Event) {
        let seq = event.seq;
        let desk = self.desks.entry(seq.desk()).or_default();
        if !desk.told(seq.number()) {
            self.findings.push(Finding::NumberTwice { event: seq });
            return;
        }
        if self.is_one_clock {
            desk.instants.insert(seq.number(), event.at.mono);
        }
        let verb = Verb::of(&event.kind).map(|(verb, _)| verb);
        let Some(order) = event.order else {
            if event.clerk.is_some() {
                self.of_clerks.push(*event);
            }
            if let Some(verb) = verb {
                self.findings.push(Finding::WithoutOrder { event: seq, verb });
            }
            return;
        };
        let life = self.forgotten.lives.get(&order.slot());
        if life.is_none_or(|&life| order.generation() > life) {
            self.orders.entry(order).or_default().push(*event);
        } else if let Some(verb) = verb {
            // What a stage or a clock has to say may be late; what moves an order may not.
            self.findings.push(Finding::AfterForgotten { order, event: seq, verb });
        }
    }

    /// Reads many events.
    pub fn read_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        events.into_iter().for_each(|event| self.read(event));
    }

    /// Proves what has been read so far, or says all that is wrong with it.
    ///
    /// May be asked at any moment in which the events of all calls that are over have been read.
    ///
    /// # Errors
    ///
    /// Every finding, in the order of their kinds; the list is never empty.
    pub fn check(&self) -> Result<Proof, Vec<Finding>> {
        let judged = self.judge();
        answer(judged.findings, self.proof(judged.proof))
    }

    /// [`History::check`], and that the engine is where the history leads: every open order is in
    /// both, in the same state, and the live figures are those of the events. Nobody may call the
    /// engine meanwhile.
    ///
    /// # Errors
    ///
    /// As [`History::check`].
    pub fn check_against(&self, engine: &Engine) -> Result<Proof, Vec<Finding>> {
        let mut judged = self.judge();
        let mut wrong = Vec::new();
        for (&order, line) in &judged.lines {
            let (Some(expected), Some(last)) = (line.life.state, line.steps.last()) else {
                continue;
            };
            let found = engine.state(order);
            let is_over = expected == State::Closed && found.is_none();
            if found != Some(expected) && !is_over {
                let since = last.event.seq;
                wrong.push(Finding::OtherState { order, since, expected, found });
            }
        }
        for view in engine.open_orders() {
            let (order, state) = (view.order, view.state);
            if !judged.lines.contains_key(&order) {
                wrong.push(Finding::NotTold { order, state });
            }
        }
        let counts = self.forgotten.counts.plus(&self.counts(&judged.lines));
        wrong.extend(counts.differences(&engine.stats()));
        judged.findings.extend(wrong);
        answer(judged.findings, self.proof(judged.proof))
    }

    /// The state of an order by its events; `None` if it is not kept.
    #[must_use]
    pub fn state(&self, order: OrderId) -> Option<State> {
        merge(&sorted(self.orders.get(&order)?)).life.state
    }

    /// All events kept, in one order in which they can have happened: that of each desk, and for
    /// each order that of its transitions. For logs and figures of calls from many threads.
    #[must_use]
    pub fn in_order(&self) -> Vec<Event> {
        let judged = self.judge();
        let mut desks: BTreeMap<u32, VecDeque<Event>> = BTreeMap::new();
        let all: Vec<_> = self.orders.values().flatten().chain(&self.of_clerks).copied().collect();
        for event in sorted(&all) {
            desks.entry(event.seq.desk()).or_default().push_back(event);
        }
        let is_turn =
            |event: &Event| Verb::of(&event.kind).is_some_and(|(verb, _)| !Life::is_aside(verb));
        let turns = |line: &Line| -> VecDeque<Seq> {
            let turns = line.steps.iter().filter(|step| is_turn(&step.event));
            turns.map(|step| step.event.seq).collect()
        };
        let mut next: BTreeMap<OrderId, VecDeque<Seq>> =
            judged.lines.iter().map(|(&order, line)| (order, turns(line))).collect();
        let mut begun: BTreeSet<OrderId> = BTreeSet::new();
        let mut events = Vec::with_capacity(all.len());
        while events.len() < all.len() {
            // What moves an order waits for its turn; what is told besides, for the order to be
            // there.
            let may_come = |event: &Event| {
                let Some(order) = event.order else { return true };
                if is_turn(event) {
                    next.get(&order).and_then(VecDeque::front) == Some(&event.seq)
                } else {
                    begun.contains(&order)
                }
            };
            let heads = || desks.iter().filter_map(|(&desk, queue)| Some((desk, queue.front()?)));
            let first = |(desk, event): &(u32, &Event)| (event.at.mono, *desk);
            let chosen = heads().filter(|(_, event)| may_come(event)).min_by_key(first);
            // A history that is wrong is told as well as it can be.
            let Some(desk) = chosen.or_else(|| heads().min_by_key(first)).map(|(desk, _)| desk)
            else {
                break;
            };
            if let Some(event) = desks.get_mut(&desk).and_then(VecDeque::pop_front) {
                if let Some(order) = event.order {
                    begun.insert(order);
                    let turns = next.entry(order).or_default();
                    if turns.front() == Some(&event.seq) {
                        turns.pop_front();
                    }
                }
                events.push(event);
            }
        }
        events
    }

    /// The orders that are open by their events.
    #[must_use]
    pub fn open_orders(&self) -> Vec<OrderId> {
        let is_open = |events: &[Event]| merge(&sorted(events)).life.state != Some(State::Closed);
        self.orders.iter().filter(|(_, told)| is_open(told)).map(|(&order, _)| order).collect()
    }

    /// How many orders are kept: the open ones, and those that closed since they were last
    /// forgotten.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.orders.len()
    }

    /// Judges what has been read, and keeps of closed orders only what was proven or found.
    ///
    /// To be called when the events of all desks have been read up to one moment: what is told
    /// later of a closed order cannot be judged any more, and is a finding if it moves the order.
    pub fn forget_closed(&mut self) {
        let judged = self.judge();
        let mut over = BTreeMap::new();
        for (order, line) in judged.lines {
            if line.life.state == Some(State::Closed) && !self.is_awaited(&self.orders[&order]) {
                self.forgotten.lives.insert(order.slot(), order.generation());
                over.insert(order, line);
            }
        }
        let counts = self.counts(&over);
        self.forgotten.counts = self.forgotten.counts.plus(&counts);
        self.forgotten.findings.extend(judged.findings);
        self.findings.clear();
        // What is checked again with the orders that stay counts with them.
        let mut proof = judged.proof;
        self.orders.retain(|order, _| !over.contains_key(order));
        let again = self.judge().proof;
        proof.take_back(&again);
        self.forgotten.proof.add(&proof);
        let first = self.orders.values().flatten().map(|event| event.seq).collect::<BTreeSet<_>>();
        for (&number, desk) in &mut self.desks {
            let kept = first.range(Seq::new(number, 0)..).next();
            let kept =
                kept.filter(|seq| seq.desk() == number).map_or(desk.next, |seq| seq.number());
            desk.instants = desk.instants.split_off(&kept);
        }
    }

    /// Whether a closed order's clocks may still have something to say.
    #[cfg(feature = "calendar")]
    fn is_awaited(&self, events: &[Event]) -> bool {
        let of = |is: fn(&EventKind) -> bool| events.iter().filter(|event| is(&event.kind)).count();
        let begun = of(|kind| matches!(kind, EventKind::ClockStarted { .. }));
        let ended = of(|kind| {
            matches!(kind, EventKind::ClockStopped { .. } | EventKind::LimitDropped { .. })
        });
        begun > ended && of(|kind| matches!(kind, EventKind::OrderSettled)) == 0
    }

    /// Without limits by the calendar, nothing is waited for.
    #[cfg(not(feature = "calendar"))]
    #[expect(clippy::unused_self, reason = "with the feature `calendar` it is used")]
    fn is_awaited(&self, _: &[Event]) -> bool {
        false
    }

    fn proof(&self, judged: Proof) -> Proof {
        let mut proof = self.forgotten.proof;
        proof.add(&judged);
        proof.events = self.desks.values().map(Desk::count).sum();
        proof.desks = u32::try_from(self.desks.len()).unwrap_or(u32::MAX);
        proof
    }

    fn judge(&self) -> Judged {
        let mut findings: BTreeSet<_> = self.forgotten.findings.iter().copied().collect();
        findings.extend(&self.findings);
        let mut proof = Proof::default();
        for (&number, desk) in &self.desks {
            findings.extend(desk.gap(number));
        }
        let is_exact = self.desks.len() <= 1;
        let ends = self.ends();
        let end_of = |seq: Seq| ends.get(&seq).copied();
        let mut wrong = Vec::new();
        let (mut lines, mut told) = (BTreeMap::new(), BTreeMap::new());
        for (&order, events) in &self.orders {
            let events = sorted(events);
            let line = merge(&events);
            wrong.extend(&line.findings);
            if line.findings.is_empty() {
                let facts =
                    Facts { order, events: &events, line: &line, is_exact, end_of: &end_of };
                facts.check(&mut proof, &mut wrong);
            }
            proof.orders += 1;
            let is_closed = line.life.state == Some(State::Closed);
            *(if is_closed { &mut proof.closed } else { &mut proof.open }) += 1;
            proof.claims += line.claims();
            lines.insert(order, line);
            told.insert(order, events);
        }
        let mut signed_in: BTreeMap<ClerkId, Vec<Seq>> = BTreeMap::new();
        for event in &self.of_clerks {
            if let (EventKind::ClerkSignedIn, Some(clerk)) = (event.kind, event.clerk) {
                signed_in.entry(clerk).or_default().push(event.seq);
            }
        }
        signed_in.values_mut().for_each(|seqs| seqs.sort_unstable());
        let steps = lines.values().map(|line: &Line| &*line.steps);
        clerks::capacity(steps, &self.sessions, &signed_in, &mut proof, &mut wrong);
        if is_exact {
            let all: Vec<Event> = told.values().flatten().chain(&self.of_clerks).copied().collect();
            rank::exact(&sorted(&all), &self.rules, &self.sessions, &mut proof, &mut wrong);
        } else if self.is_one_clock {
            let lines = lines.iter().map(|(order, line)| (*order, line, &*told[order]));
            let (rules, sessions) = (&self.rules, &self.sessions);
            rank::relaxed(lines, rules, sessions, &end_of, &mut proof, &mut wrong);
        }
        findings.extend(wrong);
        Judged { lines, proof, findings }
    }

    /// When the call that told each event was over at the latest: at the next instant of its desk.
    fn ends(&self) -> BTreeMap<Seq, Mono> {
        let mut ends = BTreeMap::new();
        for (&number, desk) in self.desks.iter().filter(|_| self.is_one_clock) {
            let (mut next, mut end) = (Mono(u64::MAX), Mono(u64::MAX));
            for (&event, &at) in desk.instants.iter().rev() {
                if at < next {
                    end = next;
                } else if at > next {
                    // The clock went back here: nothing is certain but what came after.
                    end = ends_after(&desk.instants, event, at);
                }
                next = at;
                ends.insert(Seq::new(number, event), end);
            }
        }
        ends
    }

    fn counts(&self, lines: &BTreeMap<OrderId, Line>) -> Counts {
        let mut counts = Counts::default();
        for (order, line) in lines {
            let is_breach = |event: &&Event| matches!(event.kind, EventKind::LimitBreached { .. });
            counts.breached += self.orders[order].iter().filter(is_breach).count() as u64;
            for step in &line.steps {
                counts.read(step, self.rules.target().within_ms);
            }
        }
        counts
    }
}

fn answer(findings: BTreeSet<Finding>, proof: Proof) -> Result<Proof, Vec<Finding>> {
    if findings.is_empty() { Ok(proof) } else { Err(findings.into_iter().collect()) }
}

/// The first instant after a number that is later than `at`.
fn ends_after(instants: &BTreeMap<u64, Mono>, number: u64, at: Mono) -> Mono {
    let later = instants.range(number + 1..).map(|(_, &later)| later);
    later.into_iter().find(|&later| later > at).unwrap_or(Mono(u64::MAX))
}

fn sorted(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    events.sort_unstable_by_key(|event| event.seq);
    events
}

impl Desk {
    /// Notes a number; `false` if it was there.
    fn told(&mut self, number: u64) -> bool {
        if number < self.next || !self.beyond.insert(number) {
            return false;
        }
        while self.beyond.remove(&self.next) {
            self.next += 1;
        }
        true
    }

    fn count(&self) -> u64 {
        self.next + self.beyond.len() as u64
    }

    fn gap(&self, desk: u32) -> Option<Finding> {
        let next = Seq::new(desk, *self.beyond.first()?);
        Some(Finding::NumberMissing { missing: Seq::new(desk, self.next), next })
    }
}

impl Proof {
    fn parts(&mut self) -> [&mut u64; 11] {
        let Self {
            orders, open, closed, claims, waits, ranked, held, stages, rungs, cards, ..
        } = self;
        let pauses = &mut self.pauses;
        [orders, open, closed, claims, waits, ranked, held, stages, rungs, cards, pauses]
    }

    fn add(&mut self, other: &Self) {
        let mut other = *other;
        for (part, more) in self.parts().into_iter().zip(other.parts()) {
            *part += *more;
        }
    }

    fn take_back(&mut self, other: &Self) {
        let mut other = *other;
        for (part, less) in self.parts().into_iter().zip(other.parts()) {
            *part = part.saturating_sub(*less);
        }
    }
}

impl Line {
    fn claims(&self) -> u64 {
        self.steps.iter().filter(|step| step.verb == Verb::Claim).count() as u64
    }
}

impl Counts {
    fn read(&mut self, step: &merge::Step, within_ms: u64) {
        match step.event.kind {
            EventKind::OrderSubmitted { .. } => self.submitted += 1,
            EventKind::OrderClaimed { epoch: 1, wait_ms, .. } => {
                self.claimed += 1;
                self.within += u64::from(wait_ms <= within_ms);
            }
            EventKind::OrderClaimed { .. } => self.claimed_again += 1,
            EventKind::OrderPutBack { .. } => self.put_back += 1,
            EventKind::OrderClosed { outcome, epoch } => {
                self.closed += 1;
                let waited = epoch == 0 && step.from == Some(State::Waiting);
                self.abandoned += u64::from(waited && outcome == Outcome::Abandoned);
            }
            _ => {}
        }
    }

    fn parts(&self) -> [(&'static str, u64); 8] {
        [
            ("were submitted", self.submitted),
            ("were claimed", self.claimed),
            ("were claimed within the target", self.within),
            ("were claimed again", self.claimed_again),
            ("were put back", self.put_back),
            ("were closed", self.closed),
            ("were breached", self.breached),
            ("were abandoned", self.abandoned),
        ]
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            submitted: self.submitted + other.submitted,
            claimed: self.claimed + other.claimed,
            within: self.within + other.within,
            claimed_again: self.claimed_again + other.claimed_again,
            put_back: self.put_back + other.put_back,
            closed: self.closed + other.closed,
            breached: self.breached + other.breached,
            abandoned: self.abandoned + other.abandoned,
        }
    }

    fn differences(&self, stats: &crate::Stats) -> Vec<Finding> {
        let live = Self {
            submitted: stats.submitted,
            claimed: stats.claimed,
            within: stats.within,
            claimed_again: stats.claimed_again,
            put_back: stats.put_back,
            closed: stats.closed,
            breached: stats.breached,
            abandoned: stats.abandoned,
        };
        let both = self.parts().into_iter().zip(live.parts());
        let differ = both.filter(|((_, expected), (_, found))| expected != found);
        differ
            .map(|((what, expected), (_, found))| Finding::OtherCount { what, expected, found })
            .collect()
    }
}
