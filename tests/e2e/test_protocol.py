"""`millrace connector …`: Airbyte's protocol on stdin and stdout, so that Airbyte's own tools can run ours."""
import json
import subprocess

import pytest

from support import manifests, output_files
from support.postgres_tables import customers

TYPES = {"RECORD", "STATE", "LOG", "SPEC", "CONNECTION_STATUS", "CATALOG", "TRACE", "CONTROL"}
FAKER = {"count": 40, "seed": 3}


@pytest.fixture
def files(millrace):
    def write(**contents):
        for name, content in contents.items():
            (millrace.folder / f"{name}.json").write_text(json.dumps(content))
    return write


def configured(catalog, mode="full_refresh", destination="append", **more):
    return {"streams": [{"stream": s, "sync_mode": mode, "destination_sync_mode": destination, "generation_id": 1, "minimum_generation_id": 0, "sync_id": 1, **more}
                        for s in catalog["streams"]]}


def connector(millrace, name, command, *args, **more):
    outcome = millrace.run("connector", name, command, *args, **more)
    messages = outcome.messages()
    assert {m["type"] for m in messages} <= TYPES, outcome
    return outcome, messages


def one(messages, kind):
    found = [m for m in messages if m["type"] == kind]
    assert len(found) == 1, f"{len(found)} messages of type {kind}"
    return found[0]


def test_spec_check_discover_read(millrace, db, files):
    customers(db, 20)
    files(config=db.config())
    spec = one(connector(millrace, "source-postgres", "spec", expect=0)[1], "SPEC")["spec"]
    assert spec["connectionSpecification"]["properties"]["password"]["airbyte_secret"] is True
    status = one(connector(millrace, "source-postgres", "check", "--config", "config.json", expect=0)[1], "CONNECTION_STATUS")
    assert status["connectionStatus"]["status"] == "SUCCEEDED"
    catalog = one(connector(millrace, "source-postgres", "discover", "--config", "config.json", expect=0)[1], "CATALOG")["catalog"]
    files(catalog=configured(catalog, "incremental", cursor_field=["updated_at"]))
    _, messages = connector(millrace, "source-postgres", "read", "--config", "config.json", "--catalog", "catalog.json", expect=0)
    records = [m["record"] for m in messages if m["type"] == "RECORD"]
    assert sorted(r["data"]["customer_id"] for r in records) == list(range(1, 21))
    assert {(r["namespace"], r["stream"]) for r in records} == {("public", "customers")}
    assert records[0]["data"]["updated_at"].startswith("2025-01-01T00:00:")
    statuses = [m["trace"]["stream_status"]["status"] for m in messages if m["type"] == "TRACE" and m["trace"]["type"] == "STREAM_STATUS"]
    assert statuses[0] == "STARTED" and statuses[-1] == "COMPLETE"
    states = [m for m in messages if m["type"] == "STATE"]
    assert states and states[-1]["state"]["sourceStats"]["recordCount"] == 20
    assert messages.index(states[-1]) > max(i for i, m in enumerate(messages) if m["type"] == "RECORD")

    files(state=[states[-1]["state"]])
    db.execute("insert into customers values (21, 'new', 0, now())")
    _, again = connector(millrace, "source-postgres", "read", "--config", "config.json", "--catalog", "catalog.json", "--state", "state.json", expect=0)
    assert [m["record"]["data"]["customer_id"] for m in again if m["type"] == "RECORD"] == [21]


def test_a_source_that_knows_its_size_says_so(millrace, files):
    files(config={"count": 1234})
    catalog = one(connector(millrace, "source-faker", "discover", "--config", "config.json")[1], "CATALOG")["catalog"]
    files(catalog=configured(catalog))
    _, messages = connector(millrace, "source-faker", "read", "--config", "config.json", "--catalog", "catalog.json", expect=0)
    traces = [m["trace"] for m in messages if m["type"] == "TRACE"]
    users = [t for t in traces if "users" in json.dumps(t)]
    assert [t["type"] for t in users][0] == "STREAM_STATUS", "STARTED comes first"
    estimate, = [t["estimate"] for t in users if t["type"] == "ESTIMATE"]
    assert estimate["type"] == "STREAM" and estimate["row_estimate"] == 1234 and estimate["byte_estimate"] > 1234


def test_check_that_fails_says_so_and_exits_zero(millrace, db, files):
    """Airbyte's connectors exit 0 and report FAILED; the platform reads the message."""
    files(config=db.config(password="wrong"))
    millrace.secrets.discard("wrong")
    outcome, messages = connector(millrace, "source-postgres", "check", "--config", "config.json")
    assert one(messages, "CONNECTION_STATUS")["connectionStatus"]["status"] == "FAILED"
    assert outcome.code == 0, outcome


def test_a_failing_read_sends_a_trace(millrace, db, files):
    customers(db, 1)
    files(config=db.config())
    catalog = one(connector(millrace, "source-postgres", "discover", "--config", "config.json")[1], "CATALOG")["catalog"]
    files(catalog=configured(catalog), config=db.config(password="wrong"))
    outcome, messages = connector(millrace, "source-postgres", "read", "--config", "config.json", "--catalog", "catalog.json", expect=1)
    errors = [m["trace"]["error"] for m in messages if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"]
    assert errors and errors[0]["failure_type"] == "config_error", outcome


def test_pipe_from_source_to_destination(millrace, files, tmp_path):
    files(source=FAKER, destination={"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})
    catalog = one(connector(millrace, "source-faker", "discover", "--config", "source.json")[1], "CATALOG")["catalog"]
    files(catalog=configured(catalog, destination="overwrite"))
    with open(tmp_path / "read.err", "wb") as err:
        source = millrace.start("connector", "source-faker", "read", "--config", "source.json", "--catalog", "catalog.json", stdout=subprocess.PIPE, stderr=err)
        destination = millrace.start("connector", "destination-local", "write", "--config", "destination.json", "--catalog", "catalog.json", stdin=source.stdout,
                                     stdout=subprocess.PIPE, stderr=err)
        source.stdout.close()
        out, _ = destination.communicate(timeout=120)
    assert source.wait(10) == 0 and destination.returncode == 0, (tmp_path / "read.err").read_text()
    messages = [json.loads(line) for line in out.decode().splitlines() if line]
    assert "STATE" in {m["type"] for m in messages}, "states that are committed are echoed"
    users = [p for p in output_files.visible(tmp_path / "out") if "users" in p.parts]
    assert users and sum(__import__("pyarrow.parquet").parquet.read_metadata(p).num_rows for p in users) == 40


def test_write_refuses_a_line_that_is_no_message(millrace, files, tmp_path):
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})
    stream = {"name": "s", "json_schema": {"type": "object", "properties": {"a": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh"]}
    files(catalog=configured({"streams": [stream]}))
    record = json.dumps({"type": "RECORD", "record": {"stream": "s", "data": {"a": 1}, "emitted_at": 1}})
    outcome = millrace.run("connector", "destination-local", "write", "--config", "destination.json", "--catalog", "catalog.json", input=record + "\n{broken\n")
    assert outcome.code != 0 and "2" in outcome.text, outcome
    assert not output_files.visible(tmp_path / "out")


def test_write_turns_what_does_not_fit_into_null_with_a_note(millrace, files, tmp_path):
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})
    stream = {"name": "s", "json_schema": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string", "format": "date"}}}, "supported_sync_modes": ["full_refresh"]}
    files(catalog=configured({"streams": [stream]}))
    lines = [{"type": "RECORD", "record": {"stream": "s", "data": d, "emitted_at": 1}} for d in ({"a": 1, "b": "2025-01-01"}, {"a": "no number", "b": "no date"})]
    lines.append({"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {"x": 1}}}})
    lines.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": {"name": "s"}, "status": "COMPLETE"}}})
    outcome = millrace.run("connector", "destination-local", "write", "--config", "destination.json", "--catalog", "catalog.json", input="\n".join(map(json.dumps, lines)) + "\n", expect=0)
    rows = output_files.table(tmp_path / "out").to_pylist()
    assert rows[0]["a"] == 1 and str(rows[0]["b"]) == "2025-01-01"
    assert rows[1]["a"] is None and rows[1]["b"] is None
    note = json.dumps(rows[1]["_airbyte_meta"], default=str)
    assert "NULLED" in note and "a" in note and "b" in note
    assert [m["state"]["stream"]["stream_state"] for m in outcome.messages() if m["type"] == "STATE"] == [{"x": 1}]


STREAM = {"name": "s", "json_schema": {"type": "object", "properties": {"a": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh"]}


def write(millrace, *messages):
    lines = "".join(json.dumps(m) + "\n" for m in messages)
    return millrace.run("connector", "destination-local", "write", "--config", "destination.json", "--catalog", "catalog.json", input=lines)


def test_rows_keep_the_time_at_which_they_were_read(millrace, files, tmp_path):
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}, catalog=configured({"streams": [STREAM]}))
    records = [{"type": "RECORD", "record": {"stream": "s", "data": {"a": i}, "emitted_at": 1_700_000_000_000 + i}} for i in range(3)]
    assert write(millrace, *records).code == 0
    rows = output_files.table(tmp_path / "out").to_pylist()
    assert {r["a"]: round(r["_airbyte_extracted_at"].timestamp() * 1000) for r in rows} == {i: 1_700_000_000_000 + i for i in range(3)}


def test_a_committed_state_comes_back_as_it_was(millrace, files, tmp_path):
    """A platform knows its states again by fields of its own."""
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "JSONL"}}, catalog=configured({"streams": [STREAM]}))
    state = {"type": "STREAM", "id": 5, "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {"c": 1}}, "sourceStats": {"recordCount": 1.0}}
    outcome = write(millrace, {"type": "RECORD", "record": {"stream": "s", "data": {"a": 1}, "emitted_at": 1}}, {"type": "STATE", "state": state})
    assert [m["state"] for m in outcome.messages() if m["type"] == "STATE"] == [{**state, "destinationStats": {"recordCount": 1.0}}]


@pytest.mark.parametrize("status", [[1], 7, None, {}, {"stream_descriptor": {"name": "s"}, "status": 7}, {"stream_descriptor": 7, "status": "COMPLETE"}])
def test_a_damaged_stream_status_is_refused(millrace, files, tmp_path, status):
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "JSONL"}}, catalog=configured({"streams": [STREAM]}))
    outcome = write(millrace, {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}})
    assert outcome.code == 1 and "line 1" in outcome.text, outcome


def test_write_takes_a_table_over_from_sync(millrace, files, tmp_path):
    files(destination={"path": str(tmp_path / "out"), "format": {"format_type": "JSONL"}}, catalog=configured({"streams": [STREAM]}))
    (tmp_path / "in.jsonl").write_text('{"a": 1}\n')
    source = "file", {"dataset_name": "s", "format": "jsonl", "url": str(tmp_path / "in.jsonl"), "provider": {"storage": "local"}}
    millrace.sync(millrace.file(source, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "JSONL"}})))
    assert write(millrace, {"type": "RECORD", "record": {"stream": "s", "data": {"a": 2}, "emitted_at": 1}}).code == 0


@pytest.mark.parametrize("args", [
    ["source-postgres", "read"], ["source-postgres", "check"], ["source-postgres", "fly"], ["source-nothing", "spec"], ["destination-local", "read", "--config", "c.json"],
    ["source-postgres", "check", "--config", "does-not-exist.json"], ["source-faker", "read", "--config", "c.json", "--catalog", "broken.json"],
])
def test_wrong_usage(millrace, args):
    (millrace.folder / "c.json").write_text('{"count": 1}')
    (millrace.folder / "broken.json").write_text("{")
    outcome = millrace.run("connector", *args)
    assert outcome.code in (1, 2) or "FAILED" in outcome.out, outcome
    assert outcome.text.strip(), outcome


def test_a_secret_that_is_also_a_name(millrace, files):
    """Words for people hide it; names that others reckon with are as they are."""
    files(config={"base": "http://127.0.0.1:1/items", "key": "items"}, manifest=manifests.of_an_api())
    args = ["--config", "config.json", "--manifest-path", "manifest.json"]
    catalog = one(connector(millrace, "source-declarative-manifest", "discover", *args, expect=0)[1], "CATALOG")["catalog"]
    assert [stream["name"] for stream in catalog["streams"]] == ["items"]
    files(config={"base": "no-scheme-items", "key": "items"})
    outcome, _ = connector(millrace, "source-declarative-manifest", "check", *args)
    assert "**********" in outcome.text and "no-scheme-items" not in outcome.text, outcome
