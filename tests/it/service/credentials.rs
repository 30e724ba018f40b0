//! Who we are: refused credentials end the process, a failing ConductorOne does not.

use std::sync::Arc;
use std::time::Duration;

use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use tonic::Code;

use super::memory::{options, serve, start};
use super::shapes::Place;
use super::stand_in::{Fault, TenantBehavior};

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_far_off_is_refused_with_a_hint() {
    let place = Place::new(TenantBehavior {
        ahead: jiff::SignedDuration::from_secs(300),
        ..TenantBehavior::default()
    });
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    let error = running.ended.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(error.hint_text().unwrap().contains("clock"));
    assert!(!format!("{error} {error:?}").contains(&place.stand_in.secret));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_a_little_off_is_no_trouble() {
    for seconds in [-110, 110] {
        let place = Place::new(TenantBehavior {
            ahead: jiff::SignedDuration::from_secs(seconds),
            ..TenantBehavior::default()
        });
        place.stand_in.task(TaskType::ListEventFeeds(Default::default()));
        place.run(|_| {}).await;
        place.stand_in.assert_no_breach();
    }
}

#[tokio::test(start_paused = true)]
async fn hello_waits_for_conductorone_as_long_as_it_takes() {
    let place = Place::new(TenantBehavior::default());
    let failing = [
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::Internal,
        Code::Aborted,
        Code::DeadlineExceeded,
    ];
    place.stand_in.fail(
        "hello",
        failing.iter().cycle().take(20).map(|code| Fault::Status(*code)),
    );
    place.stand_in.fail("token", vec![Fault::Status(Code::Unknown); 3]);
    let began = tokio::time::Instant::now();
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    place.stand_in.until("hello", |seen| !seen.hellos.is_empty()).await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    // 1, 2, 4, … 256 s, then 300 s each.
    let expected = Duration::from_secs(511 + 14 * 300);
    let took = began.elapsed();
    assert!(
        took >= expected && took < expected + Duration::from_secs(60),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_hello_ends_the_process() {
    for code in [
        Code::Unauthenticated,
        Code::PermissionDenied,
        Code::InvalidArgument,
        Code::Unimplemented,
        Code::FailedPrecondition,
        Code::NotFound,
    ] {
        let place = Place::new(TenantBehavior::default());
        // A refused token is tried once more with a new one.
        place.stand_in.fail("hello", vec![Fault::Status(code); 2]);
        let running = start(
            &place.stand_in,
            serve(&place.stand_in),
            Arc::clone(&place.fake),
            options(place.folder.path()),
        );
        let error = running.ended.await.unwrap().unwrap_err();
        assert_eq!(i32::from(error.kind().code()), i32::from(code));
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_token_is_fetched_for_every_call() {
    let place = Place::new(TenantBehavior {
        token_seconds: 5,
        ..TenantBehavior::default()
    });
    place.stand_in.task(TaskType::ListEventFeeds(Default::default()));
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    let seen = place.stand_in.seen();
    assert_eq!(seen.refused_tokens, 0);
    assert!(seen.token_requests >= 3, "{}", seen.token_requests);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let place = Place::new(TenantBehavior {
        token_seconds: 100,
        next_poll: Some(Duration::from_secs(1)),
        ..TenantBehavior::default()
    });
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    place.stand_in.until("polls", |seen| seen.polls >= 900).await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    let seen = place.stand_in.seen();
    assert_eq!(seen.refused_tokens, 0, "a token was used too long");
    assert!((10..=11).contains(&seen.token_requests), "{}", seen.token_requests);
}
