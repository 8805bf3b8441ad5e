"""SIGINT in the middle of a sync."""
import signal
import time

from support import output_files
from support.sync_runs import timed_sync


def test_interrupt_commits_what_it_can(millrace, db, tmp_path):
    """SIGINT: exit 130, and the next sync goes on from there."""
    db.execute("""create table t (id bigint primary key, updated_at timestamptz not null, filler text);
                  insert into t select i, '2025-01-01 00:00Z', md5(i::text) from generate_series(1, 400000) i""")
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}),
                         streams=[{"name": "t", "namespace": "public", "sync_mode": "incremental_append", "cursor_field": ["updated_at"]}])
    process = millrace.start("sync", file, stdout=open(millrace.folder / "int.out", "wb"), stderr=open(millrace.folder / "int.err", "wb"))
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    code = process.wait(30)
    assert code in (130, 0), (code, (millrace.folder / "int.err").read_text())
    timed_sync(millrace, file)
    assert output_files.rows(out, "count(*), count(distinct id)") == [(400_000, 400_000)]
