#!/usr/bin/env python3
"""Asks Airbyte's CDK what its requesters do: reads scenarios.json, writes goldens.json.

    python record.py SHIM     # SHIM: the compiled clock of the oracle's harness (clockshim.c), which
                              # holds the time and makes sleeps instant

Needs airbyte-cdk 7.39.1. A scenario is {name, requester, config, replies: {path: [reply, …]}, calls,
decoder}; the last reply of a path repeats; @BASE@ is the server's address.
"""
import base64
import ctypes
import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
CLOCK = 1710072000  # 2024-03-10T12:00:00Z
IGNORED = {"host", "user-agent", "accept-encoding", "connection", "content-length", "keep-alive",
           "accept"}


def body_of(reply):
    if "json" in reply:
        return json.dumps(reply["json"]).encode()
    return base64.b64decode(reply["b64"]) if "b64" in reply else reply.get("text", "").encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        server = self.server
        path = self.path.split("?")[0]
        server.requests.append({
            "method": self.command, "target": self.path, "body": body,
            "headers": {k.lower(): v for k, v in self.headers.items() if k.lower() not in IGNORED}})
        queue = server.replies.get(path) or [{"status": 404, "text": "none"}]
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        if reply.get("drop"):
            self.close_connection = True
            return
        data = body_of(reply)
        self.send_response(reply.get("status", 200))
        headers = {k: v.replace("@BASE@", server.base) for k, v in reply.get("headers", {}).items()}
        if "json" in reply and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json"
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve

    def log_message(self, *args):
        pass


def run(scenario):
    from airbyte_cdk.sources.declarative.models import declarative_component_schema as models
    from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
    from airbyte_cdk.sources.types import StreamSlice
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.base = f"http://127.0.0.1:{server.server_address[1]}"
    server.requests, server.replies = [], scenario["replies"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scenario = json.loads(json.dumps(scenario).replace("@BASE@", server.base))
    config = scenario.get("config", {})
    factory = ModelToComponentFactory()
    if "budget" in scenario:
        factory.set_api_budget(scenario["budget"], config)
    results, values = [], []

    def failure(error):
        if type(error).__name__ in ("PaginationResetRequiredException", "PageSizeReductionRequiredException",
                                    "RequestWindowSplitRequiredException"):
            return {"outcome": type(error).__name__}
        if isinstance(error, AirbyteTracedException):
            return {"failure": error.failure_type.value, "message": error.message}
        return {"exception": type(error).__name__}

    try:
        decoder = None
        if "decoder" in scenario:
            decoder = factory.create_component(getattr(models, scenario["decoder"]["type"]),
                                               scenario["decoder"], config)
        kwargs = {"decoder": decoder} if decoder else {}
        requester = factory.create_component(models.HttpRequester, scenario["requester"], config,
                                             name="s", **kwargs)
    except Exception as error:
        requester = None
        results.append(failure(error))
    for call in scenario.get("calls", [{}]) if requester else []:
        slice_ = None
        if "slice" in call:
            part = call["slice"]
            slice_ = StreamSlice(partition=part.get("partition", {}), cursor_slice=part.get("cursor_slice", {}),
                                 extra_fields=part.get("extra_fields", {}))
        options = call.get("options", {})
        try:
            response = requester.send_request(
                stream_slice=slice_, next_page_token=call.get("token"), path=call.get("path"),
                request_headers=options.get("headers"), request_params=options.get("params"),
                request_body_data=options.get("body_data"), request_body_json=options.get("body_json"))
            results.append({"status": response.status_code, "url": response.url})
            if decoder:
                for value in decoder.decode(response):
                    values.append(value)
        except Exception as error:
            results.append(failure(error))
    text = json.dumps({"requests": server.requests, "results": results, "values": values})
    return json.loads(text.replace(server.base, "@BASE@").replace(server.base[7:], "@HOST@"))


def child(scenario, folder):
    log = str(folder / "sleeps")
    out = os.open(str(folder / "stdout"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    ctypes.CDLL(None).clockshim_configure(str(CLOCK).encode(), log.encode())
    outcome = run(scenario)
    sys.stdout.flush()
    lines = [json.loads(line) for line in (folder / "stdout").read_text().splitlines() if line.startswith("{")]
    outcome["rate_limited"] = sum(1 for m in lines if m.get("type") == "TRACE" and "stream_status" in m["trace"])
    outcome["control"] = [m["control"]["connectorConfig"]["config"] for m in lines if m.get("type") == "CONTROL"]
    sleeps = (folder / "sleeps").read_text().split() if (folder / "sleeps").exists() else []
    outcome["sleeps"] = [float(s) for s in sleeps]
    (folder / "outcome").write_text(json.dumps(outcome))


def main():
    if "LD_PRELOAD" not in os.environ:
        os.environ["LD_PRELOAD"] = sys.argv[1]
        os.execv(sys.executable, [sys.executable, *sys.argv])
    import logging
    from pyrate_limiter import BucketFactory
    BucketFactory.schedule_leak = lambda *args: None  # its thread's sleeps are none of ours
    import airbyte_cdk.sources.declarative.parsers.model_to_component_factory  # noqa: F401  (once, before forking)
    logging.disable(logging.CRITICAL)
    goldens = {}
    for scenario in json.loads((HERE / "scenarios.json").read_text()):
        with tempfile.TemporaryDirectory() as name:
            pid = os.fork()
            if pid == 0:
                try:
                    child(scenario, Path(name))
                except BaseException:
                    import traceback
                    traceback.print_exc()
                os._exit(0)
            os.waitpid(pid, 0)
            goldens[scenario["name"]] = json.loads((Path(name) / "outcome").read_text())
    (HERE / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


main()
