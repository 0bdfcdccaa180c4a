//! `[skills]`, `[pools]`, `[roles]`: things that have a key and a name.

use super::Text;

/// Something with a key and a name: a skill, a pool, a role. Its id is its position.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Named {
    /// What the file calls it.
    pub key: String,
    /// What people call it.
    pub name: Text,
}
