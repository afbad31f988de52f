# shellcheck shell=sh
# Sourced before a release build, with the root of the source as current folder:
#
#     . packaging/reproducible.sh
#
# Makes the build reproducible. rustc writes the paths of source files into the artefacts, for the
# messages of panics. Without these options they contain the home folder of the person who builds.
# Only release builds use these options: with other options than cargo has seen before, it compiles
# all crates again. cargo does not split CARGO_ENCODED_RUSTFLAGS at spaces, so paths may contain
# them. The variable replaces RUSTFLAGS, so the options of RUSTFLAGS are added to it.
_separator=$(printf '\037')
_flags=${CARGO_ENCODED_RUSTFLAGS:-$(printf '%s' "${RUSTFLAGS:-}" | tr -s ' ' '\037')}
# rustc uses the last prefix that matches. The target folder may be in the source folder, and so may
# the folder of cargo.
for _prefix in "$PWD=." "${CARGO_TARGET_DIR:-$PWD/target}=/target" "${CARGO_HOME:-$HOME/.cargo}=/cargo"; do
    _flags=${_flags:+$_flags$_separator}--remap-path-prefix=$_prefix
done
export CARGO_ENCODED_RUSTFLAGS="$_flags"
unset _separator _flags _prefix
