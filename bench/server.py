#!/usr/bin/env python3
"""Figures of `millrace server` on SQLite: start, idle memory and processor, reads at a steady rate (alone, and beside connections that are idle or
slow), lists, from a click to the first record. Prints a line each and exits 1 when one misses its bound. server.py [PROGRAM]; CONNECTIONS=1000 JOBS=100000 RATE=200 SECONDS=20 change the size. Python's standard library only."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import server_rows

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(pathlib.Path(__file__).resolve().parent.parent / "build/bin/millrace")
CONNECTIONS, JOBS, RATE, SECONDS = (int(os.environ.get(name, default)) for name, default in (("CONNECTIONS", 1000), ("JOBS", 100_000), ("RATE", 200), ("SECONDS", 20)))
FAKER, DEV_NULL = "dfd88b22-b603-4c3d-aad7-3701784586b1", "a7bcc9d8-13b3-4e49-b80d-d020b90045e3"
CLIENTS = 16
IDLE_CONNECTIONS = 1000  # half of them silent, half in the middle of a request's head
missed = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def report(what, value, unit, bound=None):
    late = bound is not None and value > bound
    if late:
        missed.append(what)
    print(f"{what}: {value:.4g} {unit}" + (f" (bound {bound:g}{', MISSED' if late else ''})" if bound is not None else ""), flush=True)


class Client:
    """One kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, body=None):
        self.connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        reply = self.connection.getresponse()
        text = reply.read()
        return reply.status, text


class Server:
    def __init__(self, data_dir):
        self.port = free_port()
        begun = time.perf_counter()
        self.process = subprocess.Popen([PROGRAM, "server", "--data-dir", data_dir, "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                if Client(self.port).call("GET", "/api/v1/health")[0] == 200:
                    break
            except OSError:
                assert self.process.poll() is None, "the server ended"
        self.started_ms = (time.perf_counter() - begun) * 1000

    def call(self, path, **body):
        status, text = Client(self.port).call("POST", f"/api/v1/{path}", body)
        assert status == 200, f"{path}: {status} {text[:300]}"
        return json.loads(text)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0

    def rss_mb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def at_a_rate(port, requests):
    """Sends one request after the other at RATE; each waits for its own time, so that a slow reply makes the later ones late, and counted so."""
    times, lock, local = [], threading.Lock(), threading.local()
    begun = time.perf_counter()

    def send(number, method, path, body):
        due = begun + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(local, "client"):
            local.client = Client(port)
        status, text = local.client.call(method, path, body)
        took = (time.perf_counter() - due) * 1000
        with lock:
            times.append((took, path, status))

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(send, n, *request) for n, request in enumerate(requests)]:
            future.result()
    return times


def first_record_ms(server, connection):
    """From the call that starts a sync to the first moment when its statistics show a record; looked at every 5 ms."""
    begun = time.perf_counter()
    job = server.call("connections/sync", connectionId=connection)["job"]["id"]
    client = Client(server.port)
    while True:
        reply = json.loads(client.call("POST", "/api/v1/jobs/get", {"id": job})[1])
        took = (time.perf_counter() - begun) * 1000
        attempts = reply["attempts"]
        if attempts and attempts[-1]["attempt"].get("totalStats", {}).get("recordsEmitted"):
            break
        assert reply["job"]["status"] in ("pending", "running"), reply
        time.sleep(0.005)
    while json.loads(client.call("POST", "/api/v1/jobs/get", {"id": job})[1])["job"]["status"] == "running":
        time.sleep(0.05)
    return took


def held_connections(port):
    """Connections that send nothing, or one piece of a request's head and then nothing more."""
    held = []
    for n in range(IDLE_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        if n % 2:
            connection.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        held.append(connection)
    return held


def report_reads(what, port, reads):
    times = at_a_rate(port, reads)
    wrong = [t for t in times if t[2] != 200]
    assert not wrong, wrong[:3]
    report(f"{what}, median", percentile([t[0] for t in times], 0.5), "ms")
    report(f"{what}, p99", percentile([t[0] for t in times], 0.99), "ms", 20)


def main():
    folder = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        server = Server(folder)
        source = server.call("sources/create", sourceDefinitionId=FAKER, name="s", connectionConfiguration={"count": 10})["sourceId"]
        destination = server.call("destinations/create", destinationDefinitionId=DEV_NULL, name="d", connectionConfiguration={"test_destination": {"test_destination_type": "SILENT"}})["destinationId"]
        server.stop()
        ids = server_rows.fill(os.path.join(folder, "millrace.db"), CONNECTIONS, JOBS, time.time(), source, destination)
        starts = []
        for _ in range(5):
            server = Server(folder)
            starts.append(server.started_ms)
            server.stop()
        report("start to first answer, median of 5", percentile(starts, 0.5), "ms", 300)
        server = Server(folder)
        time.sleep(3)
        before, begun = server.cpu_seconds(), time.perf_counter()
        time.sleep(20)
        report(f"idle processor with {CONNECTIONS} connections", (server.cpu_seconds() - before) / (time.perf_counter() - begun) * 100, "%", 0.5)
        report("idle memory (RSS)", server.rss_mb(), "MB", 30)
        chosen = random.Random(7)
        reads = [
            lambda: ("POST", "/api/v1/connections/get", {"connectionId": chosen.choice(ids)}),
            lambda: ("POST", "/api/v1/jobs/get", {"id": chosen.randint(1, JOBS)}),
            lambda: ("POST", "/api/v1/jobs/list", {"configTypes": ["sync"], "configId": chosen.choice(ids), "pagination": {"pageSize": 20}}),
            lambda: ("POST", "/api/v1/sources/get", {"sourceId": source}),
            lambda: ("GET", f"/api/public/v1/jobs/{chosen.randint(1, JOBS)}", None),
            lambda: ("GET", f"/api/public/v1/connections/{chosen.choice(ids)}", None),
        ]
        def many():
            return [chosen.choice(reads)() for _ in range(RATE * SECONDS)]

        report_reads(f"reads at {RATE}/s", server.port, many())
        held = held_connections(server.port)
        report_reads(f"reads at {RATE}/s beside {IDLE_CONNECTIONS} idle or slow connections", server.port, many())
        for connection in held:
            connection.close()
        for name, method, path, body in (
            ("connections, a page of 20", "GET", "/api/public/v1/connections?limit=20", None),
            ("jobs, a page of 20", "GET", "/api/public/v1/jobs?limit=20", None),
            ("connections/list, all of a workspace", "POST", "/api/v1/connections/list", {"workspaceId": "default"}),
            ("jobs/list of a connection", "POST", "/api/v1/jobs/list", {"configTypes": ["sync"], "configId": ids[0]}),
            ("web_backend/connections/list", "POST", "/api/v1/web_backend/connections/list", {"workspaceId": "default"}),
            ("metrics", "GET", "/metrics", None),
        ):
            took = []
            for _ in range(10):
                begun = time.perf_counter()
                status, text = Client(server.port).call(method, path, body)
                took.append((time.perf_counter() - begun) * 1000)
            assert status == 200, f"{name}: {status} {text[:300]}"
            report(f"{name} ({len(text) / 1000:.0f} kB), median of 10", percentile(took, 0.5), "ms")
        report("memory after that (RSS)", server.rss_mb(), "MB")
        catalog = server.call("sources/discover_schema", sourceId=source)["catalog"]
        connection = server.call("connections/create", sourceId=source, destinationId=destination, status="active", scheduleType="manual", syncCatalog=catalog)["connectionId"]
        report("click to first record, median of 5", percentile([first_record_ms(server, connection) for _ in range(5)], 0.5), "ms", 1000)
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
