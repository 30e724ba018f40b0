#!/usr/bin/env python3
"""Makes .c1z files that are hard to answer questions about: FILE SHAPE [SIZE]. Needs zstandard.

What every shape is stands in SHAPES; `hostile.py FOLDER all` makes one of each. Readers are to answer `access`, `export`
and `diff` of any file of 100 MB within 10 s and 300 MB of memory, or to say what they cut:

    /usr/bin/time -v baton-workato access "Person 7" -f chain.c1z
"""

import io
import sqlite3
import sys
from pathlib import Path

import zstandard

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "rbac-v2" / "published-connector.c1z"
MAGIC = b"C1ZF\0"
AT = "2026-11-08 08:49:37.000000000+00:00"


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def resource_id(kind, bare):
    return field(1, kind) + field(2, bare)


def any_of(name, message=b""):
    return field(1, f"type.googleapis.com/c1.connector.v2.{name}") + field(2, message)


class File:
    """A finished sync of the connector, with other rows."""

    def __init__(self, path):
        self.path = Path(path)
        packed = io.BytesIO(GOLDEN.read_bytes()[len(MAGIC):])
        database = zstandard.ZstdDecompressor().stream_reader(packed).read()
        self.db = sqlite3.connect(":memory:")
        self.db.deserialize(database)
        self.sync = self.db.execute("select sync_id from v1_sync_runs where ended_at is not null").fetchone()[0]
        for table in ("v1_resources", "v1_entitlements", "v1_grants", "v1_assets"):
            self.db.execute(f"delete from {table}")
        self.db.execute("update v1_sync_runs set stats = null")
        self.rows = 0
        names = self.db.execute("select name from sqlite_schema where type = 'index' and sql is not null").fetchall()
        self.indexes = [self.db.execute("select sql from sqlite_schema where name = ?", name).fetchone()[0] for name in names]
        for (name,) in names:
            self.db.execute(f'drop index "{name}"')

    def resource(self, kind, bare, name, parent=None, trait=None):
        message = field(1, resource_id(kind, bare)) + field(3, name)
        if parent:
            message += field(2, resource_id(*parent))
        if trait:
            message += field(4, any_of(*trait))
        self.db.execute(
            "insert into v1_resources (resource_type_id, external_id, parent_resource_type_id, parent_resource_id, data, "
            "sync_id, discovered_at) values (?, ?, ?, ?, ?, ?, ?)",
            (kind, f"{kind}:{bare}", *(parent or (None, None)), message, self.sync, AT),
        )

    def person(self, number, name=None, email=None):
        # Enabled, human, with an address.
        email = email or f"p{number}@acme.com"
        trait = field(1, field(1, email) + b"\x10\x01") + field(2, b"\x08\x01") + b"\x28\x01"
        self.resource("collaborator", f"{number}", name or f"Person {number}", trait=("UserTrait", trait))

    def role(self, number, name=None, parent=None):
        bare = f"{number}"
        self.resource("role", bare, name or f"Role {number}", parent, ("RoleTrait", b""))
        message = field(2, f"role:{bare}:has") + field(3, name or f"Role {number}") + field(8, "has")
        message += field(1, field(1, resource_id("role", bare)))
        self.db.execute(
            "insert into v1_entitlements (resource_type_id, resource_id, external_id, data, sync_id, discovered_at) "
            "values ('role', ?, ?, ?, ?, ?)",
            (bare, f"role:{bare}:has", message, self.sync, AT),
        )

    def grant(self, role, kind, bare, over=None, sources=()):
        """Gives a role; `over` is the role whose holders get it, `sources` those it came through."""
        entitlement = f"role:{role}:has"
        name = f"{entitlement}:{kind}:{bare}"
        message = field(3, name)
        if sources:
            entries = b"".join(field(1, field(1, f"role:{source}:has") + field(2, b"")) for source in sources)
            message += field(5, entries)
        expansion = field(1, f"role:{over}:has") if over is not None else None
        self.db.execute(
            "insert into v1_grants (resource_type_id, resource_id, entitlement_id, principal_resource_type_id, "
            "principal_resource_id, external_id, expansion, needs_expansion, data, sync_id, discovered_at) "
            "values ('role', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (f"{role}", entitlement, kind, f"{bare}", name, expansion, int(over is not None), message, self.sync, AT),
        )

    def save(self):
        for sql in self.indexes:
            self.db.execute(sql)
        self.db.commit()
        database = self.db.serialize()
        self.path.write_bytes(MAGIC + zstandard.ZstdCompressor(level=3).compress(database))
        print(f"{self.path}: {self.path.stat().st_size / 1e6:.1f} MB, {len(database) / 1e6:.1f} MB unpacked")


def layers(file, count, wide, people):
    """Every role of a layer leads to every one of the next; people hold the first layer."""
    roles = count * wide
    for role in range(roles):
        file.role(role)
    for role in range(wide, roles):
        for source in range((role // wide - 1) * wide, role // wide * wide):
            file.grant(role, "role", source, over=source)
    for person in range(people):
        file.person(person)
        for role in range(roles):
            before = range((role // wide - 1) * wide, role // wide * wide) if role >= wide else ()
            file.grant(role, "collaborator", person, sources=before)


def chain(file, long):
    """As layers of one, three people."""
    layers(file, long, 1, 3)


def star(file, people):
    """One role that everybody holds."""
    file.role(0)
    for person in range(people):
        file.person(person)
        file.grant(0, "collaborator", person)


def parents(file, deep):
    """Folders in folders; a role in the innermost."""
    for folder in range(deep):
        parent = ("folder", f"{folder - 1}") if folder else None
        file.resource("folder", f"{folder}", f"Folder {folder}", parent)
    file.role(0, parent=("folder", f"{deep - 1}"))
    file.person(0)
    file.person(7)
    file.grant(0, "collaborator", 0)
    file.grant(0, "collaborator", 7)


def names(file, count):
    """People and roles that all have one name."""
    for number in range(count):
        file.person(number, "Person 7", "same@acme.com")
        file.role(number, "Role 7")
        file.grant(number, "collaborator", number)


def edges(file, count):
    """Many roles that pass on to many others."""
    wide = int(count**0.5)
    for role in range(2 * wide):
        file.role(role)
    for target in range(wide, 2 * wide):
        for source in range(wide):
            file.grant(target, "role", source, over=source)
    for person in range(10):
        file.person(person)
        file.grant(person, "collaborator", person)
        for target in range(wide, 2 * wide):
            file.grant(target, "collaborator", person, sources=[person])


SHAPES = {
    "layers": (lambda file, size: layers(file, size, 4, 50), 57),
    "broad": (lambda file, size: layers(file, size, 10, 20), 200),
    "chain": (chain, 10_000),
    "star": (star, 1_000_000),
    "parents": (parents, 50_000),
    "names": (names, 100_000),
    "edges": (edges, 300_000),
}


def main():
    path, shape, *size = sys.argv[1:]
    for name in SHAPES if shape == "all" else [shape]:
        make, usual = SHAPES[name]
        file = File(Path(path) / f"{name}.c1z" if shape == "all" else path)
        make(file, int(size[0]) if size else usual)
        file.save()


if __name__ == "__main__":
    main()
