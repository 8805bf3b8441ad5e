"""The contract that a server shows (openapi.yaml) against the server itself: schemathesis makes up requests that keep it and requests that break it."""
import pathlib
import subprocess
import sys

import pytest

from support import api_server
from support.server_jobs import made_up_users

# 422: the document has the right form, but what it says can't be done: no schema says which cron expressions there are.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422, 423, 429]
"""


@pytest.mark.no_sanitizer("tens of thousands of requests")
@pytest.mark.parametrize("examples", [2, pytest.param(20, marks=pytest.mark.torture)])
def test_schemathesis_finds_nothing(millrace, tmp_path, request, examples):
    # `make test` makes up the same requests every time, so that a change fails by what it changes; `make torture` makes up others.
    seed = request.config.seed if examples > 2 else 41135349
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with api_server.running(millrace, tmp_path / "data", "--auth", "always", **api_server.SIGNED_IN) as server:
        made_up_users(server, 20)
        out = subprocess.run([pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run", f"{server.url}/openapi.yaml", "--auth",
                              f"airbyte@example.com:{api_server.PASSWORD}", "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples),
                              "--seed", str(seed), "--warnings", "off", "--continue-on-failure"],
                             capture_output=True, text=True, timeout=6000, cwd=tmp_path)
        assert out.returncode == 0, out.stdout[-12_000:] + out.stderr
        assert server.request("GET", "/api/v1/health").status == 200
