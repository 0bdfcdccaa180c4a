//! The programs live in `rust/`; the hall files in `halls/`.
