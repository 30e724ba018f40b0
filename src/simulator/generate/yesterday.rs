//! The day before the story's day: the same workspace before a handful of things happened in it, so that two syncs can
//! be compared.

use super::super::workspace::{Assignment, Env, LastActivity, Person, Workspace, is_no_access};
use super::people::DOMAIN;

/// A role that somebody has today and did not have yesterday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gained {
    /// Member id.
    pub person: u64,
    /// In which environment.
    pub env: Env,
    /// The role, as the member row spells it.
    pub role: String,
}

/// A workspace as it was yesterday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yesterday {
    /// Everything in it.
    pub workspace: Workspace,
    /// Who has become an admin since.
    pub gained: Option<Gained>,
}

impl Workspace {
    /// This workspace a day earlier. Since then somebody became an admin of PROD, a group got a member, a person
    /// left, and an API client of two projects was opened to all of its environment: each of it where the workspace
    /// has what it takes. Deterministic.
    #[must_use]
    pub fn yesterday(&self) -> Yesterday {
        let mut workspace = self.clone();
        let gained = without_an_admin(&mut workspace);
        let grown = with_a_smaller_group(&mut workspace);
        with_somebody_who_leaves(&mut workspace, grown);
        with_a_narrower_client(&mut workspace);
        Yesterday { workspace, gained }
    }
}

/// The second of the admins of PROD was none; where there is one only, it was there before.
fn without_an_admin(workspace: &mut Workspace) -> Option<Gained> {
    let is_admin = |held: &Assignment| held.env == Env::Prod && held.role.to_lowercase().ends_with("admin");
    let mut admins: Vec<u64> = (workspace.people.iter())
        .filter(|person| person.roles.iter().any(is_admin))
        .map(|person| person.id)
        .collect();
    admins.sort_unstable();
    let person = *admins.get(1)?;
    let of = workspace.people.iter_mut().find(|known| known.id == person)?;
    let held = of.roles.iter_mut().find(|held| is_admin(held))?;
    Some(Gained {
        person,
        env: held.env,
        role: std::mem::replace(&mut held.role, "No access".to_owned()),
    })
}

/// The first group that would not be empty lacked its last member. Says which group that is.
fn with_a_smaller_group(workspace: &mut Workspace) -> Option<usize> {
    let at = (workspace.groups.iter()).position(|group| !group.system && group.members.len() > 1)?;
    workspace.groups.get_mut(at)?.members.pop();
    Some(at)
}

/// Somebody was there, with the roles of an ordinary person, and in another group than the one that grew.
fn with_somebody_who_leaves(workspace: &mut Workspace, grown: Option<usize>) {
    let Some(last) = workspace.people.iter().max_by_key(|person| person.id) else {
        return;
    };
    let id = last.id + 3;
    let roles = (workspace.people.iter())
        .filter(|person| {
            person
                .roles
                .iter()
                .any(|held| held.env == Env::Dev && !is_no_access(&held.role))
        })
        .max_by_key(|person| person.id)
        .map(|person| person.roles.clone())
        .unwrap_or_default();
    let group = (workspace.groups.iter_mut().enumerate())
        .find(|(at, group)| !group.system && Some(*at) != grown)
        .map(|(_, group)| group);
    if let Some(group) = group {
        group.members.push(id);
    }
    let created_at = last.created_at.clone();
    workspace.people.push(Person {
        id,
        grant_type: Some("team".to_owned()),
        name: Some("Wilma Dreesen".to_owned()),
        email: Some(format!("wilma.dreesen@{DOMAIN}")),
        external_id: None,
        time_zone: Some("Berlin".to_owned()),
        created_at,
        last_activity: LastActivity::Never,
        roles,
    });
}

/// A client that sees all projects saw two: one whose row does not say when it was changed last, where there is one,
/// because what the others say would not be true.
fn with_a_narrower_client(workspace: &mut Workspace) {
    let clients = workspace.api_clients.iter().enumerate();
    let chosen = clients
        .filter(|(_, client)| client.all_folders)
        .min_by_key(|(at, client)| (client.updated_at.is_some(), *at))
        .map(|(at, client)| (at, client.env));
    let Some((at, env)) = chosen else {
        return;
    };
    let mut roots: Vec<u64> = (workspace.projects.iter())
        .filter(|project| project.env == env)
        .map(|project| project.folder_id)
        .collect();
    roots.sort_unstable();
    roots.truncate(2);
    if let (Some(client), false) = (workspace.api_clients.get_mut(at), roots.is_empty()) {
        client.all_folders = false;
        client.folder_ids = Some(roots);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::shape::{AccessModel, Shape};
    use super::*;

    #[test]
    fn a_handful_of_things_happened_since_and_nothing_else() {
        let today = Workspace::generate(&Shape::default());
        let Yesterday { workspace, gained } = today.yesterday();
        assert_eq!(
            today.yesterday().workspace,
            workspace,
            "it is the same yesterday every time"
        );
        let gained = gained.unwrap();
        let mut redone = workspace.clone();
        let person = redone
            .people
            .iter_mut()
            .find(|person| person.id == gained.person)
            .unwrap();
        let held = person.roles.iter_mut().find(|held| held.env == gained.env).unwrap();
        assert_eq!(held.role, "No access");
        held.role = gained.role;
        let left = redone.people.pop().unwrap();
        assert!(
            today
                .people
                .iter()
                .all(|person| person.id != left.id && person.email != left.email)
        );
        let (mut grown, mut shrunk) = (0, 0);
        for (before, after) in redone.groups.iter_mut().zip(&today.groups) {
            grown += usize::from(before.members.len() < after.members.len());
            shrunk += usize::from(before.members.len() > after.members.len());
            before.members.clone_from(&after.members);
        }
        assert_eq!((grown, shrunk), (1, 1));
        let mut widened = 0;
        for (before, after) in redone.api_clients.iter_mut().zip(&today.api_clients) {
            if before != after {
                assert!(!before.all_folders && after.all_folders && before.folder_ids.as_ref().unwrap().len() == 2);
                assert_eq!(after.updated_at, None, "it would say that nothing happened");
                widened += 1;
                before.all_folders = after.all_folders;
                before.folder_ids.clone_from(&after.folder_ids);
            }
        }
        assert_eq!(widened, 1);
        assert_eq!(redone, today);
    }

    #[test]
    fn small_and_older_workspaces_have_a_yesterday_too() {
        for model in [AccessModel::Legacy, AccessModel::RbacV2, AccessModel::Mixed] {
            for people in [0, 1, 2, 7] {
                let shape = Shape {
                    people,
                    projects: people / 2,
                    ..Shape::small(model)
                };
                let today = Workspace::generate(&shape);
                let before = today.yesterday();
                assert_eq!(before.workspace.people.len() > today.people.len(), people > 0);
                assert_eq!(before.gained, None, "DEV is all there is");
            }
        }
    }
}
