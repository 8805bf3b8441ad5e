"""The calls that the guides print, letter by letter but for the port and the ids: curl lines and a Python snippet."""
import json
import subprocess
import time

import requests

FAKER, POSTGRES, DEV_NULL = "dfd88b22-b603-4c3d-aad7-3701784586b1", "decd338e-5647-4c0b-adf4-da0e75f5a750", "a7bcc9d8-13b3-4e49-b80d-d020b90045e3"


def curl(*args):
    """What curl prints, as a document; it must succeed, and so must the call."""
    out = subprocess.run(["curl", "-sS", "--fail-with-body", *args], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, (args, out.stdout, out.stderr)
    return json.loads(out.stdout)


def post(url, body):
    return curl("-X", "POST", url, "-H", "Content-Type: application/json", "-d", json.dumps(body))


def until_over(ask, limit=60):
    until = time.monotonic() + limit
    while (job := ask())["job"]["status"] in ("pending", "running", "incomplete"):
        assert time.monotonic() < until, job
        time.sleep(0.2)
    return job


def test_the_guides_calls(start, db):
    with start() as server:
        api = f"{server.url}/api/v1"
        made = post(f"{api}/sources", {"sourceDefinitionId": POSTGRES, "name": "Production Postgres", "connectionConfiguration": {
            "host": "postgres.mycompany.com", "port": 5432, "database": "production", "username": "airbyte", "password": "secret"}})
        source = post(f"{api}/sources", {"sourceDefinitionId": FAKER, "name": "sample", "connectionConfiguration": {"count": 20}})
        destination = post(f"{api}/destinations", {"destinationDefinitionId": DEV_NULL, "name": "nowhere", "connectionConfiguration": {
            "test_destination": {"test_destination_type": "SILENT"}}})
        listed = post(f"{api}/sources/list", {"workspaceId": made["workspaceId"]})["sources"]
        assert {s["sourceId"] for s in listed} == {made["sourceId"], source["sourceId"]}
        connection = post(f"{api}/connections/create", {
            "sourceId": source["sourceId"], "destinationId": destination["destinationId"],
            "syncCatalog": {"streams": [{"stream": {"name": "users", "jsonSchema": {"type": "object", "properties": {"id": {"type": "integer"}, "updated_at": {"type": "string"}}}},
                                         "config": {"syncMode": "incremental", "destinationSyncMode": "append", "cursorField": ["updated_at"]}}]},
            "schedule": {"units": 24, "timeUnit": "hours"}})
        assert connection["schedule"] == {"units": 24, "timeUnit": "hours"} and connection["scheduleType"] == "basic"
        # The schedule has begun its first run; whoever asks for one at once gets it.
        job = post(f"{api}/connections/sync", {"connectionId": connection["connectionId"]})
        over = until_over(lambda: post(f"{api}/jobs/get", {"id": job["job"]["id"]}))
        assert over["job"]["status"] == "succeeded", over
        assert curl(f"{api}/connections/{connection['connectionId']}")["name"] == connection["name"]
        jobs = curl("-X", "GET", f"{api}/jobs/list", "-H", "Content-Type: application/json", "-d", json.dumps({"configTypes": ["sync"], "configId": connection["connectionId"]}))["jobs"]
        assert jobs[0]["job"]["id"] == job["job"]["id"]
        assert_the_snippet_works(api, connection["connectionId"])


def assert_the_snippet_works(api, connection_id):
    def trigger_sync(connection_id):
        return requests.post(f"{api}/connections/sync", json={"connectionId": connection_id}).json()

    def get_sync_status(job_id):
        return requests.post(f"{api}/jobs/get", json={"id": job_id}).json()

    job = trigger_sync(connection_id)
    assert until_over(lambda: get_sync_status(job["job"]["id"]))["job"]["status"] == "succeeded"
