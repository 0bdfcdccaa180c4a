//! The exit codes of the whole command.

use std::process::ExitCode;

/// How a subcommand ended. Code 2 (usage) is given by the argument parser itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// 0: done.
    Ok,
    /// 1: failed while running.
    Failed,
    /// 3: a hall file or a trace is invalid.
    Invalid,
    /// 4: the target was missed.
    Missed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Invalid => 3,
            Exit::Missed => 4,
        })
    }
}
