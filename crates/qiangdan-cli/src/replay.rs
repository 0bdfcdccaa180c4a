//! `qiangdan replay`.

use std::io::{self, Write};

use crate::exit::Exit;

/// Placeholder.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args, _out: &mut impl Write, _err: &mut impl Write) -> io::Result<Exit> {
    Ok(Exit::Ok)
}
