"""Registries of container images on the loopback interface: a real one (Debian's docker-registry), to which tests push by plain HTTP; and
one that answers as it is told, for tokens and lies."""
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import pathlib
import shutil
import tarfile
import threading
import urllib.request

import pyarrow

from support.child_process import ChildProcess
from support.free_port import free_ports

LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


def layer(files, packed="gzip"):
    """A layer of {path: text, or None for a folder}; packed: gzip, zstd or none."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            if text is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(member)
            else:
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
    if packed == "zstd":
        return pyarrow.compress(out.getvalue(), codec="zstd", asbytes=True)
    return gzip.compress(out.getvalue()) if packed == "gzip" else out.getvalue()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def described(data, kind):
    return {"mediaType": kind, "digest": digest(data), "size": len(data)}


def image(layers, config=b"{}"):
    """The document of an image."""
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described(config, "application/vnd.docker.container.image.v1+json"),
                       "layers": [described(data, LAYER) for data in layers]}).encode()


class ImageRegistry:
    """The real one."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        program = shutil.which("docker-registry")
        assert program, "docker-registry is missing: scripts/setup.sh installs what scripts/apt-packages.txt names"
        self.folder.mkdir()
        port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{port}"
        config = self.folder / "config.yml"
        config.write_text(json.dumps({"version": 0.1, "log": {"level": "warn"}, "http": {"addr": f"127.0.0.1:{port}"},
                                      "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}}}))
        self.process = ChildProcess([program, "serve", str(config)], self.folder / "log", cwd=self.folder)
        self.process.wait_until(self._answers, "the image registry", seconds=60)
        return self

    def __exit__(self, *_):
        self.process.stop()

    def _answers(self):
        try:
            return urllib.request.urlopen(f"{self.url}/v2/", timeout=5).status == 200
        except OSError:
            return False

    def _send(self, method, url, data, kind):
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
        return urllib.request.urlopen(request, timeout=30)

    def push(self, repository, tag, layers, among_others=False):
        """Pushes an image; among_others: in a list of images for several kinds of machines."""
        for data in [*layers, b"{}"]:
            place = self._send("POST", f"{self.url}/v2/{repository}/blobs/uploads/", b"", "application/octet-stream").headers["Location"]
            self._send("PUT", f"{place}&digest={digest(data)}", data, "application/octet-stream")
        document = image(layers)
        put = f"{self.url}/v2/{repository}/manifests/"
        if not among_others:
            self._send("PUT", put + tag, document, MANIFEST)
            return
        other = image([])
        for each in (document, other):
            self._send("PUT", put + digest(each), each, MANIFEST)
        entries = [{**described(each, MANIFEST), "platform": {"os": "linux", "architecture": machine}}
                   for each, machine in ((other, "arm64"), (document, "amd64"))]
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        self._send("PUT", put + tag, index, INDEX)


@contextlib.contextmanager
def answering(answer):
    """The URL of a server whose GETs are answered by `answer(path, authorization)`: (status, headers, body). A Content-Length among the
    headers counts, right or wrong."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            status, headers, body = answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
