//! The tokens: does Workato accept them, does their prefix name the right region, and which environment do they see.

use std::collections::BTreeSet;

use super::model::Model;
use super::rows::{Answers, environment_seen, projects};
use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::Kind;
use crate::baton::secret::Secret;
use crate::workato::code::{KEY_OF_OTHER_REGION, KEY_REJECTED};
use crate::workato::data_center::{DATA_CENTERS, token_region};
use crate::workato::probe::Replies;
use crate::workato::project::ProjectId;
use crate::workato::project::environment::{belongs, sees_those_of};
use crate::workato::settings::{Environment, Settings};
use crate::workato::tokens::{advice, flag, of, shown, with_tokens};

/// A token without any of its secret: its region's prefix, if it has a known one, and `***`.
pub fn masked(token: &Secret) -> String {
    match token_region(token.expose()) {
        Some(region) => format!("wrka{}-***", region.token_key()),
        None => "***".to_owned(),
    }
}

/// Whether all answers to a token say that it is no token at all. One that may do nothing answers the same way.
pub fn is_rejected(statuses: &[u16]) -> bool {
    !statuses.is_empty() && statuses.iter().all(|status| *status == 401)
}

/// Whether what is wrong with the DEV token says more than its refusals of lists that only a DEV token reads.
pub fn hides_dev_only(rows: &Answers) -> Option<&'static str> {
    let dev = rows.content.get(&Environment::dev());
    let statuses = rows.dev.statuses();
    if !is_rejected(&statuses) {
        return None;
    }
    match dev {
        Some(content) if !is_rejected(&content.statuses()) && !content.statuses().is_empty() => {
            environment_seen(content)
                .filter(|seen| *seen != Environment::dev())
                .map(|_| "the token belongs to another environment")
        }
        _ => Some("the token is not accepted"),
    }
}

/// Which regions the prefixes name. That they fit the data center is checked before, with the settings.
pub fn region(settings: &Settings) -> Check {
    const NAME: &str = "region of tokens";
    let tokens = with_tokens().into_iter().filter_map(|e| Some((of(settings, &e)?, e)));
    let known: Vec<_> = tokens
        .filter_map(|(token, e)| Some((token_region(token.expose())?, e)))
        .collect();
    let host = settings.base_url.host_str().unwrap_or_default();
    let here = DATA_CENTERS
        .iter()
        .find(|center| center.base_url.ends_with(&format!("//{host}")));
    // The stack of the sandbox may well use the prefix of the United States.
    let fits = |region: &str| here.is_none_or(|here| here.key == region || (here.key == "sandbox" && region == "us"));
    if let Some((region, environment)) = known.iter().find(|(region, _)| !fits(region.key)) {
        return Check::failed(
            Group::Connection,
            NAME,
            Kind::Unauthenticated,
            format!(
                "the {} token belongs to the {} data center ({})",
                shown(environment),
                region.key,
                region.place
            ),
        )
        .code(KEY_OF_OTHER_REGION)
        .lost("everything: a token works only in the data center that issued it")
        .todo(format!(
            "use --workato-data-center {} without --workato-base-url",
            region.key
        ));
    }
    if known.is_empty() {
        return Check::skipped(Group::Connection, NAME, "no token says which region it belongs to");
    }
    let said: Vec<String> = known
        .iter()
        .map(|(region, environment)| format!("{}: {}", shown(environment), region.key))
        .collect();
    Check::ok(Group::Connection, NAME, said.join(", "))
}

/// One check for each token.
pub fn checks(settings: &Settings, rows: &Answers, model: &Model) -> Vec<Check> {
    let given = with_tokens()
        .into_iter()
        .filter(|environment| of(settings, environment).is_some());
    given.map(|environment| check(rows, model, &environment)).collect()
}

fn check(rows: &Answers, model: &Model, environment: &Environment) -> Check {
    let name = format!("{} token", shown(environment));
    let is_dev = *environment == Environment::dev();
    let content = rows.content.get(environment);
    if content.is_none() && !is_dev {
        return Check::skipped(
            Group::Connection,
            name,
            "not used: --workato-env asks for another environment",
        )
        .environment(environment.as_str());
    }
    let flag = flag(environment).unwrap_or_default();
    let mut statuses = content.map(Replies::statuses).unwrap_or_default();
    if is_dev {
        statuses.extend(rows.dev.statuses());
    }
    if statuses.is_empty() {
        return Check::skipped(Group::Connection, name, "none of its requests was answered")
            .environment(environment.as_str());
    }
    let seen = content.and_then(environment_seen);
    let check = if is_rejected(&statuses) {
        rejected(name, flag, is_dev)
    } else if let Some(seen) = seen.as_ref().filter(|seen| *seen != environment) {
        wrong(name, format!("it {}", belongs(seen)), environment)
    } else if let Some(other) = overlap(rows, environment) {
        wrong(name, format!("it {}", sees_those_of(&other)), environment)
    } else {
        Check::ok(
            Group::Connection,
            name,
            sees(rows, content, seen.as_ref(), model, is_dev),
        )
    };
    check.environment(environment.as_str())
}

fn rejected(name: String, flag: &str, is_dev: bool) -> Check {
    const SEEN: &str = "refused everywhere (HTTP 401)";
    let check = match is_dev {
        true => Check::failed(Group::Connection, name, Kind::Unauthenticated, SEEN).lost("everything: a sync fails"),
        false => Check::warning(Group::Connection, name, Kind::Unauthenticated, SEEN)
            .lost("projects, folders and project grants of this environment"),
    };
    check.code(KEY_REJECTED).todo(format!(
        "check {flag} and the data center: a token works only where it was issued and from the addresses on its \
         allow list, and its client role must allow something"
    ))
}

fn wrong(name: String, seen: String, environment: &Environment) -> Check {
    Check::failed(Group::Connection, name, Kind::Unauthenticated, seen)
        .code(KEY_REJECTED)
        .lost(format!(
            "a sync fails, or takes what lies elsewhere for projects and folders of {}",
            shown(environment)
        ))
        .todo(advice(environment))
}

/// What an accepted token sees.
fn sees(rows: &Answers, content: Option<&Replies>, seen: Option<&Environment>, model: &Model, is_dev: bool) -> String {
    let count = |rows: Option<usize>, what: &str| {
        let rows = rows?;
        let more = if rows >= 100 && what != "people" {
            " or more"
        } else {
            ""
        };
        Some(format!("{rows}{more} {what}"))
    };
    let people = is_dev.then(|| rows.members().map(<[_]>::len)).flatten();
    let projects = content.and_then(projects).map(<[_]>::len);
    let parts: Vec<String> = [count(people, "people"), count(projects, "projects")]
        .into_iter()
        .flatten()
        .collect();
    let what = match parts.is_empty() {
        true => "accepted".to_owned(),
        false => format!("accepted; sees {}", parts.join(" and ")),
    };
    match seen {
        Some(seen) => format!("{what} of {}", shown(seen)),
        None if !is_dev && !model.has_v2 => format!("{what}; legacy answers do not say of which environment"),
        None if !is_dev => format!("{what}; no project grant says of which environment"),
        None => what,
    }
}

/// An environment before this one whose token sees some of the same projects: each lies in one environment only.
fn overlap(rows: &Answers, environment: &Environment) -> Option<Environment> {
    let ids = |content: &Replies| -> BTreeSet<ProjectId> {
        let projects = projects(content).into_iter().flatten();
        projects.map(|project| project.id.clone()).collect()
    };
    let own = ids(rows.content.get(environment)?);
    with_tokens()
        .into_iter()
        .take_while(|other| other != environment)
        .find(|other| {
            rows.content
                .get(other)
                .is_some_and(|content| !ids(content).is_disjoint(&own))
        })
}
