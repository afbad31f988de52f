#!/usr/bin/env bash
# Compares the public API of the crate with packaging/abi/rust-api.txt:
#
#     rust_api.sh [TARGET]    TARGET is the output folder of cargo (default: target/)
#
# Needs no nightly toolchain. BLESS=1 writes the file instead. A change of this file needs a line in
# CHANGELOG.md. Exits with 77 if this compiler's rustdoc writes a format that the tool cannot read.
# With CI=true it exits with 1 instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
listing=packaging/abi/rust-api.txt
target=${1:-$PWD/target}
# The format that packaging/abi/rust_api reads.
format=57
export CARGO_TARGET_DIR=$target

RUSTDOC=$PWD/packaging/abi/rustdoc.sh cargo rustdoc --quiet --locked --lib --features rust-crypto -- \
    -Z unstable-options --output-format json
written=$(sed -n 's/.*"format_version":\([0-9]*\).*/\1/p' "$target/doc/bouncer_verify.json")
if [ "$written" != "$format" ]; then
    echo "SKIPPED: rustdoc writes format $written, and packaging/abi/rust_api reads $format:" \
        "change the version of public-api in its Cargo.toml, or use Rust 1.95"
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi
current=$(mktemp)
trap 'rm -f "$current"' EXIT
cargo run --quiet --locked --manifest-path packaging/abi/rust_api/Cargo.toml -- "$target/doc/bouncer_verify.json" > "$current"
if [ "${BLESS:-}" = 1 ]; then
    cp "$current" "$listing"
elif ! diff -u "$listing" "$current"; then
    echo "The public API has changed. If this is intended: BLESS=1 $0, and a line in CHANGELOG.md"
    exit 1
fi
echo "the public API is as in $listing: $(wc -l < "$listing") items"
