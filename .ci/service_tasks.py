#!/usr/bin/env python3
"""Writes a day's tasks for c1_standin.py: of every kind one, with rows of a synced file.

  service_tasks.py SHARED FILE.c1z > tasks.json
"""
import base64, json, os, sqlite3, sys, tempfile

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


def first(kind, fits=lambda resource: True):
    return next((r["id"]["resource"] for r in resources if kind_of(r) == kind and fits(r)), None)


# Credentials go to every key that is sent along; without one, or of a type that has none, the task fails before anything is
# changed. The keys are those of published examples.
jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
keys = [
    {"jwkPublicKeyConfig": {"pubKey": base64.b64encode(json.dumps(jwk).encode()).decode()}},
    {"provider": "baton/age/v1", "ageRecipientConfig": {"recipient": "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"}},
]
key = first("api_key", lambda r: not r["id"]["resource"].startswith("developer-"))
if key:
    rotation = {"resourceId": {"resourceType": "api_key", "resource": key}}
    tasks += [
        {"kind": "rotate_credentials", "body": {**rotation, "encryptionConfigs": keys, "credentialOptions": {"noPassword": {}}}},
        {"kind": "rotate_credentials", "body": rotation},
        {"kind": "action_invoke", "body": {"name": "disable_api_key", "args": {"resource_id": key}}},
        {"kind": "action_invoke", "body": {"name": "enable_api_key", "args": {"resource_id": key}, "resourceTypeId": "api_key"}},
        {"kind": "delete_resource", "body": {"resourceId": {"resourceType": "api_key", "resource": key}}},
    ]
genie = first("genie")
if genie:
    tasks.append({"kind": "action_invoke", "body": {"name": "stop_genie", "args": {"resource_id": {"resource_type_id": "genie", "resource_id": genie}}}})
tasks += [
    {"kind": "action_get_schema", "body": {"name": "suspend_collaborator"}},
    {"kind": "action_invoke", "body": {"name": "suspend_collaborator", "args": {"resource_id": people[0]["id"]["resource"]}}},
    {"kind": "action_invoke", "body": {"name": "suspend_collaborator"}},
    {"kind": "action_invoke", "body": {"name": "none"}},
    {"kind": "action_status", "body": {"name": "stop_genie", "id": "none"}},
]
# What the tasks before did is in the audit log by now: the feeds tell it, and events start the hook.
tasks += [
    {"kind": "list_events", "body": {"eventFeedId": "workato_changes"}},
    {"kind": "list_events", "body": {"eventFeedId": "workato_changes", "pageSize": 2}},
    {"kind": "list_events", "body": {"eventFeedId": "workato_usage", "cursor": "none"}},
]
for number, task in enumerate(tasks):
    # Files of whole syncs can be told from others by the id of their task.
    body = task.get("body", {})
    whole = task["kind"] == "sync_full" and not {"targetedSyncResources", "skipEntitlementsAndGrants", "syncResourceTypeIds"} & set(body)
    task["id"] = f"{'whole' if whole else 'other'}{number:022d}"
json.dump(tasks, sys.stdout)
