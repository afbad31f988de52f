#!/usr/bin/env bash
# Tests the Go package, linked dynamically and statically. Also tests it with the race detector and
# all checks of cgo, with a fuzzer, and with a library of another ABI version. Builds and runs
# another module that uses the package.
#
#     ./run_tests.sh LIBDIR      LIBDIR contains libbouncer_verify.so and libbouncer_verify.a
#
# Needs go (1.24 or later) and cc. If a tool is missing, the script prints how to get it and skips
# the test. With CI=true a skipped test is a failure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
cd "$here"
passed=0 failed=0 skipped=0

skip() {
	echo "SKIPPED: $1: $2"
	skipped=$((skipped + 1))
}

finish() {
	if [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then
		echo "$skipped skipped, which CI=true does not allow"
		failed=$((failed + skipped))
	fi
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

# check NAME COMMAND...: runs the command, and prints its output if it fails.
check() {
	name=$1
	shift
	begin=$SECONDS
	if "$@" >"$work/log" 2>&1; then
		echo "ok    $name ($((SECONDS - begin)) s)"
		passed=$((passed + 1))
		if grep -o 'SKIPPED: .*' "$work/log"; then skipped=$((skipped + 1)); fi
	else
		echo "FAIL  $name"
		grep -vE '^ *(=== |--- PASS|PASS)' "$work/log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

[ $# -eq 1 ] || { echo "usage: $0 LIBDIR" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v go >/dev/null || { skip "the Go package" "install go 1.24 or later and add it to PATH"; finish; }
case $(go env GOVERSION) in
go1.[0-9] | go1.[0-9].* | go1.1[0-9]* | go1.2[0-3]*) skip "the Go package" "install go 1.24 or later and add it to PATH"; finish ;;
esac
command -v "$(go env CC)" >/dev/null || { skip "the Go package" "install a C compiler, which cgo needs"; finish; }
libdir=$(cd "$1" 2>/dev/null && pwd) || { skip "the Go package" "build the library into $1"; finish; }

# The module needs only the standard library, so go must download nothing. Tests run with -count=1,
# because go does not see that the library changed and would take results from its cache.
export GOPROXY=off GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=1
unset GOEXPERIMENT GOGC || true

go_files_are_formatted() {
	unformatted=$("$(go env GOROOT)/bin/gofmt" -l .)
	echo "$unformatted"
	[ -z "$unformatted" ]
}
check "gofmt" go_files_are_formatted

# All builds use the same flags. With different flags, go would compile the cgo packages of its
# standard library again.
export CGO_LDFLAGS="-L$libdir"

# Make another module that uses the package as README.md describes. Its code is the first program of
# README.md.
consumer="$work/consumer"
mkdir "$consumer"
cat >"$consumer/go.mod" <<END
module consumer

go 1.24

require bouncer-verify.internal/bouncer v0.0.0

replace bouncer-verify.internal/bouncer => $here
END
cp examples/service/main.go "$consumer/"

cgo_is_required() {
	(cd "$consumer" && CGO_ENABLED=0 go build -o "$consumer/program") >"$work/cgo.log" 2>&1 && return 1
	cat "$work/cgo.log"
	[ "$(grep -c '^[^#]' "$work/cgo.log")" -eq 1 ] && grep -q 'undefined: this_package_needs_cgo' "$work/cgo.log"
}
check "without cgo the compiler reports that cgo is missing" cgo_is_required

# run_consumer FLAGS...: builds the other module with the flags and runs it. The library rejects the
# URL, so the program ends with an error.
run_consumer() {
	(cd "$consumer" && go build -o "$consumer/program" "$@" && ./program ftp://idp.example/ audience 2>&1 | tee /dev/stderr |
		grep -q https)
}

exports_no_symbols() {
	exported=$(nm -D --defined-only "$1" | grep -E 'bouncer_|rust_|aws_lc' || true)
	echo "$exported"
	[ -z "$exported" ]
}

needs_no_library() {
	! readelf -d "$1" | grep -F libbouncer_verify
}

another_abi_is_rejected() {
	printf '#include <stdint.h>\nuint32_t bouncer_abi_version(void) { return 1000; }\n' >"$work/abi.c"
	"$(go env CC)" -shared -fPIC -o "$work/abi.so" "$work/abi.c"
	go test -c -vet=off -o "$work/dynamic.test" .
	BOUNCER_TEST_WRONG_ABI=1 LD_PRELOAD="$work/abi.so" "$work/dynamic.test" -test.v -test.run TestEveryEntryPointChecksTheABI | tee "$work/abi.log"
	grep -q -- '--- PASS' "$work/abi.log"
}

another_abi_does_not_link() {
	mkdir "$work/other"
	objcopy --redefine-sym bouncer_abi_1=bouncer_abi_1000 "$libdir/libbouncer_verify.a" "$work/other/libbouncer_verify.a"
	(cd "$consumer" && CGO_LDFLAGS="-L$work/other" go build -o "$work/other/program" -tags bouncer_static 2>"$work/other/log") && return 1
	grep -q 'undefined reference to .bouncer_abi_1' "$work/other/log"
}

vendored() {
	(cd "$consumer" && GOFLAGS= go mod vendor) && CGO_CFLAGS="-I$include" GOFLAGS=-mod=vendor run_consumer
	status=$?
	rm -rf "$consumer/vendor"
	return "$status"
}

if [ -e "$libdir/libbouncer_verify.so" ]; then
	# Programs load libbouncer_verify.so.1. The build folder contains no file with this name.
	mkdir "$work/lib"
	ln -s "$libdir/libbouncer_verify.so" "$work/lib/libbouncer_verify.so.1"
	export LD_LIBRARY_PATH="$work/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
	check "go vet" go vet ./...
	check "the tests, linked dynamically" go test -v -count=1 -vet=off ./...
	check "a library of another ABI version is rejected" another_abi_is_rejected
	check "another module, linked dynamically" run_consumer
	check "the tests, with -race, cgocheck2 and GOGC=1" \
		env GOEXPERIMENT=cgocheck2 GOGC=1 go test -count=1 -vet=off -race ./...
	check "another module, vendored" vendored
	check "fuzzing for 5 seconds" go test -vet=off -run '^$' -fuzz FuzzVerify -fuzztime 5s .
else
	skip "dynamic linking" "build libbouncer_verify.so into $libdir"
fi

if [ -e "$libdir/libbouncer_verify.a" ]; then
	check "the tests, linked statically" go test -count=1 -vet=off -tags bouncer_static ./...
	check "another module, linked statically" run_consumer -tags bouncer_static
	if command -v nm >/dev/null && command -v readelf >/dev/null && command -v objcopy >/dev/null; then
		check "a static library of another ABI version does not link" another_abi_does_not_link
		check "a static program exports no symbol of the library" exports_no_symbols "$consumer/program"
		check "a static program needs no libbouncer_verify.so" needs_no_library "$consumer/program"
	else
		skip "the exports of a static program" "install binutils"
	fi
else
	skip "static linking" "build libbouncer_verify.a into $libdir"
fi

finish
