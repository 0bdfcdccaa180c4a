//! The built command, as a person or a script runs it.

use std::{fs, path::PathBuf};

use assert_cmd::Command;

/// An example hall.
pub(crate) fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/halls").join(name)
}

/// A folder of this test's own.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The county hall with one change, as `hall.toml` in a folder of the test's own.
pub(crate) fn changed(test: &str, old: &str, new: &str) -> PathBuf {
    let text = fs::read_to_string(example("county.toml")).unwrap();
    assert!(text.contains(old), "{old}");
    let path = folder(test).join("hall.toml");
    fs::write(&path, text.replacen(old, new, 1)).unwrap();
    path
}

/// The command, deaf to what the tester's own terminal likes.
pub(crate) fn qiangdan() -> Command {
    let mut command = Command::cargo_bin("qiangdan").unwrap();
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    command
}

/// Exit code, standard output, standard error.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}
