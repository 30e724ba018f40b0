//! A Workato workspace in memory behind real HTTP on a loopback port: for `baton-workato demo`, tests and benches.
//!
//! Written from `workato/api.md` alone, never from the client, so that the two can disagree and a test
//! notices. One file per area of the API holds its routes (`people`, `roles`, `groups`, `projects`, `folders`,
//! `connections`, `clients`, `agents`, `details`, `audit`); `gate` is what every request passes first: log, faults, quota, token,
//! permission. `cli` and tests may use this module; nothing else does.

mod agent_writes;
mod agents;
mod audit;
mod behavior;
pub mod catalogue;
mod clients;
mod connections;
mod details;
mod endpoint;
mod estate;
mod folders;
mod gate;
mod generate;
mod groups;
mod gzip;
mod history;
mod line;
mod log;
mod paging;
mod partner;
mod people;
mod projects;
mod quota;
mod roles;
mod server;
mod shape;
mod view;
mod workspace;
mod writes;

pub use agents::SECRETS;
pub use audit::Happened;
pub use behavior::{Assigned, Behavior, Fault, GroupIds, Hits, Quota, QuotaClock, RetryForm, Script};
pub use endpoint::{Endpoint, Family};
pub use estate::{
    Collection, Estate, Genie, GenieClient, IdentityGroup, IdentityUser, McpServer, PlatformClient, PlatformKey,
};
pub use generate::{Gained, Yesterday};
pub use history::History;
pub use log::{Logged, Requests};
pub use partner::{Customer, MembersForm};
pub use server::Simulator;
pub use shape::{AccessModel, AgentsShape, Shape};
pub use workspace::{
    ApiClient, ApiClientRole, Assignment, Connection, Env, EnvironmentRole, Folder, Grantee, Group, LastActivity,
    LegacyRole, Person, PrivilegeRow, Project, ProjectGrant, ProjectRole, RoleTuple, RoleType, Workspace, is_no_access,
};
