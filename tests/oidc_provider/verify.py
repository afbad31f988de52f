"""Reads tokens of an issuer from standard input, one per line, and verifies them.

Prints "ok <sub>" or the name of the error for each token.
"""

import sys

import bouncer_verify

issuer, audience = sys.argv[1:]
keys = bouncer_verify.RemoteJwkSet.discover(issuer)
policy = bouncer_verify.Policy.for_issuer(issuer, audience).replace(token_type="at+jwt")
verifier = bouncer_verify.Verifier(keys, policy)
for line in sys.stdin:
    try:
        print("ok", verifier.verify(line.rstrip("\n"))["sub"], flush=True)
    except bouncer_verify.BouncerError as error:
        print(error.code, flush=True)
