#!/usr/bin/env python3
"""A source that speaks the Airbyte Protocol as a plain script does, and misbehaves when its configuration says so.

Standard library only. Its own streams: `items` (rows 1 … `rows`) and `shop.users` (three rows); with `many`: so many, `s0` …, of five rows each.
Of its configuration: `say`, lines to print as they are after row `at` (and `say_last`, behind everything); `behaviour`, what to do there; `marker`, a file that says it was done before;
`state_kind`, in which kind of state it says how far it came (MIXED: the items in a GLOBAL one, the users in a STREAM one); `heard`, a file for the state that it was given.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

SPEC = {"type": "object", "required": ["rows"], "properties": {
    "rows": {"type": "integer"}, "state_every": {"type": "integer"}, "token": {"type": "string", "airbyte_secret": True},
    "behaviour": {"type": "string"}, "at": {"type": "integer"}, "marker": {"type": "string"}, "many": {"type": "integer"}, "heard": {"type": "string"},
    "say": {"type": "array"}, "say_last": {"type": "array"}, "state_kind": {"enum": ["STREAM", "GLOBAL", "LEGACY", "MIXED"]},
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


def stream_state(name, value, **more):
    return {"stream_descriptor": {"name": name, **more}, "stream_state": value}


def state(kind, value, count, name="items", **more):
    """How far a stream came, `count` records after it said so last."""
    fields = {"STREAM": {"type": "STREAM", "stream": stream_state(name, value, **more)}, "LEGACY": {"data": {name: value}},
              "GLOBAL": {"type": "GLOBAL", "global": {"shared_state": {"log": value}, "stream_states": [stream_state(name, value, **more)]}}}[kind]
    say("STATE", "state", {**fields, "sourceStats": {"recordCount": float(count)}})


def item(number):
    return {"id": number, "name": None if number % 7 == 0 else f"item {number} ☃", "price": number / 4, "sold": number % 2 == 0,
            "at": f"2024-01-{number % 28 + 1:02}T03:04:05Z", "tags": [f"t{number % 3}"]}


def catalog(config):
    if config.get("many"):
        return {"streams": [{"name": f"s{n}", "json_schema": USER, "supported_sync_modes": ["full_refresh"]} for n in range(config["many"])]}
    return {"streams": [
        {"name": "items", "json_schema": ITEM, "supported_sync_modes": MODES, "source_defined_cursor": True, "default_cursor_field": ["id"],
         "source_defined_primary_key": [["id"]]},
        {"name": "users", "namespace": "shop", "json_schema": USER, "supported_sync_modes": MODES, "source_defined_cursor": True, "default_cursor_field": ["email"]}]}


def say_lines(lines):
    for line in lines:
        print(line, flush=True)


def misbehave(config):
    """In the middle of the items."""
    behaviour = config.get("behaviour")
    marker = config.get("marker")
    if marker and pathlib.Path(marker).exists():
        return  # once is enough
    if marker:
        pathlib.Path(marker).write_text("been here")
    sys.stdout.flush()
    say_lines(config.get("say", []))
    if behaviour == "not_text":
        sys.stdout.buffer.write(b'{"type":"RECORD","record":{"stream":"items","data":{"id":1,"name":"\xff\xfe"}}}\n')
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
        child = subprocess.Popen(["sleep", "3600"])
        if marker:
            pathlib.Path(marker).write_text(str(child.pid))
        time.sleep(3600)
    if behaviour == "stranger":
        # In a session of its own, with no parent: it writes on and on.
        print_on = f"trap '' PIPE; echo $$ > '{marker}'; while :; do echo a line of a stranger; sleep 0.01; done"
        subprocess.run(["sh", "-c", 'setsid sh -c "$0" & :', print_on], check=True)
        while pathlib.Path(marker).read_text() == "been here":
            time.sleep(0.01)
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


def read_items(config, entry, known):
    first = known.get("id", 0) + 1 if entry["sync_mode"] == "incremental" else 1
    every, rows, said = config.get("state_every", 10), config["rows"], first - 1
    for number in range(first, rows + 1):
        data = item(number)
        if config.get("behaviour") == "undeclared":
            data["surprise"] = number
        record("items", data)
        if number == config.get("at"):
            misbehave(config)
        if number % every == 0 or number == rows:
            kind = config.get("state_kind", "STREAM")
            state("GLOBAL" if kind == "MIXED" else kind, {"id": number}, number - said - (config.get("behaviour") == "miscounts"))
            said = number


def known_states(given):
    """By stream, from a state file of any kind."""
    if isinstance(given, dict):
        return given
    parts = [part for s in given for part in ([s["stream"]] if s["type"] == "STREAM" else s["global"]["stream_states"])]
    return {part["stream_descriptor"]["name"]: part["stream_state"] for part in parts}


def read_many(count):
    for row in range(5):
        for n in range(count):
            record(f"s{n}", {"email": f"{row}@example.com"})


def read(config, configured, given):
    if config.get("heard"):
        pathlib.Path(config["heard"]).write_text(json.dumps(given))
    if config.get("many"):
        return read_many(config["many"])
    known = known_states(given)
    for entry in configured["streams"]:
        name, more = entry["stream"]["name"], {k: v for k, v in entry["stream"].items() if k == "namespace"}
        status(name, "STARTED", **more)
        if name == "items":
            read_items(config, entry, known.get("items", {}))
        elif config.get("behaviour") == "one_stream_fails":
            status(name, "INCOMPLETE", **more)
            error("users may not be read", "config_error", stream_descriptor={"name": name, **more})
            continue
        elif not (entry["sync_mode"] == "incremental" and known.get(name)):
            for number in range(3):
                record(name, {"email": f"u{number}@example.com"}, **more)
            if entry["sync_mode"] == "incremental":
                state("STREAM", {"done": True}, 3, name, **more)
        if config.get("behaviour") != "unfinished" or name != "items":
            status(name, "COMPLETE", **more)
    say_lines(config.get("say_last", []))
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
        say("CATALOG", "catalog", catalog(options.config))
    else:
        if "valid" in options.config:
            rotate(options.config)
        read(options.config, options.catalog, options.state or [])


if __name__ == "__main__":
    main()
