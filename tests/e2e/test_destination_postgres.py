"""destination-postgres: tables, names, types, generations, changes by key, schema changes, what is refused."""
import json

import pytest

from support.postgres_tables import customers, deduped, incremental, left_behind, stream, target_config

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


def test_types_come_out_as_they_were(sync, db):
    db.execute("""create table t (id int primary key, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, n15 numeric(15,2), n50 numeric(50,10), m money, d date, ti time, ts timestamp,
                                  tz timestamptz, tx text, vc varchar(10), by bytea, js jsonb, u uuid, arr int[], txts text[]);
        insert into t values
          (1, true, -32768, 9223372036854775807, 1.5, 0.1, 123456789012345678901234567890.000000001, -9999999999999.99, 1234567890123456789012345678901234567890.0123456789, 12.34, '2024-02-29',
           '23:59:59.999999', '0044-03-15 00:00:00 BC', '2024-02-29 12:00:00.000001+02', E'tab\\t"quote" \\\\ é 🚀', 'short', '\\x00ff10', '{"a": [1, null, "é"]}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
           '{1,NULL,3}', '{"a b",NULL}'),
          (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
          (3, false, 0, 0, 'NaN', '-Infinity', 'NaN', 0, 0, 0, 'infinity', '00:00', '-infinity', '5000-01-01 00:00Z', '', '', '', 'null', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', '{}', '{}')""")
    sync(stream("t"))
    same = "b, i2::int8, i8, n::text, n15, n50, m::numeric, d, ti, ts, tz, tx, vc, by, u::text"
    got = db.execute("select b, i2, i8, n::text, n15, n50, m, d::text, ti, ts::text, tz, tx, vc, by, u, js, arr, txts, f4, f8 from target.t order by id")
    want = db.execute("select b, i2, i8, n::text, n15, n50, m::numeric, d::text, ti, ts::text, tz, tx, vc, by, u::text from public.t order by id")

    def plain(row):
        return [bytes(v) if isinstance(v, memoryview) else v for v in row]
    assert plain(got[0][:15]) == plain(want[0]) and plain(got[1][:15]) == plain(want[1])
    assert json.loads(got[0][15]) == {"a": [1, None, "é"]} and got[0][16:] == ([1, None, 3], ["a b", None], 1.5, 0.1)
    assert got[2][3] is None and got[2][7] is None and got[2][9] is None and got[2][18:] == (None, None), "what has no counterpart is null"
    changes = db.value("select array_agg(c ->> 'field' order by c ->> 'field') from target.t, jsonb_array_elements(_airbyte_meta -> 'changes') c where id = 3")
    assert changes == ["d", "f4", "f8", "n", "ts"]


def test_values_that_postgres_cannot_hold(millrace, db):
    """Driven by `write`: text with a zero byte, and JSON with one, are null with an entry, and the row stays."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "t": {"type": "string"}, "o": {"type": "object"}}}
    write = {"config.json": target_config(db), "catalog.json": {"streams": [{"stream": {"name": "t", "json_schema": schema, "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh",
                                                                             "destination_sync_mode": "overwrite", "generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}]}}
    for name, content in write.items():
        (millrace.folder / name).write_text(json.dumps(content))
    rows = [{"id": 1, "t": "a\0b", "o": {"k": "fine"}}, {"id": 2, "t": "fine", "o": {"k": "\0"}}]
    lines = [{"type": "RECORD", "record": {"stream": "t", "emitted_at": 1, "data": r}} for r in rows]
    lines.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": {"name": "t"}, "status": "COMPLETE"}}})
    millrace.run("connector", "destination-postgres", "write", "--config", "config.json", "--catalog", "catalog.json", input="".join(json.dumps(x) + "\n" for x in lines), expect=0)
    assert db.execute("select id, t, o, _airbyte_meta #>> '{changes,0,field}' from target.t order by id") == [(1, None, {"k": "fine"}, "t"), (2, "fine", None, "o")]


def test_values_that_postgres_cannot_hold_are_counted(millrace, db):
    (millrace.folder / "t.jsonl").write_text('{"id": 1, "t": "a\\u0000b"}\n{"id": 2, "t": "fine"}\n')
    source = "file", {"dataset_name": "t", "format": "jsonl", "url": str(millrace.folder / "t.jsonl"), "provider": {"storage": "local"}}
    report = millrace.sync(millrace.file(source, ("postgres", target_config(db))), "--json").json()
    assert [s["values_changed"] for s in report["streams"]] == [1]
    assert db.execute("select id, t from target.t order by id") == [(1, None), (2, "fine")]


def test_as_many_columns_as_a_table_has(sync, db):
    names = [f"c{i}" for i in range(1595)]
    db.execute(f"create table wide (id int, {', '.join(f'{n} int' for n in names)}); insert into wide (id, c0, c1594) values (1, 2, 3)")
    sync(stream("wide"))
    assert db.execute("select id, c0, c1594 from target.wide") == [(1, 2, 3)]
    db.execute("alter table wide add column one_more int")
    outcome = sync(stream("wide"), expect=1)
    assert "1600" in outcome.text and db.value("select count(*) from target.wide") == 1, "it is said, and the old table stays"


def test_one_value_of_64_mb(sync, db):
    db.execute("create table t (id int primary key, v text); insert into t select 1, repeat(md5(random()::text), 2 * 1024 * 1024); insert into t values (2, 'small')")
    sync(stream("t"))
    assert db.value("select count(*) from target.t join public.t using (id, v)") == 2
