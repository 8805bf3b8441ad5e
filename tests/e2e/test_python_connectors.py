"""Airbyte's own Python connectors under Millrace, as their registry has them (`source: {command: …}`)."""
import datetime
import json

import pytest

from support import output_files
from support.python_connector import python_connector, records

CONFIG = {"count": 300, "seed": 7, "parallelism": 1, "records_per_slice": 100, "always_updated": False}


@pytest.fixture(scope="module")
def faker():
    return python_connector("source-faker", "7.2.1")


def plain(row):
    """A row without what changes from run to run; times as instants, in UTC where they name no zone."""
    out = {}
    for key, value in row.items():
        if key == "updated_at":
            continue
        if isinstance(value, str) and key.endswith("_at"):
            value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        out[key] = value if not isinstance(value, (dict, list)) else json.dumps(value, sort_keys=True)
    return out


def test_source_faker(millrace, tmp_path, faker):
    out = tmp_path / "out"
    file = millrace.file(([str(faker)], CONFIG), ("local", {"path": str(out), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"}),
                         metadata="none")
    millrace.run("check", "--source", file, expect=0)
    catalog = millrace.run("discover", file, "--json", expect=0).json()
    report = millrace.sync(file, "--json", timeout=300).json()
    by_hand = records(faker, tmp_path, CONFIG, {"streams": [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for stream in catalog["streams"]]})
    assert set(by_hand) == {"users", "products", "purchases"}
    assert {s["name"]: s["records"] for s in report["streams"]} == {name: len(rows) for name, rows in by_hand.items()}
    for name, rows in by_hand.items():
        arrived = {row["id"]: plain(row) for row in output_files.table(out / name).to_pylist()}
        for row in rows:
            wanted, got = plain(row), arrived[row["id"]]
            assert {key: got[key] for key in wanted} == wanted, name


def test_source_faker_hears_its_state(millrace, tmp_path, faker):
    """It has nothing more to give to whoever brings the state of its end."""
    out = tmp_path / "out"
    file = millrace.file(([str(faker)], CONFIG), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}),
                         streams=[{"name": "users", "sync_mode": "incremental_append"}])
    for _ in range(2):
        millrace.sync(file, timeout=300)
        assert output_files.rows(out, "count(*), count(distinct id)") == [(CONFIG["count"], CONFIG["count"])]


def test_a_configuration_that_it_refuses(millrace, faker, tmp_path):
    file = millrace.file(([str(faker)], {**CONFIG, "count": "many"}), ("local", {"path": str(tmp_path / "out")}))
    outcome = millrace.run("check", "--source", file)
    assert outcome.code in (1, 2) and "source.config.count" in outcome.err, outcome
