"""Basic Normalisation as the guides describe it: their example's tables, their dbt model, the columns of their Dremio view."""
import json

import duckdb
import pytest

from support import output_files
from support.dbt_project import DbtProject
from support.postgres_tables import target_config

ACME = {"id": 1, "name": "Acme Corp", "contact": {"email": "info@acme.com", "phone": "+1234567890"},
        "addresses": [{"type": "billing", "city": "New York"}, {"type": "shipping", "city": "Boston"}]}
BETA = {"id": 2, "name": "Beta", "contact": {"email": "b@beta.io"}, "addresses": []}

# The guide's Dremio view, its SELECT unchanged.
VIEW = """
SELECT
  id as customer_id,
  name as customer_name,
  contact_email as email,
  contact_phone as phone,
  _airbyte_emitted_at as last_updated
FROM customers
"""

# The guide's dbt model, models/staging/stg_customers.sql, unchanged.
MODEL = """
with source as (
    select * from {{ source('airbyte_raw', '_airbyte_raw_customers') }}
),

parsed as (
    select
        _airbyte_ab_id,
        _airbyte_emitted_at,
        (_airbyte_data->>'id')::int as customer_id,
        _airbyte_data->>'name' as customer_name,
        _airbyte_data->'contact'->>'email' as email,
        _airbyte_data->'contact'->>'phone' as phone
    from source
)

select * from parsed
"""


@pytest.fixture
def customers(tmp_path):
    """A JSONL file of the guide's customers: (source, write)."""
    path = tmp_path / "customers.jsonl"

    def write(*rows):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    write(ACME, BETA)
    return ("file", {"dataset_name": "customers", "format": "jsonl", "url": str(path), "provider": {"storage": "local"}}), write


def local(tmp_path, format="Parquet"):
    return "local", {"path": str(tmp_path / "out"), "format": {"format_type": format}, "s3_path_format": "${STREAM_NAME}/"}


def tables(folder):
    """Every table of the folder as a relation of one DuckDB connection."""
    con = duckdb.connect()
    for table in folder.iterdir():
        if table.name == "_airbyte_internal":
            continue
        files = [str(p) for p in output_files.visible(table, ".parquet")]
        con.execute(f"""create table "{table.name}" as select * from read_parquet({files!r}, union_by_name=true)""")
    return con


class TestGuide:
    def test_tables_of_the_example(self, millrace, tmp_path, customers):
        source, _ = customers
        outcome = millrace.sync(millrace.file(source, local(tmp_path), normalization="basic", metadata="classic"), "--json")
        [stream] = outcome.json()["streams"]
        assert stream["records"] == 2
        assert {t["name"]: t["records"] for t in stream["derived"]} == {"customers_addresses": 2, "_airbyte_raw_customers": 2}
        con = tables(tmp_path / "out")
        assert con.execute("select id, name, contact_email, contact_phone, _airbyte_normalized_at is not null from customers order by id").fetchall() == [
            (1, "Acme Corp", "info@acme.com", "+1234567890", True), (2, "Beta", "b@beta.io", None, True)]
        assert con.execute("""select c.id, a.type, a.city from customers_addresses a join customers c using (_airbyte_customers_hashid)
                              order by a.type""").fetchall() == [(1, "billing", "New York"), (1, "shipping", "Boston")]
        assert [row[0] for row in con.execute("describe _airbyte_raw_customers").fetchall()] == ["_airbyte_ab_id", "_airbyte_emitted_at", "_airbyte_data"]
        raw = con.execute("select _airbyte_data from _airbyte_raw_customers order by _airbyte_data").fetchall()
        assert [json.loads(row[0]) for row in raw] == [ACME, BETA]
        ids = "select array_agg(_airbyte_ab_id order by _airbyte_ab_id) from"
        assert con.execute(f"{ids} customers").fetchone() == con.execute(f"{ids} _airbyte_raw_customers").fetchone()

    def test_columns_of_the_dremio_view(self, millrace, tmp_path, customers):
        source, _ = customers
        millrace.sync(millrace.file(source, local(tmp_path), normalization="basic", metadata="classic", raw_tables=False))
        assert not (tmp_path / "out" / "_airbyte_raw_customers").exists()
        con = tables(tmp_path / "out")
        con.execute(f"create view airbyte_customers as {VIEW}")
        rows = con.execute("select * exclude (last_updated), last_updated is not null from airbyte_customers order by customer_id").fetchall()
        assert rows == [(1, "Acme Corp", "info@acme.com", "+1234567890", True), (2, "Beta", "b@beta.io", None, True)]

    def test_people_see_the_tables(self, millrace, tmp_path, customers):
        source, _ = customers
        outcome = millrace.sync(millrace.file(source, local(tmp_path), normalization="basic"))
        assert "+ customers_addresses" in outcome.text, outcome

    def test_nothing_of_it_without_being_asked(self, millrace, tmp_path, customers):
        source, _ = customers
        millrace.sync(millrace.file(source, local(tmp_path), metadata="none"))
        con = tables(tmp_path / "out")
        [row] = con.execute("select id, contact, addresses from customers where id = 1").fetchall()
        assert (json.loads(row[1]), json.loads(row[2])) == (ACME["contact"], ACME["addresses"])
        assert [p.name for p in (tmp_path / "out").iterdir() if not p.name.startswith("_")] == ["customers"]


class TestPostgres:
    def test_dbt_builds_the_guide_s_model_unchanged(self, millrace, db, customers, tmp_path):
        source, write = customers
        file = millrace.file(source, ("postgres", target_config(db)), normalization="basic", metadata="classic")
        millrace.sync(file)
        project = DbtProject(tmp_path / "dbt", db, "airbyte_raw", ["_airbyte_raw_customers"], "target")
        project.model("staging/stg_customers", MODEL, customer_id=["unique", "not_null"])
        built = project.build()
        assert built["stg_customers"] == "success" and sorted(built.values()) == ["pass", "pass", "success"], built
        model = "select customer_id, customer_name, email, phone from analytics.stg_customers order by customer_id"
        assert db.execute(model) == [(1, "Acme Corp", "info@acme.com", "+1234567890"), (2, "Beta", "b@beta.io", None)]
        assert db.execute("select m._airbyte_ab_id = c._airbyte_ab_id, m._airbyte_emitted_at = c._airbyte_emitted_at from analytics.stg_customers m "
                          "join target.customers c on c.id = m.customer_id") == [(True, True)] * 2
        # dbt's view is still there after the next sync has replaced the table below it, and dbt runs again.
        write(ACME, {"id": 3, "name": "Gamma"})
        millrace.sync(file)
        after = [(1, "Acme Corp", "info@acme.com", "+1234567890"), (3, "Gamma", None, None)]
        assert db.execute(model) == after
        assert project.build() == built and db.execute(model) == after

    def test_tables_of_the_example(self, millrace, db, customers):
        source, _ = customers
        millrace.sync(millrace.file(source, ("postgres", target_config(db)), normalization="basic", metadata="classic"))
        assert db.execute("select contact_email from target.customers order by id") == [("info@acme.com",), ("b@beta.io",)]
        assert db.execute("""select c.id, a.city from target.customers_addresses a join target.customers c using (_airbyte_customers_hashid)
                             order by a.type""") == [(1, "New York"), (1, "Boston")]

    def test_the_last_change_of_a_key_brings_its_children(self, millrace, db, customers):
        source, write = customers
        changed = {"id": 1, "contact": {"email": "new@acme.com"}, "addresses": [{"type": "billing", "city": "Oslo"}]}
        stream = {"name": "customers", "sync_mode": "full_refresh_overwrite_deduped", "primary_key": [["id"]]}
        file = millrace.file(source, ("postgres", target_config(db)), normalization="basic", streams=[stream])
        joined = """select c.id, c.contact_email, a.city from target.customers c left join target.customers_addresses a using (_airbyte_customers_hashid)
                    order by c.id, a.city"""
        write(ACME, BETA, changed)
        millrace.sync(file)
        assert db.execute(joined) == [(1, "new@acme.com", "Oslo"), (2, "b@beta.io", None)]
        assert db.value("select count(*) from target.customers_addresses") == 1, "no orphan"
        assert db.value("select count(*) from target._airbyte_raw_customers") == 3, "every record"
        write(ACME, changed, {"id": 1, "addresses": None})
        millrace.sync(file)
        assert db.execute(joined) == [(1, None, None)]
        assert db.value("select count(*) from target.customers_addresses") == 0


def test_overwrite_takes_the_children_along(millrace, tmp_path, customers):
    """A shortened array, and a customer that is gone: no row of a child table without its parent."""
    source, write = customers
    file = millrace.file(source, local(tmp_path), normalization="basic", streams=[{"name": "customers", "primary_key": [["id"]]}])
    millrace.sync(file)
    first = tables(tmp_path / "out").execute("select _airbyte_customers_hashid from customers where id = 1").fetchone()
    write({**ACME, "addresses": ACME["addresses"][:1]}, {"id": 3, "addresses": [{"type": "home", "city": "Oslo"}]})
    millrace.sync(file)
    con = tables(tmp_path / "out")
    assert con.execute("select c.id, a.city from customers_addresses a left join customers c using (_airbyte_customers_hashid) order by 1").fetchall() == [
        (1, "New York"), (3, "Oslo")]
    assert con.execute("select _airbyte_customers_hashid from customers where id = 1").fetchone() == first, "a key keeps its hash id"


def test_an_unknown_kind_is_refused(millrace, tmp_path, customers):
    outcome = millrace.sync(millrace.file(customers[0], local(tmp_path), normalization="full"), expect=2)
    assert "normalization is full; allowed: none, basic" in outcome.text
