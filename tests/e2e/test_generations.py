"""Generations as a platform counts them (`connector … write`): an attempt is killed at 60 % of a full refresh, another one reads
everything again. No row is there twice, and none of the killed attempt's alone."""
import json
import subprocess

import pytest

from support import millrace_program, output_files
from support.postgres_tables import target_config

ROWS = 3_000
STREAM = {"name": "s", "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}, "copy": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh"]}


def catalog(millrace, mode, generation, minimum):
    stream = {"stream": {**STREAM, "namespace": "target"}, "sync_mode": "full_refresh", "destination_sync_mode": mode, "primary_key": [["id"]], "generation_id": generation,
              "minimum_generation_id": minimum, "sync_id": generation}
    (millrace.folder / "catalog.json").write_text(json.dumps({"streams": [stream]}))


def lines(copy, until=ROWS):
    for i in range(until):
        yield {"type": "RECORD", "record": {"stream": "s", "namespace": "target", "data": {"id": i, "copy": copy}, "emitted_at": 1}}
        if i % 500 == 499:
            yield {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "s", "namespace": "target"}, "stream_state": {"at": i}}}}
    if until == ROWS:
        yield {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": {"name": "s", "namespace": "target"}, "status": "COMPLETE"}}}


def text(messages):
    return "".join(json.dumps(m) + "\n" for m in messages).encode()


class Destination:
    """One kind of destination, written by the protocol, and what a reader finds there."""

    def __init__(self, kind, millrace, tmp_path, request):
        self.kind, self.millrace, self.folder, self.reads = kind, millrace, tmp_path / "out", 0
        self.bucket = request.getfixturevalue("bucket") if kind == "s3" else None
        self.db = request.getfixturevalue("db") if kind == "postgres" else None
        local = {"path": str(self.folder), "format": {"format_type": "Parquet"}}
        config = self.bucket.config() if self.bucket else target_config(self.db) if self.db else local
        (tmp_path / "destination.json").write_text(json.dumps(config))
        self.arguments = ("connector", f"destination-{kind}", "write", "--config", "destination.json", "--catalog", "catalog.json")

    def write(self, copy):
        self.millrace.run(*self.arguments, input=text(lines(copy)).decode(), expect=0)

    def write_killed(self, copy):
        with self.millrace.start(*self.arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            process.stdin.write(text(lines(copy, ROWS * 6 // 10)))
            process.stdin.flush()  # all of it has been taken but what a pipe holds
            millrace_program.kill_group(process)
            process.wait()

    def copies(self):
        """How often each copy's rows are there, and how many ids."""
        select = "select copy, count(*), count(distinct id) from {} group by copy order by copy"
        if self.db:
            return [tuple(row) for row in self.db.execute(select.format("target.s"))]
        folder = self.folder
        if self.bucket:
            self.reads += 1
            folder = self.bucket.download(self.folder.with_name(f"read{self.reads}"), "lake")
        _, rows = output_files.relation(folder)
        return rows.query("files", select.format("files")).fetchall()


@pytest.fixture(params=["local", "s3", "postgres"])
def out(millrace, tmp_path, request):
    return Destination(request.param, millrace, tmp_path, request)


@pytest.mark.parametrize("mode", ["overwrite", "overwrite_dedup"])
@pytest.mark.parametrize("retry", [3, 2], ids=["new_generation", "same_generation"])
def test_a_killed_replacement_leaves_the_old_table_and_is_replaced(millrace, out, mode, retry):
    catalog(millrace, mode, 1, 1)
    out.write(copy=1)
    catalog(millrace, mode, 2, 2)
    out.write_killed(copy=2)
    assert out.copies() == [(1, ROWS, ROWS)]
    catalog(millrace, mode, retry, retry)
    out.write(copy=3)
    assert out.copies() == [(3, ROWS, ROWS)]


@pytest.mark.parametrize("retry", [2, 1], ids=["new_generation", "same_generation"])
def test_a_killed_append_adds_nothing(millrace, out, retry):
    catalog(millrace, "append", 1, 0)
    out.write(copy=1)
    out.write_killed(copy=2)
    assert out.copies() == [(1, ROWS, ROWS)]
    catalog(millrace, "append", retry, 0)
    out.write(copy=3)
    assert out.copies() == [(1, ROWS, ROWS), (3, ROWS, ROWS)]


def test_a_minimum_above_older_generations_removes_them_at_the_end(millrace, out):
    """A truncate refresh that takes two syncs: rows of generation 2 stay, those of 1 go."""
    catalog(millrace, "append", 1, 0)
    out.write(copy=1)
    catalog(millrace, "append", 2, 0)
    out.write(copy=2)
    catalog(millrace, "append", 2, 2)
    out.write(copy=3)
    found = dict((copy, rows) for copy, rows, _ in out.copies())
    assert 1 not in found and found[3] == ROWS
