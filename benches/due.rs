//! As [`crate::heart`], with an agenda in place of the lanes: whoever is due first goes first.

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use qiangdan_sync::{Agenda, ClaimWord, End, Owner, Phase, Slab};

use crate::{
    desk::{Desk, Kind, NOBODY, Notes},
    people::Ticket,
    spare::Spare,
};

/// Slab, slots and agenda.
#[derive(Debug)]
pub struct DueFirst {
    slab: Arc<Slab>,
    slots: Box<[Slot]>,
    agenda: Agenda,
}

/// One order.
#[derive(Debug, Default)]
#[repr(align(32))]
struct Slot {
    word: ClaimWord,
    at_ms: AtomicU64,
    due_ms: AtomicU64,
}

/// What a thread has for itself.
#[derive(Debug)]
pub struct Own {
    notes: Notes,
    spare: Spare,
}

/// What an owner has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    slot: u32,
    generation: u32,
    epoch: u16,
    owner: Owner,
}

/// How long a tick is, in milliseconds: orders due within one may go in any order.
const TICK_MS: u64 = 16;

impl DueFirst {
    /// Nobody waits; there is room for `orders`.
    #[must_use]
    pub fn new(orders: u32) -> Self {
        Self {
            slab: Arc::new(Slab::new(orders)),
            slots: (0..orders).map(|_| Slot::default()).collect(),
            agenda: Agenda::new(orders, TICK_MS),
        }
    }

    /// When an order is due, if it waits.
    fn due(&self, slot: u32, generation: u32) -> Option<u64> {
        let record = &self.slots[slot as usize];
        // Ordering: Relaxed. "fill" of the claim word has brought it; a later life is found out by
        // whoever claims.
        record.word.is_open(generation).then(|| record.due_ms.load(Relaxed))
    }
}

fn number(slot: u32, generation: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(slot)
}

impl Desk for DueFirst {
    type Own = Own;
    type Order = u64;
    type Held = Held;

    fn own(&self) -> Own {
        Own { notes: Notes::new(), spare: Spare::new(&self.slab) }
    }

    fn submit(&self, own: &mut Own, ticket: Ticket) -> u64 {
        let slot = own.spare.take();
        let record = &self.slots[slot as usize];
        let generation = record.word.fill().expect("a bench is shorter than a slot's lives");
        // Ordering: Relaxed, both. Published by `open`.
        record.at_ms.store(ticket.at_ms, Relaxed);
        record.due_ms.store(ticket.due_ms, Relaxed);
        record.word.open(generation);
        self.agenda.insert(slot, generation, ticket.due_ms).expect("a node for each slot");
        let order = number(slot, generation);
        own.notes.tell(ticket.at_ms, order, NOBODY, Kind::Submitted);
        order
    }

    fn grab(&self, own: &mut Own, clerk: u32, at_ms: u64) -> Option<Held> {
        let owner = Owner::new(clerk).expect("few clerks");
        let mut lost = 0;
        loop {
            let look = |slot, generation| self.due(slot, generation);
            let first = self.agenda.first(at_ms, clerk, look)?;
            let (slot, generation) = (first.slot, first.generation);
            let record = &self.slots[slot as usize];
            let held = record.word.try_hold(generation, owner);
            self.agenda.remove(&first);
            if let Ok(epoch) = held {
                // Ordering: Relaxed. The claim has brought it.
                let wait_ms = at_ms.saturating_sub(record.at_ms.load(Relaxed));
                let kind = Kind::Claimed { wait_ms };
                own.notes.tell(at_ms, number(slot, generation), clerk, kind);
                return Some(Held { slot, generation, epoch, owner });
            }
            for _ in 0..1 << lost {
                spin_loop();
            }
            lost = (lost + 1).min(6);
        }
    }

    fn complete(&self, own: &mut Own, held: Held, at_ms: u64) {
        let Held { slot, generation, epoch, owner } = held;
        let record = &self.slots[slot as usize];
        let finished = record.word.try_finish(generation, epoch, owner, End::default());
        assert!(finished == Ok(Phase::Held), "the claim is ours");
        own.spare.give(slot);
        own.notes.tell(at_ms, number(slot, generation), owner.get(), Kind::Closed);
    }
}
