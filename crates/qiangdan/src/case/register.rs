//! What cases, follow-ups and complaints have in common: a place in a register, a state that goes by a
//! table, an order whose clocks are told of each verb, and limits whose end is a verb.

use std::{collections::VecDeque, fmt::Debug};

use super::{CaseError, CourseEvent, CourseRules, Tell};
use crate::{
    Claim, ClerkId, Cx, Engine, LimitId, Mono, OrderId, OrderSpec, OrderView, Outcome, Reason,
    ServiceId, State, Wall,
    course::{self, Row},
    limit::{Expiry, RungKind, What},
};

/// A kind of affair that goes by a table.
pub(super) trait Course {
    type State: Copy + Ord + Debug + 'static;
    type Verb: Copy + Ord + Debug + 'static;
    /// What else is written down of each.
    type Extra: Clone + Debug + Default;
    /// What is written down of all together.
    type Shared: Debug + Default;
    const TABLE: &'static [Row<Self::State, Self::Verb>];

    /// Whether the order comes in with this verb.
    fn begins_order(verb: Self::Verb) -> bool;

    /// How the order is closed in this state; none if it is open.
    fn end(state: Self::State) -> Option<Outcome>;

    /// What it means if the order was closed by somebody else.
    fn closed_by_others(state: Self::State) -> Option<Self::Verb>;

    /// Whether nothing more can happen.
    fn is_over(state: Self::State) -> bool;

    /// Writes down what a verb means beside the state; the number for the event, if it has one.
    fn note(
        shared: &mut Self::Shared,
        extra: &mut Self::Extra,
        noted: &Noted<Self::Verb>,
    ) -> Option<u64>;
}

/// What happened, for [`Course::note`].
pub(super) struct Noted<V> {
    pub(super) service: ServiceId,
    pub(super) verb: V,
    pub(super) by: Option<ClerkId>,
    /// When it took effect: now, or from when it is deemed.
    pub(super) at: Wall,
}

#[derive(Clone, Debug)]
pub(super) struct Entry<C: Course> {
    generation: u32,
    pub(super) state: Option<C::State>,
    pub(super) service: ServiceId,
    pub(super) order: Option<OrderId>,
    since: Mono,
    /// How many facts of the order have been looked at.
    seen: usize,
    pub(super) extra: C::Extra,
}

#[derive(Debug)]
pub(super) struct Register<C: Course> {
    entries: Vec<Entry<C>>,
    free: VecDeque<u32>,
    seq: u64,
    pub(super) shared: C::Shared,
}

/// What one verb is told with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a, V> {
    pub(super) verb: V,
    pub(super) by: Option<ClerkId>,
    /// A number of the verb's for the event.
    pub(super) number: u64,
    /// The length told with what it starts, in the unit of that limit.
    pub(super) amount: Option<u32>,
    /// Told in place of what the rules say.
    pub(super) tells: Option<&'a [Tell]>,
}

impl<V> Asked<'_, V> {
    pub(super) const fn new(verb: V, by: Option<ClerkId>) -> Self {
        Self { verb, by, number: 0, amount: None, tells: None }
    }
}

type Events<C> = Vec<CourseEvent<<C as Course>::State, <C as Course>::Verb>>;

/// One call: the register, the rules, and where it tells.
pub(super) struct Work<'a, 'c, C: Course> {
    pub(super) engine: &'a Engine,
    pub(super) rules: &'a CourseRules<C::Verb>,
    pub(super) register: &'a mut Register<C>,
    pub(super) cx: &'a mut Cx<'c>,
    pub(super) told: &'a mut Events<C>,
}

impl<C: Course> Register<C> {
    pub(super) fn new(most: u32) -> Self {
        let empty = || Entry {
            generation: 0,
            state: None,
            service: ServiceId(0),
            order: None,
            since: Mono(0),
            seen: 0,
            extra: C::Extra::default(),
        };
        Self {
            entries: (0..most).map(|_| empty()).collect(),
            free: (0..most).collect(),
            seq: 0,
            shared: C::Shared::default(),
        }
    }

    pub(super) fn entry(&self, id: u64) -> Option<&Entry<C>> {
        let entry = self.entries.get(place(id))?;
        let is_it = u64::from(entry.generation) == id >> 32 && entry.state.is_some();
        is_it.then_some(entry)
    }

    pub(super) fn entry_mut(&mut self, id: u64) -> Option<&mut Entry<C>> {
        self.entry(id)?;
        self.entries.get_mut(place(id))
    }

    /// How many are not over.
    pub(super) fn open(&self) -> usize {
        let is_open = |entry: &&Entry<C>| entry.state.is_some_and(|state| !C::is_over(state));
        self.entries.iter().filter(is_open).count()
    }
}

fn place(id: u64) -> usize {
    usize::try_from(id & 0xffff_ffff).unwrap_or(usize::MAX)
}

impl<C: Course> Work<'_, '_, C> {
    /// Begins an affair with a verb that begins one.
    pub(super) fn begin(
        &mut self,
        service: ServiceId,
        extra: C::Extra,
        asked: &Asked<'_, C::Verb>,
    ) -> Result<u64, CaseError> {
        let most = self.register.entries.len();
        let slot = self.register.free.pop_front().ok_or(CaseError::Full { most })?;
        let entry = &mut self.register.entries[slot as usize];
        entry.generation = entry.generation.wrapping_add(1).max(1);
        let id = u64::from(entry.generation) << 32 | u64::from(slot);
        let since = self.cx.now.mono;
        *entry = Entry {
            generation: entry.generation,
            state: None,
            service,
            order: None,
            since,
            seen: 0,
            extra,
        };
        match self.go_by(id, asked) {
            Ok(_) => Ok(id),
            Err(refused) => {
                self.register.free.push_front(slot);
                Err(refused)
            }
        }
    }

    /// Tells a verb of an affair that is there.
    pub(super) fn tell(
        &mut self,
        id: u64,
        asked: &Asked<'_, C::Verb>,
    ) -> Result<C::State, CaseError> {
        self.may(id, asked.verb)?;
        self.go_by(id, asked)
    }

    /// Whether a verb may be told as it is now.
    pub(super) fn may(&mut self, id: u64, verb: C::Verb) -> Result<(), CaseError> {
        self.catch_up(id);
        let entry = self.register.entry(id).ok_or(CaseError::Gone)?;
        course::next(C::TABLE, entry.state, verb).map(|_| ()).ok_or(CaseError::WrongState)
    }

    fn go_by(&mut self, id: u64, asked: &Asked<'_, C::Verb>) -> Result<C::State, CaseError> {
        let entry = self.register.entries.get(place(id)).ok_or(CaseError::Gone)?;
        let to = course::next(C::TABLE, entry.state, asked.verb).ok_or(CaseError::WrongState)?;
        let (service, mut order) = (entry.service, entry.order);
        if C::begins_order(asked.verb) && order.is_none() {
            let submitted = self.engine.submit(self.cx, &OrderSpec::new(service).tag(id))?;
            order = Some(submitted.order);
        }
        if let Some(order) = order {
            let rules = self.rules;
            let tells = asked.tells.unwrap_or_else(|| rules.tells(asked.verb));
            let told = self.tell_clocks(order, tells, asked);
            let ended = told.and_then(|()| match C::end(to) {
                Some(outcome) => self.end(order, outcome),
                None => Ok(()),
            });
            if let Err(refused) = ended {
                // An order that came in for nothing is taken back.
                if self.register.entries[place(id)].order.is_none() {
                    self.engine.cancel(self.cx, order, Reason::Withdrawn(0)).ok();
                }
                return Err(refused);
            }
        }
        self.register.entries[place(id)].order = order;
        self.go(id, asked, to, self.cx.now.wall);
        Ok(to)
    }

    /// Tells the clocks of an order. What may be refused for a reason of the law comes first.
    fn tell_clocks(
        &mut self,
        order: OrderId,
        tells: &[Tell],
        asked: &Asked<'_, C::Verb>,
    ) -> Result<(), CaseError> {
        use crate::{PauseOrderError as P, ReachError as R, ResumeOrderError as M};
        let amount = asked.amount;
        if self.engine.book().is_none() {
            // The engine has no clocks.
            return Ok(());
        }
        for tell in tells {
            if let Tell::Extend(limit) = *tell {
                let approver = asked.by.ok_or(CaseError::NobodyApproved)?;
                let by = self.engine.book().and_then(|book| book.rule(limit));
                let by = by.map_or(0, |rule| rule.extends_by);
                let by = amount.map_or(by, u64::from);
                self.engine.extend(self.cx, order, limit, by, approver, None)?;
            }
        }
        for tell in tells {
            match *tell {
                Tell::Reach(milestone) => {
                    match self.engine.reach(self.cx, order, milestone, amount, None) {
                        // No clock of the order runs any more.
                        Ok(()) | Err(R::Gone { .. } | R::Closed { .. }) => {}
                        Err(refused) => return Err(refused.into()),
                    }
                }
                Tell::Pause(reason) => {
                    match self.engine.pause(self.cx, order, reason, amount, None) {
                        Ok(()) | Err(P::AlreadyPaused { .. }) => {}
                        Err(refused) => return Err(refused.into()),
                    }
                }
                Tell::Resume(reason) => match self.engine.resume(self.cx, order, reason, None) {
                    Ok(()) | Err(M::NotPaused { .. }) => {}
                    Err(refused) => return Err(refused.into()),
                },
                Tell::Extend(_) => {}
            }
        }
        Ok(())
    }

    /// Closes the order, by the claim of whoever has it.
    fn end(&mut self, order: OrderId, outcome: Outcome) -> Result<(), CaseError> {
        let Some(view) = self.engine.order(order) else { return Ok(()) };
        if view.state == State::Closed {
            return Ok(());
        }
        if let Some(claim) = held_by(&view) {
            return Ok(self.engine.complete(self.cx, claim, outcome)?);
        }
        match outcome {
            Outcome::Cancelled(number) => {
                Ok(self.engine.cancel(self.cx, order, Reason::Withdrawn(number))?)
            }
            _ => Err(CaseError::NotHeld),
        }
    }

    fn go(&mut self, id: u64, asked: &Asked<'_, C::Verb>, to: C::State, at: Wall) {
        let now = self.cx.now;
        let register = &mut *self.register;
        let Some(entry) = register.entries.get_mut(place(id)) else { return };
        let (verb, by) = (asked.verb, asked.by);
        let noted = Noted { service: entry.service, verb, by, at };
        let number = C::note(&mut register.shared, &mut entry.extra, &noted);
        let from = entry.state.replace(to);
        let after_ms = if from.is_some() { now.mono.since_ms(entry.since) } else { 0 };
        entry.since = entry.since.max(now.mono);
        let (seq, number) = (register.seq, number.unwrap_or(asked.number));
        register.seq += 1;
        if C::is_over(to) {
            register.free.push_back(u32::try_from(place(id)).unwrap_or(u32::MAX));
        }
        let event = CourseEvent { seq, at: now, id, from, to, verb, by, number, after_ms };
        self.told.push(event);
    }

    /// Brings an affair up to date with what happened to its order: limits that are over, and its end.
    pub(super) fn catch_up(&mut self, id: u64) {
        let Some(entry) = self.register.entry(id) else { return };
        let (Some(order), seen) = (entry.order, entry.seen) else { return };
        let facts = self.engine.facts(order).unwrap_or_default();
        for fact in facts.get(seen..).unwrap_or_default() {
            if let What::Climbed { limit, rung } = fact.what {
                let kind = self.engine.book().and_then(|book| book.rung(limit, rung));
                if let Some(kind) = kind.map(|rung| rung.kind) {
                    self.over(id, limit, kind);
                }
            }
        }
        if let Some(entry) = self.register.entry_mut(id) {
            entry.seen = entry.seen.max(facts.len());
        }
    }

    /// A rung of a limit was climbed: if the limit is over by that, and means something, it does.
    pub(super) fn over(&mut self, id: u64, limit: LimitId, kind: RungKind) {
        let Some(verb) = self.rules.over(limit) else { return };
        let expiry = self.engine.book().and_then(|book| book.rule(limit)?.expiry);
        let is_end = match expiry {
            Some(_) => kind == RungKind::Expiry,
            None => kind == RungKind::Breach,
        };
        let Some(entry) = self.register.entry(id).filter(|_| is_end) else { return };
        let Some(to) = course::next(C::TABLE, entry.state, verb) else { return };
        // What the engine's expiry has told or closed is not told again.
        let at = match (expiry, entry.order) {
            (Some(Expiry::Deemed { backdated: true, .. }), Some(order)) => {
                let clocks = self.engine.clocks(order, self.cx.now.wall).unwrap_or_default();
                let clock = clocks.iter().find(|clock| clock.limit == limit);
                clock.map_or(self.cx.now.wall, |clock| clock.from)
            }
            _ => self.cx.now.wall,
        };
        let (order, asked) = (entry.order, Asked::new(verb, None));
        if let Some(order) = order {
            if expiry.is_none() {
                let tells = self.rules.tells(verb);
                self.tell_clocks(order, tells, &asked).ok();
            }
            if let Some(outcome) = C::end(to) {
                self.end(order, outcome).ok();
            }
        }
        self.go(id, &asked, to, at);
    }

    /// The order was closed by somebody else.
    pub(super) fn closed(&mut self, id: u64) {
        self.catch_up(id);
        let Some(state) = self.register.entry(id).and_then(|entry| entry.state) else { return };
        let Some(verb) = C::closed_by_others(state) else { return };
        if C::end(state).is_none()
            && let Some(to) = course::next(C::TABLE, Some(state), verb)
        {
            self.go(id, &Asked::new(verb, None), to, self.cx.now.wall);
        }
    }
}

/// The claim that an order is held by.
pub(super) fn held_by(view: &OrderView) -> Option<Claim> {
    let is_held = matches!(view.state, State::Claimed | State::Serving);
    let clerk = view.owner.filter(|_| is_held)?;
    Some(Claim { order: view.order, clerk, epoch: view.epoch })
}
