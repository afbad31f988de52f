"""Where bouncer_verify.pyjwt is stricter than PyJWT: one test per row of README.md's table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import DATA, REPOSITORY, Sign
from test_pyjwt import NOW, RS256, verdict

from bouncer_verify import Jwk
from bouncer_verify import pyjwt as ours

theirs = pytest.importorskip("jwt")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")


@pytest.fixture(scope="module")
def pem(public_key: Any) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(public_key.public_bytes(serialization.Encoding.PEM, spki).decode())


# For each row of the table in python/README.md: the exception that bouncer_verify.pyjwt raises, and
# a call that PyJWT accepts.
Keys = dict[str, Any]
STRICTER: dict[str, tuple[str, Callable[[Any, Sign, Keys], Any]]] = {
    "a symmetric key": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, "s" * 32, "HS256"), "s" * 32, algorithms=["HS256"]
        ),
    ),
    "a JWK of a symmetric key": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.PyJWK({"kty": "oct", "k": "c2VjcmV0"}),
    ),
    "a JWK of a private key": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.PyJWK(keys["private"]),
    ),
    "ES256K, Ed448": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, keys["k1"], "ES256K"), keys["k1"].public_key(), algorithms=["ES256K"]
        ),
    ),
    "an RSA key under 2048 bits": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, keys["short"], "RS256"), keys["short"].public_key(), **RS256
        ),
    ),
    "an OpenSSH key": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["ssh"], **RS256),
    ),
    "a JWK whose use is not sig": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.decode(sign({}), jwt.PyJWK({**keys["jwk"], "use": "enc"})),
    ),
    "a JWK whose key_ops lack verify": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.PyJWK({**keys["jwk"], "key_ops": ["encrypt"]}),
    ),
    "a token whose algorithm is not the alg of the JWK, with PyJWK.key": (
        "InvalidAlgorithmError",
        lambda jwt, sign, keys: jwt.decode(sign({}), jwt.PyJWK({**keys["jwk"], "alg": "RS384"}).key, **RS256),
    ),
    "a token whose kid differs from the kid of the PyJWK": (
        "NoMatchingKeyError",
        lambda jwt, sign, keys: jwt.decode(sign({}, kid="l"), jwt.PyJWK({**keys["jwk"], "kid": "k"})),
    ),
    "verify_signature=False": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), options={"verify_signature": False}),
    ),
    "verify_exp=False": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, options={"verify_exp": False}),
    ),
    "verify_nbf=False": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, options={"verify_nbf": False}),
    ),
    "verify=False, which PyJWT ignores": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, verify=False),
    ),
    "detached_payload": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, keys["signing"], "RS256", headers={"b64": False}),
            keys["pem"],
            **RS256,
            detached_payload=b"{}",
        ),
    ),
    "an empty issuer or audience": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({"iss": ""}), keys["pem"], **RS256, issuer=""),
    ),
    "an issuer object with __contains__ but without __iter__": (
        "TypeError",
        lambda jwt, sign, keys: jwt.decode(sign({"iss": "i"}), keys["pem"], **RS256, issuer=Anything()),
    ),
    "a leeway over 300 seconds": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, leeway=301),
    ),
    "a token over 16 KiB": (
        "TokenTooLargeError",
        lambda jwt, sign, keys: jwt.decode(sign({"a": "a" * 16384}), keys["pem"], **RS256),
    ),
    "a token with padding": (
        "DecodeError",
        lambda jwt, sign, keys: jwt.decode(sign({}) + "==", keys["pem"], **RS256),
    ),
    "a duplicate member name": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign(b'{"uid":"a","uid":"b"}'), keys["pem"], **RS256),
    ),
    "NaN, Infinity, numbers over 1.8e308": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign(b'{"a":NaN}'), keys["pem"], **RS256),
    ),
    "JSON in UTF-16 or UTF-32": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign("{}".encode("utf-16")), keys["pem"], **RS256),
    ),
    "JSON nested more than 16 levels deep": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(
            sign(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"), keys["pem"], **RS256
        ),
    ),
    "JSON after a byte order mark": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign(b"\xef\xbb\xbf{}"), keys["pem"], **RS256),
    ),
    "a lone surrogate in JSON": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign(b'{"a":"\\ud800"}'), keys["pem"], **RS256),
    ),
    "b64 in crit": (
        "UnsupportedHeaderError",
        lambda jwt, sign, keys: jwt.get_unverified_header(sign({}, crit=["b64"], b64=True)),
    ),
    "a typ that is not a string": (
        "MalformedHeaderError",
        lambda jwt, sign, keys: jwt.decode(sign({}, typ=1), keys["pem"], **RS256),
    ),
    "enc in the header": (
        "UnsupportedHeaderError",
        lambda jwt, sign, keys: jwt.decode(sign({}, enc="A128GCM"), keys["pem"], **RS256),
    ),
    "a time written as a string": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign({"exp": str(NOW + 100_000)}), keys["pem"], **RS256),
    ),
    "a time that is true": (
        "InvalidIssuedAtError",
        lambda jwt, sign, keys: jwt.decode(sign({"iat": True}), keys["pem"], **RS256),
    ),
    "an nbf less than a second in the future": (
        "ImmatureSignatureError",
        lambda jwt, sign, keys: jwt.decode(
            sign({"nbf": keys["now"] + 0.9}), keys["pem"], **RS256, leeway=keys["now"] - int(time.time())
        ),
    ),
    "an empty aud, if no audience is given": (
        "InvalidAudienceError",
        lambda jwt, sign, keys: jwt.decode(sign({"aud": []}), keys["pem"], **RS256),
    ),
    "a claim of the wrong type, with its check turned off": (
        "InvalidSubjectError",
        lambda jwt, sign, keys: jwt.decode(
            sign({"sub": 1}), keys["pem"], **RS256, options={"verify_sub": False}
        ),
    ),
    "a token without sub, if a subject is given": (
        "InvalidSubjectError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, subject="s"),
    ),
    "headers or ssl_context of PyJWKClient": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.PyJWKClient("https://idp.example/", headers={"X": "y"}),
    ),
    "a timeout of PyJWKClient that is 0 or over 300 seconds": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.PyJWKClient("https://idp.example/", timeout=301),
    ),
    "an http URL of another machine in PyJWKClient, without allow_http=True": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.PyJWKClient("http://idp.example/"),
    ),
    "jwk_set_cache.put of PyJWKClient": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.PyJWKClient("https://idp.example/").jwk_set_cache.put(None),
    ),
    "base64url_decode of text with other characters": (
        "ValueError",
        lambda jwt, sign, keys: jwt.utils.base64url_decode("AQAB!!!!"),
    ),
}


class Anything:
    """An object for which `name in issuer` is always true."""

    def __contains__(self, value: object) -> bool:
        return True


@pytest.fixture(scope="module")
def keys(public_key: Any, private_pem: str, pem: str, jwk: Jwk) -> Keys:
    from cryptography.hazmat.primitives.asymmetric import ec

    encoding, public_format = serialization.Encoding, serialization.PublicFormat
    signing = serialization.load_pem_private_key(private_pem.encode(), None)
    return {
        "signing": signing,
        "private": theirs.get_algorithm_by_name("RS256").to_jwk(signing, as_dict=True),
        "k1": ec.generate_private_key(ec.SECP256K1()),
        "pem": pem,
        "jwk": json.loads(jwk.to_json()),
        "short": serialization.load_pem_private_key((DATA / "keys" / "rsa-1024.pem").read_bytes(), None),
        "pkcs1": public_key.public_bytes(encoding.PEM, public_format.PKCS1),
        "ssh": public_key.public_bytes(encoding.OpenSSH, public_format.OpenSSH),
        "now": int(time.time()) + 60,
    }


@pytest.mark.parametrize("row", STRICTER)
def test_pyjwt_accepts_what_bouncer_verify_rejects(sign: Sign, keys: Keys, row: str) -> None:
    raises, call = STRICTER[row]
    assert verdict(theirs, lambda jwt: call(jwt, sign, keys))[0] == "ok"
    our, error = verdict(ours, lambda jwt: call(jwt, sign, keys))
    assert our == raises, error


def test_the_table_in_the_readme_has_exactly_these_rows() -> None:
    readme = (Path(REPOSITORY) / "python" / "README.md").read_text()
    table = readme.partition("| PyJWT accepts |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = {tuple(cell.strip().replace("`", "") for cell in row.split("|")[1:3]) for row in table}
    assert rows == {(row, raises) for row, (raises, _) in STRICTER.items()}


def test_both_libraries_read_a_pem_key_with_the_label_rsa_public_key(sign: Sign, keys: Keys) -> None:
    token = sign({"a": 1})
    for jwt in (ours, theirs):
        assert jwt.decode(token, keys["pkcs1"], **RS256)["a"] == 1
