//! Making a workspace from a shape. Every part draws from its own random stream, so that more of one thing does not
//! change another.

mod access;
mod agents;
mod content;
mod grants;
mod legacy;
mod names;
mod people;
mod random;
mod yesterday;

pub use yesterday::{Gained, Yesterday};

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::shape::{AccessModel, Shape};
use super::workspace::{Env, Workspace};

impl Workspace {
    /// The workspace of a shape. Deterministic: equal shapes, equal workspaces.
    pub fn generate(shape: &Shape) -> Workspace {
        let mut environments = shape.environments.clone();
        environments.push(Env::Dev);
        environments.sort_unstable();
        environments.dedup();
        let mut workspace = Workspace {
            model: shape.model,
            id: 77_031,
            name: "Northwind Kitchens".to_owned(),
            environments,
            home_folders: BTreeMap::new(),
            people: people::people(shape),
            environment_roles: Vec::new(),
            legacy_roles: Vec::new(),
            groups: Vec::new(),
            project_roles: Vec::new(),
            projects: Vec::new(),
            folders: Vec::new(),
            project_grants: Vec::new(),
            api_clients: Vec::new(),
            api_client_roles: Vec::new(),
            connections: Vec::new(),
            privileges: BTreeMap::new(),
            drift: BTreeMap::new(),
            estate: None,
        };
        content::add(&mut workspace, shape);
        if shape.model != AccessModel::Legacy {
            access::add_environment_roles(&mut workspace, shape);
            grants::add(&mut workspace, shape);
        }
        if shape.model != AccessModel::RbacV2 {
            legacy::add(&mut workspace, shape);
        }
        access::assign(&mut workspace, shape);
        if shape.drift {
            access::add_drift(&mut workspace, shape);
        }
        content::add_clients(&mut workspace, shape);
        agents::add(&mut workspace, shape);
        let mut random = random::Random::new(shape.seed, "order");
        // No list is documented to be ordered (`workato/api.md 2.1`), so none is.
        random.shuffle(&mut workspace.people);
        random.shuffle(&mut workspace.projects);
        random.shuffle(&mut workspace.folders);
        random.shuffle(&mut workspace.connections);
        random.shuffle(&mut workspace.project_grants);
        workspace
    }
}

/// A time so many days before the story's day, in UTC with milliseconds: `2026-02-03T04:05:06.007Z`.
fn days_before(now: Timestamp, days: usize) -> String {
    let days = i64::try_from(days).unwrap_or(i64::MAX / 86_400);
    let at = now
        .checked_sub(SignedDuration::from_hours(days.saturating_mul(24)))
        .unwrap_or(Timestamp::MIN);
    format!("{at:.3}")
}

/// The same in the other form the API uses: `2024-08-02T13:35:11.691-07:00`.
fn days_before_with_offset(now: Timestamp, days: usize) -> String {
    let utc = days_before(now, days);
    let Ok(at) = utc.parse::<Timestamp>() else {
        return utc;
    };
    let zoned = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-7)));
    zoned.strftime("%Y-%m-%dT%H:%M:%S.691%:z").to_string()
}
