//! Names that nothing has as they were typed: without marks of letters, with a slip, or of several things. An answer is
//! never about another thing than the one that was named.

use std::path::Path;
use std::process::Output;

use baton_workato::report::find::{self, NameQuery};
use baton_workato::report::names::Names;

use super::made::Made;
use super::{open, program, refused};
use crate::support::place::Place;

/// People whose names differ in marks and in slips.
fn people() -> Made {
    Made::default()
        .account("1", "José García", Some("jg@acme.com"), None)
        .account("2", "Ada Lovelace", Some("ada@acme.com"), None)
        .account("3", "Zoe", Some("zoe.one@acme.com"), None)
        .account("4", "Zoë", Some("zoe.two@acme.com"), None)
        .account("5", "André Noël", Some("an@acme.com"), None)
        .account("6", "Andrea Bell", Some("ab@acme.com"), None)
        .thing("project:b", "Billing", "read")
        .thing("project:p", "Pagos México", "read")
        .gives("project:b:read", "user:1")
        .gives("project:b:read", "user:3")
        .gives("project:p:read", "user:2")
}

async fn file(place: &Place) -> std::path::PathBuf {
    let file = place.file();
    people().sync(&file).await;
    file
}

fn asked(args: &[&str], file: &Path) -> Output {
    program().args(args).arg("-f").arg(file).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn what_is_called_exactly_so_wins() {
    let place = Place::new();
    let file = file(&place).await;
    for (typed, id) in [("Zoe", "3"), ("Zoë", "4"), ("zoe.two@acme.com", "4"), ("ZOË", "4")] {
        let output = asked(&["access", typed, "-o", "json"], &file);
        assert_eq!(text(&output.stderr), "", "{typed}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["principal"]["id"]["resource"], id, "{typed}");
    }
}

#[tokio::test]
async fn a_name_without_its_marks_is_taken_where_it_is_the_only_one_and_told() {
    let place = Place::new();
    let file = file(&place).await;
    for (args, told, about) in [
        (
            &["access", "Jose Garcia"][..],
            "José García <jg@acme.com> (user:1)",
            "José García",
        ),
        (&["access", "jose"], "José García", "José García"),
        (
            &["access", "--on", "Pagos Mexico"],
            "Pagos México (project:p)",
            "Pagos México",
        ),
        (&["grants", "--principal", "Jose"], "José García", "José García"),
        (&["grants", "-r", "pagos mexico"], "Pagos México", "Pagos México"),
    ] {
        let output = asked(args, &file);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(&format!("this is about {told}")),
            "{args:?}"
        );
        assert!(text(&output.stdout).contains(about), "{args:?}");
    }
    // Andrea is one whose name begins so, André one who is called so without the mark.
    let (code, stderr) = refused(&["access", "Andre"], &file);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("user:5") && stderr.contains("user:6"), "{stderr}");
    // Of a part of a name `-r` wants nothing, and with a mark or without is no difference.
    let (code, stderr) = refused(&["grants", "-r", "mexico"], &file);
    assert_eq!(code, 5, "{stderr}");
}

#[tokio::test]
async fn a_slip_is_suggested_and_never_answered() {
    let place = Place::new();
    let file = file(&place).await;
    for (args, meant) in [
        (&["access", "--on", "Biling"][..], "did you mean Billing?"),
        (&["access", "Lovelcae"], "did you mean Ada Lovelace <ada@acme.com>?"),
        (&["access", "José Garcai"], "did you mean José García"),
        (&["access", "ada", "-r", "Bilingl"], "did you mean Billing?"),
        (&["grants", "-r", "Biling"], "did you mean Billing?"),
        (&["grants", "--principal", "ada@acme.con"], "did you mean"),
        (&["access", "ada", "-e", "reed"], "did you mean \"read\"?"),
        (&["grants", "-e", "project:b:raed"], "did you mean \"project:b:read\"?"),
        (&["access", "--on", "Biling", "-o", "json"], "did you mean Billing?"),
    ] {
        let output = asked(args, &file);
        assert_eq!(output.status.code(), Some(5), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert!(
            text(&output.stderr).contains(meant),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
    let (code, stderr) = refused(&["access", "Wolfgang"], &file);
    assert_eq!(code, 5);
    assert!(!stderr.contains("did you mean"), "{stderr}");
}

/// A rule of a policy names what it names: nobody is there to be told that something else was meant.
#[tokio::test]
async fn without_an_author_marks_count() {
    let place = Place::new();
    let snapshot = open(&file(&place).await);
    let names = Names::new(&snapshot);
    let error = find::resource(&names, &NameQuery::new("Pagos Mexico")).unwrap_err();
    assert_eq!(error.kind().exit_code(), 5);
    assert!(
        error.hint_text().unwrap().contains("did you mean Pagos México?"),
        "{error}"
    );
    assert!(find::resource(&names, &NameQuery::new("Pagos México")).is_ok());
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::io::{Read as _, Write as _};
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{Place, file};

    /// Exit code and screen of a command on a terminal; `answers` are typed when it asks for the first time.
    fn with_answers(args: &str, answers: &str, file: &Path) -> (Option<i32>, String) {
        let program = assert_cmd::cargo::cargo_bin("baton-workato");
        let command = format!("{} {args} -f {}", program.display(), file.display());
        let mut script = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut screen = Vec::new();
        let mut out = script.stdout.take().unwrap();
        let mut buffer = [0; 4096];
        let mut keys = script.stdin.take();
        loop {
            let read = out.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            screen.extend_from_slice(&buffer[..read]);
            if String::from_utf8_lossy(&screen).contains("nothing to leave: ")
                && let Some(mut keys) = keys.take()
            {
                keys.write_all(answers.as_bytes()).unwrap();
                keys.flush().unwrap();
                // What stands at the end of the keys ends the terminal: they stay open until the program is done.
                std::mem::forget(keys);
            }
        }
        (
            script.wait().unwrap().code(),
            String::from_utf8_lossy(&screen).into_owned(),
        )
    }

    #[tokio::test]
    async fn one_of_several_is_picked_by_its_number() {
        let place = Place::new();
        let file = file(&place).await;
        for (args, answers, about) in [
            ("access Andre", "2\n", "André Noël"),
            ("access Andre", "9\n1\n", "Andrea Bell"),
            ("access --on Biling", "1\n", "José García"),
            ("grants --principal Lovelcae", "1\n", "Pagos México"),
        ] {
            let (code, screen) = with_answers(args, answers, &file);
            assert_eq!(code, Some(0), "{args}: {screen}");
            let (_, answer) = screen.rsplit_once("nothing to leave: ").unwrap();
            assert!(answer.contains(about), "{args}: {screen}");
        }
    }

    #[tokio::test]
    async fn nothing_picked_is_no_answer() {
        let place = Place::new();
        let file = file(&place).await;
        for (args, answers, expected) in [
            ("access Andre", "\n", 3),
            ("access --on Biling", "\n", 5),
            ("access --on Biling", "\u{4}", 5),
            ("access --on Biling", "\u{3}", 130),
        ] {
            let (code, screen) = with_answers(args, answers, &file);
            assert_eq!(code, Some(expected), "{args} {answers:?}: {screen}");
            let (_, answer) = screen.rsplit_once("nothing to leave: ").unwrap();
            assert!(!answer.contains("José García"), "{screen}");
        }
    }
}
