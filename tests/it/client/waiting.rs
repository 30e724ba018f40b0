//! Repeats and waits.

use std::sync::Arc;
use std::time::Duration;

use baton_workato::baton::error::{Kind, Retry};
use baton_workato::baton::http::{HttpClient, HttpOptions, Request, RetryPolicy};
use baton_workato::baton::secret::Secret;
use baton_workato::workato::client::{WorkatoClient, endpoint};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::project::ProjectRow;
use url::Url;

use super::scripted::*;

#[tokio::test]
async fn transient_failures_are_repeated_within_limits() {
    for status in [408, 500, 502, 503, 504] {
        let server = Server::start(move |_, _| reply(status, &[], "")).await;
        let clock = FakeClock::with_random(0.5);
        let events = Arc::new(Events::default());
        let http = HttpClient::new(HttpOptions {
            observer: events.clone(),
            ..options(&clock)
        })
        .unwrap();
        let answer = raw(&http, &server, "things").await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.attempts), (status, 5));
        assert_eq!(server.requests(), 5);
        // Half way between 250 ms and three times the pause before.
        let sleeps = clock.sleeps();
        assert_eq!(sleeps.len(), 4);
        assert_eq!(sleeps[0], Duration::from_millis(500));
        assert!(
            sleeps.is_sorted() && sleeps.iter().sum::<Duration>() < Duration::from_secs(10),
            "{sleeps:?}"
        );
        let counts = http.counts()["things"];
        assert_eq!((counts.requests, counts.retries, counts.throttled), (5, 4, 0));
        assert_eq!(
            u128::from(counts.waited_ms),
            sleeps.iter().map(Duration::as_millis).sum::<u128>()
        );
        let events = events.0.lock().unwrap();
        assert_eq!(events[1], format!("retry things: HTTP {status}, 500 ms"));
        assert_eq!(events.iter().filter(|e| e.starts_with("request")).count(), 5);
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_no_failure() {
    let server = Server::start(|n, _| match n {
        0 => reply(503, &[("Retry-After", "7")], ""),
        1 => Reply::Reset,
        // Promises more than it sends.
        2 => Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n[".to_vec()),
        _ => json("[]"),
    })
    .await;
    let clock = FakeClock::new();
    let client = workato(&server, options(&clock));
    assert!(
        client
            .page::<ProjectRow>(&endpoint::PROJECTS, 1)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert_eq!(server.requests(), 4);
    let ms: Vec<u128> = clock.sleeps().iter().map(Duration::as_millis).collect();
    assert_eq!(ms, [7000, 250, 250], "503 may name its pause too");
}

#[tokio::test]
async fn every_form_of_retry_after_is_waited_for() {
    for (value, seconds) in [
        ("30", 30),
        ("Sun, 08 Nov 2026 08:49:37 GMT", 30),
        ("Sunday, 08-Nov-26 08:49:37 GMT", 30),
        ("Sun Nov  8 08:49:37 2026", 30),
        ("2026-11-08T08:49:37Z", 30),
        ("0", 1),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
        ("86400", 65),
        ("nonsense", 5),
    ] {
        let server = Server::start(move |n, _| match n {
            0 => reply(429, &[("Retry-After", value)], ""),
            _ => json("[]"),
        })
        .await;
        let clock = FakeClock::new();
        let client = workato(&server, options(&clock));
        client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap();
        assert_eq!(clock.sleeps(), [Duration::from_secs(seconds)], "{value}");
    }
}

#[tokio::test]
async fn a_429_makes_its_family_wait_once_and_no_other() {
    let server = Server::start(|n, _| match n {
        0 => reply(429, &[("retry-after", "30"), ("X-Rate-Limit-Remaining", "0")], ""),
        _ => reply(200, &[("x-ratelimit-remaining", "12;w=60")], ""),
    })
    .await;
    let clock = FakeClock::new();
    let events = Arc::new(Events::default());
    let http = HttpClient::new(HttpOptions {
        observer: events.clone(),
        retry: RetryPolicy::never(),
        ..options(&clock)
    })
    .unwrap();
    let first = raw(&http, &server, "folders").await.unwrap();
    assert_eq!(first.may_retry(), Retry::After(Duration::from_secs(30)));
    assert_eq!(first.rate_limit.remaining, Some(0));
    assert_eq!(http.rate_limit("folders").remaining, Some(0));
    raw(&http, &server, "roles").await.unwrap();
    assert!(clock.sleeps().is_empty(), "another family goes on");
    let third = raw(&http, &server, "folders").await.unwrap();
    assert_eq!(third.rate_limit.remaining, Some(12), "the other spelling");
    raw(&http, &server, "folders").await.unwrap();
    assert_eq!(clock.sleeps(), [Duration::from_secs(30)], "one wait for the family");
    assert_eq!(
        *events.0.lock().unwrap(),
        [
            "request folders",
            "waiting folders: rate limit (HTTP 429), 30000 ms",
            "request roles",
            "resumed folders",
            "request folders",
            "request folders",
        ]
    );
    let counts = http.counts();
    assert_eq!(
        (
            counts["folders"].requests,
            counts["folders"].throttled,
            counts["folders"].waited_ms
        ),
        (3, 1, 30_000)
    );
    assert_eq!((counts["roles"].requests, counts["roles"].waited_ms), (1, 0));
}

#[tokio::test]
async fn an_endless_429_ends() {
    let server = Server::start(|_, _| reply(429, &[("Retry-After", "60")], r#"{"message":"Slow down"}"#)).await;
    let clock = FakeClock::new();
    let client = workato(&server, options(&clock));
    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_retry()),
        (Kind::Unavailable, Retry::After(Duration::from_secs(60)))
    );
    assert!(
        error.to_string().contains("429 Too Many Requests: Slow down"),
        "{error}"
    );
    assert_eq!(error.fact_value("attempts"), Some("5"));
    assert_eq!(server.requests(), 5);
    assert_eq!(clock.sleeps(), vec![Duration::from_secs(60); 4]);
}

#[tokio::test]
async fn what_may_not_be_sent_twice_is_not() {
    let server = Server::start(|n, _| if n == 0 { Reply::Reset } else { reply(503, &[], "") }).await;
    let clock = FakeClock::new();
    let http = HttpClient::new(options(&clock)).unwrap();
    let token = Secret::new(TOKEN);
    let request = Request {
        url: server.url.clone(),
        bearer: &token,
        endpoint: "/scripted",
        family: "things",
        idempotent: false,
    };
    assert_eq!(http.send(&request).await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(http.send(&request).await.unwrap().status.as_u16(), 503);
    assert_eq!(server.requests(), 2);
    assert!(clock.sleeps().is_empty());
}

#[tokio::test]
async fn nobody_there_is_said_within_a_minute() {
    let url: Url = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    };
    let clock = FakeClock::with_random(0.999);
    let http = Arc::new(HttpClient::new(options(&clock)).unwrap());
    let client = WorkatoClient::new(url, Secret::new(TOKEN), http);
    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert_eq!((error.kind(), error.may_retry()), (Kind::Unavailable, Retry::Later));
    assert!(error.to_string().contains("cannot reach 127.0.0.1:"), "{error}");
    assert!(error.to_string().contains("connection refused"), "{error}");
    assert!(error.hint_text().unwrap().contains("proxy"));
    assert!(
        clock.sleeps().iter().sum::<Duration>() < Duration::from_secs(45),
        "{:?}",
        clock.sleeps()
    );
}

#[tokio::test]
async fn a_silent_server_runs_into_the_timeout() {
    let server = Server::start(|_, _| Reply::Stall).await;
    let client = workato(
        &server,
        HttpOptions {
            request_timeout: Duration::from_millis(30),
            ..options(&FakeClock::new())
        },
    );
    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_retry()),
        (Kind::DeadlineExceeded, Retry::Later)
    );
    assert_eq!(server.requests(), 5);
}
