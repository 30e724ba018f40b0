//! Random histories, read through random pages, faults and restarts.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Happened, History, Hits, Simulator};
use baton_workato::workato::event::happened::Asked;
use baton_workato::workato::settings::Environment;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{CHANGES, at, read, start};

/// What the feed of changes leaves out.
fn is_a_change(row: &Happened) -> bool {
    let noise = ["Flow", "Adapter"].contains(&row.resource_type.as_str());
    !noise && !["user_login", "user_logout"].contains(&row.event.as_str())
}

fn tell(simulator: &Simulator, row: Happened) -> String {
    let env = row.env;
    format!("{}-{}", env.as_str(), simulator.happened(row))
}

/// What stands between a reader and the log, now and then.
fn fault(random: &mut StdRng) -> Behavior {
    match random.random_range(0..6) {
        0 => Behavior::default().deny(Endpoint::ActivityLogs, 403),
        1 => Behavior::default().script("/api/activity_logs", Hits::Every, Fault::EmptyPage),
        2 => Behavior::default().script("/api/activity_logs", Hits::First(2), Fault::status(503)),
        _ => Behavior::default().cap(Endpoint::ActivityLogs, random.random_range(2..9)),
    }
}

#[tokio::test]
async fn every_event_of_a_random_history_is_told_with_one_id() {
    for seed in 0..25 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut history = History::new(seed, at(0), &[Env::Dev, Env::Prod]);
        let (simulator, connector) = start(Behavior::default()).await;
        let mut wanted = BTreeSet::new();
        let mut told = BTreeMap::new();
        let mut cursor = String::new();
        for _ in 0..random.random_range(2..6) {
            // A row that appears within an hour of the newest one is told, however late that is.
            for _ in 0..4 {
                let count = random.random_range(0..9);
                for row in history.next(count, 13) {
                    let is_change = is_a_change(&row);
                    let id = tell(&simulator, row);
                    if is_change {
                        wanted.insert(id);
                    }
                }
                simulator.behave(fault(&mut random));
                let size = random.random_range(2..8);
                // What fails is asked again with the cursor from before: that is what a reader has.
                if let Ok(next) = read(&connector, CHANGES, &cursor, size, &mut told).await {
                    cursor = next;
                }
            }
            // All that is late appears, and then time passes.
            simulator.behave(Behavior::default());
            for _ in 0..13 {
                if let Ok(next) = read(&connector, CHANGES, &cursor, 100, &mut told).await {
                    cursor = next;
                }
            }
            history.pass(random.random_range(0..300));
        }
        // `read` holds that one id is one event, whenever it is told.
        let ids: BTreeSet<String> = told.keys().cloned().collect();
        assert_eq!(ids, wanted, "history {seed}");
    }
}

/// Nothing says how late a row may be: who waits longer reads further down.
#[tokio::test]
async fn a_row_that_is_later_than_the_overlap_is_lost_and_a_longer_overlap_finds_it() {
    const MINUTE: i64 = 60_000;
    for (overlap, is_found) in [(60 * MINUTE, false), (180 * MINUTE, true)] {
        let (simulator, connector) = start(Behavior::default()).await;
        let row = |minutes| Happened::new(Env::Dev, at(minutes), "folder_moved", "Folder", "1");
        tell(&simulator, row(200));
        let dev = Environment::dev();
        let ask = |cursor: String| {
            let (connector, dev) = (&connector, &dev);
            async move {
                let asked = Asked {
                    feed: None,
                    cursor: &cursor,
                    start: Timestamp::UNIX_EPOCH,
                    overlap,
                };
                connector.happened(dev, &asked).await.unwrap()
            }
        };
        let first = ask(String::new()).await;
        assert_eq!(first.rows.len(), 1);
        let late = tell(&simulator, row(80));
        let second = ask(first.cursor).await;
        let found = second.rows.iter().any(|row| row.id == late);
        assert_eq!(found, is_found, "{overlap}");
    }
}
