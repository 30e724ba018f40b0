//! Stopped at a request, by an error, by a cancellation and by SIGKILL.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use baton_workato::baton::error::Kind;
use baton_workato::simulator::{Behavior, Endpoint, Family, Fault, Hits};

use super::{Place, Scene, WORKERS, asked_for, finished, names, repeated, until};
use crate::support::run::environment;

/// The status of a workspace that is out of order, which no healthy answer has.
const OUT_OF_ORDER: u16 = 503;

/// At which requests to stop: all of them, or the first and last ones and two of every family.
fn stops(scene: &Scene) -> BTreeSet<usize> {
    let last = scene.requests.len();
    if asked_for("all").is_some() {
        return (1..=last).collect();
    }
    let mut families: BTreeMap<Family, Vec<usize>> = BTreeMap::new();
    for (index, request) in scene.requests.iter().enumerate() {
        let endpoint = request.endpoint.expect("an endpoint");
        families.entry(endpoint.family()).or_default().push(index + 1);
    }
    let mut stops: BTreeSet<usize> = [1, 2, last - 1, last].into();
    for hits in families.values() {
        stops.extend([hits[0], hits[hits.len() / 2]]);
    }
    assert!(stops.len() >= 12, "{stops:?}");
    stops
}

fn from(k: usize, fault: Fault) -> Behavior {
    Behavior::default().script("/**", Hits::From(u32::try_from(k).unwrap()), fault)
}

/// From its `k`th request on the workspace does not answer.
fn silent_from(k: usize) -> Behavior {
    from(k, Fault::Stall(Duration::from_secs(3_600)))
}

/// What must be so after the stop and after the run that resumes it.
fn assert_stopped(scene: &Scene, place: &Place, case: &str) {
    scene.assert_untouched(place.path(), case);
    let left = names(place.path());
    assert!(left.iter().all(|name| !name.ends_with(".tmp")), "{case}: {left:?}");
    scene.simulator.behave(Behavior::default());
}

fn assert_resumed(scene: &Scene, place: &Place, case: &str) {
    scene.assert_complete(place.path(), case);
    let log = scene.simulator.requests();
    let answered: Vec<_> = log.iter().collect();
    let again = repeated(answered.iter().copied());
    assert!(again.len() <= WORKERS, "{case}: repeated {again:?}");
    let distinct = answered.len() - again.len();
    assert_eq!(distinct, scene.requests.len(), "{case}: distinct requests");
}

/// As [`assert_resumed`]. What a role is set to was perhaps given up while the workspace was out of order.
fn assert_resumed_after_an_error(scene: &Scene, place: &Place, case: &str) {
    scene.assert_complete_but_for_settings(place.path(), case);
    let log = scene.simulator.requests();
    let answered: Vec<_> = log.iter().filter(|r| r.status != OUT_OF_ORDER).collect();
    let again = repeated(answered.iter().copied());
    assert!(again.len() <= WORKERS, "{case}: repeated {again:?}");
    let details = [Some(Endpoint::EnvironmentRole), Some(Endpoint::ProjectRole)];
    let asked: BTreeSet<&str> = answered.iter().map(|r| r.path.as_str()).collect();
    let given_up = scene.requests.iter().filter(|r| !asked.contains(r.path.as_str()));
    for request in given_up {
        assert!(
            details.contains(&request.endpoint),
            "{case}: {} was not asked",
            request.path
        );
    }
}

#[tokio::test]
async fn after_an_error() {
    let scene = Scene::new().await;
    for k in stops(&scene) {
        let case = format!("error at request {k} of {}", scene.requests.len());
        let place = scene.place();
        scene.simulator.behave(from(k, Fault::Html(OUT_OF_ORDER)));
        let error = place.sync(&scene.simulator, &environment()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{case}: {error}");
        assert_stopped(&scene, &place, &case);
        place.sync(&scene.simulator, &environment()).await.expect(&case);
        assert_resumed_after_an_error(&scene, &place, &case);
    }
}

#[tokio::test]
async fn after_a_cancellation() {
    let scene = Scene::new().await;
    for k in stops(&scene) {
        let case = format!("cancelled at request {k} of {}", scene.requests.len());
        let place = scene.place();
        scene.simulator.behave(silent_from(k));
        let environment_of_first = environment();
        let stop = async {
            until(&case, || scene.simulator.requests().len() >= k - 1).await;
            environment_of_first.cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(place.sync(&scene.simulator, &environment_of_first), stop);
        assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled, "{case}");
        assert_stopped(&scene, &place, &case);
        place.sync(&scene.simulator, &environment()).await.expect(&case);
        assert_resumed(&scene, &place, &case);
    }
}

#[tokio::test]
async fn after_a_kill() {
    let scene = Scene::new().await;
    for k in stops(&scene) {
        let case = format!("killed at request {k} of {}", scene.requests.len());
        let place = scene.place();
        scene.simulator.behave(silent_from(k));
        let mut child = place.program(&scene.simulator).spawn().unwrap();
        until(&case, || scene.simulator.requests().len() >= k - 1).await;
        child.kill().unwrap();
        finished(child).await;
        assert_stopped(&scene, &place, &case);
        place.run(&scene.simulator, &case).await;
        assert_resumed(&scene, &place, &case);
    }
}
