#!/usr/bin/env bash
# run_tests.sh PREFIX: programs outside the tree, with what `make install PREFIX=PREFIX` made: by pkg-config, linked to the
# shared and to the static library, whole or in parts, beside a second Rust library, and as a plugin.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
prefix=$(cd "$1" && pwd)
lib=$prefix/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib
fail() { echo "$*" >&2; exit 1; }

cflags=$(pkg-config --cflags bouncer_verify)
# What --static adds; the archive is named, so that the shared library beside it is not taken.
static=$(pkg-config --static --libs bouncer_verify)
archive=${static/-lbouncer_verify/-l:libbouncer_verify.a}
[[ $archive == *-z,nodelete* ]] || fail "a plugin made with the static library would be unmapped"

# ---- programs

cp "$here/examples/verify.c" .
says_peter() {
    [[ $("$1" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" 1467985465) == "uid peter" ]] ||
        fail "$1 does not verify"
}
# build NAME FLAGS...: a program, without a word from compiler and linker.
build() {
    local name=$1 said
    shift
    said=$(cc -std=c99 -Wall -Werror $cflags verify.c -o "$name" "$@" 2>&1) || fail "$name: $said"
    # Of a program with -static glibc says that it resolves names with the shared library.
    said=$(grep -v -e 'getaddrinfo' -e 'in function' <<< "$said" || true)
    [[ -z $said ]] || fail "$name: $said"
    says_peter "./$name"
}
build shared $(pkg-config --libs bouncer_verify)
build static -static $static
build mixed $archive
build small $archive -Wl,--gc-sections
! readelf -d static mixed small | grep -q libbouncer_verify || fail "the static library is not what is linked"
# Without its table of frames a program cannot unwind (with -static the frames are registered at its start).
readelf -S mixed small | grep -c "\.eh_frame_hdr" | grep -qx 2 || fail "no .eh_frame_hdr"
(( $(stat -c %s small) < $(stat -c %s mixed) )) || fail "--gc-sections removes nothing"

# ---- the libraries

size=$(stat -L -c %s "$lib/libbouncer_verify.so")
(( size < 6000000 )) || fail "the shared library has $size bytes"

# The functions of the header and nothing else: what a plugin made with the archive can export, and what a second library can
# define too.
defined=$(nm -g --defined-only "$lib/libbouncer_verify.a" | awk 'NF == 3 { print $3 }' | sort)
declared=$(grep -o 'bouncer_[a-z0-9_]*(' "$prefix/include/bouncer_verify.h" | tr -d '(' | sort -u)
[[ $defined == "$declared" ]] || fail "the archive defines: $(diff <(echo "$defined") <(echo "$declared"))"
! readelf -S --wide "$lib/libbouncer_verify.a" | grep -q '\.llvm' || fail "the archive has LLVM bitcode"

# The oldest glibc that the libraries run with, if they are built with glibc 2.36 or older; README.md names it. A newer one has
# new versions of old functions.
floor=$(sed -n 's/.*needs glibc \([0-9.]*\) or later.*/\1/p' "$root/README.md")
[[ -n $floor ]] || fail "README.md names no glibc"
needed=$(objdump -T "$lib/libbouncer_verify.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
own=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
if [[ $(printf '%s\n' "$own" 2.36 | sort -V | tail -n 1) == 2.36 ]]; then
    [[ $(printf '%s\n' "GLIBC_$floor" "$needed" | sort -V | tail -n 1) == "GLIBC_$floor" ]] ||
        fail "the shared library needs $needed, README.md says $floor"
fi
echo "the shared library has $size bytes and needs $needed"

# ---- beside a second Rust library, which brings a standard library of its own

cat > other.rs <<'RUST'
//! A Rust library that unwinds: its personality must be its own.
use std::panic;

#[unsafe(no_mangle)]
pub extern "C" fn other_unwinds() -> i32 {
    panic::set_hook(Box::new(|_| {}));
    let arguments = std::env::args().count();
    let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(arguments)));
    i32::from(caught.is_err() && std::thread::spawn(|| panic!("elsewhere")).join().is_err())
}
RUST
"${RUSTC:-rustc}" --edition 2024 --crate-type staticlib -O other.rs
cat > both.c <<'C'
#include <bouncer_verify.h>
#include <string.h>
int other_unwinds(void);
int main(void)
{
    bouncer_jwks *jwks;
    return other_unwinds() == 1 && bouncer_jwks_load("{}", 2, &jwks, NULL) == BOUNCER_STATUS_MALFORMED_JWK_SET
        && other_unwinds() == 1 && strcmp(bouncer_version(), "") != 0 ? 0 : 1;
}
C
linkers=(bfd)
! command -v ld.gold > /dev/null || linkers+=(gold)
! command -v ld.lld > /dev/null || linkers+=(lld)
for linker in "${linkers[@]}"; do
    for mode in "" -static; do
        cc -fuse-ld="$linker" $mode $cflags both.c -o both $archive ./libother.a -lpthread -ldl -lm 2> said || fail "first: $(cat said)"
        ./both || fail "the second library does not unwind"
        cc -fuse-ld="$linker" $mode $cflags both.c -o both ./libother.a $archive -lpthread -ldl -lm 2> said || fail "second: $(cat said)"
        ./both || fail "the first library does not unwind"
    done
done

# ---- a plugin: loaded, used on another thread, unloaded, and only then that thread ends

cat > plugin.c <<'C'
#include <bouncer_verify.h>
/* A reference to each that the host asks for. */
const void *const used[] = {(const void *)bouncer_jwks_load, (const void *)bouncer_verify_token, (const void *)bouncer_policy_new,
                            (const void *)bouncer_settings_new, (const void *)bouncer_settings_set,
                            (const void *)bouncer_settings_free, (const void *)bouncer_jwks_free, (const void *)bouncer_policy_free};
C
cc -shared -fPIC $cflags plugin.c -o plugin.so $archive
cc -pthread -I"$root/tests/capi" $cflags "-DTEST_DATA=\"$root/tests/data\"" "$root/tests/capi/unload.c" -o host -ldl
./host ./plugin.so || fail "the host of a plugin crashes"
exported=$(nm -D --defined-only plugin.so | awk '$3 !~ /^bouncer_|^used$/ { print $3 }')
[[ -z $exported ]] || fail "a plugin exports: $exported"
cc -shared -fPIC $cflags plugin.c -o hidden.so $archive -Wl,--exclude-libs,libbouncer_verify.a
[[ $(nm -D --defined-only hidden.so | awk '{ print $3 }') == used ]] || fail "--exclude-libs hides nothing"

echo "${#linkers[@]} linkers: shared, static, mixed, small, beside another, as a plugin: passed"
