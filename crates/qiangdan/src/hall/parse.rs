//! From the text of a hall file to a [`Hall`].

use toml::de::DeTable;

use super::{
    Checked, Code, Hall, Invalid, book::Book, file::RawFile, mistake::Mistakes, plans,
    table::Table, value,
};

/// The version of the format that this code reads.
const SCHEMA: u32 = 1;

impl Hall {
    /// Reads and checks a hall file; `name` is how messages call it.
    ///
    /// # Errors
    ///
    /// All mistakes found, in file order. If the text is no TOML, only mistakes of syntax are among
    /// them: what the rest was meant to say would be guesswork.
    pub fn parse(name: &str, text: &str) -> Result<Checked, Invalid> {
        let mut mistakes = Mistakes::default();
        let hall = read(text, &mut mistakes);
        let (wrong, warnings) = mistakes.placed(name, text);
        match hall {
            Some(hall) if wrong.is_empty() => Ok(Checked { hall, warnings }),
            _ => Err(Invalid { mistakes: wrong, warnings }),
        }
    }
}

/// The hall, or `None` and at least one mistake.
fn read(text: &str, mistakes: &mut Mistakes) -> Option<Hall> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        report_syntax(text, &errors, mistakes);
        return None;
    }
    let root = Table::new("the file", 0..0, tree.get_ref());
    check_schema(&root, mistakes)?;
    // Everything is read before anything is looked up, so a name may be used above the place that
    // defines it.
    let mut book = Book::new();
    let raw = RawFile::read(&root, &mut book, mistakes);
    let mut hall = raw.check(&mut book, mistakes)?;
    if mistakes.none_wrong() {
        hall.plans = plans::read(tree.get_ref(), &root, &hall, mistakes);
    }
    Some(hall)
}

fn check_schema(root: &Table<'_>, mistakes: &mut Mistakes) -> Option<()> {
    let Some(schema) = root.get("schema") else {
        let found = "no `schema`";
        mistakes.wrong(Code::Schema, 0..0, found, "`schema = 1` before the first section");
        return Some(());
    };
    let version = value::count(schema, 1..=u32::MAX, mistakes)?;
    if version != SCHEMA {
        let found = format!("schema {version}, which this version does not read");
        mistakes.wrong(Code::Schema, schema.span(), found, "`schema = 1`");
        return None;
    }
    Some(())
}

/// Reports what the parser saw, once a line: after a slip it stumbles over what follows.
fn report_syntax(text: &str, errors: &[toml::de::Error], mistakes: &mut Mistakes) {
    let mut places: Vec<_> = errors
        .iter()
        .map(|error| {
            let at = error.span().unwrap_or(0..0);
            let before = text.as_bytes().get(..at.start).unwrap_or_default();
            let line = before.iter().filter(|&&byte| byte == b'\n').count();
            (line, at, error.message())
        })
        .collect();
    places.sort_by_key(|&(line, ref at, _)| (line, at.start));
    places.dedup_by_key(|&mut (line, ..)| line);
    for (_, at, message) in places {
        let (found, expected) = message.split_once(", expected ").unwrap_or((message, "TOML"));
        mistakes.wrong(Code::Syntax, at, found, expected);
    }
}
