"""An API on the loopback interface that answers requests of any kind, and remembers them."""
import contextlib
import dataclasses
import http.server
import json
import threading
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict  # name → its last value
    headers: dict  # names in lower case
    body: str

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body))


@dataclasses.dataclass
class Answer:
    body: object  # a document, or text that is sent as it is
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)


class RestApi:
    """`answers`: path → a function of the request that returns a document or an Answer. `requests`: what came, in order."""

    def __init__(self, url):
        self.url, self.answers, self.requests = url, {}, []

    def of(self, path):
        return [r for r in self.requests if r.path == path]


@contextlib.contextmanager
def serving():
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            url = urllib.parse.urlparse(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(size).decode())
            api.requests.append(request)
            found = api.answers.get(url.path, lambda _: Answer({"error": "no such path"}, 404))(request)
            found = found if isinstance(found, Answer) else Answer(found)
            body = (found.body if isinstance(found.body, str) else json.dumps(found.body)).encode()
            self.send_response(found.status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **found.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api = RestApi(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever).start()
        try:
            yield api
        finally:
            server.shutdown()
