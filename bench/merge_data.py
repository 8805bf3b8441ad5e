#!/usr/bin/env python3
"""Prepares the merge cases (B7): a table of 10 × SF1 rows in files of 32 MB for each tool, and the changes that are merged into it.

    merge_data.py [SF [TABLE/TOOL ...]]     default 10, all; needs gendata and the S3 server of servers.sh, and a Millrace built

Below $PEERS_HOME/merge: `data/` (what is the same for all: base, changes, what must come out) and `tables/TABLE/TOOL`. Tools whose
environment is not installed are left out; a table that is there is not made again.

  lineitem   key (l_orderkey, l_linenumber), in the key's order
  events     key id, a random UUID; in no order
  newest     1 % of lineitem's rows, all among the newest 3 % of its keys, changed
  scattered  1 % of lineitem's rows, anywhere, changed
  inserts    0.1 % of events' rows, new
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import duckdb

import cases
import check as columns_of

HOME = cases.HOME / "merge"
DATA, TABLES = HOME / "data", HOME / "tables"
CASES = {"newest": "lineitem", "scattered": "lineitem", "inserts": "events"}
KEYS = {"lineitem": ["l_orderkey", "l_linenumber"], "events": ["id"]}
CHANGED = "* replace (cast(l_quantity + 1 as decimal(15, 2)) as l_quantity, 'changed ' || l_shipmode as l_comment)"
EVENTS = "cast(md5(concat(l_orderkey, '/', l_linenumber{salt})) as uuid)::varchar as id, l_orderkey, l_linenumber, l_quantity, l_extendedprice, l_shipdate"


def parts(table):
    return f"'{DATA}/{table}/*.parquet'"


def make_data(scale):
    con = duckdb.connect(config={"memory_limit": "8GB", "temp_directory": str(HOME / "temp")})
    lineitem, events = DATA / "lineitem", DATA / "events"
    if not lineitem.exists():
        fresh = DATA / "lineitem.making"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for part in range(8):  # in the key's order, over all parts
            names = ", ".join(f"'{c}': '{t}'" for c, t in columns_of.COLS)
            command = [str(cases.HOME / "run/gendata"), "lineitem", "--sf", str(scale), "--format", "csv", "--part", f"{part}/8"]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as made:
                con.execute(f"copy (from read_csv('/dev/fd/{made.stdout.fileno()}', header={part == 0}, columns={{{names}}})) to '{fresh}/{part}.parquet' (format parquet, compression zstd)")
        fresh.rename(lineitem)
    if not events.exists():
        fresh = DATA / "events.making"
        fresh.mkdir(parents=True, exist_ok=True)
        for part in range(8):
            con.execute(f"copy (select {EVENTS.format(salt='')} from '{lineitem}/{part}.parquet') to '{fresh}/{part}.parquet' (format parquet, compression zstd)")
        fresh.rename(events)
    newest = con.execute(f"select max(l_orderkey) * 0.97 from {parts('lineitem')}").fetchone()[0]
    if not (DATA / "base.json").exists():
        rows, total = checksum(con, "lineitem", parts("lineitem"))
        (DATA / "base.json").write_text(json.dumps({"rows": rows, "sum": total}))
    changes = {"newest": f"select {CHANGED} from {parts('lineitem')} where l_orderkey > {newest} and hash(l_orderkey, l_linenumber) % 3 = 0",
               "scattered": f"select {CHANGED} from {parts('lineitem')} where hash(l_orderkey, l_linenumber) % 100 = 0",
               "inserts": f"select {EVENTS.format(salt=chr(44) + chr(39) + 'new' + chr(39))} from {parts('lineitem')} where hash(l_orderkey, l_linenumber) % 1000 = 0"}
    for name, rows in changes.items():
        if not (DATA / f"{name}.json").exists():
            con.execute(f"copy ({rows}) to '{DATA}/{name}.parquet' (format parquet, compression zstd)")
            (DATA / f"{name}.json").write_text(json.dumps(expected(con, name)))


def columns(table):
    return [c for c, _ in columns_of.COLS] if table == "lineitem" else ["id", "l_orderkey", "l_linenumber", "l_quantity", "l_extendedprice", "l_shipdate"]


def checksum(con, table, relation):
    """Rows, and a sum over them in which their order does not count."""
    return list(con.execute(f"select count(*), sum(hash({', '.join(columns(table))})::hugeint)::varchar from {relation}").fetchone())


def expected(con, name):
    """What the table must hold once the changes are merged, told by its inputs alone: of the table what has no change, and the changes."""
    table = CASES[name]
    stays = f"(from {parts(table)} t anti join '{DATA}/{name}.parquet' d using ({', '.join(KEYS[table])}))"
    kept, changed = checksum(con, table, stays), checksum(con, table, f"'{DATA}/{name}.parquet'")
    return {"rows": kept[0] + changed[0], "sum": str(int(kept[1]) + int(changed[1])), "changed": changed[0]}


def upload():
    import run  # which imports this

    client = run.s3()
    try:
        client.create_bucket(Bucket="bench")
    except Exception:  # it is there
        pass
    there = {o["Key"] for page in client.get_paginator("list_objects_v2").paginate(Bucket="bench", Prefix="merge/") for o in page.get("Contents", [])}
    for table in KEYS:
        for file in sorted((DATA / table).glob("*.parquet")):
            if f"merge/{table}/{file.name}" not in there:
                client.upload_file(str(file), "bench", f"merge/{table}/{file.name}")
    for name in CASES:
        if f"merge/{name}.parquet" not in there:
            client.upload_file(str(DATA / f"{name}.parquet"), "bench", f"merge/{name}.parquet")


def tables(only):
    import run  # which imports this

    for table in KEYS:
        for tool, command in cases.MERGE_TOOLS.items():
            where = TABLES / table / tool
            if where.exists() or only and f"{table}/{tool}" not in only or "/venvs/" in command[0] and not pathlib.Path(command[0]).exists():
                continue
            making = where.with_name(tool + ".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            env = run.env_for(making) | environment({"merge": ("base", table)}, tool, making) | {"MERGE_MODE": "incremental_deduped_history"}
            argv = [a.replace("{case}", "merge").replace("{out}", str(making)).replace("{table}", table) for a in command]
            subprocess.run(argv, check=True, env=env, stdout=subprocess.DEVNULL)
            making.rename(where)
            print(f"made {table} for {tool}", flush=True)


def environment(case, tool, out):
    """What the tools see. The step `base` makes the table, any other merges the changes of that name."""
    step, table = case["merge"]
    base = step == "base"
    return {"MERGE_TABLE": table, "MERGE_STEP": step, "MERGE_KEY": ",".join(KEYS[table]), "MERGE_BASE": str(DATA / table), "MERGE_CHANGES": str(DATA / f"{step}.parquet"),
            "MERGE_MODE": "full_refresh_overwrite" if base else "incremental_deduped_history", "MERGE_GLOB": f"merge/{table}/*.parquet" if base else f"merge/{{{table}/*,{step}}}.parquet"}


def lay(case, tool, out):
    """Puts the table as it is before the merge where the tool is going to work."""
    step, table = case["merge"]
    if step != "base":
        shutil.copytree(TABLES / table / tool, out, dirs_exist_ok=True)


def files_of(tool, where):
    """The table's own files, by their place in its folder."""
    listed = where / "FILES"
    if listed.exists():  # of a table whose folder holds older files, too; written where the table lay at the time
        return {pathlib.Path(line[line.index("/table/") + 1:]) for line in listed.read_text().split()}
    found = (p.relative_to(where) for p in where.rglob("*.parquet"))
    return {p for p in found if not any(part.startswith(("_", ".")) for part in p.parts)}


def expected_rows(case):
    return json.loads((DATA / f"{case['merge'][0]}.json").read_text())["rows"] if "merge" in case else 0


def check(case, tool, out, read):
    """Whether the table holds what it must, its rows, what was written again of it, and its size."""
    step, table = case["merge"]
    want = json.loads((DATA / f"{step}.json").read_text())
    files = files_of(tool, out)
    found = checksum(duckdb.connect(), table, f"read_parquet({[str(out / f) for f in files]!r}, union_by_name=true)")
    size = sum((out / f).stat().st_size for f in files)
    ok = found == [want["rows"], want["sum"]]
    if not ok or step == "base":
        return ok, found[0], f"{len(files)} files" if ok else f"WRONG DATA ({found[0]} rows, want {want['rows']})", size
    before = TABLES / table / tool
    old = files_of(tool, before)
    same = {f for f in files & old if (out / f).stat().st_size == (before / f).stat().st_size and (out / f).read_bytes() == (before / f).read_bytes()}
    written, was = sum((out / f).stat().st_size for f in files - same), sum((before / f).stat().st_size for f in old)
    note = f"{len(old - same)} of {len(old)} files replaced, {written / 1e6:.1f} MB written: {100 * written / was:.1f} % of the table; {read / 1e6:.0f} MB read"
    return ok, found[0], note, size


if __name__ == "__main__":
    DATA.mkdir(parents=True, exist_ok=True)
    make_data(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
    upload()
    tables(sys.argv[2:])
