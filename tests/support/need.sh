#!/usr/bin/env bash
# need.sh PROGRAM REMEDY: checks that PROGRAM is installed. PROGRAM may also be a header (*.h,
# *.hpp).
# If PROGRAM is missing and REMEDY starts with "apt-get install", runs REMEDY. This needs root and
# apt-get.
# Exits with 0 if PROGRAM is installed. If not, prints REMEDY and exits with 77. With CI=true it
# exits with 1 instead, because a skipped suite is a failure there.
set -euo pipefail
program=$1 remedy=$2
is_there() {
    command -v "$program" > /dev/null || [[ $program == *.h* && -e /usr/include/$program ]]
}
is_there && exit 0
if [[ $remedy == "apt-get install "* && $(id -u) == 0 ]] && command -v apt-get > /dev/null; then
    echo "installing $program: $remedy"
    read -ra packages <<< "${remedy#apt-get install }"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"; } > /dev/null 2>&1 || true
    is_there && exit 0
fi
echo "SKIPPED: $program is not installed: $remedy"
[[ ${CI:-} == true ]] && exit 1
exit 77
