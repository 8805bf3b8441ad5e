"""Connectors in containers (`source: {image: …}`), with a script in the place of docker: see support/pretended_engine.py."""
import os
import signal
import time
import pathlib
import sys

import pytest

from support import output_files, scripted_source
from support.pretended_engine import PretendedEngine

IMAGE = "airbyte/source-scripted:1.2.3"
TOKEN = "token-of-the-container-17"


@pytest.fixture
def engine(tmp_path):
    engine = PretendedEngine(tmp_path / "engine", {IMAGE: [sys.executable, str(pathlib.Path(scripted_source.__file__))]})
    yield engine
    engine.stop_all()


@pytest.fixture
def write(millrace, tmp_path):
    millrace.secrets.add(TOKEN)

    def write(image=IMAGE, **config):
        file = millrace.file(("faker", {"rows": 25, "token": TOKEN, **config}),
                             ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"}))
        file.write_text(file.read_text().replace("type: faker", f"image: {image}"))
        return file

    return write


def test_a_sync_runs_the_image_for_every_task(millrace, engine, write, tmp_path):
    millrace.sync(write(), env=engine.environment())
    assert len(output_files.table(tmp_path / "out" / "items")) == 25
    calls = engine.calls()
    assert {call["argv"][call["argv"].index(IMAGE) + 1] for call in calls} >= {"spec", "discover", "read"}
    assert all(call["argv"][:5] == ["run", "--rm", "--init", "-i", "--name"] for call in calls), calls
    names = [call["argv"][5] for call in calls]
    assert len(set(names)) == len(names)
    read = next(call["argv"] for call in calls if "read" in call["argv"])
    assert read[read.index("--config") + 1] == "/millrace/config.json"
    assert not any(TOKEN in word for call in calls for word in [*call["argv"], *call["environment"].values()]), "a secret on a command line"
    assert not engine.running()


def test_the_engine_knows_its_home_and_no_more_of_ours(millrace, engine, write):
    millrace.run("check", "--source", write(), env={**engine.environment(), "DATABASE_URL": "postgresql://u:p@db/x", "DOCKER_HOST": "unix:///nowhere"}, expect=0)
    environment = engine.calls()[0]["environment"]
    assert environment["HOME"] == os.environ["HOME"] and environment["DOCKER_HOST"] == "unix:///nowhere"
    assert "DATABASE_URL" not in environment


def test_another_engine_and_network(millrace, engine, write, tmp_path):
    other = engine.program.rename(engine.folder / "other")
    millrace.run("check", "--source", write(), env={"MILLRACE_CONTAINER_ENGINE": str(other), "MILLRACE_CONTAINER_NETWORK": "host"}, expect=0)
    assert "--network=host" in engine.calls()[0]["argv"]


def test_a_stopped_sync_leaves_no_container(millrace, engine, write):
    """The container goes on when the engine's program ends: it is removed by its name."""
    process = millrace.start("sync", write(behaviour="silent", at=5), env=engine.environment())
    deadline = time.monotonic() + 60
    while not any("read" in name for name in engine.running()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert any("read" in name for name in engine.running()), "it never began to read"
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert process.wait(60) in (1, 130)
    assert not engine.running()
    assert [call for call in engine.calls() if call["argv"][:2] == ["rm", "--force"]]


def test_an_image_that_does_not_exist(millrace, engine, write):
    outcome = millrace.run("check", "--source", write("airbyte/source-nothing:1"), env=engine.environment(), expect=1)
    assert "pull access denied" in outcome.err, outcome


def test_no_engine(millrace, write):
    outcome = millrace.run("check", "--source", write(), env={"PATH": "/nonexistent"}, expect=2)
    assert "neither docker nor podman" in outcome.err and IMAGE in outcome.err, outcome


def test_an_image_is_no_option(millrace, engine, write):
    outcome = millrace.run("check", "--source", write("'--privileged'"), env=engine.environment(), expect=2)
    assert "no container image" in outcome.err and not engine.calls()
