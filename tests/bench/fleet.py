#!/usr/bin/env python3
"""Syncs a fleet of simulated workspaces and says what that took.

  fleet.py PROGRAM FOLDER WORKSPACES [PEOPLE] [AT_ONCE]

Starts one simulator per workspace (PROGRAM simulate), writes FOLDER/fleet.yaml, runs PROGRAM fleet sync and prints wall time,
processor time and peak memory of that process alone.
"""
import json, os, resource, subprocess, sys, time

program, folder, count = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
people = sys.argv[4] if len(sys.argv) > 4 else "60"
at_once = sys.argv[5] if len(sys.argv) > 5 else "8"
os.makedirs(folder, exist_ok=True)
simulators, lines, env = [], ["folder: files", f"at-once: {at_once}", "settings: {workato-requests-per-minute: 100000}", "workspaces:"], dict(os.environ)
try:
    for n in range(count):
        command = [program, "simulate", "--people", people, "--seed", str(n), "--env", "dev"]
        one = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        simulators.append(one)
        said = json.loads(one.stdout.readline())
        env[f"TOKEN_{n}"] = said["tokens"]["dev"]
        lines.append(f"- {{name: w{n}, token: {{env: TOKEN_{n}}}, settings: {{workato-base-url: '{said['base_url']}'}}}}")
    with open(os.path.join(folder, "fleet.yaml"), "w") as file:
        file.write("\n".join(lines) + "\n")
    begun = time.time()
    fleet = subprocess.Popen([program, "fleet", "sync", "-o", "json"], cwd=folder, env=env, stdout=subprocess.PIPE)
    told = json.load(fleet.stdout)
    _, status, used = os.wait4(fleet.pid, 0)
    wall = time.time() - begun
    whole = sum(one["status"] == "complete" for one in told["workspaces"])
    processor = used.ru_utime + used.ru_stime
    print(f"{whole} of {count} whole, {wall:.1f} s, processor {processor:.1f} s ({processor / count:.3f} s each), {used.ru_maxrss // 1024} MiB")
finally:
    for one in simulators:
        one.kill()
