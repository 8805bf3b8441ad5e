#!/usr/bin/env bash
# Starts, stops and loads the benchmark's own servers. Needs root; the databases run as their own users.
#   servers.sh start [SERVER...]    pg :22001, my (MariaDB) :22002, nginx :22003, s3 (weed) :22010; default: those installed
#   servers.sh stop|status
#   servers.sh load SF              (re)create and fill bench.lineitem in the databases that run, write the files
#   servers.sh tables N ROWS        (re)create database bench_small: N tables of ROWS rows each
#   servers.sh x10                  (re)create x10.lineitem: ten copies of bench.lineitem
set -euo pipefail
B=$(cd "$(dirname "$0")" && pwd)
H=${PEERS_HOME:-$B}
R=$H/run; D=$H/data; PGBIN=${PGBIN:-/usr/lib/postgresql/15/bin}
mkdir -p "$R" "$D"; chmod 755 "$R"
asu() { local u=$1; shift; setpriv --reuid "$u" --regid "$u" --init-groups -- env HOME="$R" "$@"; }
export PGHOST=127.0.0.1 PGPORT=22001 PGUSER=bench PGPASSWORD=bench PGDATABASE=bench
mdb() { mariadb -h127.0.0.1 -P22002 -ubench -pbench --local-infile=1 bench "$@"; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_pg() {
  if [ ! -f "$R/pg/PG_VERSION" ]; then
    install -d -o postgres -g postgres -m 700 "$R/pg"; install -d -o postgres -g postgres -m 755 "$R/pgsock"
    asu postgres "$PGBIN/initdb" -D "$R/pg" -E UTF8 --locale=C.UTF-8 -A trust >/dev/null
    cat >>"$R/pg/postgresql.conf" <<C
port=22001
listen_addresses='127.0.0.1'
unix_socket_directories='$R/pgsock'
wal_level=logical
max_wal_senders=16
max_replication_slots=16
shared_buffers=1GB
max_wal_size=8GB
checkpoint_timeout=30min
maintenance_work_mem=256MB
logging_collector=off
C
  fi
  asu postgres "$PGBIN/pg_ctl" -D "$R/pg" -l "$R/pg/server.log" -w start >/dev/null
  PGUSER=postgres PGDATABASE=postgres psql -qAt -c "select 1 from pg_roles where rolname='bench'" | grep -q 1 || {
    PGUSER=postgres PGDATABASE=postgres psql -q -c "create role bench superuser replication login password 'bench'" -c "create database bench owner bench"; }
}
start_my() {
  if [ ! -d "$R/my/mysql" ]; then
    install -d -o mysql -g mysql -m 750 "$R/my"
    mariadb-install-db --no-defaults --user=mysql --datadir="$R/my" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
  fi
  mariadbd --no-defaults --user=mysql --datadir="$R/my" --port=22002 --bind-address=127.0.0.1 --socket="$R/my/my.sock" \
    --pid-file="$R/my/my.pid" --log-error="$R/my/my.err" --log-bin=bin --binlog-format=ROW --binlog-row-image=FULL --server-id=1 \
    --binlog-row-metadata=FULL --innodb-buffer-pool-size=1G --innodb-log-file-size=512M --local-infile=1 --character-set-server=utf8mb4 \
    --max-allowed-packet=64M --expire-logs-days=1 >/dev/null 2>&1 &
  for _ in $(seq 60); do mariadb-admin --no-defaults -uroot -S "$R/my/my.sock" ping >/dev/null 2>&1 && break; sleep .5; done
  mariadb --no-defaults -uroot -S "$R/my/my.sock" -e "create database if not exists bench; create user if not exists bench@'127.0.0.1' identified by 'bench'; create user if not exists bench@localhost identified by 'bench'; grant all on *.* to bench@'127.0.0.1'; grant all on *.* to bench@localhost"
}
start_nginx() {
  mkdir -p "$R/nginx" "$D/api"
  cat >"$R/nginx/nginx.conf" <<C
pid $R/nginx/pid; error_log $R/nginx/err.log; worker_processes 1; user root;
events { worker_connections 512; }
http { access_log off; sendfile on; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path $R/nginx/b; proxy_temp_path $R/nginx/p; fastcgi_temp_path $R/nginx/f; uwsgi_temp_path $R/nginx/u; scgi_temp_path $R/nginx/s;
  server { listen 127.0.0.1:22003; root $D/api;
    location = /items { try_files /page_\$arg_page.json =404; } } }
C
  nginx -c "$R/nginx/nginx.conf"
}
start_s3() {
  mkdir -p "$R/weed"; local w; w=$(find "$H/venvs/weed" -name weed -type f -perm -u+x | head -1)
  cat >"$R/weed/s3.json" <<C
{"identities":[{"name":"bench","credentials":[{"accessKey":"bench","secretKey":"benchbench"}],"actions":["Admin","Read","Write","List","Tagging"]}]}
C
  (cd "$R/weed" && exec "$w" -logtostderr=true server -dir="$R/weed" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port=22011 -volume.port=22012 -filer -filer.port=22013 -s3 -s3.port=22010 -s3.config="$R/weed/s3.json" \
     -master.volumeSizeLimitMB=1024 -volume.max=50 -master.port.grpc=22111 -volume.port.grpc=22112 -filer.port.grpc=22113 -s3.port.grpc=22110 >"$R/weed/log" 2>&1) &
  echo $! >"$R/weed/pid"
  for _ in $(seq 60); do listens 22010 && break; sleep .5; done
}
installed() {
  [ -x "$PGBIN/postgres" ] && echo pg
  command -v mariadbd >/dev/null && echo my
  command -v nginx >/dev/null && echo nginx
  [ -d "$H/venvs/weed" ] && echo s3
  true
}
case ${1:-} in
start)
  shift
  [ $# -gt 0 ] || mapfile -t wanted < <(installed)
  [ $# -eq 0 ] || wanted=("$@")
  [ "$R/gendata" -nt "$B/gendata.cpp" ] || g++ -O2 -std=c++17 -o "$R/gendata" "$B/gendata.cpp"
  for s in "${wanted[@]}"; do
    case $s in
    pg) listens 22001 || start_pg ;;
    my) listens 22002 || start_my ;;
    nginx) listens 22003 || start_nginx ;;
    s3) listens 22010 || start_s3 ;;
    *) echo "servers.sh: no server '$s' (pg, my, nginx, s3)" >&2; exit 2 ;;
    esac
  done ;;
stop)
  [ ! -f "$R/pg/postmaster.pid" ] || asu postgres "$PGBIN/pg_ctl" -D "$R/pg" -m fast stop || true
  [ ! -f "$R/my/my.pid" ] || mariadb-admin --no-defaults -uroot -S "$R/my/my.sock" shutdown || true
  [ ! -f "$R/nginx/pid" ] || nginx -c "$R/nginx/nginx.conf" -s stop || true
  [ ! -f "$R/weed/pid" ] || kill "$(cat "$R/weed/pid")" || true ;;
status) for s in pg:22001 my:22002 nginx:22003 s3:22010; do listens "${s#*:}" && echo "${s%:*} up" || echo "${s%:*} down"; done ;;
load)
  SF=${2:-0.01}; G="$R/gendata"
  rm -f "$D"/ref-*.json "$D/X10"  # the reference checksums are recomputed from the new CSV
  "$G" lineitem --sf "$SF" --format csv >"$D/lineitem.csv"
  "$G" lineitem --sf "$SF" --format jsonl >"$D/lineitem.jsonl"
  "$G" widejson --docs "$(awk -v s="$SF" 'BEGIN{printf "%d", 1000000*s}')" >"$D/wide.jsonl"
  mkdir -p "$D/api"; "$G" api --records 100000 | python3 "$B/mkpages.py" "$D/api" 500
  psql -q -v ON_ERROR_STOP=1 <<S
drop table if exists lineitem cascade;
create table lineitem(l_orderkey bigint, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2),
 l_returnflag char(1), l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), l_comment varchar(44));
S
  psql -q -v ON_ERROR_STOP=1 -c "copy lineitem from stdin (format csv, header)" <"$D/lineitem.csv"
  psql -q -c "alter table lineitem add primary key (l_orderkey,l_linenumber)" -c "vacuum (analyze, freeze) lineitem" -c checkpoint
  if listens 22002; then
    mdb -e "drop table if exists lineitem; create table lineitem(l_orderkey bigint not null, l_partkey int not null, l_suppkey int not null, l_linenumber int not null, l_quantity decimal(15,2) not null, l_extendedprice decimal(15,2) not null, l_discount decimal(15,2) not null, l_tax decimal(15,2) not null,
 l_returnflag char(1) not null, l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null, l_shipinstruct char(25) not null, l_shipmode char(10) not null, l_comment varchar(44) not null, primary key(l_orderkey,l_linenumber));
 set sql_log_bin=0; load data local infile '$D/lineitem.csv' into table lineitem fields terminated by ',' ignore 1 lines; analyze table lineitem" >/dev/null
  fi
  echo "$SF" >"$D/SF"; wc -l <"$D/lineitem.csv"; ls -la "$D" ;;
tables)
  N=${2:-500}; ROWS=${3:-2000}
  PGDATABASE=postgres psql -q -c "drop database if exists bench_small with (force)" -c "create database bench_small owner bench"
  seq "$N" | awk -v rows="$ROWS" '{printf "create table t%03d(id bigint primary key, name text, amount numeric(12,2), day date, at timestamptz);\n" \
    "insert into t%03d select i, '\''name '\'' || i, i * 1.25, date '\''2025-01-01'\'' + i %% 365, timestamptz '\''2025-01-01 00:00Z'\'' + i * interval '\''1 second'\'' from generate_series(1, %d) i;\n", $1, $1, rows}' |
    PGDATABASE=bench_small psql -q -v ON_ERROR_STOP=1
  PGDATABASE=bench_small psql -q -c "vacuum (analyze)" -c checkpoint
  echo "$N $ROWS" >"$D/TABLES" ;;
x10)
  psql -q -v ON_ERROR_STOP=1 -c "drop schema if exists x10 cascade" -c "create schema x10" -c "create table x10.lineitem (like lineitem)"
  for _ in $(seq 10); do psql -q -v ON_ERROR_STOP=1 -c "insert into x10.lineitem select * from lineitem" -c checkpoint; done
  psql -q -c "vacuum (analyze, freeze) x10.lineitem"
  cp "$D/SF" "$D/X10" ;;
*) sed -n 2,7p "$0"; exit 2 ;;
esac
