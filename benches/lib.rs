//! Benchmarks live beside this file; see the `[[bench]]` targets.
