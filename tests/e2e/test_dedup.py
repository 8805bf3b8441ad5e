"""Deduplicated tables of files: updates in place, and what a reader sees while syncs are killed."""
import time

import pytest

from support import output_files
from support.key_watch import KeyWatch
from test_crashes import killed_sync, retried_sync, timed_sync

ROWS = 60_000
STREAM = {"name": "t", "namespace": "public", "sync_mode": "incremental_deduped_history", "cursor_field": ["updated_at"], "primary_key": [["id"]]}
LOCAL = {"format": {"format_type": "Parquet"}, "dedup_target_file_size_mb": 1}


def source_table(db, rows=ROWS):
    db.execute(f"""create table t (id bigint primary key, v int not null, updated_at timestamptz not null, filler text);
                   insert into t select i, 0, '2025-01-01 00:00Z'::timestamptz + i * interval '1 second', md5(i::text) || md5((-i)::text)
                   from generate_series(1, {rows}) i""")


def change(db, rng, updates, inserts):
    """Some rows anywhere, and some new ones behind them; every change is newer than all before."""
    db.execute(f"""with m as (select max(updated_at) as at from t)
                   update t set v = v + 1, updated_at = m.at + t.id * interval '1 millisecond' from m
                   where id in (select 1 + (random() * ({ROWS} - 1))::int from generate_series(1, {updates}));
                   insert into t select m.id + i, 0, m.at + i * interval '1 second', md5(i::text) || md5((-i)::text)
                   from generate_series(1, {inserts}) i, (select max(id) as id, max(updated_at) as at from t) m""")


def same_as_source(db, out):
    got = output_files.rows(out, "count(*), count(distinct id), sum(v)")[0]
    expected = db.value("select count(*) || ',' || count(distinct id) || ',' || sum(v) from t")
    assert ",".join(str(x) for x in got) == expected


def test_an_update_replaces_its_file_only(millrace, db, tmp_path):
    source_table(db)
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), **LOCAL}), streams=[STREAM])
    millrace.sync(file)
    same_as_source(db, out)
    before = {p: p.stat().st_mtime_ns for p in output_files.visible(out)}
    assert len(before) > 1
    db.execute(f"update t set v = 7, updated_at = '2030-01-01 00:00Z' where id = {ROWS // 2}")
    millrace.sync(file)
    same_as_source(db, out)
    after = {p: p.stat().st_mtime_ns for p in output_files.visible(out)}
    assert after.keys() == before.keys() and sum(after[p] != before[p] for p in after) == 1


def test_killed_syncs_never_show_a_key_twice_or_none(millrace, db, tmp_path, rng, kills):
    source_table(db)
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), **LOCAL}), streams=[STREAM])
    millrace.sync(file)
    change(db, rng, 600, 200)
    seconds = timed_sync(millrace, file) * 1.1
    running = 0
    with KeyWatch(out, tmp_path / "kept") as watch:
        for i in range(kills):
            watch.committed = ROWS + 200 * (i + 1)
            change(db, rng, 600, 200)
            running += killed_sync(millrace, file, rng, seconds)
            retried_sync(millrace, file)
            same_as_source(db, out)
    assert watch.violations() == []
    assert len(watch.looks) > kills // 2 and running > 0, "the kills hit nothing"
    internal = [p for p in (out / "_airbyte_internal").rglob("*") if p.suffix in (".changes", ".staged")]
    assert internal == [], "a clean sync leaves nothing behind"


def test_a_key_is_needed(millrace, db, tmp_path):
    db.execute("create table t (id bigint, updated_at timestamptz)")
    stream = {k: v for k, v in STREAM.items() if k != "primary_key"}
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), **LOCAL}), streams=[stream])
    outcome = millrace.run("sync", file)
    assert outcome.code != 0 and "primary_key" in outcome.err
