//! Users of Workato Identity: the people behind agents and workflow apps, who need not be collaborators.

use super::client::{endpoint, ids, rows};
use super::feature::Feature;
use super::kind::{PAGE, ResourceKind, first_of};
use super::probe::{Probe, Refused};
use super::tables::{Table, Tables};
use super::tokens::Placed;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

ids! {
    /// A user of Workato Identity.
    IdentityUserId,
}

rows! {
    /// A user of Workato Identity (`workato/agents.md 3.3`). Only the id is certain.
    IdentityUserRow {
        id: IdentityUserId = id,
        email: Option<String> = text,
        full_name: Option<String> = text,
        name: Option<String> = text,
    }
}

const FEATURE: Feature = Feature {
    family: "identity_users",
    endpoint: &endpoint::IDENTITY_USERS,
};

/// The users of Workato Identity.
pub struct IdentityUsers;

impl Table for IdentityUsers {
    type Value = Vec<Placed<IdentityUserRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<IdentityUserRow>>> {
        t.feature(cx, &FEATURE).await
    }
}

/// The identity user resource type.
pub struct IdentityUser;

impl ResourceKind for IdentityUser {
    const TYPE: &'static str = "identity_user";

    const PROBES: &'static [Probe] = &[Probe::list::<IdentityUserRow>(&endpoint::IDENTITY_USERS)
        .recorded(FEATURE.family)
        .per_environment()
        .refused(Refused::NotInPlan)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Identity User",
            &[v2::resource_type::Trait::User],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&t.get::<IdentityUsers>(cx).await?, page, PAGE, |placed| {
            build(&placed.row)
        })
    }
}

/// A user as the principal of a grant.
pub fn principal(user: &IdentityUserId) -> v2::ResourceId {
    resource::id(IdentityUser::TYPE, user.to_string())
}

/// What a user is called: by name, else by address, else by id.
pub fn called(user: &IdentityUserRow) -> String {
    let id = user.id.to_string();
    let texts = [&user.full_name, &user.name, &user.email].map(|text| text.as_deref());
    first_of(texts.into_iter().chain([Some(id.as_str())]))
        .unwrap_or_default()
        .to_owned()
}

fn build(user: &IdentityUserRow) -> v2::Resource {
    let id = user.id.to_string();
    let email = user.email.as_deref().filter(|email| !email.is_empty());
    let full_name = first_of([user.full_name.as_deref(), user.name.as_deref()]);
    let name = called(user);
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("email", email)
        .with("name", full_name);
    ResourceBuilder::new(IdentityUser::TYPE, id.as_str(), name)
        .profile(profile)
        .known_status(None)
        .user(User {
            email: email.map(str::to_owned),
            login: email.map(str::to_owned),
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        })
        .build()
}
