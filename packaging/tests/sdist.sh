#!/usr/bin/env bash
# Builds a wheel from the sdist in DIST/python, installs it and verifies a token.
#
#     packaging/tests/sdist.sh DIST
#
# Needs python/bouncer_verify-*.tar.gz: make dist-wheels
# pip builds in a new virtual environment. There is no network access: cargo uses the crates that it
# has downloaded before, and maturin comes from .venv. The wheel is built without LTO, which would
# take most of the time.
set -euo pipefail
dist=$(cd "$1/python" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v cargo > /dev/null || [[ ! -x $root/.venv/bin/maturin ]]; then
    echo "SKIPPED: cargo or maturin is not installed: make tools-packages"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
mkdir "$work/bin"
ln -s "$root/.venv/bin/maturin" "$work/bin/"
# pip runs the build backend of maturin, a Python module, in the new environment.
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp -r "$("$root/.venv/bin/python" -c 'import maturin, os; print(os.path.dirname(maturin.__file__))')" "$site/"
cd "$work"
env -u RUSTFLAGS PATH="$work/venv/bin:$work/bin:$PATH" CARGO_NET_OFFLINE=true CARGO_TARGET_DIR="$work/target" \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    pip wheel --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps --wheel-dir wheel \
    "$dist"/bouncer_verify-*.tar.gz
cp "$root/packaging/tests/wheels.py" "$root"/tests/data/document_{jwks.json,token.txt} .
env -i PATH="$work/venv/bin" pip install --quiet --disable-pip-version-check --no-index wheel/*.whl
env -i PATH="$work/venv/bin" python wheels.py
