#!/bin/bash
# Builds every fuzz target with clang's libFuzzer and address sanitizer, and runs each for a while.
#   scripts/fuzz.sh [SECONDS] [NAME...]    60 s each, all of them
# What they find beyond the seeds is kept in build/fuzz/corpus; a crash leaves its input in build/fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
shift || true
scripts/setup.sh fuzz
cmake --preset fuzz ${ARROW_WHEEL_DIR:+-DARROW_WHEEL_DIR=$ARROW_WHEEL_DIR} >/dev/null
cmake --build --preset fuzz -j "$(nproc)"

mapfile -t targets < <(find build/fuzz -type f -perm -u+x -name 'fuzz_*' ! -name '*.o' | sort)
failed=
for target in "${targets[@]}"; do
  name=$(basename "$target")
  [[ $# -eq 0 || " $* " == *" $name "* ]] || continue
  mkdir -p "build/fuzz/corpus/$name"
  seeds=tests/fuzz/corpus/${name#fuzz_}
  [[ -d $seeds ]] || seeds=
  echo "fuzz: $name for $seconds s"
  "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
    -artifact_prefix=build/fuzz/ "build/fuzz/corpus/$name" ${seeds:+"$seeds"} || failed+=" $name"
done
if [[ $failed ]]; then
  echo "fuzz: failed:$failed" >&2
  exit 1
fi
