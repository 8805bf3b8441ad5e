"""source-rest against a real HTTP server: every authentication and pagination, what is new since the last sync, schemas, and bad input."""
import base64
import datetime
import json

import pytest

from support import api_server, output_files, rest_api
from support.connected_ends import committed, connect, synced
from support.free_port import free_port
from support.rest_api import Answer
from support.server_jobs import LOCAL

DEFINITION = "e1b6c7a4-4a0d-4f0e-9d3e-7c2f5b9a8d16"
UTC = datetime.timezone.utc
THINGS = [{"id": i, "name": f"thing {i}"} for i in range(7)]


@pytest.fixture
def api():
    with rest_api.serving() as api:
        yield api


def endpoint(name="things", **more):
    return {"name": name, "path": f"/{name}", **more}


def config(api, *endpoints, **more):
    return {"url_base": api.url, "endpoints": list(endpoints), **more}


def write(millrace, document, name="config.json"):
    (millrace.folder / name).write_text(json.dumps(document))
    return name


def check(millrace, document):
    """None when it succeeds; else why not."""
    outcome = millrace.run("connector", "source-rest", "check", "--config", write(millrace, document))
    [status] = [m["connectionStatus"] for m in outcome.messages() if m["type"] == "CONNECTION_STATUS"]
    return status.get("message") if status["status"] == "FAILED" else None


def discover(millrace, document):
    """{stream: its properties}, and the warnings."""
    messages = millrace.run("connector", "source-rest", "discover", "--config", write(millrace, document), expect=0).messages()
    [catalog] = [m["catalog"] for m in messages if m["type"] == "CATALOG"]
    return {s["name"]: s["json_schema"]["properties"] for s in catalog["streams"]}, [m["log"]["message"] for m in messages if m["type"] == "LOG"]


def sync(millrace, tmp_path, document, expect=0, **more):
    file = millrace.file(("rest", document), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}), metadata="none", **more)
    return millrace.run("sync", file, expect=expect)


def rows(tmp_path, name="things"):
    return sorted(output_files.table(tmp_path / "out" / name).to_pylist(), key=lambda row: str(row["id"]))


class TestAuthentication:
    """Each: the configuration, and whether a request shows what it asks for. The server refuses every other request."""

    BASIC = "Basic " + base64.b64encode(b"me:secret-word-1").decode()
    WAYS = {
        "bearer": ({"type": "Bearer Token", "token": "secret-word-1"}, lambda r: r.headers.get("authorization") == "Bearer secret-word-1"),
        "key in a header": ({"type": "API Key", "api_key": "secret-word-1", "name": "X-Key"}, lambda r: r.headers.get("x-key") == "secret-word-1"),
        "key in the query": ({"type": "API Key", "api_key": "secret-word-1", "name": "key", "inject_into": "query"}, lambda r: r.query.get("key") == "secret-word-1"),
        "basic": ({"type": "Basic", "username": "me", "password": "secret-word-1"}, lambda r: r.headers.get("authorization") == TestAuthentication.BASIC),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_is_sent_and_a_wrong_one_is_told(self, millrace, api, tmp_path, way):
        authentication, shown = self.WAYS[way]
        api.answers["/things"] = lambda r: THINGS if shown(r) else Answer({"message": "who are you?"}, 401)
        sync(millrace, tmp_path, config(api, endpoint(), authentication=authentication))
        assert rows(tmp_path) == THINGS
        wrong = {k: "another-word-2" if v == "secret-word-1" else v for k, v in authentication.items()}
        said = check(millrace, config(api, endpoint(), authentication=wrong))
        assert "401" in said and "endpoints[0]" in said and "another-word-2" not in said

    @pytest.mark.parametrize("place", ["body", "header"])
    def test_client_credentials(self, millrace, api, tmp_path, place):
        def token(r):
            shown = r.headers.get("authorization") == self.BASIC if place == "header" else (r.form["client_id"], r.form["client_secret"]) == ("me", "secret-word-1")
            assert r.method == "POST" and r.form["grant_type"] == "client_credentials" and r.form["scope"] == "read all"
            return {"access_token": "token-of-an-hour", "expires_in": 3600} if shown else Answer({"error": "invalid_client"}, 401)
        api.answers |= {"/token": token, "/things": lambda r: THINGS if r.headers.get("authorization") == "Bearer token-of-an-hour" else Answer({}, 401)}
        sync(millrace, tmp_path, config(api, endpoint(), authentication={
            "type": "OAuth Client Credentials", "token_url": f"{api.url}/token", "client_id": "me", "client_secret": "secret-word-1", "scope": "read all", "client_authentication": place}))
        assert rows(tmp_path) == THINGS

    def test_refresh_token_that_rotates_is_good_for_the_next_sync(self, millrace, api, tmp_path):
        good = ["refresh-0"]

        def token(r):
            if r.form["refresh_token"] != good[-1]:
                return Answer({"error": "invalid_grant"}, 400)
            good.append(f"refresh-{len(good)}")
            return {"access_token": f"access-{len(good)}", "expires_in": 0, "refresh_token": good[-1]}
        api.answers |= {"/token": token, "/things": lambda r: THINGS if r.headers.get("authorization", "").startswith("Bearer access-") else Answer({}, 401)}
        document = config(api, endpoint(), authentication={
            "type": "OAuth Refresh Token", "token_url": f"{api.url}/token", "client_id": "me", "client_secret": "secret-word-1", "refresh_token": "refresh-0", "rotates": True})
        for _ in range(2):
            sync(millrace, tmp_path, document)
        assert rows(tmp_path) == THINGS and len(good) > 2
        document["authentication"]["refresh_token"] = good[-1]
        messages = millrace.run("connector", "source-rest", "discover", "--config", write(millrace, document), expect=0).messages()
        told = [m["control"]["connectorConfig"]["config"] for m in messages if m["type"] == "CONTROL"]
        assert told[-1]["authentication"]["refresh_token"] == good[-1], "by the protocol the platform is told"


class TestPagination:
    def page(self, r, size=3):
        at = int(r.query.get("page", 1)) - 1
        return THINGS[at * size:(at + 1) * size]

    def test_page_numbers(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: {"data": {"items": self.page(r)}}
        sync(millrace, tmp_path, config(api, endpoint(record_path="data.items"), pagination={"type": "Page Number", "page_size": 3, "page_size_param": "per"}))
        assert rows(tmp_path) == THINGS
        assert {r.query["per"] for r in api.requests} == {"3"}

    def test_offsets(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: THINGS[int(r.query["offset"]):][:int(r.query["limit"])]
        sync(millrace, tmp_path, config(api, endpoint(pagination={"type": "Offset", "page_size": 3})))
        assert rows(tmp_path) == THINGS

    @pytest.mark.parametrize("place", ["query", "header", "body"])
    def test_cursors(self, millrace, api, tmp_path, place):
        cursors = ["", "12e4", "b&c'd \"e\"", "00:7"]  # texts that must not be taken for numbers

        def answer(r):
            given = {"query": r.query.get("after", ""), "header": r.headers.get("after", ""), "body": json.loads(r.body or "{}").get("after", "")}[place]
            at = cursors.index(given)
            return {"rows": THINGS[at * 2:at * 2 + 2], "meta": {"next": cursors[at + 1] if at + 1 < len(cursors) else None}}
        api.answers["/things"] = answer
        pagination = {"type": "Cursor", "cursor_path": "meta.next", "cursor_param": "after", "inject_into": place}
        sync(millrace, tmp_path, config(api, endpoint(http_method="POST" if place == "body" else "GET", record_path="rows", pagination=pagination)))
        assert rows(tmp_path) == THINGS

    @pytest.mark.parametrize("kind", ["Next URL", "Link Header"])
    def test_urls(self, millrace, api, tmp_path, kind):
        def answer(r):
            following = f"{api.url}/things?page={int(r.query.get('page', 1)) + 1}&a=b%20c" if len(self.page(r)) == 3 else None
            headers = {"Link": f'<{following}>; rel="next", <{api.url}>; rel="first"'} if following else {}
            return Answer({"rows": self.page(r), "links": {"next": following}} if kind == "Next URL" else self.page(r), headers=headers)
        api.answers["/things"] = answer
        more = {"record_path": "rows", "pagination": {"type": kind, "next_url_path": "links.next"}} if kind == "Next URL" else {"pagination": {"type": kind}}
        sync(millrace, tmp_path, config(api, endpoint(**more)))
        assert rows(tmp_path) == THINGS

    def test_an_endpoint_of_its_own_way(self, millrace, api, tmp_path):
        api.answers |= {"/things": self.page, "/one": lambda r: {"id": 1} if "page" not in r.query else Answer({}, 400)}
        sync(millrace, tmp_path, config(api, endpoint(), endpoint("one", pagination={"type": "None"}), pagination={"type": "Page Number"}))
        assert rows(tmp_path) == THINGS and rows(tmp_path, "one") == [{"id": 1}]


class TestRequests:
    def test_templates_work_everywhere(self, millrace, api, tmp_path):
        api.answers["/v2/eu/things"] = lambda r: THINGS
        sync(millrace, tmp_path, config(
            api, endpoint(path="/{{ config['region'] }}/things", http_method="POST", params={"start_date": "{{ config['start_date'] }}", "n": 7, "all": True},
                          headers={"X-Region": "{{ config.region | upper }}"}, body={"query": {"from": "{{ config['start_date'] }}"}}),
            headers={"X-App": "mill"}, start_date="2024-05-06", region="eu") | {"url_base": f"{api.url}/v2"})
        assert rows(tmp_path) == THINGS
        for r in api.requests:
            assert r.query == {"start_date": "2024-05-06", "n": "7", "all": "true"}
            assert (r.headers["x-region"], r.headers["x-app"]) == ("EU", "mill")
            assert json.loads(r.body) == {"query": {"from": "2024-05-06"}}

    def test_forms_lines_and_filters(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: "".join(json.dumps(t) + "\n" for t in THINGS) if r.form == {"q": "all"} else Answer("", 400)
        sync(millrace, tmp_path, config(api, endpoint(http_method="POST", form={"q": "all"}, response_format="JSONL", record_filter="{{ record['id'] > 3 }}")))
        assert rows(tmp_path) == THINGS[4:]

    def test_children_are_asked_for_each_parent(self, millrace, api, tmp_path):
        api.answers |= {"/things": lambda r: THINGS[:3], "/things/0/parts": lambda r: [{"id": 10}], "/things/1/parts": lambda r: Answer({}, 404), "/things/2/parts": lambda r: [{"id": 20}, {"id": 21}]}
        sync(millrace, tmp_path, config(api, endpoint(), endpoint(
            "parts", path="/things/{{ stream_partition['thing'] }}/parts", parent={"endpoint": "things", "as": "thing"}, primary_key=["thing", "id"], ignore_status_codes=[404])))
        assert rows(tmp_path, "parts") == [{"id": 10, "thing": 0}, {"id": 20, "thing": 2}, {"id": 21, "thing": 2}]

    def test_a_limit_of_requests_is_kept_to(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: THINGS
        sync(millrace, tmp_path, config(api, endpoint(), requests_per_minute=600, concurrency=1))
        assert rows(tmp_path) == THINGS


class TestIncremental:
    STREAMS = [{"name": "things", "sync_mode": "incremental_append"}]

    def changed(self, day, id):
        return {"id": id, "updated_at": f"2025-01-{day:02}T10:00:00Z"}

    def test_goes_on_where_the_last_sync_ended(self, millrace, api, tmp_path):
        things = [self.changed(day, day) for day in range(1, 6)]
        api.answers["/things"] = lambda r: [t for t in things if r.query["since"] <= t["updated_at"] <= r.query["until"]]
        document = config(api, endpoint(primary_key="id", incremental={
            "cursor_field": "updated_at", "start_param": "since", "end_param": "until", "step": "P100D"}), start_date="2025-01-02")
        sync(millrace, tmp_path, document, streams=self.STREAMS)
        assert [r["id"] for r in rows(tmp_path)] == [2, 3, 4, 5], "from the start date on"
        asked = [r.query["since"] for r in api.requests]
        assert asked[0] == "2025-01-02T00:00:00Z" and len(asked) > 3, "in windows of the step"
        things += [self.changed(7, 7), self.changed(8, 8)]
        del api.requests[:]
        sync(millrace, tmp_path, document, streams=self.STREAMS)
        assert {r["id"] for r in rows(tmp_path)} == {2, 3, 4, 5, 7, 8}
        assert "2025-01-05T10:00:00Z" in [r.query["since"] for r in api.requests], "from the last state on"
        state = millrace.run("state", "show", millrace.folder / "connection.yaml", expect=0).text
        assert "2025-01-08T10:00:00Z" in state

    def test_without_a_parameter_older_records_are_left_out_here(self, millrace, api, tmp_path):
        things = [self.changed(day, day) for day in range(1, 6)]
        api.answers["/things"] = lambda r: things
        document = config(api, endpoint(incremental={"cursor_field": "updated_at", "start": "2025-01-03"}))
        sync(millrace, tmp_path, document, streams=self.STREAMS)
        assert [r["id"] for r in rows(tmp_path)] == [3, 4, 5]
        things.append(self.changed(6, 6))
        sync(millrace, tmp_path, document, streams=self.STREAMS)
        assert {r["id"] for r in rows(tmp_path)} == {3, 4, 5, 6}

    def test_deduplicated_tables_hold_one_row_a_key(self, millrace, api, tmp_path):
        things = [self.changed(1, 1), self.changed(2, 2)]
        api.answers["/things"] = lambda r: [t for t in things if t["updated_at"] >= r.query["since"]]
        document = config(api, endpoint(primary_key="id", incremental={"cursor_field": "updated_at", "start_param": "since", "lookback_window": "P1D"}))
        streams = [{"name": "things", "sync_mode": "incremental_deduped_history"}]
        sync(millrace, tmp_path, document, streams=streams)
        things[0] = self.changed(3, 1)
        sync(millrace, tmp_path, document, streams=streams)
        assert rows(tmp_path) == [{"id": 1, "updated_at": datetime.datetime(2025, 1, 3, 10, tzinfo=UTC)}, {"id": 2, "updated_at": datetime.datetime(2025, 1, 2, 10, tzinfo=UTC)}]


    def test_on_a_server(self, millrace, api, tmp_path):
        things = [self.changed(day, day) for day in range(1, 4)]
        api.answers["/things"] = lambda r: [t for t in things if t["updated_at"] >= r.query["since"]] if r.headers.get("authorization") == "Bearer secret-word-1" else Answer({}, 401)
        document = config(api, endpoint(primary_key="id", incremental={"cursor_field": "updated_at", "start_param": "since"}), authentication={"type": "Bearer Token", "token": "secret-word-1"})
        with api_server.running(millrace, tmp_path / "data") as server:
            made = connect(server, (DEFINITION, document), (LOCAL, {"path": "/local/shop", "format": {"format_type": "Parquet"}}), {
                "syncMode": "incremental", "destinationSyncMode": "append_dedup", "cursorField": ["updated_at"], "primaryKey": [["id"]]})
            assert committed(synced(server, made)) == 3
            things.append(self.changed(4, 4))
            assert committed(synced(server, made)) == 2, "the newest of before, and the new one"
            [source] = server.call("sources/list", workspaceId=server.call("workspaces/list")["workspaces"][0]["workspaceId"])["sources"]
            assert "secret-word-1" not in json.dumps(source) and source["connectionConfiguration"]["url_base"] == api.url


class TestSchema:
    def test_types_are_found_and_widened(self, millrace, api):
        api.answers["/things"] = lambda r: [
            {"id": 1, "price": 1, "day": "2025-01-01", "at": "2025-01-01T00:00:00+02:00", "local": "2025-01-01 00:00:00", "mixed": 1, "flag": None, "who": {"name": "a"}, "tags": ["x"]},
            {"id": 2, "price": 1.5, "day": None, "at": "2025-01-01T00:00:00.123Z", "local": "2025-01-01T00:00", "mixed": "2025-01-01", "flag": True, "who": {"age": 3}, "tags": []}]
        found = discover(millrace, config(api, endpoint()))[0]["things"]
        assert all("null" in p["type"] for p in found.values())
        assert (found["id"]["airbyte_type"], found["price"]["type"]) == ("integer", ["null", "number"])
        assert (found["day"]["format"], found["at"]["airbyte_type"], found["local"]["airbyte_type"]) == ("date", "timestamp_with_timezone", "timestamp_without_timezone")
        assert found["mixed"] == {"type": ["null", "string"]} and found["flag"]["type"] == ["null", "boolean"]
        assert set(found["who"]["properties"]) == {"name", "age"} and found["tags"]["items"]["type"] == ["null", "string"]

    def test_what_the_sample_did_not_have_is_in_the_object_all_the_same(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: [{"id": i, "who": {"name": "a"} if i < 2000 else {"late": i}} for i in range(2001)]
        sync(millrace, tmp_path, config(api, endpoint()))
        [last] = [r for r in rows(tmp_path) if r["id"] == 2000]
        assert json.loads(last["who"]) == {"late": 2000}

    def test_a_schema_that_is_said_is_not_asked_for(self, millrace, api):
        schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
        assert discover(millrace, config(api, endpoint(schema=schema)))[0] == {"things": schema["properties"]}
        assert api.requests == []

    def test_an_endpoint_without_records_is_a_stream_and_a_warning(self, millrace, api, tmp_path):
        api.answers["/things"] = lambda r: []
        found, warnings = discover(millrace, config(api, endpoint(primary_key="id")))
        assert found == {"things": {"id": {"type": ["null", "string"]}}}
        assert any("endpoints[0]" in w and "has no records" in w for w in warnings)
        sync(millrace, tmp_path, config(api, endpoint(primary_key="id")))
        assert output_files.count(tmp_path / "out" / "things") == 0

    def test_a_discovery_asks_for_a_bounded_number_of_pages(self, millrace, api):
        api.answers["/things"] = lambda r: [{"id": 1}]  # has no last page
        found, _ = discover(millrace, config(api, endpoint(pagination={"type": "Page Number"})))
        assert set(found["things"]) == {"id"} and len(api.requests) <= 10


class TestBadInput:
    def test_a_check_is_one_request(self, millrace, api):
        api.answers["/things"] = lambda r: THINGS
        assert check(millrace, config(api, endpoint(), endpoint("others"), pagination={"type": "Page Number"})) is None
        assert len(api.requests) == 1

    def test_what_an_api_answers_is_told(self, millrace, api):
        api.answers |= {"/403": lambda r: Answer({}, 403), "/html": lambda r: Answer("<!DOCTYPE html>\n<html>", headers={"Content-Type": "text/html"}),
                        "/cut": lambda r: '[{"id": 1}, {"i', "/results": lambda r: {"results": THINGS, "count": 7}}
        for path, said in (("/403", "403"), ("/nowhere", "404"), ("/html", "no JSON (status 200, text/html; it begins with \"<!DOCTYPE html>"), ("/cut", "no JSON")):
            found = check(millrace, config(api, endpoint(path=path)))
            assert said in found and f"endpoints[0] (things, GET {path})" in found, found
        found = check(millrace, config(api, endpoint(path="/results", record_path="result")))
        assert "endpoints[0].record_path" in found and "count" in found and "did you mean results?" in found
        assert check(millrace, config(api, endpoint(path="/results", record_path="results"))) is None

    def test_a_reply_that_is_no_json_fails_its_stream_and_no_other(self, millrace, api, tmp_path):
        answers = [THINGS, "<html>"]  # it answered when it was discovered
        api.answers |= {"/things": lambda r: THINGS, "/bad": lambda r: Answer(answers.pop(0) if len(answers) > 1 else answers[0])}
        outcome = sync(millrace, tmp_path, config(api, endpoint(), endpoint("bad")), expect=1)
        assert "no JSON" in outcome.text and rows(tmp_path) == THINGS

    def test_nobody_listens(self, millrace, api):
        found = check(millrace, {"url_base": "https://127.0.0.1:1", "endpoints": [endpoint()]} | {"url_base": f"http://127.0.0.1:{free_port()}"})
        assert "endpoints[0]" in found

    @pytest.mark.parametrize("change, said", [
        ({"endpoints": []}, "endpoints"),
        ({"endpoints": [{"name": "a"}]}, "endpoints[0].path is missing"),
        ({"endpoints": [endpoint(), endpoint("b", path="/{{ config['x' }}")]}, "endpoints[1].path is no template"),
        ({"endpoints": [endpoint(params={"since": "{{ config['since'] }}"})]}, "endpoints[0].params.since names config['since'], which the configuration doesn't have"),
        ({"endpoints": [endpoint(http_method="PATCH")]}, "endpoints[0].http_method"),
        ({"endpoints": [endpoint(pagination={"type": "Pages"})]}, "endpoints[0].pagination.type"),
        ({"endpoints": [endpoint(pagination={"type": "Cursor"})]}, "endpoints[0].pagination.cursor_path is missing"),
        ({"authentication": {"type": "Bearer Token"}}, "authentication.token is missing"),
        ({"authentication": {"type": "bearer"}}, "Bearer Token"),
        ({"url_base": "api.example.com"}, "url_base"),
    ])
    def test_a_wrong_configuration_is_told_by_its_field(self, millrace, api, change, said):
        assert said in check(millrace, config(api, endpoint()) | change)
        assert api.requests == []

    def test_unknown_fields_are_warned_of(self, millrace, api):
        api.answers["/things"] = lambda r: THINGS
        document = config(api, endpoint(pth="/x"), authentification={"type": "None"}, region="eu")
        document["endpoints"][0]["params"] = {"r": "{{ config['region'] }}"}
        _, warnings = discover(millrace, document)
        assert any("endpoints[0].pth" in w and "did you mean path?" in w for w in warnings), warnings
        assert any("authentification" in w and "did you mean authentication?" in w for w in warnings), warnings
        assert not any("region" in w for w in warnings), warnings
