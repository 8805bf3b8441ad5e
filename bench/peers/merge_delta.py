"""delta-rs peer of the merge cases. Usage: merge_delta.py CASE OUT"""
import os
import pathlib
import sys

import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable, WriterProperties, write_deltalake

out, step = pathlib.Path(sys.argv[2]), os.environ["MERGE_STEP"]
table, properties = str(out / "table"), WriterProperties(compression="ZSTD")
if step == "base":
    base = pyarrow.dataset.dataset(os.environ["MERGE_BASE"], format="parquet")
    write_deltalake(table, base.scanner(batch_readahead=2, fragment_readahead=1).to_reader(), target_file_size=32 << 20, writer_properties=properties)
else:
    changes = pyarrow.parquet.read_table(os.environ["MERGE_CHANGES"])
    same = " and ".join(f"t.{k} = s.{k}" for k in os.environ["MERGE_KEY"].split(","))
    delta = DeltaTable(table)
    done = delta.merge(changes, same, source_alias="s", target_alias="t", writer_properties=properties).when_matched_update_all().when_not_matched_insert_all().execute()
    print(done)
(out / "FILES").write_text("\n".join(str(pathlib.Path(table) / f) for f in pyarrow.table(DeltaTable(table).get_add_actions()).column("path").to_pylist()))
