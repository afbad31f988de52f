#!/bin/sh
# Builds one of the libraries for C with cargo, from this tree:
#
#     build.sh shared [CARGO OPTIONS]    libbouncer_verify.so, with its SONAME
#     build.sh static [CARGO OPTIONS]    libbouncer_verify.a, which defines the functions of the header and nothing else
#
# They come where cargo puts them: target/release/ with --release, target/debug/ without, target/TRIPLE/release/ with
# --target TRIPLE; in place of target/ what CARGO_TARGET_DIR says. CARGO, LD, OBJCOPY and AR name other tools.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
header=$root/include/bouncer_verify.h
kind=${1:-}
[ $# -gt 0 ] && shift
folder=${CARGO_TARGET_DIR:-$root/target} profile=debug before=
for option in "$@"; do
    [ "$option" != --release ] || profile=release
    # Of cargo-zigbuild's "x86_64-unknown-linux-gnu.2.17" cargo sees the triple.
    [ "$before" != --target ] || folder=$folder/${option%%.*}
    before=$option
done
folder=$folder/$profile
cd "$root"

# One crate type at a time: cargo drops link-time optimisation when it builds several.
case $kind in
shared)
    abi=$(sed -n 's/^#define BOUNCER_ABI_VERSION //p' "$header")
    # Without nodelete: a Rust library that has used thread-locals and is unmapped by dlclose() crashes the next thread
    # that ends.
    "${CARGO:-cargo}" rustc --lib --crate-type cdylib --features capi "$@" -- \
        -C "link-arg=-Wl,-soname,libbouncer_verify.so.$abi" -C link-arg=-Wl,-z,nodelete
    # Programs ask for the SONAME.
    ln -sf libbouncer_verify.so "$folder/libbouncer_verify.so.$abi"
    ;;
static)
    "${CARGO:-cargo}" rustc --lib --crate-type staticlib --features capi "$@"
    # Everything becomes one object in which only the functions of the header are global. A second Rust library can be
    # linked beside it then, for the standard library of each stays its own, and a shared library made with it exports
    # nothing of aws-lc. LLVM's bitcode, which is for rustc alone, would break `clang -flto`.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    grep -o 'bouncer_[a-z0-9_]*(' "$header" | tr -d '(' | sort -u >"$work/functions"
    # Section groups would be shared with other archives, and with them a symbol that is to be local.
    # shellcheck disable=SC2046
    "${LD:-ld}" -r --force-group-allocation $(sed 's/^/-u /' "$work/functions") \
        "$folder/libbouncer_verify.a" -o "$work/whole.o"
    "${OBJCOPY:-objcopy}" --keep-global-symbols="$work/functions" --remove-section=.llvmbc --remove-section=.llvmcmd \
        --strip-debug "$work/whole.o" "$work/bouncer_verify.o"
    "${AR:-ar}" crsD "$work/libbouncer_verify.a" "$work/bouncer_verify.o"
    # Not into the file: cargo keeps another name of it.
    mv -f "$work/libbouncer_verify.a" "$folder/libbouncer_verify.a"
    ;;
*)
    echo "usage: $0 shared|static [CARGO OPTIONS]" >&2
    exit 2
    ;;
esac
