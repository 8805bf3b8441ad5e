"""DuckDB peer of the merge cases: it has no merge into Parquet files, so the table is written anew. Usage: merge_duck.py CASE OUT"""
import os
import pathlib
import shutil
import sys

import duckdb

out, step = pathlib.Path(sys.argv[2]), os.environ["MERGE_STEP"]
con = duckdb.connect(config={"threads": os.cpu_count(), "preserve_insertion_order": False, "temp_directory": str(out / ".temp")})
table, fresh = out / "table", out / "fresh"
rows = f"from '{os.environ['MERGE_BASE']}/*.parquet'"
if step != "base":
    changes = f"'{os.environ['MERGE_CHANGES']}'"
    rows = f"from '{table}/*.parquet' anti join {changes} using ({os.environ['MERGE_KEY']}) union all by name from {changes}"
r = con.execute(f"copy ({rows}) to '{fresh}' (format parquet, compression zstd, file_size_bytes '32MB')").fetchone()
shutil.rmtree(table, ignore_errors=True)
fresh.rename(table)
shutil.rmtree(out / ".temp", ignore_errors=True)
print("ROWS", r[0])
