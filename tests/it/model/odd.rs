//! Only ids and what decides about access may end a sync (`workato/api.md 2`.x): every other field may be of
//! any type, a text may be damaged, a time may be in another form, a detail page may be broken. What identifies or
//! decides and cannot be read ends the sync: nothing that looks whole is sealed without it.

use std::collections::BTreeSet;

use baton_workato::ABOUT;
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace};
use serde_json::{Value, json};

use super::settings;
use crate::support::oracle::{Choice, Depth, Options, assert_same};
use crate::support::rows::Rows;
use crate::support::run;

/// Fields that only inform: path, pointers below the first row, and which of them are times.
const INFORMING: &[(&str, &str, &[&str])] = &[
    (
        "/api/members",
        "/data/0",
        &[
            "external_id",
            "grant_type",
            "name",
            "time_zone",
            "created_at",
            "last_activity_log",
            "brand_new",
        ],
    ),
    (
        "/api/members",
        "/data/1/last_activity_log",
        &["id", "event_type", "created_at"],
    ),
    (
        "/api/environment_roles",
        "/data/1",
        &["members_count", "created_at", "updated_at"],
    ),
    ("/api/roles", "/0", &["inheritable", "created_at", "updated_at"]),
    (
        "/api/project_roles",
        "/data/0",
        &["type", "members_count", "created_at", "updated_at"],
    ),
    (
        "/api/user_groups",
        "/data/1",
        &[
            "name",
            "description",
            "members_count",
            "system",
            "created_at",
            "updated_at",
        ],
    ),
    ("/api/user_groups/*/members", "/data/0", &["name"]),
    ("/api/projects", "/0", &["name", "description"]),
    ("/api/projects/*/project_grants", "/data/0", &["project"]),
    (
        "/api/projects/*/project_grants",
        "/data/1/project",
        &["name", "environment"],
    ),
    ("/api/projects/*/project_grants", "/data/0/user_group", &["name"]),
    (
        "/api/folders?parent_id=",
        "/0",
        &["name", "is_project", "created_at", "updated_at"],
    ),
    (
        "/api/developer_api_clients",
        "/result/items/0",
        &[
            "name",
            "created_at",
            "updated_at",
            "environment_name",
            "environment_id",
            "token",
            "ip_allow_list",
        ],
    ),
    ("/api/developer_api_client_roles", "/result/items/0", &["name"]),
    (
        "/api/connections",
        "/0",
        &[
            "application",
            "name",
            "description",
            "authorization_status",
            "authorized_at",
            "created_at",
            "updated_at",
            "external_id",
            "provider",
            "parent_id",
        ],
    ),
];

/// One field for each kind of decision: model, path, pointer, and values that say nothing.
fn deciding() -> Vec<(AccessModel, &'static str, &'static str, Vec<Value>)> {
    use AccessModel::{Legacy, RbacV2};
    let no_id = || {
        vec![
            json!(1.5),
            json!(true),
            json!({}),
            json!([]),
            json!(-1),
            json!("a b"),
            json!(""),
        ]
    };
    let no_required_id = || [no_id(), vec![Value::Null]].concat();
    let no_word = || vec![json!(7), json!(true), json!({"name": "Member"}), json!(["Member"])];
    let no_name = || vec![json!({"name": "Member"}), json!(["Member"])];
    let no_list = || vec![json!("x"), json!(7), json!({}), json!([{}])];
    let no_object = || vec![json!("x"), json!(7), json!([]), json!(true)];
    vec![
        (RbacV2, "/api/members", "/data/0/id", no_required_id()),
        (RbacV2, "/api/members", "/data/0", no_object()),
        (
            RbacV2,
            "/api/members",
            "/data/0/roles",
            vec![json!("x"), json!(7), json!({}), json!(["Member"])],
        ),
        (RbacV2, "/api/members", "/data/0/roles/0/environment_type", no_word()),
        (RbacV2, "/api/members", "/data/0/roles/0/role_name", no_word()),
        (RbacV2, "/api/members", "/data/0/roles/0/role_type", no_word()),
        (
            RbacV2,
            "/api/members/*/privileges",
            "/data/0/environment_type",
            no_word(),
        ),
        (RbacV2, "/api/members/*/privileges", "/data/0/name", no_word()),
        (RbacV2, "/api/members/*/privileges", "/data/0/privileges", no_object()),
        (
            RbacV2,
            "/api/members/*/privileges",
            "/data/0/privileges/Recipes",
            vec![json!(7), json!({}), json!([7]), json!(true)],
        ),
        (RbacV2, "/api/members/*/privileges", "/data/0/folder_ids", no_list()),
        (RbacV2, "/api/environment_roles", "/data/0/id", no_required_id()),
        (RbacV2, "/api/environment_roles", "/data/0/name", no_name()),
        (RbacV2, "/api/project_roles", "/data/0/id", no_required_id()),
        (RbacV2, "/api/project_roles", "/data/0/name", no_name()),
        (RbacV2, "/api/user_groups", "/data/0/id", no_required_id()),
        (RbacV2, "/api/user_groups/*/members", "/data/0/id", no_required_id()),
        (RbacV2, "/api/projects", "/0/id", no_required_id()),
        (RbacV2, "/api/projects", "/0/folder_id", no_id()),
        (RbacV2, "/api/projects/*/project_grants", "/data/0/id", no_required_id()),
        (
            RbacV2,
            "/api/projects/*/project_grants",
            "/data/0/project_role",
            no_object(),
        ),
        (
            RbacV2,
            "/api/projects/*/project_grants",
            "/data/0/project_role/name",
            no_word(),
        ),
        (RbacV2, "/api/projects/*/project_grants", "/data/0/user", no_object()),
        (
            RbacV2,
            "/api/projects/*/project_grants",
            "/data/0/user_group",
            no_object(),
        ),
        (RbacV2, "/api/folders", "/0/id", no_required_id()),
        (RbacV2, "/api/folders", "/0/parent_id", no_id()),
        (RbacV2, "/api/folders", "/0/project_id", no_id()),
        (RbacV2, "/api/connections", "/0/folder_id", no_id()),
        (
            RbacV2,
            "/api/developer_api_clients",
            "/result/items/0/id",
            no_required_id(),
        ),
        (
            RbacV2,
            "/api/developer_api_clients",
            "/result/items/0/api_privilege_group_id",
            no_id(),
        ),
        (
            RbacV2,
            "/api/developer_api_clients",
            "/result/items/0/all_folders",
            vec![json!(1), json!("perhaps"), json!({}), json!([])],
        ),
        (
            RbacV2,
            "/api/developer_api_clients",
            "/result/items/0/folder_ids",
            no_list(),
        ),
        (
            RbacV2,
            "/api/developer_api_client_roles",
            "/result/items/0/id",
            no_required_id(),
        ),
        (Legacy, "/api/roles", "/0/id", no_required_id()),
        (Legacy, "/api/roles", "/0/name", no_name()),
        (Legacy, "/api/roles", "/0/privileges", no_object()),
        (Legacy, "/api/roles", "/0/folder_ids", no_list()),
    ]
}

fn workspace(model: AccessModel) -> Workspace {
    let mut workspace = Workspace::generate(&Shape::small(model));
    // Everybody did something, and every kind of grant is there.
    workspace
        .people
        .sort_by_key(|p| !matches!(p.last_activity, baton_workato::simulator::LastActivity::Event { .. }));
    workspace
}

async fn sync(workspace: &Workspace, behavior: Behavior) -> Result<(Rows, Summary, Simulator), Error> {
    let simulator = Simulator::start(workspace.clone(), behavior).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let options = Options {
        choice: Choice::One(Env::Dev),
        connections: true,
        // However deep folders lie that something names.
        depth: Depth::All,
        ..Options::default()
    };
    let settings = settings(&simulator, &options);
    let synced = run::workato_over(settings, &run::options(&file), run::impatient()).await;
    match synced {
        Ok(summary) => Ok((Rows::of_file(&file), summary, simulator)),
        Err(error) => {
            assert!(!file.exists(), "{error}: nothing is sealed");
            Err(error)
        }
    }
}

fn with_all(value: &Value) -> (Behavior, usize) {
    let mut by_path: Vec<(&str, Vec<(String, Value)>)> = Vec::new();
    let mut count = 0;
    for (path, row, fields) in INFORMING {
        let new = fields.iter().map(|field| (format!("{row}/{field}"), value.clone()));
        match by_path.iter_mut().find(|(known, _)| known == path) {
            Some((_, all)) => all.extend(new),
            None => by_path.push((path, new.collect())),
        }
        count += fields.len();
    }
    let behavior = by_path
        .into_iter()
        .fold(Behavior::default(), |behavior, (path, fields)| {
            // Lists that are read once for each of something are odd once.
            let hits = if path.contains('*') { Hits::Nth(1) } else { Hits::Every };
            behavior.script(path, hits, Fault::Fields(fields))
        });
    (behavior, count)
}

/// Ids of everything that says who has access to what.
fn access(rows: &Rows) -> BTreeSet<String> {
    let all = [
        rows.resources.keys().cloned().collect::<Vec<_>>(),
        rows.entitlements.keys().cloned().collect(),
        rows.grants.keys().cloned().collect(),
    ];
    all.concat().into_iter().collect()
}

#[tokio::test]
async fn fields_that_only_inform_may_be_of_any_type() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let workspace = workspace(model);
        let (whole, summary, _) = sync(&workspace, Behavior::default()).await.unwrap();
        assert_eq!(summary.warnings, [], "{model:?}");
        for value in [
            json!(1),
            json!(12.5),
            json!("a text"),
            json!(false),
            json!(["a", 1]),
            json!({"a": {"b": 1}}),
            json!([]),
            Value::Null,
        ] {
            let (behavior, fields) = with_all(&value);
            let (rows, summary, _) = match sync(&workspace, behavior).await {
                Ok(synced) => synced,
                Err(error) => panic!("{model:?} {value}: {error:?}"),
            };
            // A system group whose mark is gone is read like any other, with the same members.
            assert_same(&access(&whole), &access(&rows));
            let causes: BTreeSet<&str> = summary.warnings.iter().map(|w| w.cause).collect();
            let allowed = ["field-left-out", "time-not-understood"];
            assert!(
                causes.iter().all(|cause| allowed.contains(cause)),
                "{value}: {:?}",
                summary.warnings
            );
            if model == AccessModel::RbacV2 && (value.is_object() || value.is_array()) {
                let left_out = summary.warnings.iter().find(|w| w.cause == "field-left-out").unwrap();
                // Unknown fields and the objects that hold others are no loss; those of the other model are not read.
                let counted = usize::try_from(left_out.count).unwrap();
                assert!(
                    (fields - 12..=fields + 6).contains(&counted),
                    "{value}: {counted} of {fields}"
                );
                assert!(
                    left_out.examples.iter().all(|e| e.contains("] ") || e.contains("].")),
                    "{left_out:?}"
                );
            }
        }
    }
}

/// Case 13 and its like: what can be kept is kept, without a word.
#[tokio::test]
async fn scalars_are_kept_as_text_and_other_values_are_counted_with_their_path() {
    let workspace = workspace(AccessModel::RbacV2);
    let id = workspace.people[0].id;
    let profile = async |field: &str, value: Value| {
        let fault = Fault::Fields(vec![(format!("/data/0/{field}"), value)]);
        let behavior = Behavior::default().script("/api/members", Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        let row = rows.resources[&format!("collaborator:{id}")].clone();
        (row, summary.warnings)
    };
    for (field, key, value, kept) in [
        ("external_id", "externalId", json!(12345), json!("12345")),
        ("external_id", "externalId", json!(12345.50), json!("12345.5")),
        (
            "external_id",
            "externalId",
            json!(18_446_744_073_709_551_615_u64),
            json!("18446744073709551615"),
        ),
        ("external_id", "externalId", json!(false), json!("false")),
        ("time_zone", "timeZone", json!(-7), json!("-7")),
        ("email", "email", json!(7), json!("7")),
    ] {
        let (row, warnings) = profile(field, value.clone()).await;
        assert_eq!(row.profile[key], kept, "{field} {value}");
        assert_eq!(warnings, [], "{field} {value}");
    }
    let (row, warnings) = profile("external_id", json!({"idp": "x"})).await;
    assert!(row.profile.get("externalId").is_none());
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}")
    };
    assert_eq!(
        (warning.cause, warning.code.as_str(), warning.count),
        ("field-left-out", "BW-1925", 1)
    );
    assert_eq!(warning.examples, ["collaborators: data[0].external_id is an object"]);
    let (row, warnings) = profile("name", json!(["Ada"])).await;
    assert!(!row.display_name.is_empty(), "the address or the id stands in");
    assert_eq!(warnings[0].examples, ["collaborators: data[0].name is a list"]);
}

/// A number that no program can hold is still a text.
#[tokio::test]
async fn numbers_of_any_size_spoil_nothing() {
    let mut workspace = workspace(AccessModel::RbacV2);
    workspace.people[0].external_id = Some("EXTERNAL".to_owned());
    for number in [
        "1e999",
        "-1E-999",
        "123456789012345678901234567890",
        "0.10000000000000000000000000001",
    ] {
        let fault = Fault::Replaced(r#""EXTERNAL""#.to_owned(), number.to_owned());
        let behavior = Behavior::default().script("/api/members", Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        let row = &rows.resources[&format!("collaborator:{}", workspace.people[0].id)];
        assert_eq!(row.profile["externalId"], json!(number));
        assert_eq!(summary.warnings, []);
    }
}

#[tokio::test]
async fn what_identifies_or_decides_ends_the_sync_and_names_its_path() {
    for (at, (model, path, pointer, values)) in deciding().into_iter().enumerate() {
        let workspace = workspace(model);
        // They take turns over the fields: what reads one of a kind reads the others.
        for value in values.into_iter().skip(at % 3).step_by(3) {
            let fault = Fault::Fields(vec![(pointer.to_owned(), value.clone())]);
            // Whichever of the lists has such a row.
            let behavior = Behavior::default().script(path, Hits::Every, fault);
            let error = match sync(&workspace, behavior).await {
                Err(error) => error,
                Ok((_, summary, _)) => panic!("{path} {pointer} {value}: {summary:?}"),
            };
            assert_eq!(
                (error.kind(), ABOUT.code(error.code_id()).as_str()),
                (Kind::Internal, "BW-1106"),
                "{pointer} {value}: {error}"
            );
            let said = error.fact_value("json path").unwrap();
            let expected = dotted(pointer);
            assert!(
                said.starts_with(&expected) || expected.starts_with(said),
                "{pointer} {value}: {said} is not {expected}"
            );
        }
    }
}

/// `/data/0/id` as errors write it: `data[0].id`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(at) => path += &format!("[{at}]"),
            Err(_) if path.is_empty() => path += part,
            Err(_) => path += &format!(".{part}"),
        }
    }
    path
}

/// A field that stands there twice: of one that decides, nobody knows which counts.
#[tokio::test]
async fn a_field_that_decides_and_stands_there_twice_ends_the_sync() {
    let workspace = workspace(AccessModel::RbacV2);
    let name = &workspace.people[0].roles[0].role;
    let twice = Fault::Replaced(
        format!(r#""role_name":"{name}""#),
        format!(r#""role_name":"{name}","role_name":"Environment admin""#),
    );
    let behavior = Behavior::default().script("/api/members", Hits::Every, twice);
    let error = sync(&workspace, behavior).await.err().unwrap();
    assert!(error.to_string().contains("duplicate field"), "{error}");
}

#[tokio::test]
async fn a_role_row_without_a_role_or_a_place_is_counted_and_gives_nothing() {
    let workspace = workspace(AccessModel::RbacV2);
    let (whole, ..) = sync(&workspace, Behavior::default()).await.unwrap();
    for field in ["role_name", "environment_type"] {
        for value in [Value::Null, json!(""), json!("  ")] {
            let fault = Fault::Fields(vec![(format!("/data/0/roles/0/{field}"), value)]);
            let behavior = Behavior::default().script("/api/members", Hits::Every, fault);
            let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
            let id = workspace.people[0].id;
            assert!(rows.grants.len() < whole.grants.len());
            assert!(rows.grants.keys().all(|grant| whole.grants.contains_key(grant)));
            let counted = summary
                .warnings
                .iter()
                .find(|w| w.cause == "role-row-incomplete")
                .unwrap();
            assert_eq!(counted.examples, [format!("collaborator {id}")]);
        }
    }
}

/// Rows that do not have the field at all are not people without roles, roles without privileges and clients without a
/// role: nothing is sealed as if they were.
#[tokio::test]
async fn what_decides_and_is_missing_in_every_row_is_counted() {
    let workspace = workspace(AccessModel::RbacV2);
    let (whole, clean, _) = sync(&workspace, Behavior::default()).await.unwrap();
    assert_eq!(clean.warnings, []);
    for (path, field, cause) in [
        ("/api/members", "roles", "roles-not-said"),
        ("/api/members/*/privileges", "privileges", "privileges-not-said"),
        (
            "/api/developer_api_clients",
            "api_privilege_group_id",
            "api-client-role-not-said",
        ),
    ] {
        let renamed = Fault::Replaced(format!(r#""{field}":"#), format!(r#""other_{field}":"#));
        let behavior = Behavior::default().script(path, Hits::Every, renamed);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        assert!(rows.grants.len() < whole.grants.len(), "{field}");
        let is_counted = summary.warnings.iter().any(|w| w.cause == cause);
        assert!(is_counted, "{field}: {:?}", summary.warnings);
        assert_eq!(summary.status, Status::CompleteWithWarnings, "{field}");
    }
    let nothing = Fault::Fields(vec![("/data/0/roles".to_owned(), Value::Null)]);
    let behavior = Behavior::default().script("/api/members", Hits::Every, nothing);
    let (_, summary, _) = sync(&workspace, behavior).await.unwrap();
    let counted = summary.warnings.iter().find(|w| w.cause == "roles-not-said").unwrap();
    assert_eq!(counted.examples, ["collaborators: data[0].roles is null"]);
    let none = Fault::Fields(vec![("/data/0/roles".to_owned(), json!([]))]);
    let behavior = Behavior::default().script("/api/members", Hits::Every, none);
    let (_, summary, _) = sync(&workspace, behavior).await.unwrap();
    assert_eq!(summary.warnings, [], "an empty list says that there is none");
}

/// Case 14 and its like, on the wire: alone, reversed, doubled, in names, keys and free JSON.
#[tokio::test]
async fn half_a_character_becomes_a_replacement_character() {
    let mut workspace = workspace(AccessModel::RbacV2);
    workspace.projects[0].name = "Launch MARK".to_owned();
    workspace.people[0].name = Some("MARK Ada".to_owned());
    workspace.groups[1].name = "MARK".to_owned();
    workspace.groups[1].description = Some("of MARKs".to_owned());
    workspace.environment_roles[3].config = json!({"MARK": ["MARK"]});
    workspace.api_clients[0].name = "MARK client".to_owned();
    workspace.connections[0].name = "MARK connection".to_owned();
    let whole = sync(&workspace, Behavior::default()).await.unwrap().0;
    for (half, shown) in [
        (r"\ud83d", "\u{fffd}"),
        (r"\ude00", "\u{fffd}"),
        (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        (r"\uD83D\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"\udbff", "\u{fffd}"),
    ] {
        let fault = Fault::Replaced("MARK".to_owned(), half.to_owned());
        let behavior = Behavior::default().script("/**", Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        assert_same(&access(&whole), &access(&rows));
        let name = |id: String| rows.resources[&id].display_name.clone();
        assert_eq!(
            name(format!("project:{}", workspace.projects[0].id)),
            format!("Launch {shown}")
        );
        assert_eq!(
            name(format!("collaborator:{}", workspace.people[0].id)),
            format!("{shown} Ada")
        );
        assert_eq!(name(format!("collaborator_group:{}", workspace.groups[1].id)), shown);
        let role = format!("environment_role:{}", workspace.environment_roles[3].id);
        assert_eq!(rows.resources[&role].profile["config"], json!({shown: [shown]}));
        let causes: Vec<_> = summary.warnings.iter().map(|w| w.cause).collect();
        assert_eq!(causes, ["text-damaged"], "{half}");
    }
    // Names of fields that nobody knows, and of privileges.
    for (path, from, to) in [
        ("/api/members", r#""time_zone""#, r#""\ud83d":1,"time_zone""#),
        ("/api/members/*/privileges", r#""Recipes""#, r#""Recipes\ud83d""#),
    ] {
        let fault = Fault::Replaced(from.to_owned(), to.to_owned());
        let behavior = Behavior::default().script(path, Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        assert_eq!(rows.grants.len(), whole.grants.len(), "{path}");
        assert_eq!(summary.warnings[0].cause, "text-damaged", "{path}");
    }
    // The role that people hold: rows and list name it alike.
    let role = workspace.environment_roles[2].name.clone();
    let fault = Fault::Replaced(format!(r#""{role}""#), format!(r#""{role}\ud83d""#));
    let behavior = Behavior::default().script("/**", Hits::Every, fault);
    let (rows, ..) = sync(&workspace, behavior).await.unwrap();
    assert_same(&access(&whole), &access(&rows));
}

#[tokio::test]
async fn bytes_that_are_no_text_and_a_byte_order_mark_spoil_nothing() {
    let workspace = workspace(AccessModel::RbacV2);
    let whole = sync(&workspace, Behavior::default()).await.unwrap().0;
    let fault = Fault::Replaced(r#"{"data":"#.to_owned(), "\u{feff}{\"data\":".to_owned());
    let behavior = Behavior::default().script("/api/members", Hits::Every, fault);
    assert_eq!(access(&sync(&workspace, behavior).await.unwrap().0), access(&whole));
}

#[tokio::test]
async fn times_in_forms_of_rails_and_http_are_read_in_every_list() {
    let workspace = workspace(AccessModel::RbacV2);
    let fields = |time: &str| {
        let mut by_path: Vec<(&str, Vec<(String, Value)>)> = Vec::new();
        let mut count = 0;
        for (path, row, fields) in INFORMING {
            for field in fields.iter().filter(|field| field.ends_with("_at")) {
                let new = (format!("{row}/{field}"), json!(time));
                count += usize::from(*path != "/api/roles");
                match by_path.iter_mut().find(|(known, _)| known == path) {
                    Some((_, all)) => all.push(new),
                    None => by_path.push((path, vec![new])),
                }
            }
        }
        let token = ("/result/items/0/token".to_owned(), json!({"updated_at": time}));
        by_path
            .iter_mut()
            .find(|(path, _)| *path == "/api/developer_api_clients")
            .unwrap()
            .1
            .push(token);
        let behavior = by_path
            .into_iter()
            .fold(Behavior::default(), |behavior, (path, fields)| {
                behavior.script(path, Hits::Every, Fault::Fields(fields))
            });
        (behavior, count + 1)
    };
    let shown = |rows: &Rows| {
        [
            rows.resources[&format!("collaborator:{}", workspace.people[0].id)].profile["createdAt"].clone(),
            rows.resources[&format!("collaborator:{}", workspace.people[1].id)].profile["lastActivityAt"].clone(),
            rows.resources[&format!("collaborator_group:{}", workspace.groups[1].id)].profile["updated_at"].clone(),
            rows.resources[&format!("api_client:{}", workspace.api_clients[0].id)].profile["token_updated_at"].clone(),
            rows.resources[&format!("connection:{}", workspace.connections[0].id)].profile["authorized_at"].clone(),
        ]
    };
    for time in [
        "2024-08-02T13:35:11Z",
        "2024-08-02 13:35:11 UTC",
        "2024-08-02 06:35:11 -0700",
        "2024-08-02 06:35:11 -07:00",
        "2024-08-02T13:35:11",
        "2024/08/02 06:35:11 -0700",
        "Fri, 02 Aug 2024 13:35:11 GMT",
    ] {
        let (rows, summary, _) = sync(&workspace, fields(time).0).await.unwrap();
        assert_eq!(summary.warnings, [], "{time}");
        assert_eq!(shown(&rows), [(); 5].map(|()| json!("2024-08-02T13:35:11Z")), "{time}");
    }
    for time in ["02.08.2024 13:35", "three days ago", "2024-08-02 13:35:11 PDT"] {
        let (behavior, count) = fields(time);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        let [warning] = summary.warnings.as_slice() else {
            panic!("{:?}", summary.warnings)
        };
        assert_eq!(
            (warning.cause, usize::try_from(warning.count).unwrap()),
            ("time-not-understood", count),
            "{time}"
        );
        assert!(
            warning.examples[0].contains("].") && warning.examples[0].contains(time),
            "{warning:?}"
        );
        assert_eq!(shown(&rows), [(); 5].map(|()| json!(time)), "kept as it is");
    }
}

/// Settings of roles are words; whatever becomes of the page about one role, its list stands.
#[tokio::test]
async fn a_detail_page_that_cannot_be_read_is_counted_and_ends_nothing() {
    let workspace = workspace(AccessModel::RbacV2);
    let whole = sync(&workspace, Behavior::default()).await.unwrap().0;
    let faults: Vec<Fault> = vec![
        Fault::Html(200),
        Fault::Html(502),
        Fault::status(500),
        Fault::status(422),
        Fault::TruncatedJson,
        Fault::Cut,
        Fault::WrongContentType,
        Fault::Status(200, "[]".to_owned(), Vec::new()),
        Fault::Status(200, r#"{"data":[]}"#.to_owned(), Vec::new()),
        Fault::Status(200, r#"{"data":{"id":{}}}"#.to_owned(), Vec::new()),
        Fault::Status(
            200,
            r#"{"data":{"id":1,"name":"Somebody else","config":{"x":1}}}"#.to_owned(),
            Vec::new(),
        ),
        Fault::Status(200, String::new(), Vec::new()),
    ];
    for (kind, endpoint, ids) in [
        (
            "environment_role",
            Endpoint::EnvironmentRole,
            workspace.environment_roles.iter().map(|r| r.id).collect::<Vec<_>>(),
        ),
        (
            "project_role",
            Endpoint::ProjectRole,
            workspace.project_roles.iter().map(|r| r.id).collect(),
        ),
    ] {
        for fault in &faults {
            for broken in [vec![ids[0]], vec![ids[2]], ids.clone()] {
                let behavior = broken.iter().fold(Behavior::default(), |behavior, id| {
                    behavior.script(
                        &endpoint.path().replace("{id}", &id.to_string()),
                        Hits::Every,
                        fault.clone(),
                    )
                });
                let (rows, summary, simulator) = match sync(&workspace, behavior).await {
                    Ok(synced) => synced,
                    Err(error) => panic!("{kind} {fault:?}: {error:?}"),
                };
                assert_same(&access(&whole), &access(&rows));
                assert_eq!(summary.status, Status::CompleteWithWarnings, "{fault:?}");
                let [warning] = summary.warnings.as_slice() else {
                    panic!("{fault:?}: {:?}", summary.warnings)
                };
                assert_eq!(warning.cause, "role-settings-unreadable");
                assert_eq!(usize::try_from(warning.count).unwrap(), broken.len(), "{fault:?}");
                let configs = |rows: &Rows| {
                    let of_kind = rows
                        .resources
                        .iter()
                        .filter(|(id, _)| id.starts_with(&format!("{kind}:")));
                    of_kind.filter(|(_, r)| r.profile.get("config").is_some()).count()
                };
                assert_eq!(configs(&rows), configs(&whole) - broken.len(), "{fault:?}");
                for (id, row) in &rows.resources {
                    assert_eq!(row.display_name, whole.resources[id].display_name, "{fault:?}");
                }
                if broken.len() == ids.len() {
                    let asked: BTreeSet<String> = simulator
                        .requests()
                        .0
                        .iter()
                        .filter(|r| r.endpoint == Some(endpoint))
                        .map(|r| r.path.clone())
                        .collect();
                    // An answer about somebody else is an answer: others are asked.
                    let most = if summary.warnings[0].examples[0].contains("another role") {
                        ids.len()
                    } else {
                        3
                    };
                    assert!(asked.len() <= most, "{fault:?}: {asked:?}");
                }
            }
        }
    }
}

/// An address informs, and tells who is in a group: without it the row of the group is not believed, and that is counted.
#[tokio::test]
async fn an_address_of_another_type_is_counted_where_somebody_is_not_recognized() {
    let mut workspace = workspace(AccessModel::RbacV2);
    let member = workspace
        .groups
        .iter()
        .find_map(|g| g.members.first().copied())
        .unwrap();
    workspace.people.sort_by_key(|person| person.id != member);
    let whole = sync(&workspace, Behavior::default()).await.unwrap().0;
    let id = workspace.people[0].id;
    let groups: Vec<_> = workspace.groups.iter().filter(|g| g.members.contains(&id)).collect();
    assert!(!groups.is_empty());
    for value in [json!({"a": 1}), json!(["x"]), json!(7)] {
        let fault = Fault::Fields(vec![("/data/0/email".to_owned(), value.clone())]);
        let behavior = Behavior::default().script("/api/members", Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        let count = |cause: &str| {
            summary
                .warnings
                .iter()
                .find(|w| w.cause == cause)
                .map_or(0, |w| w.count)
        };
        assert_eq!(count("field-left-out"), u64::from(!value.is_number()), "{value}");
        assert_eq!(count("group-member-of-other-address"), groups.len() as u64, "{value}");
        let lost: Vec<_> = access(&whole).difference(&access(&rows)).cloned().collect();
        assert!(
            lost.iter().all(|grant| grant.ends_with(&format!("collaborator:{id}"))),
            "{lost:?}"
        );
    }
}

/// `ip_allow_list` is one text with commas, a list, or nothing (`workato/api.md 2.13`).
#[tokio::test]
async fn address_ranges_are_a_list_however_they_are_written() {
    let workspace = workspace(AccessModel::RbacV2);
    for (value, shown) in [
        (
            json!("192.0.2.0/24, 198.51.100.7 ,"),
            Some(json!(["192.0.2.0/24", "198.51.100.7"])),
        ),
        (json!("192.0.2.1"), Some(json!(["192.0.2.1"]))),
        (
            json!(["192.0.2.1", "10.0.0.0/8, 10.1.0.0/16"]),
            Some(json!(["192.0.2.1", "10.0.0.0/8", "10.1.0.0/16"])),
        ),
        (json!([]), Some(json!([]))),
        (json!(""), Some(json!([]))),
        (Value::Null, None),
    ] {
        let fault = Fault::Fields(vec![("/result/items/0/ip_allow_list".to_owned(), value.clone())]);
        let behavior = Behavior::default().script("/api/developer_api_clients", Hits::Every, fault);
        let (rows, summary, _) = sync(&workspace, behavior).await.unwrap();
        let row = &rows.resources[&format!("api_client:{}", workspace.api_clients[0].id)];
        assert_eq!(row.profile.get("ip_allow_list").cloned(), shown, "{value}");
        assert_eq!(summary.warnings, [], "{value}");
    }
}
