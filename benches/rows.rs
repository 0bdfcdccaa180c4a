//! Rows of criterion's reports, each a desk that is made once and kept for all samples.

use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};

use crate::{desk::Desk, measure::Floor};

/// A group of rows; the unit is one order.
pub fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Elements(1));
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

/// A row: `time` says how long so many orders take at the floor that `make` makes.
pub fn row<D: Desk>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    make: impl Fn() -> Floor<D>,
    time: impl Fn(&Floor<D>, u64) -> Duration,
) {
    let mut floor = None;
    group.bench_function(name, |bencher| {
        let floor = floor.get_or_insert_with(&make);
        bencher.iter_custom(|orders| time(floor, orders));
    });
}
