"""A full refresh that is killed in the middle of a table goes on there, in the next attempt and in the next sync; no row is lost or doubled,
and no reader sees a part of it. What can't be gone on with is read from its start, and a log line says so."""
import json
import time

import pyarrow.parquet
import pytest

from support.fault_proxy import FaultProxy
from support.millrace_program import kill_group
from support.table_places import PLACES, Local

ROWS = 60_000  # 1 KB each: 8,572 pages, 8 ranges
THROTTLED = 3 << 20  # bytes a second of each of two connections: a whole read takes ten seconds, and states can be looked at meanwhile
MODES = ["full_refresh_overwrite", "full_refresh_append", "full_refresh_overwrite_deduped"]
PLACED = ["local", "s3", "postgres"]


def found(target):
    """What a reader finds: rows, ids, the newest gen."""
    rows = target.rows()
    return len(rows), len({row[0] for row in rows}), max((row[1] for row in rows), default=None)


NOTHING = (0, 0, None)


@pytest.fixture
def wide(db):
    db.execute("create table t (id int primary key, filler text, gen int); alter table t alter filler set storage plain")
    fill(db)
    return db


def fill(db):
    db.execute(f"insert into t select i, repeat('x', 1000), 1 from generate_series(1, {ROWS}) i")


@pytest.fixture
def proxy(wide):
    with FaultProxy("127.0.0.1", wide.server.port) as proxy:
        yield proxy


def connection(millrace, wide, proxy, end, mode, **keys):
    source = wide.config(checkpoint_target_interval_seconds=1, ssl_mode={"mode": "disable"}, host="127.0.0.1", port=proxy.port)
    stream = {"name": "t", "namespace": "public", "sync_mode": mode}
    if mode.endswith("deduped"):
        stream["primary_key"] = [["id"]]
    if end[0] == "postgres":
        keys["destination_namespace"] = "destination"  # not beside the table that is read
    return millrace.file(("postgres", source), end, streams=[stream], **keys)


def saved_state(millrace, file):
    document = millrace.run("state", "show", file, "--json", expect=0).json()
    states = document["states"] if isinstance(document, dict) else document
    return states[0]["stream"]["stream_state"] if states else {}


def page(state):
    return int(state["ctid"][1:].split(",")[0]) if state.get("state_type") == "ctid" else 0


FLUSH_STATISTICS = "select pg_stat_force_next_flush()"  # the server tells of changes at once
LOSE_CONNECTIONS = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'millrace' and datname = current_database()"


def killed_at(millrace, wide, file, proxy, share):
    """A sync that is killed once its state says that this share of the table has been read."""
    proxy.throttle(THROTTLED)
    wanted = share * ROWS / 7
    process = millrace.start("sync", file)
    try:
        while page(state := saved_state(millrace, file)) < wanted:
            assert process.poll() is None, "the sync ended before it had the state"
            time.sleep(0.05)
    finally:
        kill_group(process)
        process.wait()
    wide.execute(LOSE_CONNECTIONS)  # the proxy would keep them, and their locks
    proxy.throttle(None)
    assert state["relation_filenode"], state
    return state


def synced(millrace, file):
    """A sync that succeeds: how many rows it read, and all it said."""
    outcome = millrace.sync(file, "--json", "--verbose")
    return json.loads(outcome.out)["streams"][0]["records_read"], outcome.err


@pytest.mark.parametrize("place", PLACED)
@pytest.mark.parametrize("mode", MODES)
def test_a_killed_full_refresh_goes_on(millrace, wide, proxy, tmp_path, request, mode, place):
    target = PLACES[place](wide, request)
    file = connection(millrace, wide, proxy, target.destination(), mode)
    first = killed_at(millrace, wide, file, proxy, 0.25)
    assert found(target) == NOTHING, "no part of it is seen"
    second = killed_at(millrace, wide, file, proxy, 0.6)
    assert page(second) >= page(first)
    assert found(target) == NOTHING
    before = proxy.bytes_from_server
    read, said = synced(millrace, file)
    assert read < ROWS * 0.45 and "its interrupted read goes on after" in said
    assert proxy.bytes_from_server - before < ROWS * 1000 * 0.6
    assert found(target) == (ROWS, ROWS, 1)
    assert not target.left_behind()
    # It is complete: the next one reads everything, and one that is killed leaves the table as it is.
    wide.execute("update t set gen = 2")
    wide.execute("vacuum full t")
    wide.execute(FLUSH_STATISTICS)
    read, _ = synced(millrace, file)
    copies = 2 if mode == "full_refresh_append" else 1
    assert read == ROWS
    assert found(target) == (copies * ROWS, ROWS, 2)
    killed_at(millrace, wide, file, proxy, 0.5)
    assert found(target) == (copies * ROWS, ROWS, 2)
    read, _ = synced(millrace, file)
    assert read < ROWS * 0.6
    copies += mode == "full_refresh_append"
    assert found(target) == (copies * ROWS, ROWS, 2)
    assert not target.left_behind()


@pytest.mark.parametrize("place", PLACED)
def test_a_lost_connection_is_an_attempt_that_goes_on(millrace, wide, proxy, tmp_path, request, place):
    """The same sync tries again, and its retry goes on."""
    target = PLACES[place](wide, request)
    file = connection(millrace, wide, proxy, target.destination(), "full_refresh_overwrite")
    proxy.throttle(THROTTLED)
    said = tmp_path / "said"
    process = millrace.start("sync", file, "--verbose", stderr=open(said, "wb"))
    try:
        while page(saved_state(millrace, file)) < 0.5 * ROWS / 7:
            assert process.poll() is None
            time.sleep(0.05)
        before = proxy.bytes_from_server
        proxy.throttle(None)
        wide.execute(LOSE_CONNECTIONS)
        assert process.wait(120) == 0, said.read_text()
    finally:
        kill_group(process)
    assert "goes on after" in said.read_text() and proxy.bytes_from_server - before < ROWS * 1000 * 0.8
    assert found(target) == (ROWS, ROWS, 1)
    assert not target.left_behind()


CHANGES = {
    "vacuum_full": ("vacuum full t", "the table was rewritten"),
    "truncated": ("truncate t", "the table was rewritten"),
    "updated": ("update t set gen = 2 where id = 7", "rows of the table were updated or deleted"),
    "column_added_anew": ("alter table t drop column gen; alter table t add column gen int default 5", "was altered"),
    "column_added": ("alter table t add column more int default 5", "have changed since its full refresh was interrupted"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode, place", [("full_refresh_overwrite", "local"), ("full_refresh_append", "postgres")])
def test_a_table_that_changed_is_read_from_its_start(millrace, wide, proxy, tmp_path, request, mode, place, change):
    target = PLACES[place](wide, request)
    file = connection(millrace, wide, proxy, target.destination(), mode)
    killed_at(millrace, wide, file, proxy, 0.5)
    sql, why = CHANGES[change]
    for statement in sql.split(";"):
        wide.execute(statement)
    if change == "truncated":
        fill(wide)
    wide.execute(FLUSH_STATISTICS)
    read, said = synced(millrace, file)
    assert read == ROWS and said.count("it is read from its start") == 1 and why in said
    assert found(target) == (ROWS, ROWS, {"updated": 2, "column_added_anew": 5}.get(change, 1))
    if change == "column_added_anew":
        assert {row[1] for row in target.rows()} == {5}
    assert not target.left_behind()


@pytest.mark.parametrize("how", ["full_refresh", "clear", "elsewhere"])
def test_who_wants_it_anew_gets_it_anew(millrace, wide, proxy, tmp_path, request, how):
    target = Local(wide, request)
    file = connection(millrace, wide, proxy, target.destination(), "full_refresh_append")
    killed_at(millrace, wide, file, proxy, 0.5)
    if how == "elsewhere":  # the destination does not have what was committed
        target.folder = tmp_path / "elsewhere"
        file = connection(millrace, wide, proxy, target.destination(), "full_refresh_append")
    if how == "clear":
        millrace.run("state", "clear", file, expect=0)
    outcome = millrace.sync(file, "--json", *(["--full-refresh"] if how == "full_refresh" else []))
    assert json.loads(outcome.out)["streams"][0]["records_read"] == ROWS
    assert ("the destination does not have" in outcome.text) == (how == "elsewhere")
    assert found(target) == (ROWS, ROWS, 1)


def test_raw_tables_go_on_with_their_streams(millrace, wide, proxy, tmp_path, request):
    target = Local(wide, request)
    file = connection(millrace, wide, proxy, target.destination(), "full_refresh_overwrite", normalization="basic", raw_tables=True)
    def tables():
        """Rows of each folder with files; a raw table's name begins with '_'."""
        files = [p for p in target.folder.rglob("*.parquet") if "_airbyte_internal" not in p.parts]
        return {folder.name: sum(pyarrow.parquet.read_metadata(p).num_rows for p in files if p.parent == folder) for folder in {p.parent for p in files}}

    killed_at(millrace, wide, file, proxy, 0.6)
    assert tables() == {}
    assert synced(millrace, file)[0] < ROWS * 0.5
    assert tables() == {"t": ROWS, "_airbyte_raw_t": ROWS}


def test_a_platform_that_gives_a_reader_the_state_has_it_go_on(millrace, db, tmp_path):
    db.execute("create table t as select i as id from generate_series(1, 10) i")
    (tmp_path / "config.json").write_text(json.dumps(db.config()))
    discovered = millrace.run("connector", "source-postgres", "discover", "--config", "config.json", expect=0).messages()
    [stream] = next(m["catalog"]["streams"] for m in discovered if m["type"] == "CATALOG")
    assert stream["is_resumable"]
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}))

    def read(state):
        (tmp_path / "state.json").write_text(json.dumps([{"type": "STREAM", "stream": {"stream_descriptor": {"name": "t", "namespace": "public"}, "stream_state": state}}]))
        messages = millrace.run("connector", "source-postgres", "read", "--config", "config.json", "--catalog", "catalog.json", "--state", "state.json", expect=0).messages()
        states = [m["state"]["stream"]["stream_state"] for m in messages if m["type"] == "STATE"]
        return sorted(m["record"]["data"]["id"] for m in messages if m["type"] == "RECORD"), states

    half = {"version": 2, "state_type": "ctid", "ctid": "(0,6)", "relation_filenode": db.value("select pg_relation_filenode('t')")}
    ids, [last] = read(half)
    assert ids == [7, 8, 9, 10] and last["__ab_no_cursor_state_message"]
    assert read(last)[0] == list(range(1, 11)), "it was complete: all of it again"
    assert read({})[0] == list(range(1, 11))
    db.execute("vacuum full t")
    ids, states = read(half)
    assert ids == list(range(1, 11)) and states[0] == {}, "the old state is taken back first"
