"""What a server must bear: documents made to hurt it, peers that never finish, a disk that fills, a metadata database that goes away."""
import contextlib
import json
import resource
import signal
import socket

import pytest

from support import api_server
from support.postgres_server import ADMIN, ADMIN_PASSWORD, PostgresServer

FAKER = "dfd88b22-b603-4c3d-aad7-3701784586b1"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def server(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data") as server:
        yield server


def faker(server, name="sample", expect=200):
    return server.call("sources/create", expect=expect, sourceDefinitionId=FAKER, name=name, connectionConfiguration={"count": 20})


def nested(depth, inner=b"1", opening=b'{"a":', closing=b"}"):
    return opening * depth + inner + closing * depth


BODIES = {
    "cut off": b'{"name": "x', "no JSON": b"name=x", "an array": b"[1]", "a text": b'"x"', "two documents": b"{}{}", "a zero": b'{"name": "\x00"}',
    "no UTF-8": b'{"name": "\xff\xfe"}', "overlong UTF-8": b'{"name": "\xc0\xaf"}', "half a surrogate": b'{"name": "\\ud800"}',
    "5,000 objects deep": nested(5000), "100,000 arrays deep": nested(100_000, opening=b"[", closing=b"]"), "an endless number": b'{"a": ' + b"9" * 100_000 + b"}",
    "11 MB": b'{"name": "' + b"x" * (11 << 20) + b'"}',
}
PATHS = ["sources/create", "sources/list", "workspaces/create", "connections/create", "jobs/get", "state/get"]


@pytest.mark.parametrize("what", BODIES)
def test_a_document_made_to_hurt_is_refused(server, what):
    for path in PATHS:
        reply = server.request("POST", f"/api/v1/{path}", BODIES[what])
        assert 400 <= reply.status < 500, (path, reply.status, reply.text[:200])
        assert isinstance(reply.body, dict), reply.text[:200]
    assert faker(server)["name"] == "sample"


def test_fields_of_any_type_are_refused_by_name(server, rng):
    """Each field in turn becomes something else: never a 500, and the server goes on."""
    strange = [None, True, -1, 1 << 70, 1.5, "", "x" * 10_000, [], [[]], {}, {"a": {}}, "\u0000", "💥", "../../etc/passwd", "' OR 1 = 1 --", "${MILLRACE_SECRET_KEY}"]
    bodies = {
        "sources/create": {"sourceDefinitionId": FAKER, "name": "x", "workspaceId": "default", "connectionConfiguration": {"count": 5}},
        "sources/update": {"sourceId": faker(server)["sourceId"], "name": "y", "connectionConfiguration": {"count": 5}},
        "sources/list": {"workspaceId": "default", "pageSize": 5, "filters": {"searchTerm": "x"}},
        "workspaces/create": {"name": "w", "email": "a@b.example", "notificationSettings": {}},
        "workspaces/list_paginated": {"pagination": {"pageSize": 5, "rowOffset": 0}},
        "connections/create": {"sourceId": UNKNOWN, "destinationId": UNKNOWN, "status": "active", "syncCatalog": {"streams": []}, "scheduleType": "basic", "scheduleData": {}},
        "jobs/list": {"configTypes": ["sync"], "configId": UNKNOWN, "pagination": {"pageSize": 5}},
        "state/get": {"connectionId": UNKNOWN},
    }
    for path, body in bodies.items():
        for field in body:
            for value in rng.sample(strange, 8):
                reply = server.request("POST", f"/api/v1/{path}", json.dumps({**body, field: value}).encode())
                assert reply.status < 500 or reply.status == 501, (path, field, value, reply.status, reply.text[:300])
    assert server.request("GET", "/api/v1/health").status == 200


def test_what_is_meant_by_a_field_is_not_guessed(server):
    """Another type is no absent field: a call about any workspace must not become one about the first."""
    for path, field, value in [("sources/list", "workspaceId", {}), ("workspaces/get", "workspaceId", 5), ("jobs/list", "pagination", {"rowOffset": "1"}),
                               ("jobs/list", "statuses", [{}]), ("workspaces/create", "email", False), ("connections/status", "connectionIds", "x")]:
        refused = server.call(path, expect=422, **{"name": "x", field: value})
        assert refused["validationErrors"][0]["propertyPath"] in (field, "rowOffset"), refused
    assert server.call("sources/list", workspaceId=None)["sources"] == []


LISTS = [("connections/status", "connectionIds"), ("connections/list_paginated", "tagIds"), ("connections/list_paginated", "workspaceIds"), ("tags/list", "workspaceIds"),
         ("web_backend/connections/list", "filters.sourceDefinitionIds"), ("web_backend/connections/list", "filters.tagIds")]


@pytest.mark.parametrize("path, field", LISTS)
def test_lists_may_be_long_but_not_endless(server, path, field):
    name = field.rpartition(".")[2]
    for count, expect in [(10_000, 200), (10_001, 422)]:
        texts = {name: [f"{n:08}-0000-4000-8000-000000000000" for n in range(count)]}
        answer = server.call(path, expect=expect, **({"filters": texts} if "." in field else texts))
        assert expect == 200 or answer["validationErrors"][0]["propertyPath"] == name, answer


def test_nul_is_no_letter(server):
    source = faker(server)["sourceId"]
    for path, body, field in [("sources/update", {"sourceId": source, "name": "a\0b", "connectionConfiguration": {}}, "name"), ("sources/get", {"sourceId": source + "\0"}, "sourceId"),
                              ("workspaces/create", {"name": "w\0"}, "name"), ("tags/create", {"name": "\0", "color": "75DCFF"}, "name"),
                              ("connections/create", {"prefix": "x\0"}, "prefix"), ("connections/create", {"scheduleData": {"cron": {"cronExpression": "0 0 0 * * ?\0"}}}, "scheduleData.cron.cronExpression")]:
        assert server.call(path, expect=422, **body)["validationErrors"][0]["propertyPath"] == field
    assert server.request("POST", "/api/public/v1/workspaces", json.dumps({"name": "w\0"}).encode()).status in (400, 422)
    assert [s["name"] for s in server.call("sources/list")["sources"]] == ["sample"]


@pytest.mark.parametrize("path, body, field", [
    ("connections/create", {}, "sourceId"), ("sources/check_connection", {}, "sourceId"), ("destinations/get", {}, "destinationId"), ("connections/get", {}, "connectionId"),
    ("workspaces/get_by_slug", {}, "slug"), ("sources/list", {"pageSize": -1}, "pageSize"), ("jobs/list", {"pagination": {"rowOffset": 1 << 31}}, "rowOffset"),
    ("jobs/list", {"configTypes": ["sink"]}, "configTypes"), ("jobs/list", {"statuses": ["succeded"]}, "statuses"), ("connections/events/list", {"eventTypes": ["SYNC_SUCCEDED"]}, "eventTypes"),
    ("web_backend/connections/list", {"sortKey": "name"}, "sortKey"),
    ("sources/create", {"sourceDefinitionId": "decd338e-5647-4c0b-adf4-da0e75f5a750", "name": "x", "connectionConfiguration": {
        "host": "h", "port": 5432, "database": "d", "username": "u", "password": "**********"}}, "connectionConfiguration.password"),
])
def test_what_cannot_be_meant_is_refused_by_the_fields_name(server, path, body, field):
    refused = server.call(path, expect=422, **body)
    assert refused["validationErrors"][0]["propertyPath"] == field, refused


def test_a_user_is_asked_for_by_something(server):
    assert server.request("POST", "/api/v1/users/get", b"{}").status == 422


def test_nothing_is_confirmed_into_a_database_that_was_moved_away(millrace, tmp_path):
    data = tmp_path / "data"
    with api_server.running(millrace, data) as server:
        made = faker(server)["sourceId"]
        (data / "millrace.db").rename(tmp_path / "elsewhere")
        for path in ("sources/list", "workspaces/create"):
            refused = server.request("POST", f"/api/v1/{path}", b'{"name": "x"}')
            assert refused.status == 503 and "was moved, deleted or replaced" in refused.text, refused.text
        assert server.request("GET", "/api/v1/health").status == server.request("GET", "/api/public/v1/health").status == 503
        (tmp_path / "elsewhere").rename(data / "millrace.db")
        assert server.call("sources/get", sourceId=made) and server.request("GET", "/api/v1/health").body == {"available": True}
    for name in ("millrace.db", "millrace.db-wal", "millrace.db-shm"):
        (data / name).unlink(missing_ok=True)
    with pytest.raises(AssertionError, match="secret.key to begin anew"), api_server.running(millrace, data):
        pass
    assert not (data / "millrace.db").exists()
    (data / "secret.key").unlink()
    with api_server.running(millrace, data) as server:
        assert server.call("sources/list")["sources"] == []
    (data / "secret.key").unlink()
    (data / "millrace.db").write_bytes(b"")
    with api_server.running(millrace, data) as server:
        assert faker(server), "a first start that was cut off before the key goes on"


def test_another_method_is_told_which_there_are(server):
    for path, allowed in [("/", "GET"), ("/metrics", "GET"), ("/api/v1/sources/list", "POST"), ("/api/v1/connections/list", "POST"), ("/api/v1/jobs/list", "POST, GET"),
                          ("/api/public/v1/sources", "GET, POST"), ("/api/public/v1/applications/token", "POST"), ("/api/v1/jobs/1/attempts/0/logs", "GET")]:
        reply = server.request("PUT", path, b"{}")
        assert reply.status == 405 and set(reply.headers["Allow"].split(", ")) == set(allowed.split(", ")), (path, reply.status, reply.headers["Allow"])


def test_unknown_ids_are_404(server):
    for path, field in [("sources/get", "sourceId"), ("destinations/get", "destinationId"), ("workspaces/get", "workspaceId"), ("sources/delete", "sourceId"),
                        ("sources/check_connection", "sourceId"), ("sources/discover_schema", "sourceId")]:
        for id in (UNKNOWN, "no", "'", "x" * 5000):
            assert server.request("POST", f"/api/v1/{path}", json.dumps({field: id}).encode()).status == 404, (path, id[:40])
    for path in ("/api/v1/nothing", "/api/v1/jobs/1/attempts/0/logs", "/nothing", "/api", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/" + "x" * 5000):
        assert server.request("GET", path).status == 404, path[:60]
    for path in ("/api/public/v1/jobs?connectionId=%ff%fe", "/api/v1/%ff"):
        refused = server.request("GET", path)
        assert refused.status == 400 and "UTF-8" in refused.body["detail" if "public" in path else "message"], path


def test_a_thousand_idle_and_slow_peers_stop_nobody(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with contextlib.ExitStack() as stack:
        for n in range(1000):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 10))
            peer.sendall([b"", b"POST /api/v1/sources/list HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{", b"GET /api/v1/hea", b"\x16\x03\x01"][n % 4])
        for _ in range(20):
            assert server.request("GET", "/api/v1/health").status == 200
            assert faker(server)["sourceId"]


def test_large_bodies_of_strangers_are_not_kept(millrace, tmp_path):
    """Without credentials 64 kB of a body are read, not 10 MB."""
    with api_server.running(millrace, tmp_path / "data", "--auth", "always", **api_server.SIGNED_IN) as server, contextlib.ExitStack() as stack:
        for path in ("sources/list", "applications/token"):
            for _ in range(20):
                peer = stack.enter_context(socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 20))
                peer.sendall(f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9437185\r\n\r\n".encode() + b"x" * 200_000)
                assert peer.recv(12) in (b"HTTP/1.1 401", b"HTTP/1.1 413"), path
        large = json.dumps({"workspaceId": "default", "ignored": "x" * (1 << 20)}).encode()
        assert server.request("POST", "/api/v1/sources/list", large).status == 200


def test_peers_at_the_limit_shut_nobody_out(server):
    """4,096 may be connected; who waits longest makes room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 5000:
        pytest.skip(f"4,200 connections need 5,000 descriptors, and this machine allows a process {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 5000), hard))
    with contextlib.ExitStack() as stack:
        for _ in range(4200):
            stack.enter_context(socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 10))
        for _ in range(20):
            assert server.request("GET", "/api/v1/health").status == 200


def test_a_full_disk_says_so_and_loses_nothing(millrace, tmp_path):
    """The metadata's files may not grow beyond a limit, as on a full disk."""
    data = tmp_path / "data"
    with api_server.running(millrace, data):
        pass
    limit = max(path.stat().st_size for path in data.iterdir() if path.is_file()) + (200 << 10)
    kept, refused = [], None
    with api_server.running(millrace, data, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) as server:
        for n in range(300):
            reply = server.request("POST", "/api/v1/workspaces/create", json.dumps({"name": f"w{n}", "email": "x" * 20_000}).encode())
            if reply.status != 200:
                refused = reply
                break
            kept.append(reply.body["workspaceId"])
        assert refused is not None and kept, "the limit was never reached"
        assert refused.status in (500, 503) and refused.body["message"], refused.text
        assert server.request("GET", "/api/v1/health").status == 200
        assert len(server.call("workspaces/list")["workspaces"]) == len(kept) + 1
        assert "full" in server.log.read_text(), server.log.read_text()[-2000:]
    with api_server.running(millrace, data) as server:
        assert {w["workspaceId"] for w in server.call("workspaces/list")["workspaces"]} >= set(kept)
        faker(server)


def test_the_metadata_database_may_be_restarted(millrace, tmp_path, server_folder, tls):
    with PostgresServer(server_folder / "restarted", tls) as postgres:
        url = f"postgresql://{ADMIN}:{ADMIN_PASSWORD}@127.0.0.1:{postgres.port}/postgres"
        with api_server.running(millrace, tmp_path / "data", "--database-url", url) as server:
            made = faker(server)["sourceId"]
            postgres.restart()
            # A connection that was lost shows with the first call on it, at most once for each.
            answers = [server.request("POST", "/api/v1/sources/get", json.dumps({"sourceId": made}).encode()).status for _ in range(20)]
            assert set(answers) <= {200, 503} and answers[-1] == 200, answers
            postgres.process.stop(signal.SIGINT)
            assert server.request("POST", "/api/v1/sources/list", b"{}").status == 503
            assert server.request("GET", "/api/v1/health").status == 200
            postgres.start()
            for _ in range(20):
                server.request("POST", "/api/v1/sources/list", b"{}")
            assert [s["sourceId"] for s in server.call("sources/list")["sources"]] == [made]
            faker(server)
