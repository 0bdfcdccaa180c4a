//! Any text is a hall or a list of mistakes, each of which can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qiangdan::hall::Hall;

fuzz_target!(|text: &str| {
    let _ = Hall::parse("hall.toml", text);
});
