//! `[[clerks]]`: who serves, where, what and when.

use super::{Span, Text};
use crate::{ClerkId, PoolId, Skills};

/// A clerk (办事员).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Clerk {
    /// Their position.
    pub id: ClerkId,
    /// What the file calls them, e.g. a staff number.
    pub key: String,
    /// What people call them.
    pub name: Text,
    /// Where they sit, as a position in [`Hall::windows`](super::Hall::windows).
    pub window: usize,
    /// The pools they may grab from.
    pub pools: Vec<PoolId>,
    /// What they can do.
    pub skills: Skills,
    /// When they are at the window, in order, without overlap.
    pub shifts: Vec<Span>,
}
