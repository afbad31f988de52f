"""bouncer_verify.pyjwt beside PyJWT itself: where they agree, and where we are stricter."""

from __future__ import annotations

import itertools
import json
import pickle
import random
import subprocess
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import DATA, REPOSITORY, Sign

import bouncer_verify
from bouncer_verify import Jwk, JwkSet, exceptions
from bouncer_verify import pyjwt as ours

theirs = pytest.importorskip("jwt")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

RS256: dict[str, Any] = {"algorithms": ["RS256"]}
NOW = int(time.time())
Verdict = tuple[str, Any]


def verdict(module: Any, call: Callable[[Any], Any]) -> Verdict:
    """("ok", the result), or the class of what is raised and the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "ok", call(module)
    except Exception as error:
        return type(error).__name__, error


def is_of_the_same_class(error: Any, name: str) -> bool:
    """Whether `error` is caught by `except pyjwt.<name>`."""
    return isinstance(error, getattr(ours, name, exceptions.BouncerError))


@pytest.fixture(scope="module")
def pem(public_key: Any) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(public_key.public_bytes(serialization.Encoding.PEM, spki).decode())


# Claims that both judge alike, and the arguments they are judged with.
ALIKE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"uid": "peter", "exp": NOW + 100}, {}),
    ({"exp": NOW - 100}, {}),
    ({"exp": NOW - 100}, {"leeway": 200}),
    ({"exp": NOW - 100}, {"leeway": timedelta(seconds=200)}),
    ({"exp": NOW - 100}, {"leeway": 50}),
    ({"exp": NOW + 100.5}, {}),
    ({"exp": []}, {}),
    ({"exp": "soon"}, {}),
    ({"nbf": NOW + 100}, {}),
    ({"nbf": NOW + 100}, {"leeway": 200.5}),
    ({"nbf": NOW - 100}, {}),
    ({"nbf": {}}, {}),
    ({"iat": NOW + 100}, {}),
    ({"iat": NOW + 100}, {"leeway": 200}),
    ({"iat": NOW + 100}, {"options": {"verify_iat": False}}),
    ({"iat": "then"}, {}),
    ({"iss": "i"}, {}),
    ({"iss": "i"}, {"issuer": "i"}),
    ({"iss": "i"}, {"issuer": ["h", "i"]}),
    ({"iss": "i"}, {"issuer": {"h"}}),
    ({"iss": "i"}, {"issuer": "j"}),
    ({"iss": "i"}, {"issuer": "j", "options": {"verify_iss": False}}),
    ({}, {"issuer": "i"}),
    ({"aud": "a"}, {}),
    ({"aud": "a"}, {"audience": "a"}),
    ({"aud": ["a", "b"]}, {"audience": "b"}),
    ({"aud": ["a", "b"]}, {"audience": ["b", "c"]}),
    ({"aud": ["a", "b"]}, {"audience": {"c"}}),
    ({"aud": ["a"]}, {"options": {"verify_aud": False}}),
    ({"aud": ["a"]}, {"audience": "b", "options": {"verify_aud": False}}),
    ({"aud": [1]}, {"audience": "a"}),
    ({"aud": 1}, {"audience": "a"}),
    ({}, {"audience": "a"}),
    ({"aud": "a"}, {"audience": "a", "options": {"strict_aud": True}}),
    ({"aud": ["a"]}, {"audience": "a", "options": {"strict_aud": True}}),
    ({"aud": "a"}, {"audience": ["a"], "options": {"strict_aud": True}}),
    ({"aud": "a"}, {"audience": "b", "options": {"strict_aud": True}}),
    ({"sub": "s"}, {}),
    ({"sub": "s"}, {"subject": "s"}),
    ({"sub": "s"}, {"subject": "t"}),
    ({"sub": "s"}, {"subject": "t", "options": {"verify_sub": False}}),
    ({"sub": 1}, {}),
    ({"jti": "1"}, {}),
    ({"jti": 1}, {}),
    ({"uid": 1}, {"options": {"require": ["uid"]}}),
    ({"uid": None}, {"options": {"require": ["uid"]}}),
    ({}, {"options": {"require": ["exp", "uid"]}}),
    ({"a": [1, {"b": None}], "c": 1.5, "d": 2**70}, {}),
]


@pytest.mark.parametrize(("claims", "arguments"), ALIKE, ids=lambda value: json.dumps(value, default=str))
def test_claims_are_judged_as_by_pyjwt(
    sign: Sign, pem: str, claims: dict[str, Any], arguments: dict[str, Any]
) -> None:
    token = sign(claims, typ="JWT")
    for text, function in itertools.product((token, token.encode()), ("decode", "decode_complete")):
        their, expected = verdict(theirs, lambda jwt: getattr(jwt, function)(text, pem, **RS256, **arguments))
        our, found = verdict(ours, lambda jwt: getattr(jwt, function)(text, pem, **RS256, **arguments))
        if their == "ok":
            assert (our, found) == ("ok", expected)
            assert repr(found) == repr(expected)
        else:
            assert is_of_the_same_class(found, their), (their, found)


def test_arguments_stand_in_the_same_places(sign: Sign, pem: str) -> None:
    token = sign({"iss": "i", "aud": "a", "sub": "s"})
    shared: list[Any] = [token, pem, ["RS256"], {}, None, None, "a"]
    for function, last in (("decode", ["s", "i", 1]), ("decode_complete", ["i", "s", 1])):
        found, expected = (getattr(jwt, function)(*shared, *last) for jwt in (ours, theirs))
        assert found == expected


def tampered(token: str) -> list[str]:
    header, payload, signature = token.split(".")
    return [
        "",
        ".",
        "..",
        "a.b.c",
        header,
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{payload}.AAAA{signature[4:]}",
        f"{header}.{payload[:-1]}.{signature}",
        f"{header}.{payload}.{signature}.",
        f" {token}",
        f"{token}\n",
        "é" + token,
        "bm90IGpzb24.e30.e30",
        "W10.e30.e30",
    ]


def test_damaged_tokens_are_judged_as_by_pyjwt(sign: Sign, pem: str) -> None:
    for bad in tampered(sign({"uid": "peter"})):
        their, _ = verdict(theirs, lambda jwt: jwt.decode(bad, pem, **RS256))
        _, found = verdict(ours, lambda jwt: jwt.decode(bad, pem, **RS256))
        assert their != "ok" and is_of_the_same_class(found, their), (bad, their, found)


HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "RS384"},
    {"alg": "XX256"},
    {"alg": ""},
    {"kid": 1},
    {"crit": []},
    {"crit": ["exp"], "exp": 1},
    {"b64": False},
]


@pytest.mark.parametrize("header", HEADERS, ids=json.dumps)
def test_headers_are_refused_as_by_pyjwt(sign: Sign, pem: str, header: dict[str, Any]) -> None:
    token = sign({}, **header)
    their, _ = verdict(theirs, lambda jwt: jwt.decode(token, pem, **RS256))
    _, found = verdict(ours, lambda jwt: jwt.decode(token, pem, **RS256))
    assert their != "ok" and is_of_the_same_class(found, their), (their, found)


def test_a_private_key_is_refused(sign: Sign, private_pem: str) -> None:
    # PyJWT raises an AttributeError.
    with pytest.raises(ours.InvalidKeyError, match="private"):
        ours.decode(sign({}), private_pem, **RS256)


def test_every_kind_of_key_is_taken(sign: Sign, pem: str, public_key: Any, jwk: Jwk) -> None:
    token = sign({"uid": "peter"})
    as_json = jwk.to_json()
    key_set = ours.PyJWKSet.from_json(json.dumps({"keys": [json.loads(jwk.with_kid("k").to_json())]}))
    for key in (
        pem,
        pem.encode(),
        public_key,
        jwk,
        ours.PyJWK.from_json(as_json),
        key_set["k"],
        JwkSet([jwk]),
    ):
        assert ours.decode(token, key, **RS256) == {"uid": "peter"}
    for key in (ours.PyJWK(json.loads(as_json)), jwk.with_alg("RS256")):
        assert ours.decode(token, key) == {"uid": "peter"}
    for no_key in (None, 1, object()):
        with pytest.raises(TypeError):
            ours.decode(token, no_key, **RS256)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["p256-a", "p384", "p521", "ed25519-a"])
def test_other_key_types_are_taken(name: str) -> None:
    private = serialization.load_pem_private_key((DATA / "keys" / f"{name}.pem").read_bytes(), None)
    public = private.public_key()
    algorithm = {"p256-a": "ES256", "p384": "ES384", "p521": "ES512", "ed25519-a": "EdDSA"}[name]
    token = theirs.encode({"uid": "peter"}, private, algorithm)
    jwk = json.loads(theirs.get_algorithm_by_name(algorithm).to_jwk(public))
    assert ours.decode(token, public, [algorithm]) == {"uid": "peter"}
    mine, their = ours.PyJWK(jwk), theirs.PyJWK(jwk)
    assert (mine.algorithm_name, mine.key_type, mine.key_id, mine.public_key_use) == (
        their.algorithm_name,
        their.key_type,
        their.key_id,
        their.public_key_use,
    )
    assert ours.decode(token, mine) == theirs.decode(token, their) == {"uid": "peter"}


def test_algorithms_must_be_named(sign: Sign, pem: str) -> None:
    token = sign({"uid": "peter"})
    neither: list[Any] = [None, []]
    for algorithms in neither:
        for module in (ours, theirs):
            assert verdict(module, lambda jwt: jwt.decode(token, pem, algorithms))[0] == "DecodeError"
    assert ours.decode(token, pem, algorithm="RS256") == {"uid": "peter"}
    with pytest.raises(ours.InvalidAlgorithmError):
        ours.decode(token, pem, algorithm="RS512")


def test_the_unverified_header_is_pyjwt_s(sign: Sign) -> None:
    token = sign({}, kid="k", typ="JWT")
    for text in (token, token.encode()):
        assert ours.get_unverified_header(text) == theirs.get_unverified_header(text)
    for bad in [*tampered(token)[:6], sign({}, kid=1), "\ud800.a.b", "e30" * 10_000 + ".a.b", "W10.e30.e30"]:
        with pytest.raises(ours.InvalidTokenError):
            ours.get_unverified_header(bad)


def test_what_is_no_token_is_refused_before_anything_is_made_of_it() -> None:
    many: list[str | bytes] = ["." * 2_000_000, b"." * 2_000_000]
    tracemalloc.start()
    for text in many:
        with pytest.raises(ours.InvalidTokenError) as caught:
            ours.get_unverified_header(text)
        assert caught.value.code == "token_too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    for other in (None, 5, ["a.b.c"], bytearray(b"a.b.c")):
        with pytest.raises(TypeError, match=f"expected str or bytes, not {type(other).__name__}"):
            ours.get_unverified_header(other)  # type: ignore[arg-type]


def test_a_key_set_skips_what_it_cannot_use(jwk: Jwk) -> None:
    usable = json.loads(jwk.with_kid("k").to_json())
    for module in (ours, theirs):
        key_set = module.PyJWKSet([{"kty": "RSA"}, {"kty": "other"}, usable])
        assert [key.key_id for key in key_set] == ["k"] and len(key_set.keys) == 1
        with pytest.raises(KeyError):
            key_set["l"]
        no_keys: list[Any] = [[], {}, None, [{"kty": "RSA"}]]
        for keys in no_keys:
            assert issubclass(type(verdict(module, lambda jwt: jwt.PyJWKSet(keys))[1]), module.PyJWKSetError)
        for key in ({}, {"kty": "RSA"}, {"kty": "other"}):
            assert verdict(module, lambda jwt: jwt.PyJWK(key))[0] == "InvalidKeyError"


def test_base64url_is_decoded_as_by_pyjwt() -> None:
    utils = pytest.importorskip("jwt.utils")
    for text in ("", "AQAB", "_-8", "_-8=", "Zg", "Zg=="):
        assert ours.base64url_decode(text) == utils.base64url_decode(text)
        assert ours.base64url_decode(text.encode()) == utils.base64url_decode(text)
    for number in (0, 1, 65537, 2**2048 - 1):
        octets = number.to_bytes(256 + 1, "big")
        assert ours.bytes_to_number(octets) == utils.bytes_to_number(octets) == number
    for bad in ("A", "!!!!", "é"):
        with pytest.raises(ValueError):
            ours.base64url_decode(bad)


# What PyJWT accepts and bouncer_verify.pyjwt does not, by its row of the table in README.md.
Keys = dict[str, Any]
STRICTER: dict[str, tuple[str, Callable[[Any, Sign, Keys], Any]]] = {
    "a symmetric key": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, "s" * 32, "HS256"), "s" * 32, algorithms=["HS256"]
        ),
    ),
    "an RSA key under 2048 bits": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.decode(
            theirs.encode({}, keys["short"], "RS256"), keys["short"].public_key(), **RS256
        ),
    ),
    "a PEM key labelled RSA PUBLIC KEY, an OpenSSH key": (
        "InvalidKeyError",
        lambda jwt, sign, keys: [jwt.decode(sign({}), keys[name], **RS256) for name in ("pkcs1", "ssh")],
    ),
    "a JWK whose use is not sig": (
        "InvalidKeyError",
        lambda jwt, sign, keys: jwt.decode(sign({}), jwt.PyJWK({**keys["jwk"], "use": "enc"})),
    ),
    "a token whose kid is not that of the PyJWK": (
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
    "a leeway over 300 seconds": (
        "InvalidArgumentError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, leeway=301),
    ),
    "a token over 16 KiB": (
        "TokenTooLargeError",
        lambda jwt, sign, keys: jwt.decode(sign({"a": "a" * 16384}), keys["pem"], **RS256),
    ),
    "padding in a token": (
        "DecodeError",
        lambda jwt, sign, keys: jwt.decode(sign({}) + "==", keys["pem"], **RS256),
    ),
    "a member name twice": (
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
    "JSON of over 16 levels": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(
            sign(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"), keys["pem"], **RS256
        ),
    ),
    "a typ that is no string": (
        "MalformedHeaderError",
        lambda jwt, sign, keys: jwt.decode(sign({}, typ=1), keys["pem"], **RS256),
    ),
    "enc in the header": (
        "UnsupportedHeaderError",
        lambda jwt, sign, keys: jwt.decode(sign({}, enc="A128GCM"), keys["pem"], **RS256),
    ),
    "a time written as a string": (
        "MalformedClaimsError",
        lambda jwt, sign, keys: jwt.decode(sign({"exp": str(NOW + 100)}), keys["pem"], **RS256),
    ),
    "an nbf less than a second ahead": (
        "ImmatureSignatureError",
        lambda jwt, sign, keys: jwt.decode(
            sign({"nbf": keys["now"] + 0.9}), keys["pem"], **RS256, leeway=keys["now"] - int(time.time())
        ),
    ),
    "an empty aud where no audience is given": (
        "InvalidAudienceError",
        lambda jwt, sign, keys: jwt.decode(sign({"aud": []}), keys["pem"], **RS256),
    ),
    "a claim of the wrong type whose check is off": (
        "InvalidSubjectError",
        lambda jwt, sign, keys: jwt.decode(
            sign({"sub": 1}), keys["pem"], **RS256, options={"verify_sub": False}
        ),
    ),
    "no sub where a subject is given": (
        "InvalidSubjectError",
        lambda jwt, sign, keys: jwt.decode(sign({}), keys["pem"], **RS256, subject="s"),
    ),
}


@pytest.fixture(scope="module")
def keys(public_key: Any, pem: str, jwk: Jwk) -> Keys:
    spelt = serialization.Encoding, serialization.PublicFormat
    return {
        "pem": pem,
        "jwk": json.loads(jwk.to_json()),
        "short": serialization.load_pem_private_key((DATA / "keys" / "rsa-1024.pem").read_bytes(), None),
        "pkcs1": public_key.public_bytes(spelt[0].PEM, spelt[1].PKCS1),
        "ssh": public_key.public_bytes(spelt[0].OpenSSH, spelt[1].OpenSSH),
        "now": int(time.time()) + 60,
    }


@pytest.mark.parametrize("row", STRICTER)
def test_where_we_are_stricter(sign: Sign, keys: Keys, row: str) -> None:
    raises, call = STRICTER[row]
    assert verdict(theirs, lambda jwt: call(jwt, sign, keys))[0] == "ok"
    our, error = verdict(ours, lambda jwt: call(jwt, sign, keys))
    assert our == raises, error


def test_the_readme_s_table_has_these_rows() -> None:
    readme = (Path(REPOSITORY) / "python" / "README.md").read_text()
    table = readme.partition("| PyJWT accepts |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = {tuple(cell.strip().replace("`", "") for cell in row.split("|")[1:3]) for row in table}
    assert rows == {(row, raises) for row, (raises, _) in STRICTER.items()}


def test_we_are_never_laxer_than_pyjwt(sign: Sign, pem: str) -> None:
    chance = random.Random(8725)
    times = [
        NOW - 1000,
        NOW - 100,
        NOW + 100,
        NOW + 1000,
        float(NOW + 100),
        NOW + 100.5,
        0,
        -1,
        str(NOW),
        None,
        True,
    ]
    strings: list[Any] = ["a", "b", "", None, 1, ["a"], ["a", "b"], [], [1], {}]
    claims: dict[str, list[Any]] = {
        **dict.fromkeys(("exp", "nbf", "iat"), times),
        **dict.fromkeys(("iss", "aud", "sub", "jti", "uid"), strings),
    }
    arguments: dict[str, list[Any]] = {
        "audience": ["a", ["a", "c"], "c", ""],
        "issuer": ["a", ["a", "c"], "c", ""],
        "subject": ["a", "c", ""],
        "leeway": [0, 1, 150, 300, 0.5, timedelta(seconds=150)],
        "options": [
            {"require": ["exp"]},
            {"require": ["uid", "sub"]},
            {"strict_aud": True},
            {"verify_aud": False},
            {"verify_iss": False},
            {"verify_iat": False},
            {"verify_sub": False, "verify_jti": False},
        ],
    }

    def some(of: dict[str, list[Any]], likely: float) -> dict[str, Any]:
        return {name: chance.choice(values) for name, values in of.items() if chance.random() < likely}

    accepted = 0
    for _ in range(1500):
        token = sign(some(claims, 0.25))
        given = some(arguments, 0.3)
        our, found = verdict(ours, lambda jwt: jwt.decode(token, pem, **RS256, **given))
        their, expected = verdict(theirs, lambda jwt: jwt.decode(token, pem, **RS256, **given))
        assert our == "ok" or isinstance(found, ours.PyJWTError), found
        if our == "ok":
            accepted += 1
            assert (their, expected) == ("ok", found), (given, expected)
    assert accepted > 100


def test_except_clauses_of_pyjwt_go_on_working(sign: Sign, pem: str) -> None:
    expired = sign({"exp": 1})
    with pytest.raises(theirs.ExpiredSignatureError) as caught:
        ours.decode(expired, pem, **RS256)
    error: Any = caught.value
    assert isinstance(error, bouncer_verify.ExpiredSignatureError) and isinstance(error, theirs.PyJWTError)
    assert (error.code, error.claim, str(error)) == ("expired", "exp", 'the token has expired: "exp"')
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and (copy.code, copy.claim, copy.args) == ("expired", "exp", error.args)

    with pytest.raises(theirs.MissingRequiredClaimError) as missing:
        ours.decode(sign({}), pem, **RS256, options={"require": ["uid"]})
    assert missing.value.claim == "uid"
    with pytest.raises(theirs.exceptions.InvalidSubjectError):
        ours.decode(sign({"sub": 1}), pem, **RS256)
    with pytest.raises(theirs.InvalidTokenError):
        ours.get_unverified_header("a.b")
    with pytest.raises(theirs.InvalidKeyError):
        ours.PyJWK({})
    with pytest.raises(theirs.PyJWKSetError):
        ours.PyJWKSet([])
    with pytest.raises(theirs.PyJWTError):
        ours.decode(expired, pem, **RS256, leeway=301)


def test_every_exception_has_one_of_pyjwt_s() -> None:
    for exception in exceptions.BY_CODE.values():
        joint = ours._joint(exception)
        assert issubclass(joint, exception) and issubclass(joint, theirs.PyJWTError)
        assert issubclass(joint, theirs.InvalidTokenError) == issubclass(exception, ours.InvalidTokenError)


def test_pyjwt_is_not_imported_for_it() -> None:
    program = """
import sys
from bouncer_verify import pyjwt
try:
    pyjwt.decode("a.b.c", "key", algorithms=["RS256"])
except pyjwt.InvalidKeyError as error:
    assert type(error) is pyjwt.InvalidKeyError
assert not {"jwt", "cryptography"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-I", "-c", program], check=True)
