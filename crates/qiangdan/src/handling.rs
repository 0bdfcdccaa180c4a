//! What a service says about orders that a clerk has in hand (经办规定).

use crate::{PoolId, PutBack};

/// How the orders of a service are handled once they are claimed. The default asks nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Handling {
    /// A claimed order must be started within so many milliseconds, or it goes back to the place it had
    /// (逾时未办自动退回). A renewal gives as long again.
    pub start_within_ms: Option<u64>,
    /// How often, and how soon, a person may be called again.
    pub recall: Recall,
    /// What becomes of an order whose person does not come.
    pub no_show: NoShow,
    /// A clerk who gives an order back rests from it for so many milliseconds (冷却): meanwhile they may
    /// not grab it by name, as long as somebody else is signed in who might. (Who grabs what goes next
    /// is not kept from it.) With it, giving back is noted and counted. Needs `Bounds::notes`.
    pub rest_ms: Option<u64>,
    /// The pools that its orders may be handed on to (转办), besides its own.
    pub hands_to: Vec<PoolId>,
}

/// How a person is called again (重呼).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recall {
    /// Not sooner than so many milliseconds after the grab or the call before.
    pub gap_ms: u64,
    /// At most so often for one order.
    pub most: u32,
}

impl Default for Recall {
    /// As often and as soon as one likes.
    fn default() -> Self {
        Self { gap_ms: 0, most: u32::MAX }
    }
}

/// What becomes of an order whose person does not come (过号).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NoShow {
    /// It is closed, with [`Outcome::NoShow`](crate::Outcome::NoShow).
    #[default]
    Close,
    /// It goes back to the queue.
    PutBack(PutBack),
}
