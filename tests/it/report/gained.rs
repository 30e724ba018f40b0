//! `diff` says who gained what, whatever grants are called, and who reaches more without a new grant.

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, id, resource_type};
use serde_json::{Value, json};

use super::access::{run, stderr, stdout};
use super::{printed, refused};
use crate::c1z::{Place, edit};

/// The rows of one sync. Every project, folder and group has the entitlement "has".
#[derive(Default)]
struct Rows {
    resources: Vec<v2::Resource>,
    entitlements: Vec<v2::Entitlement>,
    grants: Vec<v2::Grant>,
}

impl Rows {
    /// Ada and Eve, the projects Wiki and Payroll.
    fn new() -> Rows {
        let mut rows = Rows::default();
        for name in ["Ada", "Eve"] {
            let user = User {
                email: Some(format!("{}@acme.com", name.to_lowercase())),
                ..User::default()
            };
            let made = ResourceBuilder::new("collaborator", name.to_lowercase(), name).user(user);
            rows.resources.push(made.build());
        }
        rows.thing("project", "wiki", None).thing("project", "payroll", None)
    }

    fn thing(mut self, kind: &str, name: &str, parent: Option<(&str, &str)>) -> Rows {
        let mut made = ResourceBuilder::new(kind, name, name).profile(Profile::new().with("environment", "dev"));
        if let Some((kind, parent)) = parent {
            made = made.parent(id(kind, parent));
        }
        let made = made.build();
        let right = EntitlementBuilder::new(&made, "has", Purpose::Assignment, &[]);
        self.entitlements.push(right.build());
        self.resources.push(made);
        self
    }

    fn client(mut self, profile: Profile) -> Rows {
        let made = ResourceBuilder::new("api_client", "ci", "CI").profile(profile.with("environment", "dev"));
        self.resources.push(made.user(User::default()).build());
        self
    }

    /// Gives what is on a thing to somebody, under this id.
    fn gives(self, on: &str, who: &str, called: &str) -> Rows {
        self.grants(on, who, |grant| grant.id = called.to_owned())
    }

    fn grants(mut self, on: &str, who: &str, change: impl FnOnce(&mut v2::Grant)) -> Rows {
        let is_on = |r: &&v2::Resource| r.id.as_ref().unwrap().resource == on;
        let on = self.resources.iter().find(is_on).unwrap();
        let (kind, bare) = who.split_once(':').unwrap();
        let mut grant = GrantBuilder::new(on, "has", id(kind, bare)).build();
        change(&mut grant);
        self.grants.push(grant);
        self
    }

    fn write(self, place: &Place, kind: SyncType) -> String {
        let mut store = place.open();
        let sync_id = store.begin_sync(kind).unwrap();
        let kinds = [
            resource_type("collaborator", "Collaborator", &[Trait::User], vec![]),
            resource_type("api_client", "API Client", &[Trait::User], vec![]),
            resource_type("group", "Group", &[Trait::Group], vec![]),
            resource_type("project", "Project", &[], vec![]),
            resource_type("folder", "Folder", &[], vec![]),
        ];
        store.put_resource_types(&kinds).unwrap();
        store.put_resources(&self.resources).unwrap();
        store.put_entitlements(&self.entitlements).unwrap();
        store.put_grants(self.grants).unwrap();
        store.finish_sync("").unwrap();
        store.save().unwrap();
        sync_id
    }
}

fn both(old: Rows, new: Rows) -> Place {
    let place = Place::new();
    old.write(&place, SyncType::Full);
    new.write(&place, SyncType::Full);
    place
}

/// What `diff --fail-if-gained` ends with, in every form, and what it says.
fn gate(old: Rows, new: Rows) -> (i32, String) {
    let place = both(old, new);
    let file = place.file.to_str().unwrap();
    let ended: Vec<(i32, String)> = ["table", "json", "csv"]
        .iter()
        .map(|form| {
            let output = run(&["diff", "--fail-if-gained", "-o", form, "-f", file]);
            (output.status.code().unwrap(), stdout(&output) + &stderr(&output))
        })
        .collect();
    let codes: Vec<i32> = ended.iter().map(|(code, _)| *code).collect();
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}: {}", ended[0].1);
    ended.into_iter().next().unwrap()
}

#[test]
fn a_grant_is_known_by_what_it_gives_to_whom() {
    let given = |on: &str, who: &str, called: &str| Rows::new().gives(on, who, called);
    let old = || given("wiki", "collaborator:ada", "G1");
    let (code, said) = gate(old(), given("wiki", "collaborator:eve", "G1"));
    assert_eq!(code, 9, "{said}");
    assert!(said.contains("1 person gained access, 1 person lost access"), "{said}");
    let (code, said) = gate(old(), given("payroll", "collaborator:ada", "G1"));
    assert_eq!(code, 9, "{said}");
    assert!(
        said.contains("gained has Project payroll") || said.contains("gained"),
        "{said}"
    );
    let (code, said) = gate(old(), given("wiki", "collaborator:ada", "G2"));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("1 grant that is still there has another id than before"),
        "{said}"
    );
    assert!(!said.contains("follows from"), "{said}");
}

#[test]
fn ids_that_change_places_give_nobody_anything() {
    let rows = |ada: &str, eve: &str| {
        Rows::new()
            .gives("wiki", "collaborator:ada", ada)
            .gives("wiki", "collaborator:eve", eve)
    };
    let (code, said) = gate(rows("G1", "G2"), rows("G2", "G1"));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("2 grants that are still there have other ids than before"),
        "{said}"
    );
    // One of two grants of the same is no more and no less.
    let twice = || rows("G1", "G2").gives("wiki", "collaborator:ada", "G3");
    for (old, new) in [(rows("G1", "G2"), twice()), (twice(), rows("G1", "G2"))] {
        let (code, said) = gate(old, new);
        assert_eq!(code, 0, "{said}");
        assert!(
            !said.contains("gained access") && !said.contains("lost access"),
            "{said}"
        );
    }
}

#[test]
fn rows_tell_a_grant_to_somebody_else_as_gone_and_new() {
    let given = |who: &str| Rows::new().gives("wiki", who, "G1");
    let place = both(given("collaborator:ada"), given("collaborator:eve"));
    let said: Value = serde_json::from_str(&printed(&["diff", "-o", "json"], &place.file)).unwrap();
    let principal = |list: &str| said["grants"][list][0]["principal"]["id"]["resource"].clone();
    assert_eq!(principal("created"), json!("eve"));
    assert_eq!(principal("deleted"), json!("ada"));
    assert_eq!(said["grants"]["modified"], json!([]));
}

#[test]
fn an_entitlement_on_another_resource_is_another_one() {
    let rows = |on: &str| {
        let mut rows = Rows::new();
        let on = rows.resources.iter().find(|r| r.display_name == on).unwrap().clone();
        let mut right = EntitlementBuilder::new(&on, "admin", Purpose::Permission, &[]).build();
        right.id = "the-right".to_owned();
        rows.entitlements.push(right);
        rows
    };
    let place = both(rows("wiki"), rows("payroll"));
    let said = printed(&["diff"], &place.file);
    assert!(said.contains("no longer has the entitlement"), "{said}");
    assert!(said.contains("now has the entitlement"), "{said}");
    assert!(!said.contains("described differently"), "{said}");
}

#[test]
fn terms_of_derived_grants_are_told() {
    let rows = |is_fixed: bool| {
        Rows::new().grants("wiki", "collaborator:ada", |grant| {
            let source = v2::grant_sources::GrantSource { is_direct: false };
            let sources = [("group:ops:has".to_owned(), source)].into();
            grant.sources = Some(v2::GrantSources { sources });
            if is_fixed {
                let note = baton_workato::baton::annotation::pack(&v2::GrantImmutable::default());
                grant.annotations.push(note);
            }
        })
    };
    let place = both(rows(true), rows(false));
    let said = printed(&["diff"], &place.file);
    assert!(said.contains("1 grant to it is on other terms"), "{said}");
    assert!(!said.contains("follows from"), "{said}");
}

#[test]
fn a_wider_scope_is_a_gain() {
    let scope = |all: bool, folders: &[&str]| {
        let profile = Profile::new()
            .with("a_note", all)
            .with("all_folders", all)
            .with("folder_ids", json!(folders));
        Rows::new()
            .thing("folder", "inner", Some(("project", "wiki")))
            .thing("folder", "innermost", Some(("folder", "inner")))
            .client(profile)
    };
    let (code, said) = gate(scope(false, &[]), scope(true, &[]));
    assert_eq!(code, 9, "{said}");
    assert!(said.contains("reaches by its scope: everything in dev"), "{said}");
    assert!(
        said.contains("all_folders: false → true") && said.contains("a_note"),
        "{said}"
    );
    let (code, said) = gate(scope(false, &[]), scope(false, &["inner"]));
    assert_eq!(code, 9, "{said}");
    assert!(said.contains("reaches by its scope: Folder inner"), "{said}");
    let (code, said) = gate(Rows::new(), scope(true, &[]));
    assert_eq!(code, 9, "a new account with a scope: {said}");
    for (old, new) in [
        (scope(true, &[]), scope(false, &["inner"])),
        (scope(false, &["inner"]), scope(false, &["inner", "innermost"])),
        (scope(true, &[]), scope(true, &["inner"])),
    ] {
        let (code, said) = gate(old, new);
        assert_eq!(code, 0, "{said}");
    }
    // What it reaches now is not said: nobody can say that it is not more.
    let unsaid = Rows::new()
        .thing("folder", "inner", Some(("project", "wiki")))
        .thing("folder", "innermost", Some(("folder", "inner")))
        .client(Profile::new());
    let (code, said) = gate(scope(false, &[]), unsaid);
    assert_eq!(code, 9, "{said}");
    assert!(said.contains("may have gained access"), "{said}");
}

#[test]
fn who_holds_what_a_folder_lies_in_now_gains_it() {
    let rows = |parent: &str| {
        Rows::new()
            .thing("folder", "secrets", Some(("project", parent)))
            .gives("payroll", "collaborator:ada", "G1")
            .gives("secrets", "collaborator:eve", "G2")
    };
    let (code, said) = gate(rows("wiki"), rows("payroll"));
    assert_eq!(code, 9, "{said}");
    assert!(
        said.contains("1 more reaches it because of where things lie now: Ada"),
        "{said}"
    );
    assert!(
        said.contains("1 more gets into it because of where things lie now: Eve"),
        "{said}"
    );
    assert!(
        said.contains("1 fewer gets into it because of where things lie now: Eve"),
        "{said}"
    );
}

/// What a new grant gives is told of the grant, not of where things lie; and what stays the same is told of nothing.
#[test]
fn a_move_is_not_blamed_for_a_new_grant() {
    let rows = |parent: &str| {
        Rows::new()
            .thing("folder", "one", Some(("project", "payroll")))
            .thing("folder", "two", Some(("project", "payroll")))
            .thing("folder", "secrets", Some(("folder", parent)))
            .gives("payroll", "collaborator:ada", "G1")
    };
    let (code, said) = gate(rows("one"), rows("two"));
    assert_eq!(code, 0, "{said}");
    let with_eve = |parent: &str| rows(parent).gives("payroll", "collaborator:eve", "G2");
    for (old, new) in [(rows("one"), with_eve("two")), (with_eve("one"), rows("two"))] {
        let (_, said) = gate(old, new);
        assert!(!said.contains("because of where things lie now"), "{said}");
        assert!(!said.contains("without a new grant"), "{said}");
    }
}

/// Types of another vendor may be called like ours; its folders are judged by none of our rules.
#[test]
fn a_file_of_another_vendor_is_compared_by_its_grants_alone() {
    let rows = |parent: &str| {
        let mut rows = Rows::default();
        for name in ["ada", "eve"] {
            let made = ResourceBuilder::new("user", name, name).user(User::default());
            rows.resources.push(made.build());
        }
        rows.thing("folder", "shared", None)
            .thing("folder", "private", None)
            .thing("folder", "secrets", Some(("folder", parent)))
            .gives("private", "user:ada", "G1")
            .gives("secrets", "user:eve", "G2")
    };
    let write = |place: &Place, rows: Rows| {
        let mut store = place.open();
        store.begin_sync(SyncType::Full).unwrap();
        let kinds = [
            resource_type("user", "User", &[Trait::User], vec![]),
            resource_type("folder", "Folder", &[], vec![]),
        ];
        store.put_resource_types(&kinds).unwrap();
        store.put_resources(&rows.resources).unwrap();
        store.put_entitlements(&rows.entitlements).unwrap();
        store.put_grants(rows.grants).unwrap();
        store.finish_sync("").unwrap();
        store.save().unwrap();
    };
    let place = Place::new();
    write(&place, rows("shared"));
    write(&place, rows("private"));
    let file = place.file.to_str().unwrap();
    for form in ["table", "csv"] {
        let output = run(&["diff", "--fail-if-gained", "-o", form, "-f", file]);
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("because of where things lie now"), "{said}");
    }
    let access = printed(&["access", "--on", "secrets"], &place.file);
    assert!(!access.contains("ada"), "{access}");
}

#[test]
fn a_group_that_gains_something_unfollowed_holds_the_gate() {
    let rows = |is_passed: bool| {
        let rows = Rows::new()
            .thing("group", "ops", None)
            .gives("ops", "collaborator:eve", "G1");
        match is_passed {
            false => rows,
            true => rows.grants("wiki", "group:ops", |grant| {
                let over = v2::GrantExpandable {
                    entitlement_ids: vec!["group:ops:has".to_owned()],
                    ..Default::default()
                };
                grant.annotations.push(baton_workato::baton::annotation::pack(&over));
            }),
        }
    };
    let (code, said) = gate(rows(false), rows(true));
    assert_eq!(code, 9, "{said}");
    assert!(
        said.contains("this sync does not have the grants that follow from others"),
        "{said}"
    );
}

#[test]
fn what_is_gone_is_never_answered_as_held() {
    let place = Place::new();
    let rows = || Rows::new().gives("wiki", "collaborator:ada", "G1");
    Rows::new().write(&place, SyncType::Full);
    let gone = rows().write(&place, SyncType::Full);
    edit(&place.file, |db| {
        let sql = "update v1_sync_runs set sync_type = 'partial_deletions' where sync_id = ?1";
        db.execute(sql, [&gone]).unwrap();
    });
    let said = printed(&["access", "--on", "project:wiki"], &place.file);
    assert!(!said.contains("Ada"), "{said}");
    for args in [
        &["access", "--on", "project:wiki", "--sync-id", &gone][..],
        &["grants", "--sync-id", &gone],
        &["diff", "--base-sync-id", &gone],
    ] {
        let (code, said) = refused(args, &place.file);
        assert!(
            code != 0 && said.contains("its rows are what is gone"),
            "{args:?}: {code} {said}"
        );
    }
    // Also where there is no other.
    edit(&place.file, |db| {
        db.execute("delete from v1_sync_runs where sync_type = 'full'", [])
            .unwrap();
    });
    let (code, said) = refused(&["access", "--on", "project:wiki"], &place.file);
    assert!(code != 0 && said.contains("no sync in it is finished"), "{code} {said}");
}

#[test]
fn a_status_is_read_where_current_readers_look() {
    use v2::status::ResourceStatus;
    let rows = |status: ResourceStatus| {
        let mut rows = Rows::new().gives("wiki", "collaborator:eve", "G1");
        rows.resources[1].status = Some(v2::Status {
            status: status.into(),
            details: String::new(),
        });
        rows
    };
    let place = both(rows(ResourceStatus::Enabled), rows(ResourceStatus::Disabled));
    let (code, said) = refused(&["access", "--fail-if", "status = disabled"], &place.file);
    assert_eq!(code, 9, "{said}");
    let said = printed(&["diff"], &place.file);
    assert!(said.contains("status: enabled → disabled"), "{said}");
    // Where the resource says nothing, its user trait does.
    let place = both(rows(ResourceStatus::Unspecified), rows(ResourceStatus::Disabled));
    let said = printed(&["diff"], &place.file);
    assert!(said.contains("status: enabled → disabled"), "{said}");
}

#[test]
fn people_of_two_files_are_not_the_same_by_a_name_alone() {
    let rows = |people: &[(&str, &str, Option<&str>)]| {
        let mut rows = Rows::new();
        for (key, name, email) in people {
            let user = User {
                email: email.map(str::to_owned),
                ..User::default()
            };
            rows.resources
                .push(ResourceBuilder::new("collaborator", *key, *name).user(user).build());
            rows = rows.gives("wiki", &format!("collaborator:{key}"), &format!("of-{key}"));
        }
        rows
    };
    let (one, other) = (Place::new(), Place::new());
    rows(&[
        ("1", "John Smith", Some("john@acme.com")),
        ("2", "", None),
        ("3", "Robot", None),
    ])
    .write(&one, SyncType::Full);
    rows(&[
        ("7", "Robot", None),
        ("8", "", None),
        ("9", "John Smith", Some("john@evil.com")),
    ])
    .write(&other, SyncType::Full);
    let args = [
        "principals",
        "compare",
        "-e",
        "project:wiki:has",
        "-o",
        "json",
        "--compare-file",
        other.file.to_str().unwrap(),
    ];
    let said: Value = serde_json::from_str(&printed(&args, &one.file)).unwrap();
    let ids = |list: &str| {
        let list = said[list].as_array().unwrap().iter();
        list.map(|one| one.to_string()).collect::<Vec<_>>()
    };
    for (list, count) in [("missing", 2), ("extra", 2)] {
        let found = ids(list);
        assert_eq!(found.len(), count, "{list}: {found:?}");
        assert!(!found.concat().contains("Robot"), "neither has an address: {found:?}");
    }
}
