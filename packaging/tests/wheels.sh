#!/usr/bin/env bash
# Installs the wheels of DIST/python in new environments, and verifies a token with each.
#
#     packaging/tests/wheels.sh DIST
#
# Each CPython of this machine from 3.10 on gets a new virtual environment. pip installs there
# without network access. The commands see no variables of this shell, no Rust and no compiler. The
# wheel for aarch64 runs under qemu-aarch64 if `make test-aarch64` has unpacked an interpreter. The
# wheels for musl need a CPython for musl, which Debian does not have. Their modules may use only
# libraries and functions of musl.
# Needs python/bouncer_verify-*-manylinux*_x86_64.whl: make dist-wheels
set -euo pipefail
dist=$(cd "$1/python" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/packaging/tests/wheels.py" "$root"/tests/data/document_{jwks.json,token.txt} "$work/"
cd "$work"

tested=0
if [[ $(uname -m) == x86_64 ]]; then
    for interpreter in python3 python3.1{0..9} "$HOME"/.pyenv/versions/3.*/bin/python3; do
        "$interpreter" -c 'import sys, venv; assert sys.version_info >= (3, 10)' 2> /dev/null || continue
        version=$("$interpreter" -c 'import sys; print(*sys.version_info[:2], sep=".")')
        if [[ -e $version ]]; then continue; fi
        "$interpreter" -m venv "$version" > /dev/null
        clean=(env -i PATH="$work/$version/bin" HOME="$work")
        if "${clean[@]}" /bin/sh -c 'command -v cargo || command -v cc'; then exit 1; fi
        "${clean[@]}" pip install --quiet --disable-pip-version-check --no-index --find-links "$dist" bouncer_verify
        "${clean[@]}" python wheels.py
        tested=$((tested + 1))
    done
fi

unpacked() {
    compgen -G "$dist/bouncer_verify-*$1.whl" > wheel || return 1
    rm -rf content
    python3 -m zipfile -e "$(cat wheel)" content
}

system=${CARGO_TARGET_DIR:-$root/target}/aarch64/root
if unpacked manylinux_2_17_aarch64; then
    if [[ -e $system/usr/bin/python3 ]] && command -v qemu-aarch64 > /dev/null; then
        env -i PYTHONPATH=content qemu-aarch64 -L "$system" "$system/usr/bin/python3" wheels.py
        tested=$((tested + 1))
    else
        echo "the wheel for aarch64 is not run: make test-aarch64 unpacks an interpreter for it"
    fi
fi

for processor in x86_64 aarch64; do
    unpacked "musllinux_1_2_$processor" || continue
    module=content/bouncer_verify/_bouncer_verify.abi3.so
    libraries=$(readelf -dW "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    if [[ ! $libraries =~ ^libc\.musl-$processor\.so\.1$ ]]; then
        echo "the module for musl on $processor needs $libraries"
        exit 1
    fi
    # Both processors need the same functions. Debian has musl for the processor of this machine.
    musl=$(compgen -G "/lib/ld-musl-*.so.1" || true)
    if [[ -z $musl ]]; then
        echo "the functions of the module for musl are not checked: apt-get install musl"
        continue
    fi
    nm -D --undefined-only "$module" | awk '$1 == "U" { print $2 }' | grep -v '^_\?Py' | sort > used
    nm -D --defined-only "$musl" | awk '{ print $3 }' | sort > offered
    missing=$(comm -23 used offered | tr '\n' ' ')
    if [[ -n $missing || $(wc -l < used) -lt 50 ]]; then
        echo "the module for musl on $processor uses functions that musl does not have: $missing"
        exit 1
    fi
    echo "musl on $processor: the module needs only musl"
done
((tested > 0))
