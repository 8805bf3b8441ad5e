"""Generations as a platform counts them (`connector … write`): an attempt is killed at 60 % of a full refresh, another one reads
everything again. No row is there twice, and none of the killed attempt's alone."""
import json
import subprocess

import pytest

from support import millrace_program, output_files

ROWS = 3_000
STREAM = {"name": "s", "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}, "copy": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh"]}


def catalog(millrace, mode, generation, minimum):
    stream = {"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": mode, "primary_key": [["id"]], "generation_id": generation,
              "minimum_generation_id": minimum, "sync_id": generation}
    (millrace.folder / "catalog.json").write_text(json.dumps({"streams": [stream]}))


def lines(copy, until=ROWS):
    for i in range(until):
        yield {"type": "RECORD", "record": {"stream": "s", "data": {"id": i, "copy": copy}, "emitted_at": 1}}
        if i % 500 == 499:
            yield {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {"at": i}}}}
    if until == ROWS:
        yield {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": {"name": "s"}, "status": "COMPLETE"}}}


def text(messages):
    return "".join(json.dumps(m) + "\n" for m in messages).encode()


ARGUMENTS = ("connector", "destination-local", "write", "--config", "destination.json", "--catalog", "catalog.json")


def write(millrace, copy):
    millrace.run(*ARGUMENTS, input=text(lines(copy)).decode(), expect=0)


def write_killed(millrace, copy):
    with millrace.start(*ARGUMENTS, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(text(lines(copy, ROWS * 6 // 10)))
        process.stdin.flush()  # all of it has been taken but what a pipe holds
        millrace_program.kill_group(process)
        process.wait()


@pytest.fixture
def out(millrace, tmp_path):
    (tmp_path / "destination.json").write_text(json.dumps({"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}))
    return tmp_path / "out"


def copies(out):
    """How often each copy's rows are there, and how many ids."""
    _, rows = output_files.relation(out)
    return rows.query("files", "select copy, count(*), count(distinct id) from files group by copy order by copy").fetchall()


@pytest.mark.parametrize("mode", ["overwrite"])
@pytest.mark.parametrize("retry", [3, 2], ids=["new_generation", "same_generation"])
def test_a_killed_replacement_leaves_the_old_table_and_is_replaced(millrace, out, mode, retry):
    catalog(millrace, mode, 1, 1)
    write(millrace, copy=1)
    catalog(millrace, mode, 2, 2)
    write_killed(millrace, copy=2)
    assert copies(out) == [(1, ROWS, ROWS)]
    catalog(millrace, mode, retry, retry)
    write(millrace, copy=3)
    assert copies(out) == [(3, ROWS, ROWS)]


@pytest.mark.parametrize("retry", [2, 1], ids=["new_generation", "same_generation"])
def test_a_killed_append_adds_nothing(millrace, out, retry):
    catalog(millrace, "append", 1, 0)
    write(millrace, copy=1)
    write_killed(millrace, copy=2)
    assert copies(out) == [(1, ROWS, ROWS)]
    catalog(millrace, "append", retry, 0)
    write(millrace, copy=3)
    assert copies(out) == [(1, ROWS, ROWS), (3, ROWS, ROWS)]


def test_a_minimum_above_older_generations_removes_them_at_the_end(millrace, out):
    """A truncate refresh that takes two syncs: rows of generation 2 stay, those of 1 go."""
    catalog(millrace, "append", 1, 0)
    write(millrace, copy=1)
    catalog(millrace, "append", 2, 0)
    write(millrace, copy=2)
    catalog(millrace, "append", 2, 2)
    write(millrace, copy=3)
    found = dict((copy, rows) for copy, rows, _ in copies(out))
    assert 1 not in found and found[3] == ROWS
