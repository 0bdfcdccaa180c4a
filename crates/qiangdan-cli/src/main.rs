//! The `qiangdan` command. Results go to stdout, progress and mistakes to stderr.
#![forbid(unsafe_code)]

mod check;
mod due;
mod exit;
mod lang;
mod messages;
mod mistakes;
mod outcome;
mod page;
mod progress;
mod replay;
mod show;
mod simulate;
mod units;

#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;

use std::{ffi::OsString, io, process::ExitCode};

use clap::{Parser, Subcommand};
use exit::Exit;

/// The exit codes, as the help shows them.
const EXIT_CODES: &str = "\
Exit codes:
  0  ok
  1  failed while running
  2  usage
  3  hall file or trace invalid
  4  target missed
  5  server unreachable
  6  refused";

/// 抢单: check a hall, explain its due dates, simulate its days, replay recorded ones.
#[derive(Parser)]
#[command(name = "qiangdan", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Due(due::Args),
    Simulate(simulate::Args),
    Replay(replay::Args),
}

/// `--clerks from trace` reads better than `--clerks from-trace`; both are understood.
fn joined(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for arg in args {
        match &joined[..] {
            [.., option, from] if option == "--clerks" && from == "from" => {
                let from = joined.pop().unwrap_or_default();
                joined
                    .push([from.as_os_str(), "-".as_ref(), arg.as_os_str()].into_iter().collect());
            }
            _ => joined.push(arg),
        }
    }
    joined
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(joined(std::env::args_os()));
    let (mut out, mut err) = (anstream::stdout().lock(), anstream::stderr());
    let ran = match &cli.command {
        Command::Check(args) => check::run(args, &mut out, &mut err),
        Command::Due(args) => due::run(args, &mut out, &mut err),
        Command::Simulate(args) => simulate::run(args, &mut out, &mut err),
        Command::Replay(args) => replay::run(args, &mut out, &mut err),
    };
    // A figure that never reached its reader is a failure, even if it was computed.
    let ran = ran.and_then(|exit| io::Write::flush(&mut out).map(|()| exit));
    match ran {
        Ok(exit) => exit.into(),
        // The reader of a pipe may leave early (`| head`); that is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok.into(),
        Err(error) => {
            drop(io::Write::write_fmt(&mut err, format_args!("error: {error}\n")));
            Exit::Failed.into()
        }
    }
}
