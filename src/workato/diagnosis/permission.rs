//! One check for each endpoint and token: may it be read, which checkbox does it need, what is lost without it.

use std::collections::BTreeSet;

use super::environments;
use super::model::{self, Model};
use super::rows::{Answers, in_order};
use super::{token, workspace};
use crate::baton::diagnosis::{Check, Group, Status};
use crate::baton::error::{Error, Kind};
use crate::workato::access_model::is_refusal;
use crate::workato::client::endpoint::Endpoint;
use crate::workato::probe::{Answered, Probe, Refused, Replies, Reply, RoleList};
use crate::workato::settings::{Environment, Settings};
use crate::workato::tokens::{self, with_tokens};
use crate::workato::{code, collaborator, event};

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
    /// The same, and it may not be in the plan.
    NotInPlan,
    /// No sync needs it.
    Harmless,
}

impl Refusal {
    fn of(refused: Refused, model: &Model) -> Self {
        let of_list = |refused: model::Refused, why: &'static str| match refused {
            model::Refused::Absent => Refusal::Absent(why),
            model::Refused::Fatal => Refusal::Fatal,
            model::Refused::Missing => Refusal::Missing,
        };
        const LEGACY: &str = "not in a legacy workspace";
        match refused {
            Refused::Missing => Refusal::Missing,
            Refused::NotInPlan => Refusal::NotInPlan,
            Refused::MissingInRbacV2 if model.has_v2 => Refusal::Missing,
            Refused::MissingInRbacV2 => Refusal::Absent(LEGACY),
            Refused::Fatal => Refusal::Fatal,
            Refused::Decides(RoleList::Environment) => of_list(model.environment_roles, LEGACY),
            Refused::Decides(RoleList::Legacy) => of_list(model.legacy_roles, "not in a workspace of RBAC v2"),
        }
    }
}

/// The checks of all endpoints.
pub fn checks(settings: &Settings, rows: &Answers, model: &Model, before: &Before<'_>) -> Vec<Check> {
    let dev = Environment::dev();
    let check = |probe: &'static Probe, environment: &Environment, replies: &Replies| {
        let line = Line {
            endpoint: probe.endpoint,
            environment: environment.clone(),
            refusal: Refusal::of(probe.refused, model),
            recorded: probe
                .recorded_as(environment)
                .filter(|name| before.families.contains(name)),
            ended_at: before.ended_at,
        };
        Some(line.judge(replies.of(probe.endpoint)?))
    };
    let of_dev = in_order(false).into_iter();
    let mut checks: Vec<Check> = of_dev.filter_map(|probe| check(probe, &dev, &rows.dev)).collect();
    let workspace = Line {
        endpoint: workspace::PROBE.endpoint,
        environment: dev.clone(),
        refusal: Refusal::Harmless,
        recorded: None,
        ended_at: before.ended_at,
    };
    checks.extend(rows.dev.of(workspace.endpoint).map(|reply| workspace.judge(reply)));
    if let Some(why) = token::hides_dev_only(rows) {
        hide(&mut checks, why);
    }
    for (environment, content) in with_tokens().iter().filter_map(|e| Some((e, rows.content.get(e)?))) {
        let of_every = in_order(true).into_iter();
        let mut own: Vec<Check> = of_every
            .filter_map(|probe| check(probe, environment, content))
            .collect();
        own.extend(
            content
                .of(event::PROBE.endpoint)
                .map(|reply| audit_log(environment, reply)),
        );
        let mut statuses = content.statuses();
        if *environment == dev {
            statuses.extend(rows.dev.statuses());
        }
        if token::is_rejected(&statuses) {
            hide(&mut own, "the token is not accepted");
        }
        checks.extend(own);
    }
    checks.extend(without_token(settings, rows));
    checks
}

/// The audit log of an environment, which tells what happens. Access is read without it, so nothing about it is a warning; that it
/// is empty is no sign that nothing happens.
fn audit_log(environment: &Environment, reply: &Reply) -> Check {
    let endpoint = event::PROBE.endpoint;
    match reply {
        Reply::Asked(probed) => match &probed.result {
            Ok(rows) if rows.count == Some(0) => named(
                endpoint,
                environment,
                "never seen with a row, so what happens is not known: the plan may lack its add-on",
            ),
            Ok(_) => named(endpoint, environment, "readable").with_status(Status::Ok, None),
            Err(error) if is_refusal(error) => named(
                endpoint,
                environment,
                format!(
                    "refused; events need it, and no access is missing without: tick {} in the client role of the {} API \
                     client",
                    endpoint.checkbox,
                    environment.as_str().to_uppercase()
                ),
            ),
            Err(error) => named(
                endpoint,
                environment,
                format!("not known: {error}; no access is missing without"),
            ),
        },
        Reply::Not(why) => named(endpoint, environment, *why),
    }
}

/// The checks when nobody was asked at all, and why.
pub fn nobody_asked(settings: &Settings, why: &str) -> Vec<Check> {
    let of_dev = in_order(false).into_iter().map(|probe| (probe, Environment::dev()));
    let with_token = environments(settings)
        .into_iter()
        .filter(|e| tokens::of(settings, e).is_some());
    let of_every = with_token.flat_map(|e| in_order(true).into_iter().map(move |probe| (probe, e.clone())));
    let skipped = |(probe, environment): (&'static Probe, Environment)| named(probe.endpoint, &environment, why);
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
    fn judge(self, reply: &Reply) -> Check {
        let seen = |answered: &Answered| match answered.count {
            // What belongs to one thing, or is one.
            _ if self.endpoint.path.contains("{id}") => "readable".to_owned(),
            None => "readable".to_owned(),
            Some(0) => "none".to_owned(),
            // The most rows of a page: there may be more.
            Some(100) => "100 or more".to_owned(),
            Some(count) => count.to_string(),
        };
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
        let code = endpoint.refusal;
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
            Refusal::NotInPlan if self.recorded.is_none() => named(
                endpoint,
                &self.environment,
                format!("{answered}: not readable or not in this plan; a sync goes on without"),
            ),
            Refusal::Missing | Refusal::NotInPlan => match self.recorded {
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
        let named = collaborator::environments(rows.members().unwrap_or_default());
        wanted.extend(named.filter(|e| !e.as_str().is_empty()));
    }
    let shown_first = |environment: &Environment| with_tokens().iter().position(|e| e == environment);
    let mut without: Vec<Environment> = wanted
        .into_iter()
        .filter(|e| tokens::of(settings, e).is_none())
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
            match tokens::flag(&environment) {
                Some(flag) => check.todo(format!("set {flag} to the token of an API client of that environment")),
                None => check.todo(tokens::leave_out(&environment)),
            }
        })
        .collect()
}
