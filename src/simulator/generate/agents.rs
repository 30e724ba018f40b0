//! Agents, tool servers, the people behind them, and programs that call published recipes.

use super::super::estate::{
    Collection, Estate, Genie, GenieClient, IdentityGroup, IdentityUser, McpServer, PlatformClient, PlatformKey,
};
use super::super::shape::{AgentsShape, Shape};
use super::super::workspace::{Env, Workspace};
use super::access::numbered;
use super::days_before;
use super::people::DOMAIN;
use super::random::around;

const GENIES: [&str; 6] = [
    "Support agent",
    "HR helper",
    "Invoice assistant",
    "Order desk",
    "IT concierge",
    "Contract reader",
];
const SERVERS: [&str; 6] = [
    "CRM tools",
    "Order tools",
    "Finance tools",
    "Ticket tools",
    "Calendar tools",
    "Warehouse tools",
];
const GROUPS: [&str; 5] = [
    "Support team",
    "All employees",
    "Finance staff",
    "Field sales",
    "Contractors",
];
const CLIENTS: [&str; 5] = [
    "Partner portal",
    "Mobile app",
    "Web shop",
    "Data platform",
    "Old intranet",
];
const COLLECTIONS: [&str; 4] = ["Orders", "Customers", "Prices", "Stock"];
const FIRST: [&str; 12] = [
    "Bo", "Cleo", "Dario", "Edda", "Femi", "Gil", "Hana", "Ilse", "Jonas", "Kaja", "Liu", "Mira",
];
const LAST: [&str; 7] = ["Abel", "Brandt", "Costa", "Dahl", "Eriksen", "Falk", "Gomez"];

/// Adds them, where the shape has any. The first of each is the story: in the last environment, open wide.
pub fn add(workspace: &mut Workspace, shape: &Shape) {
    let Some(agents) = &shape.agents else {
        return;
    };
    let environments = workspace.environments.clone();
    let place = |at: usize| match at {
        0 => environments.last().copied().unwrap_or(Env::Dev),
        _ => around_env(&environments, at),
    };
    let projects = |env: Env, at: usize| {
        let here: Vec<u64> = (workspace.projects.iter())
            .filter(|p| p.env == env)
            .map(|p| p.id)
            .collect();
        at.checked_rem(here.len()).and_then(|place| here.get(place)).copied()
    };
    let mut estate = Estate {
        users: (0..agents.users).map(user).collect(),
        ..Estate::default()
    };
    for at in 0..agents.groups {
        estate.groups.push(IdentityGroup {
            id: format!("group-{}", 100 + at),
            env: place(at),
            name: numbered(&GROUPS, at),
            // The second holds everybody.
            members: (estate.users.iter().enumerate())
                .filter(|(user, _)| at == 1 || (user + at).is_multiple_of(3 + at % 4))
                .map(|(_, user)| user.id.clone())
                .collect(),
        });
    }
    let groups = |estate: &Estate, env: Env, at: usize| -> Vec<String> {
        let here = estate.groups.iter().filter(|group| group.env == env);
        here.skip(at % 2)
            .take(1 + at % 3)
            .map(|group| group.id.clone())
            .collect()
    };
    for at in 0..agents.genies {
        let env = place(at);
        let state = ["running", "running", "stopped", "draft"];
        estate.genies.push(Genie {
            id: format!("gin-{}", 500 + at),
            env,
            name: numbered(&GENIES, at),
            state: around(&state, at).to_owned(),
            project: (at % 7 != 6).then(|| projects(env, at)).flatten(),
            skills: u64::try_from(at % 5 + 1).unwrap_or(1),
            groups: groups(&estate, env, at * 2),
        });
    }
    for at in 0..agents.genies.div_ceil(3) {
        estate.genie_clients.push(GenieClient {
            id: format!("gincl-{}", 300 + at),
            env: place(at),
            name: format!("{} widget", numbered(&GENIES, at)),
        });
    }
    for at in 0..agents.servers {
        let env = place(at);
        let by_token = at % 3 == 1;
        estate.servers.push(McpServer {
            // The vendor's sample has a number, a program that runs has a text.
            id: if at % 4 == 3 {
                format!("{}", 700 + at)
            } else {
                format!("mcps-{}", 700 + at)
            },
            env,
            name: numbered(&SERVERS, at),
            project: (at % 7 != 6).then(|| projects(env, at + 1)).flatten(),
            method: if by_token { "token" } else { "workato_idp" }.to_owned(),
            tools: u64::try_from(at % 6 + 1).unwrap_or(1),
            groups: if by_token { Vec::new() } else { groups(&estate, env, at) },
            allowed: (at % 4 == 2).then(|| "192.0.2.0/24".to_owned()).into_iter().collect(),
        });
    }
    platform(&mut estate, shape, agents, &place, &projects);
    workspace.estate = Some(estate);
}

fn platform(
    estate: &mut Estate,
    shape: &Shape,
    agents: &AgentsShape,
    place: &dyn Fn(usize) -> Env,
    projects: &dyn Fn(Env, usize) -> Option<u64>,
) {
    let number = |at: usize| u64::try_from(at).unwrap_or(0);
    for at in 0..agents.clients.min(8) {
        let env = place(at);
        estate.collections.push(Collection {
            id: 40 + number(at),
            env,
            name: numbered(&COLLECTIONS, at),
            project: (at % 4 != 3).then(|| projects(env, at)).flatten(),
        });
    }
    for at in 0..agents.clients {
        let env = place(at);
        let here = estate.collections.iter().filter(|c| c.env == env);
        estate.clients.push(PlatformClient {
            id: 60 + number(at),
            env,
            name: numbered(&CLIENTS, at),
            auth_type: around(&["token", "oauth2", "jwt"], at).to_owned(),
            legacy: at % 5 == 4,
            collections: here.skip(at % 2).take(2).map(|c| c.id).collect(),
            keys: (0..agents.keys)
                .map(|key| PlatformKey {
                    // The same numbers in every client.
                    id: 1 + number(key),
                    name: format!("key {}", key + 1),
                    active: (at + key) % 4 != 3,
                    active_since: ((at + key) % 5 != 4).then(|| days_before(shape.now, 30 + 170 * key + at)),
                    allowed: (key % 2 == 1).then(|| "192.0.2.10".to_owned()).into_iter().collect(),
                })
                .collect(),
        });
    }
}

fn user(at: usize) -> IdentityUser {
    let (first, last) = (around(&FIRST, at), around(&LAST, at / FIRST.len() + at));
    let number = match at / (FIRST.len() * LAST.len()) {
        0 => String::new(),
        round => format!(" {}", round + 1),
    };
    let email = format!("{first}.{last}{}@{}", number.trim(), DOMAIN).to_lowercase();
    IdentityUser {
        id: format!("ident-{}", 1_000 + at),
        email: (at % 11 != 10).then_some(email),
        full_name: (at % 13 != 12).then(|| format!("{first} {last}{number}")),
    }
}

fn around_env(environments: &[Env], at: usize) -> Env {
    let place = at.checked_rem(environments.len());
    place
        .and_then(|place| environments.get(place))
        .copied()
        .unwrap_or(Env::Dev)
}
