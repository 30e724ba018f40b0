//! Writes, as they are asked for from outside: the checks, the switch and the repeats that stand before a
//! [`Provisioner`]. Service mode, the gRPC services and the one-shot flags go through here, so that all of them answer
//! the same (`baton/service/protocol.md 4.2 to 4.5`).

use std::sync::Arc;
use std::time::Duration;

use prost_types::Struct;

use crate::baton::action::{self, Arguments, Runs};
use crate::baton::change::{Change, Changes, Consent, Request};
use crate::baton::code;
use crate::baton::connector::{AccountOutcome, CreatedAccount, NewAccount, Provisioner, SyncContext, unsupported};
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::proto::v2;
use crate::baton::proto::v2::create_account_response::{
    ActionRequiredResult, AlreadyExistsResult, InProgressResult, Result as Outcome, SuccessResult,
};
use crate::baton::proto::v2::{credential_options, local_credential_options};
use crate::baton::seal::{NewSecret, Seals};

/// How often a grant or revoke is repeated when the other side is out of reach (`baton/service/protocol.md 4.3`).
const REPEATS: u32 = 3;
/// The wait grows by this much each time.
const STEP: Duration = Duration::from_secs(15);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// One write, for callers that want to know what it changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Gives an entitlement.
    Grant(v2::GrantManagerServiceGrantRequest),
    /// Takes a grant away.
    Revoke(v2::GrantManagerServiceRevokeRequest),
    /// Creates an account.
    CreateAccount(v2::CreateAccountRequest),
    /// Deletes a resource.
    DeleteResource(v2::DeleteResourceRequest),
    /// Makes a credential anew, and hands it over as it is: the caller is in this process.
    Rotate(v2::ResourceId),
    /// Carries an action out.
    Act(v2::InvokeActionRequest),
}

/// What a write did, or would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteOutcome {
    /// What changed, or why nothing had to.
    pub changes: Vec<Change>,
    /// What would be sent; only after a rehearsal.
    pub requests: Vec<Request>,
    /// What somebody must do now, as a sentence without its full stop.
    pub next: Option<String>,
    /// Secrets that were made.
    pub secrets: Vec<NewSecret>,
    /// What an action answered.
    pub response: Option<Struct>,
    /// Commands that take it back.
    pub undo: Vec<String>,
}

/// An action that was asked for, as it is answered.
#[derive(Debug)]
pub struct Invoked {
    /// The answer of the service.
    pub response: v2::InvokeActionResponse,
    /// Why it failed, if it did.
    pub failure: Option<Error>,
}

/// What came of a write besides its changes.
#[derive(Default)]
struct Done {
    next: Option<String>,
    secrets: Vec<NewSecret>,
    response: Option<Struct>,
}

/// Writes through one connector.
#[derive(Debug)]
pub struct Provisioning<C> {
    connector: Arc<C>,
    enabled: bool,
    repeats: u32,
    runs: Runs,
}

impl<C> Clone for Provisioning<C> {
    fn clone(&self) -> Self {
        Provisioning {
            connector: Arc::clone(&self.connector),
            enabled: self.enabled,
            repeats: self.repeats,
            runs: self.runs.clone(),
        }
    }
}

impl<C: Provisioner> Provisioning<C> {
    /// Writes are refused unless `enabled` (`--provisioning`).
    pub fn new(connector: Arc<C>, enabled: bool) -> Self {
        Provisioning {
            connector,
            enabled,
            repeats: REPEATS,
            runs: Runs::default(),
        }
    }

    /// Leaves it at one attempt of a grant or revoke, for somebody who waits for the answer.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.repeats = 0;
        self
    }

    /// Grants. Repeated while the other side is out of reach.
    ///
    /// # Errors
    /// `FailedPrecondition` when writes are off, here and below; `InvalidArgument` for a request without entitlement
    /// or principal; those of the connector.
    pub async fn grant(
        &self,
        request: &v2::GrantManagerServiceGrantRequest,
    ) -> Result<v2::GrantManagerServiceGrantResponse> {
        logged(async |changes| self.grant_with(request, changes).await).await
    }

    /// Revokes. Repeated while the other side is out of reach.
    ///
    /// # Errors
    /// As [`Provisioning::grant`].
    pub async fn revoke(
        &self,
        request: &v2::GrantManagerServiceRevokeRequest,
    ) -> Result<v2::GrantManagerServiceRevokeResponse> {
        logged(async |changes| self.revoke_with(request, changes).await).await
    }

    /// Creates an account, once.
    ///
    /// # Errors
    /// As [`Provisioning::grant`]; `InvalidArgument` for credential options without an arm, and for encrypted
    /// passwords, which this program has no key for.
    pub async fn create_account(&self, request: &v2::CreateAccountRequest) -> Result<v2::CreateAccountResponse> {
        logged(async |changes| self.create_account_with(request, changes).await).await
    }

    /// Deletes a resource, once.
    ///
    /// # Errors
    /// As [`Provisioning::grant`]; `InvalidArgument` for an id without type or number.
    pub async fn delete_resource(&self, request: &v2::DeleteResourceRequest) -> Result<v2::DeleteResourceResponse> {
        logged(async |changes| self.delete_resource_with(request, changes).await).await
    }

    /// Carries a write out, under a consent, and says what changed.
    ///
    /// # Errors
    /// As the methods above; `FailedPrecondition` for a change that the consent does not name.
    pub async fn carry_out(&self, write: &Write, consent: Consent) -> Result<WriteOutcome> {
        let changes = Arc::new(Changes::new(consent));
        let done = self.write(write, &changes).await.map_err(|error| {
            let told: Vec<String> = changes.told().iter().map(ToString::to_string).collect();
            match told.is_empty() {
                true => error,
                false => error.also_hint(format!("done before that: {}", told.join("; "))),
            }
        })?;
        Ok(WriteOutcome {
            changes: changes.told(),
            requests: Vec::new(),
            next: done.next,
            secrets: done.secrets,
            response: done.response,
            undo: changes.undo(),
        })
    }

    /// What a write would change, and the requests it would send. What there is is read, nothing is changed.
    ///
    /// # Errors
    /// As [`Provisioning::carry_out`].
    pub async fn rehearse(&self, write: &Write) -> Result<WriteOutcome> {
        let changes = Arc::new(Changes::new(Consent::Rehearsal));
        let done = self.write(write, &changes).await;
        let (proposed, requests): (Vec<_>, Vec<_>) = changes.proposed().into_iter().unzip();
        if requests.is_empty() {
            done?;
        }
        Ok(WriteOutcome {
            changes: [proposed, changes.told()].concat(),
            requests,
            undo: changes.undo(),
            ..WriteOutcome::default()
        })
    }

    async fn write(&self, write: &Write, changes: &Arc<Changes>) -> Result<Done> {
        let mut done = Done::default();
        match write {
            Write::Grant(request) => drop(self.grant_with(request, changes).await?),
            Write::Revoke(request) => drop(self.revoke_with(request, changes).await?),
            Write::DeleteResource(request) => drop(self.delete_resource_with(request, changes).await?),
            Write::CreateAccount(request) => {
                let created = self.create_account_with(request, changes).await?;
                done.next = match created.result {
                    Some(Outcome::ActionRequired(required)) => Some(required.message),
                    Some(Outcome::InProgress(_)) => Some("the account is being created".to_owned()),
                    _ => None,
                };
            }
            Write::Rotate(id) => done.secrets = self.rotate_with(id, changes).await?,
            Write::Act(request) => {
                self.check()?;
                let (action, args) = self.action(request)?;
                let cx = SyncContext::writing(changes);
                let response = self.connector.act(&cx, &action.name, Arguments(&args)).await?;
                done.response = Some(response);
            }
        }
        Ok(done)
    }

    async fn grant_with(
        &self,
        request: &v2::GrantManagerServiceGrantRequest,
        changes: &Arc<Changes>,
    ) -> Result<v2::GrantManagerServiceGrantResponse> {
        self.check()?;
        let entitlement = request.entitlement.as_ref().filter(|e| !e.id.is_empty());
        let entitlement = entitlement.ok_or_else(|| malformed("a grant names no entitlement"))?;
        let principal = request.principal.as_ref().filter(|p| p.id.is_some());
        let principal = principal.ok_or_else(|| malformed("a grant names no principal"))?;
        let mut patience = Patience::new(self.repeats);
        let granted = loop {
            let cx = SyncContext::writing(changes);
            match self.connector.grant(&cx, principal, entitlement).await {
                Ok(granted) => break granted,
                Err(error) => patience.after(error).await?,
            }
        };
        Ok(v2::GrantManagerServiceGrantResponse {
            annotations: granted.annotations,
            grants: granted.grants,
        })
    }

    async fn revoke_with(
        &self,
        request: &v2::GrantManagerServiceRevokeRequest,
        changes: &Arc<Changes>,
    ) -> Result<v2::GrantManagerServiceRevokeResponse> {
        self.check()?;
        let grant = request.grant.as_ref();
        let grant = grant.filter(|g| g.entitlement.is_some() && g.principal.is_some());
        let grant = grant.ok_or_else(|| malformed("a revocation names no grant with entitlement and principal"))?;
        let mut patience = Patience::new(self.repeats);
        let annotations = loop {
            let cx = SyncContext::writing(changes);
            match self.connector.revoke(&cx, grant).await {
                Ok(annotations) => break annotations,
                Err(error) => patience.after(error).await?,
            }
        };
        Ok(v2::GrantManagerServiceRevokeResponse { annotations })
    }

    async fn create_account_with(
        &self,
        request: &v2::CreateAccountRequest,
        changes: &Arc<Changes>,
    ) -> Result<v2::CreateAccountResponse> {
        self.check()?;
        let info = request.account_info.as_ref();
        let info = info.ok_or_else(|| malformed("an account to create has no account info"))?;
        let credentials = request.credential_options.as_ref().map(local).transpose()?;
        let account = NewAccount {
            info,
            credentials: credentials.as_ref(),
            resource_type: &request.resource_type_id,
        };
        let cx = SyncContext::writing(changes);
        let created = self.connector.create_account(&cx, &account).await?;
        Ok(response(created))
    }

    async fn delete_resource_with(
        &self,
        request: &v2::DeleteResourceRequest,
        changes: &Arc<Changes>,
    ) -> Result<v2::DeleteResourceResponse> {
        self.check()?;
        let id = request.resource_id.as_ref();
        let id = id.filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty());
        let id = id.ok_or_else(|| malformed("a resource to delete has no id"))?;
        let parent = request.parent_resource_id.as_ref();
        let cx = SyncContext::writing(changes);
        let annotations = self.connector.delete_resource(&cx, id, parent).await?;
        Ok(v2::DeleteResourceResponse { annotations })
    }

    /// Creates no resource: no connector of this kit does.
    ///
    /// # Errors
    /// Always: `FailedPrecondition` when writes are off, otherwise `Unimplemented`.
    pub fn create_resource(&self, request: &v2::CreateResourceRequest) -> Result<v2::CreateResourceResponse> {
        self.check()?;
        let id = request.resource.as_ref().and_then(|r| r.id.as_ref());
        Err(unsupported(type_name(id), "does not have resource Create() configured"))
    }

    /// Makes a credential anew, once, and encrypts it to every key of the request. The keys are read before.
    ///
    /// # Errors
    /// As [`Provisioning::grant`]; `Unimplemented` for a type whose credentials cannot be made anew; `InvalidArgument`
    /// without a key that it could be encrypted to, and for a password that is sent along.
    pub async fn rotate_credential(
        &self,
        request: &v2::RotateCredentialRequest,
    ) -> Result<v2::RotateCredentialResponse> {
        self.check()?;
        let id = self.rotatable(request.resource_id.as_ref())?;
        let options = request
            .credential_options
            .as_ref()
            .and_then(|options| options.options.as_ref());
        if let Some(credential_options::Options::EncryptedPassword(_)) = options {
            return Err(malformed("a password was sent, but this connector takes none"));
        }
        let seals = Seals::of(&request.encryption_configs)?;
        let secrets = logged(async |changes| self.rotate_with(id, changes).await).await?;
        let mut encrypted_data = Vec::new();
        for secret in &secrets {
            encrypted_data.extend(seals.seal(secret)?);
        }
        Ok(v2::RotateCredentialResponse {
            encrypted_data,
            resource_id: Some(id.clone()),
            annotations: Vec::new(),
        })
    }

    async fn rotate_with(&self, id: &v2::ResourceId, changes: &Arc<Changes>) -> Result<Vec<NewSecret>> {
        self.check()?;
        let id = self.rotatable(Some(id))?;
        self.connector.rotate(&SyncContext::writing(changes), id).await
    }

    fn rotatable<'r>(&self, id: Option<&'r v2::ResourceId>) -> Result<&'r v2::ResourceId> {
        if !self.connector.rotates(type_name(id)) {
            return Err(unsupported(type_name(id), "does not support credential rotation"));
        }
        let id = id.filter(|id| !id.resource.is_empty());
        id.ok_or_else(|| malformed("a credential to make anew has no id"))
    }

    /// The actions, of one resource type where the request names one.
    pub fn action_schemas(&self, request: &v2::ListActionSchemasRequest) -> v2::ListActionSchemasResponse {
        let of = &request.resource_type_id;
        let mut schemas = self.connector.actions();
        schemas.retain(|action| of.is_empty() || action.resource_type_id == *of);
        v2::ListActionSchemasResponse {
            schemas,
            annotations: Vec::new(),
        }
    }

    /// One action.
    ///
    /// # Errors
    /// `NotFound` where there is none of that name.
    pub fn action_schema(&self, request: &v2::GetActionSchemaRequest) -> Result<v2::GetActionSchemaResponse> {
        let actions = self.connector.actions();
        Ok(v2::GetActionSchemaResponse {
            schema: Some(action::find(&actions, &request.name, "")?.clone()),
            annotations: Vec::new(),
        })
    }

    /// The action that a request names, and its arguments once they fit it.
    fn action(&self, request: &v2::InvokeActionRequest) -> Result<(v2::BatonActionSchema, Struct)> {
        let actions = self.connector.actions();
        let found = action::find(&actions, &request.name, &request.resource_type_id)?.clone();
        let args = request.args.clone().unwrap_or_default();
        action::check(&found, &args)?;
        Ok((found, args))
    }

    /// Carries an action out, once, and waits for it a while.
    ///
    /// # Errors
    /// `NotFound` for an action that there is not; `FailedPrecondition` when writes are off; `InvalidArgument` for
    /// arguments that it does not take. Its own failure is an answer.
    pub async fn invoke_action(&self, request: &v2::InvokeActionRequest) -> Result<Invoked> {
        let (found, args) = self.action(request)?;
        self.check()?;
        let wait = request.inline_wait.as_ref();
        let patience = wait
            .and_then(|wait| u64::try_from(wait.seconds).ok())
            .map(Duration::from_secs);
        let connector = Arc::clone(&self.connector);
        let name = found.name.clone();
        let work = async move {
            let changes = Arc::new(Changes::default());
            let cx = SyncContext::writing(&changes);
            let done = connector.act(&cx, &found.name, Arguments(&args)).await;
            tell(&changes);
            done
        };
        let (id, run) = self.runs.begin(&name, patience, work).await;
        let failure = run.failure.map(|(kind, code, message)| {
            tracing::warn!(
                code = code.number(),
                action = name.as_str(),
                error = message.as_str(),
                "Action failed."
            );
            Error::new(kind, message).code(code)
        });
        Ok(Invoked {
            response: v2::InvokeActionResponse {
                id,
                status: run.status.into(),
                annotations: Vec::new(),
                response: run.response,
                name,
            },
            failure,
        })
    }

    /// How far a run is that [`Provisioning::invoke_action`] began.
    ///
    /// # Errors
    /// `NotFound` for an id that was given to nobody, or for another action.
    pub fn action_status(&self, request: &v2::GetActionStatusRequest) -> Result<v2::GetActionStatusResponse> {
        let run = self.runs.find(&request.id, &request.name)?;
        Ok(v2::GetActionStatusResponse {
            name: run.name,
            id: request.id.clone(),
            status: run.status.into(),
            annotations: Vec::new(),
            response: run.response,
        })
    }

    /// Issues no credential.
    ///
    /// # Errors
    /// As [`Provisioning::create_resource`].
    pub fn issue_credential(&self, request: &v2::IssueCredentialRequest) -> Result<v2::IssueCredentialResponse> {
        self.check()?;
        Err(unsupported(
            type_name(request.identity_id.as_ref()),
            "does not support issuing credentials",
        ))
    }

    fn check(&self) -> Result<()> {
        if self.enabled {
            return Ok(());
        }
        Err(Error::new(Kind::FailedPrecondition, "provisioning is not enabled")
            .code(code::PROVISIONING_OFF)
            .hint("start the connector with --provisioning (BATON_PROVISIONING=true)"))
    }
}

/// Runs a write and logs what it changed: where nobody waits for the words.
async fn logged<T>(write: impl AsyncFnOnce(&Arc<Changes>) -> Result<T>) -> Result<T> {
    let changes = Arc::new(Changes::default());
    let done = write(&changes).await?;
    tell(&changes);
    Ok(done)
}

fn tell(changes: &Changes) {
    for change in changes.told() {
        tracing::info!(%change, "Access written.");
    }
}

/// Waits between repeats of a call that failed because the other side was out of reach: 15, 30 and 45 seconds or the
/// time it named, at most a minute.
struct Patience {
    repeats: u32,
    most: u32,
}

impl Patience {
    fn new(most: u32) -> Self {
        Patience { repeats: 0, most }
    }

    /// Ends when the call is to be repeated.
    ///
    /// # Errors
    /// The error itself, when it is final.
    async fn after(&mut self, error: Error) -> Result<()> {
        if self.repeats == self.most || !matches!(error.kind(), Kind::Unavailable | Kind::DeadlineExceeded) {
            return Err(error);
        }
        self.repeats += 1;
        let wait = match error.may_retry() {
            Retry::After(wait) => wait,
            _ => STEP * self.repeats,
        };
        let wait = wait.min(LONGEST);
        tracing::warn!(code = error.code_id().number(), %error, ?wait, "A write failed and is repeated.");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// What a connector gets to see of credential options.
fn local(options: &v2::CredentialOptions) -> Result<v2::LocalCredentialOptions> {
    use credential_options::Options as Wanted;
    use local_credential_options::{NoPassword, Options, RandomPassword, Sso};
    let options_of = |o| match o {
        Wanted::RandomPassword(random) => Ok(Options::RandomPassword(RandomPassword {
            length: random.length,
            constraints: random.constraints,
        })),
        Wanted::NoPassword(_) => Ok(Options::NoPassword(NoPassword::default())),
        Wanted::Sso(sso) => Ok(Options::Sso(Sso {
            sso_provider: sso.sso_provider,
        })),
        Wanted::EncryptedPassword(_) => Err(malformed("a password was sent, but this connector takes none")),
    };
    let wanted = options.options.clone();
    let wanted = wanted.ok_or_else(|| malformed("the credential options name no way to log in"))?;
    Ok(v2::LocalCredentialOptions {
        force_change_at_next_login: options.force_change_at_next_login,
        options: Some(options_of(wanted)?),
    })
}

fn response(created: CreatedAccount) -> v2::CreateAccountResponse {
    let is_create_account_result = true;
    let result = match created.outcome {
        AccountOutcome::Created {
            resource,
            invitation_expires_at,
        } => Outcome::Success(SuccessResult {
            resource: Some(resource),
            is_create_account_result,
            invitation_expires_at,
        }),
        AccountOutcome::ActionRequired { resource, message } => Outcome::ActionRequired(ActionRequiredResult {
            resource,
            message,
            is_create_account_result,
        }),
        AccountOutcome::AlreadyExists { resource } => Outcome::AlreadyExists(AlreadyExistsResult {
            resource: Some(resource),
            is_create_account_result,
        }),
        AccountOutcome::InProgress { resource } => Outcome::InProgress(InProgressResult {
            resource,
            is_create_account_result,
        }),
    };
    v2::CreateAccountResponse {
        encrypted_data: Vec::new(),
        annotations: created.annotations,
        result: Some(result),
    }
}

fn type_name(id: Option<&v2::ResourceId>) -> &str {
    id.map_or("", |id| id.resource_type.as_str())
}

fn malformed(message: &'static str) -> Error {
    Error::new(Kind::InvalidArgument, message)
}
