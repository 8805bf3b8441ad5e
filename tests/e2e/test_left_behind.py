"""Nothing of a connector's run is left when Millrace is interrupted or killed: no configuration in the folder for temporary
files, no process, no container."""
import os
import pathlib
import signal
import sys
import time

import pytest

from support import api_server
from support.millrace_program import kill_group
from support.pretended_engine import PretendedEngine

TOKEN = "token-that-must-go-5521"
IMAGE = "example/source-stuck:1.0.0"
# It says its specification, and then nothing: in the task it is told to, or a second process of it, it only waits.
STUCK = r"""
import json, os, pathlib, signal, subprocess, sys, time
config = json.load(open(sys.argv[sys.argv.index("--config") + 1])) if "--config" in sys.argv else {}
if sys.argv[1] == "spec":
    properties = {"token": {"type": "string", "airbyte_secret": True}, "stuck": {"type": "boolean"}, "marker": {"type": "string"}}
    print(json.dumps({"type": "SPEC", "spec": {"connectionSpecification": {"type": "object", "properties": properties}}}))
elif not config["stuck"]:
    print(json.dumps({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}))
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    other = subprocess.Popen(["sleep", "600"])
    marker = pathlib.Path(config["marker"])
    marker.with_suffix(".new").write_text(f"{os.getpid()} {other.pid}")
    marker.with_suffix(".new").rename(marker)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def stuck(tmp_path):
    script = tmp_path / "stuck.py"
    script.write_text(STUCK)
    return script


@pytest.fixture
def write(millrace, tmp_path, stuck):
    millrace.secrets.add(TOKEN)

    def write(stuck_too=True, **naming):
        config = {"token": TOKEN, "stuck": stuck_too, "marker": str(tmp_path / "marker")}
        return millrace.file((naming or [sys.executable, str(stuck)], config))

    return write


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(happened, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def begin(millrace, tmp_path, temporary, *args, env=None):
    """The process, which waits for the connector, and the connector's process ids."""
    process = millrace.start(*args, env={"TMPDIR": str(temporary), **(env or {})})
    marker = tmp_path / "marker"
    wait_for(marker.exists, "the connector never ran")
    assert list(temporary.rglob("config.json")), "its configuration lies elsewhere: this test looks at nothing"
    return process, [int(pid) for pid in marker.read_text().split()]


def assert_nothing_runs(pids):
    wait_for(lambda: not any(map(runs, pids)), f"still running: {[pid for pid in pids if runs(pid)]}")


@pytest.mark.parametrize("task", ["check", "discover"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_an_interrupted_task_leaves_nothing(millrace, write, tmp_path, temporary, task, sent):
    process, pids = begin(millrace, tmp_path, temporary, task, write())
    process.send_signal(sent)
    assert process.wait(60) == 130
    assert_nothing_runs(pids)
    assert not list(temporary.iterdir())


def test_ctrl_c_at_a_terminal_reaches_every_process(millrace, write, tmp_path, temporary):
    process, pids = begin(millrace, tmp_path, temporary, "check", write())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    assert_nothing_runs(pids)
    assert not list(temporary.iterdir())


def test_a_killed_command_leaves_nothing(millrace, write, tmp_path, temporary):
    """Its attempt hears of it."""
    process, pids = begin(millrace, tmp_path, temporary, "check", write())
    process.kill()
    process.wait()
    assert_nothing_runs(pids)
    wait_for(lambda: not list(temporary.iterdir()), "the folder is still there")


def test_what_was_killed_altogether_is_swept_by_the_next(millrace, write, tmp_path, temporary):
    process, pids = begin(millrace, tmp_path, temporary, "check", write())
    kill_group(process)
    process.wait()
    assert_nothing_runs(pids)
    assert list(temporary.rglob("config.json"))
    millrace.run("check", write(stuck_too=False), env={"TMPDIR": str(temporary)}, expect=0)
    assert not list(temporary.iterdir())


def test_a_server_sweeps_too(millrace, write, tmp_path, temporary):
    process, pids = begin(millrace, tmp_path, temporary, "check", write())
    kill_group(process)
    process.wait()
    assert_nothing_runs(pids)
    with api_server.running(millrace, tmp_path / "data", env={"TMPDIR": str(temporary)}):
        assert not list(temporary.iterdir())


class TestContainers:
    @pytest.fixture
    def engine(self, tmp_path, stuck):
        engine = PretendedEngine(tmp_path / "engine", {IMAGE: [sys.executable, str(stuck)]})
        yield engine
        engine.stop_all()

    def test_an_interrupted_check_leaves_none(self, millrace, write, tmp_path, temporary, engine):
        process, _ = begin(millrace, tmp_path, temporary, "check", write(image=IMAGE), env=engine.environment())
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert not engine.running()
        assert not list(temporary.iterdir())

    def test_one_that_was_left_is_swept(self, millrace, write, tmp_path, temporary, engine):
        process, _ = begin(millrace, tmp_path, temporary, "check", write(image=IMAGE), env=engine.environment())
        kill_group(process)
        process.wait()
        assert engine.running()
        millrace.run("check", write(stuck_too=False, image=IMAGE), env={"TMPDIR": str(temporary), **engine.environment()}, expect=0)
        assert not engine.running()
        assert not list(temporary.iterdir())
