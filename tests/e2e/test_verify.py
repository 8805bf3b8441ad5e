"""millrace verify: finds seeded faults, names them, and finds none where there are none."""
import threading

import pyarrow
import pyarrow.parquet
import pytest

from support import output_files
from support.postgres_tables import customers, incremental, stream, target_config

PARQUET = {"format_type": "Parquet"}


class Table:
    """One synced table on disk whose files a test may rewrite."""

    def __init__(self, millrace, folder, file):
        self.millrace, self.folder, self.file = millrace, folder, file

    def verify(self, *args, expect):
        outcome = self.millrace.run("verify", self.file, "--json", *args, expect=expect)
        [found] = outcome.json()["streams"]
        assert outcome.json()["status"] == found["status"] == ("same" if expect == 0 else "different"), outcome
        return found

    def rewrite(self, change):
        """Applies change(table) → table to the first file."""
        path = output_files.visible(self.folder, ".parquet")[0]
        table = change(pyarrow.parquet.read_table(path, partitioning=None))
        pyarrow.parquet.write_table(table, path)


@pytest.fixture
def lake(millrace, tmp_path):
    def make(source, streams=None, **keys):
        if streams:
            keys["streams"] = streams
        file = millrace.file(source, ("local", {"path": str(tmp_path / "lake"), "format": PARQUET}), **keys)
        millrace.sync(file)
        return Table(millrace, tmp_path / "lake", file)
    return make


def replaced(table, column, row, value):
    values = table.column(column).to_pylist()
    values[row] = value
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), pyarrow.array(values, table.schema.field(column).type))


EVERY_TYPE = """create table everything (id bigint primary key, i2 smallint, i4 int, n numeric, n0 numeric(12,0), n2 numeric(30,10), r real, d double precision, t text, c char(5), b boolean,
    bin bytea, day date, ts timestamp, tz timestamptz, tm time, j json, jb jsonb, u uuid, m money, a int[], ta text[], iv interval, ip inet);
    insert into everything select i, i % 100, -i, i / 7.0, i * 1000, i / 3.0, i / 3.0, i * 1e100, 'text ' || i, 'c' || i % 9, i % 2 = 0, decode(md5(i::text), 'hex'), date '1970-01-01' + i,
        timestamp '0044-03-15 BC' + i * interval '1 year', timestamptz '2024-01-01' + i * interval '1 us', time '00:00' + i * interval '1 s', ('{"b": 1.50, "a": [' || i || ']}')::json,
        ('{"b": 1.50, "a": [' || i || ']}')::jsonb, md5(i::text)::uuid, i::numeric::money, array[i, null], array['a"b', null], i * interval '1 hour', '10.0.0.1' from generate_series(1, 500) i;
    insert into everything (id) values (501); insert into everything (id, n, d) values (502, 'NaN', 'Infinity')"""


class TestSame:
    def test_every_type(self, db, lake):
        db.execute(EVERY_TYPE)
        found = lake(("postgres", db.config())).verify(expect=0)
        assert found["rows"] == {"source": 502, "destination": 502} and len(found["columns"]) == 24
        assert found["faults"] == {"missing": 0, "extra": 0, "different": 0, "doubled": 0, "at_least": False}

    @pytest.mark.parametrize("number_format", ["double", "string"])
    def test_number_formats(self, db, lake, number_format):
        db.execute("create table n (id int primary key, v numeric); insert into n select i, i / 4.0 from generate_series(1, 100) i")
        lake(("postgres", db.config()), number_format=number_format).verify(expect=0)

    def test_what_the_destination_could_not_hold_is_no_fault(self, db, lake):
        db.execute("create table n (id int primary key, v numeric); insert into n values (1, 1.5), (2, 12345678901234567890.123456789)")
        found = lake(("postgres", db.config()), number_format="double").verify(expect=0)
        assert found["noted"] == 1 and any("_airbyte_meta" in note for note in found["notes"])

    def test_numbers_that_became_text_on_the_way(self, db, lake):
        db.execute("create table n (id int primary key, v numeric); insert into n select i, i / 4.0 from generate_series(1, 100) i; insert into n values (101, 12345678901234567890.123456789)")
        lake(("postgres", db.config())).verify(expect=0)

    @pytest.mark.parametrize("mode", ["full_refresh_overwrite", "full_refresh_append", "incremental_append"])
    def test_modes(self, db, lake, mode):
        customers(db, 300)
        table = lake(("postgres", db.config()), [stream(sync_mode=mode, cursor_field=["updated_at"])] if "incremental" in mode else [stream(sync_mode=mode)])
        table.millrace.sync(table.file)
        found = table.verify(expect=0)
        assert found["sync_mode"] == mode
        assert found["compared_as"] == {"full_refresh_overwrite": "mirror", "full_refresh_append": "copies", "incremental_append": "history"}[mode]

    def test_selected_fields_prefix_and_s3(self, millrace, db, bucket):
        customers(db, 300)
        file = millrace.file(("postgres", db.config()), ("s3", bucket.config(format=PARQUET)), prefix="my_", streams=[stream(selected_fields=["customer_id", "balance"])])
        millrace.sync(file)
        outcome = millrace.run("verify", file, "--json", expect=0)
        assert outcome.json()["streams"][0]["columns"] == ["customer_id", "balance"]

    def test_an_empty_table_and_a_source_without_partitions(self, db, lake, millrace, tmp_path):
        db.execute("create table nothing (id int primary key)")
        assert lake(("postgres", db.config())).verify(expect=0)["rows"] == {"source": 0, "destination": 0}
        (tmp_path / "things.csv").write_text("id,name,price\n" + "".join(f"{i},thing {i},{i / 8}\n" for i in range(500)))
        source = ("file", {"dataset_name": "things", "format": "csv", "url": str(tmp_path / "things.csv"), "provider": {"storage": "local"}})
        file = millrace.file(source, ("local", {"path": str(tmp_path / "file"), "format": PARQUET}), name="file")
        millrace.sync(file)
        outcome = millrace.run("verify", file, expect=0)
        assert "the same in 1 stream\n" in outcome.out


class TestFaults:
    """Each fault is written into a data file behind Millrace's back."""

    @pytest.fixture
    def table(self, db, lake):
        customers(db, 5000)
        return lake(("postgres", db.config()))

    def test_one_bit_of_one_decimal(self, table, rng):
        row, bit = rng.randrange(5000), rng.randrange(20)
        before = {}

        def flip(t):
            before.update(t.slice(row, 1).to_pylist()[0])
            value = int(before["balance"].scaleb(2)) ^ (1 << bit)
            return replaced(t, "balance", row, type(before["balance"])(value).scaleb(-2))

        table.rewrite(flip)
        found = table.verify(expect=1)
        assert found["faults"]["different"] == 1 and found["different_columns"] == ["balance"]
        [faulty] = found["faulty_rows"]
        assert faulty["key"] == {"customer_id": str(before["customer_id"])}
        [column] = faulty["columns"]
        assert column["name"] == "balance" and float(column["source"]) == float(before["balance"]) != float(column["destination"])
        [place] = found["ranges"]
        assert int(place["from"]) <= before["customer_id"] < int(place["to"]) and place["columns"] == ["balance"]

    def test_one_missing_key(self, table, rng):
        row = rng.randrange(5000)
        keys = []
        table.rewrite(lambda t: keys.append(t.column("customer_id")[row].as_py()) or pyarrow.concat_tables([t.slice(0, row), t.slice(row + 1)]))
        found = table.verify(expect=1)
        assert found["faults"] == {"missing": 1, "extra": 0, "different": 0, "doubled": 0, "at_least": False}
        assert found["faulty_rows"] == [{"fault": "missing", "key": {"customer_id": str(keys[0])}}]
        assert found["rows"] == {"source": 5000, "destination": 4999}

    def test_one_row_twice(self, table):
        table.rewrite(lambda t: pyarrow.concat_tables([t, t.slice(17, 1)]))
        assert table.verify(expect=1)["faults"] == {"missing": 0, "extra": 0, "different": 0, "doubled": 1, "at_least": False}

    def test_values_of_two_rows_exchanged(self, table):
        table.rewrite(lambda t: replaced(replaced(t, "name", 3, t.column("name")[4].as_py()), "name", 4, t.column("name")[3].as_py()))
        found = table.verify(expect=1)
        assert found["faults"]["different"] == 2 and found["different_columns"] == ["name"]

    def test_a_null_and_an_empty_text(self, table):
        table.rewrite(lambda t: replaced(t.set_column(t.schema.get_field_index("name"), pyarrow.field("name", pyarrow.string()), t.column("name")), "name", 0, None))
        assert table.verify(expect=1)["faulty_rows"][0]["columns"][0]["destination"] == "null"

    def test_a_lost_column(self, table):
        table.rewrite(lambda t: t.drop_columns(["name"]))
        found = table.verify(expect=1)
        assert found["faults"]["different"] == 5000 and len(found["faulty_rows"]) == 20
        assert any("no column name" in note for note in found["notes"])

    def test_everything_lost(self, table):
        table.rewrite(lambda t: t.slice(0, 0))
        assert table.verify(expect=1)["faults"]["missing"] == 5000

    def test_the_report_for_people(self, table, db):
        db.execute("delete from customers where customer_id = 4711")
        table.rewrite(lambda t: replaced(t, "name", 0, "x" * 500))
        outcome = table.millrace.run("verify", table.file, expect=1)
        for text in ("+ customer_id=4711", "name: source customer ", "xxx… (500 bytes)", "1 of 1 stream not the same"):
            assert text in outcome.out, outcome

    def test_a_long_text_shows_where_it_differs(self, db, lake):
        db.execute("create table long (id int primary key, t text); insert into long values (1, repeat('a', 3000) || 'HERE' || repeat('b', 3000))")
        table = lake(("postgres", db.config()))
        table.rewrite(lambda t: replaced(t, "t", 0, "a" * 3000 + "THERE" + "b" * 3000))
        [column] = table.verify(expect=1)["faulty_rows"][0]["columns"]
        assert "HERE" in column["source"] and "THERE" in column["destination"] and len(column["source"]) < 200


class TestLiveData:
    def test_rows_after_the_last_sync_are_left_out(self, db, lake):
        customers(db, 1000)
        table = lake(("postgres", db.config()), [incremental(primary_key=[["customer_id"]])])
        db.execute("update customers set name = 'changed', updated_at = '2030-01-01Z' where customer_id <= 7; insert into customers values (2000, 'new', 1, '2030-01-02Z')")
        found = table.verify(expect=0)
        assert found["left_out"]["newer_at_source"] == 8 and found["left_out"]["replaced_at_source"] == 7
        assert found["rows"] == {"source": 993, "destination": 993} and found["saved_cursor"]
        table.millrace.sync(table.file)
        found = table.verify(expect=0)
        assert found["rows"] == {"source": 1001, "destination": 1008} and found["older_versions"] == 7

    def test_a_stale_row(self, db, lake):
        customers(db, 1000)
        table = lake(("postgres", db.config()), [incremental(primary_key=[["customer_id"]])])
        db.execute("update customers set name = 'changed behind the cursor' where customer_id = 500")
        found = table.verify(expect=1)
        assert found["faults"]["different"] == 1
        assert found["faulty_rows"][0]["columns"] == [{"name": "name", "source": "changed behind the cursor", "destination": "customer 500"}]

    def test_hard_deletes_are_extra_keys_and_explained(self, db, lake):
        customers(db, 1000)
        table = lake(("postgres", db.config()), [incremental(primary_key=[["customer_id"]])])
        db.execute("delete from customers where customer_id in (3, 900)")
        found = table.verify(expect=1)
        assert found["faults"]["extra"] == 2
        assert sorted(r["key"]["customer_id"] for r in found["faulty_rows"]) == ["3", "900"]
        assert any("deleted at the source" in note and "CDC" in note for note in found["notes"])

    def test_while_the_source_is_written(self, db, lake):
        """Updates and inserts go on beyond the cursor during both readings; nothing of them shows."""
        customers(db, 20000)
        table = lake(("postgres", db.config()), [incremental(primary_key=[["customer_id"]])])
        stop, writes = threading.Event(), []

        def write():
            connection = db.connect()
            connection.autocommit = True
            with connection.cursor() as cursor:
                while not stop.is_set():
                    i = len(writes)
                    cursor.execute("update customers set name = 'later', updated_at = clock_timestamp() where customer_id = %s", [i * 7 % 20000])
                    cursor.execute("insert into customers values (%s, 'new', 1, clock_timestamp())", [100000 + i])
                    writes.append(i)
            connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                found = table.verify(expect=0)
        finally:
            stop.set()
            writer.join()
        assert found["left_out"]["newer_at_source"] > 0 and len(writes) > 10

    def test_without_a_primary_key(self, db, lake):
        db.execute("create table log (at timestamptz, line text); insert into log select timestamptz '2025-01-01' + i % 10 * interval '1 s', 'line ' || i % 50 from generate_series(1, 1000) i")
        table = lake(("postgres", db.config()))
        assert table.verify(expect=0)["primary_key"] == []
        table.rewrite(lambda t: replaced(t, "line", 0, "other"))
        found = table.verify(expect=1)
        assert found["faults"]["missing"] == 1 and found["faults"]["extra"] == 1 and found["different_columns"] == ["line"]


class TestDeduplicated:
    DEDUP = {"sync_mode": "incremental_deduped_history", "cursor_field": ["updated_at"], "primary_key": [["customer_id"]]}

    def test_on_files(self, db, lake):
        customers(db, 2000)
        table = lake(("postgres", db.config()), [stream(**self.DEDUP)])
        db.execute("update customers set name = 'changed', updated_at = '2030-01-01Z' where customer_id % 5 = 0")
        assert table.verify(expect=0)["left_out"]["replaced_at_source"] == 400
        table.millrace.sync(table.file)
        found = table.verify(expect=0)
        assert found["compared_as"] == "mirror" and found["rows"] == {"source": 2000, "destination": 2000} and found["older_versions"] == 0
        db.execute("delete from customers where customer_id = 77")
        assert table.verify(expect=1)["faulty_rows"] == [{"fault": "extra", "key": {"customer_id": "77"}}]

    def test_in_postgres(self, millrace, db):
        customers(db, 2000)
        file = millrace.file(("postgres", db.config()), ("postgres", target_config(db)), destination_namespace="destination", streams=[stream(**self.DEDUP)])
        millrace.sync(file)
        db.execute("update customers set name = 'changed', updated_at = '2030-01-01Z' where customer_id = 5")
        millrace.sync(file)
        assert millrace.run("verify", file, "--json", expect=0).json()["streams"][0]["rows"] == {"source": 2000, "destination": 2000}
        db.execute("update target.customers set balance = balance + 0.01 where customer_id = 9; update target.customers set name = 'changed' where customer_id = 10; "
                   "delete from target.customers where customer_id = 11; insert into target.customers select (jsonb_populate_record(t, '{\"customer_id\": 9999}')).* from target.customers t limit 1")
        [found] = millrace.run("verify", file, "--json", expect=1).json()["streams"]
        assert found["faults"] == {"missing": 1, "extra": 1, "different": 2, "doubled": 0, "at_least": False}
        assert {(r["fault"], r["key"]["customer_id"]) for r in found["faulty_rows"]} == {("missing", "11"), ("extra", "9999"), ("different", "9"), ("different", "10")}

    def test_every_type_in_postgres(self, millrace, db):
        db.execute(EVERY_TYPE)
        file = millrace.file(("postgres", db.config()), ("postgres", target_config(db)), destination_namespace="destination")
        millrace.sync(file)
        [found] = millrace.run("verify", file, "--json", expect=0).json()["streams"]
        assert found["rows"] == {"source": 502, "destination": 502}


class TestUsage:
    def test_what_cannot_be_compared_says_why(self, millrace, db, tmp_path):
        customers(db, 10)
        never = millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "never"), "format": PARQUET}))
        outcome = millrace.run("verify", never, expect=1)
        assert "sync it first" in outcome.out, outcome
        null = millrace.file(("postgres", db.config()), ("dev-null", {"test_destination": {"test_destination_type": "SILENT"}}), name="null")
        assert "can't read back" in millrace.run("verify", null, expect=2).err
        assert millrace.run("verify", tmp_path / "nowhere.yaml", expect=2).err
        assert "no such stream" in millrace.run("verify", never, "--stream", "custommers", expect=1).err

    def test_it_changes_nothing(self, millrace, db, lake):
        customers(db, 10)
        table = lake(("postgres", db.config()), [incremental(primary_key=[["customer_id"]])])
        before = millrace.run("state", "show", table.file).out
        table.verify(expect=0)
        assert millrace.run("state", "show", table.file).out == before
        assert output_files.count(table.folder) == 10


@pytest.mark.torture
def test_one_missing_key_in_six_million(db, lake):
    db.execute("create table big (id bigint primary key, n numeric(12,2), t text); insert into big select i, i / 100.0, 'text ' || i from generate_series(1, 6000000) i")
    table = lake(("postgres", db.config()))
    table.rewrite(lambda t: pyarrow.concat_tables([t.slice(0, 1000), t.slice(1001)]))
    found = table.verify(expect=1)
    assert found["faults"] == {"missing": 1, "extra": 0, "different": 0, "doubled": 0, "at_least": False} and len(found["faulty_rows"]) == 1
