//! How much of a file a question reads. Of very many holders of a right those who are told are looked up and the others
//! counted, and a question about one person does not read all people: in rows, which no machine makes faster or slower.

use std::path::Path;

use serde_json::Value;

use super::made::Made;
use super::pager::on_a_terminal;
use super::program;

/// Rows whose messages were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reads {
    resources: u64,
    names: u64,
    entitlements: u64,
    grants: u64,
}

/// What a log says of it.
fn told(log: &Path) -> Reads {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = lines.filter(|line| line["msg"] == "Rows read.");
    let line = found.next().expect("readers say what they read");
    assert!(found.next().is_none(), "one file: {text}");
    let count = |field: &str| line[field].as_u64().unwrap();
    Reads {
        resources: count("resources"),
        names: count("names"),
        entitlements: count("entitlements"),
        grants: count("grants"),
    }
}

/// What a question reads whose answer goes to a pipe, and how many lines it has.
fn piped(question: &[&str], file: &Path) -> (Reads, usize) {
    let log = file.with_extension("log");
    let _ = std::fs::remove_file(&log);
    let output = program()
        .args(question)
        .args(["--log-level", "debug", "--log-format", "json", "--log-path"])
        .arg(&log)
        .arg("-f")
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (told(&log), String::from_utf8(output.stdout).unwrap().lines().count())
}

/// The same on a terminal.
fn shown(question: &str, file: &Path) -> (Reads, usize) {
    let log = file.with_extension("log");
    let _ = std::fs::remove_file(&log);
    let logged = format!(
        "--no-pager --log-level debug --log-format json --log-path {}",
        log.display()
    );
    let (code, screen) = on_a_terminal(&format!("{question} {logged}"), None, file);
    assert_eq!(code, Some(0), "{screen}");
    (told(&log), screen.lines().count())
}

/// One role that all of so many people hold, in a file of either form.
async fn star(people: usize, folder: &Path) -> [std::path::PathBuf; 2] {
    let mut made = Made::default().thing("role:star", "Star", "member");
    for number in 0..people {
        let name = format!("p{number:05}");
        made = made.user(&name).gives("role:star:member", &format!("user:{name}"));
    }
    let [v1, v3] = ["v1", "v3"].map(|form| folder.join(format!("{people}-{form}.c1z")));
    made.sync(&v1).await;
    let converted = program()
        .args(["convert", "--to", "v3"])
        .args([&v1, &v3])
        .output()
        .unwrap();
    assert!(
        converted.status.success(),
        "{}",
        String::from_utf8_lossy(&converted.stderr)
    );
    [v1, v3]
}

#[tokio::test]
async fn of_very_many_holders_those_who_are_told_are_looked_up_and_the_others_counted() {
    const PEOPLE: u64 = 2_000;
    let folder = tempfile::tempdir().unwrap();
    for file in star(2_000, folder.path()).await {
        let (all, lines) = piped(&["access", "--on", "role:star"], &file);
        let (few, shown) = shown("access --on role:star", &file);
        let what = format!("{}: {all:?}, {lines} lines; {few:?}, {shown} lines", file.display());
        assert!(lines > 2_000 && shown < 200, "{what}");
        // A hundred are told on a terminal: everybody else is not looked up.
        assert!(all.resources >= few.resources + PEOPLE - 150, "{what}");
        // Who holds it is read once, whoever is told.
        assert_eq!(few.grants, all.grants, "{what}");
        assert!((PEOPLE..PEOPLE + 100).contains(&few.grants), "{what}");
    }
}

#[tokio::test]
async fn a_question_about_one_person_reads_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let few = star(200, folder.path()).await;
    let many = star(2_000, folder.path()).await;
    for (few, many) in few.iter().zip(&many) {
        let [of_few, of_many] = [few, many].map(|file| piped(&["access", "user:p00007"], file).0);
        let what = format!("{}: {of_few:?} and {of_many:?}", many.display());
        assert_eq!(of_few.grants, of_many.grants, "{what}");
        assert_eq!(of_few.entitlements, of_many.entitlements, "{what}");
        assert_eq!(of_few.resources, of_many.resources, "{what}");
    }
}
