"""Avro between Millrace and a reader and writer that are not ours."""
import datetime
import decimal
import io

import fastavro
import pyarrow
import pyarrow.parquet
import pytest

from support import output_files
from support.s3_server import KEY, SECRET

UTC = datetime.timezone.utc
CODECS = [{"codec": "no compression"}, {"codec": "Deflate", "compression_level": 5}, {"codec": "snappy"},
          {"codec": "zstandard", "compression_level": 3, "include_checksum": True}]


@pytest.mark.parametrize("codec", CODECS, ids=[c["codec"] for c in CODECS])
def test_what_is_written(millrace, tmp_path, codec):
    n = 30_000
    table = pyarrow.table({
        "id": pyarrow.array(range(n), pyarrow.int64()), "näme-1": [f"näme {i}" if i % 3 else None for i in range(n)],
        "price": pyarrow.array([decimal.Decimal(i) / 100 for i in range(n)], pyarrow.decimal128(12, 2)),
        "at": pyarrow.array([datetime.datetime(2025, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=i) for i in range(n)], pyarrow.timestamp("us", "UTC")),
        "day": pyarrow.array([datetime.date(1969, 12, 31)] * n, pyarrow.date32()), "ok": [i % 2 == 0 for i in range(n)], "raw": [b"\x00\xff"] * n,
        "list": [[1.5, None]] * n, "pair": [{"k": "v", "n": None if i % 2 else i} for i in range(n)]})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    source = ("file", {"dataset_name": "things", "format": "parquet", "url": str(tmp_path / "in.parquet"), "provider": {"storage": "local"}})
    millrace.sync(millrace.file(source, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Avro", "compression_codec": codec}})))
    rows = []
    files = output_files.visible(tmp_path / "out", ".avro")
    assert files
    for path in files:
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            assert reader.codec == {"no compression": "null", "Deflate": "deflate"}.get(codec["codec"], codec["codec"])
            rows += reader
    rows.sort(key=lambda r: r["id"])
    assert len(rows) == n
    assert set(rows[0]) == {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id", "id", "n_me_1", "price", "at", "day", "ok", "raw", "list", "pair"}
    assert isinstance(rows[0]["_airbyte_extracted_at"], datetime.datetime) and rows[0]["_airbyte_meta"]["changes"] == []
    for row, was in zip(rows, table.to_pylist()):
        assert {k: row[k] for k in was if k in row} == {k: v for k, v in was.items() if k != "näme-1"}
        assert row["n_me_1"] == was["näme-1"]


SCHEMA = {"type": "record", "name": "r", "fields": [
    {"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"]}, {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "map", "type": {"type": "map", "values": "int"}}, {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["A", "B"]}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "nested", "type": {"type": "record", "name": "n", "fields": [{"name": "x", "type": "float"}]}}, {"name": "d", "type": "double"}]}


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"])
def test_what_is_read(millrace, bucket, tmp_path, codec):
    n = 5_000
    rows = [{"id": i, "name": f"n{i}" if i % 2 else None, "tags": ["a", "b"][: i % 3], "map": {"k": i}, "kind": "AB"[i % 2], "price": decimal.Decimal(-i) / 8,
             "at": datetime.datetime(2025, 1, 1, tzinfo=UTC) + datetime.timedelta(milliseconds=i), "day": datetime.date(2025, 1, 1), "nested": {"x": 0.5}, "d": i / 8}
            for i in range(n)]
    for part in range(2):
        out = io.BytesIO()
        fastavro.writer(out, SCHEMA, rows[part::2], codec=codec, sync_interval=4000)
        bucket.put(f"in/{part}.avro", out.getvalue())
    source = ("s3", {"bucket": bucket.name, "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "endpoint": bucket.server.endpoint,
                     "streams": [{"name": "things", "globs": ["in/*.avro"], "format": {"filetype": "avro"}}]})
    millrace.sync(millrace.file(source, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}), metadata="none"))
    got = sorted(output_files.table(tmp_path / "out").to_pylist(), key=lambda r: r["id"])
    assert len(got) == n
    for row, was in zip(got, rows):
        assert {k: row[k] for k in was if k != "map"} == {k: v for k, v in was.items() if k != "map"}
        assert row["map"] == '{"k":%d}' % was["map"]["k"]


def test_a_damaged_file_is_named_with_the_place(millrace, bucket, tmp_path):
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "r", "fields": [{"name": "id", "type": "long"}]}, [{"id": i} for i in range(1000)])
    bucket.put("bad.avro", out.getvalue()[:-20])
    source = ("s3", {"bucket": bucket.name, "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "endpoint": bucket.server.endpoint,
                     "streams": [{"name": "things", "format": {"filetype": "avro"}}]})
    outcome = millrace.run("sync", millrace.file(source, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})), expect=1)
    assert "bad.avro" in outcome.text and "cut short" in outcome.text and "byte" in outcome.text
    assert not output_files.visible(tmp_path / "out")
