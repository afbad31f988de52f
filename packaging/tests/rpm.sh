#!/usr/bin/env bash
# rpm.sh DIST: installs the RPM packages of DIST/rpm/ into an empty folder with a package database
# of its own, and verifies a token there: in C and with the command.
#
# The folder contains nothing else, so rpm does not check the dependencies on the C library. A
# second check reads the dependencies between the packages. The programs of this machine build and
# run the example.
#
# From the package to the verified token it takes at most SECONDS_LIMIT seconds (default: 60).
#
# Needs rpm/*.rpm: make dist-rpm
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 DIST" >&2; exit 2; }
dist=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
fail() { echo "$0: $*" >&2; exit 1; }
# shellcheck source=packaging/tests/install_line.sh
. packaging/tests/install_line.sh
tests/support/need.sh rpm "apt-get install rpm" || exit
tests/support/need.sh pkg-config "apt-get install pkg-config" || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mapfile -t rpms < <(find "$dist/rpm" -name '*.rpm' ! -name '*.src.rpm')

# ---- dependencies

# The command needs no library of this project. The headers need the shared library of the same
# version, and the shared library offers its SONAME.
abi=$(sed -n 's/^#define BOUNCER_ABI_VERSION //p' include/bouncer_verify.h)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for rpm in "${rpms[@]}"; do
    name=$(rpm -qp --nodigest --nosignature --queryformat '%{NAME}' "$rpm")
    [[ $(rpm -qpl --nodigest --nosignature "$rpm") == */THIRD-PARTY.txt* ]] || fail "$name lacks the licences of the crates"
    requires=$(rpm -qp --requires "$rpm") provides=$(rpm -qp --provides "$rpm")
    case $name in
    bouncer-verify) [[ $requires != *libbouncer* ]] ;;
    libbouncer-verify"$abi") [[ $provides == *"libbouncer_verify.so.$abi()"* && $requires == *libc.so.6* ]] ;;
    libbouncer-verify-devel) [[ $requires == *"libbouncer-verify$abi"*" = $version-"* ]] ;;
    *) fail "an unknown package: $name" ;;
    esac || fail "$name has other dependencies: requires $requires, provides $provides"
done

# ---- from the packages to the token

mkdir "$root"
start=$EPOCHREALTIME
# ldconfig of this machine cannot run in the folder.
options="--root $root --dbpath /rpmdb --nodeps --noscripts --nodigest --nosignature"
mkdir "$work/packages"
cp "${rpms[@]}" "$work/packages/"
line=$(install_line "C, C++, command: Fedora, RHEL, SUSE")
(cd "$work/packages" && eval "${line/rpm /rpm $options }") 2> "$work/log" || { cat "$work/log"; fail "rpm cannot install the packages"; }
lib=$(dirname "$(find "$root/usr" -name libbouncer_verify.a)")
keys=$PWD/tests/data/document_jwks.json token=$PWD/tests/data/document_token.txt time=1467985465
example=$(find "$root/usr/share/doc" -name verify.c)
clean=(env -i PATH="$root/usr/bin:/usr/bin:/bin" LD_LIBRARY_PATH="$lib" PKG_CONFIG_SYSROOT_DIR="$root"
    PKG_CONFIG_LIBDIR="$lib/pkgconfig" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1)
read -ra flags < <("${clean[@]}" pkg-config --cflags --libs bouncer_verify)
"${clean[@]}" cc "$example" -o "$work/verify" "${flags[@]}"
[[ $("${clean[@]}" "$work/verify" "$keys" "$token" $time) == "uid peter" ]] || fail "the C program does not accept the token"
printed=$("${clean[@]}" bouncer-verify verify --jwks "$keys" --profile dcos --time $time "@$token")
[[ $printed == valid* ]] || fail "the command does not accept the token"
end=$EPOCHREALTIME
seconds=$(( (${end/./} - ${start/./}) / 1000000 ))
(( seconds <= ${SECONDS_LIMIT:-60} )) || fail "installing and verifying took $seconds s"
echo "RPM packages, in an empty folder: verified in C and with the command after $seconds s"
