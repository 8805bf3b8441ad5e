"""Connectors that change their own configuration while they run (CONTROL: a token that is rotated at each read, and worth nothing
afterwards): the new one is kept before the connector goes on, and used from then on. The program is tests/support/scripted_source.py."""
import json
import pathlib
import stat
import sys

import pytest
import yaml

from support import output_files, scripted_destination, scripted_source

SCRIPT = str(pathlib.Path(scripted_source.__file__))
FIRST, BY_HAND = "token-of-the-script-91", "token-by-hand-41"


@pytest.fixture
def valid(tmp_path, millrace):
    """The file with the one token that is good."""
    for token in (FIRST, BY_HAND):
        for _ in range(6):
            millrace.secrets.add(token)
            token = scripted_source.rotated(token)
    path = tmp_path / "valid"
    path.write_text(FIRST)
    return path


@pytest.fixture
def file(millrace, valid, tmp_path):
    end = "local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}
    return millrace.file(([sys.executable, SCRIPT], {"rows": 9, "token": FIRST, "valid": str(valid)}), end, metadata="none",
                         streams=[{"name": "items", "sync_mode": "full_refresh_overwrite"}])


def kept(millrace):
    return millrace.folder / ".millrace" / "connection" / "source.config.json"


def test_the_new_token_is_used_until_the_file_changes(millrace, file, valid, tmp_path):
    for number in (92, 93):
        millrace.sync(file)
        assert valid.read_text() == f"token-of-the-script-{number}"
        assert json.loads(kept(millrace).read_text())["config"]["token"] == valid.read_text()
    assert stat.S_IMODE(kept(millrace).stat().st_mode) == 0o600
    assert FIRST not in kept(millrace).read_text(), "a hash of the file's value is enough"
    assert "ok" in millrace.run("check", "--source", file, expect=0).out
    millrace.run("discover", file, expect=0)

    document = yaml.safe_load(file.read_text())
    document["source"]["config"]["token"] = BY_HAND
    file.write_text(yaml.safe_dump(document))
    refused = millrace.run("sync", file, expect=1)
    assert "The token is not good any more" in refused.err, "what stands in the file now counts"
    valid.write_text(BY_HAND)
    millrace.sync(file)
    millrace.sync(file)
    assert valid.read_text() == "token-by-hand-43"
    assert output_files.rows(tmp_path / "out", "count(*)") == [(9,)]


def test_the_next_attempt_of_the_same_sync_has_the_new_token(millrace, file, valid, tmp_path):
    document = yaml.safe_load(file.read_text())
    document["source"]["config"] |= {"behaviour": "killed", "at": 5, "marker": str(tmp_path / "marker")}
    file.write_text(yaml.safe_dump(document))
    outcome = millrace.sync(file)
    assert "attempt 1 of 3 failed" in outcome.err, outcome
    assert valid.read_text() == "token-of-the-script-93"


def test_a_token_of_the_environment(millrace, file, valid):
    file.write_text(file.read_text().replace(FIRST, "${TOKEN}"))
    for _ in range(2):
        millrace.sync(file, env={"TOKEN": FIRST})
    valid.write_text(BY_HAND)
    millrace.sync(file, env={"TOKEN": BY_HAND})


def test_what_can_not_be_kept_ends_the_sync(millrace, file, valid):
    millrace.sync(file)
    kept(millrace).unlink()
    kept(millrace).mkdir()  # nothing can be put in its place
    valid.write_text(FIRST)
    outcome = millrace.run("sync", file)
    assert outcome.code in (1, 2) and "source.config.json" in outcome.err, outcome


def test_a_damaged_one_is_said_to_be(millrace, file):
    millrace.sync(file)
    kept(millrace).write_text("{")
    outcome = millrace.run("sync", file, expect=2)
    assert "source.config.json is damaged" in outcome.err and "Remove it" in outcome.err, outcome


def test_a_destinations_token_is_kept_too(millrace, valid, tmp_path):
    command = [sys.executable, str(pathlib.Path(scripted_destination.__file__))]
    file = millrace.file(("faker", {"count": 5, "seed": 1}), (command, {"path": str(tmp_path / "there"), "token": FIRST, "valid": str(valid)}),
                         streams=[{"name": "users", "sync_mode": "full_refresh_append"}])
    for number in (92, 93):
        millrace.sync(file)
        assert valid.read_text() == f"token-of-the-script-{number}"
    assert not kept(millrace).exists() and kept(millrace).with_name("destination.config.json").exists()
