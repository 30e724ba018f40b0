//! From a sentence to the writes it means, by the rows of a file.

use super::words::{Sentence, Verb};
use crate::baton::entitlement;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::grant;
use crate::baton::proto::v2;
use crate::baton::provision::Write;
use crate::baton::resource;
use crate::report::environment;
use crate::report::exact::{self, ExactName};
use crate::report::names::Names;
use crate::report::spelling::{distance, folded};
use crate::report::thing::{profile, text};
use crate::workato::settings::{Environment, EnvironmentChoice};
use crate::workato::{
    AGENTS, GROUPS, IDENTITY_GROUPS, IDENTITY_USERS, PEOPLE, PROJECT_ROLES, PROJECTS, ROLES, only_slug,
};

/// What a sentence means.
pub struct Found {
    /// One write for each person.
    pub writes: Vec<Write>,
    /// The environments a run must emit so that the ids of the file are its ids; none where any will do.
    pub environment: Option<EnvironmentChoice>,
}

/// Looks everything up.
///
/// # Errors
/// `NotFound` for what the file does not have, `InvalidArgument` for what it has several of.
pub fn found(names: &Names<'_>, verb: Verb, sentence: &Sentence) -> Result<Found> {
    let environment = sentence.environment.as_deref();
    let find = |text: &str, what: &str, kinds: &[&str], environment: Option<&str>| {
        exact::resource(
            names,
            &ExactName {
                text,
                what,
                kinds,
                environment,
            },
        )
    };
    let [environment_role, role] = ROLES;
    let [genie, mcp_server] = AGENTS;
    let (on, what) = match &sentence.project {
        Some(project) => (
            find(project, "project", &[PROJECTS], environment)?,
            Some(sentence.what.as_str()),
        ),
        None if environment.is_some() => {
            let kinds = [environment_role, role, genie, mcp_server];
            (
                find(&sentence.what, "role, genie or MCP server", &kinds, environment)?,
                None,
            )
        }
        None => {
            let kinds = [environment_role, role, GROUPS, IDENTITY_GROUPS, genie, mcp_server];
            let what = "role, group, genie or MCP server";
            (find(&sentence.what, what, &kinds, None)?, None)
        }
    };
    let holders: (&str, &[&str]) = match resource::key(&on).0 {
        _ if what.is_some() => ("collaborator or group", &[PEOPLE, GROUPS]),
        IDENTITY_GROUPS => ("identity user", &[IDENTITY_USERS]),
        agent if AGENTS.contains(&agent) => ("identity group", &[IDENTITY_GROUPS]),
        _ => ("collaborator", &[PEOPLE]),
    };
    let right = right(names, &on, what)?;
    let mut writes = Vec::new();
    for who in &sentence.who {
        let principal = find(who, holders.0, holders.1, None)?;
        writes.push(write(verb, &right, principal));
    }
    Ok(Found {
        writes,
        environment: emitting(&on),
    })
}

/// The environments of a run whose ids are those of the file: role ids end in the environment where a sync read them
/// all (`workato/model.md 3`).
pub fn emitting(on: &v2::Resource) -> Option<EnvironmentChoice> {
    let environment = environment::named(on)?;
    let (kind, id) = resource::key(on);
    let profile = profile(on)?;
    let scoped = text(&profile, "id").is_some_and(|own| id == format!("{own}-{environment}"));
    Some(if scoped && ROLES.contains(&kind) {
        EnvironmentChoice::All
    } else {
        EnvironmentChoice::One(Environment::new(&environment))
    })
}

/// The entitlement of a resource: its only one, or the one that is called `what`.
fn right(names: &Names<'_>, on: &v2::Resource, what: Option<&str>) -> Result<v2::Entitlement> {
    let snapshot = names.snapshot();
    let mut all: Vec<v2::Entitlement> = Vec::new();
    let id = on.id.clone().unwrap_or_default();
    let prefix = entitlement::id(&id, "");
    snapshot.reader().for_each_entitlement(snapshot.sync_id(), &mut |e| {
        if e.id.starts_with(&prefix) {
            all.push(v2::Entitlement {
                resource: Some(on.clone()),
                ..e
            });
        }
        Ok(())
    })?;
    let Some(what) = what else {
        return match (all.pop(), only_slug(&id.resource_type)) {
            (Some(only), _) => Ok(only),
            // A file of resources alone.
            (None, Some(slug)) => Ok(entitlement::stub(on, slug)),
            (None, None) => Err(missing(&format!("there is nothing to hold of {}", on.display_name))),
        };
    };
    if all.is_empty() {
        let wanted = ExactName {
            text: what,
            what: "project role",
            kinds: &[PROJECT_ROLES],
            environment: None,
        };
        let role = exact::resource(names, &wanted)?;
        // With its name: should the slug be another role's by now, the write finds out.
        return Ok(v2::Entitlement {
            display_name: format!("{} of {}", role.display_name, on.display_name),
            ..entitlement::stub(on, resource::key(&role).1)
        });
    }
    let typed = what.to_lowercase();
    let own = format!(" of {}", on.display_name);
    let name = |e: &v2::Entitlement| e.display_name.strip_suffix(&own).unwrap_or(&e.display_name).to_owned();
    // What was typed exactly comes before what reads like it: C++ and C# are near, and so are Ops and OPS.
    let exactly = |e: &&v2::Entitlement| e.id == what || name(e).trim() == what.trim();
    let nearly = |e: &&v2::Entitlement| e.slug.to_lowercase() == typed || name(e).to_lowercase() == typed;
    let mut found: Vec<&v2::Entitlement> = all.iter().filter(exactly).collect();
    if found.is_empty() {
        found = all.iter().filter(nearly).collect();
    }
    match found.as_slice() {
        [] => {}
        [one] => return Ok((*one).clone()),
        several => {
            let lines: Vec<String> = several.iter().map(|e| format!("  {}  {}", e.id, name(e))).collect();
            let message = format!("{what:?} fits {} project roles on {}", several.len(), on.display_name);
            return Err(Error::new(Kind::InvalidArgument, message)
                .code(crate::report::code::AMBIGUOUS)
                .hint(format!("say which, by its id:\n{}", lines.join("\n"))));
        }
    }
    let mut near: Vec<(usize, String)> = all
        .iter()
        .map(|e| {
            (
                distance(&folded(&name(e)), &folded(&typed)).unwrap_or(usize::MAX),
                name(e),
            )
        })
        .collect();
    near.sort();
    let lines: Vec<String> = near.into_iter().map(|(_, name)| format!("  {name}")).collect();
    let error = missing(&format!("there is no project role {what:?} on {}", on.display_name));
    Err(error.hint(format!("the project roles are\n{}", lines.join("\n"))))
}

fn missing(message: &str) -> Error {
    Error::new(Kind::NotFound, message.to_owned()).code(crate::report::code::NO_MATCH)
}

fn write(verb: Verb, right: &v2::Entitlement, principal: v2::Resource) -> Write {
    match verb {
        Verb::Grant => Write::Grant(v2::GrantManagerServiceGrantRequest {
            entitlement: Some(right.clone()),
            principal: Some(principal),
            annotations: Vec::new(),
        }),
        Verb::Revoke => Write::Revoke(v2::GrantManagerServiceRevokeRequest {
            grant: Some(v2::Grant {
                id: grant::id(&right.id, &principal.id.clone().unwrap_or_default()),
                entitlement: Some(right.clone()),
                principal: Some(principal),
                ..Default::default()
            }),
            annotations: Vec::new(),
        }),
    }
}
