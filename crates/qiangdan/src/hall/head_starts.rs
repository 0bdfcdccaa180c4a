//! `[head_starts]`: priority, written as minutes already waited.

use super::Text;
use crate::ClassId;

/// A class of orders with one head start (优先类别).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Class {
    /// Its position. Class 0 is the ordinary one.
    pub id: ClassId,
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
    /// The head start in milliseconds; may be negative.
    pub head_start_ms: i64,
}
