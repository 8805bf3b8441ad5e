"""Other people's Python tools: installed once a build, each in an environment of its own."""
import importlib.util
import subprocess
import sys

import pytest

from support.python_connector import BUILD


def python_package(name, version):
    """A Python that has that package at exactly that version. Skips the test, saying why, when it can't be installed."""
    folder = BUILD / "python-packages" / f"{name}-{version}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        quick = importlib.util.find_spec("uv") is not None
        install = [sys.executable, "-m", "uv", "pip", "install", "--python", python] if quick else [python, "-m", "pip", "install", "--retries", "1"]
        run = subprocess.run([*install, "--quiet", f"{name}=={version}"], capture_output=True, text=True, timeout=900)
        if run.returncode != 0:
            pytest.skip(f"NOT TESTED: {name} {version} can't be installed here: {run.stderr.strip().splitlines()[-1:]}")
        done.touch()
    return python
