#!/usr/bin/env bash
# run_tests.sh LIBDIR PYTHON GO: tests each language with a real identity provider on loopback, the
# npm package oidc-provider. The keys are found through discovery. The tokens are verified before
# and after a key rotation.
#
# LIBDIR contains the release build of the library and the command. PYTHON is a Python interpreter
# that can import bouncer_verify. GO is the go command.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
libdir=$(cd "$1" && pwd) python=$2 go=$3
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

[[ -d $here/node_modules/oidc-provider ]] || (cd "$here" && npm ci --no-audit --no-fund --silent)

flags=(-O1 -Wall -Wextra -Werror "-I$root/include" "-I$root/bindings/cpp/include")
link=("-L$libdir" -lbouncer_verify "-Wl,-rpath,$libdir")
cc -std=c99 "${flags[@]}" "$here/verify.c" -o "$build/verify_c" "${link[@]}"
c++ -std=c++17 "${flags[@]}" "$here/verify.cpp" -o "$build/verify_cpp" "${link[@]}"
programs=(C "$build/verify_c" C++ "$build/verify_cpp" command "$here/verify.sh $libdir/bouncer-verify" Python "$python $here/verify.py")
mkdir "$build/go"
cp "$here/verify.go" "$build/go/main.go"
printf 'module verify\n\ngo 1.24\n\nrequire bouncer-verify.internal/bouncer v0.0.0\n\nreplace bouncer-verify.internal/bouncer => %s\n' "$root/bindings/go" > "$build/go/go.mod"
"$root/bindings/go/copy_library.sh" "$libdir/libbouncer_verify.a"
"$go" build -C "$build/go" -o "$build/verify_go" .
programs+=(Go "$build/verify_go")

node "$here/drive.mjs" "$libdir/bouncer-verify" "${programs[@]}"
