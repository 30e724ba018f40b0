//! What a review asks whom, and what it leaves out.

use std::path::Path;

use baton_workato::baton::conventions::Conventions;
use baton_workato::baton::error::{Kind, Result};
use baton_workato::report::policy::Policy;
use baton_workato::report::review::manifest::{Manifest, Removal, Row, Since};
use baton_workato::report::review::start::{Order, Which, start};
use baton_workato::report::review::{By, of_file};

use super::made::Made;
use super::open;
use crate::support::place::Place;

const KNOWN: Conventions = Conventions {
    project_types: &["project"],
    role_types: &["role"],
    ..Conventions::NONE
};

/// Ada may read Billing twice, by herself and through Ops, Bo through Ops alone.
fn made() -> Made {
    Made::default()
        .user("ada")
        .user("bo")
        .thing("group:ops", "Ops", "member")
        .thing("role:admin", "Admin", "assigned")
        .thing("project:billing", "Billing", "read")
        .gives("group:ops:member", "user:ada")
        .gives("group:ops:member", "user:bo")
        .gives("role:admin:assigned", "user:bo")
        .gives("project:billing:read", "user:ada")
        .passes("project:billing:read", "group:ops")
}

fn started(place: &Place, out: &str, by: By, which: Which<'_>) -> Result<Manifest> {
    let (file, out) = (place.file(), place.at(out));
    let policy = Policy::parse(
        "owners:\n  - of: Billing\n    owner: finance@acme.com\n",
        "rules.yaml",
        jiff::civil::date(2026, 11, 29),
    )?;
    start(
        &open(&file),
        &Order {
            out: &out,
            by,
            which,
            sha256: &of_file(&file)?,
            conventions: &KNOWN,
            policy: &policy,
            is_writable: &|kind| kind != "role",
            version: "1",
        },
    )
}

fn row<'m>(manifest: &'m Manifest, who: &str, entitlement: &str) -> &'m Row {
    let mut rows = manifest.packets.iter().flat_map(|packet| &packet.rows);
    let found = rows.find(|row| row.right.principal == who && row.right.entitlement == entitlement);
    found.unwrap_or_else(|| panic!("no row of {who} for {entitlement}"))
}

#[tokio::test]
async fn only_what_was_given_can_be_revoked_here() {
    let place = Place::new();
    made().sync(&place.file()).await;
    let manifest = started(&place, "q4", By::Project, Which::All).unwrap();
    let own = row(&manifest, "ada", "project:billing:read");
    let Removal::Revoke { rest: Some(rest) } = &own.removal else {
        panic!("{own:?}");
    };
    assert!(rest.contains("Group Ops: member"), "what stays is told: {rest}");
    let member = row(&manifest, "bo", "group:ops:member");
    assert_eq!(member.removal, Removal::Revoke { rest: None });
    let Removal::Not { because, instead } = &row(&manifest, "bo", "project:billing:read").removal else {
        panic!("it follows from the group");
    };
    assert!(because.contains("Group Ops: member"), "{because}");
    assert!(instead.contains(&format!("(row {})", member.id)), "{instead}");
    let Removal::Not { because, .. } = &row(&manifest, "bo", "role:admin:assigned").removal else {
        panic!("nothing writes roles here");
    };
    assert!(because.contains("no write"), "{because}");
    assert_eq!(manifest.rows(), 5);
}

#[tokio::test]
async fn each_row_is_asked_of_one_reviewer() {
    let place = Place::new();
    made().sync(&place.file()).await;
    for (by, reviewers) in [
        (By::Project, &[("Billing", 2), ("Outside of projects", 3)][..]),
        (By::Person, &[("Ada <ada@acme.com>", 2), ("Bo <bo@acme.com>", 3)]),
        (By::Owner, &[("finance@acme.com", 2), ("No owner known", 3)]),
        (By::Role, &[("Admin", 1), ("Ops", 2), ("read of Billing", 2)]),
    ] {
        let manifest = started(&place, by.word(), by, Which::All).unwrap();
        let packets = manifest.packets.iter();
        let packets: Vec<(&str, usize)> = packets.map(|p| (p.reviewer.as_str(), p.rows.len())).collect();
        assert_eq!(packets, reviewers, "{by:?}");
    }
    let taken = started(&place, "person", By::Person, Which::All).unwrap_err();
    assert_eq!(taken.kind(), Kind::Unknown);
}

/// Types a word under Decision of every row of a review, but for one.
fn answer(folder: &Path, manifest: &Manifest, word: &str, but: Option<&str>) {
    for packet in &manifest.packets {
        let path = folder.join(&packet.csv.name);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (at, record) in reader.records().enumerate() {
            let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
            if at > 0 && Some(cells[1].as_str()) != but {
                cells[13] = word.to_owned();
            }
            writer.write_record(cells).unwrap();
        }
        std::fs::write(&path, writer.into_inner().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn what_was_kept_and_did_not_change_is_not_asked_again() {
    let place = Place::new();
    let file = place.file();
    made().sync(&file).await;
    // Without an earlier review everything is asked.
    let first = started(&place, "1", By::Person, Which::ChangedSinceLast).unwrap();
    assert_eq!((first.rows(), &first.since), (5, &Since::Nothing));
    let undecided = row(&first, "bo", "role:admin:assigned").id.clone();
    answer(&place.at("1"), &first, "keep", Some(&undecided));

    let changed = made()
        .user("cy")
        .gives("project:billing:read", "user:cy")
        .takes("project:billing:read", "user:ada");
    changed.sync(&file).await;
    let second = started(&place, "2", By::Person, Which::ChangedSinceLast).unwrap();
    assert!(
        matches!(&second.since, Since::Review { id, .. } if *id == first.id),
        "{:?}",
        second.since
    );
    let since = |manifest: &Manifest, who: &str, right: &str| {
        let cells = &row(manifest, who, right).cells;
        cells[cells.len() - 2].clone()
    };
    assert_eq!(since(&second, "cy", "project:billing:read"), "new");
    assert_eq!(
        since(&second, "bo", "role:admin:assigned"),
        "unchanged (then: undecided)"
    );
    assert!(
        since(&second, "ada", "project:billing:read").starts_with("changed: path"),
        "it comes through Ops now"
    );
    assert_eq!((second.rows(), second.settled.len()), (3, 3));

    // What was settled two reviews ago stays settled; what was to be revoked is asked again.
    answer(&place.at("2"), &second, "revoke", None);
    let third = started(&place, "3", By::Person, Which::ChangedSinceLast).unwrap();
    assert_eq!((third.rows(), third.settled.len()), (3, 3));
    // A workbook that does not fit decides nothing.
    std::fs::write(place.at("2").join(&second.packets[0].csv.name), "nonsense").unwrap();
    let fourth = started(&place, "4", By::Person, Which::ChangedSince(&place.at("2"))).unwrap();
    assert_eq!((fourth.rows(), fourth.settled.len()), (3, 3));
    assert!(
        fourth.notes.iter().any(|note| note.contains("count as undecided")),
        "{:?}",
        fourth.notes
    );
}

#[tokio::test]
async fn what_a_reviewer_decided_by_is_asked_again_when_it_is_another_thing() {
    use baton_workato::baton::annotation::{find, pack};
    use baton_workato::baton::proto::v2;

    fn user(resource: &mut v2::Resource, change: impl FnOnce(&mut v2::UserTrait)) {
        let mut user: v2::UserTrait = find(&resource.annotations).unwrap();
        change(&mut user);
        resource.annotations = vec![pack(&user)];
    }
    let text = |text: &str| prost_types::Value {
        kind: Some(prost_types::value::Kind::StringValue(text.to_owned())),
    };
    let described = |key: &str, value: &str| prost_types::Struct {
        fields: [(key.to_owned(), text(value))].into(),
    };
    // How many rows are asked again: those of Bo, or those of what is held.
    let bo = "user:bo";
    let now = jiff::Timestamp::now().as_second();
    let made = || {
        made().edit("user:bo", |bo| {
            let at = prost_types::Timestamp {
                seconds: now - 200_000,
                nanos: 0,
            };
            user(bo, |user| user.last_login = Some(at));
        })
    };
    let cases: [(&str, Made, usize); 8] = [
        ("nothing", made(), 0),
        (
            "activity",
            made().edit(bo, |bo| {
                user(bo, |user| {
                    user.last_login = Some(prost_types::Timestamp {
                        seconds: now - 100_000,
                        nanos: 0,
                    })
                })
            }),
            0,
        ),
        ("name", made().edit(bo, |bo| bo.display_name = "Eve".to_owned()), 3),
        (
            "address",
            made().edit(bo, |bo| {
                user(bo, |user| user.emails[0].address = "eve@evil.com".to_owned())
            }),
            3,
        ),
        (
            "status",
            made().edit(bo, |bo| {
                bo.status = Some(v2::Status {
                    status: v2::status::ResourceStatus::Disabled.into(),
                    details: String::new(),
                });
            }),
            3,
        ),
        (
            "type",
            made().edit(bo, |bo| {
                user(bo, |user| {
                    user.account_type = v2::user_trait::AccountType::Service.into()
                });
            }),
            3,
        ),
        (
            "what the role may do",
            made().edit("role:admin", |role| {
                role.profile = Some(described("config", "everything"))
            }),
            1,
        ),
        (
            "what changes by itself",
            made().edit("role:admin", |role| {
                role.profile = Some(described("updated_at", "2026"))
            }),
            0,
        ),
    ];
    for (what, changed, wanted) in cases {
        let place = Place::new();
        let file = place.file();
        made().sync(&file).await;
        let first = started(&place, "1", By::Person, Which::All).unwrap();
        answer(&place.at("1"), &first, "keep", None);
        changed.sync(&file).await;
        let second = started(&place, "2", By::Person, Which::ChangedSinceLast).unwrap();
        assert_eq!(second.rows(), wanted, "{what}");
        let rows = second.packets.iter().flat_map(|packet| &packet.rows);
        for row in rows {
            // Who is of another organization or a machine now may be found for something besides.
            let since = &row.cells[row.cells.len() - 2];
            let is_told = ["changed: details", "changed: finding and details"];
            assert!(
                is_told.iter().any(|told| *since == format!("{told} (then: keep)")),
                "{what}: {since}"
            );
        }
    }
}

#[tokio::test]
async fn a_review_of_an_earlier_version_is_asked_again_once() {
    let place = Place::new();
    made().sync(&place.file()).await;
    let first = started(&place, "1", By::Person, Which::All).unwrap();
    answer(&place.at("1"), &first, "keep", None);
    let path = place.at("1").join("review.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    for packet in manifest["packets"].as_array_mut().unwrap() {
        for row in packet["rows"].as_array_mut().unwrap() {
            assert!(row["mark"].as_object_mut().unwrap().remove("said").is_some());
        }
    }
    std::fs::write(&path, manifest.to_string()).unwrap();
    let second = started(&place, "2", By::Person, Which::ChangedSince(&place.at("1"))).unwrap();
    assert_eq!(second.rows(), 5);
    assert!(
        second
            .notes
            .iter()
            .any(|note| note.contains("earlier version") && note.contains("5 rows count")),
        "{:?}",
        second.notes
    );
    answer(&place.at("2"), &second, "keep", None);
    let third = started(&place, "3", By::Person, Which::ChangedSince(&place.at("2"))).unwrap();
    assert_eq!(third.rows(), 0);
}
