"""Connectors that are no part of Millrace, through a server: one that somebody names as a command (a custom definition), and packages that
are installed. The command is tests/support/scripted_source.py."""
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import sys

from support import api_server, json_api, manifests, output_files, scripted_destination, scripted_source
from support.attempt_processes import attempt_processes
from support.connected_ends import TO_POSTGRES
from support.postgres_tables import target_config
from support.python_connector import python_connector
from support.server_jobs import LOCAL, ended, first_failure, sync, wait

SCRIPT = str(pathlib.Path(scripted_source.__file__))
COMMAND = [sys.executable, SCRIPT]
TOKEN = "token-of-the-server-11"
MASK = "**********"


@contextlib.contextmanager
def running(millrace, tmp_path, *args, allow=True, **more):
    flags = ("--allow-custom-commands",) if allow else ()
    with api_server.running(millrace, tmp_path / "data", *flags, *args, **more) as server:
        yield server
    text = server.log.read_text()
    for number in range(6):
        assert TOKEN not in text and f"token-of-the-server-{12 + number}" not in text, "a secret was logged"


def custom(server, kind="source", expect=200, **fields):
    made = server.call(f"{kind}_definitions/create_custom", expect=expect, workspaceId="default",
                       **{f"{kind}Definition": {"name": "Scripted", "command": COMMAND, **fields}})
    return made[f"{kind}DefinitionId"] if expect == 200 else made


def source(server, definition, expect=200, **config):
    made = server.call("sources/create", expect=expect, sourceDefinitionId=definition, name="script", workspaceId="default",
                       connectionConfiguration={"rows": 25, "token": TOKEN, **config})
    return made["sourceId"] if expect == 200 else made


def connected(server, source_id, *streams, destination=None, **more):
    """A new connection of these streams, to files; its id."""
    definition, config = destination or (LOCAL, {"path": "/local/out", "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"})
    target = server.call("destinations/create", destinationDefinitionId=definition, name="target", connectionConfiguration=config)
    found = server.call("sources/discover_schema", sourceId=source_id)["catalog"]["streams"]
    for entry in found:
        entry["config"] = {"selected": not streams or entry["stream"]["name"] in streams, "syncMode": "full_refresh", "destinationSyncMode": "overwrite"}
    return server.call("connections/create", sourceId=source_id, destinationId=target["destinationId"], status="active", scheduleType="manual",
                       syncCatalog={"streams": found}, **more)["connectionId"]


def succeeded(server, connection):
    info = ended(server, sync(server, connection))
    assert info["job"]["status"] == "succeeded", info["attempts"][-1]
    return info


def log_of(server, info):
    return server.request("GET", f"/api/v1/jobs/{info['job']['id']}/attempts/0/logs").text


def whole_log(server, info):
    """Once its last line is there."""
    return wait(lambda: next((text for text in [log_of(server, info)] if "rows committed" in text), None))


def files(tmp_path, stream):
    return output_files.table(tmp_path / "data" / "files" / "out" / stream).to_pylist()


def test_a_command_from_its_definition_to_its_rows(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        definition = custom(server, documentationUrl="https://example.com")
        listed = server.call("source_definitions/get", sourceDefinitionId=definition)
        assert listed["custom"] is True and listed["command"] == COMMAND and "spec" not in listed, listed
        for path in ("list", "list_for_workspace", "list_latest"):
            assert listed in server.call(f"source_definitions/{path}", workspaceId="default")["sourceDefinitions"]
        spec = server.call("source_definition_specifications/get", sourceDefinitionId=definition)
        assert spec["connectionSpecification"]["properties"]["token"]["airbyte_secret"] is True
        wrong = source(server, definition, expect=422, rows="many")
        assert "connectionConfiguration.rows" in wrong["message"], wrong
        made = source(server, definition)
        shown = server.call("sources/get", sourceId=made)
        assert shown["connectionConfiguration"] == {"rows": 25, "token": MASK} and shown["sourceName"] == "Scripted"
        kept = server.call("sources/update", sourceId=made, name="script", connectionConfiguration={"rows": 30, "token": MASK})
        assert kept["connectionConfiguration"] == {"rows": 30, "token": MASK}
        public = json.loads(server.request("GET", f"/api/public/v1/sources/{made}").text)
        assert public["configuration"]["token"] == MASK and public["definitionId"] == definition
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded"
        refused = server.call("sources/check_connection_for_update", sourceId=made, connectionConfiguration={"rows": 1, "token": MASK, "behaviour": "refused"})
        assert refused["status"] == "failed" and refused["message"] == f"no entry with {MASK}", refused
        connection = connected(server, made)
        info = succeeded(server, connection)
        assert info["attempts"][-1]["attempt"]["recordsSynced"] == 33
        assert sorted(row["id"] for row in files(tmp_path, "items")) == list(range(1, 31))
        assert len(files(tmp_path, "users")) == 3
        listed = server.call("web_backend/connections/list", workspaceId="default")["connections"]
        assert [c["source"]["sourceName"] for c in listed] == ["Scripted"]
        changed = server.call("source_definitions/update", sourceDefinitionId=definition, command=[*COMMAND, "--more"], expect=422)
        assert "did not give its specification" in changed["message"], "it knows no --more"
        assert server.call("source_definitions/update", sourceDefinitionId=definition, name="Mine")["command"] == COMMAND
        # With a definition go its sources and their connections.
        server.call("source_definitions/delete", expect=204, sourceDefinitionId=definition)
        server.call("sources/get", expect=404, sourceId=made)
        assert server.call("connections/get", connectionId=connection)["status"] == "deprecated"


def test_a_rotated_token_is_kept_and_used_by_everybody(millrace, tmp_path):
    valid = tmp_path / "valid"
    valid.write_text(TOKEN)
    with running(millrace, tmp_path, env={"MILLRACE_CONFIG_ROWS": "7"}) as server:
        made = source(server, custom(server), rows="${MILLRACE_CONFIG_ROWS}", valid=str(valid))
        connection = connected(server, made, "items")
        for number in (12, 13):
            info = succeeded(server, connection)
            assert valid.read_text() == f"token-of-the-server-{number}"
            log = whole_log(server, info)
            assert "the configuration that the source changed is kept" in log and "token-of-the-server" not in log
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded", "it has the newest"
        shown = server.call("sources/get", sourceId=made)["connectionConfiguration"]
        assert shown == {"rows": "${MILLRACE_CONFIG_ROWS}", "token": MASK, "valid": str(valid)}, "the rest is as somebody wrote it"
        valid.write_text(TOKEN)
        info = ended(server, sync(server, connection))
        failures = info["attempts"][-1]["attempt"]["failureSummary"]["failures"]
        said = {(failure["failureOrigin"], failure["failureType"], failure["externalMessage"]) for failure in failures}
        assert info["job"]["status"] == "failed" and said == {("source", "config_error", "The token is not good any more")}
        server.call("sources/partial_update", sourceId=made, connectionConfiguration={"token": TOKEN})
        succeeded(server, connection)
    with running(millrace, tmp_path, env={"MILLRACE_CONFIG_ROWS": "7"}) as server:
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded", "it outlives the server"


def test_nobodys_command_runs_where_that_was_not_allowed(millrace, tmp_path):
    ran = tmp_path / "ran"
    with running(millrace, tmp_path, allow=False) as server:
        refused = custom(server, expect=422, command=["touch", str(ran)])
        assert "--allow-custom-commands" in refused["message"]
        image = custom(server, "destination", expect=422, command=None, dockerRepository="example/destination-mine", dockerImageTag="1.0.0")
        assert "example/destination-mine:1.0.0" in image["message"] and "--allow-custom-commands" in image["message"]
        path = "/api/public/v1/workspaces/default/definitions/sources"
        reply = server.request("POST", path, json.dumps({"name": "x", "command": ["touch", str(ran)]}).encode())
        assert reply.status == 422 and "--allow-custom-commands" in reply.text, reply.text
        assert not [d for d in server.call("source_definitions/list")["sourceDefinitions"] if d["custom"]]
    with running(millrace, tmp_path) as server:
        made = source(server, custom(server))
        connection = connected(server, made, "items")
    with running(millrace, tmp_path, allow=False) as server:
        shown = server.call("sources/get", sourceId=made)["connectionConfiguration"]
        assert shown == {"rows": 25, "token": MASK}, "its secrets stay what they are"
        for call in ("sources/check_connection", "sources/discover_schema"):
            assert "--allow-custom-commands" in server.call(call, expect=422, sourceId=made, disable_cache=True)["message"]
        info = ended(server, sync(server, connection))
        (failure,) = info["attempts"][-1]["attempt"]["failureSummary"]["failures"]
        assert "--allow-custom-commands" in failure["externalMessage"] and failure["failureType"] == "config_error", failure
    assert not ran.exists()


def test_only_who_signs_in_makes_one(millrace, tmp_path):
    with running(millrace, tmp_path, "--auth", "always", env={"MILLRACE_ADMIN_PASSWORD": api_server.PASSWORD}) as server:
        body = json.dumps({"workspaceId": "default", "sourceDefinition": {"name": "x", "command": ["true"]}}).encode()
        for path in ("/api/v1/source_definitions/create_custom", "/api/public/v1/workspaces/default/definitions/sources"):
            assert server.request("POST", path, body).status == 401
            assert server.request("POST", path, body, headers=api_server.basic("airbyte@example.com", "wrong")).status == 401


REFUSED = [
    ({"command": ["/no/such/program"]}, ["did not give its specification", "/no/such/program"]),
    ({"command": ["true"]}, ["did not give its specification", "ended without an answer"]),
    ({"command": [sys.executable, "-c", "import sys; sys.exit('the licence is missing')"]}, ["did not give its specification", "the licence is missing"]),
    ({"command": []}, ["a list of texts"]),
    ({"command": ["relative/program"]}, ["must be absolute"]),
    ({"command": None}, ["dockerRepository", "command", "manifest"]),
    ({"command": None, "manifest": {"type": "DeclarativeSource"}}, ["no low-code manifest"]),
    ({"maxSecondsBetweenMessages": 0}, ["maxSecondsBetweenMessages"]),
    ({"maxSecondsBetweenMessages": 2**63 - 1}, ["maxSecondsBetweenMessages", "604800"]),
]


def test_what_is_no_connector_or_not_installed_is_refused(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        for fields, words in REFUSED:
            refused = custom(server, expect=422, **fields)
            assert all(word in refused["message"] for word in words), refused
        listed = server.call("source_definitions/list")["sourceDefinitions"]
        assert not [d for d in listed if d["custom"]]
        (github,) = [d for d in listed if d["dockerRepository"] == "airbyte/source-github"]
        for path in ("source_definition_specifications/get", "sources/create"):
            refused = server.call(path, expect=422, sourceDefinitionId=github["sourceDefinitionId"], name="x", connectionConfiguration={})
            assert "millrace connectors install source-github" in refused["message"], refused


def test_a_silent_one_is_given_up_when_its_definition_says(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        definition = custom(server, maxSecondsBetweenMessages=2)
        listed = server.call("source_definitions/get", sourceDefinitionId=definition)
        assert listed["maxSecondsBetweenMessages"] == 2
        made = source(server, definition, behaviour="silent", at=3)
        failure = first_failure(server, sync(server, connected(server, made, "items")))
        assert failure["failureType"] == "heartbeat_timeout" and "2 seconds" in failure["externalMessage"], failure
        wait(lambda: not attempt_processes(tmp_path / "data"))
        wait(lambda: not scripts())


def scripts():
    """Processes of the script that are left over."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = process.read_bytes().split(b"\0")
            if SCRIPT.encode() in words and b"read" in words and process.parent.name != str(os.getpid()):
                found.append(process.parent.name)
    return found


def test_the_limit_of_the_connection_holds_its_program_too(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        made = source(server, custom(server), behaviour="greedy", at=3)
        connection = connected(server, made, "items", resourceRequirements={"memory_limit": "600Mi"})
        failure = first_failure(server, sync(server, connection))
        assert "600 MiB" in failure["externalMessage"] and "memory" in failure["externalMessage"], failure
        wait(lambda: not scripts())


def installed_by_hand(folder, name, version, program=None, spec=None):
    """What `millrace connectors install` leaves: the script as such a package, or `program`. It knows no `spec`: that is kept."""
    home = folder / name / version
    home.mkdir(parents=True)
    wrapper = home / name
    wrapper.write_text(f'#!/bin/sh\n[ "$1" != spec ] || exit 9\nexec {program or f"{sys.executable} {SCRIPT}"} "$@"\n')
    wrapper.chmod(0o755)
    record = {"name": name, "package": f"airbyte-{name}", "version": version, "python_version": "3.11.2", "executable": name,
              "installed_at": "2026-01-01T00:00:00Z", "spec": spec or {"connectionSpecification": scripted_source.SPEC}}
    (home / "connector.json").write_text(json.dumps(record))


def test_an_installed_package_under_the_catalogues_definition(millrace, tmp_path):
    connectors = tmp_path / "data" / "connectors"
    installed_by_hand(connectors, "source-github", "2.7.1")
    with running(millrace, tmp_path, allow=False) as server:
        (github,) = [d for d in server.call("source_definitions/list")["sourceDefinitions"] if d["dockerRepository"] == "airbyte/source-github"]
        assert github["sourceType"] == "api" and github["custom"] is False
        definition = github["sourceDefinitionId"]
        assert "rows" in server.call("source_definition_specifications/get", sourceDefinitionId=definition)["connectionSpecification"]["properties"]
        made = source(server, definition)
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded"
        connection = connected(server, made, "items")
        succeeded(server, connection)
        assert len(files(tmp_path, "items")) == 25
        (connectors / "source-github" / "2.7.1" / "connector.json").unlink()
        shown = server.call("sources/get", sourceId=made)["connectionConfiguration"]
        assert shown == {"rows": 25, "token": MASK}
        info = ended(server, sync(server, connection))
        (failure,) = info["attempts"][-1]["attempt"]["failureSummary"]["failures"]
        assert "millrace connectors install source-github" in failure["externalMessage"] and failure["failureType"] == "config_error", failure


def test_an_image_of_airbytes_is_the_installed_package(millrace, tmp_path):
    installed_by_hand(tmp_path / "connectors", "source-github", "2.7.1")
    with running(millrace, tmp_path, allow=False, env={"MILLRACE_CONNECTORS_DIR": str(tmp_path / "connectors")}) as server:
        image = {"command": None, "dockerRepository": "airbyte/source-github"}
        other = custom(server, expect=422, dockerImageTag="9.9.9", **image)
        assert "airbyte/source-github:9.9.9" in other["message"], other
        made = source(server, custom(server, dockerImageTag="2.7.1", **image))
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded"


def manifest(path="/items", **spec):
    properties = {**scripted_source.SPEC["properties"], **spec}
    """With Python of its own: a program runs it."""
    streams = [{"type": "DeclarativeStream", "name": "items", "path": path, "retriever": {"class_name": "components.Retriever"}}]
    return {"version": "6.5.2", "type": "DeclarativeSource", "streams": streams,
            "spec": {"type": "Spec", "connection_specification": {**scripted_source.SPEC, "properties": properties}}}


def test_a_manifest_by_both_apis(millrace, tmp_path):
    """What its runner is given; what runs manifests for real is tested where packages are installed."""
    valid = tmp_path / "valid"
    valid.write_text(TOKEN)
    with running(millrace, tmp_path, allow=False) as server:
        missing = custom(server, expect=422, command=None, manifest=manifest())
        assert "millrace connectors install source-declarative-manifest" in missing["message"]
    installed_by_hand(tmp_path / "data" / "connectors", "source-declarative-manifest", "6.5.2")
    with running(millrace, tmp_path, allow=False) as server:
        all = "/api/public/v1/workspaces/default/definitions/declarative_sources"
        said = server.request("POST", all, json.dumps({"name": "Mine", "manifest": manifest()}).encode())
        assert said.status == 200 and said.body["version"] == 1 and said.body["manifest"] == manifest(), said.text
        id = said.body["id"]
        spec = server.call("source_definition_specifications/get", sourceDefinitionId=id)
        assert spec["connectionSpecification"] == manifest()["spec"]["connection_specification"]
        made = source(server, id, valid=str(valid), behaviour="needs_manifest")
        connection = connected(server, made, "items")
        succeeded(server, connection)
        assert len(files(tmp_path, "items")) == 25
        shown = server.call("sources/get", sourceId=made)["connectionConfiguration"]
        assert shown == {"rows": 25, "token": MASK, "valid": str(valid), "behaviour": "needs_manifest"}, "the manifest is not stored in it"
        succeeded(server, connection)  # with the token that was kept
        changed = server.request("PUT", f"{all}/{id}", json.dumps({"manifest": manifest("/others", colour={"type": "string"})}).encode())
        assert changed.body["version"] == 2 and server.request("GET", f"{all}/{id}").body == changed.body
        assert "colour" in server.call("source_definition_specifications/get", sourceDefinitionId=id)["connectionSpecification"]["properties"]
        assert [d["id"] for d in server.request("GET", all).body["data"]] == [id]
        assert server.request("PUT", f"{all}/{id}", b"{}").status == 422
        assert server.request("DELETE", f"{all}/{id}").status == 200 and server.request("GET", f"{all}/{id}").status == 404


def test_a_manifest_without_python(millrace, tmp_path):
    """It is built in: nothing is installed."""
    millrace.secrets.add(TOKEN)
    items = lambda path, _, key: {"data": [{"id": n, "name": f"item {n}"} for n in range(1, 31)]} if key == TOKEN else 401  # noqa: E731
    with json_api.serving(items) as url, running(millrace, tmp_path, allow=False) as server:
        definition = custom(server, command=None, manifest=manifests.of_an_api())
        refused = server.call("sources/create", expect=422, sourceDefinitionId=definition, name="x", connectionConfiguration={"base": url})
        assert "key" in refused["message"], refused
        made = server.call("sources/create", sourceDefinitionId=definition, name="items", connectionConfiguration={"base": url, "key": TOKEN})["sourceId"]
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded"
        succeeded(server, connected(server, made, "items"))
        assert sorted(row["id"] for row in files(tmp_path, "items")) == list(range(1, 31))
        wrong = server.call("sources/create", sourceDefinitionId=definition, name="wrong", connectionConfiguration={"base": url, "key": "no"})["sourceId"]
        checked = server.call("sources/check_connection", sourceId=wrong)
        assert checked["status"] == "failed" and "items" in checked["message"], checked


def test_a_package_of_the_registry_into_files_and_a_database(millrace, tmp_path, db):
    """airbyte-source-faker as its registry has it."""
    program = python_connector("source-faker", "7.2.1")
    numbers = dict.fromkeys(("count", "seed", "parallelism", "records_per_slice"), {"type": "integer"})
    spec = {"connectionSpecification": {"type": "object", "properties": numbers}}  # asking for it takes seconds
    installed_by_hand(tmp_path / "data" / "connectors", "source-faker", "7.2.1", str(program), spec)
    with running(millrace, tmp_path, allow=False) as server:
        definition = custom(server, command=None, name="Faker of Airbyte's", dockerRepository="airbyte/source-faker", dockerImageTag="7.2.1")
        config = {"count": 200, "seed": 7, "parallelism": 1, "records_per_slice": 100}
        made = server.call("sources/create", sourceDefinitionId=definition, name="people", connectionConfiguration=config)["sourceId"]
        assert server.call("sources/check_connection", sourceId=made)["status"] == "succeeded"
        jobs = [sync(server, connected(server, made, "users", destination=destination)) for destination in (None, (TO_POSTGRES, target_config(db)))]
        for job in jobs:
            info = ended(server, job)
            assert info["job"]["status"] == "succeeded" and info["attempts"][-1]["attempt"]["recordsSynced"] == 200, info
    assert sorted(row["id"] for row in files(tmp_path, "users")) == list(range(1, 201))
    assert db.execute("select count(*), count(distinct id), min(id), max(id) from target.users") == [(200, 200, 1, 200)]


def test_a_custom_destination(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        definition = custom(server, "destination", command=[sys.executable, str(pathlib.Path(scripted_destination.__file__))])
        spec = server.call("destination_definition_specifications/get", destinationDefinitionId=definition)
        assert spec["supportedDestinationSyncModes"] == scripted_destination.MODES
        made = source(server, custom(server))
        there, valid = tmp_path / "there", tmp_path / "valid"
        valid.write_text(TOKEN)
        config = {"path": str(there), "token": TOKEN, "valid": str(valid)}
        connection = connected(server, made, "items", destination=(definition, config))
        shown = server.call("destinations/get", destinationId=server.call("connections/get", connectionId=connection)["destinationId"])
        assert shown["connectionConfiguration"] == {**config, "token": MASK} and shown["destinationName"] == "Scripted"
        assert server.call("destinations/check_connection", destinationId=shown["destinationId"])["status"] == "succeeded"
        assert succeeded(server, connection)["attempts"][-1]["attempt"]["recordsSynced"] == 25
        assert valid.read_text() == "token-of-the-server-12"
        messages = [json.loads(line) for line in (there / "messages.jsonl").read_text().splitlines()]
        assert [m["record"]["data"]["id"] for m in messages if m["type"] == "RECORD"] == list(range(1, 26))
        succeeded(server, connection)  # with the token that was kept
        assert valid.read_text() == "token-of-the-server-13"


WAITS = r"""
import json, pathlib, sys, time
config = json.load(open(sys.argv[sys.argv.index("--config") + 1])) if "--config" in sys.argv else {}
if sys.argv[1] == "spec":
    print(json.dumps({"type": "SPEC", "spec": {"connectionSpecification": {"type": "object", "properties": {"folder": {"type": "string"}}}}}))
else:
    folder = pathlib.Path(config["folder"])
    (folder / f"begun-{time.monotonic_ns()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.05)
    print(json.dumps({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}))
"""


def test_slow_checks_hold_up_nobody_else(millrace, tmp_path):
    """As many as run at once wait for their connectors, a few wait for those, and the others are told to come again."""
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    folder = tmp_path / "files"
    folder.mkdir()
    with running(millrace, tmp_path) as server:
        definition = custom(server, command=[sys.executable, str(script)])
        made = server.call("sources/create", sourceDefinitionId=definition, name="slow", connectionConfiguration={"folder": str(folder)})
        check = lambda: server.request("POST", "/api/v1/sources/check_connection", json.dumps({"sourceId": made["sourceId"]}).encode())  # noqa: E731
        with concurrent.futures.ThreadPoolExecutor(30) as callers:
            calls = [callers.submit(check) for _ in range(30)]
            refused = [call.result() for call in itertools.islice(concurrent.futures.as_completed(calls), 30 - 12)]
            assert {reply.status for reply in refused} == {503} and "try again" in refused[0].body["message"], refused[0].text
            assert server.call("sources/list", workspaceId="default")["sources"][0]["name"] == "slow"
            (folder / "go").touch()
            answered = [call.result() for call in calls if call.result() not in refused]
            assert [reply.body["status"] for reply in answered] == ["succeeded"] * 12
        assert len(list(folder.glob("begun-*"))) == 12


def test_what_a_connector_says_names_no_property(millrace, tmp_path):
    """A message that begins with a field's name is about that field; one that begins with another word is about none."""
    with running(millrace, tmp_path) as server:
        path = lambda reply: reply["validationErrors"][0]["propertyPath"]  # noqa: E731
        refused = custom(server, expect=422, command=["nowhere-to-be-found"])
        assert path(refused) == "" and "nowhere-to-be-found" in refused["message"], refused
        refused = server.call("sources/create", expect=422, sourceDefinitionId=custom(server), name="script", connectionConfiguration={"rows": "many", "token": TOKEN})
        assert path(refused) == "connectionConfiguration.rows", refused
