"""What a sync left in a folder, read by readers that are not ours."""
import pathlib

import duckdb
import pyarrow.parquet


def visible(folder, suffix=""):
    """Data files: no part of their path starts with '_' or '.'."""
    folder = pathlib.Path(folder)
    out = []
    for p in sorted(folder.rglob("*")):
        parts = p.relative_to(folder).parts
        if p.is_file() and p.name.endswith(suffix) and not any(part[:1] in ("_", ".") for part in parts):
            out.append(p)
    return out


def relation(folder, con=None):
    """All data files of a stream as one DuckDB relation, whatever their format."""
    con = con or duckdb.connect()
    con.execute("set timezone='UTC'")
    files = [str(p) for p in visible(folder)]
    assert files, f"no data files below {folder}"
    if files[0].endswith(".parquet"):
        return con, con.from_query(f"select * from read_parquet({files!r}, union_by_name=true)")
    if ".csv" in files[0]:
        return con, con.from_query(f"select * from read_csv({files!r}, all_varchar=true, union_by_name=true, header=true, quote='\"', escape='\"')")
    return con, con.from_query(f"select * from read_json({files!r}, format='newline_delimited', union_by_name=true, maximum_object_size=100000000)")


def rows(folder, columns="*", order=None):
    _, rel = relation(folder)
    return rel.query("files", f"select {columns} from files" + (f" order by {order}" if order else "")).fetchall()


def count(folder):
    return rows(folder, "count(*)")[0][0]


def table(folder):
    """All Parquet files below as one pyarrow table, in file order."""
    return pyarrow.concat_tables([pyarrow.parquet.read_table(p, partitioning=None) for p in visible(folder, ".parquet")], promote_options="default")
