//! Tables and indexes of the database (`baton/c1z/format.md 2.3, 2.4`). Names are fixed, column positions are not:
//! migrated files have later columns at the end, so every statement names its columns.

/// One column: name and definition.
pub(super) struct Column(pub(super) &'static str, pub(super) &'static str);

/// One table.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
}

/// One index.
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) unique: bool,
    pub(super) filter: Option<&'static str>,
}

const ID: Column = Column("id", "integer primary key");
const EXTERNAL_ID: Column = Column("external_id", "text not null");
const RESOURCE_TYPE_ID: Column = Column("resource_type_id", "text not null");
const RESOURCE_ID: Column = Column("resource_id", "text not null");
const DATA: Column = Column("data", "blob not null");
const SYNC_ID: Column = Column("sync_id", "text not null");
const DISCOVERED_AT: Column = Column("discovered_at", "datetime not null");
/// A text that is empty until something sets it.
const EMPTY_TEXT: &str = "text not null default ''";
const FLAG: &str = "integer not null default 0";

/// The table of grants, most of all rows.
pub(super) const GRANTS: &str = "v1_grants";

/// Every table, in the order of creation.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "v1_resource_types",
        columns: &[ID, EXTERNAL_ID, DATA, SYNC_ID, DISCOVERED_AT],
    },
    Table {
        name: "v1_resources",
        columns: &[
            ID,
            RESOURCE_TYPE_ID,
            EXTERNAL_ID,
            Column("parent_resource_type_id", "text"),
            Column("parent_resource_id", "text"),
            DATA,
            SYNC_ID,
            DISCOVERED_AT,
        ],
    },
    Table {
        name: "v1_entitlements",
        columns: &[
            ID,
            RESOURCE_TYPE_ID,
            RESOURCE_ID,
            EXTERNAL_ID,
            DATA,
            SYNC_ID,
            DISCOVERED_AT,
        ],
    },
    Table {
        name: "v1_sync_runs",
        columns: &[
            ID,
            SYNC_ID,
            Column("started_at", "datetime not null"),
            Column("ended_at", "datetime"),
            Column("sync_token", "text not null"),
            Column("sync_type", "text not null default 'full'"),
            Column("parent_sync_id", EMPTY_TEXT),
            Column("linked_sync_id", EMPTY_TEXT),
            Column("supports_diff", FLAG),
            Column("grants_backfilled", FLAG),
            Column("stats", "text"),
            Column("ingest_invariant_generation", EMPTY_TEXT),
            Column("ingest_invariant_coverage", EMPTY_TEXT),
            Column("ingest_invariant_mode", EMPTY_TEXT),
        ],
    },
    Table {
        name: GRANTS,
        columns: &[
            ID,
            RESOURCE_TYPE_ID,
            RESOURCE_ID,
            Column("entitlement_id", "text not null"),
            Column("principal_resource_type_id", "text not null"),
            Column("principal_resource_id", "text not null"),
            EXTERNAL_ID,
            Column("expansion", "blob"),
            Column("needs_expansion", FLAG),
            DATA,
            SYNC_ID,
            DISCOVERED_AT,
        ],
    },
    Table {
        name: "v1_assets",
        columns: &[
            ID,
            EXTERNAL_ID,
            Column("content_type", "text not null"),
            DATA,
            SYNC_ID,
            DISCOVERED_AT,
        ],
    },
    Table {
        name: "v1_connector_sessions",
        columns: &[
            ID,
            SYNC_ID,
            Column("key", "text not null"),
            Column("value", "blob not null"),
        ],
    },
];

const fn unique(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        table,
        columns,
        unique: true,
        filter: None,
    }
}

const fn plain(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        table,
        columns,
        unique: false,
        filter: None,
    }
}

/// What expansion finds the grants of an entitlement by.
pub(super) const GRANTS_OF_ENTITLEMENT: &str = "idx_grants_entitlement_sync_grant_v1";

/// Every index. The two resources names carry each other's columns: other writers guard index creation by name only,
/// so a file with the names put right would leave them without the unique index their upsert needs.
pub(super) const INDEXES: &[Index] = &[
    unique(
        "idx_resource_types_external_sync_v1",
        "v1_resource_types",
        &["external_id", "sync_id"],
    ),
    unique(
        "idx_resources_parent_resource_id_v1",
        "v1_resources",
        &["external_id", "sync_id"],
    ),
    unique(
        "idx_entitlements_external_sync_v1",
        "v1_entitlements",
        &["external_id", "sync_id"],
    ),
    unique("idx_sync_runs_sync_id_v1", "v1_sync_runs", &["sync_id"]),
    unique("idx_grants_external_sync_v1", "v1_grants", &["external_id", "sync_id"]),
    unique("idx_assets_external_sync_v1", "v1_assets", &["external_id", "sync_id"]),
    unique(
        "idx_session_store_sync_key_v1",
        "v1_connector_sessions",
        &["sync_id", "key"],
    ),
    plain(
        "idx_resources_resource_type_id_v1",
        "v1_resources",
        &["resource_type_id"],
    ),
    plain(
        "idx_resources_external_sync_v1",
        "v1_resources",
        &["parent_resource_type_id", "parent_resource_id"],
    ),
    plain(
        "idx_entitlements_resource_id_v1",
        "v1_entitlements",
        &["resource_type_id", "resource_id"],
    ),
    plain(
        "idx_grants_resource_type_id_resource_id_v1",
        "v1_grants",
        &["resource_type_id", "resource_id"],
    ),
    plain(
        "idx_grants_principal_id_v1",
        "v1_grants",
        &["principal_resource_type_id", "principal_resource_id"],
    ),
    plain(
        "idx_grants_entitlement_id_principal_id_v1",
        "v1_grants",
        &["entitlement_id", "principal_resource_type_id", "principal_resource_id"],
    ),
    plain(GRANTS_OF_ENTITLEMENT, "v1_grants", &["entitlement_id", "sync_id", "id"]),
    Index {
        name: "idx_grants_sync_expansion_v1",
        table: "v1_grants",
        columns: &["sync_id"],
        unique: false,
        filter: Some("expansion is not null"),
    },
    Index {
        name: "idx_grants_sync_needs_expansion_v1",
        table: "v1_grants",
        columns: &["sync_id"],
        unique: false,
        filter: Some("needs_expansion = 1"),
    },
];

impl Table {
    /// The statement that creates the table where it is missing.
    pub(super) fn create_sql(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|Column(name, kind)| format!("{name} {kind}"))
            .collect();
        format!("create table if not exists {} ({})", self.name, columns.join(", "))
    }
}

impl Column {
    /// Whether the column can be added to a table that has rows.
    pub(super) fn is_addable(&self) -> bool {
        !self.1.contains("not null") || self.1.contains("default")
    }
}

impl Index {
    /// Whether the index stays while rows come in: upserts need it, or hardly any row is in it.
    pub(super) fn is_kept_up(&self) -> bool {
        self.unique || self.filter.is_some()
    }

    /// The statement that creates the index where it is missing.
    pub(super) fn create_sql(&self) -> String {
        format!(
            "create {}index if not exists {} on {} ({}){}",
            if self.unique { "unique " } else { "" },
            self.name,
            self.table,
            self.columns.join(", "),
            self.filter.map(|f| format!(" where {f}")).unwrap_or_default()
        )
    }
}
