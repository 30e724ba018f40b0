//! What can be taken over: answers about one thing each, and how each is asked for once more.

use std::collections::BTreeMap;

use serde_json::Value;

use super::faces::Same;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind as ErrorKind, Result};
use crate::workato::client::endpoint;
use crate::workato::environment_role::EnvironmentRoleRow;
use crate::workato::group::GroupMember;
use crate::workato::listing::was_read_anew;
use crate::workato::project::ProjectGrant;
use crate::workato::project_role::ProjectRoleRow;
use crate::workato::role_config::{self, ConfiguredRole as _};
use crate::workato::settings::{Environment, PrivilegesMode};
use crate::workato::tables::{Tables, found};
use crate::workato::{folder, group, privilege, project};

/// Answers by their session keys.
type Answers = BTreeMap<String, Vec<u8>>;

/// Something that was asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    of: Kind,
    id: String,
    /// What the session keys of its answer begin with.
    key: String,
}

/// What is asked about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Who is in a group.
    Members,
    /// Who holds what on a project of an environment.
    Grants(String),
    /// What a holder of a role may do.
    Privileges,
    /// The settings of an environment role.
    EnvironmentRole,
    /// The settings of a project role. They need no checkbox that its list does not.
    ProjectRole,
}

/// What session keys begin with whose answers are kept for the next sync: those about single things, and the lists that do
/// not say how many rows they have.
pub fn kept() -> Vec<String> {
    let single = [
        group::MEMBERS_OF,
        project::GRANTS_OF,
        privilege::OF,
        EnvironmentRoleRow::CALLED,
        ProjectRoleRow::CALLED,
    ];
    let lists = [project::FAMILY, folder::LISTS];
    single.iter().chain(&lists).map(|of| format!("{of}/")).collect()
}

/// The things whose answers hold, by what is as it was.
pub fn unchanged(t: &Tables, answers: &Answers, same: &Same) -> Vec<Thing> {
    let thing = |of: Kind, prefix: &str, id: &str| Thing {
        of,
        id: id.to_owned(),
        key: format!("{prefix}/{id}"),
    };
    let single = |prefix: &'static str| {
        let below = format!("{prefix}/");
        let ids = answers.keys().filter_map(move |key| key.strip_prefix(&below));
        ids.map(str::to_owned).collect::<Vec<String>>()
    };
    let mut things = Vec::new();
    let groups = same.groups.iter();
    things.extend(groups.map(|id| thing(Kind::Members, group::MEMBERS_OF, id)));
    let projects = same.projects.iter();
    things.extend(projects.map(|(id, of)| thing(Kind::Grants(of.clone()), project::GRANTS_OF, id)));
    if same.folders && t.settings.privileges == PrivilegesMode::Sampled {
        let people = single(privilege::OF);
        things.extend(people.iter().map(|id| thing(Kind::Privileges, privilege::OF, id)));
    }
    for (of, prefix) in [
        (Kind::EnvironmentRole, EnvironmentRoleRow::CALLED),
        (Kind::ProjectRole, ProjectRoleRow::CALLED),
    ] {
        let roles = single(prefix);
        things.extend(roles.iter().map(|id| thing(of.clone(), prefix, id)));
    }
    things.retain(|thing| thing.is_whole(answers));
    things
}

/// One of each kind, another one every `turn`.
pub fn again(things: &[Thing], turn: usize) -> Vec<Thing> {
    let mut kinds: BTreeMap<&Kind, Vec<&Thing>> = BTreeMap::new();
    for thing in things.iter().filter(|thing| thing.of != Kind::ProjectRole) {
        kinds.entry(&thing.of).or_default().push(thing);
    }
    let one = |all: Vec<&Thing>| all.get(turn % all.len().max(1)).map(|thing| (*thing).clone());
    kinds.into_values().filter_map(one).collect()
}

impl Thing {
    /// The session keys of its answer.
    pub fn keys<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'a String> {
        let from = answers.range(self.key.clone()..);
        let begun = from.map(|(key, _)| key).take_while(|key| key.starts_with(&self.key));
        begun.filter(|key| {
            let rest = key.get(self.key.len()..).unwrap_or_default();
            rest.is_empty() || rest.starts_with(['/', '#'])
        })
    }

    /// Whether it has an answer that was read in one go and could be used.
    fn is_whole(&self, answers: &Answers) -> bool {
        let keys: Vec<&String> = self.keys(answers).collect();
        let mut pages = keys.iter().map(|key| (key.contains('#'), answers.get(*key)));
        !keys.is_empty()
            && pages.all(|(again, page)| {
                let is_whole = |page: &Vec<u8>| !role_config::is_unreadable_answer(page) && !was_read_anew(page);
                !again && page.is_some_and(is_whole)
            })
    }

    /// Asks once more and makes sure that the answer is the one of before. Says whether the sync has it then: of an answer
    /// with many pages one is looked at, another one every `turn`, and nothing is kept.
    ///
    /// # Errors
    /// Why the answers of the sync before are doubtful, as the end of a sentence that begins "full read, because".
    pub async fn check(
        &self,
        t: &Tables,
        cx: &SyncContext,
        answers: &Answers,
        turn: usize,
    ) -> std::result::Result<bool, String> {
        let what = || match &self.of {
            Kind::Members => format!("the members of group {}", self.id),
            Kind::Grants(environment) => format!("the grants of project {} of {environment}", self.id),
            Kind::Privileges => format!("the privileges of collaborator {}", self.id),
            Kind::EnvironmentRole => format!("the settings of environment role {}", self.id),
            Kind::ProjectRole => format!("the settings of project role {}", self.id),
        };
        let failed = |error| format!("{} did not answer once more: {error}", what());
        let other = || format!("{} are not as they were, and the audit log does not tell", what());
        let before = |key: &String| -> Option<Value> { serde_json::from_slice(answers.get(key)?).ok() };
        let pages: Vec<&String> = self.keys(answers).collect();
        if pages.len() > 1 {
            let number = turn % pages.len() + 1;
            let key = format!("{}/{number}", self.key);
            let rows = before(&key).and_then(|mut page| page.get_mut("rows").map(Value::take));
            let now = self.page(t, u32::try_from(number).unwrap_or(1)).await.map_err(failed)?;
            return if Some(now) == rows { Ok(false) } else { Err(other()) };
        }
        self.ask(t, cx).await.map_err(failed)?;
        for key in pages {
            let now: Option<Value> = found(cx, key).await.map_err(failed)?;
            if now != before(key) {
                return Err(other());
            }
        }
        Ok(true)
    }

    /// The rows of one page as they are at this moment; nothing where there are no pages.
    async fn page(&self, t: &Tables, number: u32) -> Result<Value> {
        match &self.of {
            Kind::Members => {
                let at = endpoint::USER_GROUP_MEMBERS.of(&self.id);
                rows(t.clients.dev.page::<GroupMember>(at, number).await?.rows)
            }
            Kind::Grants(environment) => match t.clients.of(&Environment::new(environment)) {
                Some(client) => {
                    let at = endpoint::PROJECT_GRANTS.of(&self.id);
                    rows(client.page::<ProjectGrant>(at, number).await?.rows)
                }
                None => Ok(Value::Null),
            },
            Kind::Privileges | Kind::EnvironmentRole | Kind::ProjectRole => Ok(Value::Null),
        }
    }

    async fn ask(&self, t: &Tables, cx: &SyncContext) -> Result<()> {
        let dev = &t.clients.dev;
        match &self.of {
            Kind::Members => group::members_of(cx, dev, &self.id).await.map(drop),
            Kind::Grants(environment) => match t.clients.of(&Environment::new(environment)) {
                Some(client) => project::grants_of(cx, client, &self.id).await.map(drop),
                None => Ok(()),
            },
            Kind::Privileges => privilege::of(cx, dev, &self.id).await.map(drop),
            Kind::EnvironmentRole => role_config::ask::<EnvironmentRoleRow>(cx, dev, &self.id).await,
            Kind::ProjectRole => role_config::ask::<ProjectRoleRow>(cx, dev, &self.id).await,
        }
    }
}

fn rows<T: serde::Serialize>(rows: Vec<T>) -> Result<Value> {
    serde_json::to_value(rows).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}
