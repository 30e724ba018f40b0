//! What somebody means who calls a command by another word than it has.

use super::program::NAME;

/// Words that people try, and the command line that does what they want, with what it does.
const SYNONYMS: &[(&[&str], &str, &str)] = &[
    (
        &["report", "html", "dashboard"],
        "export --format html",
        "writes a report; `explore` shows one",
    ),
    (
        &["browse", "browser", "ui", "web", "open", "view"],
        "explore",
        "opens the file in a browser",
    ),
    (
        &["who", "whoami", "search", "find", "query", "show", "why"],
        "access",
        "answers who reaches what, and why",
    ),
    (
        &["list", "ls", "objects", "inventory"],
        "resources",
        "lists what is in a file",
    ),
    (
        &["users", "people", "members", "accounts", "collaborators"],
        "principals",
        "lists who holds something",
    ),
    (&["permissions", "rights"], "entitlements", "lists what can be held"),
    (&["assignments", "memberships"], "grants", "lists who holds what"),
    (
        &["compare", "changes", "delta"],
        "diff",
        "tells what changed between two syncs",
    ),
    (
        &["check", "test", "ping", "diagnose", "status", "validate-token"],
        "doctor",
        "tries what a token may read",
    ),
    (
        &["audit", "log", "logs", "activity", "tail", "watch"],
        "events",
        "tells what happened in a workspace",
    ),
    (&["validate", "fsck", "lint"], "verify", "checks a file"),
    (&["history", "runs", "versions"], "syncs", "lists the syncs of a file"),
    (&["remove", "deny", "unassign"], "revoke", "takes a right away"),
    (&["add", "assign", "give"], "grant", "gives a right"),
    (
        &["attest", "certify", "recertify", "campaign", "uar"],
        "review",
        "hands out workbooks, and carries out what reviewers decide",
    ),
    (
        &["csv", "xlsx", "excel", "json", "dump"],
        "export",
        "writes a file in other forms",
    ),
    (&["counts", "summary", "count"], "stats", "counts what is in a file"),
    (
        &["crawl", "fetch", "pull", "collect", "run", "scan", "import"],
        "sync",
        "reads a workspace into a file",
    ),
    (&["init", "settings", "setup"], "config", "shows the settings"),
    (&["migrate", "upgrade"], "convert", "writes a file in the other form"),
    (
        &["k8s", "kubernetes", "systemd", "compose", "deploy"],
        "manifests",
        "prints what runs it every night",
    ),
];

/// A hint for a word that is no command, where it is known what is meant.
pub(super) fn of(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let known = SYNONYMS.iter().find(|(words, ..)| words.contains(&word.as_str()));
    known.map(|(_, command, does)| format!("`{NAME} {command}` {does}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::config::args::Purpose;
    use crate::cli::command;

    #[test]
    fn every_word_leads_to_a_command_and_is_none_itself() {
        let root = command::build(Purpose::Parse);
        let is_command = |name: &str| root.find_subcommand(name).is_some();
        for (words, line, _) in SYNONYMS {
            let command = line.split(' ').next().unwrap_or_default();
            assert!(is_command(command), "{line}");
            for word in *words {
                assert!(!is_command(word), "{word}");
                assert!(
                    of(&word.to_uppercase()).is_some_and(|hint| hint.contains(line)),
                    "{word}"
                );
            }
        }
        assert_eq!(of("demos"), None);
    }
}
