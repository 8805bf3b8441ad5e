"""One small table in every format that source-file reads, and every wrapping of it."""
import csv
import gzip
import io
import json
import zipfile

import openpyxl
import pyarrow
import pyarrow.parquet

ROWS = [{"id": i, "name": n, "price": p, "day": f"2025-01-{i:02d}", "flag": i % 2 == 0} for i, (n, p) in
        enumerate([("apple", 1.5), ("pear, green", 2.25), ('quote "q"', 0.1), ("ünïcode 表", 1e6), ("", -3.5)], 1)]


def delimited(delimiter=",", **options):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter, lineterminator="\n", **options)
    writer.writeheader()
    writer.writerows({**r, "flag": str(r["flag"]).lower()} for r in ROWS)
    return out.getvalue().encode()


def parquet():
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def excel():
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append(list(row.values()))
    book.save(out)
    return out.getvalue()


def zipped(data, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(name, data)
    return out.getvalue()


def zstd(data):
    return pyarrow.compress(data, "zstd", asbytes=True)


PLAIN = {
    "csv": ("csv", delimited(), None),
    "tsv": ("csv", delimited("\t"), {"sep": "\t"}),
    "semicolon": ("csv", delimited(";"), {"delimiter": ";"}),
    "jsonl": ("jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS).encode(), None),
    "json": ("json", json.dumps(ROWS, ensure_ascii=False).encode(), None),
    "parquet": ("parquet", parquet(), None),
    "excel": ("excel", excel(), None),
}
WRAPPED = {
    "gz": lambda data, name: gzip.compress(data),
    "zip": zipped,
    "zst": lambda data, name: zstd(data),
}
