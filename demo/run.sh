#!/bin/bash
# A real sync on the embedded sample data: source-faker to Parquet files below demo/out. Prints
# what landed where. Safe to run again: each run replaces the tables of the one before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DEMO_OUT=$(realpath -m "${DEMO_OUT:-demo/out}")
export DEMO_OUT
millrace=${MILLRACE:-build/bin/millrace}

printf 'millrace sync demo/demo.yaml\n'
"$millrace" sync demo/demo.yaml --data-dir "$DEMO_OUT/.millrace"

printf '\n%-60s %10s\n' 'FILE' 'BYTES'
find "$DEMO_OUT" -name '*.parquet' -not -path "$DEMO_OUT*/[._]*" -printf '%p %s\n' | sort |
  while read -r file bytes; do printf '%-60s %10s\n' "${file#"$PWD/"}" "$bytes"; done
printf '\nThe settings are in demo/demo.yaml. Next: build/bin/millrace connectors\n'
