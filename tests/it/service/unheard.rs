//! What ConductorOne refuses or does not hear while a task goes on, and after it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use tonic::Code;

use super::memory::{Running, options, serve, start};
use super::shapes::{Place, grant};
use super::stand_in::{Fault, Seen, TenantBehavior};

fn begin(place: &Place) -> Running {
    start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    )
}

#[tokio::test(start_paused = true)]
async fn refused_heartbeats_do_not_fail_a_sync_whose_work_goes_on() {
    for code in [
        Code::Unimplemented,
        Code::PermissionDenied,
        Code::NotFound,
        Code::InvalidArgument,
        Code::FailedPrecondition,
    ] {
        let place = Place::new(TenantBehavior::default());
        place.fake.stuck.store(true, Ordering::Relaxed);
        // The very first one as well.
        place.stand_in.fail("heartbeat", [Fault::Status(code)]);
        let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
        let running = begin(&place);
        while !place.fake.waiting.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        place.stand_in.fail("heartbeat", vec![Fault::Status(code); 30]);
        let left = |seen: &Seen| seen.faults_of("heartbeat") == 0;
        place.stand_in.until("all refusals were met", left).await;
        place.fake.stuck.store(false, Ordering::Relaxed);
        place.stand_in.until_done().await;
        running.stop().await;
        place.stand_in.assert_no_breach();
        assert!(place.ended(&id).succeeded(), "{code:?}: {:?}", place.ended(&id));
    }
}

#[tokio::test(start_paused = true)]
async fn how_a_task_ended_is_told_until_it_is_heard() {
    for code in [
        Code::Unavailable,
        Code::Internal,
        Code::PermissionDenied,
        Code::ResourceExhausted,
    ] {
        let place = Place::new(TenantBehavior::default());
        place.stand_in.fail("finishtask", vec![Fault::Status(code); 20]);
        let id = place.stand_in.task(grant("cyd"));
        let running = begin(&place);
        place.stand_in.until_done().await;
        running.stop().await;
        place.stand_in.assert_no_breach();
        assert_eq!(place.stand_in.seen().ended[&id].len(), 1, "{code:?}");
        assert_eq!(place.stand_in.seen().faults_of("finishtask"), 0, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_not_heard_of_does_not_hold_up_the_next() {
    let place = Place::new(TenantBehavior::default());
    place
        .stand_in
        .fail("finishtask", vec![Fault::Status(Code::Unavailable); 15]);
    let first = place.stand_in.task(grant("cyd"));
    let running = begin(&place);
    place
        .stand_in
        .until("the slot is given back", |seen| seen.faults_of("finishtask") < 10)
        .await;
    place.stand_in.task(TaskType::Hello(Default::default()));
    place
        .stand_in
        .until("the next task is done", |seen| seen.hellos.len() == 2)
        .await;
    assert!(
        !place.stand_in.seen().ended.contains_key(&first),
        "it is not heard of yet"
    );
    place
        .stand_in
        .until("it is heard of", |seen| seen.ended.contains_key(&first))
        .await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_gone_is_let_go() {
    let place = Place::new(TenantBehavior::default());
    place.stand_in.fail("finishtask", [Fault::Status(Code::NotFound)]);
    let first = place.stand_in.task(grant("cyd"));
    let running = begin(&place);
    place
        .stand_in
        .until("it was told", |seen| seen.faults_of("finishtask") == 0)
        .await;
    tokio::time::sleep(Duration::from_secs(7_200)).await;
    running.stop().await;
    assert!(!place.stand_in.seen().ended.contains_key(&first), "it was told again");
}
