//! Rules no lint knows, over the files of a plain checkout.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use qiangdan::hall::Hall;

const WIDTH: usize = 100;
/// A comment may finish its last word, a document its last few.
const WORD: usize = 6;
const WORDS: usize = 15;
const LINES: usize = 800;
/// Files that may be longer: lists of cases, one after another.
const LONG: [&str; 1] = ["tests/tests/oracle.rs"];
/// An access this many lines below its comment still has it.
const NEAR: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files written by people, by path from the root, with their text.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_symlink() || ["target", ".git", "corpus", "artifacts"].contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let text = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, text)
    };
    let wanted = |path: &PathBuf| {
        endings.iter().any(|ending| path.to_str().is_some_and(|path| path.ends_with(ending)))
    };
    found.into_iter().filter(wanted).map(text).collect()
}

#[track_caller]
fn none(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "\n{}\n", mistakes.join("\n"));
}

#[test]
fn lines_and_files_end_in_time() {
    let mut mistakes = Vec::new();
    for (name, text) in files(&[".rs", ".md", ".toml", ".py", "/run", "/deep"]) {
        // What is code, rustfmt wraps; what is a table, an address or shown as it is, nobody can.
        let (is_code, is_document) = (name.ends_with(".rs"), name.ends_with(".md"));
        let width = WIDTH + if is_document { WORDS } else { WORD };
        let mut is_shown = false;
        for (number, line) in (1..).zip(text.lines()) {
            is_shown ^= is_document && line.starts_with("```");
            let is_prose = is_document || is_code && line.trim_start().starts_with("//");
            let is_free = line.contains('|') || line.contains("://") || is_shown;
            if is_prose && !is_free && line.chars().count() > width {
                mistakes.push(format!("{name}:{number}: more than {WIDTH} characters"));
            }
            if line.ends_with([' ', '\t']) || line.contains('\t') {
                mistakes.push(format!("{name}:{number}: a tab, or space at the end"));
            }
        }
        let lines = text.lines().count();
        if name.ends_with(".rs") && lines > LINES && !LONG.iter().any(|long| name.ends_with(long)) {
            mistakes.push(format!("{name}: {lines} lines, usually two ideas"));
        }
    }
    none(&mistakes);
}

/// Approximate: an ordering as an argument, outside tests and `use`.
#[test]
fn every_atomic_access_says_why_its_ordering_is_enough() {
    let mut mistakes = Vec::new();
    for (name, text) in files(&[".rs"]) {
        let is_ours = ["crates/qiangdan/src", "crates/qiangdan-sync/src"]
            .iter()
            .any(|place| name.starts_with(place));
        if !is_ours || name.ends_with("/tests.rs") {
            continue;
        }
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test") {
                break;
            }
            let is_code = !line.trim_start().starts_with("//") && !line.contains("use ");
            let uses = ["Relaxed)", "Acquire)", "Release)", "AcqRel)", "Relaxed,", "Acquire,"];
            if !is_code || !uses.iter().any(|ordering| line.contains(ordering)) {
                continue;
            }
            let above = &lines[at.saturating_sub(NEAR)..at];
            if line.starts_with("    Ordering::{") || line.contains("::{") {
                continue;
            }
            if !above.iter().any(|line| line.contains("// Ordering:")) {
                mistakes.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn no_file_names_a_machine() {
    // Put together here, so that this file does not find itself.
    let places = ["/wor k/", "/roo t/", "/hom e/", "/Use rs/", "/tm p/", "C:\\Use rs"];
    let places = places.map(|place| place.replace(' ', ""));
    let mut mistakes = Vec::new();
    for (name, text) in files(&[".rs", ".md", ".toml", ".py", ".lock", ".html", ".snap", "/run"]) {
        for (number, line) in (1..).zip(text.lines()) {
            for place in places.iter().filter(|place| line.contains(&***place)) {
                mistakes.push(format!("{name}:{number}: `{place}`"));
            }
        }
    }
    none(&mistakes);
}

#[test]
fn the_types_of_the_glossary_exist() {
    let source: String = files(&[".rs"])
        .into_iter()
        .filter(|file| file.0.starts_with("crates/"))
        .map(|f| f.1)
        .collect();
    let has = |word: &str| {
        source.match_indices(word).any(|(at, _)| {
            let whole = |char: Option<char>| !char.is_some_and(|c| c.is_alphanumeric() || c == '_');
            whole(source[..at].chars().next_back())
                && whole(source[at + word.len()..].chars().next())
        })
    };
    let mut mistakes = Vec::new();
    for row in read("GLOSSARY.md").lines().filter(|line| line.starts_with("| ")).skip(1) {
        let column = row.split('|').nth(3).unwrap();
        for name in
            column.split('`').skip(1).step_by(2).filter(|name| !name.starts_with("qiangdan "))
        {
            for part in name.split("::").filter(|&part| part != "*" && !has(part)) {
                mistakes.push(format!("GLOSSARY.md: `{part}` is not in the source: {row}"));
            }
        }
    }
    none(&mistakes);
}

/// Fenced blocks: the word after the fence, and what is inside.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let (mut blocks, mut open) = (Vec::new(), None::<(&str, String)>);
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, inside))) => inside.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn both_readmes_have_the_same_shape() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    let headings = |text: &str| {
        text.lines()
            .filter_map(|line| line.split_once(' ').map(|(marks, _)| marks))
            .filter(|marks| !marks.is_empty() && marks.chars().all(|mark| mark == '#'))
            .filter(|marks| marks.len() <= 3)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(headings(&english), headings(&chinese));
    let [english_rows, chinese_rows] =
        [&english, &chinese].map(|text| text.lines().filter(|line| line.starts_with('|')).count());
    assert_eq!(english_rows, chinese_rows, "rows of tables");
    let [english, chinese] = [&english, &chinese].map(|text| blocks(text));
    assert_eq!(english.len(), chinese.len());
    for ((language, ours), (theirs_language, theirs)) in english.iter().zip(&chinese) {
        assert_eq!(language, theirs_language);
        if ["sh", "toml"].contains(language) {
            assert_eq!(ours, theirs, "a command or a hall file differs");
        }
    }
}

#[test]
fn the_readme_says_what_is_so() {
    let readme = read("README.md");
    let blocks = blocks(&readme);
    let (ci, commands) = (read(".ci/run"), &blocks.iter().find(|b| b.0 == "sh").unwrap().1);
    assert_eq!(commands.lines().count(), 2, "a fresh machine is set up by two commands");
    for command in commands.lines() {
        assert!(ci.lines().any(|line| line == command), "`{command}` is not in .ci/run");
    }
    let (_, hall) = blocks.iter().find(|block| block.0 == "toml").unwrap();
    let checked = Hall::parse("README.md", hall).expect("the hall file in the README is valid");
    assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);
}

/// Links to files, in documents people start from.
#[test]
fn links_lead_somewhere() {
    let mut mistakes = Vec::new();
    for (name, text) in files(&[".md"]) {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !path.contains("://") && !folder.join(path).exists() {
                mistakes.push(format!("{name}: {link}"));
            }
        }
    }
    none(&mistakes);
}

/// Every row of the table of edge cases is there, and every test it names.
#[test]
fn every_edge_case_has_its_row_and_every_test_it_names_exists() {
    let sources = files(&[".rs"]);
    let is_there = |named: &str| {
        let Some((file, name)) = named.rsplit_once("::") else { return false };
        let (ending, test) = (format!("/{file}.rs"), format!("fn {name}("));
        sources.iter().any(|(path, text)| {
            let of = path.ends_with(&ending);
            of && text.match_indices(&test).any(|(at, _)| {
                let above = text[..at].rsplit("\n\n").next().unwrap_or_default();
                above.contains("#[test]")
            })
        })
    };
    let page = read("docs/edge-cases.md");
    let rows: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .collect();
    let mut mistakes = Vec::new();
    for (letter, last) in [("E", 69), ("T", 20), ("I", 18)] {
        for id in (1..=last).map(|n| format!("{letter}{n}")) {
            let of: Vec<_> = rows.iter().filter(|row| row[0] == id).collect();
            let [row] = of[..] else {
                mistakes.push(format!("{id} has {} rows", of.len()));
                continue;
            };
            let shown = row.last().unwrap();
            let named: Vec<_> = shown.split('`').skip(1).step_by(2).collect();
            if named.is_empty() && !shown.contains("not built yet: *") {
                mistakes.push(format!("{id} is shown by nothing"));
            }
            let missing = named.into_iter().filter(|named| !is_there(named));
            mistakes.extend(missing.map(|named| format!("{id}: there is no test `{named}`")));
        }
    }
    none(&mistakes);
}

#[test]
fn every_dependency_has_its_reason_above() {
    let manifest = read("Cargo.toml");
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let mut above = "";
    let mut mistakes = Vec::new();
    for line in section.lines() {
        let name = line.split(" =").next().unwrap_or_default();
        let is_ours = name.starts_with("qiangdan");
        if line.contains(" = ") && !line.starts_with('#') && !is_ours && !above.starts_with("# ") {
            mistakes.push(format!("Cargo.toml: {name}"));
        }
        above = line;
    }
    none(&mistakes);
}
