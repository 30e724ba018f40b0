//! Accounts: people are invited, once, and removed.

use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::create_account_response::Result as Outcome;
use baton_workato::baton::provision::Write;
use baton_workato::simulator::{AccessModel, Behavior, Fault, Hits};
use prost_types::value::Kind as ValueKind;

use super::place::{Place, names, said};

/// The form of a new account.
pub fn account(fields: &[(&str, &[&str])]) -> v2::CreateAccountRequest {
    let text = |text: &str| prost_types::Value {
        kind: Some(ValueKind::StringValue(text.to_owned())),
    };
    let list = |texts: &[&str]| prost_types::Value {
        kind: Some(ValueKind::ListValue(prost_types::ListValue {
            values: texts.iter().map(|t| text(t)).collect(),
        })),
    };
    let value = |texts: &[&str]| if let [one] = texts { text(one) } else { list(texts) };
    let fields = fields.iter().map(|(name, texts)| ((*name).to_owned(), value(texts)));
    v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo {
            profile: Some(prost_types::Struct {
                fields: fields.collect(),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_invitation_is_sent_once_and_is_no_account_yet() {
    let place = Place::new(AccessModel::RbacV2).await;
    let role = place.simulator.workspace().environment_roles[0].name.clone();
    let dev = format!("dev:{role}");
    let wanted = account(&[
        ("email", &["new@example.com"]),
        ("name", &["New"]),
        ("env_roles", &[&dev, &dev]),
    ]);
    let created = place.writes.create_account(&wanted).await.unwrap();
    let Some(Outcome::ActionRequired(required)) = created.result else {
        panic!("{created:?}");
    };
    assert!(required.message.contains("new@example.com") && required.resource.is_none());
    assert!(required.is_create_account_result);
    assert_eq!(place.simulator.invited(), ["new@example.com"]);
    let before = place.changes();
    let error = place.writes.create_account(&wanted).await.unwrap_err();
    assert_eq!(
        (error.kind(), place.changes()),
        (Kind::Unavailable, before + 1),
        "a refusal is not repeated"
    );

    let somebody = place.simulator.workspace().people[2].clone();
    let email = somebody.email.unwrap().to_uppercase();
    let known = account(&[("email", &[&email]), ("name", &["Known"]), ("env_roles", &[&dev])]);
    let exists = place.writes.create_account(&known).await.unwrap();
    let Some(Outcome::AlreadyExists(exists)) = exists.result else {
        panic!("{exists:?}");
    };
    assert_eq!(exists.resource.unwrap().id.unwrap().resource, somebody.id.to_string());

    for (fields, why) in [
        (account(&[("name", &["N"]), ("env_roles", &[&dev])]), "e-mail"),
        (account(&[("email", &["a@b.c"]), ("env_roles", &[&dev])]), "name"),
        (account(&[("email", &["a@b.c"]), ("name", &["N"])]), "environment role"),
        (
            account(&[("email", &["a@b.c"]), ("name", &["N"]), ("env_roles", &["dev:Nobody"])]),
            "Nobody",
        ),
        (
            account(&[("email", &["a@b.c"]), ("name", &["N"]), ("env_roles", &["dev"])]),
            "dev",
        ),
    ] {
        let error = place.writes.create_account(&fields).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(place.simulator.invited().len(), 1);
}

#[tokio::test]
async fn an_invitation_whose_answer_was_lost_is_not_sent_again() {
    let place = Place::new(AccessModel::RbacV2).await;
    let role = place.simulator.workspace().environment_roles[0].name.clone();
    let dev = format!("dev:{role}");
    let wanted = account(&[
        ("email", &["new@example.com"]),
        ("name", &["New"]),
        ("env_roles", &[&dev]),
    ]);
    let lost = Behavior::default().script("/api/member_invitations", Hits::From(1), Fault::Reset);
    place.simulator.behave(lost);
    let error = place.writes.create_account(&wanted).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(place.changes(), 1);
}

#[tokio::test]
async fn a_removed_person_is_gone_and_stays_gone() {
    let place = Place::new(AccessModel::RbacV2).await;
    let person = place.resources("collaborator").await.remove(5);
    let request = v2::DeleteResourceRequest {
        resource_id: person.id.clone(),
        parent_resource_id: None,
    };
    assert!(
        place
            .writes
            .delete_resource(&request)
            .await
            .unwrap()
            .annotations
            .is_empty()
    );
    assert!(!place.resources("collaborator").await.iter().any(|p| p.id == person.id));
    let again = place.writes.delete_resource(&request).await.unwrap();
    assert_eq!(names(&again.annotations), ["ResourceDoesNotExist"]);
    let role = v2::DeleteResourceRequest {
        resource_id: place.resources("environment_role").await[0].id.clone(),
        parent_resource_id: None,
    };
    let error = place.writes.delete_resource(&role).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unimplemented);
}

fn new_person(roles: &[&str]) -> v2::CreateAccountRequest {
    account(&[
        ("email", &["new@example.com"]),
        ("name", &["New"]),
        ("env_roles", roles),
    ])
}

#[tokio::test]
async fn the_twenty_minutes_are_explained() {
    let place = Place::new(AccessModel::RbacV2).await;
    let wanted = Write::CreateAccount(new_person(&["dev:Member"]));
    let told = place.write(&wanted).await.unwrap();
    assert_eq!(
        said(&told),
        ["New <new@example.com>: not a collaborator → invited as dev Member"]
    );
    assert!(told.next.unwrap().contains("when the invitation is accepted"));
    let error = place.write(&wanted).await.unwrap_err();
    assert_eq!(
        (error.kind(), place.changes()),
        (Kind::Unavailable, 2),
        "asked once each"
    );
    assert!(
        error.to_string().contains("one invitation per person in 20 minutes"),
        "{error}"
    );
    let hint = error.hint_text().unwrap();
    assert!(
        hint.contains("try again in 20 minutes") && hint.contains("nothing was sent"),
        "{hint}"
    );
    assert_eq!(error.fact_value("status"), Some("429"));
}

#[tokio::test]
async fn an_invitation_that_may_have_arrived_is_not_called_failed() {
    for fault in [Fault::Reset, Fault::Html(504), Fault::Cut] {
        let place = Place::new(AccessModel::RbacV2).await;
        let lost = Behavior::default().script("POST /api/member_invitations", Hits::Every, fault.clone());
        place.simulator.behave(lost);
        let error = place
            .writes
            .create_account(&new_person(&["dev:Member"]))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), place.changes()), (Kind::Unavailable, 1), "{fault:?}");
        assert!(
            error
                .to_string()
                .contains("not known whether new@example.com was invited"),
            "{error}"
        );
        assert!(error.hint_text().unwrap().contains("20 minutes"), "{error}");
    }
}

/// A success with a page in it may be that of a gateway; other words are the API's own.
#[tokio::test]
async fn the_words_of_a_success_decide_only_where_nothing_can_be_read() {
    let answer = |status: u16, kind: &str, body: &str| {
        let header = ("content-type".to_owned(), kind.to_owned());
        Fault::Status(status, body.to_owned(), vec![header])
    };
    for (words, outcome) in [
        (answer(200, "application/json", r#"{"result":"ok"}"#), None),
        (answer(202, "text/plain", "Accepted"), None),
        (answer(204, "text/plain", ""), None),
        (answer(201, "application/json", "[]"), None),
        (Fault::Html(200), Some((Kind::Unavailable, "not known whether"))),
        (
            answer(200, "application/json", r#"{"success":false,"message":"no seat left"}"#),
            Some((Kind::InvalidArgument, "was not carried out: no seat left")),
        ),
    ] {
        let place = Place::new(AccessModel::RbacV2).await;
        let behavior = Behavior::default().script(
            "POST /api/member_invitations",
            Hits::Every,
            Fault::Answer(Box::new(words.clone())),
        );
        place.simulator.behave(behavior);
        let result = place.write(&Write::CreateAccount(new_person(&["dev:Member"]))).await;
        match (result, outcome) {
            (Ok(told), None) => assert!(said(&told)[0].ends_with("invited as dev Member"), "{words:?}: {told:?}"),
            (Err(error), Some((kind, text))) => {
                assert_eq!(error.kind(), kind, "{words:?}");
                assert!(error.to_string().contains(text), "{words:?}: {error}");
                assert!(error.hint_text().unwrap().contains("20 minutes"), "{words:?}");
            }
            (result, _) => panic!("{words:?}: {result:?}"),
        }
        assert_eq!(place.changes(), 1, "{words:?}: sent once");
    }
}

/// Who was removed cannot be invited at once, and no status of its own says so.
#[tokio::test]
async fn a_refused_invitation_reminds_of_the_twenty_minutes() {
    for status in [400, 409, 422] {
        let place = Place::new(AccessModel::RbacV2).await;
        let refused = Fault::titled(status, "User cannot be invited");
        place
            .simulator
            .behave(Behavior::default().script("POST /api/member_invitations", Hits::Every, refused));
        let error = place
            .writes
            .create_account(&new_person(&["dev:Member"]))
            .await
            .unwrap_err();
        let hint = error.hint_text().unwrap();
        assert!(
            hint.contains("removed or invited a short while ago") && hint.contains("20 minutes"),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn somebody_who_is_there_right_after_the_invitation_is_an_account() {
    let place = Place::new(AccessModel::RbacV2).await;
    let mut person = place.simulator.workspace().people[2].clone();
    person.id = 999_999;
    person.email = Some("New@Example.com".to_owned());
    let joins = async {
        while place.simulator.invited().is_empty() {
            tokio::task::yield_now().await;
        }
        place.simulator.change(|workspace| workspace.people.push(person));
    };
    let request = new_person(&["dev:Member"]);
    let (created, ()) = tokio::join!(place.writes.create_account(&request), joins);
    let Some(Outcome::Success(success)) = created.unwrap().result else {
        panic!("no account");
    };
    assert_eq!(success.resource.unwrap().id.unwrap().resource, "999999");
}

#[tokio::test]
async fn a_wrong_environment_and_roles_of_the_older_model_invite_nobody() {
    let place = Place::new(AccessModel::RbacV2).await;
    let error = place
        .writes
        .create_account(&new_person(&["qa:Member"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
    assert!(error.to_string().contains("Environment qa not found"), "{error}");
    let sent = place.changes();
    let error = place
        .writes
        .create_account(&new_person(&["dev:Admin"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert!(error.to_string().contains("older model"), "{error}");
    assert_eq!(place.changes(), sent, "refused before anything is sent");
    assert!(place.simulator.invited().is_empty());

    let older = Place::new(AccessModel::Legacy).await;
    older.writes.create_account(&new_person(&["dev:Admin"])).await.unwrap();
    assert_eq!(older.simulator.invited(), ["new@example.com"]);
}
