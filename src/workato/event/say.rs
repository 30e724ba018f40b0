//! What a row of the log says in the words of the protocol (`workato/audit_log.md 2, 3`).
//!
//! A row is told as what it proves. Where its id is surely that of one of our resources, that one changed; otherwise the
//! change is of Workato's own type and id, as the row has them.

use super::back;
use super::cursor::Log;
use super::row::{Actor, EventRow};
use super::sweep;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::Detected;
use crate::workato::collaborator::{self, Member};
use crate::workato::kind::ResourceKind;
use crate::workato::role_assignments::{Holdings, RoleKind};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::{
    api_client, api_client_role, api_platform_client, connection, environment_role, folder, project, role,
};

/// Rows about recipes and their life: nobody's access changes by them.
pub const NOISE: [&str; 9] = [
    "Flow",
    "Package",
    "ExportManifest",
    "ProjectBuild",
    "Deployment",
    "Tags::Models::Tag",
    "Adapter",
    "CommunityAdapterPublication",
    "OrganizationAdapterPublication",
];
const LOGIN: &str = "user_login";
const LOGOUT: &str = "user_logout";
const PERSON: &str = "ManagedUserGrant";
const USER: &str = "User";
const ROLE: &str = "PrivilegeGroup";

/// A feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Sign-ins.
    Usage,
    /// Everything that changed.
    Changes,
}

impl Feed {
    /// All of them.
    pub const ALL: [Feed; 2] = [Feed::Usage, Feed::Changes];

    /// Its id.
    pub fn id(self) -> &'static str {
        match self {
            Feed::Usage => "workato_usage",
            Feed::Changes => "workato_changes",
        }
    }

    /// What its events are.
    pub fn kind(self) -> v2::EventType {
        match self {
            Feed::Usage => v2::EventType::Usage,
            Feed::Changes => v2::EventType::ResourceChange,
        }
    }

    /// The feed of an id.
    pub fn of(id: &str) -> Option<Feed> {
        Feed::ALL.into_iter().find(|feed| feed.id() == id)
    }

    /// Whether it tells of a row.
    pub fn has(self, row: &EventRow) -> bool {
        let event = row.event_type.as_deref().unwrap_or_default();
        match self {
            Feed::Usage => event == LOGIN,
            Feed::Changes => ![LOGIN, LOGOUT].contains(&event) && !NOISE.contains(&kind(row)),
        }
    }
}

/// The events of a feed in these rows of an environment, which are noted as told.
///
/// # Errors
/// Those of the lists of people and roles, which are asked only where a row names some.
pub async fn events(
    t: &Tables,
    cx: &SyncContext,
    feed: Feed,
    environment: &Environment,
    rows: Vec<EventRow>,
    log: &mut Log,
) -> Result<Vec<v2::Event>> {
    let mut events = Vec::new();
    for row in rows.iter().filter(|row| feed.has(row)) {
        let said = match feed {
            Feed::Usage => usage(t, cx, environment, row).await?,
            Feed::Changes => Some(change(t, cx, environment, row).await?),
        };
        if let Some(said) = said {
            events.push(v2::Event {
                id: id(environment, row),
                occurred_at: row.moment().map(stamp),
                event: Some(said),
                annotations: Vec::new(),
            });
        }
        sweep::remember(log, row, sweep::OVERLAP);
        back::note(log, row);
    }
    Ok(events)
}

/// The id of an event. Each log counts for itself.
pub fn id(environment: &Environment, row: &EventRow) -> String {
    format!("{environment}-{}", row.id)
}

/// A sign-in is use of the role that the person has in the environment. `None` where no list says who it was, or which
/// role that is.
async fn usage(
    t: &Tables,
    cx: &SyncContext,
    environment: &Environment,
    row: &EventRow,
) -> Result<Option<v2::event::Event>> {
    let detected = t.get::<Detected>(cx).await?;
    let holdings = t.get::<Holdings>(cx).await?;
    let person = row.user.as_ref().and_then(|user| whom(&detected.members, user));
    let held = person.and_then(|person| {
        let mut all = holdings.by_role.iter();
        all.find(|(role, holders)| role.environment == *environment && holders.contains(&person.id))
    });
    let (Some(person), Some((held, _))) = (person, held) else {
        tracing::warn!(
            %environment,
            row = %row.id,
            "A sign-in is left out: no list says who it was, or which role that is."
        );
        return Ok(None);
    };
    let kind = match held.kind {
        RoleKind::Environment => environment_role::EnvironmentRole::TYPE,
        RoleKind::Legacy => role::Role::TYPE,
    };
    Ok(Some(v2::event::Event::UsageEvent(v2::UsageEvent {
        target_resource: Some(v2::Resource {
            id: Some(resource::id(kind, t.scoped_id(&held.id, environment))),
            ..Default::default()
        }),
        actor_resource: Some(v2::Resource {
            id: Some(collaborator::resource_id(&person.id)),
            display_name: person.name.clone().unwrap_or_default(),
            ..Default::default()
        }),
    })))
}

async fn change(t: &Tables, cx: &SyncContext, environment: &Environment, row: &EventRow) -> Result<v2::event::Event> {
    if row.is_leak() {
        warn_of_leak(environment, row);
    }
    let subject = row.resource.as_ref();
    let id = subject.and_then(|s| s.id.as_ref()).map(|id| id.as_str());
    let own = match (kind(row), id) {
        ("ApiClient", Some(id)) => Some(resource::id(api_client::ApiClient::TYPE, id)),
        ("ApiPrivilegeGroup", Some(id)) => Some(resource::id(api_client_role::ApiClientRole::TYPE, id)),
        ("ApiCustomer", Some(id)) => Some(resource::id(api_platform_client::ApiPlatformClient::TYPE, id)),
        ("SharedAccount", Some(id)) => Some(resource::id(connection::Connection::TYPE, id)),
        ("Project", Some(id)) => Some(resource::id(project::Project::TYPE, id)),
        ("Folder", Some(id)) => Some(resource::id(folder::Folder::TYPE, id)),
        (PERSON | USER, _) => {
            let detected = t.get::<Detected>(cx).await?;
            let named = subject.map(|s| Actor {
                id: id.map(Into::into),
                name: None,
                email: s.email.clone(),
            });
            let person = named.and_then(|named| whom(&detected.members, &named));
            person.map(|person| collaborator::resource_id(&person.id))
        }
        (ROLE, Some(id)) => {
            let detected = t.get::<Detected>(cx).await?;
            let newer = detected.environment_roles.iter().any(|role| role.id.as_str() == id);
            let older = detected.legacy_roles.iter().any(|role| role.id.as_str() == id);
            let of = |kind| resource::id(kind, t.scoped_id(id, environment));
            // The two count for themselves: an id that both lists have may mean either.
            match (newer, older) {
                (true, false) => Some(of(environment_role::EnvironmentRole::TYPE)),
                (false, true) => Some(of(role::Role::TYPE)),
                _ => None,
            }
        }
        _ => None,
    };
    let as_written = || {
        let nameless = format!("row-{}", row.id);
        resource::id(kind(row), id.map_or(nameless, str::to_owned))
    };
    Ok(v2::event::Event::ResourceChangeEvent(v2::ResourceChangeEvent {
        resource_id: Some(own.unwrap_or_else(as_written)),
        parent_resource_id: None,
    }))
}

/// Says in the log that a token leaked.
pub fn warn_of_leak(environment: &Environment, row: &EventRow) {
    let client = row.resource.as_ref().and_then(|subject| subject.name.as_deref());
    tracing::warn!(%environment, row = %row.id, client, "Workato says that the token of an API client leaked.");
}

/// What a row is about, as Workato calls it.
fn kind(row: &EventRow) -> &str {
    let kind = row.resource.as_ref().and_then(|subject| subject.kind.as_deref());
    kind.filter(|kind| !kind.is_empty()).unwrap_or("unknown")
}

/// The only person with this address; without an address, the one with this id.
fn whom<'m>(members: &'m [Member], named: &Actor) -> Option<&'m Member> {
    let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
    let mut found = match named.email.as_deref().filter(|email| !email.trim().is_empty()) {
        Some(email) => members
            .iter()
            .filter(|member| member.email.as_deref().is_some_and(|known| same(known, email)))
            .collect::<Vec<_>>(),
        None => members
            .iter()
            .filter(|member| named.id.as_ref().is_some_and(|id| id.as_str() == member.id.as_str()))
            .collect(),
    };
    let first = found.pop();
    first.filter(|_| found.is_empty())
}

fn stamp(at: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.div_euclid(1000),
        nanos: i32::try_from(at.rem_euclid(1000)).unwrap_or_default() * 1_000_000,
    }
}
