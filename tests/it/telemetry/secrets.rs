//! At the level that tells most, with a token in every place where one could be.

use baton_workato::ABOUT;
use baton_workato::baton::http::{HttpClient, HttpOptions, Request};
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{Behavior, Env, Fault, Hits};
use baton_workato::telemetry::{self, Settings, Trust};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

use super::receiver::{Manner, Receiver};
use super::workspace;

/// The one test that sends from this process: what is sent belongs to a process.
#[tokio::test]
async fn no_byte_of_a_token_leaves_even_at_the_level_of_traces() {
    // The server sends the token back in its body and a header.
    let mut behavior = Behavior::default();
    let token = workspace(Behavior::default()).await.token(Env::Dev);
    let echo = format!(r#"{{"message":"bad token {token}"}}"#);
    behavior = behavior.script(
        "/api/members",
        Hits::Every,
        Fault::Status(401, echo, vec![("x-echo".to_owned(), token.clone())]),
    );
    let simulator = workspace(behavior).await;
    let receiver = Receiver::start(Manner::Takes).await;
    let settings = Settings {
        authority: receiver.address.to_string(),
        trust: Trust::Plaintext,
    };
    let listeners = telemetry::start(&settings, &ABOUT, Level::TRACE).unwrap();
    let heard = tracing::subscriber::set_default(tracing_subscriber::registry().with(listeners));
    let client = HttpClient::new(HttpOptions::of(&ABOUT)).unwrap();
    let bearer = Secret::new(token.as_str());
    let url = format!("{}/api/members?access_token={token}&q={token}", simulator.base_url());
    let response = client
        .send(&Request {
            url: url.parse().unwrap(),
            bearer: &bearer,
            endpoint: "/api/members",
            family: "collaborators",
            idempotent: true,
        })
        .await
        .unwrap();
    assert_eq!(response.status.as_u16(), 401);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let failed = client
        .send(&Request {
            url: format!("http://{nobody}/x?token={token}").parse().unwrap(),
            bearer: &bearer,
            endpoint: "/x",
            family: "other",
            idempotent: false,
        })
        .await;
    let error = failed.unwrap_err();
    tracing::error!(%error, "It failed.");
    drop(heard);
    tokio::task::spawn_blocking(telemetry::end).await.unwrap();
    let seen = receiver.seen();
    assert!(
        seen.contains("Details of the answer.") && seen.contains("It failed."),
        "it is the level of traces"
    );
    assert!(seen.spans().len() >= 2 && !seen.metrics.is_empty());
    assert!(!seen.contains(&token));
    for part in token.split(['.', '-']).filter(|part| part.len() > 8) {
        assert!(!seen.contains(part), "{part}");
    }
    assert!(!seen.contains("access_token=e"), "no query");
}
