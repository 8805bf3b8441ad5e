"""`millrace server` with each metadata database: what the config API keeps, checks, shows and refuses."""
import json

import pytest

FAKER, POSTGRES, STRIPE = "dfd88b22-b603-4c3d-aad7-3701784586b1", "decd338e-5647-4c0b-adf4-da0e75f5a750", "e094cb9a-26de-4645-8761-65c0c425d1de"
S3 = "4816b78f-1489-44c1-9060-4b19d5fa9362"
FILE = "778daa7c-feaf-4db6-96f3-70fd645acc77"
PASSWORD = "secret-of-the-source"


def faker(server, **more):
    return server.call("sources/create", sourceDefinitionId=FAKER, name="sample", connectionConfiguration={"count": 20}, **more)


def test_what_is_made_is_there_after_a_restart(start):
    with start() as server:
        workspace = server.call("workspaces/list")["workspaces"][0]
        made = faker(server, workspaceId="default")
        assert made["workspaceId"] == workspace["workspaceId"] and made["sourceName"] == "Sample Data"
        other = server.call("workspaces/create", name="Default Workspace", email="a@example.com")
        assert other["slug"] == "default-workspace-2" and other["email"] == "a@example.com"
        faker(server, workspaceId=other["workspaceId"])
    with start() as server:
        assert server.call("sources/get", sourceId=made["sourceId"]) == made
        assert [s["sourceId"] for s in server.call("sources/list", workspaceId=workspace["workspaceId"])["sources"]] == [made["sourceId"]]
        assert server.request("POST", "/api/v1/workspaces/delete", json.dumps({"workspaceId": other["workspaceId"]}).encode()).status == 204
        assert server.call("sources/list", workspaceId=other["workspaceId"], expect=404)["id"] == other["workspaceId"]
        renamed = server.call("sources/update", sourceId=made["sourceId"], name="new", connectionConfiguration={"count": 30})
        assert renamed["name"] == "new" and renamed["connectionConfiguration"] == {"count": 30}
        assert server.request("POST", "/api/v1/sources/delete", json.dumps({"sourceId": made["sourceId"]}).encode()).status == 204
        assert server.call("sources/get", sourceId=made["sourceId"], expect=404)


def test_checks_and_discovers(start):
    with start() as server:
        source = faker(server)["sourceId"]
        assert server.call("sources/check_connection", sourceId=source)["status"] == "succeeded"
        streams = server.call("sources/discover_schema/", sourceId=source)["catalog"]["streams"]
        assert {s["stream"]["name"] for s in streams} == {"users", "products", "purchases"} and all(s["config"]["selected"] for s in streams)
        wrong = {"host": "127.0.0.1", "port": 1, "database": "x", "username": "x", "password": PASSWORD}
        unsaved = server.call("scheduler/sources/check_connection", sourceDefinitionId=POSTGRES, connectionConfiguration=wrong)
        assert unsaved["status"] == "failed" and "127.0.0.1" in unsaved["message"] and unsaved["jobInfo"]["failureReason"]["failureType"]
        assert PASSWORD not in json.dumps(unsaved)


def test_connectors_touch_only_what_the_rules_allow(start, tmp_path):
    with start() as server:
        def check(url, storage="local"):
            config = {"dataset_name": "t", "format": "csv", "url": url, "provider": {"storage": storage}}
            reply = server.call("scheduler/sources/check_connection", sourceDefinitionId=FILE, connectionConfiguration=config)
            return reply["status"], reply.get("message") or ""

        assert "lies outside" in check("/etc/passwd")[1]
        files = tmp_path / "data" / "files"
        (files / "t.csv").write_text("a\n1\n")
        (files / "out").symlink_to(tmp_path)
        (tmp_path / "t.csv").write_text("a\n1\n")
        assert check("/local/t.csv")[0] == "succeeded" and check(str(files / "t.csv"))[0] == "succeeded"
        assert "lies outside" in check("/local/out/t.csv")[1]
        assert "link-local" in check("http://169.254.169.254/latest/meta-data/", "HTTPS")[1]


def test_secrets_are_sealed_masked_and_kept(start, tmp_path, db):
    config = db.config(password=PASSWORD)
    with start() as server:
        made = server.call("sources/create", sourceDefinitionId=POSTGRES, name="pg", connectionConfiguration=config)
        assert made["connectionConfiguration"]["password"] == "**********" and made["connectionConfiguration"]["port"] == config["port"]
        updated = server.call("sources/update", sourceId=made["sourceId"], name="pg", connectionConfiguration={**made["connectionConfiguration"], "schemas": ["public"]})
        partial = server.call("sources/partial_update", sourceId=made["sourceId"], connectionConfiguration={"schemas": ["other"]})
        assert partial["connectionConfiguration"] == {**updated["connectionConfiguration"], "schemas": ["other"]}
        text = server.log.read_text() + json.dumps([updated, partial, server.call("sources/list")])
        assert PASSWORD not in text
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in stored
    if db.value("SELECT to_regclass('actor')"):
        assert PASSWORD not in db.value("SELECT string_agg(configuration, '') FROM actor")
    with start() as server:
        # The password is still the one that was given: the server says that it is wrong, not that it is missing.
        assert "password" in server.call("sources/check_connection", sourceId=made["sourceId"])["message"]


def test_another_key_is_refused(start, tmp_path, millrace):
    with start():
        pass
    (tmp_path / "data" / "secret.key").unlink()
    with pytest.raises(AssertionError, match="another secret key"), start():
        pass


def test_definitions_have_airbytes_ids(start):
    with start() as server:
        sources = {d["sourceDefinitionId"]: d for d in server.call("source_definitions/list")["sourceDefinitions"]}
        assert len(sources) > 500 and sources[POSTGRES]["name"] == "Postgres" and STRIPE in sources
        assert S3 in {d["destinationDefinitionId"] for d in server.call("destination_definitions/list")["destinationDefinitions"]}
        specification = server.call("source_definition_specifications/get", sourceDefinitionId=POSTGRES)
        assert "host" in specification["connectionSpecification"]["properties"]
        assert "source-stripe" in server.call("sources/create", expect=422, sourceDefinitionId=STRIPE, name="s", connectionConfiguration={})["message"]


def test_what_is_wrong_is_said(start):
    with start() as server:
        for status, path, body in [
            (400, "sources/create", b"[1"), (400, "sources/create", b"[]"), (400, "sources/create", b'{"name": "\xff"}'),
            (400, "sources/create", b'{"a":' * 5000 + b"1" + b"}" * 5000), (413, "sources/create", b" " * (11 << 20)),
            (422, "sources/create", b"{}"), (404, "sources/get", b'{"sourceId": "no"}'), (404, "nothing", b"{}"), (422, "workspaces/create", b'{"name": 5}'),
        ]:
            reply = server.request("POST", f"/api/v1/{path}", body)
            assert (reply.status, bool(reply.body["message"])) == (status, True), (path, body[:40], reply.text)
        missing = server.call("sources/create", expect=422, sourceDefinitionId=POSTGRES, name="x", connectionConfiguration={"port": 5432})
        assert "host" in missing["message"], missing
        assert server.request("GET", "/api/v1/sources/get").status == 405
        for header in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            assert server.request("POST", "/api/v1/sources/list", b"{}", header).status == 403
        assert "Millrace is running" in server.request("GET", "/").text


def test_two_servers_do_not_share_a_folder(start, millrace, tmp_path):
    with start():
        second = millrace.run("server", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", expect=2)
        assert "another server" in second.err


def test_killed_in_mid_write_it_keeps_what_it_confirmed(start, rng):
    confirmed = []
    for _ in range(3):
        with pytest.raises(AssertionError), start() as server:
            for _ in range(rng.randint(1, 10)):
                confirmed.append(faker(server)["sourceId"])
            server.process.kill()
    with start() as server:
        assert sorted(s["sourceId"] for s in server.call("sources/list")["sources"]) == sorted(confirmed)
