"""For each built-in connector, what the suite needs to know: a configuration that works, ways to break it, and its quirks.

A connector that is built in and missing here fails the suite: a new one adds its entry in the same change.
"""
import dataclasses
import json
import typing

from support.free_port import free_port
from support.postgres_tables import customers


@dataclasses.dataclass
class End:
    config: typing.Callable  # fixtures → configuration that works
    broken: dict  # what is broken → (change to the configuration, expected failure type)
    quirks: dict = dataclasses.field(default_factory=dict)  # rule number of docs/CONNECTOR_STANDARD.md → why it does not hold


class Fixtures:
    """Hands out what configurations point at, made when asked for."""

    def __init__(self, request, folder):
        self.request, self.folder = request, folder

    def database(self):
        db = self.request.getfixturevalue("db")
        if not db.value("select count(*) from pg_class where relname = 'customers'"):
            customers(db, 50)
            db.execute("create table nothing (id int primary key, at timestamptz)")
        return db

    def csv(self):
        path = self.folder / "things.csv"
        path.write_text("id,name\n" + "".join(f"{i},thing {i}\n" for i in range(50)))
        return str(path)

    def bucket(self):
        return self.request.getfixturevalue("bucket")


PARQUET = {"format_type": "Parquet"}
SOURCES = {
    "source-postgres": End(
        lambda f: f.database().config(),
        {"password": ({"password": "wrong-pw-2"}, "config_error"), "database": ({"database": "nowhere"}, "config_error"), "port": ({"port": free_port()}, None)}),
    "source-file": End(
        lambda f: {"dataset_name": "things", "format": "csv", "url": f.csv(), "provider": {"storage": "local"}},
        {"url": ({"url": "/no/such/file.csv"}, "config_error")},
        {"S7": "a file is read whole; it has no cursor"}),
    "source-faker": End(
        lambda f: {"count": 50, "seed": 1, "always_updated": False},
        {"count": ({"count": -1}, "config_error")}),
}
DESTINATIONS = {
    "destination-local": End(
        lambda f: {"path": str(f.folder / "out"), "format": PARQUET},
        {"path": ({"path": "/proc/nowhere"}, "config_error")}),
    "destination-s3": End(
        lambda f: f.bucket().config(),
        {"bucket": ({"s3_bucket_name": "no-such-bucket"}, "config_error"), "key": ({"secret_access_key": "wrong-secret-2"}, "config_error"),
         "endpoint": ({"s3_endpoint": f"http://127.0.0.1:{free_port()}"}, "transient_error")}),
}


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content))
    return name
