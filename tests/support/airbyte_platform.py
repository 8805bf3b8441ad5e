"""What Airbyte's platform does between two connectors: it starts both, hands on what the source says, and keeps the states that come back.

Its rules as its own worker has them: records and statuses go on as they are, each state gets an id and comes back with it, a log line of either is nobody
else's business; who exits with another code than 0 fails the sync; when the source ends well, the streams that it said nothing of are complete.
"""
import json
import pathlib
import subprocess
import threading


class Replication:
    def __init__(self):
        self.states, self.sent, self.logs, self.records = [], 0, [], 0
        self.source_code = self.destination_code = None


def replicate(folder, source, source_config, destination, destination_config, catalog, state=None, timeout=300, **process):
    """Runs `source read` into `destination write`. Programs are lists of words; `process`: more for subprocess.Popen."""
    folder = pathlib.Path(folder)
    files = {"source": source_config, "destination": destination_config, "catalog": catalog, "state": state}
    for name, content in files.items():
        (folder / f"platform-{name}.json").write_text(json.dumps(content))
    path = {name: str(folder / f"platform-{name}.json") for name in files}
    reading = [*source, "read", "--config", path["source"], "--catalog", path["catalog"], *(["--state", path["state"]] if state else [])]
    writing = [*destination, "write", "--config", path["destination"], "--catalog", path["catalog"]]
    run = Replication()
    with open(folder / "platform.err", "wb") as errors, \
            subprocess.Popen(reading, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, **process) as reader, \
            subprocess.Popen(writing, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, **process) as writer:
        watch = threading.Timer(timeout, lambda: (reader.kill(), writer.kill()))
        watch.start()
        back = threading.Thread(target=hear, args=(writer, run))
        back.start()
        hand_on(reader, writer, run, catalog)
        back.join()
        watch.cancel()
    run.source_code, run.destination_code = reader.returncode, writer.returncode
    return run


def hand_on(reader, writer, run, catalog):
    ended = set()
    for line in reader.stdout:
        message = json.loads(line)
        if message["type"] == "STATE":
            run.sent += 1
            message["state"]["id"] = run.sent
            line = json.dumps(message).encode() + b"\n"
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            if status["status"] in ("COMPLETE", "INCOMPLETE"):
                ended.add((status["stream_descriptor"].get("namespace"), status["stream_descriptor"]["name"]))
        elif message["type"] == "RECORD":
            run.records += 1
        else:
            run.logs.append(message)
            continue
        writer.stdin.write(line)
    if reader.wait() == 0:
        for entry in catalog["streams"]:
            key = (entry["stream"].get("namespace"), entry["stream"]["name"])
            if key not in ended:
                descriptor = {"name": key[1], **({"namespace": key[0]} if key[0] else {})}
                status = {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": {"stream_descriptor": descriptor, "status": "COMPLETE"}}
                writer.stdin.write(json.dumps({"type": "TRACE", "trace": status}).encode() + b"\n")
    writer.stdin.close()


def hear(writer, run):
    for line in writer.stdout:
        message = json.loads(line)
        if message["type"] == "STATE":
            run.states.append(message["state"])
        else:
            run.logs.append(message)
