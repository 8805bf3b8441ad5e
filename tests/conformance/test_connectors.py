"""One suite for every built-in connector: the enforceable rules of docs/CONNECTOR_STANDARD.md, by their numbers."""
import json

import jsonschema
import pytest

from conformance.ends import DESTINATIONS, SOURCES, Fixtures, write
from support import json_api

EVERY = {**SOURCES, **DESTINATIONS}


@pytest.fixture
def things_api():
    things = [{"id": i, "name": f"thing {i}", "at": f"2025-01-{i % 28 + 1:02}T00:00:00Z"} for i in range(50)]
    with json_api.serving(lambda _path, query, _key: [t for t in things if t["at"] >= query["since"]]) as url:
        yield url


@pytest.fixture
def fixtures(request, tmp_path):
    return Fixtures(request, tmp_path)


def quirk(name, rule):
    reason = EVERY[name].quirks.get(rule)
    if reason:
        pytest.skip(f"{name}, rule {rule}: {reason}")


def connector(millrace, name, command, *args, **more):
    outcome = millrace.run("connector", name, command, *args, **more)
    return outcome, outcome.messages()


def of_type(messages, kind):
    return [m for m in messages if m["type"] == kind]


def spec_of(millrace, name):
    [message] = of_type(connector(millrace, name, "spec", expect=0)[1], "SPEC")
    return message["spec"]


def catalog_of(millrace, name, fixtures):
    write(fixtures.folder, "config.json", SOURCES[name].config(fixtures))
    [message] = of_type(connector(millrace, name, "discover", "--config", "config.json", expect=0)[1], "CATALOG")
    return message["catalog"]


def read(millrace, name, fixtures, mode, state=None):
    """Reads every stream that has the mode; returns the messages and the configured catalog."""
    streams = []
    for s in catalog_of(millrace, name, fixtures)["streams"]:
        if mode in s["supported_sync_modes"]:
            cursor = s.get("default_cursor_field") or [n for n, p in s["json_schema"]["properties"].items() if p.get("format") == "date-time"][:1]
            streams.append({"stream": s, "sync_mode": mode, "destination_sync_mode": "append", "cursor_field": cursor, "generation_id": 1, "minimum_generation_id": 0, "sync_id": 1})
    write(fixtures.folder, "catalog.json", {"streams": streams})
    args = ["--state", write(fixtures.folder, "state.json", state)] if state else []
    outcome, messages = connector(millrace, name, "read", "--config", "config.json", "--catalog", "catalog.json", *args, expect=0)
    return messages, streams


def test_every_built_in_connector_is_here(millrace):
    listed = {c["name"] for c in millrace.run("connectors", "list", "--json", expect=0).json() if c["runs"] == "built-in"}
    assert listed == set(EVERY)


@pytest.mark.parametrize("name", EVERY)
class TestSpec:
    def test_s1_is_draft_7_and_accepts_its_own_configuration(self, millrace, fixtures, name):
        spec = spec_of(millrace, name)
        schema = spec["connectionSpecification"]
        jsonschema.Draft7Validator.check_schema(schema)
        assert schema["type"] == "object" and schema["properties"]
        jsonschema.Draft7Validator(schema).validate(EVERY[name].config(fixtures))

    def test_s2_every_field_is_explained(self, millrace, name):
        for field, schema in spec_of(millrace, name)["connectionSpecification"]["properties"].items():
            assert schema.get("title") and schema.get("description"), field

    def test_s3_destinations_say_their_modes(self, millrace, name):
        if name in DESTINATIONS:
            assert set(spec_of(millrace, name)["supported_destination_sync_modes"]) >= {"overwrite", "append"}


@pytest.mark.parametrize("name", EVERY)
class TestCheck:
    def test_s4_succeeds(self, millrace, fixtures, name):
        write(fixtures.folder, "config.json", EVERY[name].config(fixtures))
        outcome, messages = connector(millrace, name, "check", "--config", "config.json", expect=0)
        [status] = of_type(messages, "CONNECTION_STATUS")
        assert status["connectionStatus"]["status"] == "SUCCEEDED", outcome

    def test_s5_fails_with_one_line(self, millrace, fixtures, name):
        works = EVERY[name].config(fixtures)
        for what, (change, _) in EVERY[name].broken.items():
            write(fixtures.folder, "config.json", {**works, **change})
            outcome, messages = connector(millrace, name, "check", "--config", "config.json")
            status = of_type(messages, "CONNECTION_STATUS")
            if not status:  # refused by its specification, before anything is contacted
                assert outcome.code == 2 and outcome.err.strip(), outcome
                continue
            [status] = [s["connectionStatus"] for s in status]
            assert status["status"] == "FAILED", f"{what}: {outcome}"
            assert status["message"].strip() and "\n" not in status["message"].strip(), f"{what}: {status['message']!r}"

    def test_s5_a_missing_required_field_is_named(self, millrace, fixtures, name):
        works = EVERY[name].config(fixtures)
        for field in spec_of(millrace, name)["connectionSpecification"].get("required", []):
            write(fixtures.folder, "config.json", {k: v for k, v in works.items() if k != field})
            outcome = millrace.run("connector", name, "check", "--config", "config.json")
            assert field in outcome.text, outcome
            assert outcome.code == 2 or "FAILED" in outcome.out, outcome


@pytest.mark.parametrize("name", SOURCES)
class TestSource:
    def test_s6_the_catalog_is_valid(self, millrace, fixtures, name):
        streams = catalog_of(millrace, name, fixtures)["streams"]
        assert streams
        seen = set()
        for s in streams:
            jsonschema.Draft7Validator.check_schema(s["json_schema"])
            assert s["json_schema"]["type"] == "object" and s["json_schema"]["properties"], s["name"]
            assert set(s["supported_sync_modes"]) <= {"full_refresh", "incremental"} and "full_refresh" in s["supported_sync_modes"]
            for path in s.get("source_defined_primary_key") or []:
                assert path[0] in s["json_schema"]["properties"]
            assert (s.get("namespace"), s["name"]) not in seen
            seen.add((s.get("namespace"), s["name"]))

    def test_s8_read_frames_every_stream(self, millrace, fixtures, name):
        messages, streams = read(millrace, name, fixtures, "full_refresh")
        for s in streams:
            mine = [m for m in messages if name_in(m) == s["stream"]["name"]]
            statuses = [m["trace"]["stream_status"]["status"] for m in mine if m["type"] == "TRACE"]
            assert statuses[0] == "STARTED" and statuses[-1] == "COMPLETE" and "INCOMPLETE" not in statuses, s["stream"]["name"]
            kinds = [m["type"] for m in mine]
            assert "STATE" in kinds, f"{s['stream']['name']} ends without a state"
            if "RECORD" in kinds:
                assert len(kinds) - 1 - kinds[::-1].index("STATE") > len(kinds) - 1 - kinds[::-1].index("RECORD"), "the last state covers the last record"

    def test_s9_records_fit_their_schema(self, millrace, fixtures, name):
        messages, streams = read(millrace, name, fixtures, "full_refresh")
        validators = {s["stream"]["name"]: jsonschema.Draft7Validator(s["stream"]["json_schema"]) for s in streams}
        records = of_type(messages, "RECORD")
        assert records
        for m in records[:500]:
            assert isinstance(m["record"]["emitted_at"], int)
            validators[m["record"]["stream"]].validate(m["record"]["data"])
            assert set(m["record"]["data"]) <= set(validators[m["record"]["stream"]].schema["properties"])

    def test_s10_counts_are_right(self, millrace, fixtures, name):
        messages, streams = read(millrace, name, fixtures, "full_refresh")
        for s in streams:
            mine = [m for m in messages if name_in(m) == s["stream"]["name"]]
            stated = sum((m["state"].get("sourceStats") or {}).get("recordCount", 0) for m in mine if m["type"] == "STATE")
            assert stated == len(of_type(mine, "RECORD")), s["stream"]["name"]

    def test_s7_a_second_incremental_read_brings_nothing(self, millrace, fixtures, name):
        quirk(name, "S7")
        messages, streams = read(millrace, name, fixtures, "incremental")
        assert streams, "no stream is incremental"
        newest = {}
        for m in of_type(messages, "STATE"):
            newest[json.dumps(m["state"].get("stream", {}).get("stream_descriptor"), sort_keys=True)] = m["state"]
        again, _ = read(millrace, name, fixtures, "incremental", state=list(newest.values()))
        assert of_type(again, "RECORD") == []
        assert of_type(again, "STATE")


def name_in(message):
    if message["type"] == "RECORD":
        return message["record"]["stream"]
    if message["type"] == "STATE":
        return message["state"].get("stream", {}).get("stream_descriptor", {}).get("name")
    if message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
        return message["trace"]["stream_status"]["stream_descriptor"]["name"]
    return None


@pytest.mark.parametrize("name", DESTINATIONS)
class TestDestination:
    """Driven by `write`, as Airbyte's platform drives a destination."""

    STREAM = {"name": "things", "namespace": "ns", "supported_sync_modes": ["full_refresh", "incremental"],
              "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "at": {"type": "string", "format": "date-time"}}}}

    def write(self, millrace, fixtures, name, records, mode="append", generation=1, minimum=0, status="COMPLETE", state=None):
        write(fixtures.folder, "config.json", EVERY[name].config(fixtures))
        write(fixtures.folder, "catalog.json", {"streams": [{"stream": self.STREAM, "sync_mode": "full_refresh", "destination_sync_mode": mode, "generation_id": generation,
                                                             "minimum_generation_id": minimum, "sync_id": generation}]})
        descriptor = {"name": "things", "namespace": "ns"}
        lines = [{"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": descriptor, "status": "STARTED"}}}]
        lines += [{"type": "RECORD", "record": {"stream": "things", "namespace": "ns", "emitted_at": 1, "data": r}} for r in records]
        if state:
            lines.append({"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": state}}})
        if status:
            lines.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {"stream_descriptor": descriptor, "status": status}}})
        return millrace.run("connector", name, "write", "--config", "config.json", "--catalog", "catalog.json", input="".join(json.dumps(x) + "\n" for x in lines))

    def ids(self, fixtures, name):
        return EVERY[name].ids(fixtures)

    def rows(self, first, last):
        return [{"id": i, "name": f"n{i}" if i % 3 else None, "at": "2025-01-01T00:00:00Z"} for i in range(first, last + 1)]

    def test_s11_echoes_the_state_once_data_is_there(self, millrace, fixtures, name):
        outcome = self.write(millrace, fixtures, name, self.rows(1, 30), state={"n": 30})
        assert outcome.code == 0, outcome
        assert [m["state"]["stream"]["stream_state"] for m in of_type(outcome.messages(), "STATE")] == [{"n": 30}]
        quirk(name, "S11 rows")
        assert self.ids(fixtures, name) == list(range(1, 31))

    def test_s12_append_appends(self, millrace, fixtures, name):
        quirk(name, "S12")
        for first in (1, 11):
            assert self.write(millrace, fixtures, name, self.rows(first, first + 9), state={"n": first}).code == 0
        assert self.ids(fixtures, name) == list(range(1, 21))

    def test_s13_overwrite_replaces_when_complete_and_only_then(self, millrace, fixtures, name):
        quirk(name, "S13")
        assert self.write(millrace, fixtures, name, self.rows(1, 10), "overwrite", 1, 1, state={"n": 1}).code == 0
        self.write(millrace, fixtures, name, self.rows(50, 60), "overwrite", 2, 2, status="INCOMPLETE")
        assert self.ids(fixtures, name) == list(range(1, 11)), "an unfinished generation is hidden"
        self.write(millrace, fixtures, name, self.rows(50, 60), "overwrite", 3, 3, status=None)
        assert self.ids(fixtures, name) == list(range(1, 11)), "a stream that started and just ends is not complete"
        assert self.write(millrace, fixtures, name, self.rows(100, 104), "overwrite", 4, 4, state={"n": 2}).code == 0
        assert self.ids(fixtures, name) == list(range(100, 105))

    def test_s14_a_stream_without_rows_makes_its_table(self, millrace, fixtures, name):
        quirk(name, "S14")
        assert self.write(millrace, fixtures, name, [], "overwrite", 1, 1).code == 0
        assert self.ids(fixtures, name) == []

    def test_s14_and_empties_it_in_overwrite(self, millrace, fixtures, name):
        quirk(name, "S14")
        assert self.write(millrace, fixtures, name, self.rows(1, 5), "overwrite", 1, 1, state={"n": 1}).code == 0
        assert self.write(millrace, fixtures, name, [], "overwrite", 2, 2, state={"n": 2}).code == 0
        assert self.ids(fixtures, name) == []

    def test_s15_a_record_of_an_unknown_stream_fails(self, millrace, fixtures, name):
        write(fixtures.folder, "config.json", EVERY[name].config(fixtures))
        write(fixtures.folder, "catalog.json", {"streams": [{"stream": self.STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "append", "generation_id": 1,
                                                             "minimum_generation_id": 0, "sync_id": 1}]})
        line = json.dumps({"type": "RECORD", "record": {"stream": "stranger", "emitted_at": 1, "data": {"a": 1}}}) + "\n"
        outcome = millrace.run("connector", name, "write", "--config", "config.json", "--catalog", "catalog.json", input=line)
        assert outcome.code != 0 and "stranger" in outcome.text, outcome
