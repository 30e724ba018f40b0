#!/usr/bin/env python3
"""Writes a day's tasks for c1_standin.py: of every kind one, with rows of a synced file.

  service_tasks.py SHARED FILE.c1z > tasks.json
"""
import json, os, sqlite3, sys, tempfile

shared, c1z = sys.argv[1:3]
sys.path.insert(0, os.path.join(shared, "check"))
import zstandard
from google.protobuf import json_format
import wire

V2 = "c1.connector.v2."
with open(c1z, "rb") as f:
    assert f.read(5) == b"C1ZF\0"
    plain = zstandard.ZstdDecompressor().stream_reader(f).read()
with tempfile.NamedTemporaryFile(suffix=".db") as t:
    t.write(plain)
    t.flush()
    db = sqlite3.connect(t.name)

    def rows(table, message):
        for (data,) in db.execute(f"select data from {table} order by external_id"):
            m = wire.cls(V2 + message)()
            m.ParseFromString(data)
            yield json_format.MessageToDict(m, descriptor_pool=wire.pool())

    resources = list(rows("v1_resources", "Resource"))
    entitlements = list(rows("v1_entitlements", "Entitlement"))
    grants = list(rows("v1_grants", "Grant"))


def kind_of(resource):
    return resource["id"]["resourceType"]


people = [r for r in resources if kind_of(r) == "collaborator"]
held = {(g["entitlement"]["id"], g["principal"]["id"]["resource"]) for g in grants}


def free(kind):
    """An entitlement of a resource type, and a person who does not have it."""
    for e in entitlements:
        if kind_of(e["resource"]) == kind:
            for p in people:
                if (e["id"], p["id"]["resource"]) not in held:
                    return {"entitlement": e, "principal": p}


def one_held(kind):
    for g in grants:
        if kind_of(g["entitlement"]["resource"]) == kind and kind_of(g["principal"]) == "collaborator" and not g.get("sources"):
            return {"grant": g}


tasks = [{"kind": "sync_full"}, {"kind": "hello"}]
for kind in ("environment_role", "role", "project", "collaborator_group"):
    if free(kind):
        tasks.append({"kind": "grant", "body": free(kind)})
    if one_held(kind):
        tasks.append({"kind": "revoke", "body": one_held(kind)})
        tasks.append({"kind": "revoke", "body": one_held(kind)})
email = "new.person@example.com"
tasks += [
    {"kind": "create_account", "body": {
        "accountInfo": {"emails": [{"address": email, "isPrimary": True}], "login": email,
                        "profile": {"email": email, "name": "New Person", "env_roles": ["dev:Environment admin"]}},
        "credentialOptions": {"noPassword": {}}}},
    {"kind": "delete_resource", "body": {"resourceId": people[-1]["id"]}},
    {"kind": "delete_resource", "body": {"resourceId": people[-1]["id"]}},
    {"kind": "create_resource", "body": {"resource": people[0]}},
    {"kind": "rotate_credentials", "body": {"resourceId": people[0]["id"]}},
    {"kind": "issue_credential", "body": {"identityId": people[0]["id"]}},
    {"kind": "list_event_feeds"},
    {"kind": "list_events", "body": {"eventFeedId": "none"}},
    {"kind": "action_list_schemas"},
    {"kind": "action_get_schema", "body": {"name": "none"}},
    {"kind": "list_ticket_schemas"},
    {"kind": "event_feed"},
    {"kind": "compact_syncs"},
    {"kind": "sync_full", "body": {"skipGrants": True, "skipExpandGrants": True, "storageEngine": "pebble"}},
    {"kind": "sync_full", "body": {"targetedSyncResources": [people[0], people[0], people[1]]}},
    {"kind": "sync_full", "body": {"skipEntitlementsAndGrants": True}},
    {"kind": "sync_full", "body": {"syncResourceTypeIds": ["collaborator", "project"]}},
    {"kind": "sync_full"},
]
for number, task in enumerate(tasks):
    # Files of whole syncs can be told from others by the id of their task.
    body = task.get("body", {})
    whole = task["kind"] == "sync_full" and not {"targetedSyncResources", "skipEntitlementsAndGrants", "syncResourceTypeIds"} & set(body)
    task["id"] = f"{'whole' if whole else 'other'}{number:022d}"
json.dump(tasks, sys.stdout)
