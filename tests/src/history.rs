//! Reads what happened, from events alone, and refuses what cannot have happened.
//!
//! [`Ledger`] reads the events of many threads, whose numbers say little about who was first.
//! [`History`] reads those of one thread in their order, and adds up how long each order was in which
//! state.

use std::collections::BTreeMap;

use qiangdan::{ClerkId, Event, EventKind, Mono, OrderId, Outcome, PutBack, State, Stats};

/// What happened to each order, whatever the order of the events.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The orders.
    pub orders: BTreeMap<OrderId, Entry>,
}

/// What happened to one order.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Whether it was scheduled first, if it was submitted.
    pub scheduled: Option<bool>,
    /// How often its time had come.
    pub activated: u32,
    /// Its claims, by epoch.
    pub claims: BTreeMap<u16, Claimed>,
    /// Epoch, owner and outcome of its end.
    pub closed: Option<(u16, Option<ClerkId>, Outcome)>,
    /// How often its limit was breached.
    pub breached: u32,
}

/// One claim.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    /// Whose.
    pub clerk: ClerkId,
    /// The wait until then.
    pub wait_ms: u64,
    /// Whether its start was told.
    pub is_started: bool,
    /// Whether it was put back.
    pub is_back: bool,
}

impl Ledger {
    /// Reads the events of a whole run, whatever their order.
    ///
    /// # Panics
    ///
    /// If a number is missing or told twice; if an order was submitted, claimed in one epoch, started,
    /// put back or closed twice, or not by its owner; if an epoch is missing; if a stage or a breach
    /// was told before it was due.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut events = events.to_vec();
        events.sort_unstable_by_key(|event| event.seq);
        for desk in events.chunk_by(|one, next| one.seq.desk() == next.seq.desk()) {
            for (number, event) in (0..).zip(desk) {
                assert_eq!(event.seq.number(), number, "the numbers have a gap or a double");
            }
        }
        // Claims first, so that what ended them can be checked against them.
        let is_claim = |event: &&Event| matches!(event.kind, EventKind::OrderClaimed { .. });
        let mut ledger = Self::default();
        events.iter().filter(is_claim).for_each(|event| ledger.read(event));
        events.iter().filter(|event| !is_claim(event)).for_each(|event| ledger.read(event));
        ledger.orders.iter().for_each(|(&order, entry)| entry.check(order));
        ledger
    }

    fn read(&mut self, event: &Event) {
        let Some(order) = event.order else { return };
        let entry = self.orders.entry(order).or_default();
        match event.kind {
            EventKind::OrderSubmitted { not_before, .. } => {
                let before = entry.scheduled.replace(not_before.is_some());
                assert_eq!(before, None, "{order} was submitted twice");
            }
            EventKind::OrderActivated => entry.activated += 1,
            EventKind::OrderClaimed { epoch, wait_ms, .. } => {
                let clerk = event.clerk.expect("a claim has an owner");
                let claimed = Claimed { clerk, wait_ms, is_started: false, is_back: false };
                let before = entry.claims.insert(epoch, claimed);
                assert!(before.is_none(), "{order} was claimed twice in epoch {epoch}");
            }
            EventKind::OrderStarted { epoch } => {
                let claimed = entry.claimed(epoch, event);
                assert!(!claimed.is_started, "{order} was started twice in epoch {epoch}");
                claimed.is_started = true;
            }
            EventKind::OrderPutBack { epoch, .. } => {
                let claimed = entry.claimed(epoch, event);
                assert!(!claimed.is_back, "{order} was put back twice in epoch {epoch}");
                claimed.is_back = true;
            }
            EventKind::OrderClosed { outcome, epoch } => {
                let before = entry.closed.replace((epoch, event.clerk, outcome));
                assert_eq!(before, None, "{order} ended twice");
            }
            EventKind::StageReached { due, .. } => {
                assert!(due <= event.at.mono, "{order} reached a stage before its time: {event:?}");
            }
            EventKind::LimitBreached { due } => {
                assert!(due < event.at.mono, "{order} was in breach before its time");
                entry.breached += 1;
                assert_eq!(entry.breached, 1, "{order} was in breach twice");
            }
            _ => {}
        }
    }

    /// How many orders are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.orders.values().filter(|entry| entry.closed.is_none()).count()
    }

    /// Checks that live figures are those of the events.
    ///
    /// # Panics
    ///
    /// If one is not.
    pub fn check(&self, stats: &Stats, within_ms: u64) {
        let count = |is: &dyn Fn(&Entry) -> usize| {
            self.orders.values().map(|entry| is(entry) as u64).sum::<u64>()
        };
        let first = |entry: &Entry| entry.claims.get(&1).map(|claimed| claimed.wait_ms);
        assert_eq!(stats.submitted, self.orders.len() as u64);
        assert_eq!(stats.claimed, count(&|entry| usize::from(first(entry).is_some())));
        let is_within = |entry: &Entry| first(entry).is_some_and(|wait_ms| wait_ms <= within_ms);
        assert_eq!(stats.within, count(&|entry| usize::from(is_within(entry))));
        assert_eq!(stats.claimed_again, count(&|entry| entry.claims.len().saturating_sub(1)));
        let back = |entry: &Entry| entry.claims.values().filter(|claimed| claimed.is_back).count();
        assert_eq!(stats.put_back, count(&back));
        assert_eq!(stats.closed, count(&|entry| usize::from(entry.closed.is_some())));
        assert_eq!(stats.breached, count(&|entry| entry.breached as usize));
        assert_eq!(stats.abandoned, count(&|entry| usize::from(entry.is_abandoned())));
    }
}

impl Entry {
    fn claimed(&mut self, epoch: u16, event: &Event) -> &mut Claimed {
        let claimed = self.claims.get_mut(&epoch).expect("only a claim is started or put back");
        assert_eq!(event.clerk, Some(claimed.clerk), "only the owner may: {event:?}");
        claimed
    }

    /// Whether its person left the queue before anybody had claimed it.
    fn is_abandoned(&self) -> bool {
        let waited = self.scheduled == Some(false) || self.activated > 0;
        waited && matches!(self.closed, Some((0, None, Outcome::Abandoned)))
    }

    fn check(&self, order: OrderId) {
        assert!(self.scheduled.is_some(), "{order} was never submitted");
        let last = u16::try_from(self.claims.len()).expect("an epoch has 16 bits");
        for (epoch, (&found, claimed)) in (1..).zip(&self.claims) {
            assert_eq!(found, epoch, "{order} misses an epoch");
            assert!(claimed.is_back || epoch == last, "{order} was taken away in epoch {epoch}");
        }
        let Some((epoch, by, _)) = self.closed else { return };
        assert_eq!(epoch, last, "{order} ended in an epoch that was not its last");
        let held = self.claims.get(&last).filter(|claimed| !claimed.is_back);
        assert_eq!(by, held.map(|claimed| claimed.clerk), "{order} did not end with its owner");
    }
}

/// What happened to each order, in the order of the events of one thread.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The orders.
    pub orders: BTreeMap<OrderId, Life>,
}

/// The life of one order so far.
#[derive(Clone, Debug)]
pub struct Life {
    /// Where it is.
    pub state: State,
    /// Since when.
    pub since: Mono,
    /// When it came in.
    pub submitted: Mono,
    /// Milliseconds in each state, by [`State::ALL`], up to `since`.
    pub spent_ms: [u64; 7],
    /// Who holds it.
    pub owner: Option<ClerkId>,
    /// How often it was claimed.
    pub epoch: u16,
    /// Stages reached since it was last amended, with their dues.
    pub stages: Vec<(u8, Mono)>,
    /// Whether it was ever amended.
    pub is_amended: bool,
    /// Whether it waits outside the lanes.
    pub is_parked: bool,
    /// When it comes back, or came in, if it is away.
    activation: Mono,
}

impl Life {
    /// Where it goes, from `at` on.
    fn go(&mut self, to: State, at: Mono) {
        self.spent_ms[self.state as usize] += at.since_ms(self.since);
        (self.state, self.since) = (to, at);
    }

    /// How long it has waited, up to the last change.
    #[must_use]
    pub fn waited_ms(&self) -> u64 {
        self.spent_ms[State::Waiting as usize]
    }
}

impl History {
    /// Reads on.
    ///
    /// # Panics
    ///
    /// If the event cannot follow from those before it.
    pub fn read(&mut self, event: &Event) {
        let (Some(order), at) = (event.order, event.at.mono) else { return };
        if let EventKind::OrderSubmitted { not_before, .. } = event.kind {
            let state = if not_before.is_some() { State::Scheduled } else { State::Waiting };
            let life = Life {
                state,
                since: at,
                submitted: at,
                spent_ms: [0; 7],
                owner: None,
                epoch: 0,
                stages: Vec::new(),
                is_amended: false,
                is_parked: false,
                activation: not_before.unwrap_or(at),
            };
            assert!(self.orders.insert(order, life).is_none(), "{order} was submitted twice");
            return;
        }
        let life = self.orders.get_mut(&order).expect("submitted before anything else");
        life.read(event, at);
    }

    /// How many orders are in each state, by [`State::ALL`].
    #[must_use]
    pub fn counts(&self) -> [usize; 7] {
        let mut counts = [0; 7];
        self.orders.values().for_each(|life| counts[life.state as usize] += 1);
        counts
    }
}

impl Life {
    fn read(&mut self, event: &Event, at: Mono) {
        let is = |states: &[State]| assert!(states.contains(&self.state), "{event:?} in {self:?}");
        match event.kind {
            EventKind::OrderActivated => {
                is(&[State::Scheduled]);
                assert!(self.activation <= at, "{event:?}: not before {:?}", self.activation);
                // It waits from its time on, however late that is told.
                self.go(State::Waiting, self.activation);
            }
            EventKind::OrderClaimed { epoch, wait_ms, .. } => {
                is(&[State::Waiting]);
                assert_eq!(epoch, self.epoch + 1, "{event:?}");
                self.go(State::Claimed, at);
                assert_eq!(wait_ms, self.waited_ms(), "{event:?}");
                (self.epoch, self.owner) = (epoch, event.clerk);
            }
            EventKind::OrderStarted { epoch } => {
                is(&[State::Claimed]);
                assert_eq!((epoch, event.clerk), (self.epoch, self.owner), "{event:?}");
                self.go(State::Serving, at);
            }
            EventKind::OrderPutBack { epoch, how } => {
                is(&[State::Claimed, State::Serving]);
                assert_eq!((epoch, event.clerk), (self.epoch, self.owner), "{event:?}");
                self.owner = None;
                self.is_parked = how == PutBack::Park;
                if let PutBack::After { ms } = how {
                    self.activation = at.plus_ms(ms);
                    return self.go(State::Scheduled, at);
                }
                self.go(State::Waiting, at);
            }
            EventKind::OrderAmended { .. } => {
                assert_ne!(self.state, State::Closed, "{event:?}");
                self.is_parked &= self.state != State::Waiting;
                self.is_amended = true;
                self.stages.clear();
            }
            EventKind::OrderClosed { epoch, .. } => {
                assert_ne!(self.state, State::Closed, "{event:?}: ended twice");
                assert_eq!((epoch, event.clerk), (self.epoch, self.owner), "{event:?}");
                self.go(State::Closed, at);
            }
            EventKind::StageReached { stage, due } => {
                is(&[State::Waiting]);
                assert!(due <= at, "{event:?}: early");
                if let Some(&(before, _)) = self.stages.last() {
                    assert_eq!(stage, before + 1, "{event:?}: skipped or twice");
                } else if !self.is_amended {
                    assert_eq!(stage, 0, "{event:?}: skipped");
                }
                self.stages.push((stage, due));
            }
            EventKind::LimitBreached { due } => assert!(due < at, "{event:?}: early"),
            _ => {}
        }
    }
}
