//! Tokens that are wrong, of the wrong region, or in the wrong place; and that none of them shows anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use baton_workato::baton::diagnosis::{Status, Verdict};
use baton_workato::baton::error::Kind;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Fault, Hits};
use baton_workato::workato::diagnosis::masked;
use baton_workato::workato::settings::{EnvironmentChoice, Settings};

use super::{all, bad, check, dev, diagnosed, examined, missing, one, simulator};

#[tokio::test]
async fn good_tokens_are_said_to_be_good() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let findings = examined(&all(&simulator), None).await;
    assert_eq!(
        findings.workspace.name.as_deref(),
        Some(simulator.workspace().name.as_str())
    );
    let diagnosis = baton_workato::baton::diagnosis::Diagnosis(findings.checks);
    assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    for (env, said) in [
        ("dev", "12 people and 3 projects of DEV"),
        ("test", "of TEST"),
        ("prod", "of PROD"),
    ] {
        let token = check(&diagnosis, &format!("{} token", env.to_uppercase()), Some(env));
        assert!(token.seen.ends_with(said), "{}", token.seen);
    }
    assert_eq!(
        check(&diagnosis, "region of tokens", None).seen,
        "DEV: us, TEST: us, PROD: us"
    );
}

#[tokio::test]
async fn a_wrong_token_is_one_failure_and_names_no_checkbox() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let simulator = simulator(model, Behavior::default()).await;
        let settings = Settings {
            dev_token: Secret::new("wrkaus-eyJ0.wrong.key"),
            ..dev(&simulator)
        };
        let diagnosis = diagnosed(&settings).await;
        let [failed] = bad(&diagnosis)[..] else {
            panic!("{diagnosis:#?}")
        };
        assert_eq!(
            (failed.name.as_str(), diagnosis.gravest()),
            ("DEV token", Some(Kind::Unauthenticated))
        );
        assert!(failed.todo.as_ref().unwrap().contains("--workato-api-key"));
        assert!(missing(&diagnosis).is_empty());
    }
}

#[tokio::test]
async fn a_wrong_token_of_another_environment_leaves_that_out() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let settings = Settings {
        prod_token: Some(Secret::new("wrkaus-eyJ0.wrong.key")),
        ..all(&simulator)
    };
    let diagnosis = diagnosed(&settings).await;
    let [warning] = bad(&diagnosis)[..] else {
        panic!("{diagnosis:#?}")
    };
    assert_eq!((warning.name.as_str(), warning.status), ("PROD token", Status::Warning));
    assert_eq!(diagnosis.gravest(), Some(Kind::Unauthenticated));
    assert!(warning.todo.as_ref().unwrap().contains("--workato-prod-api-key"));
}

/// 403 is said to somebody who is known: the token is right, whatever it may do.
#[tokio::test]
async fn a_token_that_may_nothing_is_told_from_one_that_is_wrong() {
    let behavior = Endpoint::ALL
        .into_iter()
        .fold(Behavior::default(), |b, endpoint| b.deny(endpoint, 403));
    let simulator = simulator(AccessModel::RbacV2, behavior).await;
    let diagnosis = diagnosed(&dev(&simulator)).await;
    assert_eq!(check(&diagnosis, "DEV token", Some("dev")).status, Status::Ok);
    assert_eq!(diagnosis.gravest(), Some(Kind::PermissionDenied));
    assert_eq!(check(&diagnosis, "collaborators", Some("dev")).status, Status::Failed);
}

#[tokio::test]
async fn swapped_tokens_are_found_by_what_they_see() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let right = all(&simulator);
    let swapped = Settings {
        test_token: right.prod_token.clone(),
        prod_token: right.test_token.clone(),
        ..right.clone()
    };
    let diagnosis = diagnosed(&swapped).await;
    let said: Vec<_> = bad(&diagnosis)
        .iter()
        .map(|c| (c.name.as_str(), c.seen.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("TEST token", "it belongs to PROD, by what project grants say"),
            ("PROD token", "it belongs to TEST, by what project grants say"),
        ]
    );
    assert_eq!(diagnosis.gravest(), Some(Kind::Unauthenticated));

    // The DEV token in the place of another, and another in its place: one fault each, not eleven checkboxes.
    let swapped = Settings {
        dev_token: right.test_token.clone().unwrap(),
        test_token: Some(right.dev_token.clone()),
        ..right.clone()
    };
    let diagnosis = diagnosed(&swapped).await;
    let names: Vec<_> = bad(&diagnosis).iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["DEV token", "TEST token"], "{:#?}", bad(&diagnosis));
}

/// Two tokens of one environment show the same projects. (One token twice is refused with the settings.)
#[tokio::test]
async fn one_environment_in_two_places_is_found() {
    for (model, seen) in [
        (AccessModel::RbacV2, "it belongs to TEST, by what project grants say"),
        (AccessModel::Legacy, "it sees the same projects as the TEST token"),
    ] {
        let simulator = simulator(model, Behavior::default()).await;
        let settings = Settings {
            prod_token: Some(Secret::new(simulator.token(Env::Test))),
            ..all(&simulator)
        };
        let diagnosis = diagnosed(&settings).await;
        assert_eq!(check(&diagnosis, "TEST token", Some("test")).status, Status::Ok);
        let token = check(&diagnosis, "PROD token", Some("prod"));
        assert_eq!(
            (token.seen.as_str(), diagnosis.gravest()),
            (seen, Some(Kind::Unauthenticated))
        );
    }
}

/// Legacy answers do not name their environment; the check says so instead of guessing.
#[tokio::test]
async fn what_cannot_be_seen_is_not_claimed() {
    let simulator = simulator(AccessModel::Legacy, Behavior::default()).await;
    let diagnosis = diagnosed(&all(&simulator)).await;
    let token = check(&diagnosis, "TEST token", Some("test"));
    assert_eq!(token.status, Status::Ok);
    assert!(
        token.seen.ends_with("do not say of which environment"),
        "{}",
        token.seen
    );
}

#[tokio::test]
async fn an_environment_without_a_token_is_incomplete() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    for (environment, missed) in [
        (one("prod"), vec!["prod"]),
        (EnvironmentChoice::All, vec!["test", "prod"]),
        (one("dev"), vec![]),
    ] {
        let settings = Settings {
            environment: environment.clone(),
            ..dev(&simulator)
        };
        let diagnosis = diagnosed(&settings).await;
        let bad = bad(&diagnosis);
        let named: Vec<_> = bad.iter().filter_map(|c| c.environment.as_deref()).collect();
        assert_eq!(named, missed, "{environment:?} {bad:#?}");
        if let Some(first) = missed.first() {
            assert_eq!(diagnosis.gravest().map(Kind::exit_code), Some(2));
            let flag = format!("--workato-{first}-api-key");
            assert!(bad[0].todo.as_ref().unwrap().contains(&flag));
        }
    }
}

#[tokio::test]
async fn a_token_that_the_run_does_not_use_is_not_sent() {
    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let settings = Settings {
        environment: one("dev"),
        ..all(&simulator)
    };
    let diagnosis = diagnosed(&settings).await;
    assert_eq!(diagnosis.verdict(), Verdict::Complete, "{:#?}", bad(&diagnosis));
    assert_eq!(check(&diagnosis, "PROD token", Some("prod")).status, Status::Skipped);
    assert!(simulator.requests().iter().all(|r| r.environment == Some(Env::Dev)));
}

#[test]
fn a_masked_token_shows_its_region_and_nothing_else() {
    for (token, shown) in [
        ("wrkaeu-eyJhbGciOi.eyJzdWIi.sig", "wrkaeu-***"),
        ("wrkatrial-eyJhbGciOi.eyJzdWIi.sig", "wrkatrial-***"),
        ("wrka-eyJhbGciOi.eyJzdWIi.sig", "***"),
        ("wrkaxx-eyJhbGciOi.eyJzdWIi.sig", "***"),
        ("something", "***"),
    ] {
        assert_eq!(masked(&Secret::new(token)), shown);
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_token_is_in_any_log_line_or_check() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // As in `client::safety`: a second dispatcher makes tracing ask for every line.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();

    let simulator = simulator(AccessModel::RbacV2, Behavior::default()).await;
    let settings = Settings {
        prod_token: Some(Secret::new(simulator.token(Env::Test))),
        ..all(&simulator)
    };
    // The other side repeats the token that it was sent.
    let echo = format!(r#"{{"message":"no right to {}"}}"#, simulator.token(Env::Dev));
    let mut all = String::new();
    for status in [200, 403, 500] {
        if status != 200 {
            let fault = Fault::Status(status, echo.clone(), Vec::new());
            simulator.behave(Behavior::default().script("/api/**", Hits::Every, fault));
        }
        let settings = if status == 200 {
            settings.clone()
        } else {
            dev(&simulator)
        };
        let findings = examined(&settings, None).await;
        all += &format!("{:?} {}", findings, serde_json::to_string(&findings.checks).unwrap());
    }
    all += std::str::from_utf8(&log.0.lock().unwrap()).unwrap();
    assert!(
        all.contains("path=\"/api/members\"") && all.contains("status=403"),
        "the log works: {all}"
    );
    for env in [Env::Dev, Env::Test] {
        for part in simulator.token(env).split('.') {
            assert!(!all.contains(part), "{part} in {all}");
        }
    }
}
