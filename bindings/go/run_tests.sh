#!/usr/bin/env bash
# Tests the Go package, linked with the static library of the module and with the system's shared
# library. Also tests it with the race detector and all checks of cgo, with a fuzzer, and with a
# library of another ABI version. Builds and runs another module that uses the package, from the
# checkout, from a module proxy, and vendored.
#
#     ./run_tests.sh LIBDIR      LIBDIR contains libbouncer_verify.so and libbouncer_verify.a
#
# Copies the static library of LIBDIR into the module.
#
# Needs go (1.24 or later) and cc. If a tool is missing, the script prints how to get it and skips
# the test. With CI=true a skipped test is a failure.
#
# shellcheck disable=SC2317 # the function `check` calls the other functions
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
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
for tool in ar nm objcopy readelf; do
	command -v "$tool" >/dev/null || { skip "the Go package" "install binutils"; finish; }
done
[ -e "$1/libbouncer_verify.a" ] || { skip "the Go package" "build libbouncer_verify.a into $1"; finish; }
libdir=$(cd "$1" && pwd)

# The module needs only the standard library, so go must download nothing. Tests run with -count=1,
# because go does not see that the library changed and would take results from its cache.
export GOPROXY=off GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=1
# No variable may help to find a library or a header.
unset GOEXPERIMENT GOGC CGO_CFLAGS CGO_LDFLAGS LIBRARY_PATH LD_LIBRARY_PATH CPATH C_INCLUDE_PATH || true

./copy_library.sh "$libdir/libbouncer_verify.a"

go_files_are_formatted() {
	unformatted=$("$(go env GOROOT)/bin/gofmt" -l .)
	echo "$unformatted"
	[ -z "$unformatted" ]
}
check "gofmt" go_files_are_formatted

# make_consumer FOLDER [REPLACEMENT]: makes another module, whose code is the first program of
# README.md. REPLACEMENT is the folder of the package, in the checkout or a copy.
make_consumer() {
	mkdir -p "$1"
	printf 'module consumer\n\ngo 1.24\n' >"$1/go.mod"
	cp examples/service/main.go "$1/"
	if [ $# -eq 2 ]; then
		(cd "$1" && go mod edit "-require=$module@v0.0.0" "-replace=$module=$2")
	fi
}
module=$(go list -m)
consumer="$work/consumer"
make_consumer "$consumer" "$here"

# run_consumer FOLDER FLAGS...: builds the other module with the flags and runs it. The library
# rejects the URL, so the program ends with an error.
run_consumer() {
	folder=$1
	shift
	(cd "$folder" && go build -o program "$@" && ./program ftp://idp.example/ audience 2>&1 | tee /dev/stderr |
		grep -q https)
}

# reports MESSAGE COMMAND...: the command fails with one error, which contains the message.
reports() {
	message=$1
	shift
	"$@" >"$work/errors" 2>&1 && return 1
	cat "$work/errors"
	[ "$(grep -cE '(error|undefined):' "$work/errors")" -eq 1 ] && grep -qE -e "$message" "$work/errors"
}

cgo_is_required() {
	(cd "$consumer" && CGO_ENABLED=0 reports 'undefined: this_package_needs_cgo' go build -o program)
}
check "without cgo the compiler reports that cgo is missing" cgo_is_required

# The module as in a checkout without a build.
empty="$work/empty"
mkdir "$empty"
cp -R ./*.go go.mod internal "$empty/"
rm -f "$empty"/internal/staticlib/*.syso
make_consumer "$work/without" "$empty"
missing_library_is_reported() {
	(cd "$work/without" && reports 'run .make lib. .* -tags bouncer_system' go build -o program)
}
check "without a static library the compiler reports the remedy" missing_library_is_reported

# Runs only cgo, because the headers of that platform may be missing.
other_platform_is_reported() {
	(cd internal/staticlib && GOARCH=386 CC="$(go env CC) -m32" \
		reports 'platform: .* -tags bouncer_system' go tool cgo -objdir "$work/cgo" -- -I. staticlib.go)
}
case $(uname -m) in
x86_64) check "on another platform the compiler reports the remedy" other_platform_is_reported ;;
esac

other_libc_is_reported() {
	(cd "$consumer" && CC=musl-gcc reports 'needs glibc: .* -tags bouncer_system' go build -o program)
}
if "$root/tests/support/need.sh" musl-gcc "apt-get install musl-tools"; then
	check "with musl the compiler reports the remedy" other_libc_is_reported
else
	skipped=$((skipped + 1))
fi

exports_no_symbols() {
	exported=$(nm -D --defined-only "$1" | grep -E 'bouncer_|rust_|aws_lc' || true)
	echo "$exported"
	[ -z "$exported" ]
}

needs_no_library() {
	! readelf -d "$1" | grep -F libbouncer_verify
}

another_abi_does_not_link() {
	mkdir "$work/other"
	cp -R "$empty" "$work/other/module"
	objcopy --redefine-sym bouncer_abi_1=bouncer_abi_1000 "$libdir/libbouncer_verify.a" "$work/other/libbouncer_verify.a"
	./copy_library.sh "$work/other/libbouncer_verify.a" "$work/other/module"
	make_consumer "$work/other/consumer" "$work/other/module"
	(cd "$work/other/consumer" && go build -o program 2>"$work/other/log") && return 1
	grep -q 'undefined reference to .bouncer_abi_1' "$work/other/log"
}

# The go command must see that the library has changed.
new_library_is_linked() {
	cp -R "$empty" "$work/changed"
	./copy_library.sh "$libdir/libbouncer_verify.a" "$work/changed"
	make_consumer "$work/changed/consumer" "$work/changed"
	run_consumer "$work/changed/consumer" && cp "$work/changed/consumer/program" "$work/changed/program" &&
		objcopy --strip-unneeded "$work/changed/internal/staticlib"/*.syso &&
		run_consumer "$work/changed/consumer" && ! cmp "$work/changed/consumer/program" "$work/changed/program"
}

# After dlclose() unmaps the library, the next thread that ends would crash.
plugin_stays_loaded() {
	(cd "$consumer" && go build -buildmode=c-shared -o plugin.so) && readelf -d "$consumer/plugin.so" | grep NODELETE
}

# vendored FOLDER: vendors the module, and builds without a module cache.
vendored() {
	(cd "$1" && GOFLAGS='' go mod vendor) && GOFLAGS=-mod=vendor GOPROXY=off GOMODCACHE="$work/none" run_consumer "$1"
	status=$?
	rm -rf "$1/vendor"
	return "$status"
}

two_runs_make_the_same_module() {
	"$root/packaging/go.sh" "$work/dist" "$libdir/libbouncer_verify.a" &&
		"$root/packaging/go.sh" "$work/again" "$libdir/libbouncer_verify.a" && diff -r "$work/dist" "$work/again"
}

# from_proxy: builds with an empty module cache, as a user of a released module does.
from_proxy() {
	make_consumer "$work/proxy"
	(
		export GOPROXY="file://$work/dist/go" GONOSUMDB="${module%%/*}" GOMODCACHE="$work/modules" GOFLAGS=-modcacherw
		(cd "$work/proxy" && go get "$module" && grep "^require $module v" go.mod) && run_consumer "$work/proxy" &&
			vendored "$work/proxy"
	)
}

check "go vet" go vet ./...
check "the tests" go test -v -count=1 -vet=off ./...
check "the tests, with -race, cgocheck2 and GOGC=1" \
	env GOEXPERIMENT=cgocheck2 GOGC=1 go test -count=1 -vet=off -race ./...
check "fuzzing for 5 seconds" go test -vet=off -run '^$' -fuzz FuzzVerify -fuzztime 5s .
check "another module" run_consumer "$consumer"
check "a program exports no symbol of the library" exports_no_symbols "$consumer/program"
check "a program needs no libbouncer_verify.so" needs_no_library "$consumer/program"
check "another module, linked with -static" run_consumer "$consumer" -ldflags "-extldflags -static"
check "another module, vendored" vendored "$consumer"
check "packaging/go.sh makes the same module twice" two_runs_make_the_same_module
check "another module, from a module proxy" from_proxy
check "a new static library is linked" new_library_is_linked
check "a static library of another ABI version does not link" another_abi_does_not_link
check "a plugin stays loaded" plugin_stays_loaded

needs_the_shared_library() {
	CGO_LDFLAGS="-L$work/lib" run_consumer "$consumer" -tags bouncer_system && readelf -d "$consumer/program" |
		grep -F libbouncer_verify.so.
}

another_abi_is_rejected() {
	printf '#include <stdint.h>\nuint32_t bouncer_abi_version(void) { return 1000; }\n' >"$work/abi.c"
	"$(go env CC)" -shared -fPIC -o "$work/abi.so" "$work/abi.c" &&
		go test -c -vet=off -tags bouncer_system -o "$work/dynamic.test" . || return 1
	BOUNCER_TEST_WRONG_ABI=1 LD_PRELOAD="$work/abi.so" "$work/dynamic.test" -test.v -test.run TestEveryEntryPointChecksTheABI | tee "$work/abi.log"
	grep -q -- '--- PASS' "$work/abi.log"
}

if [ -e "$libdir/libbouncer_verify.so" ]; then
	# Programs load libbouncer_verify.so.1. The build folder contains no file with this name.
	mkdir "$work/lib"
	ln -s "$libdir/libbouncer_verify.so" "$work/lib/libbouncer_verify.so"
	ln -s "$libdir/libbouncer_verify.so" "$work/lib/libbouncer_verify.so.1"
	export LD_LIBRARY_PATH="$work/lib"
	# With -L in CGO_LDFLAGS, go would compile its standard library again.
	check "the tests, linked with the shared library" \
		env LIBRARY_PATH="$work/lib" go test -count=1 -vet=off -tags bouncer_system ./...
	export LIBRARY_PATH="$work/lib"
	check "a shared library of another ABI version is rejected" another_abi_is_rejected
	unset LIBRARY_PATH
	check "another module, linked with the shared library" needs_the_shared_library
else
	skip "the shared library" "build libbouncer_verify.so into $libdir"
fi

finish
