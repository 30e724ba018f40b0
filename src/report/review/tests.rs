//! A review without a sync: what was handed out, and what comes back.

use std::path::{Path, PathBuf};

use super::columns::{COLUMNS, DECISION, Decision, NOTE, REVIEW, ROW};
use super::evidence::{Evidence, Outcome};
use super::folder::{self, Lock};
use super::handed::Desk;
use super::journal::{Basis, Event, Journal, Told};
use super::manifest::{AskedFile, AskedRight, AskedSync, FORMAT, Manifest, Mark, Removal, Row, Since};
use super::plan::plan;
use super::reviewer::By;
use super::standing::{self, State};
use super::{book, sheet};
use crate::baton::error::Kind;

const ID: &str = "2review";

fn row(id: &str, who: &str, removal: Removal) -> Row {
    let cells = [
        id,
        "prod",
        who,
        "ada@example.org",
        "Project Billing: admin",
        "way",
        "direct",
        "seen",
        "high",
    ];
    let cells = cells.iter().map(|cell| (*cell).to_owned());
    Row {
        id: id.to_owned(),
        mark: Mark {
            way: "w".to_owned(),
            found: "f".to_owned(),
            said: Some("s".to_owned()),
        },
        cells: cells.chain(["a finding", "new", "yes"].map(str::to_owned)).collect(),
        right: AskedRight {
            entitlement: "project:9:admin".to_owned(),
            called: "Admin".to_owned(),
            principal_type: "collaborator".to_owned(),
            principal: "1".to_owned(),
            who: who.to_owned(),
            grant: format!("grant-{id}"),
        },
        removal,
    }
}

fn revocable(id: &str, who: &str) -> Row {
    row(id, who, Removal::Revoke { rest: None })
}

fn inherited(id: &str, who: &str) -> Row {
    let (because, instead) = ("it follows from a group".to_owned(), "leave the group".to_owned());
    row(id, who, Removal::Not { because, instead })
}

/// A review of one reviewer with these rows.
struct Review {
    place: tempfile::TempDir,
    rows: Vec<Row>,
}

impl Review {
    fn of(rows: Vec<Row>) -> Review {
        let place = tempfile::tempdir().unwrap();
        let mut desk = Desk {
            folder: place.path(),
            review: ID,
            names: Vec::new(),
        };
        let cover = [
            ("Access review".to_owned(), "Billing".to_owned()),
            (super::columns::REVIEWED_BY.to_owned(), String::new()),
        ];
        let packet = desk.hand_out("Billing (prod)", &cover, rows.clone()).unwrap();
        let manifest = Manifest {
            format: FORMAT,
            id: ID.to_owned(),
            version: "1".to_owned(),
            started_at: "2026-11-29T05:00:00Z".to_owned(),
            by: By::Project,
            file: AskedFile {
                path: "sync.c1z".to_owned(),
                sha256: "00".to_owned(),
            },
            sync: AskedSync {
                id: "1sync".to_owned(),
                ended_at: String::new(),
                environments: Vec::new(),
            },
            since: Since::Nothing,
            changed_only: false,
            unknown: vec!["whether <b>anything</b> was left out".to_owned()],
            notes: Vec::new(),
            packets: vec![packet],
            settled: Default::default(),
        };
        let text = serde_json::to_vec(&manifest).unwrap();
        folder::write_new(place.path(), folder::MANIFEST, &text).unwrap();
        Review { place, rows }
    }

    fn two() -> Review {
        Review::of(vec![revocable("R1", "Ada"), revocable("R2", "Bo")])
    }

    fn path(&self) -> &Path {
        self.place.path()
    }

    fn csv(&self) -> PathBuf {
        self.path().join("billing-prod.csv")
    }

    fn xlsx(&self) -> PathBuf {
        self.path().join("billing-prod.xlsx")
    }

    /// The cells of the sheet, with the decisions of these words.
    fn cells(&self, words: &[&str]) -> Vec<Vec<String>> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(at, row)| {
            let mut cells = row.said(at + 1);
            cells.extend([words.get(at).unwrap_or(&"").to_string(), String::new(), ID.to_owned()]);
            cells
        })
        .collect()
    }

    fn decide_in_csv(&self, words: &[&str]) {
        std::fs::write(self.csv(), sheet::write(&self.cells(words)).unwrap()).unwrap();
    }

    fn decide_in_workbook(&self, words: &[&str]) {
        std::fs::write(self.xlsx(), book::write(&[], &self.cells(words)).unwrap()).unwrap();
    }

    /// What does not fit, joined.
    fn problems(&self) -> String {
        let standing = standing::read(self.path()).unwrap();
        let told: Vec<String> = standing.problems.iter().map(ToString::to_string).collect();
        assert_eq!(standing.check().is_err(), !told.is_empty());
        assert!(
            told.is_empty() || standing.packets[0].answers.is_empty(),
            "nothing of it is decided"
        );
        told.join("\n")
    }
}

#[test]
fn names_that_look_like_formulas_are_names_in_both_files() {
    let hostile = [
        "=cmd|'/C calc'!A0",
        "+1",
        "-2+3",
        "@sum",
        "'quoted",
        "'=both",
        "_x000D_",
        "a\u{202e}b\nc",
        "\"x\",;y",
        " blank ",
    ];
    let rows = (0..).zip(hostile).map(|(n, who)| {
        let mut row = revocable(&format!("R{n}"), who);
        row.cells = row
            .cells
            .iter()
            .map(|cell| crate::baton::visible::escape(cell, |_| false).into_owned())
            .collect();
        row
    });
    let rows: Vec<Row> = rows.collect();
    // Handing out reads back what it wrote.
    let review = Review::of(rows);
    assert_eq!(review.problems(), "");
    let text = std::fs::read_to_string(review.csv()).unwrap();
    assert!(text.starts_with('\u{feff}'), "spreadsheets know that it is UTF-8");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
    let table = book::read(&std::fs::read(review.xlsx()).unwrap()).unwrap();
    assert_eq!((table.rows.len(), table.formulas), (hostile.len(), Vec::new()));
}

#[test]
fn decisions_are_read_from_either_file() {
    let review = Review::two();
    let standing = standing::read(review.path()).unwrap();
    let packet = &standing.packets[0];
    assert_eq!(
        (packet.undecided, packet.files[0].state, packet.files[1].state),
        (2, State::Untouched, State::Untouched)
    );
    for decide in [Review::decide_in_csv, Review::decide_in_workbook] {
        let review = Review::two();
        decide(&review, &[" Revoke ", "keep"]);
        let standing = standing::read(review.path()).unwrap();
        assert_eq!(standing.problems, []);
        let decisions: Vec<Option<Decision>> = standing.answered().map(|(.., answer)| answer.decision).collect();
        assert_eq!(decisions, [Some(Decision::Revoke), Some(Decision::Keep)]);
    }
}

#[test]
fn a_csv_that_a_spreadsheet_saved_is_read() {
    let review = Review::two();
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS.map(|column| column.title)).unwrap();
    for cells in review.cells(&["ask", "keep"]) {
        writer.write_record(cells).unwrap();
    }
    std::fs::write(review.csv(), writer.into_inner().unwrap()).unwrap();
    let standing = standing::read(review.path()).unwrap();
    assert_eq!(
        (
            standing.problems.len(),
            standing.packets[0].ask,
            standing.packets[0].keep
        ),
        (0, 1, 1)
    );
}

#[test]
fn whatever_else_was_changed_is_refused_by_its_place() {
    type Change = fn(&mut Vec<Vec<String>>);
    let cases: [(Change, &str); 7] = [
        (
            |rows| rows[0][DECISION] = "maybe".to_owned(),
            "row 2, column \"Decision\": \"maybe\" is no decision",
        ),
        (
            |rows| rows[1][5] = "Project Payroll: admin".to_owned(),
            "row 3, column \"Access\": it says",
        ),
        (|rows| rows.swap(0, 1), "row 2, column \"Row\": row R2 was moved"),
        (
            |rows| rows.push(rows[0].clone()),
            "row 4: row R1 stands here a second time",
        ),
        (
            |rows| drop(rows.pop()),
            "row R2 (Bo: Project Billing: admin) is missing",
        ),
        (
            |rows| rows[0][ROW] = "R9".to_owned(),
            "row 2, column \"Row\": \"R9\" was not handed out",
        ),
        (
            |rows| rows[1][REVIEW] = "1other".to_owned(),
            "row 3, column \"Review\": it belongs to review \"1other\"",
        ),
    ];
    for (change, told) in cases {
        let review = Review::two();
        let mut cells = review.cells(&["revoke", "revoke"]);
        change(&mut cells);
        // A row that was moved has the number of its place.
        for (at, row) in cells.iter_mut().enumerate() {
            row[0] = (at + 1).to_string();
        }
        std::fs::write(review.csv(), sheet::write(&cells).unwrap()).unwrap();
        assert!(review.problems().contains(told), "{told}: {}", review.problems());
        let review = Review::two();
        std::fs::write(review.xlsx(), book::write(&[], &cells).unwrap()).unwrap();
        assert!(review.problems().contains(told), "{told}: {}", review.problems());
    }
}

#[test]
fn files_that_are_gone_renamed_or_disagree_are_refused() {
    let review = Review::two();
    review.decide_in_csv(&["revoke", "keep"]);
    review.decide_in_workbook(&["revoke", "revoke"]);
    let told = review.problems();
    assert!(
        told.contains("row R2 (Bo: Project Billing: admin) is answered \"revoke\", and \"keep\" in billing-prod.csv"),
        "{told}"
    );
    review.decide_in_workbook(&["revoke", "keep"]);
    assert_eq!(review.problems(), "", "equal answers are one answer");
    std::fs::remove_file(review.xlsx()).unwrap();
    assert_eq!(review.problems(), "", "one of the two is enough");
    std::fs::rename(review.csv(), review.path().join("done.csv")).unwrap();
    let told = review.problems();
    assert!(
        told.contains("done.csv: it was not handed out") && told.contains("put one of them back"),
        "{told}"
    );
}

#[test]
fn a_formula_is_no_decision_and_garbage_is_no_workbook() {
    let review = Review::two();
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("Cover").unwrap();
    let page = book.add_worksheet().set_name("Review").unwrap();
    for (n, column) in (0u16..).zip(COLUMNS) {
        page.write_string(0, n, column.title).unwrap();
    }
    for (r, cells) in (1u32..).zip(review.cells(&["revoke", "revoke"])) {
        for (n, cell) in (0u16..).zip(&cells) {
            page.write_string(r, n, cell).unwrap();
        }
    }
    page.write_formula(
        1,
        13,
        rust_xlsxwriter::Formula::new("=\"rev\"&\"oke\"").set_result("revoke"),
    )
    .unwrap();
    book.save(review.xlsx()).unwrap();
    let told = review.problems();
    assert!(
        told.contains("row 2, column \"Decision\": there is a formula in it"),
        "{told}"
    );
    for bytes in [&b"PK\x03\x04 no zip"[..], b"", &[0xff; 4096]] {
        std::fs::write(review.xlsx(), bytes).unwrap();
        assert!(review.problems().contains("billing-prod.xlsx"), "{bytes:?}");
    }
    let mut renamed = rust_xlsxwriter::Workbook::new();
    renamed.add_worksheet().set_name("Sheet1").unwrap();
    renamed.save(review.xlsx()).unwrap();
    assert!(
        review.problems().contains("there is no sheet \"Review\""),
        "{}",
        review.problems()
    );
}

#[test]
fn what_is_done_is_never_planned_again() {
    let rows = vec![
        revocable("R1", "Ada"),
        revocable("R2", "Bo"),
        inherited("R3", "Cy"),
        revocable("R4", "Di"),
        revocable("R5", "Ed"),
        revocable("R6", "Fi"),
    ];
    let review = Review::of(rows);
    review.decide_in_csv(&["revoke", "revoke", "revoke", "keep", "", "ask"]);
    let mut journal = Journal::open(review.path(), ID).unwrap();
    let mut write = |row: &str, event| journal.write(row, event, String::new(), Basis::default()).unwrap();
    write("R1", Event::Begun);
    write("R1", Event::Done);
    // Somebody may have given it back since: this decision is carried out.
    write("R1", Event::Failed);
    write("R2", Event::Begun);
    write("R4", Event::Gone);
    let standing = standing::read(review.path()).unwrap();
    let plan = plan(&standing, &Told::read(review.path(), ID).unwrap().entries);
    let steps: Vec<(&str, bool)> = plan
        .steps
        .iter()
        .map(|step| (step.row.id.as_str(), step.is_begun))
        .collect();
    assert_eq!(steps, [("R2", true)]);
    assert_eq!(plan.steps[0].by.file, "billing-prod.csv");
    let told: Vec<&str> = plan.told.iter().map(|refusal| refusal.row.id.as_str()).collect();
    let reversed: Vec<&str> = plan.reversed.iter().map(|row| row.id.as_str()).collect();
    assert_eq!((told, reversed), (vec!["R3"], vec!["R4"]));
    assert_eq!((plan.finished, plan.ask, plan.undecided), (1, 1, 1));
}

#[test]
fn a_journal_survives_a_crash_and_no_other_damage() {
    let review = Review::two();
    let path = review.path().join(folder::JOURNAL);
    let mut journal = Journal::open(review.path(), ID).unwrap();
    journal
        .write("R1", Event::Begun, "Ada".to_owned(), Basis::default())
        .unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in [1, whole.len() / 2] {
        let torn = [&whole[..], &whole[..cut]].concat();
        std::fs::write(&path, torn).unwrap();
        assert_eq!(Told::read(review.path(), ID).unwrap().entries.len(), 1);
        let mut journal = Journal::open(review.path(), ID).unwrap();
        journal
            .write("R1", Event::Done, "Ada".to_owned(), Basis::default())
            .unwrap();
        let told = Told::read(review.path(), ID).unwrap();
        assert_eq!(told.last()["R1"].event, Event::Done);
        std::fs::write(&path, &whole).unwrap();
    }
    std::fs::write(&path, [b"{}\n", &whole[..]].concat()).unwrap();
    assert_eq!(Journal::open(review.path(), ID).unwrap_err().kind(), Kind::DataLoss);
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Told::read(review.path(), "another").unwrap_err().kind(), Kind::DataLoss);
}

#[test]
fn two_runs_do_not_carry_out_one_review() {
    let review = Review::two();
    let lock = Lock::take(review.path()).unwrap();
    assert_eq!(Lock::take(review.path()).unwrap_err().kind(), Kind::Unavailable);
    drop(lock);
    Lock::take(review.path()).unwrap();
}

#[test]
fn a_place_that_is_taken_is_refused() {
    let review = Review::two();
    assert_eq!(folder::check(review.path()).unwrap_err().kind(), Kind::Unknown);
    let place = tempfile::tempdir().unwrap();
    folder::check(place.path()).unwrap();
    let error = standing::read(place.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
}

#[test]
fn evidence_tells_every_row_and_escapes_all_of_it() {
    let rows = vec![
        revocable("R1", "<script>alert(1)</script>"),
        inherited("R2", "Bo"),
        revocable("R3", "Cy"),
        revocable("R4", "Di"),
        revocable("R5", "Ed"),
    ];
    let review = Review::of(rows);
    let mut cells = review.cells(&["revoke", "revoke", "", "keep", "revoke"]);
    cells[0][NOTE] = "\"left\" & <gone>".to_owned();
    std::fs::write(review.csv(), sheet::write(&cells).unwrap()).unwrap();
    let mut journal = Journal::open(review.path(), ID).unwrap();
    journal
        .write("R1", Event::Begun, "it".to_owned(), Basis::default())
        .unwrap();
    journal
        .write("R1", Event::Done, "it went".to_owned(), Basis::default())
        .unwrap();
    let standing = standing::read(review.path()).unwrap();
    let evidence = Evidence::of(&standing, &Told::read(review.path(), ID).unwrap());
    let outcomes: Vec<Outcome> = evidence.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Revoked,
            Outcome::Cannot,
            Outcome::Undecided,
            Outcome::Kept,
            Outcome::Open
        ]
    );
    let counts = evidence.counts;
    assert_eq!(
        (
            counts.rows,
            counts.undecided,
            counts.carried_out,
            counts.cannot,
            counts.open
        ),
        (5, 1, 1, 1, 1)
    );
    evidence.write(review.path()).unwrap();
    // A second time in its place.
    let written = evidence.write(review.path()).unwrap();
    let page = std::fs::read_to_string(&written[0]).unwrap();
    assert!(
        !page.contains("<script") && !page.contains("<gone>") && !page.contains("<b>anything"),
        "{page}"
    );
    assert!(
        page.contains("&lt;script&gt;") && page.contains("Undecided (1)"),
        "{page}"
    );
    assert!(
        !page.contains("http://") && !page.contains("https://") && !page.contains("src="),
        "nothing is loaded"
    );
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&written[1]).unwrap()).unwrap();
    assert_eq!(json["rows"][0]["outcome"], "revoked");
    assert_eq!(json["journalSha256"].as_str().map(str::len), Some(64));
}
