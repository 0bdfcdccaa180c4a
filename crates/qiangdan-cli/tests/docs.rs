//! The commands and the tables of the documents, run as they stand there.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should fail loudly")]

use std::{fs, path::PathBuf};

use assert_cmd::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn run(args: &str, input: &str) -> String {
    let mut command = Command::cargo_bin("qiangdan").unwrap();
    command.env_remove("CLICOLOR_FORCE").current_dir(root()).args(args.split(' '));
    let output = command.write_stdin(input).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(text(output.stderr), "", "{args}");
    text(output.stdout)
}

#[test]
fn commands_print_what_the_documents_say() {
    for (name, many) in [
        ("docs/limits.md", 3),
        ("docs/limits.zh-CN.md", 3),
        ("README.md", 1),
        ("README.zh-CN.md", 1),
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let blocks = blocks(&text, "console");
        assert_eq!(blocks.len(), many, "{name}");
        for block in blocks {
            let (command, expect) = block.split_once('\n').unwrap();
            let args = command.strip_prefix("$ qiangdan ").unwrap();
            assert_eq!(run(args, ""), expect, "{name}: {command}");
        }
    }
}

#[test]
fn rows_of_the_documents_are_due_on_the_day_they_say() {
    for name in ["docs/limits.md", "docs/limits.zh-CN.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let tables = blocks(&text, "csv");
        assert_eq!(tables.len(), 1, "{name}");
        let out = run("due --hall examples/halls/permits.toml --rows -", &tables[0]);
        let rows = out.lines().skip(1).collect::<Vec<_>>();
        assert_eq!(rows.len(), 19, "{name}");
        for row in rows {
            let fields = row.split(',').collect::<Vec<_>>();
            let [_, limit, _, _, day, _, due, provisional] = fields[..] else { panic!("{row}") };
            let closes = if limit.is_empty() { "" } else { "T17:00:00+08:00" };
            assert_eq!((due, provisional), (format!("{day}{closes}").as_str(), "false"), "{row}");
        }
    }
}
