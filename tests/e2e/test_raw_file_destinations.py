"""destination-local-json, destination-csv and destination-dev-null: Airbyte's files, under Airbyte's names and configurations."""
import csv
import json
import re
import time

import pytest

from support.postgres_tables import customers, stream

FAKER = ("faker", {"count": 50, "seed": 7})
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RawFiles:
    """One of the two destinations of raw files; .rows() reads what it wrote, as (id, emitted_at, data)."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder

    def end(self, **more):
        return self.kind, {"destination_path": str(self.folder), **more}

    def path(self, stream):
        return self.folder / f"_airbyte_raw_{stream}.{'csv' if self.kind == 'csv' else 'jsonl'}"

    def visible(self):
        return sorted(p.name for p in self.folder.iterdir() if p.name != "_airbyte_internal")

    def rows(self, stream, delimiter=","):
        with self.path(stream).open(newline="") as file:
            records = list(csv.DictReader(file, delimiter=delimiter)) if self.kind == "csv" else [json.loads(line) for line in file]
        for r in records:
            assert list(r) == ["_airbyte_ab_id", "_airbyte_emitted_at", "_airbyte_data"]
        data = [json.loads(r["_airbyte_data"]) if self.kind == "csv" else r["_airbyte_data"] for r in records]
        return [(r["_airbyte_ab_id"], int(r["_airbyte_emitted_at"]), d) for r, d in zip(records, data)]


@pytest.fixture(params=["csv", "local-json"])
def raw(request, tmp_path):
    return RawFiles(request.param, tmp_path / "out")


class TestRawFiles:
    def test_one_file_a_stream_replaced_whole(self, millrace, db, raw):
        customers(db, 120)
        file = millrace.file(("postgres", db.config()), raw.end(), metadata="classic")
        before = time.time() * 1000
        for _ in range(2):
            millrace.sync(file)
            assert raw.visible() == [raw.path("customers").name]
            rows = raw.rows("customers")
            assert sorted(d["customer_id"] for _, _, d in rows) == list(range(1, 121))
            assert len({i for i, _, _ in rows}) == 120 and all(UUID.fullmatch(i) for i, _, _ in rows)
            assert all(before - 1000 <= at <= time.time() * 1000 + 1000 for _, at, _ in rows)
        db.execute("delete from customers where customer_id > 100")
        millrace.sync(file)
        assert len(raw.rows("customers")) == 100

    def test_append_goes_on_in_the_same_file(self, millrace, db, raw):
        customers(db, 40)
        file = millrace.file(("postgres", db.config()), raw.end(), streams=[stream(sync_mode="incremental_append", cursor_field=["updated_at"])])
        millrace.sync(file)
        first = raw.rows("customers")
        millrace.sync(file)
        assert raw.rows("customers") == first, "nothing new: the file stays"
        db.execute("insert into customers values (1000, 'new', 1, '2031-01-01T00:00:00Z')")
        millrace.sync(file)
        rows = raw.rows("customers")
        assert rows[:40] == first and [d["customer_id"] for _, _, d in rows[40:]] == [1000]
        assert raw.visible() == [raw.path("customers").name]

    def test_what_airbyte_left_stays(self, millrace, raw):
        raw.folder.mkdir()
        old = {"_airbyte_ab_id": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "_airbyte_emitted_at": 1600000000000, "_airbyte_data": {"id": -1}}
        with raw.path("users").open("w", newline="") as out:
            if raw.kind == "csv":
                writer = csv.DictWriter(out, list(old))
                writer.writeheader()
                writer.writerow({**old, "_airbyte_data": json.dumps(old["_airbyte_data"])})
            else:
                out.write(json.dumps(old))  # without an end of line
        file = millrace.file(FAKER, raw.end(), streams=[{"name": "users", "sync_mode": "full_refresh_append"}])
        millrace.sync(file)
        millrace.sync(file)
        rows = raw.rows("users")
        assert rows[0] == (old["_airbyte_ab_id"], 1600000000000, {"id": -1}) and len(rows) == 101

    def test_prefix_and_odd_names(self, millrace, db, raw):
        db.execute('create table "Größe & Co" (id int primary key); insert into "Größe & Co" values (1)')
        millrace.sync(millrace.file(("postgres", db.config()), raw.end(), prefix="my-"))
        assert raw.visible() == [raw.path("my_Gr__e___Co").name]

    def test_a_stream_without_rows_has_its_file(self, millrace, db, raw):
        db.execute("create table nothing (id int primary key)")
        millrace.sync(millrace.file(("postgres", db.config()), raw.end()))
        assert raw.rows("nothing") == []
        assert raw.path("nothing").read_bytes().decode() == ("_airbyte_ab_id,_airbyte_emitted_at,_airbyte_data\r\n" if raw.kind == "csv" else "")

    def test_what_it_cannot_do_is_refused_by_name(self, millrace, db, raw):
        db.execute("create table things (id int primary key); create schema other; create table other.things (id int primary key)")
        source = ("postgres", db.config(schemas=["public", "other"]))
        outcome = millrace.sync(millrace.file(source, raw.end()), expect=None)
        assert outcome.code != 0 and raw.path("things").name in outcome.err, outcome
        one = [stream("things", sync_mode="full_refresh_overwrite")]
        outcome = millrace.sync(millrace.file(source, raw.end(), metadata="none", streams=one), expect=None)
        assert outcome.code != 0 and "metadata" in outcome.err, outcome
        dedup = [stream("things", sync_mode="full_refresh_overwrite_deduped", primary_key=[["id"]])]
        outcome = millrace.sync(millrace.file(source, raw.end(), streams=dedup), expect=None)
        assert outcome.code != 0 and "dedup" in outcome.err, outcome
        assert not raw.folder.exists() or raw.visible() == []


@pytest.mark.parametrize("escape,delimiter", [("\\u002c", ","), ("\\u003b", ";"), ("\\u007c", "|"), ("\\u0009", "\t"), ("\\u0020", " ")])
def test_csv_delimiters(millrace, tmp_path, escape, delimiter):
    raw = RawFiles("csv", tmp_path / "out")
    millrace.sync(millrace.file(FAKER, raw.end(delimiter_type={"delimiter": escape}), streams=[{"name": "users"}]))
    assert delimiter.join(("_airbyte_ab_id", "_airbyte_emitted_at", "_airbyte_data")) + "\r\n" in raw.path("users").read_bytes().decode()
    assert sorted(d["id"] for _, _, d in raw.rows("users", delimiter)) == list(range(1, 51))


class TestDevNull:
    USERS = [{"name": "users"}]

    def sync(self, millrace, test, **more):
        return millrace.sync(millrace.file(FAKER, ("dev-null", {"test_destination": test}), streams=self.USERS), "--json", **more)

    def test_silent_counts(self, millrace):
        outcome = self.sync(millrace, {"test_destination_type": "SILENT"})
        assert outcome.json()["records"] == 50

    @pytest.mark.parametrize("config,lines", [({"logging_type": "FirstN", "max_entry_count": 7}, 7), ({"logging_type": "EveryNth", "nth_entry_to_log": 10, "max_entry_count": 100}, 5),
                                              ({"logging_type": "RandomSampling", "sampling_ratio": 1, "seed": 1900, "max_entry_count": 3}, 3)])
    def test_logging_shows_rows(self, millrace, config, lines):
        file = millrace.file(FAKER, ("dev-null", {"test_destination": {"test_destination_type": "LOGGING", "logging_config": config}}), streams=self.USERS)
        outcome = millrace.sync(file, "--verbose")
        assert len(re.findall(r'users: \{.*"id":\d+', outcome.err)) == lines, outcome

    def test_throttled_takes_its_time(self, millrace):
        outcome = self.sync(millrace, {"test_destination_type": "THROTTLED", "millis_per_record": 20})
        assert outcome.json()["records"] == 50 and outcome.json()["elapsed_ms"] >= 50 * 20

    def test_failing_fails_after_its_rows(self, millrace):
        outcome = self.sync(millrace, {"test_destination_type": "FAILING", "num_messages": 49}, expect=1)
        assert "49" in outcome.json()["streams"][0]["error"]["message"], outcome
        self.sync(millrace, {"test_destination_type": "FAILING", "num_messages": 50})

    @pytest.mark.parametrize("test,named", [({}, "test_destination"), ({"test_destination_type": "LOUD"}, "test_destination"), ({"test_destination_type": "THROTTLED"}, "millis_per_record")])
    def test_faulty_configurations_are_refused(self, millrace, test, named):
        outcome = self.sync(millrace, test, expect=2)
        assert named in outcome.err, outcome
