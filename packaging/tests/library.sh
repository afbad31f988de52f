#!/usr/bin/env bash
# Tests the archives of libraries.sh:
#
#     library.sh DIST
#
# Unpacks them, builds the example with pkg-config and with CMake, and verifies a token with it and
# with the command. Rust is not used. The archive for aarch64 is tested with qemu.
# Needs bouncer_verify-*-linux-*.tar.gz: make dist-libraries
set -euo pipefail

dist=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home"
cp "$root/bindings/c/examples/verify.c" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" "$work"
cd "$work"
fail() { echo "error: $*" >&2; exit 1; }
# shellcheck source=packaging/tests/install_line.sh
. "$root/packaging/tests/install_line.sh"
is_there() { "$root/tests/support/need.sh" "$1" "apt-get install $2" || { [[ $? == 77 ]] || exit 1; false; }; }

# In this environment, cargo and rustc fail.
for tool in cargo rustc; do
    printf '#!/bin/sh\necho "%s is not installed" >&2\nexit 127\n' $tool >bin/$tool
    chmod +x bin/$tool
done
clean() { env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work/home" LC_ALL=C.UTF-8 "$@"; }

prints_peter() {
    local name=$1 printed
    shift
    printed=$("$@" document_jwks.json document_token.txt 1467985465) || fail "$name exits with $?: $printed"
    [[ $printed == "uid peter" ]] || fail "$name prints $printed"
}

# command_works NAME COMMAND...: tests the command: its version, and a token that it accepts and one
# that it rejects.
command_works() {
    local name=$1 printed
    shift
    printed=$("$@" --version)
    [[ $printed == "bouncer-verify $version" ]] || fail "$name --version prints $printed"
    printed=$("$@" verify --profile dcos --jwks document_jwks.json --time 1467985465 <document_token.txt) || fail "$name verify: $printed"
    [[ $printed == valid* ]] || fail "$name verify prints $printed"
    if "$@" verify --profile dcos --jwks document_jwks.json <document_token.txt >/dev/null 2>&1; then
        fail "$name verify accepts an expired token"
    fi
}

# unpack PROCESSOR: sets prefix and version.
unpack() {
    local archive
    archive=$(compgen -G "$dist/bouncer_verify-*-linux-$1.tar.gz")
    [[ -f $archive ]] || fail "more than one archive: $archive"
    version=${archive##*/bouncer_verify-}
    version=${version%-linux-*}
    prefix=$work/prefix-$1
    mkdir "$prefix"
    # The command of README.md, with another folder than /usr/local.
    line=$(install_line "C, C++, command: any Linux")
    (cd "$dist" && line=${line/x86_64/"$1"} && eval "${line/\/usr\/local/"$prefix"}")
    grep -q aws-lc "$prefix/share/doc/bouncer_verify/THIRD-PARTY.txt" || fail "the licences of the crates are missing"
    if grep -rIF "$root/" "$prefix"; then fail "a file contains a path of the build"; fi
}

# The processor of this machine: everything in the clean environment.
own=$(uname -m)
if compgen -G "$dist/bouncer_verify-*-linux-$own.tar.gz" >/dev/null && is_there pkg-config pkg-config && is_there cmake cmake; then
    unpack "$own"
    flags=(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config)
    [[ $(clean "${flags[@]}" --modversion bouncer_verify) == "$version" ]] || fail "pkg-config --modversion is not $version"
    read -ra shared <<<"$(clean "${flags[@]}" --cflags --libs bouncer_verify)"
    clean cc verify.c "${shared[@]}" -Wl,-rpath,"$prefix/lib" -o shared
    prints_peter "the program that pkg-config links" clean ./shared
    read -ra static <<<"$(clean "${flags[@]}" --static --cflags --libs bouncer_verify)"
    clean cc -static verify.c "${static[@]}" -o static 2>/dev/null
    prints_peter "the program that pkg-config links with -static" clean ./static

    mkdir app
    cp verify.c app/
    cat >app/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(app C)
find_package(BouncerVerify REQUIRED)
add_executable(shared verify.c)
target_link_libraries(shared BouncerVerify::bouncer_verify)
add_executable(static verify.c)
target_link_libraries(static BouncerVerify::bouncer_verify_static)
CMAKE
    clean cmake -S app -B app/build -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    clean cmake --build app/build >/dev/null
    prints_peter "the program that CMake links" clean app/build/shared
    prints_peter "the program that CMake links statically" clean app/build/static
    command_works "the command" clean "$prefix/bin/bouncer-verify"
    echo "$own: pkg-config, CMake and the command work without Rust"
    # The same checks that `make test-install` makes of a normal build.
    "$root/bindings/c/run_tests.sh" "$prefix"
else
    echo "SKIPPED: the libraries for $own"
fi

# aarch64 on another processor: compiled by Debian's cross compiler, and run by qemu.
if [[ $own != aarch64 ]] && compgen -G "$dist/bouncer_verify-*-linux-aarch64.tar.gz" >/dev/null &&
    is_there aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross" && is_there qemu-aarch64 qemu-user; then
    unpack aarch64
    arm() { clean qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$prefix/lib" "$@"; }
    clean aarch64-linux-gnu-gcc verify.c -I"$prefix/include" -L"$prefix/lib" -lbouncer_verify -o arm_shared
    prints_peter "the program for aarch64" arm ./arm_shared
    read -ra static <<<"$(clean PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --static --cflags --libs bouncer_verify)"
    clean aarch64-linux-gnu-gcc -static verify.c "${static[@]}" -o arm_static 2>/dev/null
    prints_peter "the program for aarch64, linked with -static" clean qemu-aarch64 ./arm_static
    command_works "the command for aarch64" arm "$prefix/bin/bouncer-verify"
    echo "aarch64: gcc, -static and the command work under qemu"
fi
