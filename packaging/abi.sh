#!/usr/bin/env bash
# Compares the C ABI with its baseline in packaging/abi:
#
#     abi.sh check LIBRARY    fails if the header or the functions of LIBRARY differ from the baseline
#     abi.sh write            writes the baseline from include/bouncer_verify.h
#     abi.sh test             tests that changes of the header and of a library are found
#
# The baseline has two files. `libbouncer_verify.abi` describes the functions and their types, in
# the format of abidw. `constants` lists the numbers and strings of the header.
#
# A release library has no debug information, and that of Rust would describe types of Rust. So the
# description comes from a library with the same functions that is compiled from the header.
# tests/generated tests that the header is that of src/ffi.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
header=$root/include/bouncer_verify.h
baseline=$root/packaging/abi
options=(--no-show-locs --no-comp-dir-path --no-corpus-path --no-architecture --type-id-style hash)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; exit 1; }

# compile HEADER LIBRARY: compiles a library that defines each function of HEADER, with debug
# information. The functions do nothing.
compile() {
    local name
    name=$(basename "$2" .so)
    {
        echo "#include \"$1\""
        awk '!in_function && /^[a-z].*bouncer_[a-z0-9_]+\(/ && !/^typedef/ { in_function = 1 }
            in_function { print /\);$/ ? substr($0, 1, length($0) - 1) " { __builtin_trap(); }" : $0 }
            /\);$/ { in_function = 0 }' "$1"
    } >"$work/$name.c"
    (cd "$work" && cc -std=c99 -g -w -shared -fPIC -nostdlib "$name.c" -o "$2")
}

functions_of() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }

# Lists the enumerators and the macros of a header with their values. The version of the library is
# left out, because each release changes it.
constants_of() {
    sed -nE -e 's/^ *(BOUNCER_[A-Z0-9_]+) = (.*),$/\1 \2/p' -e 's/^#define (BOUNCER_[A-Z0-9_]+) (.*)$/\1 \2/p' "$1" |
        grep -v '^BOUNCER_VERSION_' | sort
}

# compare HEADER LIBRARY FOLDER: compares HEADER and LIBRARY with the baseline in FOLDER. Prints the
# differences. Fails if there are any.
compare() {
    local differences
    compile "$1" "$work/now.so"
    differences=$(
        abidiff --no-architecture --no-corpus-path "$3/libbouncer_verify.abi" "$work/now.so" || echo "abidiff exits with $?"
        diff <(functions_of "$work/now.so") <(functions_of "$2") |
            sed -n -e 's/^< /The library lacks a function of the header: /p' -e 's/^> /The library has a function that is not in the header: /p'
        diff <(cat "$3/constants") <(constants_of "$1") |
            sed -n -e 's/^< /Constant of the baseline: /p' -e 's/^> /Constant of the header:   /p'
    ) || true
    [[ -z $differences ]] || { echo "$differences"; return 1; }
}

write() {
    compile "$header" "$work/libbouncer_verify.so"
    abidw "${options[@]}" "$work/libbouncer_verify.so" --out-file "$1/libbouncer_verify.abi"
    constants_of "$header" >"$1/constants"
}

# CHANGELOG.md must name this number. So the baseline cannot change without a change there.
number() { cat "$baseline/libbouncer_verify.abi" "$baseline/constants" | sha256sum | cut -c 1-8; }

# finds NAME SCRIPT TEXT: tests that a header, changed by the awk SCRIPT, is found to differ from
# the baseline, and that the report contains TEXT.
finds() {
    local output
    awk "$2" "$header" >"$work/changed.h"
    ! cmp -s "$header" "$work/changed.h" || fail "$1: the script does not change the header"
    # The library with these functions is compiled too: only the baseline differs.
    compile "$work/changed.h" "$work/changed.so"
    if output=$(compare "$work/changed.h" "$work/changed.so" "$work/baseline"); then fail "$1: not found"; fi
    [[ $output == *"$3"* ]] || fail "$1: the report lacks \"$3\": $output"
    echo "found: $1"
}

case ${1:-} in
check)
    compare "$header" "$2" "$baseline" || fail "the C ABI differs from the baseline in packaging/abi.
If the change is intended, run \`make abi\` and write the number that it prints into CHANGELOG.md, with
a line that describes the change. If a released program would no longer work, BOUNCER_ABI_VERSION
must change too."
    grep -qF "\`$(number)\`" "$root/CHANGELOG.md" || fail "CHANGELOG.md does not describe the change of the C ABI.
Write a line there, and replace the number of the last baseline with \`$(number)\`."
    echo "the C ABI equals its baseline $(number): $(functions_of "$2" | wc -l) functions, $(wc -l <"$baseline/constants") constants"
    ;;
write)
    write "$baseline"
    echo "the number of the C ABI's baseline, for CHANGELOG.md: $(number)"
    ;;
test)
    mkdir "$work/baseline"
    write "$work/baseline"
    compile "$header" "$work/same.so"
    compare "$header" "$work/same.so" "$work/baseline" || fail "a header differs from its own baseline"
    finds "a member in the middle of a struct" '{ print } /^    const char \*name;/ { print "    int32_t inserted;" }' "inserted"
    finds "a member with another type" '{ sub(/^    size_t rows;/, "    uint16_t rows;"); print }' "rows"
    finds "a function without one of its parameters" '!/^ +uint32_t level,$/' "parameter"
    finds "a parameter with another type" '{ sub(/bouncer_status_name\(uint32_t status\)/, "bouncer_status_name(uint64_t status)"); print }' "bouncer_status_name"
    finds "a function that is gone" '!/^void bouncer_watch_free\(/' "bouncer_watch_free"
    finds "a new function" '{ print } /^void bouncer_watch_free\(/ { print "void bouncer_watch_new(void);" }' "bouncer_watch_new"
    finds "a status with another number" '{ sub(/BOUNCER_STATUS_EXPIRED = .*,/, "BOUNCER_STATUS_EXPIRED = 999,"); print }' "999"
    finds "a setting with another name" '{ sub(/BOUNCER_POLICY_ISSUERS "issuers"/, "BOUNCER_POLICY_ISSUERS \"issuer\""); print }' "BOUNCER_POLICY_ISSUERS"
    # A library that was built from other sources than the header.
    awk '!/^void bouncer_watch_free\(/' "$header" >"$work/changed.h"
    compile "$work/changed.h" "$work/changed.so"
    if output=$(compare "$header" "$work/changed.so" "$work/baseline"); then fail "a library without a function: not found"; fi
    [[ $output == *"lacks"*"bouncer_watch_free"* ]] || fail "a library without a function: $output"
    echo "found: a library without a function of the header"
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
