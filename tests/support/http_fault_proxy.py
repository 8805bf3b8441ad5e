"""An HTTP reverse proxy that answers some requests itself: S3's 500 and 503, slow answers, lost answers."""
import http.client
import http.server
import threading

from support.call_faults import DENIED, LOST, ONCE, CallFaults

# The answer to a request that fails: a status, or "lose".
ANSWERS = {ONCE: 503, LOST: "lose", DENIED: 403, None: None}
HELD_MOST = 300  # seconds
CODES = {403: b"AccessDenied", 503: b"SlowDown"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        proxy = self.server.proxy
        body = self._body()
        with proxy.lock:
            proxy.requests.append((self.command, self.path))
            fault = proxy.choose(self.command, self.path) if proxy.choose else ANSWERS[proxy.faults.next()]
        if isinstance(fault, int):
            text = b"<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>injected</Message></Error>" % CODES.get(fault, b"InternalError")
            self.send_response(fault)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)
            return
        if isinstance(fault, threading.Event):
            fault.wait(HELD_MOST)
        upstream = http.client.HTTPConnection(*proxy.target, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("transfer-encoding", "content-length", "expect", "connection"):
                upstream.putheader(name, value)
        if body or self.command in ("PUT", "POST"):
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body or None)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        if fault == "lose":  # it was done, and nobody hears of it
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        if answer.status != 204:
            self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = relay

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_expect_100(self):
        self.send_response_only(100)
        self.end_headers()
        return True

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class HttpFaultProxy:
    """`choose(method, path)` says what happens to a request: None (forward), a status code, "lose", or an Event (forward once it is set). Without it, `faults` does."""

    def __init__(self, host, port, choose=None):
        self.target, self.choose = (host, port), choose
        self.faults, self.lock, self.requests = CallFaults(), threading.Lock(), []

    def __enter__(self):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
