#!/usr/bin/env bash
# deb.sh DIST: installs the packages of DIST/deb/ in a new Debian system and verifies a token there:
# in C, with the command and in Python. The system has no Rust.
#
# As root, with access to the mirror that apt uses, the system is made by debootstrap. Otherwise the
# packages are unpacked into an empty folder, and the programs of this machine use them.
#
# From the package to the verified token it takes at most ten commands and SECONDS_LIMIT seconds
# (default: 60; a busy machine needs more). Making the system and downloading the packages of Debian
# are not counted.
#
# Needs deb/*.deb: make dist-deb
set -euo pipefail
[[ $# == 1 ]] || { echo "usage: $0 DIST" >&2; exit 2; }
dist=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
fail() { echo "$0: $*" >&2; exit 1; }
# shellcheck source=packaging/tests/install_line.sh
. packaging/tests/install_line.sh
debs=("$dist"/deb/*.deb)
for deb in "${debs[@]}"; do
    [[ $(dpkg-deb -c "$deb") == */THIRD-PARTY.txt* ]] || fail "$deb lacks the licences of the crates"
done
verify=packaging/debian/tests/verify
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
log=$work/log

# make_system: makes a Debian system in $root with the release and the mirror of this machine.
make_system() {
    local suite mirror
    [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null || return 1
    tests/support/need.sh debootstrap "apt-get install debootstrap" || return 1
    # shellcheck source=/dev/null
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v suite="$suite" '$2 == suite { print $1; exit }')
    [[ -n $suite && -n $mirror ]] || return 1
    echo "making a Debian system: $suite from $mirror"
    debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$log" 2>&1 || { tail -n 3 "$log"; return 1; }
    inside apt-get update > "$log" 2>&1 || return 1
    # Downloaded now, because the speed of the mirror is not measured.
    inside apt-get install -y --no-install-recommends --download-only gcc libc6-dev pkg-config python3 > "$log" 2>&1
}
inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root \
        ${http_proxy:+"http_proxy=$http_proxy"} chroot "$root" "$@"
}

if make_system; then
    mkdir -p "$root/packages" "$root/source/bindings/c"
    cp "${debs[@]}" "$root/packages/"
    # The token and the program. The package of the headers contains the program too.
    cp -r bindings/c/examples "$root/source/bindings/c/"
    install -D "$verify" "$root/source/$verify"
    mkdir "$root/source/tests"
    cp -r tests/data "$root/source/tests/"
    ! inside sh -c 'command -v rustc cargo cc python3' || fail "the system is not empty"
    start=$EPOCHREALTIME
    echo 'APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";' > "$root/etc/apt/apt.conf.d/answers"
    inside sh -c "cd /packages && $(install_line "C, C++, command: Debian, Ubuntu")" > "$log" 2>&1 ||
        { tail -n 20 "$log"; fail "apt-get cannot install the packages"; }
    inside apt-get install gcc libc6-dev pkg-config > "$log" 2>&1
    inside sh -c "cd /source && AUTOPKGTEST_TMP=/tmp sh $verify" || fail "the installed packages do not verify the token"
    end=$EPOCHREALTIME
    cmp "$root/usr/share/doc/libbouncer-verify-dev/examples/verify.c" bindings/c/examples/verify.c
    # Removing the packages leaves no file.
    inside sh -c 'apt-get purge -y "*bouncer-verify*"' > "$log" 2>&1 || { tail -n 20 "$log"; fail "apt-get cannot remove the packages"; }
    left=$(find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -iname '*bouncer*verify*')
    [[ -z $left ]] || fail "files are left after the packages are removed: $left"
    how="in a new Debian system"
else
    echo "no Debian system can be made: the packages are unpacked instead"
    mkdir -p "$root"
    start=$EPOCHREALTIME
    for deb in "${debs[@]}"; do dpkg-deb -x "$deb" "$root"; done
    lib=$(dirname "$(find "$root/usr/lib" -name libbouncer_verify.a)")
    env -i PATH="$root/usr/bin:/usr/bin:/bin" LD_LIBRARY_PATH="$lib" PYTHONPATH="$root/usr/lib/python3/dist-packages" \
        PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$lib/pkgconfig" \
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 AUTOPKGTEST_TMP="$work" \
        sh "$verify" || fail "the packages do not verify the token"
    end=$EPOCHREALTIME
    how="unpacked into an empty folder"
fi
seconds=$(( (${end/./} - ${start/./}) / 1000000 ))
(( seconds <= ${SECONDS_LIMIT:-60} )) || fail "installing and verifying took $seconds s"
echo "Debian packages, $how: verified in C, with the command and in Python after $seconds s"
