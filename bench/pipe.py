#!/usr/bin/env python3
"""How fast Millrace takes what an Airbyte source prints: pipe_source (ours, ~520 bytes a record, 16 fields) → Millrace → discard with a checksum over
every column, and → Parquet; then with 10 MB records in between. Millrace's attempt is held to one core, the source to another. Prints a line each and
exits 1 when one misses its bound. pipe.py [PROGRAM]; RECORDS=3000000 RUNS=3 change the size. Linux; Python's standard library only.

First the checksums of a small run are held against what this script computes from the source's own lines."""
import datetime
import decimal
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parent / "build/bin/millrace")
RECORDS, RUNS = int(os.environ.get("RECORDS", 3_000_000)), int(os.environ.get("RUNS", 3))
WORD = (1 << 64) - 1
NULL = 0x6E756C6C
DISCARD = "{type: dev-null, config: {test_destination: {test_destination_type: SILENT, checksum: true}}}"
PARQUET = "{type: local, config: {path: OUT, format: {format_type: Parquet}}}"
missed = []


def report(what, value, unit, least=None, most=None):
    late = (least is not None and value < least) or (most is not None and value > most)
    if late:
        missed.append(what)
    bound = f" (at least {least:g}" if least is not None else f" (at most {most:g}" if most is not None else ""
    print(f"{what}: {value:.4g} {unit}{bound}{', MISSED' if late else ''}{')' if bound else ''}", flush=True)


def mix(a, b):
    product = (a ^ 0x9E3779B97F4A7C15) * (b ^ 0xD1B54A32D192ED03)
    return (product & WORD) ^ (product >> 64)


def hash_bytes(text):
    data = text.encode()
    hashed = mix(len(data), 0x8CB92BA72F3D8DD7)
    while len(data) >= 8:
        hashed, data = mix(hashed, int.from_bytes(data[:8], "little")), data[8:]
    return mix(hashed, int.from_bytes(data, "little"))


def micros(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def number(value):
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def hash_of(name, value, line):
    """As src/destinations/dev_null/column_sums.h says, by the type that the source declares."""
    if value is None:
        return NULL
    if name in ("created_at", "updated_at"):
        return mix(micros(value) & WORD, 0)
    if name == "birthday":
        return mix((datetime.date.fromisoformat(value) - datetime.date(1970, 1, 1)).days & WORD, 0)
    if name in ("price", "rate"):
        return hash_bytes(number(value))
    if name == "address":  # JSON is kept as it was printed
        return hash_bytes(re.search(r'"address":(\{.*?\})', line)[1])
    if isinstance(value, list):
        hashed = mix(len(value), 0)
        for item in value:
            hashed = mix(hashed, hash_bytes(item))
        return hashed
    return hash_bytes(value) if isinstance(value, str) else mix(int(value), 0)


def expected_sums(source, config):
    sums = {}
    for line in subprocess.run([source, "read", "--config", config], capture_output=True, check=True).stdout.decode().splitlines():
        message = json.loads(line, parse_float=decimal.Decimal)
        for name, value in message.get("record", {}).get("data", {}).items():
            sums[name] = (sums.get(name, 0) + hash_of(name, value, line)) & WORD
    return {name: f"{total:016x}" for name, total in sums.items()}


class Peak:
    """The peak memory of millrace-attempt below a process: the system keeps it, so a look now and then is enough."""

    def __init__(self, root):
        self.root, self.attempt, self.megabytes = root, None, 0.0

    def look(self):
        try:
            if self.attempt is None:
                children = pathlib.Path(f"/proc/{self.root}/task/{self.root}/children").read_text().split()
                self.attempt = next(pid for pid in children if "millrace-attemp" in pathlib.Path(f"/proc/{pid}/comm").read_text())
            found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.attempt}/status").read_text())
            self.megabytes = max(self.megabytes, int(found[1]) / 1024) if found else self.megabytes
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            pass  # not there yet, or not any more


def sync(folder, destination, **config):
    """One sync: seconds, processor time of Millrace (all its processes) and of the source, peak memory, what it printed."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(folder / ".millrace", ignore_errors=True)
    file = folder / "pipe.yaml"
    file.write_text(f"name: pipe\nmetadata: none\nsource: {{command: [taskset, -c, '1', {folder}/pipe_source], config: {json.dumps(config)}}}\n"
                    f"destination: {destination.replace('OUT', str(out))}\n")
    log = (folder / "log").open("w+")
    begun = time.perf_counter()
    process = subprocess.Popen(["taskset", "-c", "0", PROGRAM, "sync", str(file), "--verbose"], stdout=log, stderr=log)
    peak = Peak(process.pid)
    while True:
        peak.look()
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - begun
    log.seek(0)
    text = log.read()
    if status != 0:
        sys.exit(text)
    source = sum(float(spent) for spent in re.findall(r"pipe_source \w+: ([\d.]+) s", text))
    return seconds, used.ru_utime + used.ru_stime - source, source, peak.megabytes, text


def sums_in(text):
    return dict(re.findall(r"(\w+) ([0-9a-f]{16})", text[text.index("checksums"):].splitlines()[0]))


def check_sums(folder):
    small = {"records": 20_000, "state_every": 3000}
    (folder / "small.json").write_text(json.dumps(small))
    wanted = expected_sums(str(folder / "pipe_source"), str(folder / "small.json"))
    *_, text = sync(folder, DISCARD, **small)
    got = sums_in(text)
    if len(wanted) != 16 or got != wanted:
        sys.exit(f"the checksums differ:\n{got}\n{wanted}")
    print("checksums of 20,000 records: all 16 columns as computed from the lines themselves")


def measure(folder, what, destination, records, least_records, least_mb, line_bytes):
    runs = [sync(folder, destination, records=records, state_every=100_000) for _ in range(RUNS)]
    rates = [records / seconds for seconds, *_ in runs]
    rate = statistics.median(rates)
    cpu, source = (statistics.median(run[at] for run in runs) for at in (1, 2))
    report(f"{what}: records/s, median of {RUNS} ({min(rates):.0f}–{max(rates):.0f})", rate, "records/s", least=least_records)
    report(f"{what}: JSON", rate * line_bytes / 1e6, "MB/s", least=least_mb)
    print(f"{what}: processor time {cpu:.2f} s Millrace, start and all ({records / cpu:.0f} records a second of it), {source:.2f} s the source")
    report(f"{what}: peak memory of millrace-attempt", max(run[3] for run in runs), "MB", most=256)
    return runs[-1][4]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run(["g++", "-O2", "-std=c++20", "-o", str(folder / "pipe_source"), str(HERE / "pipe_source.cpp")], check=True)
        (folder / "one.json").write_text('{"records": 4096}')
        lines = subprocess.run([str(folder / "pipe_source"), "read", "--config", str(folder / "one.json")], capture_output=True, check=True).stdout
        line_bytes = len(lines) / 4096
        print(f"a record's line has {line_bytes:.0f} bytes on average; 1-minute load {os.getloadavg()[0]:.1f}")
        check_sums(folder)
        text = measure(folder, "discard", DISCARD, RECORDS, 800_000, 400, line_bytes)
        print("discard: checksums", ", ".join(f"{column} {value}" for column, value in sums_in(text).items()))
        measure(folder, "Parquet", PARQUET, RECORDS, 500_000, None, line_bytes)
        for what, destination in (("discard", DISCARD), ("Parquet", PARQUET)):
            *_, peak, _ = sync(folder, destination, records=400_000, state_every=100_000, large_every=10_000, large_bytes=10_000_000)
            report(f"{what}, 40 records of 10 MB among 400,000: peak memory of millrace-attempt", peak, "MB", most=256)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
