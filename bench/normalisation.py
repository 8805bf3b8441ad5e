"""What Basic Normalisation costs over the plain sync: the guides' customers, nested, into Parquet on disk.

    bench/venvs/base/bin/python bench/normalisation.py [ROWS] [RUNS]

Two inputs: Parquet with nested columns (objects and arrays arrive as such), and JSONL (they arrive as JSON text and are parsed).
Interleaved run by run; medians; every run's tables are counted before its time counts."""
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("MILLRACE", str(HERE.parent / "build/bin/millrace"))
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
GOAL = 1.30

CUSTOMERS = f"""
select i as id, 'Customer ' || i as name, hash(i)::varchar as reference, (hash(i) % 100000) / 100.0 as balance,
       timestamp '2025-01-01' + to_seconds(i) as updated_at,
       {{'email': 'user' || i || '@example.com', 'phone': '+1' || (hash(i) % 10000000000)::bigint}} as contact,
       list_transform(range((hash(i) % 4)::bigint), lambda n: {{'type': ['billing', 'shipping', 'home'][n + 1], 'street': (hash(i + n) % 9999) || ' Main Street',
                                                'city': ['New York', 'Boston', 'Oslo', 'Rome'][1 + (hash(i * 7 + n) % 4)::int], 'zip': (hash(n - i) % 99999)::int}}) as addresses
from range({ROWS}) t(i)
"""
CONNECTION = """
name: normalisation
source: {{type: file, config: {{dataset_name: customers, format: {format}, url: "{url}", provider: {{storage: local}}}}}}
destination: {{type: local, config: {{path: "{out}", format: {{format_type: Parquet}}, s3_path_format: "${{STREAM_NAME}}/"}}}}
normalization: {normalization}
raw_tables: {raw}
"""
WAYS = {"plain": ("none", "false"), "basic, no raw tables": ("basic", "false"), "basic, with raw tables": ("basic", "true")}


def make(home):
    home.mkdir(parents=True, exist_ok=True)
    files = {"parquet": home / f"customers-{ROWS}.parquet", "jsonl": home / f"customers-{ROWS}.jsonl"}
    con = duckdb.connect()
    if not files["parquet"].exists():
        con.execute(f"copy ({CUSTOMERS}) to '{files['parquet']}' (format parquet)")
    if not files["jsonl"].exists():
        con.execute(f"copy (from '{files['parquet']}') to '{files['jsonl']}' (format json)")
    children = con.execute(f"select sum(len(addresses)) from '{files['parquet']}'").fetchone()[0]
    return files, int(children)


def run(home, format, url, way, children):
    out = home / "out"
    shutil.rmtree(out, ignore_errors=True)
    file = home / "normalisation.yaml"
    normalization, raw = WAYS[way]
    file.write_text(CONNECTION.format(format=format, url=url, out=out, normalization=normalization, raw=raw))
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([PROGRAM, "sync", file, "--data-dir", out / ".millrace"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    count = lambda table: duckdb.sql(f"select count(*) from '{out}/{table}/**/*.parquet'").fetchone()[0]  # noqa: E731
    assert count("customers") == ROWS
    if normalization == "basic":
        assert count("customers_addresses") == children
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    home = HERE / "run/normalisation"
    files, children = make(home)
    print(f"{ROWS} customers, {children} addresses; {RUNS} runs each")
    for format, url in files.items():
        times = {way: [] for way in WAYS}
        for number in range(RUNS + 1):
            for way in WAYS:
                measured = run(home, format, url, way, children)
                if number > 0:  # the first warms the page cache
                    times[way].append(measured)
        base = [statistics.median(column) for column in zip(*times["plain"])]
        for way, runs in times.items():
            wall, cpu = (statistics.median(column) for column in zip(*runs))
            verdict = ""
            if way == "basic, no raw tables":
                verdict = f"  goal {GOAL}: {'met' if wall / base[0] <= GOAL else 'MISSED'}"
            print(f"{format:8} {way:24} wall {wall:6.2f} s ({wall / base[0]:.2f})  CPU {cpu:6.2f} s ({cpu / base[1]:.2f}){verdict}")


main()
