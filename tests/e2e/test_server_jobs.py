"""Jobs of `millrace server` with each metadata database: syncs, cancels, retries, clears and refreshes; servers and attempts that are killed or restarted in
mid-sync. What the destination holds is counted by another reader."""
import contextlib
import os
import signal
import sqlite3
import time

import pytest

from support import api_server, output_files
from support.attempt_processes import attempt_processes, in_the_middle
from support.copied_users import MANY, connection, users
from support.postgres_tables import database_url
from support.server_jobs import REFUSED, ended, made_up_users, sync, wait


def test_a_sync_copies_and_says_what_it_did(start, tmp_path):
    with start() as server:
        made = connection(server, 5_000, streams=("users", "products"))
        job = sync(server, made)
        info = ended(server, job)
        assert info["job"]["status"] == "succeeded", info
        assert info["job"]["configType"] == "sync" and info["job"]["configId"] == made
        attempt = info["attempts"][-1]["attempt"]
        assert (attempt["id"], attempt["status"]) == (0, "succeeded")
        per_stream = {s["streamName"]: s["stats"]["recordsCommitted"] for s in attempt["streamStats"]}
        assert per_stream["users"] == 5_000 and attempt["recordsSynced"] == sum(per_stream.values())
        logs = wait(lambda: (found := server.call("jobs/get", id=job)["attempts"][-1]["logs"])["logLines"] and found)
        assert "attempt 0" in logs["logLines"][0] and logs["events"][0]["message"] in logs["logLines"][0]
        listed = server.call("jobs/list", configTypes=["sync"], configId=made)
        assert listed["totalJobCount"] == 1 and listed["jobs"][0]["job"]["id"] == job
        assert server.call("jobs/get_last_replication_job", connectionId=made)["job"]["id"] == job
        again = server.call("jobs/cancel", id=job)
        assert again["job"]["status"] == "succeeded" and again["job"]["updatedAt"] == info["job"]["updatedAt"]
        assert server.call("jobs/get", expect=404, id=job + 1000)
        assert server.call("connections/sync", expect=404, connectionId="00000000-0000-0000-0000-000000000000")
    assert users(tmp_path) == (5_000, 5_000, 1, 5_000)


def test_one_job_at_a_time_and_none_while_paused(start):
    with start() as server:
        made = connection(server, MANY)
        job = sync(server, made)
        assert server.call("connections/sync", expect=409, connectionId=made)["message"]
        assert server.call("jobs/get", id=job)["attempts"], "clients look at the last attempt of a waiting job"
        assert server.call("jobs/cancel", id=job)["job"]["status"] == "cancelled"
        server.call("connections/update", connectionId=made, status="inactive")
        assert server.call("connections/sync", expect=409, connectionId=made)["message"]


def test_a_cancelled_job_is_over_within_three_seconds(start, tmp_path):
    with start() as server:
        job = sync(server, connection(server, 10 * MANY))
        assert in_the_middle(server, job, tmp_path / "data")
        before = time.monotonic()
        cancelled = server.call("jobs/cancel", id=job)
        took = time.monotonic() - before
        assert cancelled["job"]["status"] == "cancelled" and took < 5, took
        assert cancelled["attempts"][-1]["attempt"]["failureSummary"]["failures"][0]["failureType"] == "manual_cancellation"
        wait(lambda: not attempt_processes(tmp_path / "data"))


def test_a_stopped_attempt_is_killed_when_its_job_is_cancelled(start, tmp_path):
    with start() as server:
        job = sync(server, connection(server, 10 * MANY))
        (process,) = in_the_middle(server, job, tmp_path / "data")
        os.kill(process, signal.SIGSTOP)
        assert server.call("jobs/cancel", id=job)["job"]["status"] == "cancelled"
        wait(lambda: not attempt_processes(tmp_path / "data"))


def test_a_killed_attempt_is_tried_again_and_no_row_is_lost_or_doubled(start, tmp_path):
    with start() as server:
        job = sync(server, connection(server, MANY))
        (process,) = in_the_middle(server, job, tmp_path / "data")
        os.kill(process, signal.SIGKILL)
        info = ended(server, job)
        assert info["job"]["status"] == "succeeded", info
        first = info["attempts"][0]["attempt"]
        assert len(info["attempts"]) == 2 and first["status"] == "failed" and first["failureSummary"]["failures"][0]["externalMessage"]
    assert users(tmp_path) == (MANY, MANY, 1, MANY)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_restarted_server_finds_its_attempt_again(start, tmp_path, how):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(start())
        job = sync(server, connection(server, MANY))
        before = in_the_middle(server, job, tmp_path / "data")
        server.process.send_signal(how)
        server.process.wait(40)
        with contextlib.suppress(AssertionError):  # who was killed did not exit 0
            stack.close()
    with start() as server:
        assert attempt_processes(tmp_path / "data") in (before, []), "it lives on, and nobody started another one"
        info = ended(server, job)
        assert info["job"]["status"] == "succeeded" and len(info["attempts"]) == 1, info
    assert users(tmp_path) == (MANY, MANY, 1, MANY)


def test_what_the_user_must_change_is_not_tried_again(start):
    with start() as server:
        made = connection(server, 10, path="/elsewhere/out")
        info = ended(server, sync(server, made))
        assert info["job"]["status"] == "failed" and len(info["attempts"]) == 1
        failure = info["attempts"][0]["attempt"]["failureSummary"]["failures"][0]
        assert failure["failureType"] == "config_error" and failure["externalMessage"]


def test_a_clear_empties_and_a_refresh_reads_anew(start, tmp_path):
    with start() as server:
        made = connection(server, 3_000, mode="append_dedup", sync_mode="incremental")
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
        assert users(tmp_path)[0] == 3_000
        cleared = ended(server, server.call("connections/clear", connectionId=made)["job"]["id"])
        assert cleared["job"]["status"] == "succeeded" and cleared["job"]["configType"] == "clear", cleared
        folder = next(p for p in (tmp_path / "data" / "files" / "out").rglob("*") if p.is_dir() and p.name == "users")
        files = output_files.visible(folder)
        assert not files or output_files.count(folder) == 0
        for mode in ("Truncate", "Merge"):
            refresh = server.call("connections/refresh", connectionId=made, refreshMode=mode, streams=[{"streamName": "users"}])
            assert set(refresh) == {"job"} and refresh["job"]["refreshConfig"]["streamsToRefresh"] == [{"name": "users"}]
            assert ended(server, refresh["job"]["id"])["job"]["status"] == "succeeded"
            assert users(tmp_path)[:2] == (3_000, 3_000)
        assert server.call("connections/refresh", expect=422, connectionId=made, streams=[{"streamName": "nothing"}])


def test_a_schedule_runs_at_once_and_whoever_asks_then_gets_that_job(start):
    with start() as server:
        made = connection(server, 100, scheduleType="basic", scheduleData={"basicSchedule": {"units": 24, "timeUnit": "hours"}})
        first = wait(lambda: server.call("jobs/list", configTypes=["sync"], configId=made)["jobs"])[0]["job"]["id"]
        asked = server.request("POST", "/api/v1/connections/sync", ('{"connectionId": "%s"}' % made).encode())
        assert asked.status == 200
        assert ended(server, first)["job"]["status"] == "succeeded"


def test_two_servers_share_one_database(millrace, tmp_path, db):
    """The one that is killed with its attempts is followed by the other, once its lease has run out."""
    args = ["--database-url", database_url(db)]
    with api_server.running(millrace, tmp_path / "data", *args, env={"MAX_SYNC_WORKERS": "2"}) as one:
        key = {"MILLRACE_SECRET_KEY_FILE": str(tmp_path / "data" / "secret.key")}
        with api_server.running(millrace, tmp_path / "other", *args, env={**key, "MAX_SYNC_WORKERS": "2"}) as other:
            jobs = [sync(one if i % 2 else other, connection(one, 2_000, path=f"out{i}")) for i in range(6)]
            for i, job in enumerate(jobs):
                info = ended(other if i % 2 else one, job)
                assert info["job"]["status"] == "succeeded" and len(info["attempts"]) == 1, info


def failed_before(data_dir, connection_id, ids, days):
    """Failed jobs of the connection, as if they had run so many days ago; the server must not run."""
    with contextlib.closing(sqlite3.connect(data_dir / "millrace.db")) as database, database:
        at = int((time.time() - days * 86_400) * 1_000_000)
        database.executemany("insert into job (id, connection_id, config_type, status, document, created_at, updated_at) values (?, ?, 'sync', 'failed', '{}', ?, ?)",
                             [(number, connection_id, at, at) for number in ids])


def test_a_connection_that_only_fails_is_warned_about_and_then_disabled(millrace, tmp_path):
    def fail_once():
        with api_server.running(millrace, tmp_path / "data") as server:
            made = next(iter(server.call("connections/list_all", workspaceId="default")["connections"]), None)
            made = made["connectionId"] if made else made_up_users(server, 10, REFUSED)
            assert ended(server, sync(server, made))["job"]["status"] == "failed"
            events = server.call("connections/events/list", connectionId=made, eventTypes=["CONNECTION_DISABLED_WARNING", "CONNECTION_DISABLED"])["events"]
            return made, [(e["eventType"], e["summary"]) for e in reversed(events)], server.call("connections/get", connectionId=made)
    made, events, _ = fail_once()
    assert events == []
    failed_before(tmp_path / "data", made, range(1_000, 1_017), days=5)
    _, events, read = fail_once()
    assert events == [] and read["status"] == "active", "19 in a row"
    _, [(warning, summary)], read = fail_once()
    assert warning == "CONNECTION_DISABLED_WARNING" and read["status"] == "active"
    assert summary["failedJobs"] == 20 and (summary["disabledAfterJobs"], summary["disabledAfterDays"]) == (30, 7)
    failed_before(tmp_path / "data", made, range(2_000, 2_009), days=8)
    _, events, read = fail_once()
    assert [name for name, _ in events] == ["CONNECTION_DISABLED_WARNING", "CONNECTION_DISABLED"], "warned once, disabled at 30"
    assert read["status"] == "inactive" and read["statusReason"] == events[1][1]["disabledReason"]
