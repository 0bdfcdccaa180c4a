//! A slab of records, for whoever has the lock.

use crate::people::Ticket;

/// Where a record is, and in which life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    slot: u32,
    life: u32,
}

impl Order {
    /// As an event names it.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from(self.life) << 32 | u64::from(self.slot)
    }
}

/// Who has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// It waits.
    Waits,
    /// A clerk.
    Held(u32),
    /// Nobody any more.
    Over,
}

/// What is known of an order.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When it came in.
    pub at_ms: u64,
    /// Who has it.
    pub who: Who,
    /// What it needs and what class it has, as one number.
    pub lane: u16,
    /// Whether its limit was told.
    pub is_late: bool,
    life: u32,
}

/// All records, and those that may be used again.
#[derive(Clone, Debug, Default)]
pub struct Records {
    records: Vec<Record>,
    free: Vec<u32>,
}

impl Records {
    /// Files a record that waits.
    ///
    /// # Panics
    ///
    /// If there are too many for 32 bits, or lanes for 16.
    pub fn file(&mut self, ticket: Ticket, lane: usize) -> Order {
        let lane = u16::try_from(lane).expect("few lanes");
        let (at_ms, who, is_late) = (ticket.at_ms, Who::Waits, false);
        if let Some(slot) = self.free.pop() {
            let record = &mut self.records[slot as usize];
            let life = record.life.wrapping_add(1);
            *record = Record { at_ms, who, lane, is_late, life };
            return Order { slot, life };
        }
        let slot = u32::try_from(self.records.len()).expect("few orders");
        self.records.push(Record { at_ms, who, lane, is_late, life: 0 });
        Order { slot, life: 0 }
    }

    /// The record, unless its slot is in another life.
    pub fn get(&self, order: Order) -> Option<&Record> {
        self.records.get(order.slot as usize).filter(|record| record.life == order.life)
    }

    /// The record, if it is in this life and waits.
    pub fn waiting(&mut self, order: Order) -> Option<&mut Record> {
        let record = self.records.get_mut(order.slot as usize)?;
        (record.life == order.life && record.who == Who::Waits).then_some(record)
    }

    /// Notes the owner of an order that waits, and returns its wait.
    pub fn hold(&mut self, order: Order, clerk: u32, at_ms: u64) -> Option<u64> {
        let record = self.waiting(order)?;
        record.who = Who::Held(clerk);
        Some(at_ms.saturating_sub(record.at_ms))
    }

    /// Lets an order wait again; where.
    ///
    /// # Panics
    ///
    /// If the clerk does not hold it.
    pub fn release(&mut self, order: Order, clerk: u32) -> usize {
        let record = &mut self.records[order.slot as usize];
        assert!(record.who == Who::Held(clerk), "the claim is ours");
        record.who = Who::Waits;
        usize::from(record.lane)
    }

    /// Ends a claim, and gives the record back.
    ///
    /// # Panics
    ///
    /// If the clerk does not hold it.
    pub fn close(&mut self, order: Order, clerk: u32) {
        let record = &mut self.records[order.slot as usize];
        assert!(record.who == Who::Held(clerk), "the claim is ours");
        record.who = Who::Over;
        self.free.push(order.slot);
    }

    /// Ends an order that waits; whether it did.
    pub fn cancel(&mut self, order: Order) -> bool {
        let Some(record) = self.waiting(order) else { return false };
        record.who = Who::Over;
        self.free.push(order.slot);
        true
    }

    /// All records, used or not.
    #[must_use]
    pub fn all(&self) -> &[Record] {
        &self.records
    }
}
