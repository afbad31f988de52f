#!/usr/bin/env bash
# Tests the packaged crate:
#
#     crate.sh DIST
#
# Unpacks it in another folder. Checks the list of its files. Runs its unit tests and the code in
# its documentation. Builds the documentation as docs.rs does, where warnings are errors. Then a
# program that uses the crate verifies the token of the DC/OS documentation. The compiled
# dependencies are in CARGO_TARGET_DIR, or else in target/.
#
# Needs crate/bouncer_verify-*.crate: make dist-crate
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# = 1 ] || { echo "usage: $0 DIST" >&2; exit 2; }
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$1"/crate/bouncer_verify-*.crate -C "$work"
crate=$(echo "$work"/bouncer_verify-*)
cd "$crate"

for file in Cargo.lock README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE build.rs include/bouncer_verify.h src/lib.rs; do
    test -s "$file"
done
# Everything else belongs to the repository.
find . -type f -printf '%P\n' | grep -vE '^(src/.*\.rs|tests/data/.*|docs/(guide/[a-z-]+|errors)\.md|include/bouncer_verify\.h)$' |
    grep -vE '^(Cargo\.(toml|toml\.orig|lock)|\.cargo_vcs_info\.json|build\.rs|[A-Z]+\.md|LICENSE(-MIT|-APACHE)?)$' > "$work/more" || true
if [ -s "$work/more" ]; then
    echo "files that a user of the crate does not need:"
    cat "$work/more"
    exit 1
fi

# With the options of the repository, cargo does not compile the dependencies again.
AWS_LC_SYS_CFLAGS=$(sed -n 's/^AWS_LC_SYS_CFLAGS = "\(.*\)"$/\1/p' "$root/.cargo/config.toml")
export AWS_LC_SYS_CFLAGS
cargo test --quiet --locked --features rust-crypto,cli,capi --lib
cargo test --quiet --locked --features rust-crypto,cli,capi --doc
# docs.rs uses a nightly toolchain. rustdoc.sh makes a stable one accept the same options.
RUSTDOC=$root/packaging/abi/rustdoc.sh RUSTDOCFLAGS="-D warnings --cfg docsrs" \
    cargo doc --quiet --locked --no-deps --features rust-crypto

# A program of a user: an example sees only what the crate exports.
mkdir examples
cat > examples/program.rs <<'RUST'
//! Verifies a token.

use bouncer_verify::{JwkSet, Policy, verify_token};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let document = std::fs::read(arguments.next().unwrap()).unwrap();
    let token = std::fs::read_to_string(arguments.next().unwrap()).unwrap();
    let jwks = JwkSet::from_slice(&document).unwrap();
    let verified = verify_token(&jwks, &Policy::dcos().time(1467985465), token.trim()).unwrap();
    println!("{}", verified.uid().unwrap());
}
RUST
# `cargo package` turns off the search for examples.
printf '\n[[example]]\nname = "program"\n' >> Cargo.toml
uid=$(cargo run --quiet --locked --features rust-crypto,cli,capi --example program -- \
    "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt")
test "$uid" = peter
echo "the crate: unit tests, documentation and a program that uses it"
