"""Jobs of a running server that copy made-up users into files below its own folder, and what came of them."""
from support import output_files
from support.server_jobs import FAKER, LOCAL

MANY = 3_000_000  # takes long enough to be killed in the middle


def connection(server, count, mode="append", sync_mode="full_refresh", path="out", streams=("users",), **more):
    """A new connection from made-up users to files below the server's own folder."""
    source = server.call("sources/create", sourceDefinitionId=FAKER, name="made up", connectionConfiguration={"count": count, "seed": 1, "records_per_slice": 20_000})
    target = server.call("destinations/create", destinationDefinitionId=LOCAL, name="files", connectionConfiguration={"path": path})
    catalog = server.call("sources/discover_schema", sourceId=source["sourceId"])["catalog"]
    for entry in catalog["streams"]:
        entry["config"].update(selected=entry["stream"]["name"] in streams, syncMode=sync_mode, destinationSyncMode=mode)
        if sync_mode == "incremental":
            entry["config"].update(cursorField=["updated_at"], primaryKey=[["id"]])
    return server.call("connections/create", sourceId=source["sourceId"], destinationId=target["destinationId"], status="active", syncCatalog=catalog,
                       **{"scheduleType": "manual", **more})["connectionId"]


def users(tmp_path, path="out"):
    folder = next(p for p in (tmp_path / "data" / "files" / path).rglob("*") if p.is_dir() and p.name == "users")
    return output_files.rows(folder, "count(*), count(distinct id), min(id), max(id)")[0]
