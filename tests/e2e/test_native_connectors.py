"""Low-code connectors of the catalogue, installed as manifests that Millrace runs itself: out of a package, out of an image's layers, from
a file or a URL; what then behaves like a built-in connector; and what goes wrong. The manifests are the tests' own."""
import json
import os
import pathlib
import sys

import pytest
import yaml

from support import api_server, json_api, manifests, output_files
from support.connected_ends import committed, connect, synced
from support.image_registry import ImageRegistry, answering, digest, image, layer
from support.package_index import write_wheel
from support.server_jobs import LOCAL

KEY = "key-of-the-native-tests-88"
NAME, PACKAGED = "source-pokeapi", "0.2.15"
REPOSITORY = "airbyte/source-pokeapi"
IMAGE_ONLY = "source-100ms"  # of the catalogue, without a package
PLACE = "airbyte/integration_code/source_declarative_manifest/manifest.yaml"
MANIFEST = yaml.safe_dump(manifests.of_an_api())
PYTHON = yaml.safe_dump(manifests.of_an_api(incremental_sync={"type": "CustomIncrementalSync", "class_name": "source_x.components.Mine", "cursor_field": "id"}))
PARQUET = {"format": {"format_type": "Parquet"}}


@pytest.fixture(scope="module")
def api():
    with json_api.serving(lambda path, query, key: {"data": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]} if key == KEY else 401) as url:
        yield url


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with ImageRegistry(tmp_path_factory.mktemp("images") / "registry") as server:
        yield server


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "index").mkdir()
    return {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "MILLRACE_CONNECTORS_DIR": str(tmp_path / "connectors"),
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index"), "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
            "MILLRACE_IMAGE_REGISTRY": "http://127.0.0.1:9"}


@pytest.fixture
def connectors(millrace, environment):
    def run(*args, expect=0, **more):
        return millrace.run("connectors", *args, env={**environment, **more}, expect=expect, timeout=300)

    return run


def nothing_is_left(tmp_path):
    folder = tmp_path / "connectors"
    return not folder.exists() or not [p for p in folder.iterdir() if p.name != ".locks"]


def assert_installed(connectors, version, origin):
    listed = {c["name"]: c for c in connectors("list", "--installed", "--json").json()}
    assert listed[NAME]["installed_versions"] == [version] and listed[NAME]["runs"] == "manifest"
    shown = connectors("show", NAME)
    assert origin in shown.out and "base" in shown.out, shown


class TestWhereItComesFrom:
    def test_a_package(self, connectors, tmp_path):
        write_wheel(tmp_path / "index", "airbyte-source-pokeapi", PACKAGED, more={"source_pokeapi/manifest.yaml": MANIFEST}, needs=["never-was==1.0"])
        record = connectors("install", NAME, "--json").json()["connector"]
        assert (record["version"], record["origin"]) == (PACKAGED, f"package airbyte-source-pokeapi {PACKAGED}")
        assert pathlib.Path(record["manifest"]).read_text() == MANIFEST
        assert_installed(connectors, PACKAGED, "airbyte-source-pokeapi")
        assert connectors("install", NAME, "--json").json()["status"] == "already installed"
        assert f"{NAME} {PACKAGED} is removed" in connectors("remove", NAME).out
        assert nothing_is_left(tmp_path)

    def test_a_package_whose_manifest_needs_python_is_installed_whole(self, connectors, tmp_path):
        write_wheel(tmp_path / "index", "airbyte-source-pokeapi", PACKAGED, more={"source_pokeapi/manifest.yaml": PYTHON})
        outcome = connectors("install", NAME, "--json")
        assert "class_name, which needs Python" in outcome.err and "executable" in outcome.json()["connector"], outcome

    @pytest.mark.parametrize("packed", ["gzip", "zstd"])
    def test_an_image(self, connectors, registry, packed):
        layers = [layer({PLACE: "of an older layer"}), layer({"./" + PLACE: MANIFEST, "../../etc/passwd": "x"}, packed), layer({"airbyte/other": "y"})]
        registry.push(REPOSITORY, f"7.0.{len(packed)}", layers, among_others=packed == "gzip")
        version = f"7.0.{len(packed)}"
        outcome = connectors("install", f"{NAME}=={version}", MILLRACE_IMAGE_REGISTRY=registry.url)
        assert f"image {REPOSITORY}:{version}" in outcome.out, outcome
        assert_installed(connectors, version, f"image {REPOSITORY}:{version}")

    def test_an_image_behind_a_token(self, connectors):
        data = layer({PLACE: MANIFEST})
        replies = {"/manifests/7.1.0": image([data]), f"/blobs/{digest(data)}": data}

        def answer(path, authorization):
            if path.startswith("/token"):
                assert "scope=repository%3Aairbyte%2Fsource-100ms%3Apull" in path and "service=images" in path, path
                return 200, {}, b'{"token": "a-token-of-the-test"}'
            if authorization != "Bearer a-token-of-the-test":
                return 401, {"WWW-Authenticate": f'Bearer realm="{url}/token",service="images"'}, b""
            return 200, {}, replies[path.removeprefix(f"/v2/airbyte/{IMAGE_ONLY}")]

        with answering(answer) as url:
            connectors("install", f"{IMAGE_ONLY}==7.1.0", MILLRACE_IMAGE_REGISTRY=url)

    def test_a_file_and_a_url_side_by_side(self, connectors, tmp_path):
        (tmp_path / "mine.yaml").write_text(MANIFEST)
        connectors("install", NAME, "--version", "1.0", "--from", tmp_path / "mine.yaml")
        with answering(lambda path, _: (200, {}, MANIFEST.encode())) as url:
            connectors("install", f"{NAME}==2.0", "--from", f"{url}/manifest.yaml?token={KEY}")
        shown = connectors("show", NAME)
        assert "2.0" in shown.out and "mine.yaml" in shown.out and KEY not in shown.out, shown
        outcome = connectors("install", NAME, "--version", "1.0", "--from", tmp_path / "mine.yaml", expect=1)
        assert "is installed already: remove it" in outcome.err, outcome


class TestItBehavesLikeABuiltInOne:
    @pytest.fixture
    def there(self, connectors, tmp_path):
        (tmp_path / "mine.yaml").write_text(MANIFEST)
        connectors("install", NAME, "--from", tmp_path / "mine.yaml")

    def test_by_the_protocol(self, millrace, tmp_path, environment, api, there):
        def messages(*args):
            outcome = millrace.run("connector", NAME, *args, env=environment, expect=0)
            return [json.loads(line) for line in outcome.out.splitlines()]

        config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
        config.write_text(json.dumps({"base": api, "key": KEY}))
        assert messages("spec")[-1]["spec"]["connectionSpecification"]["required"] == ["base", "key"]
        assert messages("check", "--config", config)[-1]["connectionStatus"]["status"] == "SUCCEEDED"
        streams = next(m["catalog"]["streams"] for m in messages("discover", "--config", config) if m["type"] == "CATALOG")
        catalog.write_text(json.dumps({"streams": [{"stream": s, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for s in streams]}))
        read = messages("read", "--config", config, "--catalog", catalog)
        assert [m["record"]["data"]["id"] for m in read if m["type"] == "RECORD"] == [1, 2]

    def test_in_a_connection_file(self, millrace, tmp_path, environment, api, there):
        file = millrace.file(("pokeapi", {"base": api, "key": KEY}), ("local", {"path": str(tmp_path / "out"), **PARQUET}))
        millrace.sync(file, env=environment)
        assert output_files.rows(tmp_path / "out", "id, name", "id") == [(1, "a"), (2, "b")]
        file = millrace.file(("pokeapi", {"base": 5, "key": KEY}), ("local", {"path": str(tmp_path / "out")}))
        assert "source.config.base" in millrace.run("sync", file, env=environment, expect=2).err

    def test_on_a_server(self, millrace, tmp_path, environment, api, there):
        with api_server.running(millrace, tmp_path / "data", env=environment) as server:
            listed = server.call("source_definitions/list")["sourceDefinitions"]
            definition = next(d["sourceDefinitionId"] for d in listed if d["dockerRepository"] == REPOSITORY)
            made = connect(server, (definition, {"base": api, "key": KEY}), (LOCAL, {"path": "/local/out", **PARQUET}),
                           {"syncMode": "full_refresh", "destinationSyncMode": "overwrite"})
            assert committed(synced(server, made)) == 2
        assert output_files.rows(tmp_path / "data" / "files" / "out", "id, name", "id") == [(1, "a"), (2, "b")]


class TestFailures:
    """Each is said and leaves nothing behind."""

    @pytest.mark.parametrize("text, said", [
        ("version: 6.0.0\ntype: DeclarativeSource\n", "no streams"), ("{", "manifest.yaml:"), (PYTHON, "class_name, which needs Python"),
        (MANIFEST.replace("SimpleRetriever", "NoSuchRetriever"), "no valid manifest"), ("", "is empty"), (MANIFEST + "# \u00ff", "not UTF-8"),
    ], ids=["no-streams", "no-yaml", "python", "unknown-component", "empty", "not-utf-8"])
    def test_a_manifest(self, connectors, tmp_path, text, said):
        (tmp_path / "bad.yaml").write_text(text, encoding="latin-1")
        outcome = connectors("install", NAME, "--from", tmp_path / "bad.yaml", expect=1)
        assert said in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_no_such_file_or_page(self, connectors, tmp_path):
        assert "nothing.yaml" in connectors("install", NAME, "--from", tmp_path / "nothing.yaml", expect=1).err
        with answering(lambda *_: (404, {}, b"")) as url:
            assert "404" in connectors("install", NAME, "--from", f"{url}/x", expect=1).err
        assert nothing_is_left(tmp_path)

    @pytest.mark.parametrize("layers, said", [
        ([layer({"airbyte/else": "x"})], "it is no low-code connector"), ([b"no archive at all" * 100], "no tar archive"),
        ([layer({PLACE: MANIFEST})[:-30]], "cut short"), ([layer({PLACE: MANIFEST}), layer({PLACE.replace("manifest.yaml", ".wh.manifest.yaml"): ""})], "no low-code"),
        ([layer({PLACE: MANIFEST}), layer({"airbyte/.wh.integration_code": ""})], "no low-code"),
        ([layer({PLACE: MANIFEST}), layer({"airbyte/integration_code/.wh..wh..opq": ""})], "no low-code"),
        ([layer({"bomb": "\0" * (80 << 20)})], "times its size"), ([layer({PLACE: "#" * (17 << 20)})], "is larger than"),
    ], ids=["no-manifest", "no-archive", "cut", "whiteout", "folder-whiteout", "opaque", "bomb", "large"])
    def test_an_image(self, connectors, registry, tmp_path, layers, said):
        registry.push(f"airbyte/{IMAGE_ONLY}", "9.0.0", layers)
        outcome = connectors("install", f"{IMAGE_ONLY}==9.0.0", MILLRACE_IMAGE_REGISTRY=registry.url, expect=1)
        assert said in outcome.err and "--from FILE" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_no_such_image(self, connectors, registry, tmp_path):
        outcome = connectors("install", f"{NAME}==9.9.9", MILLRACE_IMAGE_REGISTRY=registry.url, expect=1)
        assert "no such image or version" in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    @pytest.mark.parametrize("reply, said", [
        (lambda data: (200, {}, data[:-1] + b"!"), "is something else"), (lambda data: (200, {}, data + b"more"), "more than the"),
        (lambda data: (200, {"Content-Length": str(len(data) + 9)}, data), ""), (lambda data: (401, {}, b""), "refuses us"), (lambda data: (404, {}, b""), "no such image"),
    ], ids=["digest", "longer", "truncated", "401", "404"])
    def test_a_registry_that_lies(self, connectors, tmp_path, reply, said):
        data = layer({PLACE: MANIFEST}, "none")
        with answering(lambda path, _: (200, {}, image([data])) if "/manifests/" in path else reply(data)) as url:
            outcome = connectors("install", f"{IMAGE_ONLY}==9.1.0", MILLRACE_IMAGE_REGISTRY=url, expect=1)
        assert said in outcome.err, outcome
        assert nothing_is_left(tmp_path)

    def test_not_installed(self, millrace, environment):
        outcome = millrace.run("connector", NAME, "spec", env=environment, expect=2)
        assert f"millrace connectors install {NAME}" in outcome.err, outcome
