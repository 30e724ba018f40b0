//! Output to a file or a pipe is whole: every row is one line, nothing is cut or broken, whatever `COLUMNS` says.

use std::path::Path;

use serde_json::Value;

use super::hostile::hostile_file;
use super::made::Made;
use super::program;

/// What a command prints into a pipe, and whether the shell claims a narrow or a wide screen makes no difference.
fn piped(args: &[&str], file: Option<&Path>) -> String {
    let run = |columns: Option<&str>| {
        let mut command = program();
        command.args(args);
        if let Some(file) = file {
            command.arg("-f").arg(file);
        }
        if let Some(columns) = columns {
            command.env("COLUMNS", columns).env("LINES", "5").env("TERM", "xterm");
        }
        let output = command.output().unwrap();
        assert!(
            output.status.code().is_some_and(|code| [0, 9].contains(&code)),
            "{args:?}"
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(None);
    for columns in ["1", "40", "80", "1000"] {
        assert_eq!(run(Some(columns)), text, "{args:?} with COLUMNS={columns}");
    }
    text
}

#[test]
fn no_row_is_cut_or_broken() {
    let place = hostile_file();
    let long = "x".repeat(10_000);
    for args in [
        &["resources"] as &[&str],
        &["entitlements"],
        &["grants"],
        &["principals"],
        &["access", "山田 太郎 🙂"],
        &["access", "山田 太郎 🙂", "--all"],
        &["access", "--on", "role:山田 太郎 🙂"],
        &["access", "--fail-if", "direct"],
        &["access", "--on", "role:山田 太郎 🙂", "-o", "csv"],
    ] {
        let text = piped(args, Some(&place.file));
        assert!(
            text.lines().any(|line| line.contains(&long)),
            "{args:?}: a long name is whole"
        );
        assert!(!text.contains('…'), "{args:?}");
    }
    for args in [&["syncs"] as &[&str], &["stats"], &["verify"], &["resource-types"]] {
        assert!(!piped(args, Some(&place.file)).contains('…'), "{args:?}");
    }
}

#[tokio::test]
async fn no_list_of_people_or_changes_ends_early() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let base = Made::default()
        .thing("group:ops", "Ops", "member")
        .thing("role:admin", "Admin", "member");
    base.sync(&file).await;
    let mut made = base;
    let names: Vec<String> = (0..130).map(|n| format!("person{n:03}")).collect();
    for name in &names {
        made = made.user(name).gives("group:ops:member", &format!("user:{name}"));
    }
    for n in 0..30 {
        made = made
            .thing(&format!("project:p{n}"), &format!("Project number {n}"), "read")
            .gives(&format!("project:p{n}:read"), "user:person000");
    }
    made.sync(&file).await;
    let text = piped(&["access", "--on", "Ops"], Some(&file));
    for name in &names {
        let address = format!("<{name}@acme.com>");
        assert_eq!(text.matches(&address).count(), 1, "{name}");
    }
    assert!(!text.contains("more: --all"), "{text}");
    let text = piped(&["diff"], Some(&file));
    for name in &names {
        assert!(text.contains(&format!("<{name}@acme.com> joined")), "{name}");
    }
    for n in 0..30 {
        assert!(
            text.contains(&format!("gained read of Project number {n}\n")),
            "{n}: {text}"
        );
        assert!(text.contains(&format!("+ Project number {n} added\n")), "{n}");
    }
}

#[test]
fn a_page_of_explain_has_a_line_for_every_paragraph() {
    for code in ["BW-1001", "BW-0901", "BW-1303"] {
        let text = piped(&["explain", code], None);
        let page: Value = serde_json::from_str(&piped(&["explain", code, "-o", "json"], None)).unwrap();
        let page = page["page"].as_str().unwrap();
        let mut paragraphs: Vec<String> = Vec::new();
        let mut is_code = false;
        for block in page.split("\n\n") {
            for line in block.lines() {
                is_code ^= line.starts_with("```");
                let starts = line.starts_with("- ") || line.starts_with('#') || line.starts_with("```") || is_code;
                match paragraphs.last_mut() {
                    Some(last) if !starts && !last.is_empty() && !last.starts_with(['#', '`']) => {
                        last.push(' ');
                        last.push_str(line.trim());
                    }
                    _ => paragraphs.push(line.trim().to_owned()),
                }
            }
            paragraphs.push(String::new());
        }
        for paragraph in paragraphs.iter().filter(|p| !p.is_empty() && !p.starts_with("```")) {
            let told = paragraph.trim_start_matches(['#', ' ']);
            assert!(text.lines().any(|line| line.contains(told)), "{code}: {told}\n{text}");
        }
        assert!(
            text.lines().any(|line| line.len() > 100),
            "{code}: no paragraph was broken"
        );
    }
}
