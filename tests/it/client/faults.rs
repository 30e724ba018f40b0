//! Answers that are not what they should be.

use baton_workato::baton::error::Kind;
use baton_workato::baton::http::{HttpOptions, RetryPolicy};
use baton_workato::workato::client::endpoint;
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::group::UserGroup;
use baton_workato::workato::project::ProjectRow;

use super::scripted::*;

#[tokio::test]
async fn bad_json_names_the_path() {
    for (body, path, kind) in [
        (
            r#"{"data":[{"id":1},{"id":2,"roles":[{"role_name":7}]}]}"#,
            "data[1].roles[0].role_name",
            Kind::Internal,
        ),
        (r#"{"data":[{"id":1},{"name":"x"}]}"#, "data[1]", Kind::Internal),
        (r#"{"data":[{"id":null}]}"#, "data[0].id", Kind::Internal),
        (r#"{"data":[{"id":""}]}"#, "data[0].id", Kind::Internal),
        (r#"{"data":[{"id":1.5}]}"#, "data[0].id", Kind::Internal),
        (r#"{"data":[[4711,"team"]]}"#, "data[0]", Kind::Internal),
        (
            r#"{"data":[{"id":1,"roles":[["dev","x","y"]]}]}"#,
            "data[0].roles[0]",
            Kind::Internal,
        ),
        (r#"{"data":["x"]}"#, "data[0]", Kind::Internal),
        (r#"{"data":[null]}"#, "data[0]", Kind::Internal),
        (r#"{"data":null}"#, "data", Kind::Internal),
        (r#"{"data":{"items":[]}}"#, "data", Kind::Internal),
        (r#"{"result":[]}"#, ".", Kind::Internal),
        ("{}", ".", Kind::Internal),
        ("null", ".", Kind::Internal),
        ("[] []", ".", Kind::Internal),
        (r#"{"data":[{"id":1},{"id":2,"na"#, "data[1]", Kind::Unavailable),
        (r#"{"data":[{"id":1}"#, "data", Kind::Unavailable),
        ("", ".", Kind::Unavailable),
    ] {
        let (_, client) = answering(body).await;
        let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
        assert_eq!(error.fact_value("json path"), Some(path), "{body}: {error}");
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert!(
            error
                .to_string()
                .starts_with("failed to list collaborators: GET /api/members answered"),
            "{error}"
        );
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[tokio::test]
async fn a_success_that_carries_errors_is_not_an_empty_list() {
    let (_, client) = answering(r#"{"success":false,"errors":{"base":["not today"]}}"#).await;
    let error = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap_err();
    assert!(error.to_string().contains("base: not today"), "{error}");
}

#[tokio::test]
async fn pages_and_other_types_are_not_json() {
    let page = "<!doctype html><html><head><style>p{}</style></head><h1>Sign in</h1></html>";
    for (content_type, body, says) in [
        ("text/html", page, "an HTML page instead of JSON: Sign in"),
        ("application/json", page, "an HTML page instead of JSON: Sign in"),
        ("text/plain", "[]", "content type \"text/plain\" instead of JSON"),
    ] {
        let server = Server::start(move |_, _| reply(200, &[("Content-Type", content_type)], body)).await;
        let client = workato(&server, options(&FakeClock::new()));
        let error = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.hint_text().unwrap().contains("base URL"));
    }
}

/// A hiccup of a proxy, or an answer that was cut off: the second one is right.
#[tokio::test]
async fn a_garbled_answer_is_asked_for_again() {
    let page = || reply(200, &[("Content-Type", "text/html")], "<h1>One moment</h1>");
    let whole = r#"[{"id":1,"name":"P"}]"#;
    type Garbled = fn() -> Reply;
    let cases: [Garbled; 4] = [
        || reply(200, &[("Content-Type", "text/html")], "<h1>One moment</h1>"),
        || reply(200, &[("Content-Type", "text/plain")], "moment"),
        || json(r#"[{"id":1,"na"#),
        || json(""),
    ];
    for garbled in cases {
        for times in [1, 2] {
            let server = Server::start(move |n, _| if n < times { garbled() } else { json(whole) }).await;
            let clock = FakeClock::new();
            let rows = workato(&server, options(&clock))
                .page::<ProjectRow>(&endpoint::PROJECTS, 1)
                .await
                .unwrap()
                .rows;
            assert_eq!((rows.len(), server.requests()), (1, times + 1));
            assert_eq!(clock.sleeps().len(), times, "with a pause before each");
        }
    }
    // One that stays is an error soon, in the same words as before.
    let server = Server::start(move |_, _| page()).await;
    let error = workato(&server, options(&FakeClock::new()))
        .page::<ProjectRow>(&endpoint::PROJECTS, 1)
        .await
        .unwrap_err();
    assert_eq!(server.requests(), 3);
    assert_eq!(error.fact_value("attempts"), Some("3"));
    assert_eq!(
        error.to_string(),
        "failed to list projects: GET /api/projects answered an HTML page instead of JSON: One moment"
    );
}

/// JSON that is whole but not what was promised stays so, and so does a refusal in HTML.
#[tokio::test]
async fn an_answer_that_is_wrong_but_whole_is_not_asked_for_again() {
    for answer in [
        || json(r#"{"unexpected":true}"#),
        || reply(404, &[("Content-Type", "text/html")], "<h1>Not here</h1>"),
    ] {
        let server = Server::start(move |_, _| answer()).await;
        workato(&server, options(&FakeClock::new()))
            .page::<ProjectRow>(&endpoint::PROJECTS, 1)
            .await
            .unwrap_err();
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn errors_carry_what_support_and_admins_ask_for() {
    let body = r#"{"errors":[{"code":401,"title":"Not authorized"}],"message":"other"}"#;
    let server = Server::start(move |_, target| {
        let status = if target.contains("members") { 401 } else { 403 };
        reply(
            status,
            &[("Content-Type", "application/json"), ("X-Correlation-Id", "corr-77")],
            body,
        )
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));

    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(
        error.to_string(),
        "failed to list collaborators: GET /api/members answered 401 Unauthorized: Not authorized"
    );
    assert_eq!(error.fact_value("status"), Some("401"));
    assert_eq!(error.fact_value("family"), Some("collaborators"));
    assert_eq!(error.fact_value("correlation id"), Some("corr-77"));
    let checkbox = "Admin > Workspace collaborators > Collaborators > Get collaborators";
    assert_eq!(error.fact_value("checkbox"), Some(checkbox));
    assert!(error.hint_text().unwrap().contains(checkbox));
    assert!(error.hint_text().unwrap().contains("IP allow list"));

    let error = client.page::<UserGroup>(&endpoint::USER_GROUPS, 1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(
        error.hint_text().unwrap().contains("Collaborator groups"),
        "the section, as no checkbox is published"
    );
    assert!(error.hint_text().unwrap().contains("IP allow list"));
    assert_eq!(server.requests(), 2, "neither is repeated");
}

#[tokio::test]
async fn statuses_have_kinds_and_texts() {
    let long = format!("<html><title>{}</title></html>", "x".repeat(500));
    let cases: Vec<(u16, String, Kind, String)> = vec![
        (
            400,
            r#"{"message":"bad page"}"#.into(),
            Kind::InvalidArgument,
            "400 Bad Request: bad page".into(),
        ),
        (
            404,
            r#"{"message":"Not found"}"#.into(),
            Kind::NotFound,
            "404 Not Found: Not found".into(),
        ),
        (408, String::new(), Kind::DeadlineExceeded, "408 Request Timeout".into()),
        (409, "{}".into(), Kind::AlreadyExists, "409 Conflict: {}".into()),
        (
            422,
            r#"{"errors":{"name":["taken"]}}"#.into(),
            Kind::InvalidArgument,
            "422 Unprocessable Entity: name: taken".into(),
        ),
        (
            500,
            r#"{"error":"boom\u0007\n"}"#.into(),
            Kind::Unavailable,
            "500 Internal Server Error: boom".into(),
        ),
        (501, String::new(), Kind::Unimplemented, "501 Not Implemented".into()),
        (
            502,
            long,
            Kind::Unavailable,
            format!("502 Bad Gateway: {}…", "x".repeat(200)),
        ),
    ];
    for (status, body, kind, text) in cases {
        let server = Server::start(move |_, _| reply(status, &[], &body)).await;
        let client = workato(
            &server,
            HttpOptions {
                retry: RetryPolicy::never(),
                ..options(&FakeClock::new())
            },
        );
        let error = client.page::<ProjectRow>(&endpoint::PROJECTS, 1).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.to_string().ends_with(&format!("answered {text}")), "{error}");
    }
}
