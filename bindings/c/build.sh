#!/bin/sh
# Builds one of the libraries for C with cargo, from this tree:
#
#     build.sh shared [CARGO OPTIONS]    libbouncer_verify.so, with its SONAME
#     build.sh static [CARGO OPTIONS]    libbouncer_verify.a, which defines only the header's functions
#
# Cargo writes them to target/release/ with --release, to target/debug/ without it, and to
# target/TRIPLE/release/ with --target TRIPLE. CARGO_TARGET_DIR replaces target/. The environment
# variables CARGO, LD, OBJCOPY and AR select other tools.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
header=$root/include/bouncer_verify.h
kind=${1:-}
[ $# -gt 0 ] && shift
folder=${CARGO_TARGET_DIR:-$root/target} profile=debug before=
for option in "$@"; do
    [ "$option" != --release ] || profile=release
    # cargo-zigbuild accepts a glibc version after the triple: "x86_64-unknown-linux-gnu.2.17". The
    # name of its output folder does not contain that version.
    [ "$before" != --target ] || folder=$folder/${option%%.*}
    before=$option
done
folder=$folder/$profile
cd "$root"

# One crate type at a time: cargo disables link-time optimisation when it builds several.
case $kind in
shared)
    abi=$(sed -n 's/^#define BOUNCER_ABI_VERSION //p' "$header")
    # nodelete is needed: after dlclose() unmaps a Rust library that has used thread-locals, the
    # next thread that ends crashes.
    "${CARGO:-cargo}" rustc --lib --crate-type cdylib --features capi "$@" -- \
        -C "link-arg=-Wl,-soname,libbouncer_verify.so.$abi" -C link-arg=-Wl,-z,nodelete
    # Programs load the library by its SONAME.
    ln -sf libbouncer_verify.so "$folder/libbouncer_verify.so.$abi"
    ;;
static)
    "${CARGO:-cargo}" rustc --lib --crate-type staticlib --features capi "$@"
    # All objects become one object in which only the functions of the header are global. A second
    # Rust library can then be linked beside it, because each library keeps its own standard
    # library. A shared library that contains the archive does not export the symbols of aws-lc.
    # The LLVM bitcode is removed: only rustc uses it, and it would break `clang -flto`. The section
    # .llvm_addrsig is removed: it lists symbols by number, and the numbers have changed.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    grep -o 'bouncer_[a-z0-9_]*(' "$header" | tr -d '(' | sort -u >"$work/functions"
    # --force-group-allocation removes the section groups. Otherwise a later link would merge them
    # with equal groups of other archives, and symbols that must stay local would be shared.
    # shellcheck disable=SC2046
    "${LD:-ld}" -r --force-group-allocation $(sed 's/^/-u /' "$work/functions") \
        "$folder/libbouncer_verify.a" -o "$work/whole.o"
    "${OBJCOPY:-objcopy}" --keep-global-symbols="$work/functions" --remove-section=.llvmbc --remove-section=.llvmcmd \
        --remove-section=.llvm_addrsig --strip-debug "$work/whole.o" "$work/bouncer_verify.o"
    "${AR:-ar}" crsD "$work/libbouncer_verify.a" "$work/bouncer_verify.o"
    # Replace the file instead of writing into it: cargo keeps a hard link to it.
    mv -f "$work/libbouncer_verify.a" "$folder/libbouncer_verify.a"
    ;;
*)
    echo "usage: $0 shared|static [CARGO OPTIONS]" >&2
    exit 2
    ;;
esac
