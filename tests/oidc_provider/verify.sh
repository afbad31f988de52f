#!/usr/bin/env bash
# verify.sh BOUNCER-VERIFY ISSUER AUDIENCE: verifies tokens with the command.
# Reads tokens of the issuer from standard input, one per line. Fetches the keys for each token.
# Prints "ok <sub>" or the name of the error for each token.
set -eu
while IFS= read -r token; do
    "$1" verify --json --discover "$2" --audience "$3" --token-type at+jwt "$token" \
        | sed -e 's/^{"status":"ok".*"sub":"\([^"]*\)".*/ok \1/' -e 's/^{"status":"\([^"]*\)".*/\1/'
done
