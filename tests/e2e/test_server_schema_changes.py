"""Sources that change between two syncs: what each policy takes over, and what pauses a connection; before syncs that somebody asks for and before scheduled ones."""
import contextlib
import sqlite3
import time

import pytest

from support import api_server
from support.connected_ends import DEDUPED, FROM_POSTGRES, TO_POSTGRES, committed, connect
from support.postgres_tables import customers, target_config
from support.server_jobs import ended, sync, wait

KNOWN = {"customer_id", "name", "balance", "updated_at"}
DAILY = {"scheduleType": "basic", "scheduleData": {"basicSchedule": {"units": 24, "timeUnit": "hours"}}}


@pytest.fixture
def server(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data") as server:
        yield server


class Changing:
    """A connection whose source will be looked at before its next sync."""

    def __init__(self, server, db, metadata, scheduled):
        self.server, self.db, self.metadata, self.scheduled = server, db, metadata, scheduled

    def make(self, **settings):
        """Synced once; the next scheduled run is a day away."""
        self.id = connect(self.server, (FROM_POSTGRES, self.db.config()), (TO_POSTGRES, target_config(self.db)), DEDUPED,
                          **(DAILY if self.scheduled else {}), nonBreakingChangesPreference=settings.pop("policy"), **settings)
        assert ended(self.server, sync(self.server, self.id))["job"]["status"] == "succeeded"
        # What was discovered stays good for a day, for the configuration it was discovered with.
        self.server.call("sources/partial_update", sourceId=self.now()["sourceId"], connectionConfiguration={**self.db.config(), "checkpoint_target_interval_seconds": 60})

    def now(self):
        return self.server.call("connections/get", connectionId=self.id)

    def jobs(self):
        """Newest first."""
        return [entry["job"]["id"] for entry in self.server.call("jobs/list", configTypes=["sync"], configId=self.id)["jobs"]]

    def set_due(self):
        """The day is over."""
        with contextlib.closing(sqlite3.connect(self.metadata, timeout=30)) as database, database:
            database.execute("UPDATE connection SET next_run_at = 1 WHERE id = ?", (self.id,))

    def run(self, expect="succeeded"):
        if not self.scheduled:
            job = sync(self.server, self.id)
        else:
            before = self.jobs()
            self.set_due()
            (job,) = wait(lambda: [one for one in self.jobs() if one not in before])
        info = ended(self.server, job)
        assert info["job"]["status"] == expect, info
        return info

    def assert_nothing_runs(self):
        before = self.jobs()
        assert self.server.call("connections/sync", expect=409, connectionId=self.id)["message"]
        if self.scheduled:
            self.set_due()
            time.sleep(3)  # the server looks once a second
        assert self.jobs() == before

    def events(self, *types):
        """Newest first; of scheduled syncs nobody is the author."""
        found = self.server.call("connections/events/list", connectionId=self.id, eventTypes=list(types))["events"]
        assert not self.scheduled or all("user" not in event for event in found)
        return [event["summary"] for event in found]


@pytest.fixture(params=["asked for", "scheduled"])
def changing(request, server, db, tmp_path):
    customers(db)
    return Changing(server, db, tmp_path / "data" / "millrace.db", request.param == "scheduled")


def columns(db, table="customers"):
    rows = db.execute("select column_name from information_schema.columns where table_schema = 'target' and table_name = %s", [table])
    return {name for name, in rows if not name.startswith("_airbyte")}


def told(events):
    """(transformType, stream) of what the timeline says has changed."""
    return {(t["transformType"], t["streamDescriptor"]["name"]) for event in events for t in event["catalogDiff"]["transforms"]}


@pytest.mark.parametrize("policy, taken, tables", [("ignore", set(), set()), ("propagate_columns", {"note"}, set()), ("propagate_fully", {"note"}, {"extra"})])
def test_a_sync_takes_what_its_policy_says(db, changing, policy, taken, tables):
    changing.make(policy=policy)
    db.execute("alter table customers add note text; insert into customers values (5000, 'x', 1, '2026-01-01 00:00Z', 'here');"
               "create table extra (id int primary key); insert into extra values (1), (2)")
    db.execute("grant select on all tables in schema public to reader")
    changing.run()
    assert columns(db) == KNOWN | taken and db.value("select count(*) from target.customers") == 1001
    if taken:
        assert db.execute("select customer_id, note from target.customers where note is not null") == [(5000, "here")]
    assert {t for t in ("extra",) if columns(db, t)} == tables
    if tables:
        assert db.execute("select id from target.extra order by 1") == [(1,), (2,)]
    after = changing.now()
    assert after["status"] == "active" and after["schemaChange"] == ("non_breaking" if policy == "ignore" else "no_change")
    assert told(changing.events("SCHEMA_UPDATE")) == {("update_stream", "customers") for _ in taken} | {("add_stream", table) for table in tables}


def test_a_table_that_is_gone_is_taken_out_when_all_is_propagated(db, changing):
    customers(db, name="leaving")
    changing.make(policy="propagate_fully")
    db.execute("drop table leaving")
    changing.run()
    assert [entry["stream"]["name"] for entry in changing.now()["syncCatalog"]["streams"] if entry["config"]["selected"]] == ["customers"]
    assert told(changing.events("SCHEMA_UPDATE")) == {("remove_stream", "leaving")}
    assert db.value("select count(*) from target.leaving") == 1000, "what was copied stays"


def test_backfill_reads_the_old_rows_again(db, changing):
    changing.make(policy="propagate_columns", backfillPreference="enabled")
    db.execute("alter table customers add note text default 'old'")
    assert committed(changing.run()) == 1000
    assert db.execute("select note, count(*) from target.customers group by 1") == [("old", 1000)]


@pytest.mark.parametrize("policy, sql, reason", [
    ("disable", "alter table customers add note text", "DISABLE_CONNECTION_IF_ANY_SCHEMA_CHANGES"),
    ("propagate_fully", "alter table customers rename updated_at to changed_at", "SCHEMA_CHANGES_ARE_BREAKING"),
    ("ignore", "alter table customers rename customer_id to id", "SCHEMA_CHANGES_ARE_BREAKING"),
    ("propagate_columns", "alter table customers drop constraint customers_pkey, add primary key (customer_id, name)", "SCHEMA_CHANGES_ARE_BREAKING")],
    ids=["any change", "cursor gone", "key gone", "another key"])
def test_a_change_pauses_with_a_reason(server, db, changing, policy, sql, reason):
    changing.make(policy=policy)
    db.execute(sql)
    failed = changing.run(expect="failed")
    (attempt,) = failed["attempts"]
    (failure,) = attempt["attempt"]["failureSummary"]["failures"]
    assert failure["failureType"] == "config_error" and failure["externalMessage"].startswith("paused: public.customers "), failure
    # The line comes right after the job's end.
    wait(lambda: failure["externalMessage"] in "\n".join(server.call("jobs/get", id=failed["job"]["id"])["attempts"][0]["logs"]["logLines"]))
    refused = server.call("connections/sync", expect=409, connectionId=changing.id)["message"]
    assert refused == failure["externalMessage"] and "then enable the connection" in refused
    assert reason != "SCHEMA_CHANGES_ARE_BREAKING" or "updated_at" not in sql or "lost its cursor updated_at: choose another cursor" in refused
    after = changing.now()
    assert (after["status"], after["statusReason"]) == ("inactive", reason)
    assert [event["disabledReason"] for event in changing.events("CONNECTION_DISABLED")] == [reason]
    assert told(changing.events("SCHEMA_UPDATE")) == {("update_stream", "customers")}
    assert columns(db) == KNOWN and db.value("select count(*) from target.customers") == 1000
    changing.assert_nothing_runs()


def test_a_paused_connection_goes_on_once_its_catalog_is_mended(server, db, changing):
    changing.make(policy="ignore")
    db.execute("alter table customers rename updated_at to changed_at; insert into customers values (5000, 'x', 1, '2026-01-01 00:00Z')")
    changing.run(expect="failed")
    offered = server.call("sources/discover_schema", sourceId=changing.now()["sourceId"])["catalog"]
    for entry in offered["streams"]:
        entry["config"].update(DEDUPED, cursorField=["changed_at"], selected=True)
    server.call("connections/update", connectionId=changing.id, syncCatalog=offered, status="active")
    changing.run()
    assert db.value("select count(*) from target.customers") == 1001
