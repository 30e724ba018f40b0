//! A whole review: handed out, decided in the files of reviewers, carried out, told.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use baton_workato::simulator::{Behavior, Env, Fault, Hits, Workspace, is_no_access};
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use super::program::{Ended, Program};
use crate::support::program::program;

/// A review of a simulated workspace.
struct Review {
    program: Program,
}

impl Review {
    async fn started() -> Review {
        let review = Review {
            program: Program::synced().await,
        };
        let ended = review.run(&["start", "--out", "q4"]).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_eq!(review.program.simulator.requests().len(), 0, "nothing is asked");
        review
    }

    async fn run(&self, words: &[&str]) -> Ended {
        self.program.run(&[&["review"], words].concat()).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.program.folder.path().join("q4").join(name)
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("review.json")).unwrap()).unwrap()
    }

    /// The row that `wanted` picks first: the name of its CSV, its id, the bare id of the person.
    fn find(&self, wanted: impl Fn(&Value) -> bool) -> (String, String, String) {
        let manifest = self.manifest();
        for packet in manifest["packets"].as_array().unwrap() {
            if let Some(row) = packet["rows"].as_array().unwrap().iter().find(|row| wanted(row)) {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                return (
                    text(&packet["csv"]["name"]),
                    text(&row["id"]),
                    text(&row["right"]["principal"]),
                );
            }
        }
        panic!("no such row")
    }

    /// A role in PROD that somebody was given.
    fn role(&self) -> (String, String, String) {
        self.find(|row| {
            let right = row["right"]["entitlement"].as_str().unwrap();
            row["removal"]["can"] == "revoke" && right.starts_with("environment_role:") && row["cells"][1] == "prod"
        })
    }

    /// Types words under Decision into a CSV, as whoever opens it in an editor.
    fn decide(&self, csv: &str, decisions: &[(&str, &str)]) {
        let text = std::fs::read_to_string(self.path(csv)).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in reader.records() {
            let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
            if let Some((_, word)) = decisions.iter().find(|(id, _)| *id == cells[1]) {
                cells[13] = (*word).to_owned();
            }
            writer.write_record(cells).unwrap();
        }
        std::fs::write(self.path(csv), writer.into_inner().unwrap()).unwrap();
    }

    fn holds(&self, person: &str) -> bool {
        holds(&self.program.simulator.workspace(), person)
    }

    fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("review.journal.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn events(&self) -> Vec<String> {
        self.journal()
            .iter()
            .map(|line| line["event"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Whether somebody has a role in PROD.
fn holds(workspace: &Workspace, person: &str) -> bool {
    let person = workspace.people.iter().find(|p| p.id.to_string() == person).unwrap();
    person
        .roles
        .iter()
        .any(|r| r.env == Env::Prod && !is_no_access(&r.role))
}

#[tokio::test(flavor = "multi_thread")]
async fn from_workbooks_to_evidence() {
    let review = Review::started().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(review.path("")), mode(review.path("review.json"))),
            (0o700, 0o600)
        );
    }
    let ended = review.run(&["start", "--out", "q4"]).await;
    assert_eq!(ended.code, 2, "the folder is taken: {ended:?}");
    assert!(ended.err.contains("BW-0615"), "{ended:?}");

    let (csv, role, person) = review.role();
    // The cover of the workbook says what it was made of.
    let mut book: Xlsx<_> = open_workbook(review.path(&csv.replace(".csv", ".xlsx"))).unwrap();
    let cover = book.worksheet_range("Cover").unwrap();
    let cover: Vec<String> = cover.rows().map(|row| format!("{}={}", row[0], row[1])).collect();
    let manifest = review.manifest();
    let sum = manifest["file"]["sha256"].as_str().unwrap();
    assert!(cover.contains(&format!("SHA-256 of the file={sum}")), "{cover:?}");
    let sheet = book.worksheet_range("Review").unwrap();
    assert_eq!(sheet.get((0, 13)), Some(&Data::String("Decision".to_owned())));

    let (other, inherited, _) = review.find(|row| row["removal"]["can"] == "not");
    review.decide(&csv, &[(&role, "revoke"), (&inherited, "revoke")]);
    if other != csv {
        review.decide(&other, &[(&inherited, "revoke")]);
    }
    let status = review.run(&["status", "q4", "-o", "json"]).await;
    let told: Value = serde_json::from_str(&status.out).unwrap();
    let decided: u64 = told["packets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["revoke"].as_u64().unwrap())
        .sum();
    assert_eq!((status.code, decided), (0, 2), "{status:?}");

    let before = review.program.simulator.workspace();
    let dry = review.run(&["apply", "q4", "--dry-run"]).await;
    assert_eq!((dry.code, review.program.changes()), (0, 0), "{dry:?}");
    assert!(
        dry.out.starts_with("PUT ") && dry.err.contains("cannot be revoked here because"),
        "{dry:?}"
    );
    assert_eq!(review.program.simulator.workspace(), before);
    assert!(review.events().is_empty(), "a rehearsal leaves nothing");
    let alone = review.run(&["apply", "q4"]).await;
    assert_eq!(
        (alone.code, review.program.changes()),
        (2, 0),
        "nobody to ask: {alone:?}"
    );

    assert!(review.holds(&person));
    let applied = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!((applied.code, review.program.changes()), (9, 1), "{applied:?}");
    assert!(
        applied.err.contains("BW-0618") && applied.err.contains("1 revoked"),
        "{applied:?}"
    );
    assert!(!review.holds(&person));
    assert_eq!(review.events(), ["begun", "done"]);

    // The same decision once more changes nothing, even where somebody gave the role back.
    let give_back = before.people.clone();
    review
        .program
        .simulator
        .change(|workspace| workspace.people = give_back);
    let again = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!((again.code, review.program.changes()), (9, 1), "{again:?}");
    assert!(
        again.err.contains("1 carried out before") && review.holds(&person),
        "{again:?}"
    );

    let ended = review.run(&["evidence", "q4", "-o", "json"]).await;
    let evidence: Value = serde_json::from_str(&ended.out).unwrap();
    let rows = evidence["rows"].as_array().unwrap();
    let outcome = |id: &str| &rows.iter().find(|row| row["row"] == id).unwrap()["outcome"];
    assert_eq!(
        (outcome(&role), outcome(&inherited)),
        (&"revoked".into(), &"cannot".into())
    );
    let counts = &evidence["counts"];
    assert_eq!(counts["undecided"].as_u64().unwrap() + 2, rows.len() as u64);
    assert!(
        std::fs::read_to_string(review.path("evidence.html"))
            .unwrap()
            .contains(&role)
    );

    // The next review asks about everything that was not kept.
    let next = review
        .run(&["start", "--out", "q5", "--changed-since", "last", "-o", "json"])
        .await;
    let next: Value = serde_json::from_str(&next.out).unwrap();
    assert_eq!(
        (&next["settled"], &next["since"]["kind"]),
        (&0.into(), &"review".into()),
        "{next}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_changes_nothing() {
    let review = Review::started().await;
    let (csv, role, person) = review.role();
    let handed = std::fs::read(review.path(&csv)).unwrap();
    review.decide(&csv, &[(&role, "remove")]);
    let refused = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.err.contains("BW-0616") && refused.err.contains("\"remove\" is no decision"),
        "{refused:?}"
    );
    assert_eq!(review.program.simulator.requests().len(), 0, "not even a look");

    // A workbook of another review.
    let other = review.run(&["start", "--out", "other"]).await;
    assert_eq!(other.code, 0, "{other:?}");
    std::fs::copy(review.path("").join("../other").join(&csv), review.path(&csv)).unwrap();
    let refused = review.run(&["status", "q4"]).await;
    assert!(
        refused.code == 3 && refused.err.contains("it belongs to review"),
        "{refused:?}"
    );

    // A newer sync beside that of the review does no harm, another file does.
    std::fs::write(review.path(&csv), handed).unwrap();
    review.decide(&csv, &[(&role, "revoke")]);
    let file = review.program.file();
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(review.program.sync().await.code, 0);
    let stale = review.run(&["apply", "q4", "--yes"]).await;
    assert!(stale.err.contains("BW-0617"), "{stale:?}");
    assert_eq!((stale.code, review.program.changes()), (2, 0), "{stale:?}");
    std::fs::write(&file, kept).unwrap();
    assert_eq!(review.program.sync().await.code, 0);

    // In another workspace nothing of the review is there. That is not "gone".
    let own = review.program.simulator.workspace();
    review.program.simulator.change(|workspace| {
        workspace.people.iter_mut().for_each(|person| person.id += 1_000_000);
    });
    let elsewhere = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!((elsewhere.code, review.program.changes()), (2, 0), "{elsewhere:?}");
    assert!(
        elsewhere.err.contains("BW-0617") && review.events().is_empty(),
        "{elsewhere:?}"
    );
    // Nor is somebody else who has the id.
    let mut other = own.clone();
    let found = other.people.iter_mut().find(|p| p.id.to_string() == person).unwrap();
    found.name = Some("Somebody Else".to_owned());
    review.program.simulator.change(|workspace| *workspace = other);
    let another = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!((another.code, review.program.changes()), (9, 0), "{another:?}");
    assert!(
        another.err.contains("Somebody Else") && review.events() == ["failed"],
        "{another:?}"
    );
    review.program.simulator.change(|workspace| *workspace = own);

    // Somebody was faster: what is to go is gone, and nothing is sent.
    let mut gone = review.program.simulator.workspace();
    let found = gone.people.iter_mut().find(|p| p.id.to_string() == person).unwrap();
    found.roles.retain(|r| r.env != Env::Prod);
    review.program.simulator.change(|workspace| *workspace = gone);
    let applied = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!((applied.code, review.program.changes()), (0, 0), "{applied:?}");
    assert_eq!(review.events(), ["failed", "gone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_gone_on_with() {
    let review = Review::started().await;
    let (csv, role, person) = review.role();
    review.decide(&csv, &[(&role, "revoke")]);
    // The write is carried out, and its answer never comes.
    let silent = Fault::Answer(Box::new(Fault::Stall(Duration::from_secs(3_600))));
    let simulator = &review.program.simulator;
    simulator.behave(Behavior::default().script("PUT /api/members/*", Hits::Every, silent));
    let mut running = program()
        .current_dir(review.program.folder.path())
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .env("BATON_WORKATO_TEST_API_KEY", simulator.token(Env::Test))
        .env("BATON_WORKATO_PROD_API_KEY", simulator.token(Env::Prod))
        .env("BATON_WORKATO_BASE_URL", simulator.base_url())
        .env("BATON_TMPDIR", review.program.folder.path())
        .args(["review", "apply", "q4", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while review.holds(&person) {
        assert!(running.try_wait().unwrap().is_none(), "it ended before its write");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let busy = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!(busy.code, 14, "{busy:?}");
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(review.events(), ["begun"]);

    simulator.behave(Behavior::default());
    simulator.forget_requests();
    let applied = review.run(&["apply", "q4", "--yes"]).await;
    assert_eq!(
        (applied.code, review.program.changes()),
        (0, 0),
        "nothing is sent again: {applied:?}"
    );
    assert_eq!(review.events(), ["begun", "done"]);
    assert!(!review.holds(&person));
}
