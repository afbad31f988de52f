#!/usr/bin/env bash
# run_tests.sh PYTHON: builds the library, the command and the Python module for aarch64, and tests
# them under qemu-aarch64. PYTHON is a Python interpreter with pip, which downloads pytest.
#
# It needs the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user of Debian. An
# interpreter for aarch64 is downloaded from Debian, and unpacked in the target folder. Nothing is
# installed on the system.
#
# Left out:
# - The tests of Rust, Go and C++ with servers (tests/remote, tests/renewal, tests/issuers,
#   tests/event_loops.rs): they measure times, and programs are 10 times slower under qemu. The C
#   programs make fetches and logins here too.
# - tests/cli, and a test of tests/backend.rs: they start programs for aarch64 without qemu.
# - A unit test of src/os.rs that reads the signal mask from /proc, where qemu's mask is found.
# - valgrind and the sanitizers, which do not run under qemu.
# - The speed: qemu shows nothing about it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$(command -v "$1")
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
# shellcheck source=tests/support/cross.sh
source "$here/../support/cross.sh"
use_target aarch64-unknown-linux-gnu aarch64-linux-gnu "qemu-aarch64 -L /usr/aarch64-linux-gnu" \
    "rustup target add aarch64-unknown-linux-gnu; or, with Debian's rustc-web, dpkg --add-architecture arm64 && apt-get install libstd-rust-web-dev:arm64"

test_core a_thread_starts_with_all_signals_blocked_and_the_callers_mask_is_restored
test_example
test_command

# ---- the Python module

say "Python"
work=$output/aarch64
system=$work/root packages=$work/packages
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$packages"
if [[ ! -e $system/complete ]]; then
    command -v dpkg-deb > /dev/null || skip "an interpreter for aarch64" "run the tests on Debian"
    # The packages and lists of this system stay as they are.
    : > "$work/apt/status"
    options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$work/apt"
        -o Dir::State::status="$work/apt/status" -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache"
        -o Dir::Log="$work/apt" -o APT::Sandbox::User=root -o APT::Install-Recommends=false)
    { apt-get "${options[@]}" update && apt-get "${options[@]}" --download-only -y install python3-minimal libpython3-stdlib; } > /dev/null ||
        skip "an interpreter for aarch64" "connect to Debian's archive: the package python3-minimal of arm64"
    for package in "$work"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$system"; done
    touch "$system/complete"
fi
emulated=(qemu-aarch64 -L "$system" "$system/usr/bin/python3")
version=$("${emulated[@]}" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -m pip install --quiet --disable-pip-version-check --upgrade --target "$packages" --only-binary :all: \
    --implementation py --abi none --platform any --python-version "$version" pytest
# pyo3 needs no interpreter for the target, because the module uses only the stable ABI. The
# variable says that the interpreter loads the module, so it is not linked with a library of Python.
PYO3_BUILD_EXTENSION_MODULE=1 cargo build --quiet --target "$triple" --package bouncer_verify_python
cp -r python/bouncer_verify "$packages/"
cp "$output/$triple/debug/lib_bouncer_verify.so" "$packages/bouncer_verify/_bouncer_verify.abi3.so"
PYTHONPATH=$packages "${emulated[@]}" "$here/smoke.py"
# These tests need no other packages, start no interpreters and measure no time.
(cd python/tests && PYTHONPATH=$packages "${emulated[@]}" -m pytest --quiet -p no:cacheprovider \
    test_corpus.py test_document.py test_jwk_set.py test_policy.py test_settings.py test_configuration.py \
    test_exceptions.py test_authorization.py)
say "all suites passed"
