//! Damage to an unfinished sync, wherever it strikes: what is sealed afterwards is what an undisturbed sync seals, by a
//! run that went on or by one that began anew, and no run fails over it.

use std::collections::BTreeMap;

use baton_workato::baton::error::Kind;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::workspace::{Stop, Workspace};
use super::{Place, content, exhaustive};
use crate::support::run::environment;

const TEAMS: usize = 6;
/// Damaged syncs that are tried in each of two ways, and how many where every case is.
const TRIALS: [usize; 2] = [30, 1_000];
const SEED: u64 = 0x13_01;

/// Files of an unfinished sync, by what follows the name of their target.
type Files = BTreeMap<&'static str, Vec<u8>>;

/// What a sync leaves that ends at a call: closed as it should be, or as a killed process leaves it.
async fn left_at(call: usize, killed: bool) -> Files {
    let place = Place::new();
    let workspace = Workspace::new(TEAMS);
    let copy = || -> Files {
        let found = ["", "-wal"].into_iter().filter_map(|suffix| {
            let path = place.folder.path().join(format!("sync.c1z.partial{suffix}"));
            Some((suffix, std::fs::read(path).ok()?))
        });
        found.filter(|(_, bytes)| !bytes.is_empty()).collect()
    };
    if !killed {
        workspace.stop_at(call, Stop::Fail(Kind::Unavailable));
        place.sync(&workspace).await.unwrap_err();
        return copy();
    }
    workspace.stop_at(call, Stop::Hang);
    let environment = environment();
    let mut files = None;
    tokio::select! {
        outcome = place.sync_in(&workspace, &environment) => panic!("it should hang: {outcome:?}"),
        () = async {
            workspace.stopped.notified().await;
            files = Some(copy());
        } => {}
    }
    place.released().await;
    files.unwrap()
}

/// Changes the files, and says how.
fn damage(files: &mut Files, random: &mut StdRng) -> String {
    let suffixes: Vec<&str> = files.keys().copied().collect();
    let suffix = *suffixes.choose(random).unwrap();
    let bytes = files.get_mut(suffix).unwrap();
    let at = random.random_range(0..bytes.len());
    let how = match random.random_range(0..10) {
        0..=5 => {
            let bit = random.random_range(0..8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} flipped")
        }
        6 => {
            bytes.truncate(at);
            format!("cut off at {at}")
        }
        7 => {
            const PAGE: usize = 16 << 10;
            let first = at / PAGE * PAGE;
            let end = (first + PAGE).min(bytes.len());
            bytes[first..end].fill(0);
            format!("zeros from {first} to {end}")
        }
        8 => {
            let end = (at + random.random_range(1..64)).min(bytes.len());
            random.fill(&mut bytes[at..end]);
            format!("noise from {at} to {end}")
        }
        _ => {
            // Two places change their content, as when a disk writes a block where another belongs.
            const BLOCK: usize = 512;
            let blocks = bytes.len() / BLOCK;
            let (one, other) = (random.random_range(0..blocks), random.random_range(0..blocks));
            for byte in 0..BLOCK {
                bytes.swap(one * BLOCK + byte, other * BLOCK + byte);
            }
            format!("blocks {one} and {other} changed places")
        }
    };
    format!(".partial{suffix}: {how}")
}

/// Flips a bit of a byte that is not nought.
fn flip(files: &mut Files, random: &mut StdRng) -> String {
    let suffixes: Vec<&str> = files.keys().copied().collect();
    let suffix = *suffixes.choose(random).unwrap();
    let bytes = files.get_mut(suffix).unwrap();
    let full: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let (at, bit) = (*full.choose(random).unwrap(), random.random_range(0..8));
    bytes[at] ^= 1 << bit;
    format!(".partial{suffix}: bit {bit} of byte {at}, where something is, flipped")
}

#[derive(Debug, Default)]
struct Counts {
    resumed: usize,
    began_anew: usize,
    said_nothing: usize,
    sealed_differently: Vec<String>,
    failed: Vec<String>,
    stuck: Vec<String>,
}

#[tokio::test]
async fn what_is_sealed_is_what_was_read() {
    let undisturbed = Place::new();
    undisturbed.sync(&Workspace::new(TEAMS)).await.unwrap();
    let expected = content(undisturbed.file());
    let mut left = Vec::new();
    for call in [6, 13, 20, 27, 33] {
        for killed in [false, true] {
            left.push(left_at(call, killed).await);
        }
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let mut counts = Counts::default();
    let trials = TRIALS[usize::from(exhaustive())];
    for trial in 0..2 * trials {
        let mut files = left.choose(&mut random).unwrap().clone();
        // Much of a file is room for more: the second half strikes where something is.
        let how = match trial < trials {
            true => damage(&mut files, &mut random),
            false => flip(&mut files, &mut random),
        };
        let case = format!("{trial}: {how}");
        if exhaustive() && trial == trials {
            eprintln!("{counts:#?}");
        }
        let place = Place::new();
        for (suffix, bytes) in &files {
            std::fs::write(place.folder.path().join(format!("sync.c1z.partial{suffix}")), bytes).unwrap();
        }
        let workspace = Workspace::new(TEAMS);
        let summary = match place.sync(&workspace).await {
            Ok(summary) => summary,
            Err(error) => {
                counts.failed.push(format!("{case}: {error}"));
                if let Err(error) = place.sync(&workspace).await {
                    counts.stuck.push(format!("{case}: {error}"));
                }
                continue;
            }
        };
        match (&summary.resumed, &summary.started_fresh_because) {
            (Some(_), _) => counts.resumed += 1,
            (None, Some(_)) => counts.began_anew += 1,
            (None, None) => counts.said_nothing += 1,
        }
        if content(place.file()) != expected {
            counts.sealed_differently.push(case.clone());
        }
        assert_eq!(place.names(), ["sync.c1z"], "{case}");
    }
    if exhaustive() {
        eprintln!("{counts:#?}");
    }
    let held = counts.sealed_differently.is_empty() && counts.failed.is_empty() && counts.stuck.is_empty();
    assert!(held, "{counts:#?}");
    assert!(counts.resumed > 0 && counts.began_anew > 0, "{counts:?}");
}

/// What the file's own checks cannot notice: rows that are whole, and not those that were read.
#[tokio::test]
async fn rows_that_are_gone_or_in_another_place_are_noticed() {
    for sql in [
        "delete from pages where section = 1 and list = 1",
        "delete from pages where section = 2 and list = 0",
        "delete from pages where section = 3 and list = 1 and page = 0",
        "delete from warnings where cause = 'odd' and example = 't0'",
        "update warnings set count = count + 1",
        "update warnings set example = 't9' where example = 't0'",
        "update pages set list = list + 100 where section = 3 and list = 1",
        "update pages set next = null where section = 1 and list = 0 and page = 0",
        "update pages set rows = (select rows from pages where section = 1 and list = 2) where section = 1 and list = 3",
        "update pages set rows = x'' where section = 3 and list = 0",
        "insert into pages select 3, 40, 0, rows, null, sum from pages where section = 3 and list = 0 and page = 0",
        "insert into pages select 4, list, page, rows, null, sum from pages where section = 3 and list = 0 and page = 0",
        "delete from v1_connector_sessions where key = 'second'",
        "delete from v1_connector_sessions where key = '@records'",
        "update v1_connector_sessions set value = x'7b' where key = 'first'",
        "update v1_connector_sessions set value = replace(value, 'first', 'worst')",
        "update v1_connector_sessions set key = 'zeroth' where key = 'first'",
        "update v1_sync_runs set started_at = started_at || '1'",
        "update v1_sync_runs set sync_token = replace(sync_token, '\"completed_actions_count\":', \
         '\"completed_actions_count\":1')",
        "delete from tally where part = 1",
        "update tally set rows = rows + 1",
        "delete from tally",
    ] {
        let place = Place::new();
        let workspace = Workspace::new(TEAMS);
        workspace.stop_at(29, Stop::Fail(Kind::Unavailable));
        place.sync(&workspace).await.unwrap_err();
        workspace.go_on();
        let db = rusqlite::Connection::open(place.partial()).unwrap();
        assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
        db.close().unwrap();
        let summary = place.sync(&workspace).await.unwrap();
        let why = summary.started_fresh_because.unwrap_or_default();
        assert!(why.starts_with("it is damaged ("), "{sql}: {why:?}");
        let other = Place::new();
        other.sync(&Workspace::new(TEAMS)).await.unwrap();
        assert_eq!(content(place.file()), content(other.file()), "{sql}");
    }
}

/// A look-up table that is as it was written and still cannot be read, as when the program that wrote it was wrong.
#[tokio::test]
async fn a_table_that_cannot_be_read_begins_the_sync_anew() {
    let place = Place::new();
    let workspace = Workspace::new(TEAMS);
    workspace.stop_at(25, Stop::Fail(Kind::Unavailable));
    place.sync(&workspace).await.unwrap_err();
    workspace.go_on();
    let asked = workspace.answers();
    *workspace.unreadable.lock().unwrap() = true;
    let summary = place.sync(&workspace).await.unwrap();
    let why = summary.started_fresh_because.unwrap();
    assert!(
        why.starts_with("it is damaged (") && why.contains("cannot be read"),
        "{why}"
    );
    assert!(summary.started_fresh_code.is_some() && summary.resumed.is_none());
    assert_eq!(place.names(), ["sync.c1z"]);
    let (other, same) = (Place::new(), Workspace::new(TEAMS));
    other.sync(&same).await.unwrap();
    assert_eq!(content(place.file()), content(other.file()));
    assert!(
        workspace.answers() - asked >= same.answers(),
        "everything was asked again"
    );

    // One that cannot read its own tables either fails, and does not try for ever.
    let mut place = Place::new();
    *workspace.unreadable.lock().unwrap() = true;
    place.options.workers = 4;
    workspace.stop_at(25, Stop::Fail(Kind::DataLoss));
    for _ in 0..2 {
        assert_eq!(place.sync(&workspace).await.unwrap_err().kind(), Kind::DataLoss);
        assert!(place.names().is_empty(), "{:?}", place.names());
    }
}
