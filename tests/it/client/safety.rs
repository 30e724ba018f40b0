//! Where a token may go, what may be read, and what never shows.

use std::io::Write;
use std::sync::{Arc, Mutex};

use baton_workato::baton::error::{Kind, Retry};
use baton_workato::baton::http::{HttpClient, HttpOptions, Request};
use baton_workato::baton::secret::Secret;
use baton_workato::workato::client::endpoint;
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::connection::ConnectionRow;
use baton_workato::workato::folder::FolderRow;
use baton_workato::workato::project::ProjectRow;

use super::gzip::*;
use super::scripted::*;

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start(|_, _| json("[]")).await;
    let target = other.url.join("/login?token=abc").unwrap();
    let server = Server::start(move |_, _| reply(302, &[("Location", target.as_str())], "")).await;
    let client = workato(&server, options(&FakeClock::new()));
    let error = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap_err();
    let place = other.url.as_str().trim_end_matches('/');
    assert!(
        error.to_string().contains(&format!("redirects to {place} (HTTP 302)")),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("abc") && !format!("{error:?}").contains("login"));
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn of_a_redirect_the_scheme_and_the_host_are_told() {
    for (target, told) in [
        (
            format!("https://login.example.org/{TOKEN}/x"),
            "https://login.example.org",
        ),
        (
            format!("https://{TOKEN}@login.example.org:8443/"),
            "https://login.example.org:8443",
        ),
        (format!("//login.example.org/?t={TOKEN}"), "http://login.example.org"),
        (
            format!("https://login.example.org/#{TOKEN}"),
            "https://login.example.org",
        ),
    ] {
        let server = Server::start(move |_, _| reply(307, &[("Location", target.as_str())], "")).await;
        let client = workato(&server, options(&FakeClock::new()));
        let error = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap_err();
        assert!(
            error.to_string().contains(&format!("redirects to {told} (HTTP 307)")),
            "{error}"
        );
        let shown = format!("{error} {error:?} {:?}", error.hint_text());
        assert!(!shown.contains("wrkaus"), "{shown}");
    }
}

#[tokio::test]
async fn a_token_that_is_sent_back_is_taken_out_of_everything() {
    let body = format!(r#"{{"id":"7","name":"{TOKEN}","message":"Bearer {TOKEN} is wrong"}}"#);
    for status in [200, 400, 401, 403, 500] {
        let body = body.clone();
        let server = Server::start(move |_, _| reply(status, &[("X-Correlation-ID", TOKEN)], &body)).await;
        let http = HttpClient::new(options(&FakeClock::new())).unwrap();
        let token = Secret::new(TOKEN);
        let request = Request {
            url: server.url.clone(),
            bearer: &token,
            endpoint: "/scripted",
            family: "things",
            idempotent: true,
        };
        match http.send(&request).await {
            Ok(response) => {
                let text = String::from_utf8(response.body.to_vec()).unwrap();
                assert!(
                    text.contains(r#""name":"***""#) && text.contains("Bearer *** is wrong"),
                    "{text}"
                );
                assert_eq!(response.header("x-correlation-id"), Some("***"));
            }
            Err(error) => assert!(!format!("{error} {error:?}").contains("wrkaus"), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_is_not_sent_in_the_clear() {
    let http = HttpClient::new(options(&FakeClock::new())).unwrap();
    let token = Secret::new(TOKEN);
    for url in [
        "http://example.org/api",
        "http://192.168.0.1/api",
        "http://localhost.example.org/",
    ] {
        let request = Request {
            url: url.parse().unwrap(),
            bearer: &token,
            endpoint: "/scripted",
            family: "things",
            idempotent: true,
        };
        let error = http.send(&request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unknown);
        assert!(error.to_string().contains("refusing to send a token"), "{error}");
    }
    assert!(http.counts().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_token_no_header_can_carry_is_named_not_shown() {
    let (server, _) = answering("[]").await;
    let http = HttpClient::new(options(&FakeClock::new())).unwrap();
    for text in ["", "  ", "wrka-a\nb"] {
        let token = Secret::new(text);
        let request = Request {
            url: server.url.clone(),
            bearer: &token,
            endpoint: "/scripted",
            family: "things",
            idempotent: true,
        };
        let error = http.send(&request).await.unwrap_err();
        assert!(error.to_string().starts_with("the token"), "{error}");
        assert!(!error.to_string().contains("wrka"));
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn bodies_are_capped_after_decompression() {
    // A small bomb of more than 64 MiB.
    let bomb = gzip(&deflate_zeros(70 << 20), 0, 0);
    assert!(bomb.len() < 1 << 20);
    let server = Server::start(move |_, _| {
        reply(
            200,
            &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
            &bomb,
        )
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_retry()),
        (Kind::ResourceExhausted, Retry::Never)
    );
    assert!(error.to_string().contains("more than 67108864 bytes"), "{error}");
    assert_eq!(server.requests(), 1);

    // The same cap without compression, and a body of exactly its size.
    let (_, client) = {
        let server = Server::start(|_, _| json(r#"[{"id":1}]"#)).await;
        let client = workato(
            &server,
            HttpOptions {
                max_body: 9,
                ..options(&FakeClock::new())
            },
        );
        (server, client)
    };
    assert_eq!(
        client
            .page::<ProjectRow>(&endpoint::PROJECTS, 1)
            .await
            .unwrap_err()
            .kind(),
        Kind::ResourceExhausted
    );
    let server = Server::start(|_, _| json(r#"[{"id":1}]"#)).await;
    let client = workato(
        &server,
        HttpOptions {
            max_body: 10,
            ..options(&FakeClock::new())
        },
    );
    assert_eq!(
        client
            .page::<ProjectRow>(&endpoint::PROJECTS, 1)
            .await
            .unwrap()
            .rows
            .len(),
        1
    );
}

#[tokio::test]
async fn gzip_is_read_and_broken_gzip_is_an_error() {
    let text = br#"[{"id":1},{"id":2}]"#;
    let good = gzip(&deflate_stored(text), crc32(text), u32::try_from(text.len()).unwrap());
    let cut = good[..good.len() - 12].to_vec();
    for (body, count) in [(good, Some(2)), (cut, None)] {
        let server = Server::start(move |_, _| {
            reply(
                200,
                &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
                &body,
            )
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        match client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await {
            Ok(page) => assert_eq!(Some(page.rows.len()), count),
            Err(error) => assert_eq!((error.kind(), count), (Kind::Unavailable, None), "{error}"),
        }
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_token_is_in_no_log_and_no_error() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With a single dispatcher, tracing asks the thread that meets a line first whether anybody wants it, and other
    // tests want nothing. With two it asks the dispatchers.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();

    // The other side repeats the token wherever it can.
    let echo = format!(r#"{{"message":"token {TOKEN} is not valid"}}"#);
    let page = format!("<html>{TOKEN}</html>");
    let server = Server::start(move |n, _| match n {
        0 => json("[]"),
        1 => reply(401, &[("X-Correlation-Id", TOKEN)], &echo),
        2 => reply(200, &[("Content-Type", "text/html")], &page),
        3 => reply(302, &[("Location", &format!("https://example.org/?token={TOKEN}"))], ""),
        4 => json(&echo),
        _ => Reply::Reset,
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    client
        .page::<FolderRow>(endpoint::FOLDERS.with("parent_id", "3"), 1)
        .await
        .unwrap();
    let mut errors = String::new();
    for _ in 1..=5 {
        let error = client
            .everything::<ConnectionRow>(&endpoint::CONNECTIONS)
            .await
            .unwrap_err();
        errors += &format!("{error} {error:?} {:?} {:?}\n", error.hint_text(), error.facts());
    }
    errors += &format!("{client:?}");

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("path=\"/api/folders\"") && log.contains("status=200"),
        "the log works: {log}"
    );
    assert!(log.contains("query=\"parent_id=3&page=1&per_page=100\""), "{log}");
    for part in TOKEN.split('.') {
        assert!(!log.contains(part), "{log}");
        assert!(!errors.contains(part), "{errors}");
    }
    assert!(errors.contains("token *** is not valid"), "{errors}");
}
