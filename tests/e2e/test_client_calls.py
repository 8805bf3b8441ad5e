"""What older Airbyte clients send, call by call: Dagster's older integration, Airflow's HTTP provider (3.9.0), Prefect's, the Terraform provider. Those that are Python
were also run as they are (docs/SERVER.md says which); here are their calls, and what they look at in the replies."""
import json
import time

import pytest

from support import api_server
from support.server_jobs import FAKER, NOWHERE, made_up_users

ENDED = ("succeeded", "failed", "cancelled")


@pytest.fixture
def server(start):
    with start("--auth", "always", **api_server.SIGNED_IN) as server:
        yield server


def until_ended(ask, limit=60):
    """The job as each poll of `ask` shows it, until it is over."""
    until = time.monotonic() + limit
    while True:
        assert time.monotonic() < until
        job = ask()
        yield job
        if job["job"]["status"] in ENDED:
            return
        time.sleep(0.1)


def public(server, method, path, expect=200, **body):
    reply = server.request(method, f"/api/public/v1/{path}", json.dumps(body).encode() if body else None)
    assert reply.status == expect, f"{method} {path}: {reply.status} {reply.text}"
    return reply.body if reply.text else None


def test_dagsters_older_integration(server):
    made = made_up_users(server, 20)
    workspace = server.call("workspaces/list")["workspaces"][0]["workspaceId"]
    assert all(d["sourceDefinitionId"] and d["name"] for d in server.call("source_definitions/list")["sourceDefinitions"])
    assert all(d["destinationDefinitionId"] and d["name"] for d in server.call("destination_definitions/list")["destinationDefinitions"])
    (connection,) = server.call("connections/list", workspaceId=workspace)["connections"]
    assert connection["connectionId"] == made and connection["syncCatalog"]["streams"][0]["config"]["selected"] is True
    assert server.call("operations/list", connectionId=made) == {"operations": []}
    assert server.call("operations/list", expect=404, connectionId=workspace)["message"]
    discovered = server.call("sources/discover_schema", sourceId=connection["sourceId"])
    assert discovered["catalogId"] and all(s["stream"]["jsonSchema"]["properties"] for s in discovered["catalog"]["streams"])
    destination = server.call("destinations/get", destinationId=connection["destinationId"])
    definition = {"destinationDefinitionId": destination["destinationDefinitionId"]}
    assert server.call("destination_definition_specifications/get", workspaceId=workspace, **definition)["connectionSpecification"]
    assert server.call("destination_definitions/get", **definition)["name"] == destination["destinationName"]
    job = server.call("connections/sync", connectionId=made)["job"]["id"]
    for shown in until_ended(lambda: server.call("jobs/get", id=job)):
        assert all(a["logs"]["logLines"] is not None for a in shown["attempts"])
    assert shown["attempts"][-1]["attempt"]["streamStats"][0] == {"streamName": "users", "stats": shown["attempts"][-1]["attempt"]["streamStats"][0]["stats"]}
    listed = server.call("jobs/list", configTypes=["sync"], configId=made, pagination={"pageSize": 5})["jobs"]
    assert [(j["job"]["id"], j["job"]["status"]) for j in listed] == [(job, "succeeded")]
    assert server.call("jobs/cancel", id=job)["job"]["status"] == "succeeded"


def test_airflows_older_provider(server):
    made = made_up_users(server, 20)
    assert server.request("GET", "/api/v1/health").status == 200
    job = server.call("connections/sync", connectionId=made)["job"]["id"]
    *_, shown = until_ended(lambda: server.call("jobs/get", id=job))
    assert shown["job"]["status"] == "succeeded"
    endless = server.call("connections/sync", connectionId=made_up_users(server, 2_000_000_000))["job"]["id"]
    assert server.call("jobs/cancel", id=endless)["job"]["status"] == "cancelled"
    assert server.call("jobs/get", id=endless)["job"]["status"] == "cancelled"


def test_airflows_older_provider_in_the_cloud(server):
    """Its `api_type="cloud"`: a bearer token, and /v1/jobs below the host, which is …/api/public."""
    made = made_up_users(server, 20)
    application = server.call("applications/create", name="airflow")
    asked = {"client_id": application["clientId"], "client_secret": application["clientSecret"]}
    token = server.request("POST", "/api/public/v1/applications/token", json.dumps(asked).encode(), {"Authorization": ""}).body["access_token"]
    server.headers = {"Authorization": f"Bearer {token}"}
    job = public(server, "POST", "jobs", connectionId=made, jobType="sync")
    until = time.monotonic() + 60
    while job["status"] not in ENDED:
        assert time.monotonic() < until
        job = public(server, "GET", f"jobs/{job['jobId']}")
    assert job["status"] == "succeeded" and public(server, "DELETE", f"jobs/{job['jobId']}") == job


def test_prefects_integrations(server):
    """Every path ends with a slash; the last attempt is looked at while the job waits."""
    made = made_up_users(server, 20)
    health = server.request("GET", "/api/v1/health/")
    assert (health.status, health.body) == (200, {"available": True})
    assert server.call("connections/get/", connectionId=made)["status"] == "active"
    job = server.call("connections/sync/", connectionId=made)["job"]
    assert job["createdAt"]
    for shown in until_ended(lambda: server.call("jobs/get/", id=job["id"])):
        assert shown["job"]["updatedAt"] >= shown["job"]["createdAt"] and shown["attempts"][-1]["attempt"]["recordsSynced"] >= 0
    assert shown["attempts"][-1]["attempt"]["recordsSynced"] == 20


def test_terraforms_plan_does_not_drift(server):
    """What the provider compares with its plan comes back as it was sent; what was deleted elsewhere is 404."""
    workspace = public(server, "POST", "workspaces", name="terraform")["workspaceId"]
    source = public(server, "POST", "sources", name="s", workspaceId=workspace, definitionId=FAKER, configuration={"count": 20})["sourceId"]
    target = public(server, "POST", "destinations", name="d", workspaceId=workspace, definitionId=NOWHERE[0], configuration=NOWHERE[1])["destinationId"]
    planned = {"name": "c", "sourceId": source, "destinationId": target, "namespaceDefinition": "source", "status": "active",
               "nonBreakingSchemaUpdatesBehavior": "ignore", "schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"},
               "configurations": {"streams": [{"name": "users", "syncMode": "full_refresh_overwrite"}]}}
    made = public(server, "POST", "connections", **planned)
    read = public(server, "GET", f"connections/{made['connectionId']}")
    assert read == made and read["prefix"] == ""
    assert {**planned, "configurations": None} == {**{k: read[k] for k in planned}, "configurations": None}
    assert [(s["name"], s["syncMode"]) for s in read["configurations"]["streams"]] == [("users", "full_refresh_overwrite")]
    assert public(server, "GET", f"sources/{source}")["definitionId"] == FAKER
    assert public(server, "PUT", f"sources/{source}", name="renamed", configuration={"count": 30})["name"] == "renamed"
    changed = {k: v for k, v in planned.items() if k not in ("sourceId", "destinationId")}
    assert public(server, "PATCH", f"connections/{made['connectionId']}", **{**changed, "namespaceFormat": None, "prefix": "raw_"})["prefix"] == "raw_"
    public(server, "DELETE", f"connections/{made['connectionId']}", 204)
    public(server, "GET", f"connections/{made['connectionId']}", 404)
    for path in (f"sources/{source}", f"destinations/{target}", f"workspaces/{workspace}"):
        public(server, "DELETE", path, 204)
        public(server, "GET", path, 404)
