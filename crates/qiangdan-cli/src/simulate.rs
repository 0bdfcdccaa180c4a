//! `qiangdan simulate`: random days of a hall, and whether its target holds.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::PathBuf,
    thread,
};

use qiangdan::calendar::Day;
use qiangdan_sim::simulate::{Simulation, simulate, simulate_from};

use crate::{exit::Exit, lang::Lang, mistakes, outcome::Wanted, progress};

/// Simulate days of a hall: is the wait target met, and what do people wait.
///
/// Runs random days, drawn from the hall file's arrivals, through the real engine. Exits with 4 if the
/// target is missed (for the day or the worst half hour, whichever the hall file says), so that it
/// can gate a plan.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The hall file
    #[arg(value_name = "HALL.toml")]
    hall: PathBuf,
    /// How many days
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// The seed of all dice: the same seed gives the same days
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many threads share the work; the result is the same [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// The date of the first day, such as 2026-03-02: limits by the calendar are timed, and days go on by
    /// the hall's calendar, without those on which it is closed
    #[arg(long, value_name = "DATE")]
    from: Option<Day>,
    #[command(flatten)]
    wanted: Wanted,
}

pub(crate) fn run(args: &Args, out: &mut impl Write, err: &mut impl Write) -> io::Result<Exit> {
    let Some(hall) = mistakes::load(&args.hall, err)? else { return Ok(Exit::Invalid) };
    let threads = args.threads.or_else(|| thread::available_parallelism().ok());
    let threads = threads.unwrap_or(NonZeroUsize::MIN);
    let simulation = Simulation { days: args.days, seed: args.seed, threads };
    let bar = progress::days(u64::from(args.days));
    let done = || bar.done(1);
    let simulated = match args.from {
        Some(from) => simulate_from(&hall, simulation, from, &done),
        None => simulate(&hall, simulation, &done),
    };
    drop(bar);
    match simulated {
        Ok(report) => {
            if args.from.is_none() {
                args.wanted.note_untimed(&hall, err)?;
            }
            args.wanted.show(&report, &args.repeat(), &[&args.hall], out, err)
        }
        Err(error) => {
            writeln!(err, "error: {}: {error}", args.hall.display())?;
            // Whatever is wrong, the hall file asks for it.
            Ok(Exit::Invalid)
        }
    }
}

impl Args {
    /// The command that gives the same days again.
    fn repeat(&self) -> String {
        let (hall, days, seed) = (self.hall.display(), self.days, self.seed);
        let from = self.from.map(|from| format!(" --from {from}")).unwrap_or_default();
        let lang = if self.wanted.lang() == Lang::En { " --lang en" } else { "" };
        format!("qiangdan simulate {hall} --days {days}{from} --seed {seed}{lang}")
    }
}
