//! Our lock-free structures put together to a desk, and nothing besides: slab, claim word, a slot
//! with arrival and tag, lanes, bitmap, bounds, owner, an event. What the engine adds to this (rules,
//! presence, room, counters, the full event) is the difference to [`crate::whole`]. And each thread
//! keeps some free slots for itself, which the engine does not, so as to remember closed orders.
//!
//! Everything here that knows the structures' API is in this file.

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use qiangdan_sync::{
    Bitmap, Bound, ClaimWord, End, First, Heads, Item, Lane, Lowest, Mask, Owner, Slab,
};

use crate::{
    desk::{Desk, Kind, NOBODY, Named, Notes},
    people::{Shape, Ticket},
    spare::Spare,
};

/// Slab, slots, lanes and bitmap.
#[derive(Debug)]
pub struct Heart {
    slab: Arc<Slab>,
    slots: Box<[Slot]>,
    /// All skills of the highest class, then of the next.
    lanes: Box<[Lane]>,
    some: Bitmap,
    heads: Heads,
    masks: Vec<Mask>,
    /// The lane of each clerk who has one alone.
    alone: Vec<Option<u32>>,
    skills: u32,
    classes: u32,
}

#[derive(Debug, Default)]
struct Slot {
    word: ClaimWord,
    at_ms: AtomicU64,
    tag: AtomicU64,
}

/// What a thread has for itself.
#[derive(Debug)]
pub struct Own {
    notes: Notes,
    spare: Spare,
}

/// What was found to go next.
#[derive(Clone, Copy, Debug)]
struct Next {
    lane: u32,
    /// The lane's bound before the look.
    bound: Bound,
    first: First<u64>,
}

/// What an owner has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    item: Item,
    epoch: u16,
    owner: Owner,
}

/// The first pause after a claim is lost, and the longest, in doublings of a spin. With two threads on
/// one lane 64 spins are worth half of the time of a pair against one spin.
const PAUSE: u32 = 6;
const PAUSE_MAX: u32 = 10;

impl Heart {
    /// Nobody waits; there is room for `orders`.
    #[must_use]
    pub fn new(shape: &Shape, orders: u32) -> Self {
        let Shape { skills, classes, .. } = *shape;
        let lanes = skills * classes;
        let mask = |clerk| {
            let mask = Mask::new(lanes);
            let skills_of = shape.skills_of(clerk).iter().map(|&skill| u32::from(skill));
            for skill in skills_of {
                (0..classes).for_each(|class| mask.set(class * skills + skill));
            }
            mask
        };
        let alone = |clerk| match shape.skills_of(clerk) {
            &[skill] if classes == 1 => Some(u32::from(skill)),
            _ => None,
        };
        Self {
            slab: Arc::new(Slab::new(orders)),
            slots: (0..orders).map(|_| Slot::default()).collect(),
            lanes: (0..lanes).map(|_| Lane::new(orders)).collect(),
            some: Bitmap::new(lanes),
            heads: Heads::new(lanes),
            masks: (0..shape.clerks()).map(mask).collect(),
            alone: (0..shape.clerks()).map(alone).collect(),
            skills,
            classes,
        }
    }

    fn slot(&self, item: Item) -> &Slot {
        &self.slots[item.slot as usize]
    }

    /// When an item came in, if it waits.
    #[inline(always)]
    fn arrival(&self, item: Item) -> Option<u64> {
        let slot = self.slot(item);
        // Ordering: Relaxed. "fill" of the claim word has brought it; a later life is found out by
        // whoever claims.
        slot.word.is_open(item.generation).then(|| slot.at_ms.load(Relaxed))
    }

    /// Whether an item will never wait again.
    fn is_over(&self, item: Item) -> bool {
        self.arrival(item).is_none()
    }

    /// Takes a slot and fills it.
    #[inline(always)]
    fn file(&self, own: &mut Own, ticket: Ticket) -> Item {
        loop {
            let slot = own.spare.take();
            let record = &self.slots[slot as usize];
            let Some(generation) = record.word.fill() else {
                self.slab.retire(slot);
                continue;
            };
            // Ordering: Relaxed, both. Published by `open`.
            record.at_ms.store(ticket.at_ms, Relaxed);
            record.tag.store(ticket.due_ms, Relaxed);
            record.word.open(generation);
            return Item { slot, generation };
        }
    }

    fn lane(&self, ticket: Ticket) -> u32 {
        (self.classes - 1 - ticket.class) * self.skills + ticket.skill
    }

    /// The item that goes next for a clerk.
    #[inline(always)]
    fn first(&self, clerk: u32) -> Option<Next> {
        let mask = &self.masks[clerk as usize];
        let mut class = 0;
        while class < self.classes {
            let lanes = self.some.and_part(class, mask);
            let Some(Lowest { lane, bound, others }) = self.heads.lowest(class, lanes) else {
                class += 1;
                continue;
            };
            // Without anybody in the lane, its bit is cleared now.
            let Some(first) = self.look(lane) else { continue };
            if first.key <= others {
                return Some(Next { lane, bound, first });
            }
            // That look was in vain; a higher bound spares the next.
            self.heads.raise(lane, bound, first.key);
        }
        None
    }

    /// The first item of a lane.
    #[inline(always)]
    fn look(&self, lane: u32) -> Option<First<u64>> {
        let line = &self.lanes[lane as usize];
        let first = line.first(|item| self.arrival(item));
        if first.is_none() {
            self.some.clear_if(lane, || line.is_empty());
        }
        first
    }

    /// Passes what was found, and notes what comes after it.
    #[inline(always)]
    fn pass(&self, Next { lane, bound, first }: &Next) {
        let line = &self.lanes[*lane as usize];
        match line.pass_on(first, |item| self.arrival(item)) {
            qiangdan_sync::Next::Key(key) => self.heads.raise(*lane, *bound, key),
            qiangdan_sync::Next::Dry => {
                self.some.clear_if(*lane, || line.is_empty());
            }
            qiangdan_sync::Next::Unknown => {}
        }
    }

    #[inline(always)]
    fn claimed(&self, own: &mut Own, held: Held, at_ms: u64) -> Held {
        let slot = self.slot(held.item);
        // Ordering: Relaxed, both. The claim has brought them.
        let (came_ms, tag) = (slot.at_ms.load(Relaxed), slot.tag.load(Relaxed));
        let wait_ms = at_ms.saturating_sub(came_ms);
        let order = number(held.item) ^ tag << 60;
        own.notes.tell(at_ms, order, held.owner.get(), Kind::Claimed { wait_ms });
        held
    }
}

fn number(item: Item) -> u64 {
    u64::from(item.generation) << 32 | u64::from(item.slot)
}

fn owner(clerk: u32) -> Owner {
    Owner::new(clerk).expect("few clerks")
}

/// Waits a little longer each time: whoever has just won is about to move the lane on.
fn pause(lost: u32) {
    for _ in 0..1 << (PAUSE + lost).min(PAUSE_MAX) {
        spin_loop();
    }
}

impl Desk for Heart {
    type Own = Own;
    type Order = Item;
    type Held = Held;

    fn own(&self) -> Own {
        Own { notes: Notes::new(), spare: Spare::new(&self.slab) }
    }

    fn submit(&self, own: &mut Own, ticket: Ticket) -> Item {
        let (item, lane) = (self.file(own, ticket), self.lane(ticket));
        let pushed = self.lanes[lane as usize].push(item, |old| self.is_over(old));
        pushed.expect("a lane has room for all orders");
        self.heads.pushed(lane, ticket.at_ms);
        self.some.set(lane);
        own.notes.tell(ticket.at_ms, number(item), NOBODY, Kind::Submitted);
        item
    }

    fn grab(&self, own: &mut Own, clerk: u32, at_ms: u64) -> Option<Held> {
        let owner = owner(clerk);
        let mut lost = 0;
        if let Some(lane) = self.alone[clerk as usize] {
            loop {
                let first = self.look(lane)?;
                let item = first.item;
                let held = self.slot(item).word.try_hold(item.generation, owner);
                self.lanes[lane as usize].pass(&first);
                if let Ok(epoch) = held {
                    return Some(self.claimed(own, Held { item, epoch, owner }, at_ms));
                }
                pause(lost);
                lost += 1;
            }
        }
        loop {
            let next = self.first(clerk)?;
            let item = next.first.item;
            let held = self.slot(item).word.try_hold(item.generation, owner);
            // Taken or not by us, it waits no longer.
            self.pass(&next);
            if let Ok(epoch) = held {
                return Some(self.claimed(own, Held { item, epoch, owner }, at_ms));
            }
            pause(lost);
            lost += 1;
        }
    }

    fn complete(&self, own: &mut Own, Held { item, epoch, owner }: Held, at_ms: u64) {
        let finished =
            self.slot(item).word.try_finish(item.generation, epoch, owner, End::default());
        finished.expect("the claim is ours");
        own.spare.give(item.slot);
        own.notes.tell(at_ms, number(item), owner.get(), Kind::Closed);
    }

    // --- batches ----------------------------------------------------------------------------------

    /// Orders of one batch that are of one lane go in together. A batch of several lanes goes in one
    /// by one.
    fn submit_many(&self, own: &mut Own, tickets: &[Ticket]) {
        let Some(&first) = tickets.first() else { return };
        let lane = self.lane(first);
        if tickets.len() > BATCH || tickets.iter().any(|&ticket| self.lane(ticket) != lane) {
            for &ticket in tickets {
                self.submit(own, ticket);
            }
            return;
        }
        let mut items = [Item { slot: 0, generation: 0 }; BATCH];
        let items = &mut items[..tickets.len()];
        for (item, &ticket) in items.iter_mut().zip(tickets) {
            *item = self.file(own, ticket);
        }
        let pushed = self.lanes[lane as usize].push_many(items, |old| self.is_over(old));
        assert!(pushed == items.len(), "a lane has room for all orders");
        self.heads.pushed(lane, first.at_ms);
        self.some.set(lane);
        for (&item, ticket) in items.iter().zip(tickets) {
            own.notes.tell(ticket.at_ms, number(item), NOBODY, Kind::Submitted);
        }
    }

    /// Of a clerk's only lane, one item after another is claimed. Of several lanes, each is searched for.
    fn grab_many(&self, own: &mut Own, clerk: u32, at_ms: u64, most: usize, held: &mut Vec<Held>) {
        let full = held.len() + most;
        if let Some(lane) = self.alone[clerk as usize] {
            let owner = owner(clerk);
            self.lanes[lane as usize].offer(|item| {
                let goes_on = held.len() < full;
                // Taken or not by us, it waits no longer.
                if goes_on && let Ok(epoch) = self.slot(item).word.try_hold(item.generation, owner)
                {
                    held.push(self.claimed(own, Held { item, epoch, owner }, at_ms));
                }
                goes_on
            });
        }
        let left = held.len()..full;
        held.extend(left.map_while(|_| self.grab(own, clerk, at_ms)));
    }
}

/// The longest batch that is pushed at once.
const BATCH: usize = 32;

impl Named for Heart {
    fn grab_order(&self, own: &mut Own, clerk: u32, item: Item, at_ms: u64) -> Option<Held> {
        let owner = owner(clerk);
        // It loads before it swaps: most who race are too late.
        let held = self.slot(item).word.try_hold(item.generation, owner);
        let epoch = held.ok()?;
        Some(self.claimed(own, Held { item, epoch, owner }, at_ms))
    }
}
