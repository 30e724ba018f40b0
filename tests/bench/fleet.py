#!/usr/bin/env python3
"""Syncs fleets of growing size and says what each takes, as rows of the table in .github/docs/scale.md.

  fleet.py PROGRAM [PEOPLE] [AT_ONCE] [SIZE ...]

For every size one simulator (PROGRAM simulate --customers SIZE) serves a partner whose customers are workspaces of PEOPLE
people (60). PROGRAM fleet sync reads them, AT_ONCE at a time (8), without a quota; then once more, for what a file grows by.
Wall time, processor time and peak memory are those of the syncing process alone.
"""
import json, os, shutil, subprocess, sys, tempfile, time

program = os.path.abspath(sys.argv[1])
people = sys.argv[2] if len(sys.argv) > 2 else "60"
at_once = sys.argv[3] if len(sys.argv) > 3 else "8"
sizes = [int(size) for size in sys.argv[4:]] or [10, 30, 100, 300, 1000]
FLEET = """folder: files
at-once: {at_once}
settings: {{workato-requests-per-minute: 100000, workato-base-url: '{base_url}'}}
managed-users: {{token: {{env: PARTNER}}, customers: all}}
"""


def stored(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".c1z"))


def sync(folder, env):
    begun = time.time()
    fleet = subprocess.Popen(
        [program, "fleet", "sync", "-o", "json"], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    told = json.load(fleet.stdout)["workspaces"]
    _, _, used = os.wait4(fleet.pid, 0)
    return told, time.time() - begun, used


print("| workspaces | whole | requests | wall | processor | each | peak memory | on disk | a night more |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
for size in sizes:
    folder = tempfile.mkdtemp(prefix="fleet-")
    server = [program, "simulate", "--customers", str(size), "--people", people, "--projects", "4", "--env", "dev"]
    simulator = subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        said = json.loads(simulator.stdout.readline())
        with open(os.path.join(folder, "fleet.yaml"), "w") as file:
            file.write(FLEET.format(at_once=at_once, base_url=said["base_url"]))
        env = dict(os.environ, PARTNER=said["tokens"]["dev"])
        told, wall, used = sync(folder, env)
        first = stored(os.path.join(folder, "files"))
        sync(folder, env)
        second = stored(os.path.join(folder, "files"))
        whole = sum(one["status"].startswith("complete") for one in told)
        requests = sum(one.get("requests", 0) for one in told)
        processor = used.ru_utime + used.ru_stime
        print(
            f"| {size:,} | {whole:,} | {requests:,} | {wall:.1f} s | {processor:.1f} s | {1000 * processor / size:.0f} ms "
            f"| {used.ru_maxrss // 1024} MiB | {first / 1e6:.1f} MB | {(second - first) / 1e6:.1f} MB |",
            flush=True,
        )
    finally:
        simulator.kill()
        simulator.wait()
        shutil.rmtree(folder, ignore_errors=True)
