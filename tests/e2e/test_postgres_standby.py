"""source-postgres reads from a real standby, which cancels the read in its middle: the sync goes on by itself, and no row is lost or doubled."""
import time

import pytest

from e2e.test_postgres_resume import ROWS, wide  # noqa: F401 (a fixture)
from support import output_files
from support.fault_proxy import FaultProxy
from support.millrace_program import kill_group
from support.postgres_standby import PostgresStandby

MEGABYTE = 1 << 20
CANCELED = "conflict with recovery"  # the server's words, or ours where only the snapshot's own connection was ended
WAYS = {
    "full_refresh": ("Standard", {"sync_mode": "full_refresh_overwrite"}),
    "cursor": ("Standard", {"sync_mode": "incremental_append", "cursor_field": ["seen"]}),
    "xmin": ("Xmin", {"sync_mode": "incremental_append"}),
}


@pytest.fixture(scope="module")
def standby(server_folder, postgres):
    with PostgresStandby(server_folder / "standby", postgres) as server:
        yield server


@pytest.fixture
def replayed(wide, standby):  # noqa: F811
    """The table, and another one whose vacuum is a conflict with whatever is read."""
    wide.execute("create table other (id int); insert into other select generate_series(1, 1000)")
    standby.catch_up()
    return wide


def conflict(db, standby):
    """Rows that a reader of the standby may still see go from a table that he does not read."""
    db.execute("delete from other where id in (select id from other limit 100)")
    db.execute("vacuum other")
    standby.catch_up()


def connection(millrace, db, port, out, way, **config):
    method, modes = WAYS[way]
    source = db.config(host="127.0.0.1", port=port, replication_method={"method": method}, checkpoint_target_interval_seconds=1, ssl_mode={"mode": "disable"}, **config)
    return millrace.file(("postgres", source), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), streams=[{"name": "t", "namespace": "public", **modes}])


@pytest.mark.parametrize("way", ["full_refresh", pytest.param("cursor", marks=pytest.mark.torture), "xmin"])
def test_a_canceled_read_is_tried_again(millrace, replayed, standby, tmp_path, way):
    out = tmp_path / "out"
    with FaultProxy("127.0.0.1", standby.port) as proxy:
        file = connection(millrace, replayed, proxy.port, out, way)
        proxy.throttle(10 * MEGABYTE)
        before = standby.conflicts(replayed.name)
        log = tmp_path / "log"
        with open(log, "wb") as out_and_err:
            process = millrace.start("sync", file, stdout=out_and_err, stderr=out_and_err)
        try:
            while proxy.bytes_from_server < 10 * MEGABYTE:
                assert process.poll() is None, log.read_text()
                time.sleep(0.02)
            conflict(replayed, standby)
            proxy.throttle(None)
            assert process.wait(120) == 0, log.read_text()
        finally:
            kill_group(process)
            process.wait()
        said = log.read_text()
        assert standby.conflicts(replayed.name) > before, "nothing was canceled"
        assert CANCELED in said, said
        assert output_files.rows(out, "count(*), count(distinct id), min(id), max(id)") == [(ROWS, ROWS, 1, ROWS)]
        if way != "full_refresh":
            replayed.execute(f"insert into t values ({ROWS} + 1, 10001, 'new')")
            standby.catch_up()
            for _ in range(20):  # autovacuum's own transactions hold new rows back while they run
                millrace.sync(file)
                if (got := output_files.rows(out, "count(distinct id), max(id)")) == [(ROWS + 1, ROWS + 1)]:
                    break
                time.sleep(0.5)
            assert got == [(ROWS + 1, ROWS + 1)]


@pytest.mark.torture
def test_a_standby_that_never_lets_a_read_end(millrace, replayed, standby, tmp_path):
    """Each attempt is canceled: the sync gives up, says why, and shows nothing."""
    with FaultProxy("127.0.0.1", standby.port) as proxy:
        file = connection(millrace, replayed, proxy.port, tmp_path / "out", "full_refresh")
        proxy.throttle(20 * MEGABYTE)
        log = tmp_path / "log"
        with open(log, "wb") as out_and_err:
            process = millrace.start("sync", file, stdout=out_and_err, stderr=out_and_err)
        try:
            seen = 0
            while process.poll() is None:
                if proxy.bytes_from_server > seen + 4 * MEGABYTE:
                    conflict(replayed, standby)
                    seen = proxy.bytes_from_server
                time.sleep(0.02)
        finally:
            kill_group(process)
            process.wait()
    said = log.read_text()
    assert process.returncode == 1 and CANCELED in said, said
    assert output_files.visible(tmp_path / "out") == []
