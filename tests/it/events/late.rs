//! Rows that appear many hours late in a feed, whose cursor has room for an hour of ids.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::baton::proto::v2;
use baton_workato::simulator::{Behavior, Endpoint, Env, Happened, Simulator};
use baton_workato::workato::WorkatoConnector;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use super::{CHANGES, at, read, start};

type Told = BTreeMap<String, (u32, v2::Event)>;

fn tell(simulator: &Simulator, env: Env, at: Timestamp) -> String {
    let row = Happened::new(env, at, "developer_api_client_updated", "ApiClient", "903");
    format!("{}-{}", env.as_str(), simulator.happened(row))
}

/// The cursor as it would be hours later: the last look back was long ago. `None` for one of before there were any.
fn hours_later(cursor: &str, is_known: bool) -> String {
    let mut cursor: Value = serde_json::from_str(cursor).unwrap();
    for log in cursor["l"].as_array_mut().unwrap() {
        match is_known {
            true => log["b"]["w"] = 0.into(),
            false => drop(log.as_object_mut().unwrap().remove("b").unwrap()),
        }
    }
    cursor.to_string()
}

fn counted(told: &Told) -> BTreeMap<String, u32> {
    told.iter().map(|(id, (times, _))| (id.clone(), *times)).collect()
}

async fn requests(
    simulator: &Simulator,
    connector: &WorkatoConnector,
    cursor: &str,
    told: &mut Told,
) -> (usize, String) {
    simulator.forget_requests();
    let cursor = read(connector, CHANGES, cursor, 100, told).await.unwrap();
    (simulator.requests().to(Endpoint::ActivityLogs), cursor)
}

#[tokio::test]
async fn a_row_that_appears_twenty_hours_late_is_told_once() {
    let (simulator, connector) = start(Behavior::default()).await;
    let mut wanted: BTreeSet<String> = (0..40).map(|n| tell(&simulator, Env::Dev, at(n * 60))).collect();
    wanted.insert(tell(&simulator, Env::Prod, at(40 * 60)));
    let mut told = Told::new();
    let cursor = read(&connector, CHANGES, "", 100, &mut told).await.unwrap();

    let late = tell(&simulator, Env::Dev, at(39 * 60) - SignedDuration::from_hours(20));
    let (few, cursor) = requests(&simulator, &connector, &cursor, &mut told).await;
    assert!(!told.contains_key(&late), "an hour is read each time, and not a day");
    assert_eq!(few, 4, "each log to its end");
    wanted.insert(late);
    let (more, cursor) = requests(&simulator, &connector, &hours_later(&cursor, true), &mut told).await;
    assert_eq!(
        counted(&told),
        wanted.iter().map(|id| (id.clone(), 1)).collect(),
        "each once"
    );
    assert_eq!(
        more,
        4 + 4 + 2,
        "a look back at each log, and the one with something new once more"
    );

    // It is told for good.
    for _ in 0..2 {
        let (_, next) = requests(&simulator, &connector, &hours_later(&cursor, true), &mut told).await;
        requests(&simulator, &connector, &next, &mut told).await;
    }
    assert!(told.values().all(|(times, _)| *times == 1));
}

#[tokio::test]
async fn a_cursor_of_before_there_were_looks_goes_on_and_tells_nothing_twice() {
    let (simulator, connector) = start(Behavior::default()).await;
    let mut wanted: BTreeSet<String> = (0..30).map(|n| tell(&simulator, Env::Dev, at(n * 60))).collect();
    wanted.insert(tell(&simulator, Env::Prod, at(5)));
    let mut told = Told::new();
    let cursor = read(&connector, CHANGES, "", 7, &mut told).await.unwrap();
    let cursor = read(&connector, CHANGES, &hours_later(&cursor, false), 7, &mut told)
        .await
        .unwrap();
    assert!(told.values().all(|(times, _)| *times == 1));
    wanted.insert(tell(&simulator, Env::Dev, at(20 * 60)));
    read(&connector, CHANGES, &hours_later(&cursor, true), 7, &mut told)
        .await
        .unwrap();
    assert_eq!(counted(&told), wanted.into_iter().map(|id| (id, 1)).collect());
}

/// Many hours with rows in time and late ones, pages of any size, looks at any moment: none is lost. Of several that are
/// late at the same look, others in the same cell may be told again.
#[tokio::test]
async fn no_late_row_is_lost_whenever_it_appears() {
    let mut random = StdRng::seed_from_u64(11);
    for most in [1_usize, 9] {
        let (simulator, connector) = start(Behavior::default().cap(Endpoint::ActivityLogs, 40)).await;
        let (mut wanted, mut told, mut cursor) = (BTreeSet::new(), Told::new(), String::new());
        wanted.insert(tell(&simulator, Env::Prod, at(0)));
        for round in 0..20_i64 {
            for n in 0..10_i64 {
                wanted.insert(tell(&simulator, Env::Dev, at(round * 60 + n * 5)));
            }
            if round > 2 {
                for _ in 0..random.random_range(1..=most) {
                    let before = random.random_range(0..(round * 60).min(20 * 60));
                    wanted.insert(tell(&simulator, Env::Dev, at(round * 60 - before)));
                }
            }
            let size = random.random_range(2..50);
            cursor = read(&connector, CHANGES, &cursor, size, &mut told).await.unwrap();
            cursor = read(&connector, CHANGES, &hours_later(&cursor, true), size, &mut told)
                .await
                .unwrap();
        }
        assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), wanted);
        if most == 1 {
            assert!(told.values().all(|(times, _)| *times == 1), "{:?}", counted(&told));
        }
    }
}
