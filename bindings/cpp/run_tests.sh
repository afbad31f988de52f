#!/usr/bin/env bash
# Tests the C++ binding with the library in a folder:
#
#     run_tests.sh FOLDER        with FOLDER/libbouncer_verify.so and FOLDER/libbouncer_verify.a
#
# Installs nothing and writes only to a temporary folder. If a tool is missing, its checks are
# skipped; with CI=true, a skipped check is a failure. The last line is "N passed, N failed".
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
given=$(cd "$1" && pwd)
for file in libbouncer_verify.so libbouncer_verify.a; do
    [ -e "$given/$file" ] || { echo "$0: there is no $given/$file" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib" "$work/log"
# Programs load the library by its SONAME, and a plain build has no file of that name.
cp "$given/libbouncer_verify.so" "$work/lib/libbouncer_verify.so.1"
ln -s libbouncer_verify.so.1 "$work/lib/libbouncer_verify.so"
ln -s "$given/libbouncer_verify.a" "$work/lib/libbouncer_verify.a"

includes=(-I"$root/include" -I"$here/include")
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all -g1)
shared=(-L"$work/lib" -lbouncer_verify "-Wl,-rpath,$work/lib" -pthread)
static=("$work/lib/libbouncer_verify.a" -pthread -ldl -lm)

# ---- running: as many checks in parallel as processors; each check writes to its own log file

processors=$(nproc)
count=0
skipped=0

# check NAME COMMAND...: runs COMMAND and records whether it succeeds.
check() {
    local name=$1 log
    shift
    count=$((count + 1))
    log=$work/log/$(printf %03d $count)
    while [ "$(jobs -rp | wc -l)" -ge "$processors" ]; do wait -n || true; done
    # The subshell is not a condition of `if` or `||`. In a condition, the shell would ignore
    # `set -e` and continue after a failed command.
    { set +e; (set -e; "$@") >"$log" 2>&1; [ $? -eq 0 ] || echo "$name" >"$log.failed"; } &
}

skip() {
    echo "SKIPPED: $1: $2"
    skipped=$((skipped + 1))
}

has() { command -v "$1" >/dev/null 2>&1; }

# ---- the checks

# compile COMPILER STANDARD OUTPUT ARGUMENTS...
compile() {
    local compiler=$1 standard=$2 output=$3
    shift 3
    "$compiler" "-std=c++$standard" "${warnings[@]}" "${includes[@]}" "-DTEST_DATA=\"$root/tests/data\"" "$@" -o "$output"
}

# run_test COMPILER STANDARD TEST ARGUMENTS...: runs a test under the sanitizers. C++17 links to the
# shared library, C++20 to the static one.
run_test() {
    local compiler=$1 standard=$2 test=$3 program link
    shift 3
    program=$work/$test-$compiler-$standard
    if [ "$standard" = 17 ]; then link=("${shared[@]}"); else link=("${static[@]}"); fi
    compile "$compiler" "$standard" "$program" "${sanitizers[@]}" "$here/tests/$test.cpp" "${link[@]}"
    nm "$program" | grep -q __asan_init || { echo "the sanitizer is not linked, so the run would prove nothing"; return 1; }
    "$program" "$@"
}

run_without_exceptions() {
    compile "$1" "$2" "$work/no_exceptions-$1-$2" -fno-exceptions -fno-rtti -O2 "$here/tests/no_exceptions.cpp" "${shared[@]}"
    "$work/no_exceptions-$1-$2"
}

# The second unit is compiled without exceptions, because one program may contain both kinds.
run_two_units() {
    compile "$1" "$2" "$work/two_units_b-$1-$2.o" -fno-exceptions -c "$here/tests/two_units_b.cpp"
    compile "$1" "$2" "$work/two_units-$1-$2" "$here/tests/two_units_a.cpp" "$work/two_units_b-$1-$2.o" "${shared[@]}"
    "$work/two_units-$1-$2"
}

# The first program of README.md links and runs. Without a header it prints a 401 error. If the
# issuer cannot be reached, it prints a 503 error.
run_readme_program() {
    local program=$work/hello-$1 token printed
    compile "$1" 17 "$program" "$work/readme/1.cpp" "${shared[@]}"
    printed=$("$program" http://127.0.0.1:1 orders 2>&1 || true)
    [[ $printed == "401 malformed_authorization: "* ]] || { echo "$printed"; return 1; }
    token=$(cat "$root/tests/data/document_token.txt")
    printed=$("$program" http://127.0.0.1:1 orders "Bearer $token" 2>&1 || true)
    [[ $printed == "503 keys_unavailable: "* ]] || { echo "$printed"; return 1; }
}

# The program of README.md for several issuers accepts and rejects tokens of two issuers.
run_readme_gateway() {
    local program=$work/gateway-$1 block
    block=$(grep -l from_config "$work"/readme/*.cpp)
    compile "$1" 17 "$program" "$here/tests/readme.cpp" "-DGATEWAY=\"$block\"" "-DDOCUMENT=\"$work/readme/1.json\"" \
        "${shared[@]}"
    "$program" "$program.json"
}

# Each header compiles alone, and the C header also compiles as C.
compile_headers_alone() {
    local header source
    for header in bouncer_verify.h $(cd "$here/include" && ls *.hpp bouncer/*.hpp); do
        source=$work/alone-$1-$2-${header/\//-}.cpp
        echo "#include <$header>" >"$source"
        compile "$1" "$2" /dev/null -fsyntax-only "$source"
        compile "$1" "$2" /dev/null -fsyntax-only -fno-exceptions "$source"
    done
    echo '#include <bouncer_verify.h>' | "$1" -x c -std=c11 "${warnings[@]}" "${includes[@]}" -fsyntax-only -
}

# Every status of the C header has an enumerator: BOUNCER_STATUS_NO_USABLE_KEY is
# Status::NoUsableKey.
compile_statuses() {
    {
        echo '#include <bouncer_verify.hpp>'
        sed -n 's/^ *\(BOUNCER_STATUS_[A-Z_]*\) = [0-9]*,$/\1/p' "$root/include/bouncer_verify.h" | while read -r status; do
            name=$(echo "${status#BOUNCER_STATUS}" | sed 's/_\([A-Z]\)\([A-Z]*\)/\1\L\2/g')
            echo "static_assert(static_cast<std::uint32_t>(bouncer::Status::$name) == $status);"
        done
    } >"$work/statuses-$1.cpp"
    [ "$(grep -c static_assert "$work/statuses-$1.cpp")" -eq "$(grep -c '^ *BOUNCER_STATUS_[A-Z_]* = ' "$root/include/bouncer_verify.h")" ]
    [ "$(grep -c static_assert "$work/statuses-$1.cpp")" -gt 20 ]
    compile "$1" 17 /dev/null -fsyntax-only "$work/statuses-$1.cpp"
}

# must_not_compile COMPILER MISTAKE: checks that compilation fails because of the mistake, not for
# another reason.
must_not_compile() {
    local output
    if output=$(compile "$1" 17 /dev/null -fsyntax-only -DMISTAKE="$2" -Wno-unused "-Werror=unused-result" \
                  "$here/tests/must_not_compile.cpp" 2>&1); then
        echo "compilation succeeded, but must fail"
        return 1
    fi
    echo "$output"
    # The expected errors: a deleted function, [[nodiscard]], an explicit conversion, a
    # static_assert, a setter or a constructor that does not exist.
    echo "$output" | grep -Eq 'deleted|nodiscard|cannot convert|no viable conversion|string would be destroyed|no member named|no matching'
}

# With an older C++ standard, the compiler's first error names the required standard.
older_standard_is_rejected() {
    local output
    if output=$(echo '#include <bouncer_verify.hpp>' | "$1" -x c++ -std=c++14 "${includes[@]}" -fsyntax-only - 2>&1); then
        echo "compilation succeeded, but must fail"
        return 1
    fi
    echo "$output" | grep -m 1 'error:' | grep -q 'needs C++17 or later'
}

# ---- README.md and docs/guide: the code blocks of one language, one file for each block

# extract_blocks LANGUAGE FOLDER PAGE...
extract_blocks() {
    local language=$1 folder=$2
    shift 2
    mkdir -p "$folder"
    awk -v language="$language" -v folder="$folder" '
        $0 == "```" { inside = 0 }
        inside { print > file }
        $0 == "```" language { inside = 1; file = folder "/" ++blocks "." language }' "$@"
}

# ---- the CMake package

# package NAME PROGRAM LANGUAGES BLOCK ARGUMENTS...: builds the project of tests/package and runs
# its programs.
package() {
    local build=$work/package-$1 program=$2 languages=$3 block=$4 app
    shift 4
    cmake -S "$here/tests/package" -B "$build" -DCMAKE_BUILD_TYPE=Debug "-DPROGRAM=$program" "-DLANGUAGES=$languages" \
        "-DBLOCK=$block" "$@"
    cmake --build "$build"
    for app in app app_static; do
        if [ "$languages" = C ]; then
            "$build/$app"
        else
            [ "$("$build/$app" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" 1467985465)" = peter ]
        fi
    done
    readelf -d "$build/app" | grep -q 'NEEDED.*libbouncer_verify.so.1'
    if readelf -d "$build/app_static" | grep libbouncer_verify; then return 1; fi
}

# Makes an install tree by copying, as an installer does: include/, lib/ (or lib/ARCHITECTURE/),
# lib/cmake/BouncerVerify/.
copy_prefix() {
    local prefix=$1 lib=$1/$2
    mkdir -p "$prefix/include" "$lib/cmake/BouncerVerify"
    cp -R "$root/include/bouncer_verify.h" "$here"/include/* "$prefix/include"
    cp -P "$work/lib/libbouncer_verify.so" "$work/lib/libbouncer_verify.so.1" "$lib"
    cp -L "$work/lib/libbouncer_verify.a" "$lib"
    cp "$here/cmake/BouncerVerifyConfig.cmake" "$here/cmake/BouncerVerifyTargets.cmake" "$lib/cmake/BouncerVerify"
    sed "s/@VERSION@/$version/" "$here/cmake/BouncerVerifyConfigVersion.cmake.in" \
        >"$lib/cmake/BouncerVerify/BouncerVerifyConfigVersion.cmake"
}

# find_package() in an install tree that was moved. The path contains a space.
package_found_in_a_moved_prefix() {
    copy_prefix "$work/made here" "lib/$(uname -m)-linux-gnu"
    mv "$work/made here" "$work/moved here"
    package moved "$here/examples/verify.cpp" CXX "$work/readme/1.cmake" "-DCMAKE_PREFIX_PATH=$work/moved here"
}

package_found_by_a_program_in_c() {
    copy_prefix "$work/prefix-c" lib
    package c "$here/tests/package/app.c" C "$work/readme/1.cmake" "-DCMAKE_PREFIX_PATH=$work/prefix-c"
}

# Links the static target into a program without any shared library, and into a plugin. The plugin
# must be marked NODELETE, so that it stays loaded.
package_linked_whole() {
    copy_prefix "$work/prefix-whole" lib
    package whole "$here/examples/verify.cpp" CXX "$here/tests/package/whole.cmake" "-DCMAKE_PREFIX_PATH=$work/prefix-whole"
    if readelf -d "$work/package-whole/app_whole" | grep NEEDED; then return 1; fi
    readelf -d "$work/package-whole/libplugin.so" | grep NODELETE
    [ "$("$work/package-whole/app_whole" "$root/tests/data/document_jwks.json" "$root/tests/data/document_token.txt" 1467985465)" = peter ]
}

package_installed_by_cmake() {
    cmake -S "$here" -B "$work/installer" "-DBOUNCER_VERIFY_LIBRARY_DIR=$given" "-DCMAKE_INSTALL_PREFIX=$work/installed"
    cmake --build "$work/installer"
    cmake --install "$work/installer"
    package installed "$here/examples/verify.cpp" CXX "$work/readme/1.cmake" "-DCMAKE_PREFIX_PATH=$work/installed"
}

package_added_as_a_subdirectory() {
    echo "add_subdirectory(\"$here\" bouncer_verify)
target_link_libraries(app PRIVATE BouncerVerify::bouncer_verify)" >"$work/subdirectory.cmake"
    package subdirectory "$here/examples/verify.cpp" CXX "$work/subdirectory.cmake" "-DBOUNCER_VERIFY_LIBRARY_DIR=$given"
}

# FetchContent as in README.md, with this tree in place of the repository and a fake cargo that
# copies a built library.
package_fetched_and_built_by_cargo() {
    cat >"$work/cargo" <<CARGO
#!/bin/sh
set -e
case "\$*" in "rustc --lib --crate-type "*" --features capi --release --locked"*) ;; *) exit 1 ;; esac
[ -f Cargo.toml ]
case "\$*" in *cdylib*) file=libbouncer_verify.so ;; *) file=libbouncer_verify.a ;; esac
mkdir -p "\$CARGO_TARGET_DIR/release"
cp -L "$work/lib/\$file" "\$CARGO_TARGET_DIR/release/\$file"
CARGO
    chmod +x "$work/cargo"
    package fetched "$here/examples/verify.cpp" CXX "$work/readme/2.cmake" "-DFETCHCONTENT_SOURCE_DIR_BOUNCERVERIFY=$root" \
        "-DCARGO_EXECUTABLE=$work/cargo"
}

package_has_a_version() {
    copy_prefix "$work/prefix-version" lib
    cmake -S "$here/tests/version" -B "$work/version" "-DVERSION=$version" "-DCMAKE_PREFIX_PATH=$work/prefix-version"
}

# ---- everything

version=$(sed -n 's/^#define BOUNCER_VERSION_[A-Z]* \([0-9]*\)$/\1/p' "$root/include/bouncer_verify.h" | paste -sd .)
extract_blocks cpp "$work/readme" "$here/README.md"
extract_blocks cmake "$work/readme" "$here/README.md"
extract_blocks json "$work/readme" "$here/README.md"
extract_blocks cpp "$work/guide" "$root"/README.md "$root"/docs/guide/*.md

compilers=()
for compiler in g++ clang++; do
    if has "$compiler"; then compilers+=("$compiler"); else skip "$compiler" "apt-get install ${compiler/clang++/clang}"; fi
done
has_json=no
if [ -e /usr/include/nlohmann/json.hpp ]; then has_json=yes; else skip "the conformance corpus" "apt-get install nlohmann-json3-dev"; fi

has_asio=no
if [ -e /usr/include/asio.hpp ]; then has_asio=yes; else skip "the blocks for asio in docs/guide" "apt-get install libasio-dev"; fi

for compiler in ${compilers[@]+"${compilers[@]}"}; do
    if echo 'int main() {}' | "$compiler" -x c++ "${sanitizers[@]}" -o "$work/sanitized" - 2>/dev/null && "$work/sanitized"; then
        is_sanitized=yes
    else
        is_sanitized=no
        skip "tests under the sanitizers with $compiler" "apt-get install libclang-rt-14-dev, or the libasan and libubsan of g++"
    fi
    for standard in 17 20; do
        with="$compiler C++$standard"
        if [ $is_sanitized = yes ]; then
            if [ $has_json = yes ]; then
                check "conformance, $with" run_test "$compiler" "$standard" conformance "$root/tests/conformance"
                check "configurations, $with" run_test "$compiler" "$standard" configurations "$root/tests/conformance/configuration"
            fi
            for test in batch error issuers jwks logging pending policy remote renewal settings_generated token verifier watch; do
                check "$test, $with" run_test "$compiler" "$standard" "$test"
            done
        fi
        check "without exceptions, $with" run_without_exceptions "$compiler" "$standard"
        check "two translation units, $with" run_two_units "$compiler" "$standard"
        check "each header alone, $with" compile_headers_alone "$compiler" "$standard"
    done
    check "an enumerator for every status, $compiler" compile_statuses "$compiler"
    check "the first program of README.md, $compiler" run_readme_program "$compiler"
    check "the program of README.md for several issuers, $compiler" run_readme_gateway "$compiler"
    check "C++14 is rejected and the error names C++17, $compiler" older_standard_is_rejected "$compiler"
    check "the code without a mistake compiles, $compiler" compile "$compiler" 17 /dev/null -fsyntax-only -DMISTAKE=0 "$here/tests/must_not_compile.cpp"
    for mistake in $(sed -n 's/^#[el]*if MISTAKE == //p' "$here/tests/must_not_compile.cpp"); do
        check "mistake $mistake does not compile, $compiler" must_not_compile "$compiler" "$mistake"
    done
    for block in "$work"/readme/*.cpp; do
        check "README.md block ${block##*/}, $compiler" compile "$compiler" 17 "$block-$compiler.o" -c "$block"
    done
    for block in "$work"/guide/*.cpp; do
        [ $has_asio = yes ] || ! grep -q '#include <asio.hpp>' "$block" || continue
        check "block ${block##*/} of README.md and docs/guide, $compiler" compile "$compiler" 17 "$block-$compiler.o" -c "$block"
    done
done

if ! has cmake; then
    skip "the CMake package" "apt-get install cmake"
elif [ ${#compilers[@]} -gt 0 ]; then
    check "package: found in a moved prefix" package_found_in_a_moved_prefix
    check "package: found by a program in C" package_found_by_a_program_in_c
    check "package: linked with -static" package_linked_whole
    check "package: installed by cmake" package_installed_by_cmake
    check "package: added as a subdirectory" package_added_as_a_subdirectory
    check "package: fetched and built by cargo" package_fetched_and_built_by_cargo
    check "package: has a version" package_has_a_version
fi

while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n || true; done
failed=0
for mark in "$work"/log/*.failed; do
    [ -e "$mark" ] || continue
    failed=$((failed + 1))
    echo "FAILED: $(cat "$mark")"
    sed 's/^/    /' "${mark%.failed}"
done
passed=$((count - failed))
[ $skipped -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && { [ $skipped -eq 0 ] || [ "${CI:-}" != true ]; }
