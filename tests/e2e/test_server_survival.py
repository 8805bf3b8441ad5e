"""What a running job survives: kills of the server and the attempt at random moments (of workers: test_server_worker_kills), a restart of
the metadata's PostgreSQL, an attempt that listens to nobody. Rows are exact afterwards, whatever happened, and no job stays open."""
import contextlib
import os
import signal
import time

import pytest

from support import api_server
from support.attempt_processes import attempt_processes, in_the_middle
from support.copied_users import MANY, connection, users
from support.installed_program import install, replace_attempt
from support.postgres_server import ADMIN, ADMIN_PASSWORD, PostgresServer
from support.server_jobs import FINAL, ended, sync, wait


def rounds(request):
    return 40 if request.config.getoption("--torture") else 1


def kill(server):
    """SIGKILL, unlike the end of the `with` block."""
    server.process.kill()
    server.process.wait(40)


class Restartable:
    """A server that tests kill and start again over the same folder."""

    def __init__(self, start, **more):
        self.start, self.more, self.stack = start, more, None
        self.up()

    def up(self):
        self.stack = contextlib.ExitStack()
        self.server = self.stack.enter_context(self.start(**self.more))

    def kill(self):
        kill(self.server)
        with contextlib.suppress(AssertionError):  # who was killed did not exit 0
            self.stack.close()

    def close(self):
        self.stack.close()


def assert_exact(server, job, tmp_path, path):
    info = ended(server, job, 300)
    assert info["job"]["status"] == "succeeded", info
    assert users(tmp_path, path) == (MANY, MANY, 1, MANY), info


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_kills_at_random_moments(request, rng, start, tmp_path, mode):
    """Server and attempt, one or both of them, at any moment of a job's life."""
    running = Restartable(start)
    try:
        for i in range(rounds(request)):
            path, victims = f"out{i}", rng.choice([["server"], ["attempt"], ["attempt", "server"], ["server", "attempt"]])
            moment = rng.uniform(0, 3)
            print(f"round {i}: {victims} after {moment:.2f} s")
            made = connection(running.server, MANY, mode=mode, sync_mode="incremental", path=path)
            job = sync(running.server, made)
            wait(lambda: attempt_processes(tmp_path / "data") or running.server.call("jobs/get_light", id=job)["job"]["status"] in FINAL)
            time.sleep(moment)
            for victim in victims:
                if victim == "server":
                    running.kill()
                for process in attempt_processes(tmp_path / "data") if victim == "attempt" else []:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
            if "server" in victims:
                running.up()
            assert_exact(running.server, job, tmp_path, path)
            assert wait(lambda: not attempt_processes(tmp_path / "data"))
    finally:
        running.close()


def test_the_metadatas_postgres_is_restarted_in_mid_sync(millrace, tmp_path, server_folder, tls):
    with PostgresServer(server_folder / "restarted_in_mid_sync", tls) as postgres:
        url = f"postgresql://{ADMIN}:{ADMIN_PASSWORD}@127.0.0.1:{postgres.port}/postgres"
        with api_server.running(millrace, tmp_path / "data", "--database-url", url) as server:
            job = sync(server, connection(server, MANY, sync_mode="incremental"))
            (process,) = in_the_middle(server, job, tmp_path / "data")
            for _ in range(2):
                postgres.restart()
                time.sleep(1)
            info = ended(server, job)
            assert len(info["attempts"]) == 1, "its attempt waited for it"
            assert_exact(server, job, tmp_path, "out")


DEAF = """#!/bin/sh
# Takes what it is started with, says nothing, and listens to nobody.
trap '' TERM INT HUP
while :; do sleep 0.2; done
"""


def test_an_attempt_that_listens_to_nobody_is_ended(millrace, tmp_path):
    """Neither to commands nor to SIGTERM; its children go with it."""
    attempt = install(millrace, tmp_path / "installed")
    with api_server.running(millrace, tmp_path / "data") as server:
        made = connection(server, 10)
        replace_attempt(attempt, DEAF)
        job = sync(server, made)
        (process,) = wait(lambda: attempt_processes(tmp_path / "data"))
        os.kill(process, signal.SIGTERM)
        before = time.monotonic()
        assert server.call("jobs/cancel", id=job)["job"]["status"] == "cancelled"
        assert time.monotonic() - before < 5
        wait(lambda: not attempt_processes(tmp_path / "data"))
        job = sync(server, made)
        wait(lambda: attempt_processes(tmp_path / "data"))
    assert attempt_processes(tmp_path / "data"), "a server that stops leaves it alone"
    with api_server.running(millrace, tmp_path / "data") as server:
        assert server.call("jobs/cancel", id=job)["job"]["status"] == "cancelled"
        wait(lambda: not attempt_processes(tmp_path / "data"))
