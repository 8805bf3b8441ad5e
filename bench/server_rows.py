"""Fills a server's SQLite metadata directly: so many connections, jobs with an attempt each, events. For figures at a size that takes years to
come about. The server is not running meanwhile."""
import contextlib
import json
import sqlite3
import uuid

SECOND = 1_000_000  # microseconds
CATALOG = {"streams": [{"stream": {"name": f"stream_{n}", "jsonSchema": {"type": "object", "properties": {f"field_{f}": {"type": ["null", "string"]} for f in range(20)}},
                                   "supportedSyncModes": ["full_refresh", "incremental"]},
                        "config": {"syncMode": "full_refresh", "destinationSyncMode": "append", "selected": True, "cursorField": [], "primaryKey": []}} for n in range(5)]}
DOCUMENT = json.dumps({"scheduleType": "manual", "namespaceDefinition": "destination", "namespaceFormat": None, "prefix": "",
                       "nonBreakingChangesPreference": "ignore", "backfillPreference": "disabled", "notifySchemaChanges": False})
STATS = {"recordsEmitted": 1000, "bytesEmitted": 100_000, "recordsCommitted": 1000, "bytesCommitted": 100_000, "stateMessagesEmitted": 1}
ATTEMPT = json.dumps({"totalStats": STATS, "streamStats": [{"streamName": f"stream_{n}", "stats": STATS} for n in range(5)]})


def columns(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def insert(database, table, rows):
    """`rows`: dictionaries with the same keys, all of them columns."""
    rows = iter(rows)
    first = next(rows)
    unknown = set(first) - set(columns(database, table))
    assert not unknown, f"{table} has no {unknown}"
    sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join(':' + name for name in first)})"
    database.execute(sql, first)
    database.executemany(sql, rows)


def fill(path, connections, jobs, now_seconds, source, destination):
    """`source` and `destination`: ids of actors that are there. Gives the connections' ids."""
    now = int(now_seconds * SECOND)
    ids = [str(uuid.UUID(int=n + 1)) for n in range(connections)]
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        workspace = database.execute("SELECT id FROM workspace").fetchone()[0]
        insert(database, "connection", ({
            "id": id, "workspace_id": workspace, "source_id": source, "destination_id": destination, "name": f"connection {n:05}", "status": "active", "document": DOCUMENT, "catalog": json.dumps(CATALOG),
            "next_run_at": None, "created_at": now, "updated_at": now} for n, id in enumerate(ids)))
        # The jobs of each connection are spread over the last five months.
        step = 150 * 86400 * SECOND // max(jobs, 1)
        insert(database, "job", ({
            "id": n + 1, "connection_id": ids[n % connections], "config_type": "sync", "status": "failed" if n % 10 == 0 else "succeeded", "document": "{}",
            "created_at": now - (jobs - n) * step, "updated_at": now - (jobs - n) * step + 60 * SECOND, "started_at": now - (jobs - n) * step} for n in range(jobs)))
        insert(database, "attempt", ({
            "job_id": n + 1, "number": 0, "status": "failed" if n % 10 == 0 else "succeeded", "fencing_token": n + 1, "worker": "bench", "lease_until": 0, "document": ATTEMPT,
            "created_at": now - (jobs - n) * step, "updated_at": now - (jobs - n) * step, "ended_at": now - (jobs - n) * step + 60 * SECOND} for n in range(jobs)))
        database.execute("UPDATE counter SET value = ? WHERE name IN ('job', 'fencing_token')", (jobs + 1,))
    return ids
