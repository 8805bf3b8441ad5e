#!/usr/bin/env python3
"""Plays scenarios.json with Airbyte's CDK (airbyte-cdk 7.39.1) and writes what it does to goldens.json.

    LD_PRELOAD=clockshim.so ORACLE_CLOCK_EPOCH=1710072000 python record.py    # 2024-03-10T12:00:00Z

A scenario has a DeclarativeStream without requester, a state, the records that its parents read
slice by slice, and a script; the golden has one answer for each step of the script. slicing_test.cc
plays the same script.
"""
import json
import pathlib
import sys
from datetime import timedelta

from airbyte_cdk.models import AirbyteStateBlob, AirbyteStateMessage, AirbyteStateType, AirbyteStreamState, StreamDescriptor
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative.models import DeclarativeStream as StreamModel
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.types import Record, StreamSlice

HERE = pathlib.Path(__file__).parent
RETRIEVER = {
    "type": "SimpleRetriever",
    "requester": {"type": "HttpRequester", "url_base": "http://x.invalid", "path": "/"},
    "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": []}},
}


def completed(stream):
    """The stream with what every DeclarativeStream needs and no scenario is about."""
    done = dict(stream, type="DeclarativeStream")
    done["retriever"] = {**RETRIEVER, **stream.get("retriever", {})}
    routers = done["retriever"].get("partition_router")
    for router in routers if isinstance(routers, list) else [routers] if routers else []:
        complete_parents(router)
    return done


def complete_parents(router):
    for config in router.get("parent_stream_configs", []):
        config["type"] = "ParentStreamConfig"
        config["stream"] = completed(config["stream"])
    if "underlying_partition_router" in router:
        complete_parents(router["underlying_partition_router"])
    for inner in router.get("partition_routers", []):
        complete_parents(inner)


def fake_reading(stream, records):
    """The parent's n-th slice has the n-th list of records; "fail" among them fails the read."""
    lists = iter(records.get(stream.name, []))

    def read_records(schema, stream_slice=None):
        for data in next(lists, []):
            if data == "fail":
                raise ValueError("the parent fails")
            yield Record(data=data, stream_name=stream.name, associated_slice=stream_slice)

    retriever = stream._stream_partition_generator._partition_factory._retriever
    retriever.read_records = read_records


def routers_in(router):
    yield router
    for inner in list(getattr(router, "stream_slicers", [])) + list(getattr(router, "partition_routers", [])):
        yield from routers_in(inner)
    if hasattr(router, "underlying_partition_router"):
        yield from routers_in(router.underlying_partition_router)


def fake_parents(stream, records):
    slicer = stream._stream_partition_generator._stream_slicer
    for router in routers_in(getattr(slicer, "_partition_router", slicer)):
        for config in getattr(router, "parent_stream_configs", []):
            fake_reading(config.stream, records)
            fake_parents(config.stream, records)


def plain(value):
    """What JSON can hold of it: infinity as text."""
    if isinstance(value, StreamSlice):
        return {"partition": plain(dict(value.partition)), "window": plain(dict(value.cursor_slice)), "extra": plain(dict(value.extra_fields))}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "json") and hasattr(value, "content"):
        return json.loads(value.content)
    return "Infinity" if value == float("inf") else value


class Player:
    def __init__(self, scenario):
        messages = []
        if "state" in scenario:
            messages.append(AirbyteStateMessage(type=AirbyteStateType.STREAM, stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name="s", namespace=None), stream_state=AirbyteStateBlob(scenario["state"]))))
        factory = ModelToComponentFactory(connector_state_manager=ConnectorStateManager(messages))
        config = scenario.get("config", {})
        component = completed({"name": "s", **scenario["stream"]})
        self.stream = factory.create_component(StreamModel, component, config)
        fake_parents(self.stream, scenario.get("parent_records", {}))
        self.cursor = self.stream.cursor
        self.slicer = self.stream._stream_partition_generator._stream_slicer
        self.options = self.stream._stream_partition_generator._partition_factory._retriever.request_option_provider
        self.messages = factory._message_repository
        self.slices = []

    def emitted(self):
        return [m.state.stream.stream_state.__dict__ for m in self.messages.consume_queue() if m.state]

    def partition(self, index):
        cursor_slice = self.slices[index]

        class Partition:
            def to_slice(self):
                return cursor_slice

        return Partition()

    def play(self, step):
        verb, *args = step
        if verb == "slices":
            limit = args[0] if args else 50
            for stream_slice in self.slicer.stream_slices():
                self.slices.append(stream_slice)
                if len(self.slices) == limit:
                    break
            return plain(self.slices)
        if verb == "observe":
            self.cursor.observe(Record(data=args[1], stream_name="s", associated_slice=self.slices[args[0]]))
            return None
        if verb == "synced":
            return self.cursor.should_be_synced(Record(data=args[1], stream_name="s", associated_slice=self.slices[args[0]]))
        if verb == "close":
            self.cursor.close_partition(self.partition(args[0]))
            return plain(self.emitted())
        if verb == "finish":
            self.cursor.ensure_at_least_one_state_emitted()
            return plain(self.emitted())
        if verb == "state":
            return plain(self.cursor.state)
        if verb == "options":
            stream_slice = self.slices[args[0]]
            return {
                "params": dict(self.options.get_request_params(stream_slice=stream_slice)),
                "headers": dict(self.options.get_request_headers(stream_slice=stream_slice)),
                "body_data": dict(self.options.get_request_body_data(stream_slice=stream_slice)),
                "body_json": dict(self.options.get_request_body_json(stream_slice=stream_slice)),
            }
        if verb == "split":
            smallest = timedelta(seconds=args[1]) if len(args) > 1 else None
            return plain(self.cursor.split_request_window(self.slices[args[0]], smallest) or [])
        if verb == "reduce":
            return plain(self.cursor.reduce_slice_range(self.slices[args[0]]))
        if verb == "time_of":
            time = self.cursor.get_cursor_datetime_from_state(args[0])
            return time and time.isoformat()
        raise AssertionError(verb)


def play(scenario):
    try:
        player = Player(json.loads(json.dumps(scenario)))
    except Exception as error:
        return {"fails": type(error).__name__}
    answers = []
    for step in scenario["script"]:
        try:
            answers.append(json.loads(json.dumps(player.play(step))))
        except Exception as error:
            answer = {"fails": type(error).__name__}
            if step[0] == "slices" and player.slices:
                answer["slices"] = plain(player.slices)
            answers.append(answer)
            if "-v" in sys.argv:
                print(scenario["name"], step, repr(error), file=sys.stderr)
    return answers


def main():
    scenarios = json.loads((HERE / "scenarios.json").read_text())
    goldens = {}
    for scenario in scenarios:
        assert scenario["name"] not in goldens, scenario["name"]
        goldens[scenario["name"]] = play(scenario)
    lines = [f"  {json.dumps(name)}: {json.dumps(answers)}" for name, answers in goldens.items()]
    (HERE / "goldens.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(goldens), "scenarios recorded")


main()
