"""The public API of `millrace server`: its own forms, pages and errors."""
import json
import time

import pytest

FAKER, POSTGRES, DEV_NULL, LOCAL_JSON = ("dfd88b22-b603-4c3d-aad7-3701784586b1", "decd338e-5647-4c0b-adf4-da0e75f5a750",
                                         "a7bcc9d8-13b3-4e49-b80d-d020b90045e3", "a625d593-bba5-4a1c-a53d-2d246268a816")
SILENT = {"test_destination": {"test_destination_type": "SILENT"}}
PROBLEM = {"status", "type", "title", "detail", "documentationUrl", "data"}


class PublicApi:
    def __init__(self, server):
        self.server = server

    def __call__(self, method, path, expect=200, **body):
        """A call; its document. Errors must be problem documents."""
        reply = self.server.request(method, f"/api/public/v1/{path}", json.dumps(body).encode() if body else None)
        assert reply.status == expect, f"{method} {path}: {reply.status} {reply.text}"
        if expect >= 400:
            assert PROBLEM <= set(reply.body) and reply.body["status"] == expect and reply.body["detail"], reply.text
            return reply.body
        if expect == 204:
            assert reply.text == ""
            return None
        assert reply.headers["Content-Type"] == "application/json"
        return reply.body


@pytest.fixture
def api(start):
    with start() as server:
        yield PublicApi(server)


def faker(api, name="sample", **more):
    return api("POST", "sources", name=name, definitionId=FAKER, configuration={"count": 20}, **more)


def dev_null(api, **more):
    return api("POST", "destinations", name="nowhere", definitionId=DEV_NULL, configuration=SILENT, **more)


def test_workspaces(api):
    assert api("GET", "health")
    first = api("GET", "workspaces?includeDeleted=false&limit=20&offset=0")["data"][0]
    assert first["dataResidency"] and first["notifications"] == {}
    made = api("POST", "workspaces", name="second", notifications={"failure": {"email": {"enabled": True}}})
    assert made["notifications"]["failure"]["email"]["enabled"] is True
    assert api("GET", f"workspaces/{made['workspaceId']}/") == made
    assert api("PATCH", f"workspaces/{made['workspaceId']}", name="renamed") == {**made, "name": "renamed"}
    assert [w["name"] for w in api("GET", f"workspaces?workspaceIds={made['workspaceId']}")["data"]] == ["renamed"]
    assert api("GET", "workspaces/default") == first
    api("DELETE", f"workspaces/{made['workspaceId']}", expect=204)
    assert api("GET", f"workspaces/{made['workspaceId']}", expect=404)["title"] == "resource-not-found"
    assert api("GET", "organizations")["data"][0]["organizationName"] and api("GET", "users")["data"][0]["email"]


def test_sources_and_destinations(api):
    workspace = api("GET", "workspaces/default")["workspaceId"]
    made = faker(api, workspaceId=workspace)
    assert (made["sourceType"], made["definitionId"], made["workspaceId"]) == ("faker", FAKER, workspace) and made["createdAt"] > 1_700_000_000
    assert made["configuration"] == {"count": 20, "sourceType": "faker"}
    one = f"sources/{made['sourceId']}"
    assert api("GET", one) == made
    # The definition's id wins over a type that a client made up; without an id, the type counts.
    assert api("POST", "sources", name="a", definitionId=FAKER, configuration={"count": 5, "sourceType": "hardcoded-records"})["sourceType"] == "faker"
    assert api("POST", "sources", name="b", configuration={"count": 5, "sourceType": "faker"})["definitionId"] == FAKER
    patched = api("PATCH", one, configuration={"seed": 7, "sourceType": "faker"})
    assert patched["configuration"] == {"count": 20, "seed": 7, "sourceType": "faker"} and patched["name"] == "sample"
    assert api("PUT", one, name="whole", configuration={"count": 3})["configuration"] == {"count": 3, "sourceType": "faker"}
    assert api("PATCH", one, name="renamed")["name"] == "renamed"
    destination = dev_null(api, workspaceId="default")
    assert destination["configuration"] == {**SILENT, "destinationType": "dev-null"} and destination["destinationType"] == "dev-null"
    api("DELETE", f"destinations/{destination['destinationId']}", expect=204)
    api("GET", f"destinations/{destination['destinationId']}", expect=404)
    stored = api.server.call("sources/get", sourceId=made["sourceId"])["connectionConfiguration"]
    assert stored == {"count": 3}, "the type is the public API's own"


def test_pages(api):
    other = api("POST", "workspaces", name="other")["workspaceId"]
    made = {faker(api, name=f"source {i}")["sourceId"] for i in range(5)}
    elsewhere = faker(api, workspaceId=other)["sourceId"]
    seen, path = [], "sources?limit=2&workspaceIds=default"
    while path:
        page = api("GET", path)
        seen += [s["sourceId"] for s in page["data"]]
        path = page["next"].partition("/api/public/v1/")[2]
    assert len(seen) == 5 and set(seen) == made
    assert [s["sourceId"] for s in api("GET", f"sources?workspaceIds={other}")["data"]] == [elsewhere]
    assert len(api("GET", f"sources?workspaceIds=default&workspaceIds={other}")["data"]) == 6 == len(api("GET", f"sources?workspaceIds=default,{other}")["data"])
    assert len(api("GET", "sources")["data"]) == 6 and api("GET", "sources?offset=6")["data"] == []
    for wrong in ("limit=0", "limit=101", "limit=x", "offset=-1"):
        api("GET", f"sources?{wrong}", expect=400)


def test_secrets_are_masked_and_nothing_else(api, db):
    config = {**db.config(password="secret-of-the-source"), "schemas": ["public"]}
    made = api("POST", "sources", name="pg", definitionId=POSTGRES, configuration=config)
    assert made["configuration"]["password"] == "**********" and made["configuration"]["port"] == config["port"]
    kept = api("PATCH", f"sources/{made['sourceId']}", configuration=made["configuration"])
    assert kept["configuration"] == made["configuration"]
    assert "password" in api("POST", f"sources/{made['sourceId']}/check")["message"], "the stored one is wrong, not missing"


def test_what_is_wrong_is_said(api):
    api("POST", "sources", expect=400, name="x")
    api("POST", "sources", expect=422, name="x", configuration={"a": 1})
    assert "count" in api("POST", "sources", expect=422, name="x", definitionId=FAKER, configuration={"count": "many"})["detail"]
    api("POST", "jobs", expect=400, connectionId="x", jobType="dance")
    api("GET", "jobs/x", expect=400)
    api("GET", "jobs?createdAtStart=yesterday", expect=400)
    api("GET", "jobs?orderBy=name", expect=400)
    api("GET", "streams", expect=400)
    api("GET", "nothing", expect=404)
    api("PUT", "jobs", expect=405)
    for missing in ("permissions", "regions", "groups"):
        api("GET", missing, expect=501)
    reply = api.server.request("POST", "/api/public/v1/sources", b"[1")
    assert reply.status == 400 and PROBLEM <= set(reply.body)


def test_definitions(api):
    workspace = api("GET", "workspaces/default")["workspaceId"]
    for kind, id in (("source", FAKER), ("destination", LOCAL_JSON)):
        listed = {d["id"]: d for d in api("GET", f"workspaces/{workspace}/definitions/{kind}s")["data"]}
        assert listed[id]["dockerRepository"].startswith("airbyte/") and api("GET", f"workspaces/{workspace}/definitions/{kind}s/{id}") == listed[id]
        assert {d["id"] for d in api("GET", f"connector_definitions?type={kind}")["data"]} >= set(listed)
    api("GET", f"workspaces/{workspace}/definitions/sources/{LOCAL_JSON}", expect=404)


def test_checks_discovers_and_lists_streams(api):
    source, destination = faker(api)["sourceId"], dev_null(api)["destinationId"]
    assert api("POST", f"sources/{source}/check") == {"status": "succeeded"}
    assert api("POST", f"destinations/{destination}/check") == {"status": "succeeded"}
    assert len(api("POST", f"sources/{source}/discover")["catalog"]["streams"]) == 3
    streams = api("GET", f"streams?sourceId={source}&destinationId={destination}")
    users = next(s for s in streams if s["streamName"] == "users")
    assert "full_refresh_overwrite" in users["syncModes"] and ["id"] in users["propertyFields"] and ["address", "city"] in users["propertyFields"]


def connection(api, **more):
    return api("POST", "connections", sourceId=faker(api)["sourceId"], destinationId=dev_null(api)["destinationId"], **more)


def ended(api, job, limit=60):
    """The job once it is over."""
    until = time.monotonic() + limit
    while api("GET", f"jobs/{job['jobId']}")["status"] not in ("succeeded", "failed", "cancelled"):
        assert time.monotonic() < until, api("GET", f"jobs/{job['jobId']}/logs")
        time.sleep(0.2)
    return api("GET", f"jobs/{job['jobId']}")


def test_connections(api):
    made = connection(api)
    assert made["status"] == "active" and made["schedule"] == {"scheduleType": "manual"} and made["prefix"] == "" and made["tags"] == []
    assert made["namespaceDefinition"] == "destination" and made["nonBreakingSchemaUpdatesBehavior"] == "ignore" and made["createdAt"] > 1_700_000_000
    streams = {s["name"]: s for s in made["configurations"]["streams"]}
    assert set(streams) == {"users", "products", "purchases"} and {s["syncMode"] for s in streams.values()} == {"full_refresh_overwrite"}
    one = f"connections/{made['connectionId']}"
    assert api("GET", one) == made and api("GET", f"{one}/") == made
    patched = api("PATCH", one, name="new", schedule={"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"}, status="inactive", prefix="raw_",
                  namespaceDefinition="custom_format", namespaceFormat="x_${SOURCE_NAMESPACE}", nonBreakingSchemaUpdatesBehavior="disable_connection",
                  configurations={"streams": [{"name": "users", "syncMode": "incremental_deduped_history", "cursorField": ["updated_at"], "primaryKey": [["id"]]}]})
    assert patched["schedule"] == {"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"}
    assert (patched["name"], patched["status"], patched["prefix"], patched["namespaceDefinition"]) == ("new", "inactive", "raw_", "custom_format")
    assert patched["nonBreakingSchemaUpdatesBehavior"] == "disable_connection" and [s["name"] for s in patched["configurations"]["streams"]] == ["users"]
    assert patched["configurations"]["streams"][0]["syncMode"] == "incremental_deduped_history"
    assert api("PATCH", one, configurations={"streams": [{"name": "products"}]})["configurations"]["streams"][0]["name"] == "products"
    assert api("PATCH", one, schedule={"scheduleType": "basic", "basicTiming": "every 6 hours"})["schedule"] == {"scheduleType": "basic", "basicTiming": "Every 6 HOURS"}
    assert [c["connectionId"] for c in api("GET", "connections?limit=100&workspaceIds=default")["data"]] == [made["connectionId"]]
    for wrong in ({"schedule": {"scheduleType": "cron", "cronExpression": "never"}}, {"status": "ACTIVE"}, {"configurations": {"streams": [{"name": "nothing"}]}},
                  {"configurations": {"streams": [{"name": "users", "syncMode": "faster"}]}}, {"namespaceDefinition": "customformat"}):
        reply = api.server.request("PATCH", f"/api/public/v1/{one}", json.dumps(wrong).encode())
        assert reply.status in (400, 422) and reply.body["detail"], (wrong, reply.text)
    assert api("GET", one)["status"] == "inactive"
    api("DELETE", one, expect=204)
    api("GET", one, expect=404)
    api("DELETE", one, expect=404)


def test_tags(api):
    workspace = api("GET", "workspaces/default")["workspaceId"]
    tag = api("POST", "tags", name="nightly", color="FF00AA", workspaceId=workspace)
    assert api("GET", f"tags/{tag['tagId']}") == tag and api("GET", f"tags?workspaceIds={workspace}")["data"] == [tag]
    assert api("PATCH", f"tags/{tag['tagId']}", name="daily", color="00FF00")["name"] == "daily"
    made = connection(api, tags=[tag])
    assert [t["tagId"] for t in made["tags"]] == [tag["tagId"]]
    assert len(api("GET", f"connections?tagIds={tag['tagId']}")["data"]) == 1
    api("DELETE", f"tags/{tag['tagId']}", expect=204)
    assert api("GET", f"connections/{made['connectionId']}")["tags"] == []
    api("GET", f"tags/{tag['tagId']}", expect=404)


def test_jobs(api):
    made = connection(api)["connectionId"]
    job = api("POST", "jobs", connectionId=made, jobType="sync")
    assert job["status"] in ("pending", "running") and job["jobType"] == "sync" and job["connectionId"] == made and job["startTime"].endswith("Z")
    assert None not in job.values() and "lastUpdatedAt" not in job
    done = ended(api, job)
    assert done["status"] == "succeeded" and done["rowsSynced"] == 60 and done["bytesSynced"] > 0 and done["duration"].startswith("PT") and done["lastUpdatedAt"]
    assert api("DELETE", f"jobs/{job['jobId']}") == done, "cancelling what is over changes nothing"
    again = ended(api, api("POST", f"connections/{made}/refresh", refreshMode="Merge"))
    assert again["jobType"] == "refresh" and again["status"] == "succeeded"
    cleared = ended(api, api("POST", "jobs", connectionId=made, jobType="clear"))
    assert cleared["jobType"] == "clear"
    ids = [j["jobId"] for j in api("GET", f"jobs?connectionId={made}&orderBy=createdAt%7CDESC")["data"]]
    assert ids == [cleared["jobId"], again["jobId"], job["jobId"]]
    assert [j["jobId"] for j in api("GET", f"jobs?connectionId={made}&jobType=sync&status=succeeded&limit=1&workspaceIds=default&createdAtStart=2020-01-01T00:00:00Z")["data"]] == [job["jobId"]]
    assert api("GET", f"jobs?connectionId={made}&createdAtEnd=2020-01-01T00:00:00Z")["data"] == []
    logs = api("GET", f"jobs/{job['jobId']}/logs")["attempts"][0]
    assert logs["status"] == "succeeded" and json.dumps(logs["logs"])
    assert api("GET", f"connections/{made}/state")["connectionId"] == made
    api("GET", "jobs/999999", expect=404)
    api("DELETE", "jobs/999999", expect=404)
    api("POST", "jobs", expect=404, connectionId="nothing", jobType="sync")
    api("PATCH", f"connections/{made}", status="inactive")
    assert "inactive" in api("POST", "jobs", expect=409, connectionId=made, jobType="sync")["detail"]
