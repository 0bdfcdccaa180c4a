//! Where orders wait: lanes, and the search for the one that goes next.
//!
//! A lane is a FIFO for orders in their first turn, which come in rank order, and a side tree for those
//! that return out of order. Both hold *entries*, and an entry is a hint: slot, generation and turn of
//! an order that was waiting, or about to, when it was pushed. Whether it still counts is asked of the
//! order; a stale entry is dropped by whoever meets it. So pushing twice, or not removing, does no harm.

use std::mem;

use qiangdan_sync::{
    Bitmap, Bound, Entry, First, Heads, Item, Key, Lane, LaneFull, Lowest, Mask, Next, Side,
    SideFull, SidePeeked,
};

use crate::{
    LaneId, OrderId,
    order::{TURNS, bias},
};

/// The most orders an engine can hold: an entry names its slot in 28 bits.
pub(crate) const ORDERS_MAX: u32 = (1 << 28) - 1;

const _: () = assert!(side_max(ORDERS_MAX) <= Side::CAPACITY_MAX, "a side has room for all orders");

/// How many lanes are compared at once by their bounds, and how many orders pushed at once.
pub(crate) const TOGETHER: usize = 32;

/// Up to so many times 64 lanes, bounds are compared straight away.
const PARTS_MAX: u32 = 4;
/// How many looks are tried by bounds alone.
const LOOKS_MAX: u32 = 3;

/// All lanes of an engine.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: Box<[Both]>,
    nonempty: Bitmap,
    heads: Heads,
    /// How many times 64 lanes there are, begun ones included.
    parts: u32,
}

#[derive(Debug)]
struct Both {
    fifo: Lane,
    side: Side,
}

/// An entry at the head of a lane, with what is needed to take it off.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) key: Key,
    pub(crate) hint: Hint,
    pub(crate) lane: LaneId,
    at: At,
    /// The lane's bound before the look.
    bound: Bound,
}

#[derive(Debug)]
enum At {
    Fifo(First<Key>),
    Side(SidePeeked),
}

/// What an entry says: this order, in this turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hint {
    pub(crate) order: OrderId,
    turn: u16,
}

impl Hint {
    pub(crate) fn new(order: OrderId, turn: u16) -> Self {
        Self { order, turn }
    }

    fn to_bits(self) -> u64 {
        u64::from(self.order.slot()) << 36
            | u64::from(self.order.generation()) << 12
            | u64::from(self.turn)
    }

    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its width")]
    #[inline]
    fn from_bits(bits: u64) -> Self {
        let order = OrderId::new((bits >> 36) as u32, (bits >> 12) as u32 & 0x00ff_ffff);
        Self { order, turn: bits as u16 & (TURNS - 1) }
    }

    /// Whether the entry counts for an order that is in `turn`. No entry is pushed before its turn has
    /// begun, so one of another turn is stale.
    pub(crate) fn counts_in(self, turn: u16) -> bool {
        self.turn == turn
    }
}

impl From<Item> for Hint {
    /// What is in a FIFO is in its first turn.
    fn from(item: Item) -> Self {
        Self { order: OrderId::new(item.slot, item.generation), turn: 0 }
    }
}

/// Room in a lane's side tree: every open order twice over, so that it is never full of live entries.
const fn side_max(orders: u32) -> u32 {
    orders.saturating_mul(2).saturating_add(64)
}

impl Lanes {
    /// Lanes for up to `orders` open orders.
    pub(crate) fn new(count: u32, orders: u32) -> Self {
        let both = |_| Both { fifo: Lane::new(orders), side: Side::new(side_max(orders)) };
        Self {
            lanes: (0..count).map(both).collect(),
            nonempty: Bitmap::new(count),
            heads: Heads::new(count),
            parts: count.div_ceil(64),
        }
    }

    /// Puts an order in its first turn at the end of a lane. Its rank should not be below those before
    /// it.
    ///
    /// `is_live` says whether an entry still counts, and `is_wanted` whether it does and no better one
    /// stands in for it; they are asked only if room runs out.
    #[inline]
    pub(crate) fn push(
        &self,
        lane: LaneId,
        key: Key,
        order: OrderId,
        is_live: impl Fn(Hint) -> bool,
        is_wanted: impl Fn(Key, Hint) -> bool,
    ) {
        let item = Item { slot: order.slot(), generation: order.generation() };
        let pushed = self.lanes[lane.index()].fifo.push(item, |old| !is_live(old.into()));
        match pushed {
            Ok(()) => {
                self.heads.pushed(lane.0, bias(key.rank));
                self.nonempty.set(lane.0);
            }
            // Orders that wait on keep those after them in their cells, however they end.
            Err(LaneFull) => self.insert(lane, key, Hint::new(order, 0), is_wanted),
        }
    }

    /// [`Lanes::push`] for many orders that go to one lane.
    pub(crate) fn push_many(
        &self,
        lane: LaneId,
        orders: impl Iterator<Item = (Key, OrderId)> + Clone,
        is_live: impl Fn(Hint) -> bool,
        is_wanted: impl Fn(Key, Hint) -> bool,
    ) {
        let mut items = [Item { slot: 0, generation: 0 }; TOGETHER];
        let mut count = 0;
        for (item, (_, order)) in items.iter_mut().zip(orders.clone()) {
            *item = Item { slot: order.slot(), generation: order.generation() };
            count += 1;
        }
        let fifo = &self.lanes[lane.index()].fifo;
        let pushed = fifo.push_many(&items[..count], |old| !is_live(old.into()));
        if let Some((first, _)) = orders.clone().next().filter(|_| pushed > 0) {
            self.heads.pushed(lane.0, bias(first.rank));
            self.nonempty.set(lane.0);
        }
        for (key, order) in orders.skip(pushed) {
            self.insert(lane, key, Hint::new(order, 0), &is_wanted);
        }
    }

    /// Puts an order into a lane by its rank.
    pub(crate) fn insert(
        &self,
        lane: LaneId,
        key: Key,
        hint: Hint,
        is_wanted: impl Fn(Key, Hint) -> bool,
    ) {
        let entry = Entry { key, bits: hint.to_bits() };
        let side = &self.lanes[lane.index()].side;
        let mut tries = 0;
        while let Err(SideFull) = side.insert(entry) {
            // There is room for every open order twice over; what fills it is stale or outdone.
            side.retain(|entry| is_wanted(entry.key, Hint::from_bits(entry.bits)));
            tries += 1;
            assert!(
                tries < 1_000,
                "a lane's side tree holds more wanted entries than there are orders"
            );
        }
        self.heads.lower(lane.0, bias(key.rank));
        self.nonempty.set(lane.0);
    }

    /// The entry that goes first among the lanes in `mask`, if any. Drops stale heads on the way.
    ///
    /// `meet` says whether an entry counts, and `key_of` where an order belongs now. If an entry does
    /// not count, it never will again.
    ///
    /// Exact when nothing else is under way; otherwise each lane's head was right at some instant
    /// during the call.
    #[inline]
    pub(crate) fn first(
        &self,
        mask: &Mask,
        mut meet: impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) -> Option<Head> {
        if let Some(lane) = mask.alone() {
            if !self.nonempty.contains(lane) {
                return None;
            }
            return self.look(LaneId(lane), &mut meet, &key_of);
        }
        if self.parts <= PARTS_MAX {
            match self.first_of_few(mask, &mut meet, &key_of) {
                Few::First(first) => return first,
                Few::Unclear => {}
            }
        }
        let mut best = None;
        let mut alone = None;
        let mut near: Option<Near> = None;
        self.nonempty.for_each_and(mask, |lane| match (&mut near, alone) {
            (None, None) => alone = Some(lane),
            (None, Some(first)) => {
                let near = near.insert(Near::default());
                near.add(self.heads.see(first).rank(), first);
                near.add(self.heads.see(lane).rank(), lane);
            }
            (Some(near), _) => {
                near.add(self.heads.see(lane).rank(), lane);
                if near.is_full() {
                    self.better(&mut best, near, &mut meet, &key_of);
                }
            }
        });
        if let Some(near) = &mut near {
            self.better(&mut best, near, &mut meet, &key_of);
            return best;
        }
        self.look(LaneId(alone?), &mut meet, &key_of)
    }

    /// The oldest orders in the lanes of `mask`, each once, by their ranks: as many as `oldest` has room
    /// for. How many were found.
    ///
    /// Drops nothing on the way. `key_of` says `None` of an entry that does not count. Exact while
    /// nothing else is under way.
    pub(crate) fn oldest(
        &self,
        mask: &Mask,
        oldest: &mut [(Key, OrderId)],
        key_of: impl Fn(Hint) -> Option<Key>,
    ) -> usize {
        let (mut found, most) = (0, oldest.len());
        let mut meet = |hint: Hint| {
            let Some(key) = key_of(hint) else { return false };
            let known = &oldest[..found];
            let place = known.partition_point(|&(other, _)| other < key);
            let is_known = known.iter().any(|&(_, order)| order == hint.order);
            if place < most && !is_known {
                found = (found + 1).min(most);
                oldest[place..found].rotate_right(1);
                oldest[place] = (key, hint.order);
            }
            true
        };
        self.nonempty.for_each_and(mask, |lane| {
            let both = &self.lanes[lane as usize];
            let mut left = most;
            both.fifo.walk(|item| {
                left -= usize::from(meet(item.into()) && left > 0);
                left > 0
            });
            both.side.walk(|entry| {
                meet(Hint::from_bits(entry.bits));
            });
        });
        found
    }

    /// [`Lanes::first`] among those lanes of `mask` that `may` allows; one by one, for those who
    /// have no room for every lane.
    #[cold]
    pub(crate) fn first_of_some(
        &self,
        mask: &Mask,
        may: impl Fn(LaneId) -> bool,
        mut meet: impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) -> Option<Head> {
        let (mut best, mut near) = (None, Near::default());
        self.nonempty.for_each_and(mask, |lane| {
            if may(LaneId(lane)) {
                near.add(self.heads.see(lane).rank(), lane);
                if near.is_full() {
                    self.better(&mut best, &mut near, &mut meet, &key_of);
                }
            }
        });
        self.better(&mut best, &mut near, &mut meet, &key_of);
        best
    }

    /// [`Lanes::first`] where there are few lanes: by their bounds alone, mostly in one look.
    #[inline]
    fn first_of_few(
        &self,
        mask: &Mask,
        meet: &mut impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) -> Few {
        for _ in 0..LOOKS_MAX {
            let mut lowest: Option<Lowest> = None;
            for part in 0..self.parts {
                let Some(found) = self.heads.lowest(part, self.nonempty.and_part(part, mask))
                else {
                    continue;
                };
                lowest = Some(lowest.map_or(found, |lowest| lowest.with(found)));
            }
            let Some(Lowest { lane, others, .. }) = lowest else { return Few::First(None) };
            // Without anybody in the lane, its bit is cleared now.
            let Some(head) = self.look(LaneId(lane), meet, &key_of) else { continue };
            let rank = bias(head.key.rank);
            if rank < others {
                return Few::First(Some(head));
            }
            // That look was in vain; a higher bound spares the next.
            self.raise(&head);
            // Among equals, who came first is to be asked of each.
            if rank == others {
                break;
            }
        }
        Few::Unclear
    }

    /// Makes `best` the best of it and the first entries of the lanes in `near`, which is empty then.
    #[inline]
    fn better(
        &self,
        best: &mut Option<Head>,
        near: &mut Near,
        meet: &mut impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) {
        for (bound, lane) in near.drain() {
            if best.as_ref().is_some_and(|best| bound > bias(best.key.rank)) {
                continue;
            }
            let Some(head) = self.look(LaneId(lane), meet, &key_of) else { continue };
            // The look at the one that loses was in vain; a higher bound spares the next.
            match best {
                Some(best) if best.key <= head.key => self.raise(&head),
                _ => {
                    if let Some(beaten) = best.replace(head) {
                        self.raise(&beaten);
                    }
                }
            }
        }
    }

    fn raise(&self, head: &Head) {
        self.heads.raise(head.lane.0, head.bound, bias(head.key.rank));
    }

    /// Looks for the first entry of a lane, and notes if there is none.
    #[inline]
    fn look(
        &self,
        lane: LaneId,
        meet: &mut impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) -> Option<Head> {
        let head = self.head(lane, meet, key_of);
        if head.is_none() {
            self.note_empty(lane);
        }
        head
    }

    #[cold]
    fn note_empty(&self, lane: LaneId) {
        let both = &self.lanes[lane.index()];
        self.nonempty.clear_if(lane.0, || both.fifo.is_empty() && both.side.is_empty());
    }

    /// Takes an entry off its lane, if it is still there, and notes what comes after it: whoever looks
    /// at the lane's bound next is spared a look in vain. `mask` is that of whoever found it; `key_of`
    /// is asked of the next order, and says `None` if it does not count, or may not.
    #[inline]
    pub(crate) fn remove(&self, mask: &Mask, head: &Head, key_of: impl Fn(Hint) -> Option<Key>) {
        let both = &self.lanes[head.lane.index()];
        let first = match &head.at {
            At::Fifo(first) => first,
            At::Side(peeked) => {
                both.side.remove_if(peeked);
                return;
            }
        };
        // Nothing is gained by knowing more of the only lane there is.
        if mask.alone().is_some() {
            return both.fifo.pass(first);
        }
        match (both.fifo.pass_on(first, |item| key_of(item.into())), both.side.peek()) {
            (Next::Key(key), None) => {
                self.heads.raise(head.lane.0, head.bound, bias(key.rank));
            }
            (Next::Dry, None) => self.note_empty(head.lane),
            _ => {}
        }
    }

    /// The first entry of a lane that still counts.
    #[inline]
    fn head(
        &self,
        lane: LaneId,
        meet: &mut impl FnMut(Hint) -> bool,
        key_of: impl Fn(OrderId) -> Option<Key>,
    ) -> Option<Head> {
        let (both, bound) = (&self.lanes[lane.index()], self.heads.see(lane.0));
        let first = both.fifo.first(|item| {
            let hint = Hint::from(item);
            if meet(hint) { key_of(hint.order) } else { None }
        });
        let fifo = first.map(|first| {
            let (key, hint) = (first.key, first.item.into());
            Head { key, hint, lane, at: At::Fifo(first), bound }
        });
        let side = loop {
            let Some(peeked) = both.side.peek() else { break None };
            let hint = Hint::from_bits(peeked.entry.bits);
            if meet(hint) {
                let key = peeked.entry.key;
                break Some(Head { key, hint, lane, at: At::Side(peeked), bound });
            }
            both.side.remove_if(&peeked);
        };
        match (fifo, side) {
            (Some(fifo), Some(side)) => Some(if side.key < fifo.key { side } else { fifo }),
            (fifo, side) => fifo.or(side),
        }
    }
}

/// What [`Lanes::first_of_few`] found.
enum Few {
    /// This goes first.
    First(Option<Head>),
    /// Bounds alone do not tell.
    Unclear,
}

/// Some lanes and their bounds; the lane with the smallest comes first.
#[derive(Default)]
struct Near {
    bounds: [u64; TOGETHER],
    lanes: [u32; TOGETHER],
    count: usize,
}

impl Near {
    #[inline]
    fn add(&mut self, bound: u64, lane: u32) {
        let (mut bound, mut lane) = (bound, lane);
        if self.count > 0 && bound < self.bounds[0] {
            mem::swap(&mut bound, &mut self.bounds[0]);
            mem::swap(&mut lane, &mut self.lanes[0]);
        }
        (self.bounds[self.count], self.lanes[self.count]) = (bound, lane);
        self.count += 1;
    }

    fn is_full(&self) -> bool {
        self.count == TOGETHER
    }

    #[inline]
    fn drain(&mut self) -> impl Iterator<Item = (u64, u32)> + '_ {
        let count = mem::take(&mut self.count);
        self.bounds[..count].iter().copied().zip(self.lanes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    fn order(slot: u32) -> OrderId {
        OrderId::new(slot, 1)
    }

    fn key(rank: i64) -> Key {
        Key { rank, tie: 0 }
    }

    /// Lanes whose orders' ranks are their slots.
    struct Model {
        lanes: Lanes,
        mask: Mask,
        over: RefCell<BTreeSet<u32>>,
    }

    impl Model {
        fn new(lanes: u32, orders: u32) -> Self {
            let (lanes, mask) = (Lanes::new(lanes, orders), Mask::new(lanes));
            Self { lanes, mask, over: RefCell::default() }
        }

        fn is_live(&self, hint: Hint) -> bool {
            !self.over.borrow().contains(&hint.order.slot())
        }

        #[inline]
        fn push(&self, lane: u32, slot: u32) {
            let is_wanted = |_, hint| self.is_live(hint);
            let is_live = |hint| self.is_live(hint);
            self.lanes.push(LaneId(lane), key(slot.into()), order(slot), is_live, is_wanted);
        }

        fn insert(&self, lane: u32, slot: u32) {
            let hint = Hint::new(order(slot), 1);
            self.lanes.insert(LaneId(lane), key(slot.into()), hint, |_, hint| self.is_live(hint));
        }

        fn end(&self, slot: u32) {
            self.over.borrow_mut().insert(slot);
        }

        fn take(&self) -> Option<u32> {
            let key_of = |order: OrderId| Some(key(order.slot().into()));
            let head = self.lanes.first(&self.mask, |hint| self.is_live(hint), key_of)?;
            self.end(head.hint.order.slot());
            self.lanes.remove(&self.mask, &head, |hint| {
                self.is_live(hint).then(|| key(hint.order.slot().into()))
            });
            Some(head.hint.order.slot())
        }
    }

    #[test]
    fn a_hint_survives_its_bits() {
        let hint = Hint::new(OrderId::new(ORDERS_MAX, 0x00ff_ffff), TURNS - 1);
        assert_eq!(Hint::from_bits(hint.to_bits()), hint);
    }

    #[test]
    fn the_smallest_rank_of_all_lanes_goes_first() {
        let model = Model::new(3, 8);
        model.mask.set(0);
        model.mask.set(2);
        model.push(0, 30);
        model.push(2, 20);
        model.insert(2, 10);
        model.push(1, 0);
        let taken: Vec<_> = std::iter::from_fn(|| model.take()).collect();
        assert_eq!(taken, [10, 20, 30], "lane 1 is not in the mask");
    }

    #[test]
    fn what_ended_out_of_order_never_uses_up_the_room() {
        let model = Model::new(1, 4);
        model.mask.set(0);
        model.push(0, 0);
        for slot in 1..1_000 {
            model.push(0, slot);
            model.end(slot);
        }
        model.push(0, 1_000);
        assert_eq!([model.take(), model.take(), model.take()], [Some(0), Some(1_000), None]);
    }
}
