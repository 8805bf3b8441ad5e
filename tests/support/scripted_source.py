#!/usr/bin/env python3
"""A source that speaks the Airbyte Protocol as a plain script does, and misbehaves when its configuration says so.

Standard library only. Its own streams: `items` (rows 1 … `rows`) and `shop.users` (three rows).
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import time

SPEC = {"type": "object", "required": ["rows"], "properties": {
    "rows": {"type": "integer"}, "state_every": {"type": "integer"}, "token": {"type": "string", "airbyte_secret": True},
    "behaviour": {"type": "string"}, "at": {"type": "integer"}, "marker": {"type": "string"},
    "valid": {"type": "string", "description": "a file with the one token that is good now; each read makes a new one of it"}}}
ITEM = {"type": "object", "properties": {
    "id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "price": {"type": "number"}, "sold": {"type": "boolean"},
    "at": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"}, "tags": {"type": "array", "items": {"type": "string"}}}}
USER = {"type": "object", "properties": {"email": {"type": "string"}}}
MODES = ["full_refresh", "incremental"]


def say(message_type, key, value):
    print(json.dumps({"type": message_type, key: value}), flush=message_type != "RECORD")


def record(stream, data, **more):
    say("RECORD", "record", {"stream": stream, "data": data, "emitted_at": 1700000000000, **more})


def status(name, value, **more):
    say("TRACE", "trace", {"type": "STREAM_STATUS", "emitted_at": 1.5, "stream_status": {"stream_descriptor": {"name": name, **more}, "status": value}})


def error(message, failure_type="system_error", **more):
    say("TRACE", "trace", {"type": "ERROR", "emitted_at": 1.5, "error": {"message": message, "failure_type": failure_type, **more}})


def item(number):
    return {"id": number, "name": None if number % 7 == 0 else f"item {number} ☃", "price": number / 4, "sold": number % 2 == 0,
            "at": f"2024-01-{number % 28 + 1:02}T03:04:05Z", "tags": [f"t{number % 3}"]}


def catalog():
    return {"streams": [
        {"name": "items", "json_schema": ITEM, "supported_sync_modes": MODES, "source_defined_cursor": True, "default_cursor_field": ["id"],
         "source_defined_primary_key": [["id"]]},
        {"name": "users", "namespace": "shop", "json_schema": USER, "supported_sync_modes": ["full_refresh"]}]}


def misbehave(config):
    """In the middle of the items."""
    behaviour = config.get("behaviour")
    marker = config.get("marker")
    if marker and pathlib.Path(marker).exists():
        return  # once is enough
    if marker:
        pathlib.Path(marker).write_text("been here")
    sys.stdout.flush()
    if behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hungry":
        held = bytearray(200 << 20)
        time.sleep(600)
        del held
    if behaviour == "crash":
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == "exit":
        print("Traceback: the token is", config.get("token"), file=sys.stderr)
        sys.exit(3)
    if behaviour == "error":
        error("The API refuses the key " + config["token"], "config_error", internal_message="401 for " + config["token"])
        sys.exit(1)
    if behaviour == "half":
        sys.stdout.write('{"type": "RECORD", "record": {"stream": "items", "data": {"id":')
        sys.exit(0)
    if behaviour == "unknown":
        record("nobody", {"id": 1})
    if behaviour == "no_object":
        record("items", [1, 2])
    if behaviour == "noise":
        print("a line of a library")
        print("{'a': 'python dictionary'}")
        print('{"valid": "json of another kind"}')
        print("\x01\x02 binary", flush=True)
        print("flood " * 20, file=sys.stderr)
        say("LOG", "log", {"level": "INFO", "message": "the token is " + config["token"]})
    if behaviour == "long":
        record("items", {"id": 0, "name": "x" * 100_000_000})
    if behaviour == "silent":
        time.sleep(3600)
    if behaviour == "greedy":
        kept = []
        while len(kept) < 100:  # 1.6 GB
            kept.append(b"x" * (16 << 20))
            time.sleep(0.01)
        time.sleep(3600)
    if behaviour == "control":
        say("CONTROL", "control", {"type": "CONNECTOR_CONFIG", "emitted_at": 1.5, "connectorConfig": {"config": {**config, "token": "rotated"}}})


def rotate(config):
    """Makes a new token of the one that it was given, which is worth nothing from now on."""
    valid = pathlib.Path(config["valid"])
    if valid.read_text() != config["token"]:
        error("The token is not good any more", "config_error", internal_message="it is " + config["token"])
        sys.exit(1)
    token = rotated(config["token"])
    say("CONTROL", "control", {"type": "CONNECTOR_CONFIG", "emitted_at": 1.5, "connectorConfig": {"config": {**config, "token": token}}})
    valid.write_text(token)


def rotated(token):
    """token-91 becomes token-92."""
    name, _, number = token.rpartition("-")
    return f"{name}-{int(number) + 1}"


def read_items(config, entry, state):
    first = state.get("id", 0) + 1 if entry["sync_mode"] == "incremental" else 1
    every, rows = config.get("state_every", 10), config["rows"]
    for number in range(first, rows + 1):
        data = item(number)
        if config.get("behaviour") == "undeclared":
            data["surprise"] = number
        record("items", data)
        if number == config.get("at"):
            misbehave(config)
        if number % every == 0 or number == rows:
            say("STATE", "state", {"type": "STREAM", "stream": {"stream_descriptor": {"name": "items"}, "stream_state": {"id": number}},
                                   "sourceStats": {"recordCount": 1.0}})


def read(config, configured, states):
    state = next((s["stream"]["stream_state"] for s in states if s["stream"]["stream_descriptor"]["name"] == "items"), {})
    for entry in configured["streams"]:
        name, more = entry["stream"]["name"], {k: v for k, v in entry["stream"].items() if k == "namespace"}
        status(name, "STARTED", **more)
        if name == "items":
            read_items(config, entry, state)
        elif config.get("behaviour") == "one_stream_fails":
            status(name, "INCOMPLETE", **more)
            error("users may not be read", "config_error", stream_descriptor={"name": name, **more})
            continue
        else:
            for number in range(3):
                record(name, {"email": f"u{number}@example.com"}, **more)
        if config.get("behaviour") != "unfinished" or name != "items":
            status(name, "COMPLETE", **more)
    if config.get("behaviour") == "one_stream_fails":
        error("During the sync, the following streams did not sync successfully: users", "config_error")
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    for option in ("--config", "--catalog", "--state"):
        parser.add_argument(option, type=lambda path: json.loads(pathlib.Path(path).read_text()))
    options = parser.parse_args()
    if options.config and options.config.get("behaviour") == "garbage" and options.task == "read":
        sys.stdout.buffer.write(bytes(range(256)) * 100)
        return
    if options.config:
        path = pathlib.Path(sys.argv[sys.argv.index("--config") + 1])
        # Whoever a container runs as must be able to read it: there the folder around what is mounted is private.
        private, expected = (path.parent.parent, 0o700) if "IN_CONTAINER" in os.environ else (path, 0o600)
        assert private.stat().st_mode & 0o777 == expected, f"{private} is {oct(private.stat().st_mode)}"
    if options.config and options.config.get("behaviour") == "needs_manifest":
        assert options.config["__injected_declarative_manifest"]["streams"], "it is the runner of manifests"
    if options.task == "spec":
        say("SPEC", "spec", {"connectionSpecification": SPEC})
    elif options.task == "check":
        valid = options.config.get("valid")
        refused = options.config.get("behaviour") == "refused" or valid and pathlib.Path(valid).read_text() != options.config["token"]
        answer = {"status": "FAILED", "message": "no entry with " + options.config["token"]} if refused else {"status": "SUCCEEDED"}
        say("CONNECTION_STATUS", "connectionStatus", answer)
    elif options.task == "discover":
        say("CATALOG", "catalog", catalog())
    else:
        if "valid" in options.config:
            rotate(options.config)
        read(options.config, options.catalog, options.state or [])


if __name__ == "__main__":
    main()
