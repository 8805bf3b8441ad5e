"""Airflow's Airbyte provider against `millrace server`, unchanged: its operator, sensor, trigger and hook run as tasks of real DAGs (support/airflow_dags), in a
process and an environment of their own. There is no scheduler: the tasks of a DAG run one after the other, and so do triggers."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

import pytest

from support import api_server
from support.millrace_program import kill_group
from support.server_jobs import REFUSED, made_up_users, wait

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".deps" / "airflow" / "bin" / "python"
DAGS = ROOT / "tests" / "support" / "airflow_dags"
ENDLESS = 2_000_000_000


@pytest.fixture
def server(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data", "--auth", "always", **api_server.SIGNED_IN) as server:
        yield server


class DagRun:
    def __init__(self, process, log):
        self.process, self.log = process, log

    def outcome(self):
        """{state, tasks}, once it is over."""
        code, said = self.process.wait(400), self.log.read_text()
        assert code == 0, said[-6000:]
        return json.loads(said.splitlines()[-1])


@contextlib.contextmanager
def running(dag, server, folder):
    """A run of the DAG, signed in to the server by an application."""
    application = server.call("applications/create", name="airflow")
    login = {"conn_type": "airbyte", "host": f"{server.url}/api/public/v1", "login": application["clientId"], "password": application["clientSecret"]}
    environment = {"AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                   "AIRFLOW_CONN_AIRBYTE_DEFAULT": json.dumps(login), "AIRFLOW_CONN_AIRBYTE_PUBLIC": json.dumps({**login, "schema": "/api/public/v1/applications/token"}),
                   "SMALL": made_up_users(server, 20), "ENDLESS": made_up_users(server, ENDLESS), "REFUSED": made_up_users(server, 20, REFUSED)}
    log = folder / f"{dag}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen([PYTHON, DAGS / "copies.py", dag], stdout=output, stderr=output, start_new_session=True,
                                   env={**os.environ, **environment})
    try:
        yield DagRun(process, log)
    finally:
        kill_group(process)
        process.wait()


def jobs_of(server):
    """(status, rows) of every job, the first one first."""
    listed = server.call("jobs/list", configTypes=["sync"])["jobs"]
    return [(j["job"]["status"], j["attempts"][-1]["recordsSynced"]) for j in sorted(listed, key=lambda j: j["job"]["id"])]


def test_syncs_are_triggered_awaited_and_deferred(server, tmp_path):
    with running("arrives", server, tmp_path) as run:
        outcome = run.outcome()
    assert outcome["state"] == "success" and {state for state, _ in outcome["tasks"].values()} == {"success"}, outcome
    assert outcome["tasks"]["health"][1] is True
    assert [outcome["tasks"][task][1] for task in ("sync", "begin", "other_token_path")] == [1, 2, 4]
    assert jobs_of(server) == [("succeeded", 20)] * 4


def test_what_fails_is_seen_and_what_is_given_up_is_cancelled(server, tmp_path):
    with running("fails", server, tmp_path) as run:
        wait(lambda: [status for status, _ in jobs_of(server)] == ["running"] or run.process.poll() is not None, 300)
        run.process.send_signal(signal.SIGTERM)  # as Airflow's supervisor does to a task that is marked failed
        outcome = run.outcome()
    assert outcome["state"] == "failed" and {state for state, _ in outcome["tasks"].values()} == {"failed", "success"}, outcome
    assert {task: returned for task, (state, returned) in outcome["tasks"].items() if state == "success"} == {"begin": 5, "trigger": "error"}
    assert [status for status, _ in jobs_of(server)] == ["cancelled"] * 3 + ["failed"] * 2
    said = run.log.read_text()
    for words in ("on_kill: cancel the airbyte Job 1", "Job was cancelled", "is not ready after 1s", "on_kill: cancel the airbyte Job 3", "Job failed", "Status 404"):
        assert words in said, words
