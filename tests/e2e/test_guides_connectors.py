"""The guides about connectors of one's own (docs/guides): their files and commands, as they stand there."""
import datetime
import os
import pathlib
import re
import subprocess

import pytest

from support import json_api, output_files
from support.python_connector import python_connector

GUIDES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "guides"
BLOCK = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", re.M | re.S)
KEY = "key-of-the-orders-4711"


class Guide:
    """One guide in a folder of its own: its files are there, its shell blocks are run one by one."""

    def __init__(self, name, folder, program):
        self.folder, self.program = folder, program
        self.commands = []
        for language, notes, text in BLOCK.findall((GUIDES / name).read_text()):
            if (notes or "").startswith("file="):
                (folder / notes.removeprefix("file=")).write_text(text)
            elif language == "sh" and notes != "setup":
                self.commands.append(text)

    def run_next(self, **environment):
        """The next block, by a shell that stops at the first failure; returns what it said."""
        path = f"{self.program.parent}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-ec", self.commands.pop(0)], cwd=self.folder, env={**os.environ, **environment, "PATH": path},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        assert done.returncode == 0, done.stdout
        return done.stdout


def test_a_connector_that_is_one_script(millrace, tmp_path):
    guide = Guide("custom-connector-script.md", tmp_path, millrace.program)
    assert "source_files.py" in os.listdir(tmp_path) and len(guide.commands) == 3
    said = guide.run_next()
    assert "files" in said
    rows = lambda: sorted(output_files.rows(tmp_path / "lake", "path, size, modified_at IS NOT NULL"))  # noqa: E731
    assert rows() == [("first.txt", 6, True)]
    said = guide.run_next()
    assert rows() == [("first.txt", 6, True), ("second.txt", 6, True)]
    assert "modified_at" in said, "the state is shown"
    said = guide.run_next()
    assert "can't read ./inbox: No such file or directory" in said, said
    assert rows() == [("first.txt", 6, True), ("second.txt", 6, True)]


def test_a_destination_that_is_one_script(millrace, tmp_path):
    guide = Guide("custom-destination-script.md", tmp_path, millrace.program)
    assert len(guide.commands) == 3
    assert "[(20, 20)]" in guide.run_next()
    assert "[(20, 20)]" in guide.run_next()
    assert "the destination" in guide.run_next()


class OrdersApi:
    """What the guide says of its API."""

    def __init__(self):
        self.orders = [{"id": n, "customer": f"customer {n % 7}", "total": n + 0.5, "updated_at": f"2026-01-01T00:{n:02}:00Z"} for n in range(35)]

    def __call__(self, _path, query, key):
        if key != KEY:
            return 401
        page, size = int(query["page"]), 10
        found = sorted((order for order in self.orders if order["updated_at"] >= query.get("since", "")), key=lambda order: order["updated_at"])
        return {"orders": found[(page - 1) * size:page * size], "next_page": page + 1 if page * size < len(found) else None}


@pytest.fixture
def api():
    api = OrdersApi()
    with json_api.serving(api) as api.url:
        yield api


def test_a_connector_with_the_cdk(millrace, tmp_path, api):
    guide = Guide("custom-connector-cdk.md", tmp_path, millrace.program)
    # The environment of a connector of the same CDK, which other tests have installed.
    (tmp_path / "env").symlink_to(python_connector("source-faker", "7.2.1").parent.parent)
    environment = {"ORDERS_URL": f"{api.url}/", "ORDERS_API_KEY": KEY}
    said = guide.run_next(**environment)
    rows = lambda: sorted(output_files.rows(tmp_path / "lake", "id, customer, total, updated_at"))  # noqa: E731
    expected = lambda: sorted((o["id"], o["customer"], o["total"], datetime.datetime.fromisoformat(o["updated_at"].replace("Z", "+00:00")))  # noqa: E731
                              for o in api.orders)
    assert rows() == expected()
    api.orders[3].update(total=1000.0, updated_at="2026-01-02T00:00:00Z")
    api.orders.append({"id": 99, "customer": None, "total": None, "updated_at": "2026-01-02T00:01:00Z"})
    said += guide.run_next(**environment)
    assert rows() == expected()
    assert KEY not in said


class ShopApi:
    """What the guide of the REST source says of its API."""

    def __init__(self):
        self.customers = [{"id": n, "name": f"customer {n}"} for n in range(5)]
        self.orders = [{"id": n, "total": n + 0.5, "updated_at": f"2026-01-02T00:{n:02}:00Z"} for n in range(1, 8)]
        self.asked_since = []

    def __call__(self, path, query, key):
        if key != KEY:
            return 401
        if path == ["customers"]:
            at = int(query.get("cursor", 0))
            return {"data": {"customers": self.customers[at:at + 2]}, "meta": {"next_cursor": str(at + 2) if at + 2 < len(self.customers) else None}}
        if path == ["orders"]:
            assert query["first_day"] == "2026-01-01"
            self.asked_since.append(query["updated_since"])
            page = int(query["page"])
            return [order for order in self.orders if order["updated_at"] >= query["updated_since"]][(page - 1) * 3:page * 3]
        return [{"line": n, "what": f"part {n}"} for n in range(2)]


def test_an_api_by_its_configuration(millrace, tmp_path):
    guide = Guide("rest-api.md", tmp_path, millrace.program)
    api = ShopApi()
    with json_api.serving(api) as url:
        environment = {"SHOP_API": url, "SHOP_TOKEN": KEY}
        assert "updated_at" in guide.run_next(**environment)
        assert sorted(output_files.rows(tmp_path / "lake" / "customers", "id, name")) == [(n, f"customer {n}") for n in range(5)]
        assert len(output_files.rows(tmp_path / "lake" / "lines", "order_id, line")) == 14
        api.orders[0] |= {"updated_at": "2026-01-03T00:00:00Z", "total": 99.5}
        del api.asked_since[:]
        said = guide.run_next(**environment)
    assert "2026-01-03T00:00:00Z" in said and "2026-01-01T23:07:00Z" in api.asked_since
    rows = output_files.rows(tmp_path / "lake" / "orders", "id, total, updated_at", order="id")
    assert [row[:2] for row in rows] == [(1, 99.5), *((n, n + 0.5) for n in range(2, 8))]
    assert rows[0][2] == datetime.datetime(2026, 1, 3, tzinfo=datetime.timezone.utc)
    assert guide.commands == []
