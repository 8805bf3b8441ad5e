"""Deduplicated tables of files: updates in place. (Kills: test_survival.py.)"""
from support import output_files

ROWS = 60_000
STREAM = {"name": "t", "namespace": "public", "sync_mode": "incremental_deduped_history", "cursor_field": ["updated_at"], "primary_key": [["id"]]}
LOCAL = {"format": {"format_type": "Parquet"}, "dedup_target_file_size_mb": 1}


def source_table(db, rows=ROWS):
    db.execute(f"""create table t (id bigint primary key, v int not null, updated_at timestamptz not null, filler text);
                   insert into t select i, 0, '2025-01-01 00:00Z'::timestamptz + i * interval '1 second', md5(i::text) || md5((-i)::text)
                   from generate_series(1, {rows}) i""")


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
    merge = millrace.sync(file, "--json").json()["streams"][0]["merge"]
    assert (merge["files_replaced"], merge["files_added"], merge["files_removed"]) == (1, 0, 0) and merge["bytes_written"] > 0
    same_as_source(db, out)
    after = {p: p.stat().st_mtime_ns for p in output_files.visible(out)}
    assert after.keys() == before.keys() and sum(after[p] != before[p] for p in after) == 1


def test_a_key_is_needed(millrace, db, tmp_path):
    db.execute("create table t (id bigint, updated_at timestamptz)")
    stream = {k: v for k, v in STREAM.items() if k != "primary_key"}
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(tmp_path / "out"), **LOCAL}), streams=[stream])
    outcome = millrace.run("sync", file)
    assert outcome.code != 0 and "primary_key" in outcome.err
