"""Sources that are programs of their own (`source: {command: …}`): what they print is what arrives, whatever else they say,
and one that fails says why. The program is tests/support/scripted_source.py."""
import datetime
import pathlib
import sys

import pytest

from support import output_files, scripted_source

SCRIPT = str(pathlib.Path(scripted_source.__file__))
TOKEN = "token-of-the-script-91"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def write(millrace, out):
    """Writes a connection file for the script with this configuration; every run is watched for the token."""
    millrace.secrets.add(TOKEN)

    def write(streams=None, **config):
        keys = {"streams": streams} if streams else {}
        end = "local", {"path": str(out), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"}
        return millrace.file(([sys.executable, SCRIPT], {"rows": 25, "token": TOKEN, **config}), end, metadata="none", commit_interval="0 s", **keys)

    return write


def arrived(out, stream="items"):
    return output_files.table(out / stream).sort_by("id").to_pylist()


def expected(rows):
    items = [scripted_source.item(number) for number in range(1, rows + 1)]
    for row in items:
        row["at"] = datetime.datetime.fromisoformat(row["at"].replace("Z", "+00:00"))
    return items


def failed(millrace, file, kind, *words):
    outcome = millrace.run("sync", file, "--json")
    assert outcome.code == 1, outcome
    report = outcome.json()
    errors = [e for e in (report.get("error"), *(s.get("error") for s in report.get("streams", []))) if e]
    assert any(e["type"].endswith(kind) and "\n" not in e["message"] and all(word in e["message"] for word in words) for e in errors), errors
    return outcome


INCREMENTAL = [{"name": "items", "sync_mode": "incremental_append"}]


class TestTasks:
    def test_check(self, millrace, write):
        assert "ok" in millrace.run("check", write(), expect=0).out

    def test_a_refused_check_says_why(self, millrace, write):
        outcome = millrace.run("check", "--source", write(behaviour="refused"), expect=1)
        assert "no entry with **********" in outcome.err, outcome

    def test_discover(self, millrace, write):
        streams = millrace.run("discover", write(), "--json", expect=0).json()["streams"]
        assert {(s["name"], s.get("namespace")) for s in streams} == {("items", None), ("users", "shop")}

    def test_a_configuration_that_does_not_fit(self, millrace, write):
        outcome = millrace.run("check", "--source", write(rows="many"))
        assert outcome.code in (1, 2) and "source.config.rows" in outcome.err, outcome

    def test_text_of_the_environment_takes_the_type_that_the_program_asks_for(self, millrace, write, out):
        millrace.sync(write(rows="${ROWS}"), env={"ROWS": "4"})
        assert len(arrived(out)) == 4

    def test_a_program_that_is_not_there(self, millrace, tmp_path, write):
        file = write()
        file.write_text(file.read_text().replace(SCRIPT, "nothing-here.py").replace(sys.executable, "no-such-program"))
        outcome = millrace.run("check", "--source", file)
        assert outcome.code in (1, 2) and "no-such-program" in outcome.err, outcome

    def test_a_relative_program_is_beside_the_file(self, millrace, write, tmp_path):
        script = millrace.folder / "beside.py"
        script.write_text(f"#!{sys.executable}\n" + pathlib.Path(SCRIPT).read_text().split("\n", 1)[1])
        script.chmod(0o700)
        file = write()
        file.write_text(file.read_text().replace(SCRIPT, "beside.py"))
        millrace.run("check", "--source", file, expect=0)


class TestReading:
    def test_every_row_arrives_as_it_was_printed(self, millrace, write, out):
        report = millrace.sync(write(rows=40000, state_every=1000), "--json").json()
        assert report["status"] == "succeeded", report
        assert arrived(out) == expected(40000)
        assert output_files.rows(out / "users", "email", "email") == [(f"u{n}@example.com",) for n in range(3)]

    def test_incremental_goes_on_where_the_state_is(self, millrace, write, out):
        millrace.sync(write(INCREMENTAL, rows=25))
        millrace.sync(write(INCREMENTAL, rows=60))
        assert [row["id"] for row in arrived(out)] == list(range(1, 61))

    @pytest.mark.parametrize("behaviour", ["killed", "crash", "exit", "half"])
    def test_an_end_in_the_middle_costs_no_row_and_repeats_none(self, millrace, write, out, tmp_path, behaviour):
        file = write(INCREMENTAL, rows=60, behaviour=behaviour, at=37, marker=str(tmp_path / "marker"))
        outcome = millrace.run("sync", file)
        if behaviour == "killed":  # from outside, perhaps: Millrace tries again itself
            assert outcome.code == 0 and "attempt 1 of 3 failed" in outcome.err, outcome
        else:
            assert outcome.code == 1, outcome
            millrace.sync(file)
        assert arrived(out) == expected(60)

    def test_other_lines_are_log_lines(self, millrace, write, out):
        outcome = millrace.sync(write(behaviour="noise", at=3), "--verbose")
        assert arrived(out) == expected(25)
        assert "a line of a library" in outcome.text and "the token is **********" in outcome.text, outcome

    def test_undeclared_fields_are_counted(self, millrace, write, out):
        outcome = millrace.sync(write(behaviour="undeclared"))
        assert "25 values of fields that its schema does not have" in outcome.text, outcome

    def test_a_stream_that_fails_leaves_the_others(self, millrace, write, out):
        failed(millrace, write(behaviour="one_stream_fails"), "config_error", "users may not be read")
        assert arrived(out) == expected(25)

    def test_one_that_uses_more_memory_than_it_may(self, millrace, write, out):
        file = write(INCREMENTAL, behaviour="hungry", at=13)
        file.write_text(file.read_text().replace("source:\n", "source:\n  resources: {memory_limit: 100Mi, cpu_limit: 500m}\n"))
        failed(millrace, file, "transient_error", "more than its limit", "memory_limit")

    def test_no_file_is_left(self, millrace, write, tmp_path):
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        millrace.sync(write(), env={"TMPDIR": str(scratch)})
        assert not list(scratch.rglob("*"))


class TestFailures:
    @pytest.mark.parametrize("behaviour, kind, words", [
        ("killed", "transient_error", ["signal 9"]),
        ("crash", "system_error", ["signal 11", "about to crash"]),
        ("exit", "system_error", ["exit code 3", "Traceback: the token is **********"]),
        ("error", "config_error", ["The API refuses the key **********"]),
        ("half", "system_error", ["half a message"]),
        ("unknown", "system_error", ["nobody is not in the configured catalog"]),
        ("no_object", "system_error", ["an object \"data\""]),
        ("long", "system_error", ["longer than 64 MB"]),
        ("garbage", "system_error", ["ended without an answer"]),
        ("unfinished", "transient_error", ["did not complete this stream"]),
    ])
    def test_a_bad_connector(self, millrace, write, out, behaviour, kind, words):
        failed(millrace, write(behaviour=behaviour, at=13), kind, *words)
        assert not output_files.visible(out / "items"), "a failed refresh shows nothing"
