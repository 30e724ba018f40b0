//! Refusals, quotas, faults and the rest of what a server does apart from its data.

use std::time::{Duration, Instant};

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Fault, Happened, Hits, Quota, RetryForm, Shape};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{client, get, get_as, ids, send, small, start};
use crate::support::replay::Replay;

#[tokio::test]
async fn a_missing_checkbox_refuses_one_endpoint() {
    let behavior = Behavior::default()
        .deny(Endpoint::Groups, 401)
        .deny(Endpoint::Connections, 403);
    let simulator = start(small(AccessModel::RbacV2), behavior).await;
    assert_eq!(get(&simulator, "/api/user_groups").await.0, 401);
    assert_eq!(get(&simulator, "/api/user_groups/am-AllColl0/members").await.0, 200);
    assert_eq!(
        get(&simulator, "/api/connections").await,
        (StatusCode::FORBIDDEN, json!({"message": "Forbidden"}))
    );
    simulator.behave(Behavior::default());
    assert_eq!(get(&simulator, "/api/user_groups").await.0, 200);
}

#[tokio::test]
async fn a_workspace_may_change_between_requests() {
    let simulator = start(small(AccessModel::RbacV2), Behavior::default()).await;
    simulator.change(|workspace| workspace.people.truncate(5));
    assert_eq!(get(&simulator, "/api/members").await.1["total"], 5);
}

#[tokio::test]
async fn quotas_count_per_family_and_say_when_to_come_back() {
    for form in [
        RetryForm::Seconds,
        RetryForm::Fraction,
        RetryForm::Date,
        RetryForm::Absent,
    ] {
        let quota = Quota {
            calls: 2,
            retry_after: form,
            ..Quota::default()
        };
        let simulator = start(small(AccessModel::RbacV2), Behavior::default().quota(quota)).await;
        for left in ["1", "0"] {
            let answer = send(&simulator, Env::Dev, "/api/members").await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["x-rate-limit-remaining"]),
                (200, &left.parse().unwrap())
            );
        }
        let answer = send(&simulator, Env::Dev, "/api/members/1/privileges").await.unwrap();
        assert_eq!(answer.status(), 429);
        let wait = answer
            .headers()
            .get("retry-after")
            .map(|v| v.to_str().unwrap().to_owned());
        match form {
            RetryForm::Seconds => assert!((50..=60).contains(&wait.unwrap().parse::<u64>().unwrap())),
            RetryForm::Fraction => assert!(wait.unwrap().contains('.')),
            RetryForm::Date => assert!(wait.unwrap().ends_with(" GMT")),
            RetryForm::Absent => assert_eq!(wait, None),
        }
        assert_eq!(
            get(&simulator, "/api/projects").await.0,
            200,
            "another family has its own allowance"
        );
        assert_eq!(get_as(&simulator, Env::Test, "/api/members").await.0, 401);
    }
}

#[tokio::test]
async fn a_quota_window_ends() {
    let quota = Quota {
        calls: 1,
        window: Duration::from_millis(50),
        ..Quota::default()
    };
    let simulator = start(small(AccessModel::RbacV2), Behavior::default().quota(quota)).await;
    assert_eq!(get(&simulator, "/api/members").await.0, 200);
    let begun = Instant::now();
    while get(&simulator, "/api/members").await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the window never ended");
    }
}

#[tokio::test]
async fn scripted_answers_come_at_their_hits() {
    let behavior = Behavior::default()
        .script("/api/members", Hits::Nth(2), Fault::Html(502))
        .script("/api/members", Hits::At(vec![3]), Fault::titled(400, "bad email"))
        .script("/api/members/*/privileges", Hits::From(2), Fault::status(500))
        .script(
            "/api/projects?page=2",
            Hits::Every,
            Fault::Status(503, "{}".into(), vec![("Retry-After".into(), "7".into())]),
        )
        .script(
            "/api/user_groups/**",
            Hits::First(1),
            Fault::Redirect("https://example.com/".into()),
        );
    let simulator = start(small(AccessModel::RbacV2), behavior).await;
    assert_eq!(get(&simulator, "/api/members").await.0, 200);
    let html = send(&simulator, Env::Dev, "/api/members").await.unwrap();
    assert_eq!(
        (html.status().as_u16(), &html.headers()["content-type"]),
        (502, &"text/html; charset=utf-8".parse().unwrap())
    );
    let (status, body) = get(&simulator, "/api/members").await;
    assert_eq!(
        (status.as_u16(), &body["errors"][0]["title"]),
        (400, &json!("bad email"))
    );
    assert_eq!(get(&simulator, "/api/members").await.0, 200);
    let person = simulator.workspace().people[0].id;
    assert_eq!(
        get(&simulator, &format!("/api/members/{person}/privileges")).await.0,
        200
    );
    assert_eq!(
        get(&simulator, &format!("/api/members/{person}/privileges")).await.0,
        500
    );
    assert_eq!(get(&simulator, "/api/projects?page=1").await.0, 200);
    let late = send(&simulator, Env::Dev, "/api/projects?per_page=100&page=2")
        .await
        .unwrap();
    assert_eq!(
        (late.status().as_u16(), &late.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );
    let moved = send(&simulator, Env::Dev, "/api/user_groups/am-AllColl0/members")
        .await
        .unwrap();
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (302, &"https://example.com/".parse().unwrap())
    );
}

#[tokio::test]
async fn scripted_damage_comes_at_its_hits() {
    let behavior = Behavior::default()
        .script("/api/members", Hits::Nth(1), Fault::TruncatedJson)
        .script("/api/members", Hits::Nth(2), Fault::WrongContentType)
        .script("/api/members", Hits::Nth(3), Fault::EmptyPage)
        .script("/api/members", Hits::Nth(4), Fault::Reset)
        .script("/api/members", Hits::Nth(5), Fault::Cut)
        .script("/api/members", Hits::Nth(6), Fault::Stall(Duration::from_millis(30)))
        .script("/api/project_roles", Hits::Every, Fault::RepeatedPage);
    let simulator = start(small(AccessModel::RbacV2), behavior).await;
    let half = send(&simulator, Env::Dev, "/api/members")
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(!half.is_empty() && serde_json::from_slice::<Value>(&half).is_err());
    let text = send(&simulator, Env::Dev, "/api/members").await.unwrap();
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(text.bytes().await.unwrap().starts_with(b"{"));
    assert_eq!(
        get(&simulator, "/api/members").await.1,
        json!({"data": [], "total": 12})
    );
    assert!(
        send(&simulator, Env::Dev, "/api/members").await.is_err(),
        "reset before the answer"
    );
    let cut = send(&simulator, Env::Dev, "/api/members").await;
    let cut = match cut {
        Ok(answer) => answer.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(cut.is_err(), "reset in the body");
    let begun = Instant::now();
    assert_eq!(get(&simulator, "/api/members").await.1["total"], 12);
    assert!(begun.elapsed() >= Duration::from_millis(30));
    let (_, first) = get(&simulator, "/api/project_roles?page[number]=1&page[size]=2").await;
    let (_, second) = get(&simulator, "/api/project_roles?page[number]=2&page[size]=2").await;
    assert_eq!(first["data"], second["data"]);
    assert_eq!(simulator.requests().answered(0), 1);
}

#[tokio::test]
async fn answers_are_gzipped_for_clients_that_accept_it() {
    let shape = Shape {
        people: 900,
        ..Shape::default()
    };
    let simulator = start(shape, Behavior::default()).await;
    let url = format!("{}/api/members", simulator.base_url());
    let plain = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let ask = |client: reqwest::Client, accept: &'static str| {
        let request = client.get(&url).bearer_auth(simulator.token(Env::Dev));
        async move { request.header("accept-encoding", accept).send().await.unwrap() }
    };
    let identity = ask(plain.clone(), "identity").await;
    assert!(!identity.headers().contains_key("content-encoding"));
    let zipped = ask(plain, "gzip").await;
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let zipped = zipped.bytes().await.unwrap();
    let identity = identity.bytes().await.unwrap();
    assert!(zipped.len() > 65_536 && zipped.starts_with(&[0x1f, 0x8b]) && zipped != identity);
    let undone = client()
        .get(&url)
        .bearer_auth(simulator.token(Env::Dev))
        .send()
        .await
        .unwrap();
    assert_eq!(undone.bytes().await.unwrap(), identity);
}

#[tokio::test]
async fn dropping_the_simulator_stops_it() {
    let simulator = start(small(AccessModel::RbacV2), Behavior::default()).await;
    let url = format!("{}/api/members", simulator.base_url());
    drop(simulator);
    let begun = Instant::now();
    while client().get(&url).send().await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "still answering");
    }
}

#[tokio::test]
async fn recordings_are_replayed() {
    let replay = Replay::golden("rbac-v2").await;
    let ask = |path: &str| client().get(format!("{}{path}", replay.base_url())).send();
    assert_eq!(ask("/api/members").await.unwrap().status(), 200);
    let reordered = ask("/api/environment_roles?page%5Bsize%5D=100&page%5Bnumber%5D=1")
        .await
        .unwrap();
    assert_eq!(reordered.status(), 200);
    assert_eq!(ask("/api/roles?per_page=100&page=1").await.unwrap().status(), 401);
    assert_eq!(ask("/api/projects?page=2&per_page=100").await.unwrap().status(), 404);
    assert_eq!(replay.unmatched(), ["/api/projects?page=2&per_page=100"]);
    assert_eq!(replay.requests().len(), 4);
}

#[tokio::test]
async fn the_audit_log_is_newest_first_and_shows_writes_and_late_rows() {
    let shape = Shape::small(AccessModel::RbacV2);
    let simulator = start(shape, Behavior::default()).await;
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let first = simulator.happened(
        Happened::new(Env::Dev, at("2026-11-02T08:00:00Z"), "user_login", "User", "7").by(7, "Lin", "lin@example.org"),
    );
    let second = simulator.happened(Happened::new(Env::Dev, at("2026-11-02T09:00:00Z"), "x", "Folder", "8").late(1));
    let other = simulator.happened(Happened::new(Env::Test, at("2026-11-02T09:00:00Z"), "x", "Folder", "8"));

    let (_, page) = get(&simulator, "/api/activity_logs?page[size]=1").await;
    assert_eq!(ids(&page["data"]), [first.to_string()], "the other one is late");
    assert_eq!(page["data"][0]["timestamp"], "2026-11-02T00:00:00.000-08:00");
    let (_, page) = get(&simulator, "/api/activity_logs?page[size]=1").await;
    assert_eq!(ids(&page["data"]), [second.to_string()]);
    let (_, page) = get(&simulator, &format!("/api/activity_logs?page[after]={second}")).await;
    assert_eq!(ids(&page["data"]), [first.to_string()], "and none of {other}");
    let (_, page) = get(&simulator, "/api/activity_logs?from=2026-11-02T00:30:00-08:00").await;
    assert_eq!(ids(&page["data"]), [second.to_string()]);
    let (status, page) = get(&simulator, "/api/activity_logs?include_event_types[]=user_logim").await;
    assert_eq!((status.as_u16(), ids(&page["data"]).len()), (200, 0));

    let member = simulator.workspace().people[0].id;
    let url = format!("{}/api/members/{member}", simulator.base_url());
    let gone = client().delete(url).bearer_auth(simulator.token(Env::Dev)).send().await;
    assert!(gone.unwrap().status().is_success());
    let (_, page) = get(&simulator, "/api/activity_logs").await;
    assert_eq!(page["data"][0]["resource"]["type"], "ManagedUserGrant");
    assert_eq!(page["data"][0]["resource"]["id"], member);
}
