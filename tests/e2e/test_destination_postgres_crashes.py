"""destination-postgres under kill -9 and under faults at single SQL statements: no row is lost, none is doubled, and no reader ever sees half a table."""
import random

import pytest

from e2e.test_crashes import killed_sync, retried_sync, timed_sync
from support.postgres_tables import left_behind, target_config
from support.statement_proxy import StatementProxy

KEY = {"primary_key": [["id"]]}
CURSOR = {"cursor_field": ["updated_at"]}
MODES = {
    "full_refresh_overwrite": {},
    "full_refresh_append": {},
    "full_refresh_overwrite_deduped": KEY,
    "incremental_append": CURSOR,
    "incremental_deduped_history": {**KEY, **CURSOR},
}


def source_table(db):
    db.execute("create table t (id bigint primary key, gen int not null, updated_at timestamptz not null, filler text)")


def grow(db, rng, most):
    """More rows, none of them older than one that is there. Whole seconds: many rows share a cursor value, also across syncs."""
    [(first, newest)] = db.execute("select coalesce(max(id), 0), coalesce(max(updated_at), '2025-01-01 00:00Z') from t")
    db.execute("insert into t select i, 0, %s + (i - %s) / 2000 * interval '1 second', md5(i::text) from generate_series(%s + 1, %s) i",
               (newest, first, first, first + rng.randrange(1, most)))


def change(db, rng):
    """Some rows become newer than all others."""
    db.execute("update t set gen = gen + 1, updated_at = (select max(updated_at) + interval '1 second' from t) where id %% 7 = %s", (rng.randrange(7),))


def prepare(db, rng, mode, most):
    grow(db, rng, most)
    if mode == "incremental_deduped_history":
        change(db, rng)


def check(db, mode, clean_runs, runs):
    """What a reader finds after a clean run. `clean_runs`: how many copies a full refresh that appends must have at least."""
    if mode == "full_refresh_append":
        assert db.value("select count(distinct id) from target.t") == db.value("select count(*) from public.t")
        oldest = db.value("select count(*) from target.t where id = 1")
        assert clean_runs <= oldest <= runs, (clean_runs, oldest, runs)
        # each run adds whole copies of a table that only grows: later ids never come more often than earlier ones
        assert db.value("select count(*) from (select id, count(*) n, lag(count(*)) over (order by id) before from target.t group by id) x where n > before") == 0
        return
    assert db.value("select count(*) - count(distinct id) from target.t") == 0, "no row is doubled"
    assert db.value("select count(*) from (select id, gen, updated_at, filler from public.t except select id, gen, updated_at, filler from target.t) x") == 0, "no row is lost"
    assert db.value("select count(*) from target.t") == db.value("select count(*) from public.t")


@pytest.mark.parametrize("mode", MODES)
def test_kills(millrace, db, rng, kills, mode):
    source_table(db)
    prepare(db, rng, mode, 20_000)
    file = millrace.file(("postgres", db.config()), ("postgres", target_config(db)), destination_namespace="destination",
                         streams=[{"name": "t", "namespace": "public", "sync_mode": mode, **MODES[mode]}])
    seconds = timed_sync(millrace, file) * 1.2
    clean, running = 1, 0
    for i in range(kills):
        prepare(db, rng, mode, 10_000)
        before = db.value("select count(*) from target.t")
        running += killed_sync(millrace, file, rng, seconds, only_parent=i % 7 == 6)
        if mode != "full_refresh_append":
            assert db.value("select count(*) - count(distinct id) from target.t") == 0, "a reader sees no row twice, even after a kill"
        if mode.startswith("full_refresh_overwrite"):
            assert db.value("select count(*) from target.t") >= before, "a reader sees a whole table"
        if i % 4 == 3 or i == kills - 1:
            retried_sync(millrace, file)
            clean += 1
            check(db, mode, clean, i + 2 + clean)
            assert left_behind(db) == []
    assert running > 0, "the kills hit nothing"


def faults(request, rng, statements):
    every = [(n, after) for n in range(1, statements + 1) for after in (False, True)]
    return every if request.config.getoption("--torture") else random.Random(rng.random()).sample(every, min(8, len(every)))


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_at_each_statement(millrace, db, rng, request, mode):
    source_table(db)
    prepare(db, rng, mode, 3000)
    with StatementProxy("127.0.0.1", db.server.port) as proxy:
        target = target_config(db, host="127.0.0.1", port=proxy.port, ssl_mode={"mode": "disable"})
        file = millrace.file(("postgres", db.config()), ("postgres", target), destination_namespace="destination",
                             streams=[{"name": "t", "namespace": "public", "sync_mode": mode, **MODES[mode]}])
        millrace.sync(file)
        proxy.fail()
        prepare(db, rng, mode, 3000)
        millrace.sync(file)
        clean, runs, hit = 2, 2, 0
        for number, after in faults(request, rng, proxy.statements):
            prepare(db, rng, mode, 3000)
            proxy.fail(number, after)
            outcome = millrace.run("sync", file)
            hit += proxy.failed
            runs += 1
            proxy.fail()
            if outcome.code == 0:
                clean += 1
            else:
                millrace.sync(file)
                clean, runs = clean + 1, runs + 1
            check(db, mode, clean, runs)
            assert left_behind(db) == [], (number, after)
        assert hit > 0
