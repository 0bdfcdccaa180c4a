//! submit: an order comes in.

use std::sync::atomic::Ordering::Relaxed;

use dashmap::Entry;
use qiangdan_sync::Key;

use super::{Engine, Inner, rank_of, watches::PoolMove};
use crate::{
    Cx, DedupKey, EventKind, LaneId, Mono, OrderId, OrderSpec, ServiceId, State, SubmitError,
    Submitted,
    order::{Fill, Live},
    pool::TOGETHER,
    sync::AtomicU64,
};

impl Engine {
    /// Takes an order into the queue.
    ///
    /// With a dedup key, an order that the key names already is returned as it is, with
    /// `existed: true`: while it is open, and after it has closed for as long as the rules'
    /// `dedup_window_ms` says and its slot has not been needed since. However many callers submit one
    /// key at once, all get the same order.
    ///
    /// Without a key: lock-free; two read-modify-writes, of the slab and of the lane, and two or three
    /// more if the service has a limit or a ladder. A lane that is deeper than ever before grows, by an
    /// allocation. With a key, a shard of the key map is locked for the length of the call, and the map
    /// may grow. Linearizes where the order comes into its lane. The order is grabbable when the call
    /// returns.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Full`], or the service or class does not exist. Nothing has changed. Callers that
    /// submit one new key at once take a slot each until all but one have given theirs back: of the
    /// last slots some of them may find none.
    pub fn submit(&self, cx: &mut Cx<'_>, spec: &OrderSpec) -> Result<Submitted, SubmitError> {
        let inner = &*self.inner;
        let row = inner.row_for(spec)?;
        let Some(key) = spec.dedup else {
            let life = inner.take_slot()?;
            return Ok(inner.admit(cx, spec, row, life));
        };
        let named = inner.keys.get(&key).map(|entry| *entry);
        if let Some(order) = named.filter(|&order| inner.is_named(order, cx.now.mono)) {
            return Ok(Submitted { order, existed: true });
        }
        inner.submit_as(cx, spec, row, key)
    }

    /// Takes many orders into the queue, as [`Engine::submit`] does each, in order; what becomes of
    /// each is added to `submitted`.
    ///
    /// Cheaper than one call each, the more of them in a row ask for the same service and class.
    ///
    /// # Errors
    ///
    /// Of the first order that is refused. Those before it are in the queue and in `submitted`; neither
    /// it nor those after it have changed anything.
    pub fn submit_many(
        &self,
        cx: &mut Cx<'_>,
        specs: &[OrderSpec],
        submitted: &mut Vec<Submitted>,
    ) -> Result<(), SubmitError> {
        let mut rest = specs;
        while let Some(first) = rest.first() {
            let is_alike = |spec: &&OrderSpec| {
                let plain = OrderSpec { tag: first.tag, ..**spec };
                plain == *first && plain.dedup.is_none() && plain.not_before.is_none()
            };
            let most = if self.inner.has_lists() { 1 } else { TOGETHER };
            let alike = rest.iter().take(most).take_while(is_alike).count().max(1);
            let (now, later) = rest.split_at(alike);
            match now {
                [single] => submitted.push(self.submit(cx, single)?),
                alike => self.submit_alike(cx, alike, submitted)?,
            }
            rest = later;
        }
        Ok(())
    }

    /// Takes orders into one lane that differ in their tags alone, at most [`TOGETHER`].
    fn submit_alike(
        &self,
        cx: &mut Cx<'_>,
        specs: &[OrderSpec],
        submitted: &mut Vec<Submitted>,
    ) -> Result<(), SubmitError> {
        let inner = &*self.inner;
        let row = inner.row_for(&specs[0])?;
        let tie = inner.next_tie(cx);
        let mut filled = [const { None }; TOGETHER];
        let mut count = 0;
        let mut refused = Ok(());
        for ((place, spec), tie) in filled.iter_mut().zip(specs).zip(tie..) {
            match inner.take_slot() {
                Ok(life) => *place = Some(inner.fill(cx.now.mono, spec, row, life, tie)),
                Err(full) => {
                    refused = Err(full);
                    break;
                }
            }
            count += 1;
        }
        let filled = || filled.iter().flatten().take(count);
        inner.lanes.push_many(
            row.lane,
            filled().map(|filled| (filled.key, filled.life.order)),
            |hint| inner.is_live(hint),
            |key, hint| inner.is_wanted(key, hint),
        );
        for (filled, spec) in filled().zip(specs) {
            submitted.push(inner.settle(cx, spec, row, filled));
        }
        refused
    }
}

/// What an order that comes in gets by the plan in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The row of its service, see `rules/grow.rs`.
    pub(super) service: ServiceId,
    lane: LaneId,
    head_start_ms: i64,
    /// Whether anything happens to it by itself while it waits.
    is_timed: bool,
}

/// An order whose record has been filled, and that was opened if it waits.
struct Filled<'a> {
    life: Live<'a>,
    key: Key,
    /// When it will be activated, if it is scheduled.
    later: Option<Mono>,
    /// What its coming changes for pools that are watched.
    moved: PoolMove,
}

impl Inner {
    /// Takes a slot and begins a life in it, not yet open.
    fn take_slot(&self) -> Result<Live<'_>, SubmitError> {
        loop {
            let full = SubmitError::Full { orders: self.slab.capacity() };
            let slot = self.slab.take().ok_or(full)?;
            self.forget_key(slot);
            let record = &self.slots[slot as usize];
            // A slot whose generations are used up is retired: it is not filled, and not given back.
            if let Some(generation) = record.word.fill() {
                return Ok(Live { slot: record, order: OrderId::new(slot, generation) });
            }
            self.slab.retire(slot);
        }
    }

    /// Takes an order in under a key that a moment ago named none, unless it does by now.
    pub(super) fn submit_as(
        &self,
        cx: &mut Cx<'_>,
        spec: &OrderSpec,
        row: Row,
        key: DedupKey,
    ) -> Result<Submitted, SubmitError> {
        // The slot is taken before the map's entry is held: forgetting the slot's last key locks a
        // shard of the same map.
        let life = self.take_slot()?;
        match self.keys.entry(key) {
            Entry::Occupied(entry) if self.is_named(*entry.get(), cx.now.mono) => {
                self.return_slot(life);
                Ok(Submitted { order: *entry.get(), existed: true })
            }
            entry => {
                self.note_key(life.order, key);
                let submitted = self.admit(cx, spec, row, life);
                entry.insert(submitted.order);
                Ok(submitted)
            }
        }
    }

    /// Takes an order in without a key.
    #[cfg(feature = "calendar")]
    pub(super) fn submit_plain(
        &self,
        cx: &mut Cx<'_>,
        spec: &OrderSpec,
    ) -> Result<Submitted, SubmitError> {
        let row = self.row_for(spec)?;
        let life = self.take_slot()?;
        Ok(self.admit(cx, spec, row, life))
    }

    /// Whether orders have lists of facts, which are begun one by one.
    pub(super) fn has_lists(&self) -> bool {
        #[cfg(feature = "calendar")]
        return self.promises.is_some();
        #[cfg(not(feature = "calendar"))]
        false
    }

    /// Gives back a slot that was taken in vain.
    fn return_slot(&self, life: Live<'_>) {
        life.slot.word.abandon(life.order.generation());
        self.slab.give(life.order.slot());
    }

    /// What an order gets that comes in now.
    #[inline]
    pub(super) fn row_for(&self, spec: &OrderSpec) -> Result<Row, SubmitError> {
        let (service, class) = (spec.service, spec.class);
        let plan = self.in_force().plan;
        let rules = &*self.rules;
        let plan = &rules.plans[plan.index()];
        let Some(row) = plan.row(service) else {
            return Err(SubmitError::NoSuchService { service });
        };
        let no_class = SubmitError::NoSuchClass { class };
        let head_start_ms = plan.head_start_ms(class).ok_or(no_class)?;
        let lane = rules.home(row, class).ok_or(no_class)?;
        Ok(Row { service: row, lane, head_start_ms, is_timed: rules.is_timed(row) })
    }

    #[inline]
    fn admit(&self, cx: &mut Cx<'_>, spec: &OrderSpec, row: Row, life: Live<'_>) -> Submitted {
        #[cfg(feature = "calendar")]
        if self.promises.is_some() {
            return self.admit_listed(cx, spec, row, life);
        }
        self.admit_plain(cx, spec, row, life)
    }

    /// The same, of an order that has a list of facts, or needs none.
    #[inline]
    pub(super) fn admit_plain(
        &self,
        cx: &mut Cx<'_>,
        spec: &OrderSpec,
        row: Row,
        life: Live<'_>,
    ) -> Submitted {
        let tie = self.next_tie(cx);
        let filled = self.fill(cx.now.mono, spec, row, life, tie);
        if filled.later.is_none() {
            let (is_live, is_wanted) =
                (|hint| self.is_live(hint), |key, hint| self.is_wanted(key, hint));
            self.lanes.push(row.lane, filled.key, life.order, is_live, is_wanted);
        }
        self.settle(cx, spec, row, &filled)
    }

    /// Fills the record of an order, and opens it if it waits.
    #[inline]
    fn fill<'a>(
        &self,
        now: Mono,
        spec: &OrderSpec,
        row: Row,
        life: Live<'a>,
        tie: u64,
    ) -> Filled<'a> {
        let generation = life.order.generation();
        let later = spec.not_before.filter(|&instant| instant > now);
        let arrived = later.unwrap_or(now);
        let rank_ms = rank_of(arrived).saturating_sub(row.head_start_ms);
        let (service, class, tag) = (row.service, spec.class, spec.tag);
        life.slot.begin(generation, Fill { service, class, tag, arrived, rank_ms, tie });
        let moved = if later.is_none() { self.count_first(life, service) } else { PoolMove::NONE };
        // While an order is scheduled, `moment` is when it is to be activated: its arrival.
        if later.is_some() {
            life.slot.word.shut(generation);
        } else {
            life.slot.word.open(generation);
        }
        Filled { life, key: Key { rank: rank_ms, tie }, later, moved }
    }

    /// Sees to the first look at an order that is in, counts it, and tells of it.
    #[inline]
    fn settle(
        &self,
        cx: &mut Cx<'_>,
        spec: &OrderSpec,
        row: Row,
        filled: &Filled<'_>,
    ) -> Submitted {
        let (life, later) = (filled.life, filled.later);
        match later {
            Some(activation) => self.looks.arm(life.order.slot(), activation.0),
            None if row.is_timed => self.arm(life),
            None => {}
        }
        let (service, class) = (spec.service, spec.class);
        let kind = EventKind::OrderSubmitted { service, class, not_before: later };
        self.tell_as(cx, life.order, spec.tag, None, kind, |desk| desk.submitted.add());
        self.count_move(cx, filled.moved);
        Submitted { order: life.order, existed: false }
    }

    /// Whether a dedup key that was given to `order` still names it.
    fn is_named(&self, order: OrderId, now: Mono) -> bool {
        match self.live(order) {
            None => false,
            Some((life, State::Closed)) => life
                .moment()
                .is_ok_and(|closed| now.since_ms(closed) <= self.plan().dedup_window_ms()),
            Some(_) => true,
        }
    }

    fn note_key(&self, order: OrderId, key: DedupKey) {
        let keys = self
            .keys_of_slots
            .get_or_init(|| (0..self.slots.len()).map(|_| AtomicU64::new(0)).collect());
        // Ordering: Relaxed. Only the thread that holds the slot's life reads or writes its key; the
        // slab hands the slot over.
        keys[order.slot() as usize].store(key.0.wrapping_add(1), Relaxed);
    }

    /// Whether the order in a slot has a dedup key. Asked while the slot is in that life.
    pub(super) fn has_key(&self, slot: u32) -> bool {
        // Ordering: Relaxed. Whoever closes the order received what its filler wrote: edge "fill".
        self.keys_of_slots.get().is_some_and(|keys| keys[slot as usize].load(Relaxed) != 0)
    }

    /// Removes the key of a slot's last life from the map, unless it names another order by now.
    fn forget_key(&self, slot: u32) {
        let Some(keys) = self.keys_of_slots.get() else { return };
        // Ordering: Relaxed, as in `note_key`.
        let noted = keys[slot as usize].swap(0, Relaxed);
        if noted != 0 {
            let key = DedupKey(noted.wrapping_sub(1));
            self.keys.remove_if(&key, |_, order| order.slot() == slot);
        }
    }
}
