//! MCP servers: tools that agents use. Their address is never read: where they are opened by a token, it holds the
//! token.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use prost_types::Any;

use super::cause;
use super::client::{endpoint, ids, rows};
use super::code;
use super::family::single::Losses;
use super::feature::{Each, Feature, One, Questions};
use super::identity_group::{self, IdentityGroupId};
use super::kind::{PAGE, ResourceKind, Right, first_of, id_value, stamp, utc};
use super::probe::{Probe, Refused};
use super::project::{self, ProjectId};
use super::settings::Environment;
use super::tables::{FAN_OUT, Table, Tables};
use super::tokens::{self, Placed};
use super::writing::audience::{self, Audience, Doors};
use super::writing::found::{Found, Wanted};
use super::writing::rotation::{IN_USE, MADE_ANEW, renew};
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::baton::seal::NewSecret;

ids! {
    /// An MCP server.
    McpServerId,
    /// The policies of an MCP server.
    PolicyId,
    /// The folder it lies in: it only informs.
    McpFolderId,
}

rows! {
    /// An MCP server (`workato/agents.md 3.1`). There is no field for its address.
    McpServerRow {
        id: McpServerId = id,
        name: Option<String> = text,
        description: Option<String> = text,
        folder_id: Option<McpFolderId> = loose_id,
        project_id: Option<ProjectId> = loose_id,
        /// `token` or `workato_idp`.
        authentication_method: Option<String> = text,
        tools_count: Option<i64> = number,
        has_vua_dependent_tools: Option<bool> = flag,
        /// Who may use it. A list row does not have it.
        idp_user_group_ids: Option<Vec<IdentityGroupId>> = loose_ids,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
    }

    /// From where an MCP server can be used, and how often (`workato/agents.md 3.1`).
    PolicyRow {
        id: PolicyId = id,
        ip_allow_list: Option<Vec<String>> = addresses,
        ip_deny_list: Option<Vec<String>> = addresses,
    }
}

const FEATURE: Feature = Feature {
    family: "mcp_servers",
    endpoint: &endpoint::MCP_SERVERS,
};

/// What syncs record when they read single servers, and their policies.
const DETAILS: &str = "mcp_server_details";
const POLICIES: &str = "mcp_server_policies";

/// The word for a server that whoever has the address gets into.
const BY_TOKEN: &str = "token";
/// The word for one whose users log in.
const BY_LOGIN: &str = "workato_idp";

/// How a server is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// Whoever has the address is in.
    ByToken,
    /// Users log in with Workato Identity.
    ByLogin,
    /// It does not say, or in a word that is not known: whoever has the address may be in.
    NotKnown,
}

impl McpServerRow {
    fn opened(&self) -> Opened {
        match self.authentication_method.as_deref().map(str::trim) {
            Some(said) if said.eq_ignore_ascii_case(BY_TOKEN) => Opened::ByToken,
            Some(said) if said.eq_ignore_ascii_case(BY_LOGIN) => Opened::ByLogin,
            _ => Opened::NotKnown,
        }
    }

    /// The answer about one server, and where that does not say something, what the list said.
    fn over(self, listed: &McpServerRow) -> McpServerRow {
        let listed = listed.clone();
        McpServerRow {
            id: self.id,
            name: self.name.or(listed.name),
            description: self.description.or(listed.description),
            folder_id: self.folder_id.or(listed.folder_id),
            project_id: self.project_id.or(listed.project_id),
            authentication_method: self.authentication_method.or(listed.authentication_method),
            tools_count: self.tools_count.or(listed.tools_count),
            has_vua_dependent_tools: self.has_vua_dependent_tools.or(listed.has_vua_dependent_tools),
            idp_user_group_ids: self.idp_user_group_ids.or(listed.idp_user_group_ids),
            created_at: self.created_at.or(listed.created_at),
            updated_at: self.updated_at.or(listed.updated_at),
            odd: self.odd,
        }
    }
}

const ASKED_DETAILS: Questions = Questions {
    what: "details of MCP servers",
    family: DETAILS,
    at: &endpoint::MCP_SERVER,
    list: &endpoint::MCP_SERVERS,
    losses: Losses {
        refused: cause::MCP_SERVER_REFUSED,
        missing: "MCP servers, whose users are missing",
        gone: cause::MCP_SERVER_GONE,
        gone_message: "MCP servers disappeared while they were read; their users are missing",
    },
};

const ASKED_POLICIES: Questions = Questions {
    what: "policies of MCP servers",
    family: POLICIES,
    at: &endpoint::MCP_SERVER_POLICIES,
    list: &endpoint::MCP_SERVERS,
    losses: Losses {
        refused: cause::MCP_SERVER_REFUSED,
        missing: "MCP servers, whose policies are missing; no access is",
        gone: cause::MCP_SERVER_GONE,
        gone_message: "MCP servers disappeared while they were read; their policies are missing",
    },
};

/// An MCP server with what it says of itself.
#[derive(Debug, Clone)]
pub struct McpServerWhole {
    server: Placed<McpServerRow>,
    policy: Option<PolicyRow>,
}

impl McpServerWhole {
    /// Whether nobody is asked who they are.
    fn is_by_token(&self) -> bool {
        self.server.row.opened() == Opened::ByToken
    }

    fn groups(&self) -> &[IdentityGroupId] {
        match self.is_by_token() {
            true => &[],
            false => self.server.row.idp_user_group_ids.as_deref().unwrap_or_default(),
        }
    }
}

/// The MCP servers.
pub struct McpServers;

impl Table for McpServers {
    type Value = Vec<McpServerWhole>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<McpServerWhole>> {
        let listed: Vec<Placed<McpServerRow>> = t.feature(cx, &FEATURE).await?;
        let ids = tokens::ids(&listed);
        let asked = |here: &Environment| listed.iter().any(|placed| placed.environment == *here);
        t.all_vanished::<One<McpServerRow>, McpServerRow>(cx, &FEATURE, &ASKED_DETAILS, asked, &ids)
            .await?;
        t.all_vanished::<One<PolicyRow>, McpServerRow>(cx, &FEATURE, &ASKED_POLICIES, asked, &ids)
            .await?;
        let whole = |placed: Placed<McpServerRow>| whole(t, cx, &listed, placed);
        let servers: Vec<McpServerWhole> = stream::iter(listed.clone())
            .map(whole)
            .buffered(FAN_OUT)
            .try_collect()
            .await?;
        for server in &servers {
            if server.server.row.opened() == Opened::NotKnown {
                let said = server.server.row.authentication_method.as_deref();
                let said = said.map_or_else(|| "nothing".to_owned(), |said| format!("{said:?}"));
                cx.warnings.add(
                    cause::AUTHENTICATION_UNKNOWN,
                    "MCP servers do not say in a word that is known how they are opened; whoever has the address of one \
                     may be in",
                    format!("{}: {said}", called(&server.server.row)),
                );
            }
            if !server.is_by_token() && server.server.row.idp_user_group_ids.is_none() {
                cx.warnings.add(
                    cause::AUDIENCE_UNKNOWN,
                    "MCP servers do not say which identity groups may use them; their users are missing",
                    called(&server.server.row),
                );
            }
        }
        Ok(servers)
    }
}

async fn whole(
    t: &Tables,
    cx: &SyncContext,
    all: &[Placed<McpServerRow>],
    listed: Placed<McpServerRow>,
) -> Result<McpServerWhole> {
    let nothing = |server| McpServerWhole { server, policy: None };
    let Some(client) = t.clients.of(&listed.environment) else {
        return Ok(nothing(listed));
    };
    let here = || {
        let here = all.iter().filter(|other| other.environment == listed.environment);
        here.map(|other| (other.row.id.to_string(), called(&other.row)))
    };
    let at = (cx, client, &listed.environment);
    let ids = || tokens::ids(all).into_iter();
    let details: Each<'_, McpServerRow> = Each::of(at, &ASKED_DETAILS, here()).knowing(ids());
    let policies: Each<'_, McpServerRow> = Each::of(at, &ASKED_POLICIES, here()).knowing(ids());
    let id = listed.row.id.as_str();
    let detail = details
        .answer::<One<McpServerRow>>(&t.family(cx, &details.family), id)
        .await?;
    let policy = policies
        .answer::<One<PolicyRow>>(&t.family(cx, &policies.family), id)
        .await?;
    let server = match detail {
        Some(One(row)) if row.id == listed.row.id => Placed {
            row: row.over(&listed.row),
            environment: listed.environment.clone(),
        },
        _ => listed.clone(),
    };
    Ok(McpServerWhole {
        policy: policy.map(|One(policy)| policy),
        ..nothing(server)
    })
}

fn called(server: &McpServerRow) -> String {
    let id = server.id.to_string();
    first_of([server.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

/// The groups that MCP servers name.
///
/// # Errors
/// As [`McpServers`].
pub async fn groups_named(t: &Tables, cx: &SyncContext) -> Result<Vec<(IdentityGroupId, Option<String>)>> {
    let servers = t.get::<McpServers>(cx).await?;
    let named = servers.iter().flat_map(McpServerWhole::groups);
    Ok(named.map(|group| (group.clone(), None)).collect())
}

impl Audience for McpServerRow {
    const DOORS: Doors = Doors {
        what: "an MCP server",
        list: &endpoint::MCP_SERVERS,
        one: &endpoint::MCP_SERVER,
        open: &endpoint::OPEN_MCP_SERVER,
        close: &endpoint::CLOSE_MCP_SERVER,
        field: "idp_user_group_ids",
    };

    fn title(&self) -> String {
        called(self)
    }

    fn open_to(&self) -> Option<Vec<IdentityGroupId>> {
        self.idp_user_group_ids.clone()
    }

    fn beside_the_point(&self) -> Option<String> {
        let by_token = self.opened() == Opened::ByToken;
        by_token.then(|| {
            format!(
                "{:?} is opened by a token: whoever has its address may use it, and groups change nothing",
                called(self)
            )
        })
    }
}

/// The MCP server resource type.
pub struct McpServer;

impl ResourceKind for McpServer {
    const TYPE: &'static str = "mcp_server";

    const CAPABILITIES: &'static [v2::Capability] = &[
        v2::Capability::Sync,
        v2::Capability::Provision,
        v2::Capability::CredentialRotation,
    ];

    const ONLY_SLUG: Option<&'static str> = Some(identity_group::USE);

    const PROBES: &'static [Probe] = &[
        Probe::list::<McpServerRow>(&endpoint::MCP_SERVERS)
            .recorded(FEATURE.family)
            .per_environment()
            .refused(Refused::NotInPlan),
        Probe::object::<McpServerRow>(&endpoint::MCP_SERVER, |_, replies| {
            let ids = |servers: &[McpServerRow]| servers.iter().map(|server| server.id.to_string()).collect();
            replies.candidates(&endpoint::MCP_SERVERS, ids, "there is none to ask about")
        })
        .recorded(DETAILS)
        .per_environment(),
        Probe::object::<PolicyRow>(&endpoint::MCP_SERVER_POLICIES, |_, replies| {
            let ids = |servers: &[McpServerRow]| servers.iter().map(|server| server.id.to_string()).collect();
            replies.candidates(&endpoint::MCP_SERVERS, ids, "there is none to ask about")
        })
        .recorded(POLICIES)
        .per_environment(),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "MCP Server", &[v2::resource_type::Trait::App], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let projects = project::ids(t, cx).await?;
        let servers = t.get::<McpServers>(cx).await?;
        Page::of_table(&servers, page, PAGE, |server| {
            let parent = server
                .server
                .row
                .project_id
                .as_ref()
                .filter(|id| projects.contains(*id));
            build(server, parent)
        })
    }

    /// Nobody is given the use of a server that a token opens: whoever has its address is in.
    async fn entitlements(t: &Tables, cx: &SyncContext, server: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let found = find(t, cx, server).await?;
        let by_groups = found.is_some_and(|server| !server.is_by_token());
        Ok(by_groups.then(|| identity_group::use_of(server)).into_iter().collect())
    }

    async fn grants(t: &Tables, cx: &SyncContext, server: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let found = find(t, cx, server).await?;
        let groups = found.as_ref().map(McpServerWhole::groups).unwrap_or_default();
        Page::of_table(&identity_group::uses(server, groups), page, PAGE, Clone::clone)
    }

    async fn grant(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Granted> {
        audience::grant::<McpServerRow>(t, cx, wanted).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Vec<Any>> {
        audience::revoke::<McpServerRow>(t, cx, wanted).await
    }

    async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
        rotate(t, cx, id).await
    }
}

async fn find(t: &Tables, cx: &SyncContext, server: &v2::Resource) -> Result<Option<McpServerWhole>> {
    let id = resource::key(server).1;
    let servers = t.get::<McpServers>(cx).await?;
    Ok(servers.iter().find(|known| known.server.row.id.as_str() == id).cloned())
}

fn build(whole: &McpServerWhole, parent: Option<&ProjectId>) -> v2::Resource {
    let Placed {
        environment,
        row: server,
    } = &whole.server;
    let id = server.id.to_string();
    let policy = whole.policy.as_ref();
    let profile = Profile::new()
        .with("id", id_value(&server.id))
        .with("name", called(server))
        .with("description", server.description.as_deref())
        .with("environment", environment.as_str())
        .with(
            "authentication_method",
            match server.opened() {
                Opened::ByToken => Some(BY_TOKEN),
                Opened::ByLogin => Some(BY_LOGIN),
                Opened::NotKnown => server.authentication_method.as_deref(),
            },
        )
        .with("project_id", server.project_id.as_ref().map(id_value))
        .with("folder_id", server.folder_id.as_ref().map(id_value))
        .with("tools_count", server.tools_count)
        .with("has_vua_dependent_tools", server.has_vua_dependent_tools)
        // An empty list says that every address is let in; none that it is not known.
        .with(
            "ip_allow_list",
            policy.map(|p| p.ip_allow_list.clone().unwrap_or_default()),
        )
        .with(
            "ip_deny_list",
            policy.map(|p| p.ip_deny_list.clone().unwrap_or_default()),
        )
        .with("updated_at", utc(server.updated_at.as_deref()));
    let resource = ResourceBuilder::new(McpServer::TYPE, id.as_str(), called(server))
        .profile(profile)
        .created_at(stamp(server.created_at.as_deref()));
    match parent {
        Some(project) => resource.parent(project::resource_id(project)),
        None => resource,
    }
    .app()
    .build()
}

/// Makes the token of a server anew. It is a part of the address, which is what is handed over.
async fn rotate(t: &Tables, cx: &SyncContext, id: &str) -> Result<NewSecret> {
    let wanted = Wanted {
        what: "an MCP server",
        list: &endpoint::MCP_SERVERS,
        itself: Some(&endpoint::MCP_SERVER),
        id,
        environment: None,
    };
    let found: Found<'_, McpServerRow> = wanted.find(t, cx).await?;
    let title = format!("{} ({})", called(&found.row), found.environment);
    if found.row.authentication_method.is_some() && found.row.opened() != Opened::ByToken {
        let message = format!("{title} is not opened by a token: there is none to make anew");
        return Err(Error::new(Kind::FailedPrecondition, message)
            .code(code::NO_AUDIENCE)
            .hint("its users log in with Workato Identity; take the use away from their groups"));
    }
    let change = Change::made(&title, "address with its token", IN_USE, MADE_ANEW);
    let write = found.client.write(endpoint::RENEW_MCP_TOKEN.of(id), None)?;
    let value = renew(cx, &change, write, &["/data/mcp_url", "/result/mcp_url", "/mcp_url"]).await?;
    Ok(NewSecret {
        name: "mcp_url".to_owned(),
        description: format!("Address of the MCP server {title}; its token is a part of it"),
        value,
    })
}
