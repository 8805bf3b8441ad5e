"""Deduplicated tables in an S3 server of each level: with conditions, and (behind a proxy that drops them) without."""
import json

import pytest

from support.unconditional_proxy import UnconditionalProxy
from test_dedup import STREAM, source_table


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


def test_check_names_the_level(millrace, bucket, endpoint, level):
    config = bucket.config(s3_endpoint=endpoint)
    (millrace.folder / "config.json").write_text(json.dumps(config))
    outcome = millrace.run("connector", "destination-s3", "check", "--config", "config.json", expect=0)
    assert f"level: {level}" in outcome.out + outcome.err
    assert bucket.keys() == []


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
