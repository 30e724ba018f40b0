//! Credentials with something around them: white space is taken off, everything else is named and not shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::service::credentials::{ClientId, ClientSecret};
use baton_workato::simulator::{Behavior, Env, Shape, Simulator, Workspace};

use super::{run_beside, stderr, stdout};

async fn simulator() -> Simulator {
    let shape = Shape {
        people: 4,
        projects: 1,
        ..Shape::default()
    };
    Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap()
}

/// A secret in the form of ConductorOne (the key pair of RFC 8037, appendix A).
fn client_secret() -> String {
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
    format!("secret-token:conductorone.com:v1:{}", URL_SAFE_NO_PAD.encode(key))
}

#[tokio::test(flavor = "multi_thread")]
async fn white_space_around_a_token_is_not_part_of_it() {
    let simulator = simulator().await;
    let keys = [
        "BATON_WORKATO_API_KEY",
        "BATON_WORKATO_TEST_API_KEY",
        "BATON_WORKATO_PROD_API_KEY",
    ];
    for (before, after) in [("", "\n"), ("", "\r\n"), (" ", " "), ("\t", "\u{a0}"), ("\n\n", "")] {
        let tokens = keys.into_iter().zip(Env::ALL);
        let mut env: Vec<_> = tokens
            .map(|(name, env)| (name, format!("{before}{}{after}", simulator.token(env))))
            .collect();
        env.push(("BATON_WORKATO_BASE_URL", format!(" {} ", simulator.base_url())));
        env.push(("BATON_WORKATO_ENV", " all\n".to_owned()));
        let output = run_beside(env.clone(), vec!["--fail-on-warnings".to_owned()]).await;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{before:?} {after:?}: {}",
            stderr(&output)
        );
        let output = run_beside(env, vec!["doctor".to_owned()]).await;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{before:?} {after:?}: {}",
            stdout(&output)
        );
    }
}

/// What is wrong with a token is named by a sync and by the doctor, before anything is sent, and no part of it is shown.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_around_a_token_is_named() {
    let simulator = simulator().await;
    let settings = [
        ("BATON_WORKATO_API_KEY", "workato-api-key", "DEV token"),
        ("BATON_WORKATO_TEST_API_KEY", "workato-test-api-key", "TEST token"),
        ("BATON_WORKATO_PROD_API_KEY", "workato-prod-api-key", "PROD token"),
    ];
    for (variable, flag, name) in settings {
        for (before, after, words) in [
            ("\"", "\"", "quotation mark (\")"),
            ("'", "'", "quotation mark (')"),
            ("\u{201c}", "\u{201d}", "quotation mark (\u{201c})"),
            ("Bearer ", "", "the word Bearer"),
            ("BEARER\t", "", "the word Bearer"),
            ("\u{feff}", "", "byte order mark (U+FEFF)"),
            ("", "\u{200b}", "zero-width space (U+200B)"),
            ("\u{2060}", "", "word joiner (U+2060)"),
            ("two ", "", "white space in it"),
            ("two\n", "", "line break (U+000A)"),
            ("\u{430}", "", "not ASCII (U+0430)"),
        ] {
            let key = "hidden-key-of-somebody";
            let mut env = vec![
                ("BATON_WORKATO_BASE_URL", simulator.base_url()),
                ("BATON_WORKATO_API_KEY", simulator.token(Env::Dev)),
            ];
            env.retain(|(name, _)| *name != variable);
            env.push((variable, format!("{before}{key}{after}")));
            let synced = run_beside(env.clone(), Vec::new()).await;
            assert_eq!(synced.status.code(), Some(2), "{variable} {words}: {}", stderr(&synced));
            let said = stderr(&synced);
            assert!(
                said.contains("error[BW-0311]") && said.contains(words),
                "{words}: {said}"
            );
            assert!(
                said.contains(&format!("setting: {flag}")) && said.contains("hint:"),
                "{said}"
            );

            let looked = run_beside(env, vec!["doctor".to_owned()]).await;
            assert_eq!(looked.status.code(), Some(2), "{}", stdout(&looked));
            let seen = stdout(&looked).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(seen.contains(words) && seen.contains("BW-0311"), "{words}: {seen}");
            assert!(seen.contains(&format!("skipped {name} not sent:")), "{seen}");
            for text in [said, stderr(&looked), stdout(&looked)] {
                assert!(!text.contains("hidden") && !text.contains("somebody"), "{text}");
            }
            assert!(simulator.requests().is_empty(), "nothing was sent");
        }
    }
}

#[test]
fn credentials_of_conductorone_too() {
    let (id, secret) = ("cool-otter-1@acme.conductor.one/valcred", client_secret());
    let parsed = ClientSecret::parse(&Secret::new(secret.as_str())).unwrap();
    for (before, after) in [("", "\n"), (" ", "\r\n"), ("\t", " ")] {
        let around = |text: &str| format!("{before}{text}{after}");
        assert_eq!(ClientId::parse(&around(id)).unwrap().as_str(), id);
        let same = ClientSecret::parse(&Secret::new(around(&secret))).unwrap();
        assert_eq!(same.public_key(), parsed.public_key());
    }
    for (before, after, words) in [
        ("\"", "\"", "quotation mark"),
        ("\u{feff}", "", "byte order mark"),
        ("", "\u{200b}", "zero-width space"),
        ("x\n", "", "line break"),
    ] {
        let around = |text: &str| format!("{before}{text}{after}");
        let error = ClientId::parse(&around(id)).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        let error = ClientSecret::parse(&Secret::new(around(&secret))).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            !format!("{error:?} {:?}", error.hint_text()).contains("eyJ"),
            "{error:?}"
        );
        assert_eq!(error.kind().exit_code(), 2);
    }
}
