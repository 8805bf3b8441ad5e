"""What follows from changing and deleting connections and their ends, and who the timeline says did it."""
import concurrent.futures
import json
import time

import pytest

from support.api_server import basic
from support.attempt_processes import attempt_processes, in_the_middle
from support.copied_users import MANY, connection, users
from support.server_jobs import ended, sync, wait

EMAIL, PASSWORD = "airbyte@example.com", "password"


def bearer(server):
    """Credentials of a new application of the first person's."""
    made = server.call("applications/create", name="conductor")
    token = server.call("applications/token", client_id=made["clientId"], client_secret=made["clientSecret"])["access_token"]
    return {"Authorization": f"Bearer {token}"}


def events(server, connection_id, *types):
    """Newest first."""
    return server.call("connections/events/list", connectionId=connection_id, eventTypes=list(types))["events"]


def test_the_timeline_names_who_did_it(start):
    with start() as server:
        person = server.call("users/get_by_email", email=EMAIL)
        named = {"id": person["userId"], "name": person["name"], "email": EMAIL, "isDeleted": False}
        made = connection(server, 10 * MANY)

        def config(path, headers, **body):
            reply = server.request("POST", f"/api/v1/{path}", json.dumps(body).encode(), headers)
            assert reply.status == 200, reply.text
            return reply.body

        def public(method, path, headers, **body):
            reply = server.request(method, f"/api/public/v1/{path}", json.dumps(body).encode() if body else None, headers)
            assert reply.status == 200, reply.text
            return reply.body

        program = bearer(server)
        for headers in (basic(EMAIL, PASSWORD), program, {}):
            config("connections/update", headers, connectionId=made, prefix=f"x{time.monotonic_ns()}_")
            public("PATCH", f"connections/{made}", headers, name=f"named {time.monotonic_ns()}")
        changes = events(server, made, "CONNECTION_SETTINGS_UPDATE")
        assert len(changes) == 6 and all(event["user"] == named for event in changes)

        job = config("connections/sync", program, connectionId=made)["job"]["id"]
        public("DELETE", f"jobs/{job}", program)
        job = public("POST", "jobs", basic(EMAIL, PASSWORD), connectionId=made, jobType="refresh")["jobId"]
        config("jobs/cancel", basic(EMAIL, PASSWORD), id=job)
        for type in ("SYNC_STARTED", "SYNC_CANCELLED", "REFRESH_STARTED", "REFRESH_CANCELLED"):
            (event,) = events(server, made, type)
            assert event["user"] == named, type
            assert server.call("connections/events/get", connectionId=made, connectionEventId=event["id"])["user"] == named

        scheduled = connection(server, 10, path="scheduled", scheduleType="basic", scheduleData={"basicSchedule": {"units": 24, "timeUnit": "hours"}})
        (event,) = wait(lambda: events(server, scheduled, "SYNC_SUCCEEDED"))
        assert "user" not in event, "nobody asked for it"


@pytest.mark.parametrize("what", ["connection", "source", "destination"])
def test_what_is_deleted_ends_its_jobs_within_three_seconds(start, tmp_path, what):
    with start(env={"MAX_SYNC_WORKERS": "1"}) as server:
        running = connection(server, 10 * MANY)
        waiting = connection(server, 10, path="other")
        jobs = [sync(server, running), sync(server, waiting)]
        assert in_the_middle(server, jobs[0], tmp_path / "data")
        ids = [server.call("connections/get", connectionId=one)[f"{what}Id"] for one in (running, waiting)]
        before = time.monotonic()
        for id in reversed(ids):  # first the one that waits
            assert server.request("POST", f"/api/v1/{what}s/delete", json.dumps({f"{what}Id": id}).encode()).status == 204
        wait(lambda: not attempt_processes(tmp_path / "data"), 5)
        assert time.monotonic() - before < 5
        for made, job in zip((running, waiting), jobs):
            assert ended(server, job, 5)["job"]["status"] == "cancelled"
            assert server.call("connections/get", connectionId=made)["status"] == "deprecated"
            assert server.call("connections/sync", expect=404, connectionId=made)
            assert events(server, made, "SYNC_CANCELLED")[0]["user"]["email"] == EMAIL
        assert server.call("connections/list", workspaceId="default")["connections"] == []
        assert {c["connectionId"] for c in server.call("connections/list_all", workspaceId="default")["connections"]} == {running, waiting}


def test_a_change_of_streams_refreshes_them_unless_told_not_to(start, tmp_path):
    with start() as server:
        made = connection(server, 50, mode="append", sync_mode="incremental")
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"

        def jobs():
            return server.call("jobs/list", configTypes=["sync", "refresh"], configId=made)["jobs"]

        def change(mode, **more):
            catalog = server.call("connections/get", connectionId=made)["syncCatalog"]
            for entry in catalog["streams"]:
                entry["config"]["destinationSyncMode"] = mode
            return server.call("web_backend/connections/update", connectionId=made, syncCatalog=catalog, **more)

        change("append_dedup", skipReset=True)
        server.call("web_backend/connections/update", connectionId=made, name="another name")
        assert len(jobs()) == 1, "nothing was to be refreshed"
        change("append")
        first, *_ = jobs()
        assert first["job"]["configType"] == "refresh" and first["job"]["refreshConfig"]["streamsToRefresh"] == [{"name": "users"}]
        assert ended(server, first["job"]["id"])["job"]["status"] == "succeeded"
        assert users(tmp_path)[0] == 100, "merged: what was there stays until it is replaced"
        catalog = server.call("connections/get", connectionId=made)["syncCatalog"]
        catalog["streams"][0]["config"]["syncMode"] = "full_refresh"
        server.call("connections/update", connectionId=made, syncCatalog=catalog)
        assert len(jobs()) == 2, "the plain update never does"


def test_edits_at_the_same_time_are_all_kept_or_refused(start):
    """Six people change different settings of one connection, again and again: none undoes another's."""
    fields = {"name": "name {}", "prefix": "p{}_", "namespaceFormat": "space_{}", "notifySchemaChanges": None, "nonBreakingChangesPreference": None, "status": None}
    rounds = 8
    with start() as server:
        made = connection(server, 10)
        server.call("connections/update", connectionId=made, namespaceDefinition="customformat", namespaceFormat="space_x")

        def edit(field):
            said = None
            for i in range(rounds):
                value = {"notifySchemaChanges": i % 2 == 0, "nonBreakingChangesPreference": ["ignore", "disable"][i % 2],
                         "status": ["inactive", "active"][i % 2]}.get(field, (fields[field] or "").format(i))
                reply = server.request("POST", "/api/v1/connections/update", json.dumps({"connectionId": made, field: value}).encode())
                assert reply.status in (200, 409), reply.text
                if reply.status == 200:
                    said = value
                    assert reply.body[field] == value
            return said

        with concurrent.futures.ThreadPoolExecutor(len(fields)) as pool:
            last = dict(zip(fields, pool.map(edit, fields)))
        now = server.call("connections/get", connectionId=made)
        assert {field: now[field] for field in fields} == last
        renames = [e["summary"]["patches"]["name"] for e in events(server, made, "CONNECTION_SETTINGS_UPDATE") if "name" in e["summary"]["patches"]]
        assert renames[0]["to"] == last["name"] and all(older["to"] == newer["from"] for newer, older in zip(renames, renames[1:]))
