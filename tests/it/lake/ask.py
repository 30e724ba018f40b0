"""Asks a lake of Parquet files what its readers outside of this repository see: once DuckDB, once PyArrow.

ask.py LAKE prints one JSON document. Rows are what identifies an access:
workspace, principal, entitlement, reach, type and id of what is reached.
"""

import json
import sys

import duckdb
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

lake = sys.argv[1]
TABLES = ["resources", "entitlements", "grants", "findings"]
KEY = ["workspace", "principal_type", "principal_id", "entitlement_id", "reach", "resource_type", "resource_id"]


def of_duckdb(where):
    rows = duckdb.sql(
        f"SELECT {', '.join(KEY)} FROM read_parquet('{lake}/grants/*/*/*.parquet', hive_partitioning = true)"
        f" WHERE {where}"
    ).fetchall()
    return sorted(["" if value is None else str(value) for value in row] for row in rows)


def of_pyarrow(where):
    table = ds.dataset(f"{lake}/grants", format="parquet", partitioning="hive").to_table(filter=where, columns=KEY)
    return sorted(["" if row[key] is None else str(row[key]) for key in KEY] for row in table.to_pylist())


def contains_admin():
    names = ["entitlement_id", "entitlement_slug", "entitlement", "entitlement_label"]
    matches = [pc.coalesce(pc.match_substring(pc.field(name), "admin", ignore_case=True), pc.scalar(False)) for name in names]
    found = matches[0]
    for match in matches[1:]:
        found = found | match
    return found


outside = "principal_is_account AND principal_domain IS DISTINCT FROM 'northwind.example' AND environment = 'prod'"
named = " OR ".join(
    f"{name} ILIKE '%admin%'" for name in ["entitlement_id", "entitlement_slug", "entitlement", "entitlement_label"]
)
is_outside = (
    pc.field("principal_is_account")
    & pc.coalesce(pc.field("principal_domain") != "northwind.example", pc.scalar(True))
    & (pc.field("environment") == "prod")
)

answer = {
    # By the words of what is held, as `access` is asked.
    "duckdb": of_duckdb(f"{outside} AND ({named})"),
    "pyarrow": of_pyarrow(is_outside & contains_admin()),
    # Whatever they hold there.
    "outside_duckdb": of_duckdb(outside),
    "outside_pyarrow": of_pyarrow(is_outside),
    # By what the program counts as an admin.
    "admins_duckdb": of_duckdb(f"{outside} AND admin"),
    "admins_pyarrow": of_pyarrow(is_outside & pc.field("admin")),
    "counts": {},
    "metadata": {},
    "columns": {},
}
for table in TABLES:
    parts = ds.dataset(f"{lake}/{table}", format="parquet", partitioning="hive")
    arrow = parts.to_table()
    duck = duckdb.sql(
        f"SELECT count(*), count(DISTINCT workspace), min(schema_version), max(schema_version)"
        f" FROM read_parquet('{lake}/{table}/*/*/*.parquet', hive_partitioning = true)"
    ).fetchall()[0]
    assert duck[0] == arrow.num_rows, (table, duck, arrow.num_rows)
    answer["counts"][table] = list(duck)
    answer["columns"][table] = [f"{field.name} {field.type}" for field in arrow.schema]
    first = pq.read_metadata(parts.files[0])
    said = {key.decode(): value.decode() for key, value in first.metadata.items() if key.startswith(b"baton-workato.")}
    answer["metadata"][table] = said
# Every way has its steps, in words and by their ids; the last one is what is held.
answer["without_way"] = duckdb.sql(
    f"SELECT count(*) FROM read_parquet('{lake}/grants/*/*/*.parquet', hive_partitioning = true)"
    " WHERE path IS NULL OR len(path_entitlement_ids) = 0 OR path_entitlement_ids[-1] <> entitlement_id"
).fetchall()[0][0]
answer["derived"] = duckdb.sql(
    f"SELECT count(*) FROM read_parquet('{lake}/grants/*/*/*.parquet', hive_partitioning = true)"
    " WHERE NOT direct AND len(path_entitlement_ids) > 1"
).fetchall()[0][0]
answer["reach_on"] = duckdb.sql(
    f"SELECT count(*) FROM read_parquet('{lake}/grants/*/*/*.parquet', hive_partitioning = true) WHERE reach = 'on'"
).fetchall()[0][0]
findings = f"read_parquet('{lake}/findings/*/*/*.parquet', hive_partitioning = true)"
answer["gaps_of_sync"] = [
    row[0]
    for row in duckdb.sql(f"SELECT reason FROM {findings} WHERE state = 'gap' AND thing_id IS NULL").fetchall()
]
answer["found"] = duckdb.sql(f"SELECT count(*) FROM {findings} WHERE state = 'found'").fetchall()[0][0]
answer["workspaces"] = [
    row[0]
    for row in duckdb.sql(
        f"SELECT DISTINCT workspace FROM read_parquet('{lake}/grants/*/*/*.parquet', hive_partitioning = true)"
        " ORDER BY 1"
    ).fetchall()
]
json.dump(answer, sys.stdout)
