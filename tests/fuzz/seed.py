#!/usr/bin/env python3
"""Writes the first inputs and the dictionaries of the fuzz targets to corpus/, from the recordings in tests/golden."""

import json
import re
import struct
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
GOLDEN = FUZZ.parent / "golden"
ROWS = 2

# Number of the endpoint in fuzz_targets/models.rs, and what its path looks like.
ENDPOINTS = [
    (0, r"/api/members$"),
    (1, r"/api/members/[^/]+/privileges"),
    (2, r"/api/roles\?"),
    (3, r"/api/environment_roles\?"),
    (4, r"/api/environment_roles/[^/?]+$"),
    (5, r"/api/project_roles\?"),
    (6, r"/api/project_roles/[^/?]+$"),
    (7, r"/api/user_groups\?"),
    (8, r"/api/user_groups/[^/]+/members"),
    (9, r"/api/projects\?"),
    (10, r"/api/projects/[^/]+/project_grants"),
    (11, r"/api/folders\?"),
    (12, r"/api/connections$"),
    (13, r"/api/developer_api_clients\?"),
    (14, r"/api/developer_api_client_roles\?"),
    (15, r"/api/users/me$"),
]
STATUS = {200: 0, 401: 4, 404: 5, 429: 6, 500: 7}


def write(target, name, data):
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(data if isinstance(data, bytes) else data.encode())


def dictionary(target, words):
    def quoted(word):
        data = word if isinstance(word, bytes) else word.encode()
        return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in data)

    lines = sorted(f'"{quoted(word)}"' for word in words)
    (FUZZ / "corpus" / f"{target}.dict").write_text("\n".join(lines) + "\n")


def cut(value):
    """The same shape with few rows."""
    if isinstance(value, list):
        return [cut(item) for item in value[:ROWS]]
    if isinstance(value, dict):
        return {key: cut(item) for key, item in list(value.items())[:20]}
    return value


def dense(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def rows_of(body):
    for key in ("data", "result", "items"):
        if isinstance(body, dict) and key in body:
            body = body[key]
    return body if isinstance(body, list) else []


def models(recordings):
    words = {"wrkaus-hush", '"data":', '"result":', '"items":', '"count":', '"total":', '"page":{"size":', "<script>",
             "</style", '"errors":[{"title":', '"message":', "null", "1e999", "-0.0", "18446744073709551615", "\\u0000"}
    for name, recording in recordings.items():
        kept = {}
        for path, answer in recording.items():
            for number, pattern in ENDPOINTS:
                key = (number, answer["status"])
                if re.match(pattern, path) and kept.setdefault(key, 0) < 2:
                    kept[key] += 1
                    head = bytes([number, STATUS[answer["status"]], 0, 1])
                    write("models", f"{name}-{number}-{answer['status']}-{kept[key]}", head + dense(cut(answer["body"])).encode())
                    words.update(f'"{key}":' for row in rows_of(answer["body"])[:1] if isinstance(row, dict) for key in row)
    write("models", "html", b"\x00\x07\x02\x01<html><head><style>p{}</style><title>502</title></head><body>Bad gateway wrkaus-hush</body>")
    write("models", "errors", b"\x01\x04\x00\x01" + b'{"errors":{"name":["is taken",{"a":1}]},"message":"m"}')
    dictionary("models", words)


def tokens(recordings):
    for name, recording in recordings.items():
        def body(pattern):
            return next((a["body"] for p, a in recording.items() if re.match(pattern, p) and a["status"] == 200), [])

        def page(pattern):
            return dense({"rows": cut(rows_of(body(pattern))), "next": None})

        patterns = dict(ENDPOINTS)
        detected = {
            "model": {"legacy": "legacy"}.get(name, "rbac_v2"),
            "members": cut(rows_of(body(patterns[0]))),
            "environment_roles": cut(rows_of(body(patterns[3]))),
            "legacy_roles": cut(rows_of(body(patterns[2]))),
        }
        tables = {
            "detected": dense(detected),
            "environment role": "{\"id\":1,\"name\":\"R\",\"config\":{\"a\":[1,null,{\"b\":true}]}}",
            "project role": "{\"id\":2,\"name\":\"P\",\"config\":{}}",
            "project_roles/": page(patterns[5]),
            "groups/": page(patterns[7]),
            "projects/": page(patterns[9]),
            "folders/dev/home": page(patterns[11]),
            "folders/": '{"rows":[],"next":null}',
            "privileges/": dense(cut(rows_of(body(patterns[1])))),
            "api_clients/": page(patterns[13]),
            "api_client_roles/": page(patterns[14]),
            "connections/": dense(cut(rows_of(body(patterns[12])))),
        }
        text = "\n".join(["500"] + [f"{key}\t{json_text}" for key, json_text in tables.items()])
        write("tokens", name, text)
        write("tokens", f"{name}-mixed", text.replace(detected["model"], "mixed", 1))
    for number, token in enumerate(["", "0", "17", "-1", "+3", "18446744073709551615", "1e3", "\u0664"]):
        write("tokens", f"page-{number}", token)
    full = ["init", "grant-expansion", "list-grants", "list-entitlements", "list-resources", "list-resource-types"]
    for number, steps in enumerate([full[:1], full[1:2], full[1:4], full[1:], full[4:], []]):
        ids = [f"{i + 1:010}" for i in range(len(steps))]
        token = {"actions_map": {i: {"id": i, "operation": s} for i, s in zip(ids, steps)}, "action_order": ids,
                 "current_action_id": 7, "version": 1}
        write("tokens", f"plan-{number}", dense(token))
    left = {"records": {"families": ["groups", 1.5, {"a": None}]}, "warnings": [{"cause": "c", "message": "m", "count": 3}]}
    write("tokens", "finished", dense({"current_action_id": 9, "version": 1, "connector_record": left}))
    dictionary("tokens", ["detected\t", "\nprojects/\t", '{"rows":[', '],"next":2}', "null", '"model":"mixed"', '"operation":"init"', '"version":1', '"connector_record":', '"current_action_id":18446744073709551615', *full, '"role_type":"environment"'])


def retry_after():
    moment = struct.pack("<q", 1_793_000_000)
    values = ["30", "29.5", " 30 ", "Sun, 08 Nov 2026 08:49:37 GMT", "Sunday, 08-Nov-26 08:49:37 GMT",
              "Sun Nov  8 08:49:37 2026", "2026-11-08T08:49:37Z", "2026-11-08T09:49:37+01:00", "", "-5", "NaN", "1e400",
              "99999999999999999999", "9999-12-31T23:59:59Z", "-009999-01-02T01:59:59Z", "0.0000001"]
    for number, value in enumerate(values):
        write("retry_after", f"form-{number}", moment + bytes([number % 4]) + f"{value}\n12, 60;w=60\n7\n60\n30".encode())
    dictionary("retry_after", ["GMT", "Sun, ", "Nov", "2026", "T00:00:00Z", "+00:00", ";w=60", "e9", "-Feb-", "[UTC]"])


def config_file():
    for number, file in enumerate(sorted((FUZZ.parent / "cmd").glob("*.in/*.y*ml")) + sorted((FUZZ.parent / "cmd").glob("*.in/.*.y*ml"))):
        write("config_file", f"cmd-{number}", file.read_bytes())
    write("config_file", "full", "workato-api-key: wrkaus-eyJhbGciOi\nworkato-data-center: us\nworkato-env: all\nworkers: 0x10\n"
          "skip-grants: true\nsync-resource-types: [role, 'user']\nfolder-depth: \"3\"\nfile: sync.c1z\nhttp-timeout-seconds: 90\n")
    write("config_file", "anchors", "a: &a [x, y]\nsync-resource-types: *a\n<<: {file: b}\n")
    write("config_file", "block", "workato-api-key: |\n  wrkaus-two\n  lines\nfile: >-\n  a\n  b\n---\nsecond: document\n")
    source = "".join(p.read_text() for p in (FUZZ.parent.parent / "src").rglob("*.rs") if p.name in ("config.rs", "kit.rs"))
    names = re.findall(r'Field::(?:text|bool|int|list)\(\s*"([a-z0-9-]+)"', source)
    dictionary("config_file", [f"{name}: " for name in names] + ["!!binary ", "!!str ", "&a ", "*a", "<<: ", "? ", "---\n", "|\n  ", "0x", ".inf"])


def frame(blocks, descriptor=b"\x00\x00"):
    """A zstd frame by hand: (kind, size, bytes) per block; kind 0 raw, 1 one byte repeated."""
    out = b"\x28\xb5\x2f\xfd" + descriptor
    for index, (kind, size, data) in enumerate(blocks):
        last = index + 1 == len(blocks)
        out += struct.pack("<I", (size << 3) | (kind << 1) | int(last))[:3] + data
    return out


def envelope():
    start = b"SQLite format 3\0"
    for name in ("legacy", "rbac-v2"):
        write("envelope", f"golden-{name}", b"\x00" + (GOLDEN / name / "published-connector.c1z").read_bytes()[:200])
    write("envelope", "empty", b"\x00")
    write("envelope", "pebble", b"\x00C1Z3\x00\x00\x00\x00\x10")
    write("envelope", "header", b"\x01" + frame([(0, len(start), start)]))
    write("envelope", "bomb", b"\x01" + frame([(0, len(start), start)] + [(1, 131072, b"\0")] * 20, b"\x00\x50"))
    write("envelope", "two-frames", b"\x01" + frame([(0, len(start), start)]) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + frame([(0, 3, b"abc")]))
    write("envelope", "declared", b"\x01\x28\xb5\x2f\xfd\xc0\x10" + struct.pack("<Q", 11 << 30))
    write("envelope", "window", b"\x01\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00")
    write("envelope", "database", b"\x02" + start + bytes(84))
    write("envelope", "good", b"\x03")
    for offset, value in ((18, 2), (16, 4), (28, 9), (44, 5), (56, 2), (100, 5), (103, 200), (600, 0)):
        write("envelope", f"change-{offset}", b"\x03" + struct.pack("<HB", offset, value))
    dictionary("envelope", [b"C1ZF\0", b"C1Z3\0", b"SQLite format 3\0", b"\x28\xb5\x2f\xfd"])


def v3():
    raw = (GOLDEN / "v3" / "features.c1z").read_bytes()
    write("v3", "published", b"\x00" + raw)
    write("v3", "header", b"\x00C1Z3\x00\x00\x00\x00\x0c\x0a\x07pebble3\x20\x02" + bytes(1024))
    write("v3", "compressed", b"\x01" + frame([(1, 1024, b"\0")]))
    write("v3", "archive", b"\x09" + bytes(1024))
    comparer = b"leveldb.BytewiseComparator"
    edit = b"\x01" + bytes([len(comparer)]) + comparer + b"\x02\x08\x03\x09\x04\x0a"
    bounds = b"\x09\x03" + struct.pack("<Q", 1) + b"\x0a\x03\xff" + struct.pack("<Q", 1)
    write("v3", "edit", b"\x02" + edit)
    write("v3", "table", b"\x02" + edit + b"\x64\x06\x04\x80\x08" + bounds + b"\0\0")
    write("v3", "virtual", b"\x02" + edit + b"\x69\x04\x80\x08\x67\x06\x09\x10" + bounds + b"\x01\x05\x42\x04\x01")
    for way in range(3, 8):
        for offset in (0, 7, 40, 300, 700):
            change = struct.pack("<HB", offset, offset % 251)
            write("v3", f"change-{way}-{offset}", bytes([way]) + (change if way < 5 else b"\x01" + change))
    dictionary("v3", [b"C1Z3\0", b"C1ZIDX1\0", b"\xf0\x9f\xaa\xb3", b"\x28\xb5\x2f\xfd", comparer, "pebble3", "000004.sst",
                      "MANIFEST-000001", "marker.manifest.000001.MANIFEST-000001", "ustar"])


def rows():
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data

    grant = field(3, b"g:1") + field(2, field(1, b"user") + field(2, b"1"))
    over = field(1, b"role:a:has")
    annotation = field(4, field(1, b"type.googleapis.com/c1.connector.v2.GrantExpandable") + field(2, over))
    seeds = {
        "nothing": [],
        "grant": [grant + annotation, over, b"\x00\x01"],
        "backfill": [grant + annotation, b"", b"", b"", b"", b"", b"", b"", b"", b"\x00\x00"],
        "run": [b""] * 6 + [b'{"version":1}', b"partial", b"2026-01-02 03:04:05.6", b"\x00\x01", b'{"a":{"resources":1}}', b"x"],
        "odd": [b"\x0a\xff", b"\x0a", b"\x03", b"\x12\x00", b"\x1a\x01", b"\x08", b"", b"diff", b"never", b"\x02", b"\x03", b"\x00"],
    }
    for name, pieces in seeds.items():
        write("rows", name, b"\xff".join(pieces))
    dictionary("rows", ["type.googleapis.com/c1.connector.v2.GrantExpandable", "partial", "full", "resources_only"])


def text():
    for number, name in enumerate(["Zoë Müller", "שלום", "a\x1b[2Jb\u202ec\u200bd\ne", "No access", "İstanbul ΑΣ ß", "\u2028\u0085\u00ad"]):
        write("text", str(number), name)


def main():
    recordings = {p.parent.name: json.loads(p.read_text()) for p in sorted(GOLDEN.glob("*/workspace.json"))}
    models(recordings)
    tokens(recordings)
    retry_after()
    config_file()
    envelope()
    v3()
    rows()
    text()


if __name__ == "__main__":
    main()
