//! `qiangdan replay`: recorded days through the engine, beside what was recorded.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;
use qiangdan_sim::{
    replay::{self, Replay, replay},
    trace::{Reading, Strictness, Trace, TraceError},
};

use crate::{exit::Exit, lang::Lang, mistakes, outcome::Wanted};

/// Replay recorded days through the engine, beside what was recorded.
///
/// TRACE is an orders.csv or orders.csv.gz (format "order-trace/1"); a trace.json beside it gives the
/// time zone and the meaning of outcomes. With `--clerks from trace` the recorded starts and ends are
/// the grabs and completions, and the engine must report the recorded waits exactly. With
/// `--clerks from hall` the hall's clerks serve the recorded people: what if.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The recorded orders
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// The hall file
    #[arg(long, value_name = "HALL.toml")]
    hall: PathBuf,
    /// Who serves
    #[arg(long, value_enum, default_value_t = Clerks::FromTrace)]
    clerks: Clerks,
    /// Only the rows of this hall of the trace
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// The service that recorded services unknown to the hall file count as (from hall)
    #[arg(long, value_name = "KEY")]
    others_as: Option<String>,
    /// Skip rows that are wrong, and count them, instead of stopping
    #[arg(long)]
    lenient: bool,
    /// The seed of what was not recorded (from hall)
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    wanted: Wanted,
}

/// Who serves in a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Clerks {
    /// Those who were recorded
    #[value(alias = "trace")]
    FromTrace,
    /// Those of the hall file
    #[value(alias = "hall")]
    FromHall,
}

impl From<Clerks> for replay::Clerks {
    fn from(clerks: Clerks) -> Self {
        match clerks {
            Clerks::FromTrace => Self::FromTrace,
            Clerks::FromHall => Self::FromHall,
        }
    }
}

pub(crate) fn run(args: &Args, out: &mut impl Write, err: &mut impl Write) -> io::Result<Exit> {
    let Some(hall) = mistakes::load(&args.hall, err)? else { return Ok(Exit::Invalid) };
    let Some(trace) = open(args, err)? else { return Ok(Exit::Invalid) };
    let how = Replay {
        clerks: args.clerks.into(),
        only: args.only.clone(),
        others_as: args.others_as.clone(),
        seed: args.seed,
    };
    match replay(&hall, &trace, &how) {
        Ok(report) => {
            args.wanted.show(&report, &args.repeat(), &[&args.hall, &args.trace], out, err)
        }
        Err(error) => {
            writeln!(err, "error: {}: {error}", args.trace.display())?;
            Ok(Exit::Invalid)
        }
    }
}

/// Reads the trace; `None` if it is invalid, which has been said then.
fn open(args: &Args, err: &mut impl Write) -> io::Result<Option<Trace>> {
    let strictness = if args.lenient { Strictness::Lenient } else { Strictness::Strict };
    match Trace::open(&args.trace, &Reading { strictness, ..Reading::default() }) {
        Ok(trace) => {
            for (code, rows) in &trace.skipped_rows {
                let rows = if *rows == 1 { "1 row" } else { &format!("{rows} rows") };
                writeln!(err, "{}: {rows} skipped: {code}", args.trace.display())?;
            }
            Ok(Some(trace))
        }
        Err(TraceError::Unreadable { path, source: error }) => {
            Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        }
        Err(error) => {
            writeln!(err, "{error}")?;
            Ok(None)
        }
    }
}

impl Args {
    /// The command that gives the same report again.
    fn repeat(&self) -> String {
        let (trace, hall) = (self.trace.display(), self.hall.display());
        let mut command = format!("qiangdan replay {trace} --hall {hall}");
        if self.clerks == Clerks::FromHall {
            command += &format!(" --clerks from hall --seed {}", self.seed);
        }
        let named = [("only", &self.only), ("others-as", &self.others_as)];
        for (name, value) in named {
            if let Some(value) = value {
                command += &format!(" --{name} {value}");
            }
        }
        if self.lenient {
            command += " --lenient";
        }
        if self.wanted.lang() == Lang::En {
            command += " --lang en";
        }
        command
    }
}
