#!/usr/bin/env bash
# verify.sh BOUNCER-VERIFY ISSUER AUDIENCE: as the other programs here, with the command: it fetches the keys for each token.
set -eu
while IFS= read -r token; do
    "$1" verify --json --discover "$2" --audience "$3" --token-type at+jwt "$token" \
        | sed -e 's/^{"status":"ok".*"sub":"\([^"]*\)".*/ok \1/' -e 's/^{"status":"\([^"]*\)".*/\1/'
done
