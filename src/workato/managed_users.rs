//! The customers of an Embedded partner: who they are, what their partner's token is allowed for all of them together, and
//! the least time that takes (`workato/fleet.md`). What is below a customer, the client knows.

use std::num::NonZeroU32;
use std::time::Duration;

use super::client::endpoint::{self, Endpoint, Envelope, Paging, Verb};
use super::client::{WorkatoClient, ids, rows};
use super::code;
use super::listing::List;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::{Allowance, Pace};

ids! {
    /// A customer, as the list numbers it.
    CustomerId,
}

rows! {
    /// A customer of a partner (`workato/fleet.md 1`).
    CustomerRow {
        id: CustomerId = id,
        external_id: Option<String> = text,
        name: Option<String> = text,
    }
}

/// `workato/fleet.md 1`: the list of customers.
pub static MANAGED_USERS: Endpoint = Endpoint {
    name: "managed users",
    verb: Verb::Get,
    doing: "read",
    path: "/api/managed_users",
    paging: Paging::PageNumber,
    envelope: Envelope::Result,
    family: "managed users",
    checkbox: "managed users (the label of the checkbox is not published)",
    refusal: code::MAY_MANAGED_USERS,
    lost: "the workspaces of a partner's customers",
};

/// What a sync of one customer asks for at least, by a row of each family. Families that may refuse without a fault,
/// and lists that depend on what others hold, are not in it.
static LEAST: &[(&Endpoint, u32)] = &[
    (&endpoint::MEMBERS, 1),
    (&endpoint::ENVIRONMENT_ROLES, 1),
    (&endpoint::PROJECT_ROLES, 1),
    (&endpoint::USER_GROUPS, 1),
    (&endpoint::PROJECTS, 2),
    (&endpoint::API_CLIENTS, 2),
    (&endpoint::IDENTITY_USERS, 2),
];

/// The documented paces of families that are allowed more than the others (`workato/fleet.md 2`).
fn documented() -> Vec<(&'static str, Pace)> {
    let ten_a_second = NonZeroU32::new(10).map(|ten| Pace::new(ten, Duration::from_secs(1)));
    let thousand_a_minute = NonZeroU32::new(1000).map(Pace::per_minute);
    [
        (&endpoint::ENVIRONMENT_ROLES, ten_a_second),
        (&endpoint::PROJECT_ROLES, ten_a_second),
        (&endpoint::USER_GROUPS, ten_a_second),
        (&endpoint::API_CLIENTS, thousand_a_minute),
    ]
    .into_iter()
    .filter_map(|(endpoint, pace)| Some((endpoint.family, pace?)))
    .collect()
}

/// The paces of a partner's token: what is documented and, of all other families, `usual`. Where somebody agreed on
/// another number with Workato, `agreed`, that one holds for all.
pub struct Paces {
    usual: Option<Pace>,
    others: Vec<(&'static str, Pace)>,
}

impl Paces {
    /// Of a token that so many processes use at the same time.
    pub fn new(usual: Option<Pace>, agreed: bool, processes: u32) -> Paces {
        let others = if agreed { Vec::new() } else { documented() };
        let shared = others
            .into_iter()
            .map(|(family, pace)| (family, shared_pace(pace, processes)));
        Paces {
            usual: usual.map(|pace| shared_pace(pace, processes)),
            others: shared.collect(),
        }
    }

    /// What all customers share.
    pub fn allowance(&self) -> Allowance {
        Allowance::new(self.usual, &self.others)
    }

    /// The least time that syncs of so many customers take, and the family that says so. A window's requests may leave at
    /// once, so that the last window begins when all others are over.
    pub fn floor(&self, customers: usize) -> Option<(Duration, &'static str)> {
        let customers = u32::try_from(customers).unwrap_or(u32::MAX);
        let of_family = |(endpoint, least): &(&'static Endpoint, u32)| {
            let other = self.others.iter().find(|(family, _)| *family == endpoint.family);
            let pace = other.map(|(_, pace)| *pace).or(self.usual)?;
            let windows = customers.saturating_mul(*least).div_ceil(pace.requests());
            Some((pace.window() * windows.saturating_sub(1), endpoint.family))
        };
        LEAST.iter().filter_map(of_family).max_by_key(|(time, _)| *time)
    }
}

/// What one of several processes may send: its part of every window or, where that is less than one request, one in
/// several windows.
fn shared_pace(pace: Pace, processes: u32) -> Pace {
    let processes = processes.max(1);
    match NonZeroU32::new(pace.requests() / processes) {
        Some(part) => Pace::new(part, pace.window()),
        None => Pace::new(
            NonZeroU32::MIN,
            pace.window() * processes.div_ceil(pace.requests().max(1)),
        ),
    }
}

/// All customers, ordered by id.
///
/// # Errors
/// Those of the client; `Unavailable` for a list that does not fit together however often it is read, or is empty: who
/// reads it for its customers has some, and none is what a token of the wrong workspace would see.
pub async fn list(client: &WorkatoClient) -> Result<Vec<CustomerRow>> {
    let rows: Vec<CustomerRow> = List::now(client, &MANAGED_USERS).read().await?;
    if rows.is_empty() {
        return Err(Error::new(Kind::Unavailable, "the list of managed users is empty")
            .code(code::LIST_EMPTY)
            .hint("check that the token is of the partner's own workspace"));
    }
    if let Some(row) = rows
        .iter()
        .find(|row| !row.id.as_str().bytes().all(|byte| byte.is_ascii_digit()))
    {
        let message = format!(
            "the list of managed users has an id that is no number: {:?}",
            row.id.as_str()
        );
        return Err(Error::new(Kind::Internal, message)
            .code(code::UNREADABLE)
            .hint("report this message: what such an id is in a path is not known"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_that_of_the_slowest_family() {
        let minute = NonZeroU32::new(60).map(Pace::per_minute);
        let floor = |paces: Paces, customers| paces.floor(customers).map(|(time, family)| (time.as_secs(), family));
        // 600 requests are ten windows, of which the last takes no time.
        let (seconds, family) = floor(Paces::new(minute, false, 1), 300).unwrap();
        assert_eq!(seconds, 540);
        assert!([endpoint::PROJECTS.family, endpoint::IDENTITY_USERS.family].contains(&family));
        // One minute is enough for the slowest family; what is allowed ten a second is done in three.
        assert_eq!(floor(Paces::new(minute, false, 1), 30).unwrap().0, 2);
        let agreed = NonZeroU32::new(6000).map(Pace::per_minute);
        assert_eq!(floor(Paces::new(agreed, true, 1), 300).unwrap().0, 0);
        assert_eq!(floor(Paces::new(None, true, 1), 300), None);
        // Four processes share the minute; twenty share ten a second.
        assert_eq!(floor(Paces::new(minute, false, 4), 75).unwrap().0, 540);
        let twenty = Paces::new(minute, false, 20);
        assert!(
            twenty
                .others
                .iter()
                .any(|(_, pace)| (pace.requests(), pace.window().as_secs()) == (1, 2))
        );
    }
}
