"""What source-postgres discovers, how cheaply, and that awkward names arrive as they are."""
import json
import time

import pytest

from support import output_files
from support.postgres_tables import customers


def discover(millrace, db, **config):
    outcome = millrace.run("connector", "source-postgres", "discover", "--config", config_file(millrace, db.config(**config)), expect=0)
    [catalog] = [m["catalog"] for m in outcome.messages() if m["type"] == "CATALOG"]
    return {(s.get("namespace"), s["name"]): s for s in catalog["streams"]}


def config_file(millrace, config):
    path = millrace.folder / "config.json"
    path.write_text(json.dumps(config))
    return path


def test_keys_cursors_and_modes(millrace, db):
    customers(db, 1)
    db.execute("create table pairs (a int, b int, v text, primary key (b, a)); create table loose (v text); create view young as select * from customers")
    streams = discover(millrace, db)
    assert set(streams) == {("public", n) for n in ("customers", "pairs", "loose", "young")}
    assert streams["public", "customers"]["source_defined_primary_key"] == [["customer_id"]]
    assert streams["public", "pairs"]["source_defined_primary_key"] == [["b"], ["a"]]
    assert not streams["public", "loose"].get("source_defined_primary_key")
    assert set(streams["public", "customers"]["supported_sync_modes"]) == {"full_refresh", "incremental"}
    properties = streams["public", "customers"]["json_schema"]["properties"]
    assert list(properties) == ["customer_id", "name", "balance", "updated_at"]
    assert properties["updated_at"]["airbyte_type"] == "timestamp_with_timezone"


def test_schemas_choose_what_is_seen(millrace, db):
    db.execute("create schema one; create schema two; create table one.a (i int); create table two.a (i int); create table public.a (i int)")
    assert set(discover(millrace, db, schemas=["one", "two"])) == {("one", "a"), ("two", "a")}
    assert {n for n, _ in discover(millrace, db, schemas=["public"])} == {"public"}


def test_partitioned_parents_are_one_table(millrace, db, tmp_path):
    db.execute("""create table events (id int, at date, primary key (id, at)) partition by range (at);
                  create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
                  create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
                  insert into events select i, date '2024-01-01' + i from generate_series(1, 700) i""")
    assert ("public", "events") in discover(millrace, db)
    millrace.sync(millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}),
                                streams=[{"name": "events", "namespace": "public"}]))
    assert output_files.rows(tmp_path / "out" / "public" / "events", "count(*), count(distinct id)") == [(700, 700)]


def test_views_and_materialized_views_are_read(millrace, db, tmp_path):
    customers(db, 100)
    db.execute("create view v as select customer_id * 2 as twice from customers; create materialized view m as select name from customers")
    millrace.sync(millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})))
    assert output_files.rows(tmp_path / "out" / "public" / "v", "sum(twice)") == [(10100,)]
    assert output_files.count(tmp_path / "out" / "public" / "m") == 100


def test_names_with_everything_in_them(millrace, db, tmp_path):
    names = ['Mixed Case', 'quo"te', "apo'strophe", "ünïcödé 表", "semi;colon--", "per%cent"]
    for n in names:
        quoted = n.replace('"', '""')
        db.execute(f'create table "{quoted}" ("Id" int primary key, "{quoted}" text)')
        db.execute(f'insert into "{quoted}" values (1, \'x\')')
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "JSONL", "flattening": "Root level flattening", "compression": {"compression_type": "No Compression"}}}), metadata="none")
    millrace.sync(file)
    files = output_files.visible(tmp_path / "out")
    assert len(files) == len(names), files
    assert sorted(json.dumps(json.loads(f.read_text()), sort_keys=True) for f in files) == sorted(json.dumps({"Id": 1, n: "x"}, sort_keys=True) for n in names)


def test_tables_the_role_may_not_read_are_left_out_and_named(millrace, db, tmp_path):
    customers(db, 1)
    db.execute("create role nosy login password 'reader-pw-7Kx2'; create table secret (i int); grant select on customers to nosy; grant usage on schema public to nosy")
    try:
        outcome = millrace.run("connector", "source-postgres", "discover", "--config", config_file(millrace, db.config(username="nosy")), expect=0)
        assert [s["name"] for m in outcome.messages() if m["type"] == "CATALOG" for s in m["catalog"]["streams"]] == ["customers"]
        assert "may not read it: public.secret" in " ".join(m["log"]["message"] for m in outcome.messages() if m["type"] == "LOG")
        connection = millrace.file(("postgres", db.config(username="nosy")), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}))
        assert "public.secret" in " ".join(millrace.run("sync", connection, "--json", expect=0).json()["warnings"])
    finally:
        db.execute("drop owned by nosy; drop role nosy")


def test_five_thousand_tables_in_a_handful_of_queries(millrace, db):
    db.connection.autocommit = False
    for start in range(0, 5000, 500):
        db.execute("".join(f"create table t{i} (id int primary key, a text, b numeric(10,2), c timestamptz);" for i in range(start, start + 500)))
        db.connection.commit()
    db.connection.autocommit = True
    admin = db.server.connect("postgres")
    admin.autocommit = True
    cursor = admin.cursor()
    cursor.execute("select pg_stat_statements_reset()")
    streams = discover(millrace, db)
    cursor.execute("select coalesce(sum(calls), 0)::int, array_agg(calls || ' × ' || left(query, 100)) from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = %s",
                   [db.name])
    calls, queries = cursor.fetchone()
    admin.close()
    assert len(streams) == 5000
    assert 0 < calls <= 20, queries


def test_five_hundred_small_tables(millrace, db, tmp_path):
    db.execute("".join(f"create table t{i} (id int primary key, v text); insert into t{i} select g, 'v' || g from generate_series(1, {i % 7}) g;" for i in range(500)))
    started = time.monotonic()
    millrace.sync(millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})), timeout=300)
    print(f"500 tables took {time.monotonic() - started:.1f} s")
    for i in range(500):
        folder = tmp_path / "out" / "public" / f"t{i}"
        assert len(output_files.visible(folder)) == 1, folder
    for i in (0, 1, 6, 499):
        assert output_files.count(tmp_path / "out" / "public" / f"t{i}") == i % 7
