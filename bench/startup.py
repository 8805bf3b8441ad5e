#!/usr/bin/env python3
"""How long `millrace version` takes, from spawn to exit: startup.py [PROGRAM [ARGUMENTS...]]; 50 runs after 5 to warm up."""
import pathlib
import statistics
import subprocess
import sys
import time

command = sys.argv[1:] or [str(pathlib.Path(__file__).resolve().parent.parent / "build/bin/millrace"), "version"]


def once():
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1000


for _ in range(5):
    once()
times = sorted(once() for _ in range(50))
print(f"{' '.join(command[-1:])}: median {statistics.median(times):.1f} ms, fastest {times[0]:.1f}, slowest {times[-1]:.1f} (50 runs)")
