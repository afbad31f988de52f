"""Verifies one RS256 token with bouncer_verify and with the libraries that are installed.

    python benches/verify.py [ROUNDS]

The libraries take turns, so that a change of the machine's pace reaches all of them. The medians are of
the CPU time of one verification (signature, exp, aud, iss) and of what one thread and two do in a second.
What two threads can gain here and now is shown by hashing a megabyte, which is known to run beside
itself.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

import bouncer_verify
import bouncer_verify.pyjwt
from bouncer_verify import Jwk, JwkSet, Policy, Verifier

KEY = Path(__file__).parents[2] / "tests" / "data" / "keys" / "rsa-2048-a.pem"
ISSUER, AUDIENCE, KID = "https://idp.example/", "https://api.example/", "key-1"
CALLS = 200

Verify = Callable[[str], Any]


class Sample:
    """A token and its key in the forms that the libraries want."""

    def __init__(self) -> None:
        self.private = serialization.load_pem_private_key(KEY.read_bytes(), None)
        self.public: Any = self.private.public_key()
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = self.public.public_bytes(serialization.Encoding.PEM, spki)
        self.jwk = json.loads(Jwk.from_pem(self.pem).with_kid(KID).with_alg("RS256").to_json())
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "alice",
            "iat": now,
            "exp": now + 86400,
            "scope": "read write",
            "roles": ["reader", "operator"],
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": KID}
        signing_input = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        self.signing_input = signing_input.encode()
        self.signature = self.private.sign(self.signing_input, padding.PKCS1v15(), hashes.SHA256())  # type: ignore
        self.token = f"{signing_input}.{encoded(self.signature)}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def libraries(sample: Sample) -> Iterator[tuple[str, Verify]]:
    jwks = JwkSet.from_json(json.dumps({"keys": [sample.jwk]}))
    verifier = Verifier(jwks, Policy.for_issuer(ISSUER, AUDIENCE))
    checks: dict[str, Any] = {"algorithms": ["RS256"], "audience": AUDIENCE, "issuer": ISSUER}
    yield "bouncer_verify", verifier.verify
    yield "bouncer_verify, claims as a dict", lambda token: verifier.verify(token).claims()
    yield (
        "bouncer_verify.pyjwt, cryptography's key",
        lambda token: bouncer_verify.pyjwt.decode(token, sample.public, **checks),
    )
    key = bouncer_verify.pyjwt.PyJWK(sample.jwk)
    yield "bouncer_verify.pyjwt, PyJWK", lambda token: bouncer_verify.pyjwt.decode(token, key, **checks)
    public_key, signing_input, signature = sample.public, sample.signing_input, sample.signature
    scheme, sha256 = padding.PKCS1v15(), hashes.SHA256()
    yield (
        "cryptography, the signature alone",
        lambda token: public_key.verify(signature, signing_input, scheme, sha256),
    )
    if jwt := installed("jwt"):
        yield f"PyJWT {version('pyjwt')}", lambda token: jwt.decode(token, sample.public, **checks)
    if oxyjwt := installed("oxyjwt"):
        oxyjwt_key = oxyjwt.DecodingKey.from_rsa_pem(sample.pem)
        yield f"oxyjwt {version('oxyjwt')}", lambda token: oxyjwt.decode(token, oxyjwt_key, **checks)
    if ryjwt := installed("ryjwt"):
        ryjwt_key = ryjwt.PublicKey.from_jwks({"keys": [sample.jwk]}, **checks)
        yield f"ryjwt {version('ryjwt')}", ryjwt_key.decode
    if joserfc := installed("joserfc.jwt"):
        keys = importlib.import_module("joserfc.jwk").KeySet.import_key_set({"keys": [sample.jwk]})
        registry = joserfc.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
        )
        yield (
            f"joserfc {version('joserfc')}",
            lambda token: registry.validate(joserfc.decode(token, keys, algorithms=["RS256"]).claims),
        )


def installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def cpu_microseconds(verify: Verify, token: str) -> float:
    start = time.thread_time_ns()
    for _ in range(CALLS):
        verify(token)
    return (time.thread_time_ns() - start) / CALLS / 1000


def per_second(verify: Verify, token: str, threads: int, calls: int) -> float:
    def work() -> None:
        for _ in range(calls):
            verify(token)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * calls / (time.perf_counter() - start)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    sample = Sample()
    candidates = list(libraries(sample))
    cpu: dict[str, list[float]] = {name: [] for name, _ in candidates}
    one: dict[str, list[float]] = {name: [] for name, _ in candidates}
    two: dict[str, list[float]] = {name: [] for name, _ in candidates}
    megabyte = bytes(1 << 20)
    hashing: list[float] = []
    for _ in range(rounds):
        for name, verify in candidates:
            cpu[name].append(cpu_microseconds(verify, sample.token))
        hash_it: Verify = lambda _: hashlib.sha256(megabyte)  # noqa: E731
        hashing.append(per_second(hash_it, "", 2, 10) / per_second(hash_it, "", 1, 10))
        for name, verify in candidates:
            one[name].append(per_second(verify, sample.token, 1, CALLS * 2))
            two[name].append(per_second(verify, sample.token, 2, CALLS * 2))
    print(f"{'':42} CPU us  (min)   1 thread/s  2 threads/s   gain")
    for name, _ in candidates:
        alone, together = statistics.median(one[name]), statistics.median(two[name])
        print(
            f"{name:42} {statistics.median(cpu[name]):6.1f} {min(cpu[name]):7.1f} "
            f"{alone:12,.0f} {together:12,.0f} {together / alone:6.2f}"
        )
    print(f"hashing: {statistics.median(hashing):.2f} (best {max(hashing):.2f}) with two threads")


if __name__ == "__main__":
    main()
