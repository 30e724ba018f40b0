//! A connector without a network: four people, two roles, and a record of what was changed.

use std::sync::Mutex;

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::annotation::pack;
use baton_workato::baton::connector::{
    AccountOutcome, Connector, CreatedAccount, Granted, NewAccount, Provisioner, SyncContext,
};
use baton_workato::baton::entitlement::exclusion_group;
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::ResourceBuilder;

#[derive(Default)]
pub struct Fake {
    /// Calls that changed something, in order.
    pub writes: Mutex<Vec<String>>,
    /// Calls that read a list.
    pub lists: Mutex<Vec<String>>,
    /// Errors of the next validations.
    pub broken: Mutex<Vec<Error>>,
    /// Errors of the next grants.
    pub grants: Mutex<Vec<Error>>,
    /// A list of grants that does not end was asked for.
    pub waiting: std::sync::atomic::AtomicBool,
    /// Lists of grants do not end, while this is set.
    pub stuck: std::sync::atomic::AtomicBool,
}

pub const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dee"];
pub const ROLES: [&str; 2] = ["admin", "member"];

pub fn person(id: &str) -> v2::Resource {
    ResourceBuilder::new("user", id.to_owned(), id.to_owned())
        .role()
        .build()
}

pub fn role(id: &str) -> v2::Resource {
    ResourceBuilder::new("role", id.to_owned(), id.to_owned())
        .role()
        .build()
}

pub fn entitlement(role_id: &str) -> v2::Entitlement {
    v2::Entitlement {
        id: format!("role:{role_id}:member"),
        display_name: role_id.to_owned(),
        slug: "member".to_owned(),
        resource: Some(role(role_id)),
        annotations: vec![exclusion_group("roles")],
        ..Default::default()
    }
}

pub fn grant(role_id: &str, person_id: &str) -> v2::Grant {
    v2::Grant {
        id: format!("role:{role_id}:member:user:{person_id}"),
        entitlement: Some(entitlement(role_id)),
        principal: Some(person(person_id)),
        ..Default::default()
    }
}

impl Fake {
    fn wrote(&self, what: String) {
        self.writes.lock().unwrap().push(what);
    }
}

impl Connector for Fake {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata {
            display_name: "Fake".to_owned(),
            ..Default::default()
        }
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        ["role", "user"]
            .map(|id| v2::ResourceType {
                id: id.to_owned(),
                display_name: id.to_owned(),
                ..Default::default()
            })
            .into()
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        self.broken.lock().unwrap().pop().map_or(Ok(()), Err)
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        resource_type: &str,
        _: Option<&v2::ResourceId>,
        _: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        self.lists.lock().unwrap().push(resource_type.to_owned());
        Ok(Page::last(match resource_type {
            "user" => PEOPLE.map(person).into(),
            _ => ROLES.map(role).into(),
        }))
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        resource: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let id = resource.id.as_ref().unwrap();
        let list = (id.resource_type == "role").then(|| entitlement(&id.resource));
        Ok(Page::last(list.into_iter().collect()))
    }

    async fn list_grants(&self, _: &SyncContext, resource: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        let id = resource.id.as_ref().unwrap();
        while self.stuck.load(std::sync::atomic::Ordering::Relaxed) {
            self.waiting.store(true, std::sync::atomic::Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        if id.resource_type != "role" {
            return Ok(Page::default());
        }
        Ok(Page::last(PEOPLE.iter().map(|p| grant(&id.resource, p)).collect()))
    }
}

impl Provisioner for Fake {
    async fn grant(&self, _: &SyncContext, principal: &v2::Resource, entitlement: &v2::Entitlement) -> Result<Granted> {
        let who = principal.id.as_ref().unwrap().resource.clone();
        if let Some(error) = self.grants.lock().unwrap().pop() {
            return Err(error);
        }
        self.wrote(format!("grant {} {who}", entitlement.id));
        if who == "ada" {
            let annotations = vec![pack(&v2::GrantAlreadyExists::default())];
            return Ok(Granted {
                grants: Vec::new(),
                annotations,
            });
        }
        if who == "bob" {
            return Err(Error::refused_grant("bob is managed elsewhere"));
        }
        Ok(Granted::default())
    }

    async fn revoke(&self, _: &SyncContext, grant: &v2::Grant) -> Result<Vec<prost_types::Any>> {
        self.wrote(format!("revoke {}", grant.id));
        Ok(vec![pack(&v2::GrantAlreadyRevoked::default())])
    }

    async fn create_account(&self, _: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
        self.wrote(format!("create {}", account.info.login));
        if account.info.login.is_empty() {
            return Err(Error::new(Kind::InvalidArgument, "an account needs a login"));
        }
        Ok(CreatedAccount {
            outcome: AccountOutcome::ActionRequired {
                resource: None,
                message: "accept the invitation".to_owned(),
            },
            annotations: Vec::new(),
        })
    }

    async fn delete_resource(
        &self,
        _: &SyncContext,
        id: &v2::ResourceId,
        _: Option<&v2::ResourceId>,
    ) -> Result<Vec<prost_types::Any>> {
        self.wrote(format!("delete {}:{}", id.resource_type, id.resource));
        Ok(Vec::new())
    }
}
