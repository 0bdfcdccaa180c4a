//! What `simulate` and `replay` do with a report: show it, write it, and exit by its verdict.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use qiangdan::hall::Hall;
use qiangdan_sim::{of_hall, report::Report};
use sha2::{Digest, Sha256};

use crate::{
    exit::Exit,
    lang::Lang,
    page::{self, Made},
    show,
};

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

    /// Says that limits by the calendar are not timed, if the hall has any.
    pub(crate) fn note_untimed(&self, hall: &Hall, err: &mut impl Write) -> io::Result<()> {
        match of_hall::untimed(hall) {
            0 => Ok(()),
            limits => {
                let limits = limits.to_string();
                writeln!(err, "{}", self.lang.fill("untimed", &[("limits", &limits)]))
            }
        }
    }

    /// Prints and writes the report; `repeat` is the command that makes the same one again, `files` are
    /// those that went in.
    pub(crate) fn show(
        &self,
        report: &Report,
        repeat: &str,
        files: &[&Path],
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> io::Result<Exit> {
        if let Some(path) = &self.report {
            let mut page = Vec::new();
            let inputs = files.iter().map(|file| digest(file)).collect::<io::Result<Vec<_>>>()?;
            let made = Made { command: repeat, inputs: &inputs };
            page::write(report, self.lang, made, &mut page)?;
            fs::write(path, page).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        }
        let path = self.report.as_ref().map(|path| path.display().to_string());
        if self.json {
            show::json(report, out)?;
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

/// A file's name and the beginning of its SHA-256, so that a page says what exactly went in.
fn digest(path: &Path) -> io::Result<(String, String)> {
    let digest = Sha256::digest(fs::read(path)?);
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok((path.display().to_string(), format!("sha256 {hex}…")))
}

/// How wide the terminal is; 80 columns where there is none.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return show::WIDTH;
    }
    terminal_size::terminal_size().map_or(show::WIDTH, |(width, _)| usize::from(width.0))
}
