"""`millrace connectors`: packages of a folder in the place of an index (support/package_index.py) are installed, listed, used and
removed, by uv and by pip, and what goes wrong is said. Airbyte's own packages: test_python_connectors.py."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from support import output_files, small_disk
from support.package_index import write_wheel

UV_FOLDER = pathlib.Path(sys.executable).parent


@pytest.fixture
def index(tmp_path):
    folder = tmp_path / "index"
    for version in ("1.0", "2.0"):
        write_wheel(folder, "airbyte-source-tiny", version)
    return folder


def environment(tmp_path, index, tool="uv"):
    """A PATH with or without uv; the index is named as people name it to pip, which uv must heed too."""
    path = [p for p in os.environ["PATH"].split(":") if not (pathlib.Path(p) / "uv").exists()]
    return {"PATH": ":".join(([str(UV_FOLDER)] if tool == "uv" else []) + path), "MILLRACE_CONNECTORS_DIR": str(tmp_path / "connectors"),
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "UV_CACHE_DIR": str(tmp_path / "uv-cache")}


@pytest.fixture
def connectors(millrace, tmp_path, index):
    assert (UV_FOLDER / "uv").exists(), "the tests' environment has uv: scripts/setup.sh tests"

    def run(*args, tool="uv", expect=0, **more):
        return millrace.run("connectors", *args, env={**environment(tmp_path, index, tool), **more.pop("env", {})}, expect=expect, timeout=300, **more)

    return run


def installed(connectors):
    return {c["name"]: c["installed_versions"] for c in connectors("list", "--installed", "--json").json() if c["runs"] != "built-in"}


def nothing_is_left(tmp_path):
    return not [p for p in (tmp_path / "connectors").iterdir() if p.name != ".locks"]


class TestInstalling:
    @pytest.mark.parametrize("tool", ["uv", "pip"])
    def test_from_nothing_to_a_sync_and_away(self, millrace, connectors, tmp_path, index, tool):
        outcome = connectors("install", "source-tiny==1.0", "--json", tool=tool)
        record = outcome.json()["connector"]
        assert (record["name"], record["package"], record["version"]) == ("source-tiny", "airbyte-source-tiny", "1.0")
        assert f"by {tool}" in outcome.err, outcome
        assert installed(connectors) == {"source-tiny": ["1.0"]}
        shown = connectors("show", "source-tiny", "--json").json()
        assert shown["spec"]["connectionSpecification"]["required"] == ["rows"] and shown["runs"] == "python"
        file = millrace.file(("tiny", {"rows": 1}), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}))
        millrace.sync(file, env=environment(tmp_path, index))
        assert output_files.rows(tmp_path / "out", "version", "version") == [("1.0",)]
        assert "source-tiny 1.0 is removed" in connectors("remove", "source-tiny").out
        assert installed(connectors) == {} and nothing_is_left(tmp_path)
        outcome = millrace.run("sync", file, env=environment(tmp_path, index), expect=2)
        assert 'there is no source "tiny"' in outcome.err, outcome

    @pytest.mark.parametrize("tool", ["uv", "pip"])
    def test_each_step_is_told(self, connectors, tool):
        said = connectors("install", "source-tiny==1.0", tool=tool).err
        steps = ["making an environment with Python 3.", f"installing airbyte-source-tiny==1.0 by {tool}", "installing what it needs", "checking it"]
        assert [step for step in steps if step in said] == steps, said

    def test_versions_lie_side_by_side(self, millrace, connectors, tmp_path, index):
        for version in ("2.0", "1.0"):
            connectors("install", "source-tiny", "--version", version)
        assert installed(connectors) == {"source-tiny": ["2.0", "1.0"]}
        for version, arrives in ((None, "2.0"), ("1.0", "1.0")):
            out = tmp_path / f"out-{version}"
            file = millrace.file(("tiny", {"rows": 1}), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}))
            if version:
                file.write_text(file.read_text().replace("type: tiny", f"type: tiny\n  version: '{version}'"))
            millrace.sync(file, env=environment(tmp_path, index))
            assert output_files.rows(out, "version", "version") == [(arrives,)]
        shown = connectors("show", "source-tiny==1.0")
        assert "type: tiny, version: 1.0" in shown.out and "rows" in shown.out and "2.0" not in shown.out, shown
        outcome = connectors("show", "source-tiny==3.0", expect=2)
        assert "source-tiny 3.0 is not installed; installed: 2.0, 1.0" in outcome.err, outcome
        connectors("remove", "source-tiny==2.0")
        assert installed(connectors) == {"source-tiny": ["1.0"]}

    def test_a_second_time_does_nothing(self, connectors):
        connectors("install", "source-tiny==1.0")
        outcome = connectors("install", "source-tiny==1.0", "--json")
        assert outcome.json()["status"] == "already installed"

    def test_a_configuration_is_checked_before_anything_starts(self, millrace, connectors, tmp_path, index):
        connectors("install", "source-tiny==1.0")
        file = millrace.file(("tiny", {"rows": "many"}), ("local", {"path": str(tmp_path / "out")}))
        outcome = millrace.run("sync", file, env=environment(tmp_path, index), expect=2)
        assert "source.config.rows" in outcome.err, outcome

    def test_two_at_once(self, connectors):
        outcomes = []
        threads = [threading.Thread(target=lambda: outcomes.append(connectors("install", "source-tiny==1.0", "--json"))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(o.json()["status"] for o in outcomes) == ["already installed", "installed"]
        assert installed(connectors) == {"source-tiny": ["1.0"]}


class TestFailures:
    """Each leaves nothing behind."""

    def test_what_does_not_exist(self, connectors, tmp_path):
        outcome = connectors("install", "source-nothing-here==1.0", expect=1)
        assert "there is no package airbyte-source-nothing-here" in outcome.err, outcome
        outcome = connectors("install", "source-gihub==1.0", expect=1)
        assert "there is no package airbyte-source-gihub" in outcome.err and "did you mean source-github" in outcome.err, outcome
        outcome = connectors("install", "source-tiny==9.9", expect=1)
        assert "airbyte-source-tiny has no such version" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    @pytest.mark.parametrize("tool", ["uv", "pip"])
    def test_a_python_that_does_not_fit(self, connectors, index, tmp_path, tool):
        """uv itself takes no notice of upper bounds."""
        write_wheel(index, "airbyte-source-old", "1.0", requires_python=">=3.5,<3.6")
        outcome = connectors("install", "source-old==1.0", tool=tool, expect=1)
        assert "needs Python" in outcome.err and "<3.6" in outcome.err and f"{sys.version_info.major}.{sys.version_info.minor}" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_needs_that_cannot_be_had(self, connectors, index, tmp_path):
        write_wheel(index, "airbyte-source-needy", "1.0", needs=["never-was==1.0"])
        outcome = connectors("install", "source-needy==1.0", expect=1)
        assert "what this version needs can't be had" in outcome.err and "never-was" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_a_package_that_is_no_connector(self, connectors, index, tmp_path):
        write_wheel(index, "airbyte-source-other", "1.0", program="source-another-name")
        outcome = connectors("install", "source-other==1.0", expect=1)
        assert "brings no program source-other; it has source-another-name" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_a_connector_without_a_specification(self, connectors, index, tmp_path):
        write_wheel(index, "airbyte-source-broken", "1.0", spec=None)
        outcome = connectors("install", "source-broken==1.0", expect=1)
        assert "gave no specification (exit code 1); its last line: ImportError: no module named heart" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_an_index_that_cannot_be_reached(self, connectors, tmp_path):
        unreachable = {"PIP_NO_INDEX": "0", "UV_NO_INDEX": "0", "PIP_INDEX_URL": "http://user:index-pw-55@127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
        outcome = connectors("install", "source-elsewhere==1.0", env=unreachable, expect=1)
        assert "the package index can't be reached" in outcome.err and "index-pw-55" not in outcome.text, outcome
        assert nothing_is_left(tmp_path)

    def test_a_full_disk(self, connectors, index, tmp_path):
        write_wheel(index, "airbyte-source-large", "1.0", ballast=40 << 20)
        with small_disk.mounted(tmp_path / "small", megabytes=8) as disk:
            outcome = connectors("install", "source-large==1.0", env={"MILLRACE_CONNECTORS_DIR": str(disk.folder)}, expect=1)
            assert "the disk is full" in outcome.err, outcome
            assert not list(disk.folder.glob("source-*"))

    @pytest.mark.parametrize("name, words", [
        ("../source-tiny", "no connector's name"), ("source-tiny==../1.0", "no version"), ("source-tiny==", "names no version"),
        ("source-fakr", "did you mean source-faker"), ("faker", "did you mean source-faker"), ("gihub", "source-github"), ("source-postgres", "built in"), ("destination-pinecone", "container"),
    ])
    def test_names_that_mean_nothing_to_install(self, connectors, tmp_path, name, words):
        assert words in connectors("install", name, expect=2).err
        assert not (tmp_path / "connectors").exists()

    def test_no_python(self, connectors, tmp_path):
        outcome = connectors("install", "source-tiny==1.0", env={"PATH": str(tmp_path)}, expect=1)
        assert "install Python 3.11 or 3.10" in outcome.err, outcome


class TestInterrupted:
    """The connector's own specification, which comes last, takes for ever here."""

    def begin(self, millrace, tmp_path, index):
        write_wheel(index, "airbyte-source-tiny", "3.0", sleeps_in="spec")
        process = millrace.start("connectors", "install", "source-tiny==3.0", env=environment(tmp_path, index), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if b"specification" in line:
                return process
        raise AssertionError("it never asked for the specification")

    def test_by_a_signal(self, millrace, connectors, tmp_path, index):
        process = self.begin(millrace, tmp_path, index)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert nothing_is_left(tmp_path)

    def test_killed(self, millrace, connectors, tmp_path, index):
        process = self.begin(millrace, tmp_path, index)
        process.kill()
        process.wait(60)
        left = tmp_path / "connectors" / "source-tiny" / "3.0"
        assert left.exists()
        assert installed(connectors) == {}
        connectors("install", "source-tiny==1.0")
        assert installed(connectors) == {"source-tiny": ["1.0"]} and not left.exists()


    def test_killed_while_pip_runs(self, millrace, tmp_path, index):
        """What pip and venv started themselves ends, too: their own programs start others."""
        process = millrace.start("connectors", "install", "source-tiny==1.0", env=environment(tmp_path, index, "pip"), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        folder = str(tmp_path / "connectors" / "source-tiny")
        wait_for(lambda: len(processes_of(folder)) > 1, "venv never started ensurepip")
        process.kill()
        process.wait(60)
        wait_for(lambda: not processes_of(folder), "they go on")


def processes_of(folder):
    """Those whose command line or folder of work names it."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder in entry.read_text():
                found.append(int(entry.parent.name))
        except OSError:
            pass  # it has ended
    return found


def wait_for(happened, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class TestFoldersOfOthers:
    def test_stay(self, millrace, connectors, tmp_path):
        mine = tmp_path / "connectors" / "source-tiny" / "notes"
        mine.mkdir(parents=True)
        (mine / "plan.txt").write_text("mine")
        connectors("install", "source-tiny==1.0")
        connectors("remove", "source-tiny")
        assert (mine / "plan.txt").read_text() == "mine"

    def test_are_in_the_way(self, connectors, tmp_path):
        (tmp_path / "connectors" / "source-tiny" / "1.0" / "src").mkdir(parents=True)
        assert "in the way" in connectors("install", "source-tiny==1.0", expect=1).err
        assert (tmp_path / "connectors" / "source-tiny" / "1.0" / "src").exists()

    def test_are_not_followed(self, connectors, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        (elsewhere / "tests").mkdir(parents=True)
        (tmp_path / "connectors").mkdir()
        (tmp_path / "connectors" / "source-tiny").symlink_to(elsewhere)
        assert "is a link" in connectors("install", "source-tiny==1.0", expect=1).err
        assert (elsewhere / "tests").exists()


class TestRemoving:
    def test_what_is_in_use_stays(self, connectors, tmp_path):
        connectors("install", "source-tiny==1.0")
        program = tmp_path / "connectors" / "source-tiny" / "1.0" / "venv" / "bin" / "source-tiny"
        with subprocess.Popen([program, "wait"], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"sleeping\n"
            outcome = connectors("remove", "source-tiny", expect=1)
            assert f"in use by process {process.pid}" in outcome.err, outcome
            process.kill()
        assert installed(connectors) == {"source-tiny": ["1.0"]}
        connectors("remove", "source-tiny")
        assert installed(connectors) == {}

    def test_what_is_not_there(self, connectors):
        assert "source-tiny is not installed" in connectors("remove", "source-tiny", expect=2).err


class TestCatalogue:
    def test_search(self, connectors):
        names = lambda *args: [c["name"] for c in connectors("list", *args, "--json").json()]
        assert "source-google-sheets" in names("google", "SHEETS") and "source-faker" in names("sample data")
        assert set(names("postgres")) >= {"source-postgres", "destination-postgres"}
        assert "destination-postgres" not in names("postgres", "--type", "source")
        assert names("no such thing at all") == []
        whole = connectors("list", "--json").json()
        assert len(whole) >= 684 and {c["runs"] for c in whole} == {"built-in", "manifest", "python", "container"}
        assert all({"name", "type", "definition_id", "runs", "installed"} <= set(c) for c in whole)
        assert {c["runs"] for c in connectors("list", "--runs", "container", "--json").json()} == {"container"}

    def test_show_says_how_to_get_one(self, connectors):
        for name, words in (("source-github", "millrace connectors install source-github"), ("destination-pinecone", "image: airbyte/destination-pinecone:"),
                            ("source-100ms", "millrace connectors install source-100ms"), ("source-postgres", "type: postgres"),
                            ("source-declarative-manifest", "airbyte-cdk")):
            assert words in connectors("show", name).out
        for name, meant in (("source-postgers", "source-postgres"), ("postgers", "source-postgres or destination-postgres"), ("faker", "source-faker"),
                            ("s3", "source-s3 or destination-s3")):
            assert f"did you mean {meant}" in connectors("show", name, expect=2).err, name


class TestTemplate:
    def test_runs_as_it_is_and_goes_on_where_it_was(self, millrace, connectors):
        connectors("new", "source-shop")
        folder = millrace.folder / "source-shop"
        assert "ok" in millrace.run("check", "source-shop/connection.yaml", expect=0).out
        millrace.sync("source-shop/connection.yaml")
        file = folder / "connection.yaml"
        file.write_text(file.read_text().replace("count: 250", "count: 400"))
        report = millrace.sync("source-shop/connection.yaml", "--json").json()
        assert report["records"] == 150, report
        assert output_files.rows(folder / "out", "count(*), count(distinct id), max(id)") == [(400, 400, 400)]
        file.write_text(file.read_text().replace("count: 400", "count: 4000000"))
        assert "count is more than this example can make" in millrace.run("check", "--source", file, expect=1).err

    def test_never_writes_over_anything(self, millrace, connectors):
        (millrace.folder / "source-shop").mkdir()
        assert "exists already" in connectors("new", "source-shop", expect=2).err
        assert not list((millrace.folder / "source-shop").iterdir())
        assert "no connector's name" in connectors("new", "Source Shop", expect=2).err
        assert "sources only" in connectors("new", "destination-shop", expect=2).err
