//! Three hundred workspaces with tokens of their own, of which five are broken, in runs that are killed.

use std::collections::BTreeMap;
use std::time::Instant;

use baton_workato::simulator::AccessModel;

use super::*;

const MANY: usize = 300;

fn small(seed: usize) -> Workspace {
    Workspace::generate(&Shape {
        seed: seed as u64,
        people: 4,
        projects: 1,
        groups: 1,
        folders_per_project: 1,
        loose_folders: 0,
        custom_roles: 1,
        api_clients: 1,
        ..Shape::small(AccessModel::RbacV2)
    })
}

/// A file of the fleet with some of its workspaces.
fn yesterdays(fleet: &Fleet, some: &[usize]) {
    let text = std::fs::read_to_string(fleet.folder.path().join("fleet.yaml")).unwrap();
    let mut parts = text.split("- name: ");
    let mut of_some = parts.next().unwrap().to_owned();
    for (n, part) in parts.enumerate().filter(|(n, _)| some.contains(n)) {
        assert!(part.starts_with(&format!("w{n}\n")));
        of_some.push_str(&format!("- name: {part}"));
    }
    std::fs::write(fleet.folder.path().join("yesterday.yaml"), of_some).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_workspaces_are_whole_after_two_kills_but_for_those_that_are_broken() {
    let fleet = Fleet::with((0..MANY).map(|n| (small(n), Behavior::default())), "").await;
    // Yesterday some of them were there, those that are broken today among them.
    let broken = [7, 90, 140, 201, 250];
    let earlier: Vec<usize> = (0..MANY).step_by(23).chain(broken).collect();
    yesterdays(&fleet, &earlier);
    let (code, rows, talk) = fleet.run(&["sync", "-c", "yesterday.yaml"], None).await;
    assert_eq!((code, rows.len()), (0, earlier.len()), "{talk}");
    // Everybody is somebody else since, and five are broken, each in its own way: one of them by its token.
    for (n, simulator) in fleet.simulators.iter().enumerate() {
        simulator.change(|workspace| *workspace = small(n + 10_000));
    }
    let always = |endpoint: Endpoint, fault: Fault| Behavior::default().script(endpoint.path(), Hits::Every, fault);
    let away = Fault::Redirect("https://login.example.org/".to_owned());
    for (n, behavior) in [
        (7, Behavior::default().deny(Endpoint::Members, 403)),
        (90, always(Endpoint::Members, Fault::TruncatedJson)),
        (140, always(Endpoint::EnvironmentRoles, away)),
        (201, always(Endpoint::Projects, Fault::Html(200))),
    ] {
        fleet.simulators[n].behave(behavior);
    }
    let wrong = Some(250);
    let name = |n: usize| format!("w{n}");
    let yesterday: BTreeMap<usize, Vec<u8>> = broken
        .iter()
        .map(|n| (*n, std::fs::read(fleet.file(&name(*n))).unwrap()))
        .collect();
    let mut goes_on: &[&str] = &["sync", "--at-once", "8"];
    let mut left_out = 0;
    for at_least in [60, 170] {
        let mut child = fleet
            .command(goes_on, wrong)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while done(fleet.folder.path()) < at_least {
            assert!(child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(300));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(done(fleet.folder.path()) > left_out);
        left_out = done(fleet.folder.path());
        goes_on = &["sync", "--continue", "--at-once", "8"];
    }
    let (code, rows, talk) = fleet.run(goes_on, wrong).await;
    assert_eq!(code, 16, "the wrong token is the gravest: {talk}");
    let told = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!(told("done_before"), left_out);
    assert_eq!(told("complete") + left_out, MANY - broken.len(), "{talk}");
    assert_eq!(told("failed"), broken.len(), "{talk}");
    for n in broken {
        let row = &rows[n];
        assert_eq!(
            (&row["workspace"], &row["status"]),
            (&name(n).into(), &"failed".into()),
            "{row}"
        );
        assert!(
            row["synced_at"].is_string() && row["error"]["exit_code"].as_i64() > Some(0),
            "{row}"
        );
        assert_eq!(std::fs::read(fleet.file(&name(n))).unwrap(), yesterday[&n], "{n}");
    }
    // What a run of many makes is what a run of one makes.
    for n in (0..MANY).step_by(23).filter(|n| !broken.contains(n)) {
        assert_eq!(newest(&fleet.file(&name(n))), fleet.alone(n).await, "{n}");
    }
}
