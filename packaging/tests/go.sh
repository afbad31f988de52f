#!/usr/bin/env bash
# Tests the Go module of a release:
#
#     go.sh DIST
#
# Runs the commands of bindings/go/README.md, and verifies the token of the DC/OS documentation. No
# other variable is set, and PATH contains only go and the C compiler. The program for arm64 is
# linked by a cross compiler and runs under qemu.
# Needs go: make dist-go
set -euo pipefail

[[ $# -eq 1 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
proxy=$(cd "$1/go" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; exit 1; }
# shellcheck source=packaging/tests/install_line.sh
. "$root/packaging/tests/install_line.sh"
# need PROGRAM REMEDY: without PROGRAM the test is skipped; with CI=true it fails.
need() { "$root/tests/support/need.sh" "$@" || exit; }
PATH=$root/.venv/bin:$PATH # go, if make has installed it
need go "install go 1.24 or later and add it to PATH"
need gcc "apt-get install gcc libc6-dev"

cache=$(go env GOCACHE)
mkdir "$work/bin" "$work/home"
ln -s "$(go env GOROOT)/bin/go" "$work/bin/go"
for tool in gcc as ld sh mkdir; do ln -s "$(command -v "$tool")" "$work/bin/$tool"; done
# The cache of the machine contains the compiled standard library.
clean() {
    env -i PATH="$work/bin" HOME="$work/home" GOCACHE="$cache" GOPROXY=off GOTOOLCHAIN=local GOFLAGS=-modcacherw "$@"
}

# The first commands of the README, with the folder of the release. They end in the folder "hello".
commands=$(awk '/^## Install/ { install = 1 } code && /^```/ { exit } code { print } install && /^```sh/ { code = 1 }' \
    "$root/bindings/go/README.md")
commands=${commands//\/opt\/bouncer_verify\/go/$proxy}
line=$(install_line "Go 1.24 or later")
[[ $commands == *"$proxy"*"go mod init"*"$line"* ]] || fail "bindings/go/README.md has other commands: $commands"
cat >"$work/main.go" <<'GO'
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"bouncer-verify.internal/bouncer"
)

func main() {
	document, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	keys, err := bouncer.LoadJWKS(document)
	if err != nil {
		log.Fatal(err)
	}
	policy := bouncer.Policy{Profile: "dcos"}
	if len(os.Args) > 3 {
		seconds, err := strconv.ParseInt(os.Args[3], 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		policy.Time = time.Unix(seconds, 0)
	}
	token, err := bouncer.VerifyToken(keys, policy, strings.TrimSpace(string(text)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bouncer.LibraryVersion(), token.UID())
}
GO
token=("$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt")
version=$(sed -n 's/^v//p' "$proxy/bouncer-verify.internal/bouncer/@v/list")

cd "$work"
clean sh -euc "$commands"
cp "$work/main.go" "$work/hello/"
cd "$work/hello"
# verify COMMAND...: the token is accepted one second before it expires, and rejected today.
verify() {
    local printed
    printed=$("$@" "${token[@]}" 1467985465)
    [[ $printed == "$version peter" ]] || fail "$* prints $printed"
    if "$@" "${token[@]}" 2>rejected; then fail "$* accepts an expired token"; fi
    grep -q expired rejected || fail "$* prints $(cat rejected)"
}
clean go build -o program .
verify env -i ./program
if readelf -d program | grep -F bouncer; then fail "the program needs an installed library"; fi


module=$work/home/go/pkg/mod/bouncer-verify.internal/bouncer@v$version
grep -q '^aws-lc-rs ' "$module/THIRD-PARTY.txt" || fail "the module does not contain the licences of its crates"
if [[ ! -e $module/internal/staticlib/libbouncer_verify_linux_arm64.syso ]]; then
    echo "SKIPPED: the module has no library for arm64: make dist-libraries dist-go"
    exit 77
fi
need aarch64-linux-gnu-gcc "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
need qemu-aarch64 "apt-get install qemu-user"
for tool in gcc as ld; do ln -s "$(command -v "aarch64-linux-gnu-$tool")" "$work/bin/aarch64-linux-gnu-$tool"; done
clean CGO_ENABLED=1 GOARCH=arm64 CC=aarch64-linux-gnu-gcc go build -o program_arm64 .
verify qemu-aarch64 -L /usr/aarch64-linux-gnu ./program_arm64
