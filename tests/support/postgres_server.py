"""A real PostgreSQL of the test run's own: its data folder, its port, passwords by SCRAM, TLS by its own authority."""
import contextlib
import itertools
import os
import pathlib
import pwd
import shutil
import signal

import psycopg2
import psycopg2.extensions

from support.child_process import ChildProcess
from support.free_port import free_port

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
ADMIN, ADMIN_PASSWORD = "postgres", "admin-pw-Zq81"
READER, READER_PASSWORD = "reader", "reader-pw-7Kx2"

SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 200
max_locks_per_transaction = 1024
wal_level = logical
unix_socket_directories = ''
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.crt'
shared_preload_libraries = 'pg_stat_statements'
log_min_messages = warning
log_min_error_statement = error
timezone = 'UTC'
"""
HBA = """
hostssl all tls_only 127.0.0.1/32 scram-sha-256
hostnossl all no_tls 127.0.0.1/32 scram-sha-256
hostssl all cert_only 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
host all tls_only,no_tls,cert_only all reject
host all all 127.0.0.1/32 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
"""


class Database:
    """One database of a PostgresServer, empty at first, with a role that may only read."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.connection = server.connect(name)
        self.connection.autocommit = True

    def execute(self, sql, args=None):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall() if cursor.description else None

    def value(self, sql, args=None):
        return self.execute(sql, args)[0][0]

    def connect(self):
        return self.server.connect(self.name)

    def config(self, **changes):
        """source-postgres's configuration for this database."""
        config = {"host": "localhost", "port": self.server.port, "database": self.name, "username": READER, "password": READER_PASSWORD, "schemas": ["public"],
                  "ssl_mode": {"mode": "prefer"}, "replication_method": {"method": "Standard"}}
        config.update(changes)
        return {k: v for k, v in config.items() if v is not None}


class PostgresServer:
    def __init__(self, folder, tls):
        self.folder, self.tls, self.port = pathlib.Path(folder), tls, free_port()
        self.numbers = itertools.count(1)
        self.secrets = [ADMIN_PASSWORD, READER_PASSWORD]

    def __enter__(self):
        data = self._make_data_folder()
        password_file = self.folder / "password"
        password_file.write_text(ADMIN_PASSWORD)
        self._give_away(password_file)
        self._run("initdb", "-D", str(data), "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        for name in ("server.crt", "server.key", "ca.crt"):
            shutil.copy(self.tls.folder / name, data / name)
            (data / name).chmod(0o600)
            self._give_away(data / name)
        (data / "pg_hba.conf").write_text(HBA)
        self._launch(data, SETTINGS)
        with contextlib.closing(self.connect("postgres")) as c:
            c.autocommit = True
            for role in (READER, "tls_only", "no_tls", "cert_only"):
                c.cursor().execute(f"create role {role} login password '{READER_PASSWORD}' in role pg_read_all_data")
            c.cursor().execute("create extension pg_stat_statements")
        return self

    def __exit__(self, *_):
        self.process.stop(signal.SIGINT)

    def _make_data_folder(self):
        self.folder.mkdir()
        self.owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # the server refuses to run as root
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        self._give_away(data)
        return data

    def _give_away(self, path):
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def _start(self, program, *args, env=None):
        as_owner = ["setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups"] if self.owner else []
        return ChildProcess([*as_owner, str(BIN / program), *args], self.folder / "log", env=env)

    def _run(self, program, *args, env=None):
        child = self._start(program, *args, env=env)
        if child.process.wait(120) != 0:
            raise RuntimeError(f"{program} failed:\n{child.tail()}")

    def _launch(self, data, settings):
        with open(data / "postgresql.conf", "a") as f:
            f.write(settings + f"port = {self.port}\n")
        self.data = data
        self.start()

    def start(self):
        self.process = self._start("postgres", "-D", str(self.data))
        self.process.wait_until(self._answers, "PostgreSQL")

    def restart(self):
        self.process.stop(signal.SIGINT)
        self.start()

    def _answers(self):
        try:
            self.connect("postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def connect(self, database):
        return psycopg2.connect(host="127.0.0.1", port=self.port, user=ADMIN, password=ADMIN_PASSWORD, dbname=database, connect_timeout=10)

    @contextlib.contextmanager
    def database(self):
        name = f"test{next(self.numbers)}"
        admin = self.connect("postgres")
        admin.autocommit = True
        admin.cursor().execute(f"create database {name}")
        database = Database(self, name)
        try:
            yield database
        finally:
            database.connection.close()
            admin.cursor().execute(f"drop database {name} with (force)")
            admin.close()

    def log_tail(self):
        return self.process.tail()
