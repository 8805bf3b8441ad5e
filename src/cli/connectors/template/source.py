#!/usr/bin/env python3
"""@NAME@: a source that speaks the Airbyte Protocol. It needs nothing but Python 3.

Millrace runs it with `spec`, `check --config FILE`, `discover --config FILE` and
`read --config FILE --catalog FILE [--state FILE]`, and reads one JSON message a line from its
standard output. Everything that is no message belongs on standard error.

What to change: SPEC (what a user configures), STREAMS (what can be read), try_out() and fetch().
"""
import argparse
import json
import sys
import time

# A JSON schema of the configuration. `airbyte_secret` hides a value wherever it could be shown.
SPEC = {
    "type": "object",
    "title": "@NAME@",
    "required": ["count"],
    "properties": {
        "count": {"type": "integer", "title": "Orders", "description": "How many orders there are.", "minimum": 0},
        "api_key": {"type": "string", "title": "API key", "airbyte_secret": True},
    },
}

# What can be read: the schema of each stream's rows, its key, and the field whose value grows with
# every change, by which an incremental sync goes on.
STREAMS = {
    "orders": {
        "schema": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "customer": {"type": ["null", "string"]},
                "total": {"type": "number"},
                "updated_at": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
            },
        },
        "key": ["id"],
        "cursor": "updated_at",
    },
}

ROWS_BETWEEN_STATES = 100


def try_out(config):
    """Raises an exception, whose text the user reads, when the configuration can't work."""
    if config["count"] > 1_000_000:
        raise ValueError("count is more than this example can make")


def fetch(config, stream, after):
    """Yields the rows of a stream in the order of its cursor: all of them, or those after the value `after`."""
    for number in range(1, config["count"] + 1):
        minutes, hours = number % 60, number // 60
        row = {
            "id": number,
            "customer": f"customer {number % 7}",
            "total": number * 1.25,
            "updated_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1704067200 + hours * 3600 + minutes * 60)),
        }
        if after is None or row[STREAMS[stream]["cursor"]] > after:
            yield row


def say(kind, key, value):
    """Prints one message. Records wait in the buffer; everything else is sent at once."""
    print(json.dumps({"type": kind, key: value}), flush=kind != "RECORD")


def now():
    return int(time.time() * 1000)


def status(stream, value):
    say("TRACE", "trace", {"type": "STREAM_STATUS", "emitted_at": now(),
                           "stream_status": {"stream_descriptor": {"name": stream}, "status": value}})


def catalog():
    return {"streams": [{
        "name": name,
        "json_schema": stream["schema"],
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": [stream["cursor"]],
        "source_defined_primary_key": [[field] for field in stream["key"]],
    } for name, stream in STREAMS.items()]}


def save(stream, reached):
    """Tells how far we are: the next incremental sync brings this back with --state."""
    say("STATE", "state", {"type": "STREAM", "stream": {"stream_descriptor": {"name": stream},
                                                        "stream_state": {"reached": reached}}})


def read(config, configured, states):
    saved = {state["stream"]["stream_descriptor"]["name"]: state["stream"].get("stream_state") or {} for state in states}
    for entry in configured["streams"]:
        stream = entry["stream"]["name"]
        incremental = entry["sync_mode"] == "incremental"
        reached = saved.get(stream, {}).get("reached") if incremental else None
        status(stream, "STARTED")
        rows = 0
        for row in fetch(config, stream, reached):
            say("RECORD", "record", {"stream": stream, "data": row, "emitted_at": now()})
            reached, rows = row[STREAMS[stream]["cursor"]], rows + 1
            if rows % ROWS_BETWEEN_STATES == 0:
                save(stream, reached)
        if reached is not None:
            save(stream, reached)
        status(stream, "COMPLETE")


def check(config):
    try:
        try_out(config)
        say("CONNECTION_STATUS", "connectionStatus", {"status": "SUCCEEDED"})
    except Exception as error:
        say("CONNECTION_STATUS", "connectionStatus", {"status": "FAILED", "message": str(error)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["spec", "check", "discover", "read"])
    for option in ("--config", "--catalog", "--state"):
        parser.add_argument(option, type=lambda path: json.load(open(path, encoding="utf-8")))
    options = parser.parse_args()
    if options.task == "spec":
        say("SPEC", "spec", {"connectionSpecification": SPEC})
    elif options.task == "check":
        check(options.config)
    elif options.task == "discover":
        say("CATALOG", "catalog", catalog())
    else:
        read(options.config, options.catalog, options.state or [])


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        # The user reads the message; what follows is for whoever mends the connector.
        say("TRACE", "trace", {"type": "ERROR", "emitted_at": now(),
                               "error": {"message": str(error), "internal_message": repr(error), "failure_type": "system_error"}})
        print(repr(error), file=sys.stderr)
        sys.exit(1)
