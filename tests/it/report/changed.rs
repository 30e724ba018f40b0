//! What changed since the sync before: the same for the explorer, the report and the workbook, as `diff` tells it.

use std::path::Path;

use baton_workato::report::compare::changes::Changes;
use baton_workato::report::explore::QueryService;
use baton_workato::workato::conventions::CONVENTIONS;
use calamine::{Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use super::made::Made;
use super::{open, printed, program};
use crate::support::place::Place;

fn before() -> Made {
    Made::default()
        .user("ada")
        .user("bob")
        .thing("group:ops", "Ops", "member")
        .thing("project:billing", "Billing", "read")
        .gives("project:billing:read", "user:bob")
        .passes("project:billing:read", "group:ops")
}

fn after() -> Made {
    before()
        .takes("project:billing:read", "user:bob")
        .user("eve")
        .gives("group:ops:member", "user:ada")
}

/// A file of two syncs: Eve joined, Ada joined a group, Bob lost what he was given.
pub async fn two_syncs(place: &Place) -> std::path::PathBuf {
    let file = place.file();
    before().sync(&file).await;
    after().sync(&file).await;
    file
}

fn asked(file: &Path) -> Value {
    let desk = QueryService::new(open(file), &CONVENTIONS);
    serde_json::from_slice(&desk.answer("changes", "").unwrap()).unwrap()
}

/// The data of that name inside of a report.
fn in_report(file: &Path, folder: &Path) -> Value {
    export(file, folder, "html");
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    let (_, rest) = page.split_once("id=\"changes-data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn export(file: &Path, folder: &Path, format: &str) {
    let mut command = program();
    command.args(["export", "-q", "--format", format, "--out"]).arg(folder);
    assert!(command.arg("-f").arg(file).output().unwrap().status.success());
}

fn sheet(folder: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(folder.join("access-review.xlsx")).unwrap();
    let range = book.worksheet_range("What changed").unwrap();
    let text = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
    range.rows().map(text).collect()
}

#[tokio::test]
async fn page_report_and_sheet_tell_what_diff_tells() {
    let place = Place::new();
    let file = two_syncs(&place).await;
    let told = asked(&file);
    assert_eq!(told, in_report(&file, &place.at("out")));
    assert_eq!(told["people"]["total"], 3);
    let of = |name: &str| -> Value {
        let people = told["people"]["items"].as_array().unwrap();
        people.iter().find(|one| one["thing"]["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (of("Eve")["presence"].clone(), of("Eve")["word"].clone()),
        ("added".into(), "joined".into())
    );
    assert_eq!(of("Ada")["lines"][0]["sign"], "gained");
    assert_eq!(of("Ada")["lines"][0]["text"], "joined Ops");
    let followed = of("Ada")["lines"][0]["below"][0].clone();
    assert!(
        followed["text"].as_str().unwrap().starts_with("through Ops: +1 × "),
        "why: {followed}"
    );
    assert_eq!(of("Bob")["lines"][0]["sign"], "lost");

    let diff = printed(&["diff"], &file);
    assert!(diff.contains(told["summary"].as_str().unwrap()), "{diff}");
    for name in ["Ada", "Bob"] {
        for line in of(name)["lines"].as_array().unwrap() {
            assert!(diff.contains(line["text"].as_str().unwrap()), "{line}: {diff}");
        }
    }

    export(&file, &place.at("out"), "xlsx");
    let rows = sheet(&place.at("out"));
    assert!(rows[0][0].contains(told["summary"].as_str().unwrap()), "{rows:?}");
    let head = rows.iter().position(|row| row[0] == "Who or what").unwrap();
    let below: Vec<&Vec<String>> = rows.iter().skip(head + 1).collect();
    let has = |who: &str, change: &str, what: &str, why: &str| {
        below
            .iter()
            .any(|row| row[0] == who && row[5] == change && row[6].contains(what) && row[7] == why)
    };
    assert!(has("Ada", "gained", "joined Ops", ""), "{rows:?}");
    assert!(has("Ada", "gained", "through Ops: +1", "joined Ops"), "{rows:?}");
    assert!(has("Bob", "lost", "lost", ""), "{rows:?}");
    assert!(has("Eve", "added", "", ""), "{rows:?}");
}

/// Nothing is said to be lost or gained where that is not known.
#[tokio::test]
async fn without_anything_to_compare_with_that_is_said() {
    let place = Place::new();
    let file = place.file();
    before().sync(&file).await;
    let none = |told: &Value| told["none"].as_str().unwrap_or_default().to_owned();
    let told = asked(&file);
    assert!(none(&told).contains("nothing to compare with"), "{told}");
    assert_eq!(told, in_report(&file, &place.at("out")));
    export(&file, &place.at("out"), "xlsx");
    let rows = sheet(&place.at("out"));
    assert!(
        rows.len() == 1 && rows[0][0].contains("nothing to compare with"),
        "{rows:?}"
    );

    // Another workspace in the same file: everybody would seem to have left.
    let other = Made::default().user("zoe").thing("group:sea", "Sea", "member");
    other.gives("group:sea:member", "user:zoe").sync(&file).await;
    assert!(none(&asked(&file)).contains("nothing in common"), "{}", asked(&file));
}

/// An older sync of the file is compared with what was before that, not with what came later.
#[tokio::test]
async fn an_older_sync_is_compared_with_the_one_before_it() {
    let place = Place::new();
    let file = two_syncs(&place).await;
    let snapshot = open(&file);
    let runs = snapshot.reader().runs().unwrap();
    let first = runs.iter().min_by(|a, b| a.ended_at.cmp(&b.ended_at)).unwrap();
    let told = Changes::of(&snapshot.beside(first.clone()).unwrap(), &CONVENTIONS).unwrap();
    assert!(matches!(told, Changes::Nothing { .. }), "{told:?}");
    let Changes::Told(told) = Changes::of(&snapshot, &CONVENTIONS).unwrap() else {
        panic!("there are two");
    };
    assert_eq!(told.older.id, first.sync_id);
}
