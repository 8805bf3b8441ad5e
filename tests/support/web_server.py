"""Files over HTTP and HTTPS, with byte ranges, and with faults on demand."""
import http.server
import pathlib
import re
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        web = self.server.web
        with web.lock:
            web.requests.append((self.command, self.path, self.headers.get("Range")))
            fault = web.faults.pop(0) if body and web.faults else None
        if isinstance(fault, int):
            self.send_response(fault)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = web.folder / self.path.split("?")[0].lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        first, last, code = 0, len(data) - 1, 200
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
        if asked and web.ranges and data:
            if asked[1]:
                first, last = int(asked[1]), min(int(asked[2] or last), last)
            else:
                first = max(0, len(data) - int(asked[2]))
            code = 206
            if first > last:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(code)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns:x}-{len(data):x}"')
        if web.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if code == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if body:
            part = data[first:last + 1]
            if fault == "cut":  # the connection ends in mid-body
                self.wfile.write(part[:len(part) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(part)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests


class WebServer:
    """`folder` is what it serves. `faults` are taken by the next GETs: a status code, or "cut"."""

    def __init__(self, folder, tls):
        self.folder, self.tls = pathlib.Path(folder), tls
        self.lock, self.requests, self.faults, self.ranges = threading.Lock(), [], [], True

    def __enter__(self):
        self.folder.mkdir()
        self.servers = []
        for secure in (False, True):
            server = Server(("127.0.0.1", 0), Handler)
            server.web = self
            if secure:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.tls.folder / "server.crt", self.tls.folder / "server.key")
                server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.servers.append(server)
        self.url = f"http://localhost:{self.servers[0].server_port}"
        self.secure_url = f"https://localhost:{self.servers[1].server_port}"
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def log_tail(self):
        return "\n".join(map(str, self.requests[-50:]))
