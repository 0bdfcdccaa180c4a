//! `qiangdan due`: when something is due by a limit of a hall, and why.
//!
//! * `times`: times and pauses as they are typed.
//! * `ask`: one question and its answer.
//! * `days`: the answer day by day, days alike together.
//! * `show`, `json`: the answer for people and for programs.
//! * `rows`: many questions in a table.

mod ask;
mod days;
mod json;
mod rows;
mod show;
mod times;

use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::{Path, PathBuf},
};

use crate::{exit::Exit, lang::Lang, mistakes};
use ask::{Desk, Question};
use times::{Typed, TypedPause};

/// Explain a due date day by day, or work out many from a table.
///
/// Times are in the hall's zone (`2026-03-02`, `2026-03-02 10:00`) or have an offset
/// (`2026-03-02T10:00:00+08:00`). A pause is `A..B`, or `A..` while it goes on; with several reasons that
/// hold the limit, `hearing=A..B` says which. Amounts are in the unit of the limit: days, or milliseconds
/// of hours and minutes.
///
/// With --rows, FILE is CSV with the columns `from`, and if need be `limit`, `pauses` (several with `;`
/// between them), `extend` and `amount`; each row comes out with `due` and `provisional` after it. Rows
/// that are wrong are named on stderr and left out; then the exit code is 3.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The hall file
    #[arg(long, value_name = "HALL.toml")]
    hall: PathBuf,
    /// The key of the limit
    #[arg(long, value_name = "KEY", required_unless_present = "rows")]
    limit: Option<String>,
    /// When its clock begins
    #[arg(long, value_name = "TIME", required_unless_present = "rows", conflicts_with = "rows")]
    from: Option<Typed>,
    /// When it stood still; may be given several times
    #[arg(long = "pause", value_name = "[REASON=]A..B", conflicts_with = "rows")]
    pauses: Vec<TypedPause>,
    /// By how much it was extended
    #[arg(long, value_name = "N")]
    extend: Option<u64>,
    /// The amount announced, instead of the file's
    #[arg(long, value_name = "N", conflicts_with = "rows")]
    amount: Option<u64>,
    /// How it stands at this time
    #[arg(long, value_name = "TIME", conflicts_with = "rows")]
    at: Option<Typed>,
    /// Read questions from a table; - for standard input
    #[arg(long, value_name = "FILE.csv")]
    rows: Option<PathBuf>,
    /// Print one JSON document for programs instead
    #[arg(long, conflicts_with = "rows")]
    json: bool,
    /// Language
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
}

pub(crate) fn run(args: &Args, out: &mut impl Write, err: &mut impl Write) -> io::Result<Exit> {
    let Some(hall) = mistakes::load(&args.hall, err)? else { return Ok(Exit::Invalid) };
    let Some(desk) = Desk::new(&hall) else { return Ok(Exit::Failed) };
    if let Some(path) = &args.rows {
        return args.answer_rows(&desk, path, out, err);
    }
    let (Some(key), Some(from)) = (&args.limit, args.from) else { return Ok(Exit::Failed) };
    let question =
        Question { from, pauses: &args.pauses, extend: args.extend, amount: args.amount };
    let answer = desk.limit(key).and_then(|limit| desk.ask(limit, &question));
    let answer = match answer {
        Ok(answer) => answer,
        Err(message) => {
            writeln!(err, "error: {message}")?;
            return Ok(Exit::Invalid);
        }
    };
    let at = args.at.map(|at| desk.zone.instant(at));
    let page = show::Page { desk: &desk, answer: &answer, at, lang: args.lang };
    if let Err(qiangdan::limit::DueError::Horizon(error)) = answer.due {
        writeln!(err, "error: limit `{key}`: {error}")?;
        return Ok(Exit::Invalid);
    }
    if args.json {
        json::write(&page, out)?;
    } else {
        page.write(out)?;
    }
    Ok(Exit::Ok)
}

impl Args {
    fn answer_rows(
        &self,
        desk: &Desk<'_>,
        path: &Path,
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> io::Result<Exit> {
        let same = rows::Same { limit: self.limit.as_deref(), extend: self.extend };
        if let Some(key) = &self.limit
            && let Err(message) = desk.limit(key)
        {
            writeln!(err, "error: {message}")?;
            return Ok(Exit::Invalid);
        }
        let mut out = io::BufWriter::new(out);
        if path == Path::new("-") {
            let mut input = io::stdin().lock();
            let exit = rows::answer(desk, &same, "-", &mut input, &mut out, err)?;
            return out.flush().map(|()| exit);
        }
        let name = path.display().to_string();
        let file = File::open(path);
        let file =
            file.map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        let exit = rows::answer(desk, &same, &name, &mut BufReader::new(file), &mut out, err)?;
        out.flush().map(|()| exit)
    }
}
