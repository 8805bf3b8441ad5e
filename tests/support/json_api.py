"""An API of JSON documents on the loopback interface, for connectors that read one."""
import contextlib
import http.server
import json
import threading
import urllib.parse


@contextlib.contextmanager
def serving(answer):
    """The URL of a server whose GET requests are answered by `answer(path, query, key)`: a document, or the number of a failure.
    path: the parts between its slashes; query: {name: its first value}; key: the bearer token, or None."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            url = urllib.parse.urlparse(self.path)
            query = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
            scheme, _, key = self.headers.get("Authorization", "").partition(" ")
            found = answer([part for part in url.path.split("/") if part], query, key if scheme == "Bearer" else None)
            body = b"" if isinstance(found, int) else json.dumps(found).encode()
            self.send_response(found if isinstance(found, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
