//! Who is in a group of Workato Identity: asked for one by one.

use std::collections::{BTreeMap, BTreeSet};

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
use crate::workato::feature::{Each, Feature, Questions};
use crate::workato::identity_user::{self, IdentityUserId, IdentityUsers};
use crate::workato::kind::{PAGE, first_of};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens::Placed;
use crate::workato::whose::{Said, TWO_IDS, Whose, whose};

rows! {
    /// A user in a group of Workato Identity.
    IdentityMember {
        id: IdentityUserId = id,
        /// Where the row names two users.
        #[serde(default)]
        second: Option<IdentityUserId> = second_id,
        email: Option<String> = text,
    }
}

/// What syncs record when they read members.
pub const FAMILY: &str = "identity_group_members";

const QUESTIONS: Questions = Questions {
    what: "members of identity groups",
    family: FAMILY,
    at: &endpoint::IDENTITY_GROUP_MEMBERS,
    list: &endpoint::IDENTITY_GROUPS,
    losses: Losses {
        refused: cause::IDENTITY_GROUP_REFUSED,
        missing: "identity groups, whose members are missing",
        gone: cause::IDENTITY_GROUP_GONE,
        gone_message: "identity groups disappeared while they were read; their members are missing",
    },
};

/// Counts the groups whose members answered before, where the list of an environment has no group any more.
///
/// # Errors
/// Those of the client.
pub async fn all_vanished(
    t: &Tables,
    cx: &SyncContext,
    feature: &Feature,
    listed: &[Placed<IdentityGroupRow>],
) -> Result<()> {
    let asked = |here: &Environment| listed.iter().any(|placed| placed.environment == *here);
    t.all_vanished::<Vec<IdentityMember>, IdentityGroupRow>(cx, feature, &QUESTIONS, asked, &BTreeSet::new())
        .await
}

/// The members of a group, as grants: whoever is in it by the word of any environment. Nobody is known to be in one that
/// no list has.
///
/// # Errors
/// Those of the client; a refusal is a warning.
pub async fn grants(t: &Tables, cx: &SyncContext, group: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
    let id = resource::key(group).1;
    let groups = t.get::<ListedGroups>(cx).await?;
    let users = t.get::<IdentityUsers>(cx).await?;
    let known: BTreeMap<&IdentityUserId, Option<&str>> = users
        .iter()
        .map(|placed| (&placed.row.id, placed.row.email.as_deref()))
        .collect();
    let mut said: Vec<(&Placed<IdentityGroupRow>, BTreeSet<IdentityUserId>)> = Vec::new();
    for listed in groups.iter().filter(|placed| placed.row.id.as_str() == id) {
        if let Some(members) = of_environment(t, cx, &groups, listed).await? {
            if page.is_first() {
                odd::count(cx, "members of identity groups", &members);
            }
            // A long group has many pages of grants, and what is odd about it is counted with the first one.
            let counts = page.is_first().then_some(cx);
            let theirs = |member: &IdentityMember| is_theirs(counts, group, known.get(&member.id).copied(), member);
            said.push((
                listed,
                members.into_iter().filter(theirs).map(|member| member.id).collect(),
            ));
        }
    }
    if said.is_empty() {
        return Ok(Page::default());
    }
    let members: BTreeSet<&IdentityUserId> = said.iter().flat_map(|(_, members)| members).collect();
    if page.is_first() {
        for (listed, _) in said.iter().filter(|(_, own)| own.len() < members.len()) {
            cx.warnings.add(
                cause::ENVIRONMENTS_DIFFER,
                "environments do not have the same members in identity groups of one id; all of them are taken to be in",
                format!("{}: more elsewhere than in {}", group.display_name, listed.environment),
            );
        }
    }
    let counted = said.iter().filter_map(|(listed, _)| listed.row.users_count);
    if page.is_first()
        && let Some(counted) = counted.max().and_then(|count| usize::try_from(count).ok())
        && counted > members.len()
    {
        cx.warnings.add(
            cause::GROUP_MEMBERS_MISSING,
            "identity groups say they have more members than their lists show; the others are missing",
            format!("{}: {} of {counted}", group.display_name, members.len()),
        );
    }
    let mut found = Vec::with_capacity(members.len());
    for member in members {
        if known.contains_key(member) {
            found.push(member);
        } else if page.is_first() {
            cx.warnings.add(
                cause::IDENTITY_USER_NOT_LISTED,
                "identity groups have members that the list of identity users did not return; they were dropped",
                format!("identity user {member} in {}", group.display_name),
            );
        }
    }
    Page::of_table(&found, page, PAGE, |user| {
        GrantBuilder::new(group, MEMBER, identity_user::principal(user)).build()
    })
}

/// Whether a row is about the user whose id it has; one that is not is counted where that is to be. `known` is what the list
/// of users says: whether it has one of this id, and their address.
fn is_theirs(
    counts: Option<&SyncContext>,
    group: &v2::Resource,
    known: Option<Option<&str>>,
    member: &IdentityMember,
) -> bool {
    // Whoever is in no list is counted as that.
    let Some(email) = known else {
        return true;
    };
    let example = format!("identity user {} in {}", member.id, group.display_name);
    let (cause, message) = match whose_is(member, email) {
        Whose::Theirs => return true,
        Whose::OtherAddress => (
            cause::IDENTITY_MEMBER_OF_OTHER_ADDRESS,
            "members of identity groups have the id of an identity user and another e-mail address; they were dropped",
        ),
        Whose::TwoIds => (cause::TWO_IDS, TWO_IDS),
    };
    if let Some(cx) = counts {
        cx.warnings.add(cause, message, example);
    }
    false
}

/// Whether a row is that of the user whose id it has, with this address.
pub fn whose_is(member: &IdentityMember, email: Option<&str>) -> Whose {
    let said = Said {
        id: member.id.as_str(),
        second: member.second.as_ref().map(|id| id.as_str()),
        // A list of users without addresses contradicts none.
        email: member.email.as_deref().filter(|_| email.is_some()),
    };
    whose(said, email)
}

/// The members of a group by the word of one environment; `None` where it has no answer, which is counted.
async fn of_environment(
    t: &Tables,
    cx: &SyncContext,
    groups: &[Placed<IdentityGroupRow>],
    listed: &Placed<IdentityGroupRow>,
) -> Result<Option<Vec<IdentityMember>>> {
    let Some(client) = t.clients.of(&listed.environment) else {
        return Ok(None);
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
    let each: Each<'_, IdentityGroupRow> = Each::of((cx, client, &listed.environment), &QUESTIONS, things);
    let family = t.family(cx, &each.family);
    each.answer::<Vec<IdentityMember>>(&family, listed.row.id.as_str())
        .await
}
