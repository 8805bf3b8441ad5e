"""What source-postgres must survive: ties, width, long values, names."""
import os

import pytest

from support import output_files
from support.millrace_program import kill_group

PARQUET = {"format_type": "Parquet"}
MEMORY_MOST = 512 << 20


def connection(millrace, db, out, *streams):
    return millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": PARQUET}), streams=list(streams) or [{"name": "t", "namespace": "public"}],
                         metadata="none")


def peak_memory(millrace, file, seconds=300):
    """Syncs; the most memory that any of its processes had."""
    process = millrace.start("sync", file)
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            kill_group(process)
            process.wait()
    return usage.ru_maxrss << 10


def test_a_hundred_thousand_rows_share_the_last_cursor_value(millrace, db, tmp_path):
    db.execute("create table t (id int primary key, at timestamptz); insert into t select i, '2025-01-01 00:00Z' from generate_series(1, 100000) i")
    out = tmp_path / "out"
    file = connection(millrace, db, out, {"name": "t", "namespace": "public", "sync_mode": "incremental_append", "cursor_field": ["at"]})
    millrace.sync(file)
    db.execute("insert into t select i, '2025-01-01 00:00Z' from generate_series(100001, 100010) i")
    millrace.sync(file)
    millrace.sync(file)
    assert output_files.rows(out, "count(*), count(distinct id)") == [(100010, 100010)]


def test_sixteen_hundred_columns(millrace, db, tmp_path):
    db.execute("create table t (" + ", ".join(f"c{i} {'int' if i % 2 else 'bool'}" for i in range(1600)) + ")")
    db.execute("insert into t select " + ", ".join("g" if i % 2 else "g % 3 = 0" for i in range(1600)) + " from generate_series(1, 500) g")
    millrace.sync(connection(millrace, db, tmp_path / "out"))
    table = output_files.table(tmp_path / "out")
    assert len(table.column_names) == 1600
    assert output_files.rows(tmp_path / "out", "count(*), sum(c1), sum(c1599), count(*) filter (c1598)") == [(500, 125250, 125250, 166)]


def test_one_value_of_64_megabytes(millrace, db, tmp_path):
    db.execute("create table t (id int, v text); insert into t values (1, 'small'), (2, repeat('0123456789abcdef', 4 << 20)), (3, 'after')")
    memory = peak_memory(millrace, connection(millrace, db, tmp_path / "out"))
    assert output_files.rows(tmp_path / "out", "id, length(v), md5(v)", "id")[1] == (2, 64 << 20, db.value("select md5(v) from t where id = 2"))
    assert memory <= MEMORY_MOST, f"{memory >> 20} MB"


@pytest.mark.torture
def test_a_gigabyte_of_text_in_one_column(millrace, db, tmp_path):
    db.execute("create table t (id int, v text); insert into t select i, repeat(md5(i::text), 1 << 15) from generate_series(1, 1024) i")
    memory = peak_memory(millrace, connection(millrace, db, tmp_path / "out"))
    assert output_files.rows(tmp_path / "out", "count(*), sum(length(v))") == [(1024, 1 << 30)]
    assert memory <= MEMORY_MOST, f"{memory >> 20} MB"


def test_names_as_awkward_as_the_server_allows(millrace, db, tmp_path):
    names = ['say "hi"', "with space", "🦆 pond", "n" * 63, "select", "Orders", "orders", "ORDERS", "a.b"]
    for i, name in enumerate(names):
        quoted = name.replace('"', '""')
        db.execute(f'create table "{quoted}" ("{quoted}" int, "user" text); insert into "{quoted}" values ({i}, \'v\')')
    config = {"format_type": "JSONL", "flattening": "Root level flattening", "compression": {"compression_type": "No Compression"}}
    # Files of tables whose names differ in case only would be one another's on some systems: one connection each.
    for i, name in enumerate(names):
        millrace.sync(millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / f"out{i}"), "format": config}), name=f"c{i}", metadata="none",
                                    streams=[{"name": name, "namespace": "public"}]))
        [row] = output_files.rows(tmp_path / f"out{i}")
        assert row == (i, "v"), name
