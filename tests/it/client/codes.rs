//! Which stable code a call ends with: what `explain` is asked about.

use baton_workato::baton::code::{self, Code};
use baton_workato::baton::http::{HttpOptions, RetryPolicy};
use baton_workato::workato::client::endpoint;
use baton_workato::workato::code as workato_code;
use baton_workato::workato::project::ProjectRow;

use super::scripted::*;

/// Status, headers and body of an answer, and the code of the error it makes.
type Case = (u16, &'static [(&'static str, &'static str)], &'static str, Code);

#[tokio::test]
async fn every_sort_of_answer_has_its_code() {
    const HTML: &[(&str, &str)] = &[("Content-Type", "text/html")];
    const ELSEWHERE: &[(&str, &str)] = &[("Location", "https://example.org/login")];
    let cases: [Case; 13] = [
        (400, &[], "{}", workato_code::REQUEST_REFUSED),
        (401, &[], "{}", workato_code::MAY_PROJECTS),
        (403, &[], "{}", workato_code::MAY_PROJECTS),
        (404, &[], "{}", workato_code::NOT_THERE),
        (409, &[], "{}", workato_code::REQUEST_REFUSED),
        (422, &[], "{}", workato_code::REQUEST_REFUSED),
        (429, &[], "{}", workato_code::QUOTA),
        (500, &[], "{}", workato_code::SERVER_ERROR),
        (503, HTML, "<h1>Maintenance</h1>", workato_code::SERVER_ERROR),
        (302, ELSEWHERE, "", code::REDIRECT),
        (200, HTML, "<h1>Sign in</h1>", workato_code::NOT_JSON),
        (200, &[], r#"{"unexpected":true}"#, workato_code::UNREADABLE),
        (200, &[], r#"[{"id":1,"na"#, workato_code::CUT_OFF),
    ];
    for (status, headers, body, expected) in cases {
        let server = Server::start(move |_, _| reply(status, headers, body)).await;
        let options = HttpOptions {
            retry: RetryPolicy::never(),
            ..options(&FakeClock::new())
        };
        let error = workato(&server, options)
            .page::<ProjectRow>(&endpoint::PROJECTS, 1)
            .await
            .unwrap_err();
        assert_eq!(error.code_id(), expected, "{status} {body}: {error}");
    }
}
