"""A first read that is killed goes on where it was; updates by transaction ids; time-outs in the middle."""
import time

import pytest

from support import output_files
from support.fault_proxy import FaultProxy
from support.millrace_program import kill_group

ROWS = 120_000  # 1 KB each: 17,143 pages, 17 ranges


@pytest.fixture
def wide(db):
    db.execute(f"""create table t (id int primary key, seen int, filler text);
                   alter table t alter filler set storage plain;
                   insert into t select i, i / 100, repeat('x', 1000) from generate_series(1, {ROWS}) i""")
    return db


def connection(millrace, db, out, method, **config):
    stream = {"name": "t", "namespace": "public", "sync_mode": "incremental_append"}
    if method == "Standard":
        stream["cursor_field"] = ["seen"]
    source = db.config(replication_method={"method": method}, checkpoint_target_interval_seconds=1, ssl_mode={"mode": "disable"}, **config)
    return millrace.file(("postgres", source), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), streams=[stream])


def saved_state(millrace, file):
    document = millrace.run("state", "show", file, "--json", expect=0).json()
    states = document["states"] if isinstance(document, dict) else document
    return states[0]["stream"]["stream_state"] if states else {}


def killed_once_it_has_a_state(millrace, file):
    """Starts a sync and kills it as soon as there is a state in the middle of the table."""
    before = saved_state(millrace, file)
    process = millrace.start("sync", file)
    try:
        while (state := saved_state(millrace, file)) == before:
            assert process.poll() is None, "the sync ended before it had a state"
            time.sleep(0.05)
    finally:
        kill_group(process)
        process.wait()
    assert state["state_type"] == "ctid" and state["relation_filenode"], state
    return state


@pytest.mark.parametrize("method", ["Xmin", "Standard"])
def test_a_killed_first_read_goes_on(millrace, wide, tmp_path, method):
    with FaultProxy("127.0.0.1", wide.server.port) as proxy:
        out = tmp_path / "out"
        file = connection(millrace, wide, out, method, host="127.0.0.1", port=proxy.port)
        proxy.throttle(10 << 20)
        first = killed_once_it_has_a_state(millrace, file)
        second = killed_once_it_has_a_state(millrace, file)
        assert second["ctid"] != first["ctid"]
        proxy.throttle(None)
        before = proxy.bytes_from_server
        millrace.sync(file)
        assert proxy.bytes_from_server - before < ROWS * 1000, "the table was read from its start"
        assert output_files.rows(out, "count(*), count(distinct id), min(id), max(id)") == [(ROWS, ROWS, 1, ROWS)]
        state = saved_state(millrace, file)
        assert state["state_type"] == {"Xmin": "xmin", "Standard": "cursor_based"}[method]
        wide.execute(f"update t set seen = 10000 where id = 5; insert into t values ({ROWS} + 1, 10001, 'new')")
        millrace.sync(file)
        assert output_files.rows(out, "count(*), count(distinct id)") == [(ROWS + 2, ROWS + 1)]


def test_a_statement_timeout_costs_one_range(millrace, wide, tmp_path):
    """Each range is a statement of its own; an attempt that hits the time-out goes on from the last checkpoint."""
    role = "hurried"
    wide.execute(f"create role {role} login password 'reader-pw-7Kx2' in role pg_read_all_data")
    try:
        with FaultProxy("127.0.0.1", wide.server.port) as proxy:
            out = tmp_path / "out"
            file = connection(millrace, wide, out, "Xmin", host="127.0.0.1", port=proxy.port, username=role)
            proxy.throttle(10 << 20)
            killed_once_it_has_a_state(millrace, file)
            wide.execute(f"alter role {role} set statement_timeout = '20ms'")
            outcome = millrace.sync(file, expect=1)
            assert "statement timeout" in outcome.text and "statement_timeout" in outcome.text
            proxy.throttle(None)
            wide.execute(f"alter role {role} reset statement_timeout")
            millrace.sync(file)
            assert output_files.rows(out, "count(*), count(distinct id)") == [(ROWS, ROWS)]
    finally:
        wide.execute(f"drop role {role}")


def test_a_lost_backend_is_an_attempt_that_goes_on(millrace, wide, tmp_path):
    """57P01, as from a restart or a standby's recovery conflict: the same sync tries again from its last checkpoint."""
    out = tmp_path / "out"
    with FaultProxy("127.0.0.1", wide.server.port) as proxy:
        file = connection(millrace, wide, out, "Xmin", host="127.0.0.1", port=proxy.port)
        proxy.throttle(10 << 20)
        process = millrace.start("sync", file)
        try:
            while not saved_state(millrace, file):
                assert process.poll() is None
                time.sleep(0.05)
            proxy.throttle(None)
            wide.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'millrace' and datname = current_database()")
            assert process.wait(120) == 0
        finally:
            kill_group(process)
    assert output_files.rows(out, "count(*), count(distinct id)") == [(ROWS, ROWS)]
