//! Membership of groups.

use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::simulator::AccessModel;

use super::place::{Place, names, principal_of};

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
