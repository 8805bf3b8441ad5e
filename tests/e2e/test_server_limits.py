"""What attempts of `millrace server` may use, and whose failure it is when one ends: memory, processors, each end's failures, silence; in both APIs."""
import os
import signal
import zipfile

import pytest

from support import api_server, output_files
from support.attempt_processes import attempt_processes, in_the_middle
from support.postgres_tables import target_config
from support.server_jobs import FAKER, LOCAL, REFUSED, ended, first_failure, made_up_users, sync, wait

POSTGRES, TO_POSTGRES = "decd338e-5647-4c0b-adf4-da0e75f5a750", "25c5221d-dce2-4163-ade9-739ef790f503"
FILE = "778daa7c-feaf-4db6-96f3-70fd645acc77"
LONG = 220_000_000  # characters of a value: whoever copies it holds it a few times
LEAST_MB = 600


@pytest.fixture
def long_value(db):
    db.execute(f"create table papers (id int primary key, body text); insert into papers select 1, repeat('0123456789', {LONG // 10})")
    return db


def copies_papers(server, db, **more):
    config = {**db.config(), "replication_method": {"method": "Standard"}}
    source = server.call("sources/create", sourceDefinitionId=POSTGRES, name="papers", connectionConfiguration=config)
    target = server.call("destinations/create", destinationDefinitionId=LOCAL, name="files", connectionConfiguration={"path": "out"})
    papers = {"stream": {"name": "papers", "namespace": "public"}, "config": {"syncMode": "full_refresh", "destinationSyncMode": "overwrite"}}
    return server.call("connections/create", sourceId=source["sourceId"], destinationId=target["destinationId"], status="active", scheduleType="manual",
                       syncCatalog={"streams": [papers]}, **more)["connectionId"]


def peak_mb(process):
    try:
        with open(f"/proc/{process}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) >> 10
    except (OSError, StopIteration):
        return 0


@pytest.mark.no_sanitizer("a sanitizer's own memory counts, too")
def test_an_attempt_that_needs_600_mb_dies_under_512_and_lives_under_4096(start, tmp_path, long_value):
    with start() as server:
        made = copies_papers(server, long_value, resourceRequirements={"memory_limit": "512Mi", "memory_request": "256Mi"})
        assert server.call("connections/get", connectionId=made)["resourceRequirements"] == {"memory_limit": "512Mi", "memory_request": "256Mi"}
        job = sync(server, made)
        failure = first_failure(server, job)
        assert (failure["failureOrigin"], failure["failureType"]) == ("airbyte_platform", "transient_error"), failure
        assert "it may use 512 MiB of memory" in server.request("GET", f"/api/v1/jobs/{job}/attempts/0/logs/download").text
        assert "limit of 512 MiB" in failure["externalMessage"] and "resourceRequirements.memory_limit" in failure["externalMessage"]
        wait(lambda: not attempt_processes(tmp_path / "data"))

        server.call("connections/update", connectionId=made, resourceRequirements={"memory_limit": "4Gi"})
        job, peak = sync(server, made), 0

        def over():
            nonlocal peak
            peak = max([peak, *map(peak_mb, attempt_processes(tmp_path / "data"))])
            return server.call("jobs/get_light", id=job)["job"]["status"] in ("succeeded", "failed") or None
        wait(over)
        assert server.call("jobs/get", id=job)["job"]["status"] == "succeeded"
        assert peak >= LEAST_MB, f"{peak} MB: the test's own data are too small"
    folder = next(p for p in (tmp_path / "data" / "files" / "out").rglob("papers") if p.is_dir())
    assert output_files.rows(folder, "count(*), max(length(body))") == [(1, LONG)]


@pytest.mark.parametrize("who", ["environment", "config.yaml", "source", "definition"])
@pytest.mark.no_sanitizer("a sanitizer's own memory counts, too")
def test_everybody_who_may_set_a_limit_is_heard(millrace, tmp_path, long_value, who):
    env, args = {}, []
    if who == "environment":
        env = {"JOB_MAIN_CONTAINER_MEMORY_LIMIT": "300Mi"}
    if who == "config.yaml":
        file = tmp_path / "config.yaml"
        file.write_text('resources:\n  source: {memory_limit: "100Mi", cpu_limit: 1.0}\n  destination: {memory_limit: "150Mi"}\n  orchestrator: {memory_limit: "50Mi"}\n')
        args = ["--config", file]
    with api_server.running(millrace, tmp_path / "data", *args, env=env) as server:
        made = copies_papers(server, long_value)
        source = server.call("connections/get", connectionId=made)["sourceId"]
        scoped = {"default": {"memory_limit": "9Gi"}, "jobSpecific": [{"jobType": "sync", "resourceRequirements": {"memory_limit": "300Mi"}}]}
        if who == "source":
            found = server.call("sources/partial_update", sourceId=source, resourceAllocation=scoped)
            assert found["resourceAllocation"] == scoped == server.call("sources/get", sourceId=source)["resourceAllocation"]
            assert server.request("GET", f"/api/public/v1/sources/{source}").body["resourceAllocation"] == scoped
        if who == "definition":
            found = server.call("source_definitions/update", sourceDefinitionId=POSTGRES, resourceRequirements=scoped)
            assert found["resourceRequirements"] == scoped == server.call("source_definitions/get", sourceDefinitionId=POSTGRES)["resourceRequirements"]
        assert "limit of 300 MiB" in first_failure(server, sync(server, made))["externalMessage"]


class TestADiscovery:
    """Of a workbook with 200 MB of texts: whoever looks for its columns holds them."""

    @pytest.fixture
    def workbook(self, tmp_path):
        files = tmp_path / "data" / "files"
        files.mkdir(parents=True)
        main, rel = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        with zipfile.ZipFile(files / "texts.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
            book.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>')
            book.writestr("xl/_rels/workbook.xml.rels", f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
                <Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>
                <Relationship Id="r2" Type="{rel}/sharedStrings" Target="sharedStrings.xml"/></Relationships>""")
            book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>v</t></si>{f"<si><t>{30_000 * chr(120)}</t></si>" * 6_600}</sst>')
            book.writestr("xl/worksheets/sheet1.xml", f"""<worksheet xmlns="{main}"><sheetData>
                <row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData></worksheet>""")
        return {"dataset_name": "texts", "format": "excel", "url": "/local/texts.xlsx", "provider": {"storage": "local"}}

    def killed(self, reply):
        assert "catalog" not in reply and reply["jobInfo"]["succeeded"] is False, reply
        reason = reply["jobInfo"]["failureReason"]
        assert (reason["failureOrigin"], reason["failureType"]) == ("airbyte_platform", "transient_error"), reason
        message = reason["externalMessage"]
        assert "the discovery: killed because it used more than its limit of 100 MiB" in message and "DISCOVER_JOB_MAIN_CONTAINER_MEMORY_LIMIT" in message, message

    @pytest.mark.no_sanitizer("a sanitizer's own memory counts, too")
    def test_dies_under_little_and_lives_under_much(self, start, workbook):
        def of_discoveries(memory):
            return {"jobSpecific": [{"jobType": "discover_schema", "resourceRequirements": {"memory_limit": memory}}]}
        with start() as server:
            source = server.call("sources/create", sourceDefinitionId=FILE, name="texts", connectionConfiguration=workbook,
                                 resourceAllocation=of_discoveries("100Mi"))["sourceId"]
            self.killed(server.call("sources/discover_schema", sourceId=source, disable_cache=True))
            assert server.call("sources/check_connection", sourceId=source)["status"] == "succeeded", "nothing was said of checks"
            public = server.request("POST", f"/api/public/v1/sources/{source}/discover")
            assert public.status == 422 and "limit of 100 MiB" in public.text, public.text

            server.call("sources/partial_update", sourceId=source, resourceAllocation=of_discoveries("4Gi"))
            found = server.call("sources/discover_schema", sourceId=source, disable_cache=True)
            assert found["jobInfo"]["succeeded"] and list(found["catalog"]["streams"][0]["stream"]["jsonSchema"]["properties"]) == ["v"]

    @pytest.mark.no_sanitizer("a sanitizer's own memory counts, too")
    def test_its_definition_and_the_environment_are_heard(self, millrace, tmp_path, workbook):
        with api_server.running(millrace, tmp_path / "data", env={"DISCOVER_JOB_MAIN_CONTAINER_MEMORY_LIMIT": "100Mi"}) as server:
            asked = {"sourceDefinitionId": FILE, "connectionConfiguration": workbook}
            self.killed(server.call("scheduler/sources/discover_schema", **asked))
            server.call("source_definitions/update", sourceDefinitionId=FILE, resourceRequirements={"default": {"memory_limit": "0"}})
            assert server.call("scheduler/sources/discover_schema", **asked)["jobInfo"]["succeeded"], "no limit for this connector"


def test_amounts_that_are_none_are_refused_where_they_are_said(start, millrace, tmp_path):
    with start() as server:
        made = made_up_users(server, 10)
        ends = server.call("connections/get", connectionId=made)
        for call, ids, field, sent in [
            ("connections/update", {"connectionId": made}, "memory_limit", {"resourceRequirements": {"memory_limit": "512 MB"}}),
            ("connections/update", {"connectionId": made}, "cpu_limits", {"resourceRequirements": {"cpu_limits": "1"}}),
            ("sources/partial_update", {"sourceId": ends["sourceId"]}, "cpu_limit", {"resourceAllocation": {"default": {"cpu_limit": "many"}}}),
            ("source_definitions/update", {"sourceDefinitionId": FAKER}, "jobType", {"resourceRequirements": {"jobSpecific": [{"jobType": "nap"}]}}),
        ]:
            assert field in server.call(call, expect=422, **ids, **sent)["message"]
        assert "resourceRequirements" not in server.call("connections/get", connectionId=made)
        assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
    for env, args, text in [({"JOB_MAIN_CONTAINER_MEMORY_LIMIT": "2 GB"}, [], 'write "2G"'), ({"CHECK_JOB_MAIN_CONTAINER_CPU_LIMIT": "-1"}, [], "CHECK_JOB_MAIN_CONTAINER_CPU_LIMIT"),
                            ({"MILLRACE_LEASE_SECONDS": "9"}, [], "between 10 and 1800"), ({"MILLRACE_LEASE_SECONDS": "1801"}, [], "between 10 and 1800"), ({}, ["--config", tmp_path / "wrong.yaml"], "wrong.yaml:2:")]:
        (tmp_path / "wrong.yaml").write_text("resources:\n  sauce: {memory_limit: 1Gi}\n")
        refused = millrace.run("server", "--data-dir", tmp_path / "other", "--listen", "127.0.0.1:1", *args, env=env, expect=2)
        assert text in refused.err, refused.err


def test_a_limit_of_processors_bounds_the_attempts_threads(start, tmp_path):
    with start() as server:
        made = made_up_users(server, 30_000_000)
        server.call("connections/update", connectionId=made, resourceRequirements={"cpu_limit": "1"})

        def threads():
            job = sync(server, made)
            (process,) = in_the_middle(server, job, tmp_path / "data")
            count = len(os.listdir(f"/proc/{process}/task"))
            server.call("jobs/cancel", id=job)
            wait(lambda: not attempt_processes(tmp_path / "data"))
            return count
        bounded = threads()
        server.call("connections/update", connectionId=made, resourceRequirements={"cpu_limit": "0"})
        if (os.cpu_count() or 1) > 1:
            assert bounded < threads()


class TestWhoseFailureItIs:
    def test_the_sources(self, start, db):
        db.execute("create table papers (id int primary key)")
        with start() as server:
            made = copies_papers(server, db)
            db.execute("drop table papers")
            job = sync(server, made)
            failure = first_failure(server, job)
            assert failure["failureOrigin"] == "source" and failure["failureType"] in ("config_error", "transient_error"), failure
            assert failure["streamDescriptor"]["name"] == "papers"

    def test_the_destinations(self, start):
        with start() as server:
            made = made_up_users(server, 10, REFUSED)
            info = ended(server, sync(server, made))
            failure = info["attempts"][0]["attempt"]["failureSummary"]["failures"][0]
            assert (failure["failureOrigin"], failure["failureType"]) == ("destination", "config_error"), failure
            said = server.request("GET", f"/api/public/v1/jobs/{info['job']['id']}").body
            assert said["failureReason"]["failureOrigin"] == "destination" and said["failureReason"]["failureType"] == "config_error"
            status = server.call("connections/status", connectionIds=[made])[0]
            assert status["failureReason"]["failureOrigin"] == "destination"

    def test_nobodys_but_the_platforms(self, start, tmp_path):
        with start() as server:
            job = sync(server, made_up_users(server, 30_000_000))
            (process,) = in_the_middle(server, job, tmp_path / "data")
            os.kill(process, signal.SIGKILL)
            failure = first_failure(server, job)
            assert (failure["failureOrigin"], failure["failureType"]) == ("airbyte_platform", "transient_error"), failure

    def test_a_silent_source(self, start, tmp_path):
        with start(env={"MILLRACE_SOURCE_SILENCE_SECONDS": "2"}) as server:
            job = sync(server, made_up_users(server, 30_000_000))
            (process,) = in_the_middle(server, job, tmp_path / "data")
            os.kill(process, signal.SIGSTOP)
            failure = first_failure(server, job)
            assert (failure["failureOrigin"], failure["failureType"]) == ("source", "heartbeat_timeout"), failure
            wait(lambda: process not in attempt_processes(tmp_path / "data"))

    def test_a_destination_that_does_not_come_back(self, start, db):
        """Its table is locked by somebody else; meanwhile nothing can be read either, which is not the source's fault."""
        with start(env={"MILLRACE_DESTINATION_TIMEOUT_SECONDS": "4", "MILLRACE_SOURCE_SILENCE_SECONDS": "3"}) as server:
            made = made_up_users(server, 10, (TO_POSTGRES, target_config(db)))
            assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
            db.execute("begin")
            try:
                db.execute("lock table target.users in access exclusive mode")
                failure = first_failure(server, sync(server, made))
            finally:
                db.execute("rollback")
            assert (failure["failureOrigin"], failure["failureType"]) == ("destination", "destination_timeout"), failure
            assert ended(server, sync(server, made))["job"]["status"] == "succeeded"
