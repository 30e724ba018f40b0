//! Small workspaces that tests make up, synced by the real syncer: expansion included.

use std::path::Path;
use std::sync::Arc;

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::Result;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, ResourceBuilder, User, id};

use crate::support::run::{connector, options};

/// Users, groups and roles with members, projects and privileges.
#[derive(Debug, Clone, Default)]
pub struct Made {
    resources: Vec<v2::Resource>,
    entitlements: Vec<v2::Entitlement>,
    grants: Vec<v2::Grant>,
}

impl Made {
    /// A person: `ada` becomes `user:ada`, Ada, ada@acme.com.
    pub fn user(self, name: &str) -> Self {
        let shown = name[..1].to_uppercase() + &name[1..];
        self.account(name, &shown, Some(&format!("{name}@acme.com")), None)
    }

    /// An account with everything said.
    pub fn account(mut self, key: &str, name: &str, email: Option<&str>, last_login: Option<&str>) -> Self {
        let user = User {
            email: email.map(str::to_owned),
            login: email.map(str::to_owned),
            account_type: if email.is_some() {
                v2::user_trait::AccountType::Human
            } else {
                v2::user_trait::AccountType::Service
            },
            last_login: last_login.map(|at| at.parse().unwrap()),
        };
        self.resources
            .push(ResourceBuilder::new("user", key, name).user(user).build());
        self
    }

    /// A group, role or project with this entitlement: `thing("group:ops", "Ops", "member")`.
    pub fn thing(mut self, key: &str, name: &str, slug: &str) -> Self {
        if let Some(known) = self.resources.iter().find(|r| external(r) == key).cloned() {
            self.entitlements.push(offer(&known, slug));
            return self;
        }
        let (kind, bare) = key.split_once(':').unwrap();
        let builder = ResourceBuilder::new(kind, bare, name);
        let made = match kind {
            "group" => builder.group().build(),
            "role" => builder.role().build(),
            _ => builder.build(),
        };
        self.entitlements.push(offer(&made, slug));
        self.resources.push(made);
        self
    }

    /// Gives `group:ops:member` to `user:ada`.
    pub fn gives(mut self, entitlement: &str, who: &str) -> Self {
        let grant = self.grant(entitlement, who).build();
        self.grants.push(grant);
        self
    }

    /// Gives `project:billing:read` to the members of `group:ops`.
    pub fn passes(mut self, entitlement: &str, group: &str) -> Self {
        let grant = self.grant(entitlement, group).expands_over(format!("{group}:member"));
        self.grants.push(grant.build());
        self
    }

    /// Takes a resource out, with everything that names it.
    pub fn without(mut self, key: &str) -> Self {
        self.resources.retain(|r| external(r) != key);
        self.entitlements
            .retain(|e| e.resource.as_ref().is_none_or(|r| external(r) != key));
        self.grants.retain(|g| {
            let on = g.entitlement.as_ref().and_then(|e| e.resource.as_ref());
            on.is_none_or(|r| external(r) != key) && g.principal.as_ref().is_none_or(|r| external(r) != key)
        });
        self
    }

    /// Takes a grant back.
    pub fn takes(mut self, entitlement: &str, who: &str) -> Self {
        let before = self.grants.len();
        self.grants.retain(|g| g.id != format!("{entitlement}:{who}"));
        assert_eq!(self.grants.len() + 1, before);
        self
    }

    /// Changes a resource.
    pub fn edit(mut self, key: &str, change: impl FnOnce(&mut v2::Resource)) -> Self {
        change(self.resources.iter_mut().find(|r| external(r) == key).unwrap());
        self
    }

    fn grant(&self, entitlement: &str, who: &str) -> GrantBuilder {
        let (on, slug) = entitlement.rsplit_once(':').unwrap();
        let on = self.resources.iter().find(|r| external(r) == on).unwrap();
        let (kind, bare) = who.split_once(':').unwrap();
        GrantBuilder::new(on, slug, id(kind, bare))
    }

    /// Syncs it into a file, on top of what is there.
    pub async fn sync(&self, file: &Path) {
        connector(Handle(Arc::new(self.clone())), &options(file)).await.unwrap();
    }
}

fn external(resource: &v2::Resource) -> String {
    resource::external_id(resource.id.as_ref().unwrap())
}

fn offer(on: &v2::Resource, slug: &str) -> v2::Entitlement {
    let purpose = if ["member", "assigned"].contains(&slug) {
        Purpose::Assignment
    } else {
        Purpose::Permission
    };
    let text = format!("{slug} of {}", on.display_name);
    EntitlementBuilder::new(on, slug, purpose, &[])
        .named(text.clone(), text)
        .build()
}

struct Handle(Arc<Made>);

impl Connector for Handle {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata::default()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        vec![
            resource::resource_type("user", "User", &[Trait::User], vec![]),
            resource::resource_type("group", "Group", &[Trait::Group], vec![]),
            resource::resource_type("role", "Role", &[Trait::Role], vec![]),
            resource::resource_type("project", "Project", &[], vec![]),
            resource::resource_type("privilege", "Privilege", &[], vec![]),
        ]
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        Ok(())
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        kind: &str,
        parent: Option<&v2::ResourceId>,
        _: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        let is_kind = |r: &&v2::Resource| r.id.as_ref().unwrap().resource_type == kind && parent.is_none();
        Ok(Page {
            rows: self.0.resources.iter().filter(is_kind).cloned().collect(),
            next: None,
        })
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        on: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let is_on = |e: &&v2::Entitlement| e.resource.as_ref().unwrap().id == on.id;
        Ok(Page {
            rows: self.0.entitlements.iter().filter(is_on).cloned().collect(),
            next: None,
        })
    }

    async fn list_grants(&self, _: &SyncContext, on: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        let is_on = |g: &&v2::Grant| g.entitlement.as_ref().unwrap().resource.as_ref().unwrap().id == on.id;
        Ok(Page {
            rows: self.0.grants.iter().filter(is_on).cloned().collect(),
            next: None,
        })
    }
}

/// Ada is in Ops, which reads Billing; Bob is a role admin, which has two privileges; Eve has nothing.
pub fn company() -> Made {
    Made::default()
        .user("ada")
        .user("bob")
        .user("eve")
        .thing("group:ops", "Ops", "member")
        .thing("role:admin", "Admin (prod)", "member")
        .thing("project:billing", "Billing", "read")
        .thing("project:billing", "Billing", "write")
        .thing("privilege:p1", "Recipes-create", "assigned")
        .thing("privilege:p2", "Recipes-delete", "assigned")
        .passes("project:billing:read", "group:ops")
        .passes("privilege:p1:assigned", "role:admin")
        .passes("privilege:p2:assigned", "role:admin")
        .gives("group:ops:member", "user:ada")
        .gives("role:admin:member", "user:bob")
}
