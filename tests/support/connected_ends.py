"""Connections of a running server (ApiServer) between real ends, and their syncs."""
from support.server_jobs import ended, sync

FROM_POSTGRES, TO_POSTGRES = "decd338e-5647-4c0b-adf4-da0e75f5a750", "25c5221d-dce2-4163-ade9-739ef790f503"
FROM_S3, TO_S3 = "69589781-7828-43c5-9f63-8925b1c1ccc2", "4816b78f-1489-44c1-9060-4b19d5fa9362"
# Of `customers` (support.postgres_tables).
APPENDED = {"syncMode": "incremental", "destinationSyncMode": "append", "cursorField": ["updated_at"]}
DEDUPED = {"syncMode": "incremental", "destinationSyncMode": "append_dedup", "cursorField": ["updated_at"], "primaryKey": [["customer_id"]]}


def connect(server, source, target, config, only=None, **more):
    """A connection of all that the source offers (or of the stream `only`), each with that `config`; source and target are (definition, configuration)."""
    source = server.call("sources/create", sourceDefinitionId=source[0], name="source", connectionConfiguration=source[1])["sourceId"]
    target = server.call("destinations/create", destinationDefinitionId=target[0], name="target", connectionConfiguration=target[1])["destinationId"]
    assert server.call("sources/check_connection", sourceId=source)["status"] == "succeeded"
    assert server.call("destinations/check_connection", destinationId=target)["status"] == "succeeded"
    catalog = server.call("sources/discover_schema", sourceId=source)["catalog"]
    for entry in catalog["streams"]:
        entry["config"].update(config, selected=only in (None, entry["stream"]["name"]))
    return server.call("connections/create", sourceId=source, destinationId=target, status="active", namespaceDefinition="destination", syncCatalog=catalog,
                       **{"scheduleType": "manual", **more})["connectionId"]


def synced(server, connection_id, expect="succeeded"):
    info = ended(server, sync(server, connection_id))
    assert info["job"]["status"] == expect, info
    return info


def committed(info):
    """Records of the job's last attempt."""
    return info["attempts"][-1]["attempt"]["recordsSynced"]
