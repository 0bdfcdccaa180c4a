//! Who is in the hall: one visit per order that is open.

use qiangdan::{Claim, OrderId};

use super::Arriving;

/// One order's stay, from arrival to the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visit {
    /// When it arrived, in milliseconds of the run.
    pub at_ms: u64,
    /// How long serving it takes, in milliseconds.
    pub takes_ms: u64,
    /// What it asks for.
    pub service: qiangdan::ServiceId,
    /// Its class.
    pub class: qiangdan::ClassId,
    /// Its number in the source.
    pub number: u32,
    patience_ms: Option<u64>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Out,
    Waiting(OrderId),
    Served(Claim, u64),
}

impl Visit {
    /// Its order, while it waits.
    pub(super) fn waiting(&self) -> Option<OrderId> {
        match self.stage {
            Stage::Waiting(order) => Some(order),
            _ => None,
        }
    }

    /// The claim on it and since when, while it is served.
    pub(super) fn served(&self) -> Option<(Claim, u64)> {
        match self.stage {
            Stage::Served(claim, from_ms) => Some((claim, from_ms)),
            _ => None,
        }
    }

    /// When its person leaves, if they do not wait for ever.
    pub(super) fn leaves_ms(&self) -> Option<u64> {
        self.patience_ms.map(|patience_ms| self.at_ms.saturating_add(patience_ms))
    }
}

/// All visits; indices are used again once a visit has ended.
#[derive(Debug, Default)]
pub(super) struct Visits {
    visits: Vec<Visit>,
    free: Vec<u32>,
}

impl Visits {
    pub(super) fn enter(&mut self, arriving: Arriving) -> u32 {
        let Arriving { at_ms, service, class, takes_ms, patience_ms, number } = arriving;
        let visit =
            Visit { at_ms, takes_ms, service, class, number, patience_ms, stage: Stage::Out };
        if let Some(index) = self.free.pop() {
            self.visits[index as usize] = visit;
            return index;
        }
        self.visits.push(visit);
        u32::try_from(self.visits.len() - 1).expect("the engine holds fewer than 2^32 orders")
    }

    pub(super) fn get(&self, index: u32) -> &Visit {
        &self.visits[index as usize]
    }

    pub(super) fn queue(&mut self, index: u32, order: OrderId) {
        self.visits[index as usize].stage = Stage::Waiting(order);
    }

    pub(super) fn serve(&mut self, index: u32, claim: Claim, from_ms: u64) -> &Visit {
        let visit = &mut self.visits[index as usize];
        visit.stage = Stage::Served(claim, from_ms);
        visit
    }

    pub(super) fn leave(&mut self, index: u32) {
        self.visits[index as usize].stage = Stage::Out;
        self.free.push(index);
    }

    /// The indices of those who wait, by arrival.
    pub(super) fn waiting(&self) -> Vec<u32> {
        let waits = |&index: &u32| self.get(index).waiting().is_some();
        let mut waiting: Vec<_> = (0..).take(self.visits.len()).filter(waits).collect();
        waiting.sort_by_key(|&index| (self.get(index).at_ms, self.get(index).number));
        waiting
    }
}
