#!/usr/bin/env python3
"""`millrace verify` over bench.lineitem (6 M rows) and its Parquet copy: time and the most memory of the attempt, when both are
the same, with one bit of one decimal changed, and with one row gone. Needs the servers of servers.sh, filled, and pyarrow.

    verify.py [FOLDER]        default: $PEERS_HOME/out/verify
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

import pyarrow
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parent
MILLRACE = os.environ.get("MILLRACE", str(ROOT.parent / "build" / "bin" / "millrace"))
OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(os.environ.get("PEERS_HOME", ROOT)) / "out" / "verify")


def run(*args, expect):
    began = time.monotonic()
    done = subprocess.run([MILLRACE, *args], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return time.monotonic() - began, json.loads(done.stdout)


def rewrite(change):
    """Applies change(table) → table to the last file's rows."""
    path = sorted((OUT / "lake").rglob("*.parquet"))[-1]
    pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path, partitioning=None)), path)


def flip(table):
    values = table.column("l_extendedprice").combine_chunks()
    one = pyarrow.array([values[77].as_py() + type(values[77].as_py())("0.01")], values.type)
    column = pyarrow.concat_arrays([values.slice(0, 77), one, values.slice(78)])
    return table.set_column(table.schema.get_field_index("l_extendedprice"), table.schema.field("l_extendedprice"), column)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    file = OUT / "verify.yaml"
    source = {"host": "127.0.0.1", "port": 22001, "database": "bench", "username": "bench", "password": "bench", "schemas": ["public"]}
    file.write_text(json.dumps({"name": "verify", "source": {"type": "postgres", "config": source},
                                "destination": {"type": "local", "config": {"path": str(OUT / "lake"), "format": {"format_type": "Parquet"}}},
                                "streams": [{"name": "lineitem", "namespace": "public", "sync_mode": "full_refresh_overwrite", "primary_key": [["l_orderkey"], ["l_linenumber"]]}]}))
    print(f"sync: {run('sync', file, '--json', expect=0)[0]:.1f} s")
    seconds, found = run("verify", file, "--json", expect=0)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"the same, {found['streams'][0]['rows']['source']} rows: {seconds:.1f} s (largest process so far {peak} MB)")
    for what, change in {"one decimal changed": flip, "and one row gone": lambda t: pyarrow.concat_tables([t.slice(0, 4), t.slice(5)])}.items():
        rewrite(change)
        seconds, found = run("verify", file, "--json", expect=1)
        print(f"{what}: {seconds:.1f} s, {found['streams'][0]['faults']}")
    shutil.rmtree(OUT)


main()
