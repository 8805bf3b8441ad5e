"""`kill -9` of workers that share one PostgreSQL, at any moment of their jobs' lives: every job ends, each row is there once, no state goes back."""
import time

import pytest

from support import api_server, output_files
from support.attempt_processes import busy
from support.connected_ends import APPENDED, DEDUPED, FROM_POSTGRES, TO_POSTGRES, committed, connect, synced
from support.fault_proxy import FaultProxy
from support.postgres_tables import customers, target_config
from support.server_jobs import FINAL, LOCAL, sync, wait
from support.shared_workers import running_worker

LEASE = {"MILLRACE_LEASE_SECONDS": "10"}  # so that a lost worker is given up soon
ROWS, A_SECOND = 40_000, 1_000_000  # of each round; bytes that the source gives: a job takes a few seconds
FACTS = "count(*), count(distinct customer_id), sum(balance), max(updated_at)"


def add_customers(db, number):
    """As many again, all later than those before."""
    db.execute(f"insert into customers select i, 'customer ' || i, i * 1.25, timestamptz '2025-01-01 00:00Z' + i * interval '1 second' "
               f"from generate_series({number * ROWS + 1}, {(number + 1) * ROWS}) i")


class Watched:
    """A connection whose saved cursor must never go back."""

    def __init__(self, server, made):
        self.server, self.made, self.cursor = server, made, ""

    def begin(self):
        self.job = sync(self.server, self.made)

    def over(self):
        stored = self.server.call("state/get", connectionId=self.made).get("streamState", [])
        cursor = max((one["streamState"]["cursor"] for one in stored), default="")
        assert cursor >= self.cursor, "an older attempt has overwritten the state"
        self.cursor = cursor
        return self.server.call("jobs/get_light", id=self.job)["job"]["status"] in FINAL

    def assert_succeeded(self):
        info = self.server.call("jobs/get", id=self.job)
        assert info["job"]["status"] == "succeeded", info


@pytest.fixture
def workers(millrace, tmp_path, metadata):
    """(server, two workers): the server has no place for jobs."""
    data = tmp_path / "data"

    def worker(name):
        return running_worker(millrace, tmp_path / name, data, *metadata, "--files-dir", data / "files", env=LEASE)
    with api_server.running(millrace, data, *metadata, env={**LEASE, "MAX_SYNC_WORKERS": "1"}) as server, busy(server, data), worker("one") as one, worker("other") as other:
        yield server, [one, other]


def test_workers_are_killed_at_random_moments(request, rng, workers, db, tmp_path, progress):
    """One of them or both, with their attempts or without; they come back before their lease has run out, or later."""
    server, both = workers
    rounds = 15 if request.config.getoption("--torture") else 2
    customers(db, 10)
    with FaultProxy("127.0.0.1", db.server.port) as slow:
        slow.throttle(A_SECOND)
        source = FROM_POSTGRES, db.config(host="127.0.0.1", port=slow.port, checkpoint_target_interval_seconds=1)
        watched = [Watched(server, connect(server, source, (TO_POSTGRES, target_config(db)), APPENDED)),
                   Watched(server, connect(server, source, (LOCAL, {"path": "out"}), DEDUPED))]
        for number in range(1, rounds + 1):
            add_customers(db, number)
            for one in watched:
                one.begin()
            victims, moment, back = rng.choice([both[:1], both[1:], both]), rng.uniform(0, 4), rng.choice([rng.uniform(0, 5), 12])
            attempts_too = rng.random() < 0.5
            print(f"round {number}: {[w.folder.name for w in victims]} killed after {moment:.2f} s, attempts too: {attempts_too}; back after {back:.2f} s")
            time.sleep(moment)
            for worker in victims:
                worker.kill()
                if attempts_too:
                    worker.kill_attempts()
            time.sleep(back)
            for worker in victims:
                worker.start()
            for one in watched:
                wait(one.over, 240)
                one.assert_succeeded()
            expected = db.execute(f"select {FACTS} from customers")
            assert db.execute(f"select {FACTS} from target.customers") == expected
            folder = next(p for p in (tmp_path / "data" / "files" / "out").rglob("customers") if p.is_dir())
            assert output_files.rows(folder, FACTS) == expected
            progress(number, rounds, "rounds")
        for one in watched:
            assert committed(synced(server, one.made)) == 0, "the state knows of every row"
    for worker in both:
        wait(lambda: not worker.attempts())
