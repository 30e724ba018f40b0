//! A v3 file is asked itself. It answers what a copy of its rows in the tables of v1 answers, and it reads little for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::v3::{Grant, Writer};
use baton_workato::baton::c1z::{EntitlementFilter, GrantFilter, Reader, ResourceFilter};
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::pebble::Cut;
use baton_workato::baton::proto::c1::storage::v3::{SyncRunRecord, SyncType};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource;
use prost_types::Timestamp;
use serde_json::Value;

use super::{demo, program};
use crate::pebble::parts::{self, Parts};
use crate::pebble::tables;

type Answers = Vec<String>;

/// Every `every`th of some.
fn some<T: Clone>(all: &[T], every: usize) -> Vec<T> {
    all.iter().step_by(every.max(1)).cloned().collect()
}

/// What a reader answers to everything it can be asked, as text.
fn answers(reader: &Reader, every: usize) -> Result<Answers, Error> {
    let mut said = Answers::new();
    let runs = reader.runs()?;
    said.push(format!(
        "{runs:?} {:?} {:?}",
        reader.latest_full()?,
        reader.latest_finished()?
    ));
    for sync in runs
        .iter()
        .map(|run| run.sync_id.as_str())
        .chain(["3MQXqSDyoCAS1j7HlC4xTdpanMz"])
    {
        said.push(format!("{:?} {:?}", reader.run(sync)?, reader.counts(sync)?));
        of_resources(reader, sync, every, &mut said)?;
        of_entitlements(reader, sync, every, &mut said)?;
        of_grants(reader, sync, every, &mut said)?;
        said.push(format!("{:?}", reader.verify(sync)?));
    }
    for run in &runs {
        said.push(reader.stats_json(run)?);
    }
    Ok(said)
}

fn of_resources(reader: &Reader, sync: &str, every: usize, said: &mut Answers) -> Result<(), Error> {
    let (mut types, mut ids) = (Vec::new(), Vec::new());
    reader.for_each_resource_type(sync, &mut |kind| {
        said.push(format!("{kind:?} {:?}", reader.resource_type(sync, &kind.id)?));
        types.push(kind.id);
        Ok(())
    })?;
    reader.for_each_resource(sync, &mut |resource| {
        let id = resource.id.clone().unwrap();
        ids.push((id.resource_type, id.resource));
        said.push(format!("{resource:?}"));
        Ok(())
    })?;
    reader.for_each_resource_name(sync, &mut |kind, id, name| {
        said.push(format!("{kind} {id} {name}"));
        Ok(())
    })?;
    types.push("no such type".to_owned());
    ids.push(("no such type".to_owned(), "7".to_owned()));
    let mut ask = |filter: ResourceFilter<'_>| {
        said.push(format!("{filter:?}"));
        reader.for_each_resource_where(sync, &filter, &mut |resource| {
            said.push(format!("{resource:?}"));
            Ok(())
        })
    };
    for kind in &types {
        let resource_type = Some(kind.as_str());
        ask(ResourceFilter {
            resource_type,
            parent: None,
        })?;
    }
    for (kind, id) in some(&ids, every) {
        let parent = Some((kind.as_str(), id.as_str()));
        ask(ResourceFilter {
            resource_type: None,
            parent,
        })?;
        let resource_type = types.first().map(String::as_str);
        ask(ResourceFilter { resource_type, parent })?;
    }
    for (kind, id) in some(&ids, every) {
        said.push(format!("{:?}", reader.resource(sync, &kind, &id)?));
    }
    Ok(())
}

fn of_entitlements(reader: &Reader, sync: &str, every: usize, said: &mut Answers) -> Result<(), Error> {
    let mut ids = Vec::new();
    reader.for_each_entitlement(sync, &mut |entitlement| {
        let on = entitlement
            .resource
            .as_ref()
            .and_then(|on| on.id.clone())
            .unwrap_or_default();
        ids.push((entitlement.id.clone(), on.resource_type, on.resource));
        said.push(format!("{entitlement:?}"));
        Ok(())
    })?;
    reader.for_each_entitlement_name(sync, &mut |on, id, name| {
        said.push(format!("{on:?} {id} {name}"));
        Ok(())
    })?;
    ids.push(("no:such:one".to_owned(), "no".to_owned(), "such".to_owned()));
    for (id, kind, on) in some(&ids, every) {
        said.push(format!("{:?}", reader.entitlement(sync, &id)?));
        for (resource_type, resource) in [
            (Some(kind.as_str()), Some(on.as_str())),
            (Some(&kind), None),
            (None, Some(&on)),
        ] {
            let filter = EntitlementFilter {
                resource_type,
                resource,
            };
            said.push(format!("{filter:?}"));
            reader.for_each_entitlement_where(sync, &filter, &mut |entitlement| {
                said.push(entitlement.id);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn of_grants(reader: &Reader, sync: &str, every: usize, said: &mut Answers) -> Result<(), Error> {
    let mut found = Vec::new();
    reader.for_each_grant(sync, &mut |row| {
        let (grant, expansion) = (&row.grant, &row.expansion);
        said.push(format!(
            "{grant:?} {expansion:?} {} {}",
            row.needs_expansion, row.discovered_at
        ));
        found.push(row.grant);
        Ok(())
    })?;
    reader.for_each_expandable(sync, &mut |expandable| {
        said.push(format!("{expandable:?}"));
        Ok(())
    })?;
    // In an order of their own.
    let mut all = Vec::new();
    reader.for_each_holding(sync, &mut |holding| {
        all.push(format!(
            "{} {} {}",
            holding.entitlement, holding.principal_type, holding.principal
        ));
        Ok(())
    })?;
    all.sort();
    said.push(format!("{all:?}"));
    let mut asked = BTreeSet::new();
    for grant in some(&found, every) {
        let entitlement = grant.entitlement.clone().unwrap();
        let on = entitlement.resource.as_ref().map(resource::key).unwrap_or_default();
        let to = grant.principal.as_ref().map(resource::key).unwrap_or_default();
        said.push(format!(
            "{:?}",
            reader.grants_between(sync, &entitlement.id, to.0, to.1)?
        ));
        asked.insert((
            entitlement.id.clone(),
            on.0.to_owned(),
            on.1.to_owned(),
            to.0.to_owned(),
            to.1.to_owned(),
        ));
    }
    for grant in some(&found, 5 * every) {
        said.push(format!("{:?}", reader.grant(sync, &grant.id)?));
    }
    said.push(format!("{:?}", reader.grant(sync, "no:such:grant:at:all")?));
    let nobody = ["no:such:right", "no", "such", "user", "nobody"].map(str::to_owned);
    let [a, b, c, d, e] = nobody;
    asked.insert((a, b, c, d, e));
    let mut filters = BTreeSet::new();
    for (entitlement, on, id, to, principal) in &asked {
        // Every condition with and without every other.
        for mask in 0..32u8 {
            let pick = |bit: u8, text: &String| (mask >> bit & 1 == 1).then(|| text.clone());
            filters.insert([
                pick(0, entitlement),
                pick(1, on),
                pick(2, id),
                pick(3, to),
                pick(4, principal),
            ]);
        }
        for direct in [on, to] {
            said.push(direct.clone());
        }
        let mut holding = |holding: baton_workato::baton::c1z::Holding<'_>| {
            said.push(format!(
                "{} {} {}",
                holding.entitlement, holding.principal_type, holding.principal
            ));
            Ok(())
        };
        reader.for_each_holding_on(sync, on, id, &mut holding)?;
        reader.for_each_holding_of(sync, to, principal, &mut holding)?;
        reader.for_each_given(sync, entitlement, &mut |given| {
            said.push(format!("{given:?}"));
            Ok(())
        })?;
        reader.for_each_grant_of(sync, entitlement, Some(std::slice::from_ref(to)), &mut |grant| {
            said.push(grant.id);
            Ok(())
        })?;
    }
    for [entitlement, resource_type, resource, principal_type, principal] in &filters {
        let filter = GrantFilter {
            entitlement: entitlement.as_deref(),
            resource_type: resource_type.as_deref(),
            resource: resource.as_deref(),
            principal_type: principal_type.as_deref(),
            principal: principal.as_deref(),
            ..GrantFilter::default()
        };
        said.push(format!("{filter:?} {}", reader.count_grants(sync, &filter)?));
        said.push(format!("{:?}", reader.principals(sync, &filter)?));
        for limit in [None, Some(0), Some(2)] {
            let filter = GrantFilter { limit, ..filter };
            reader.for_each_grant_where(sync, &filter, &mut |row| {
                said.push(row.grant.id);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn temporary_files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Compares the file and the copy of its rows; says how many lines the answers have.
fn compare(path: &Path, every: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let direct = Reader::open(path, Some(folder.path())).unwrap();
    let said = answers(&direct, every).unwrap();
    assert_eq!(
        temporary_files(folder.path()),
        0,
        "{}: nothing is unpacked",
        path.display()
    );
    let copied = Reader::open(path, Some(folder.path())).unwrap();
    copied.number_rows().unwrap();
    assert!(temporary_files(folder.path()) > 0, "{}", path.display());
    let wanted = answers(&copied, every).unwrap();
    for (n, (said, wanted)) in said.iter().zip(&wanted).enumerate() {
        assert_eq!(said, wanted, "{}: line {n}", path.display());
    }
    assert_eq!(said.len(), wanted.len(), "{}", path.display());
    drop(copied);
    assert_eq!(temporary_files(folder.path()), 0, "{}: nothing stays", path.display());
    said.len()
}

#[test]
fn a_file_answers_what_a_copy_of_its_rows_answers() {
    assert!(compare(&tables::own().join("features.c1z"), 1) > 100);
    assert!(compare(&tables::own().join("replaced.c1z"), 499) > 2_000);
    let Some(folder) = tables::shared() else { return };
    // Bigger ones, and more questions, take minutes here.
    let all = std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some();
    for (name, every) in [
        ("old-pebble2", 997),
        ("unfinished", 997),
        ("folded", 97),
        ("deleted", 97),
        ("expanded", 2_999),
        ("small-batches", 97),
        ("exported", 97),
        ("legacy", 29),
        ("layers", 9_999),
    ] {
        if all || every == 997 {
            compare(&folder.join(format!("{name}.c1z")), every);
        }
    }
}

fn at() -> Timestamp {
    Timestamp {
        seconds: 1_793_520_000,
        nanos: 0,
    }
}

fn thing(kind: &str, id: &str) -> v2::Resource {
    v2::Resource {
        id: Some(resource::id(kind, id.to_owned())),
        display_name: format!("the {kind} {id}"),
        ..v2::Resource::default()
    }
}

fn right(kind: &str, on: &str, id: &str) -> v2::Entitlement {
    v2::Entitlement {
        id: id.to_owned(),
        display_name: format!("{id} of {on}"),
        slug: id.to_owned(),
        resource: Some(thing(kind, on)),
        ..v2::Entitlement::default()
    }
}

/// Ids of every form: such as begin with their resource, such as could be cut in several ways, such as are those of several
/// resources, and grants of what has no row.
fn awkward(is_finished: bool) -> Vec<u8> {
    let mut writer = Writer::new(None);
    let things = [
        ("role", "a"),
        ("role", "b"),
        ("role", "b:c"),
        ("user", "1"),
        ("user", "2"),
        ("a", "b"),
        ("a", "b:c"),
    ];
    for (kind, id) in things {
        writer.put_resource(thing(kind, id), at()).unwrap();
    }
    let rights = [
        right("role", "a", "role:a:member"),
        right("role", "b", "member"),
        right("role", "a", "member"),
        right("a", "b", "a:b:c:d"),
        right("a", "b:c", "a:b:c:d"),
        right("role", "b", "a:b:c:d"),
        right("role", "b:c", "role:b:c:x"),
    ];
    for right in &rights {
        writer.put_entitlement(right.clone(), at()).unwrap();
    }
    let without_row = [
        right("role", "a", "odd"),
        right("gone", "9", "odd"),
        right("gone", "9", "gone:9:held"),
        right("gone", ":", "gone::::"),
    ];
    for (n, right) in rights.iter().chain(&without_row).enumerate() {
        for to in ["1", "2", "3"] {
            writer
                .put_grant(Grant {
                    grant: v2::Grant {
                        id: format!("{n} to {to}"),
                        entitlement: Some(right.clone()),
                        principal: Some(thing("user", to)),
                        ..v2::Grant::default()
                    },
                    expansion: None,
                    needs_expansion: false,
                    discovered_at: Some(at()),
                })
                .unwrap();
        }
    }
    let run = SyncRunRecord {
        sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
        r#type: SyncType::Full.into(),
        started_at: Some(at()),
        ended_at: is_finished.then(at),
        ..SyncRunRecord::default()
    };
    let mut out = Vec::new();
    writer.finish(&run, &mut out).unwrap();
    out
}

/// Lines that do not go by an id that several entitlements have: of those a copy shows the first, and both say so.
#[test]
fn ids_of_every_form_are_found_with_digests_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    for is_finished in [true, false] {
        std::fs::write(&file, awkward(is_finished)).unwrap();
        assert!(compare(&file, 1) > 500);
        let reader = Reader::open(&file, None).unwrap();
        let sync = reader.runs().unwrap()[0].sync_id.clone();
        for (id, grants) in [
            ("odd", 6),
            ("member", 6),
            ("a:b:c:d", 9),
            ("gone:9:held", 3),
            ("gone::::", 3),
            ("no", 0),
        ] {
            let filter = GrantFilter {
                entitlement: Some(id),
                ..GrantFilter::default()
            };
            assert_eq!(reader.count_grants(&sync, &filter).unwrap(), grants, "{id}");
        }
    }
}

/// A file that the program wrote, and the same rows in the other form: every reading command prints the same.
#[test]
fn every_reading_command_answers_alike_for_a_file_and_for_its_rows_in_the_other_form() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let convert = |from: &Path, form: &str, to: &Path| {
        let output = program()
            .args(["convert", "--to", form])
            .args([from, to])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let [v3, v1] = ["v3.c1z", "v1.c1z"].map(|name| folder.path().join(name));
    convert(demo(&["--people", "12", "--projects", "3"]), "v3", &v3);
    convert(&v3, "v1", &v1);
    let said = |args: &[&str], file: &PathBuf| {
        let mut command = program();
        command.env("TMPDIR", &temporary).args(args).arg("-f").arg(file);
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said = (output.status.code(), text(&output.stdout), text(&output.stderr));
        assert_eq!(temporary_files(&temporary), 0, "{args:?}");
        assert!(args.len() > 20 || temporary_files(folder.path()) >= 3, "{args:?}");
        said
    };
    let (_, grants, _) = said(&["grants", "-o", "json"], &v1);
    let grants: Value = serde_json::from_str(&grants).unwrap();
    let grants = grants["grants"].as_array().unwrap();
    let name = |value: &Value| {
        format!(
            "{}:{}",
            value["resourceType"].as_str().unwrap(),
            value["resource"].as_str().unwrap()
        )
    };
    let grant = &grants[grants.len() / 2];
    let (who, what) = (name(&grant["principal"]["id"]), name(&grant["resource"]["id"]));
    let entitlement = grant["entitlement"]["id"].as_str().unwrap().to_owned();
    let kind = grant["resourceType"]["id"].as_str().unwrap().to_owned();
    let commands: [&[&str]; 25] = [
        &["resource-types"],
        &["resources", "-o", "json"],
        &["resources", "--resource-type", &kind],
        &["entitlements", "-o", "json"],
        &["entitlements", "--resource", &what],
        &["grants"],
        &["grants", "-o", "json"],
        &["grants", "-o", "csv"],
        &["grants", "--principal", &who, "-o", "jsonl"],
        &["grants", "--resource", &what],
        &["grants", "--entitlement", &entitlement],
        &["grants", "--entitlement", &entitlement, "--principal", &who],
        &["grants", "--resource-type", &kind],
        &["principals"],
        &["principals", "--resource", &what],
        &["access", &who],
        &["access", &who, "-o", "json"],
        &["access", &who, "--direct"],
        &["access", "--on", &what],
        &["access", "--on", &what, "--with-children", "-o", "json"],
        &["access", "--fail-if", "entitlement ~ admin"],
        &["access", "nobody.of.this.name"],
        &["stats"],
        &["syncs", "-o", "json"],
        &["verify"],
    ];
    for command in commands {
        let (of_v1, of_v3) = (said(command, &v1), said(command, &v3));
        assert_eq!(of_v1, of_v3, "{command:?}");
        assert!(of_v1.1.len() + of_v1.2.len() > 15, "{command:?}: {of_v1:?}");
    }
}

/// The questions of one person and of one resource, and all rows.
fn questions(file: &Path) -> Result<Vec<Answers>, Error> {
    let reader = Reader::open(file, None)?;
    let run = reader.latest_finished()?.unwrap();
    let sync = run.sync_id.as_str();
    let lists = [
        GrantFilter::default(),
        GrantFilter {
            principal_type: Some("collaborator"),
            principal: Some("1000"),
            ..GrantFilter::default()
        },
        GrantFilter {
            resource_type: Some("environment-role"),
            ..GrantFilter::default()
        },
    ];
    let mut said = Vec::new();
    for filter in lists {
        let mut rows = Answers::new();
        reader.for_each_grant_where(sync, &filter, &mut |row| {
            rows.push(format!("{:?}", row.grant));
            Ok(())
        })?;
        said.push(rows);
    }
    let mut held = Answers::new();
    reader.for_each_holding_of(sync, "collaborator", "1000", &mut |holding| {
        held.push(holding.entitlement.to_owned());
        Ok(())
    })?;
    reader.for_each_expandable(sync, &mut |expandable| {
        held.push(format!("{expandable:?}"));
        Ok(())
    })?;
    said.push(held);
    Ok(said)
}

#[test]
fn a_damaged_block_is_an_error_and_never_a_shorter_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let published = std::fs::read(tables::own().join("replaced.c1z")).unwrap();
    let good = Parts::cut(
        &published,
        Cut {
            table: 16 << 10,
            block: 2 << 10,
        },
    );
    std::fs::write(&file, good.indexed()).unwrap();
    let wanted = questions(&file).unwrap();
    assert!(
        wanted.iter().map(Vec::len).sum::<usize>() > 900,
        "{:?}",
        wanted.iter().map(Vec::len).collect::<Vec<_>>()
    );
    let (mut refused, mut same) = (0, 0);
    for (n, (name, content)) in good.files.iter().enumerate() {
        if !name.ends_with(".sst") {
            continue;
        }
        for at in [7, content.len() / 3, content.len() / 2, content.len() - 70] {
            let mut copy = good.clone();
            // Under a frame and an index that agree with it: only the block knows.
            copy.files[n].1[at] ^= 0x40;
            std::fs::write(&file, copy.indexed()).unwrap();
            match questions(&file) {
                Ok(said) => {
                    assert!(said == wanted, "{name} at {at}");
                    same += 1;
                }
                Err(error) => {
                    parts::refused(&error);
                    refused += 1;
                }
            }
        }
    }
    // Digests are not asked.
    assert!(refused > 40 && same > 0, "{refused} {same}");
}

#[test]
fn a_row_of_an_index_that_leads_nowhere_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    for start in [&b"\x03\x04\0"[..], b"\x03\x02\0"] {
        let bytes = crate::pebble::checked::file_with_rows(|rows| {
            // Every record of a kind goes; what leads to them stays.
            rows.retain(|(key, _)| !key.starts_with(start));
        });
        std::fs::write(&file, bytes).unwrap();
        let reader = Reader::open(&file, None).unwrap();
        let sync = reader.runs().unwrap()[0].sync_id.clone();
        let error = if start[1] == 4 {
            let filter = GrantFilter {
                principal_type: Some("collaborator"),
                principal: Some("1000"),
                ..GrantFilter::default()
            };
            reader
                .for_each_grant_where(&sync, &filter, &mut |_| Ok(()))
                .unwrap_err()
        } else {
            let filter = ResourceFilter {
                resource_type: None,
                parent: Some(("environment", "dev")),
            };
            match reader.for_each_resource_where(&sync, &filter, &mut |_| Ok(())) {
                Err(error) => error,
                // Nothing lies in it here.
                Ok(()) => continue,
            }
        };
        assert_eq!(error.kind(), Kind::DataLoss, "{error}");
        assert!(error.to_string().contains("leads nowhere"), "{error}");
    }
}

#[test]
fn a_row_is_asked_for_by_number_only_where_rows_have_numbers() {
    let reader = Reader::open(&tables::own().join("features.c1z"), None).unwrap();
    let error = reader.grant_at(1).unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    reader.number_rows().unwrap();
    let sync = reader.runs().unwrap()[0].sync_id.clone();
    let mut first = None;
    reader
        .for_each_grant(&sync, &mut |row| {
            first.get_or_insert(row);
            Ok(())
        })
        .unwrap();
    let first = first.unwrap();
    assert_eq!(reader.grant_at(first.row).unwrap(), Some(first.grant));
    assert!(reader.again().unwrap().grant_at(first.row).unwrap().is_some());
}

#[test]
fn a_grant_in_json_is_what_its_message_is_written_as() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("x.c1z");
    std::fs::write(&odd, awkward(true)).unwrap();
    let form = baton_workato::baton::json::Form::of("c1.connector.v2.Grant").unwrap();
    for file in [super::golden("rbac-v2"), tables::own().join("replaced.c1z"), odd] {
        let output = program()
            .args(["grants", "-o", "jsonl", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines();
        let reader = Reader::open(&file, None).unwrap();
        let run = reader
            .latest_full()
            .unwrap()
            .or(reader.latest_finished().unwrap())
            .unwrap();
        reader
            .for_each_grant(&run.sync_id, &mut |row| {
                let wanted = format!("{{\"grant\":{},\"entitlement\":", form.line(&row.grant)?);
                let line = lines.next().unwrap_or_default();
                assert!(line.starts_with(&wanted), "{line}\n{wanted}");
                Ok(())
            })
            .unwrap();
        assert_eq!(lines.next(), None);
    }
}
