#!/usr/bin/env bash
# Checks that the build of the shared library is reproducible:
#
#     reproduce.sh [CARGO OPTIONS]
#
# Builds the last commit twice. The folders of the source, of the output and of cargo differ. The
# two libraries must be the same to the byte. Otherwise prints the differences and exits with 1. The
# environment variable CARGO selects another cargo, such as cargo-zigbuild. TMPDIR needs 2 GB.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Both builds use this commit, even if another one is made in the meantime.
commit=$(git -C "$root" rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The source in one folder, with the output beside the source.
first=$work/first
mkdir "$first"
# The source in a folder of another depth, with the output and the crates elsewhere.
second="$work/the second/folder"
mkdir -p "$second" "$work/cargo"
# The copy has the downloaded crates, so that nothing is downloaded again. cargo unpacks them.
mkdir "$work/cargo/registry"
for folder in index cache; do
    cp -a "$cargo_home/registry/$folder" "$work/cargo/registry/"
done
for file in config config.toml; do
    [ ! -e "$cargo_home/$file" ] || cp "$cargo_home/$file" "$work/cargo/"
done

build() { # SOURCE TARGET CARGO_HOME [CARGO OPTIONS]
    (
        git -C "$root" archive "$commit" | tar -x -C "$1"
        cd "$1"
        export CARGO_TARGET_DIR=$2 CARGO_HOME=$3
        # shellcheck source=packaging/reproducible.sh
        . packaging/reproducible.sh
        bindings/c/build.sh shared --quiet --release --locked "${@:4}"
    )
    find "$2" -name libbouncer_verify.so -path '*/release/libbouncer_verify.so' -exec cp {} "$work/$(basename "$2").so" \;
    # The disk needs room for only one build.
    rm -rf "$2"
}
build "$first" "$first/target" "$cargo_home" "$@"
build "$second" "$work/output" "$work/cargo" "$@"

sha256sum "$work/target.so" "$work/output.so" | sed "s|$work/||"
if ! cmp "$work/target.so" "$work/output.so"; then
    echo "the two builds differ; strings that only one of them contains:"
    diff <(strings -n 8 "$work/target.so" | sort -u) <(strings -n 8 "$work/output.so" | sort -u) | cut -c 1-200 | head -n 40 || true
    exit 1
fi
if strings -n 6 "$work/output.so" | grep -F -e "$work" -e "$HOME/"; then
    echo "the library contains paths of the machine that built it"
    exit 1
fi
echo "reproducible: two builds in different folders are the same to the byte"
