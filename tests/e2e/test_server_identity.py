"""Who may talk to `millrace server`, and how clients say who they are."""
import base64
import contextlib
import json
import ssl
import urllib.parse
import urllib.request

import jwt
import pytest

from support import api_server
from support.free_port import free_port

EMAIL, FIRST, CHANGED = "airbyte@example.com", "password", "a-better-password-Xq72"
TOKEN_PATHS = ("/api/v1/applications/token", "/api/public/v1/applications/token", "/applications/token", "/v1/applications/token")
PROXY_HEADERS = ({"Forwarded": "for=127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}, {"X-Real-IP": "127.0.0.1"}, {"Via": "1.1 proxy"})


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def post(server, path, headers=None, **body):
    return server.request("POST", path, json.dumps(body).encode(), headers)


def list_sources(server, headers=None):
    """The status of a call that anybody who signed in may make, by either API."""
    config = post(server, "/api/v1/sources/list", headers).status
    public = server.request("GET", "/api/public/v1/sources", headers=headers)
    assert config == public.status or public.status == 404 or config == 200, (config, public.text)
    return config


def change_password(server, headers=None, current=FIRST, new=CHANGED):
    return post(server, "/api/v1/users/change_password", headers, currentPassword=current, newPassword=new)


@pytest.fixture
def listening(start):
    """Beyond loopback, where everybody must sign in."""
    return lambda **more: start("--listen", f"0.0.0.0:{free_port()}", **more)


@pytest.fixture
def always(millrace, tmp_path):
    """On loopback, where credentials are asked for nevertheless; the password is the test's."""
    return lambda *args, **more: api_server.running(millrace, tmp_path / "data", "--auth", "always", *args, **{"env": {"MILLRACE_ADMIN_PASSWORD": CHANGED}, **more})


def test_loopback_needs_no_credentials_but_checks_them(start):
    with start() as server:
        assert list_sources(server) == 200
        for name in (EMAIL, "admin@example.com", "AIRBYTE@example.com"):
            assert list_sources(server, basic(name, FIRST)) == 200
        for wrong in (basic(EMAIL, "guess"), basic("nobody@example.com", FIRST), {"Authorization": "Bearer a.b.c"}, {"Authorization": "Digest x"}):
            assert list_sources(server, wrong) == 401
        # Through a proxy it is no longer this machine, and the password that everybody knows opens nothing.
        for header in PROXY_HEADERS:
            assert list_sources(server, header) == 401, header
            assert list_sources(server, {**header, **basic(EMAIL, FIRST)}) == 403, header
            assert change_password(server, {**header, **basic(EMAIL, FIRST)}).status == 403, header
        assert list_sources(server, {"Origin": "http://evil.example"}) == 403
        assert list_sources(server, {"Host": "evil.example"}) == 403
        assert list_sources(server, {"Host": "evil.example", **basic(EMAIL, FIRST)}) == 403


def test_a_name_made_to_point_here_opens_nothing(start):
    """A page whose name resolves to 127.0.0.1 may send any header but another Host."""
    with start() as server:
        for header in PROXY_HEADERS:
            page = {**header, "Host": "evil.example", "Origin": "http://evil.example", **basic(EMAIL, FIRST)}
            assert change_password(server, page).status == 403, header
            assert list_sources(server, page) == 403 and post(server, "/api/login", page, username=EMAIL, password=FIRST).status == 403
        assert list_sources(server, basic(EMAIL, FIRST)) == 200


def test_behind_a_proxy_it_answers_to_its_public_name(millrace, tmp_path):
    with api_server.running(millrace, tmp_path / "data", "--public-url", "https://millrace.example", env={"MILLRACE_ADMIN_PASSWORD": CHANGED}) as server:
        proxied = {"X-Forwarded-For": "192.0.2.7", "Origin": "https://millrace.example", **basic(EMAIL, CHANGED)}
        assert list_sources(server, {**proxied, "Host": "millrace.example"}) == 200
        assert list_sources(server, {**proxied, "X-Forwarded-Host": "millrace.example"}) == 200, "a proxy that sets the Host anew"
        assert list_sources(server, {**proxied, "Host": "other.example"}) == 403
    with pytest.raises(AssertionError, match="--public-url"), api_server.running(millrace, tmp_path / "data", "--public-url", "millrace.example"):
        pass


def test_beyond_loopback_only_the_password_can_be_changed_first(listening):
    with listening() as server:
        assert server.request("GET", "/api/v1/health").status == 200
        assert server.request("GET", "/").status == 200
        assert list_sources(server) == 401
        refused = post(server, "/api/v1/sources/list", basic(EMAIL, FIRST))
        assert refused.status == 403 and "change_password" in refused.body["message"]
        assert change_password(server).status == 401
        for bad in ("short", FIRST, ""):
            assert change_password(server, basic(EMAIL, FIRST), new=bad).status == 422
        assert change_password(server, basic(EMAIL, FIRST), current="guess").status == 403
        signed_in = post(server, "/api/login", username=EMAIL, password=FIRST)
        assert signed_in.status == 200 and signed_in.body["mustChangePassword"] is True
        assert change_password(server, basic(EMAIL, FIRST)).status == 204
        assert list_sources(server, basic(EMAIL, FIRST)) == 401
        assert list_sources(server, basic(EMAIL, CHANGED)) == 200
        assert list_sources(server, {"Host": "millrace.example", **basic(EMAIL, CHANGED)}) == 200
        text = server.log.read_text()
    with listening() as server:
        assert list_sources(server, basic(EMAIL, CHANGED)) == 200
        assert CHANGED not in text + server.log.read_text()


def test_a_password_from_outside(listening, tmp_path):
    (tmp_path / "password").write_text(f"{CHANGED}\n")
    with listening(env={"MILLRACE_ADMIN_PASSWORD_FILE": str(tmp_path / "password")}) as server:
        assert list_sources(server, basic(EMAIL, CHANGED)) == 200
        assert list_sources(server, basic(EMAIL, FIRST)) == 401
        assert change_password(server, basic(EMAIL, CHANGED), current=CHANGED, new="one of my own").status == 204
    with listening(env={"MILLRACE_ADMIN_PASSWORD": CHANGED}) as server:
        assert list_sources(server, basic(EMAIL, "one of my own")) == 200
    with pytest.raises(AssertionError, match="at least 8"), listening(env={"MILLRACE_ADMIN_PASSWORD": "short"}):
        pass


def test_sessions_of_browsers(always):
    with always() as server:
        assert post(server, "/api/login", username=EMAIL, password="guess").status == 401
        form = urllib.parse.urlencode({"username": EMAIL, "password": CHANGED}).encode()
        signed_in = server.request("POST", "/api/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        assert signed_in.status == 200 and signed_in.body["mustChangePassword"] is False
        cookie = signed_in.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Max-Age=604800" in cookie
        session = {"Cookie": "theme=dark; " + cookie.split(";")[0]}
        assert list_sources(server, session) == 200 and list_sources(server) == 401
        # A page of another site that gets the browser to send it.
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            assert list_sources(server, {**session, "Origin": origin}) == 403
            assert post(server, "/api/login", {"Origin": origin}, username=EMAIL, password=CHANGED).status == 403
        assert list_sources(server, {**session, "Origin": server.url}) == 200
        challenge = server.request("POST", "/api/v1/sources/list", b"{}", {"Sec-Fetch-Mode": "cors"}).headers["WWW-Authenticate"]
        assert challenge == "Bearer", "a page's call must not make the browser ask"
    with always() as server:
        assert list_sources(server, session) == 200, "it outlives a restart"
        assert server.request("GET", "/api/logout", headers=session).status == 405
        assert post(server, "/api/logout", session).status == 204
        assert list_sources(server, session) == 401


def test_changing_the_password_ends_other_sessions(always):
    with always() as server:
        sessions = [{"Cookie": post(server, "/api/login", username=EMAIL, password=CHANGED).headers["Set-Cookie"].split(";")[0]} for _ in range(2)]
        assert change_password(server, sessions[0], current=CHANGED, new="yet another one").status == 204
        assert [list_sources(server, session) for session in sessions] == [200, 401]


def test_applications_and_their_tokens(start, tmp_path):
    with start() as server:
        made = post(server, "/api/v1/applications/create", name="airflow").body
        assert made["name"] == "airflow" and made["createdAt"] > 1_700_000_000
        listed = server.call("applications/list")["applications"]
        assert [a["clientId"] for a in listed] == [made["clientId"]] and listed[0]["clientSecret"] == "**********"
        fields = {"client_id": made["clientId"], "client_secret": made["clientSecret"]}
        tokens = []
        for path in (*TOKEN_PATHS, *(f"{path}/" for path in TOKEN_PATHS)):
            for grant in ({}, {"grant_type": "client_credentials"}, {"grant-type": "client_credentials"}):
                form = urllib.parse.urlencode({**fields, **grant}).encode()
                replies = [server.request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"}), post(server, path, **fields, **grant)]
                # An old token beside it must not stand in the way.
                replies.append(post(server, path, {"Authorization": "Bearer old"}, **fields, **grant))
                for reply in replies:
                    assert reply.status == 200 and reply.body["token_type"] == "Bearer" and 60 < reply.body["expires_in"] == 900, (path, reply.text)
                    assert reply.headers["Content-Type"] == "application/json"
                    tokens.append(reply.body["access_token"])
        claims = jwt.decode(tokens[0], options={"verify_signature": False})
        user = server.call("users/get_by_auth_id", authUserId=claims["sub"])
        assert user["userId"] == claims["sub"] and user["email"] == EMAIL and claims["exp"] - claims["iat"] == 900
        for token in tokens[:3]:
            assert list_sources(server, {"Authorization": f"Bearer {token}"}) == 200
        forged = jwt.encode({**claims}, "x" * 32, algorithm="HS256")
        unsigned = jwt.encode({**claims}, None, algorithm="none")
        for wrong in (forged, unsigned, tokens[0][:-2], ""):
            assert list_sources(server, {"Authorization": f"Bearer {wrong}"}) == 401
        assert post(server, "/api/v1/applications/token", client_id=made["clientId"], client_secret="guess").status == 401
        assert post(server, "/api/v1/applications/token", **fields, grant_type="password").status == 400
        assert server.request("POST", "/api/v1/applications/token", b"{").status == 400
    assert made["clientSecret"].encode() not in b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.is_file())
    with start() as server:
        bearer = {"Authorization": f"Bearer {tokens[0]}"}
        assert list_sources(server, bearer) == 200, "tokens outlive a restart"
        assert post(server, "/api/v1/applications/delete", applicationId=made["id"]).body["id"] == made["id"]
        assert list_sources(server, bearer) == 401, "and end with their application"
        assert post(server, "/api/v1/applications/delete", applicationId=made["id"]).status == 404
        assert post(server, "/api/v1/applications/token", **fields).status == 401
        public = post(server, "/api/public/v1/applications", name="dagster").body
        one = f"/api/public/v1/applications/{public['id']}"
        assert server.request("GET", one).body == {**public, "clientSecret": "**********"}
        assert len(server.request("GET", "/api/public/v1/applications").body["applications"]) == 1
        assert server.request("DELETE", one).status == 200 and server.request("GET", one).body["title"] == "resource-not-found"


def test_guessing_is_slowed_down(always):
    with always() as server:
        client = basic(EMAIL, CHANGED)
        assert list_sources(server, client) == 200
        answers = [post(server, "/api/login", username=EMAIL, password=f"guess {i}") for i in range(6)]
        assert [a.status for a in answers] == [401] * 5 + [429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 10 and "try again" in answers[-1].body["message"]
        assert list_sources(server, basic(EMAIL, "guess")) == 429
        assert list_sources(server, client) == 200, "who is known already isn't shut out"
        secrets = [post(server, "/applications/token", client_id="x", client_secret=str(i)).status for i in range(6)]
        assert secrets == [401] * 5 + [429]


def test_the_first_set_up(start):
    with start() as server:
        before = server.request("GET", "/api/v1/instance_configuration").body
        assert (before["edition"], before["auth"]["mode"], before["initialSetupComplete"]) == ("community", "simple", False)
        assert before["defaultWorkspaceId"] == server.call("workspaces/list")["workspaces"][0]["workspaceId"]
        assert post(server, "/api/v1/instance_configuration/setup", email="no address").status == 422
        after = server.call("instance_configuration/setup", email="Me@Example.org", anonymousDataCollection=False, initialSetupComplete=True, displaySetupWizard=False)
        assert after["initialSetupComplete"] is True and server.call("instance_configuration") == after
        told = server.request("GET", "/api/v1/web_backend/config").body
        assert told == {"edition": after["edition"], "version": after["version"]}
        assert list_sources(server, basic("me@example.org", FIRST)) == 200
        for gone in ("admin@example.com", EMAIL):
            assert list_sources(server, basic(gone, FIRST)) == 401
        assert server.call("users/get", userId=after["defaultUserId"])["email"] == "me@example.org"
        assert server.call("users/get", userId="nobody", expect=404)["message"]
        organization = server.call("organizations/list_by_user_id", userId=after["defaultUserId"])["organizations"][0]
        assert organization["organizationId"] == after["defaultOrganizationId"]
        assert server.call("workspaces/get_organization_info", workspaceId=after["defaultWorkspaceId"])["organizationId"] == organization["organizationId"]


def test_forms_of_refusals(always):
    with always() as server:
        config = post(server, "/api/v1/sources/list")
        assert config.status == 401 and config.body["message"] and config.headers["WWW-Authenticate"].startswith("Basic ")
        public = server.request("GET", "/api/public/v1/sources")
        assert public.status == 401 and public.body["status"] == 401 and {"type", "title", "detail", "documentationUrl", "data"} <= set(public.body)
        for path in ("/api/v1/instance_configuration/setup", "/api/v1/nothing", "/api/v1/applications/list", "/api/public/v1/jobs", "/metrics"):
            assert post(server, path).status == 401, path


def test_over_tls(always, tls, millrace, tmp_path):
    with contextlib.ExitStack() as stack:
        running = always("--tls-cert", tls.folder / "server.crt", "--tls-key", tls.folder / "server.key", context=ssl.create_default_context(cafile=tls.ca))
        server = stack.enter_context(running)
        assert server.url.startswith("https://") and list_sources(server, basic(EMAIL, CHANGED)) == 200
        assert "; Secure" in post(server, "/api/login", username=EMAIL, password=CHANGED).headers["Set-Cookie"]
    half = millrace.run("server", "--data-dir", tmp_path / "other", "--listen", "127.0.0.1:0", "--tls-cert", tls.folder / "server.crt", expect=2)
    assert "--tls-key" in half.err
