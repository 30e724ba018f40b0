//! Agents, tool servers, Workato Identity and the API platform as plain data (`workato/agents.md 3`).

use super::workspace::Env;

/// What a workspace has of these. Ids are texts that are sent as numbers where they are some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// Users of Workato Identity, of all environments.
    pub users: Vec<IdentityUser>,
    /// Their groups, each of one environment.
    pub groups: Vec<IdentityGroup>,
    /// Genies.
    pub genies: Vec<Genie>,
    /// Clients of genies.
    pub genie_clients: Vec<GenieClient>,
    /// MCP servers.
    pub servers: Vec<McpServer>,
    /// Clients of the API platform.
    pub clients: Vec<PlatformClient>,
    /// Collections of published recipes.
    pub collections: Vec<Collection>,
}

/// A user of Workato Identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityUser {
    /// `ident-…`.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub full_name: Option<String>,
}

/// A group of Workato Identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityGroup {
    /// `group-…`.
    pub id: String,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// User ids.
    pub members: Vec<String>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genie {
    /// `gin-…`.
    pub id: String,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// `running`, `stopped`, or a word that nobody knows.
    pub state: String,
    /// The project it lies in.
    pub project: Option<u64>,
    /// How many skills it has.
    pub skills: u64,
    /// Groups that may use it.
    pub groups: Vec<String>,
}

/// A key that talks to agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenieClient {
    /// `gincl-…`.
    pub id: String,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
}

/// A tool server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    /// `mcps-…`, or a number as in the vendor's sample.
    pub id: String,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// The project it lies in.
    pub project: Option<u64>,
    /// `token` or `workato_idp`.
    pub method: String,
    /// How many tools it has.
    pub tools: u64,
    /// Groups that may use it.
    pub groups: Vec<String>,
    /// Addresses that are let in; all where there is none.
    pub allowed: Vec<String>,
}

/// A client of the API platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformClient {
    /// Client id.
    pub id: u64,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// `token`, `jwt`, `oauth2` or `oidc`.
    pub auth_type: String,
    /// An access profile of the time before.
    pub legacy: bool,
    /// Ids of the collections it may call.
    pub collections: Vec<u64>,
    /// Its keys.
    pub keys: Vec<PlatformKey>,
}

/// A key of such a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformKey {
    /// Key id, in the numbers of its client.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// Since when, as the API spells it.
    pub active_since: Option<String>,
    /// Addresses it may come from.
    pub allowed: Vec<String>,
}

/// A collection of published recipes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Collection id.
    pub id: u64,
    /// Its environment.
    pub env: Env,
    /// Name.
    pub name: String,
    /// The project it lies in.
    pub project: Option<u64>,
}
