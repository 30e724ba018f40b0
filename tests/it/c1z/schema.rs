//! `baton/c1z/format.md 2.1 to 2.4`, spelled out once more: what a fresh file holds.

use rusqlite::Connection;

use super::{Place, column, full_sync, unpack};

/// Table, then `name|type|not null|default` of each column in order.
const TABLES: [(&str, &[&str]); 7] = [
    (
        "v1_resource_types",
        &[
            "id|integer|0|",
            "external_id|text|1|",
            "data|blob|1|",
            "sync_id|text|1|",
            "discovered_at|datetime|1|",
        ],
    ),
    (
        "v1_resources",
        &[
            "id|integer|0|",
            "resource_type_id|text|1|",
            "external_id|text|1|",
            "parent_resource_type_id|text|0|",
            "parent_resource_id|text|0|",
            "data|blob|1|",
            "sync_id|text|1|",
            "discovered_at|datetime|1|",
        ],
    ),
    (
        "v1_entitlements",
        &[
            "id|integer|0|",
            "resource_type_id|text|1|",
            "resource_id|text|1|",
            "external_id|text|1|",
            "data|blob|1|",
            "sync_id|text|1|",
            "discovered_at|datetime|1|",
        ],
    ),
    (
        "v1_grants",
        &[
            "id|integer|0|",
            "resource_type_id|text|1|",
            "resource_id|text|1|",
            "entitlement_id|text|1|",
            "principal_resource_type_id|text|1|",
            "principal_resource_id|text|1|",
            "external_id|text|1|",
            "expansion|blob|0|",
            "needs_expansion|integer|1|0",
            "data|blob|1|",
            "sync_id|text|1|",
            "discovered_at|datetime|1|",
        ],
    ),
    (
        "v1_sync_runs",
        &[
            "id|integer|0|",
            "sync_id|text|1|",
            "started_at|datetime|1|",
            "ended_at|datetime|0|",
            "sync_token|text|1|",
            "sync_type|text|1|'full'",
            "parent_sync_id|text|1|''",
            "linked_sync_id|text|1|''",
            "supports_diff|integer|1|0",
            "grants_backfilled|integer|1|0",
            "stats|text|0|",
            "ingest_invariant_generation|text|1|''",
            "ingest_invariant_coverage|text|1|''",
            "ingest_invariant_mode|text|1|''",
        ],
    ),
    (
        "v1_assets",
        &[
            "id|integer|0|",
            "external_id|text|1|",
            "content_type|text|1|",
            "data|blob|1|",
            "sync_id|text|1|",
            "discovered_at|datetime|1|",
        ],
    ),
    (
        "v1_connector_sessions",
        &["id|integer|0|", "sync_id|text|1|", "key|text|1|", "value|blob|1|"],
    ),
];

/// `name on table (columns) unique filter`.
const INDEXES: [&str; 16] = [
    "idx_resource_types_external_sync_v1 on v1_resource_types (external_id,sync_id) 1 ",
    "idx_resources_resource_type_id_v1 on v1_resources (resource_type_id) 0 ",
    "idx_resources_external_sync_v1 on v1_resources (parent_resource_type_id,parent_resource_id) 0 ",
    "idx_resources_parent_resource_id_v1 on v1_resources (external_id,sync_id) 1 ",
    "idx_entitlements_resource_id_v1 on v1_entitlements (resource_type_id,resource_id) 0 ",
    "idx_entitlements_external_sync_v1 on v1_entitlements (external_id,sync_id) 1 ",
    "idx_grants_resource_type_id_resource_id_v1 on v1_grants (resource_type_id,resource_id) 0 ",
    "idx_grants_principal_id_v1 on v1_grants (principal_resource_type_id,principal_resource_id) 0 ",
    "idx_grants_entitlement_id_principal_id_v1 on v1_grants \
     (entitlement_id,principal_resource_type_id,principal_resource_id) 0 ",
    "idx_grants_external_sync_v1 on v1_grants (external_id,sync_id) 1 ",
    "idx_grants_sync_expansion_v1 on v1_grants (sync_id) 0 expansion is not null",
    "idx_grants_sync_needs_expansion_v1 on v1_grants (sync_id) 0 needs_expansion = 1",
    "idx_grants_entitlement_sync_grant_v1 on v1_grants (entitlement_id,sync_id,id) 0 ",
    "idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id) 1 ",
    "idx_assets_external_sync_v1 on v1_assets (external_id,sync_id) 1 ",
    "idx_session_store_sync_key_v1 on v1_connector_sessions (sync_id,key) 1 ",
];

pub(super) fn indexes(db: &Connection) -> Vec<String> {
    column(
        db,
        "select m.name || ' on ' || m.tbl_name || ' (' || \
           (select group_concat(i.name, ',') from (select name from pragma_index_info(m.name) order by seqno) i) || ') ' || \
           (select \"unique\" from pragma_index_list(m.tbl_name) l where l.name = m.name) || ' ' || \
           case when instr(m.sql, ' where ') then substr(m.sql, instr(m.sql, ' where ') + 7) else '' end \
         from sqlite_master m where m.type = 'index' order by m.name",
    )
}

pub(super) fn expected_indexes() -> Vec<String> {
    let mut expected: Vec<String> = INDEXES.iter().map(|s| (*s).to_owned()).collect();
    expected.sort();
    expected
}

pub(super) fn columns(db: &Connection, table: &str) -> Vec<String> {
    column(
        db,
        &format!(
            "select name || '|' || lower(type) || '|' || \"notnull\" || '|' || coalesce(dflt_value, '') \
             from pragma_table_info('{table}') order by cid"
        ),
    )
}

pub(super) fn expected_columns() -> [(&'static str, &'static [&'static str]); 7] {
    TABLES
}

#[test]
fn a_fresh_file_has_exactly_the_tables_of_the_contract() {
    let place = Place::new();
    full_sync(&place);
    let db = unpack(&place.file).db;
    for (table, expected) in TABLES {
        assert_eq!(columns(&db, table), expected, "{table}");
        let key = format!("select name from pragma_table_info('{table}') where pk = 1");
        assert_eq!(column(&db, &key), ["id"], "{table}");
    }
    let mut tables: Vec<&str> = TABLES.iter().map(|(t, _)| *t).collect();
    tables.sort_unstable();
    let all = "select name from sqlite_master where type = 'table' order by name";
    assert_eq!(
        column(&db, all),
        tables,
        "no AUTOINCREMENT, no statistics, nothing else"
    );
    assert_eq!(
        column(&db, "select name from sqlite_master where type in ('view', 'trigger')"),
        [""; 0]
    );
}

#[test]
fn a_fresh_file_has_exactly_the_indexes_of_the_contract_with_the_swapped_names() {
    let place = Place::new();
    full_sync(&place);
    assert_eq!(indexes(&unpack(&place.file).db), expected_indexes());
}

#[test]
fn an_unfinished_file_has_all_indexes_too() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(baton_workato::baton::c1z::SyncType::Full).unwrap();
    store.save().unwrap();
    assert_eq!(indexes(&unpack(&place.file).db), expected_indexes());
}

#[test]
fn an_index_with_the_names_put_right_is_made_wrong_again() {
    let place = Place::new();
    full_sync(&place);
    super::doctor(
        &place.file,
        "drop index idx_resources_external_sync_v1; drop index idx_resources_parent_resource_id_v1; \
         create unique index idx_resources_external_sync_v1 on v1_resources (external_id, sync_id); \
         create index idx_resources_parent_resource_id_v1 on v1_resources \
           (parent_resource_type_id, parent_resource_id);",
    );
    full_sync(&place);
    assert_eq!(indexes(&unpack(&place.file).db), expected_indexes());
}

#[test]
fn database_settings_are_the_defaults() {
    let place = Place::new();
    full_sync(&place);
    let db = unpack(&place.file).db;
    for (pragma, expected) in [("auto_vacuum", 0), ("user_version", 0), ("application_id", 0)] {
        assert_eq!(super::number(&db, &format!("pragma {pragma}")), expected, "{pragma}");
    }
    assert_eq!(column(&db, "pragma encoding"), ["UTF-8"]);
}
