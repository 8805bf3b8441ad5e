"""What those who run a server need: logs of attempts, metrics, backups, a new key, references to the environment."""
import contextlib
import json
import pathlib
import re
import sqlite3
import stat
import subprocess
import urllib.request

import pytest

from support import api_server
from support.postgres_tables import database_url

FAKER, POSTGRES = "dfd88b22-b603-4c3d-aad7-3701784586b1", "decd338e-5647-4c0b-adf4-da0e75f5a750"
PASSWORD = "secret-of-the-source-9"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgres"])
def database_args(request):
    if request.param == "sqlite":
        return []
    return ["--database-url", database_url(request.getfixturevalue("db"))]


def postgres_source(server, config):
    return server.call("sources/create", sourceDefinitionId=POSTGRES, name="pg", connectionConfiguration=config)["sourceId"]


def add_attempt(data, status):
    """A job with one attempt, as a worker leaves it."""
    with contextlib.closing(sqlite3.connect(data / "millrace.db")) as database, database:
        workspace = database.execute("SELECT id FROM workspace").fetchone()[0]
        database.execute("INSERT INTO actor (id, workspace_id, kind, definition_id, name, configuration, created_at, updated_at) VALUES ('a', ?, 'none', '', '', '', 0, 0)", (workspace,))
        database.execute("INSERT INTO connection (id, workspace_id, source_id, destination_id, name, status, document, catalog, created_at, updated_at) "
                         "VALUES ('c', ?, 'a', 'a', 'c', 'inactive', '{}', '{}', 0, 0)", (workspace,))
        database.execute("INSERT INTO job (id, connection_id, config_type, status, document, created_at, updated_at) VALUES (7, 'c', 'sync', 'succeeded', '{}', 0, 0)")
        database.execute("INSERT INTO attempt (job_id, number, status, fencing_token, worker, lease_until, document, created_at, updated_at) "
                         "VALUES (7, 0, ?, 1, 'w', 0, '{}', 0, 0)", (status,))


def write_log(data, *messages):
    file = data / "logs" / "000000" / "7-0.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        for message in messages:
            out.write(json.dumps({"timestamp": 1_700_000_000_000, "message": message, "level": "INFO", "logSource": "source"}) + "\n")


def test_a_log_is_followed_live_and_read_in_pieces(millrace, data):
    with api_server.running(millrace, data):
        pass
    add_attempt(data, "running")
    with api_server.running(millrace, data) as server:
        logs = "/api/v1/jobs/7/attempts/0/logs"
        assert json.loads(server.request("GET", logs).text) == {"events": [], "nextOffset": 0}
        with urllib.request.urlopen(f"{server.url}{logs}/stream", timeout=60) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            write_log(data, "first", "Zoë's line\nof two")
            seen = []
            for line in stream:
                if line.startswith(b"data: {") and b"message" in line:
                    seen.append(json.loads(line[6:])["message"])
                    if len(seen) == 2:
                        write_log(data, "third")
                        with contextlib.closing(sqlite3.connect(data / "millrace.db", timeout=30)) as database, database:
                            database.execute("UPDATE attempt SET status = 'succeeded'")
                if line == b"event: end\n":
                    break
            assert seen == ["first", "Zoë's line\nof two", "third"]
        piece = json.loads(server.request("GET", logs).text)
        assert [e["message"] for e in piece["events"]] == seen
        assert json.loads(server.request("GET", f"{logs}?offset={piece['nextOffset']}").text) == {"events": [], "nextOffset": piece["nextOffset"]}
        text = server.request("GET", f"{logs}/download").text
        assert text.startswith("2023-11-14 22:13:20 INFO source: first\n") and text.endswith("third\n")


def test_metrics_are_what_prometheus_reads(millrace, data, database_args):
    with api_server.running(millrace, data, *database_args) as server:
        server.call("sources/list")
        server.request("POST", "/api/v1/nothing", b"{}")
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as reply:
            assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = reply.read().decode()
    sample = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? (-?[0-9.e+-]+|\+Inf|NaN)')
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert sample.fullmatch(line), line
            name, value = line.rsplit(" ", 1)
            assert name not in values, name
            values[name] = float(value)
    assert values['millrace_http_requests_total{api="config",resource="sources",status="200"}'] == 1
    assert values['millrace_http_requests_total{api="config",resource="other",status="404"}'] == 1
    assert values["millrace_database_up"] == 1 and values["millrace_http_connections"] >= 1
    assert 1e6 < values["process_resident_memory_bytes"] < 1e9 and values["process_cpu_seconds_total"] > 0 and values["process_start_time_seconds"] > 1.6e9


def test_the_servers_log_is_lines_of_json_when_asked(millrace, data):
    with api_server.running(millrace, data, "--log-format", "json") as server:
        pass
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert any("listening" in line["message"] for line in lines) and all(set(line) == {"timestamp", "level", "message"} for line in lines)


def test_a_backup_of_a_running_server_is_a_server_elsewhere(millrace, data, tmp_path, db, database_args):
    file = tmp_path / "backup.gz"
    with api_server.running(millrace, data, *database_args) as server:
        source = postgres_source(server, db.config(password=PASSWORD))
        workspace = server.call("workspaces/list")["workspaces"]
        millrace.run("backup", "--data-dir", data, *database_args, file, expect=0)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        server.call("workspaces/create", name="later")
        refused = millrace.run("restore", "--data-dir", data, *database_args, "--force", file, expect=1)
        assert "stop it first" in refused.err
    elsewhere = tmp_path / "elsewhere"
    millrace.run("restore", "--data-dir", elsewhere, file, expect=0)
    millrace.run("restore", "--data-dir", elsewhere, file, expect=1)
    with api_server.running(millrace, elsewhere) as server:
        assert server.call("workspaces/list")["workspaces"] == workspace
        # The sealed password came along, and the key: the server tries it.
        assert "password" in server.call("sources/check_connection", sourceId=source)["message"]
    millrace.run("restore", "--data-dir", tmp_path / "other", tmp_path / "no-such-file", expect=1)


def test_a_new_key_seals_everything_anew(millrace, data, db, database_args):
    with api_server.running(millrace, data, *database_args) as server:
        source = postgres_source(server, db.config(password=PASSWORD))
        assert "stop it first" in millrace.run("secrets", "rotate", "--data-dir", data, *database_args, expect=1).err
    before = (data / "secret.key").read_text()
    millrace.run("secrets", "rotate", "--data-dir", data, *database_args, expect=0)
    assert (data / "secret.key").read_text() != before and stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
    with api_server.running(millrace, data, *database_args) as server:
        assert server.call("sources/get", sourceId=source)["connectionConfiguration"]["password"] == "**********"
        assert "password" in server.call("sources/check_connection", sourceId=source)["message"]
    millrace.run("secrets", "rotate", "--data-dir", data.parent / "nothing", expect=1)


def test_configurations_read_only_the_variables_that_are_meant_for_them(millrace, data, db):
    env = {"MILLRACE_CONFIG_PASSWORD": db.config()["password"], "MILLRACE_CONFIG_PORT": str(db.config()["port"]), "MILLRACE_SECRET_KEY": "ab" * 32, "SHOP": "localhost",
           "MILLRACE_CONFIG_VARIABLES": "SHOP"}
    with api_server.running(millrace, data, env=env) as server:
        config = {**db.config(), "host": "${SHOP}", "port": "${MILLRACE_CONFIG_PORT}", "password": "${MILLRACE_CONFIG_PASSWORD}"}
        source = postgres_source(server, config)
        shown = server.call("sources/get", sourceId=source)["connectionConfiguration"]
        assert (shown["host"], shown["port"], shown["password"]) == ("${SHOP}", "${MILLRACE_CONFIG_PORT}", "**********")
        assert server.call("sources/check_connection", sourceId=source)["status"] == "succeeded"
        for name in ("MILLRACE_SECRET_KEY", "HOME", "MILLRACE_CONFIG_VARIABLES", "env:PATH"):
            refused = server.call("sources/create", expect=422, sourceDefinitionId=POSTGRES, name="x", connectionConfiguration={**config, "host": "${%s}" % name})
            assert name.removeprefix("env:") in refused["message"] and "ab" * 32 not in json.dumps(refused)


def test_a_secret_is_in_no_log_no_reply_and_no_process(millrace, data, db):
    key = "5e" * 32
    with api_server.running(millrace, data, "--verbose", env={"MILLRACE_SECRET_KEY": key, "MILLRACE_CONFIG_PASSWORD": PASSWORD}) as server:
        replies = []
        for password in (PASSWORD, "${MILLRACE_CONFIG_PASSWORD}"):
            source = postgres_source(server, db.config(password=password))
            check = subprocess.Popen(["curl", "-s", "-X", "POST", f"{server.url}/api/v1/sources/check_connection", "-H", "Content-Type: application/json",
                                      "-d", json.dumps({"sourceId": source})], stdout=subprocess.PIPE, text=True)
            seen = 0
            while check.poll() is None:
                for process in pathlib.Path("/proc").glob("[0-9]*"):
                    with contextlib.suppress(OSError):
                        arguments = (process / "cmdline").read_bytes()
                        assert PASSWORD.encode() not in arguments and key.encode() not in arguments
                        if b"millrace-attempt" in arguments:
                            seen += 1
                            assert key.encode() not in (process / "environ").read_bytes(), "a connector's process has the instance's key"
            replies.append(check.stdout.read())
            assert seen, "the check's process was never seen"
        replies += [server.request("POST", "/api/v1/sources/list", b"{}").text, server.request("GET", "/metrics").text]
        for text in (*replies, server.log.read_text()):
            assert PASSWORD not in text and key not in text
    for path in data.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
