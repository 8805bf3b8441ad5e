"""A server's syncs between real ends (PostgreSQL, S3, files): exact rows, streams that fail alone."""
import datetime

import pytest

from support import api_server, output_files
from support.connected_ends import DEDUPED, FROM_POSTGRES, FROM_S3, TO_POSTGRES, TO_S3, committed, connect, synced
from support.postgres_tables import customers, target_config
from support.s3_server import KEY, SECRET
from support.server_jobs import LOCAL

COLUMNS = "customer_id, name, balance, updated_at"


@pytest.fixture
def server(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data") as server:
        yield server


def change(db):
    """New rows and changed ones, later than all before."""
    db.execute("insert into customers select i, 'new ' || i, i, '2026-01-01 00:00Z'::timestamptz + i * interval '1 second' from generate_series(2001, 2050) i;"
               "update customers set name = 'changed', balance = null, updated_at = '2026-02-01 00:00Z' where customer_id % 100 = 0")


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
