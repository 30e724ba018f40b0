//! Membership of groups.

use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Behavior, GroupIds};

use super::place::{Place, grant, names, principal_of, revoke, said};

#[tokio::test]
async fn people_enter_and_leave_groups_but_not_those_of_the_system() {
    let place = Place::new(AccessModel::RbacV2).await;
    let system: Vec<String> = place
        .simulator
        .workspace()
        .groups
        .iter()
        .filter(|g| g.system)
        .map(|g| g.id.clone())
        .collect();
    let groups = place.resources("collaborator_group").await;
    let is_system = |g: &&v2::Resource| system.contains(&g.id.as_ref().unwrap().resource);
    let group = groups.iter().find(|g| !is_system(g)).unwrap();
    let members = place.grants(group).await;
    let people = place.resources("collaborator").await;
    let outsider = people
        .iter()
        .find(|p| members.iter().all(|g| principal_of(g) != p.id.as_ref().unwrap()))
        .unwrap();
    let entitlement = place.entitlements(group).await.remove(0);
    assert!(place.grant(&entitlement, outsider).await.unwrap().is_empty());
    assert_eq!(
        names(&place.grant(&entitlement, outsider).await.unwrap()),
        ["GrantAlreadyExists"]
    );
    let grants = place.grants(group).await;
    let joined = grants
        .iter()
        .find(|g| principal_of(g) == outsider.id.as_ref().unwrap())
        .unwrap();
    assert!(place.revoke(joined).await.unwrap().is_empty());
    assert_eq!(names(&place.revoke(joined).await.unwrap()), ["GrantAlreadyRevoked"]);

    let everyone = groups.iter().find(is_system).unwrap();
    let entitlement = place.entitlements(everyone).await.remove(0);
    let before = place.changes();
    let error = place.grant(&entitlement, outsider).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert_eq!(error.to_wire().details.len(), 1, "ConductorOne knows it for a refusal");
    let grant = place.grants(everyone).await.remove(0);
    assert_eq!(place.revoke(&grant).await.unwrap_err().kind(), Kind::FailedPrecondition);
    assert_eq!(place.changes(), before);
}

/// Wherever the server reads the ids, and whatever it drops of the request.
#[tokio::test]
async fn the_ids_are_in_the_query_and_in_the_body() {
    for group_ids in [GroupIds::InEither, GroupIds::InBody, GroupIds::WithoutBodyOfDelete] {
        let place = Place::new(AccessModel::RbacV2).await;
        place.simulator.behave(Behavior {
            group_ids,
            ..Behavior::default()
        });
        let workspace = place.simulator.workspace();
        let group = workspace.groups.iter().find(|g| !g.system).unwrap();
        let outsider = workspace
            .people
            .iter()
            .find(|p| !group.members.contains(&p.id))
            .unwrap();
        let on = place.resource("collaborator_group", &group.id).await;
        let entitlement = place.entitlements(&on).await.remove(0);
        let person = place.resource("collaborator", &outsider.id.to_string()).await;
        let members = || {
            let groups = place.simulator.workspace().groups;
            groups.into_iter().find(|g| g.id == group.id).unwrap().members
        };
        let told = place.write(&grant(&entitlement, &person)).await.unwrap();
        assert!(
            said(&told)[0].ends_with("not a member → member"),
            "{group_ids:?}: {told:?}"
        );
        assert!(members().contains(&outsider.id), "{group_ids:?}");
        let told = place.write(&revoke(&entitlement, &person)).await.unwrap();
        assert!(
            said(&told)[0].ends_with("member → not a member"),
            "{group_ids:?}: {told:?}"
        );
        assert_eq!(members(), group.members, "{group_ids:?}: nobody else");
        let paths: Vec<String> = place
            .simulator
            .requests()
            .iter()
            .filter(|r| r.method != "GET")
            .map(|r| r.path.clone())
            .collect();
        let path = format!("/api/user_groups/{}/members?user_ids={}", group.id, outsider.id);
        assert_eq!(paths, [path.clone(), path]);
        let shown = place
            .writes
            .rehearse(&grant(&entitlement, &person))
            .await
            .unwrap()
            .requests;
        assert_eq!(shown[0].body, Some(format!(r#"{{"user_ids":[{}]}}"#, outsider.id)));
    }
}
