"""An S3 server without conditions: nginx before the real one, which drops If-Match and If-None-Match (level: leased)."""
import shutil
import signal
import urllib.error
import urllib.request

from support.child_process import ChildProcess
from support.free_port import free_port

CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header If-Match ""; proxy_set_header If-None-Match "";
    }}
  }}
}}
"""


class UnconditionalProxy:
    def __init__(self, folder, upstream):
        self.folder, self.upstream, self.port = folder, upstream, free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.folder.mkdir()
        (self.folder / "nginx.conf").write_text(CONFIG.format(folder=self.folder, port=self.port, upstream=self.upstream))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = ChildProcess([nginx, "-p", str(self.folder), "-c", "nginx.conf", "-e", "error.log"], self.folder / "log", cwd=self.folder)
        self.process.wait_until(self._answers, "nginx", seconds=30)
        return self

    def __exit__(self, *_):
        self.process.stop(signal.SIGTERM)

    def _answers(self):
        try:
            urllib.request.urlopen(self.endpoint, timeout=2)
        except urllib.error.HTTPError:
            pass  # the server's word, through the proxy
        except OSError:
            return False
        return True
