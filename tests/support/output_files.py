"""What a sync left in a folder, read by readers that are not ours."""
import os
import pathlib

import duckdb
import pyarrow.parquet


def visible(folder, suffix=""):
    """Data files: no part of their path starts with '_' or '.'. Each folder is read once, as a lister does; nothing is asked of the files."""
    out = []
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] not in "_."]
        out += [pathlib.Path(path, name) for name in files if name[0] not in "_." and name.endswith(suffix)]
    return sorted(out)


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
