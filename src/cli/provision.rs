//! One write from the command line: grant, revoke, create an account, delete a resource (`contract/cli.md` 3). What is
//! named by id is looked up in `--file`, which is not changed. Success prints one line on stderr, nothing on stdout.

use std::path::Path;

use prost_types::value::Kind as ValueKind;
use serde_json::Value;

use super::sync::in_runtime;
use super::{Leave, command, connect, interrupt, unavailable, usage_error};
use crate::baton::annotation;
use crate::baton::c1z::Reader;
use crate::baton::config::Values;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::proto::v2::create_account_response::Result as Outcome;
use crate::baton::provision::Provisioning;
use crate::term::Terminal;
use crate::term::progress::{Display, Progress};
use crate::workato::{self, WorkatoConnector};
use tokio_util::sync::CancellationToken;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `--grant-entitlement`
    Grant,
    /// `--revoke-grant`
    Revoke,
    /// `--create-account-profile` or `--create-account-login`
    CreateAccount,
    /// `--delete-resource`
    DeleteResource,
}

/// The write that the settings ask for, if any; the first one in the published order (1.5).
pub fn mode(values: &Values) -> Option<Mode> {
    let order = [
        ("grant-entitlement", Mode::Grant),
        ("revoke-grant", Mode::Revoke),
        ("create-account-profile", Mode::CreateAccount),
        ("create-account-login", Mode::CreateAccount),
        ("delete-resource", Mode::DeleteResource),
    ];
    let chosen = order.into_iter().find(|(name, _)| !values.text(name).is_empty());
    chosen.map(|(_, mode)| mode)
}

/// Writes.
///
/// # Errors
/// `NotFound` for what the file does not have, those of the settings, and those of the connector.
pub fn run(terminal: &Terminal, values: &Values, mode: Mode, leave: Leave) -> Result<()> {
    unavailable::check(command::all_fields(), values)?;
    let settings = workato::config::settings(values)?;
    let limits = workato::config::limits(values);
    let said = in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(terminal, &cancel, leave)?;
        let progress = Progress::start(terminal, Display::Log);
        let (connector, _) = connect::connect(settings, limits, progress.observer())?;
        let writes = Provisioning::new(connector, true);
        let done = tokio::select! {
            done = write(&writes, values, mode) => done,
            () = cancel.cancelled() => Err(Error::new(Kind::Cancelled, "cancelled")
                .hint("the change may or may not have been made; sync to see")),
        };
        done.map_err(|error| interrupts.explain(error))
    })?;
    terminal.say(&said);
    Ok(())
}

async fn write(writes: &Provisioning<WorkatoConnector>, values: &Values, mode: Mode) -> Result<String> {
    let file = Path::new(values.text("file"));
    match mode {
        Mode::Grant => {
            let request = grant_request(file, values)?;
            let done = writes.grant(&request).await.context("grant")?;
            Ok(
                if annotation::find::<v2::GrantAlreadyExists>(&done.annotations).is_some() {
                    "Granted already.".to_owned()
                } else {
                    "Granted.".to_owned()
                },
            )
        }
        Mode::Revoke => {
            let request = revoke_request(file, values.text("revoke-grant"))?;
            let done = writes.revoke(&request).await.context("revoke")?;
            Ok(
                if annotation::find::<v2::GrantAlreadyRevoked>(&done.annotations).is_some() {
                    "Revoked already.".to_owned()
                } else {
                    "Revoked.".to_owned()
                },
            )
        }
        Mode::CreateAccount => {
            let request = account_request(values)?;
            let created = writes.create_account(&request).await.context("create the account")?;
            Ok(match created.result {
                Some(Outcome::AlreadyExists(_)) => "The account exists already.".to_owned(),
                Some(Outcome::ActionRequired(required)) => format!("Action required: {}.", required.message),
                Some(Outcome::InProgress(_)) => "The account is being created.".to_owned(),
                Some(Outcome::Success(_)) | None => "The account is created.".to_owned(),
            })
        }
        Mode::DeleteResource => {
            let kind = values.text("delete-resource-type");
            if kind.is_empty() {
                return Err(usage_error("--delete-resource-type is missing").hint("it goes with --delete-resource"));
            }
            let request = v2::DeleteResourceRequest {
                resource_id: Some(crate::baton::resource::id(
                    kind,
                    values.text("delete-resource").to_owned(),
                )),
                parent_resource_id: None,
            };
            let done = writes.delete_resource(&request).await.context("delete the resource")?;
            Ok(
                if annotation::find::<v2::ResourceDoesNotExist>(&done.annotations).is_some() {
                    "Gone already.".to_owned()
                } else {
                    "Deleted.".to_owned()
                },
            )
        }
    }
}

/// A file and the sync that finished last.
fn open(file: &Path) -> Result<(Reader, String)> {
    let reader = Reader::open(file, None)?;
    let run = reader.latest_finished()?.ok_or_else(|| {
        Error::new(
            Kind::FailedPrecondition,
            format!("{} holds no finished sync", file.display()),
        )
        .hint("sync first")
    })?;
    Ok((reader, run.sync_id))
}

fn grant_request(file: &Path, values: &Values) -> Result<v2::GrantManagerServiceGrantRequest> {
    let (entitlement, principal, kind) = (
        values.text("grant-entitlement"),
        values.text("grant-principal"),
        values.text("grant-principal-type"),
    );
    if kind.is_empty() {
        return Err(usage_error("--grant-principal-type is missing").hint("it goes with --grant-principal"));
    }
    let (reader, sync_id) = open(file)?;
    let found = reader.entitlement(&sync_id, entitlement)?;
    let found = found.ok_or_else(|| missing("entitlement", entitlement, file))?;
    let who = reader.resource(&sync_id, kind, principal)?;
    let who = who.ok_or_else(|| missing("resource", &format!("{kind}:{principal}"), file))?;
    Ok(v2::GrantManagerServiceGrantRequest {
        entitlement: Some(found),
        principal: Some(who),
        annotations: Vec::new(),
    })
}

fn revoke_request(file: &Path, id: &str) -> Result<v2::GrantManagerServiceRevokeRequest> {
    let (reader, sync_id) = open(file)?;
    let mut grant = reader.grant(&sync_id, id)?.ok_or_else(|| missing("grant", id, file))?;
    // Rows of grants name their entitlement by its id.
    let named = grant.entitlement.as_ref().map(|e| e.id.clone()).unwrap_or_default();
    let found = reader.entitlement(&sync_id, &named)?;
    grant.entitlement = Some(found.ok_or_else(|| missing("entitlement", &named, file))?);
    Ok(v2::GrantManagerServiceRevokeRequest {
        grant: Some(grant),
        annotations: Vec::new(),
    })
}

/// The form of a new account. Login and e-mail fill in what the profile does not say.
fn account_request(values: &Values) -> Result<v2::CreateAccountRequest> {
    let (login, email) = (values.text("create-account-login"), values.text("create-account-email"));
    let mut profile = match values.text("create-account-profile") {
        "" => serde_json::Map::new(),
        text => match serde_json::from_str(text) {
            Ok(Value::Object(profile)) => profile,
            _ => return Err(usage_error("--create-account-profile is not a JSON object")),
        },
    };
    for (name, text) in [("login", login), ("email", email)] {
        if !text.is_empty() && !profile.contains_key(name) {
            profile.insert(name.to_owned(), text.into());
        }
    }
    let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let emails = Some(text("email")).filter(|e| !e.is_empty()).into_iter();
    Ok(v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo {
            emails: emails
                .map(|address| v2::account_info::Email {
                    address,
                    is_primary: true,
                })
                .collect(),
            login: text("login"),
            login_aliases: Vec::new(),
            profile: Some(prost_types::Struct {
                fields: profile.into_iter().map(|(name, value)| (name, wire(value))).collect(),
            }),
        }),
        credential_options: None,
        encryption_configs: Vec::new(),
        resource_type_id: values.text("create-account-resource-type").to_owned(),
    })
}

fn wire(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => ValueKind::NullValue(0),
        Value::Bool(yes) => ValueKind::BoolValue(yes),
        Value::Number(number) => ValueKind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => ValueKind::StringValue(text),
        Value::Array(values) => ValueKind::ListValue(prost_types::ListValue {
            values: values.into_iter().map(wire).collect(),
        }),
        Value::Object(fields) => ValueKind::StructValue(prost_types::Struct {
            fields: fields.into_iter().map(|(name, value)| (name, wire(value))).collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

fn missing(what: &str, id: &str, file: &Path) -> Error {
    Error::new(Kind::NotFound, format!("{} has no {what} {id}", file.display()))
        .hint("ids are those of the last sync; sync again, or name another --file")
}
