"""`millrace worker` as a process: it takes jobs of servers that share its PostgreSQL, under the same rules, and is followed by another when it is killed."""
import re
import socket
import subprocess

import pytest

from support import output_files
from support.api_server import running
from support.attempt_processes import attempt_processes, busy, in_the_middle
from support.free_port import free_port
from support.postgres_tables import database_url
from support.server_jobs import LOCAL, ended, made_up_users, sync, wait
from support.shared_workers import running_worker

ROWS = 3_000_000  # enough to be killed in the middle
FILE = "778daa7c-feaf-4db6-96f3-70fd645acc77"


@pytest.fixture
def shared(millrace, tmp_path, db):
    """server() and worker(name, *args) over one database and one key."""
    url = database_url(db)
    files = tmp_path / "shared"
    files.mkdir()

    def worker(name, *args):
        return running_worker(millrace, tmp_path / name, tmp_path / "data", "--database-url", url, "--files-dir", files, *args, env={"MAX_SYNC_WORKERS": "1"})

    def server():
        return running(millrace, tmp_path / "data", "--database-url", url, "--files-dir", files, env={"MAX_SYNC_WORKERS": "1"})
    server.files, server.worker = files, worker
    return server


def users(files):
    folder = next(p for p in (files / "out").rglob("users") if p.is_dir())
    return output_files.rows(folder, "count(*), count(distinct id), min(id), max(id)")[0]


def test_a_worker_that_is_killed_is_followed_by_another(shared, tmp_path):
    with shared() as server, busy(server, tmp_path / "data"):
        made = made_up_users(server, ROWS, (LOCAL, {"path": "out"}))
        with shared.worker("one") as one:
            job = sync(server, made)
            (orphan,) = in_the_middle(server, job, tmp_path / "one")
            one.kill()
            with shared.worker("other"):
                info = ended(server, job, 240)  # a lease of a minute has to run out first
            assert info["job"]["status"] == "succeeded", info
            first, last = info["attempts"][0]["attempt"], info["attempts"][-1]["attempt"]
            assert len(info["attempts"]) == 2 and last["recordsSynced"] == ROWS
            failure = first["failureSummary"]["failures"][0]
            assert (failure["failureOrigin"], failure["failureType"]) == ("airbyte_platform", "transient_error"), failure
            assert orphan in attempt_processes(tmp_path / "one"), "it lives on, and may commit nothing"
    assert users(shared.files) == (ROWS, ROWS, 1, ROWS)


def test_a_worker_keeps_the_servers_rules(shared, tmp_path):
    with shared() as server, busy(server, tmp_path / "data"), shared.worker("one"):
        def outcome(url, provider):
            source = server.call("sources/create", sourceDefinitionId=FILE, name="file",
                                 connectionConfiguration={"dataset_name": "t", "format": "csv", "url": url, "provider": {"storage": provider}})
            target = server.call("destinations/create", destinationDefinitionId=LOCAL, name="files", connectionConfiguration={"path": "out"})
            table = {"stream": {"name": "t", "jsonSchema": {"properties": {"a": {"type": "string"}}}}, "config": {"syncMode": "full_refresh", "destinationSyncMode": "overwrite"}}
            made = server.call("connections/create", sourceId=source["sourceId"], destinationId=target["destinationId"], status="active", scheduleType="manual",
                               syncCatalog={"streams": [table]})["connectionId"]
            job = sync(server, made)

            def over():
                found = server.call("jobs/get", id=job)
                return found if found["attempts"] and found["attempts"][0]["attempt"]["status"] != "running" else None
            attempt = wait(over)["attempts"][0]["attempt"]
            server.call("jobs/cancel", id=job)
            return attempt
        (shared.files / "in.csv").write_text("a\n1\n")
        read = outcome("/local/in.csv", "local")
        assert read["status"] == "succeeded" and read["recordsSynced"] == 1, read
        refused = outcome("http://169.254.169.254/latest/meta-data", "HTTPS")
        assert refused["status"] == "failed" and "link-local" in str(refused["failureSummary"]), refused


def test_a_worker_leaves_setting_up_to_the_servers(millrace, db, tmp_path):
    url = database_url(db)
    process = millrace.start("worker", "--data-dir", tmp_path / "alone", "--database-url", url, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0 and "no server has set up this database yet" in said, said
    assert not (tmp_path / "alone").exists()
    with running(millrace, tmp_path / "data", "--database-url", url) as server:
        assert server.call("sources/list")["sources"] == []
    process = millrace.start("worker", "--data-dir", tmp_path / "alone", "--database-url", url, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0 and "another secret key" in said, said
    assert not (tmp_path / "alone" / "secret.key").exists()
    with running(millrace, tmp_path / "data", "--database-url", url):
        pass


def test_a_start_that_fails_leaves_nothing_behind(millrace, db, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wrong = {"login": ["--database-url", database_url(db).replace("://", "://nobody:not-the-password@", 1) if "@" not in database_url(db) else re.sub("://[^@]*@", "://nobody:not-the-password@", database_url(db))],
                 "port": ["--listen", f"127.0.0.1:{taken.getsockname()[1]}"]}
        for name, args in wrong.items():
            listen = [] if "--listen" in args else ["--listen", f"127.0.0.1:{free_port()}"]
            process = millrace.start("server", "--data-dir", tmp_path / name, *args, *listen, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            said, _ = process.communicate(timeout=60)
            assert process.returncode != 0 and not (tmp_path / name).exists(), said
            assert "not-the-password" not in said and (name == "port" or 'nobody' in said), said
