#!/usr/bin/env bash
# run_tests.sh PREFIX: tests the files that `make install PREFIX=PREFIX` installed. It builds and
# runs programs in a temporary directory. They are linked with the flags of pkg-config: to the
# shared library, and to the static library with and without --gc-sections. The static library is
# also linked with a second Rust library, and into a plugin. gcc and clang compile the programs, and
# bfd, gold, lld and mold link them.
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
# The flags of pkg-config --static, but with the file name of the archive. With -l the linker would
# use the shared library in the same directory.
static=$(pkg-config --static --libs bouncer_verify)
archive=${static/-lbouncer_verify/-l:libbouncer_verify.a}
[[ $archive == *-z,nodelete* ]] || fail "pkg-config --static lacks -z nodelete: dlclose would unmap a plugin that is still in use"

# ---- programs

cp "$here/examples/verify.c" .
prints_peter() {
    [[ $("$1" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" 1467985465) == "uid peter" ]] ||
        fail "$1 does not print \"uid peter\""
}
# build NAME COMPILER FLAGS...: builds verify.c and runs it. Fails if the compiler or the linker
# prints a warning.
build() {
    local name=$1 output
    shift
    output=$("$1" -std=c99 -Wall -Werror $cflags verify.c -o "$name" "${@:2}" 2>&1) || fail "$name, $*: $output"
    # With -static, the linker warns that getaddrinfo loads the shared libraries of glibc.
    output=$(grep -v -e 'getaddrinfo' -e 'in function' <<< "$output" || true)
    [[ -z $output ]] || fail "$name, $*: $output"
    prints_peter "./$name"
}
# is_there PROGRAM PACKAGE: whether PROGRAM is installed. With CI=true, a missing one is a failure.
is_there() { "$root/tests/support/need.sh" "$1" "apt-get install $2" || { [[ $? == 77 ]] || exit 1; false; }; }
compilers=() linkers=()
! is_there gcc gcc || compilers+=(gcc)
! is_there clang clang || compilers+=(clang)
! is_there ld.bfd binutils || linkers+=(bfd)
! is_there ld.gold binutils-gold || linkers+=(gold)
! is_there ld.lld lld || linkers+=(lld)
! is_there ld.mold mold || linkers+=(mold)
for compiler in "${compilers[@]}"; do
    for linker in "${linkers[@]}"; do
        build shared "$compiler" -fuse-ld="$linker" $(pkg-config --libs bouncer_verify)
        readelf -d shared | grep -q 'NEEDED.*libbouncer_verify.so' || fail "$compiler, $linker: the program is not linked to the shared library"
        build static "$compiler" -fuse-ld="$linker" -static $static
        build mixed "$compiler" -fuse-ld="$linker" $archive
    done
done
# Bitcode of rustc's LLVM in the archive would make this fail.
if [[ ${compilers[*]} == *clang* && ${linkers[*]} == *lld* ]]; then build lto clang -flto -fuse-ld=lld $archive; fi
build shared cc $(pkg-config --libs bouncer_verify)
build static cc -static $static
build mixed cc $archive
build small cc $archive -Wl,--gc-sections
! readelf -d static mixed small | grep -q libbouncer_verify || fail "a program is linked to the shared library instead of the static one"
# Without the section .eh_frame_hdr a program cannot unwind. A program built with -static does not
# need it: it registers its frames when it starts.
readelf -S mixed small | grep -c "\.eh_frame_hdr" | grep -qx 2 || fail "a program has no section .eh_frame_hdr"
(( $(stat -c %s small) < $(stat -c %s mixed) )) || fail "--gc-sections does not make the program smaller"

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

# ---- bouncer_verify(3): its example is a program

sed -n '/^\.EX$/,/^\.EE$/{/^\.E[XE]$/!p}' "$prefix/share/man/man3/bouncer_verify.3" | sed 's/\\e/\\/g' > page.c
cc "${strict[@]}" $cflags page.c -o page $(pkg-config --libs bouncer_verify)
[[ $(./page "$root/tests/data/document_jwks.json" "$token" 1467985465) == "uid peter" ]] || fail "the example of bouncer_verify(3) does not print \"uid peter\""
printed=$(./page "$root/tests/data/document_jwks.json" "$token" 1467985466) && fail "the example of bouncer_verify(3) accepts an expired token"
[[ $printed == *expired* ]] || fail "the example of bouncer_verify(3) prints: $printed"

# ---- the libraries

size=$(stat -L -c %s "$lib/libbouncer_verify.so")
(( size < 6000000 )) || fail "the shared library has $size bytes, expected less than 6000000"

# The archive defines exactly the functions of the header. Therefore a plugin that contains the
# archive exports no other symbols. A second library may define symbols with any other name.
defined=$(nm -g --defined-only "$lib/libbouncer_verify.a" | awk 'NF == 3 { print $3 }' | sort)
declared=$(grep -o 'bouncer_[a-z0-9_]*(' "$prefix/include/bouncer_verify.h" | tr -d '(' | sort -u)
[[ $defined == "$declared" ]] || fail "the archive defines: $(diff <(echo "$defined") <(echo "$declared"))"
! readelf -S --wide "$lib/libbouncer_verify.a" | grep -q '\.llvm' || fail "the archive has LLVM bitcode"

# README.md names the oldest glibc that the libraries run with. This is tested only if they are
# built with glibc 2.36 or older: a newer glibc adds new versions of old functions.
floor=$(sed -n 's/.* need glibc \([0-9.]*\).*/\1/p' "$here/README.md")
[[ -n $floor ]] || fail "README.md does not name the oldest glibc"
needed=$(objdump -T "$lib/libbouncer_verify.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
own=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
if [[ $(printf '%s\n' "$own" 2.36 | sort -V | tail -n 1) == 2.36 ]]; then
    [[ $(printf '%s\n' "GLIBC_$floor" "$needed" | sort -V | tail -n 1) == "GLIBC_$floor" ]] ||
        fail "the shared library needs $needed, README.md names $floor"
fi
echo "the shared library has $size bytes and needs $needed"

# ---- linked with a second Rust library, which contains its own standard library

cat > other.rs <<'RUST'
//! A Rust library that catches panics. It must unwind with its own personality function.
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
for linker in "${linkers[@]}"; do
    for mode in "" -static; do
        cc -fuse-ld="$linker" $mode $cflags both.c -o both $archive ./libother.a -lpthread -ldl -lm 2> output || fail "bouncer_verify does not link before the other library: $(cat output)"
        ./both || fail "linked before the other library: the program fails"
        cc -fuse-ld="$linker" $mode $cflags both.c -o both ./libother.a $archive -lpthread -ldl -lm 2> output || fail "bouncer_verify does not link after the other library: $(cat output)"
        ./both || fail "linked after the other library: the program fails"
    done
done

# ---- a plugin: loaded, used on another thread, unloaded before that thread ends

cat > plugin.c <<'C'
#include <bouncer_verify.h>
/* Refers to the functions that the host looks up with dlsym, so that the linker includes them. */
const void *const used[] = {(const void *)bouncer_jwks_load, (const void *)bouncer_verify_token, (const void *)bouncer_policy_new,
                            (const void *)bouncer_settings_new, (const void *)bouncer_settings_set,
                            (const void *)bouncer_settings_free, (const void *)bouncer_jwks_free, (const void *)bouncer_policy_free};
C
for linker in "${linkers[@]}"; do
    cc -fuse-ld="$linker" -shared -fPIC $cflags plugin.c -o plugin.so $archive
    readelf -d plugin.so | grep -q NODELETE || fail "$linker: the plugin is not marked NODELETE"
done
readelf -d "$lib/libbouncer_verify.so" | grep -q NODELETE || fail "the shared library is not marked NODELETE"
cc -shared -fPIC $cflags plugin.c -o plugin.so $archive
cc -pthread -I"$root/tests/capi" $cflags "-DTEST_DATA=\"$root/tests/data\"" "$root/tests/capi/unload.c" -o host -ldl
./host ./plugin.so || fail "the program that loads the plugin fails"
exported=$(nm -D --defined-only plugin.so | awk '$3 !~ /^bouncer_|^used$/ { print $3 }')
[[ -z $exported ]] || fail "the plugin exports symbols other than the functions of bouncer_verify: $exported"
cc -shared -fPIC $cflags plugin.c -o hidden.so $archive -Wl,--exclude-libs,libbouncer_verify.a
[[ $(nm -D --defined-only hidden.so | awk '{ print $3 }') == used ]] || fail "with --exclude-libs, the plugin still exports functions of bouncer_verify"

echo "${#compilers[@]} compilers, ${#linkers[@]} linkers: shared, static, mixed, small, beside another library, as a plugin: passed"
