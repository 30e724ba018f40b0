//! A fault on every fifth request: an unavailable gateway, a broken connection, a quota, in turns.

use baton_workato::baton::sync::summary::Status;
use baton_workato::simulator::{Behavior, Fault, Hits, Simulator};

use super::cell::{Digest, baseline, settings};
use super::sites;
use crate::support::run;

fn every_fifth(behavior: Behavior) -> Behavior {
    let each = |rest| Hits::Each { of: 15, rest };
    behavior
        .script("/api/**", each(5), Fault::status(503))
        .script("/api/**", each(10), Fault::Reset)
        .script("/api/**", each(0), Fault::status(429))
}

#[tokio::test]
async fn two_syncs_with_a_fault_on_every_fifth_request_are_equal() {
    for site in [sites::rbac(), sites::legacy(), sites::wide()] {
        let whole = baseline(&site, site.behavior.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let behavior = every_fifth(site.behavior.clone());
        let simulator = Simulator::start(site.workspace.clone(), behavior).await.unwrap();
        let mut faults = Vec::new();
        for _ in 0..2 {
            simulator.forget_requests();
            let settings = settings(&simulator, site.bend);
            let summary = run::workato_over(settings, &run::options(&file), run::impatient())
                .await
                .unwrap();
            assert_eq!((summary.status, summary.warnings.len()), (Status::Complete, 0));
            assert!(
                Digest::of_file(&file) == whole,
                "{}: the rows are the undisturbed ones",
                site.name
            );
            let asked = simulator.requests();
            let faulty = [503, 0, 429].map(|status| asked.answered(status)).iter().sum::<usize>();
            let retries: u64 = summary.requests.values().map(|family| family.retries).sum();
            assert_eq!(retries, faulty as u64, "every fault is repeated once, and counted");
            faults.push((faulty, asked.len()));
        }
        assert!(
            faults.iter().all(|(faulty, asked)| *faulty >= asked / 5 && *faulty > 0),
            "{}: {faults:?}",
            site.name
        );
    }
}
