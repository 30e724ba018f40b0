//! What changes in a workspace when an entitlement is granted or revoked, an account created or deleted
//! (`contract/model.md` 9).

use std::sync::Arc;

use baton_workato::baton::annotation::{find, name_of};
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::http::HttpClient;
use baton_workato::baton::page::PageToken;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::create_account_response::Result as Outcome;
use baton_workato::baton::provision::Provisioning;
use baton_workato::simulator::{
    AccessModel, Behaviour, Env, Fault, Hits, Holder, RoleType, Shape, Simulator, Workspace, is_no_access,
};
use baton_workato::workato::WorkatoConnector;
use prost_types::Any;
use prost_types::value::Kind as ValueKind;

use crate::support::run::{impatient, settings};

struct Place {
    simulator: Simulator,
    connector: Arc<WorkatoConnector>,
    writes: Provisioning<WorkatoConnector>,
}

impl Place {
    async fn new(model: AccessModel) -> Self {
        let shape = Shape {
            model,
            people: 20,
            projects: 4,
            ..Shape::default()
        };
        let simulator = Simulator::start(Workspace::generate(&shape), Behaviour::default())
            .await
            .unwrap();
        let mut settings = settings(&simulator.base_url());
        settings.dev_token = baton_workato::baton::secret::Secret::new(simulator.token(Env::Dev));
        let http = Arc::new(HttpClient::new(impatient()).unwrap());
        let connector = Arc::new(WorkatoConnector::connect(settings, &http));
        let writes = Provisioning::new(Arc::clone(&connector), true);
        Place {
            simulator,
            connector,
            writes,
        }
    }

    async fn resources(&self, kind: &str) -> Vec<v2::Resource> {
        let cx = SyncContext::detached();
        let page = self
            .connector
            .list_resources(&cx, kind, None, &PageToken::first())
            .await;
        page.unwrap().rows
    }

    async fn entitlements(&self, on: &v2::Resource) -> Vec<v2::Entitlement> {
        let cx = SyncContext::detached();
        let page = self.connector.list_entitlements(&cx, on, &PageToken::first()).await;
        page.unwrap().rows
    }

    async fn grants(&self, on: &v2::Resource) -> Vec<v2::Grant> {
        let cx = SyncContext::detached();
        self.connector
            .list_grants(&cx, on, &PageToken::first())
            .await
            .unwrap()
            .rows
    }

    async fn grant(&self, entitlement: &v2::Entitlement, principal: &v2::Resource) -> Result<Vec<Any>, Error> {
        let request = v2::GrantManagerServiceGrantRequest {
            entitlement: Some(entitlement.clone()),
            principal: Some(principal.clone()),
            annotations: Vec::new(),
        };
        self.writes.grant(&request).await.map(|response| response.annotations)
    }

    async fn revoke(&self, grant: &v2::Grant) -> Result<Vec<Any>, Error> {
        let request = v2::GrantManagerServiceRevokeRequest {
            grant: Some(grant.clone()),
            annotations: Vec::new(),
        };
        self.writes.revoke(&request).await.map(|response| response.annotations)
    }

    /// How many requests changed something.
    fn changes(&self) -> usize {
        self.simulator.requests().0.iter().filter(|r| r.method != "GET").count()
    }
}

fn names(annotations: &[Any]) -> Vec<&str> {
    annotations
        .iter()
        .map(|a| name_of(a).rsplit('.').next().unwrap())
        .collect()
}

fn principal_of(grant: &v2::Grant) -> &v2::ResourceId {
    grant.principal.as_ref().unwrap().id.as_ref().unwrap()
}

fn bare(id: &v2::ResourceId) -> v2::Resource {
    v2::Resource {
        id: Some(id.clone()),
        ..Default::default()
    }
}

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
    assert!(holders.iter().any(|g| matches!(g.holder, Holder::Group(_))));
}

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

fn account(fields: &[(&str, &[&str])]) -> v2::CreateAccountRequest {
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
    let lost = Behaviour::default().script("/api/member_invitations", Hits::From(1), Fault::Reset);
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

#[tokio::test]
async fn types_without_writes_say_so() {
    let place = Place::new(AccessModel::RbacV2).await;
    let privilege = place.resources("privilege").await.remove(0);
    let entitlement = place.entitlements(&privilege).await.remove(0);
    let person = place.resources("collaborator").await.remove(0);
    let error = place.grant(&entitlement, &person).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unimplemented);
    assert_eq!(error.to_string(), "resource type privilege does not support granting");
}
