//! The first page, counted over simulated workspaces: what the oracle says everybody holds, and what the workspace says
//! everybody is, must be what the page shows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baton_workato::baton::conventions::Conventions;
use baton_workato::report::Snapshot;
use baton_workato::report::counted::Day;
use baton_workato::report::findings::{Finding, Severity, keys};
use baton_workato::report::overview::{Chart, Overview};
use baton_workato::simulator::{
    AccessModel, Behavior, Env, Grantee, LastActivity, Person, Shape, Simulator, Workspace,
};
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::Value;

use super::{demo, open};
use crate::model::settings;
use crate::support::oracle::{Choice, Expected, Options, expect};
use crate::support::run;

/// A workspace, its file, and what must be in it.
struct Told {
    workspace: Workspace,
    expected: Expected,
    snapshot: Snapshot,
    overview: Overview,
    _folder: tempfile::TempDir,
}

async fn told(model: AccessModel) -> Told {
    told_of(Workspace::generate(&Shape {
        model,
        people: 90,
        ..Shape::default()
    }))
    .await
}

async fn told_of(workspace: Workspace) -> Told {
    let options = Options {
        choice: Choice::All,
        tokens: Env::ALL.to_vec(),
        ..Options::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told.c1z");
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &options), &file).await.unwrap();
    let snapshot = open(&file);
    let overview = Overview::of(&snapshot, &CONVENTIONS).unwrap();
    Told {
        expected: expect(&workspace, &options),
        workspace,
        snapshot,
        overview,
        _folder: folder,
    }
}

impl Told {
    fn chart(&self, key: &str) -> &Chart {
        self.overview.charts.iter().find(|chart| chart.key == key).unwrap()
    }

    fn finding(&self, key: &str) -> &Finding {
        self.overview
            .findings
            .iter()
            .find(|finding| finding.key == key)
            .unwrap()
    }

    /// Ids of a finding's items.
    fn ids(&self, key: &str) -> BTreeSet<String> {
        let finding = self.finding(key);
        let ids: Vec<String> = finding.items.iter().map(|item| item.thing.id.clone()).collect();
        assert_eq!(
            usize::try_from(finding.total).unwrap(),
            ids.len(),
            "{key}: all fit on the page"
        );
        ids.into_iter().collect()
    }

    fn people(&self, passes: impl Fn(&Person) -> bool) -> BTreeSet<String> {
        let people = self.workspace.people.iter().filter(|person| passes(person));
        people.map(|person| person.id.to_string()).collect()
    }

    /// What the oracle says a person holds: entitlement ids.
    fn held_by(&self, person: &str) -> impl Iterator<Item = &str> {
        let principal = format!("collaborator:{person}");
        let grants = self
            .expected
            .grants
            .values()
            .filter(move |grant| grant.principal == principal);
        grants.map(|grant| grant.entitlement.as_str())
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase().replace(' ', "")
}

fn is_outside(person: &Person) -> bool {
    let domain = person
        .email
        .as_deref()
        .and_then(|mail| mail.split_once('@'))
        .map(|(_, domain)| domain);
    domain.is_some_and(|domain| domain.to_lowercase() != "northwind.example")
}

fn is_admin(person: &Person, env: Option<Env>) -> bool {
    let admin = |name: &str| ["environmentadmin", "admin"].contains(&folded(name).as_str());
    let mut roles = person.roles.iter().filter(|role| env.is_none_or(|env| role.env == env));
    roles.any(|role| admin(&role.role))
}

#[tokio::test]
async fn findings_name_whom_the_workspace_says() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let told = told(model).await;
        let day = Day::of(told.snapshot.moment());

        assert_eq!(told.ids(keys::ADMINS), told.people(|p| is_admin(p, Some(Env::Prod))));
        assert!(!told.ids(keys::ADMINS).is_empty());

        assert_eq!(
            told.ids(keys::MODERATORS),
            told.people(|p| p.grant_type.as_deref() == Some("federation_manager"))
        );

        let project_admin = |person: &Person| {
            let mut held = told.expected.grants.iter().filter(|(_, grant)| {
                grant.principal == format!("collaborator:{}", person.id) && grant.entitlement.starts_with("project:")
            });
            held.any(|(_, grant)| grant.entitlement.ends_with(":project-admin"))
        };
        assert_eq!(
            told.ids(keys::OUTSIDE_ADMINS),
            told.people(|p| is_outside(p) && (is_admin(p, None) || project_admin(p)))
        );

        let clients = told.workspace.api_clients.iter().filter(|client| client.all_folders);
        assert_eq!(
            told.ids(keys::ALL_SCOPE),
            clients.map(|client| client.id.to_string()).collect()
        );

        let inactive = told.people(|person| {
            let mut held = told.expected.grants.values().filter(|grant| {
                grant.principal == format!("collaborator:{}", person.id)
                    && !grant.entitlement.starts_with("collaborator_group:")
            });
            let is_gone = match &person.last_activity {
                LastActivity::Event { created_at, .. } => {
                    let at: jiff::Timestamp = created_at.parse().unwrap();
                    day.age(at.as_second()).unwrap() > 90
                }
                LastActivity::Missing | LastActivity::Never => true,
            };
            is_gone && held.next().is_some()
        });
        assert_eq!(told.ids(keys::INACTIVE), inactive);
        assert!(inactive.len() < told.workspace.people.len());
    }
}

#[tokio::test]
async fn what_everybody_was_given_is_found() {
    let told = told(AccessModel::RbacV2).await;
    let everyone = told.workspace.groups.iter().find(|group| group.system).unwrap();
    let grants = told.workspace.project_grants.iter();
    let given = grants.filter(|grant| grant.holder == Grantee::Group(everyone.id.clone()));
    let given: BTreeSet<String> = given.map(|grant| grant.project.to_string()).collect();
    assert!(!given.is_empty());
    assert_eq!(told.ids(keys::EVERYONE), given);
    let item = &told.finding(keys::EVERYONE).items[0];
    assert!(item.detail.ends_with("(dev), to All collaborators"), "{}", item.detail);
}

#[tokio::test]
async fn the_worst_stands_first_and_what_was_not_found_last() {
    let mut workspace = Workspace::generate(&Shape::default());
    for person in &mut workspace.people {
        person.grant_type = Some("team".to_owned());
    }
    let told = told_of(workspace).await;
    let order: Vec<(bool, Severity)> = told
        .overview
        .findings
        .iter()
        .map(|finding| (finding.total == 0, finding.severity))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    let last = told.overview.findings.last().unwrap();
    assert_eq!(last.total, 0);
    let moderators = told.finding(keys::MODERATORS);
    assert!(moderators.is_clean());
    for finding in &told.overview.findings {
        assert!(finding.why.ends_with('.') && finding.what_to_do.ends_with('.'));
    }
}

#[tokio::test]
async fn charts_count_what_the_oracle_counts() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let told = told(model).await;
        let roles = told.chart("roles");
        assert_eq!(roles.series, ["dev", "test", "prod"]);
        let mut expected: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for grant in told.expected.grants.values() {
            let entitlement = &told.expected.entitlements[&grant.entitlement];
            let is_role = ["environment_role:", "role:"]
                .iter()
                .any(|kind| entitlement.resource.starts_with(kind));
            if is_role && grant.principal.starts_with("collaborator:") {
                let name = &told.expected.resources[&entitlement.resource].display_name;
                let (name, env) = name.rsplit_once(" (").unwrap();
                let place = roles
                    .series
                    .iter()
                    .position(|known| env == format!("{known})"))
                    .unwrap();
                expected.entry(name.to_owned()).or_insert_with(|| vec![0; 3])[place] += 1;
            }
        }
        assert!(expected.len() <= 15, "all rows are shown");
        let shown: BTreeMap<String, Vec<u64>> = roles
            .rows
            .iter()
            .map(|row| (row.label.clone(), row.values.clone()))
            .collect();
        assert_eq!(shown, expected);

        let total = |chart: &Chart| chart.rows.iter().flat_map(|row| &row.values).sum::<u64>();
        let people = u64::try_from(told.workspace.people.len()).unwrap();
        assert_eq!(total(told.chart("activity")), people);
        assert_eq!(total(told.chart("credentials")), 6);
        let outside = told.people(is_outside).len();
        assert_eq!(total(told.chart("domains")), u64::try_from(outside).unwrap());
        let admins = told.chart("admins");
        for (row, env) in admins.rows.iter().zip(Env::ALL) {
            let own = told.people(|p| is_admin(p, Some(env)) && !is_outside(p)).len();
            let outside = told.people(|p| is_admin(p, Some(env)) && is_outside(p)).len();
            assert_eq!(row.values, [own, outside].map(|n| u64::try_from(n).unwrap()), "{env:?}");
        }
    }
}

#[tokio::test]
async fn project_exposure_counts_each_person_once() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let told = told(model).await;
        // Person to whether something was given to them by itself, by project.
        let mut expected: BTreeMap<String, BTreeMap<&str, bool>> = BTreeMap::new();
        for grant in told.expected.grants.values() {
            let mut resource = told.expected.entitlements[&grant.entitlement].resource.clone();
            while resource.starts_with("folder:") {
                resource = told.expected.resources[&resource].parent.clone().unwrap_or_default();
            }
            if resource.starts_with("project:") && grant.principal.starts_with("collaborator:") {
                let people = expected.entry(resource).or_default();
                let direct = grant.sources.is_empty() || grant.sources.contains_key(&grant.entitlement);
                *people.entry(&grant.principal).or_default() |= direct;
            }
        }
        let clients = |id: &str| {
            let project = told
                .workspace
                .projects
                .iter()
                .find(|project| project.id.to_string() == id);
            let project = project.unwrap();
            let here = told
                .workspace
                .api_clients
                .iter()
                .filter(|client| client.env == project.env);
            let reach = here.filter(|client| {
                client.all_folders
                    || client
                        .folder_ids
                        .iter()
                        .flatten()
                        .any(|folder| *folder == project.folder_id)
            });
            u64::try_from(reach.count()).unwrap()
        };
        let total = |id: &str| {
            let people = expected.get(&format!("project:{id}")).map_or(0, BTreeMap::len);
            u64::try_from(people).unwrap() + clients(id)
        };
        let mut totals: Vec<u64> = told
            .workspace
            .projects
            .iter()
            .map(|p| total(&p.id.to_string()))
            .collect();
        totals.sort_unstable_by(|a, b| b.cmp(a));
        totals.retain(|total| *total > 0);
        let chart = told.chart("exposure");
        assert!(chart.rows.len() == 15 || chart.rows.len() == totals.len());
        for (row, total) in chart.rows.iter().zip(totals) {
            assert_eq!(row.values.iter().sum::<u64>(), total, "{}", row.label);
            let id = row.link.as_deref().unwrap().strip_prefix("#/thing/project/").unwrap();
            assert_eq!(row.values[2], clients(id), "{}", row.label);
            let nobody = BTreeMap::new();
            let people = expected.get(&format!("project:{id}")).unwrap_or(&nobody);
            assert_eq!(row.values[0] + row.values[1], u64::try_from(people.len()).unwrap());
            let direct = people.values().filter(|direct| **direct).count();
            assert_eq!(row.values[0], u64::try_from(direct).unwrap(), "{}", row.label);
        }
    }
}

#[tokio::test]
async fn types_and_headline_are_the_numbers_of_the_file() {
    let told = told(AccessModel::RbacV2).await;
    let counts = told.expected.counts();
    for line in &told.overview.types {
        let expected = counts.get(line.id.as_str()).copied().unwrap_or_default();
        assert_eq!(line.resources, u64::try_from(expected).unwrap(), "{}", line.id);
        let prefix = format!("{}:", line.id);
        let entitlements = told
            .expected
            .entitlements
            .values()
            .filter(|e| e.resource.starts_with(&prefix));
        assert_eq!(line.entitlements, u64::try_from(entitlements.count()).unwrap());
        let grants = told.expected.grants.values();
        let grants = grants.filter(|g| told.expected.entitlements[&g.entitlement].resource.starts_with(&prefix));
        assert_eq!(line.grants, u64::try_from(grants.count()).unwrap());
    }
    let headline = |key: &str| {
        told.overview
            .headline
            .iter()
            .find(|line| line.key == key)
            .unwrap()
            .value
    };
    assert_eq!(headline("people"), 90);
    assert_eq!(headline("clients"), 6);
    assert_eq!(headline("grants"), u64::try_from(told.expected.grants.len()).unwrap());
    assert_eq!(headline(keys::ADMINS), told.finding(keys::ADMINS).total);
    assert!(told.held_by("1003").next().is_some());
}

#[test]
fn everything_worth_finding_occurs_in_the_demo() {
    let overview = Overview::of(&open(demo(&["--env", "all"])), &CONVENTIONS).unwrap();
    let found: BTreeSet<&str> = overview.findings.iter().map(|finding| finding.key.as_str()).collect();
    // Connections and the audit logs are read only when somebody asks for them.
    let expected = keys::ALL
        .into_iter()
        .filter(|key| ![keys::BORROWED, keys::LEAKED].contains(key));
    assert_eq!(found, expected.collect());
    assert_eq!(overview.charts.len(), 6);
    for finding in &overview.findings {
        assert!(finding.total > 0 || finding.unknown_total > 0, "{}", finding.key);
    }
}

#[test]
fn the_same_file_always_says_the_same() {
    let file = demo(&["--env", "all"]);
    let text = |snapshot: &Snapshot| serde_json::to_string(&Overview::of(snapshot, &CONVENTIONS).unwrap()).unwrap();
    let first = open(file);
    let once = text(&first);
    assert_eq!(once, text(&first));
    assert_eq!(once, text(&open(file)));
    let json: Value = serde_json::from_str(&once).unwrap();
    for key in ["file", "sync", "types", "headline", "charts", "findings"] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert!(json["sync"]["startedAt"].is_string() && json["findings"][0]["whatToDo"].is_string());
}

#[test]
fn files_of_unknown_vendors_are_shown_too() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in ["legacy/published-connector.c1z", "rbac-v2/published-connector.c1z"] {
        for conventions in [&Conventions::NONE, &CONVENTIONS] {
            let overview = Overview::of(&open(&golden.join(file)), conventions).unwrap();
            assert!(!overview.types.is_empty());
            assert!(
                overview
                    .headline
                    .iter()
                    .any(|line| line.key == "people" && line.value > 0),
                "{file}"
            );
        }
    }
}
