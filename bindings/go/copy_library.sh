#!/bin/sh
# Copies the object file of a static library into the Go module, whose package staticlib links it:
#
#     copy_library.sh ARCHIVE [MODULE]    MODULE is the folder of the module; default: this folder
#
# bindings/c/build.sh builds ARCHIVE, libbouncer_verify.a, for x86-64 or aarch64.
set -eu

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
archive=$1
folder=${2:-$(cd "$(dirname "$0")" && pwd)}/internal/staticlib
fail() { echo "error: $archive: $*" >&2; exit 1; }

[ "$(ar t "$archive" | wc -l)" -eq 1 ] || fail "has more than one object file: build it with bindings/c/build.sh"
object=$(mktemp "$folder/.object.XXXXXX")
trap 'rm -f "$object"' EXIT
ar p "$archive" >"$object"
# The field e_machine of the ELF header.
machine=$(od -An -tx1 -j18 -N2 "$object" | tr -d ' ')
case $machine in
3e00) processor=amd64 ;;
b700) processor=arm64 ;;
*) fail "is for another processor than x86-64 and aarch64" ;;
esac
chmod 644 "$object"
mv -f "$object" "$folder/libbouncer_verify_linux_$processor.syso"
