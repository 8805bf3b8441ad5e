#!/usr/bin/env python3
"""B10: a low-code manifest (bench/millrace/low_code.manifest.yaml) over HTTP pages of 500 records that nginx serves on loopback. Side by side, in turns:
Millrace, Airbyte's CDK when it is installed (bench/install.sh airbytecdk), a plain loop of Python's; then Millrace into Parquet. What Millrace and the CDK
print must be the same records and the same state. Prints a line each; exits 1 when something differs or a bound is missed.
low_code.py [PROGRAM]; RECORDS=100000 RUNS=3 change the size. Linux, nginx, g++; Python's standard library only.

Wall and CPU are those of the whole command, its start included; memory is the sum over its processes. The first request's time is what nginx logged."""
import hashlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("PEERS_HOME", HERE))
PROGRAM = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build/bin/millrace").resolve())
CDK = HOME / "venvs/airbytecdk/bin/source-declarative-manifest"
RECORDS, RUNS, PAGE = int(os.environ.get("RECORDS", 100_000)), int(os.environ.get("RUNS", 3)), 500
NGINX = """pid {run}/pid; error_log {run}/error.log; worker_processes 1; user root; daemon off;
events {{ worker_connections 64; }}
http {{ log_format first $msec; access_log {run}/access.log first; sendfile on; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f; uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  server {{ listen 127.0.0.1:{port}; root {pages}; location = /items {{ try_files /page_$arg_page.json =404; }} }} }}
"""
SYNC = """name: low_code
source: {{manifest: manifest.yaml, config: {{url: "{url}"}}}}
destination: {{type: local, config: {{path: {out}, format: {{format_type: Parquet}}}}}}
streams: [{{name: items, sync_mode: incremental_append}}]
"""
missed = []


def report(what, value, unit, least=None, most=None):
    late = (least is not None and value < least) or (most is not None and value > most)
    if late:
        missed.append(what)
    bound = f" (at least {least:g}" if least is not None else f" (at most {most:g}" if most is not None else ""
    print(f"{what}: {value:.4g} {unit}{bound}{', MISSED' if late else ''}{')' if bound else ''}", flush=True)


def make_pages(folder):
    generator, pages = folder / "gendata", folder / "pages"
    pages.mkdir()
    subprocess.run(["g++", "-O2", "-std=c++17", "-o", generator, HERE / "gendata.cpp"], check=True)
    records = subprocess.run([generator, "api", "--records", str(RECORDS)], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run([sys.executable, HERE / "mkpages.py", pages, str(PAGE)], input=records, check=True)
    return pages


class Server:
    """nginx with the pages; its log holds the time of each request's end."""

    def __init__(self, folder, pages):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run = folder / "nginx"
        self.run.mkdir()
        (self.run / "nginx.conf").write_text(NGINX.format(run=self.run, port=self.port, pages=pages))
        self.process = subprocess.Popen(["nginx", "-c", self.run / "nginx.conf", "-e", self.run / "error.log"])
        for _ in range(100):
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=1).request("GET", "/items?page=1")
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("nginx did not start: " + (self.run / "error.log").read_text())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def first_request_since(self, offset):
        """Seconds since the epoch."""
        return float((self.run / "access.log").read_text()[offset:].split()[0])

    def log_size(self):
        return (self.run / "access.log").stat().st_size


def family_bytes(root):
    """Resident bytes of a process and all below it."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # gone
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for pid in family:
        try:
            total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
        except OSError:
            continue
    return total


def run(argv, cwd, output, server):
    """{wall, cpu (seconds), rss (bytes), first (seconds to the first request)} of one command."""
    before, logged = resource.getrusage(resource.RUSAGE_CHILDREN), server.log_size()
    peak, began, since = 0, time.monotonic(), time.time()
    with open(output, "wb") as out, open(cwd / "errors.log", "wb") as errors:
        process = subprocess.Popen(argv, cwd=cwd, stdout=out, stderr=errors)
        while process.poll() is None:
            peak = max(peak, family_bytes(process.pid))
            time.sleep(0.02)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        sys.exit(f"{argv[0]} failed:\n{(cwd / 'errors.log').read_text()[-2000:]}")
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "rss": peak, "first": server.first_request_since(logged) - since}


def said(messages):
    """(how many records, their checksum in order, the last state) of what a connector printed."""
    count, checksum, state = 0, hashlib.sha256(), None
    with open(messages, "rb") as lines:
        for line in lines:
            if not line.startswith(b"{"):
                continue
            message = json.loads(line)
            if message["type"] == "RECORD":
                count += 1
                checksum.update(json.dumps(message["record"]["data"], sort_keys=True).encode())
            elif message["type"] == "STATE":
                state = message["state"]["stream"]["stream_state"]
    return count, checksum.hexdigest(), state


def median(runs, what):
    return statistics.median(each[what] for each in runs)


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = pathlib.Path(name)
        server = Server(folder, make_pages(folder))
        try:
            measure(folder, server)
        finally:
            server.process.terminate()
            server.process.wait()
    sys.exit(bool(missed))


def measure(folder, server):
    shutil.copy(HERE / "millrace/low_code.manifest.yaml", folder / "manifest.yaml")
    (folder / "config.json").write_text(json.dumps({"url": server.url}))
    (folder / "catalog.json").write_text(json.dumps({"streams": [{
        "stream": {"name": "items", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"], "source_defined_cursor": True},
        "sync_mode": "incremental", "cursor_field": ["created_at"], "destination_sync_mode": "append"}]}))
    (folder / "sync.yaml").write_text(SYNC.format(url=server.url, out=folder / "parquet"))
    read = ["read", "--config", "config.json", "--catalog", "catalog.json", "--manifest-path", "manifest.yaml"]
    tools = {"Millrace": [PROGRAM, "connector", "source-declarative-manifest", *read], "loop": [sys.executable, "-c", LOOP, server.url],
             "Millrace into Parquet": [PROGRAM, "sync", "sync.yaml", "--data-dir", "data", "--full-refresh"]}
    if CDK.exists():
        tools["CDK"] = [str(CDK), *read]
    runs = {tool: [] for tool in tools}
    for _ in range(RUNS):
        for tool, argv in tools.items():
            runs[tool].append(run(argv, folder, folder / f"{tool}.out", server))
    print(f"{RECORDS} records in pages of {PAGE}, {RUNS} runs each, load {os.getloadavg()[0]:.1f}")
    for tool, each in runs.items():
        print(f"{tool}: {RECORDS / median(each, 'wall'):,.0f} records/s, CPU {median(each, 'cpu'):.2f} s, {median(each, 'rss') / 1e6:.0f} MB, "
              f"first request after {median(each, 'first') * 1000:.0f} ms")
    ours = runs["Millrace"]
    report("records per second", RECORDS / median(ours, "wall"), "records/s", least=150_000)
    report("memory", max(each["rss"] for each in ours) / 1e6, "MB", most=128)
    report("first request, the fastest", min(each["first"] for each in ours) * 1000, "ms", most=50)
    if said(folder / "Millrace.out")[0] != RECORDS:
        missed.append("records")
    if "CDK" not in runs:
        return print("The CDK is not installed (bench/install.sh airbytecdk): nothing is compared with it")
    report("times the CDK's speed", median(runs["CDK"], "wall") / median(ours, "wall"), "×", least=10)
    same = said(folder / "Millrace.out") == said(folder / "CDK.out")
    print("records and state: " + ("the same" if same else "DIFFERENT"))
    if not same:
        missed.append("records and state")


# The least that a script would do: a connection kept, each page parsed, each record written as a line.
LOOP = """
import http.client, json, sys
connection, page = http.client.HTTPConnection(sys.argv[1].removeprefix("http://")), 1
while page:
    connection.request("GET", f"/items?page={page}")
    reply = json.loads(connection.getresponse().read())
    for record in reply["data"]:
        sys.stdout.write(json.dumps(record, separators=(",", ":")) + "\\n")
    page = reply["next_page"]
"""


if __name__ == "__main__":
    main()
