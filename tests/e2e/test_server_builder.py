"""The connector builder's API: projects, manifests resolved, streams read with limits, versions published. The API that is read is on the loopback interface."""
import contextlib
import http.server
import json
import threading
import urllib.parse

from support import api_server, json_api, manifests, output_files
from support.server_jobs import LOCAL, ended, sync

KEY = "the key/of the+builder 77"
MASK = "**********"
SPEC = {"type": "object", "required": ["base", "key"], "properties": {"base": {"type": "string"}, "key": {"type": "string", "airbyte_secret": True}}}
PROJECTS = "connector_builder_projects"


@contextlib.contextmanager
def running(millrace, tmp_path, *args, **more):
    with api_server.running(millrace, tmp_path / "data", *args, **more) as server:
        yield server
    text = server.log.read_text()
    assert KEY not in text and urllib.parse.quote(KEY, safe="") not in text, "a secret was logged"


def project(server, base, name="Mine", key=KEY, **details):
    """A project with testing values; its id."""
    id = server.call(f"{PROJECTS}/create", expect=201, workspaceId="default", builderProject={"name": name, **details})["builderProjectId"]
    values = server.call(f"{PROJECTS}/update_testing_values", workspaceId="default", builderProjectId=id, spec=SPEC, testingValues={"base": base, "key": key})
    assert values == {"base": base, "key": MASK}, values
    return id


def read(server, id, manifest, stream="items", expect=200, **more):
    return server.call(f"{PROJECTS}/read_stream", expect=expect, workspaceId="default", builderProjectId=id, manifest=manifest, streamName=stream, **more)


def paged(**stream):
    """Pages of two by number."""
    manifest = manifests.of_an_api(**stream)
    manifest["streams"][0]["retriever"]["paginator"] = {
        "type": "DefaultPaginator", "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "page"},
        "pagination_strategy": {"type": "PageIncrement", "page_size": 2, "inject_on_first_request": True}}
    return manifest


def sliced(*values):
    manifest = paged()
    manifest["streams"][0]["retriever"]["partition_router"] = {
        "type": "ListPartitionRouter", "values": list(values), "cursor_field": "colour",
        "request_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "colour"}}
    return manifest


def items(path, query, key):
    """Five items on pages of two; with a colour, those of that colour."""
    if key != KEY:
        return 401
    page = int(query.get("page", 0))
    numbers = range(2 * page + 1, min(2 * page + 2, 5) + 1)
    return {"data": [{"id": n, "name": f"item {n}", "at": f"2024-01-0{n}", "colour": query.get("colour"), "echo": key} for n in numbers]}


def endless(path, query, key):
    return {"data": [{"id": int(query.get("page", 0)), "name": "again"}, {"id": -1, "name": "again"}]}


def texts(document):
    return json.dumps(document, ensure_ascii=False)


def test_a_stream_read_page_by_page(millrace, tmp_path):
    millrace.secrets.add(KEY)
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        found = read(server, id, paged())
        (slice,) = found["slices"]
        assert [[r["id"] for r in page["records"]] for page in slice["pages"]] == [[1, 2], [3, 4], [5]]
        assert slice["slice_descriptor"] == {} and slice["state"][0]["stream"]["stream_descriptor"]["name"] == "items"
        first = slice["pages"][0]
        assert first["request"]["url"] == f"{url}/items?page=0" and first["request"]["http_method"] == "GET"
        assert first["request"]["headers"]["Authorization"] == f"Bearer {MASK}"
        assert first["response"]["status"] == 200 and json.loads(first["response"]["body"])["data"][0]["id"] == 1
        assert first["response"]["headers"]["Content-Type"] == "application/json"
        assert found["logs"] == [] and found["auxiliary_requests"] == [] and found["test_read_limit_reached"] is False
        schema = found["inferred_schema"]
        assert schema["properties"]["id"] == {"type": "number"} and schema["required"] == ["id"]
        assert schema["properties"]["name"] == {"type": ["string", "null"]} and "colour" not in schema["properties"], "null only"
        assert found["inferred_datetime_formats"] == {"at": "%Y-%m-%d"}
        assert KEY not in texts(found) and first["records"][0]["echo"] == MASK, "also where the API sends it back"


def test_limits_and_slices(millrace, tmp_path):
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        found = read(server, id, sliced("red", "blue", "green"), sliceLimit=2, pageLimit=1)
        assert [s["slice_descriptor"] for s in found["slices"]] == [{"colour": "red"}, {"colour": "blue"}]
        assert [len(s["pages"]) for s in found["slices"]] == [1, 1] and found["test_read_limit_reached"] is True
        assert "colour=blue" in found["slices"][1]["pages"][0]["request"]["url"]
        found = read(server, id, sliced("red", "blue"), recordLimit=3)
        records = [r["id"] for s in found["slices"] for p in s["pages"] for r in p["records"]]
        assert records == [1, 2, 3] and found["test_read_limit_reached"] is True
        for field, value in (("recordLimit", 0), ("recordLimit", 10_001), ("pageLimit", 21), ("sliceLimit", "two")):
            assert field in read(server, id, paged(), expect=422, **{field: value})["message"]


def test_endless_pages_end(millrace, tmp_path):
    with json_api.serving(endless) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        found = read(server, id, paged())
        assert len(found["slices"][0]["pages"]) == 5 and found["test_read_limit_reached"] is True
        found = read(server, id, paged(), pageLimit=20, recordLimit=7)
        assert sum(len(page["records"]) for page in found["slices"][0]["pages"]) == 7


def incremental():
    return manifests.of_an_api(incremental_sync={
        "type": "DatetimeBasedCursor", "cursor_field": "at", "datetime_format": "%Y-%m-%d", "cursor_granularity": "P1D", "step": "P1M",
        "start_datetime": {"type": "MinMaxDatetime", "datetime": "2024-01-01"}, "end_datetime": {"type": "MinMaxDatetime", "datetime": "2024-02-29"},
        "start_time_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "from"}})


def test_states_go_in_and_come_out(millrace, tmp_path):
    answer = lambda path, query, key: {"data": [{"id": 1, "name": "x", "at": query.get("from", "?")}]}  # noqa: E731
    with json_api.serving(answer) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        found = read(server, id, incremental())
        assert [s["slice_descriptor"] for s in found["slices"]] == [{"start_time": "2024-01-01", "end_time": "2024-01-31"},
                                                                    {"start_time": "2024-02-01", "end_time": "2024-02-29"}]
        states = [s["state"][0]["stream"]["stream_state"] for s in found["slices"]]
        assert [s["at"] for s in states] == ["2024-01-01", "2024-02-01"], states
        found = read(server, id, incremental(), state=found["slices"][1]["state"])
        assert [s["slice_descriptor"]["start_time"] for s in found["slices"]] == ["2024-02-01"]
        assert "state" in read(server, id, incremental(), state=[{"type": "GLOBAL"}], expect=422)["message"]


def children():
    """Items, and the notes of each."""
    manifest = manifests.of_an_api()
    notes = json.loads(json.dumps(manifest["streams"][0]))
    notes["name"] = "notes"
    notes["retriever"]["requester"]["path"] = "/items/{{ stream_partition.item }}/notes"
    notes["retriever"]["partition_router"] = {"type": "SubstreamPartitionRouter", "parent_stream_configs": [
        {"type": "ParentStreamConfig", "parent_key": "id", "partition_field": "item", "stream": manifest["streams"][0]}]}
    manifest["streams"].append(notes)
    return manifest


def test_parents_are_shown_beside_the_pages(millrace, tmp_path):
    answer = lambda path, *_: {"data": [{"id": 10, "name": f"note on {path[1]}"}]} if "notes" in path else {"data": [{"id": n} for n in (1, 2)]}  # noqa: E731
    with json_api.serving(answer) as url, running(millrace, tmp_path) as server:
        found = read(server, project(server, url), children(), stream="notes")
        assert [s["slice_descriptor"] for s in found["slices"]] == [{"item": 1, "parent_slice": {}}, {"item": 2, "parent_slice": {}}]
        assert found["slices"][1]["pages"][0]["records"] == [{"id": 10, "name": "note on 2"}]
        (parent,) = found["auxiliary_requests"]
        assert parent["type"] == "PARENT_STREAM" and parent["title"].startswith("Parent stream: ") and parent["request"]["url"] == f"{url}/items"


def test_what_the_api_refuses_is_shown(millrace, tmp_path):
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        found = read(server, project(server, url, key="another key"), paged())
        ((page,),) = [s["pages"] for s in found["slices"]]
        assert page["response"]["status"] == 401 and page["records"] == []
        (line,) = [line for line in found["logs"] if line["level"] == "ERROR"]
        assert "401" in line["message"] or "nauthorized" in line["message"], line


@contextlib.contextmanager
def replying(body, content_type="text/html"):
    """The URL of a server that answers every GET with these bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            with contextlib.suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                for at in range(0, len(body), 1 << 20):
                    self.wfile.write(body[at:at + (1 << 20)])

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_html_and_huge_bodies(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        with replying(b"<html>please sign in</html>") as url:
            found = read(server, project(server, url), manifests.of_an_api())
            assert found["slices"][0]["pages"][0]["response"]["body"] == "<html>please sign in</html>", found
            assert found["slices"][0]["pages"][0]["records"] == []
        large = json.dumps({"data": [{"id": 1, "name": "x" * (3 << 20)}]}).encode()
        with replying(large, "application/json") as url:
            (page,) = read(server, project(server, url), manifests.of_an_api())["slices"][0]["pages"]
            assert len(page["response"]["body"]) < (1 << 20) + 100 and page["response"]["body"].endswith(f"({len(large)} bytes in all)")
            assert len(page["records"][0]["name"]) == 3 << 20
        with replying(b"[" + b" " * (40 << 20) + b"]", "application/json") as url:
            found = read(server, project(server, url), manifests.of_an_api())
            assert any(line["level"] == "ERROR" and "large" in line["message"] for line in found["logs"]), found["logs"]
        assert server.request("GET", "/api/v1/health").status == 200


YAML = """version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [items]}
definitions:
  fields: {type: DpathExtractor, field_path: [data]}
streams:
  - type: DeclarativeStream
    name: items
    schema_loader: {type: InlineSchemaLoader, schema: {type: object, properties: {}}}
    retriever:
      type: SimpleRetriever
      record_selector: {type: RecordSelector, extractor: {$ref: "#/definitions/fields"}}
      requester:
        type: HttpRequester
        url_base: "{{ config['base'] }}"
        path: "/items"
        http_method: GET
        authenticator: {type: BearerAuthenticator, api_token: "{{ config['key'] }}"}
"""


def test_a_manifest_as_text_resolved_and_read(millrace, tmp_path):
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        resolved = server.call(f"{PROJECTS}/resolve", manifest=YAML)["manifest"]
        assert resolved["streams"][0]["retriever"]["record_selector"]["extractor"]["field_path"] == ["data"], resolved
        assert resolved["concurrency_level"]["default_concurrency"] == 1
        assert resolved == server.call(f"{PROJECTS}/resolve", manifest=manifest_of(server))["manifest"]
        found = read(server, project(server, url), YAML)
        assert [r["id"] for r in found["slices"][0]["pages"][0]["records"]] == [1, 2]


def manifest_of(server):
    """YAML's as an object, as a project keeps it."""
    id = server.call(f"{PROJECTS}/create", expect=201, builderProject={"name": "text", "yamlManifest": YAML})["builderProjectId"]
    shown = server.call(f"{PROJECTS}/get_with_manifest", builderProjectId=id)
    assert shown["builderProject"]["yamlManifest"] == YAML and shown["declarativeManifest"]["isDraft"] is True
    return shown["declarativeManifest"]["manifest"]


BAD = [
    (YAML.replace("stream_names: [items]", "stream_names: [items"), {"line": 4, "words": []}),
    (YAML.replace("\n        http_method: GET", "\n\t      http_method: GET"), {"line": 17, "words": []}),
    (YAML.replace("#/definitions/fields", "#/definitions/nothing"), {"line": 12, "words": ["nothing"]}),
    (YAML.replace("type: HttpRequester", "type: FtpRequester"), {"line": 14, "words": ["FtpRequester"]}),
    (YAML.replace('path: "/items"', 'path: [1]'), {"line": 16, "words": ["path"]}),
    (YAML.replace("type: SimpleRetriever", "class_name: mine.Retriever"), {"words": ["class_name", "Python"]}),
    ("streams: 3", {"words": []}),
    ("", {"words": []}),
]


def test_a_wrong_manifest_is_told_with_its_place(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        id = project(server, "http://127.0.0.1:9")
        for text, said in BAD:
            for refused in (server.call(f"{PROJECTS}/resolve", expect=422, manifest=text), read(server, id, text, expect=422)):
                assert all(word in refused["message"] for word in said["words"]), (said, refused)
                if "line" in said:
                    assert abs(refused["line"] - said["line"]) <= 1 and refused["column"] >= 1, (said, refused)
                assert refused["validationErrors"][0]["propertyPath"] == "manifest", refused
        missing = read(server, id, YAML, stream="others", expect=422)
        assert "others" in missing["message"] and "items" in missing["message"]
        code = read(server, id, YAML, expect=422, customComponentsCode="import os")
        assert "Python" in code["message"]
        assert "testing values" in read(server, project(server, "http://x", key=""), with_minimum(), expect=422)["message"]
        read(server, "00000000-0000-0000-0000-000000000000", YAML, expect=404)


def with_minimum():
    manifest = manifests.of_an_api()
    manifest["spec"]["connection_specification"]["properties"]["key"]["minLength"] = 5
    return manifest


LOOPS = [
    "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "{{ 'x' * 10000000000 }}",
    "{{ range(10 ** 12) | list }}",
]


def test_templates_that_never_end_hurt_nobody(millrace, tmp_path):
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        for template in LOOPS:
            manifest = manifests.of_an_api()
            manifest["streams"][0]["retriever"]["requester"]["path"] = template
            reply = server.request("POST", f"/api/v1/{PROJECTS}/read_stream",
                                   json.dumps({"builderProjectId": id, "manifest": manifest, "streamName": "items"}).encode())
            assert reply.status in (200, 422), reply.text
            said = [line["message"] for line in reply.body["logs"] if line["level"] == "ERROR"] if reply.status == 200 else [reply.body["message"]]
            assert said, reply.text
        assert len(read(server, id, paged())["slices"][0]["pages"]) == 3, "and the server goes on"


def test_metadata_services_of_clouds_stay_out_of_reach(millrace, tmp_path):
    with running(millrace, tmp_path) as server:
        found = read(server, project(server, "http://169.254.169.254"), manifests.of_an_api())
        assert any(line["level"] == "ERROR" for line in found["logs"]) and not [p for s in found["slices"] for p in s["pages"]], found


def dynamic():
    """A stream for each table that the API names."""
    manifest = manifests.of_an_api()
    retriever = manifest["streams"][0]["retriever"]
    tables = json.loads(json.dumps(retriever))
    tables["requester"]["path"] = "/tables"
    manifest["dynamic_streams"] = [{
        "type": "DynamicDeclarativeStream", "name": "tables", "stream_template": {**json.loads(json.dumps(manifest["streams"][0])), "name": "placeholder"},
        "components_resolver": {"type": "HttpComponentsResolver", "retriever": tables, "components_mapping": [
            {"type": "ComponentMappingDefinition", "field_path": ["name"], "value": "{{ components_values['name'] }}"}]}}]
    return manifest


def test_dynamic_streams_resolved_and_read(millrace, tmp_path):
    answer = lambda path, *_: {"data": [{"id": n, "name": f"table {n}"} for n in range(8)]} if path == ["tables"] else {"data": [{"id": 5}]}  # noqa: E731
    with json_api.serving(answer) as url, running(millrace, tmp_path) as server:
        id = project(server, url)
        streams = server.call(f"{PROJECTS}/full_resolve", builderProjectId=id, manifest=dynamic(), streamLimit=3)["manifest"]["streams"]
        assert [(s["name"], s["dynamic_stream_name"]) for s in streams] == [("items", None), *((f"table {n}", "tables") for n in range(3))]
        found = read(server, id, dynamic(), stream="table 2")
        assert [len(s["pages"]) for s in found["slices"]] == [1] and found["slices"][0]["pages"][0]["records"] == [{"id": 5}]


def test_projects_outlive_the_server_and_stay_in_their_workspace(millrace, tmp_path):
    millrace.secrets.add(KEY)
    with json_api.serving(items) as url:
        with running(millrace, tmp_path) as server:
            id = project(server, url, draftManifest=paged())
            other = server.call("workspaces/create", name="other")["workspaceId"]
            for call in ("get_with_manifest", "delete"):
                server.call(f"{PROJECTS}/{call}", expect=404, workspaceId=other, builderProjectId=id)
            assert server.call(f"{PROJECTS}/list", workspaceId=other) == {"projects": []}
            server.call(f"{PROJECTS}/update_testing_values", expect=422, builderProjectId=id, spec={**SPEC, "properties": {
                **SPEC["properties"], "other": {"type": "string", "airbyte_secret": True}}}, testingValues={"other": MASK})
        with running(millrace, tmp_path) as server:
            shown = server.call(f"{PROJECTS}/get_with_manifest", builderProjectId=id)
            assert shown["declarativeManifest"] == {"isDraft": True, "manifest": paged()}
            assert shown["testingValues"] == {"base": url, "key": MASK}
            (listed,) = server.call(f"{PROJECTS}/list")["projects"]
            assert listed["hasDraft"] is True and listed["name"] == "Mine" and "sourceDefinitionId" not in listed
            kept = server.call(f"{PROJECTS}/update_testing_values", builderProjectId=id, spec=SPEC, testingValues={"base": url, "key": MASK})
            assert kept["key"] == MASK and len(read(server, id, paged())["slices"][0]["pages"]) == 3, "the secret is what it was"
            server.call(f"{PROJECTS}/update", expect=204, builderProjectId=id, builderProject={"name": "Renamed"})
            (listed,) = server.call(f"{PROJECTS}/list")["projects"]
            assert listed["hasDraft"] is False and listed["name"] == "Renamed"
            server.call(f"{PROJECTS}/delete", expect=204, builderProjectId=id)
            assert server.call(f"{PROJECTS}/list") == {"projects": []}


def test_published_versions_run_natively(millrace, tmp_path):
    millrace.secrets.add(KEY)
    with json_api.serving(items) as url, running(millrace, tmp_path) as server:
        id = project(server, url, draftManifest=paged())
        first = {"manifest": paged(), "description": "the first", "spec": {"connectionSpecification": SPEC}, "version": 1}
        definition = server.call(f"{PROJECTS}/publish", builderProjectId=id, name="Published", initialDeclarativeManifest=first)["sourceDefinitionId"]
        assert server.call("source_definitions/get", sourceDefinitionId=definition)["name"] == "Published"
        again = server.call(f"{PROJECTS}/publish", expect=409, builderProjectId=id, name="Published", initialDeclarativeManifest=first)
        assert "create_manifest" in again["message"]
        shown = server.call(f"{PROJECTS}/get_with_manifest", builderProjectId=id)
        assert shown["declarativeManifest"] == {"manifest": paged(), "isDraft": False, "version": 1, "description": "the first"}
        assert shown["builderProject"]["sourceDefinitionId"] == definition and shown["builderProject"]["hasDraft"] is False
        assert server.call(f"{PROJECTS}/get_for_definition_id", actorDefinitionId=definition)["builderProjectId"] == id

        made = server.call("sources/create", sourceDefinitionId=definition, name="s", connectionConfiguration={"base": url, "key": KEY})["sourceId"]
        target = server.call("destinations/create", destinationDefinitionId=LOCAL, name="t", connectionConfiguration={
            "path": "/local/out", "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"})["destinationId"]
        streams = server.call("sources/discover_schema", sourceId=made)["catalog"]["streams"]
        for entry in streams:
            entry["config"] = {"selected": True, "syncMode": "full_refresh", "destinationSyncMode": "overwrite"}
        connection = server.call("connections/create", sourceId=made, destinationId=target, status="active", scheduleType="manual",
                                 syncCatalog={"streams": streams})["connectionId"]
        ids = lambda: sorted(row["id"] for row in output_files.table(tmp_path / "data" / "files" / "out" / "items").to_pylist())  # noqa: E731
        assert ended(server, sync(server, connection))["job"]["status"] == "succeeded" and ids() == [1, 2, 3, 4, 5]

        versions = {"sourceDefinitionId": definition, "workspaceId": "default"}
        second = {"manifest": manifests.of_an_api(), "description": "one page", "spec": {}, "version": 2}
        server.call("declarative_source_definitions/create_manifest", expect=201, setAsActiveManifest=True, declarativeManifest=second, **versions)
        taken = server.call("declarative_source_definitions/create_manifest", expect=409, setAsActiveManifest=True, declarativeManifest=second, **versions)
        assert "2" in taken["message"]
        assert server.call("declarative_source_definitions/list_manifests", **versions) == {"manifestVersions": [
            {"version": 1, "isActive": False, "description": "the first"}, {"version": 2, "isActive": True, "description": "one page"}]}
        assert ended(server, sync(server, connection))["job"]["status"] == "succeeded" and ids() == [1, 2]
        server.call("declarative_source_definitions/update_active_manifest", expect=204, version=1, **versions)
        server.call("declarative_source_definitions/update_active_manifest", expect=404, version=9, **versions)
        assert ended(server, sync(server, connection))["job"]["status"] == "succeeded" and ids() == [1, 2, 3, 4, 5]

        fork = server.call(f"{PROJECTS}/fork", expect=201, baseActorDefinitionId=definition)["builderProjectId"]
        assert server.call(f"{PROJECTS}/get_with_manifest", builderProjectId=fork)["declarativeManifest"]["manifest"] == paged()
        server.call(f"{PROJECTS}/fork", expect=404, baseActorDefinitionId=LOCAL)
        for call in ("contribute/generate", "get_oauth_consent_url", "complete_oauth"):
            assert server.call(f"{PROJECTS}/{call}", expect=422)["message"]
        assert server.call(f"{PROJECTS}/capabilities") == {"customCodeExecution": False}


def test_who_may(millrace, tmp_path):
    with running(millrace, tmp_path, "--auth", "always", env={"MILLRACE_ADMIN_PASSWORD": api_server.PASSWORD}) as server:
        for call in ("list", "create", "resolve", "read_stream", "publish"):
            assert server.request("POST", f"/api/v1/{PROJECTS}/{call}", b"{}").status == 401
