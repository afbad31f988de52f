#!/usr/bin/env bash
# need.sh PROGRAM REMEDY: makes sure that PROGRAM is there; a C++ header counts too. A remedy that
# starts with "apt-get install" is tried as root on Debian. Exits with 0 if it is there. If not,
# says so with the remedy and exits with 77, or with 1 where CI=true: there, a suite that is skipped
# is a failure.
set -euo pipefail
program=$1 remedy=$2
is_there() {
    command -v "$program" > /dev/null || [[ $program == *.hpp && -e /usr/include/$program ]]
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
