"""Our connectors under other people's tools: Airbyte's Python source-faker into our destinations, the way its platform does it, and our connectors under PyAirbyte.
Both come from their package registry; the tests skip, saying so, where it can't be reached."""
import json
import os
import pathlib
import subprocess

import pytest

from support import airbyte_platform, output_files
from support.postgres_tables import customers, database_url, target_config
from support.python_connector import python_connector, records
from support.python_package import python_package

CONFIG = {"count": 400, "seed": 7, "parallelism": 1, "records_per_slice": 100, "always_updated": False}


@pytest.fixture(scope="module")
def faker():
    return python_connector("source-faker", "7.2.1")


@pytest.fixture
def pyairbyte(millrace, tmp_path):
    """Runs a script with PyAirbyte, to which our connectors are programs in the folder CONNECTORS; returns what it prints as JSON."""
    python = python_package("airbyte", "0.71.3")
    connectors = tmp_path / "connectors"
    connectors.mkdir()
    for name in ("source-postgres", "destination-postgres"):
        program = connectors / name
        program.write_text(f'#!/bin/sh\nexec "{millrace.program}" connector {name} "$@"\n')
        program.chmod(0o700)

    def run(script, **names):
        values = {"CONNECTORS": str(connectors), "FOLDER": str(tmp_path), **names}
        text = "\n".join(["import json, pathlib, airbyte as ab", *(f"{name} = {value!r}" for name, value in values.items()), script])
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PG"))} | {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1", "HOME": str(tmp_path)}
        done = subprocess.run([python, "-c", text], capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def discovered(faker, folder):
    path = folder / "discover.json"
    path.write_text(json.dumps(CONFIG))
    printed = subprocess.run([faker, "discover", "--config", path], capture_output=True, check=True, timeout=120)
    return next(m["catalog"] for m in map(json.loads, printed.stdout.splitlines()) if m["type"] == "CATALOG")


def configured(catalog, mode, destination_mode, generation=1, **more):
    return {"streams": [{"stream": stream, "sync_mode": mode, "destination_sync_mode": destination_mode, "cursor_field": ["updated_at"],
                         "primary_key": stream["source_defined_primary_key"], "generation_id": generation, "minimum_generation_id": generation if destination_mode == "overwrite" else 0,
                         "sync_id": generation, **more} for stream in catalog["streams"]]}


def ids_of(states):
    return [state["id"] for state in states]


def test_source_faker_into_destination_local(millrace, faker, tmp_path):
    out = tmp_path / "out"
    destination = {"path": str(out), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"}
    catalog = discovered(faker, tmp_path)
    run = airbyte_platform.replicate(tmp_path, [faker], CONFIG, [millrace.program, "connector", "destination-local"], destination,
                                     configured(catalog, "full_refresh", "overwrite", generation=2), start_new_session=True)
    assert (run.source_code, run.destination_code) == (0, 0), (tmp_path / "platform.err").read_text()
    assert run.states and ids_of(run.states) == sorted(ids_of(run.states)) and max(ids_of(run.states)) == run.sent, "states come back, the last one too"
    assert sum(state["destinationStats"]["recordCount"] for state in run.states) == run.records
    by_hand = records(faker, tmp_path, CONFIG, configured(catalog, "full_refresh", "overwrite"))
    for name, rows in by_hand.items():
        arrived = output_files.table(out / name).to_pylist()
        assert sorted(row["id"] for row in arrived) == sorted(row["id"] for row in rows), name
        assert {row["_airbyte_generation_id"] for row in arrived} == {2}


def test_source_faker_into_destination_postgres_with_state(millrace, faker, tmp_path, db):
    """A second sync gets the states that came back and finds less; rows that come again change no count."""
    catalog = configured(discovered(faker, tmp_path), "incremental", "append_dedup")
    destination = [millrace.program, "connector", "destination-postgres"]
    counts = "select (select count(*) from target.users), (select count(*) from target.products), (select count(distinct id) from target.purchases)"
    first = airbyte_platform.replicate(tmp_path, [faker], CONFIG, destination, target_config(db), catalog, start_new_session=True)
    assert (first.source_code, first.destination_code) == (0, 0), (tmp_path / "platform.err").read_text()
    arrived = db.execute(counts)
    assert arrived[0][:2] == (400, 100) and arrived[0][2] > 0
    assert db.value("select count(*) = count(distinct _airbyte_raw_id) and min(_airbyte_extracted_at) > now() - interval '1 hour' from target.users")
    last = {state["stream"]["stream_descriptor"]["name"]: state for state in first.states}
    again = airbyte_platform.replicate(tmp_path, [faker], CONFIG, destination, target_config(db), catalog, state=list(last.values()), start_new_session=True)
    assert (again.source_code, again.destination_code) == (0, 0) and again.records < first.records
    assert db.execute(counts) == arrived


def test_source_postgres_under_pyairbyte(pyairbyte, db):
    customers(db, 500)
    found = pyairbyte("""
source = ab.get_source("source-postgres", local_executable=pathlib.Path(CONNECTORS, "source-postgres"), config=CONFIG)
source.check()
streams = source.get_available_streams()
source.select_all_streams()
source.set_cursor_key("customers", "updated_at")
cache = ab.caches.DuckDBCache(db_path=FOLDER + "/cache.duckdb", schema_name="read")
counts = [source.read(cache=cache).processed_records]
import psycopg
with psycopg.connect(DSN) as connection:
    connection.execute("insert into customers values (501, 'new', 0, now())")
counts.append(source.read(cache=cache).processed_records)
rows = cache.get_pandas_dataframe("customers")
print(json.dumps({"spec": sorted(source.config_spec["properties"]), "streams": streams, "counts": counts,
                  "ids": sorted(int(i) for i in rows["customer_id"]), "names": sorted(rows["name"])[:3]}))
""", CONFIG=db.config(), DSN=database_url(db))
    assert {"host", "password", "replication_method"} <= set(found["spec"]) and found["streams"] == ["customers"]
    assert found["counts"][0] == 500 and 1 <= found["counts"][1] < 500, "the second read goes on from the state"
    assert found["ids"] == list(range(1, 502))


def test_destination_postgres_under_pyairbyte(pyairbyte, postgres, db):
    """PyAirbyte's own way of writing: it makes the messages, a state for each batch, and wants those back."""
    customers(db, 300)
    with postgres.database() as target:
        pyairbyte("""
source = ab.get_source("source-postgres", local_executable=pathlib.Path(CONNECTORS, "source-postgres"), config=SOURCE)
source.select_all_streams()
source.set_cursor_key("customers", "updated_at")
destination = ab.get_destination("destination-postgres", local_executable=pathlib.Path(CONNECTORS, "destination-postgres"), config=TARGET)
destination.check()
result = destination.write(source, streams="*", cache=False, write_strategy="append", state_cache=False)
print(json.dumps(result.processed_records))
""", SOURCE=db.config(), TARGET=target_config(target))
        assert target.execute("select customer_id, name, balance, updated_at from customers order by 1") == db.execute("select * from customers order by 1")
