"""Deduplicated tables in an S3 server of each level: with conditions, and (behind a proxy that drops them) without."""
import io
import json

import pyarrow.parquet
import pytest

from support.unconditional_proxy import UnconditionalProxy
from support.watch import Watch
from test_crashes import killed_sync, retried_sync, timed_sync
from test_dedup import ROWS, STREAM, change, source_table


@pytest.fixture(params=["atomic", "leased"])
def level(request):
    return request.param


@pytest.fixture
def endpoint(level, s3, tmp_path):
    if level == "atomic":
        yield s3.endpoint
        return
    with UnconditionalProxy(tmp_path / "proxy", s3.endpoint) as proxy:
        yield proxy.endpoint


class BucketWatch(Watch):
    """Lists a bucket and reads what it found, over and over: a key twice, or a committed one missing, is a violation."""

    def __init__(self, bucket):
        super().__init__(interval_s=0.05)
        self.bucket, self.committed, self.looks, self.violations = bucket, 0, 0, []
        self.cache = {}

    def look(self):
        committed, ids = self.committed, []
        try:
            for key in self.bucket.visible_keys():
                ids += self.read(key)
        except self.bucket.client.exceptions.NoSuchKey:
            return  # emptied between listing and reading
        self.looks += 1
        missing = committed - len(set(ids) & set(range(1, committed + 1)))
        if missing or len(ids) != len(set(ids)):
            self.violations.append(f"{len(ids) - len(set(ids))} twice, {missing} of {committed} missing")

    def read(self, key):
        etag = self.bucket.client.head_object(Bucket=self.bucket.name, Key=key)["ETag"]
        if (key, etag) not in self.cache:
            reply = self.bucket.client.get_object(Bucket=self.bucket.name, Key=key)
            ids = pyarrow.parquet.read_table(io.BytesIO(reply["Body"].read()), columns=["id"], partitioning=None).column("id").to_pylist()
            self.cache[(key, reply["ETag"])] = ids
            return ids
        return self.cache[(key, etag)]


def test_check_names_the_level(millrace, bucket, endpoint, level):
    config = bucket.config(s3_endpoint=endpoint)
    (millrace.folder / "config.json").write_text(json.dumps(config))
    outcome = millrace.run("connector", "destination-s3", "check", "--config", "config.json", expect=0)
    assert f"level: {level}" in outcome.out + outcome.err
    assert bucket.keys() == []


def test_killed_syncs_never_show_a_key_twice_or_none(millrace, db, bucket, endpoint, rng, kills):
    source_table(db)
    file = millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_endpoint=endpoint, dedup_target_file_size_mb=1)), streams=[STREAM])
    millrace.sync(file)
    change(db, rng, 600, 200)
    seconds = timed_sync(millrace, file) * 1.1
    running, kills = 0, max(kills // 3, 3)
    with BucketWatch(bucket) as watch:
        for i in range(kills):
            watch.committed = ROWS + 200 * (i + 1)
            change(db, rng, 600, 200)
            running += killed_sync(millrace, file, rng, seconds)
            retried_sync(millrace, file)
    assert watch.violations == []
    assert watch.looks > kills and running > 0, "the kills hit nothing"
    ids = [i for key in bucket.visible_keys() for i in watch.read(key)]
    assert sorted(ids) == list(range(1, ROWS + 200 * (kills + 1) + 1))
    assert [k for k in bucket.keys() if k.endswith(".changes") or "/locks/" in k] == [], "a clean sync leaves nothing behind"


def test_two_connections_are_kept_apart(millrace, db, bucket, endpoint, level):
    """The lock of another connection, fresh in the store, stops a sync on a leased store; an atomic store needs none."""
    source_table(db, 1000)
    file = millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_endpoint=endpoint)), streams=[STREAM])
    lock = {"connection": "another", "fencing_token": 1, "tables": ["lake/_airbyte_internal/tables/public/t/"]}
    bucket.put("lake/_airbyte_internal/locks/00.json", json.dumps(lock))
    outcome = millrace.run("sync", file)
    if level == "atomic":
        assert outcome.code == 0, outcome.err
    else:
        assert outcome.code != 0 and "another" in outcome.err and bucket.visible_keys() == []
