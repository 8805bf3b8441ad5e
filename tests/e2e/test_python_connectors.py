"""Airbyte's own Python connectors under Millrace, as their registry has them: installed by `millrace connectors install`, named by
type and version; and low-code manifests, which one of them runs."""
import datetime
import json

import pytest
import yaml

from support import json_api, manifests, output_files
from support.python_connector import ENVIRONMENT, python_connector, records

CONFIG = {"count": 300, "seed": 7, "parallelism": 1, "records_per_slice": 100, "always_updated": False}
KEY = "key-of-the-api-5521"


@pytest.fixture(scope="module")
def faker():
    return python_connector("source-faker", "7.2.1")


@pytest.fixture
def faker_file(millrace, faker):
    """Writes a connection file whose source is Airbyte's source-faker, not the built-in one."""
    def write(destination, config=None, **keys):
        file = millrace.file(("faker", config or CONFIG), destination, **keys)
        file.write_text(file.read_text().replace("type: faker", "type: faker\n  version: 7.2.1"))
        return file

    return write


def plain(row):
    """A row without what changes from run to run; times as instants, in UTC where they name no zone."""
    out = {}
    for key, value in row.items():
        if key == "updated_at":
            continue
        if isinstance(value, str) and key.endswith("_at"):
            value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        out[key] = value if not isinstance(value, (dict, list)) else json.dumps(value, sort_keys=True)
    return out


def test_source_faker(millrace, tmp_path, faker, faker_file):
    out = tmp_path / "out"
    file = faker_file(("local", {"path": str(out), "format": {"format_type": "Parquet"}, "s3_path_format": "${STREAM_NAME}/"}), metadata="none")
    millrace.run("check", "--source", file, env=ENVIRONMENT, expect=0)
    catalog = millrace.run("discover", file, "--json", env=ENVIRONMENT, expect=0).json()
    report = millrace.sync(file, "--json", env=ENVIRONMENT, timeout=300).json()
    by_hand = records(faker, tmp_path, CONFIG, {"streams": [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for stream in catalog["streams"]]})
    assert set(by_hand) == {"users", "products", "purchases"}
    assert {s["name"]: s["records"] for s in report["streams"]} == {name: len(rows) for name, rows in by_hand.items()}
    for name, rows in by_hand.items():
        arrived = {row["id"]: plain(row) for row in output_files.table(out / name).to_pylist()}
        for row in rows:
            wanted, got = plain(row), arrived[row["id"]]
            assert {key: got[key] for key in wanted} == wanted, name


def test_source_faker_hears_its_state(millrace, tmp_path, faker_file):
    """It has nothing more to give to whoever brings the state of its end."""
    out = tmp_path / "out"
    file = faker_file(("local", {"path": str(out), "format": {"format_type": "Parquet"}}), streams=[{"name": "users", "sync_mode": "incremental_append"}])
    for _ in range(2):
        millrace.sync(file, env=ENVIRONMENT, timeout=300)
        assert output_files.rows(out, "count(*), count(distinct id)") == [(CONFIG["count"], CONFIG["count"])]


def test_a_configuration_that_it_refuses(millrace, faker_file, tmp_path):
    """The specification is known since it was installed: nothing is started."""
    file = faker_file(("local", {"path": str(tmp_path / "out")}), {**CONFIG, "count": "many"})
    outcome = millrace.run("check", "--source", file, env=ENVIRONMENT, expect=2)
    assert "source.config.count" in outcome.err, outcome


def test_what_the_registry_does_not_have(millrace, faker):
    outcome = millrace.run("connectors", "install", "source-nothing-of-that-name==1.0", env=ENVIRONMENT, expect=1)
    assert "there is no package airbyte-source-nothing-of-that-name" in outcome.err, outcome
    outcome = millrace.run("connectors", "install", "source-faker==99.0", env=ENVIRONMENT, expect=1)
    assert "airbyte-source-faker has no such version" in outcome.err, outcome


def items(_path, _query, key):
    return {"data": [{"id": n, "name": f"item {n}"} for n in range(1, 4)]} if key == KEY else 401


@pytest.fixture
def api():
    with json_api.serving(items) as url:
        yield url


class TestManifest:
    @pytest.fixture
    def write(self, millrace, tmp_path, api):
        python_connector("source-declarative-manifest", "7.39.1")
        millrace.secrets.add(KEY)

        def write(document, **config):
            (millrace.folder / "shop.yaml").write_text(yaml.safe_dump(document))
            file = millrace.file(("x", {"base": api, "key": KEY, **config}), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}}))
            file.write_text(file.read_text().replace("type: x", "manifest: shop.yaml"))
            return file

        return write

    def test_is_read(self, millrace, tmp_path, write):
        file = write(manifests.of_an_api())
        millrace.sync(file, env={"MILLRACE_CONNECTORS_DIR": str(tmp_path / "none")})
        assert output_files.rows(tmp_path / "out", "id, name", "id") == [(n, f"item {n}") for n in range(1, 4)]

    def test_with_python_of_its_own(self, millrace, tmp_path, write):
        (millrace.folder / "components.py").write_text(
            "class Shout:\n    def __init__(self, **_): pass\n    def transform(self, record, **_):\n        record['name'] = record['name'].upper()\n")
        file = write(manifests.of_an_api(transformations=[{"type": "CustomTransformation", "class_name": "source_declarative_manifest.components.Shout"}]))
        millrace.sync(file, env=ENVIRONMENT, timeout=300)
        assert output_files.rows(tmp_path / "out", "name", "id") == [(f"ITEM {n}",) for n in range(1, 4)]

    def test_its_specification_counts(self, millrace, write):
        outcome = millrace.run("sync", write(manifests.of_an_api(), key=5), env=ENVIRONMENT, expect=2)
        assert "source.config.key" in outcome.err, outcome

    def test_needs_its_runner(self, millrace, tmp_path, write):
        document = manifests.of_an_api(transformations=[{"type": "CustomTransformation", "class_name": "components.Shout"}])
        outcome = millrace.run("sync", write(document), env={"MILLRACE_CONNECTORS_DIR": str(tmp_path / "none")}, expect=2)
        assert "millrace connectors install source-declarative-manifest" in outcome.err, outcome

    def test_a_mistake_is_found_by_its_line(self, millrace, write):
        document = manifests.of_an_api()
        document["streams"][0]["retriever"]["paginator"] = {"type": "DefaultPaginatr"}
        file = write(document)
        lines = (millrace.folder / "shop.yaml").read_text().splitlines()
        line = next(n for n, text in enumerate(lines, 1) if text.strip() == "retriever:") + 1
        outcome = millrace.run("check", "--source", file)
        assert outcome.code in (1, 2) and "DefaultPaginat" in outcome.err and f"line {line}" in outcome.err, outcome

    def test_that_is_none(self, millrace, write):
        assert "no low-code manifest" in millrace.run("sync", write({"a": 1}), env=ENVIRONMENT, expect=2).err
