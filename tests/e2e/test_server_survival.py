"""What a running job survives: kills of the server, the worker and the attempt at random moments, a worker that was away for longer than its lease, a restart
of the metadata's PostgreSQL, an attempt that listens to nobody. Rows are exact afterwards, whatever happened, and no job stays open."""
import contextlib
import os
import shutil
import signal
import stat
import time

import pytest

from support import api_server
from support.attempt_processes import attempt_processes, busy, in_the_middle
from support.copied_users import MANY, connection, users
from support.postgres_server import ADMIN, ADMIN_PASSWORD, PostgresServer
from support.postgres_tables import target_config
from support.server_jobs import FINAL, ended, sync, wait

LEASE = {"MILLRACE_LEASE_SECONDS": "10"}  # so that a lost worker is given up soon


def rounds(request):
    return 40 if request.config.getoption("--torture") else 1


def url_of(config):
    return "postgresql://{username}:{password}@{host}:{port}/{database}".format(**config)


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


@pytest.fixture
def shared(millrace, tmp_path, db):
    """A server and a worker on one PostgreSQL and one folder of files, the server's only place taken, so that the next job is the worker's:
    (server, worker's process, a function that frees the place)."""
    database = ["--database-url", url_of(target_config(db))]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(api_server.running(millrace, tmp_path / "data", *database, env={**LEASE, "MAX_SYNC_WORKERS": "1"}))
        place = stack.enter_context(contextlib.ExitStack())
        place.enter_context(busy(server, tmp_path / "data"))
        with open(tmp_path / "worker.log", "ab") as output:
            process = millrace.start("worker", "--data-dir", tmp_path / "worker", *database, "--files-dir", tmp_path / "data" / "files",
                                     env={**LEASE, "MILLRACE_SECRET_KEY_FILE": str(tmp_path / "data" / "secret.key")}, stdout=output, stderr=output)
        try:
            yield server, process, place.close
        finally:
            for one in (process.pid, *attempt_processes(tmp_path / "worker")):
                os.kill(one, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_worker_that_was_away_for_longer_than_its_lease_changes_nothing(rng, shared, tmp_path, mode):
    """It is stopped with its attempt in the middle of things (SIGSTOP), another takes over, and then it goes on."""
    server, process, free = shared
    made = connection(server, MANY, mode=mode, sync_mode="incremental")
    only_news = {"sourceId": server.call("connections/get", connectionId=made)["sourceId"], "connectionConfiguration": {"always_updated": False}}
    server.call("sources/partial_update", **only_news)
    job = sync(server, made)
    wait(lambda: server.call("jobs/get_light", id=job)["job"]["aggregatedStats"]["recordsCommitted"] > 0 or None)
    time.sleep(rng.uniform(0, 1))
    away = [process.pid, *attempt_processes(tmp_path / "worker")]
    assert len(away) == 2, "it is in the middle"
    for one in away:
        os.kill(one, signal.SIGSTOP)
    free()
    wait(lambda: len(server.call("jobs/get", id=job)["attempts"]) > 1)
    wait(lambda: attempt_processes(tmp_path / "data"))
    for one in away:
        os.kill(one, signal.SIGCONT)
    wait(lambda: not attempt_processes(tmp_path / "worker"))
    assert_exact(server, job, tmp_path, "out")
    assert process.poll() is None, "the worker is there for other jobs"
    first, second = (entry["attempt"] for entry in server.call("jobs/get", id=job)["attempts"])
    assert (first["status"], second["status"]) == ("failed", "succeeded")
    assert ended(server, sync(server, made), 300)["attempts"][0]["attempt"]["recordsSynced"] == 0, "the state is the later attempt's: nothing is left to read"
    assert users(tmp_path) == (MANY, MANY, 1, MANY)


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
    home = tmp_path / "installed"
    for folder in ("bin", "libexec"):
        (home / folder).mkdir(parents=True)
    os.link(millrace.program, home / "bin" / "millrace") if os.stat(millrace.program).st_dev == os.stat(home).st_dev else shutil.copy(millrace.program, home / "bin")
    attempt = home / "libexec" / "millrace-attempt"
    real = millrace.program.parent.parent / "libexec" / "millrace-attempt"
    attempt.symlink_to(real)  # discovery works
    millrace.program = home / "bin" / "millrace"
    with api_server.running(millrace, tmp_path / "data") as server:
        made = connection(server, 10)
        attempt.unlink()
        attempt.write_text(DEAF)
        attempt.chmod(attempt.stat().st_mode | stat.S_IXUSR)
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
