#!/bin/bash
# Installs what is missing to build and test Millrace on Debian 12. Safe to run again; quick then.
#   scripts/setup.sh          what the build needs: the packages of apt-packages.txt
#   scripts/setup.sh tests    the same, and the tests' Python environments (.deps/venv, .deps/airflow)
#   scripts/setup.sh fuzz     the same, and the compiler with libFuzzer
#   scripts/setup.sh lint     the same, and clang-tidy
# Arrow C++ is fetched by CMake, pinned and checksummed (see cmake/FindArrowWheel.cmake).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

install_packages() {
  local packages installed missing=() as_root=() archives policy=/usr/sbin/policy-rc.d
  mapfile -t packages < <(grep -vE '^(#|$)' "$here/apt-packages.txt")
  packages+=("$@")
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | awk '$1 == "ii" {print $2}')
  for package in "${packages[@]}"; do
    grep -qxF "$package" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "setup: installing ${missing[*]}"
  ((EUID == 0)) || as_root=(sudo)
  # A private archive folder: images whose apt deletes archives after each run break a second apt
  # that runs at the same time.
  archives=$(mktemp -d)
  trap 'rm -rf "$archives"' RETURN
  mkdir "$archives/partial"
  chmod 755 "$archives"
  # Packages that bring a server must not start it.
  local made_policy=
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
    made_policy=1
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q
             -o DPkg::Lock::Timeout=600 -o Dir::Cache::archives="$archives")
  local failed=
  { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } ||
    failed=1
  [[ -z $made_policy ]] || "${as_root[@]}" rm -f $policy
  if [[ $failed ]]; then
    echo "setup: apt-get could not install: ${missing[*]}" >&2
    exit 1
  fi
}

# install_python NAME LIST [PIP OPTION...]: .deps/NAME holds what LIST says, made anew when that changes.
install_python() {
  local venv=$root/.deps/$1 list=$here/$2 stamp
  stamp=$(sha256sum "$list" | cut -c1-64)
  [[ -e $venv/.stamp && $(<"$venv/.stamp") == "$stamp" ]] && return 0
  echo "setup: making the Python environment of $2"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check "${@:3}" -r "$list"
  echo "$stamp" >"$venv/.stamp"
}

# Airflow asks for other versions than the tests do; --no-deps: its list is whole but for what it says.
install_test_environments() {
  install_python venv test-requirements.txt
  install_python airflow airflow-requirements.txt --no-deps
}

case ${1:-build} in
build) install_packages ;;
tests) install_packages && install_test_environments ;;
fuzz) install_packages clang-16 libclang-rt-16-dev ;;
lint) install_packages clang-tidy-16 ;;
*)
  echo "setup: '$1' is none of build, tests, fuzz, lint" >&2
  exit 2
  ;;
esac
