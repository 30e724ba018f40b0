//! Files of both forms as this program writes them: the same rows in each, one made of the other, and what a file with one
//! sync cannot do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use baton_workato::baton::c1z::v3::File;
use baton_workato::baton::c1z::{Engine, Limits, Policy, Reader, Store, SyncRun, SyncType};
use baton_workato::baton::error::Kind;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::memory::Remembered;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::id;

use crate::support::place::names;
use crate::support::program::program;
use crate::support::rows::Rows;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = program();
        command.current_dir(self.0.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs what must end well; what it printed on both.
    fn done(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        (stdout, stderr)
    }

    /// Runs what must be refused; what it said.
    fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        stderr
    }

    /// One more sync of a small workspace; what it said.
    fn sync(&self, file: &str, more: &[&str]) -> String {
        let small = ["demo", "--people", "9", "--projects", "3", "-f", file];
        self.done(&[&small[..], more].concat()).1
    }

    fn runs(&self, file: &str) -> Vec<SyncRun> {
        Reader::open(&self.at(file), None).unwrap().runs().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn form(file: &Path) -> Engine {
    Engine::of(file).unwrap()
}

const PEBBLE: &[&str] = &["--storage-engine", "pebble"];

#[test]
fn both_forms_have_the_same_rows_and_pass_the_same_checks() {
    for model in [&[][..], &["--legacy"]] {
        let place = Place::new();
        place.sync("v1.c1z", model);
        place.sync("v3.c1z", &[model, PEBBLE].concat());
        assert_eq!(
            [form(&place.at("v1.c1z")), form(&place.at("v3.c1z"))],
            [Engine::Sqlite, Engine::Pebble]
        );
        let [v1, v3] = ["v1.c1z", "v3.c1z"].map(|name| Rows::of_file(&place.at(name)));
        assert!(v1.grants.len() > 100);
        assert_eq!(v1, v3);
        assert_eq!(
            place.done(&["verify", "--all", "-f", "v3.c1z"]).0,
            "no problems in 1 sync\n"
        );
        let (diff, _) = place.done(&["diff", "--all", "v1.c1z", "v3.c1z"]);
        assert!(
            diff.ends_with("\nNothing changed.\n"),
            "the other form is no change: {diff}"
        );
        let [one, other] = ["v1.c1z", "v3.c1z"].map(|file| place.runs(file).remove(0));
        assert_eq!(one.stats, other.stats);
        assert_eq!(
            (one.sync_type, one.supports_diff),
            (other.sync_type, other.supports_diff)
        );
        assert_eq!(Remembered::from_token(&one.token), Remembered::from_token(&other.token));
        assert!(!Remembered::from_token(&one.token).is_empty());
        assert_eq!(names(place.0.path()), ["v1.c1z", "v3.c1z"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place.at("v3.c1z")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn the_form_is_chosen_by_flag_or_variable_and_written_in_any_case() {
    let place = Place::new();
    let demo = ["demo", "--people", "3", "--projects", "1", "-f"];
    for (number, (env, flag, form_of)) in [
        (None, None, Engine::Sqlite),
        (Some(""), None, Engine::Sqlite),
        (Some("pebble"), None, Engine::Pebble),
        (Some("Pebble"), Some("sqlite"), Engine::Sqlite),
        (Some("sqlite"), Some("PEBBLE"), Engine::Pebble),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{number}.c1z");
        let mut command = place.command();
        command.args(demo).arg(&name);
        command.args(flag.into_iter().flat_map(|word| ["--storage-engine", word]));
        command.envs(env.map(|word| ("BATON_STORAGE_ENGINE", word)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(form(&place.at(&name)), form_of, "{env:?} {flag:?}");
    }
}

#[test]
fn a_sync_into_a_v3_file_replaces_the_one_in_it_and_says_so_before() {
    let place = Place::new();
    place.sync("x.c1z", PEBBLE);
    let first = place.runs("x.c1z");
    let said = place.sync("x.c1z", &[]);
    let line = said
        .lines()
        .find(|line| line.contains("When this sync is sealed"))
        .unwrap();
    assert!(
        line.contains(&first[0].sync_id) && line.contains("has one sync"),
        "{line}"
    );
    assert!(line.contains("\"warn\""), "whatever is logged: {line}");
    let second = place.runs("x.c1z");
    assert_eq!((second.len(), form(&place.at("x.c1z"))), (1, Engine::Pebble));
    assert_ne!(second[0].sync_id, first[0].sync_id);
    // Two files are what it takes to look back.
    let said = place.refused(5, &["diff", "-f", "x.c1z"]);
    assert!(said.contains("error[BW-"), "{said}");
}

#[test]
fn a_v3_file_stays_one_when_sqlite_is_asked_for_and_says_so() {
    let place = Place::new();
    place.sync("x.c1z", PEBBLE);
    let said = place.sync("x.c1z", &["--storage-engine", "sqlite"]);
    let line = said.lines().find(|line| line.contains("stays so")).expect(&said);
    assert!(line.contains("\"warn\"") && line.contains("convert --to v1"), "{line}");
    assert_eq!(form(&place.at("x.c1z")), Engine::Pebble);
}

#[test]
fn a_v1_file_becomes_v3_only_where_that_is_asked_for_and_every_sync_that_goes_is_named() {
    let place = Place::new();
    for _ in 0..2 {
        place.sync("x.c1z", &[]);
    }
    let before = place.runs("x.c1z");
    let said = place.sync("x.c1z", PEBBLE);
    let line = said
        .lines()
        .find(|line| line.contains("When this sync is sealed"))
        .unwrap();
    assert!(before.iter().all(|run| line.contains(&run.sync_id)), "{line}");
    assert!(line.contains("\"warn\""), "nobody need expect it: {line}");
    assert_eq!(
        (place.runs("x.c1z").len(), form(&place.at("x.c1z"))),
        (1, Engine::Pebble)
    );
}

/// Who asks for syncs to be kept gets them, or no sync.
#[test]
fn what_somebody_keeps_is_not_lost_to_the_form() {
    let place = Place::new();
    place.sync("v3.c1z", PEBBLE);
    place.sync("v1.c1z", &[]);
    let kept = place.runs("v1.c1z").remove(0).sync_id;
    place.done(&["syncs", "keep", &kept, "-f", "v1.c1z"]);
    let before = ["v1.c1z", "v3.c1z"].map(|name| std::fs::read(place.at(name)).unwrap());
    let demo = |file: &'static str, more: &[&'static str]| [&["demo", "--people", "3", "-f", file][..], more].concat();
    for (arguments, todo) in [
        (demo("v3.c1z", &["--keep", "2"]), "convert --to v1"),
        (
            demo("new.c1z", &["--keep", "9", "--storage-engine", "pebble"]),
            "--storage-engine",
        ),
        (
            demo("v1.c1z", &["--keep", "3", "--storage-engine", "pebble"]),
            "--storage-engine",
        ),
    ] {
        let said = place.refused(2, &arguments);
        assert!(
            said.contains("error[BW-0414]") && said.contains("exactly one sync"),
            "{said}"
        );
        assert!(said.contains(todo), "{said}");
    }
    let said = place.refused(2, &demo("v1.c1z", PEBBLE));
    assert!(said.contains("error[BW-0414]") && said.contains(&kept), "{said}");
    for command in [
        &["syncs", "keep", &kept][..],
        &["syncs", "prune", "--keep", "1", "--yes"],
    ] {
        let said = place.refused(12, &[command, &["-f", "v3.c1z"]].concat());
        assert!(
            said.contains("error[BW-0404]") && said.contains("convert --to v1"),
            "{said}"
        );
    }
    assert_eq!(
        ["v1.c1z", "v3.c1z"].map(|name| std::fs::read(place.at(name)).unwrap()),
        before
    );
    assert_eq!(names(place.0.path()), ["v1.c1z", "v3.c1z"], "nothing was begun");
    place.done(&demo("v3.c1z", &["--keep", "1"]));
}

#[test]
fn a_file_converted_there_and_back_has_the_same_rows() {
    let place = Place::new();
    for _ in 0..2 {
        place.sync("a.c1z", &[]);
    }
    place.sync("b.c1z", PEBBLE);
    let [older, newer] = [0, 1].map(|at| place.runs("a.c1z")[at].clone());
    let (said, _) = place.done(&["convert", "--to", "v3", "a.c1z", "a3.c1z"]);
    assert!(said.contains(&format!("sync {}\n", newer.sync_id)), "{said}");
    assert!(
        said.contains(&format!("not kept: the sync {} (", older.sync_id)),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
    place.done(&["convert", "--to", "V1", "a3.c1z", "a1.c1z"]);
    place.done(&["convert", "--to", "v1", "b.c1z", "b1.c1z"]);
    place.done(&["convert", "--to", "v3", "b1.c1z", "b3.c1z"]);
    for (first, others) in [("a.c1z", ["a3.c1z", "a1.c1z"]), ("b.c1z", ["b1.c1z", "b3.c1z"])] {
        let rows = Rows::of_file(&place.at(first));
        let run = place.runs(first).pop().unwrap();
        for other in others {
            assert_eq!(Rows::of_file(&place.at(other)), rows, "{other}");
            let runs = place.runs(other);
            assert_eq!(
                runs,
                std::slice::from_ref(&run),
                "{other}: its id, times, token and counts"
            );
            place.done(&["verify", "-f", other]);
            let (diff, _) = place.done(&["diff", "--all", first, other]);
            assert!(diff.contains("\nNothing changed"), "{diff}");
        }
    }
    // There and back once more is the same file to the byte: nothing in it depends on when it was made.
    let [one, other] = ["b.c1z", "b3.c1z"].map(|name| std::fs::read(place.at(name)).unwrap());
    assert!(one == other);
    // Older syncs can be taken along by their id.
    place.done(&[
        "convert",
        "--to",
        "v3",
        "--sync-id",
        &older.sync_id,
        "a.c1z",
        "older.c1z",
    ]);
    assert_eq!(place.runs("older.c1z")[0].sync_id, older.sync_id);
}

#[test]
fn converting_replaces_nothing_and_leaves_nothing_when_it_fails() {
    let place = Place::new();
    place.sync("v1.c1z", &[]);
    place.sync("v3.c1z", PEBBLE);
    std::fs::write(
        place.at("damaged.c1z"),
        &std::fs::read(place.at("v3.c1z")).unwrap()[..9000],
    )
    .unwrap();
    let before = names(place.0.path());
    let [v1, v3] = ["v1.c1z", "v3.c1z"].map(|name| std::fs::read(place.at(name)).unwrap());
    for (code, named, arguments) in [
        (6, "BW-0415", ["v3", "v1.c1z", "v3.c1z"]),
        (6, "BW-0415", ["v1", "v3.c1z", "v3.c1z"]),
        (3, "BW-0203", ["v1", "v1.c1z", "new.c1z"]),
        (3, "BW-0203", ["v3", "v3.c1z", "new.c1z"]),
        (5, "BW-0401", ["v3", "nothing.c1z", "new.c1z"]),
        (15, "BW-0403", ["v1", "damaged.c1z", "new.c1z"]),
        (2, "BW-0409", ["v1", "v3.c1z", "no-such-folder/new.c1z"]),
    ] {
        let [to, from, out] = arguments;
        let said = place.refused(code, &["convert", "--to", to, from, out]);
        assert!(said.contains(&format!("error[{named}]")), "{arguments:?}: {said}");
        assert!(said.contains("hint: "), "{said}");
        assert_eq!(names(place.0.path()), before, "{arguments:?}");
    }
    let said = place.refused(5, &["convert", "--to", "v3", "--sync-id", "x", "v1.c1z", "new.c1z"]);
    assert!(said.contains("error[BW-0413]"), "{said}");
    place.refused(2, &["convert", "--to", "v2", "v1.c1z", "new.c1z"]);
    place.refused(2, &["convert", "v1.c1z", "new.c1z"]);
    assert_eq!(
        ["v1.c1z", "v3.c1z"].map(|name| std::fs::read(place.at(name)).unwrap()),
        [v1, v3]
    );
    assert_eq!(names(place.0.path()), before);
}

/// A file with a person, a role, and rows that `put` adds.
fn made(place: &Place, put: impl FnOnce(&mut Store, &v2::Resource)) {
    let [user, role] = crate::c1z::types();
    let (kinds, on) = (
        [user, role],
        baton_workato::baton::resource::ResourceBuilder::new("role", "a", "A")
            .role()
            .build(),
    );
    let mut store = Store::open_with(&place.at("v1.c1z"), None, Policy::default()).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&kinds).unwrap();
    store.put_resources(std::slice::from_ref(&on)).unwrap();
    store.put_entitlements(&[crate::c1z::entitlement(&on)]).unwrap();
    put(&mut store, &on);
    store.finish_sync("{}").unwrap();
    store.save().unwrap();
}

#[test]
fn what_has_no_place_in_v3_is_counted_and_named() {
    let place = Place::new();
    made(&place, |store, on| {
        let odd = |number: &str| v2::Resource {
            id: Some(id("user", number)),
            display_name: "U".to_owned(),
            external_id: Some(v2::ExternalId::default()),
            baton_resource: number == "1",
            ..v2::Resource::default()
        };
        store.put_resources(&[odd("1"), odd("2")]).unwrap();
        let grant = |id_of: &str, to: &str| v2::Grant {
            id: id_of.to_owned(),
            ..GrantBuilder::new(on, "has", id("user", to)).build()
        };
        let mut away = grant("elsewhere", "9");
        away.principal.as_mut().unwrap().display_name = "Somebody".to_owned();
        // Two ids for one thing that somebody holds.
        store
            .put_grants(vec![grant("one", "1"), grant("two", "1"), grant("three", "2"), away])
            .unwrap();
    });
    let (said, _) = place.done(&["convert", "--to", "v3", "v1.c1z", "v3.c1z"]);
    for line in [
        "not kept: 2 external ids of resources",
        "not kept: 1 marks of resources that ConductorOne knows already",
        "not kept: 1 ids of grants that became one with another of the same entitlement and principal",
        "not kept: 1 copies of things that have no row of their own: their ids stay, their names do not",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    assert_eq!(said.lines().count(), 5, "{said}");
    let file = File::open(&place.at("v3.c1z"), &Limits::default(), None).unwrap();
    assert_eq!(file.stats().unwrap().unwrap().grants, 3);
}

#[test]
fn grants_that_pass_on_different_things_do_not_become_one() {
    let place = Place::new();
    made(&place, |store, on| {
        let grant = |id_of: &str, over: &str| {
            let mut grant = GrantBuilder::new(on, "has", id("user", "1")).build();
            grant.id = id_of.to_owned();
            grant
                .annotations
                .push(baton_workato::baton::annotation::pack(&v2::GrantExpandable {
                    entitlement_ids: vec![over.to_owned()],
                    ..v2::GrantExpandable::default()
                }));
            grant
        };
        store.put_grants(vec![grant("one", "x"), grant("two", "y")]).unwrap();
    });
    let said = place.refused(2, &["convert", "--to", "v3", "v1.c1z", "v3.c1z"]);
    assert!(said.contains("one and two"), "{said}");
    assert_eq!(names(place.0.path()), ["v1.c1z"]);
}

#[test]
fn a_store_of_the_v3_form_has_one_sync_and_knows_which_was_there() {
    let place = Place::new();
    place.sync("x.c1z", PEBBLE);
    let before = place.runs("x.c1z").remove(0);
    let mut store = Store::open_with(&place.at("x.c1z"), None, Policy::default()).unwrap();
    assert_eq!(
        (store.engine(), store.latest_full().unwrap()),
        (Engine::Pebble, Some(before.clone()))
    );
    assert_eq!(store.leaving(SyncType::Full).unwrap(), [before]);
    let bytes = std::fs::read(place.at("x.c1z")).unwrap();
    // Without a sync of its own there is nothing to save.
    let error = store.save().unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    store = Store::open_with(&place.at("x.c1z"), None, Policy::default()).unwrap();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    store.session_set("key", b"value").unwrap();
    drop(store);
    assert!(
        std::fs::read(place.at("x.c1z")).unwrap() == bytes,
        "only saving changes the file"
    );
    // An unfinished one is saved as it is, with its session.
    let mut store = Store::open_with(&place.at("x.c1z"), None, Policy::default()).unwrap();
    assert_ne!(store.begin_sync(SyncType::Full).unwrap(), sync_id);
    store.session_set("key", b"value").unwrap();
    store.set_token("so far").unwrap();
    store.make_room().unwrap();
    store.save().unwrap();
    let file = File::open(&place.at("x.c1z"), &Limits::default(), None).unwrap();
    let run = file.run().unwrap().unwrap();
    assert_eq!((run.ended_at, run.sync_token.as_str()), (None, "so far"));
    let mut sessions = 0;
    file.for_each_session(&mut |row| {
        sessions += usize::from(row.value == b"value");
        Ok(())
    })
    .unwrap();
    assert_eq!(sessions, 1);
}
