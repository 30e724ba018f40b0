//! What the tables have, column by column. The order is that of the files; engines go by names.

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Table {
    /// One row per resource: people, groups, roles, projects.
    Resources,
    /// One row per right that can be held.
    Entitlements,
    /// One row per principal and right that it holds or reaches.
    Grants,
    /// One row per thing that a reviewer should look at, and per thing that is not known.
    Findings,
}

/// What the values of a column are. Every one may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A text in UTF-8.
    Text,
    /// A list of texts.
    Texts,
    /// Yes or no.
    Flag,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A moment, in microseconds since 1970 in UTC.
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) sort: Sort,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Not known, or not applicable.
    Null,
    Text(String),
    Texts(Vec<String>),
    Flag(bool),
    Int(i32),
    Long(i64),
    Time(i64),
}

impl Value {
    /// A text, or nothing where it is empty.
    pub(super) fn text(text: &str) -> Value {
        match text {
            "" => Value::Null,
            text => Value::Text(text.to_owned()),
        }
    }

    /// As [`Value::text`], of one that may be missing.
    pub(super) fn maybe(text: Option<&str>) -> Value {
        text.map_or(Value::Null, Value::text)
    }

    /// A moment in RFC 3339. One that is none is not known.
    pub(super) fn time(text: Option<&str>) -> Value {
        let parsed = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        parsed.map_or(Value::Null, |at| Value::Time(at.as_microsecond()))
    }

    /// A count.
    pub(super) fn count(count: u64) -> Value {
        Value::Long(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl Table {
    /// Every table.
    pub(super) const ALL: [Table; 4] = [Table::Resources, Table::Entitlements, Table::Grants, Table::Findings];

    /// The name of its folder.
    pub(super) fn name(self) -> &'static str {
        match self {
            Table::Resources => "resources",
            Table::Entitlements => "entitlements",
            Table::Grants => "grants",
            Table::Findings => "findings",
        }
    }

    /// Its columns; before them stand those of [`EVERY`].
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Table::Resources => RESOURCES,
            Table::Entitlements => ENTITLEMENTS,
            Table::Grants => GRANTS,
            Table::Findings => FINDINGS,
        }
    }
}

const fn text(name: &'static str) -> Column {
    column(name, Sort::Text)
}

const fn column(name: &'static str, sort: Sort) -> Column {
    Column { name, sort }
}

/// What every table begins with.
pub(super) const EVERY: &[Column] = &[
    column("schema_version", Sort::Int),
    text("sync_id"),
    column("synced_at", Sort::Time),
];

const RESOURCES: &[Column] = &[
    text("resource_type"),
    text("resource_type_name"),
    text("resource_id"),
    text("name"),
    text("environment"),
    text("description"),
    text("parent_type"),
    text("parent_id"),
    column("is_account", Sort::Flag),
    text("email"),
    text("domain"),
    text("account_type"),
    text("status"),
    column("moderator", Sort::Flag),
    column("last_activity", Sort::Time),
    column("created_at", Sort::Time),
];

const ENTITLEMENTS: &[Column] = &[
    text("entitlement_id"),
    text("slug"),
    text("name"),
    text("label"),
    text("purpose"),
    text("description"),
    column("admin", Sort::Flag),
    text("resource_type"),
    text("resource_id"),
    text("resource"),
    text("environment"),
    column("grants", Sort::Long),
];

const GRANTS: &[Column] = &[
    text("grant_id"),
    text("reach"),
    text("principal_type"),
    text("principal_id"),
    text("principal"),
    column("principal_is_account", Sort::Flag),
    text("principal_email"),
    text("principal_domain"),
    text("principal_account_type"),
    text("principal_status"),
    text("entitlement_id"),
    text("entitlement_slug"),
    text("entitlement"),
    text("entitlement_label"),
    column("admin", Sort::Flag),
    text("resource_type"),
    text("resource_id"),
    text("resource"),
    text("environment"),
    column("direct", Sort::Flag),
    column("immutable", Sort::Flag),
    text("path"),
    column("path_entitlement_ids", Sort::Texts),
    column("further_paths", Sort::Long),
    column("further_paths_at_least", Sort::Flag),
];

const FINDINGS: &[Column] = &[
    text("finding"),
    text("severity"),
    text("state"),
    text("title"),
    text("item_id"),
    text("thing_type"),
    text("thing_id"),
    text("thing"),
    text("environment"),
    text("detail"),
    text("owner"),
    text("code"),
    text("reason"),
    text("accepted_until"),
];
