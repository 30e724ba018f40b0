//! Shells: words as they take them, for commands that people copy, and commands that people wrote for them.

use std::process::Command;

use super::visible::escape;

/// A command line as its shell runs it: `cmd` on Windows, `sh` elsewhere.
pub fn command(line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([flag, line]);
    command
}

/// A word that a shell reads as one: as it is where that is safe, else quoted.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        single(text)
    }
}

/// A word in quotes, double ones where nothing in it means anything to a shell.
pub fn quoted(text: &str) -> String {
    if text.contains(['"', '$', '`', '\\', '!']) {
        single(text)
    } else {
        format!("\"{}\"", line(text))
    }
}

fn single(text: &str) -> String {
    format!("'{}'", line(text).replace('\'', r"'\''"))
}

fn line(text: &str) -> std::borrow::Cow<'_, str> {
    escape(text, |_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(word("out/sync.c1z"), "out/sync.c1z");
        assert_eq!(word("my file's.c1z"), r"'my file'\''s.c1z'");
        assert_eq!(word(""), "''");
        assert_eq!(quoted("Zoë O'Hara"), "\"Zoë O'Hara\"");
        assert_eq!(quoted("$(rm -rf ~)"), "'$(rm -rf ~)'");
        assert_eq!(quoted("a`b'c"), r"'a`b'\''c'");
    }
}
