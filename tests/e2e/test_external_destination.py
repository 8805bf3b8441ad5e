"""Destinations that are programs of their own (`destination: {command: …}`): they get every record, and a state is saved when it comes back.
The programs are tests/support/scripted_destination.py and scripted_source.py."""
import collections
import json
import pathlib
import signal
import sys
import time

import pytest

from support import scripted_destination, scripted_source
from support.process_state import is_running

SOURCE, DESTINATION = ([sys.executable, str(pathlib.Path(module.__file__))] for module in (scripted_source, scripted_destination))
TOKEN = "token-of-the-sink-17"
INCREMENTAL = [{"name": "items", "sync_mode": "incremental_append"}]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sink"


@pytest.fixture
def write(millrace, folder):
    """Writes a connection file from the scripted source to the scripted destination; every run is watched for the token."""
    millrace.secrets.add(TOKEN)

    def write(rows=25, streams=INCREMENTAL, source=None, state_every=10, keys=None, **config):
        source = source or (SOURCE, {"rows": rows, "state_every": state_every})
        return millrace.file(source, (DESTINATION, {"path": str(folder), "token": TOKEN, **config}), commit_interval="0 s",
                             **({"streams": streams} if streams else {}), **(keys or {}))

    return write


def messages(folder, kind=None):
    found = [json.loads(line) for line in (folder / "messages.jsonl").read_text().splitlines()]
    return [m for m in found if m["type"] == kind] if kind else found


def ids(folder, stream="items"):
    return [m["record"]["data"]["id"] for m in messages(folder, "RECORD") if m["record"]["stream"] == stream]


def saved(millrace, file):
    """The saved position of the items."""
    document = json.loads(millrace.run("state", "show", file, expect=0).out)
    states = document["states"] if isinstance(document, dict) else document
    return next((s["stream"]["stream_state"]["id"] for s in states if s["stream"]["stream_descriptor"]["name"] == "items"), 0)


class TestTasks:
    def test_check(self, millrace, write):
        assert "ok" in millrace.run("check", write(), expect=0).out

    def test_a_refused_check_says_why(self, millrace, write):
        assert "no entry with **********" in millrace.run("check", "--destination", write(behaviour="refused"), expect=1).err

    def test_a_configuration_that_does_not_fit(self, millrace, write):
        outcome = millrace.run("check", "--destination", write(at="soon"))
        assert outcome.code in (1, 2) and "destination.config.at" in outcome.err, outcome

    def test_a_mode_that_it_does_not_have(self, millrace, write):
        millrace.failed_sync(write(streams=[{"name": "items", "sync_mode": "incremental_deduped_history"}]), "config_error", "can't append_dedup", "items")

    def test_normalisation_is_refused(self, millrace, write):
        millrace.failed_sync(write(keys={"normalization": "basic"}), "config_error", "normalization")


class TestWriting:
    def test_every_record_arrives_as_it_was_printed(self, millrace, write, folder):
        report = millrace.sync(write(rows=5000, streams=None, state_every=500, keys={"prefix": "raw_", "destination_namespace": "lake"}), "--json").json()
        assert report["status"] == "succeeded" and {s["name"]: s["records"] for s in report["streams"]} == {"items": 5000, "users": 3}, report
        records = messages(folder, "RECORD")
        items = [m["record"] for m in records if m["record"]["stream"] == "raw_items"]
        expected = [scripted_source.item(number) for number in range(1, 5001)]
        for row in expected:
            row["at"] = row["at"].replace("Z", "+00:00")
        for record in items:
            record["data"]["at"] = record["data"]["at"].replace("Z", "+00:00").replace(".000000", "")
        assert [r["data"] for r in items] == expected
        assert {(r["namespace"], r["emitted_at"]) for r in items} == {("lake", 1700000000000)}
        assert len(records) == 5003 and not any("_airbyte" in key for m in records for key in m["record"]["data"])

    def test_statuses_states_and_records_in_order(self, millrace, write, folder):
        millrace.sync(write(rows=30))
        said = []
        for message in messages(folder):
            if message["type"] == "TRACE":
                said.append(message["trace"]["stream_status"]["status"])
            elif message["type"] == "STATE":
                assert message["state"]["id"] > 0 and message["state"]["sourceStats"]["recordCount"] >= 0
                said.append("STATE")
            else:
                said.append("RECORD")
        assert said[0] == "STARTED" and said[1] == "RECORD" and said[-2:] == ["STATE", "COMPLETE"], said
        assert sum(m["state"]["sourceStats"]["recordCount"] for m in messages(folder, "STATE")) == 30

    def test_the_catalog_counts_generations(self, millrace, write, folder):
        for _ in range(2):
            millrace.sync(write(streams=[{"name": "items", "sync_mode": "full_refresh_overwrite"}]))
        first, second = ([s for s in json.loads(line)["streams"]] for line in (folder / "catalogs.jsonl").read_text().splitlines())
        assert first[0]["destination_sync_mode"] == "overwrite" and first[0]["generation_id"] == first[0]["minimum_generation_id"] > 0
        assert second[0]["generation_id"] == second[0]["minimum_generation_id"] > first[0]["generation_id"]
        assert second[0]["sync_id"] > first[0]["sync_id"]

    @pytest.mark.parametrize("echo", ["each", "late", "reversed", "twice", "last"])
    def test_states_are_saved_when_they_come_back(self, millrace, write, folder, echo):
        file = write(rows=55, echo=echo)
        report = millrace.sync(file, "--json").json()
        assert report["status"] == "succeeded" and saved(millrace, file) == 55, report
        millrace.sync(write(rows=80, echo=echo))
        assert ids(folder) == list(range(1, 81)), "nothing comes twice"

    def test_states_that_never_come_back_are_not_saved(self, millrace, write, folder):
        file = write(rows=30, echo="none")
        outcome = millrace.sync(file)
        assert "did not confirm" in outcome.text and saved(millrace, file) == 0, outcome
        millrace.sync(file)
        assert collections.Counter(ids(folder)) == {number: 2 for number in range(1, 31)}

    def test_a_state_that_was_never_sent_is_ignored(self, millrace, write):
        file = write(rows=30, behaviour="stranger", at=3)
        assert "never given" in millrace.sync(file).text
        assert saved(millrace, file) == 30

    def test_other_lines_are_log_lines(self, millrace, write):
        outcome = millrace.sync(write(behaviour="noise", at=3), "--verbose")
        assert "a line of a library" in outcome.text and "the token is **********" in outcome.text, outcome

    def test_one_that_pauses_is_waited_for(self, millrace, write, folder):
        millrace.sync(write(rows=20000, state_every=5000, behaviour="slow", at=100, seconds=2))
        assert len(ids(folder)) == 20000

    def test_large_records(self, millrace, write, folder, tmp_path):
        big = tmp_path / "in.jsonl"
        with open(big, "w") as lines:
            for number in range(3):
                lines.write(json.dumps({"id": number, "text": chr(97 + number) * 10_000_000}) + "\n")
        source = "file", {"dataset_name": "big", "format": "jsonl", "url": str(big), "provider": {"storage": "local"}}
        millrace.sync(write(source=source, streams=None))
        assert sorted((m["record"]["data"]["id"], len(m["record"]["data"]["text"])) for m in messages(folder, "RECORD")) == [(n, 10_000_000) for n in range(3)]

    def test_no_file_is_left(self, millrace, write, tmp_path):
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        millrace.sync(write(), env={"TMPDIR": str(scratch)})
        assert not list(scratch.rglob("*"))


ROWS = 15000  # more than the pipes hold


class TestFailures:
    @pytest.mark.parametrize("behaviour, kind, words", [
        ("crash", "system_error", ["signal 11", "about to crash"]),
        ("exit", "system_error", ["exit code 3", "Traceback: the token is **********"]),
        ("leaves", "system_error", ["before its input did"]),
        ("error", "config_error", ["The table refuses **********"]),
        ("half", "system_error", ["half a message"]),
        ("fails_at_the_end", "system_error", ["exit code 1", "the swap failed"]),
    ])
    def test_a_bad_destination(self, millrace, write, folder, behaviour, kind, words):
        """And no record is missing once it works."""
        file = write(rows=ROWS, state_every=500, behaviour=behaviour, at=3000)
        millrace.failed_sync(file, kind, *words)
        at = saved(millrace, file)
        assert at <= max(ids(folder), default=0), "no state without its records"
        assert (behaviour == "fails_at_the_end") == (at == ROWS)
        millrace.sync(write(rows=ROWS, state_every=500))
        assert set(ids(folder)) == set(range(1, ROWS + 1))

    def test_one_that_was_killed_is_tried_again(self, millrace, write, folder, tmp_path):
        outcome = millrace.sync(write(rows=ROWS, state_every=500, behaviour="killed", at=3000, marker=str(tmp_path / "marker")))
        assert "attempt 1 of 3 failed" in outcome.err and "signal 9" in outcome.err, outcome
        assert set(ids(folder)) == set(range(1, ROWS + 1))

    @pytest.mark.parametrize("mode", ["incremental_append", "full_refresh_overwrite"])
    def test_one_that_was_killed_when_it_had_confirmed_everything_is_tried_again(self, millrace, write, folder, tmp_path, mode):
        """What it would have done at its end may be missing: a table that is replaced is written again, one that is added to has nothing left to get."""
        file = write(rows=25, streams=[{"name": "items", "sync_mode": mode}], behaviour="killed_at_the_end", marker=str(tmp_path / "marker"))
        outcome = millrace.sync(file)
        assert "attempt 1 of 3 failed" in outcome.err and "signal 9" in outcome.err, outcome
        assert ids(folder) == list(range(1, 26)) * (1 if mode == "incremental_append" else 2)

    def test_an_interrupted_sync_ends_the_program_and_its_children(self, millrace, write, folder):
        process = millrace.start("sync", write(rows=200000, behaviour="hangs", at=10))
        child = folder / "child"
        until = time.monotonic() + 60
        while not (child.exists() and child.read_text()):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # two at once are one
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        pid = int(child.read_text())
        while is_running(pid):
            assert time.monotonic() < until
            time.sleep(0.05)
