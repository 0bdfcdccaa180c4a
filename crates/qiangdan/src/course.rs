//! State tables as data (状态表): which verb leads from where to where.

/// One row of a state table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row<S, V> {
    /// The state before; none if it begins with this verb.
    pub from: Option<S>,
    /// What is told.
    pub verb: V,
    /// The state after.
    pub to: S,
}

/// The state that `verb` leads to; none if it may not be told in this state.
pub(crate) fn next<S: Copy + PartialEq, V: PartialEq>(
    rows: &[Row<S, V>],
    from: Option<S>,
    verb: V,
) -> Option<S> {
    rows.iter().find(|row| row.from == from && row.verb == verb).map(|row| row.to)
}
