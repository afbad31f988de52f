"""Compares bouncer_verify.pyjwt with PyJWT."""

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
from typing import Any

import pytest
from conftest import DATA, Sign

import bouncer_verify
from bouncer_verify import Jwk, JwkSet, exceptions
from bouncer_verify import pyjwt as ours
from bouncer_verify.pyjwt import _errors

theirs = pytest.importorskip("jwt")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

RS256: dict[str, Any] = {"algorithms": ["RS256"]}
NOW = int(time.time())
Verdict = tuple[str, Any]


def verdict(module: Any, call: Callable[[Any], Any]) -> Verdict:
    """Returns ("ok", result) or (the name of the exception's class, the exception)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "ok", call(module)
    except Exception as error:
        return type(error).__name__, error


def is_of_the_same_class(error: Any, name: str) -> bool:
    """Returns whether `except pyjwt.<name>` catches `error`."""
    return isinstance(error, getattr(ours, name, exceptions.BouncerError))


@pytest.fixture(scope="module")
def pem(public_key: Any) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(public_key.public_bytes(serialization.Encoding.PEM, spki).decode())


# Claims and arguments for which both libraries return the same result.
ALIKE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"uid": "peter", "exp": NOW + 100}, {}),
    ({"exp": NOW - 100}, {}),
    ({"exp": NOW - 100}, {"leeway": 200}),
    ({"exp": NOW - 100}, {"leeway": timedelta(seconds=200)}),
    ({"exp": NOW - 100}, {"leeway": 50}),
    ({"exp": NOW + 100}, {"leeway": -50}),
    ({"exp": NOW + 100}, {"leeway": -200}),
    ({"exp": NOW + 100}, {"leeway": -0.5}),
    ({"exp": NOW + 100.5}, {}),
    ({"exp": []}, {}),
    ({"exp": "soon"}, {}),
    ({"nbf": NOW + 100}, {}),
    ({"nbf": NOW + 100}, {"leeway": 200.5}),
    ({"nbf": NOW + 30}, {}),
    ({"nbf": NOW - 100}, {}),
    ({"nbf": NOW - 100}, {"leeway": -200}),
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
    ({"a": {"b": 1}}, {"options": {"require": ["a.b"]}}),
    ({"a.b": 1}, {"options": {"require": ["a.b"]}}),
    ({}, {"options": {"require": ["exp", "uid"]}}),
    ({"a": [1, {"b": None}], "c": 1.5, "d": 2**70}, {}),
]


@pytest.mark.parametrize(("claims", "arguments"), ALIKE, ids=lambda value: json.dumps(value, default=str))
def test_claims_are_checked_as_in_pyjwt(
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


def test_positional_arguments_have_pyjwt_s_order(sign: Sign, pem: str) -> None:
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


def test_damaged_tokens_are_rejected_as_in_pyjwt(sign: Sign, pem: str) -> None:
    for bad in tampered(sign({"uid": "peter"})):
        their, _ = verdict(theirs, lambda jwt: jwt.decode(bad, pem, **RS256))
        _, found = verdict(ours, lambda jwt: jwt.decode(bad, pem, **RS256))
        assert their != "ok" and is_of_the_same_class(found, their), (bad, their, found)


HEADERS: list[dict[str, Any]] = [
    {"alg": None},
    {"alg": 1},
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
def test_invalid_headers_are_rejected_as_in_pyjwt(sign: Sign, pem: str, header: dict[str, Any]) -> None:
    token = sign({}, **header)
    their, _ = verdict(theirs, lambda jwt: jwt.decode(token, pem, **RS256))
    _, found = verdict(ours, lambda jwt: jwt.decode(token, pem, **RS256))
    assert their != "ok" and is_of_the_same_class(found, their), (their, found)


def test_a_token_without_alg_raises_invalid_algorithm_error(pem: str) -> None:
    for header in ("e30", "eyJraWQiOiJhIn0", "eyJhbGciOiIifQ"):
        for module in (theirs, ours):
            name, error = verdict(module, lambda jwt: jwt.decode(f"{header}.e30.AA", pem, **RS256))
            assert name != "ok" and isinstance(error, module.InvalidAlgorithmError), error
    assert (error.http_status, error.claim) == (401, "alg")


def test_a_private_key_is_rejected(sign: Sign, private_pem: str) -> None:
    # PyJWT raises an AttributeError here.
    with pytest.raises(ours.InvalidKeyError, match="private"):
        ours.decode(sign({}), private_pem, **RS256)


def test_every_form_of_a_key_is_accepted(sign: Sign, pem: str, public_key: Any, jwk: Jwk) -> None:
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
def test_other_key_types_are_accepted(name: str) -> None:
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


def test_the_unverified_header_equals_that_of_pyjwt(sign: Sign) -> None:
    token = sign({}, kid="k", typ="JWT")
    for text in (token, token.encode()):
        assert ours.get_unverified_header(text) == theirs.get_unverified_header(text)
    for bad in [*tampered(token)[:6], sign({}, kid=1), "\ud800.a.b", "e30" * 10_000 + ".a.b", "W10.e30.e30"]:
        with pytest.raises(ours.InvalidTokenError):
            ours.get_unverified_header(bad)


def test_a_long_text_is_rejected_without_being_copied() -> None:
    many: list[str | bytes] = ["." * 2_000_000, b"." * 2_000_000]
    tracemalloc.start()
    for text in many:
        with pytest.raises(ours.InvalidTokenError) as caught:
            ours.get_unverified_header(text)
        assert caught.value.code == "token_too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_token_that_is_not_str_or_bytes_raises_decode_error(pem: str) -> None:
    calls: list[Callable[[Any, Any], Any]] = [
        lambda jwt, other: jwt.get_unverified_header(other),
        lambda jwt, other: jwt.decode(other, pem, **RS256),
        lambda jwt, other: jwt.decode_complete(other, pem, **RS256),
        lambda jwt, other: jwt.PyJWKClient("https://idp.example/").get_signing_key_from_jwt(other),
    ]
    for other, call in itertools.product((None, 5, ["a.b.c"], bytearray(b"a.b.c")), calls):
        for module in (theirs, ours):
            name, error = verdict(module, lambda jwt: call(jwt, other))
            assert name == "DecodeError", error
        assert type(other).__name__ in str(error)


def test_a_key_set_skips_unusable_keys(jwk: Jwk) -> None:
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


def test_base64url_is_decoded_as_in_pyjwt() -> None:
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


def test_random_tokens_that_pyjwt_rejects_are_rejected(sign: Sign, pem: str) -> None:
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
        payload = some(claims, 0.25)
        given = some(arguments, 0.3)
        our, found = verdict(ours, lambda jwt: jwt.decode(sign(payload), pem, **RS256, **given))
        # bouncer_verify.pyjwt treats a null claim as absent. PyJWT rejects most null claims, so its
        # token does not contain them.
        present = {name: value for name, value in payload.items() if value is not None}
        their, expected = verdict(theirs, lambda jwt: jwt.decode(sign(present), pem, **RS256, **given))
        assert our == "ok" or isinstance(found, ours.PyJWTError), found
        if our == "ok":
            accepted += 1
            found = {name: value for name, value in found.items() if value is not None}
            assert (their, expected) == ("ok", found), (given, expected)
    assert accepted > 100


def test_except_clauses_with_classes_of_pyjwt_keep_working(sign: Sign, pem: str) -> None:
    expired = sign({"exp": 1})
    with pytest.raises(theirs.ExpiredSignatureError) as caught:
        ours.decode(expired, pem, **RS256)
    error: Any = caught.value
    assert isinstance(error, bouncer_verify.ExpiredSignatureError) and isinstance(error, theirs.PyJWTError)
    assert (error.code, error.claim, str(error)[:21]) == ("expired", "exp", "the token has expired")
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


def test_every_exception_has_a_joint_subclass_with_pyjwt() -> None:
    for exception in exceptions.BY_CODE.values():
        joint = _errors.joint(exception)
        assert issubclass(joint, exception) and issubclass(joint, theirs.PyJWTError)
        assert issubclass(joint, theirs.InvalidTokenError) == issubclass(exception, ours.InvalidTokenError)


def test_pyjwt_is_not_imported() -> None:
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


def test_a_leeway_keeps_its_fraction(sign: Sign, pem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.4)
    for claims, leeway, is_accepted in [
        ({"exp": 1000}, 0.5, True),
        ({"exp": 1000}, 0.3, False),
        ({"exp": 1001}, 0, True),
        ({"exp": 1001}, -0.5, True),
        ({"exp": 1001}, -0.7, False),
        ({"nbf": 1001}, 0.6, True),
        ({"nbf": 1001}, 0.5, False),
        ({"nbf": 1000}, -0.3, True),
        ({"nbf": 1000}, -0.5, False),
        ({"iat": 1001}, 0.6, True),
        ({"iat": 1001}, 0.5, False),
    ]:
        found = verdict(ours, lambda jwt: jwt.decode(sign(claims), pem, **RS256, leeway=leeway))
        assert (found[0] == "ok") == is_accepted, (claims, leeway, found)
        given = timedelta(seconds=leeway)
        assert found[0] == verdict(ours, lambda jwt: jwt.decode(sign(claims), pem, **RS256, leeway=given))[0]
    for nonsense in (float("nan"), float("inf")):
        with pytest.raises(bouncer_verify.InvalidArgumentError, match="leeway"):
            ours.decode(sign({}), pem, **RS256, leeway=nonsense)


def test_an_unknown_keyword_causes_a_warning(sign: Sign, pem: str) -> None:
    for function in (ours.decode, ours.decode_complete):
        with pytest.warns(DeprecationWarning, match="audiense") as caught:
            function(sign({}), pem, **RS256, audiense="a")
        assert caught[0].filename == __file__


def test_a_key_without_alg_verifies_every_algorithm_of_its_type(private_pem: str, jwk: Jwk) -> None:
    key = ours.PyJWK.from_json(jwk.to_json())
    assert (key.algorithm_name, key.key.alg) == ("RS256", None)
    for algorithm in ("RS256", "PS256", "RS512"):
        token = theirs.encode({"uid": "peter"}, private_pem, algorithm)
        assert ours.decode(token, key.key, [algorithm]) == {"uid": "peter"}
        bound = ours.PyJWK.from_json(jwk.to_json(), algorithm)
        assert ours.decode(token, bound) == {"uid": "peter"}


def test_a_key_for_another_algorithm_raises_invalid_algorithm_error(
    sign: Sign, private_pem: str, jwk: Jwk
) -> None:
    data = json.loads(jwk.to_json())
    other = theirs.encode({}, private_pem, "PS256")
    for module in (ours, theirs):
        key = module.PyJWK(data, "RS256")
        name, error = verdict(module, lambda jwt: jwt.decode(other, key, ["PS256"]))
        assert name == "InvalidAlgorithmError", error
    # A token for another key type is rejected with the same exception.
    elliptic = serialization.load_pem_private_key((DATA / "keys" / "p256-a.pem").read_bytes(), None)
    with pytest.raises(ours.InvalidAlgorithmError):
        ours.decode(theirs.encode({}, elliptic, "ES256"), jwk, ["ES256"])
    with pytest.raises(bouncer_verify.NoMatchingKeyError):
        ours.decode(sign({}, kid="other"), jwk.with_kid("k"), ["RS256"])


def test_a_key_for_an_unsupported_algorithm_is_rejected(jwk: Jwk) -> None:
    data = json.loads(jwk.to_json())
    for arguments in (({**data, "alg": "x"},), (data, "x"), ({**data, "alg": "RSA-OAEP"},)):
        for module in (theirs, ours):
            with pytest.raises(module.PyJWKError) as caught:
                module.PyJWK(*arguments)
        # `caught` is the exception of bouncer_verify. PyJWT's text contains the whole key.
        assert data["n"] not in str(caught.value)
    no_jwks: list[Any] = [None, [], {"kty": "RSA", "n": object()}, {**data, "alg": 1}]
    for nonsense in no_jwks:
        with pytest.raises(ours.InvalidKeyError):
            ours.PyJWK(nonsense)


def test_algorithm_objects_compute_digests_and_read_keys(sign: Sign, jwk: Jwk) -> None:
    for name in ("RS256", "PS384", "ES512"):
        mine, their = (jwt.get_algorithm_by_name(name) for jwt in (ours, theirs))
        assert mine.compute_hash_digest(b"text") == their.compute_hash_digest(b"text")
    for name in ("HS256", "none", "x"):
        with pytest.raises(NotImplementedError):
            ours.get_algorithm_by_name(name)
    with pytest.raises(NotImplementedError):
        ours.get_algorithm_by_name("EdDSA").compute_hash_digest(b"text")
    key = ours.algorithms.RSAAlgorithm.from_jwk(jwk.to_json())
    assert ours.decode(sign({"uid": "peter"}), key, ["RS256"]) == {"uid": "peter"}
    assert ours.PyJWK(json.loads(jwk.to_json())).Algorithm.from_jwk(json.loads(jwk.to_json())) == key
    for kind in (ours.algorithms.ECAlgorithm, ours.algorithms.OKPAlgorithm):
        with pytest.raises(ours.InvalidKeyError):
            kind.from_jwk(jwk.to_json())


def test_invalid_tokens_are_rejected_by_get_unverified_header(sign: Sign) -> None:
    header, payload, signature = sign({}).split(".")
    bad = [
        sign({}, crit=["exp"]),
        sign({}, crit=[]),
        sign({}, crit="exp"),
        sign({}, kid=0),
        sign({}, kid=[]),
        f"{header}.!!!.{signature}",
        f"{header}.{payload}.+++",
        f"{header}.{payload}.A",
        f"{header}.{payload}.AB",
    ]
    for token in bad:
        for module in (ours, theirs):
            with pytest.raises(module.InvalidTokenError):
                module.get_unverified_header(token)


def test_exceptions_have_the_http_status_and_challenge(sign: Sign, pem: str) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any], int, str | None]] = [
        ({"exp": 1}, {}, 401, "expired"),
        ({"sub": 1}, {}, 401, "malformed_claims"),
        ({"aud": 1}, {"audience": "a"}, 401, "malformed_claims"),
        ({"sub": "s"}, {"subject": "t"}, 401, "wrong_subject"),
        ({}, {"leeway": 301}, 500, None),
    ]
    for claims, arguments, status, code in cases:
        _, error = verdict(ours, lambda jwt: jwt.decode(sign(claims), pem, **RS256, **arguments))
        expected = f'Bearer error="invalid_token", error_description="{code}"' if code else None
        assert (error.http_status, error.challenge) == (status, expected)
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), copy.challenge, copy.code) == (type(error), error.challenge, error.code)


def test_null_counts_as_absent(sign: Sign, pem: str) -> None:
    claims = {"exp": None, "sub": None, "jti": None, "uid": "peter"}
    assert verdict(theirs, lambda jwt: jwt.decode(sign(claims), pem, **RS256))[0] == "DecodeError"
    assert ours.decode(sign(claims, kid=None), pem, **RS256) == claims
    assert ours.get_unverified_header(sign(claims, kid=None))["kid"] is None
    # A required claim that is null is missing.
    with pytest.raises(ours.MissingRequiredClaimError):
        ours.decode(sign(claims), pem, **RS256, options={"require": ["exp"]})
    with pytest.raises(ours.InvalidSubjectError):
        ours.decode(sign(claims), pem, **RS256, subject="s")
