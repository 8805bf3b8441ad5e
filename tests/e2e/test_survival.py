"""Every sync mode into every kind of place: syncs are killed at random points, and calls and statements fail one by one. No row is
lost, none is doubled, and no reader ever sees half a table."""
import pytest

from support.call_faults import DENIED, KINDS, LOST, LOST_THEN_DENIED
from support.sync_runs import killed_sync, timed_sync
from support.table_places import PLACES
from support.table_stories import STORIES
from support.table_watch import TableWatch

# A store without conditions is another one for tables that are changed in place only.
CELLS = [(mode, place) for place in PLACES for mode in STORIES if place != "s3_leased" or mode == "incremental_deduped_history"]
FAULTS_IN_A_SAMPLE = 8
ROWS, FEW_ROWS = 60_000, 6_000


@pytest.fixture(params=CELLS, ids=[f"{place}-{mode}" for mode, place in CELLS])
def cell(request, db, rng):
    """(story, place)"""
    mode, place = request.param
    rows = FEW_ROWS if "faults" in request.node.name else ROWS
    return STORIES[mode](db, rng, rows), PLACES[place](db, request)


def connection(millrace, ends, story):
    """Commits and saves a state whenever it can."""
    return millrace.file(*ends, streams=[story.stream], destination_namespace="destination" if ends[1][0] == "postgres" else "source", commit_interval="0s")


def test_kills(millrace, cell, rng, round_kills, progress):
    story, place = cell
    file = connection(millrace, place.ends(), story)
    millrace.sync(file)
    story.synced(place.rows())
    hit = tries = 0
    with TableWatch(place, story) as watch:
        while hit < round_kills and tries < 4 * round_kills:  # some come too late
            if tries % 4 == 0:
                story.change()
                seconds = timed_sync(millrace, file)
                story.synced(place.rows())
                assert place.left_behind() == []
            tries += 1
            story.change()
            running = killed_sync(millrace, file, rng, seconds, only_parent=tries % 10 == 7)
            hit += running
            seconds *= 1 if running else 0.8  # the clean sync was a slow one
            progress(hit, round_kills, f"kills of a running sync, {tries - hit} that came too late; {watch.looks} looks")
        story.change()
        timed_sync(millrace, file)
        story.synced(place.rows())
        assert place.left_behind() == []
    watch.check()
    assert hit == round_kills and watch.looks > 0, "too few kills hit a running sync"


def test_faults(millrace, cell, rng, request, progress):
    story, place = cell
    with place.faulty_ends() as (ends, faults):
        file = connection(millrace, ends, story)
        millrace.sync(file)
        story.synced(place.rows())
        story.change()
        faults.fail()
        millrace.sync(file)
        story.synced(place.rows())
        plan = [(number, kind) for number in range(1, faults.calls + 1) for kind in KINDS]
        if not request.config.getoption("--torture"):
            plan = sorted(rng.sample(plan, FAULTS_IN_A_SAMPLE))
        hit = failed = 0
        for done, (number, kind) in enumerate(plan, 1):
            story.change()
            faults.fail(number, kind)
            outcome = millrace.run("sync", file)
            hit += faults.hit
            faults.fail()
            at = f"fault at call {number}: {kind}\n{outcome!r}"
            flaw = story.flaw(place.rows(), story.committed)
            assert not flaw, f"{flaw}\n{at}"
            if outcome.code:
                assert kind in (DENIED, LOST_THEN_DENIED), f"what passes must not fail a sync\n{at}"
                failed += 1
                story.change()
                millrace.sync(file)
            try:
                story.synced(place.rows())
                if kind == LOST and place.left_behind():  # what was begun and never answered for is the next sync's to find
                    story.change()
                    millrace.sync(file)
                    story.synced(place.rows())
                assert place.left_behind() == []
            except AssertionError as error:
                raise AssertionError(f"{error}\n{at}") from None
            progress(done, len(plan), f"faults, {hit} of them came; {failed} failed the sync")
    assert hit > len(plan) // 2, "the faults hit nothing"
