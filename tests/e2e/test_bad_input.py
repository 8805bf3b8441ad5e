"""What a bad system gets: one clear line of the right failure type, or a retry that succeeds. Never a crash, never half a
table, and state only ever past durable data. (Bad files: test_file_source; bad connection files: test_command_line.)"""
import os
import signal
import subprocess
import threading
import time

import pytest

from support import output_files
from support.fault_proxy import FaultProxy
from support.free_port import free_port
from support.http_fault_proxy import HttpFaultProxy
from support.postgres_tables import customers, incremental, stream

FAKER = ("faker", {"count": 2000})
PARQUET = {"format_type": "Parquet"}


@pytest.fixture
def end(tmp_path):
    return "local", {"path": str(tmp_path / "out"), "format": PARQUET}


class TestPostgres:
    def test_wrong_password(self, millrace, db, end):
        millrace.failed_sync(millrace.file(("postgres", db.config(password="wrong-pw-1")), end), "config_error", "password", "reader")

    def test_missing_database(self, millrace, db, end):
        millrace.failed_sync(millrace.file(("postgres", db.config(database="nowhere")), end), "config_error", "nowhere")

    def test_unknown_host(self, millrace, db, end):
        millrace.failed_sync(millrace.file(("postgres", db.config(host="nowhere.invalid")), end), "_error", "nowhere.invalid")

    def test_nobody_listens(self, millrace, db, end):
        port = free_port()
        millrace.failed_sync(millrace.file(("postgres", db.config(port=port)), end), "_error", str(port))

    def test_missing_stream(self, millrace, db, end):
        customers(db, 1)
        millrace.failed_sync(millrace.file(("postgres", db.config()), end, streams=[stream("custmers")]), "config_error", "custmers")

    def test_missing_column(self, millrace, db, end):
        customers(db, 1)
        millrace.failed_sync(millrace.file(("postgres", db.config()), end, streams=[stream(selected_fields=["customer_id", "nam"])]), "config_error", "nam", "customers")

    def test_missing_cursor(self, millrace, db, end):
        customers(db, 1)
        millrace.failed_sync(millrace.file(("postgres", db.config()), end, streams=[incremental(cursor="updated")]), "config_error", "updated", "customers")

    def test_cursor_that_cannot_be_one(self, millrace, db, end):
        db.execute("create table customers (customer_id int primary key, j json)")
        millrace.failed_sync(millrace.file(("postgres", db.config()), end, streams=[incremental(cursor="j")]), "config_error", "j")

    def test_missing_schema(self, millrace, db, end):
        customers(db, 1)
        outcome = millrace.run("sync", millrace.file(("postgres", db.config(schemas=["public", "pubic"])), end))
        assert "pubic" in outcome.err, outcome

    def test_a_role_that_may_not_read(self, millrace, db, end):
        customers(db, 10)
        db.execute("create role blind login password 'reader-pw-7Kx2'")
        try:
            millrace.failed_sync(millrace.file(("postgres", db.config(username="blind")), end, streams=[stream()]), "config_error", "customers")
        finally:
            db.execute("drop owned by blind; drop role blind")


class TestTls:
    @pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
    def test_modes_that_encrypt(self, millrace, db, end, tls, mode):
        customers(db, 3)
        ssl_mode = {"mode": mode, **({"ca_certificate": tls.pem("ca.crt")} if mode.startswith("verify") else {})}
        millrace.sync(millrace.file(("postgres", db.config(username="tls_only", ssl_mode=ssl_mode)), end))

    @pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
    def test_modes_that_do_without(self, millrace, db, end, mode):
        customers(db, 3)
        millrace.sync(millrace.file(("postgres", db.config(username="no_tls", ssl_mode={"mode": mode})), end))

    @pytest.mark.parametrize("mode", ["allow", "prefer"])
    def test_modes_that_fall_back(self, millrace, db, end, mode):
        customers(db, 3)
        millrace.sync(millrace.file(("postgres", db.config(username="tls_only", ssl_mode={"mode": mode})), end))

    def test_disable_where_tls_is_asked_for(self, millrace, db, end):
        millrace.failed_sync(millrace.file(("postgres", db.config(username="tls_only", ssl_mode={"mode": "disable"})), end), "config_error", "encryption")

    def test_another_authority(self, millrace, db, end, tls):
        ssl_mode = {"mode": "verify-ca", "ca_certificate": tls.pem("other.crt")}
        millrace.failed_sync(millrace.file(("postgres", db.config(ssl_mode=ssl_mode)), end), "config_error", "certificate")

    def test_another_name(self, millrace, db, end, tls):
        """The certificate is for localhost and 127.0.0.1; whoever answers at 127.0.0.2 is somebody else."""
        ssl_mode = {"mode": "verify-full", "ca_certificate": tls.pem("ca.crt")}
        customers(db, 3)
        with FaultProxy("127.0.0.1", db.server.port, address="127.0.0.2") as proxy:
            config = db.config(host="127.0.0.2", port=proxy.port, ssl_mode=ssl_mode)
            millrace.failed_sync(millrace.file(("postgres", config), end), "config_error", "certificate")
            millrace.sync(millrace.file(("postgres", config | {"ssl_mode": ssl_mode | {"mode": "verify-ca"}}), end))

    def test_client_certificate(self, millrace, db, end, tls):
        customers(db, 3)
        ssl_mode = {"mode": "verify-full", "ca_certificate": tls.pem("ca.crt")}
        millrace.failed_sync(millrace.file(("postgres", db.config(username="cert_only", ssl_mode=ssl_mode)), end), "config_error", "certificate")
        ssl_mode |= {"client_certificate": tls.pem("client.crt"), "client_key": tls.pem("client.key")}
        outcome = millrace.sync(millrace.file(("postgres", db.config(username="cert_only", ssl_mode=ssl_mode)), end))
        assert "BEGIN" not in outcome.text

    def test_certificate_that_is_none(self, millrace, db, end):
        millrace.failed_sync(millrace.file(("postgres", db.config(ssl_mode={"mode": "verify-ca", "ca_certificate": "no pem at all"})), end), "config_error", "certificate")


class TestInMidSync:
    def test_a_backend_is_terminated(self, millrace, db, end, tmp_path):
        """Either the sync tries again and is whole, or it says so and the next one is."""
        customers(db, 400_000)
        file = millrace.file(("postgres", db.config()), end, streams=[stream()])
        killer = Killer(db, "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and query ilike 'copy%%' and pid <> pg_backend_pid() limit 1")
        outcome = millrace.run("sync", file)
        killed = killer.stop()
        assert killed > 0, "no COPY was seen"
        if outcome.code == 1:
            assert "terminat" in outcome.err.lower() or "connection" in outcome.err.lower(), outcome
            assert not output_files.visible(tmp_path / "out"), "a failed refresh shows nothing"
            millrace.sync(file)
        assert output_files.rows(tmp_path / "out" / "public" / "customers", "count(*), count(distinct customer_id)") == [(400_000, 400_000)]

    def test_the_connection_breaks(self, millrace, db, end, tmp_path):
        customers(db, 200_000)
        with FaultProxy("127.0.0.1", db.server.port) as proxy:
            file = millrace.file(("postgres", db.config(port=proxy.port, ssl_mode={"mode": "disable"})), end, streams=[stream()])
            proxy.cut_after(1_000_000)
            outcome = millrace.run("sync", file)
            assert proxy.cuts_left == 0, "nothing was cut"
            if outcome.code == 1:
                assert "connection" in outcome.err.lower(), outcome
                millrace.sync(file)
        assert output_files.rows(tmp_path / "out" / "public" / "customers", "count(*), count(distinct customer_id)") == [(200_000, 200_000)]

    def test_a_table_is_dropped(self, millrace, db, end, tmp_path):
        """Discovered, then gone when it is read: that stream fails by name, the other one arrives."""
        customers(db, 1000)
        customers(db, 1000, name="doomed")
        file = millrace.file(("postgres", db.config()), end, streams=[stream(), stream("doomed")])
        millrace.sync(file)
        db.execute("drop table doomed")
        outcome = millrace.failed_sync(file, "config_error", "doomed")
        assert output_files.count(tmp_path / "out" / "public" / "doomed") == 1000, "what was there stays"
        assert outcome.err.lower().count("doomed") >= 1

    def test_a_lock_that_is_held_is_waited_for(self, millrace, db, end, tmp_path):
        customers(db, 100)
        other = db.connect()
        other.cursor().execute("lock table customers in access exclusive mode")
        threading.Timer(2, other.rollback).start()
        millrace.sync(millrace.file(("postgres", db.config()), end, streams=[stream()]))
        other.close()
        assert output_files.count(tmp_path / "out") == 100

    def test_rows_that_change_while_they_are_read(self, millrace, db, end, tmp_path):
        """One snapshot: the sum that every transaction keeps is the sum that arrives."""
        db.execute("create table accounts (id int primary key, balance bigint); insert into accounts select i, 100 from generate_series(1, 100000) i")
        stop = threading.Event()

        def move():
            other = db.connect()
            cursor = other.cursor()
            i = 0
            while not stop.is_set():
                i += 1
                cursor.execute("update accounts set balance = balance - 1 where id = %s", [i % 1000 + 1])
                cursor.execute("update accounts set balance = balance + 1 where id = %s", [100_000 - i % 1000])
                other.commit()
            other.close()

        mover = threading.Thread(target=move)
        mover.start()
        try:
            millrace.sync(millrace.file(("postgres", db.config()), end, streams=[stream("accounts")]))
        finally:
            stop.set()
            mover.join()
        assert output_files.rows(tmp_path / "out", "count(*), sum(balance)") == [(100_000, 10_000_000)]

    def test_the_attempt_is_killed(self, millrace, db, end, tmp_path):
        customers(db, 600_000)
        file = millrace.file(("postgres", db.config()), end, streams=[stream()])
        process = millrace.start("sync", file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        attempt = wait_for_attempt(process)
        time.sleep(0.2)
        os.kill(attempt, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 1 and err.strip(), (process.returncode, err)
        millrace.sync(file)
        assert output_files.count(tmp_path / "out") == 600_000


class Killer:
    """Runs a query every few milliseconds until it returned a row once."""

    def __init__(self, db, query):
        self.db, self.query, self.hits, self.ended = db, query, 0, threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        admin = self.db.server.connect("postgres")
        admin.autocommit = True
        cursor = admin.cursor()
        while not self.hits and not self.ended.wait(0.005):
            cursor.execute(self.query, [self.db.name])
            self.hits += len(cursor.fetchall())
        admin.close()

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.hits


def wait_for_attempt(process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = open(f"/proc/{pid}/stat").read()
                if int(stat.rsplit(")", 1)[1].split()[1]) == process.pid and "millrace-atte" in stat:
                    return int(pid)
            except OSError:
                continue
        time.sleep(0.01)
    raise AssertionError("no attempt was started")


class TestS3:
    def test_missing_bucket(self, millrace, bucket):
        millrace.failed_sync(millrace.file(FAKER, ("s3", bucket.config(s3_bucket_name="no-such-bucket"))), "config_error", "no-such-bucket")

    def test_wrong_key(self, millrace, bucket):
        millrace.failed_sync(millrace.file(FAKER, ("s3", bucket.config(secret_access_key="wrong-secret-1"))), "config_error", bucket.name)

    def test_nobody_listens(self, millrace, bucket):
        port = free_port()
        millrace.failed_sync(millrace.file(FAKER, ("s3", bucket.config(s3_endpoint=f"http://127.0.0.1:{port}"))), "transient_error", str(port))

    @pytest.mark.parametrize("status", [500, 503])
    def test_errors_that_pass_are_tried_again(self, millrace, bucket, status):
        left = {"PUT": 2, "GET": 2, "POST": 2, "DELETE": 1, "HEAD": 1}

        def choose(method, path):
            if left.get(method, 0):
                left[method] -= 1
                return status
            return None

        with HttpFaultProxy("127.0.0.1", bucket.server.port, choose) as proxy:
            millrace.sync(millrace.file(FAKER, ("s3", bucket.config(s3_endpoint=proxy.endpoint)), streams=[{"name": "users"}]))
            assert sum(left.values()) < 8, "no fault was injected"
        assert len(bucket.visible_keys()) == 1

    def test_errors_that_stay_fail_the_sync(self, millrace, bucket):
        with HttpFaultProxy("127.0.0.1", bucket.server.port, lambda method, path: 503 if method in ("PUT", "POST") else None) as proxy:
            file = millrace.file(FAKER, ("s3", bucket.config(s3_endpoint=proxy.endpoint)), streams=[{"name": "users"}])
            millrace.failed_sync(file, "transient_error", "fewer requests", timeout=240)
        assert bucket.visible_keys() == []

    def test_an_answer_that_is_lost_doubles_nothing(self, millrace, db, bucket, tmp_path):
        """The upload was completed, and its answer never came: the retry must not fail, nor write twice."""
        customers(db, 5000)
        lost = []

        def choose(method, path):
            if method == "POST" and "uploadId=" in path and len(lost) < 2:
                lost.append(path)
                return "lose"
            return None

        with HttpFaultProxy("127.0.0.1", bucket.server.port, choose) as proxy:
            file = millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_endpoint=proxy.endpoint)), streams=[incremental()])
            outcome = millrace.run("sync", file)
            if outcome.code:
                millrace.sync(file)
        assert output_files.rows(bucket.download(tmp_path / "down"), "count(*), count(distinct customer_id)") == [(5000, 5000)]


class TestDisk:
    @pytest.fixture
    def small_disk(self, tmp_path):
        """A file system of 3 MB."""
        folder = tmp_path / "small"
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
        if mounted.returncode:
            pytest.skip("needs the right to mount a small file system: " + mounted.stderr.decode().strip())
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)

    def test_full(self, millrace, db, small_disk):
        customers(db, 1000)
        file = millrace.file(("postgres", db.config()), ("local", {"path": str(small_disk / "out"), "format": {"format_type": "Parquet", "compression_codec": "UNCOMPRESSED"}}),
                             streams=[stream()])
        millrace.sync(file)
        db.execute("insert into customers select i, repeat(md5(i::text), 20), 0, now() from generate_series(1001, 100000) i")
        millrace.failed_sync(file, "_error", "space")
        assert output_files.count(small_disk / "out") == 1000, "the old table is still whole"
        db.execute("delete from customers where customer_id > 500")
        millrace.sync(file)
        assert output_files.count(small_disk / "out") == 500

    def test_a_folder_that_cannot_be_written(self, millrace, tmp_path):
        (tmp_path / "file").write_text("x")
        outcome = millrace.run("sync", millrace.file(FAKER, ("local", {"path": str(tmp_path / "file"), "format": PARQUET})), expect=1)
        assert "file" in outcome.err
