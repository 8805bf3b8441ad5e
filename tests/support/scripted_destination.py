#!/usr/bin/env python3
"""A destination that speaks the Airbyte Protocol as a plain script does, and misbehaves when its configuration says so.

Standard library only. It appends what it gets to `messages.jsonl` in the folder `path`, one message a line, and the catalogs to `catalogs.jsonl`.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import time

SPEC = {"type": "object", "required": ["path"], "properties": {
    "path": {"type": "string"}, "token": {"type": "string", "airbyte_secret": True}, "echo": {"type": "string"}, "behaviour": {"type": "string"},
    "at": {"type": "integer"}, "marker": {"type": "string"}, "seconds": {"type": "number"}}}
MODES = ["append", "overwrite"]


def say(message_type, key, value):
    print(json.dumps({"type": message_type, key: value}), flush=True)


def shuffled(value):
    """The same JSON with every object's fields in reverse."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(element) for element in value] if isinstance(value, list) else value


def echo_late(config, states):
    how = config.get("echo", "each")
    if how == "late":
        for state in states:
            say("STATE", "state", state)
    if how == "reversed":
        for state in reversed(states):
            say("STATE", "state", shuffled({k: v for k, v in state.items() if k != "id"} | {"destinationStats": {"recordCount": 1.0}}))
    if how == "last":
        for state in {json.dumps(state.get("stream", {}).get("stream_descriptor")): state for state in states}.values():
            say("STATE", "state", state)


def misbehave(config):
    """In the middle of the records."""
    behaviour, marker = config.get("behaviour"), config.get("marker")
    if marker and pathlib.Path(marker).exists():
        return  # once is enough
    if marker:
        pathlib.Path(marker).write_text("been here")
    if behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "crash":
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == "exit":
        print("Traceback: the token is", config["token"], file=sys.stderr)
        sys.exit(3)
    if behaviour == "leaves":
        sys.exit(0)
    if behaviour == "error":
        say("TRACE", "trace", {"type": "ERROR", "emitted_at": 1.5, "error": {"message": "The table refuses " + config["token"], "failure_type": "config_error"}})
        sys.exit(1)
    if behaviour == "half":
        print('{"type": "STATE", "state": {"type": "STREAM", "stre', flush=True)
    if behaviour == "noise":
        print("a line of a library")
        print("\x01\x02 binary")
        print("flood " * 20, file=sys.stderr, flush=True)
        say("LOG", "log", {"level": "INFO", "message": "the token is " + config["token"]})
    if behaviour == "stranger":
        say("STATE", "state", {"type": "STREAM", "stream": {"stream_descriptor": {"name": "items"}, "stream_state": {"id": 1_000_000}}})
    if behaviour == "slow":
        time.sleep(config.get("seconds", 1))
    if behaviour == "hangs":
        subprocess_of_its_own = os.fork()
        if subprocess_of_its_own == 0:
            pathlib.Path(config["path"], "child").write_text(str(os.getpid()))
        time.sleep(3600)


def write(config, catalog):
    if "valid" in config:
        from scripted_source import rotate  # beside it, when it is run
        rotate(config)
    folder = pathlib.Path(config["path"])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "catalogs.jsonl", "a") as catalogs:
        catalogs.write(json.dumps(catalog) + "\n")
    states, records = [], 0
    with open(folder / "messages.jsonl", "a") as messages:
        for line in sys.stdin:
            messages.write(line)
            message = json.loads(line)
            if message["type"] == "STATE":
                messages.flush()
                states.append(message["state"])
                for _ in range({"each": 1, "twice": 2}.get(config.get("echo", "each"), 0)):
                    say("STATE", "state", message["state"])
            elif message["type"] == "RECORD":
                records += 1
                if records == config.get("at"):
                    misbehave(config)
    echo_late(config, states)
    if config.get("behaviour") == "killed_at_the_end" and not pathlib.Path(config["marker"]).exists():
        pathlib.Path(config["marker"]).write_text("been here")
        os.kill(os.getpid(), signal.SIGKILL)
    if config.get("behaviour") == "fails_at_the_end":
        print("the swap failed", file=sys.stderr)
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    for option in ("--config", "--catalog"):
        parser.add_argument(option, type=lambda path: json.loads(pathlib.Path(path).read_text()))
    options = parser.parse_args()
    if options.task == "spec":
        say("SPEC", "spec", {"connectionSpecification": SPEC, "supported_destination_sync_modes": MODES})
    elif options.task == "check":
        refused = options.config.get("behaviour") == "refused"
        answer = {"status": "FAILED", "message": "no entry with " + options.config["token"]} if refused else {"status": "SUCCEEDED"}
        say("CONNECTION_STATUS", "connectionStatus", answer)
    else:
        write(options.config, options.catalog)


if __name__ == "__main__":
    main()
