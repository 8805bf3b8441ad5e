"""A real streaming standby of a PostgresServer. Nothing on it may hold up what it replays: a query in the way is canceled at once."""
import os
import time

from support.postgres_server import ADMIN, ADMIN_PASSWORD, PostgresServer

SETTINGS = """
hot_standby = on
hot_standby_feedback = off
max_standby_streaming_delay = 0
wal_retrieve_retry_interval = 100ms
"""


class PostgresStandby(PostgresServer):
    def __init__(self, folder, primary):
        super().__init__(folder, primary.tls)
        self.primary = primary

    def __enter__(self):
        data = self._make_data_folder()
        self._run("pg_basebackup", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", ADMIN, "-D", str(data), "-R", "-X", "stream", "-c", "fast", "--no-sync",
                  env={**os.environ, "PGPASSWORD": ADMIN_PASSWORD})
        self._launch(data, SETTINGS)
        return self

    def catch_up(self, seconds=60):
        """Returns when everything that the primary wrote until now was replayed."""
        with self.primary.connect("postgres") as primary, primary.cursor() as cursor:
            cursor.execute("select pg_current_wal_lsn()")
            [(written,)] = cursor.fetchall()
        deadline = time.monotonic() + seconds
        with self.connect("postgres") as standby, standby.cursor() as cursor:
            standby.autocommit = True
            while time.monotonic() < deadline:
                cursor.execute("select pg_last_wal_replay_lsn() >= %s", (written,))
                if cursor.fetchone()[0]:
                    return
                time.sleep(0.05)
        raise AssertionError(f"the standby did not come to {written}:\n{self.log_tail()}")

    def conflicts(self, database):
        """How many queries in this database were canceled for what they still had to see."""
        with self.connect("postgres") as standby, standby.cursor() as cursor:
            cursor.execute("select confl_snapshot from pg_stat_database_conflicts where datname = %s", (database,))
            return cursor.fetchone()[0]
