"""For each built-in connector, what the suite needs to know: a configuration that works, ways to break it, and its quirks.

A connector that is built in and missing here fails the suite: a new one adds its entry in the same change.
"""
import csv
import dataclasses
import json
import shutil
import typing

from support import output_files
from support.free_port import free_port
from support.postgres_tables import customers, target_config
from support.s3_server import KEY, SECRET


def parquet_ids(fixtures):
    """The ids in a destination's files, sorted; None when there is no file."""
    folder = fixtures.folder / "out"
    return sorted(output_files.table(folder).column("id").to_pylist()) if output_files.visible(folder) else None


def bucket_ids(fixtures):
    shutil.rmtree(fixtures.folder / "out", ignore_errors=True)
    fixtures.bucket().download(fixtures.folder / "out")
    return parquet_ids(fixtures)


def jsonl_ids(fixtures):
    file = fixtures.folder / "out" / "_airbyte_raw_things.jsonl"
    return sorted(json.loads(line)["_airbyte_data"]["id"] for line in file.read_text().splitlines()) if file.exists() else None


def csv_ids(fixtures):
    file = fixtures.folder / "out" / "_airbyte_raw_things.csv"
    return sorted(json.loads(row["_airbyte_data"])["id"] for row in csv.DictReader(file.open(newline=""))) if file.exists() else None


def table_ids(fixtures):
    there = fixtures.database().value("select to_regclass('ns.things')")
    return [r[0] for r in fixtures.database().execute("select id from ns.things order by id")] if there else None


@dataclasses.dataclass
class End:
    config: typing.Callable  # fixtures → configuration that works
    broken: dict  # what is broken → (change to the configuration, expected failure type)
    ids: typing.Callable = None  # of a destination: fixtures → the ids of its rows, None without a table
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

    def api(self):
        return self.request.getfixturevalue("things_api")

    def csv(self):
        path = self.folder / "things.csv"
        path.write_text("id,name\n" + "".join(f"{i},thing {i}\n" for i in range(50)))
        return str(path)

    def objects(self):
        bucket = self.bucket()
        for part in range(0 if bucket.keys() else 2):  # put once: what is put again has changed
            bucket.put(f"things/{part}.jsonl", "".join(json.dumps({"id": i, "name": f"thing {i}"}) + "\n" for i in range(part * 25, part * 25 + 25)).encode())
        return {"bucket": bucket.name, "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "endpoint": bucket.server.endpoint,
                "streams": [{"name": "things", "globs": ["things/*.jsonl"], "format": {"filetype": "jsonl"}}]}

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
        quirks={"S7": "a file is read whole; it has no cursor"}),
    "source-s3": End(
        lambda f: f.objects(),
        {"bucket": ({"bucket": "no-such-bucket"}, "config_error"), "key": ({"aws_secret_access_key": "wrong-secret-2"}, "config_error"),
         "endpoint": ({"endpoint": f"http://127.0.0.1:{free_port()}"}, "transient_error"), "streams": ({"streams": []}, "config_error")}),
    "source-rest": End(
        lambda f: {"url_base": f.api(), "endpoints": [{"name": "things", "path": "/things", "primary_key": "id", "incremental": {"cursor_field": "at", "start_param": "since"}}]},
        {"url": ({"url_base": f"http://127.0.0.1:{free_port()}"}, "transient_error"), "scheme": ({"url_base": "here"}, "config_error"), "endpoints": ({"endpoints": []}, "config_error")},
        quirks={"S7": "an API is asked from the saved time on, that time included"}),
    "source-faker": End(
        lambda f: {"count": 50, "seed": 1, "always_updated": False},
        {"count": ({"count": -1}, "config_error")}),
}
DESTINATIONS = {
    "destination-local": End(
        lambda f: {"path": str(f.folder / "out"), "format": PARQUET},
        {"path": ({"path": "/proc/nowhere"}, "config_error")}, parquet_ids),
    "destination-local-json": End(
        lambda f: {"destination_path": str(f.folder / "out")},
        {"path": ({"destination_path": "/proc/nowhere"}, "config_error")}, jsonl_ids),
    "destination-csv": End(
        lambda f: {"destination_path": str(f.folder / "out"), "delimiter_type": {"delimiter": "\\u002c"}},
        {"path": ({"destination_path": "/proc/nowhere"}, "config_error"), "delimiter": ({"delimiter_type": {"delimiter": "#"}}, "config_error")}, csv_ids),
    "destination-dev-null": End(
        lambda f: {"test_destination": {"test_destination_type": "SILENT"}},
        {"type": ({"test_destination": {"test_destination_type": "LOUD"}}, "config_error")}, lambda f: None,
        {rule: "it keeps no row" for rule in ("S11 rows", "S12", "S13", "S14")}),
    "destination-postgres": End(
        lambda f: target_config(f.database()),
        {"password": ({"password": "wrong-pw-2"}, "config_error"), "database": ({"database": "nowhere"}, "config_error"), "port": ({"port": free_port()}, None)}, table_ids),
    "destination-s3": End(
        lambda f: f.bucket().config(),
        {"bucket": ({"s3_bucket_name": "no-such-bucket"}, "config_error"), "key": ({"secret_access_key": "wrong-secret-2"}, "config_error"),
         "endpoint": ({"s3_endpoint": f"http://127.0.0.1:{free_port()}"}, "transient_error")}, bucket_ids),
}


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content))
    return name
