//! Texts that other people typed: shown in a terminal, compared as names.
#![no_main]

use baton_workato::term::sanitize;
use baton_workato::workato::names::folded;
use baton_workato::workato::role_assignments::is_no_access;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let line = sanitize::line(text);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    assert_eq!(sanitize::line(&line), line, "what is safe stays as it is");
    let lines = sanitize::lines(text);
    assert!(!lines.chars().any(|c| c.is_control() && c != '\n'), "{lines:?}");
    assert_eq!(lines.matches('\n').count(), text.matches('\n').count());
    for c in ['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{ad}', '\u{2028}'] {
        assert!(!line.contains(c) && !lines.contains(c), "{c:?} shows");
    }

    let name = folded(text);
    assert_eq!(folded(&text.to_ascii_uppercase()), name, "case does not count");
    assert_eq!(folded(&format!(" {}-_.", text.replace(' ', ""))), name, "spaces and punctuation do not count");
    assert_eq!(is_no_access(text), name == "noaccess");
});
