"""Servers and programs that tests ask for by name. Servers start when the first test needs them and stop at the end."""
import os
import pathlib
import random
import shutil
import tempfile
import time

import pytest

from support import api_server, certificates, millrace_program, postgres_server, s3_server, ssh_server, web_server
from support.kill_count import kill_count
from support.postgres_tables import database_url
from support.sanitizers import SLOWNESS, Sanitizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", ROOT / "build")).resolve()
SANITIZERS = Sanitizers(BUILD)
KILLS_IN_A_ROUND = 20


def pytest_addoption(parser):
    parser.addoption("--torture", action="store_true", help="run the expensive matrices too")
    parser.addoption("--kills", type=int, default=None, help="kills of each crash test (20; with --torture 200; under sanitizers 4)")
    parser.addoption("--seed", type=int, default=None, help="seed of the random tests (default: random, printed)")


def pytest_configure(config):
    config.seed = config.getoption("--seed")
    if config.seed is None:
        config.seed = int.from_bytes(os.urandom(4), "big")
    SANITIZERS.begin()


def pytest_report_header(config):
    return f"millrace: {BUILD}/bin/millrace, seed {config.seed} (repeat with --seed {config.seed})"


def pytest_collection_modifyitems(config, items):
    for item in items:
        if SANITIZERS.active and (mark := item.get_closest_marker("no_sanitizer")):
            item.add_marker(pytest.mark.skip(reason=f"under sanitizers: {mark.args[0]}"))
    if config.getoption("--torture"):
        return
    kept, left = [], []
    for item in items:
        (left if "torture" in item.keywords else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the servers it used said last."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for name in ("postgres", "s3", "ssh", "web"):
            server = getattr(item, "funcargs", {}).get(name)
            if server is not None:
                report.sections.append((f"log of {name}", server.log_tail()))


@pytest.fixture(autouse=True)
def no_sanitizer_report():
    """A report of any process is an error of the test that was running when it was written."""
    yield
    reports = SANITIZERS.take_reports()
    assert not reports, reports


def pytest_sessionfinish(session):
    if reports := SANITIZERS.take_reports():  # of what outlived the last test
        print(reports)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def rng(request):
    return random.Random(f"{request.config.seed}:{request.node.name}")


@pytest.fixture(scope="session")
def kills(request):
    return kill_count(request.config, SANITIZERS.active)


def pytest_generate_tests(metafunc):
    """`round_kills`: the kills of a crash test in rounds of 20, each a test with tables of its own, because they grow with every sync."""
    if "round_kills" in metafunc.fixturenames:
        kills = kill_count(metafunc.config, SANITIZERS.active)
        rounds = [min(KILLS_IN_A_ROUND, kills - done) for done in range(0, kills, KILLS_IN_A_ROUND)]
        metafunc.parametrize("round_kills", rounds, ids=[f"round{i + 1}" for i in range(len(rounds))])


@pytest.fixture
def progress(request):
    """progress(done, of, what): says how far a long test is, at most every 30 s and at its end; only with --torture."""
    reporter, capture = (request.config.pluginmanager.getplugin(name) for name in ("terminalreporter", "capturemanager"))
    items = request.session.items
    started = said = time.monotonic()

    def say(done, of, what):
        nonlocal said
        now = time.monotonic()
        if not request.config.getoption("--torture") or (done < of and now - said < 30):
            return
        said = now
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"[test {items.index(request.node) + 1} of {len(items)}, {now - started:.0f} s] {request.node.name}: {done} of {of} {what}")

    return say


@pytest.fixture(scope="session")
def server_folder():
    """Not below pytest's own folder: servers that run as another user must be able to enter it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def tls(server_folder):
    return certificates.make(server_folder / "tls")


@pytest.fixture(scope="session")
def postgres(server_folder, tls):
    with postgres_server.PostgresServer(server_folder / "postgres", tls) as server:
        yield server


@pytest.fixture
def db(postgres):
    """A database of the test's own."""
    with postgres.database() as database:
        yield database


@pytest.fixture
def metadata(postgres):
    """Arguments of servers and workers that share a PostgreSQL database, which has nothing else in it."""
    with postgres.database() as database:
        yield ["--database-url", database_url(database)]


@pytest.fixture(scope="session")
def ssh():
    with ssh_server.SshServer(BUILD) as server:
        yield server


@pytest.fixture(scope="session")
def s3(server_folder):
    with s3_server.S3Server(server_folder / "s3") as server:
        yield server


@pytest.fixture
def bucket(s3):
    bucket = s3.new_bucket()
    yield bucket
    bucket.remove()


@pytest.fixture(scope="session")
def web(server_folder, tls):
    with web_server.WebServer(server_folder / "web", tls) as server:
        yield server


@pytest.fixture
def millrace(tmp_path):
    return millrace_program.Millrace(BUILD, tmp_path, slowness=SLOWNESS if SANITIZERS.active else 1)


@pytest.fixture(params=["sqlite", "postgres"])
def start(request, millrace, tmp_path):
    """Starts `millrace server` with each metadata database: start(*args, env=…), again and again on the same metadata."""
    args = []
    if request.param == "postgres":
        args = ["--database-url", database_url(request.getfixturevalue("db"))]
    return lambda *more_args, **more: api_server.running(millrace, tmp_path / "data", *args, *more_args, **more)
