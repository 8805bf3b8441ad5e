"""kill -9 at random points, then a clean run: no row is lost, none is doubled, and no reader ever sees half a table."""
import collections
import time

import pytest

from support import millrace_program, output_files
from support.overwrite_watch import OverwriteWatch

ROWS = 120_000
PARQUET = {"format_type": "Parquet"}


def source_table(db, rows=ROWS):
    db.execute(f"""create table t (id bigint primary key, gen int not null, updated_at timestamptz not null, filler text);
                   insert into t select i, 0, '2025-01-01 00:00Z', md5(i::text) from generate_series(1, {rows}) i""")


def next_generation(db):
    """Every row gets the next value of gen; as a new column with a default, which PostgreSQL makes without a rewrite."""
    generation = db.value("select gen from t limit 1") + 1
    db.execute(f"alter table t drop column gen, add column gen int not null default {generation}")
    return generation


def killed_sync(millrace, file, rng, seconds, only_parent=False):
    """Starts a sync and kills it after a random while of up to `seconds`. True when it was still running."""
    process = millrace.start("sync", file, stdout=open(millrace.folder / "killed.out", "ab"), stderr=open(millrace.folder / "killed.err", "ab"))
    time.sleep(rng.uniform(0, seconds))
    running = process.poll() is None
    if only_parent:
        process.kill()
    else:
        millrace_program.kill_group(process)
    process.wait()
    return running


def timed_sync(millrace, file, **more):
    started = time.monotonic()
    millrace.sync(file, **more)
    return time.monotonic() - started


def retried_sync(millrace, file):
    """A clean run. After a kill of the parent alone, the attempt may take up to 10 s to notice: until then the folder is locked."""
    deadline = time.monotonic() + 30
    while True:
        outcome = millrace.run("sync", file)
        if outcome.code == 0:
            return
        assert "lock" in outcome.err.lower() and time.monotonic() < deadline, outcome
        time.sleep(0.5)


def test_overwrite_is_all_or_nothing(millrace, db, tmp_path, rng, kills):
    source_table(db)
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": PARQUET}), streams=[{"name": "t", "namespace": "public"}])
    seconds = timed_sync(millrace, file) * 1.1
    running = 0
    with OverwriteWatch(out, tmp_path / "kept") as watch:
        for i in range(kills):
            next_generation(db)
            running += killed_sync(millrace, file, rng, seconds, only_parent=i % 5 == 4)
            if i % 3 == 2 or i == kills - 1:
                generation = next_generation(db)  # each sync copies rows that no other one does
                retried_sync(millrace, file)
                got = output_files.rows(out, "min(gen), max(gen), count(*), count(distinct id)")
                assert got == [(generation, generation, ROWS, ROWS)]
    assert watch.violations(ROWS) == [], "a reader saw a table that was not complete"
    assert len(set(watch.sightings)) > 1 and running > 0, "the kills hit nothing"


def test_full_refresh_append_adds_whole_copies(millrace, db, tmp_path, rng, kills):
    source_table(db, 60_000)
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": PARQUET}),
                         streams=[{"name": "t", "namespace": "public", "sync_mode": "full_refresh_append"}])
    seconds = timed_sync(millrace, file) * 1.1
    clean = 1
    for i in range(kills):
        killed_sync(millrace, file, rng, seconds)
        if i % 5 == 4:
            retried_sync(millrace, file)
            clean += 1
    per_id = {r[0] for r in output_files.rows(out, "count(*) over (partition by id)")}
    assert len(per_id) == 1, f"every row arrives equally often, not {per_id} times"
    [copies] = per_id
    assert clean <= copies <= clean + kills
    assert output_files.rows(out, "count(distinct id)") == [(60_000,)]


@pytest.mark.parametrize("place", ["local", "s3"])
def test_incremental_append_loses_none_and_doubles_none(millrace, db, tmp_path, request, rng, kills, place):
    source_table(db, 0)
    bucket = request.getfixturevalue("bucket") if place == "s3" else None
    out = tmp_path / "out"
    end = ("s3", bucket.config()) if bucket else ("local", {"path": str(out), "format": PARQUET})
    file = millrace.file(("postgres", db.config()), end, streams=[{"name": "t", "namespace": "public", "sync_mode": "incremental_append", "cursor_field": ["updated_at"]}])
    rows, seconds = 0, None

    def grow():
        nonlocal rows
        more = rng.randrange(1, 30_000)
        # whole seconds: many rows share a cursor value, also across syncs
        db.execute(f"insert into t select i, 0, timestamptz '2025-01-01 00:00Z' + (i / 5000) * interval '1 second', md5(i::text) from generate_series({rows + 1}, {rows + more}) i")
        rows += more

    grow()
    seconds = timed_sync(millrace, file) * 1.2
    for i in range(kills):
        grow()
        killed_sync(millrace, file, rng, seconds, only_parent=i % 7 == 6)
        if i % 4 == 3:
            retried_sync(millrace, file)
    retried_sync(millrace, file)
    folder = bucket.download(tmp_path / "downloaded") if bucket else out
    got = collections.Counter(r[0] for r in output_files.rows(folder, "id"))
    missing = [i for i in range(1, rows + 1) if i not in got]
    doubled = [i for i, n in got.items() if n > 1]
    assert not missing and not doubled, f"{len(missing)} of {rows} rows missing ({missing[:5]}), {len(doubled)} doubled ({doubled[:5]})"


def test_overwrite_in_a_bucket(millrace, db, bucket, tmp_path, rng, kills):
    source_table(db, 40_000)
    file = millrace.file(("postgres", db.config()), ("s3", bucket.config()), streams=[{"name": "t", "namespace": "public"}])
    seconds = timed_sync(millrace, file) * 1.1
    for i in range(kills // 2):
        generation = next_generation(db)
        killed_sync(millrace, file, rng, seconds)
        [(low, high, count)] = output_files.rows(bucket.download(tmp_path / f"mid{i}"), "min(gen), max(gen), count(*)")
        assert low <= high <= generation and count % 40_000 == 0 and count > 0, "what a reader finds after the kill is complete"
        if i % 3 == 2 or i == kills // 2 - 1:
            retried_sync(millrace, file)
            assert output_files.rows(bucket.download(tmp_path / f"end{i}"), "min(gen), max(gen), count(*), count(distinct id)") == [(generation, generation, 40_000, 40_000)]
    assert bucket.pending_uploads() == [], "uploads of dead attempts are withdrawn"


def test_interrupt_commits_what_it_can(millrace, db, tmp_path):
    """SIGINT: exit 130, and the next sync goes on from there."""
    import signal
    source_table(db, 400_000)
    out = tmp_path / "out"
    file = millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": PARQUET}),
                         streams=[{"name": "t", "namespace": "public", "sync_mode": "incremental_append", "cursor_field": ["updated_at"]}])
    process = millrace.start("sync", file, stdout=open(millrace.folder / "int.out", "wb"), stderr=open(millrace.folder / "int.err", "wb"))
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    code = process.wait(30)
    assert code in (130, 0), (code, (millrace.folder / "int.err").read_text())
    retried_sync(millrace, file)
    assert output_files.rows(out, "count(*), count(distinct id)") == [(400_000, 400_000)]
