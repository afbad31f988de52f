#!/bin/sh
# Runs rustdoc with the unstable options that only a nightly toolchain accepts otherwise. cargo runs
# this script if the environment variable RUSTDOC names it. rustc does not get the variable
# RUSTC_BOOTSTRAP, so cargo does not compile the dependencies again.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
