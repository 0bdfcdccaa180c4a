//! Across halls (跨域通办): one hall takes the papers in, another decides.
//!
//! | file | idea |
//! |---|---|
//! | `tree.rs` | [`HallTree`]: which hall is under which, from the province to the village |
//! | `table.rs` | [`TABLE`]: who may do which step, by how much is delegated |
//! | `passage.rs` | [`Passages`]: the papers that are on their way, and their verbs |
//! | `numbers.rs` | [`AcceptanceNumbers`]: rising for each service (行政许可法 art. 57) |
//! | `hand_over.rs` | [`hand_over()`]: an order goes to other hands and keeps its age and its clocks |
//!
//! The hall that takes the papers in (*receiver*, 收件方) checks their form, gives the receipt and
//! the tracking code. The authority whose business it is (*owner*, 主办方) accepts and decides, unless
//! it has delegated that. In between somebody carries the papers, or a line carries the data. Each is
//! an order in its own hall's pools under its own limits; what is here is the small table that says
//! whose turn it is, and whose the milestones are.

mod hand_over;
mod numbers;
mod passage;
mod table;
mod tree;

pub use hand_over::{HandOverError, hand_over};
pub use numbers::AcceptanceNumbers;
pub use passage::{
    PassageBounds, PassageBoundsError, PassageError, PassageId, Passages, StepTold, Whereabouts,
};
pub use table::{
    CaseState, Counted, Delegation, PapersAt, Row, Side, Step, TABLE, counts_for, row, waits_for,
};
pub use tree::{HallDraft, HallId, HallLevel, HallTree, TreeMistake};
