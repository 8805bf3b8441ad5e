#!/bin/bash
# Formatting and clang-tidy over src/, changed files only unless told otherwise.
#   scripts/lint.sh [all | FILE...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh lint
case ${1:-changed} in
all) mapfile -t files < <(git ls-files 'src/*.cc' 'tests/*.cc') ;;
changed) mapfile -t files < <({ git diff --name-only --diff-filter=d HEAD; git diff --name-only --diff-filter=d HEAD~1; } | grep '\.cc$' | sort -u || true) ;;
*) files=("$@") ;;
esac
git ls-files 'src/*.h' 'src/*.cc' 'tests/*.cc' | xargs clang-format-16 --dry-run -Werror
((${#files[@]})) || { echo "lint: formatting is right; no changed source to look into"; exit 0; }
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy-16 -p build --quiet
