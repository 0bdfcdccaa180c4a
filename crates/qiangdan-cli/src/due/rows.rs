//! Many questions in a table, and their answers in two columns more.

use std::io::{self, BufRead, Write};

use super::{
    ask::{Desk, Question},
    times::{Typed, TypedPause},
};
use crate::exit::Exit;

/// What every row says if it has no column for it.
pub(super) struct Same<'a> {
    pub(super) limit: Option<&'a str>,
    pub(super) extend: Option<u64>,
}

/// A field and the character of its line at which it begins, from 1.
struct Field {
    text: String,
    column: usize,
}

/// Reads rows and writes each with `due` and `provisional` after it, one at a time. A row that is wrong
/// is named on `err`, and left out.
pub(super) fn answer(
    desk: &Desk<'_>,
    same: &Same<'_>,
    file: &str,
    input: &mut impl BufRead,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    let mut lines = Lines { input, number: 0, row: Vec::new() };
    let Some(header) = lines.next()? else {
        writeln!(err, "{file}:1:1: there is no header, expected columns such as from,limit")?;
        return Ok(Exit::Invalid);
    };
    let header = header.map_err(|wrong| wrong.as_io(file, lines.number))?;
    let place = |name: &str| header.iter().position(|field| field.text.trim() == name);
    let columns = ["from", "limit", "pauses", "extend", "amount"].map(place);
    let missing = match (columns[0], columns[1].is_some() || same.limit.is_some()) {
        (None, _) => Some("`from`"),
        (_, false) => Some("`limit`, or --limit for all rows"),
        _ => None,
    };
    if let Some(missing) = missing {
        writeln!(err, "{file}:1:1: there is no column {missing}")?;
        return Ok(Exit::Invalid);
    }
    write_row(header.iter().map(|field| field.text.as_str()), ["due", "provisional"], out)?;
    let mut exit = Exit::Ok;
    while let Some(row) = lines.next()? {
        let begins = lines.number;
        let read = row.and_then(|row| {
            if row.len() != header.len() {
                let message = format!("{} fields, expected {}", row.len(), header.len());
                return Err(Wrong { column: 1, message });
            }
            let due = due_of(desk, same, &columns, &row)?;
            Ok((row, due))
        });
        match read {
            Ok((row, due)) => {
                write_row(row.iter().map(|field| field.text.as_str()), [&due.0, due.1], out)?;
            }
            Err(Wrong { column, message }) => {
                writeln!(err, "{file}:{begins}:{column}: {message}")?;
                exit = Exit::Invalid;
            }
        }
    }
    Ok(exit)
}

/// What is wrong with a row, and at which character of its first line.
struct Wrong {
    column: usize,
    message: String,
}

impl Wrong {
    fn as_io(&self, file: &str, line: u64) -> io::Error {
        io::Error::other(format!("{file}:{line}:{}: {}", self.column, self.message))
    }
}

fn due_of(
    desk: &Desk<'_>,
    same: &Same<'_>,
    columns: &[Option<usize>; 5],
    row: &[Field],
) -> Result<(String, &'static str), Wrong> {
    let field = |place: Option<usize>| {
        place.and_then(|place| row.get(place)).filter(|field| !field.text.trim().is_empty())
    };
    let [from, limit, pauses, extend, amount] = columns.map(field);
    let wrong = |of: Option<&Field>, message: String| Wrong {
        column: of.map_or(1, |field| field.column),
        message,
    };
    let at = columns[0].and_then(|place| row.get(place));
    let Some(from_field) = from else {
        return Err(wrong(
            at,
            "there is no time, expected one such as 2026-03-02 10:00".to_owned(),
        ));
    };
    let from: Typed = from_field.text.parse().map_err(|message| wrong(from, message))?;
    let key = limit.map(|field| field.text.trim()).or(same.limit);
    let Some(key) = key else {
        return Err(wrong(limit, "there is no limit, expected the key of one".to_owned()));
    };
    let of = desk.limit(key).map_err(|message| wrong(limit, message))?;
    let typed: Result<Vec<TypedPause>, String> =
        pauses.into_iter().flat_map(|field| field.text.split(';')).map(str::parse).collect();
    let typed = typed.map_err(|message| wrong(pauses, message))?;
    let number = |of: Option<&Field>| {
        let text = of.map(|field| field.text.trim());
        let number =
            text.map(|text| text.parse().map_err(|_| format!("`{text}` is no whole number")));
        number.transpose().map_err(|message| wrong(of, message))
    };
    let (extend_by, amount) = (number(extend)?.or(same.extend), number(amount)?);
    let question = Question { from, pauses: &typed, extend: extend_by, amount };
    let answer = desk.ask(of, &question).map_err(|message| wrong(pauses.or(extend), message))?;
    match answer.due {
        Ok(due) => {
            Ok((desk.zone.rfc_3339(due.at), if due.is_provisional { "true" } else { "false" }))
        }
        // It stands still: there is no due yet, and that is no mistake.
        Err(qiangdan::limit::DueError::Paused { .. }) => Ok((String::new(), "")),
        Err(error) => Err(wrong(from_field.into(), error.to_string())),
    }
}

/// Rows of a table (RFC 4180), one after another; a quoted field may hold several lines.
struct Lines<'i, R> {
    input: &'i mut R,
    /// The line on which the row begins, from 1.
    number: u64,
    row: Vec<u8>,
}

impl<R: BufRead> Lines<'_, R> {
    /// The fields of the next row that is not empty.
    fn next(&mut self) -> io::Result<Option<Result<Vec<Field>, Wrong>>> {
        loop {
            self.number += self.row.iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.number = self.number.max(1);
            self.row.clear();
            let is_open = |row: &[u8]| row.iter().filter(|&&byte| byte == b'"').count() % 2 == 1;
            while self.input.read_until(b'\n', &mut self.row)? > 0 && is_open(&self.row) {}
            if self.row.is_empty() {
                return Ok(None);
            }
            let Ok(text) = str::from_utf8(&self.row) else {
                let message = "the row is not UTF-8".to_owned();
                return Ok(Some(Err(Wrong { column: 1, message })));
            };
            let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
            if is_open(&self.row) {
                let message = "a quote is opened and never closed".to_owned();
                return Ok(Some(Err(Wrong { column: 1, message })));
            }
            if !text.is_empty() {
                return Ok(Some(Ok(fields(text))));
            }
        }
    }
}

fn fields(row: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let (mut text, mut column, mut begins) = (String::new(), 0, 1);
    let (mut is_quoted, mut was_quote) = (false, false);
    for character in row.chars() {
        column = if character == '\n' { 0 } else { column + 1 };
        match character {
            '"' if is_quoted => (is_quoted, was_quote) = (false, true),
            // The second of two quotes, or the first of a field.
            '"' if was_quote => {
                text.push('"');
                (is_quoted, was_quote) = (true, false);
            }
            '"' if text.is_empty() => is_quoted = true,
            ',' if !is_quoted => {
                fields.push(Field { text: std::mem::take(&mut text), column: begins });
                (begins, was_quote) = (column + 1, false);
            }
            other => {
                text.push(other);
                was_quote = false;
            }
        }
    }
    fields.push(Field { text, column: begins });
    fields
}

fn write_row<'t>(
    fields: impl Iterator<Item = &'t str>,
    more: [&'t str; 2],
    out: &mut impl Write,
) -> io::Result<()> {
    for (at, field) in fields.chain(more).enumerate() {
        if at > 0 {
            write!(out, ",")?;
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            write!(out, "{field}")?;
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_their_columns() {
        let read = |row: &str| {
            fields(row).into_iter().map(|field| (field.text, field.column)).collect::<Vec<_>>()
        };
        let expect = |list: &[(&str, usize)]| {
            list.iter().map(|&(text, column)| (text.to_owned(), column)).collect::<Vec<_>>()
        };
        assert_eq!(
            read("工单,\"a,\"\"b\",,d"),
            expect(&[("工单", 1), ("a,\"b", 4), ("", 12), ("d", 13)])
        );
        assert_eq!(read(""), expect(&[("", 1)]));
        assert_eq!(read("\"\",x"), expect(&[("", 1), ("x", 4)]));
    }
}
