//! A day's life, and a day of nothing, in seconds.

use std::sync::Arc;
use std::time::Duration;

use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::{self, TaskType};
use tonic::Code;

use super::fake;
use super::memory::{options, serve, start};
use super::shapes::Place;
use super::stand_in::{Fault, Seen, TenantBehavior};

const HOUR: Duration = Duration::from_secs(3_600);

fn unavailable(count: usize) -> Vec<Fault> {
    vec![Fault::Status(Code::Unavailable); count]
}

#[tokio::test(start_paused = true)]
async fn a_day_with_faults_and_a_restart_loses_nothing() {
    let place = Place::new(TenantBehavior {
        next_poll: Some(Duration::from_secs(30)),
        next_heartbeat: Duration::from_secs(60),
        token_seconds: 1_800,
        requeue: true,
        ..TenantBehavior::default()
    });
    let channel = serve(&place.stand_in);
    let begin = || {
        start(
            &place.stand_in,
            channel.clone(),
            Arc::clone(&place.fake),
            options(place.folder.path()),
        )
    };
    let work = |hour: u32| {
        if hour % 8 == 1 {
            place.stand_in.task(TaskType::SyncFull(Default::default()));
        }
        let person = ["ada", "cyd", "dee"][hour as usize % 3].to_owned();
        if hour < 20 {
            place.stand_in.task(if hour.is_multiple_of(2) {
                TaskType::Grant(task::GrantTask {
                    entitlement: Some(fake::entitlement("admin")),
                    principal: Some(fake::person(&person)),
                    ..Default::default()
                })
            } else {
                TaskType::Revoke(task::RevokeTask {
                    grant: Some(fake::grant("admin", &person)),
                    ..Default::default()
                })
            });
        }
    };
    place.stand_in.fail("hello", unavailable(5));
    let mut running = begin();
    for hour in 0..24 {
        match hour {
            2 => place.stand_in.fail("gettask", unavailable(5)),
            4 => place.stand_in.fail("finishtask", unavailable(5)),
            6 => place.stand_in.fail("token", unavailable(5)),
            8 => place.stand_in.fail("heartbeat", unavailable(5)),
            9 => place.stand_in.fail("upload", unavailable(5)),
            10 => place
                .stand_in
                .fail("gettask", vec![Fault::Slow(4 * Duration::from_secs(60)); 5]),
            14 => place.stand_in.fail("upload", vec![Fault::TokenExpired; 5]),
            16 => place.stand_in.fail("upload", vec![Fault::Dropped; 5]),
            _ => {}
        }
        work(hour);
        if hour == 12 {
            running.stop().await;
            running = begin();
        }
        tokio::time::sleep(HOUR).await;
    }
    place.stand_in.until_done().await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    let seen = place.stand_in.seen();
    let good = |kind: &str| {
        seen.ended
            .values()
            .flatten()
            .filter(|e| e.kind == kind && e.succeeded())
            .count()
    };
    assert_eq!((good("sync_full"), good("grant"), good("other")), (3, 10, 10));
    let of_syncs: Vec<String> = seen.uploads.keys().cloned().collect();
    drop(seen);
    assert_eq!(of_syncs.len(), 3);
    for id in of_syncs {
        place.uploaded(&id);
    }
    assert_eq!(place.fake.writes.lock().unwrap().len(), 20, "every write was done once");
    assert_eq!(place.left(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_idle_day_is_no_busy_loop() {
    for (next_poll, hours) in [(Some(Duration::ZERO), 24), (None, 1)] {
        let place = Place::new(TenantBehavior {
            next_poll,
            ..TenantBehavior::default()
        });
        let running = start(
            &place.stand_in,
            serve(&place.stand_in),
            Arc::clone(&place.fake),
            options(place.folder.path()),
        );
        tokio::time::sleep(hours * HOUR).await;
        running.stop().await;
        place.stand_in.assert_no_breach();
        let Seen {
            polls, token_requests, ..
        } = *place.stand_in.seen();
        let every_five_seconds = u64::from(hours) * 3_600 / 5;
        assert!(
            (every_five_seconds - 10..every_five_seconds + 10).contains(&polls),
            "{polls}"
        );
        assert_eq!(token_requests, hours + 1, "one an hour, ten seconds early");
    }
}

/// Bytes of this process that are in memory.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Alone in a process of its own, where no other test takes memory.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn an_idle_day_takes_no_memory() {
    const ALONE: &str = "BATON_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "service::day::an_idle_day_takes_no_memory", "--nocapture"])
            .env(ALONE, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let place = Place::new(TenantBehavior::default());
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    tokio::time::sleep(4 * HOUR).await;
    let before = resident();
    tokio::time::sleep(20 * HOUR).await;
    let grown = resident().saturating_sub(before);
    running.stop().await;
    assert!(grown < 2 << 20, "{grown} bytes in 20 hours");
}
