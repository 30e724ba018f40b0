//! Starting, watching and stopping the server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post, put};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::audit::{AuditLog, Happened};
use super::behavior::Behavior;
use super::endpoint::Endpoint;
use super::line::{Plug, PluggedListener};
use super::log::{Logged, Requests};
use super::partner::{self, Customer, Customers};
use super::quota::Counters;
use super::shape::{AccessModel, Shape};
use super::view::View;
use super::workspace::{Env, Workspace};
use super::{
    agent_writes, agents, audit, clients, connections, details, folders, gate, groups, paging, people, projects, roles,
    writes,
};
use crate::baton::error::{Error, Kind, Result};

/// A running simulator. Dropping it stops the server.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    server: Arc<Server>,
    stop: Option<oneshot::Sender<()>>,
}

/// What the routes and the gate share.
#[derive(Debug)]
pub struct Server {
    view: RwLock<Arc<View>>,
    behavior: RwLock<Arc<BehaviorInForce>>,
    /// Calls per token and family.
    pub counters: Counters,
    /// Addresses that were invited.
    pub invited: Mutex<Vec<String>>,
    /// Secrets that were made, in order.
    pub secrets: Mutex<Vec<String>>,
    audit: Mutex<AuditLog>,
    customers: RwLock<Arc<Customers>>,
    log: Mutex<Vec<Logged>>,
    correlation: AtomicU64,
}

/// A behavior and how often each of its scripts was met.
#[derive(Debug)]
pub struct BehaviorInForce {
    /// The behavior.
    pub behavior: Behavior,
    /// One counter per script.
    pub hits: Mutex<Vec<u32>>,
}

impl BehaviorInForce {
    fn new(behavior: Behavior) -> Arc<Self> {
        let hits = Mutex::new(vec![0; behavior.scripts.len()]);
        Arc::new(BehaviorInForce { behavior, hits })
    }
}

impl Server {
    /// The workspace as it is now.
    pub fn view(&self) -> Arc<View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The behavior as it is now.
    pub fn behavior(&self) -> Arc<BehaviorInForce> {
        self.behavior.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the workspace; requests that arrive afterwards see it.
    pub fn change(&self, change: impl FnOnce(&mut Workspace)) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = view.workspace.clone();
        change(&mut workspace);
        *view = Arc::new(View::new(workspace));
    }

    /// The customers of the partner that this is, if it is one.
    pub fn customers(&self) -> Arc<Customers> {
        self.customers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The audit log.
    pub fn audit(&self) -> MutexGuard<'_, AuditLog> {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A secret that nothing else is.
    pub fn new_secret(&self, of: &str) -> String {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = format!("wk-made-anew-{of}-{:04}-Zq7Rk2Vx", secrets.len());
        secrets.push(secret.clone());
        secret
    }

    /// Adds a line to the log.
    pub fn record(&self, line: Logged) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// A fresh correlation id (`workato/api.md 3.2`).
    pub fn correlation_id(&self) -> String {
        format!("sim-{:08x}", self.correlation.fetch_add(1, Ordering::Relaxed))
    }
}

impl Simulator {
    /// Serves a workspace on a free port of 127.0.0.1. Needs a tokio runtime.
    ///
    /// # Errors
    /// `Unavailable` when no loopback port can be opened.
    pub async fn start(workspace: Workspace, behavior: Behavior) -> Result<Simulator> {
        let server = Arc::new(Server {
            view: RwLock::new(Arc::new(View::new(workspace))),
            behavior: RwLock::new(BehaviorInForce::new(behavior)),
            counters: Counters::default(),
            invited: Mutex::default(),
            secrets: Mutex::default(),
            audit: Mutex::default(),
            customers: RwLock::default(),
            log: Mutex::default(),
            correlation: AtomicU64::new(1),
        });
        let no_port =
            |error: std::io::Error| Error::new(Kind::Unavailable, "no loopback port could be opened").source(error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let app = routes(&server).into_make_service_with_connect_info::<Plug>();
        tokio::spawn(async move {
            let until = async move {
                // An error means the sender is gone, which is the same wish.
                let _ = stopped.await;
            };
            let served = axum::serve(PluggedListener(listener), app).with_graceful_shutdown(until);
            if let Err(error) = served.await {
                tracing::debug!(%error, "Simulator ended.");
            }
        });
        Ok(Simulator {
            address,
            server,
            stop: Some(stop),
        })
    }

    /// Serves a partner and its customers, all with one token.
    ///
    /// # Errors
    /// As [`Simulator::start`].
    pub async fn start_partner(customers: Vec<Customer>, behavior: Behavior) -> Result<Simulator> {
        let own = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        let simulator = Simulator::start(own, behavior).await?;
        simulator.set_customers(customers);
        Ok(simulator)
    }

    /// Replaces the customers.
    pub fn set_customers(&self, customers: Vec<Customer>) {
        let mut all = self.server.customers.write().unwrap_or_else(PoisonError::into_inner);
        *all = Arc::new(Customers::new(customers));
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of an environment's API client: a region prefix and three parts (`workato/api.md 1.2`).
    pub fn token(&self, env: Env) -> String {
        token(env)
    }

    /// A copy of the workspace as it is now.
    pub fn workspace(&self) -> Workspace {
        self.server.view().workspace.clone()
    }

    /// Changes the workspace; requests that arrive afterwards see it.
    pub fn change(&self, change: impl FnOnce(&mut Workspace)) {
        self.server.change(change);
    }

    /// Adds a row to the audit log, and says its id.
    pub fn happened(&self, row: Happened) -> u64 {
        self.server.audit().add(row)
    }

    /// Empties the audit log.
    pub fn forget_events(&self) {
        self.server.audit().clear();
    }

    /// Who was invited so far, by address.
    pub fn invited(&self) -> Vec<String> {
        self.server
            .invited
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Secrets that were made so far, in order.
    pub fn secrets(&self) -> Vec<String> {
        let secrets = self.server.secrets.lock();
        secrets.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the behavior. Scripts count from one again.
    pub fn behave(&self, behavior: Behavior) {
        *self.server.behavior.write().unwrap_or_else(PoisonError::into_inner) = BehaviorInForce::new(behavior);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        Requests(self.server.log.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Empties the log.
    pub fn forget_requests(&self) {
        self.server.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listening means the server has ended already.
            let _ = stop.send(());
        }
    }
}

/// The token of an environment.
pub fn token(env: Env) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"none","typ":"JWT"}"#.to_owned());
    let payload = part(format!(r#"{{"sub":"simulator","environment":"{}"}}"#, env.as_str()));
    let signature = part(format!("simulated signature of the {} client", env.as_str()));
    format!("wrkaus-{header}.{payload}.{signature}")
}

/// One route per endpoint, behind the gate.
fn routes(server: &Arc<Server>) -> Router {
    let mut router = Router::new();
    for endpoint in Endpoint::ALL {
        router = router.route(
            endpoint.path(),
            match endpoint {
                Endpoint::Members => get(people::list),
                Endpoint::Invitations => post(writes::invite),
                Endpoint::Member => get(people::one)
                    .put(writes::update_member)
                    .delete(writes::delete_member),
                Endpoint::MemberPrivileges => get(people::privileges),
                Endpoint::MemberProjectGrants => get(people::project_grants),
                Endpoint::MemberProjectsPrivileges => get(people::projects_privileges),
                Endpoint::Roles => get(roles::legacy),
                Endpoint::EnvironmentRoles => get(roles::environment_roles),
                Endpoint::EnvironmentRole => get(roles::environment_role),
                Endpoint::ProjectRoles => get(roles::project_roles),
                Endpoint::ProjectRole => get(roles::project_role),
                Endpoint::Groups => get(groups::list),
                Endpoint::GroupMembers => get(groups::members)
                    .post(writes::add_members)
                    .delete(writes::remove_members),
                Endpoint::GroupProjectGrants => get(groups::project_grants),
                Endpoint::Projects => get(projects::list),
                Endpoint::ProjectProjectGrants => get(projects::project_grants).put(writes::put_project_grants),
                Endpoint::ProjectGrant => get(projects::project_grant).delete(writes::delete_project_grant),
                Endpoint::Folders => get(folders::list),
                Endpoint::Folder => get(folders::one),
                Endpoint::Connections => get(connections::list),
                Endpoint::ApiClients => get(clients::list),
                Endpoint::ApiClientRoles => get(clients::roles),
                Endpoint::WorkspaceDetails => get(details::me),
                Endpoint::IdentityUsers => get(agents::users),
                Endpoint::IdentityGroups => get(agents::groups),
                Endpoint::IdentityGroupMembers => get(agents::members),
                Endpoint::Genies => get(agents::genies),
                Endpoint::GenieClients => get(agents::genie_clients),
                Endpoint::Genie => get(agents::genie),
                Endpoint::McpServers => get(agents::servers),
                Endpoint::McpServer => get(agents::server),
                Endpoint::McpServerPolicies => get(agents::policies),
                Endpoint::PlatformClients => get(agents::clients),
                Endpoint::PlatformKeys => get(agents::keys),
                Endpoint::Collections => get(agents::collections),
                Endpoint::IdentityJoin => post(agent_writes::add_to_group),
                Endpoint::IdentityLeave => post(agent_writes::remove_from_group),
                Endpoint::GenieAssign => post(agent_writes::assign_to_genie),
                Endpoint::GenieRemove => post(agent_writes::remove_from_genie),
                Endpoint::GenieStop => post(agent_writes::stop_genie),
                Endpoint::McpAssign => post(agent_writes::assign_to_server),
                Endpoint::McpRemove => post(agent_writes::remove_from_server),
                Endpoint::McpRenew => post(agent_writes::renew_token),
                Endpoint::PlatformClient => delete(agent_writes::delete_platform_client),
                Endpoint::PlatformKey => delete(agent_writes::delete_key),
                Endpoint::PlatformKeyEnable => put(agent_writes::enable_key),
                Endpoint::PlatformKeyDisable => put(agent_writes::disable_key),
                Endpoint::PlatformKeySecret => put(agent_writes::refresh_secret),
                Endpoint::ApiClient => {
                    put(agent_writes::update_developer_client).delete(agent_writes::delete_developer_client)
                }
                Endpoint::ApiClientRegenerate => post(agent_writes::regenerate),
                Endpoint::ActivityLogs => get(audit::list),
                Endpoint::ManagedUsers => get(partner::list),
                Endpoint::ConnectionDisconnect => post(agent_writes::disconnect),
            },
        );
    }
    let below = any(partner::below).with_state(router.clone());
    router
        .route("/api/managed_users/{customer}", below.clone())
        .route("/api/managed_users/{customer}/{*list}", below)
        .fallback(|| async { paging::not_found() })
        .layer(from_fn_with_state(server.clone(), gate::pass))
}
