#!/usr/bin/env bash
# run_tests.sh TARGET FOLDER: builds the program of this folder into TARGET and runs it. Then checks
# that a crate that depends on bouncer_verify gets no C library and no C function. At last, links
# FOLDER/libbouncer_verify.a and another static library with aws-lc into one program in C.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
archive=$(cd "$2" && pwd)/libbouncer_verify.a
# Uses the same versions as the workspace. Cargo adds the crates that the lock file lacks.
cp "$here/../../Cargo.lock" "$here/Cargo.lock"
CARGO_TARGET_DIR=$target "${CARGO:-cargo}" build --quiet --workspace --manifest-path "$here/Cargo.toml"
"$target/debug/beside"
libraries=$(find "$target" -name 'libbouncer_verify*.so*' -o -name 'libbouncer_verify*.a')
[[ -z $libraries ]] || { echo "error: the Rust program contains C libraries: $libraries"; exit 1; }
functions=$(nm "$target/debug/beside" | grep -E ' [A-Z] bouncer_' || true)
[[ -z $functions ]] || { echo "error: the Rust program contains C functions: $functions"; exit 1; }

# The archive keeps its own aws-lc and its own standard library of Rust, with every linker and in
# both orders.
second=$target/debug/libsecond.a
nm "$second" 2> /dev/null | grep -cE ' [TD] aws_lc_[0-9_]*SHA256' > /dev/null || { echo "error: $second does not contain aws-lc"; exit 1; }
data=$here/../data
linkers=0
for linker in bfd gold lld mold; do
    case $linker in bfd) package=binutils ;; gold) package=binutils-gold ;; *) package=$linker ;; esac
    "$here/../support/need.sh" "ld.$linker" "apt-get install $package" || { [[ $? == 77 ]] && continue || exit 1; }
    for order in "$archive $second" "$second $archive"; do
        # shellcheck disable=SC2086
        cc -std=c99 -Wall -Wextra -Werror -fuse-ld="$linker" -I"$here/../../include" "$here/two_aws_lc.c" -o "$target/two_aws_lc" $order -lpthread -ldl -lm
        printed=$("$target/two_aws_lc" "$data/document_jwks.json" "$data/document_token.txt" 1467985465)
        [[ $printed == "uid peter" ]] || { echo "error: linked by $linker, the program prints: $printed"; exit 1; }
    done
    linkers=$((linkers + 1))
done
echo "links beside another aws-lc, with $linkers linkers"
