#!/usr/bin/env bash
# Tests the packages in a folder:
#
#     run_tests.sh DIST
#
# Runs each other script of this folder with the argument DIST. A script installs one package in a
# clean place, and verifies the token of the DC/OS documentation there. Its line
#
#     # Needs PATTERN: make TARGET
#
# names the files of DIST that it needs, and how to build them. If they are missing, the script is
# skipped. A script that exits with 77 is skipped too. With CI=true, a skipped script is a failure.
set -euo pipefail

[[ $# == 1 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dist=$(cd "$1" && pwd)
passed=() skipped=() failed=()

for test in "$here"/*.sh; do
    name=$(basename "$test" .sh)
    [[ $name != run_tests && $name != install_line ]] || continue
    pattern=$(sed -n 's/^# Needs \(.*\): \(make .*\)$/\1/p' "$test")
    remedy=$(sed -n 's/^# Needs \(.*\): \(make .*\)$/\2/p' "$test")
    if [[ -n $pattern ]] && ! compgen -G "$dist/$pattern" >/dev/null; then
        echo "SKIPPED: $name: there is no $pattern in $dist: $remedy"
        skipped+=("$name")
        continue
    fi
    echo "-- $name"
    start=$SECONDS status=0
    "$test" "$dist" || status=$?
    case $status in
    0) passed+=("$name ($((SECONDS - start)) s)") ;;
    77) skipped+=("$name") ;;
    *) echo "FAILED: $name" && failed+=("$name") ;;
    esac
done

echo "packages: ${#passed[@]} passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
if [[ ${#passed[@]} != 0 ]]; then printf '    passed: %s\n' "${passed[@]}"; fi
if [[ ${#skipped[@]} != 0 ]]; then printf '    skipped: %s\n' "${skipped[@]}"; fi
if [[ ${#failed[@]} != 0 ]]; then printf '    failed: %s\n' "${failed[@]}"; fi
[[ ${#failed[@]} == 0 && ${#passed[@]} != 0 ]] && [[ ${#skipped[@]} == 0 || ${CI:-} != true ]]
