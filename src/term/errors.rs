//! How an error looks: its code, what failed and why, the facts, what to do next, and where there is more.

use std::fmt::Write as _;

use super::color::Paint;
use super::sanitize;
use crate::baton::about::About;
use crate::baton::code::Code;
use crate::baton::error::Error;

/// The error of a program as lines of text, each ended. `more` is the command that explains its code.
pub fn render(about: &About, error: &Error, more: Option<&str>, paint: Paint) -> String {
    let message = error.to_string();
    let word = format!("error[{}]:", about.code(error.code_id()));
    let mut text = format!("{} {}\n", paint.red(word), sanitize::lines(&message));
    // Writing to a String cannot fail.
    if !error.facts().is_empty() {
        let facts: Vec<String> = error
            .facts()
            .iter()
            .map(|(name, value)| format!("{name}: {}", sanitize::line(value)))
            .collect();
        let _ = writeln!(text, "{}", paint.dim(format!("  {}", facts.join(" · "))));
    }
    if let Some(hint) = error.hint_text() {
        let _ = writeln!(text, "{} {}", paint.cyan("hint:"), sanitize::lines(hint));
    }
    if let Some(command) = more {
        let _ = writeln!(text, "{}", paint.dim(format!("more: {command}")));
    }
    text
}

/// A warning of a program and what to do, as lines of text.
pub fn warning(about: &About, code: Code, message: &str, hint: &str, paint: Paint) -> String {
    let word = paint.yellow(format!("warning[{}]:", about.code(code)));
    let hint = format!("{} {}", paint.cyan("hint:"), sanitize::line(hint));
    format!("{word} {}\n{hint}\n", sanitize::line(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::about::EXAMPLE;
    use crate::baton::error::Kind;

    #[test]
    fn an_error_shows_message_facts_and_hint() {
        let error = Error::new(Kind::Unauthenticated, "the token was refused")
            .context("validate")
            .fact("status", "401")
            .fact("correlation id", "c-1\u{1b}[2J")
            .hint("check --workato-data-center");
        assert_eq!(
            render(&EXAMPLE, &error, Some("explain RO-0016"), Paint::OFF),
            "error[RO-0016]: failed to validate: the token was refused\n  \
             status: 401 · correlation id: c-1\\u{1b}[2J\n\
             hint: check --workato-data-center\n\
             more: explain RO-0016\n"
        );
        assert!(render(&EXAMPLE, &error, None, Paint::ON).contains("\u{1b}["));
    }
}
