//! How much memory this process has.

use std::fs;

/// Resident memory of this process, in bytes.
///
/// # Panics
///
/// If the system has no `/proc`.
#[must_use]
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this runs on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    1_024 * kilobytes.and_then(|n| n.trim().parse::<u64>().ok()).expect("a number of kB")
}
