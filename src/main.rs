//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(baton_workato::cli::run(std::env::args_os(), leave))
}

/// Ends the process at once: the second Ctrl-C. What was written so far lies beside the file, not in it.
#[expect(clippy::exit, reason = "the one place that exits the process")]
fn leave(code: u8) {
    std::process::exit(i32::from(code))
}
