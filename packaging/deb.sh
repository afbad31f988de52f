#!/usr/bin/env bash
# deb.sh DIST: builds the Debian packages and the source package into DIST/deb/, from the two
# archives that source.sh wrote to DIST.
#
# It needs Debian 12 or later with the packages of Build-Depends in packaging/debian/control. As
# root it installs them. The build uses Debian's own compiler and no network.
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 DIST" >&2; exit 2; }
dist=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
source=$dist/bouncer_verify-$version
fail() { echo "$0: $*" >&2; exit 1; }

tests/support/need.sh dpkg-buildpackage "apt-get install dpkg-dev debhelper" || exit $(( $? == 77 ? 0 : 1 ))
[[ -e $source.tar.gz && -e $source-vendor.tar.xz ]] || fail "$source.tar.gz and -vendor.tar.xz are missing: make dist-source"
packaging/symbols.sh --check
written=$(dpkg-parsechangelog --file packaging/debian/changelog --show-field Version)
[[ ${written%-*} == "$version" ]] || fail "packaging/debian/changelog has version $written, Cargo.toml has $version"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source.tar.gz" "$work/bouncer-verify_$version.orig.tar.gz"
cp "$source-vendor.tar.xz" "$work/bouncer-verify_$version.orig-vendor.tar.xz"
tree=$work/bouncer-verify-$version
mkdir -p "$tree"
tar -xzf "$source.tar.gz" -C "$tree" --strip-components=1
tar -xf "$source-vendor.tar.xz" -C "$tree"
cp -r "$tree/packaging/debian" "$tree/debian"

cd "$tree"
# Crates that are not for "MIT or Apache-2.0" have their own entry in the list of licences.
for crate in vendor/*; do
    if grep -q '^{"files":{}' "$crate/.cargo-checksum.json"; then continue; fi
    licence=$(sed -n 's/^license = "\(.*\)"/\1/p' "$crate/Cargo.toml")
    [[ $licence == *MIT*Apache-2.0* || $licence == *Apache-2.0*MIT* ]] && [[ $licence != *" AND "* ]] ||
        grep -qE "^(Files:)? vendor/$(basename "${crate%%-[0-9]*}")-\*$" debian/copyright ||
        fail "packaging/debian/copyright lacks $(basename "$crate"): $licence"
done
if ! missing=$(dpkg-checkbuilddeps 2>&1); then
    if [[ $(id -u) == 0 ]]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get build-dep -qq -y "$tree" > /dev/null
    else
        echo "SKIPPED: $missing: apt-get build-dep $(basename "$tree"), as root"
        [[ ${CI:-} != true ]] || exit 1
        exit 0
    fi
fi
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-parallel=$(nproc)}" dpkg-buildpackage -us -uc

mkdir -p "$dist/deb"
rm -f "$dist"/deb/*
cp "$work"/*.{deb,dsc,changes,buildinfo} "$work"/*.orig*.tar.* "$work"/*.debian.tar.xz "$dist/deb/"
if command -v lintian > /dev/null; then
    lintian --allow-root --fail-on error "$dist"/deb/*.changes
fi
(cd "$dist/deb" && stat -c '%s %n' -- *.deb *.dsc)
