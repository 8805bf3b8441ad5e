"""Jobs of a running server (ApiServer): begun by the config API, and waited for."""
import time

FAKER = "dfd88b22-b603-4c3d-aad7-3701784586b1"
DEV_NULL, LOCAL = "a7bcc9d8-13b3-4e49-b80d-d020b90045e3", "51bce31e-57b6-4902-9523-8252914478c1"
FINAL = {"succeeded", "failed", "cancelled"}


def wait(what, seconds=120):
    """What `what` returns, once it is something."""
    for _ in range(int(seconds * 20)):
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come in time")


def ended(server, job, seconds=180):
    """The job, once it is over."""
    def look():
        found = server.call("jobs/get", id=job)
        return found if found["job"]["status"] in FINAL else None
    return wait(look, seconds)


def first_failure(server, job):
    """Of the job's first attempt, once that has failed; the job is not tried again."""
    def look():
        attempts = server.call("jobs/get", id=job)["attempts"]
        return attempts if attempts and attempts[0]["attempt"]["status"] == "failed" else None
    attempts = wait(look)
    said = server.request("GET", f"/api/public/v1/jobs/{job}").body
    server.call("jobs/cancel", id=job)
    failure = attempts[0]["attempt"]["failureSummary"]["failures"][0]
    if "failureReason" in said:  # another attempt may have begun since
        assert said["failureReason"] == {key: failure[key] for key in ("failureOrigin", "failureType", "externalMessage")}
    return failure


def sync(server, connection_id):
    return server.call("connections/sync", connectionId=connection_id)["job"]["id"]


NOWHERE = DEV_NULL, {"test_destination": {"test_destination_type": "SILENT"}}
# What no sync can write to, and no second attempt mends.
REFUSED = LOCAL, {"path": "/elsewhere/out"}


def made_up_users(server, count, destination=NOWHERE):
    """A new connection that copies so many users, to `destination` (definition, configuration); its id."""
    source = server.call("sources/create", sourceDefinitionId=FAKER, name="made up", connectionConfiguration={"count": count, "seed": 1})
    target = server.call("destinations/create", destinationDefinitionId=destination[0], name="target", connectionConfiguration=destination[1])
    users = {"stream": {"name": "users"}, "config": {"syncMode": "full_refresh", "destinationSyncMode": "overwrite"}}
    return server.call("connections/create", sourceId=source["sourceId"], destinationId=target["destinationId"], status="active", scheduleType="manual",
                       syncCatalog={"streams": [users]})["connectionId"]
