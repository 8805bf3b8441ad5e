"""Airbyte's own connectors, as Python packages of their registry: installed once a build, by `millrace connectors install`."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build")).resolve()
FOLDER = BUILD / "connectors"
# The tests' own environment has uv, which is much quicker than pip.
ENVIRONMENT = {"MILLRACE_CONNECTORS_DIR": str(FOLDER), "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}


def python_connector(name, version):
    """The program of a connector at exactly that version; with ENVIRONMENT `type: …, version: …` means it. Skips the test, saying
    why, when the registry can't be reached."""
    installed = subprocess.run([BUILD / "bin" / "millrace", "connectors", "install", f"{name}=={version}", "--json"], env={**os.environ, **ENVIRONMENT},
                               capture_output=True, text=True, timeout=1800)
    if "can't be reached" in installed.stderr or "refuses us" in installed.stderr:
        pytest.skip(f"NOT TESTED: {name} {version} can't be installed here: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr
    return pathlib.Path(json.loads(installed.stdout)["connector"]["executable"])


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
