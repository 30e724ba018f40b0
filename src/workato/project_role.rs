//! Project roles (RBAC v2): what a person or group may do in a project. They are entitlements of projects.

use super::client::ProjectRole as ApiRole;
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, id_value, utc};
use crate::baton::annotation;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The project role resource type.
pub struct ProjectRole;

impl ResourceKind for ProjectRole {
    const TYPE: &'static str = "project_role";

    fn resource_type() -> v2::ResourceType {
        let skip = annotation::pack(&v2::SkipEntitlementsAndGrants::default());
        resource::resource_type(
            Self::TYPE,
            "Project Role",
            &[v2::resource_type::Trait::Role],
            vec![skip],
        )
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = d.project_roles(cx).await?;
        let distinct = distinct(&roles);
        Page::of_table(&distinct, page, PAGE, |(slug, name, role)| build(slug, name, role))
    }
}

/// The id of a project role: its name in lower case, other characters as `-`. The two endpoints that know the
/// role disagree about its id, so the name is the key (`contract/workato-api.md` 2.8, ID TRAP).
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

/// The listed roles by slug: (slug, name, role), each slug once.
pub fn distinct(roles: &[ApiRole]) -> Vec<(String, String, ApiRole)> {
    let mut seen = std::collections::BTreeSet::new();
    roles
        .iter()
        .map(|role| {
            let name = role
                .name
                .clone()
                .filter(|n| !n.is_empty())
                .unwrap_or_else(|| role.id.to_string());
            (slug(&name), name, role.clone())
        })
        .filter(|(slug, ..)| seen.insert(slug.clone()))
        .collect()
}

fn build(slug: &str, name: &str, role: &ApiRole) -> v2::Resource {
    let profile = Profile::new()
        .with("id", id_value(&role.id))
        .with("name", name)
        .with("type", role.kind.as_deref())
        .with("members_count", role.members_count)
        .with("created_at", utc(role.created_at.as_deref()))
        .with("updated_at", utc(role.updated_at.as_deref()))
        .with("config", role.config.clone());
    ResourceBuilder::new(ProjectRole::TYPE, slug, name)
        .profile(profile)
        .role()
        .build()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs() {
        assert_eq!(slug("Project admin"), "project-admin");
        assert_eq!(slug("Read-only / auditor (EU)"), "read-only-auditor-eu-");
        assert_eq!(slug("AdvancedBuilder"), "advancedbuilder");
    }
}
