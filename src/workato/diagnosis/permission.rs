//! One check for each endpoint and token: may it be read, which checkbox does it need, what is lost without it.

use std::collections::BTreeSet;

use super::environments;
use super::model::{Model, Refused};
use super::rows::{Answers, Reply};
use super::token;
use crate::baton::diagnosis::{Check, Group, Status};
use crate::baton::error::{Error, Kind};
use crate::workato::access_model::is_refusal;
use crate::workato::client::endpoint::{
    API_CLIENT_ROLES, API_CLIENTS, CONNECTIONS, ENVIRONMENT_ROLE, ENVIRONMENT_ROLES, Endpoint, FOLDERS, LEGACY_ROLES,
    MEMBER_PRIVILEGES, MEMBERS, PROJECT_GRANTS, PROJECT_ROLE, PROJECT_ROLES, PROJECTS, USER_GROUP_MEMBERS, USER_GROUPS,
    WORKSPACE_DETAILS,
};
use crate::workato::settings::{Environment, Settings};
use crate::workato::{code, family, token_environment};

/// Endpoints that only the DEV token reads, in the order they are shown.
static OF_DEV: [&Endpoint; 11] = [
    &MEMBERS,
    &ENVIRONMENT_ROLES,
    &LEGACY_ROLES,
    &MEMBER_PRIVILEGES,
    &ENVIRONMENT_ROLE,
    &PROJECT_ROLES,
    &PROJECT_ROLE,
    &USER_GROUPS,
    &USER_GROUP_MEMBERS,
    &API_CLIENTS,
    &API_CLIENT_ROLES,
];
/// Endpoints that every token reads for its environment.
static OF_EVERY: [&Endpoint; 4] = [&PROJECTS, &PROJECT_GRANTS, &FOLDERS, &CONNECTIONS];

/// What the previous sync of the same file read: a refusal of that fails the next one.
pub struct Before<'a> {
    /// The families, by the names that syncs record.
    pub families: &'a BTreeSet<String>,
    /// When it ended.
    pub ended_at: Option<&'a str>,
}

/// What a refusal of an endpoint means.
enum Refusal {
    /// The workspace has nothing of the kind.
    Absent(&'static str),
    /// A sync fails.
    Fatal,
    /// A sync goes on without it.
    Missing,
    /// No sync needs it.
    Harmless,
}

/// The checks of all endpoints.
pub fn checks(settings: &Settings, rows: &Answers, model: &Model, before: &Before<'_>) -> Vec<Check> {
    let dev = Environment::dev();
    let line = |endpoint: &'static Endpoint, environment: &Environment, refusal: Refusal| Line {
        endpoint,
        environment: environment.clone(),
        refusal,
        recorded: recorded_as(endpoint, environment).filter(|name| before.families.contains(name)),
        ended_at: before.ended_at,
    };
    let of_dev = |endpoint, refusal| line(endpoint, &dev, refusal);
    let missing = || Refusal::Missing;
    let v2 = || match model.has_v2 {
        true => Refusal::Missing,
        false => Refusal::Absent("not in a legacy workspace"),
    };
    let of_lists = |refused: Refused, why: &'static str| match refused {
        Refused::Absent => Refusal::Absent(why),
        Refused::Fatal => Refusal::Fatal,
        Refused::Missing => Refusal::Missing,
    };
    let environment_roles = of_lists(model.environment_roles, "not in a legacy workspace");
    let legacy_roles = of_lists(model.legacy_roles, "not in a workspace of RBAC v2");
    let mut checks = vec![
        of_dev(&MEMBERS, Refusal::Fatal).of_list(&rows.members),
        of_dev(&ENVIRONMENT_ROLES, environment_roles).of_list(&rows.environment_roles),
        of_dev(&LEGACY_ROLES, legacy_roles).of_list(&rows.legacy_roles),
        of_dev(&MEMBER_PRIVILEGES, missing()).of_one(&rows.privileges),
        of_dev(&ENVIRONMENT_ROLE, missing()).of_one(&rows.environment_role),
        of_dev(&PROJECT_ROLES, v2()).of_list(&rows.project_roles),
        of_dev(&PROJECT_ROLE, missing()).of_one(&rows.project_role),
        of_dev(&USER_GROUPS, v2()).of_list(&rows.groups),
        of_dev(&USER_GROUP_MEMBERS, missing()).of_one(&rows.group_members),
        of_dev(&API_CLIENTS, missing()).of_list(&rows.api_clients),
        of_dev(&API_CLIENT_ROLES, missing()).of_list(&rows.api_client_roles),
        of_dev(&WORKSPACE_DETAILS, Refusal::Harmless).of_one(&rows.workspace),
    ];
    if let Some(why) = token::hides_dev_only(rows) {
        hide(&mut checks, why);
    }
    for (environment, content) in token::all().iter().filter_map(|e| Some((e, rows.content.get(e)?))) {
        let of = |endpoint, refusal| line(endpoint, environment, refusal);
        let mut own = vec![
            of(&PROJECTS, missing()).of_list(&content.projects),
            of(&PROJECT_GRANTS, v2()).of_one(&content.grants),
            of(&FOLDERS, missing()).of_list(&content.folders),
            of(&CONNECTIONS, missing()).of_list(&content.connections),
        ];
        let mut statuses = content.statuses();
        if *environment == dev {
            statuses.extend(rows.dev_only_statuses());
        }
        if token::is_rejected(&statuses) {
            hide(&mut own, "the token is not accepted");
        }
        checks.extend(own);
    }
    checks.extend(without_token(settings, rows));
    checks
}

/// The checks when nobody was asked at all, and why.
pub fn nobody_asked(settings: &Settings, why: &str) -> Vec<Check> {
    let dev = Environment::dev();
    let of_dev = OF_DEV.into_iter().map(|endpoint| (endpoint, dev.clone()));
    let with_token = environments(settings)
        .into_iter()
        .filter(|e| token::of(settings, e).is_some());
    let of_every = with_token.flat_map(|e| OF_EVERY.into_iter().map(move |endpoint| (endpoint, e.clone())));
    let skipped = |(endpoint, environment): (&'static Endpoint, Environment)| named(endpoint, &environment, why);
    of_dev.chain(of_every).map(skipped).collect()
}

fn named(endpoint: &Endpoint, environment: &Environment, seen: impl Into<String>) -> Check {
    Check::skipped(Group::Permissions, endpoint.name, seen)
        .environment(environment.as_str())
        .needs(endpoint.checkbox)
}

/// What is said of the token is said once: its refusals are no news about single checkboxes.
fn hide(checks: &mut [Check], why: &str) {
    for check in checks
        .iter_mut()
        .filter(|check| check.kind == Some(Kind::PermissionDenied))
    {
        check.status = Status::Skipped;
        check.kind = None;
        check.code = None;
        check.lost = None;
        check.todo = None;
        why.clone_into(&mut check.seen);
    }
}

/// An endpoint as it is about to be judged.
struct Line<'a> {
    endpoint: &'static Endpoint,
    environment: Environment,
    refusal: Refusal,
    /// The name under which the previous sync recorded that it read this.
    recorded: Option<String>,
    ended_at: Option<&'a str>,
}

impl Line<'_> {
    /// A list, of which the first page was read.
    fn of_list<T>(self, reply: &Reply<Vec<T>>) -> Check {
        self.judge(reply, |rows| match rows.len() {
            0 => "none".to_owned(),
            // The most rows of a page: there may be more.
            100 => "100 or more".to_owned(),
            count => count.to_string(),
        })
    }

    /// What belongs to one thing.
    fn of_one<T>(self, reply: &Reply<T>) -> Check {
        self.judge(reply, |_| "readable".to_owned())
    }

    fn judge<T>(self, reply: &Reply<T>, seen: impl Fn(&T) -> String) -> Check {
        let (endpoint, environment) = (self.endpoint, &self.environment);
        match reply {
            Reply::Not(why) => named(endpoint, environment, *why),
            Reply::Asked(probed) => match &probed.result {
                Ok(value) => named(endpoint, environment, seen(value)).with_status(Status::Ok, None),
                Err(error) if is_refusal(error) => self.refused(error),
                Err(error) => self.broken(error),
            },
        }
    }

    fn refused(self, error: &Error) -> Check {
        let endpoint = self.endpoint;
        let answered = match error.fact_value("status") {
            Some(status) => format!("refused (HTTP {status})"),
            None => "refused".to_owned(),
        };
        let check = named(endpoint, &self.environment, answered.clone());
        let environment = self.environment.as_str().to_uppercase();
        let code = code::permission("GET", endpoint.path);
        let todo = format!(
            "tick {} in the client role of the {environment} API client",
            endpoint.checkbox
        );
        match self.refusal {
            Refusal::Absent(why) => named(endpoint, &self.environment, why),
            Refusal::Harmless => named(endpoint, &self.environment, format!("{answered}; no sync needs it")),
            Refusal::Fatal => check
                .with_status(Status::Failed, Some(Kind::PermissionDenied))
                .code(code)
                .lost(format!("everything: a sync fails ({})", endpoint.lost))
                .todo(todo),
            Refusal::Missing => match self.recorded {
                Some(_) => {
                    let when = self
                        .ended_at
                        .unwrap_or_default()
                        .split('.')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    check
                        .with_status(Status::Failed, Some(Kind::PermissionDenied))
                        .code(code::ACCESS_LOST)
                        .lost(format!(
                            "everything: a sync fails, because the one of {when} read it and its rows would vanish \
                             ({})",
                            endpoint.lost
                        ))
                        .todo(format!(
                            "{todo}; if the access was taken away on purpose, choose another --file or move the old one \
                             away"
                        ))
                }
                None => check
                    .with_status(Status::Warning, Some(Kind::PermissionDenied))
                    .code(code)
                    .lost(endpoint.lost)
                    .todo(todo),
            },
        }
    }

    /// No answer, or none that can be read: that says nothing about checkboxes.
    fn broken(self, error: &Error) -> Check {
        let mut check = Check::of_error(Group::Permissions, self.endpoint.name, error)
            .environment(self.environment.as_str())
            .needs(self.endpoint.checkbox)
            .lost(format!(
                "everything: a sync fails as long as this does ({})",
                self.endpoint.lost
            ));
        // A sync waits until there is quota again.
        if error.fact_value("status") == Some("429") {
            check = check
                .with_status(Status::Warning, Some(Kind::Unavailable))
                .code(code::QUOTA)
                .lost("nothing: a sync waits, but it could not be looked at");
        }
        if matches!(self.refusal, Refusal::Harmless) {
            check = check.with_status(Status::Skipped, None);
            check.lost = None;
        }
        check
    }
}

/// Environments of the run that nobody can read, for want of a token.
fn without_token(settings: &Settings, rows: &Answers) -> Vec<Check> {
    let mut wanted = environments(settings);
    if matches!(settings.environment, super::EnvironmentChoice::All) {
        let held = rows.members.value().into_iter().flatten().flat_map(|m| &m.roles);
        let named = held
            .filter_map(|row| row.environment_type.as_deref())
            .map(Environment::new);
        wanted.extend(named.filter(|e| !e.as_str().is_empty()));
    }
    let shown_first = |environment: &Environment| token::all().iter().position(|e| e == environment);
    let mut without: Vec<Environment> = wanted
        .into_iter()
        .filter(|e| token::of(settings, e).is_none())
        .collect();
    without.sort_by_key(|environment| shown_first(environment).unwrap_or(usize::MAX));
    without
        .into_iter()
        .map(|environment| {
            let shown = environment.as_str().to_uppercase();
            let check = Check::warning(
                Group::Permissions,
                "projects and folders",
                Kind::FailedPrecondition,
                format!("there is no token of {shown}"),
            )
            .code(code::NO_ENVIRONMENT_TOKEN)
            .environment(environment.as_str())
            .lost(format!("projects, folders and project grants of {shown}"));
            match token_environment::flag(&environment) {
                Some(flag) => check.todo(format!("set {flag} to the token of an API client of that environment")),
                None => check.todo(token_environment::leave_out(&environment)),
            }
        })
        .collect()
}

/// The name under which a sync records that it read an endpoint (`family.rs`); those of content are followed by the
/// environment.
fn recorded_as(endpoint: &Endpoint, environment: &Environment) -> Option<String> {
    let of_content = OF_EVERY.contains(&endpoint);
    let name = RECORDED.iter().find(|(recorded, _)| *recorded == endpoint)?.1;
    Some(match of_content {
        true => format!("{name}/{environment}"),
        false => name.to_owned(),
    })
}

static RECORDED: [(&Endpoint, &str); 14] = [
    (&ENVIRONMENT_ROLES, family::ENVIRONMENT_ROLES),
    (&LEGACY_ROLES, family::LEGACY_ROLES),
    (&MEMBER_PRIVILEGES, "privileges"),
    (&ENVIRONMENT_ROLE, "environment_role_configs"),
    (&PROJECT_ROLES, "project_roles"),
    (&PROJECT_ROLE, "project_role_configs"),
    (&USER_GROUPS, "groups"),
    (&USER_GROUP_MEMBERS, "group_members"),
    (&API_CLIENTS, "api_clients"),
    (&API_CLIENT_ROLES, "api_client_roles"),
    (&PROJECTS, "projects"),
    (&PROJECT_GRANTS, "project_grants"),
    (&FOLDERS, "folders"),
    (&CONNECTIONS, "connections"),
];
