//! What answers say about quotas, what a sync may spend on repeats, and how few connections it takes.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_workato::baton::error::{Kind, Retry};
use baton_workato::baton::http::{HttpClient, HttpOptions, Pace, RetryPolicy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::scripted::*;

fn sixty() -> Option<Pace> {
    NonZeroU32::new(60).map(Pace::per_minute)
}

#[tokio::test]
async fn both_spellings_of_what_is_left_hold_requests_back() {
    for header in ["X-Rate-Limit-Remaining", "x-ratelimit-remaining"] {
        let server = Server::start(move |n, _| match n {
            1 => reply(429, &[("Retry-After", "30"), (header, "0")], ""),
            _ => reply(200, &[(header, "0")], ""),
        })
        .await;
        let clock = FakeClock::new();
        let events = Arc::new(Events::default());
        let http = HttpClient::new(HttpOptions {
            pace: sixty(),
            observer: events.clone(),
            ..options(&clock)
        })
        .unwrap();
        for _ in 0..3 {
            raw(&http, &server, "folders").await.unwrap();
        }
        // The second request finds out that nothing is left indeed; from then on the header is believed, and the
        // third waits until the first no longer counts.
        assert_eq!(clock.sleeps(), [30, 31].map(Duration::from_secs), "{header}");
        let events = events.0.lock().unwrap();
        let waits: Vec<&String> = events
            .iter()
            .filter(|e| e.starts_with("waiting") || e.starts_with("resumed"))
            .collect();
        assert_eq!(
            waits,
            [
                "waiting folders: rate limit (HTTP 429), 30000 ms",
                "resumed folders",
                "waiting folders: nothing left of the quota, 31000 ms",
                "resumed folders",
            ]
        );
        assert_eq!(http.counts()["folders"].waited_ms, 61_000);
    }
}

#[tokio::test]
async fn the_sixty_first_request_of_a_minute_waits_and_says_so() {
    let server = Server::start(|_, _| json("[]")).await;
    let clock = FakeClock::new();
    let events = Arc::new(Events::default());
    let http = HttpClient::new(HttpOptions {
        pace: sixty(),
        observer: events.clone(),
        ..options(&clock)
    })
    .unwrap();
    for _ in 0..61 {
        raw(&http, &server, "folders").await.unwrap();
    }
    assert_eq!(clock.sleeps(), [Duration::from_secs(61)], "a window and its margin");
    let events = events.0.lock().unwrap();
    assert_eq!(
        events[60..],
        [
            "waiting folders: quota of 60 a minute, 61000 ms",
            "resumed folders",
            "request folders"
        ]
    );
    assert_eq!(http.counts()["folders"].per_minute, Some(60));
}

#[tokio::test]
async fn a_sync_that_mostly_fails_ends_with_its_counts() {
    let server = Server::start(|n, _| if n < 2 { json("[]") } else { reply(503, &[], "") }).await;
    let http = HttpClient::new(HttpOptions {
        retry: RetryPolicy {
            tokens: 30,
            ..RetryPolicy::default()
        },
        ..options(&FakeClock::new())
    })
    .unwrap();
    for _ in 0..2 {
        raw(&http, &server, "things").await.unwrap();
    }
    // Four repeats of one request, two of the next, then nothing is left.
    assert_eq!(raw(&http, &server, "things").await.unwrap().status.as_u16(), 503);
    let error = raw(&http, &server, "things").await.unwrap_err();
    assert_eq!((error.kind(), error.may_retry()), (Kind::Unavailable, Retry::Later));
    assert_eq!(
        error.to_string().replace(server.url.authority(), "HOST"),
        "too many requests of this run failed: 6 of 10 were repeats and 0 were answered 429; the last one, to HOST/x, \
         failed with: HTTP 503"
    );
    assert!(error.hint_text().is_some());
    assert_eq!(server.requests(), 10);
}

#[tokio::test]
async fn connections_are_used_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        let text = String::from_utf8(std::mem::take(&mut head)).unwrap().to_lowercase();
                        assert!(text.contains("accept-encoding: gzip"), "{text}");
                        let answer =
                            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";
                        stream.write_all(answer).await.unwrap();
                    }
                }
            });
        }
    });
    let server = Server {
        url,
        heads: Arc::default(),
    };
    let http = HttpClient::new(options(&FakeClock::new())).unwrap();
    for _ in 0..50 {
        raw(&http, &server, "things").await.unwrap();
    }
    assert_eq!(
        connections.load(Ordering::Relaxed),
        1,
        "one at a time takes one connection"
    );
}
