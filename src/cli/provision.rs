//! One write from the command line: grant, revoke, create an account, delete a resource, make a credential anew, carry an
//! action out (`baton/config/published.md 3`). What is named by id is looked up in `--file`, which is not changed. Success prints
//! what changed on stderr, nothing on stdout.

use std::path::Path;

use serde_json::Value;

use super::grant::emitting;
use super::values::wire;
use super::write::{self, Approval, WriteRequest};
use super::{actions, fields, unavailable, usage_error};
use crate::baton::c1z::Reader;
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::config::setting::{Setting, Text};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::provision::Write;
use crate::baton::resource;
use crate::term::Terminal;
use crate::workato;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `--grant-entitlement`
    Grant,
    /// `--revoke-grant`
    Revoke,
    /// `--create-account-profile` or `--create-account-login`
    CreateAccount,
    /// `--invoke-action`
    InvokeAction,
    /// `--list-action-schemas`
    ListActions,
    /// `--delete-resource`
    DeleteResource,
    /// `--rotate-credentials`
    Rotate,
}

/// The write that the settings ask for, if any; the first one in the published order (`baton/config/published.md 1.5`).
pub fn mode(values: &Values) -> Option<Mode> {
    let first = [
        (kit::GRANT_ENTITLEMENT, Mode::Grant),
        (kit::REVOKE_GRANT, Mode::Revoke),
        (kit::CREATE_ACCOUNT_PROFILE, Mode::CreateAccount),
        (kit::CREATE_ACCOUNT_LOGIN, Mode::CreateAccount),
        (kit::INVOKE_ACTION, Mode::InvokeAction),
    ];
    let last = [
        (kit::DELETE_RESOURCE, Mode::DeleteResource),
        (kit::ROTATE_CREDENTIALS, Mode::Rotate),
    ];
    let lists = kit::LIST_ACTION_SCHEMAS.of(values).then_some(Mode::ListActions);
    let texts = |all: &[(Setting<Text>, Mode)]| {
        let chosen = all.iter().find(|(setting, _)| !setting.of(values).is_empty());
        chosen.map(|(_, mode)| *mode)
    };
    texts(&first).or(lists).or_else(|| texts(&last))
}

/// Writes.
///
/// # Errors
/// `NotFound` for what the file does not have, those of the settings, and those of the connector.
pub fn run(terminal: &Terminal, values: &Values, mode: Mode) -> Result<()> {
    unavailable::check(fields::all(), values)?;
    let mut settings = workato::config::settings(values)?;
    let file = Path::new(kit::FILE.of(values));
    let (mut secret_file, mut undo_file) = (None, None);
    let (write, doing, on) = match mode {
        Mode::ListActions => {
            unavailable::no_dry_run(values)?;
            return terminal.data(&actions::schemas(kit::LIST_ACTION_SCHEMAS_RESOURCE_TYPE.of(values))?);
        }
        Mode::InvokeAction => {
            let request = actions::request(values)?;
            undo_file = Some(actions::undo_file(values, &request));
            (Write::Act(request), "carry the action out", None)
        }
        Mode::Rotate => {
            let id = actions::rotated(values)?;
            secret_file = Some(actions::secret_file(values, &id));
            (Write::Rotate(id), "make the credential anew", None)
        }
        Mode::Grant => {
            let request = grant_request(file, values)?;
            let on = request.entitlement.as_ref().and_then(|e| e.resource.clone());
            (Write::Grant(request), "grant", on)
        }
        Mode::Revoke => {
            let request = revoke_request(file, kit::REVOKE_GRANT.of(values))?;
            let entitlement = request.grant.as_ref().and_then(|g| g.entitlement.as_ref());
            let on = entitlement.and_then(|e| e.resource.clone());
            (Write::Revoke(request), "revoke", on)
        }
        Mode::CreateAccount => (
            Write::CreateAccount(account_request(values)?),
            "create the account",
            None,
        ),
        Mode::DeleteResource => (
            Write::DeleteResource(deletion_request(values)?),
            "delete the resource",
            None,
        ),
    };
    if let (false, Some(environment)) = (workato::config::ENV.is_set(values), on.as_ref().and_then(emitting)) {
        settings.environment = environment;
    }
    let how = match kit::DRY_RUN.of(values) {
        true => Approval::Rehearsed,
        false => Approval::Now,
    };
    let order = WriteRequest {
        writes: &[write],
        doing,
        how,
        patient: true,
        secret_file,
        undo_file,
    };
    write::run(terminal, values, settings, &order)
}

fn deletion_request(values: &Values) -> Result<v2::DeleteResourceRequest> {
    let kind = kit::DELETE_RESOURCE_TYPE.of(values);
    if kind.is_empty() {
        return Err(usage_error("--delete-resource-type is missing").hint("it goes with --delete-resource"));
    }
    Ok(v2::DeleteResourceRequest {
        resource_id: Some(resource::id(kind, kit::DELETE_RESOURCE.of(values).to_owned())),
        parent_resource_id: None,
    })
}

/// A file and the sync that finished last.
fn open(file: &Path) -> Result<(Reader, String)> {
    let reader = Reader::open(file, None)?;
    let run = reader.latest_finished()?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("{} holds no finished sync", file.display()))
            .code(crate::baton::code::NO_FINISHED_SYNC)
            .hint("sync first")
    })?;
    Ok((reader, run.sync_id))
}

fn grant_request(file: &Path, values: &Values) -> Result<v2::GrantManagerServiceGrantRequest> {
    let (entitlement, principal, kind) = (
        kit::GRANT_ENTITLEMENT.of(values),
        kit::GRANT_PRINCIPAL.of(values),
        kit::GRANT_PRINCIPAL_TYPE.of(values),
    );
    if kind.is_empty() {
        return Err(usage_error("--grant-principal-type is missing").hint("it goes with --grant-principal"));
    }
    let (reader, sync_id) = open(file)?;
    let found = right(&reader, &sync_id, entitlement, file)?;
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
    revocation(&reader, &sync_id, id, file)
}

/// The revocation of a grant by its id, with all that the sync says of it.
///
/// # Errors
/// `NotFound` for what the sync does not have; `DataLoss` for a damaged file.
pub fn revocation(
    reader: &Reader,
    sync_id: &str,
    id: &str,
    file: &Path,
) -> Result<v2::GrantManagerServiceRevokeRequest> {
    let mut grant = reader.grant(sync_id, id)?.ok_or_else(|| missing("grant", id, file))?;
    // Rows of grants name their entitlement by its id.
    let named = grant.entitlement.as_ref().map(|e| e.id.clone()).unwrap_or_default();
    grant.entitlement = Some(right(reader, sync_id, &named, file)?);
    let who = grant.principal.as_ref().map(resource::key).unwrap_or_default();
    if let Some(principal) = reader.resource(sync_id, who.0, who.1)? {
        grant.principal = Some(principal);
    }
    Ok(v2::GrantManagerServiceRevokeRequest {
        grant: Some(grant),
        annotations: Vec::new(),
    })
}

/// An entitlement with the whole resource it is on: its row may name that by id only.
fn right(reader: &Reader, sync_id: &str, id: &str, file: &Path) -> Result<v2::Entitlement> {
    let found = reader.entitlement(sync_id, id)?;
    let mut found = found.ok_or_else(|| missing("entitlement", id, file))?;
    let on = found.resource.as_ref().map(resource::key).unwrap_or_default();
    if let Some(on) = reader.resource(sync_id, on.0, on.1)? {
        found.resource = Some(on);
    }
    Ok(found)
}

/// The form of a new account. Login and e-mail fill in what the profile does not say.
fn account_request(values: &Values) -> Result<v2::CreateAccountRequest> {
    let (login, email) = (
        kit::CREATE_ACCOUNT_LOGIN.of(values),
        kit::CREATE_ACCOUNT_EMAIL.of(values),
    );
    let mut profile = match kit::CREATE_ACCOUNT_PROFILE.of(values) {
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
        resource_type_id: kit::CREATE_ACCOUNT_RESOURCE_TYPE.of(values).to_owned(),
    })
}

fn missing(what: &str, id: &str, file: &Path) -> Error {
    Error::new(Kind::NotFound, format!("{} has no {what} {id}", file.display()))
        .code(crate::baton::code::NOT_IN_FILE)
        .hint("ids are those of the last sync; sync again, or name another --file")
}
