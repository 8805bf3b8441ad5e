"""Attempts that talk to their server over HTTPS instead of a local socket: `--attempt-listen`."""
import contextlib
import ssl

import pytest

from support.free_port import free_port
from support.attempt_processes import attempt_processes, in_the_middle
from support.copied_users import MANY, connection, users
from support.server_jobs import ended, sync, wait


@pytest.fixture
def https(tls):
    """Flags of a server whose attempts call it over HTTPS, and the port that they call."""
    port = free_port()
    return port, ["--tls-cert", tls.folder / "server.crt", "--tls-key", tls.folder / "server.key", "--attempt-listen", f"127.0.0.1:{port}",
                  "--attempt-url", f"https://localhost:{port}", "--attempt-ca", tls.ca]


def calls_to(port):
    """How many connections to that port there are on this machine."""
    with open("/proc/net/tcp") as table:
        lines = [line.split() for line in table.readlines()[1:]]
    return sum(1 for fields in lines if fields[2].endswith(f":{port:04X}") and fields[3] == "01")


def test_a_job_over_https_survives_a_kill_of_the_server(start, tmp_path, tls, https):
    port, flags = https
    context = ssl.create_default_context(cafile=tls.ca)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(start(*flags, context=context))
        job = sync(server, connection(server, MANY))
        before = in_the_middle(server, job, tmp_path / "data")
        assert calls_to(port) > 0, "it talks HTTPS"
        server.process.kill()
        server.process.wait(40)
        with contextlib.suppress(AssertionError):  # who was killed did not exit 0
            stack.close()
    with start(*flags, context=context) as server:
        assert attempt_processes(tmp_path / "data") in (before, []), "it lives on, and nobody started another one"
        info = ended(server, job)
        assert info["job"]["status"] == "succeeded" and len(info["attempts"]) == 1, info
        assert info["attempts"][0]["attempt"]["recordsSynced"] == MANY
    assert users(tmp_path) == (MANY, MANY, 1, MANY)


def test_a_job_over_https_is_cancelled_within_three_seconds(start, tmp_path, tls, https):
    _, flags = https
    with start(*flags, context=ssl.create_default_context(cafile=tls.ca)) as server:
        job = sync(server, connection(server, 10 * MANY))
        assert in_the_middle(server, job, tmp_path / "data")
        assert server.call("jobs/cancel", id=job)["job"]["status"] == "cancelled"
        wait(lambda: not attempt_processes(tmp_path / "data"))


def test_what_is_missing_for_https_is_said(millrace, tmp_path, tls):
    server = ["server", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0"]
    assert "--tls-cert" in millrace.run(*server, "--attempt-listen", "127.0.0.1:0", expect=2).err
    certificate = ["--tls-cert", tls.folder / "server.crt", "--tls-key", tls.folder / "server.key"]
    assert "--attempt-url" in millrace.run(*server, *certificate, "--attempt-listen", "0.0.0.0:0", expect=2).err
    assert "--attempt-listen" in millrace.run(*server, *certificate, "--attempt-url", "https://here:1", expect=2).err
    assert "https://NAME:PORT" in millrace.run(*server, *certificate, "--attempt-listen", "127.0.0.1:1", "--attempt-url", "http://here:1", expect=2).err
