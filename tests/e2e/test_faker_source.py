"""The embedded sample data: the same seed gives the same records, whoever asks."""
import json


def read(millrace, config, **more):
    (millrace.folder / "config.json").write_text(json.dumps(config))
    catalog = next(m["catalog"] for m in millrace.run("connector", "source-faker", "discover", "--config", "config.json", expect=0).messages() if m["type"] == "CATALOG")
    configured = {"streams": [{"stream": s, "sync_mode": "full_refresh", "destination_sync_mode": "append"} for s in catalog["streams"]]}
    (millrace.folder / "catalog.json").write_text(json.dumps(configured))
    outcome = millrace.run("connector", "source-faker", "read", "--config", "config.json", "--catalog", "catalog.json", expect=0)
    records = {}
    for m in outcome.messages():
        if m["type"] == "RECORD":
            records.setdefault(m["record"]["stream"], []).append(m["record"]["data"])
    return records


def test_streams_and_their_sizes(millrace):
    records = read(millrace, {"count": 100, "seed": 1})
    assert set(records) == {"users", "products", "purchases"}
    assert len(records["users"]) == 100
    assert [u["id"] for u in records["users"]] == list(range(1, 101))
    assert 50 <= len(records["products"]) <= 200


def test_the_same_seed_gives_the_same_records(millrace):
    clock = ("updated_at", "created_at")

    def stable(records):
        return {s: [{k: v for k, v in r.items() if k not in clock} for r in rs] for s, rs in records.items()}

    first, second = (stable(read(millrace, {"count": 200, "seed": 42})) for _ in range(2))
    assert first == second
    assert stable(read(millrace, {"count": 200, "seed": 43}))["users"] != first["users"]


def test_purchases_are_of_users_and_products(millrace):
    records = read(millrace, {"count": 300, "seed": 5})
    users, products = {u["id"] for u in records["users"]}, {p["id"] for p in records["products"]}
    assert records["purchases"]
    assert {p["user_id"] for p in records["purchases"]} <= users
    assert {p["product_id"] for p in records["purchases"]} <= products
