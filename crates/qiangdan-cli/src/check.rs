//! `qiangdan check`: says what is wrong with hall files, and where.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use qiangdan::{
    hall::{Checked, Hall, HallPackage, Load, Mistake},
    package::PartId,
};
use serde::Serialize;

use crate::{exit::Exit, mistakes};

/// Check hall files without starting anything.
///
/// Shows every mistake with its place, or what a valid file says in a few lines. Exits with 3 if a
/// file has a mistake and with 1 if one cannot be read; warnings do not count.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Hall files, in TOML.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON document for programs instead.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, out: &mut impl Write, err: &mut impl Write) -> io::Result<Exit> {
    let (mut exit, mut bodies) = (Exit::Ok, Vec::new());
    for path in &args.files {
        let (name, text) = match mistakes::read(path) {
            Ok(read) => read,
            Err(error) => {
                writeln!(err, "error: {error}")?;
                exit = Exit::Failed;
                continue;
            }
        };
        let (hall, errors, warnings) = match Hall::parse(&name, &text) {
            Ok(Checked { hall, warnings }) => (Some(hall), Vec::new(), warnings),
            Err(invalid) => (None, invalid.mistakes, invalid.warnings),
        };
        // A file that cannot be read weighs more than one that is wrong.
        if hall.is_none() && exit == Exit::Ok {
            exit = Exit::Invalid;
        }
        if args.json {
            bodies.push(FileBody::new(name, &errors, &warnings));
            continue;
        }
        if !errors.is_empty() || !warnings.is_empty() {
            mistakes::render(&text, &errors, &warnings, out)?;
        }
        if let Some(hall) = hall {
            summarize(&name, &hall, out)?;
        }
    }
    if args.json {
        let body = CheckBody { schema: "qiangdan/check/1", files: bodies };
        writeln!(out, "{}", serde_json::to_string_pretty(&body)?)?;
    }
    Ok(exit)
}

/// What a valid file says, in a few lines.
fn summarize(name: &str, hall: &Hall, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{name}: {}", hall.name())?;
    let count =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let counts = [
        count(hall.services().len(), "service"),
        count(hall.pools().len(), "pool"),
        count(hall.windows().len(), "window"),
        count(hall.clerks().len(), "clerk"),
    ];
    writeln!(out, "  {}", counts.join(", "))?;
    if !hall.packages().is_empty() {
        let parts = hall.packages().iter().map(|package| package.parts.len()).sum();
        let packages = count(hall.packages().len(), "package");
        writeln!(out, "  {packages} of {}", count(parts, "part"))?;
    }
    for package in hall.packages().iter().filter(|package| package.parts.len() > 1) {
        writeln!(out, "    {}: {}", package.key, ways(package))?;
    }
    if !hall.halls().is_empty() {
        writeln!(out, "  {} in the tree", count(hall.halls().len(), "hall"))?;
    }
    let Some(arrivals) = hall.arrivals() else {
        return writeln!(out, "  no [arrivals]: nothing to simulate");
    };
    writeln!(out, "  {:.0} orders expected a day, {}", arrivals.expected(), arrivals.doors)?;
    let busiest = hall.load().into_iter().max_by(|a, b| a.needed.total_cmp(&b.needed));
    let Some(load) = busiest else { return Ok(()) };
    let Load { span, needed, staffed, .. } = load;
    writeln!(out, "  busiest half hour {span}: {needed:.1} windows busy of {staffed:.1} staffed")
}

/// The parts of a package, in the order in which they may begin; what may begin together, together.
fn ways(package: &HallPackage) -> String {
    let parts = package.parts.len();
    let mut steps: Vec<Vec<usize>> = Vec::new();
    let is_begun = |steps: &[Vec<usize>], part| steps.iter().any(|step| step.contains(&part));
    while steps.iter().map(Vec::len).sum::<usize>() < parts {
        let may_begin = |&part: &usize| {
            let id = PartId(u8::try_from(part).unwrap_or(u8::MAX));
            let mut after = package.rule.after(id);
            !is_begun(&steps, part) && after.all(|before| is_begun(&steps, before.index()))
        };
        let next: Vec<usize> = (0..parts).filter(may_begin).collect();
        if next.is_empty() {
            break;
        }
        steps.push(next);
    }
    let names = |step: Vec<usize>| {
        let names = step.into_iter().filter_map(|part| package.parts.get(part));
        names.cloned().collect::<Vec<_>>().join(" + ")
    };
    steps.into_iter().map(names).collect::<Vec<_>>().join(" → ")
}

/// What `--json` prints.
#[derive(Serialize)]
struct CheckBody {
    schema: &'static str,
    files: Vec<FileBody>,
}

#[derive(Serialize)]
struct FileBody {
    file: String,
    ok: bool,
    errors: Vec<MistakeBody>,
    warnings: Vec<MistakeBody>,
}

#[derive(Serialize)]
struct MistakeBody {
    code: &'static str,
    line: usize,
    column: usize,
    found: String,
    expected: String,
    message: String,
    help: Option<String>,
}

impl FileBody {
    fn new(file: String, errors: &[Mistake], warnings: &[Mistake]) -> Self {
        let bodies = |mistakes: &[Mistake]| mistakes.iter().map(MistakeBody::new).collect();
        Self { file, ok: errors.is_empty(), errors: bodies(errors), warnings: bodies(warnings) }
    }
}

impl MistakeBody {
    fn new(mistake: &Mistake) -> Self {
        Self {
            code: mistake.code.as_str(),
            line: mistake.line,
            column: mistake.column,
            found: mistake.found.clone(),
            expected: mistake.expected.clone(),
            message: mistake.message(),
            help: mistake.help.clone(),
        }
    }
}
