"""A worker that loses its lease: it stands still with its attempt (SIGSTOP), another takes the job over, and then it goes on. In the middle of things, and at moments
of a commit that are made sure: the attempt's request is held on its way to the destination. Whatever the old attempt wanted, each row is there once, and
the state is the newer one's."""
import contextlib
import os
import signal
import threading
import time
import urllib.parse

import pytest

from support import api_server, output_files
from support.attempt_processes import attempt_processes, busy
from support.connected_ends import APPENDED, DEDUPED, FROM_POSTGRES, TO_POSTGRES, TO_S3, committed, connect, synced
from support.copied_users import MANY, connection, users
from support.http_fault_proxy import HttpFaultProxy
from support.postgres_tables import customers, target_config
from support.server_jobs import ended, sync, wait
from support.shared_workers import running_worker
from support.statement_proxy import StatementProxy

LEASE = {"MILLRACE_LEASE_SECONDS": "10"}  # so that a lost worker is given up soon
LOOKED_UP = b"SELECT epoch, checkpoint, kind"  # whether a commit took effect whose answer was lost


class Takeover:
    """A server and a worker on one PostgreSQL and one folder of files; the server's only place is taken, so that the next job is the worker's."""

    def __init__(self, server, worker, free, folder):
        self.server, self.worker, self.free, self.folder = server, worker, free, folder

    def freeze(self):
        """The worker stands still, and its attempt."""
        (self.attempt,) = self.worker.attempts()
        for one in (self.worker.process.pid, self.attempt):
            os.kill(one, signal.SIGSTOP)

    def wake_the_attempt(self, until=lambda: True):
        """Alone, so that nobody but the destination keeps it from its commit; `until`: what it does then."""
        os.kill(self.attempt, signal.SIGCONT)
        time.sleep(1)
        wait(until)

    def begin(self, job):
        """The job's next attempt, the server's."""
        self.free()
        wait(lambda: len(self.attempts(job)) > 1)
        wait(lambda: attempt_processes(self.folder))

    def attempts(self, job):
        return [entry["attempt"] for entry in self.server.call("jobs/get", id=job)["attempts"]]

    def end(self, job):
        """How it ended: well, by the second attempt."""
        info = ended(self.server, job, 300)
        assert info["job"]["status"] == "succeeded", info
        assert [entry["attempt"]["status"] for entry in info["attempts"]] == ["failed", "succeeded"], info
        return info

    def wake_the_worker(self):
        os.kill(self.worker.process.pid, signal.SIGCONT)
        wait(lambda: not self.worker.attempts())
        assert self.worker.process.poll() is None, "the worker is there for other jobs"

    def assert_nothing_is_left_to_read(self, made):
        assert committed(synced(self.server, made)) == 0, "the state is the later attempt's"


@pytest.fixture
def takeover(millrace, tmp_path, metadata):
    data = tmp_path / "data"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(api_server.running(millrace, data, *metadata, env={**LEASE, "MAX_SYNC_WORKERS": "1"}))
        place = stack.enter_context(contextlib.ExitStack())
        place.enter_context(busy(server, data))
        worker = stack.enter_context(running_worker(millrace, tmp_path / "worker", data, *metadata, "--files-dir", data / "files", env=LEASE))
        yield Takeover(server, worker, place.close, data)


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_worker_that_was_away_for_longer_than_its_lease_changes_nothing(rng, takeover, tmp_path, mode):
    server = takeover.server
    made = connection(server, MANY, mode=mode, sync_mode="incremental")
    only_news = {"sourceId": server.call("connections/get", connectionId=made)["sourceId"], "connectionConfiguration": {"always_updated": False}}
    server.call("sources/partial_update", **only_news)
    job = sync(server, made)
    wait(lambda: server.call("jobs/get_light", id=job)["job"]["aggregatedStats"]["recordsCommitted"] > 0 or None)
    time.sleep(rng.uniform(0, 1))
    takeover.freeze()
    takeover.begin(job)
    takeover.wake_the_attempt()
    takeover.wake_the_worker()
    takeover.end(job)
    assert users(tmp_path) == (MANY, MANY, 1, MANY)
    takeover.assert_nothing_is_left_to_read(made)
    assert users(tmp_path) == (MANY, MANY, 1, MANY)


def add_customers(db):
    db.execute("insert into customers select i, 'new ' || i, i, '2026-01-01 00:00Z'::timestamptz + i * interval '1 second' from generate_series(2001, 2500) i")


@pytest.fixture(params=[pytest.param(APPENDED, id="append"), pytest.param(DEDUPED, id="append_dedup", marks=pytest.mark.torture)])
def mode(request):
    return request.param


@pytest.fixture
def to_postgres(takeover, db, mode):
    """(statements on their way, a connection that was synced once and has new rows to bring)."""
    customers(db)
    with StatementProxy("127.0.0.1", db.server.port) as proxy:
        target = target_config(db, host="127.0.0.1", port=proxy.port, ssl_mode={"mode": "disable"})
        made = connect(takeover.server, (FROM_POSTGRES, db.config()), (TO_POSTGRES, target), mode)
        synced(takeover.server, made)
        add_customers(db)
        yield proxy, made


def assert_the_table_is_exact(db):
    columns = "customer_id, name, balance, updated_at"
    assert db.execute(f"select {columns} from target.customers order by 1") == db.execute(f"select {columns} from customers order by 1")


def waits_for_a_lock(db):
    """Sessions that wait for a lock that another one has."""
    return db.execute("select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")


def frozen_in_mid_commit(takeover, db, proxy, made):
    """The job of an attempt that stands still with its rows written and the table locked, and whose successor waits for that lock."""
    proxy.hold(b"COMMIT", number=2)  # the first one opened the table
    job = sync(takeover.server, made)
    assert proxy.held.wait(60), "its commit has begun"
    takeover.freeze()
    takeover.begin(job)
    wait(lambda: waits_for_a_lock(db))
    return job


def assert_over(takeover, db, made):
    takeover.wake_the_worker()
    assert_the_table_is_exact(db)
    takeover.assert_nothing_is_left_to_read(made)
    assert_the_table_is_exact(db)


def test_a_commit_that_reaches_postgres_after_its_successor_is_refused(takeover, to_postgres, db):
    proxy, made = to_postgres
    proxy.hold(b"FOR UPDATE", number=2)  # the first one opened the table
    job = sync(takeover.server, made)
    assert proxy.held.wait(60), "its commit has begun"
    takeover.freeze()
    takeover.begin(job)
    takeover.end(job)
    assert_the_table_is_exact(db)
    undone = proxy.count(b"ROLLBACK")
    proxy.release.set()
    takeover.wake_the_attempt(until=lambda: proxy.count(b"ROLLBACK") > undone)
    assert_over(takeover, db, made)


def test_a_commit_that_takes_effect_before_its_successor_opens_the_table_is_withdrawn(takeover, to_postgres, db):
    proxy, made = to_postgres
    job = frozen_in_mid_commit(takeover, db, proxy, made)
    proxy.release.set()
    takeover.end(job)
    assert_the_table_is_exact(db)
    takeover.wake_the_attempt()
    assert_over(takeover, db, made)


def test_an_attempt_that_never_wakes_in_mid_commit_does_not_keep_the_table_locked(takeover, to_postgres, db):
    """Its machine may be gone: PostgreSQL ends its session, and its successor goes on. If it wakes nevertheless, it is too late."""
    proxy, made = to_postgres
    takeover.end(frozen_in_mid_commit(takeover, db, proxy, made))
    assert_the_table_is_exact(db)
    asked = proxy.count(LOOKED_UP)
    proxy.release.set()
    takeover.wake_the_attempt(until=lambda: proxy.count(LOOKED_UP) > asked)
    assert_over(takeover, db, made)


class HeldManifest:
    """The first manifest that is written after `arm` stays on its way until `release` is set; `held` says that it has come."""

    def __init__(self):
        self.armed, self.path, self.held, self.release = False, None, threading.Event(), threading.Event()

    def arm(self):
        self.armed = True

    def choose(self, method, path):
        if not (self.armed and method == "PUT" and "/manifest-" in path and path.endswith(".json")):
            return None
        self.armed, self.path = False, path
        self.held.set()
        return self.release


@pytest.mark.parametrize("late", [True, False], ids=["after its successor", "before its successor"])
def test_a_manifest_that_reaches_the_bucket_from_an_attempt_without_a_lease_doubles_nothing(takeover, db, bucket, tmp_path, mode, late):
    """After its successor's it is refused; before, what it shows is withdrawn: the state knows nothing of it."""
    customers(db)
    manifest = HeldManifest()
    with HttpFaultProxy("127.0.0.1", bucket.server.port, manifest.choose) as proxy:
        made = connect(takeover.server, (FROM_POSTGRES, db.config()), (TO_S3, bucket.config(s3_endpoint=proxy.endpoint)), mode)
        synced(takeover.server, made)
        add_customers(db)
        expected = db.execute("select count(*), count(distinct customer_id), sum(customer_id) from customers")

        def in_the_bucket(folder):
            return output_files.rows(bucket.download(tmp_path / folder, "lake"), "count(*), count(distinct customer_id), sum(customer_id)")
        manifest.arm()
        job = sync(takeover.server, made)
        assert manifest.held.wait(60), "its commit has begun"
        takeover.freeze()
        if not late:
            manifest.release.set()
            wait(lambda: any(urllib.parse.unquote(manifest.path).endswith(key) for key in bucket.keys()))
        takeover.begin(job)
        takeover.end(job)
        assert in_the_bucket("taken over") == expected
        manifest.release.set()
        takeover.wake_the_attempt()
        takeover.wake_the_worker()
        assert in_the_bucket("awake") == expected
        takeover.assert_nothing_is_left_to_read(made)
        assert in_the_bucket("later") == expected
