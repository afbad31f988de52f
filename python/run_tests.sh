#!/bin/sh
# Builds the Python module into the environment of the given Python and tests it there.
#
#     python/run_tests.sh .venv/bin/python
#
# requirements-test.txt lists what the environment needs. If a tool is missing, its tests are
# skipped with a message. With CI=true, a skipped test is a failure.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 PYTHON" >&2
    exit 2
fi
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
PATH=$(dirname "$python"):$PATH
export PATH
skipped=0

# has MODULE PURPOSE: succeeds if MODULE is installed. Otherwise prints that PURPOSE is skipped.
has() {
    "$python" -c "import $1" 2>/dev/null || {
        echo "SKIPPED: $2. To install what is missing: $python -m pip install -r python/requirements-test.txt"
        skipped=1
        return 1
    }
}

finish() {
    if [ "$skipped" -ne 0 ] && [ "${CI:-}" = true ]; then
        exit 1
    fi
    exit 0
}

has maturin "the Python module" || finish
"$python" -m pip install --quiet --no-build-isolation --no-deps --force-reinstall .

# The tests run in the folder tests, so that Python imports the installed package, not the source
# tree.
if has pytest "the tests of the Python module"; then
    has jwt "the comparison with PyJWT" || true
    has gunicorn "the test under gunicorn" || true
    (cd tests && "$python" -m pytest --quiet -rs --show-capture=no)
fi
if has mypy "mypy and stubtest"; then
    (cd tests && "$python" -m mypy.stubtest bouncer_verify)
    "$python" -m mypy bouncer_verify tests examples
fi
if has pyright "pyright"; then
    "$python" -m pyright --pythonpath "$python" bouncer_verify
    (cd tests && "$python" -m pyright --pythonpath "$python" --ignoreexternal --verifytypes bouncer_verify)
fi
if has ruff "ruff"; then
    "$python" -m ruff format --check --quiet .
    "$python" -m ruff check --quiet .
fi

finish
