//! `[services]`: the catalogue of what an order can ask for.

use super::{Takes, Text};
use crate::{PoolId, ServiceId, Skills};

/// A service (事项).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Its position.
    pub id: ServiceId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// The pool its orders wait in.
    pub pool: PoolId,
    /// The skills a clerk must have, all of them.
    pub needs: Skills,
    /// How long it takes at the window.
    pub takes: Takes,
    /// The limits it is under, as positions in [`Hall::limits`](super::Hall::limits).
    pub limits: Vec<usize>,
}
