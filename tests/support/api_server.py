"""A running `millrace server`, and calls to its API as a client makes them."""
import base64
import contextlib
import json
import signal
import urllib.error
import urllib.request

from support.free_port import free_port


class Reply:
    def __init__(self, status, text, headers):
        self.status, self.text, self.headers = status, text, headers

    @property
    def body(self):
        return json.loads(self.text)


class ApiServer:
    """`headers` go with every call: who makes it."""

    def __init__(self, url, context=None, headers=None):
        self.url, self.context, self.headers = url, context, headers or {}

    def request(self, method, path, data=None, headers=None):
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers={"Content-Type": "application/json", **self.headers, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.context) as reply:
                return Reply(reply.status, reply.read().decode(), reply.headers)
        except urllib.error.HTTPError as refused:
            return Reply(refused.code, refused.read().decode(), refused.headers)

    def call(self, path, expect=200, **body):
        """POST to the config API; the reply's document."""
        reply = self.request("POST", f"/api/v1/{path}", json.dumps(body).encode())
        assert reply.status == expect, f"{path}: {reply.status} {reply.text}"
        return reply.body if reply.text else None


def basic(user, password):
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# A server that everybody must sign in to, and the one user who can.
PASSWORD = "a-better-password"
SIGNED_IN = {"env": {"MILLRACE_ADMIN_PASSWORD": PASSWORD}, "headers": basic("airbyte@example.com", PASSWORD)}


@contextlib.contextmanager
def running(millrace, data_dir, *args, env=None, log=None, context=None, headers=None, **more):
    """Starts a server on a free port, waits until it answers, and ends it with SIGTERM at the end: it must exit 0. `context`: of TLS, when it serves HTTPS."""
    port = free_port()
    log = log or data_dir.parent / f"{data_dir.name}.log"
    with open(log, "ab") as output:
        process = millrace.start("server", "--data-dir", data_dir, "--listen", f"127.0.0.1:{port}", *args, env=env, stdout=output, stderr=output, **more)
    server = ApiServer(f"{'https' if context else 'http'}://127.0.0.1:{port}", context, headers)
    server.process, server.log = process, log
    try:
        wait_until_it_answers(server)
        yield server
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(server):
    for _ in range(600):
        assert server.process.poll() is None, server.log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if server.request("GET", "/api/v1/health").status == 200:
                return
        with contextlib.suppress(Exception):
            server.process.wait(0.1)
    raise AssertionError(f"no answer within a minute: {server.log.read_text()}")
