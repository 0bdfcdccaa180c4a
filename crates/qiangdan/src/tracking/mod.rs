//! Tracking codes (登记赋码): what a person wants gets a code at first contact, and the code goes
//! with it to the end, through every transfer, split and merge. It is the key of the history.
//!
//! ```text
//! 430104000001-20261124-000042-4        the forty-second of that day in that hall
//! 430104000001-20261124-000042-03-9     its third part
//! hall         day      serial part check
//! ```
//!
//! The last character is a check by ISO/IEC 7064, MOD 11-2, the scheme of the numbers of Chinese
//! identity cards (GB 11643), whose holders know the `X`. It was chosen because the code is digits:
//! each is weighed by a power of two, modulo the prime 11. A wrong digit changes the sum by a
//! difference below 11 times a weight, neighbours that are swapped by a difference times the smaller
//! weight; neither is ever a multiple of 11. So every single error and every swap of neighbours is
//! found, and so is every swap across one digit, and every twin (`11` for `22`).
//!
//! | file | idea |
//! |---|---|
//! | `code.rs` | [`TrackingCode`]: its parts, how it is written and read |
//! | `serials.rs` | [`Serials`]: numbers of a day without gaps |
//! | `codes.rs` | [`Codes`]: from a code to the orders it stands for, and back |
//!
//! A code is an identity, the ticket on the wall is not: ticket numbers may begin anew every morning
//! (E41), codes have the day in them.

mod code;
mod codes;
mod serials;

pub use code::{CodeDay, CodeError, HallNumber, TrackingCode};
pub use codes::{CodeBounds, CodeBoundsError, CodeFact, CodeStep, Codes, CodesError};
pub use serials::{SerialError, Serials};
