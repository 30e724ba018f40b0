//! A simulated workspace and a connector that may change it.

use std::sync::Arc;

use baton_workato::baton::annotation::name_of;
use baton_workato::baton::change::Consent;
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::error::Error;
use baton_workato::baton::http::HttpClient;
use baton_workato::baton::page::PageToken;
use baton_workato::baton::proto::v2;
use baton_workato::baton::provision::{Provisioning, Write, WriteOutcome};
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::settings::{EnvironmentChoice, Settings};
use prost_types::Any;

use crate::support::run::{impatient, settings};

pub struct Place {
    pub simulator: Simulator,
    pub connector: Arc<WorkatoConnector>,
    pub writes: Provisioning<WorkatoConnector>,
}

impl Place {
    /// DEV only.
    pub async fn new(model: AccessModel) -> Self {
        Place::with(model, |_, _| {}).await
    }

    /// With settings of the test's own.
    pub async fn with(model: AccessModel, change: impl FnOnce(&mut Settings, &Simulator)) -> Self {
        let shape = Shape {
            model,
            people: 20,
            projects: 4,
            ..Shape::default()
        };
        Place::of(Workspace::generate(&shape), change).await
    }

    /// Of a workspace of the test's own.
    pub async fn of(workspace: Workspace, change: impl FnOnce(&mut Settings, &Simulator)) -> Self {
        let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
        let mut settings = settings(&simulator.base_url());
        settings.dev_token = Secret::new(simulator.token(Env::Dev));
        change(&mut settings, &simulator);
        let http = Arc::new(HttpClient::new(impatient()).unwrap());
        let connector = Arc::new(WorkatoConnector::connect(settings, &http));
        let writes = Provisioning::new(Arc::clone(&connector), true).impatient();
        Place {
            simulator,
            connector,
            writes,
        }
    }

    /// All environments, each with its token.
    pub async fn everywhere(model: AccessModel) -> Self {
        Place::with(model, |settings, simulator| {
            settings.environment = EnvironmentChoice::All;
            settings.test_token = Some(Secret::new(simulator.token(Env::Test)));
            settings.prod_token = Some(Secret::new(simulator.token(Env::Prod)));
        })
        .await
    }

    pub async fn resources(&self, kind: &str) -> Vec<v2::Resource> {
        let cx = SyncContext::detached();
        let page = self
            .connector
            .list_resources(&cx, kind, None, &PageToken::first())
            .await;
        page.unwrap().rows
    }

    pub async fn resource(&self, kind: &str, id: &str) -> v2::Resource {
        let all = self.resources(kind).await;
        let found = all.into_iter().find(|r| r.id.as_ref().unwrap().resource == id);
        found.unwrap_or_else(|| panic!("no {kind} {id}"))
    }

    pub async fn entitlements(&self, on: &v2::Resource) -> Vec<v2::Entitlement> {
        let cx = SyncContext::detached();
        let page = self.connector.list_entitlements(&cx, on, &PageToken::first()).await;
        page.unwrap().rows
    }

    pub async fn grants(&self, on: &v2::Resource) -> Vec<v2::Grant> {
        let cx = SyncContext::detached();
        let page = self.connector.list_grants(&cx, on, &PageToken::first()).await;
        page.unwrap().rows
    }

    pub async fn grant(&self, entitlement: &v2::Entitlement, principal: &v2::Resource) -> Result<Vec<Any>, Error> {
        let response = self.writes.grant(&grant_request(entitlement, principal)).await;
        response.map(|response| response.annotations)
    }

    pub async fn revoke(&self, grant: &v2::Grant) -> Result<Vec<Any>, Error> {
        let request = v2::GrantManagerServiceRevokeRequest {
            grant: Some(grant.clone()),
            annotations: Vec::new(),
        };
        self.writes.revoke(&request).await.map(|response| response.annotations)
    }

    /// Writes and says what changed.
    pub async fn write(&self, write: &Write) -> Result<WriteOutcome, Error> {
        self.writes.carry_out(write, Consent::Given).await
    }

    /// How many requests changed something, or tried to.
    pub fn changes(&self) -> usize {
        self.simulator.requests().0.iter().filter(|r| r.method != "GET").count()
    }
}

pub fn grant_request(entitlement: &v2::Entitlement, principal: &v2::Resource) -> v2::GrantManagerServiceGrantRequest {
    v2::GrantManagerServiceGrantRequest {
        entitlement: Some(entitlement.clone()),
        principal: Some(principal.clone()),
        annotations: Vec::new(),
    }
}

pub fn grant(entitlement: &v2::Entitlement, principal: &v2::Resource) -> Write {
    Write::Grant(grant_request(entitlement, principal))
}

pub fn revoke(entitlement: &v2::Entitlement, principal: &v2::Resource) -> Write {
    Write::Revoke(v2::GrantManagerServiceRevokeRequest {
        grant: Some(v2::Grant {
            entitlement: Some(entitlement.clone()),
            principal: Some(principal.clone()),
            ..Default::default()
        }),
        annotations: Vec::new(),
    })
}

pub fn delete(person: &v2::Resource) -> Write {
    Write::DeleteResource(v2::DeleteResourceRequest {
        resource_id: person.id.clone(),
        parent_resource_id: None,
    })
}

/// The names of annotations.
pub fn names(annotations: &[Any]) -> Vec<&str> {
    annotations
        .iter()
        .map(|a| name_of(a).rsplit('.').next().unwrap())
        .collect()
}

/// The changes as people read them.
pub fn said(told: &WriteOutcome) -> Vec<String> {
    told.changes.iter().map(ToString::to_string).collect()
}

pub fn principal_of(grant: &v2::Grant) -> &v2::ResourceId {
    grant.principal.as_ref().unwrap().id.as_ref().unwrap()
}

pub fn bare(id: &v2::ResourceId) -> v2::Resource {
    v2::Resource {
        id: Some(id.clone()),
        ..Default::default()
    }
}
