//! Project roles.

use baton_workato::baton::annotation::find;
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Grantee};

use super::place::{Place, names, principal_of};

#[tokio::test]
async fn project_roles_go_to_people_and_to_groups() {
    let place = Place::new(AccessModel::RbacV2).await;
    for kind in ["collaborator", "collaborator_group"] {
        let project = place.resources("project").await.remove(0);
        let held = place.grants(&project).await;
        let all = place.resources(kind).await;
        let someone = all
            .iter()
            .find(|r| held.iter().all(|g| principal_of(g) != r.id.as_ref().unwrap()))
            .unwrap();
        let entitlements = place.entitlements(&project).await;
        let [first, second, ..] = entitlements.as_slice() else {
            panic!("too few project roles");
        };
        assert_eq!(names(&place.grant(first, someone).await.unwrap()), Vec::<&str>::new());
        assert_eq!(
            names(&place.grant(first, someone).await.unwrap()),
            ["GrantAlreadyExists"]
        );
        let annotations = place.grant(second, someone).await.unwrap();
        let replaced: v2::GrantReplaced = find(&annotations).unwrap();
        assert!(replaced.replaced_grant_id.starts_with(&first.id), "{replaced:?}");
        let grants = place.grants(&project).await;
        let of: Vec<_> = grants
            .iter()
            .filter(|g| principal_of(g) == someone.id.as_ref().unwrap())
            .collect();
        let [one] = of.as_slice() else { panic!("{of:?}") };
        assert_eq!(one.entitlement.as_ref().unwrap().id, second.id);
        assert!(place.revoke(one).await.unwrap().is_empty());
        assert_eq!(names(&place.revoke(one).await.unwrap()), ["GrantAlreadyRevoked"]);
    }
    let holders = place.simulator.workspace().project_grants;
    assert!(holders.iter().any(|g| matches!(g.holder, Grantee::Group(_))));
}
