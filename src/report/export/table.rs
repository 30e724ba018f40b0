//! What is in the tables, whatever they are written as.

use crate::baton::proto::v2;
use crate::report::access::Access;
use crate::report::thing::{Account, Right, Thing};
use crate::report::wording;

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// One row per person and access.
    AccessReview,
    /// One row per person or account.
    People,
    /// One row per resource.
    Resources,
    /// One row per entitlement.
    Entitlements,
}

/// A column: its key in JSON and databases, its title in sheets, its width there in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// `lastActivity`.
    pub key: &'static str,
    /// `Last activity`.
    pub title: &'static str,
    /// Characters.
    pub width: u16,
}

const fn column(key: &'static str, title: &'static str, width: u16) -> Column {
    Column { key, title, width }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, or not applicable.
    Empty,
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A count.
    Count(u64),
    /// A time in RFC 3339.
    Time(String),
    /// The first few ways to an access, the shortest first. Sheets and databases tell that one.
    Ways(Vec<Vec<Right>>),
}

impl Table {
    /// Every table, in the order of sheets.
    pub const ALL: [Table; 4] = [
        Table::AccessReview,
        Table::People,
        Table::Resources,
        Table::Entitlements,
    ];

    /// The name of its file, without extension.
    pub fn name(self) -> &'static str {
        match self {
            Table::AccessReview => "access-review",
            Table::People => "people",
            Table::Resources => "resources",
            Table::Entitlements => "entitlements",
        }
    }

    /// The name of its sheet.
    pub fn title(self) -> &'static str {
        match self {
            Table::AccessReview => "Access review",
            Table::People => "People",
            Table::Resources => "Resources",
            Table::Entitlements => "Entitlements",
        }
    }

    /// Its columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Table::AccessReview => ACCESS_REVIEW,
            Table::People => PEOPLE,
            Table::Resources => RESOURCES,
            Table::Entitlements => ENTITLEMENTS,
        }
    }
}

const ACCESS_REVIEW: &[Column] = &[
    column("person", "Person", 28),
    column("email", "E-mail", 32),
    column("accountType", "Account type", 13),
    column("status", "Status", 10),
    column("moderator", "Moderator", 11),
    column("lastActivity", "Last activity", 22),
    column("resourceType", "Resource type", 20),
    column("resource", "Resource", 32),
    column("environment", "Environment", 13),
    column("entitlement", "Entitlement", 28),
    column("reach", "Reach", 14),
    column("direct", "Direct", 8),
    column("path", "Path", 60),
    column("furtherPaths", "Further paths", 14),
    column("personId", "Person id", 24),
    column("resourceId", "Resource id", 24),
    column("entitlementId", "Entitlement id", 40),
    column("grantId", "Grant id", 48),
];

const PEOPLE: &[Column] = &[
    column("person", "Person", 28),
    column("email", "E-mail", 32),
    column("environment", "Environment", 13),
    column("accountType", "Account type", 13),
    column("status", "Status", 10),
    column("moderator", "Moderator", 11),
    column("lastActivity", "Last activity", 22),
    column("createdAt", "Created", 22),
    column("access", "Access", 9),
    column("directAccess", "Direct access", 14),
    column("personId", "Person id", 24),
];

const RESOURCES: &[Column] = &[
    column("resourceType", "Resource type", 20),
    column("resource", "Resource", 40),
    column("environment", "Environment", 13),
    column("description", "Description", 40),
    column("parentType", "Parent type", 20),
    column("parent", "Parent", 32),
    column("resourceId", "Resource id", 24),
    column("parentId", "Parent id", 24),
];

const ENTITLEMENTS: &[Column] = &[
    column("entitlement", "Entitlement", 28),
    column("resourceType", "Resource type", 20),
    column("resource", "Resource", 32),
    column("environment", "Environment", 13),
    column("description", "Description", 48),
    column("purpose", "Purpose", 14),
    column("grants", "Grants", 9),
    column("slug", "Slug", 18),
    column("resourceId", "Resource id", 24),
    column("entitlementId", "Entitlement id", 40),
];

/// A text, or nothing where it is empty.
pub(super) fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(text.to_owned())
    }
}

pub(super) fn time(time: Option<&String>) -> Cell {
    time.map_or(Cell::Empty, |time| Cell::Time(time.clone()))
}

/// The environment of a thing.
fn place(thing: &Thing) -> Cell {
    thing.environment.as_deref().map_or(Cell::Empty, text)
}

/// `type:id`.
pub(super) fn key(thing: &Thing) -> Cell {
    Cell::Text(format!("{}:{}", thing.kind, thing.id))
}

/// The row of one access of one person. No two rows of a sync are equal but for ids: names say what tells them apart.
pub(super) fn access_review(
    account: &Account,
    moderator: bool,
    held: &str,
    environment: Option<String>,
    access: Access,
) -> Vec<Cell> {
    let at = access.target().clone();
    let further = access.more_paths.saturating_add(access.paths.len().saturating_sub(1));
    let further = match access.is_least {
        true => Cell::Text(wording::at_least(further, true)),
        false => Cell::Count(further as u64),
    };
    vec![
        text(&account.thing.account_name()),
        text(&account.email),
        text(account.account_type),
        text(account.status),
        Cell::Flag(moderator),
        time(account.last_login.as_ref()),
        text(&at.type_name),
        text(&at.beside_environment()),
        environment.map_or(Cell::Empty, Cell::Text),
        text(held),
        text(access.reach.word()),
        Cell::Flag(access.direct),
        Cell::Ways(access.paths),
        further,
        key(&account.thing),
        key(&at),
        text(&access.right.id),
        text(&access.grant_id),
    ]
}

/// The row of one person.
pub(super) fn person(account: &Account, moderator: bool, access: u64, direct: u64) -> Vec<Cell> {
    vec![
        text(&account.thing.account_name()),
        text(&account.email),
        place(&account.thing),
        text(account.account_type),
        text(account.status),
        Cell::Flag(moderator),
        time(account.last_login.as_ref()),
        time(account.created_at.as_ref()),
        Cell::Count(access),
        Cell::Count(direct),
        key(&account.thing),
    ]
}

/// The row of one resource.
pub(super) fn resource(thing: &Thing, description: &str, parent: Option<&Thing>) -> Vec<Cell> {
    vec![
        text(&thing.type_name),
        text(&thing.beside_environment()),
        place(thing),
        text(description),
        parent.map_or(Cell::Empty, |parent| text(&parent.type_name)),
        parent.map_or(Cell::Empty, |parent| text(&parent.beside_environment())),
        key(thing),
        parent.map_or(Cell::Empty, key),
    ]
}

/// The row of one entitlement.
pub(super) fn entitlement(right: &Right, description: &str, purpose: &'static str, grants: u64) -> Vec<Cell> {
    vec![
        text(&right.called()),
        text(&right.resource.type_name),
        text(&right.resource.beside_environment()),
        place(&right.resource),
        text(description),
        text(purpose),
        Cell::Count(grants),
        text(&right.slug),
        key(&right.resource),
        text(&right.id),
    ]
}

/// What an entitlement is for, in a word; nothing where it does not say.
pub(super) fn purpose(entitlement: &v2::Entitlement) -> &'static str {
    use v2::entitlement::PurposeValue;
    match entitlement.purpose() {
        PurposeValue::Unspecified => "",
        PurposeValue::Assignment => "assignment",
        PurposeValue::Permission => "permission",
        PurposeValue::Ownership => "ownership",
    }
}
