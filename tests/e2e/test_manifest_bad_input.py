"""Low-code manifests that are wrong, and APIs that misbehave: a clear end each time."""
import contextlib
import gzip
import http.server
import json
import ssl
import threading

import pytest

from support import certificates, manifests

GOOD = b'{"data": [{"id": 1}, {"id": 2}]}'
# Tried again twice, at once.
PATIENT = {"type": "DefaultErrorHandler", "max_retries": 2, "backoff_strategies": [{"type": "ConstantBackoffStrategy", "backoff_time_in_seconds": 0.1}]}


@contextlib.contextmanager
def answering(answer, tls=None):
    """Yields a server's URL and the requests that came: (path, headers). `answer(request, count)` is (status, headers, body); None: it was sent by hand."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            came.append((self.path, dict(self.headers)))
            reply = answer(self, len(came))
            if reply is None:
                return
            status, headers, body = reply
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # clients that hang up are what is tested

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.folder / "server.crt", tls.folder / "server.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", came
        finally:
            server.shutdown()


@pytest.fixture
def read(millrace):
    """Reads the stream of a manifest: the outcome, its records' ids, its errors as (failure type, message)."""
    def run(base, manifest=None, command="read", **more):
        catalog = {"streams": [{"stream": {"name": "items", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh",
                                "destination_sync_mode": "append"}]}
        for name, content in {"config": {"base": base, "key": "api-key-9Lm2"}, "catalog": catalog, "manifest": manifest or manifests.of_an_api()}.items():
            (millrace.folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
        args = ["--config", "config.json", "--manifest-path", "manifest.json", *(["--catalog", "catalog.json"] if command == "read" else [])]
        outcome = millrace.run("connector", "source-declarative-manifest", command, *args, **more)
        messages = outcome.messages()
        assert "api-key-9Lm2" not in outcome.text, outcome
        errors = [m["trace"]["error"] for m in messages if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"]
        return outcome, [m["record"]["data"]["id"] for m in messages if m["type"] == "RECORD"], [(e.get("failure_type"), e["message"]) for e in errors]
    return run


def of_requester(**requester):
    manifest = manifests.of_an_api()
    manifest["streams"][0]["retriever"]["requester"].update(requester)
    return manifest


class TestReplies:
    @pytest.mark.parametrize("status, kind, words", [
        (401, "config_error", "401"), (403, "config_error", "403"), (404, "system_error", "404"), (500, "transient_error", "500"),
        (429, "transient_error", "rate limit")])
    def test_a_failure_that_stays(self, read, status, kind, words):
        with answering(lambda request, count: (status, {}, b"{}")) as (base, came):
            outcome, ids, errors = read(base, of_requester(error_handler=PATIENT))
        assert outcome.code == 1 and not ids
        assert any(each == kind and words in message for each, message in errors), errors
        assert len(came) == (3 if status in (429, 500) else 1), "what may pass is tried again"

    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}])
    def test_too_many_requests_for_a_while(self, read, headers):
        handler = PATIENT if not headers else {"type": "DefaultErrorHandler", "backoff_strategies": [{"type": "WaitTimeFromHeader", "header": "Retry-After"}]}
        with answering(lambda request, count: (429, headers, b"{}") if count < 3 else (200, {}, GOOD)) as (base, _):
            outcome, ids, _ = read(base, of_requester(error_handler=handler))
        assert outcome.code == 0 and ids == [1, 2], outcome

    def test_no_json(self, read):
        with answering(lambda request, count: (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")) as (base, _):
            outcome, ids, errors = read(base)
        assert outcome.code == 0 and not ids and not errors
        assert "20 bytes of text/html that are no JSON" in outcome.text, outcome

    @pytest.mark.parametrize("body", [gzip.compress(GOOD)[:-12], b"\x1f\x8b\x08\x00garbage-that-is-no-deflate", b"not packed at all"])
    def test_a_damaged_archive(self, read, body):
        with answering(lambda request, count: (200, {"Content-Encoding": "gzip"}, body)) as (base, _):
            outcome, ids, errors = read(base, of_requester(error_handler=PATIENT))
        assert outcome.code in (0, 1) and ids in ([], [1, 2]), outcome
        assert outcome.code == 1 or ids or "no JSON" in outcome.text, "it is never nothing without a word"

    def test_a_reply_that_breaks_off(self, read):
        with answering(lambda request, count: (200, {"Content-Length": "500"}, GOOD) if count < 3 else (200, {}, GOOD)) as (base, _):
            outcome, ids, _ = read(base, of_requester(error_handler=PATIENT), timeout=120)
        assert outcome.code == 0 and ids == [1, 2], outcome


class TestPages:
    def manifest(self, cursor):
        manifest = manifests.of_an_api()
        manifest["streams"][0]["retriever"]["paginator"] = {
            "type": "DefaultPaginator", "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "after"},
            "pagination_strategy": {"type": "CursorPagination", "cursor_value": cursor}}
        return manifest

    def test_the_same_page_for_ever(self, read):
        with answering(lambda request, count: (200, {}, b'{"data": [{"id": 1}], "next": "x"}')) as (base, came):
            outcome, _, errors = read(base, self.manifest("{{ response['next'] }}"))
        assert outcome.code == 1 and len(came) == 100, len(came)
        assert any(kind == "system_error" and "100 times in a row with the same page" in message for kind, message in errors), errors


class TestStrangers:
    def test_another_host_gets_no_credentials(self, read):
        with answering(lambda request, count: (200, {}, GOOD)) as (other, there):
            elsewhere = other.replace("127.0.0.1", "localhost") + "/moved"
            with answering(lambda request, count: (302, {"Location": elsewhere}, b"")) as (base, here):
                outcome, ids, _ = read(base)
        assert outcome.code == 0 and ids == [1, 2], outcome
        assert "Authorization" in here[0][1] and "Authorization" not in there[0][1]

    def test_redirects_in_a_circle(self, read):
        with answering(lambda request, count: (302, {"Location": "/items"}, b"")) as (base, came):
            outcome, ids, errors = read(base, of_requester(error_handler=PATIENT), timeout=120)
        assert outcome.code == 1 and not ids and errors and len(came) < 150, outcome

    def test_a_certificate_that_nobody_vouches_for(self, read, tmp_path):
        with answering(lambda request, count: (200, {}, GOOD), tls=certificates.make(tmp_path / "tls")) as (base, came):
            outcome, ids, errors = read(base, of_requester(error_handler=PATIENT), timeout=120)
        assert outcome.code == 1 and not ids and not came, outcome
        assert any("certificate" in message.lower() for _, message in errors), errors


class TestManifests:
    @pytest.mark.parametrize("text, words", [
        ("streams: [", "line 2, column 1"), ("[]", "manifest"), ("version: 6.0.0\ntype: DeclarativeSource\n", "check is missing"),
        (json.dumps(of_requester(http_method="FETCH")), "http_method"), (json.dumps(of_requester(type="HttpRequestr")), "HttpRequestr"),
        ("a: &a [*a]", ""), ("[" * 5000, ""),
    ])
    def test_that_are_wrong(self, read, text, words):
        outcome, ids, errors = read("http://127.0.0.1:1", text)
        assert outcome.code == 1 and not ids and errors and words in errors[0][1], outcome

    @pytest.mark.parametrize("template, words", [
        ("{% for i in range(100000000) %}{% for j in range(100000000) %}x{% endfor %}{% endfor %}", ""),
        ("{{ 'x' * 10000000000 }}", ""), ("{{ 1 / 0 }}", "ZeroDivisionError"), ("{{ config[ }}", "TemplateSyntaxError"), ("{{ range(10 ** 12) | list }}", "")])
    def test_templates_that_loop_or_raise(self, read, template, words):
        with answering(lambda request, count: (200, {}, GOOD)) as (base, _):
            outcome, ids, errors = read(base, of_requester(path=template), timeout=120)
        assert outcome.code == 1 and not ids and errors and words in errors[0][1], outcome
