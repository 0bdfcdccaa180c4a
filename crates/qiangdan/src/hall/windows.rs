//! `[[windows]]`: the desks.

use super::Text;

/// A window (窗口).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Window {
    /// Its number on the sign, e.g. `"07"`.
    pub key: String,
    /// What people call it.
    pub name: Text,
}
