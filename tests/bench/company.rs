//! Made-up rows of any number: people hold roles, roles hold privileges, so people hold privileges.

#![allow(dead_code, reason = "each benchmark uses its part")]

use baton_workato::baton::c1z::{Store, SyncType};
use baton_workato::baton::entitlement::{self, EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder, id, resource_type};

const PRIVILEGES: usize = 100;
const ROLES: usize = 10;
/// Grants that a connector hands over at a time.
const PAGE: usize = 1_000;

/// A workspace in which every person ends up with a hundred privileges.
pub struct Company {
    people: usize,
    types: [v2::ResourceType; 3],
    roles: Vec<v2::Resource>,
    privileges: Vec<v2::Resource>,
}

impl Company {
    /// As many people as make this many grants of a privilege to a person.
    pub fn of(grants: usize) -> Self {
        let types = ["collaborator", "environment-role", "privilege"].map(|id| resource_type(id, id, &[], Vec::new()));
        let role = |n: usize| {
            ResourceBuilder::new(
                "environment-role",
                format!("{}", 48_200 + n),
                format!("Role number {n}"),
            )
            .profile(Profile::new().with("role_type", "custom").with("environment", "dev"))
            .role()
            .build()
        };
        let privilege = |n: usize| {
            let name = format!("Folders and recipes {n:03}.read");
            ResourceBuilder::new("privilege", name.as_str(), name.as_str())
                .profile(
                    Profile::new()
                        .with("resource", "Folders and recipes")
                        .with("permission", "read")
                        .with("description", "See recipes, their versions and their jobs"),
                )
                .role()
                .build()
        };
        Company {
            people: grants / PRIVILEGES,
            types,
            roles: (0..ROLES).map(role).collect(),
            privileges: (0..PRIVILEGES).map(privilege).collect(),
        }
    }

    fn person(n: usize) -> v2::ResourceId {
        id("collaborator", format!("{}", 1_000_000 + n))
    }

    /// Begins a sync with everything but grants.
    pub fn begin(&self, store: &mut Store) -> String {
        let sync_id = store.begin_sync(SyncType::Full).unwrap();
        store.make_room().unwrap();
        store.put_resource_types(&self.types).unwrap();
        for first in (0..self.people).step_by(PAGE) {
            let people: Vec<v2::Resource> = (first..self.people.min(first + PAGE))
                .map(|n| {
                    let profile = Profile::new().with("email", format!("person.{n}@example.com"));
                    let id = Self::person(n).resource;
                    ResourceBuilder::new("collaborator", id, format!("Person {n}"))
                        .profile(profile)
                        .build()
                })
                .collect();
            store.put_resources(&people).unwrap();
        }
        store.put_resources(&self.roles).unwrap();
        store.put_resources(&self.privileges).unwrap();
        let [person, role, _] = &self.types;
        let of = |on: &v2::Resource, slug: &str| {
            EntitlementBuilder::new(on, slug, Purpose::Assignment, &[person, role])
                .named(format!("Has {}", on.display_name), "Assigned Collaborator to scopes")
                .immutable()
                .build()
        };
        let roles: Vec<v2::Entitlement> = self.roles.iter().map(|r| of(r, "member")).collect();
        let privileges: Vec<v2::Entitlement> = self.privileges.iter().map(|p| of(p, "assigned")).collect();
        store.put_entitlements(&roles).unwrap();
        store.put_entitlements(&privileges).unwrap();
        sync_id
    }

    /// What a connector says: who has which role, and what a role has. The rest is for expansion to find.
    pub fn put_roles(&self, store: &mut Store) {
        for (at, role) in self.roles.iter().enumerate() {
            // Everybody has one role, every tenth person a second one.
            let holders = (0..self.people).filter(|n| n % ROLES == at || (n % 10 == 0 && (n / 10) % ROLES == at));
            let people = holders.map(|n| GrantBuilder::new(role, "member", Self::person(n)).build());
            let principal = role.id.clone().unwrap();
            let over = entitlement::id(&principal, "member");
            let privileges = self.privileges.iter().map(|privilege| {
                GrantBuilder::new(privilege, "assigned", principal.clone())
                    .immutable()
                    .expands_over(over.clone())
                    .build()
            });
            put(store, people.chain(privileges));
        }
    }

    /// The same access as a connector would say it that knows nothing of roles.
    pub fn put_privileges(&self, store: &mut Store) {
        for privilege in &self.privileges {
            put(
                store,
                (0..self.people).map(|n| GrantBuilder::new(privilege, "assigned", Self::person(n)).build()),
            );
        }
    }
}

fn put(store: &mut Store, grants: impl Iterator<Item = v2::Grant>) {
    let mut grants = grants.peekable();
    while grants.peek().is_some() {
        store.put_grants(grants.by_ref().take(PAGE).collect()).unwrap();
    }
    store.commit().unwrap();
}
