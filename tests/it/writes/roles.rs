//! Roles of people in an environment: one at a time, of the model that the workspace has.

use baton_workato::baton::annotation::find;
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Env, RoleType, is_no_access};

use super::place::{Place, bare, grant, names, principal_of, revoke, said};

#[tokio::test]
async fn an_environment_role_replaces_the_one_before_and_is_taken_away() {
    let place = Place::new(AccessModel::RbacV2).await;
    let roles = place.resources("environment_role").await;
    let mut held = Vec::new();
    for role in &roles {
        held.extend(place.grants(role).await);
    }
    let old = held.first().unwrap();
    let person = principal_of(old).clone();
    let old_role = old.entitlement.as_ref().unwrap().resource.as_ref().unwrap().id.clone();
    let new_role = roles.iter().find(|r| r.id != old_role).unwrap();
    let entitlement = place.entitlements(new_role).await.remove(0);
    assert!(!place.grants(new_role).await.iter().any(|g| *principal_of(g) == person));

    let annotations = place.grant(&entitlement, &bare(&person)).await.unwrap();
    let replaced: v2::GrantReplaced = find(&annotations).unwrap();
    assert_eq!(replaced.replaced_grant_id, old.id);
    assert!(place.grants(new_role).await.iter().any(|g| *principal_of(g) == person));
    let assigned = |place: &Place| {
        let people = place.simulator.workspace().people;
        let one = people
            .into_iter()
            .find(|p| p.id.to_string() == person.resource)
            .unwrap();
        let role = one.roles.into_iter().find(|r| r.env == Env::Dev).unwrap();
        (role.role, role.role_type)
    };
    assert_eq!(assigned(&place).1, Some(RoleType::Environment));

    let before = place.changes();
    assert_eq!(
        names(&place.grant(&entitlement, &bare(&person)).await.unwrap()),
        ["GrantAlreadyExists"]
    );
    assert_eq!(
        names(&place.revoke(old).await.unwrap()),
        ["GrantAlreadyRevoked"],
        "it was replaced"
    );
    assert_eq!(place.changes(), before, "nothing was sent");

    let new = place
        .grants(new_role)
        .await
        .into_iter()
        .find(|g| *principal_of(g) == person)
        .unwrap();
    assert_eq!(names(&place.revoke(&new).await.unwrap()), Vec::<&str>::new());
    assert!(is_no_access(&assigned(&place).0));
    assert_eq!(names(&place.revoke(&new).await.unwrap()), ["GrantAlreadyRevoked"]);
}

#[tokio::test]
async fn a_legacy_role_is_given_where_there_are_such_and_refused_where_not() {
    let place = Place::new(AccessModel::Legacy).await;
    let roles = place.resources("role").await;
    let person = place.resources("collaborator").await.remove(3);
    let mut free = None;
    for role in &roles {
        if !place
            .grants(role)
            .await
            .iter()
            .any(|g| principal_of(g) == person.id.as_ref().unwrap())
        {
            free = Some(role);
        }
    }
    let role = free.unwrap();
    let entitlement = place.entitlements(role).await.remove(0);
    place.grant(&entitlement, &person).await.unwrap();
    let given = place.grants(role).await;
    let given = given
        .iter()
        .find(|g| principal_of(g) == person.id.as_ref().unwrap())
        .unwrap();
    assert_eq!(
        names(&place.grant(&entitlement, &person).await.unwrap()),
        ["GrantAlreadyExists"]
    );
    assert!(place.revoke(given).await.unwrap().is_empty());
    assert_eq!(names(&place.revoke(given).await.unwrap()), ["GrantAlreadyRevoked"]);

    let modern = Place::new(AccessModel::RbacV2).await;
    let error = modern.grant(&entitlement, &person).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert!(error.to_string().contains("environment roles"), "{error}");
    assert_eq!(modern.changes(), 0, "refused before anything is sent");
}

#[tokio::test]
async fn roles_of_the_older_model_are_refused_before_anything_is_sent_in_every_way() {
    let older = Place::everywhere(AccessModel::Legacy).await;
    let place = Place::everywhere(AccessModel::RbacV2).await;
    let person = place.resources("collaborator").await.remove(3);
    for role in older.resources("role").await {
        let entitlement = older.entitlements(&role).await.remove(0);
        for write in [grant(&entitlement, &person), revoke(&entitlement, &person)] {
            let error = place.write(&write).await.unwrap_err();
            assert_eq!(error.kind(), Kind::FailedPrecondition, "{error}");
            assert!(error.hint_text().unwrap().contains("environment role"), "{error}");
        }
    }
    assert_eq!(place.changes(), 0);
}

#[tokio::test]
async fn another_spelling_of_a_role_is_the_same_role() {
    let place = Place::everywhere(AccessModel::RbacV2).await;
    let person = place.simulator.workspace().people[3].clone();
    place.simulator.change(|workspace| {
        for role in &mut workspace.people[3].roles {
            "EnvironmentAdmin".clone_into(&mut role.role);
        }
    });
    let on = place.resource("environment_role", "1-prod").await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("collaborator", &person.id.to_string()).await;
    let told = place.write(&grant(&entitlement, &principal)).await.unwrap();
    assert!(said(&told)[0].ends_with(": prod Environment admin already"), "{told:?}");
    assert_eq!(place.changes(), 0);
    let told = place.write(&revoke(&entitlement, &principal)).await.unwrap();
    assert!(
        said(&told)[0].ends_with(": prod EnvironmentAdmin → No access"),
        "{told:?}"
    );
}

#[tokio::test]
async fn in_a_mixed_workspace_a_role_of_the_newer_model_replaces_one_of_the_older() {
    let place = Place::everywhere(AccessModel::Mixed).await;
    let people = place.simulator.workspace().people;
    let older = |p: &&baton_workato::simulator::Person| {
        p.roles
            .iter()
            .any(|r| r.env == Env::Dev && r.role == "Operator" && r.role_type != Some(RoleType::Environment))
    };
    let person = people.iter().find(older).unwrap();
    let principal = place.resource("collaborator", &person.id.to_string()).await;
    let on = place.resource("environment_role", "1-dev").await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let annotations = place.grant(&entitlement, &principal).await.unwrap();
    let replaced: v2::GrantReplaced = find(&annotations).unwrap();
    let grant = format!("role:Operator-dev:collaborator-has:collaborator:{}", person.id);
    assert_eq!(replaced.replaced_grant_id, grant);
}

#[tokio::test]
async fn a_custom_role_that_is_not_read_is_not_called_gone() {
    let older = Place::new(AccessModel::Legacy).await;
    let roles = older.resources("role").await;
    let custom = roles
        .iter()
        .find(|r| r.id.as_ref().unwrap().resource.parse::<u64>().is_ok());
    let entitlement = older.entitlements(custom.unwrap()).await.remove(0);
    let blind = Place::with(AccessModel::Legacy, |settings, _| {
        settings.disable_custom_roles_sync = true
    })
    .await;
    let person = blind.resources("collaborator").await.remove(3);
    for write in [grant(&entitlement, &person), revoke(&entitlement, &person)] {
        let error = blind.write(&write).await.unwrap_err();
        assert_eq!(error.kind(), Kind::FailedPrecondition, "{error}");
        assert!(error.hint_text().unwrap().contains("--disable-custom-roles-sync"));
    }
    assert_eq!(blind.changes(), 0);
}
