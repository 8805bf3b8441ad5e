"""The destinations that a test copies one stream into and then asks in SQL, the same words for each."""
import itertools

from support import output_files
from support.postgres_tables import target_config


class Folder:
    """Files on disk, read by DuckDB."""

    def __init__(self, db, request):
        self.folder = request.getfixturevalue("tmp_path") / "out"

    def config(self):
        return "local", {"path": str(self.folder), "format": {"format_type": "Parquet"}}

    def rows(self, table, columns="*", order=None):
        return output_files.rows(self.folder, columns, order)


class Bucket:
    """Files in a store, likewise."""

    def __init__(self, db, request):
        self.bucket = request.getfixturevalue("bucket")
        self.folders = (request.getfixturevalue("tmp_path") / f"down{i}" for i in itertools.count())

    def config(self):
        return "s3", self.bucket.config()

    def rows(self, table, columns="*", order=None):
        return output_files.rows(self.bucket.download(next(self.folders)), columns, order)


class Schema:
    """Tables of PostgreSQL."""

    def __init__(self, db, request):
        self.db = db

    def config(self):
        return "postgres", target_config(self.db)

    def rows(self, table, columns="*", order=None):
        return self.db.execute(f'select {columns} from target."{table}"' + (f" order by {order}" if order else ""))


ASKED_ENDS = {"local": Folder, "s3": Bucket, "postgres": Schema}
