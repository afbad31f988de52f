# Functions for tests on another target: tests/aarch64/run_tests.sh sources this file. They build
# with the dev profile, and into the target folder of all other tests.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
output=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$output"
output=$(cd "$output" && pwd)
data=$root/tests/data
# The last second in which the token of DC/OS's documentation is valid.
valid=1467985465
# With the same features, cargo builds the library only once for the tests and the command.
features=(--features "rust-crypto,cli,capi")

say() { printf '\n-- %s: %s\n' "$triple" "$*"; }
fail() { echo "$*" >&2; exit 1; }

# skip WHAT REMEDY: ends the script, because WHAT is not installed. With CI=true that is a failure.
skip() {
    echo "SKIPPED: $1 is not installed: $2"
    [[ ${CI:-} != true ]] || exit 1
    exit 0
}

# use_target TRIPLE PREFIX RUNNER: selects the compiler PREFIX-gcc, and the command RUNNER that runs
# programs. Installs Rust's standard library for the target with rustup.
use_target() {
    triple=$1 compiler=$2-gcc
    local name=${1//-/_}
    read -ra runner <<< "$3"
    export "CC_$name=$compiler" "AR_$name=$2-ar" BOUNCER_TEST_TARGET=$1
    export "CARGO_TARGET_${name^^}_LINKER=$compiler" "CARGO_TARGET_${name^^}_RUNNER=$3"
    standard_library=$("${RUSTC:-rustc}" --print target-libdir --target "$triple")
    compgen -G "$standard_library/libstd-*.rlib" > /dev/null || rustup target add "$triple" ||
        skip "Rust's standard library for $triple" "$4"
}

# ES256 and Ed25519 keys must get tables if words have 64 bits: the test of `backend` checks it.
# `capi` builds the shared library and the C programs. It starts the programs with the runner, but
# tools like the compiler without it: the kernel runs them.
# Arguments: more tests to skip. The RSA vectors would take ten minutes, and on these targets only
# aws-lc verifies RSA.
test_core() {
    local skipped=(rsa_pkcs1:: rsa_pss:: the_environment_variable_turns_acceleration_off
        c_programs_pass_under_valgrind_without_an_error_or_a_leak c_programs_pass_under_the_sanitizers "$@")
    say "the core and C"
    cargo test --quiet --target "$triple" "${features[@]}" --lib \
        --test conformance --test batch --test cache --test backend --test wycheproof --test capi -- \
        "${skipped[@]/#/--skip=}"
    say "the core without acceleration"
    BOUNCER_VERIFY_NO_ACCELERATION=1 cargo test --quiet --target "$triple" "${features[@]}" --test backend -- \
        the_default_depends_on_the_environment_variable
}

test_example() {
    say "the C example"
    local folder=$output/$triple/debug
    "$compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude bindings/c/examples/verify.c -o "$folder/verify" \
        -L"$folder" -lbouncer_verify -Wl,-rpath,"$folder"
    printed=$("${runner[@]}" "$folder/verify" "$data/document_jwks.json" "$data/document_token.txt" "$valid")
    [[ $printed == "uid peter" ]] || fail "verify.c prints: $printed"
    echo "verify.c: $printed"
}

test_command() {
    say "the command"
    cargo build --quiet --target "$triple" "${features[@]}" --bin bouncer-verify
    local command=("${runner[@]}" "$output/$triple/debug/bouncer-verify")
    "${command[@]}" --version
    local arguments=(verify --profile=dcos --jwks="$data/document_jwks.json" "--time")
    printed=$("${command[@]}" "${arguments[@]}" "$valid" < "$data/document_token.txt")
    [[ $printed == *peter* ]] || fail "bouncer-verify prints: $printed"
    echo "bouncer-verify: $printed"
    ! "${command[@]}" "${arguments[@]}" $((valid + 1)) < "$data/document_token.txt" || fail "an expired token is accepted"
}
