//! W6: how long does a grab take when there are more threads than cores?
//!
//! The hall of W2 with 10,000 orders waiting; 2, 8 and 32 threads submit, grab and complete. Timed is
//! the grab, from the first attempt until there is an order.
//!
//! Unit: nanoseconds of one grab, with the some 22 ns of two readings of the clock; percentiles over
//! all threads.
//!
//! The last table counts only the time for which the thread had a core: what is missing there and in
//! the table before it is there is waiting, for a lock or for the core. Who takes no lock waits for
//! the core alone; the chance to lose it in the middle of a grab is the length of a grab over that of
//! a time slice.
//!
//! Outside the timed part: everything else.
//!
//! Baselines: as for W2. Read the last two columns: a lock whose holder has lost its core holds up
//! everybody, for as long as the holder is away.

use qiangdan_benches::{
    baselines::{locked_each::LockedEach, locked_lanes::LockedLanes, ranked::By, skips::Skips},
    heart::Heart,
    latency::PERCENTILES,
    measure::Floor,
    pace::{rounds, scaled},
    people::Shape,
    table::Table,
    whole::Whole,
};

const BACKLOG: u64 = 10_000;
const ROOM: u32 = 20_000;

fn main() {
    let shape = &Shape::many_lanes();
    // Enough for each thread to lose its core many times.
    let orders = scaled(1_000_000);
    for threads in [2, 8, 32] {
        let title = format!("W6: ns of one grab, {threads} threads");
        let mut table = Table::new(&title, &PERCENTILES);
        macro_rules! row {
            ($name:literal, $desk:expr) => {
                let floor = Floor::new($desk, shape, threads, BACKLOG, 0);
                table.row($name, move || floor.grabs(orders).percentiles());
            };
        }
        row!("mutex", LockedLanes::new(shape));
        row!("heart", Heart::new(shape, ROOM));
        row!("engine", Whole::new(shape, ROOM, None).0);
        row!("mutex for each lane", LockedEach::new(shape));
        row!("skipmap for each lane", Skips::new(shape, By::Class));
        table.run(rounds().min(3));
    }
    let title = "W6: ns of one grab for which its thread had a core, 32 threads";
    let mut table = Table::new(title, &PERCENTILES);
    macro_rules! row {
        ($name:literal, $desk:expr) => {
            let floor = Floor::new($desk, shape, 32, BACKLOG, 0);
            table.row($name, move || floor.grabs_on_core(orders).percentiles());
        };
    }
    row!("mutex", LockedLanes::new(shape));
    row!("heart", Heart::new(shape, ROOM));
    row!("engine", Whole::new(shape, ROOM, None).0);
    row!("mutex for each lane", LockedEach::new(shape));
    row!("skipmap for each lane", Skips::new(shape, By::Class));
    table.run(rounds().min(3));
}
