//! Recorded data and exact answers lie outside the repository. Tests that need them say loudly when
//! they are not there.

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
};

/// A folder or file of recorded data: under `$QIANGDAN_DATA`, or `../shared/data` beside the repository.
#[must_use]
pub fn recorded(path: &str) -> Option<PathBuf> {
    find("QIANGDAN_DATA", "../../shared/data", path)
}

/// A file of exact answers: under `$QIANGDAN_CASES`, or `../shared/cases` beside the repository.
#[must_use]
pub fn cases(path: &str) -> Option<PathBuf> {
    find("QIANGDAN_CASES", "../../shared/cases", path)
}

/// A table of reference: under `$QIANGDAN_REFERENCE`, or `../shared/reference` beside the repository.
#[must_use]
pub fn reference(path: &str) -> Option<PathBuf> {
    find("QIANGDAN_REFERENCE", "../../shared/reference", path)
}

fn find(variable: &str, beside: &str, path: &str) -> Option<PathBuf> {
    let root = env::var_os(variable)
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(beside), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    // A test that checks nothing must not look like one that passed, so this goes past what captures
    // the output of tests.
    let skipped = format!("\n*** SKIPPED: {} is not there; set ${variable} ***\n", found.display());
    drop(writeln!(io::stderr(), "{skipped}"));
    None
}
