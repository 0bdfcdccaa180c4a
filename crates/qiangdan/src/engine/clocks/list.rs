//! The facts of one order, and how the verbs of its life add to them.
//!
//! Every order of an engine with limits has a list, whatever its service: it may be amended. A list
//! begins before the order can be found and ends when the slot is given back.

use qiangdan_sync::{AppendError, Entries, LedgerSeen, Reserve};
use smallvec::SmallVec;

use super::super::{Inner, submit::Row};
use super::{Promises, tell::Told};
use crate::{
    Cx, EventKind, Now, OrderId, OrderSpec, Outcome, ServiceId, Submitted, Wall,
    limit::{Fact, Milestone, Next, What},
    order::{Holder, Live, State, clerk_of},
};

/// The facts of one order as they were at one instant.
pub(super) struct List {
    pub(super) seen: LedgerSeen,
    pub(super) facts: SmallVec<[Fact; 12]>,
}

impl List {
    /// When a milestone was reached for the first time, by the order of telling.
    pub(super) fn reached(&self, milestone: Milestone) -> Option<Wall> {
        self.facts.iter().find_map(|fact| match fact.what {
            What::Reached { milestone: reached, .. } if reached == milestone => Some(fact.at),
            _ => None,
        })
    }

    /// When the order was closed. It is noted of every order whose service has limits.
    pub(super) fn closed(&self) -> Option<Wall> {
        self.reached(Milestone::CLOSED)
    }
}

impl Promises {
    /// The facts of an order; `None` if its list is over.
    pub(super) fn read(&self, order: OrderId) -> Option<List> {
        let mut entries = Entries::new();
        let seen = self.ledger.read(order.slot(), order.generation(), &mut entries)?;
        let facts = entries.iter().filter_map(|&pair| Fact::unpack(pair)).collect();
        Some(List { seen, facts })
    }

    /// What comes next by a list.
    pub(super) fn next(&self, service: ServiceId, list: &List) -> Option<Next> {
        let set = self.calendars.load();
        self.book.read(service, &list.facts, set.now()).next().ok()
    }

    /// Appends facts to a list as it was read.
    pub(super) fn append(
        &self,
        seen: &LedgerSeen,
        facts: &[Fact],
        reserve: Reserve,
    ) -> Result<LedgerSeen, AppendError> {
        let pairs = facts.iter().map(|fact| fact.pack()).collect::<SmallVec<[_; 4]>>();
        self.ledger.append(seen, &pairs, reserve)
    }

    /// Appends a fact whatever the list says, without reading it. False if there was no room for
    /// it, or the list is over.
    fn note(&self, order: OrderId, fact: Fact) -> bool {
        let pair = [fact.pack()];
        loop {
            let Some(seen) = self.ledger.seen(order.slot(), order.generation()) else {
                return false;
            };
            match self.ledger.append(&seen, &pair, Reserve::Use) {
                Ok(_) => return true,
                Err(AppendError::Changed) => {}
                Err(AppendError::Full) => return false,
            }
        }
    }

    /// Begins the list of an order that nobody can find yet.
    fn begin(&self, order: OrderId, at: Wall) {
        let (slot, generation) = (order.slot(), order.generation());
        let marks = self.marks(order);
        marks.grants.begin(generation, 0);
        marks.told.begin(generation, Told::first(self.calendars.load().version).to_bits());
        self.ledger.begin(slot, generation, reached(Milestone::SUBMITTED, at).pack());
    }
}

fn reached(milestone: Milestone, at: Wall) -> Fact {
    Fact { at, what: What::Reached { milestone, amount: 0 } }
}

impl Inner {
    /// Takes an order in, with a list of facts, and sees to its first look. What clocks it has is
    /// found out there.
    #[cold]
    #[inline(never)]
    pub(in crate::engine) fn admit_listed(
        &self,
        cx: &mut Cx<'_>,
        spec: &OrderSpec,
        row: Row,
        life: Live<'_>,
    ) -> Submitted {
        let (order, now) = (life.order, cx.now);
        if let Some(promises) = &self.promises {
            promises.begin(order, spec.received.unwrap_or(now.wall));
        }
        let submitted = self.admit_plain(cx, spec, row, life);
        if let Some(at) = spec.received.filter(|&at| at != now.wall) {
            let milestone = Milestone::SUBMITTED;
            let kind = EventKind::MilestoneReached { milestone, amount: 0, at };
            self.tell_as(cx, order, spec.tag, None, kind, |_| ());
        }
        let promises = self.promises.as_ref();
        if let Some(promises) = promises.filter(|all| all.book.has_clocks(row.service)) {
            promises.arm(order, now.wall);
        }
        submitted
    }

    /// An order was grabbed for the first time. What that makes of its clocks is found out by the
    /// look that is asked for here: a grab reads no list.
    #[cold]
    #[inline(never)]
    pub(in crate::engine) fn note_grabbed(&self, order: OrderId, service: ServiceId, now: Now) {
        self.note_own(order, service, Milestone::GRABBED, now);
    }

    /// A clerk has begun with an order; only the first time counts.
    #[cold]
    #[inline(never)]
    pub(in crate::engine) fn note_started(&self, life: Live<'_>, now: Now) {
        let Some(promises) = &self.promises else { return };
        let Ok(terms) = life.terms() else { return };
        if promises.book.uses(terms.service, Milestone::STARTED) && promises.starts(life.order) {
            self.note_own(life.order, terms.service, Milestone::STARTED, now);
        }
    }

    fn note_own(&self, order: OrderId, service: ServiceId, milestone: Milestone, now: Now) {
        let Some(promises) = &self.promises else { return };
        if promises.book.uses(service, milestone)
            && promises.note(order, reached(milestone, now.wall))
        {
            promises.arm(order, now.wall);
        }
    }

    /// Everything that follows from a swap that closed an order, at `at` on the wall; its slot is
    /// given back unless a clock of its runs on. The last claim is who held it, and for the
    /// how-manieth time.
    #[cold]
    #[inline(never)]
    pub(in crate::engine) fn close_listed(
        &self,
        cx: &mut Cx<'_>,
        life: Live<'_>,
        (holder, epoch): (Holder, u16),
        outcome: Outcome,
        at: Wall,
    ) {
        let tag = life.tag().unwrap_or(0);
        let follows = self.write_end(cx, life, (holder, epoch), outcome);
        let kind = EventKind::OrderClosed { outcome, epoch };
        self.tell_as(cx, life.order, tag, holder.clerk(), kind, |desk| desk.closed.add());
        if let Some(clerk) = follows {
            self.follow_close(cx, clerk, outcome);
        }
        let (Some(promises), Ok(terms)) = (&self.promises, life.terms()) else { return };
        let (order, service) = (life.order, terms.service);
        self.recount(cx, life, service);
        // A start that was not told is implied.
        let is_served = life.seen().is_some_and(|(seen, _)| clerk_of(seen).is_some());
        let is_first = is_served && promises.book.uses(service, Milestone::STARTED);
        if is_first && promises.starts(order) {
            promises.note(order, reached(Milestone::STARTED, at));
        }
        let has_clocks = promises.book.has_clocks(service);
        if has_clocks && promises.note(order, reached(Milestone::CLOSED, at)) {
            self.follow_up(cx, promises, life, service);
        } else if promises.ledger.end(order.slot(), order.generation()) {
            // Without room for that it is closed, its clocks stop untold.
            self.give_slot(order);
        }
    }

    /// Notes what the claim word says and the list does not yet: the service that the order had did
    /// not ask for it, or another thread is about to note it; twice does no harm.
    pub(super) fn note_implied(
        &self,
        cx: &Cx<'_>,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
    ) {
        let Some(mut list) = promises.read(life.order) else { return };
        let known = list.facts.len();
        self.add_implied(promises, life, service, cx.now.wall, &mut list);
        for &fact in list.facts.get(known..).unwrap_or_default() {
            promises.note(life.order, fact);
        }
    }

    /// Adds what the claim word says and the list does not yet: a thread that has grabbed, begun or
    /// closed the order has been interrupted before it could note so. No clock that the word has
    /// stopped is to be late by that. What is added took effect just before `at`.
    pub(super) fn add_implied(
        &self,
        promises: &Promises,
        life: Live<'_>,
        service: ServiceId,
        at: Wall,
        list: &mut List,
    ) -> bool {
        let Some((seen, state)) = life.seen() else { return false };
        let is_implied = [
            (Milestone::GRABBED, seen.epoch > 0),
            (Milestone::STARTED, state == State::Serving),
            (Milestone::CLOSED, state == State::Closed),
        ];
        let before = list.facts.len();
        for (milestone, is_so) in is_implied {
            let counts = is_so && promises.book.uses(service, milestone);
            if counts && list.reached(milestone).is_none() {
                list.facts.push(reached(milestone, Wall(at.0.saturating_sub(1))));
            }
        }
        list.facts.len() > before
    }
}
