"""destination-postgres is told to stop while a statement of it runs or waits: it ends, nobody is left waiting at the server, and the next sync is whole."""
import os
import signal
import time

import pytest

from support.fault_proxy import FaultProxy
from support.millrace_program import kill_group
from support.postgres_tables import customers, deduped, incremental, left_behind, stream, target_config

OURS = "application_name = 'millrace' and datname = current_database()"


def connection(millrace, db, selected, source=None):
    return millrace.file(("postgres", source or db.config()), ("postgres", target_config(db)), destination_namespace="destination", streams=[selected])


def wait_until(happened, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, f"the sync ended with {process.returncode} before it was stopped"
        assert time.monotonic() < deadline, "it never came to what is to be stopped"
        time.sleep(0.02)


def stopped(millrace, file, ready, signals):
    """Starts a sync, sends it these signals once `ready`, and returns what it said when it has ended of itself."""
    log = millrace.folder / "stopped.log"
    with open(log, "wb") as out:
        process = millrace.start("sync", file, stdout=out, stderr=out)
        try:
            wait_until(ready, process)
            for sent in signals:
                process.send_signal(sent)
                time.sleep(0.3)
            code = process.wait(60)
        finally:
            kill_group(process)
            process.wait()
    said = log.read_text()
    assert code == 130, (code, said)
    assert "did not stop when it was told to" not in said, said
    return said


def waiting(db):
    return db.value(f"select count(*) from pg_stat_activity where {OURS} and wait_event_type = 'Lock'") > 0


def sessions(db):
    return db.value(f"select count(*) from pg_stat_activity where {OURS} and pid <> pg_backend_pid()")


def nobody_is_left(db, seconds=20):
    deadline = time.monotonic() + seconds
    while sessions(db):
        assert time.monotonic() < deadline, db.execute(f"select state, wait_event_type, query from pg_stat_activity where {OURS}")
        time.sleep(0.05)


@pytest.mark.parametrize("at, selected", [("a swap", stream()), ("a merge", deduped()), ("rows that are added", incremental())], ids=lambda v: v.replace(" ", "_") if isinstance(v, str) else "")
def test_what_waits_for_a_lock_on_the_table(millrace, db, at, selected):
    customers(db, 1000)
    file = connection(millrace, db, selected)
    millrace.sync(file)
    db.execute("insert into customers select i, 'new', 0, '2026-01-01 00:00Z' from generate_series(1001, 1010) i")
    holder = db.connect()
    holder.cursor().execute("lock table target.customers in access share mode" if at == "a swap" else "lock table target.customers in exclusive mode")
    # SIGINT asks to commit what is complete; the second one, to give that up.
    stopped(millrace, file, lambda: waiting(db), [signal.SIGINT, signal.SIGINT])
    nobody_is_left(db)
    if at != "a swap":  # what a full refresh has committed is what the next sync goes on from
        assert left_behind(db) == [], "it tidied up"
    assert db.value("select count(*) from target.customers") == 1000
    holder.rollback()
    holder.close()
    millrace.sync(file)
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(1010, 1010)]
    assert left_behind(db) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_opening_that_waits_for_another_sync(millrace, db, sent):
    """Nothing is complete yet: one signal is enough."""
    customers(db, 100)
    file = connection(millrace, db, stream())
    millrace.sync(file)
    holder = db.connect()
    holder.cursor().execute("select * from airbyte_internal.millrace_tables for update")
    stopped(millrace, file, lambda: waiting(db), [sent])
    nobody_is_left(db)
    holder.rollback()
    holder.close()
    millrace.sync(file)
    assert db.value("select count(*) from target.customers") == 100


def test_a_copy_that_the_server_does_not_take(millrace, db):
    customers(db, 300_000)
    with FaultProxy("127.0.0.1", db.server.port) as proxy:
        proxy.throttle(4 << 20)  # so that the COPY lasts
        file = connection(millrace, db, stream(), db.config(host="127.0.0.1", port=proxy.port, ssl_mode={"mode": "disable"}))
        halted = []

        def halts_the_backend():
            for (pid,) in db.execute(f"select pid from pg_stat_activity where {OURS} and query like 'COPY%%FROM STDIN%%' and state = 'active'"):
                os.kill(pid, signal.SIGSTOP)
                halted.append(pid)
                proxy.throttle(None)
                time.sleep(2)  # what the network holds is full by then
                return True
            return False

        try:
            stopped(millrace, file, halts_the_backend, [signal.SIGINT, signal.SIGINT])
        finally:
            for pid in halted:
                os.kill(pid, signal.SIGCONT)
    nobody_is_left(db)
    assert db.value("select to_regclass('target.customers')") is None
    millrace.sync(connection(millrace, db, stream()))
    assert db.execute("select count(*), count(distinct customer_id) from target.customers") == [(300_000, 300_000)]
    assert left_behind(db) == []


def test_a_role_s_statement_timeout_does_not_end_what_waits(millrace, db):
    """The user's own time limits are for people: a merge may take as long as it takes."""
    customers(db, 100)
    role = "hurried_writer"
    db.execute(f"create role {role} superuser login password 'admin-pw-Zq81'; alter role {role} set statement_timeout = '300ms'; alter role {role} set idle_in_transaction_session_timeout = '300ms'")
    try:
        file = millrace.file(("postgres", db.config()), ("postgres", target_config(db, username=role)), destination_namespace="destination", streams=[deduped()])
        millrace.sync(file)
        db.execute("insert into customers values (101, 'new', 0, '2026-01-01 00:00Z')")
        holder = db.connect()
        holder.cursor().execute("lock table target.customers in exclusive mode")
        process = millrace.start("sync", file)
        try:
            wait_until(lambda: waiting(db), process)
            time.sleep(1)
            holder.rollback()
            assert process.wait(60) == 0
        finally:
            kill_group(process)
            process.wait()
        holder.close()
        assert db.value("select count(*) from target.customers") == 101
    finally:
        db.execute(f"drop owned by {role} cascade; drop role {role}")
