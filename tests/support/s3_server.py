"""A real S3 server of the test run's own (SeaweedFS, one process)."""
import itertools
import os
import pathlib
import signal
import sys

import boto3
from botocore.config import Config

from support.child_process import ChildProcess
from support.free_port import free_ports

KEY, SECRET = "millrace-test", "s3-secret-Wm40qT"
PORTS = ("s3.port", "s3.port.iceberg", "s3.port.grpc", "s3.port.lance", "master.port", "master.port.grpc", "filer.port", "filer.port.grpc", "volume.port",
         "volume.port.grpc", "admin.port", "admin.port.grpc")


class S3Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count(1)
        self.secrets = [SECRET]

    def __enter__(self):
        self.folder.mkdir()
        ports = free_ports(len(PORTS))
        self.port, self.endpoint = ports[0], f"http://127.0.0.1:{ports[0]}"
        weed = pathlib.Path(sys.executable).parent / "weed"
        env = {**os.environ, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        self.process = ChildProcess([str(weed), "mini", f"-dir={self.folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false", "-webdav=false",
                                     "-bucket=ready", *(f"-{n}={p}" for n, p in zip(PORTS, ports))], self.folder / "log", cwd=self.folder, env=env)
        (self.folder / "data").mkdir(exist_ok=True)
        self.client = self.client_for(self.endpoint)
        self.process.wait_until(self._answers, "the S3 server", seconds=90)
        return self

    def __exit__(self, *_):
        self.process.stop(signal.SIGKILL)  # its data goes with it; a graceful end takes seconds

    @staticmethod
    def client_for(endpoint):
        return boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1",
                            config=Config(retries={"max_attempts": 0}, connect_timeout=5, s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                                          response_checksum_validation="when_required"))

    def _answers(self):
        try:
            self.client.head_bucket(Bucket="ready")
            self.client.put_object(Bucket="ready", Key="probe", Body=b"x")
            return True
        except Exception:  # any failure means: not yet
            return False

    def new_bucket(self):
        name = f"bucket{next(self.numbers)}"
        self.client.create_bucket(Bucket=name)
        return Bucket(self, name)

    def log_tail(self):
        return self.process.tail()


class Bucket:
    def __init__(self, server, name):
        self.server, self.name, self.client = server, name, server.client

    def config(self, **changes):
        """destination-s3's configuration for this bucket."""
        config = {"s3_bucket_name": self.name, "s3_bucket_path": "lake", "s3_bucket_region": "us-east-1", "s3_endpoint": self.server.endpoint, "access_key_id": KEY,
                  "secret_access_key": SECRET, "format": {"format_type": "Parquet", "compression_codec": "ZSTD"}}
        config.update(changes)
        return {k: v for k, v in config.items() if v is not None}

    def versions(self, prefix=""):
        """(key, etag) of every object."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return sorted((o["Key"], o["ETag"]) for page in pages for o in page.get("Contents", []) if not o["Key"].endswith("/"))

    def keys(self, prefix=""):
        return [key for key, _ in self.versions(prefix)]

    def visible_versions(self, prefix=""):
        return [(k, etag) for k, etag in self.versions(prefix) if not any(part[:1] in ("_", ".") for part in k[len(prefix):].split("/"))]

    def visible_keys(self, prefix=""):
        return [key for key, _ in self.visible_versions(prefix)]

    def get(self, key):
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def put(self, key, body):
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def remove(self):
        """Each bucket takes some of the server's volumes, and it has few."""
        for upload in self.pending_uploads():
            self.client.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        for key in self.keys():
            self.client.delete_object(Bucket=self.name, Key=key)
        self.client.delete_bucket(Bucket=self.name)

    def pending_uploads(self):
        return self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])

    def download(self, folder, prefix=""):
        """Copies the visible objects below `prefix` into `folder`, which reads them like local output."""
        for key in self.visible_keys(prefix):
            target = folder / key[len(prefix):].lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.get(key))
        return folder
