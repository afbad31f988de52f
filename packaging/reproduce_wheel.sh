#!/usr/bin/env bash
# Checks that a wheel is reproducible: builds it again in another folder, and compares the bytes.
#
#     packaging/reproduce_wheel.sh DIST [PROCESSOR]
#
# DIST/python contains the packages that wheels.sh built from this source tree with the same tools.
# The sdist and the wheel of PROCESSOR for glibc are built again. PROCESSOR is x86_64 by default.
set -euo pipefail
if (($# < 1)); then
    echo "usage: $0 DIST [PROCESSOR]" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
# zig is a package of this environment too.
PATH="$root/.venv/bin:$PATH"
# shellcheck source=packaging/wheel_functions.sh
source "$root/packaging/wheel_functions.sh"

# reproduce_wheel DIST PROCESSOR: fails if a second build differs from the packages in DIST.
reproduce_wheel() {
    local dist=$1 processor=$2 folder sdist wheel status=0
    folder=$(mktemp -d)
    sdist=bouncer_verify-$(package_version "$root/Cargo.toml").tar.gz
    build_sdist "$root" "$folder/again" "$folder/tree" &&
        cmp "$dist/$sdist" "$folder/again/$sdist" &&
        unpack_sdist "$folder/again/$sdist" "$folder/the/source" &&
        build_wheel "$folder/the/source" "$processor-unknown-linux-gnu" "$folder/again" "$folder/the/build" &&
        wheel=$(basename "$folder"/again/*.whl) &&
        cmp "$dist/$wheel" "$folder/again/$wheel" &&
        echo "$sdist and $wheel are the same, built in another folder" || status=1
    if [[ $status != 0 && -n ${KEEP:-} ]]; then
        cp -r "$folder/again" "$KEEP"
    fi
    rm -rf "$folder"
    return "$status"
}

reproduce_wheel "$(cd "$1/python" && pwd)" "${2:-x86_64}"
