//! Packages (一件事一次办): what a person wants is one thing; what the hall does for it is many
//! orders, some after others, joined in the end.
//!
//! A package is a composition, not a kind of order. Its *parts* are ordinary orders in their own
//! pools, under their own limits. What is here says which part may begin, whether the whole is
//! done, what is asked of the applicant and when everything is handed over: once each.
//!
//! ```text
//!                 a part is over          all are over          one delivery
//!          Open ──────────────► PartlyDone ──────────► AllDecided ────────► Delivered ──► Closed
//!            └────────────────────────┴── not to be had ──► Failed ───────────────────────►┘
//! ```
//!
//! | part | may begin | has an order | ends as |
//! |---|---|---|---|
//! | `Blocked` | no: parts before it are not over (E10) | no | `Dropped` |
//! | `Ready` | yes | not yet | `Done`, `Failed`, `Dropped` |
//! | `Running` | has begun | yes | `Done`, `Failed`, `Dropped` |
//!
//! What was told of a package is a list of facts, see `histories.rs`; its [`Progress`] is a fold of
//! that list. A verb reads the list, finds what its fact would change, and appends it by one swap; if
//! something was told in between, it reads again. So however many threads tell that parts are over, each
//! successor is released by exactly one of them, the finish rule is met or out of reach once (E63),
//! and one notice goes out (一次告知). The brief word for that in the events is "told by whoever made
//! it so".
//!
//! [`Packages`] needs no engine. [`Packages::settle`] and [`Packages::hear`] tie it to one: they
//! submit the orders of parts that may begin, withdraw those that are dropped, and read from the
//! engine which are over. They may be called by any thread, and again after any failure: what a
//! thread has left undone, the next one does.
//!
//! | file | idea |
//! |---|---|
//! | `rule.rs` | [`PackageRule`]: parts, what comes after what, when the whole is done |
//! | `check.rs` | [`PackageMistake`]: what is wrong with that, all at once |
//! | `fact.rs` | what is told of a package |
//! | `progress.rs` | [`Progress`]: what follows from the facts |
//! | `event.rs` | [`PackageEvent`]: what changed |
//! | `running.rs` | [`Packages`]: the packages that run, and their verbs |
//! | `settle.rs` | from packages to the engine and back |

mod check;
mod event;
mod fact;
mod progress;
mod rule;
mod running;
mod settle;

pub use check::PackageMistake;
pub use event::{PackageEvent, PackageEventKind};
pub use progress::{PackageState, PartState, Progress, Verdict};
pub use rule::{
    Finish, IfFails, PackageDraft, PackageKind, PackageRule, PartDraft, PartId, PartRule, Rest,
};
pub use running::{PackageBounds, PackageBoundsError, PackageError, PackageId, Packages};
pub use settle::SettlePackageError;
