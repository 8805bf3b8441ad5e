"""destination-postgres: tables, names, types, generations, changes by key, schema changes, what is refused."""
import json

import pytest

from support.postgres_tables import customers, incremental, stream, target_config

META = ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"]


@pytest.fixture
def sync(millrace, db):
    """Copies streams of the database's schema public into its schema target."""
    def run(*streams, config=None, name="connection", expect=0, args=(), **keys):
        file = millrace.file(("postgres", db.config()), ("postgres", target_config(db, **(config or {}))), name=name, streams=list(streams),
                             **{"destination_namespace": "destination", **keys})
        return millrace.sync(file, *args, expect=expect)
    return run


def columns(db, table, schema="target"):
    return db.execute("select column_name, data_type from information_schema.columns where table_schema = %s and table_name = %s order by ordinal_position", (schema, table))


def left_behind(db):
    return db.execute("select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'airbyte_internal' and relkind = 'r' and relname not in "
                      "('millrace_tables', 'millrace_commits')")


def test_overwrite_makes_the_table_and_replaces_it(sync, db):
    customers(db, 1000)
    sync(stream())
    assert columns(db, "customers") == [("_airbyte_raw_id", "character varying"), ("_airbyte_extracted_at", "timestamp with time zone"), ("_airbyte_meta", "jsonb"),
                                        ("_airbyte_generation_id", "bigint"), ("customer_id", "bigint"), ("name", "character varying"), ("balance", "numeric"),
                                        ("updated_at", "timestamp with time zone")]
    same = "select count(*) from target.customers t join public.customers s using (customer_id, name, balance, updated_at)"
    assert db.value(same) == 1000
    assert db.value("select count(distinct _airbyte_raw_id) from target.customers") == 1000
    assert db.value("select distinct _airbyte_meta ->> 'changes' from target.customers") == "[]"
    db.execute("delete from customers where customer_id > 10; grant select on target.customers to reader")
    sync(stream())
    assert db.value("select count(*) from target.customers") == 10 and db.value(same) == 10
    assert db.value("select has_table_privilege('reader', 'target.customers', 'select')"), "grants go over to the new table"
    assert left_behind(db) == []


def test_a_view_on_a_replaced_table_stays_or_goes(sync, db):
    customers(db, 20)
    sync(stream())
    db.execute("create view target.names as select name from target.customers")
    db.execute("delete from customers where customer_id > 5")
    sync(stream())
    assert db.value("select count(*) from target.names") == 5, "the view shows the new rows"
    sync(stream(), config={"drop_cascade": True})
    assert db.value("select to_regclass('target.names')") is None


def test_append_modes_add(sync, db):
    customers(db, 100)
    sync(stream(sync_mode="full_refresh_append"))
    sync(stream(sync_mode="full_refresh_append"))
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(200, 100)]
    assert left_behind(db) == []


def test_incremental_append(sync, db):
    customers(db, 100)
    sync(incremental())
    db.execute("insert into customers select i, 'new', 0, '2026-01-01 00:00Z' from generate_series(101, 130) i")
    sync(incremental())
    sync(incremental())
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(130, 130)]
    assert left_behind(db) == []


def deduped(name="customers", **keys):
    return stream(name, **{"sync_mode": "incremental_deduped_history", "cursor_field": ["updated_at"], "primary_key": [["customer_id"]], **keys})


def test_dedup_keeps_the_newest_row_of_each_key(sync, db):
    customers(db, 1000)
    sync(deduped())
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(1000, 1000)]
    db.execute("update customers set name = 'changed', updated_at = '2026-01-01 00:00Z' where customer_id % 10 = 0; insert into customers values (2000, 'new', 1, '2026-01-01 00:00Z')")
    sync(deduped())
    assert db.value("select count(*) from (select customer_id, name, balance, updated_at from target.customers except select * from public.customers) x") == 0
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(1001, 1001)]
    assert db.value("select count(*) from pg_indexes where schemaname = 'target' and indexname like '\\_millrace\\_key\\_%'") == 1
    assert left_behind(db) == []


def test_names(sync, db):
    long_one, long_two = "1" + "n" * 62, "2" + "n" * 62  # 64 bytes with the underscore that a digit gets
    awkward = ["select", "Mixed Case", 'quo"te', "emoji 🚀", "naïve", "a.b", long_one, long_two]
    for i, name in enumerate(awkward):
        quoted = '"' + name.replace('"', '""') + '"'
        db.execute(f'create table {quoted} (id int, "order" int, "Twin" int, "twin" int, "sp ace" text); insert into {quoted} values ({i}, 1, 2, 3, \'x\')')
    sync(*[stream(name) for name in awkward])
    tables = {r[0] for r in db.execute("select table_name from information_schema.tables where table_schema = 'target'")}
    assert {"select", "Mixed_Case", "quo_te", "emoji__", "naive", "a_b"} <= tables and len(tables) == len(awkward), tables
    assert db.execute('select id, "order", "Twin", twin_1, sp_ace from target."Mixed_Case"') == [(1, 1, 2, 3, "x")]


def test_empty_tables(sync, db):
    db.execute("create table nothing (id bigint primary key, at timestamptz, n numeric(10,2))")
    sync(stream("nothing"))
    assert [c[0] for c in columns(db, "nothing")] == META + ["id", "at", "n"] and db.value("select count(*) from target.nothing") == 0
    db.execute("insert into nothing values (1, now(), 1)")
    sync(stream("nothing"))
    db.execute("delete from nothing")
    sync(stream("nothing"))
    assert db.value("select count(*) from target.nothing") == 0


def test_schema_changes(sync, db):
    db.execute("create table t (id int primary key, n int, d date, at timestamptz); insert into t values (1, 5, '2024-01-02', '2025-01-01 00:00Z')")
    t = incremental("t", cursor="at")
    sync(t)
    db.execute("""alter table t add column extra text; alter table t alter column n type numeric(30,3); alter table t alter column d type timestamp;
                  insert into t values (2, 12345678901234567890.125, '2024-01-02 03:04:05', '2025-01-02 00:00Z', 'x')""")
    sync(t)
    assert db.execute("select distinct id, n::text, d::text, extra from target.t order by id") == [
        (1, "5.000", "2024-01-02 00:00:00", None), (2, "12345678901234567890.125", "2024-01-02 03:04:05", "x")]
    db.execute("alter table t drop column extra; alter table t alter column n type text; insert into t values (3, 'words', null, '2025-01-03 00:00Z')")
    sync(t)
    assert db.execute("select id, n, extra from target.t order by id")[-1] == (3, "words", None)


def test_somebody_elses_table_is_not_replaced(sync, db):
    customers(db, 5)
    db.execute("create schema target; create table target.customers (mine int); insert into target.customers values (1)")
    outcome = sync(stream(), expect=1)
    assert "was not made by a sync" in outcome.text and db.value("select mine from target.customers") == 1


def test_raw_tables(sync, db):
    db.execute("create table t (id int, j jsonb, n numeric); insert into t values (1, '{\"a\": [1, null]}', 1.10)")
    sync(stream("t"), config={"disable_type_dedupe": True})
    raw = "target_raw__stream_t"
    assert [c[0] for c in columns(db, raw, "airbyte_internal")] == ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_loaded_at", "_airbyte_meta", "_airbyte_generation_id",
                                                                    "_airbyte_data"]
    [(data,)] = db.execute(f"select _airbyte_data from airbyte_internal.{raw}")
    assert data["id"] == 1 and float(data["n"]) == 1.1 and json.loads(data["j"]) == {"a": [1, None]}


def test_metadata_none_and_classic(sync, db):
    customers(db, 3)
    sync(stream(), metadata="none")
    assert [c[0] for c in columns(db, "customers")] == ["customer_id", "name", "balance", "updated_at"]
    sync(stream(), metadata="classic")
    assert [c[0] for c in columns(db, "customers")][:2] == ["_airbyte_ab_id", "_airbyte_emitted_at"]


@pytest.mark.parametrize("change, words", [({"password": "wrong-pw-9"}, "password"), ({"database": "nowhere"}, "nowhere"), ({"username": "reader", "password": "reader-pw-7Kx2"}, "permission")])
def test_check_says_what_is_wrong(millrace, db, change, words):
    (millrace.folder / "config.json").write_text(json.dumps(target_config(db, **change)))
    outcome = millrace.run("connector", "destination-postgres", "check", "--config", "config.json")
    [status] = [m["connectionStatus"] for m in outcome.messages() if m["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "FAILED" and words in status["message"], outcome


def test_check_leaves_nothing(millrace, db):
    (millrace.folder / "config.json").write_text(json.dumps(target_config(db)))
    outcome = millrace.run("connector", "destination-postgres", "check", "--config", "config.json", expect=0)
    assert "SUCCEEDED" in outcome.out
    assert db.value("select count(*) from pg_namespace where nspname in ('target', 'airbyte_internal')") == 0
