"""PostgreSQL → local files in every sync mode: what arrives, what the state says, what a second sync does."""
import json

import pytest

from support import output_files
from support.postgres_tables import customers, incremental, stream


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def connection(millrace, db, out, *streams, **keys):
    return millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), streams=list(streams) or None, **keys) \
        if streams else millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), **keys)


def ids(out, name="customers"):
    return [r[0] for r in output_files.rows(out / "public" / name, "customer_id", "customer_id")]


def state(millrace, file):
    """The connection's state as a list of Airbyte's state messages."""
    document = millrace.run("state", "show", file, "--json", expect=0).json()
    return document["states"] if isinstance(document, dict) else document


def test_without_streams_everything_discovered_is_replaced(millrace, db, out):
    customers(db, 500)
    db.execute("create table orders (id int primary key); insert into orders values (1), (2)")
    file = connection(millrace, db, out)
    millrace.sync(file)
    assert ids(out) == list(range(1, 501))
    assert output_files.count(out / "public" / "orders") == 2
    db.execute("delete from customers where customer_id > 100; update customers set name = 'changed'")
    millrace.sync(file)
    assert ids(out) == list(range(1, 101))
    assert {r[0] for r in output_files.rows(out / "public" / "customers", "name")} == {"changed"}


def test_full_refresh_append_keeps_what_is_there(millrace, db, out):
    customers(db, 300)
    file = connection(millrace, db, out, stream(sync_mode="full_refresh_append"))
    millrace.sync(file)
    millrace.sync(file)
    assert ids(out) == sorted(list(range(1, 301)) * 2)


def test_values_are_the_source_s(millrace, db, out):
    customers(db, 3)
    millrace.sync(connection(millrace, db, out, metadata="none"))
    rows = output_files.rows(out / "public" / "customers", "customer_id, name, balance::varchar, updated_at::varchar", "customer_id")
    assert rows == [(i, f"customer {i}", f"{i * 1.25:.2f}", f"2025-01-01 00:00:0{i}.123456+00") for i in (1, 2, 3)]


class TestIncrementalAppend:
    def test_second_sync_brings_only_what_is_new(self, millrace, db, out):
        customers(db, 1000)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        files = output_files.visible(out)
        db.execute("insert into customers values (1001, 'new', 1, now())")
        millrace.sync(file)
        assert ids(out) == list(range(1, 1002))
        added = [f for f in output_files.visible(out) if f not in files]
        assert len(added) == 1 and added[0].stat().st_size < files[0].stat().st_size

    def test_sync_without_changes_adds_nothing(self, millrace, db, out):
        customers(db, 100)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        before = output_files.visible(out)
        for _ in range(3):
            millrace.sync(file)
        assert output_files.visible(out) == before

    def test_ties_at_the_saved_cursor_arrive_once(self, millrace, db, out):
        db.execute("create table customers (customer_id int primary key, updated_at timestamptz)")
        db.execute("insert into customers select i, '2025-03-01' from generate_series(1, 50) i")
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        db.execute("insert into customers select i, '2025-03-01' from generate_series(51, 80) i")
        millrace.sync(file)
        db.execute("insert into customers values (81, '2025-03-01'), (82, '2025-03-02')")
        millrace.sync(file)
        millrace.sync(file)
        assert ids(out) == list(range(1, 83))

    def test_a_row_replaced_at_the_saved_cursor_arrives(self, millrace, db, out):
        db.execute("create table customers (customer_id int primary key, name text, updated_at timestamptz)")
        db.execute("insert into customers values (1, 'a', '2025-03-01'), (2, 'b', '2025-03-01')")
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        db.execute("delete from customers where customer_id = 2; insert into customers values (3, 'c', '2025-03-01')")
        millrace.sync(file)
        assert ids(out) == [1, 2, 3]

    def test_late_rows_below_the_cursor_are_not_looked_for(self, millrace, db, out):
        customers(db, 10)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        db.execute("insert into customers values (11, 'late', 0, '2024-01-01')")
        millrace.sync(file)
        assert ids(out) == list(range(1, 11))

    def test_rows_without_a_cursor_value_are_warned_about(self, millrace, db, out):
        db.execute("create table customers (customer_id int primary key, updated_at timestamptz)")
        db.execute("insert into customers values (1, '2025-01-01'), (2, null), (3, null)")
        outcome = millrace.sync(connection(millrace, db, out, incremental()))
        assert ids(out) == [1]
        assert "updated_at" in outcome.text and "null" in outcome.text.lower(), outcome

    @pytest.mark.parametrize("cursor, kind, values", [
        ("n", "bigint", ["1", "2", "9223372036854775807"]),
        ("n", "numeric(30,10)", ["1.0000000001", "2", "12345678901234567890.0123456789"]),
        ("n", "text", ["'A'", "'b'", "'é'"]),
        ("n", "date", ["'2024-02-29'", "'2025-01-01'", "'9999-12-31'"]),
        ("n", "timestamp", ["'2025-01-01 00:00:00.000001'", "'2025-01-01 00:00:00.000002'", "'2025-01-01 00:00:00.999999'"]),
        ("n", "uuid", ["'00000000-0000-0000-0000-000000000001'", "'7fffffff-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000001'"]),
        ("n", "time", ["'00:00:00.000001'", "'12:00'", "'23:59:59.999999'"]),
    ])
    def test_cursor_types_keep_their_precision(self, millrace, db, out, cursor, kind, values):
        db.execute(f"create table customers (customer_id int primary key, {cursor} {kind})")
        file = connection(millrace, db, out, incremental(cursor=cursor))
        for i, value in enumerate(values):
            db.execute(f"insert into customers values ({i}, {value})")
            millrace.sync(file)
            assert ids(out) == list(range(i + 1)), value
        millrace.sync(file)
        assert ids(out) == list(range(len(values)))

    def test_full_refresh_flag_replaces_the_table(self, millrace, db, out):
        customers(db, 100)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        db.execute("delete from customers where customer_id <= 50")
        millrace.sync(file, "--full-refresh")
        assert ids(out) == list(range(51, 101))
        db.execute("insert into customers values (200, 'x', 0, now())")
        millrace.sync(file)
        assert ids(out) == [*range(51, 101), 200]


class TestState:
    def test_show_is_airbyte_s_state(self, millrace, db, out):
        customers(db, 10)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        [message] = state(millrace, file)
        assert message["type"] == "STREAM"
        assert message["stream"]["stream_descriptor"] == {"name": "customers", "namespace": "public"}
        saved = message["stream"]["stream_state"]
        assert saved["cursor_field"] == ["updated_at"]
        assert "2025-01-01" in saved["cursor"] and "10.123456" in saved["cursor"]

    def test_clear_reads_everything_again(self, millrace, db, out):
        customers(db, 10)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        millrace.run("state", "clear", file, expect=0)
        assert state(millrace, file) == []
        millrace.sync(file)
        assert ids(out) == sorted(list(range(1, 11)) * 2)

    def test_set_accepts_airbyte_s_own_state(self, millrace, db, out):
        customers(db, 10)
        file = connection(millrace, db, out, incremental())
        airbyte = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "customers", "namespace": "public"}, "stream_state": {
            "version": 2, "state_type": "cursor_based", "stream_name": "customers", "stream_namespace": "public", "cursor_field": ["updated_at"],
            "cursor": "2025-01-01T00:00:05.123456Z", "cursor_record_count": 1}}}]
        millrace.run("state", "set", file, input=json.dumps(airbyte), expect=0)
        millrace.sync(file)
        # Airbyte's state holds no hashes of the rows at the cursor: the one that was delivered repeats, later ones come.
        assert ids(out) == [5, 6, 7, 8, 9, 10] or ids(out) == [6, 7, 8, 9, 10]
        assert {6, 7, 8, 9, 10} <= set(ids(out))

    def test_what_show_prints_set_reads(self, millrace, db, out):
        customers(db, 10)
        file = connection(millrace, db, out, incremental())
        millrace.sync(file)
        shown = millrace.run("state", "show", file, "--json", expect=0).out
        before = state(millrace, file)
        millrace.run("state", "clear", file, expect=0)
        millrace.run("state", "set", file, input=shown, expect=0)
        assert state(millrace, file) == before
        db.execute("insert into customers values (11, 'new', 0, now())")
        millrace.sync(file)
        assert ids(out) == list(range(1, 12))

    def test_clear_of_one_stream_leaves_the_other(self, millrace, db, out):
        customers(db, 5)
        customers(db, 5, name="others")
        file = connection(millrace, db, out, incremental(), incremental("others"))
        millrace.sync(file)
        millrace.run("state", "clear", file, "--stream", "public.others", expect=0)
        assert [m["stream"]["stream_descriptor"]["name"] for m in state(millrace, file)] == ["customers"]

    def test_set_refuses_what_is_no_state(self, millrace, db, out):
        customers(db, 5)
        file = connection(millrace, db, out, incremental())
        outcome = millrace.run("state", "set", file, input="not json")
        assert outcome.code in (1, 2) and outcome.err.strip(), outcome


def test_stream_flag_syncs_one_stream(millrace, db, out):
    customers(db, 5)
    customers(db, 5, name="others")
    file = connection(millrace, db, out)
    millrace.sync(file, "--stream", "others")
    assert not (out / "public" / "customers").exists()
    assert output_files.count(out / "public" / "others") == 5


def test_table_without_rows_makes_its_table(millrace, db, out):
    db.execute("create table nothing (id int primary key, name text, at timestamptz)")
    file = connection(millrace, db, out, metadata="none")
    millrace.sync(file)
    table = output_files.table(out / "public" / "nothing")
    assert table.num_rows == 0 and table.column_names == ["id", "name", "at"]
    files = output_files.visible(out)
    db.execute("insert into nothing values (1, 'x', now())")
    millrace.sync(file)
    assert output_files.count(out / "public" / "nothing") == 1
    db.execute("delete from nothing")
    millrace.sync(file)
    assert output_files.count(out / "public" / "nothing") == 0 and files


def test_selected_columns_only(millrace, db, out):
    customers(db, 5)
    millrace.sync(connection(millrace, db, out, stream(selected_fields=["customer_id", "updated_at"]), metadata="none"))
    assert output_files.table(out / "public" / "customers").column_names == ["customer_id", "updated_at"]


def test_column_added_between_syncs(millrace, db, out):
    customers(db, 5)
    file = connection(millrace, db, out, incremental())
    millrace.sync(file)
    db.execute("alter table customers add extra int default 7; insert into customers values (6, 'x', 0, now(), 8)")
    millrace.sync(file)
    assert output_files.rows(out / "public" / "customers", "customer_id, extra", "customer_id")[-1] == (6, 8)
    assert [i for i in ids(out) if i != 5] == [1, 2, 3, 4, 6]
    assert ids(out).count(5) in (1, 2), "the row at the saved cursor value has a new column now: it may come as another row"
