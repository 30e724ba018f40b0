//! Who is in a group of Workato Identity: asked for one by one.

use std::collections::BTreeSet;

use super::{IdentityGroupRow, ListedGroups, MEMBER};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::cause;
use crate::workato::client::{endpoint, odd, rows};
use crate::workato::family::single::Losses;
use crate::workato::feature::Each;
use crate::workato::identity_user::{self, IdentityUserId, IdentityUsers};
use crate::workato::kind::{PAGE, first_of};
use crate::workato::tables::Tables;

rows! {
    /// A user in a group of Workato Identity.
    IdentityMember {
        id: IdentityUserId = id,
        email: Option<String> = text,
    }
}

/// What syncs record when they read members.
pub const FAMILY: &str = "identity_group_members";

const LOSSES: Losses = Losses {
    refused: cause::IDENTITY_GROUP_REFUSED,
    missing: "identity groups, whose members are missing",
    gone: cause::IDENTITY_GROUP_GONE,
    gone_message: "identity groups disappeared while they were read; their members are missing",
};

/// The members of a group, as grants. Nobody is known to be in one that no list has.
///
/// # Errors
/// Those of the client; a refusal is a warning.
pub async fn grants(t: &Tables, cx: &SyncContext, group: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
    let id = resource::key(group).1;
    let groups = t.get::<ListedGroups>(cx).await?;
    let Some(listed) = groups.iter().find(|placed| placed.row.id.as_str() == id) else {
        return Ok(Page::default());
    };
    let Some(client) = t.clients.of(&listed.environment) else {
        return Ok(Page::default());
    };
    let things = groups
        .iter()
        .filter(|placed| placed.environment == listed.environment)
        .map(|placed| {
            let id = placed.row.id.to_string();
            let name = first_of([placed.row.name.as_deref(), Some(&id)])
                .unwrap_or_default()
                .to_owned();
            (id, name)
        });
    let each: Each<'_, IdentityGroupRow> = Each::of(
        (cx, client, &listed.environment),
        ("members of identity groups", FAMILY),
        (&endpoint::IDENTITY_GROUP_MEMBERS, &endpoint::IDENTITY_GROUPS),
        LOSSES,
        things,
    );
    let family = t.family(cx, &each.family);
    let Some(members) = each.answer::<Vec<IdentityMember>>(&family, id).await? else {
        return Ok(Page::default());
    };
    odd::count(cx, "members of identity groups", &members);
    if page.is_first()
        && let Some(said) = listed.row.users_count.and_then(|count| usize::try_from(count).ok())
        && said > members.len()
    {
        cx.warnings.add(
            cause::GROUP_MEMBERS_MISSING,
            "identity groups say they have more members than their lists show; the others are missing",
            format!("{}: {} of {said}", group.display_name, members.len()),
        );
    }
    let users = t.get::<IdentityUsers>(cx).await?;
    let known: BTreeSet<&IdentityUserId> = users.iter().map(|placed| &placed.row.id).collect();
    let mut found = Vec::with_capacity(members.len());
    for member in &members {
        if known.contains(&member.id) {
            found.push(&member.id);
        } else {
            cx.warnings.add(
                cause::IDENTITY_USER_NOT_LISTED,
                "identity groups have members that the list of identity users did not return; they were dropped",
                format!("identity user {} in {}", member.id, group.display_name),
            );
        }
    }
    Page::of_table(&found, page, PAGE, |user| {
        GrantBuilder::new(group, MEMBER, identity_user::principal(user)).build()
    })
}
