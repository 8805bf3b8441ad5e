"""Connections through the config API, with each metadata database: what is kept, checked, listed and refused."""
import json

import pytest

from support import api_server
from support.postgres_tables import database_url

FAKER, POSTGRES = "dfd88b22-b603-4c3d-aad7-3701784586b1", "decd338e-5647-4c0b-adf4-da0e75f5a750"
LOCAL_JSON, S3 = "a625d593-bba5-4a1c-a53d-2d246268a816", "4816b78f-1489-44c1-9060-4b19d5fa9362"


@pytest.fixture(params=["sqlite", "postgres"])
def server(request, millrace, tmp_path):
    args = []
    if request.param == "postgres":
        args = ["--database-url", database_url(request.getfixturevalue("db"))]
    with api_server.running(millrace, tmp_path / "data", *args) as running:
        yield running


def ends(server):
    source = server.call("sources/create", sourceDefinitionId=FAKER, name="sample", connectionConfiguration={"count": 20})
    target = server.call("destinations/create", destinationDefinitionId=LOCAL_JSON, name="files", connectionConfiguration={"destination_path": "/local/out"})
    return {"sourceId": source["sourceId"], "destinationId": target["destinationId"]}


def users(**config):
    return {"streams": [{"stream": {"name": "users"}, "config": config}]}


def status_of(server, path, **body):
    return server.request("POST", f"/api/v1/{path}", json.dumps(body).encode()).status


def test_the_guides_call(server):
    made = server.call("connections/create", **ends(server), syncCatalog={"streams": [{
        "stream": {"name": "customers", "jsonSchema": {"type": "object"}},
        "config": {"syncMode": "incremental", "destinationSyncMode": "append", "cursorField": ["updated_at"]}}]},
        schedule={"units": 24, "timeUnit": "hours"})
    assert made["status"] == "active" and made["scheduleType"] == "basic" and made["schedule"] == {"units": 24, "timeUnit": "hours"}
    assert made["scheduleData"] == {"basicSchedule": {"units": 24, "timeUnit": "hours"}}
    config = made["syncCatalog"]["streams"][0]["config"]
    assert config["selected"] is True and config["primaryKey"] == [] and config["cursorField"] == ["updated_at"]
    assert made["name"] == "sample → files" and made["prefix"] == "" and made["tags"] == [] and made["breakingChange"] is False
    read = server.request("GET", f"/api/v1/connections/{made['connectionId']}")
    assert read.status == 200 and read.body == made == server.call("connections/get/", connectionId=made["connectionId"])


def test_what_a_person_does_with_one(server):
    tag = server.call("tags/create", name="night", color="75DCFF", workspaceId="default")
    made = server.call("connections/create", **ends(server), syncCatalog=users(), status="inactive", tags=[tag], nonBreakingChangesPreference="propagate_columns")
    id = made["connectionId"]
    assert made["tags"] == [tag] and made["scheduleType"] == "manual" and made["status"] == "inactive"
    cron = {"cron": {"cronExpression": "0 0 2 * * ?", "cronTimeZone": "Europe/Paris"}}
    changed = server.call("connections/update", connectionId=id, name="renamed", scheduleType="cron", scheduleData=cron, status="active", prefix="raw_")
    assert (changed["name"], changed["scheduleData"], changed["prefix"]) == ("renamed", cron, "raw_")
    assert changed["nonBreakingChangesPreference"] == "propagate_columns" and changed["syncCatalog"] == made["syncCatalog"] and changed["tags"] == [tag]
    server.call("connections/update_with_reason", connectionUpdate={"connectionId": id, "prefix": "x_"}, updateReason="tidy")
    events = server.call("connections/events/list", connectionId=id)["events"]
    assert [e["eventType"] for e in events][:1] == ["CONNECTION_SETTINGS_UPDATE"] and events[0]["summary"]["updateReason"] == "tidy"
    assert events[0]["summary"]["patches"]["prefix"] == {"from": "raw_", "to": "x_"}
    assert {e["eventType"] for e in events} == {"CONNECTION_SETTINGS_UPDATE", "CONNECTION_ENABLED"}
    assert server.call("connections/events/get", connectionEventId=events[0]["id"], connectionId=id)["summary"] == events[0]["summary"]
    assert len(server.call("connections/events/list", connectionId=id, eventTypes=["CONNECTION_ENABLED"], createdAtStart="2020-01-01T00:00:00Z")["events"]) == 1
    assert server.call("connections/events/list", connectionId=id, createdAtEnd="2020-01-01T00:00:00.5Z")["events"] == []
    minimal = server.call("connections/events/list_minimal", workspaceId="default", eventTypes=[], createdAtStart="2020-01-01T00:00:00Z", createdAtEnd="2100-01-01T00:00:00Z")["events"]
    assert len(minimal) == 3 and minimal[0]["connectionName"] == "renamed"
    assert status_of(server, "connections/delete", connectionId=id) == 204
    for path in ("connections/delete", "state/get", "connections/sync"):
        assert status_of(server, path, connectionId=id) == 404, path
    assert status_of(server, "connections/update", connectionId=id, name="x") == 404
    for path in ("connections/get", "web_backend/connections/get"):
        assert server.call(path, connectionId=id)["status"] == "deprecated", "what it was stays known"
    assert len(server.call("connections/events/list", connectionId=id)["events"]) == len(events)
    listed = {path: [c["connectionId"] for c in server.call(f"connections/{path}", workspaceId="default")["connections"]] for path in ("list", "list_all")}
    assert listed == {"list": [], "list_all": [id]}


def test_a_schedule_must_come_and_a_stream_be_there(server):
    both = ends(server)
    for never in ("0 0 0 29 2 ? 2027", "0 0 0 L-30 2 ?", "0 0 0 31W 4 ?", "0 0 0 1 1 ? 1980", "0 0 0 L-29 2 ?"):
        schedule = {"scheduleType": "cron", "scheduleData": {"cron": {"cronExpression": never, "cronTimeZone": "UTC"}}}
        for status in ("active", "inactive"):
            refused = server.call("connections/create", expect=422, **both, syncCatalog=users(), status=status, **schedule)
            assert refused["validationErrors"][0]["propertyPath"] == "scheduleData.cron.cronExpression", refused
    nope = {"streams": [{"stream": {"name": "nope"}}]}
    old = server.call("connections/create", **both, syncCatalog=nope)
    server.call("sources/discover_schema", sourceId=both["sourceId"])
    kept = server.call("connections/update", connectionId=old["connectionId"], syncCatalog=old["syncCatalog"], name="renamed")
    assert kept["name"] == "renamed", "what a connection had before the source was asked may stay"
    made = server.call("connections/create", **both, syncCatalog=users())
    for path, more in [("create", both), ("update", {"connectionId": made["connectionId"]})]:
        refused = server.call(f"connections/{path}", expect=422, **more, syncCatalog=nope)
        assert "nope" in refused["message"] and refused["validationErrors"][0]["propertyPath"] == "syncCatalog", refused
    server.call("connections/update", connectionId=made["connectionId"], syncCatalog={"streams": [{"stream": {"name": "nope"}, "config": {"selected": False}}]})
    state = {"stateType": "stream", "streamState": [{"streamDescriptor": {"name": "elsewhere"}, "streamState": {}}]}
    assert "elsewhere" in server.call("state/create_or_update_safe", expect=422, connectionId=made["connectionId"], connectionState=state)["message"]


def test_long_lists_are_whole_and_as_each_alone(server):
    both = ends(server)
    catalog = server.call("sources/discover_schema", sourceId=both["sourceId"])["catalog"]
    ids = [server.call("connections/create", **both, name=f"connection {i:03}", status="active", **({"syncCatalog": catalog} if i % 2 else {}))["connectionId"] for i in range(120)]
    listed = server.call("connections/list", workspaceId="default")["connections"]
    assert [c["connectionId"] for c in listed] == ids
    for n in (0, 49, 50, 119):
        assert listed[n] == server.call("connections/get", connectionId=ids[n])
    assert server.call("connections/search", sourceId=both["sourceId"])["connections"] == listed
    page = server.call("connections/list_paginated", workspaceIds=[listed[0]["workspaceId"]], pagination={"pageSize": 70, "rowOffset": 45})["connections"]
    assert page == listed[45:115]


def test_lists(server):
    both = ends(server)
    tag = server.call("tags/create", name="a", color="#00ff00", workspaceId="default")
    ids = [server.call("connections/create", **both, name=f"connection {i}", status="inactive" if i == 2 else "active", tags=[tag["tagId"]] if i else [])["connectionId"] for i in range(3)]
    workspace = server.call("workspaces/list")["workspaces"][0]["workspaceId"]
    for path in ("connections/list", "connections/list_all"):
        assert [c["connectionId"] for c in server.call(path, workspaceId=workspace)["connections"]] == ids
    page = server.call("connections/list_paginated", workspaceIds=[workspace], pagination={"pageSize": 2, "rowOffset": 1})["connections"]
    assert [c["connectionId"] for c in page] == ids[1:]
    assert [c["connectionId"] for c in server.call("connections/search", name="TION 1")["connections"]] == [ids[1]]
    assert len(server.call("connections/search", sourceId=both["sourceId"], status="active", scheduleType="manual")["connections"]) == 2

    def names(**body):
        return [c["name"][-1] for c in server.call("web_backend/connections/list", workspaceId=workspace, **body)["connections"]]
    assert names() == ["0", "1", "2"] and names(sortKey="connectionName_desc") == ["2", "1", "0"]
    assert names(pageSize=1, cursor=ids[0]) == ["1"] and names(cursor=ids[2]) == []
    assert names(filters={"searchTerm": "connection 1"}) == ["1"] and names(filters={"searchTerm": "SAMPLE", "states": ["inactive"]}) == ["2"]
    assert names(filters={"tagIds": [tag["tagId"]]}) == ["1", "2"] and names(filters={"statuses": ["paused"]}) == ["2"]
    assert names(filters={"sourceDefinitionIds": [FAKER]}) == ["0", "1", "2"] and names(filters={"destinationDefinitionIds": [S3]}) == []
    item = server.call("web_backend/connections/list", workspaceId=workspace)["connections"][0]
    assert item["source"]["sourceName"] == "Sample Data" and item["schemaChange"] == "no_change" and item["isSyncing"] is False
    whole = server.call("web_backend/connections/get", connectionId=ids[0], withRefreshedCatalog=False)
    assert whole["source"]["connectionConfiguration"] == {"count": 20} and "streams" in whole["syncCatalog"]
    assert server.call("web_backend/connections/status_counts", workspaceId=workspace) == {"running": 0, "queued": 0, "healthy": 0, "failed": 0, "paused": 1, "notSynced": 2}
    assert server.call("web_backend/workspace/state", workspaceId=workspace) == {"hasConnections": True, "hasSources": True, "hasDestinations": True}
    statuses = {s["connectionId"]: s["connectionSyncStatus"] for s in server.call("connections/status", connectionIds=ids)}
    assert statuses == {ids[0]: "pending", ids[1]: "pending", ids[2]: "paused"}
    server.call("sources/delete", sourceId=both["sourceId"], expect=204)
    assert server.call("connections/list", workspaceId=workspace)["connections"] == []


def test_tags(server):
    tag = server.call("tags/create", name="blue", color="0000ff", workspaceId="default")
    assert server.call("tags/list", workspaceId="default") == [tag]
    assert server.call("tags/create", expect=409, name="blue", color="0000ff", workspaceId="default")["message"]
    for wrong in ({"name": "", "color": "0000ff"}, {"name": "é" * 31, "color": "0000ff"}, {"name": "x", "color": "blue"}):
        assert status_of(server, "tags/create", **wrong) == 422
    assert server.call("tags/update", tagId=tag["tagId"], workspaceId="default", name="é" * 30, color="#00ff00")["name"] == "é" * 30
    server.call("tags/delete", tagId=tag["tagId"], workspaceId="default")
    assert status_of(server, "tags/delete", tagId=tag["tagId"]) == 404 and server.call("tags/list") == []


def test_state_is_read_and_edited(server):
    id = server.call("connections/create", **ends(server), syncCatalog=users())["connectionId"]
    assert server.call("state/get", connectionId=id) == {"stateType": "not_set", "connectionId": id}
    stream = {"stateType": "stream", "connectionId": id, "streamState": [{"streamDescriptor": {"name": "users", "namespace": "public"}, "streamState": {"id": 7}}]}
    shared = {"stateType": "global", "connectionId": id, "globalState": {"shared_state": {"lsn": 5}, "streamStates": [{"streamDescriptor": {"name": "users"}, "streamState": {}}]}}
    for state in (stream, shared, {"stateType": "legacy", "connectionId": id, "state": {"any": 1}}, {"stateType": "not_set", "connectionId": id}):
        assert server.call("state/create_or_update_safe", connectionId=id, connectionState=state) == state
        assert server.call("state/get", connectionId=id) == state and server.call("web_backend/state/get_type", connectionId=id) == state["stateType"]
    for wrong in ({"stateType": "some"}, {"stateType": "stream", "streamState": {}}, {"stateType": "stream", "streamState": [1]}, {"stateType": "global"},
                  {"stateType": "stream", "streamState": stream["streamState"] * 2}, "x"):
        assert status_of(server, "state/create_or_update_safe", connectionId=id, connectionState=wrong) == 422, wrong
    assert status_of(server, "state/create_or_update_safe", connectionId="no", connectionState=stream) == 404


def test_cron_expressions_are_described(server):
    said = server.call("web_backend/describe_cron_expression", cronExpression="0 30 2 ? * MON-FRI")
    assert said["description"] == "at 02:30, Monday to Friday" and said["nextExecutions"] == sorted(set(said["nextExecutions"])) and len(said["nextExecutions"]) == 5
    assert all(t % 86400 == 9000 for t in said["nextExecutions"])
    assert "minute" in server.call("web_backend/describe_cron_expression", expect=422, cronExpression="0 99 2 * * ?")["message"]


def test_what_is_wrong_is_said(server):
    both = ends(server)
    for part, body in [
        ("Mars/Base", {"scheduleType": "cron", "scheduleData": {"cron": {"cronExpression": "0 0 2 * * ?", "cronTimeZone": "Mars/Base"}}}),
        ("scheduleType", {"scheduleType": "hourly"}), ("minute", {"schedule": {"units": 0, "timeUnit": "minutes"}}),
        ("may be", {"syncCatalog": users(destinationSyncMode="merge")}), ("append_dedup", {"syncCatalog": users(destinationSyncMode="append_dedup")}),
        ("mappers", {"syncCatalog": users(mappers=[{"type": "hashing"}])}), ("namespaceFormat", {"namespaceDefinition": "customformat"}),
        ("status", {"status": "asleep"}), ("name", {"name": ""}), ("operation", {"operationIds": ["x"]}),
    ]:
        reply = server.request("POST", "/api/v1/connections/create", json.dumps({**both, **body}).encode())
        assert reply.status == 422 and part in reply.text, (body, reply.text)
    assert server.call("connections/create", expect=404, sourceId="no", destinationId=both["destinationId"])["id"] == "no"
    assert server.call("connections/create", expect=404, **both, tags=["no"])["id"] == "no"
    assert server.call("connections/list")["connections"] == []


def test_concurrent_edits_lose_nothing(server):
    import concurrent.futures
    id = server.call("connections/create", **ends(server))["connectionId"]
    edits = [{"name": "n"}, {"prefix": "p_"}, {"status": "inactive"}, {"backfillPreference": "enabled"}, {"notifySchemaChanges": True}, {"namespaceDefinition": "destination"}]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for reply in pool.map(lambda edit: status_of(server, "connections/update", connectionId=id, **edit), edits * 5):
            assert reply == 200
    after = server.call("connections/get", connectionId=id)
    for edit in edits:
        assert {k: after[k] for k in edit} == edit


@pytest.fixture
def shop(server, db):
    """A connection from a table of a real PostgreSQL, as the source's discovery offers it; `look` asks the source again."""
    db.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY, at timestamp, total int); GRANT USAGE ON SCHEMA shop TO reader;"
               "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader; ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reader")
    source = server.call("sources/create", sourceDefinitionId=POSTGRES, name="shop", connectionConfiguration=db.config(schemas=["shop"]))["sourceId"]
    target = server.call("destinations/create", destinationDefinitionId=S3, name="lake", connectionConfiguration={
        "s3_bucket_name": "b", "s3_bucket_path": "p", "s3_bucket_region": "us-east-1", "format": {"format_type": "Parquet"}})["destinationId"]

    class Shop:
        def create(self, **fields):
            catalog = server.call("sources/discover_schema", sourceId=source, disable_cache=True)["catalog"]
            for entry in catalog["streams"]:
                entry["config"].update(syncMode="incremental", destinationSyncMode="append_dedup", cursorField=["at"], primaryKey=[["id"]])
            return server.call("connections/create", sourceId=source, destinationId=target, syncCatalog=catalog, **fields)["connectionId"]

        def look(self, id):
            seen = server.call("sources/discover_schema", sourceId=source, connectionId=id, disable_cache=True)
            applied = server.call("connections/apply_schema_changes", connectionId=id)
            return seen, applied["propagatedDiff"], server.call("connections/get", connectionId=id)
    made = Shop()
    made.source, made.execute = source, db.execute
    return made


def columns(connection, stream="orders"):
    return [sorted(s["stream"]["jsonSchema"]["properties"]) for s in connection["syncCatalog"]["streams"] if s["stream"]["name"] == stream][0]


def test_a_catalog_is_kept_for_a_day(server, shop):
    first = server.call("sources/discover_schema", sourceId=shop.source)
    shop.execute("CREATE TABLE shop.later (id int)")
    again = server.call("sources/discover_schema", sourceId=shop.source)
    assert again["catalogId"] == first["catalogId"] and again["catalog"] == first["catalog"]
    fresh = server.call("sources/discover_schema", sourceId=shop.source, disable_cache=True)
    assert {s["stream"]["name"] for s in fresh["catalog"]["streams"]} == {"orders", "later"}
    assert server.call("sources/most_recent_source_actor_catalog", sourceId=shop.source)["catalog"] == fresh["catalog"]
    server.call("sources/partial_update", sourceId=shop.source, connectionConfiguration={"jdbc_url_params": ""})
    assert server.call("sources/discover_schema", sourceId=shop.source)["catalogId"] != fresh["catalogId"]
    assert status_of(server, "sources/discover_schema", sourceId="no") == 404


@pytest.mark.parametrize("policy", ["ignore", "disable", "propagate_columns", "propagate_fully"])
def test_changes_of_the_source_are_taken_as_the_connection_wants_them(server, shop, policy):
    id = shop.create(nonBreakingChangesPreference=policy)
    assert shop.look(id)[1] == {"transforms": []}
    shop.execute("ALTER TABLE shop.orders ADD COLUMN note text; CREATE TABLE shop.extra (id int PRIMARY KEY)")
    seen, diff, after = shop.look(id)
    assert sorted(t["transformType"] for t in diff["transforms"]) == ["add_stream", "update_stream"] and seen["breakingChange"] is False
    assert seen["catalogDiff"] == diff
    listed = [c for c in server.call("web_backend/connections/list")["connections"] if c["connectionId"] == id][0]
    events = [e["eventType"] for e in server.call("connections/events/list", connectionId=id)["events"]]
    streams = {s["stream"]["name"] for s in after["syncCatalog"]["streams"]}
    assert (after["status"], after.get("statusReason"), "note" in columns(after), "extra" in streams, listed["schemaChange"]) == {
        "ignore": ("active", None, False, False, "non_breaking"),
        "disable": ("inactive", "DISABLE_CONNECTION_IF_ANY_SCHEMA_CHANGES", False, False, "non_breaking"),
        "propagate_columns": ("active", None, True, False, "no_change"),
        "propagate_fully": ("active", None, True, True, "no_change")}[policy]
    assert ("SCHEMA_UPDATE" in events) == (policy != "ignore") and ("CONNECTION_DISABLED" in events) == (policy == "disable")
    if policy == "ignore":
        refreshed = server.call("web_backend/connections/get", connectionId=id, withRefreshedCatalog=True)
        assert refreshed["catalogDiff"] == diff and [s["config"]["selected"] for s in refreshed["syncCatalog"]["streams"] if s["stream"]["name"] == "extra"] == [False]
        server.call("connections/update", connectionId=id, syncCatalog=refreshed["syncCatalog"], sourceCatalogId=refreshed["catalogId"])
        assert shop.look(id)[1] == {"transforms": []}


def test_a_breaking_change_pauses_until_somebody_mends_it(server, shop):
    id = shop.create(nonBreakingChangesPreference="propagate_fully")
    shop.execute("ALTER TABLE shop.orders DROP COLUMN at; ALTER TABLE shop.orders ADD COLUMN changed timestamp")
    seen, _, after = shop.look(id)
    assert seen["breakingChange"] is True and seen["connectionStatus"] == "inactive"
    assert (after["status"], after["statusReason"], after["breakingChange"]) == ("inactive", "SCHEMA_CHANGES_ARE_BREAKING", True) and "changed" not in columns(after)
    assert server.call("connections/status", connectionIds=[id])[0]["connectionSyncStatus"] == "failed"
    server.call("connections/update", connectionId=id, status="active")
    assert shop.look(id)[2]["status"] == "inactive", "nobody has mended it"
    wrong = server.request("POST", "/api/v1/connections/update", json.dumps({"connectionId": id, "syncCatalog": after["syncCatalog"]}).encode())
    assert wrong.status == 422 and "cursor" in wrong.text, wrong.text
    catalog = server.call("web_backend/connections/get", connectionId=id, withRefreshedCatalog=True)["syncCatalog"]
    catalog["streams"][0]["config"]["cursorField"] = ["changed"]
    mended = server.call("web_backend/connections/update", connectionId=id, syncCatalog=catalog, status="active")
    assert mended["status"] == "active" and mended["schemaChange"] == "no_change" and "statusReason" not in mended
    assert shop.look(id)[2]["status"] == "active"


def test_definitions_of_ones_own(server):
    """What becomes of them: test_server_external.py."""
    image = {"name": "Mine", "dockerRepository": "example/source-mine", "dockerImageTag": "1.0.0", "documentationUrl": "https://example.com"}
    refused = server.call("source_definitions/create_custom", expect=422, workspaceId="default", sourceDefinition=image)
    assert "example/source-mine:1.0.0" in refused["message"] and "--allow-custom-commands" in refused["message"]
    assert status_of(server, "source_definitions/create_custom", sourceDefinition={"name": "x"}) == 422
    assert status_of(server, "source_definitions/update", sourceDefinitionId=FAKER, dockerImageTag="9") == 422
    assert status_of(server, "source_definitions/delete", sourceDefinitionId=FAKER) == 422
    assert status_of(server, "source_definitions/delete", sourceDefinitionId="no") == 404


def test_versions_and_specifications(server):
    both = ends(server)
    version = server.call("actor_definition_versions/get_for_source", sourceId=both["sourceId"])
    assert version["dockerRepository"] == "airbyte/source-faker" and version["supportsRefreshes"] is True and version["supportState"] == "supported"
    assert server.call("actor_definition_versions/get_default", actorDefinitionId=FAKER) == version
    resolved = server.call("actor_definition_versions/resolve", actorDefinitionId=FAKER, actorType="source", dockerImageTag=version["dockerImageTag"])
    assert resolved["dockerImageTag"] == version["dockerImageTag"]
    assert status_of(server, "actor_definition_versions/resolve", actorDefinitionId=FAKER, actorType="source", dockerImageTag="0") == 404
    assert "connectionSpecification" in server.call("source_definition_specifications/get_for_source", sourceId=both["sourceId"])
    assert "connectionSpecification" in server.call("destination_definition_specifications/get_for_destination", destinationId=both["destinationId"])
    assert status_of(server, "sources/upgrade_version", sourceId=both["sourceId"]) == 204 and status_of(server, "sources/upgrade_version", sourceId="no") == 404
    assert status_of(server, "connector_documentation/get", actorType="source", actorDefinitionId=FAKER) == 404


def test_an_end_counts_its_connections(server):
    both = ends(server)
    assert server.call("sources/get", sourceId=both["sourceId"])["numConnections"] == 0
    for _ in range(2):
        server.call("connections/create", **both)
    assert server.call("destinations/list")["destinations"][0]["numConnections"] == 2
    assert server.call("scheduler/sources/discover_schema", sourceDefinitionId=FAKER, connectionConfiguration={"count": 1})["catalog"]["streams"]


def test_a_connection_without_jobs_has_no_history(server):
    id = server.call("connections/create", **ends(server), syncCatalog=users())["connectionId"]
    assert server.call("connections/sync_progress", connectionId=id) == {"connectionId": id, "configType": "sync", "streams": []}
    for path in ("last_job_per_stream", "history/uptime", "history/data", "stream_history"):
        assert server.call(f"connections/{path}", connectionId=id, timezone="Europe/Paris", numberOfJobs=8) == []
        assert status_of(server, f"connections/{path}", connectionId="no", timezone="UTC") == 404
    assert status_of(server, "connections/stream_history", connectionId=id, timezone="Mars/Base") == 422
    assert server.call("stream_statuses/list", connectionId=id, workspaceId="default") == {"streamStatuses": []}
    assert server.call("stream_statuses/latest_per_run_state", connectionId=id) == {"streamStatuses": []}


def test_a_secret_is_one_to_its_own_calls_only(server):
    word = "millrace-has-nine-tags"
    config = {"host": "127.0.0.1", "port": 1, "database": "x", "username": "x", "password": word, "schemas": ["public"]}
    checked = server.call("scheduler/sources/check_connection", sourceDefinitionId=POSTGRES, connectionConfiguration=config)
    assert checked["status"] == "failed" and word not in json.dumps(checked)
    asked = server.request("POST", "/api/v1/web_backend/describe_cron_expression", json.dumps({"cronExpression": word}).encode())
    assert "*****" not in asked.text, "whoever guesses a secret must not be told"
    named = server.call("sources/get", expect=404, sourceId=word)
    assert word in json.dumps(named)
    unknown = server.call("connections/create", expect=422, **ends(server), scheduleType=word)
    assert "*****" not in unknown["message"]


def test_what_airbyte_has_and_this_version_has_not(server):
    for path in ("operations/check", "notifications/try", "permissions/create", "connector_builder_assist/process"):
        assert path in server.call(path, expect=501)["message"]
    server.call("no_such/path", expect=404)
