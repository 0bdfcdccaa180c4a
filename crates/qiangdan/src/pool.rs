//! Where orders wait: lanes, and the search for the one that goes next.
//!
//! A lane is a FIFO for orders that come in rank order and a side tree for those that return out of
//! order. Both hold *entries*, and an entry is a hint: slot, generation and turn of an order that was
//! waiting when it was pushed. Whether it still counts is asked of the order; a stale entry is dropped
//! by whoever meets it. So pushing twice, or not removing, does no harm.

use qiangdan_sync::{
    Bitmap, Entry, Key, Lane, Mask, Nodes, NodesExhausted, Peeked, Side, SideFull, SidePeeked,
};

use crate::{LaneId, OrderId, order::TURNS};

/// The most orders an engine can hold: an entry names its slot in 28 bits.
pub(crate) const ORDERS_MAX: u32 = (1 << 28) - 1;

const _: () = assert!(side_max(ORDERS_MAX) <= Side::CAPACITY_MAX, "a side has room for all orders");

/// All lanes of an engine.
#[derive(Debug)]
pub(crate) struct Lanes {
    nodes: Nodes,
    lanes: Box<[Both]>,
    nonempty: Bitmap,
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
    lane: LaneId,
    at: At,
}

#[derive(Debug)]
enum At {
    Fifo(Peeked),
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

/// Room in a lane's side tree: every open order twice over, so that it is never full of live entries.
const fn side_max(orders: u32) -> u32 {
    orders.saturating_mul(2).saturating_add(64)
}

impl Lanes {
    /// Lanes for up to `orders` open orders.
    pub(crate) fn new(lanes: usize, orders: u32) -> Self {
        let count = u32::try_from(lanes).expect("rules have at most 2^32 lanes");
        // Each lane keeps one node of its own; an order has one entry in a FIFO, and there is room for
        // as many stale ones before they are swept.
        let nodes = Nodes::new(orders.saturating_mul(2).saturating_add(count).saturating_add(64));
        let both = |_| Both { fifo: Lane::new(&nodes), side: Side::new(side_max(orders)) };
        let lanes = (0..lanes).map(both).collect();
        Self { nodes, lanes, nonempty: Bitmap::new(count) }
    }

    /// Puts an order at the end of a lane. Its rank should not be below those before it.
    ///
    /// `is_wanted` says whether an entry still counts and no better one stands in for it; it is asked
    /// only if the room has run out and must be swept.
    pub(crate) fn push(
        &self,
        lane: LaneId,
        key: Key,
        hint: Hint,
        is_wanted: impl Fn(Key, Hint) -> bool,
    ) {
        let entry = Entry { key, bits: hint.to_bits() };
        if let Err(NodesExhausted) = self.lanes[lane.index()].fifo.push(&self.nodes, entry) {
            self.sweep(&is_wanted);
            return self.insert(lane, key, hint, is_wanted);
        }
        self.nonempty.set(lane.0);
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
        self.nonempty.set(lane.0);
    }

    /// The entry that goes first among the lanes in `mask`, if any. Drops stale heads on the way.
    ///
    /// Exact when nothing else is under way; otherwise each lane's head was right at some instant
    /// during the call. An empty answer costs one word for each 1,024 lanes.
    pub(crate) fn first(&self, mask: &Mask, mut is_live: impl FnMut(Hint) -> bool) -> Option<Head> {
        let mut best: Option<Head> = None;
        self.nonempty.for_each_and(mask, |lane| {
            let lane = LaneId(lane);
            match self.head(lane, &mut is_live) {
                Some(head) if best.as_ref().is_none_or(|best| head.key < best.key) => {
                    best = Some(head);
                }
                Some(_) => {}
                None => {
                    let both = &self.lanes[lane.index()];
                    self.nonempty.clear_if(lane.0, || {
                        both.fifo.is_empty(&self.nodes) && both.side.is_empty()
                    });
                }
            }
        });
        best
    }

    /// Takes an entry off its lane, if it is still there.
    pub(crate) fn remove(&self, head: &Head) {
        let both = &self.lanes[head.lane.index()];
        match &head.at {
            At::Fifo(peeked) => drop(both.fifo.pop_if(&self.nodes, peeked)),
            At::Side(peeked) => drop(both.side.remove_if(peeked)),
        }
    }

    /// The first entry of a lane that still counts.
    fn head(&self, lane: LaneId, mut is_live: impl FnMut(Hint) -> bool) -> Option<Head> {
        let both = &self.lanes[lane.index()];
        let fifo = loop {
            let Some(peeked) = both.fifo.peek(&self.nodes) else { break None };
            let hint = Hint::from_bits(peeked.entry.bits);
            if is_live(hint) {
                break Some(Head { key: peeked.entry.key, hint, lane, at: At::Fifo(peeked) });
            }
            both.fifo.pop_if(&self.nodes, &peeked);
        };
        let side = loop {
            let Some(peeked) = both.side.peek() else { break None };
            let hint = Hint::from_bits(peeked.entry.bits);
            if is_live(hint) {
                break Some(Head { key: peeked.entry.key, hint, lane, at: At::Side(peeked) });
            }
            both.side.remove_if(&peeked);
        };
        match (fifo, side) {
            (Some(fifo), Some(side)) => Some(if side.key < fifo.key { side } else { fifo }),
            (fifo, side) => fifo.or(side),
        }
    }

    /// Frees the nodes of all stale entries by moving the live ones to the side trees.
    ///
    /// Happens only when a FIFO holds as many stale entries behind a live head as there are orders.
    fn sweep(&self, is_wanted: impl Fn(Key, Hint) -> bool) {
        for both in &self.lanes {
            while let Some(peeked) = both.fifo.peek(&self.nodes) {
                let hint = Hint::from_bits(peeked.entry.bits);
                // The copy goes in first, so that the order is never without an entry.
                if is_wanted(peeked.entry.key, hint) && both.side.insert(peeked.entry).is_err() {
                    break;
                }
                both.fifo.pop_if(&self.nodes, &peeked);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(slot: u32) -> Hint {
        Hint::new(OrderId::new(slot, 1), 0)
    }

    fn key(rank: i64) -> Key {
        Key { rank, tie: 0 }
    }

    fn drain(lanes: &Lanes, mask: &Mask) -> Vec<u32> {
        let mut slots = Vec::new();
        while let Some(head) = lanes.first(mask, |_| true) {
            slots.push(head.hint.order.slot());
            lanes.remove(&head);
        }
        slots
    }

    #[test]
    fn a_hint_survives_its_bits() {
        let hint = Hint::new(OrderId::new(ORDERS_MAX, 0x00ff_ffff), TURNS - 1);
        assert_eq!(Hint::from_bits(hint.to_bits()), hint);
    }

    #[test]
    fn the_smallest_rank_of_all_lanes_goes_first() {
        let (lanes, mask) = (Lanes::new(3, 8), Mask::new(3));
        mask.set(0);
        mask.set(2);
        lanes.push(LaneId(0), key(30), hint(1), |_, _| true);
        lanes.push(LaneId(2), key(20), hint(2), |_, _| true);
        lanes.insert(LaneId(2), key(10), hint(3), |_, _| true);
        lanes.push(LaneId(1), key(0), hint(4), |_, _| true);
        assert_eq!(drain(&lanes, &mask), [3, 2, 1], "lane 1 is not in the mask");
    }

    #[test]
    fn stale_entries_never_use_up_the_room() {
        let (lanes, mask) = (Lanes::new(1, 4), Mask::new(1));
        mask.set(0);
        let is_live = |hint: Hint| hint.order.slot() < 2;
        let is_wanted = |_: Key, hint| is_live(hint);
        lanes.push(LaneId(0), key(0), hint(0), is_wanted);
        for rank in 1..1_000 {
            lanes.push(LaneId(0), key(rank), hint(9), is_wanted);
        }
        lanes.push(LaneId(0), key(1_000), hint(1), is_wanted);
        let first = lanes.first(&mask, is_live).unwrap();
        assert_eq!(first.hint.order.slot(), 0);
        lanes.remove(&first);
        assert_eq!(lanes.first(&mask, is_live).unwrap().hint.order.slot(), 1);
    }
}
