//! Python with what the tests of tables and of object storage need from outside.

use std::path::Path;
use std::process::Command;

/// Where it lies: `.ci/run` makes it.
const PYTHON: &str = "target/lake-venv/bin/python";

/// A run of it.
pub fn python() -> Command {
    assert!(
        Path::new(PYTHON).exists(),
        "there is no {PYTHON}: make it by `.ci/lake-venv`, as .ci/run does"
    );
    let mut command = Command::new(PYTHON);
    command.env_clear();
    command
}
