#!/usr/bin/env bash
# Builds the documentation site: the book and the API documentation of five languages.
#
#     docs/site/build.sh TARGET PYTHON      writes TARGET/docs
#
# Needs mdbook, doxygen, cargo and go in PATH. PYTHON is an interpreter that has bouncer_verify and
# the packages of docs/site/requirements.txt installed.
# The build fails on a dead link, on a public name without documentation, and on a warning of
# mdBook, rustdoc or Doxygen.
set -euo pipefail
target=$1 python=$2
cd "$(dirname "$0")/../.."
root=$PWD
source=$target/docs-source site=$target/docs
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

# Go's own tools write HTML only with a server, so godoc/main.go writes the page as Markdown. The
# page is a chapter of the book, so the book's search finds the Go names.
python3 docs/site/assemble.py "$source"
mkdir -p "$source/src/api"
GOFLAGS=-mod=mod GOWORK=off go run docs/site/godoc/main.go bindings/go bouncer-verify.internal/bouncer > "$source/src/api/go.md"

cat > "$source/src/api/README.md" << 'END'
# API documentation

| language | generator | documents |
|---|---|---|
| [Rust](rust/bouncer_verify/index.html) | rustdoc | the crate `bouncer_verify` |
| [C](c/index.html) | Doxygen | the header `bouncer_verify.h` |
| [C++](cpp/index.html) | Doxygen | the header `bouncer_verify.hpp` |
| [Go](go.md) | go/doc | the package `bouncer` |
| [Python](python/bouncer_verify.html) | pdoc | the module `bouncer_verify` |

The Rust, C, C++ and Python pages have their own search. The search of this book covers Go.
`bouncer-verify help` describes the command-line program.
END

# mdBook is a single program that needs no other runtime. Its search runs in the browser, even if
# the site is opened from a local folder. Its pages follow the system's light or dark theme.
rm -rf "$site"
MDBOOK_LOG=${MDBOOK_LOG:-warn} mdbook build "$source" 2> "$source/mdbook.log" || { cat "$source/mdbook.log"; exit 1; }
if grep -qE 'WARN|ERROR' "$source/mdbook.log"; then cat "$source/mdbook.log"; exit 1; fi
mkdir -p "$site/api"

rm -rf "$target/doc"
RUSTDOCFLAGS="-D warnings" CARGO_TARGET_DIR=$target cargo doc --quiet --no-deps --lib --package bouncer_verify --features rust-crypto
cp -r "$target/doc" "$site/api/rust"
# rustdoc's pages link to this index.html, but rustdoc does not write it for a single crate.
echo '<!doctype html><meta http-equiv="refresh" content="0; url=bouncer_verify/index.html"><a href="bouncer_verify/index.html">bouncer_verify</a>' \
    > "$site/api/rust/index.html"

# doxygen_of NAME INPUT TITLE OPTION... writes api/NAME; warnings go to NAME.log.
doxygen_of() {
    local name=$1 input=$2 title=$3
    shift 3
    {
        cat docs/site/Doxyfile
        echo "PROJECT_NAME = \"$title\""
        echo "PROJECT_NUMBER = $version"
        echo "INPUT = $input"
        echo "OUTPUT_DIRECTORY = $site/api/$name"
        echo "WARN_LOGFILE = $source/$name.log"
        printf '%s\n' "$@"
    } > "$source/Doxyfile.$name"
    mkdir -p "$site/api/$name"
    doxygen "$source/Doxyfile.$name"
}
# Without __cplusplus, the header also has a typedef for each enumeration, without a doc comment.
doxygen_of c "include/bouncer_verify.h docs/site/c.dox" "bouncer_verify for C" \
    "STRIP_FROM_PATH = include docs/site" "OPTIMIZE_OUTPUT_FOR_C = YES" "PREDEFINED = __cplusplus"
doxygen_of cpp "bindings/cpp/include docs/site/cpp.dox" "bouncer_verify for C++" \
    "STRIP_FROM_PATH = bindings/cpp/include docs/site" "RECURSIVE = YES" "FILE_PATTERNS = *.hpp" \
    "EXCLUDE_SYMBOLS = bouncer::detail bouncer::detail::*" "PREDEFINED = __cpp_exceptions"
# Undocumented names that are allowed: overloads for temporaries, constructors, the members of every
# range and iterator, the getters of Result, and the functions that VerifiedToken shares with
# TokenView.
known='of class bouncer::VerifiedToken|&&noexcept|[ :](begin|end|data|size|empty|value|result|error|operator[^ (]*)\('
known+='|Member ([A-Za-z]+)\(.* of class bouncer::([A-Za-z]+::)?\2( |<)|[:]iterator|::(Pointer) is|\(typedef\) of class'
sed -i "s|$root/||g" "$source"/c.log "$source"/cpp.log
grep -vE "is not documented.*" "$source/cpp.log" > "$source/faults" || true
grep -E "is not documented" "$source/cpp.log" | grep -vE "$known" >> "$source/faults" || true
cat "$source/c.log" >> "$source/faults"
if grep -q . "$source/faults"; then cat "$source/faults"; exit 1; fi

"$python" docs/site/python_docs.py "$site/api/python"

"$python" docs/site/check_links.py "$site"
if grep -rlF -e "$root" -e "/.cargo/registry" "$site"; then echo "the files above contain a path of this machine"; exit 1; fi
echo "$site/index.html"
