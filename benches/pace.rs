//! How long a target may take: as long as it needs, or just long enough to see that it runs.

use std::env;

/// Whether `QIANGDAN_BENCH_SHORT` is set: then figures mean nothing, but everything runs.
#[must_use]
pub fn is_short() -> bool {
    env::var_os("QIANGDAN_BENCH_SHORT").is_some()
}

/// Whether `QIANGDAN_BENCH_HUGE` is set: then what needs most of the memory runs, too.
#[must_use]
pub fn is_huge() -> bool {
    env::var_os("QIANGDAN_BENCH_HUGE").is_some()
}

/// So many, or a fiftieth of it.
#[must_use]
pub fn scaled(count: u64) -> u64 {
    if is_short() { (count / 50).max(1) } else { count }
}

/// How often a table measures each row.
#[must_use]
pub fn rounds() -> usize {
    if is_short() { 1 } else { 5 }
}
