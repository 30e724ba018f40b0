//! Writes that fail: the error says what kind of failure it is, and the workspace is as it was.

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::baton::provision::Write;
use baton_workato::simulator::{AccessModel, Behavior, Env, Fault, Hits, Workspace, is_no_access};

use super::place::{Place, bare, grant, names, revoke, said};
use super::table::{Row, rows};

fn json(status: u16, body: &str) -> Fault {
    Fault::Status(status, body.to_owned(), Vec::new())
}

fn text(status: u16, body: &str) -> Fault {
    let header = ("content-type".to_owned(), "text/plain".to_owned());
    Fault::Status(status, body.to_owned(), vec![header])
}

fn every(request: &str, fault: Fault) -> Behavior {
    Behavior::default().script(request, Hits::Every, fault)
}

/// Makes the write fail, and its reversal after it was made.
async fn failing(row: &Row, fault: &Fault, check: impl Fn(&str, &baton_workato::baton::error::Error)) {
    let place = &row.place;
    let attempts = [Some(&row.make), row.unmake.as_ref()];
    for (write, request) in attempts.into_iter().zip(row.requests) {
        let Some(write) = write else { continue };
        let before: Workspace = place.simulator.workspace();
        place.simulator.behave(every(request, fault.clone()));
        let error = place.write(write).await.expect_err(row.name);
        check(&format!("{} {request}", row.name), &error);
        assert_eq!(place.simulator.workspace(), before, "{} {request}", row.name);
        assert!(place.simulator.invited().is_empty(), "{}", row.name);
        place.simulator.behave(Behavior::default());
        place.write(write).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_write_ends_with_its_kind_and_changes_nothing() {
    for (fault, kind, words) in [
        (
            Fault::titled(400, "Role Owner not found"),
            Kind::InvalidArgument,
            "Role Owner not found",
        ),
        (Fault::status(401), Kind::Unauthenticated, "401"),
        (Fault::status(403), Kind::PermissionDenied, "403"),
        (Fault::status(404), Kind::NotFound, "404"),
        (Fault::status(409), Kind::AlreadyExists, "409"),
        (Fault::status(429), Kind::Unavailable, "429"),
        (Fault::Html(502), Kind::Unavailable, "502"),
        (
            json(200, r#"{"success":false,"errors":{"role":["is not yours to give"]}}"#),
            Kind::InvalidArgument,
            "was not carried out: role: is not yours to give",
        ),
        (
            json(202, r#"{"errors":[{"code":7,"title":"is not yours to give"}]}"#),
            Kind::InvalidArgument,
            "was not carried out: is not yours to give",
        ),
    ] {
        for row in rows().await {
            failing(&row, &fault, |name, error| {
                assert_eq!(error.kind(), kind, "{name} {fault:?}: {error}");
                assert!(error.to_string().contains(words), "{name} {fault:?}: {error}");
                assert!(!error.to_string().contains("eyJ"), "{name} {fault:?}: {error}");
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_write_that_is_answered_with_success_and_does_nothing_is_an_error() {
    for fault in [
        json(200, r#"{"result":"ok"}"#),
        json(204, ""),
        json(200, "[]"),
        json(201, "not JSON"),
        text(202, "Accepted"),
        Fault::Html(200),
    ] {
        for row in rows().await {
            // Invitations are in no list: that one was accepted is all there is to know.
            if matches!(row.make, Write::CreateAccount(_)) {
                continue;
            }
            failing(&row, &fault, |name, error| {
                assert_eq!(error.kind(), Kind::Internal, "{name}: {error}");
                let text = error.to_string();
                assert!(text.contains("did not take effect: wanted "), "{name}: {error}");
                assert!(text.contains(", and there is "), "{name}: {error}");
                assert!(error.hint_text().unwrap().contains("SCIM"), "{name}");
            })
            .await;
        }
    }
}

/// Whatever a success says, what is read back decides: the write was made.
#[tokio::test]
async fn a_write_that_took_effect_is_done_whatever_the_answer_says() {
    for answer in [
        json(200, r#"{"success":false,"errors":{"role":["is not yours to give"]}}"#),
        json(200, r#"{"errors":[{"title":"A"}]}"#),
        json(200, "[]"),
        json(201, "not JSON"),
        json(202, ""),
        json(204, ""),
        text(202, "Accepted"),
        text(200, ""),
        Fault::Html(200),
    ] {
        for row in rows().await {
            if matches!(row.make, Write::CreateAccount(_)) {
                continue;
            }
            let place = &row.place;
            let attempts = [Some(&row.make), row.unmake.as_ref()];
            for (write, request) in attempts.into_iter().zip(row.requests) {
                let Some(write) = write else { continue };
                let name = format!("{} {request} {answer:?}", row.name);
                let carried_out = Fault::Answer(Box::new(answer.clone()));
                place.simulator.behave(every(request, carried_out));
                let told = place
                    .write(write)
                    .await
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(told.changes.len(), 1, "{name}: {told:?}");
                assert!(said(&told)[0].contains(" → "), "{name}: {told:?}");
            }
        }
    }
}

/// An answer that is lost says nothing about the write: what is read back does.
#[tokio::test]
async fn a_write_whose_answer_is_lost_is_looked_for() {
    for lost in [Fault::status(502), Fault::Html(504), Fault::Cut, Fault::Reset] {
        let row = rows().await.remove(0);
        let place = &row.place;
        place
            .simulator
            .behave(every(row.requests[0], Fault::Answer(Box::new(lost.clone()))));
        let told = place
            .write(&row.make)
            .await
            .unwrap_or_else(|error| panic!("{lost:?}: {error}"));
        assert!(said(&told)[0].contains(" → "), "{lost:?}: {told:?}");
        assert!((row.holds)(&place.simulator));
    }
    // And where nothing can be read, nothing is claimed.
    let row = rows().await.remove(0);
    let lost = every(row.requests[0], Fault::Answer(Box::new(Fault::status(502))));
    let blind = lost.script("GET /api/members", Hits::From(2), Fault::status(403));
    row.place.simulator.behave(blind);
    let error = row.place.write(&row.make).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it is not known whether the change took effect"),
        "{error}"
    );
    assert!((row.holds)(&row.place.simulator));
}

#[tokio::test]
async fn a_write_that_cannot_be_read_back_is_not_called_done() {
    let row = rows().await.remove(0);
    let place = &row.place;
    // The first reading is the one before the write.
    let blind = Behavior::default().script("GET /api/members", Hits::From(2), Fault::status(403));
    place.simulator.behave(blind);
    let error = place.write(&row.make).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(
        error
            .to_string()
            .contains("it is not known whether the change took effect ("),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("it was sent and accepted, and reading it back failed"),
        "{error}"
    );
    assert!(
        error.hint_text().unwrap().starts_with("before you repeat it"),
        "{error}"
    );
    assert_eq!(ABOUT.code(error.code_id()), "BW-1320");
    assert!((row.holds)(&place.simulator));
}

#[tokio::test]
async fn a_short_refusal_is_waited_out() {
    for row in rows().await {
        if matches!(row.make, Write::CreateAccount(_)) {
            continue;
        }
        let busy = Behavior::default().script(row.requests[0], Hits::First(2), Fault::status(429));
        row.place.simulator.behave(busy);
        row.place.write(&row.make).await.expect(row.name);
        assert!((row.holds)(&row.place.simulator), "{}", row.name);
    }
}

#[tokio::test]
async fn somebody_who_was_faster_is_no_failure() {
    // The reading before the write shows a workspace in which it is not done yet.
    let row = rows().await.remove(0);
    let place = &row.place;
    place.write(&row.make).await.unwrap();
    let done = place.simulator.workspace();
    place.write(row.unmake.as_ref().unwrap()).await.unwrap();
    let Write::Grant(request) = &row.make else { panic!() };
    let undone = place.simulator.workspace();
    let faster = Behavior::default().script("PUT /api/members/*", Hits::Every, Fault::status(409));
    place.simulator.behave(faster);
    let race = async {
        // As soon as the write arrives, it is true.
        while place.changes() < 3 {
            tokio::task::yield_now().await;
        }
        place.simulator.change(|workspace| *workspace = done.clone());
    };
    let (response, ()) = tokio::join!(place.writes.grant(request), race);
    assert_eq!(names(&response.unwrap().annotations), ["GrantAlreadyExists"]);
    assert_ne!(place.simulator.workspace(), undone);
}

#[tokio::test]
async fn the_older_name_of_no_access_is_tried_when_the_first_is_refused() {
    let row = rows().await.remove(0);
    let place = &row.place;
    place.write(&row.make).await.unwrap();
    let picky = Behavior::default().script(
        "PUT /api/members/*",
        Hits::Nth(1),
        Fault::titled(400, "Role No access not found"),
    );
    place.simulator.behave(picky);
    let told = place.write(row.unmake.as_ref().unwrap()).await.unwrap();
    assert!(said(&told)[0].ends_with("→ No access"), "{told:?}");
    assert!(!(row.holds)(&place.simulator));
    let people = place.simulator.workspace().people;
    assert!(people.iter().flat_map(|p| &p.roles).any(|r| r.role == "NoAccess"));
    assert!(is_no_access("NoAccess"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_taking_it_away_is_done() {
    let place = Place::everywhere(AccessModel::RbacV2).await;
    let id = |kind: &str, id: &str| v2::ResourceId {
        resource_type: kind.to_owned(),
        resource: id.to_owned(),
        ..Default::default()
    };
    let person = place.resources("collaborator").await.remove(0);
    let nobody = bare(&id("collaborator", "1"));
    for (kind, real) in [
        ("environment_role", "1-prod"),
        ("collaborator_group", ""),
        ("project", ""),
    ] {
        let real = match real {
            "" => place.resources(kind).await.remove(0),
            real => place.resource(kind, real).await,
        };
        let entitlement = place.entitlements(&real).await.remove(0);
        let gone = v2::Entitlement {
            resource: Some(bare(&id(kind, "no-such"))),
            ..entitlement.clone()
        };
        for (entitlement, principal) in [(&gone, &person), (&entitlement, &nobody)] {
            let error = place.write(&grant(entitlement, principal)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::NotFound, "{kind}: {error}");
            assert!(error.to_string().contains("there is no "), "{kind}: {error}");
            let told = place.write(&revoke(entitlement, principal)).await.unwrap();
            assert!(said(&told)[0].ends_with("gone already"), "{kind}: {told:?}");
        }
        let mut unknown = entitlement.clone();
        "no-such-role".clone_into(&mut unknown.slug);
        if kind == "project" {
            let error = place.write(&grant(&unknown, &person)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::NotFound, "{error}");
        }
    }
    assert_eq!(place.changes(), 0);
}

#[tokio::test]
async fn what_lies_where_nobody_looks_is_not_called_gone() {
    // Synced with all environments and tokens, written with less.
    let all = Place::everywhere(AccessModel::RbacV2).await;
    let role = all.resource("environment_role", "1-prod").await;
    let project = all.simulator.workspace().projects;
    let project = project.into_iter().find(|p| p.env == Env::Prod).unwrap();
    let project = all.resource("project", &project.id.to_string()).await;
    let person = all.resources("collaborator").await.remove(0);
    let dev = Place::new(AccessModel::RbacV2).await;
    let blind = Place::with(AccessModel::RbacV2, |settings, _| {
        settings.environment = baton_workato::workato::settings::EnvironmentChoice::All;
    })
    .await;
    for (place, on, hint) in [
        (&dev, role.clone(), "--workato-env"),
        (&dev, bare(role.id.as_ref().unwrap()), "--workato-env"),
        (&dev, project.clone(), "--workato-env"),
        (&blind, project.clone(), "--workato-prod-api-key"),
        (&blind, bare(project.id.as_ref().unwrap()), "--workato-prod-api-key"),
    ] {
        let entitlement = v2::Entitlement {
            id: "of another sync".to_owned(),
            resource: Some(on),
            slug: "project-admin".to_owned(),
            ..Default::default()
        };
        for write in [grant(&entitlement, &person), revoke(&entitlement, &person)] {
            let error = place.write(&write).await.unwrap_err();
            assert_eq!(error.kind(), Kind::FailedPrecondition, "{error}");
            assert!(error.hint_text().unwrap().contains(hint), "{error}");
        }
        assert_eq!(place.changes(), 0);
    }
}

#[tokio::test]
async fn a_list_that_may_not_be_read_is_not_an_empty_one() {
    for row in rows().await {
        let Some(unmake) = &row.unmake else { continue };
        row.place.write(&row.make).await.unwrap();
        let list = match row.name {
            "group membership" => "GET /api/user_groups",
            "project role of a person" | "project role of a group" => "GET /api/projects",
            _ => "GET /api/members",
        };
        row.place.simulator.behave(every(list, Fault::status(403)));
        let error = row.place.write(unmake).await.unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{}: {error}", row.name);
        assert!((row.holds)(&row.place.simulator), "{}", row.name);
    }
}

#[tokio::test]
async fn types_without_writes_say_so() {
    let place = Place::new(AccessModel::RbacV2).await;
    let privilege = place.resources("privilege").await.remove(0);
    let entitlement = place.entitlements(&privilege).await.remove(0);
    let person = place.resources("collaborator").await.remove(0);
    let error = place.grant(&entitlement, &person).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unimplemented);
    assert_eq!(error.to_string(), "resource type privilege does not support granting");
    let error = place.write(&revoke(&entitlement, &person)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unimplemented);
    let role = place.resources("environment_role").await.remove(0);
    let error = place.write(&super::place::delete(&role)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unimplemented);
}
