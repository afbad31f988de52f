# shellcheck shell=bash
# Functions that build the Python packages, for wheels.sh and reproduce_wheel.sh. They need maturin
# and zig in PATH.

steps=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/wheel.py

# package_version FILE: prints the version in a Cargo.toml.
package_version() {
    sed -n 's/^version = "\(.*\)"/\1/p' "$1" | head -n 1
}

# has_target TARGET: whether Rust has its standard library for TARGET. Asks rustup for it if not.
has_target() {
    compgen -G "$(rustc --print target-libdir --target "$1")/libstd-*" > /dev/null ||
        rustup target add "$1" > /dev/null 2>&1
}

# build_sdist TREE OUTPUT WORK: builds the sdist of the source tree TREE into the folder OUTPUT.
# WORK is a folder for a copy of the tree. DESCRIPTION.md in this copy has no links to other files.
build_sdist() {
    local tree=$1 output=$2 work=$3
    rm -rf "$work"
    mkdir -p "$work" "$output"
    tar -C "$tree" -c --exclude-vcs --exclude=./target --exclude=./dist --exclude=./.venv --exclude=./.tools \
        --exclude=__pycache__ --exclude='*.so' --exclude='.*_cache' --exclude=node_modules . | tar -C "$work" -x
    rm "$work/python/DESCRIPTION.md"
    (cd "$tree" && python "$steps" describe python/README.md python) > "$work/python/DESCRIPTION.md"
    # pyproject.toml names this file, so that the sdist and the wheels contain it.
    "$tree/packaging/third_party.sh" "$work/python/THIRD-PARTY.txt"
    # The crate of the core does not contain this folder. pyproject.toml adds it to the sdist.
    cp -r "$tree/.cargo" "$work/python/"
    (cd "$work" && maturin sdist --manifest-path python/Cargo.toml --out "$output") > "$work.log" 2>&1 || {
        cat "$work.log"
        return 1
    }
}

# unpack_sdist SDIST FOLDER: replaces FOLDER by the content of SDIST. The files of each sdist have
# the same time. They get the current time here, so that cargo compiles them again.
unpack_sdist() {
    rm -rf "$2"
    mkdir -p "$2"
    tar -xmzf "$1" -C "$2" --strip-components=1
}

# build_wheel SOURCE TARGET OUTPUT WORK: builds the wheel for TARGET into the folder OUTPUT. SOURCE
# is an unpacked sdist. WORK is the target folder of cargo.
build_wheel() {
    local source=$1 target=$2 output=$3 work=$4 tag=musllinux_1_2 flags
    if [[ $target == *-gnu ]]; then tag=manylinux_2_17; fi
    # Without these flags, the module contains paths of this machine.
    flags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    flags+=$'\x1f'"--remap-path-prefix=$source=/source"
    flags+=$'\x1f'"--remap-path-prefix=$work=/build"
    # Rust cannot link a shared library with a static musl. The module is a shared library.
    if [[ $target == *-musl ]]; then flags+=$'\x1f-C\x1ftarget-feature=-crt-static'; fi
    rm -rf "$work/dist"
    # SOURCE_DATE_EPOCH is the time of the files in the wheel, here 2025-01-01.
    (
        cd "$source" && env CARGO_ENCODED_RUSTFLAGS="$flags" CARGO_TARGET_DIR="$work" \
            SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1735689600}" maturin build --quiet --zig --release \
            --locked --target "$target" --compatibility "$tag" --out "$work/dist"
    ) || return 1
    python "$steps" normalize "$work/dist"/*.whl "$source" || return 1
    mv "$work/dist"/*.whl "$output/"
}
