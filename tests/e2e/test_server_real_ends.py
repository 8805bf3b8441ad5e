"""A server's syncs between real ends (PostgreSQL, S3, files): exact rows, streams that fail alone, sources that change between two syncs."""
import datetime

import pytest

from support import api_server, output_files
from support.postgres_tables import customers, target_config
from support.s3_server import KEY, SECRET
from support.server_jobs import LOCAL, ended, sync

FROM_POSTGRES, TO_POSTGRES = "decd338e-5647-4c0b-adf4-da0e75f5a750", "25c5221d-dce2-4163-ade9-739ef790f503"
FROM_S3, TO_S3 = "69589781-7828-43c5-9f63-8925b1c1ccc2", "4816b78f-1489-44c1-9060-4b19d5fa9362"
COLUMNS = "customer_id, name, balance, updated_at"
DEDUPED = {"syncMode": "incremental", "destinationSyncMode": "append_dedup", "cursorField": ["updated_at"], "primaryKey": [["customer_id"]]}


@pytest.fixture
def server(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data") as server:
        yield server


def connect(server, source, target, config, **more):
    """A connection of all that the source offers, each stream with that `config`; source and target are (definition, configuration)."""
    source = server.call("sources/create", sourceDefinitionId=source[0], name="source", connectionConfiguration=source[1])["sourceId"]
    target = server.call("destinations/create", destinationDefinitionId=target[0], name="target", connectionConfiguration=target[1])["destinationId"]
    assert server.call("sources/check_connection", sourceId=source)["status"] == "succeeded"
    assert server.call("destinations/check_connection", destinationId=target)["status"] == "succeeded"
    catalog = server.call("sources/discover_schema", sourceId=source)["catalog"]
    for entry in catalog["streams"]:
        entry["config"].update(config, selected=True)
    return server.call("connections/create", sourceId=source, destinationId=target, status="active", scheduleType="manual", namespaceDefinition="destination",
                       syncCatalog=catalog, **more)["connectionId"]


def synced(server, connection_id, expect="succeeded"):
    info = ended(server, sync(server, connection_id))
    assert info["job"]["status"] == expect, info
    return info


def change(db):
    """New rows and changed ones, later than all before."""
    db.execute("insert into customers select i, 'new ' || i, i, '2026-01-01 00:00Z'::timestamptz + i * interval '1 second' from generate_series(2001, 2050) i;"
               "update customers set name = 'changed', balance = null, updated_at = '2026-02-01 00:00Z' where customer_id % 100 = 0")


def committed(info):
    return info["attempts"][-1]["attempt"]["recordsSynced"]


def test_postgres_to_postgres(server, db):
    customers(db)
    made = connect(server, (FROM_POSTGRES, db.config()), (TO_POSTGRES, target_config(db)), DEDUPED)
    assert committed(synced(server, made)) == 1000
    rows = f"select {COLUMNS} from {{}}customers order by 1"
    assert db.execute(rows.format("target.")) == db.execute(rows.format(""))
    change(db)
    assert committed(synced(server, made)) < 1000
    assert db.execute(rows.format("target.")) == db.execute(rows.format(""))
    state = server.call("state/get", connectionId=made)
    assert [s["streamDescriptor"]["name"] for s in state["streamState"]] == ["customers"]


def test_postgres_to_s3(server, db, bucket, tmp_path):
    customers(db)
    made = connect(server, (FROM_POSTGRES, db.config()), (TO_S3, bucket.config()), DEDUPED)

    def in_the_bucket(folder):
        found = output_files.rows(bucket.download(tmp_path / folder, "lake"), COLUMNS, "customer_id")
        return [(*row[:3], row[3].astimezone(datetime.timezone.utc)) for row in found]
    synced(server, made)
    in_the_table = f"select {COLUMNS} from customers order by 1"
    assert in_the_bucket("first") == db.execute(in_the_table)
    change(db)
    synced(server, made)
    assert in_the_bucket("second") == db.execute(in_the_table)


def test_s3_to_local_files(server, bucket, tmp_path):
    bucket.put("in/a.csv", b"id,name\n1,one\n2,two\n")
    source = {"bucket": bucket.name, "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "endpoint": bucket.server.endpoint, "region_name": "us-east-1",
              "streams": [{"name": "things", "globs": ["in/*.csv"], "validation_policy": "Emit Record", "format": {"filetype": "csv"}}]}
    made = connect(server, (FROM_S3, source), (LOCAL, {"path": "out"}), {"syncMode": "incremental", "destinationSyncMode": "append"})
    synced(server, made)
    bucket.put("in/b.csv", b"id,name\n3,three\n")
    assert committed(synced(server, made)) == 1
    assert output_files.rows(tmp_path / "data" / "files" / "out", "id, name", "id") == [("1", "one"), ("2", "two"), ("3", "three")]


def test_a_stream_that_fails_keeps_no_other_back(server, db):
    customers(db)
    customers(db, name="hidden")
    made = connect(server, (FROM_POSTGRES, db.config()), (TO_POSTGRES, target_config(db)), {"syncMode": "full_refresh", "destinationSyncMode": "overwrite"})
    db.execute("alter table hidden rename to elsewhere")
    info = synced(server, made, expect="failed")
    assert db.value("select count(*) from target.customers") == 1000
    summary = info["attempts"][0]["attempt"]["failureSummary"]
    assert summary["partialSuccess"] is True and summary["failures"][0]["failureOrigin"] == "source" and "hidden" in summary["failures"][0]["externalMessage"]
    statuses = server.call("stream_statuses/latest_per_run_state", connectionId=made)["streamStatuses"]
    assert {(s["streamName"], s["runState"], s.get("incompleteRunCause")) for s in statuses} >= {("customers", "COMPLETE", None), ("hidden", "INCOMPLETE", "FAILED")}
    assert [e["eventType"] for e in server.call("connections/events/list", connectionId=made)["events"]][:2] == ["SYNC_INCOMPLETE", "SYNC_STARTED"]
    db.execute("alter table elsewhere rename to hidden")
    synced(server, made)
    assert db.value("select count(*) from target.hidden") == 1000


@pytest.fixture
def changing(server, db):
    """connect(**settings) → a connection that was synced; its source will be looked at before the next sync."""
    customers(db)

    def make(**settings):
        made = connect(server, (FROM_POSTGRES, db.config()), (TO_POSTGRES, target_config(db)), DEDUPED, **settings)
        synced(server, made)
        # What was discovered stays good for a day, for the configuration it was discovered with.
        source = server.call("connections/get", connectionId=made)["sourceId"]
        server.call("sources/partial_update", sourceId=source, connectionConfiguration={**db.config(), "checkpoint_target_interval_seconds": 60})
        return made
    return make


def columns(db, table="customers"):
    rows = db.execute("select column_name from information_schema.columns where table_schema = 'target' and table_name = %s", [table])
    return {name for name, in rows if not name.startswith("_airbyte")}


KNOWN = {"customer_id", "name", "balance", "updated_at"}


@pytest.mark.parametrize("policy, taken, tables", [("ignore", set(), set()), ("propagate_columns", {"note"}, set()), ("propagate_fully", {"note"}, {"extra"})])
def test_a_sync_takes_what_its_policy_says(server, db, changing, policy, taken, tables):
    made = changing(nonBreakingChangesPreference=policy)
    db.execute("alter table customers add note text; insert into customers values (5000, 'x', 1, '2026-01-01 00:00Z', 'here');"
               "create table extra (id int primary key); insert into extra values (1), (2)")
    db.execute("grant select on all tables in schema public to reader")
    synced(server, made)
    assert columns(db) == KNOWN | taken and db.value("select count(*) from target.customers") == 1001
    if taken:
        assert db.execute("select customer_id, note from target.customers where note is not null") == [(5000, "here")]
    assert {t for t in ("extra",) if columns(db, t)} == tables
    if tables:
        assert db.execute("select id from target.extra order by 1") == [(1,), (2,)]
    after = server.call("connections/get", connectionId=made)
    assert after["status"] == "active" and after["schemaChange"] == ("non_breaking" if policy == "ignore" else "no_change")


def test_backfill_reads_the_old_rows_again(server, db, changing):
    made = changing(nonBreakingChangesPreference="propagate_columns", backfillPreference="enabled")
    db.execute("alter table customers add note text default 'old'")
    assert committed(synced(server, made)) == 1000
    assert db.execute("select note, count(*) from target.customers group by 1") == [("old", 1000)]


@pytest.mark.parametrize("policy, sql, reason", [
    ("disable", "alter table customers add note text", "DISABLE_CONNECTION_IF_ANY_SCHEMA_CHANGES"),
    ("propagate_fully", "alter table customers rename updated_at to changed_at", "SCHEMA_CHANGES_ARE_BREAKING")])
def test_a_change_pauses_with_a_reason(server, db, changing, policy, sql, reason):
    made = changing(nonBreakingChangesPreference=policy)
    db.execute(sql)
    synced(server, made, expect="cancelled")
    after = server.call("connections/get", connectionId=made)
    assert (after["status"], after["statusReason"]) == ("inactive", reason)
    assert server.call("connections/sync", expect=409, connectionId=made)["message"]
    assert columns(db) == KNOWN and db.value("select count(*) from target.customers") == 1000
