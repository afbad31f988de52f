#!/usr/bin/env bash
# Builds an archive with the libraries, the headers and the command for each processor:
#
#     libraries.sh DIST PROCESSOR...    DIST/bouncer_verify-VERSION-linux-PROCESSOR.tar.gz
#
# PROCESSOR is x86_64 or aarch64. An archive contains what `make install` installs. Its pkg-config
# and CMake files work in any folder. The libraries and the command need glibc 2.17 or later, which
# is the oldest that Rust supports. zig links them, because it can link for an old glibc.
#
# The libraries and the command stay in target/compat/PROCESSOR/, where packaging/go.sh finds them.
# They are built again only if a source has changed.
set -euo pipefail

[[ $# -ge 2 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dist=$(cd "$1" && pwd)
shift
cd "$root"
target=${CARGO_TARGET_DIR:-$root/target}
floor=2.17
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The files of an archive have the time of the last commit, so two builds give the same archive.
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; exit 1; }

PATH=$root/.venv/bin:$PATH
command -v cargo-zigbuild >/dev/null || fail "cargo-zigbuild is not installed: make tools-packages"

# select_tools PROCESSOR: sets LD, OBJCOPY, AR, STRIP, OBJDUMP and NM. Another processor than this
# one needs its own binutils and standard library of Rust. Fails with 77 if they are missing.
select_tools() {
    local prefix="" triple=$1-unknown-linux-gnu
    if [[ $1 != "$(uname -m)" ]]; then
        prefix=$1-linux-gnu-
        tests/support/need.sh "${prefix}ld" "apt-get install binutils-$1-linux-gnu" || return
    fi
    if [[ ! -d $(rustc --print target-libdir --target "$triple") ]] && ! rustup target add "$triple"; then
        echo "SKIPPED: no standard library of Rust for $1: rustup target add $triple"
        [[ ${CI:-} != true ]] || return 1
        return 77
    fi
    export LD=${prefix}ld OBJCOPY=${prefix}objcopy AR=${prefix}ar
    STRIP=${prefix}strip OBJDUMP=${prefix}objdump NM=${prefix}nm
}

# build PROCESSOR: builds the libraries and the command into target/compat/PROCESSOR.
build() {
    local out=$target/compat/$1 triple=$1-unknown-linux-gnu sources
    sources=(src include Cargo.toml Cargo.lock build.rs bindings/c/build.sh packaging/libraries.sh packaging/reproducible.sh)
    if [[ -e $out/stamp && -z $(find "${sources[@]}" -type f -newer "$out/stamp" -print -quit) ]]; then return; fi
    (
        export CARGO_TARGET_DIR=$target/compat-build CARGO=cargo-zigbuild
        # shellcheck source=packaging/reproducible.sh
        . packaging/reproducible.sh
        local options=(--quiet --locked --release --target "$triple.$floor")
        bindings/c/build.sh static "${options[@]}"
        bindings/c/build.sh shared "${options[@]}"
        cargo-zigbuild build "${options[@]}" --bin bouncer-verify --features cli
    )
    mkdir -p "$out"
    rm -f "$out"/*
    cp "$target/compat-build/$triple/release/"{libbouncer_verify.a,libbouncer_verify.so,bouncer-verify} "$out/"
    # The archive keeps the symbols that a linker needs.
    "$STRIP" --strip-unneeded "$out/libbouncer_verify.a"
    "$STRIP" "$out/libbouncer_verify.so" "$out/bouncer-verify"
    touch "$out/stamp"
}

# check PROCESSOR: checks the files of target/compat/PROCESSOR, and prints their sizes.
check() {
    local out=$target/compat/$1 file needed libraries functions
    for file in libbouncer_verify.so bouncer-verify; do
        needed=$("$OBJDUMP" -T "$out/$file" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
        [[ $(printf '%s\n' "GLIBC_$floor" "$needed" | sort -V | tail -n 1) == "GLIBC_$floor" ]] || fail "$1: $file needs $needed"
        # Other shared libraries than those of glibc may be missing on a host. glibc 2.34 merged
        # some of these into libc.
        libraries=$("$OBJDUMP" -p "$out/$file" | awk '$1 == "NEEDED" && $2 !~ /^(lib(c|m|dl|rt|util|pthread|gcc_s)\.so\.[0-9]+|ld-linux-.*)$/ { print $2 }')
        [[ -z $libraries ]] || fail "$1: $file needs $libraries"
        ! grep -aqF -e "${CARGO_HOME:-$HOME/.cargo}/" -e "$root/" "$out/$file" || fail "$1: $file contains paths of this machine"
        printf '%s %s: %s bytes, needs %s\n' "$1" "$file" "$(stat -c %s "$out/$file")" "$needed"
    done
    # dlclose() must not unmap the library: see bindings/c/build.sh.
    readelf -d "$out/libbouncer_verify.so" | grep -q NODELETE || fail "$1: libbouncer_verify.so lacks NODELETE"
    # A second aws-lc or Rust library in the same program needs that all other symbols are hidden.
    functions=$(grep -o 'bouncer_[a-z0-9_]*(' include/bouncer_verify.h | tr -d '(' | sort -u)
    [[ $("$NM" -g --defined-only "$out/libbouncer_verify.a" | awk 'NF == 3 { print $3 }' | sort) == "$functions" ]] ||
        fail "$1: libbouncer_verify.a does not define exactly the functions of the header"
    [[ $("$NM" -D --defined-only "$out/libbouncer_verify.so" | awk '{ print $3 }' | sort) == "$functions" ]] ||
        fail "$1: libbouncer_verify.so does not define exactly the functions of the header"
    printf '%s libbouncer_verify.a: %s bytes\n' "$1" "$(stat -c %s "$out/libbouncer_verify.a")"
}

# pack PROCESSOR: writes the archive.
pack() {
    local name=bouncer_verify-$version-linux-$1
    make --no-print-directory --silent install-files RELEASE="$target/compat/$1" PREFIX=/prefix DESTDIR="$work/$1" STRIP="$STRIP" >/dev/null
    mv "$work/$1/prefix" "$work/$name"
    packaging/third_party.sh "$work/$name/share/doc/bouncer_verify/THIRD-PARTY.txt"
    # shellcheck disable=SC2016
    sed -i -e 's|^prefix=.*|prefix=${pcfiledir}/../..|' -e 's|/prefix/|${prefix}/|' "$work/$name/lib/pkgconfig/bouncer_verify.pc"
    ! grep -q '/prefix/' "$work/$name/lib/pkgconfig/bouncer_verify.pc" || fail "bouncer_verify.pc contains a path of this machine"
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" -cf - "$name" | gzip -9n >"$dist/$name.tar.gz"
    printf '%s: %s bytes\n' "$name.tar.gz" "$(stat -c %s "$dist/$name.tar.gz")"
}

for processor in "$@"; do
    [[ $processor =~ ^(x86_64|aarch64)$ ]] || fail "unknown processor: $processor"
    select_tools "$processor" || { [[ $? == 77 ]] && continue || exit 1; }
    build "$processor"
    check "$processor"
    pack "$processor"
done
