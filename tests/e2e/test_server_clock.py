"""A clock that is set two hours ahead while jobs run, and right again later: leases, schedules and states stand it. (Set back between syncs: test_limits.)"""
import contextlib

import pytest

from support import api_server
from support.attempt_processes import busy, in_the_middle
from support.copied_users import MANY, connection, users
from support.jumping_clock import JumpingClock
from support.server_jobs import FINAL, ended, sync, wait
from support.shared_workers import running_worker

AHEAD = 2 * 3600
LEASE = {"MILLRACE_LEASE_SECONDS": "10"}
pytestmark = pytest.mark.no_sanitizer("the clock's library must be loaded before the sanitizer's")


@pytest.fixture
def clock(millrace, tmp_path):
    clock = JumpingClock(tmp_path / "clock")
    clock.give_to_attempts(millrace, tmp_path / "installed")
    return clock


def every(units, unit):
    return {"scheduleType": "basic", "scheduleData": {"basicSchedule": {"units": units, "timeUnit": unit}}}


def jobs(server, made):
    return [entry["job"] for entry in server.call("jobs/list", configTypes=["sync"], configId=made)["jobs"]]


def all_over(server, made, count):
    """Its jobs, once there are so many and each is over."""
    found = jobs(server, made)
    return found if len(found) >= count and all(job["status"] in FINAL for job in found) else None


def assert_goes_on(server, made):
    """Nothing is read twice, nothing waits for a time that won't come."""
    info = ended(server, sync(server, made))
    assert info["job"]["status"] == "succeeded" and info["attempts"][-1]["attempt"]["recordsSynced"] == 0, info


def only_news(server, made):
    source = server.call("connections/get", connectionId=made)["sourceId"]
    server.call("sources/partial_update", sourceId=source, connectionConfiguration={"always_updated": False})


def test_a_server_whose_clock_jumps_two_hours_ahead(start, clock, tmp_path):
    with start(env={**clock.env, "MAX_SYNC_WORKERS": "4"}) as server:
        long = connection(server, MANY, sync_mode="incremental", path="long")
        only_news(server, long)
        hourly, daily = connection(server, 10, path="hourly", **every(1, "hours")), connection(server, 10, path="daily", **every(1, "days"))
        cron = connection(server, 10, path="cron", scheduleType="cron", scheduleData={"cron": {"cronExpression": "0 0 * * * ?", "cronTimeZone": "UTC"}})
        for first in (hourly, daily):
            wait(lambda: all_over(server, first, 1))
        cron_before = len(jobs(server, cron))  # an hour may just have begun
        job = sync(server, long)
        assert in_the_middle(server, job, tmp_path / "data")
        clock.set(AHEAD)
        missed = [wait(lambda: all_over(server, hourly, 2)), wait(lambda: all_over(server, cron, cron_before + 1))]
        info = ended(server, job)
        assert info["job"]["status"] == "succeeded" and len(info["attempts"]) == 1, info
        assert users(tmp_path, "long") == (MANY, MANY, 1, MANY)
        assert_goes_on(server, long)
        assert [len(found) for found in missed] == [2, cron_before + 1] == [len(jobs(server, hourly)), len(jobs(server, cron))], "two hours were missed, one run makes up for them"
        assert len(jobs(server, daily)) == 1, "its day is not over"
        assert missed[0][0]["createdAt"] - missed[0][1]["createdAt"] > AHEAD - 600, "the clock did jump"
        clock.set(0)
        wait(lambda: ended(server, sync(server, daily))["job"]["createdAt"] < missed[0][0]["createdAt"])
        assert_goes_on(server, long)


@pytest.mark.parametrize("who", ["both", "the server alone"])
def test_a_clock_jumps_while_a_worker_has_a_job(millrace, clock, metadata, tmp_path, who):
    """All of one machine, or only another one's: its job is given up once at most."""
    data = tmp_path / "data"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(api_server.running(millrace, data, *metadata, env={**LEASE, **clock.env, "MAX_SYNC_WORKERS": "1"}))
        stack.enter_context(busy(server, data))
        env = {**LEASE, **(clock.env if who == "both" else {})}
        stack.enter_context(running_worker(millrace, tmp_path / "worker", data, *metadata, "--files-dir", data / "files", env=env))
        made = connection(server, MANY, sync_mode="incremental")
        only_news(server, made)
        job = sync(server, made)
        assert in_the_middle(server, job, tmp_path / "worker")
        clock.set(AHEAD)
        info = ended(server, job, 300)
        assert info["job"]["status"] == "succeeded" and len(info["attempts"]) <= 2, info
        assert users(tmp_path) == (MANY, MANY, 1, MANY)
        assert_goes_on(server, made)
