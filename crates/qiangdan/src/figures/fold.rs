//! From events to figures, one after another.

use std::{collections::BTreeMap, fmt};

#[cfg(feature = "calendar")]
use super::promise::{Promised, Promises};
use super::{Part, gini};
use crate::{
    Choice, ClassId, ClerkId, ClerkSpec, Colour, Event, EventKind, Mono, OrderId, Outcome,
    Presence, Rules, ServiceId, WhileAside,
    waiting_line::{Reach, WaitingLine},
};

/// Whom a figure is about: what a key is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whose {
    /// What the order asks for, if the figure is of an order.
    pub service: Option<ServiceId>,
    /// Its class.
    pub class: Option<ClassId>,
    /// The clerk concerned, if any: who claimed, held, was at the window.
    pub clerk: Option<ClerkId>,
    /// The host's number of the order; zero without one.
    pub tag: u64,
}

/// Figures of a hall, by parts along a key of the host's.
///
/// The key says which part each event counts for: the hall's unit, the department, both (then add up by
/// either, [`Fold::by`]), the clerk. Every event counts for one part, so parts add up to the whole
/// along every line. Events are to be read in an order in which they can have happened: by number, if
/// they are of one desk, else as [`History::in_order`](crate::history::History::in_order) puts them.
/// The same events give the same figures, whenever and wherever they are read.
///
/// Keeps one record for each open order, and for each clerk. A breach or a card that another thread has
/// told only after the order was closed counts for no service.
pub struct Fold<K> {
    rules: Rules,
    key: Box<dyn Fn(&Whose) -> K + Send + Sync>,
    parts: BTreeMap<K, Part>,
    orders: BTreeMap<OrderId, Track<K>>,
    clerks: BTreeMap<ClerkId, Hands>,
    line: WaitingLine,
    #[cfg(feature = "calendar")]
    promises: Promises,
}

/// What is known of an open order.
#[derive(Clone, Debug)]
struct Track<K> {
    service: ServiceId,
    class: ClassId,
    owner: Option<ClerkId>,
    epoch: u16,
    claimed: Mono,
    started: Option<Mono>,
    /// Whether it is put aside: it takes no hands.
    is_aside: bool,
    was_paused: bool,
    #[cfg(feature = "calendar")]
    notices: u32,
    is_closed: bool,
    #[cfg(feature = "calendar")]
    promised: Promised<K>,
    #[cfg(not(feature = "calendar"))]
    _key: std::marker::PhantomData<K>,
}

/// What is known of a clerk.
#[derive(Clone, Debug, Default)]
struct Hands {
    sessions: Vec<Reach>,
    sign_ins: usize,
    is_present: bool,
    held: u32,
    /// Up to when presence and use are counted.
    counted: Mono,
    claims: u64,
}

impl Hands {
    fn reach(&self) -> Option<&Reach> {
        self.sessions.get(self.sign_ins.checked_sub(1)?).or(self.sessions.last())
    }
}

impl<K: Ord + Clone> Fold<K> {
    /// Nothing has happened yet in a hall of these rules.
    pub fn new(rules: Rules, key: impl Fn(&Whose) -> K + Send + Sync + 'static) -> Self {
        Self {
            line: WaitingLine::new(rules.clone()),
            rules,
            key: Box::new(key),
            parts: BTreeMap::new(),
            orders: BTreeMap::new(),
            clerks: BTreeMap::new(),
            #[cfg(feature = "calendar")]
            promises: Promises::default(),
        }
    }

    /// The same, with the limits that are promised, and by law.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn with_promises(self, promises: Promises) -> Self {
        Self { promises, ..self }
    }

    /// What a clerk can do in the next session, as for
    /// [`History::signs_in`](crate::history::History::signs_in). Without it their skips are not counted.
    pub fn signs_in(&mut self, clerk: ClerkId, spec: &ClerkSpec<'_>) {
        let reach = Reach { pools: spec.pools.to_vec(), skills: spec.skills };
        self.clerks.entry(clerk).or_default().sessions.push(reach);
    }

    /// Reads many events.
    pub fn read_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        events.into_iter().for_each(|event| self.read(event));
    }

    /// Reads on.
    pub fn read(&mut self, event: &Event) {
        match event.order {
            Some(order) => self.read_order(order, event),
            None => self.read_clerk(event),
        }
    }

    /// Counts presence up to an instant. Else it is counted up to the last event of each clerk.
    pub fn until(&mut self, now: Mono) {
        let clerks: Vec<_> = self.clerks.keys().copied().collect();
        clerks.into_iter().for_each(|clerk| self.count_time(clerk, now));
    }

    /// The figures of each part.
    #[must_use]
    pub fn parts(&self) -> &BTreeMap<K, Part> {
        &self.parts
    }

    /// The figures added up along a coarser key: one reporting line of several.
    pub fn by<J: Ord>(&self, coarser: impl Fn(&K) -> J) -> BTreeMap<J, Part> {
        let mut sums: BTreeMap<J, Part> = BTreeMap::new();
        for (key, part) in &self.parts {
            sums.entry(coarser(key)).or_default().add(part);
        }
        sums
    }

    /// The figures of the whole.
    #[must_use]
    pub fn whole(&self) -> Part {
        let mut whole = Part::default();
        self.parts.values().for_each(|part| whole.add(part));
        whole
    }

    /// How many orders each clerk has claimed (抢单量).
    pub fn grabs(&self) -> impl Iterator<Item = (ClerkId, u64)> + '_ {
        self.clerks.iter().map(|(&clerk, hands)| (clerk, hands.claims))
    }

    /// How unevenly claims are spread over the clerks who ever signed in or claimed.
    #[must_use]
    pub fn gini_of_grabs(&self) -> Option<f64> {
        gini(&self.grabs().map(|(_, claims)| claims).collect::<Vec<_>>())
    }

    fn part(&mut self, whose: &Whose) -> &mut Part {
        self.parts.entry((self.key)(whose)).or_default()
    }

    fn read_order(&mut self, order: OrderId, event: &Event) {
        if let EventKind::OrderSubmitted { service, class, .. } = event.kind {
            let track = Track {
                service,
                class,
                owner: None,
                is_aside: false,
                epoch: 0,
                claimed: event.at.mono,
                started: None,
                was_paused: false,
                #[cfg(feature = "calendar")]
                notices: 0,
                is_closed: false,
                #[cfg(feature = "calendar")]
                promised: Promised::default(),
                #[cfg(not(feature = "calendar"))]
                _key: std::marker::PhantomData,
            };
            self.part(&track.whose(event)).taken += 1;
            self.orders.insert(order, track);
        } else if let Some(mut track) = self.orders.remove(&order) {
            let whose = track.whose(event);
            self.count(order, event, &mut track, whose);
            #[cfg(feature = "calendar")]
            self.count_clocks(event, &mut track, whose);
            if !track.is_over(event) {
                self.orders.insert(order, track);
            }
        } else {
            self.count_late(event);
        }
        self.line.read(event);
    }

    fn count(&mut self, order: OrderId, event: &Event, track: &mut Track<K>, whose: Whose) {
        let (now, within_ms) = (event.at.mono, self.rules.target().within_ms);
        match event.kind {
            EventKind::OrderClaimed { epoch, choice, wait_ms } => {
                let skipped = self.skipped(order, event.clerk, choice);
                let part = self.part(&whose);
                if epoch == 1 {
                    part.claim(wait_ms, within_ms);
                } else {
                    part.claimed_again += 1;
                }
                let is_named = choice == Choice::Named;
                *(if is_named { &mut part.grabs_named } else { &mut part.grabs_next }) += 1;
                part.skips += u64::from(skipped > 0);
                part.skipped += skipped;
                (track.epoch, track.owner, track.claimed) = (epoch, event.clerk, now);
                track.started = None;
                self.take(event.clerk, now, 1);
                if let Some(hands) = event.clerk.and_then(|clerk| self.clerks.get_mut(&clerk)) {
                    hands.claims += 1;
                }
            }
            EventKind::OrderSuspended { aside, .. } => {
                track.is_aside = true;
                if aside == WhileAside::LetGo {
                    track.owner = None;
                }
                self.take(event.clerk, now, -1);
            }
            EventKind::OrderTakenUp { .. } => {
                track.is_aside = false;
                track.started.get_or_insert(now);
                self.take(event.clerk, now, 1);
            }
            EventKind::OrderStarted { .. } => track.started = Some(now),
            EventKind::OrderPutBack { .. } => {
                self.part(&whose).put_backs += 1;
                track.owner = None;
                if !std::mem::take(&mut track.is_aside) {
                    self.take(event.clerk, now, -1);
                }
            }
            EventKind::OrderAmended { service, class } => {
                (track.service, track.class) = (service, class);
            }
            EventKind::LimitBreached { .. } => self.part(&whose).breached += 1,
            EventKind::CardGiven { colour } => self.card(&whose, colour),
            #[cfg(feature = "calendar")]
            EventKind::CardIssued { colour, .. } => self.card(&whose, colour),
            EventKind::OrderClosed { outcome, .. } => {
                self.close(order, event, track, whose, outcome);
            }
            _ => {}
        }
    }

    fn close(
        &mut self,
        order: OrderId,
        event: &Event,
        track: &mut Track<K>,
        whose: Whose,
        outcome: Outcome,
    ) {
        let (now, within_ms) = (event.at.mono, self.rules.target().within_ms);
        let waiting = self.line.place(order).filter(|_| track.epoch == 0);
        let waited_ms = waiting.and_then(|place| place.waited_ms(now));
        let part = self.part(&whose);
        part.closed += 1;
        let is_served = matches!(outcome, Outcome::Done | Outcome::Rejected(_));
        match outcome {
            Outcome::Done => part.done += 1,
            Outcome::Rejected(_) => part.rejected += 1,
            Outcome::Cancelled(_) => part.cancelled += 1,
            Outcome::Abandoned => {
                part.abandoned += u64::from(waited_ms.is_some());
                part.abandoned_late += u64::from(waited_ms.is_some_and(|ms| ms > within_ms));
            }
            Outcome::NoShow => part.no_shows += 1,
            Outcome::Expired => part.expired += 1,
        }
        if is_served && track.owner.is_some() {
            part.handled += 1;
            part.handled_inferred += u64::from(track.started.is_none());
            part.handling_sum_ms += now.since_ms(track.started.unwrap_or(track.claimed));
        }
        part.same_visit += u64::from(is_served && track.epoch <= 1 && !track.was_paused);
        if !track.is_aside {
            self.take(track.owner, now, -1);
        }
        track.is_closed = true;
    }

    /// What another thread has told of an order that was over by then: of no service any more.
    fn count_late(&mut self, event: &Event) {
        let whose = Whose { service: None, class: None, clerk: event.clerk, tag: event.tag };
        match event.kind {
            EventKind::LimitBreached { .. } => self.part(&whose).breached += 1,
            EventKind::CardGiven { colour } => self.card(&whose, colour),
            #[cfg(feature = "calendar")]
            EventKind::CardIssued { colour, .. } => self.card(&whose, colour),
            _ => {}
        }
    }

    /// How many orders a grab by name passed over.
    fn skipped(&self, order: OrderId, clerk: Option<ClerkId>, choice: Choice) -> u64 {
        let hands = clerk.and_then(|clerk| self.clerks.get(&clerk));
        let Some(reach) = hands.and_then(Hands::reach).filter(|_| choice == Choice::Named) else {
            return 0;
        };
        let shown = self.line.claimed(order, reach);
        shown.map_or(0, |shown| self.line.ahead(reach, shown.key))
    }

    fn card(&mut self, whose: &Whose, colour: Colour) {
        let part = self.part(whose);
        match colour {
            Colour::Amber => part.cards_amber += 1,
            Colour::Red => part.cards_red += 1,
        }
    }

    fn read_clerk(&mut self, event: &Event) {
        let Some(clerk) = event.clerk else { return };
        let is_present = match event.kind {
            EventKind::ClerkSignedIn => true,
            EventKind::ClerkSignedOut => false,
            EventKind::ClerkPresence { presence } => {
                matches!(presence, Presence::Ready | Presence::Draining)
            }
            _ => return,
        };
        self.count_time(clerk, event.at.mono);
        let hands = self.clerks.entry(clerk).or_default();
        hands.is_present = is_present;
        hands.sign_ins += usize::from(matches!(event.kind, EventKind::ClerkSignedIn));
    }

    /// A clerk holds one more, or one less.
    fn take(&mut self, clerk: Option<ClerkId>, now: Mono, more: i32) {
        let Some(clerk) = clerk else { return };
        self.count_time(clerk, now);
        let hands = self.clerks.entry(clerk).or_default();
        hands.held = hands.held.saturating_add_signed(more);
    }

    /// Counts the time of a clerk up to now.
    fn count_time(&mut self, clerk: ClerkId, now: Mono) {
        let hands = self.clerks.entry(clerk).or_default();
        let ms = now.since_ms(hands.counted);
        let (is_present, is_busy) = (hands.is_present, hands.held > 0);
        hands.counted = hands.counted.max(now);
        if ms > 0 && is_present {
            let whose = Whose { service: None, class: None, clerk: Some(clerk), tag: 0 };
            let part = self.part(&whose);
            part.open_ms += ms;
            part.busy_ms += if is_busy { ms } else { 0 };
        }
    }
}

impl<K> Track<K> {
    fn whose(&self, event: &Event) -> Whose {
        let clerk = event.clerk.or(self.owner);
        Whose { service: Some(self.service), class: Some(self.class), clerk, tag: event.tag }
    }

    /// Whether nothing more can be told of the order.
    fn is_over(&self, event: &Event) -> bool {
        #[cfg(feature = "calendar")]
        if !self.promised.is_over() {
            return matches!(event.kind, EventKind::OrderSettled);
        }
        self.is_closed && event.order.is_some()
    }
}

#[cfg(feature = "calendar")]
impl<K: Ord + Clone> Fold<K> {
    fn count_clocks(&mut self, event: &Event, track: &mut Track<K>, whose: Whose) {
        if let EventKind::OrderPaused { reason, .. } = event.kind {
            track.was_paused = true;
            if self.promises.supplement == Some(reason) {
                track.notices += 1;
                let part = self.part(&whose);
                part.supplemented += u64::from(track.notices == 1);
                part.supplemented_again += u64::from(track.notices == 2);
            }
        }
        let limits = (
            self.promises.promised.get(&track.service).copied(),
            self.promises.by_law.get(&track.service).copied(),
        );
        let before = track.promised.standing(self.rules.clocks(), limits);
        track.promised.read(event);
        let after = track.promised.standing(self.rules.clocks(), limits);
        if before != after {
            let key = track.promised.counted_for.take().unwrap_or_else(|| (self.key)(&whose));
            before.take_from(self.parts.entry(key).or_default());
            let key = (self.key)(&whose);
            after.add_to(self.parts.entry(key.clone()).or_default());
            track.promised.counted_for = Some(key);
        }
    }
}

impl<K: fmt::Debug> fmt::Debug for Fold<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").field("parts", &self.parts).finish_non_exhaustive()
    }
}
