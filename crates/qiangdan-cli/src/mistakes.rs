//! Mistakes in hall files, shown with their place underlined, as rustc does it.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use qiangdan::hall::{Checked, Hall, Invalid, Mistake};

/// Writes mistakes and warnings, in this order, and a line that counts them.
///
/// `text` is what they are mistakes in. Colours are written always: the streams of this command drop
/// them where nobody wants them.
pub(crate) fn render(
    text: &str,
    mistakes: &[Mistake],
    warnings: &[Mistake],
    to: &mut impl Write,
) -> io::Result<()> {
    let wrong = mistakes.iter().map(|mistake| (Level::ERROR, mistake));
    let odd = warnings.iter().map(|warning| (Level::WARNING, warning));
    for (level, mistake) in wrong.chain(odd) {
        let group = show(text, level, mistake);
        writeln!(to, "{}\n", Renderer::styled().render(&[group]))?;
    }
    writeln!(to, "{}", count(mistakes.len(), warnings.len()))
}

fn show<'a>(text: &'a str, level: Level<'a>, mistake: &'a Mistake) -> Group<'a> {
    let place = AnnotationKind::Primary.span(mistake.span.clone());
    let place = place.label(format!("expected {}", mistake.expected));
    let snippet = Snippet::source(text).path(mistake.file.as_str()).annotation(place);
    let title = level.primary_title(mistake.found.as_str()).id(mistake.code.as_str());
    let group = title.element(snippet);
    match &mistake.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// "2 errors, 1 warning".
fn count(errors: usize, warnings: usize) -> String {
    let some = |count, what| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{}, {}", some(errors, "error"), some(warnings, "warning"))
}

/// Reads a hall file, shows what is wrong in it, and says if something is odd. `None` if it is invalid.
///
/// # Errors
///
/// If the file cannot be read, with its name in the message, or `err` not be written.
pub(crate) fn load(path: &Path, err: &mut impl Write) -> io::Result<Option<Hall>> {
    let (name, text) = read(path)?;
    match Hall::parse(&name, &text) {
        Ok(Checked { hall, warnings }) => {
            match warnings.len() {
                0 => {}
                // Once they have been read, they are in the way of the result.
                count => {
                    let some = if count == 1 { "1 warning" } else { &format!("{count} warnings") };
                    writeln!(err, "{name}: {some}; `qiangdan check {name}` shows what is odd")?;
                }
            }
            Ok(Some(hall))
        }
        Err(Invalid { mistakes, warnings, .. }) => {
            render(&text, &mistakes, &warnings, err)?;
            Ok(None)
        }
    }
}

/// The name and the text of a file.
///
/// # Errors
///
/// If the file cannot be read, with its name in the message.
pub(crate) fn read(path: &Path) -> io::Result<(String, String)> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
    }
}
