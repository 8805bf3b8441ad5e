"""Airbyte's own connectors, as Python packages of their registry: installed once a build, each in an environment of its own."""
import fcntl
import json
import os
import pathlib
import subprocess
import sys

import pytest

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build")).resolve()


def python_connector(name, version):
    """The program of airbyte-NAME at exactly that version. Skips the test, saying why, when it can't be installed."""
    folder = BUILD / "connectors" / f"{name}-{version}"
    program = folder / "bin" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{folder.name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # groups of tests run at the same time
        install(folder, name, version)
    return program


def install(folder, name, version):
    if (folder / "installed").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    installed = subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--retries", "1", f"airbyte-{name}=={version}"],
                               capture_output=True, text=True, timeout=900)
    if installed.returncode != 0:
        pytest.skip(f"NOT TESTED: airbyte-{name} {version} can't be installed here: {installed.stderr.strip().splitlines()[-1:]}")
    (folder / "installed").touch()


def records(program, folder, config, catalog):
    """What it prints when it is run by hand: {stream: [data]}."""
    paths = {}
    for option, content in (("config", config), ("catalog", catalog)):
        paths[option] = pathlib.Path(folder) / f"by-hand-{option}.json"
        paths[option].write_text(json.dumps(content))
    printed = subprocess.run([program, "read", "--config", paths["config"], "--catalog", paths["catalog"]], capture_output=True, check=True, timeout=300)
    found = {}
    for line in printed.stdout.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            found.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
    return found
