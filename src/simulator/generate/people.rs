//! People without their roles: names, mail addresses, activity.

use std::collections::HashSet;

use super::super::shape::Shape;
use super::super::workspace::{LastActivity, Person};
use super::random::{Random, around};
use super::{days_before, days_before_with_offset, names};

/// The main mail domain of the company.
pub const DOMAIN: &str = "northwind.example";
/// Where contractors come from.
const CONTRACTORS: &str = "bluefin-consulting.example";
/// The parent company, whose people moderate the workspace.
const PARENT: &str = "northwind-group.example";
/// Member ids: the first and the step. They overlap with project and folder ids on purpose.
const FIRST_ID: u64 = 1_003;
const ID_STEP: u64 = 3;
/// The person who is one production admin too many: external and long gone.
pub const GONE_ADMIN: usize = 2;

/// Everyone, with no role yet.
pub fn people(shape: &Shape) -> Vec<Person> {
    let mut random = Random::new(shape.seed, "people");
    let mut taken = HashSet::new();
    (0..shape.people)
        .map(|at| person(shape, at, &mut random, &mut taken))
        .collect()
}

fn person(shape: &Shape, at: usize, random: &mut Random, taken: &mut HashSet<String>) -> Person {
    let (given, given_mail) = around(&names::GIVEN, at);
    let (family, family_mail) = around(&names::FAMILY, at * 7 + at / names::GIVEN.len());
    let moderator = at % 29 == 11;
    let domain = match at {
        _ if moderator => PARENT,
        GONE_ADMIN => CONTRACTORS,
        _ if at % 17 == 5 => CONTRACTORS,
        // Written as people write it: addresses compare without case.
        1 => "Northwind.Example",
        _ => DOMAIN,
    };
    let mut local = format!("{given_mail}.{family_mail}");
    if !taken.insert(local.clone()) {
        local = format!("{local}{at}");
        taken.insert(local.clone());
    }
    let careful = names::CAREFUL_PEOPLE
        .iter()
        .find(|(who, _)| *who == at)
        .map(|(_, name)| (*name).to_owned());
    let id = FIRST_ID + ID_STEP * u64::try_from(at).unwrap_or(0);
    let joined = 200 + random.below(1_200);
    Person {
        id,
        grant_type: (at % 47 != 25).then(|| if moderator { "federation_manager" } else { "team" }.to_owned()),
        name: (at % 37 != 20).then(|| careful.unwrap_or_else(|| format!("{given} {family}"))),
        // Person 57 has neither name nor mail.
        email: (at % 41 != 30 && at != 57).then(|| format!("{local}@{domain}")),
        external_id: (at % 9 == 4).then(|| format!("00u{id:08x}")),
        time_zone: (at % 11 != 6).then(|| around(&["Berlin", "Pacific Time (US & Canada)", "Tokyo"], at).to_owned()),
        created_at: (at % 53 != 35).then(|| days_before_with_offset(shape.now, joined)),
        last_activity: activity(shape, at, random),
        roles: Vec::new(),
    }
}

/// Most acted this month, some not for more than 90 days, some never.
fn activity(shape: &Shape, at: usize, random: &mut Random) -> LastActivity {
    let days = match at {
        _ if at % 31 == 8 => return LastActivity::Missing,
        _ if at % 13 == 6 => return LastActivity::Never,
        GONE_ADMIN => 211,
        _ if at % 7 == 3 => 91 + random.below(300),
        _ => random.below(30),
    };
    let kinds = ["user_login", "recipe_updated", "recipe_started", "connection_updated"];
    LastActivity::Event {
        id: 5_000_000 + u64::try_from(at).unwrap_or(0),
        event_type: around(&kinds, at).to_owned(),
        created_at: days_before(shape.now, days),
    }
}
