"""A disk that is really full, under what a server's attempts write and under what it keeps itself: jobs fail and say why, calls are answered, and once there is room the
next run leaves the exact rows."""
import pytest

from support import api_server, output_files
from support.server_jobs import LOCAL, ended, made_up_users, sync, wait
from support.small_disk import mounted

ROWS = 60_000  # more than 4 MB as uncompressed Parquet
FILES = LOCAL, {"path": "out", "format": {"format_type": "Parquet", "compression_codec": "UNCOMPRESSED"}}


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk", megabytes=48) as small:
        yield small


def users(files):
    folder = next(p for p in (files / "out").rglob("users") if p.is_dir() and not any(part.startswith("_") for part in p.parts))
    return output_files.rows(folder, "count(*), count(distinct id), min(id), max(id)")[0]


def test_the_destinations_disk_is_full(millrace, tmp_path, disk):
    with api_server.running(millrace, tmp_path / "data", "--files-dir", disk.folder) as server:
        made = made_up_users(server, ROWS, FILES)
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
        assert users(disk.folder) == (ROWS, ROWS, 1, ROWS)
        disk.fill(leave=2 << 20)
        info = ended(server, sync(server, made))
        assert info["job"]["status"] == "failed", info
        failure = info["attempts"][0]["attempt"]["failureSummary"]["failures"][0]
        assert (failure["failureOrigin"], failure["failureType"]) == ("destination", "config_error"), failure
        assert "the disk is full; free some space" in failure["externalMessage"] and "writing users" in failure["externalMessage"], failure
        assert server.request("GET", "/api/v1/health").body == {"available": True}
        assert users(disk.folder) == (ROWS, ROWS, 1, ROWS), "the table that was there is whole"
        disk.free()
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
        assert users(disk.folder) == (ROWS, ROWS, 1, ROWS)


def test_the_servers_own_disk_is_full(millrace, tmp_path, disk):
    """Metadata, logs and files lie on it together."""
    data = disk.folder / "data"
    with api_server.running(millrace, data, log=tmp_path / "server.log") as server:
        made = made_up_users(server, ROWS, FILES)
        disk.fill()
        body = b'{"name": "%s"}' % (b"x" * 100_000)
        refused = server.request("POST", "/api/v1/workspaces/create", body)
        assert refused.status == 503 and "full" in refused.body["message"], refused.text
        assert server.request("GET", "/api/v1/health").body == {"available": True}
        assert server.call("connections/get", connectionId=made)["connectionId"] == made, "what it has it still reads"
        disk.free()
        disk.fill(leave=2 << 20)
        job = sync(server, made)
        wait(lambda: server.call("jobs/get_light", id=job)["job"]["status"] in ("incomplete", "failed") or None)
        assert server.request("GET", "/api/v1/health").body == {"available": True}
        disk.free()
        server.call("jobs/cancel", id=job)
        assert ended(server, job)["job"]["status"] in ("failed", "cancelled")
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
    assert users(data / "files") == (ROWS, ROWS, 1, ROWS)
    with api_server.running(millrace, data, log=tmp_path / "server.log") as server:
        assert server.call("connections/get", connectionId=made)["connectionId"] == made
