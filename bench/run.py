#!/usr/bin/env python3
"""Side-by-side benchmark of Millrace and its peers.

  run.py --case pg_to_parquet --tools millrace,sling,duckdb --runs 5 [--warmup 1] [--timeout 900] [--results DIR]
  run.py --list

Tools are interleaved run by run, each round beginning with another (A B C, B C A). For each run it records wall seconds, user+sys CPU of the tool
(all waited-for descendants), CPU of the source server (the whole server process tree, before/after), peak RSS
summed over the tool's process tree, rows/s and output bytes, and validates the output. Prints a Markdown table of
medians with ratios to the first tool named, writes JSON, and exits 1 if any output was invalid.

The tools "millrace" (no metadata columns) and "millrace_metadata" run build/bin/millrace, or the program that $MILLRACE names, on
bench/millrace/{case}.yaml. The environment they see is the one every peer sees: see env_for().
A CDC tool must end with a line "ROWS <changes>"; "DISCARD" marks a floor that has no output to validate.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

import cases
import cdc
import check
import merge_data

HERE, HOME = cases.HERE, cases.HOME
DATA, RUN = HOME / "data", HOME / "run"
HZ = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def env_for(out):
    e = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MY", "S3_", "AWS_"))}
    e |= dict(OUT=str(out), PEERS_HOME=str(HOME), PGHOST="127.0.0.1", PGPORT="22001", PGUSER="bench", PGPASSWORD="bench", MYHOST="127.0.0.1", MYPORT="22002",
              MYUSER="bench", MYPASSWORD="bench", CSV=str(DATA / "lineitem.csv"), JSONL=str(DATA / "lineitem.jsonl"), WIDE=str(DATA / "wide.jsonl"),
              API="http://127.0.0.1:22003", API_PAGES=(DATA / "api_pages").read_text() if (DATA / "api_pages").exists() else "0",
              S3_HOST="127.0.0.1:22010", S3_KEY="bench", S3_SECRET="benchbench", S3_PATH=f"/bench/{out.parent.name}/{out.name}",
              S3_URL=f"s3://bench/{out.parent.name}/{out.name}", S3_PREFIX=f"{out.parent.name}/{out.name}", PYTHONDONTWRITEBYTECODE="1")
    sl = next(iter((HOME / "venvs/sling_bin").rglob("sling-linux-amd64")), None)
    e["SLING_BINARY"] = str(sl)
    e["SLING_DUCKDB"] = str(next(iter((HOME / "venvs/duckcli").rglob("duckdb_cli/duckdb")), ""))
    e["FAKER_ROWS"] = os.environ.get("FAKER_ROWS", "50000")
    return e


# ---- process accounting -------------------------------------------------------------------------------------------

def stat(pid):
    """(ppid, utime+stime, cutime+cstime) of a process, in seconds; None if it is gone."""
    try:
        f = open(f"/proc/{pid}/stat").read()
    except OSError:
        return None
    v = f[f.rindex(")") + 2:].split()
    return int(v[1]), (int(v[11]) + int(v[12])) / HZ, (int(v[13]) + int(v[14])) / HZ


def pids():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def tree_cpu(root):
    """CPU seconds of a live process, its live descendants, and all their reaped children."""
    info = {p: s for p in pids() if (s := stat(p))}
    if root not in info:
        return 0.0
    kids = {}
    for p, s in info.items():
        kids.setdefault(s[0], []).append(p)
    todo, t = [root], 0.0
    while todo:
        p = todo.pop()
        t += info[p][1] + info[p][2]
        todo += kids.get(p, [])
    return t


def server_root(kind):
    try:
        f = {"pg": RUN / "pg/postmaster.pid", "my": RUN / "my/my.pid", "nginx": RUN / "nginx/pid"}[kind]
        return int(f.read_text().split()[0])
    except (KeyError, OSError):
        return 0


class RssSampler(threading.Thread):
    """Samples the summed RSS of a process tree every 50 ms. Pids seen to be foreign are not looked at again."""

    def __init__(self, root, foreign):
        super().__init__(daemon=True)
        self.ours, self.foreign, self.peak, self.stop = {root}, foreign - {root}, 0, threading.Event()
        self.read = {}  # bytes that each process has read, from files and pipes

    def run(self):
        while not self.stop.wait(0.05):
            now = pids()
            for p in sorted(set(now) - self.ours - self.foreign):
                s = stat(p)
                if s:
                    (self.ours if s[0] in self.ours else self.foreign).add(p)
            total = 0
            for p in self.ours:
                try:
                    total += int(open(f"/proc/{p}/statm").read().split()[1]) * PAGE
                    self.read[p] = int(open(f"/proc/{p}/io").readline().split()[1])
                except OSError:
                    pass
            self.peak = max(self.peak, total)


def run_once(argv, env, log, timeout):
    r0 = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = set(pids())
    t0 = time.monotonic()
    with open(log, "wb") as lf:
        p = subprocess.Popen(argv, env=env, stdout=lf, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        s = RssSampler(p.pid, before)
        s.start()
        try:
            rc = p.wait(timeout)
        except BaseException as ex:  # a time-out counts as a failed run; an interrupt ends the tool and goes on up
            os.killpg(p.pid, signal.SIGKILL)
            rc = p.wait() or -9
            if not isinstance(ex, subprocess.TimeoutExpired):
                raise
    wall = time.monotonic() - t0
    s.stop.set()
    s.join()
    r1 = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        os.killpg(p.pid, signal.SIGKILL)  # stragglers of the tool's own group
    except OSError:
        pass
    return rc, wall, r1.ru_utime - r0.ru_utime, r1.ru_stime - r0.ru_stime, s.peak, sum(s.read.values())


# ---- one measured run ---------------------------------------------------------------------------------------------

def psql(db, sql):
    return subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h127.0.0.1", "-p22001", "-Ubench", "-d", db, "-c", sql], check=True, capture_output=True, text=True).stdout.strip()


def s3():
    import boto3
    from botocore.config import Config
    return boto3.client("s3", endpoint_url="http://127.0.0.1:22010", aws_access_key_id="bench", aws_secret_access_key="benchbench", region_name="us-east-1",
                        config=Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"))


def s3_clear(prefix):
    c = s3()
    try:
        c.create_bucket(Bucket="bench")
    except Exception:
        pass
    for page in c.get_paginator("list_objects_v2").paginate(Bucket="bench", Prefix=prefix):
        for o in page.get("Contents", []):
            c.delete_object(Bucket="bench", Key=o["Key"])


def s3_download(prefix, to):
    c = s3()
    for page in c.get_paginator("list_objects_v2").paginate(Bucket="bench", Prefix=prefix):
        for o in page.get("Contents", []):
            if not o["Key"].endswith("/"):
                f = to / "s3" / o["Key"][len(prefix):].lstrip("/")
                f.parent.mkdir(parents=True, exist_ok=True)
                c.download_file("bench", o["Key"], str(f))


def du(d, exts):
    return sum(p.stat().st_size for p in d.rglob("*") if p.is_file() and p.suffix in exts and "_dlt" not in str(p) and "/.dlt/" not in str(p))


def reported(log):
    n, discard, extra = None, False, {}
    for line in open(log, errors="replace"):
        w = line.split()
        if len(w) >= 2 and w[0] == "ROWS" and w[1].lstrip("-").isdigit():
            n = int(w[1])
        elif w[:1] == ["DISCARD"]:
            discard = True
        elif len(w) == 4 and w[0] == "FIRST":
            extra = {"first_s": float(w[1]), "drain_s": float(w[3])}
        elif len(w) == 2 and w[0] == "BYTES":
            extra = {"pipe_bytes": int(float(w[1]))}
    return n, discard, extra


def measure(name, case, tool, argv, expected, ctx, timeout):
    out = HOME / "out" / name / tool
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    env = env_for(out) | ctx | {"EXPECTED": str(expected)}
    if case.get("s3"):
        s3_clear(f"{name}/{tool}/")
    if case["check"] == "pg":
        psql("postgres", "drop database if exists bench_dst with (force)")
        psql("postgres", "create database bench_dst owner bench")
        psql("bench", "checkpoint")
    if "merge" in case:
        env |= merge_data.environment(case, tool, out)
        merge_data.lay(case, tool, out)
    os.sync()
    argv = [a.replace("{case}", name).replace("{out}", str(out)).replace("{expected}", str(expected)).replace("{table}", env.get("MERGE_TABLE", "")) for a in argv]
    log = out.parent / f"{tool}.out"
    root = server_root(case["server"])
    load, c0 = os.getloadavg()[0], tree_cpu(root) if root else 0
    rc, wall, user, sys_, peak, read = run_once(argv, env, log, timeout)
    c1 = tree_cpu(root) if root else 0
    n, discard, extra = reported(log)
    ok, rows, note, size = False, 0, "", 0
    try:
        if rc != 0:
            note = f"exit {rc}"
        elif discard:
            ok, rows, note = True, expected, "discards"
        elif case["check"] == "count":
            ok, rows = n == expected, n or 0
            note = "" if ok else f"WRONG COUNT {n}, want {expected}"
        else:
            if case.get("s3"):
                s3_download(f"{name}/{tool}/", out)
            if case["check"] == "pg":
                dsn = "host=127.0.0.1 port=22001 user=bench password=bench dbname=bench_dst"
                import duckdb_extension_postgres_scanner as m
                ext = next(pathlib.Path(m.__file__).parent.rglob("*.duckdb_extension"))
                ok, rows, note = check.check_pg(DATA, dsn, ext)
                size = int(psql("bench_dst", "select coalesce(sum(pg_total_relation_size(oid)),0) from pg_class where relname='lineitem'"))
            elif "merge" in case:
                ok, rows, note, size = merge_data.check(case, tool, out, read)
            else:
                ok, rows, note = getattr(check, "check_" + case["check"])(out, DATA)
                size = du(out, {".parquet", ".jsonl", ".airbyte"})
    except Exception as ex:  # an unreadable output is invalid output
        ok, note = False, f"check failed: {type(ex).__name__}: {str(ex)[:160]}"
    shutil.rmtree(out, ignore_errors=True) if ok else None
    return dict(tool=tool, ok=ok, rc=rc, rows=rows, note=note, wall=wall, user=user, sys=sys_, server_cpu=max(0, c1 - c0), peak_rss=peak, bytes=size, load=load, **extra)


# ---- report -------------------------------------------------------------------------------------------------------

def med(rs, k):
    return statistics.median(r[k] for r in rs)


def cpu(rs):
    """Median CPU seconds of tool and source server together: steadier than wall time on a shared machine."""
    return max(0.01, statistics.median(r["user"] + r["sys"] + r["server_cpu"] for r in rs))


def table(name, tools, res):
    base = next((med(g, "wall") for t in tools if (g := [r for r in res if r["tool"] == t and r["ok"]])), None)
    base_cpu = next((cpu(g) for t in tools if (g := [r for r in res if r["tool"] == t and r["ok"]])), None)
    lines = [f"### {name}", "", "| tool | valid | wall s (min–max) | rows/s | tool CPU s | server CPU s | CPU vs first | peak RSS MB | output MB | wall vs first | note |", "|---|---|---|---|---|---|---|---|---|---|---|"]
    for t in tools:
        rs = [r for r in res if r["tool"] == t]
        good = [r for r in rs if r["ok"]]
        if not good:
            lines.append(f"| {t} | **no** | – | – | – | – | – | {max((r['peak_rss'] for r in rs), default=0) / 1e6:.0f} | – | – | {rs[-1]['note'] if rs else 'not run'} |")
            continue
        w = med(good, "wall")
        lines.append(f"| {t} | {len(good)}/{len(rs)} | {w:.2f} ({min(r['wall'] for r in good):.2f}–{max(r['wall'] for r in good):.2f}) | {good[0]['rows'] / w:,.0f} | "
                     f"{statistics.median(r['user'] + r['sys'] for r in good):.2f} | {med(good, 'server_cpu'):.2f} | {cpu(good) / base_cpu:.2f} | {med(good, 'peak_rss') / 1e6:.0f} | {med(good, 'bytes') / 1e6:.1f} | "
                     f"{w / base:.2f} | {good[-1]['note']} |")
    return "\n".join(lines)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--case", action="append")
    ap.add_argument("--tools", help="comma-separated; default: every tool of the case")
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--warmup", type=int, default=1, help="unmeasured runs per tool first")
    ap.add_argument("--scale", type=float, help="scale factor; loads it first unless already loaded")
    ap.add_argument("--timeout", type=float, default=900)
    ap.add_argument("--results", default=str(HOME / "results"))
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    if a.list or not a.case:
        for n, c in cases.CASES.items():
            print(f"{n:18} {', '.join(c['tools'])}")
        return 0
    if a.scale is not None and (not (DATA / "SF").exists() or float((DATA / "SF").read_text()) != a.scale):
        subprocess.run([str(HERE / "servers.sh"), "load", str(a.scale)], check=True, stdout=subprocess.DEVNULL)
    sf = float((DATA / "SF").read_text())
    bad = False
    for name in a.case:
        case = cases.CASES[name]
        cmds = dict(case["tools"])
        tools = a.tools.split(",") if a.tools else list(cmds)
        missing = [t for t in tools if t not in cmds]
        if missing:
            sys.exit(f"unknown tool(s) {missing} for {name}")
        ref = check.reference(DATA)
        expected = {"lineitem": ref["lineitem"][0], "lineitem_x10": 10 * ref["lineitem"][0], "small_tables": check.small_tables(DATA)[1], "wide": ref["wide"][0], "cdc": round(1_000_000 * sf), "faker": int(os.environ.get("FAKER_ROWS", "50000")),
                    "merged": merge_data.expected_rows(case)}.get(case["rows"], case["rows"])
        sess = cdc.prepare(case.get("cdc"), RUN, expected, tools, a.warmup + a.runs, psql)
        res, live = [], list(tools)
        d = pathlib.Path(a.results)
        d.mkdir(parents=True, exist_ok=True)
        js = d / f"{name}-sf{sf:g}-{int(time.time())}.json"
        stop = False
        try:
            for i in range(-a.warmup, a.runs):
                turn = i % len(live)  # another one begins each round: what comes after whom matters by some per cent
                for t in live[turn:] + live[:turn]:
                    r = measure(name, case, t, cmds[t], expected, sess.env(t, i + a.warmup), a.timeout)
                    r |= {"run": i, "warmup": i < 0}
                    res.append(r)
                    js.write_text(json.dumps({"case": name, "scale": sf, "expected": expected, "cores": os.cpu_count(), "runs": res}, indent=1))
                    print(f"  {name} {t:20} run {i:2d} ok={r['ok']} wall={r['wall']:.2f} cpu={r['user'] + r['sys']:.2f} server={r['server_cpu']:.2f} rss={r['peak_rss'] / 1e6:.0f}MB load={r['load']:.1f} {r['note']}", file=sys.stderr, flush=True)
                    if not r["ok"]:
                        live.remove(t)  # a tool that failed once is not measured further
                        bad = True
        except KeyboardInterrupt:
            stop = bad = True
        finally:
            sess.close()
        if not res:
            return 1
        kept = [r for r in res if not r["warmup"] or not r["ok"]]
        md = table(name, tools, kept) + f"\n\nscale {sf}, {expected:,} rows, {a.runs} runs, 1-min load before runs {min(r['load'] for r in res):.1f}–{max(r['load'] for r in res):.1f}\n"
        print(md)
        if stop:
            return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
