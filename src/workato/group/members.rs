//! Who is in a group: asked for one by one, but for the group of everybody, as long as it counts as many or does not say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{GroupMember, Groups, MEMBER, UserGroup, find, is_everyone, is_system};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::workato::access_model::{Detected, is_refusal};
use crate::workato::cause;
use crate::workato::client::{WorkatoClient, endpoint, odd};
use crate::workato::collaborator::{self, Member, MemberId, People};
use crate::workato::family::single::{self, Losses, Outcome, Single};
use crate::workato::kind::{PAGE, first_of};
use crate::workato::listing::List;
use crate::workato::tables::{Tables, composed};
use crate::workato::whose::{Said, TWO_IDS, Whose, whose};

/// What syncs record when they read members, and what the session keys of members begin with.
pub const FAMILY: &str = "group_members";

/// The members of a group, as grants.
///
/// # Errors
/// Those of the client; a refusal is a warning.
pub async fn grants(t: &Tables, cx: &SyncContext, group: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
    let Some(listed) = find(t, cx, group).await? else {
        return Ok(Page::default());
    };
    let people = t.get::<People>(cx).await?;
    let is_of_all = is_everyone(&listed);
    if is_of_all {
        // What it counts tells whether all are known.
        if page.is_first()
            && let Some(said) = more_than(&listed, people.len())
        {
            cx.warnings.add(
                cause::COLLABORATORS_MISSING,
                "the group of all collaborators counts more people than the list of collaborators has; the others are \
                 missing, unless they were invited and have not accepted",
                format!("{}: {} of {said}", group.display_name, people.len()),
            );
        }
    }
    let members = if is_of_all {
        match of_everyone(cx, &t.clients.dev, &listed, people.len()).await? {
            OfEveryone::Said(members) => members,
            silent => {
                if page.is_first() && silent == OfEveryone::Silent && more_than(&listed, people.len()).is_none() {
                    cx.warnings.add(
                        cause::COLLABORATORS_MISSING,
                        "the group of all collaborators counts fewer people than the list of collaborators has, and does \
                         not say who they are; all collaborators are taken to be in",
                        format!("{}: {} people", group.display_name, people.len()),
                    );
                }
                let everyone: Vec<&MemberId> = people.keys().collect();
                return Page::of_table(&everyone, page, PAGE, |member| member_grant(group, member, true));
            }
        }
    } else {
        let groups = t.get::<Groups>(cx).await?;
        let asked = Members {
            cx,
            client: &t.clients.dev,
            groups: &groups,
        };
        match single::read(cx, &t.family(cx, FAMILY), &asked, listed.id.as_str()).await? {
            Outcome::Rows(members) => members,
            Outcome::Missing | Outcome::Refused => return Ok(Page::default()),
        }
    };
    odd::count(cx, "members of collaborator groups", &members);
    if let Some(said) = more_than(&listed, members.len()).filter(|_| !is_of_all || members.len() < people.len()) {
        cx.warnings.add(
            cause::GROUP_MEMBERS_MISSING,
            "collaborator groups say they have more members than their lists show; the others are missing, unless they \
             were invited and have not accepted",
            format!("{}: {} of {said}", group.display_name, members.len()),
        );
    }
    let system = is_system(&listed);
    let mut rows = Vec::with_capacity(members.len());
    let detected = t.get::<Detected>(cx).await?;
    let by_id: BTreeMap<&MemberId, &Member> = detected.members.iter().map(|m| (&m.id, m)).collect();
    for listed in &members {
        let is = |person: &&Member| (person.id.clone(), whose(said(listed), person.email.as_deref()));
        match by_id.get(&listed.id).map(is) {
            Some((id, Whose::Theirs)) => rows.push(member_grant(group, &id, system)),
            Some((_, Whose::TwoIds)) => cx.warnings.add(
                cause::TWO_IDS,
                TWO_IDS,
                format!("collaborator {} in {}", listed.id, group.display_name),
            ),
            Some((_, Whose::OtherAddress)) => cx.warnings.add(
                cause::GROUP_MEMBER_OF_OTHER_ADDRESS,
                "members of groups have the id of a collaborator and another e-mail address; they were dropped (people \
                 who were invited and have not accepted may have numbers of their own)",
                format!("{} in {}", listed.id, group.display_name),
            ),
            None => cx.warnings.add(
                cause::COLLABORATOR_NOT_LISTED,
                "groups have members that the list of collaborators did not return; they were dropped (people who were \
                 invited and have not accepted are in no list)",
                format!("collaborator {} in {}", listed.id, group.display_name),
            ),
        }
    }
    Ok(Page::last(rows))
}

/// The rows of a group, through the session of the sync.
///
/// # Errors
/// Those of the client.
pub async fn members_of(cx: &SyncContext, client: &WorkatoClient, id: &str) -> Result<Vec<GroupMember>> {
    let key = format!("{FAMILY}/{id}");
    let list = List::of_sync(cx, &key, client, endpoint::USER_GROUP_MEMBERS.of(id));
    list.usually_empty().read().await
}

/// Members of the groups that are asked for them.
struct Members<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    groups: &'a [UserGroup],
}

impl Single for Members<'_> {
    type Answer = Vec<GroupMember>;

    fn what(&self) -> String {
        "members of collaborator groups".to_owned()
    }

    fn listed(&self) -> Vec<String> {
        let asked = self.groups.iter().filter(|group| !is_everyone(group));
        asked.map(|group| group.id.to_string()).collect()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::GROUP_REFUSED,
            missing: "collaborator groups, whose members are missing",
            gone: cause::GROUP_GONE,
            gone_message: "collaborator groups disappeared while they were read; their members are missing",
        }
    }

    fn name(&self, id: &str) -> String {
        let group = self.groups.iter().find(|group| group.id.as_str() == id);
        first_of([group.and_then(|group| group.name.as_deref()), Some(id)])
            .unwrap_or_default()
            .to_owned()
    }

    async fn ask(&self, id: &str) -> Result<Vec<GroupMember>> {
        members_of(self.cx, self.client, id).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        let page = self.client.page::<GroupMember>(endpoint::USER_GROUP_MEMBERS.of(id), 1);
        page.await.map(drop)
    }

    fn is_known(&self, id: &str) -> Option<bool> {
        Some(self.groups.iter().any(|group| group.id.as_str() == id))
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let groups: Vec<UserGroup> = List::now(self.client, &endpoint::USER_GROUPS).read().await?;
        Ok(groups.iter().any(|group| group.id.as_str() == id))
    }
}

/// What the group of all collaborators says of who is in it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum OfEveryone {
    /// It counts as many as there are: it holds every one by definition, and is not asked.
    AsMany,
    /// It counts another number, and these are in.
    Said(Vec<GroupMember>),
    /// It counts another number, and does not say who they are.
    Silent,
}

/// Asks the group of all collaborators where it counts another number of them. It holds every one by definition, and
/// whoever was invited is counted, too: no answer takes nobody out. What it says first stays for a resumed sync.
///
/// # Errors
/// Those of the client but refusals.
async fn of_everyone(cx: &SyncContext, client: &WorkatoClient, group: &UserGroup, people: usize) -> Result<OfEveryone> {
    let counts_others = |count: i64| usize::try_from(count) != Ok(people);
    if !group.members_count.is_some_and(counts_others) {
        return Ok(OfEveryone::AsMany);
    }
    let id = group.id.as_str();
    let ask = || async {
        match members_of(cx, client, id).await {
            Ok(members) if !members.is_empty() => Ok(OfEveryone::Said(members)),
            Ok(_) => Ok(OfEveryone::Silent),
            Err(error) if is_refused(&error) => Ok(OfEveryone::Silent),
            Err(error) => Err(error),
        }
    };
    composed(cx, &format!("everyone/{id}"), ask).await
}

/// Whether an answer refuses the question, in whatever way: what is answered for the group of the system is nowhere said.
fn is_refused(error: &Error) -> bool {
    let status = error.fact_value("status").and_then(|status| status.parse().ok());
    is_refusal(error) || status.is_some_and(|status: u16| matches!(status, 400 | 405 | 409 | 410 | 422 | 501))
}

/// Counts the groups whose members answered before, where the list has no group any more that is asked for them.
///
/// # Errors
/// Those of the client.
pub async fn all_vanished(t: &Tables, cx: &SyncContext) -> Result<()> {
    let groups = t.get::<Groups>(cx).await?;
    let is_listed = t.family(cx, super::FAMILY).has_answered();
    if !is_listed || groups.iter().any(|group| !is_everyone(group)) {
        return Ok(());
    }
    let asked = Members {
        cx,
        client: &t.clients.dev,
        groups: &groups,
    };
    single::begin(cx, &t.family(cx, FAMILY), &asked).await.map(drop)
}

/// How many members a group says it has, if that is more than are known.
fn more_than(group: &UserGroup, known: usize) -> Option<usize> {
    let said = group.members_count.and_then(|count| usize::try_from(count).ok());
    said.filter(|said| *said > known)
}

/// Whether a row of a group is this person's, see [`whose`](mod@crate::workato::whose).
pub fn is_of(listed: &GroupMember, person: &Member) -> bool {
    listed.id == person.id && whose(said(listed), person.email.as_deref()) == Whose::Theirs
}

fn said(listed: &GroupMember) -> Said<'_> {
    Said {
        id: listed.id.as_str(),
        second: listed.second.as_ref().map(|id| id.as_str()),
        email: listed.email.as_deref(),
    }
}

fn member_grant(group: &v2::Resource, member: &MemberId, system: bool) -> v2::Grant {
    let grant = GrantBuilder::new(group, MEMBER, collaborator::resource_id(member));
    if system { grant.immutable() } else { grant }.build()
}
