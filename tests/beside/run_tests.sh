#!/usr/bin/env bash
# run_tests.sh TARGET: builds the program of this folder into TARGET and runs it. Then checks that a
# crate that depends on bouncer_verify gets no C library and no C function.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
# Uses the same versions as the workspace. Cargo adds the crates that the lock file lacks.
cp "$here/../../Cargo.lock" "$here/Cargo.lock"
CARGO_TARGET_DIR=$target "${CARGO:-cargo}" build --quiet --manifest-path "$here/Cargo.toml"
"$target/debug/beside"
libraries=$(find "$target" -name 'libbouncer_verify*.so*' -o -name 'libbouncer_verify*.a')
[[ -z $libraries ]] || { echo "error: the Rust program contains C libraries: $libraries"; exit 1; }
functions=$(nm "$target/debug/beside" | grep -E ' [A-Z] bouncer_' || true)
[[ -z $functions ]] || { echo "error: the Rust program contains C functions: $functions"; exit 1; }
