"""Other people's Python tools: installed once a build, each in an environment of its own."""
import importlib.util
import re
import subprocess
import sys

import pytest

from support.python_connector import BUILD

# What uv and pip say when they reach nobody.
UNREACHABLE = re.compile(r"connect|resolve|unreachable|timed out|timeout|name or service|temporary failure", re.I)


def python_package(name, version):
    """A Python that has that package at exactly that version. Skips the test, saying why, when no registry can be reached."""
    folder = BUILD / "python-packages" / f"{name}-{version}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        quick = importlib.util.find_spec("uv") is not None
        install = [sys.executable, "-m", "uv", "pip", "install", "--python", python] if quick else [python, "-m", "pip", "install", "--retries", "1"]
        run = subprocess.run([*install, "--quiet", f"{name}=={version}"], capture_output=True, text=True, timeout=900)
        if run.returncode != 0:
            assert UNREACHABLE.search(run.stderr), f"{name} {version} can't be installed: {run.stderr}"
            pytest.skip(f"NOT TESTED: {name} {version} can't be installed here: {run.stderr.strip().splitlines()[-1:]}")
        done.touch()
    return python
