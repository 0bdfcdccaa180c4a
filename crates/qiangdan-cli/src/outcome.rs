//! What `simulate` and `replay` do with a report: show it, write it, and exit by its verdict.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use qiangdan_sim::{report::Report, simulate::SimulateError};

use crate::{exit::Exit, lang::Lang, show};

/// In what form a report is wanted.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// Also write the report, with its plots, as one HTML page that opens offline
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,
    /// Print the report as JSON instead (schema "qiangdan/report/1")
    #[arg(long)]
    json: bool,
    /// The language of the report
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
}

impl Wanted {
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// Prints and writes the report; `repeat` is the command that makes the same one again.
    pub(crate) fn show(
        &self,
        report: &Report,
        repeat: &str,
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> io::Result<Exit> {
        if let Some(path) = &self.report {
            let page = String::from(repeat);
            fs::write(path, page).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        }
        let path = self.report.as_ref().map(|path| path.display().to_string());
        if self.json {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)?;
            if let Some(path) = path {
                writeln!(err, "{path}")?;
            }
        } else {
            show::report(report, self.lang, width(), out)?;
            show::hints(report, self.lang, path.as_deref(), out)?;
        }
        out.flush()?;
        Ok(if report.verdict.holds() { Exit::Ok } else { Exit::Missed })
    }
}

/// How wide the terminal is; 80 columns where there is none.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return show::WIDTH;
    }
    terminal_size::terminal_size().map_or(show::WIDTH, |(width, _)| usize::from(width.0))
}

/// The exit code of a run that could not be made: the hall file asks for something impossible.
pub(crate) fn of_error(_error: &SimulateError) -> Exit {
    Exit::Invalid
}
