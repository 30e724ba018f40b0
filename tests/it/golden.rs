//! Recorded answers replayed over HTTP: our rows against those of the published connector. The differences are
//! exactly those of `workato/model.md 6`; each is undone here by name, and what remains must be equal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baton_workato::workato::settings::{FolderDepth, Settings};
use serde_json::{Value, json};

use crate::support::replay::Replay;
use crate::support::rows::{GrantRow, ResourceRow, Rows};
use crate::support::run;

/// Types the published connector does not have (`workato/model.md 6`, difference 2).
const NEW_TYPES: [&str; 5] = [
    "api_client",
    "api_client_role",
    "api_key",
    "collaborator_group",
    "project_role",
];

async fn sync(name: &str, bend: impl FnOnce(&mut Settings)) -> (Rows, Replay) {
    let replay = Replay::golden(name).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut settings = run::settings(&replay.base_url());
    bend(&mut settings);
    let summary = run::workato(settings, &file).await.unwrap();
    // Single project roles were not recorded: a few 404 stand for all.
    let (unrecorded, warnings): (Vec<_>, Vec<_>) = (summary.warnings.into_iter())
        .partition(|w| w.message.contains("(config) of project roles") && w.cause == "list-refused");
    assert_eq!(unrecorded.len(), usize::from(name == "rbac-v2"));
    assert_eq!(warnings, [], "a recorded workspace is whole");
    (Rows::of_file(&file), replay)
}

/// What was asked for and not recorded, but for what a plan may lack: that is refused, and quiet.
fn unmatched(replay: &Replay) -> Vec<String> {
    let features = [
        "/api/iam/",
        "/api/agentic/",
        "/api/mcp/",
        "/api/v2/api_clients",
        "/api/api_collections",
    ];
    let (asked, mut others): (Vec<String>, Vec<String>) =
        (replay.unmatched().into_iter()).partition(|path| features.iter().any(|feature| path.starts_with(feature)));
    assert_eq!(asked.len(), 7, "one request for each list: {asked:?}");
    others.sort();
    others
}

fn workspace(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
        .join("workspace.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn kind(id: &str) -> &str {
    id.split(':').next().unwrap()
}

/// Difference 8: published times are Go's debug form, and null ones stand as year 1; 10 and `workato/model.md 3`: null
/// texts are left out.
fn published_profile(profile: &Value) -> Value {
    let fields = profile.as_object().unwrap().iter().filter_map(|(key, value)| {
        let value = match value.as_str() {
            Some("") => return None,
            Some(text) if text.starts_with("0001-01-01 ") => return None,
            Some(text) => json!(go_time(text).unwrap_or_else(|| text.to_owned())),
            None => value.clone(),
        };
        Some((key.clone(), value))
    });
    fields.collect::<serde_json::Map<_, _>>().into()
}

fn go_time(text: &str) -> Option<String> {
    let (time, zone) = text.rsplit_once(' ')?;
    let zone_is_a_zone = zone == "UTC" || (zone.len() == 5 && zone.starts_with(['-', '+']));
    if !zone_is_a_zone {
        return None;
    }
    let parsed = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S%.f %z", time).ok()?;
    Some(parsed.to_timestamp().ok()?.to_string())
}

/// A published resource as ours must be, but for what `ours` adds.
fn published_resource(row: &ResourceRow) -> ResourceRow {
    ResourceRow {
        annotations: row.annotations.iter().map(without_trait_profile).collect(),
        profile: published_profile(&row.profile),
        ..row.clone()
    }
}

/// Our resource without what is new in it: profile keys of `workato/model.md 3`, the trait's copy of the profile
/// (checked to be equal here), creation and activity times of the user trait.
fn our_resource(id: &str, row: &ResourceRow) -> ResourceRow {
    let new_keys: &[&str] = match kind(id) {
        "collaborator" => &["lastActivityAt", "lastActivityType"],
        "environment_role" => &["config"],
        "project" => &["environment"],
        "folder" => &["project_id"],
        _ => &[],
    };
    for annotation in &row.annotations {
        if annotation["@"].as_str().unwrap().ends_with("Trait") {
            assert_eq!(
                annotation["profile"], row.profile,
                "{id}: the trait repeats the profile"
            );
        }
    }
    let mut profile = row.profile.clone();
    new_keys
        .iter()
        .for_each(|key| drop(profile.as_object_mut().unwrap().remove(*key)));
    ResourceRow {
        annotations: row.annotations.iter().map(without_trait_profile).collect(),
        profile,
        ..row.clone()
    }
}

fn without_trait_profile(annotation: &Value) -> Value {
    let mut annotation = annotation.clone();
    let object = annotation.as_object_mut().unwrap();
    if object["@"].as_str().unwrap().ends_with("Trait") {
        for key in ["profile", "createdAt", "lastLogin"] {
            object.remove(key);
        }
    }
    annotation
}

fn ids<T>(rows: &BTreeMap<String, T>, of: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    rows.keys().map(String::as_str).filter(|id| of(id)).collect()
}

fn compare_resources(published: &Rows, ours: &Rows, gone: impl Fn(&str) -> bool, added: impl Fn(&str) -> bool) {
    let kept = ids(&published.resources, |id| !gone(id));
    let old = ids(&ours.resources, |id| !added(id) && !NEW_TYPES.contains(&kind(id)));
    assert_eq!(kept, old);
    for id in kept {
        let (theirs, mine) = (&published.resources[id], &ours.resources[id]);
        assert_eq!(published_resource(theirs), our_resource(id, mine), "{id}");
    }
}

/// Entitlements differ in who may change them: roles can be revoked (6), privileges and folders never could be.
fn compare_entitlements(published: &Rows, ours: &Rows, gone: impl Fn(&str) -> bool) {
    let immutable = json!({"@": "EntitlementImmutable"});
    for (id, row) in published.entitlements.iter().filter(|(id, _)| !gone(id)) {
        let mut expected = row.clone();
        match kind(id) {
            "role" | "environment_role" => {
                assert_eq!(expected.annotations.remove(0), immutable, "{id}");
            }
            "privilege" | "folder" => expected.annotations.push(immutable.clone()),
            other => panic!("unexpected published entitlement on {other}"),
        }
        assert_eq!(Some(&expected), ours.entitlements.get(id), "{id}");
    }
    for id in ours
        .entitlements
        .keys()
        .filter(|id| !published.entitlements.contains_key(*id))
    {
        let new = NEW_TYPES.contains(&kind(id)) || matches!(kind(id), "project" | "folder");
        assert!(new, "{id}");
    }
}

fn grants<'a>(rows: &'a Rows, on: &'a str, to: &'a str) -> impl Iterator<Item = (&'a String, &'a GrantRow)> {
    rows.grants
        .iter()
        .filter(move |(id, row)| kind(id) == on && row.principal.starts_with(&format!("{to}:")))
}

fn same_grants(published: &Rows, ours: &Rows, on: &str, to: &str) {
    let plain = |(id, row): (&String, &GrantRow)| {
        let row = GrantRow {
            expands_over: Vec::new(),
            shallow: false,
            ..row.clone()
        };
        (id.clone(), row)
    };
    let theirs: BTreeMap<_, _> = grants(published, on, to).map(plain).collect();
    let mine: BTreeMap<_, _> = grants(ours, on, to).map(plain).collect();
    assert_eq!(theirs, mine, "grants on {on} to {to}");
}

/// What the recording says each person may do: (privilege resource id, member id).
fn recorded_privileges(workspace: &Value) -> BTreeSet<(String, String)> {
    let rows = workspace
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| path.ends_with("/privileges"));
    rows.flat_map(|(path, answer)| {
        let member = path.split('/').nth(3).unwrap().to_owned();
        let rows = answer["body"]["data"].as_array().unwrap().clone();
        rows.into_iter().flat_map(move |row| {
            let member = member.clone();
            let groups = row["privileges"].as_object().unwrap().clone();
            groups.into_iter().flat_map(move |(group, ids)| {
                let member = member.clone();
                let ids = ids.as_array().unwrap().clone();
                ids.into_iter()
                    .map(move |id| (format!("{group}-{}", id.as_str().unwrap()), member.clone()))
            })
        })
    })
    .collect()
}

/// Every privilege of a person comes from a role now, so each is derived: immutable, with the role as its source.
fn privileges_come_from_roles(ours: &Rows, workspace: &Value, role_type: &str) {
    let expected: BTreeSet<String> = recorded_privileges(workspace)
        .into_iter()
        .map(|(privilege, member)| format!("privilege:{privilege}:assigned:collaborator:{member}"))
        .collect();
    let mine: BTreeSet<String> = grants(ours, "privilege", "collaborator")
        .map(|(id, _)| id.clone())
        .collect();
    assert_eq!(expected, mine);
    for (id, row) in grants(ours, "privilege", "collaborator") {
        assert_eq!(row.annotations, [json!({"@": "GrantImmutable"})], "{id}");
        let sources = row.sources.as_object().unwrap();
        assert_eq!(sources.len(), 1, "{id}: one role per person here");
        assert!(
            sources
                .keys()
                .all(|s| s.starts_with(&format!("{role_type}:")) && s.ends_with(":collaborator-has"))
        );
        assert!(sources.values().all(|s| s["isDirect"] == json!(true)));
    }
    for (id, row) in grants(ours, "privilege", role_type) {
        assert_eq!(row.annotations, [json!({"@": "GrantImmutable"})], "{id}");
        assert_eq!(
            (&row.expands_over, row.shallow),
            (&vec![format!("{}:collaborator-has", row.principal)], true)
        );
    }
}

#[tokio::test]
async fn legacy_differs_from_the_published_rows_only_where_it_says_so() {
    let (ours, replay) = sync("legacy", |_| {}).await;
    let (published, workspace) = (Rows::golden("legacy"), workspace("legacy"));
    // A workspace that looks like the older model is asked once whether it has groups all the same.
    assert_eq!(
        unmatched(&replay),
        ["/api/user_groups?page%5Bnumber%5D=1&page%5Bsize%5D=100"],
        "every other request was recorded"
    );

    // 5: folders outside projects are listed: the children of Home that are no project.
    let home = workspace["/api/folders?page=1&per_page=100"]["body"]
        .as_array()
        .unwrap()
        .clone();
    let loose: BTreeSet<String> = home
        .iter()
        .filter(|f| f["is_project"] == json!(false))
        .map(|f| format!("folder:{}", f["id"]))
        .collect();
    assert_eq!(loose.len(), 3);
    compare_resources(&published, &ours, |_| false, |id| loose.contains(id));
    compare_entitlements(&published, &ours, |_| false);

    same_grants(&published, &ours, "role", "collaborator");
    same_grants(&published, &ours, "folder", "collaborator");
    same_grants(&published, &ours, "folder", "role");
    for (id, row) in grants(&ours, "folder", "role") {
        assert_eq!(
            row.expands_over,
            [format!("{}:collaborator-has", row.principal)],
            "{id}"
        );
    }

    // Custom roles hold what their list says, as published; 9: base roles hold what one of their holders shows.
    let custom = |(id, row): &(&String, &GrantRow)| {
        row.principal
            .trim_start_matches("role:")
            .parse::<u64>()
            .is_ok()
            .then(|| (*id).clone())
    };
    let theirs: BTreeSet<_> = grants(&published, "privilege", "role")
        .filter_map(|g| custom(&g))
        .collect();
    let mine: BTreeSet<_> = grants(&ours, "privilege", "role").filter_map(|g| custom(&g)).collect();
    assert_eq!(theirs, mine);
    let held = recorded_privileges(&workspace);
    let members = workspace["/api/members"]["body"]["data"].as_array().unwrap().clone();
    for base in ["Admin", "Analyst", "Operator"] {
        let holder = members
            .iter()
            .find(|m| m["roles"][0]["role_name"] == json!(base))
            .unwrap()["id"]
            .to_string();
        let of_holder: BTreeSet<&str> = held
            .iter()
            .filter(|(_, member)| *member == holder)
            .map(|(privilege, _)| privilege.as_str())
            .collect();
        let of_role: BTreeSet<&str> = grants(&ours, "privilege", "role")
            .filter(|(_, row)| row.principal == format!("role:{base}"))
            .map(|(id, _)| {
                id.strip_prefix("privilege:")
                    .unwrap()
                    .split(":assigned:")
                    .next()
                    .unwrap()
            })
            .collect();
        assert_eq!(of_holder, of_role, "{base}");
    }
    privileges_come_from_roles(&ours, &workspace, "role");
}

#[tokio::test]
async fn rbac_v2_differs_from_the_published_rows_only_where_it_says_so() {
    let (ours, replay) = sync("rbac-v2", |settings| settings.folder_depth = FolderDepth::All).await;
    let (published, workspace) = (Rows::golden("rbac-v2"), workspace("rbac-v2"));
    assert_eq!(
        unmatched(&replay),
        (1..=5).map(|id| format!("/api/project_roles/{id}")).collect::<Vec<_>>(),
        "single project roles were not recorded"
    );

    let named: BTreeSet<String> = recorded_privileges(&workspace)
        .into_iter()
        .map(|(privilege, _)| format!("privilege:{privilege}"))
        .collect();
    // 7: no base roles in a migrated workspace; 1 and `workato/model.md 2`: only privileges that the API names.
    let gone = |id: &str| match kind(id) {
        "role" => true,
        "privilege" => !named.contains(id.split(":assigned").next().unwrap()),
        _ => false,
    };
    let loose = |id: &str| kind(id) == "folder" && !published.resources.contains_key(id);
    compare_resources(&published, &ours, gone, loose);
    compare_entitlements(&published, &ours, gone);
    same_grants(&published, &ours, "environment_role", "collaborator");
    let theirs: BTreeSet<_> = grants(&published, "privilege", "collaborator")
        .map(|(id, _)| id)
        .collect();
    let mine: BTreeSet<_> = grants(&ours, "privilege", "collaborator").map(|(id, _)| id).collect();
    assert_eq!(theirs, mine, "the same people have the same privileges");
    privileges_come_from_roles(&ours, &workspace, "environment_role");
    assert_eq!(grants(&ours, "privilege", "role").count(), 0);
}

/// Difference 2, counted from the recording: groups, project grants and API clients.
#[tokio::test]
async fn rbac_v2_has_groups_project_grants_and_api_clients() {
    let (ours, _) = sync("rbac-v2", |_| {}).await;
    let workspace = workspace("rbac-v2");
    let data = |path: &str| workspace[path]["body"]["data"].as_array().unwrap().clone();
    let page = "?page[number]=1&page[size]=100";
    let mut expected: BTreeSet<String> = BTreeSet::new();
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in data(&format!("/api/user_groups{page}")) {
        let id = group["id"].as_str().unwrap();
        for member in data(&format!("/api/user_groups/{id}/members{page}")) {
            expected.insert(format!("collaborator_group:{id}:member:collaborator:{}", member["id"]));
            members.entry(id.to_owned()).or_default().push(member["id"].to_string());
        }
    }
    for project in workspace["/api/projects?page=1&per_page=100"]["body"]
        .as_array()
        .unwrap()
    {
        let id = &project["id"];
        for grant in data(&format!("/api/projects/{id}/project_grants{page}")) {
            let slug = grant["project_role"]["name"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .replace(' ', "-");
            match grant["user_group"]["id"].as_str() {
                None => drop(expected.insert(format!("project:{id}:{slug}:collaborator:{}", grant["user"]["id"]))),
                Some(group) => {
                    let entitlement = format!("project:{id}:{slug}");
                    expected.insert(format!("{entitlement}:collaborator_group:{group}"));
                    let everyone = members[group].iter().map(|m| format!("{entitlement}:collaborator:{m}"));
                    expected.extend(everyone);
                }
            }
        }
    }
    for client in workspace["/api/developer_api_clients?page=1&per_page=100"]["body"]["result"]["items"]
        .as_array()
        .unwrap()
    {
        let role = &client["api_privilege_group_id"];
        expected.insert(format!("api_client_role:{role}:assigned:api_client:{}", client["id"]));
    }
    let new = |id: &str| matches!(kind(id), "collaborator_group" | "project" | "api_client_role");
    let mine: BTreeSet<String> = ours.grants.keys().filter(|id| new(id)).cloned().collect();
    assert_eq!(expected, mine);
}

/// `--folder-depth`: `auto` needs two lists in a v2 workspace whose grants name no nested folder; a number walks
/// that many levels (`workato/model.md 6.5`).
#[tokio::test]
async fn folders_are_walked_as_deep_as_asked() {
    let folders = |rows: &Rows| ids(&rows.resources, |id| kind(id) == "folder").len();
    let mut counts = Vec::new();
    for depth in [
        FolderDepth::Auto,
        FolderDepth::Levels(0),
        FolderDepth::Levels(1),
        FolderDepth::All,
    ] {
        let (rows, replay) = sync("rbac-v2", |settings| settings.folder_depth = depth).await;
        let requests = replay
            .requests()
            .iter()
            .filter(|path| path.starts_with("/api/folders"))
            .count();
        counts.push((folders(&rows), requests));
    }
    assert_eq!(counts, [(8, 1), (8, 1), (23, 9), (28, 29)]);
}
