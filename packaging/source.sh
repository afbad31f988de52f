#!/usr/bin/env bash
# source.sh DIST: writes the two archives that every other package is built from.
#
#     DIST/bouncer_verify-VERSION.tar.gz           the tree of the commit HEAD
#     DIST/bouncer_verify-VERSION-vendor.tar.xz    the crates that Cargo.lock names
#
# The same commit and the same Cargo.lock give the same two files, byte for byte. So anybody can
# check them.
#
# A build without network access uses both:
#
#     tar -xf bouncer_verify-VERSION.tar.gz
#     cd bouncer_verify-VERSION
#     tar -xf ../bouncer_verify-VERSION-vendor.tar.xz
#     export CARGO_HOME=$PWD/vendor/.cargo-home CARGO_NET_OFFLINE=true
#     make install PREFIX=/usr
#
# CARGO_HOME has the settings that make cargo read the crates from vendor/. They are not in
# .cargo/config.toml of the tree, which has settings that every build needs.
#
# The crates that no Linux build needs are stubs: their manifest and an empty library. These are the
# crates for Windows and those that only the tests use. cargo reads the manifests to check
# Cargo.lock. Without the sources the archive has a third of the size.
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 DIST" >&2; exit 2; }
mkdir -p "$1"
dist=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=bouncer_verify-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- the tree

git rev-parse --quiet --verify HEAD > /dev/null || { echo "$0: this tree is not a git repository" >&2; exit 1; }
if [[ -n $(git status --porcelain) ]]; then
    echo "warning: the source archive contains the commit HEAD, without the uncommitted changes" >&2
fi
git archive --format=tar --prefix="$name/" HEAD | gzip -9 -n > "$work/source"
# git archive takes the files of the commit, and so do the versions and the crates.
mkdir "$work/tree"
tar -xzf "$work/source" -C "$work/tree" --strip-components=1
cd "$work/tree"

# ---- the crates

cargo vendor --locked --quiet --versioned-dirs "$work/vendor" > /dev/null
# The processors differ in a few crates, such as those for CPU features.
for target in {x86_64,aarch64,i686,riscv64gc}-unknown-linux-gnu {x86_64,aarch64}-unknown-linux-musl; do
    cargo tree --locked --quiet --workspace --edges normal,build --features capi,cli,rust-crypto --target "$target" \
        --prefix none --format '{p}'
done | sed -n 's/^\([^ ]*\) v\([^ ]*\).*/\1-\2/p' | sort -u > "$work/needed"
for crate in "$work"/vendor/*; do
    folder=${crate##*/}
    if grep -qxF "$folder" "$work/needed"; then continue; fi
    checksum=$(sed -n 's/.*"package":"\([0-9a-f]\{64\}\)".*/\1/p' "$crate/.cargo-checksum.json")
    [[ -n $checksum ]] || { echo "$0: $folder has no checksum" >&2; exit 1; }
    find "$crate" -mindepth 1 ! -path "$crate/Cargo.toml" ! -name '.cargo-checksum.json' -delete
    mkdir "$crate/src"
    : > "$crate/src/lib.rs"
    printf '{"files":{},"package":"%s"}' "$checksum" > "$crate/.cargo-checksum.json"
done
# The path is relative to the folder above CARGO_HOME's configuration file.
mkdir "$work/vendor/.cargo-home"
cat > "$work/vendor/.cargo-home/config.toml" <<'TOML'
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "../vendor"
TOML

# The time of the commit, a fixed owner and sorted names make the archive reproducible. xz gives
# the same result for one thread on every machine.
tar --sort=name --mtime="@$(git -C "$OLDPWD" log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner --mode=u+w,go=rX \
    --format=gnu -C "$work" -cf - vendor | xz -T1 -4 > "$work/crates"

mv "$work/source" "$dist/$name.tar.gz"
mv "$work/crates" "$dist/$name-vendor.tar.xz"
chmod 644 "$dist/$name.tar.gz" "$dist/$name-vendor.tar.xz"
stat -c "%s %n" "$dist/$name.tar.gz" "$dist/$name-vendor.tar.xz"
