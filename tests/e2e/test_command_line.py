"""The surface a user types: commands, exit codes, --json, and files that are wrong before anything is contacted."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from support import output_files
from support.postgres_tables import customers, incremental, stream

FAKER = ("faker", {"count": 20})


@pytest.fixture
def end(tmp_path):
    return "local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}


def test_version(millrace):
    assert re.fullmatch(r"millrace \d+\.\d+\.\d+\n", millrace.run("version", expect=0).out)
    assert re.fullmatch(r"\d+\.\d+\.\d+", millrace.run("version", "--json", expect=0).json()["version"])


def test_the_demo_shows_what_landed(millrace, tmp_path):
    script = pathlib.Path(__file__).parents[2] / "demo" / "run.sh"
    out = os.path.relpath(tmp_path, script.parents[1])
    shown = subprocess.run([script], env={**os.environ, "MILLRACE": str(millrace.program.resolve()), "DEMO_OUT": out}, capture_output=True, text=True, check=True).stdout
    for stream in ("products", "purchases", "users"):
        assert re.search(rf"{tmp_path}/{stream}/\S+\.parquet +\d+\n", shown), shown


def test_the_command_line_links_no_data_plane(millrace):
    needed = subprocess.run(["ldd", str(millrace.program)], capture_output=True, text=True, check=True).stdout
    assert "libarrow" not in needed and "libparquet" not in needed, needed


def test_the_system_s_openssl_is_searched_first(millrace):
    """libparquet exports an OpenSSL of its own: linked before the system's, libcurl and libpq would call into it."""
    attempt = millrace.program.parent.parent / "libexec" / "millrace-attempt"
    dynamic = subprocess.run(["readelf", "-d", str(attempt)], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(\S+?)\.so", dynamic)
    assert needed.index("libssl") < needed.index("libparquet") and needed.index("libcrypto") < needed.index("libparquet"), needed


def test_help_names_every_command(millrace):
    text = millrace.run("--help", expect=0).out
    for command in ("sync", "check", "discover", "connector", "connectors", "state", "version"):
        assert re.search(rf"^\s*{command}\b", text, re.M), text


def test_connectors(millrace):
    listed = {c["name"]: c for c in millrace.run("connectors", "list", "--json", expect=0).json()}
    for name in ("source-postgres", "source-file", "source-faker", "destination-s3", "destination-local"):
        assert listed[name]["runs"] == "built-in" and listed[name]["installed"] is True
        assert re.fullmatch(r"[0-9a-f-]{36}", listed[name]["definition_id"])
        assert millrace.run("connectors", "show", name, "--json", expect=0).json()["name"] == name
        assert name in millrace.run("connectors", "show", name, expect=0).out
    assert {c["runs"] for c in listed.values()} <= {"built-in", "manifest", "python", "container"} and len(listed) > 100
    assert listed["source-postgres"]["definition_id"] == "decd338e-5647-4c0b-adf4-da0e75f5a750"
    outcome = millrace.run("connectors", "show", "source-postgre")
    assert outcome.code == 2 and "source-postgres" in outcome.err, "the nearest name is offered"


class TestJson:
    """One document on standard output, nothing else there."""

    def test_sync(self, millrace, end):
        report = millrace.run("sync", millrace.file(FAKER, end), "--json", expect=0).json()
        assert "users" in json.dumps(report) and "20" in json.dumps(report)

    def test_failed_sync(self, millrace, db, end):
        outcome = millrace.run("sync", millrace.file(("postgres", db.config(password="wrong-pw-1")), end), "--json", expect=1)
        assert "config_error" in json.dumps(outcome.json()), outcome

    @pytest.mark.parametrize("command", [["check"], ["discover"], ["state", "show"]])
    def test_other_commands(self, millrace, end, command):
        outcome = millrace.run(*command, millrace.file(FAKER, end), "--json", expect=0)
        assert outcome.json() is not None


class TestCheckAndDiscover:
    def test_check_looks_at_both_ends(self, millrace, db, end):
        millrace.run("check", millrace.file(("postgres", db.config()), end), expect=0)
        outcome = millrace.run("check", millrace.file(("postgres", db.config(password="wrong-pw-1")), end), expect=1)
        assert outcome.err.strip()

    def test_check_of_a_folder_that_cannot_be(self, millrace, tmp_path):
        (tmp_path / "file").write_text("x")
        outcome = millrace.run("check", millrace.file(FAKER, ("local", {"path": str(tmp_path / "file" / "below"), "format": {"format_type": "CSV"}})), expect=1)
        assert "below" in outcome.err

    def test_discover_prints_the_catalog(self, millrace, db, end):
        customers(db, 1)
        outcome = millrace.run("discover", millrace.file(("postgres", db.config()), end), "--verbose", expect=0)
        assert "customers" in outcome.out and "updated_at" in outcome.out


class TestWrongFiles:
    """Exit 2, one line that names file, place, fault and what is allowed; nothing is contacted."""

    def wrong(self, millrace, text, *expected, args=()):
        path = millrace.folder / "wrong.yaml"
        path.write_text(text)
        outcome = millrace.run("sync", path, *args, expect=2)
        for part in expected:
            assert part in outcome.err, f"no {part!r} in: {outcome!r}"
        assert len(outcome.err.strip().splitlines()) <= 2, outcome
        assert not (millrace.folder / "out").exists()
        return outcome

    SOURCE = "source: {type: faker, config: {count: 1}}\n"
    DESTINATION = "destination: {type: local, config: {path: out, format: {format_type: CSV}}}\n"

    def test_no_such_file(self, millrace):
        outcome = millrace.run("sync", "nowhere.yaml", expect=2)
        assert "nowhere.yaml" in outcome.err

    def test_yaml_that_is_none(self, millrace):
        self.wrong(millrace, "source: {type: faker\nname: x: y\n", "wrong.yaml:")

    def test_unknown_key_offers_the_nearest(self, millrace):
        self.wrong(millrace, self.SOURCE + self.DESTINATION + "destination_namspace: x\n", "destination_namspace", "destination_namespace", "wrong.yaml:3")

    def test_unknown_key_in_a_stream(self, millrace):
        self.wrong(millrace, self.SOURCE + self.DESTINATION + "streams: [{name: users, sync_mod: full_refresh_append}]\n", "sync_mod", "sync_mode")

    def test_unknown_connector(self, millrace):
        self.wrong(millrace, self.SOURCE.replace("faker", "fakir") + self.DESTINATION, "fakir", "faker")

    def test_missing_end(self, millrace):
        self.wrong(millrace, self.SOURCE, "destination")

    def test_missing_required_field(self, millrace):
        self.wrong(millrace, "source: {type: postgres, config: {host: h, port: 5432, username: u}}\n" + self.DESTINATION, "database")

    def test_wrong_type(self, millrace):
        self.wrong(millrace, "source: {type: postgres, config: {host: h, port: many, database: d, username: u}}\n" + self.DESTINATION, "port")

    def test_unknown_choice(self, millrace):
        self.wrong(millrace, "source: {type: postgres, config: {host: h, port: 1, database: d, username: u, ssl_mode: {mode: sometimes}}}\n" + self.DESTINATION, "ssl_mode")

    def test_missing_variable_is_named(self, millrace):
        self.wrong(millrace, self.SOURCE.replace("count: 1", 'count: "${NOT_SET_ANYWHERE}"') + self.DESTINATION, "NOT_SET_ANYWHERE")

    @pytest.mark.parametrize("text, named", [
        ("normalization: thorough\n", "normalization"),
        ("undeclared_fields: some\n", "undeclared_fields"),
        ("metadata: some\n", "metadata"),
        ("streams: [{name: users, sync_mode: sideways}]\n", "sideways"),
        ("number_format: roman\n", "number_format"),
    ])
    def test_what_is_not_there_is_refused_by_name(self, millrace, text, named):
        self.wrong(millrace, self.SOURCE + self.DESTINATION + text, named)

    @pytest.mark.parametrize("config, named", [
        ("replication_method: {method: CDC, replication_slot: s, publication: p}", "CDC"),
    ])
    def test_postgres_options_that_come_later(self, millrace, config, named):
        self.wrong(millrace, "source: {type: postgres, config: {host: h, port: 1, database: d, username: u, " + config + "}}\n" + self.DESTINATION, named)

    @pytest.mark.parametrize("args", [["sync"], ["fly"], ["sync", "a.yaml", "--what"], ["state"], ["state", "eat", "a.yaml"], ["connectors", "install"]])
    def test_wrong_usage(self, millrace, args):
        assert millrace.run(*args, expect=2).err.strip()

    def test_unknown_key_in_config_is_only_a_warning(self, millrace, end):
        outcome = millrace.sync(millrace.file(("faker", {"count": 1, "unknown_thing": 1}), end))
        assert "unknown_thing" in outcome.err


    def test_a_schedule_that_is_none(self, millrace):
        self.wrong(millrace, self.SOURCE + self.DESTINATION + 'schedule: {cron: "99 2 * * 1-5"}\n', "wrong.yaml:3", "minute is 99")
        self.wrong(millrace, self.SOURCE + self.DESTINATION + 'schedule: {cron: "0 2 * * 1-5", timezone: Mars/Base}\n', "timezone", "Mars/Base")

    def test_a_stream_that_the_file_does_not_list(self, millrace):
        text = self.SOURCE + self.DESTINATION + "streams: [users, products]\n"
        self.wrong(millrace, text, "--stream prodcts", "did you mean products?", args=("--stream", "prodcts"))
        self.wrong(millrace, text, "--stream nosuch", args=("--stream", "users", "--stream", "nosuch"))

    def test_a_damaged_state(self, millrace, end):
        file = millrace.file(FAKER, end, streams=["products"])
        millrace.sync(file)
        state, = (millrace.folder / ".millrace").rglob("state.json")
        state.write_text(state.read_text()[:-20])
        for command in (["sync", file], ["state", "show", file], ["sync", file, "--full-refresh"]):
            outcome = millrace.run(*command, expect=2)
            assert f"{state} is damaged" in outcome.err and "remove it" in outcome.err, outcome

    def test_another_cursor_than_the_source_s_own(self, millrace, end):
        stream = {"name": "users", "sync_mode": "incremental_append", "cursor_field": ["nosuch"]}
        outcome = millrace.run("sync", millrace.file(FAKER, end, streams=[stream]), expect=1)
        assert "cursor_field names nosuch" in outcome.err and "updated_at" in outcome.err


class TestHelp:
    def test_help_is_a_command_too(self, millrace):
        assert millrace.run("help", expect=0).out == millrace.run("--help", expect=0).out
        text = millrace.run("sync", "--help", expect=0).out
        assert "Usage: millrace sync " in text and "--full-refresh" in text
        assert millrace.run("help", "sync", expect=0).out == text
        assert "Usage: millrace state show " in millrace.run("help", "state", "show", expect=0).out
        assert "snc" in millrace.run("help", "snc", expect=2).err

    def test_a_wrong_command_is_named_with_the_right_ones(self, millrace):
        outcome = millrace.run("state", "frob", "a.yaml", expect=2)
        assert '"state frob"' in outcome.err and "show, set, clear" in outcome.err
        assert "show, set, clear" in millrace.run("state", expect=2).err
        assert "did you mean clear?" in millrace.run("state", "cler", "a.yaml", expect=2).err


def test_a_stream_s_name_breaks_no_table(millrace, db, end):
    db.execute('create table "line\nbreak" (id int)')
    outcome = millrace.sync(millrace.file(("postgres", db.config()), end, streams=[{"name": "line\nbreak"}]))
    assert "public.line\\nbreak" in outcome.out, outcome
    assert "0 records" in outcome.out
    db.execute('insert into "line\nbreak" values (1)')
    assert "1 record," in millrace.sync(millrace.file(("postgres", db.config()), end, streams=[{"name": "line\nbreak"}])).out


class TestEnvironment:
    def test_values_come_from_it_with_the_type_that_is_asked_for(self, millrace, db, end):
        customers(db, 3)
        file = millrace.file(("postgres", db.config(port="${PG_PORT}", password="${env:PG_SECRET}")), end)
        millrace.sync(file, env={"PG_PORT": str(db.server.port), "PG_SECRET": "reader-pw-7Kx2"})

    def test_a_dollar_can_be_meant(self, millrace, tmp_path):
        file = millrace.file(FAKER, ("local", {"path": str(tmp_path / "o"), "format": {"format_type": "CSV"}}), streams=[{"name": "products"}], prefix="$${x}_")
        millrace.sync(file)
        assert [p for p in (tmp_path / "o").rglob("*") if "${x}_products" in str(p)]


class TestSecrets:
    def test_never_in_any_output_or_process_list(self, millrace, db, end, tmp_path):
        customers(db, 200_000)
        file = millrace.file(("postgres", db.config()), end, streams=[incremental()])
        log = open(tmp_path / "all.log", "wb")
        process = millrace.start("sync", file, "--verbose", stdout=log, stderr=log)
        seen = 0
        while process.poll() is None:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    group = os.getpgid(int(pid))
                    text = open(f"/proc/{pid}/cmdline", "rb").read() + open(f"/proc/{pid}/environ", "rb").read()
                except (OSError, ProcessLookupError):
                    continue
                if b"millrace" in text:
                    seen += group == process.pid or b"millrace-attempt" in text
                    assert b"reader-pw-7Kx2" not in text, text
            time.sleep(0.01)
        assert process.returncode == 0 and seen > 0
        left = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p != file)
        assert b"reader-pw-7Kx2" not in left, "logs and data folder hold no secret"

    def test_failures_print_none(self, millrace, db, bucket, end):
        for config in (db.config(port=1), db.config(database="nowhere"), db.config(host="nowhere.invalid"), db.config(jdbc_url_params="a=b&password=zzz")):
            millrace.run("sync", millrace.file(("postgres", config), end), "--verbose")
        millrace.run("sync", millrace.file(FAKER, ("s3", bucket.config(s3_bucket_name="nowhere"))), "--verbose")


class TestInterrupt:
    @pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
    def test_exit_130(self, millrace, db, end, sig, tmp_path):
        customers(db, 600_000)
        process = millrace.start("sync", millrace.file(("postgres", db.config()), end, streams=[stream(sync_mode="full_refresh_append")]),
                                 stdout=subprocess.DEVNULL, stderr=open(tmp_path / "err", "wb"))
        time.sleep(0.25)
        process.send_signal(sig)
        assert process.wait(25) == 130, (tmp_path / "err").read_text()
        deadline = time.monotonic() + 15
        while children_of(process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not children_of(process.pid), "no attempt outlives its sync"


    @pytest.mark.parametrize("command", ["sync", "discover", "check", "verify"])
    def test_a_server_that_never_answers_holds_nobody_up(self, millrace, end, command):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            source = "file", {"dataset_name": "s", "format": "csv", "url": f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv", "provider": {"storage": "HTTPS"}}
            process = millrace.start(command, millrace.file(source, end), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            silent.settimeout(30)
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            connection.close()


def children_of(group):
    out = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(pid)) == group and open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
                out.append(int(pid))
        except (OSError, ProcessLookupError):
            continue
    return out


def test_two_syncs_of_one_connection_do_not_meet(millrace, db, end, tmp_path):
    customers(db, 400_000)
    file = millrace.file(("postgres", db.config()), end, streams=[incremental()])
    first = millrace.start("sync", file, stdout=subprocess.DEVNULL, stderr=open(tmp_path / "first.err", "wb"))
    time.sleep(0.15)
    second = millrace.run("sync", file)
    assert first.wait(60) == 0
    assert second.code in (0, 1, 2)
    if second.code:
        assert "lock" in second.err.lower() or "running" in second.err.lower() or "another" in second.err.lower(), second
    assert output_files.rows(tmp_path / "out" / "public" / "customers", "count(*), count(distinct customer_id)") == [(400_000, 400_000)]


def test_data_dir(millrace, end, tmp_path):
    file = millrace.file(FAKER, end, streams=[{"name": "products"}])
    millrace.sync(file, "--data-dir", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere").is_dir() and not (tmp_path / ".millrace").exists()
    millrace.sync(file)
    states = list((tmp_path / ".millrace").rglob("*.json"))
    assert states and all(p.stat().st_mode & 0o077 == 0 or p.stat().st_mode & 0o002 == 0 for p in states)


def test_a_lost_data_folder_stops_no_sync(millrace, tmp_path):
    """The tables that syncs before it have made are replaced, not refused as those of a newer attempt."""
    file = millrace.file(FAKER, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}))
    millrace.sync(file)
    millrace.sync(file)
    shutil.rmtree(millrace.folder / ".millrace")
    millrace.sync(file)
    users = [p for p in output_files.visible(tmp_path / "out") if "users" in p.parts]
    assert sum(__import__("pyarrow.parquet").parquet.read_metadata(p).num_rows for p in users) == 20
