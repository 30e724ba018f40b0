//! Which settings send, how the connection is secured, and what is refused before anything is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_workato::simulator::Behavior;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tonic::transport::Identity;

use super::receiver::{Manner, Receiver};
use super::{LOSS, ends_well, err, told, workspace};
use crate::support::place::Place;
use crate::support::program::{output, syncing};

/// An authority as PEM, and a server it vouches for.
fn chain() -> (String, Identity) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::from_params(&params, &key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&own, &issuer).unwrap();
    (authority.pem(), Identity::from_pem(leaf.pem(), own.serialize_pem()))
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_trusts_the_given_authority_as_a_path_or_a_text_and_no_other() {
    let simulator = workspace(Behavior::default()).await;
    let (pem, identity) = chain();
    let (other, _) = chain();
    let receiver = Receiver::with(Manner::Takes, Some(identity)).await;
    let place = Place::new();
    let (ours, foreign) = (place.at("ca.pem"), place.at("other.pem"));
    std::fs::write(&ours, &pem).unwrap();
    std::fs::write(&foreign, &other).unwrap();
    let path = "BATON_OTEL_COLLECTOR_ENDPOINT_TLS_CERT_PATH";
    let inline = "BATON_OTEL_COLLECTOR_ENDPOINT_TLS_CERT";
    let encoded = URL_SAFE_NO_PAD.encode(&pem);
    for (name, value, is_trusted) in [
        (path, ours.to_str().unwrap(), true),
        (inline, &encoded, true),
        (path, foreign.to_str().unwrap(), false),
        ("BATON_OTEL_TRACING_DISABLED", "true", false),
    ] {
        let before = receiver.seen().calls;
        let mut command = syncing(place.path(), &simulator, 4);
        command
            .env("BATON_OTEL_COLLECTOR_ENDPOINT", receiver.address.to_string())
            .env(name, value)
            .args(["--log-level", "warn"]);
        let said = ends_well(command).await;
        assert_eq!(said.matches(LOSS).count(), usize::from(!is_trusted), "{name}: {said}");
        assert_eq!(receiver.seen().calls > before, is_trusted, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_switches_together_send_nothing_and_one_alone_changes_nothing() {
    let simulator = workspace(Behavior::default()).await;
    let place = Place::new();
    for (traces, logs) in [(true, true), (true, false), (false, true)] {
        let receiver = Receiver::start(Manner::Takes).await;
        let mut command = told(place.path(), &simulator, "info", &receiver.address.to_string());
        command
            .arg(format!("--otel-tracing-disabled={traces}"))
            .arg(format!("--otel-logging-disabled={logs}"));
        ends_well(command).await;
        let seen = receiver.seen();
        let sent = [seen.spans().len(), seen.lines().len(), seen.metrics.len()].map(|count| count > 0);
        assert_eq!(sent, [!(traces && logs); 3], "{traces} {logs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_ends_the_run_before_it_begins() {
    let simulator = workspace(Behavior::default()).await;
    let place = Place::new();
    std::fs::write(place.at("ca.pem"), chain().0).unwrap();
    for (arguments, words) in [
        (&["--otel-collector-endpoint=http://127.0.0.1:1"][..], "in the clear"),
        (&["--otel-collector-endpoint=127.0.0.1:1/v1"], "more than a host"),
        (
            &[
                "--otel-collector-endpoint=127.0.0.1:1",
                "--otel-collector-endpoint-tls-cert-path=ca.pem",
                "--otel-collector-endpoint-tls-cert=YQ",
            ],
            "given twice",
        ),
        (
            &[
                "--otel-collector-endpoint=127.0.0.1:1",
                "--otel-collector-endpoint-tls-cert=YQ==",
            ],
            "base64url",
        ),
        (
            &[
                "--otel-collector-endpoint=127.0.0.1:1",
                "--otel-collector-endpoint-tls-cert-path=missing.pem",
            ],
            "missing.pem",
        ),
    ] {
        let mut command = syncing(place.path(), &simulator, 1);
        command.args(arguments);
        let ended = output(command).await;
        let said = err(&ended);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(simulator.requests().len(), 0);
    assert!(!place.file().exists());
}
