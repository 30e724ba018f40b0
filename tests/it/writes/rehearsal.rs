//! What would be sent is shown, and nothing is sent; what somebody agreed to is done, and nothing else.

use baton_workato::baton::change::Consent;
use baton_workato::baton::error::Kind;
use baton_workato::baton::provision::Provisioning;
use baton_workato::simulator::Env;
use serde_json::{Value, json};

use super::place::said;
use super::table::rows;

#[tokio::test]
async fn a_rehearsal_shows_each_request_and_sends_none() {
    let mut shown = Vec::new();
    for row in rows().await {
        let place = &row.place;
        let before = place.simulator.workspace();
        for write in [Some(&row.make), row.unmake.as_ref()].into_iter().flatten() {
            let told = place.writes.rehearse(write).await.unwrap();
            assert_eq!(place.changes(), 0, "{}", row.name);
            if std::ptr::eq(write, &raw const row.make) {
                let [request] = told.requests.as_slice() else {
                    panic!("{told:?}")
                };
                assert!(said(&told)[0].ends_with(&row.says), "{}: {told:?}", row.name);
                let text = request.to_string();
                assert!(text.contains("\nAuthorization: Bearer ***\n"), "{text}");
                assert!(!text.contains("eyJ"), "{text}");
                let base = place.simulator.base_url();
                assert!(request.url.as_str().starts_with(&base), "{text}");
                let body: Value = request
                    .body
                    .as_deref()
                    .map_or(Value::Null, |b| serde_json::from_str(b).unwrap());
                shown.push((row.name, request.method, body));
            } else {
                assert!(told.requests.is_empty(), "{}: nothing to take away", row.name);
            }
        }
        assert_eq!(place.simulator.workspace(), before, "{}", row.name);
        assert!(place.simulator.invited().is_empty());

        // What was shown is what is sent.
        let told = place.writes.rehearse(&row.make).await.unwrap();
        place.simulator.forget_requests();
        place.write(&row.make).await.unwrap();
        let sent = place.simulator.requests().0;
        let sent = sent.iter().find(|r| r.method != "GET").unwrap();
        let request = &told.requests[0];
        assert_eq!(
            (sent.method.as_str(), sent.path.as_str()),
            (request.method, &request.url[url::Position::BeforePath..])
        );
    }
    let body = |name: &str| shown.iter().find(|(n, ..)| *n == name).unwrap().2.clone();
    let role = body("environment role");
    assert_eq!(role["env_roles"][0]["environment_type"], json!(Env::Prod.as_str()));
    assert_eq!(role["env_roles"][0]["role_type"], json!("environment"));
    assert!(body("legacy role")["env_roles"][0].get("role_type").is_none());
    assert_eq!(
        body("project role of a group")["project_grants"][0]["assignment_type"],
        json!("UserGroup")
    );
    assert!(body("group membership")["user_ids"][0].is_u64());
    assert_eq!(body("account creation")["email"], json!("new@example.com"));
    assert_eq!(body("account deletion"), Value::Null);
}

#[tokio::test]
async fn only_what_was_agreed_to_is_done() {
    for row in rows().await {
        let place = &row.place;
        let told = place.writes.rehearse(&row.make).await.unwrap();
        let agreed = Consent::To(told.changes.clone());
        let mut other = told.changes[0].clone();
        other.who.push('x');
        let error = place
            .writes
            .carry_out(&row.make, Consent::To(vec![other]))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::FailedPrecondition, "{}", row.name);
        assert!(error.to_string().contains(&row.says), "{error}");
        assert_eq!(place.changes(), 0, "{}", row.name);
        let done = place.writes.carry_out(&row.make, agreed).await.unwrap();
        assert_eq!(done.changes, told.changes, "{}", row.name);
        assert!((row.holds)(&place.simulator), "{}", row.name);
    }
}

#[tokio::test]
async fn without_provisioning_nothing_is_even_rehearsed() {
    for row in rows().await {
        let off = Provisioning::new(row.place.connector.clone(), false);
        let before = row.place.simulator.requests().len();
        for error in [
            off.rehearse(&row.make).await.unwrap_err(),
            off.carry_out(&row.make, Consent::Given).await.unwrap_err(),
        ] {
            assert_eq!(error.kind().exit_code(), 2);
            assert!(error.hint_text().unwrap().contains("--provisioning"));
        }
        assert_eq!(row.place.simulator.requests().len(), before);
    }
}
