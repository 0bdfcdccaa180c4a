//! `[arrivals]`: who comes, when and for what.

use super::{Span, Takes};
use crate::{ClassId, ServiceId};

/// Who comes on one day (到达).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Arrivals {
    /// When people may come in. No slot reaches beyond.
    pub doors: Span,
    /// How many are expected when, in order, without overlap.
    pub slots: Vec<Slot>,
    /// The share of each service that anybody comes for; the shares add up to 1.
    pub mix: Vec<(ServiceId, f64)>,
    /// The share of each class that occurs, the ordinary one first; the shares add up to 1.
    pub classes: Vec<(ClassId, f64)>,
    /// How long a person waits before leaving, unless they wait for ever.
    pub leave_after: Option<Takes>,
}

/// So many orders in this time.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Slot {
    /// When it begins, in milliseconds of the day.
    pub from_ms: u64,
    /// When it ends, in milliseconds of the day.
    pub to_ms: u64,
    /// How many orders are expected in it.
    pub expected: f64,
}

impl Arrivals {
    /// How many orders are expected in a day.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.slots.iter().map(|slot| slot.expected).sum()
    }
}
