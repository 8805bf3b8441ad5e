#!/usr/bin/env python3
"""Who sets the pace: CPU seconds of a Python connector (Airbyte's source-faker) and of Millrace while one reads and the other writes Parquet. Installs
the connector when it is missing (`millrace connectors install`). pace.py [PROGRAM]; RECORDS=30000 changes the size. Exits 1 when Millrace took more than
the connector did. Linux; Python's standard library only."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

NAME, VERSION = "source-faker", "7.2.1"
PROGRAM = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "build/bin/millrace").resolve())
RECORDS = int(os.environ.get("RECORDS", 30_000))
TICK = 1 / os.sysconf("SC_CLK_TCK")
FILE = f"""
source: {{type: faker, version: {VERSION}, config: {{count: {RECORDS}, seed: 1, parallelism: 1, always_updated: false}}}}
destination: {{type: local, config: {{path: out, format: {{format_type: Parquet}}}}}}
streams: [{{name: users}}]
"""


def processes():
    """(pid, parent, name, CPU seconds) of everything that runs."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # gone
        name, fields = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        yield int(folder.name), int(fields[1]), name, (int(fields[11]) + int(fields[12])) * TICK


def watched(process):
    """{name: CPU seconds} of the process and all below it, the last that was seen of each."""
    seen = {}
    while process.poll() is None:
        now = list(processes())
        family = {process.pid}
        while more := {pid for pid, parent, *_ in now if parent in family} - family:
            family |= more
        seen.update({(pid, name): seconds for pid, _, name, seconds in now if pid in family})
        time.sleep(0.05)
    sums = {}
    for (_, name), seconds in seen.items():
        sums[name] = sums.get(name, 0) + seconds
    return sums


def main():
    subprocess.run([PROGRAM, "connectors", "install", f"{NAME}=={VERSION}"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "pace.yaml").write_text(FILE)
        began = time.monotonic()
        process = subprocess.Popen([PROGRAM, "sync", "pace.yaml"], cwd=folder, stdout=subprocess.DEVNULL)
        sums = watched(process)
        wall = time.monotonic() - began
    if process.returncode != 0:
        sys.exit("the sync failed")
    ours = sum(seconds for name, seconds in sums.items() if name.startswith("millrace"))
    theirs = sum(sums.values()) - ours
    print(f"{RECORDS} users in {wall:.1f} s: the connector took {theirs:.2f} s of CPU, Millrace {ours:.2f} s")
    sys.exit(ours > theirs)


if __name__ == "__main__":
    main()
