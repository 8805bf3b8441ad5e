"""Sources that are programs of their own (`source: {command: …}`): what they print is what arrives, whatever else they say,
and one that fails says why. The program is tests/support/scripted_source.py."""
import datetime
import json
import pathlib
import sys

import pytest
import yaml

from support import output_files, scripted_source
from support.process_state import is_running

SCRIPT = str(pathlib.Path(scripted_source.__file__))
TOKEN = "token-of-the-script-91"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def write(millrace, out):
    """Writes a connection file for the script with this configuration; every run is watched for the token."""
    millrace.secrets.add(TOKEN)

    def write(streams=None, keys=None, source=None, destination=None, **config):
        """`keys`: of the file; `source`: of its source, beside command and config."""
        end = destination or ("local", {"path": str(out), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"})
        keys = {"metadata": "none", "commit_interval": "0 s", **(keys or {}), **({"streams": streams} if streams else {})}
        file = millrace.file(([sys.executable, SCRIPT], {"rows": 25, "token": TOKEN, **config}), end, **keys)
        document = yaml.safe_load(file.read_text())
        document["source"].update(source or {})
        file.write_text(yaml.safe_dump(document))
        return file

    return write


def arrived(out, stream="items"):
    return output_files.table(out / stream).sort_by("id").to_pylist()


def expected(rows):
    items = [scripted_source.item(number) for number in range(1, rows + 1)]
    for row in items:
        row["at"] = datetime.datetime.fromisoformat(row["at"].replace("Z", "+00:00"))
    return items


def line(message_type, **fields):
    return json.dumps({"type": message_type, message_type.lower(): fields})


def status(name, value, **more):
    return line("TRACE", type="STREAM_STATUS", stream_status={"stream_descriptor": {"name": name, **more}, "status": value})


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
        report = millrace.sync(write(behaviour="undeclared"), "--json").json()
        assert any("items: 25 values of fields that its schema does not have" in warning for warning in report["warnings"]), report

    def test_undeclared_fields_are_kept_on_request(self, millrace, write, out):
        twice = '{"type":"RECORD","record":{"stream":"items","data":{"more":1.50,"id":99,"m\\u00f6re":[1, {"a":null}],"more":"last"}}}'
        outcome = millrace.sync(write(keys={"undeclared_fields": "keep"}, behaviour="undeclared", at=25, say=[twice]))
        assert "does not have" not in outcome.text, outcome
        kept = {row["id"]: row["_airbyte_additional_properties"] for row in arrived(out)}
        assert kept == {**{n: f'{{"surprise":{n}}}' for n in range(1, 26)}, 99: '{"more":"last","m\\u00f6re":[1, {"a":null}]}'}
        users = output_files.table(out / "users").to_pylist()
        assert [row["_airbyte_additional_properties"] for row in users] == [None] * 3

    def test_a_stream_that_fails_leaves_the_others(self, millrace, write, out):
        millrace.failed_sync(write(behaviour="one_stream_fails"), "config_error", "users may not be read")
        assert arrived(out) == expected(25)

    def test_one_that_uses_more_memory_than_it_may(self, millrace, write, out):
        file = write(INCREMENTAL, behaviour="hungry", at=13)
        file.write_text(file.read_text().replace("source:\n", "source:\n  resources: {memory_limit: 100Mi, cpu_limit: 500m}\n"))
        millrace.failed_sync(file, "transient_error", "more than its limit", "memory_limit")

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
        millrace.failed_sync(write(behaviour=behaviour, at=13), kind, *words)
        assert not output_files.visible(out / "items"), "a failed refresh shows nothing"

    @pytest.mark.parametrize("last, words", [
        (False, [line("RECORD", stream="items", data={"id": 1}, namespace="elsewhere"), "elsewhere.items is not in the configured catalog"]),
        (False, [line("RECORD", stream="items"), "a record needs an object"]),
        (False, ['{"type":"RECORD","record":{"stream":"items","data":{"tags":' + "[" * 600 + "]" * 600 + "}}}", "nested too deeply"]),
        (False, ['{"type":"RECORD","record":{"stream":"items","data":{"name":"\\ud800"},"data":{"id":01}}}', "half a message, or a damaged one: a number begins with a zero"]),
        (False, [line("STATE", type="STREAM", stream={"stream_descriptor": {"name": "nobody"}, "stream_state": {}}), "nobody is not in the configured catalog"]),
        (False, [line("STATE", data={"items": {"id": 5}}), "a LEGACY state among STREAM"]),
        (False, ['{"type":"STATE"}', 'a state needs an object "state"']),
        (False, [line("STATE", type="GLOBAL"), 'a GLOBAL state needs an object "global"']),
        (False, [status("items", "DONE"), "DONE"]),
        (True, [line("RECORD", stream="items", data={"id": 99}), "a record of the stream items, which was said to have ended"]),
        *((False, [damaged, "half a message, or a damaged one"]) for damaged in (
            '{"record":{"stream":"items","data":{"id":1', '{ "type": "REC', 'WARN x ' + line("RECORD", stream="items", data={"id": 1}),
            'BOM' + line("RECORD", stream="items", data={"id": 1}), '[' + line("STATE", type="STREAM") + ']',
            '{"record":{"stream":"items","data":{"id":1}}}', '{"type":"RECORD","rec2026-01-02 INFO a log line')),
        *((False, [json.dumps({"type": kind, "record": {"stream": "items", "data": {"id": 1}}}), f"there is no message of type {kind}"]) for kind in ("RECRD", "Record")),
        (False, ['{"type":"CONTROLS","control":{"type":"CONNECTOR_CONFIG"}}', "there is no message of type CONTROLS"]),
    ])
    def test_a_bad_line(self, millrace, write, out, last, words):
        bad, *words = words
        where = {"say_last": [bad]} if last else {"at": 13, "say": [bad]}
        millrace.failed_sync(write(**where), "system_error", "line ", *words)
        assert not output_files.visible(out / "items") or last

    @pytest.mark.parametrize("kind", ["CONTROL", "STATE", "LOG", "NEW"])
    def test_a_message_nested_deeply(self, millrace, write, kind):
        """Whoever walks it does so on the stack."""
        deep = '{"a":' * 200_000 + "1" + "}" * 200_000
        millrace.failed_sync(write(at=13, say=[f'{{"type":"{kind}","{kind.lower()}":{deep}}}']), "system_error", "line ", "nested too deeply")

    @pytest.mark.parametrize("kind, task", [("SPEC", "spec"), ("CATALOG", "discover"), ("CONNECTION_STATUS", "check")])
    def test_an_answer_nested_deeply(self, millrace, tmp_path, kind, task):
        script = tmp_path / "deep.py"
        script.write_text(f"""import sys
if sys.argv[1] == {task!r}: print('{{"type":"{kind}","x":' + '{{"a":' * 60000 + '1' + '}}' * 60000 + '}}')
elif sys.argv[1] == 'spec': print('{{"type":"SPEC","spec":{{"connectionSpecification":{{"type":"object"}}}}}}')
""")
        outcome = millrace.run("check" if task == "check" else "discover", millrace.file(([sys.executable, str(script)], {}), ("local", {"path": str(tmp_path)})))
        assert outcome.code == 1 and "nested too deeply" in outcome.err, outcome

    def test_a_storm_of_changed_configurations(self, millrace, write):
        config = {"rows": 25, "token": TOKEN}
        same = line("CONTROL", type="CONNECTOR_CONFIG", connectorConfig={"config": {**config, "heard": "a"}})
        other = [line("CONTROL", type="CONNECTOR_CONFIG", connectorConfig={"config": {**config, "at": number}}) for number in range(1001)]
        millrace.sync(write(at=13, say=[same] * 2000))
        millrace.failed_sync(write(at=13, say=other), "system_error", "changed its configuration more than 1000 times")

    def test_a_long_log_line_is_cut(self, millrace, write, tmp_path):
        long = tmp_path / "long.py"
        long.write_text(f"""import runpy, sys
if sys.argv[1] == 'read':
    print('{{"type":"LOG","log":{{"level":"INFO","message":"a log line ' + 'x' * 40_000_000 + '"}}}}')
runpy.run_path({SCRIPT!r}, run_name='__main__')
""")
        outcome = millrace.sync(write(source={"command": [sys.executable, str(long)]}), "--verbose")
        assert "a log line xxx" in outcome.text and len(outcome.text) < 100_000, len(outcome.text)

    @pytest.mark.parametrize("harmless", ['{"level": "info", "state": "running"}', '{"type": "info", "message": "RECORD"}', "{", "{'type': 'RECORD'}", '"RECORD"'])
    def test_a_log_line(self, millrace, write, out, harmless):
        millrace.sync(write(at=13, say=[harmless]))
        assert arrived(out) == expected(25)

    def test_nothing_new(self, millrace, write, out, tmp_path):
        """A script may say nothing at all when there is nothing new; one that replaces a table must say that it is complete."""
        quiet = tmp_path / "quiet.py"
        quiet.write_text(f"import subprocess, sys\nif sys.argv[1] != 'read': sys.exit(subprocess.run([sys.executable, {SCRIPT!r}, *sys.argv[1:]]).returncode)\n")
        source = {"command": [sys.executable, str(quiet)]}
        millrace.sync(write(INCREMENTAL, source=source))
        millrace.failed_sync(write([{"name": "items"}], source=source), "system_error", "ended without an answer")

    def test_text_that_is_not_utf8(self, millrace, write, out):
        millrace.failed_sync(write(behaviour="not_text", at=13), "system_error", "not UTF-8")

    @pytest.mark.parametrize("spec, catalog, words", [
        ({"title": "x"}, {}, "no object connectionSpecification"),
        ({"connectionSpecification": {"type": "object"}}, [], 'CATALOG holds no object "catalog"'),
        ({"connectionSpecification": {"type": "object"}}, {"streams": [{"name": "a"}]}, "stream a: json_schema must be an object"),
        ({"connectionSpecification": {"type": "object"}}, {"streams": [{"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]} for name in "aba"]}, "the stream a twice"),
    ])
    def test_a_wrong_specification_or_catalog(self, millrace, tmp_path, spec, catalog, words):
        answers = {"spec": {"type": "SPEC", "spec": spec}, "discover": {"type": "CATALOG", "catalog": catalog}}
        script = "case $0 in " + " ".join(f"{task}) echo '{json.dumps(answer)}';;" for task, answer in answers.items()) + " esac"
        outcome = millrace.run("discover", millrace.file((["sh", "-c", script], {}), ("local", {"path": str(tmp_path)})))
        assert outcome.code == 1 and words in outcome.err, outcome

    def test_silence(self, millrace, write, out, tmp_path):
        """It is stopped with all that it started, and the next attempt goes on."""
        marker = tmp_path / "marker"
        file = write(INCREMENTAL, source={"max_seconds_between_messages": 1}, behaviour="silent", at=13, marker=str(marker))
        outcome = millrace.sync(file)
        assert "printed nothing for 1 seconds" in outcome.err, outcome
        assert arrived(out) == expected(25)
        assert not is_running(int(marker.read_text()))


    def test_what_it_started_ends_with_it_wherever_it_went(self, millrace, write, out, tmp_path):
        marker = tmp_path / "marker"
        millrace.sync(write(INCREMENTAL, behaviour="stranger", at=13, marker=str(marker)))
        assert arrived(out) == expected(25)
        assert not is_running(int(marker.read_text()))


class TestStates:
    @pytest.mark.parametrize("kind, heard", [
        ("STREAM", [{"type": "STREAM", "stream": scripted_source.stream_state("items", {"id": 25})}]),
        ("GLOBAL", [{"type": "GLOBAL", "global": {"shared_state": {"log": {"id": 25}}, "stream_states": [scripted_source.stream_state("items", {"id": 25})]}}]),
        ("LEGACY", {"items": {"id": 25}}),
        ("MIXED", [{"type": "GLOBAL", "global": {"shared_state": {"log": {"id": 25}}, "stream_states": [scripted_source.stream_state("items", {"id": 25})]}},
                   {"type": "STREAM", "stream": scripted_source.stream_state("users", {"done": True}, namespace="shop")}]),
    ])
    def test_every_kind_comes_back_as_it_was(self, millrace, write, out, tmp_path, kind, heard):
        streams = INCREMENTAL + ([{"name": "users", "sync_mode": "incremental_append"}] if kind == "MIXED" else [])
        ears = tmp_path / "heard"
        for rows in (25, 40, 40):
            outcome = millrace.sync(write(streams, rows=rows, state_kind=kind, heard=str(ears)))
            assert "records since the one before" not in outcome.text, outcome
            if rows == 40 and heard is not None:
                assert json.loads(ears.read_text()) == heard
                heard = None
        assert arrived(out) == expected(40)
        assert kind != "MIXED" or len(output_files.table(out / "users")) == 3

    def test_counts_that_disagree_are_warned_about(self, millrace, write):
        report = millrace.sync(write(behaviour="miscounts"), "--json").json()
        assert [w for w in report["warnings"] if "counts" in w] == [
            "stream items: a state counts 9 records since the one before, but 10 came: ask the connector's authors whether it lost some"]


def test_odd_messages_do_no_harm(millrace, write, out):
    odd = [
        '{"type":"RECORD","record":{"stream":"items","data":{"id":1001,"id":1002,"price":1e9999,"sold":"maybe"}}}',
        '{"type":"RECORD","record":{"data":{"id":123456789012345678901234567890,"name":"huge"},"stream":"items"},"more":{}}',
        line("TRACE", type="ANALYTICS", analytics={"type": "x", "value": "1"}), line("TRACE", type="ESTIMATE", estimate={"name": "items", "type": "SYNC", "row_estimate": "many"}),
        line("TRACE", type="NEW"), '{"type":"TRACE"}', line("LOG", level=5), line("CONTROL", type="NEW"), line("TOMORROW", a=1), status("items", "RUNNING"), " \t ",
    ]
    report = millrace.sync(write(keys={"metadata": "current"}, at=13, say=odd), "--json").json()
    assert [warning for warning in report["warnings"] if "TOMORROW" in warning], report
    odd_rows = [row for row in output_files.table(out / "items").to_pylist() if row["id"] is None or row["id"] > 1000]
    assert [(row["id"], row["name"], row["price"], row["sold"]) for row in odd_rows] == [(1002, None, None, None), (None, "huge", None, None)]
    assert [[(change["field"], change["change"]) for change in row["_airbyte_meta"]["changes"]] for row in odd_rows] == [
        [("price", "NULLED"), ("sold", "NULLED")], [("id", "NULLED")]]


def test_a_thousand_streams(millrace, write):
    file = write(destination=("dev-null", {"test_destination": {"test_destination_type": "SILENT"}}), many=1000)
    report = millrace.sync(file, "--json").json()
    assert report["records"] == 5000 and len(report["streams"]) == 1000
