#!/usr/bin/env bash
# build.sh TARGET: builds the drivers of `make bench` into TARGET/bench, with the library in
# TARGET/release. If a peer or driver cannot be built, the script prints its name and a remedy, and
# adds them to the file TARGET/bench/missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$1" && pwd)
bench=$target/bench
mkdir -p "$bench/log"
: > "$bench/missing"

# missing NAME REMEDY: reports that a peer or driver cannot be built.
missing() {
    echo "MISSING: $1: $2"
    printf '%s: %s\n' "$1" "$2" >> "$bench/missing"
}

# logged NAME COMMAND...: runs a command and writes its output to a log file. If the command fails,
# prints the path of the log file.
logged() {
    local log=$bench/log/$1
    shift
    "$@" > "$log" 2>&1 || { echo "failed (the output is in $log): $*"; return 1; }
}

# installed PACKAGE: succeeds if a Debian package is installed. If it is missing, installs it, which
# needs root and apt-get.
installed() {
    dpkg -s "$1" > /dev/null 2>&1 && return
    [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null || return
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1"; } > /dev/null 2>&1
}

rust() {
    installed libssl-dev || true
    export CARGO_TARGET_DIR=$bench/rust
    cd "$here/rust"
    rm -f "$bench"/driver_{rust,words,boringssl}
    if logged rust cargo build --release --locked --bin driver --bin fixtures; then
        cp "$CARGO_TARGET_DIR/release/driver" "$bench/driver_rust"
        [[ $bench/fixtures -nt src/bin/fixtures.rs ]] || {
            rm -rf "$bench/fixtures"
            "$CARGO_TARGET_DIR/release/fixtures" "$here/../tests/data/keys" "$bench/fixtures"
        }
    else
        missing "the Rust driver and the fixtures" "apt-get install libssl-dev"
    fi
    if logged words cargo build --release --locked --no-default-features --features openssl --bin driver; then
        cp "$CARGO_TARGET_DIR/release/driver" "$bench/driver_words"
    else
        missing "the Rust driver without AVX-512" "see bench/log/words in the target folder"
    fi
    { installed cmake && installed libclang-dev; } || true
    if logged boringssl cargo build --release --locked --no-default-features --features boringssl --bin driver_boringssl; then
        cp "$CARGO_TARGET_DIR/release/driver_boringssl" "$bench/"
    else
        missing "jwt-simple (Rust)" "apt-get install cmake libclang-dev"
    fi
}

c() {
    cd "$here/c"
    rm -f "$bench/driver_c"
    local sources=(driver.c bouncer_verify.c) flags=()
    if installed libjwt-dev && pkg-config --exists libjwt; then
        sources+=(libjwt.c)
        flags+=(-DHAVE_LIBJWT "-DLIBJWT_VERSION=\"$(pkg-config --modversion libjwt)\"" $(pkg-config --cflags --libs libjwt))
    else
        missing "libjwt (C)" "apt-get install libjwt-dev"
    fi
    # libcjose-dev does not depend on libjansson-dev, but its pkg-config file requires jansson.
    if installed libjansson-dev && installed libcjose-dev && pkg-config --exists cjose; then
        sources+=(cjose.c)
        flags+=(-DHAVE_CJOSE $(pkg-config --cflags --libs cjose))
    else
        missing "cjose (C)" "apt-get install libcjose-dev"
    fi
    if installed librhonabwy-dev && pkg-config --exists librhonabwy; then
        sources+=(rhonabwy.c)
        flags+=(-DHAVE_RHONABWY $(pkg-config --cflags --libs librhonabwy))
    else
        missing "rhonabwy (C)" "apt-get install librhonabwy-dev"
    fi
    logged c cc -std=c11 -O2 -Wall -Wextra -Wpedantic -I"$here/../include" "${sources[@]}" -o "$bench/driver_c" \
        -L"$target/release" -lbouncer_verify "${flags[@]}" -lpthread -Wl,-rpath,"$target/release" ||
        missing "the C driver" "apt-get install gcc libc6-dev pkg-config"
}

go_() {
    cd "$here/go"
    rm -f "$bench/driver_go"
    command -v go > /dev/null || { missing "the Go driver" "install Go 1.24 or later, and add it to PATH"; return; }
    export GOPROXY=off GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=1
    ../../bindings/go/copy_library.sh "$target/release/libbouncer_verify.a"
    # Uses golang-jwt from a Debian package, because the Go module proxy may be unreachable.
    local source=/usr/share/gocode/src/github.com/golang-jwt/jwt version tags=()
    cp go.mod "$bench/go.mod"
    if installed golang-github-golang-jwt-jwt-dev && [[ -e $source/go.mod ]]; then
        version=$(dpkg-query -W -f '${Version}' golang-github-golang-jwt-jwt-dev)
        version=${version%-*}
        printf '\nrequire github.com/golang-jwt/jwt/v4 v%s\n\nreplace github.com/golang-jwt/jwt/v4 => %s\n' "$version" "$source" >> "$bench/go.mod"
        tags=(-tags golang_jwt -ldflags "-X main.golangJWTVersion=$version")
    else
        missing "golang-jwt (Go)" "apt-get install golang-github-golang-jwt-jwt-dev"
    fi
    logged go go build -modfile="$bench/go.mod" "${tags[@]}" -o "$bench/driver_go" . || missing "the Go driver" "see bench/log/go in the target folder"
}

# Prints the newest Python on this machine that can create virtual environments. Some peers need a
# recent Python. BENCH_PYTHON selects another one.
newest_python() {
    local pyenv=${PYENV_ROOT:-$HOME/.pyenv}/versions candidate
    for candidate in ${BENCH_PYTHON:-} python3.14 python3.13 python3.12 "$pyenv"/3.{14,13,12}*/bin/python3 python3; do
        if "$candidate" -c 'import venv, ensurepip' 2> /dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

python() {
    local interpreter
    interpreter=$(newest_python) || { missing "the Python drivers" "apt-get install python3-venv"; return; }
    "$interpreter" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || missing "ryjwt (Python)" "install Python 3.12 or later"
    local name
    for name in requirements requirements-pyjwt-2.12; do
        local venv=$bench/python/$name
        cmp -s "$here/python/$name.txt" "$venv/done" && continue
        rm -rf "$venv"
        if logged "$name" "$interpreter" -m venv "$venv" &&
            logged "$name" "$venv/bin/pip" install --disable-pip-version-check -r "$here/python/$name.txt"; then
            cp "$here/python/$name.txt" "$venv/done"
        else
            missing "the Python packages in $name.txt" "see bench/log/$name in the target folder"
        fi
    done
    logged module env PATH="$bench/python/requirements/bin:$PATH" CARGO_TARGET_DIR="$target" "$bench/python/requirements/bin/pip" install \
        --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall "$here/../python" ||
        missing "bouncer_verify for Python" "see bench/log/module in the target folder"
}

node_() {
    rm -f "$bench/node/driver.js"
    command -v npm > /dev/null || { missing "the Node driver" "apt-get install nodejs npm"; return; }
    mkdir -p "$bench/node"
    if ! cmp -s "$here/node/package-lock.json" "$bench/node/done"; then
        cp "$here"/node/package*.json "$bench/node/"
        logged node npm --prefix "$bench/node" ci --ignore-scripts --no-audit --no-fund ||
            { missing "the Node driver" "see bench/log/node in the target folder"; return; }
        cp "$here/node/package-lock.json" "$bench/node/done"
    fi
    cp "$here/node/driver.js" "$bench/node/"
}

for driver in rust c go_ python node_; do
    echo "building the driver for ${driver%_}"
    ("$driver")
done
