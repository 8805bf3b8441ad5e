"""Tables that several tests copy, and the database they are copied into."""
from support.postgres_server import ADMIN, ADMIN_PASSWORD


def customers(db, count=1000, schema="public", name="customers"):
    db.execute(f"""
        create table {schema}.{name} (customer_id bigint primary key, name text not null, balance numeric(12,2), updated_at timestamptz not null);
        insert into {schema}.{name}
            select i, 'customer ' || i, i * 1.25, timestamptz '2025-01-01 00:00:00.123456Z' + i * interval '1 second' from generate_series(1, {count}) i""")


def stream(name="customers", namespace="public", **keys):
    return {"name": name, "namespace": namespace, **keys}


def incremental(name="customers", cursor="updated_at", **keys):
    return stream(name, sync_mode="incremental_append", cursor_field=[cursor], **keys)


def deduped(name="customers", **keys):
    return stream(name, **{"sync_mode": "incremental_deduped_history", "cursor_field": ["updated_at"], "primary_key": [["customer_id"]], **keys})


def target_config(db, **changes):
    """destination-postgres's configuration for the schema `target` of this database."""
    config = {"host": "localhost", "port": db.server.port, "database": db.name, "username": ADMIN, "password": ADMIN_PASSWORD, "schema": "target", "ssl_mode": {"mode": "prefer"}}
    return {**config, **changes}


def left_behind(db):
    """Staging tables that a load of destination-postgres should have dropped."""
    return db.execute("select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'airbyte_internal' and relkind = 'r' and relname not in "
                      "('millrace_tables', 'millrace_commits')")


def database_url(db):
    """Of a server's metadata in this database."""
    return "postgresql://{username}:{password}@{host}:{port}/{database}".format(**target_config(db))
