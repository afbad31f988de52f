#!/usr/bin/env bash
# run_tests.sh PREFIX: builds and runs programs outside the tree with what `make install
# PREFIX=PREFIX` installed. pkg-config links them to the shared and to the static library, whole or
# in parts. The static library is also linked beside a second Rust library, and into a plugin.
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
# The flags of --static. The archive is named explicitly, so that the shared library beside it is
# not used.
static=$(pkg-config --static --libs bouncer_verify)
archive=${static/-lbouncer_verify/-l:libbouncer_verify.a}
[[ $archive == *-z,nodelete* ]] || fail "a plugin made with the static library would be unmapped"

# ---- programs

cp "$here/examples/verify.c" .
prints_peter() {
    [[ $("$1" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" 1467985465) == "uid peter" ]] ||
        fail "$1 does not verify"
}
# build NAME FLAGS...: builds verify.c without any warning from the compiler or the linker, and runs
# it.
build() {
    local name=$1 said
    shift
    said=$(cc -std=c99 -Wall -Werror $cflags verify.c -o "$name" "$@" 2>&1) || fail "$name: $said"
    # With -static, glibc warns that it resolves host names with the shared library.
    said=$(grep -v -e 'getaddrinfo' -e 'in function' <<< "$said" || true)
    [[ -z $said ]] || fail "$name: $said"
    prints_peter "./$name"
}
build shared $(pkg-config --libs bouncer_verify)
build static -static $static
build mixed $archive
build small $archive -Wl,--gc-sections
! readelf -d static mixed small | grep -q libbouncer_verify || fail "the static library is not what is linked"
# Without the table of frames a program cannot unwind (with -static, frames are registered at the
# start).
readelf -S mixed small | grep -c "\.eh_frame_hdr" | grep -qx 2 || fail "no .eh_frame_hdr"
(( $(stat -c %s small) < $(stat -c %s mixed) )) || fail "--gc-sections removes nothing"

# ---- README.md: all C blocks compile as one file, and the first one is a program

blocks() { awk -v last="$1" '$0 == "```" { if (inside && ++count == last) exit; inside = 0 }
    inside { print } $0 == "```c" { inside = 1 }' "$here/README.md"; }
blocks 0 > readme.c
blocks 1 > hello.c
strict=(-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror)
cc "${strict[@]}" $cflags -c readme.c -o readme.o
cc "${strict[@]}" $cflags hello.c -o hello $(pkg-config --libs bouncer_verify)
printed=$(./hello http://127.0.0.1:1 orders 2>&1) && fail "a request without a token is accepted"
[[ $printed == "401 malformed_authorization: "* ]] || fail "hello.c: $printed"
token=$(cat "$root/tests/data/document_token.txt")
printed=$(./hello http://127.0.0.1:1 orders "Bearer $token" 2>&1) && fail "a token is accepted without keys"
[[ $printed == "503 keys_unavailable: "* ]] || fail "hello.c: $printed"

# ---- the libraries

size=$(stat -L -c %s "$lib/libbouncer_verify.so")
(( size < 6000000 )) || fail "the shared library has $size bytes"

# The archive defines only the functions of the header. So a plugin that contains it exports nothing
# else, and a second library may define any other name.
defined=$(nm -g --defined-only "$lib/libbouncer_verify.a" | awk 'NF == 3 { print $3 }' | sort)
declared=$(grep -o 'bouncer_[a-z0-9_]*(' "$prefix/include/bouncer_verify.h" | tr -d '(' | sort -u)
[[ $defined == "$declared" ]] || fail "the archive defines: $(diff <(echo "$defined") <(echo "$declared"))"
! readelf -S --wide "$lib/libbouncer_verify.a" | grep -q '\.llvm' || fail "the archive has LLVM bitcode"

# The oldest glibc that the libraries run with, if they are built with glibc 2.36 or older;
# README.md names it. A newer glibc adds new versions of old functions.
floor=$(sed -n 's/.* need glibc \([0-9.]*\).*/\1/p' "$here/README.md")
[[ -n $floor ]] || fail "README.md does not name the oldest glibc"
needed=$(objdump -T "$lib/libbouncer_verify.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
own=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
if [[ $(printf '%s\n' "$own" 2.36 | sort -V | tail -n 1) == 2.36 ]]; then
    [[ $(printf '%s\n' "GLIBC_$floor" "$needed" | sort -V | tail -n 1) == "GLIBC_$floor" ]] ||
        fail "the shared library needs $needed, README.md names $floor"
fi
echo "the shared library has $size bytes and needs $needed"

# ---- beside a second Rust library, which contains its own standard library

cat > other.rs <<'RUST'
//! A Rust library that unwinds: it must use its own personality function.
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
        cc -fuse-ld="$linker" $mode $cflags both.c -o both $archive ./libother.a -lpthread -ldl -lm 2> said || fail "linked first: $(cat said)"
        ./both || fail "the second library does not unwind"
        cc -fuse-ld="$linker" $mode $cflags both.c -o both ./libother.a $archive -lpthread -ldl -lm 2> said || fail "linked second: $(cat said)"
        ./both || fail "the first library does not unwind"
    done
done

# ---- a plugin: loaded, used on another thread, unloaded before that thread ends

cat > plugin.c <<'C'
#include <bouncer_verify.h>
/* References to the functions that the host looks up. */
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

echo "${#linkers[@]} linkers: shared, static, mixed, small, beside another library, as a plugin: passed"
