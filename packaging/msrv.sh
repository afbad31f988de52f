#!/usr/bin/env bash
# Checks the library and the command with the oldest Rust that Cargo.toml names (rust-version):
#
#     msrv.sh [TARGET]    TARGET is the output folder of cargo (default: target/msrv)
#
# Installs that toolchain with rustup. Exits with 77 if that is not possible. With CI=true it exits
# with 1 instead.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! cargo "+$version" --version > /dev/null 2>&1 && ! rustup toolchain install "$version" --profile minimal > /dev/null 2>&1; then
    echo "SKIPPED: Rust $version is not installed: rustup toolchain install $version --profile minimal"
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi
CARGO_TARGET_DIR=${1:-target/msrv} cargo "+$version" check --quiet --locked --features capi,cli
echo "the library and the command compile with $(rustc "+$version" --version)"
