"""The kinds of places that a synced table can lie in, each looked at as a reader does who knows nothing of Millrace.

The table's rows are (id, gen, _airbyte_generation_id): what the tests of kills and faults go by.
"""
import contextlib
import io
import os
import threading

import psycopg2
import pyarrow.parquet

from support import output_files
from support.http_fault_proxy import HttpFaultProxy
from support.postgres_tables import left_behind, target_config
from support.statement_proxy import StatementProxy
from support.unconditional_proxy import UnconditionalProxy

COLUMNS = ["id", "gen", "_airbyte_generation_id"]
FILES = {"format": {"format_type": "Parquet"}, "dedup_target_file_size_mb": 1}
NO_TLS = {"ssl_mode": {"mode": "disable"}}


def rows_of(file):
    table = pyarrow.parquet.read_table(file, columns=COLUMNS, partitioning=None)
    return list(zip(*(table.column(name).to_pylist() for name in COLUMNS)))


class Place:
    """interval_s: how often a watcher looks."""
    interval_s = 0.05

    def __init__(self, db):
        self.db = db
        self.lock = threading.Lock()  # a watcher looks, too
        self.files = {}  # the rows of the files that were there at the last look

    def ends(self):
        """(source, destination), each (type, config)."""
        return ("postgres", self.db.config()), self.destination()

    @contextlib.contextmanager
    def faulty_ends(self):
        """The same behind a proxy, and the faults of its calls."""
        raise NotImplementedError

    def rows(self):
        """Every row that a reader finds now; None when files that he listed were gone before he read them."""
        with self.lock:
            return self._rows()

    def left_behind(self):
        """What a clean sync should have taken away."""
        raise NotImplementedError


class Local(Place):
    def __init__(self, db, request):
        super().__init__(db)
        folder = request.getfixturevalue("tmp_path")
        self.folder, self.kept = folder / "out", folder / "kept"
        self.kept.mkdir()

    def destination(self):
        return "local", {"path": str(self.folder), **FILES}

    @contextlib.contextmanager
    def faulty_ends(self):
        """A disk has no calls that a proxy could fail (the tests of `lake` fail each of them); the source's statements fail."""
        with StatementProxy("127.0.0.1", self.db.server.port) as proxy:
            yield (("postgres", self.db.config(host="127.0.0.1", port=proxy.port, **NO_TLS)), self.destination()), proxy.faults

    def _rows(self):
        """By hard links: what was there when the folder was listed can be read after it was replaced."""
        found = {}
        for path in output_files.visible(self.folder):
            try:
                name = f"{path.stat().st_ino}.{path.stat().st_mtime_ns}"
                if not (self.kept / name).exists():
                    os.link(path, self.kept / name)
            except FileNotFoundError:
                return None
            except FileExistsError:
                pass
            found[name] = self.files[name] if name in self.files else rows_of(self.kept / name)
        for name in self.files.keys() - found.keys():
            (self.kept / name).unlink(missing_ok=True)
        self.files = found
        return [row for rows in found.values() for row in rows]

    def left_behind(self):
        return [p for p in (self.folder / "_airbyte_internal").rglob("*") if p.suffix in (".changes", ".staged")]


class Bucket(Place):
    def __init__(self, db, request):
        super().__init__(db)
        self.bucket = request.getfixturevalue("bucket")

    def destination(self, **changes):
        return "s3", self.bucket.config(**FILES, **changes)

    @contextlib.contextmanager
    def faulty_ends(self):
        with HttpFaultProxy("127.0.0.1", self.bucket.server.port) as proxy:
            yield (("postgres", self.db.config()), self.destination(s3_endpoint=proxy.endpoint)), proxy.faults

    def _rows(self):
        found = {}
        for key, etag in self.bucket.visible_versions():
            rows = self.files.get((key, etag))
            if rows is None:
                try:
                    reply = self.bucket.client.get_object(Bucket=self.bucket.name, Key=key)
                except self.bucket.client.exceptions.NoSuchKey:
                    return None
                etag, rows = reply["ETag"], rows_of(io.BytesIO(reply["Body"].read()))
            found[(key, etag)] = rows
        self.files = found
        return [row for rows in found.values() for row in rows]

    def left_behind(self):
        return [k for k in self.bucket.keys() if k.endswith(".changes") or "/locks/" in k] + self.bucket.pending_uploads()


class LeasedBucket(Bucket):
    """A store without conditions: nginx before the server drops them."""

    def __init__(self, db, request):
        super().__init__(db, request)
        self.proxy = UnconditionalProxy(request.getfixturevalue("tmp_path") / "nginx", self.bucket.server.endpoint)
        request.addfinalizer(lambda: self.proxy.__exit__())
        self.proxy.__enter__()

    def destination(self, **changes):
        return super().destination(**{"s3_endpoint": self.proxy.endpoint, **changes})

    @contextlib.contextmanager
    def faulty_ends(self):
        with HttpFaultProxy("127.0.0.1", self.proxy.port) as proxy:
            yield (("postgres", self.db.config()), self.destination(s3_endpoint=proxy.endpoint)), proxy.faults


class Tables(Place):
    interval_s = 0.3

    def __init__(self, db, request):
        super().__init__(db)
        self.connection = db.connect()
        self.connection.autocommit = True
        request.addfinalizer(self.connection.close)

    def destination(self, **changes):
        return "postgres", target_config(self.db, **changes)

    @contextlib.contextmanager
    def faulty_ends(self):
        with StatementProxy("127.0.0.1", self.db.server.port) as proxy:
            yield (("postgres", self.db.config()), self.destination(host="127.0.0.1", port=proxy.port, **NO_TLS)), proxy.faults

    def _rows(self):
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(f"select {', '.join(COLUMNS)} from target.t")
            except psycopg2.errors.UndefinedTable:
                return []
            return cursor.fetchall()

    def left_behind(self):
        return left_behind(self.db)


PLACES = {"local": Local, "s3": Bucket, "s3_leased": LeasedBucket, "postgres": Tables}
