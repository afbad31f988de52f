#!/usr/bin/env bash
# rpm.sh DIST: builds the RPM packages and the source RPM into DIST/rpm/, from the two archives that
# source.sh wrote to DIST.
#
# On Fedora, RHEL and openSUSE, rpmbuild first checks that the packages of BuildRequires are
# installed. On Debian it cannot: the tools come from packages that rpm does not know.
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 DIST" >&2; exit 2; }
dist=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
source=$dist/bouncer_verify-$version
fail() { echo "$0: $*" >&2; exit 1; }

tests/support/need.sh rpmbuild "apt-get install rpm" || exit $(( $? == 77 ? 0 : 1 ))
[[ -e $source.tar.gz && -e $source-vendor.tar.xz ]] || fail "$source.tar.gz and -vendor.tar.xz are missing: make dist-source"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/SOURCES"
ln -s "$source.tar.gz" "$source-vendor.tar.xz" "$work/SOURCES/"
# The spec of the archive, like all other sources.
spec=bouncer-verify.spec
tar -xzf "$source.tar.gz" -C "$work" --strip-components=3 "bouncer_verify-$version/packaging/rpm/$spec"
chmod 644 "$work/$spec"
written=$(sed -n 's/^Version: *//p' "$work/$spec")
[[ $written == "$version" ]] || fail "packaging/rpm/$spec has version $written, Cargo.toml has $version"
options=()
[[ ! -e /etc/debian_version ]] || options+=(--nodeps)
rpmbuild -ba --quiet "${options[@]}" --define "_topdir $work" "$work/$spec"

rm -rf "$dist/rpm"
mkdir -p "$dist/rpm/source"
cp "$work"/RPMS/*/*.rpm "$dist/rpm/"
# In a folder of its own, so that the pattern of the README does not match it.
cp "$work"/SRPMS/*.rpm "$dist/rpm/source/"
if command -v rpmlint > /dev/null; then
    rpmlint --config packaging/rpm/rpmlint.toml packaging/rpm/$spec "$dist"/rpm/*.rpm "$dist"/rpm/source/*.rpm
fi
(cd "$dist/rpm" && stat -c '%s %n' -- *.rpm source/*.rpm)
