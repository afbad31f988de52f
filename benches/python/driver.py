"""The Python driver of the benchmark: `driver.py FIXTURES THREADS LIBRARY...`.

benches/README.md describes its line protocol. The driver uses each library as its documentation
shows for a service with a JWK Set. The set is read once, and the token's "kid" selects the key.
Signature, "exp", "iss" and "aud" are checked. Tokens of DC/OS's Bouncer have no "iss" and no "aud".
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

ISSUER, AUDIENCE = "https://idp.example.com/realms/production", "api://orders"

# Verifies a token. Returns its subject, or "!" and the reason for the rejection.
OutcomeOf = Callable[[Any], Any]


class Case:
    """64 tokens, the expected result of each, and the keys."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        lines = (folder / name / "tokens").read_text().splitlines()
        split = (line.partition(" ") for line in lines)
        self.samples: list[tuple[Any, Any]] = [(token, expected) for expected, _, token in split]
        self.accepts = not self.samples[0][1].startswith("!")
        self.jwks_json = (folder / name / "jwks.json").read_text()
        self.jwks = json.loads(self.jwks_json)
        self.pem = (folder / name / "key.pem").read_bytes()
        self.is_bouncer = name == "bouncer"
        # Bouncer's tokens have only "uid" and "exp": no issuer, no audience and no "kid".
        self.subject = "uid" if self.is_bouncer else "sub"
        self.checks = {} if self.is_bouncer else {"audience": AUDIENCE, "issuer": ISSUER}
        self.algorithm = "ES256" if name == "es256" else "RS256"


def bouncer_verifier(case: Case) -> Any:
    from bouncer_verify import JwkSet, Policy, Verifier

    policy = Policy.dcos() if case.is_bouncer else Policy.for_issuer(ISSUER, AUDIENCE)
    return Verifier(JwkSet.from_json(case.jwks_json), policy.replace(algorithms=[case.algorithm]))


def bouncer_reason(error: Exception) -> str:
    code = getattr(error, "code", "")
    return {
        "no_matching_key": "!unknown_key",
        "malformed_token": "!malformed",
        "malformed_header": "!malformed",
    }.get(code, f"!{code}")


def bouncer_verify(case: Case) -> OutcomeOf:
    return one_by_one(case, bouncer_verifier(case))


def one_by_one(case: Case, verifier: Any) -> OutcomeOf:
    from bouncer_verify import InvalidTokenError

    verify, is_bouncer = verifier.verify, case.is_bouncer

    def outcome_of(token: str) -> Any:
        try:
            verified = verify(token)
        except InvalidTokenError as error:
            return bouncer_reason(error)
        return verified.uid if is_bouncer else verified.subject

    return outcome_of


def like_pyjwt(case: Case, jwt: Any, keys: Any, only: Any) -> OutcomeOf:
    """Verifies with PyJWT, or with a library that has the same interface."""
    algorithms = [case.algorithm]

    def outcome_of(token: str) -> Any:
        try:
            key = only if case.is_bouncer else keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=algorithms, **case.checks)
        except KeyError:
            return "!unknown_key"
        except jwt.ExpiredSignatureError:
            return "!expired"
        except jwt.InvalidSignatureError:
            return "!invalid_signature"
        except jwt.DecodeError:
            return "!malformed"
        return claims[case.subject]

    return outcome_of


def with_key_set(case: Case, jwt: Any) -> OutcomeOf:
    keys = jwt.PyJWKSet.from_dict(case.jwks)
    return like_pyjwt(case, jwt, keys, keys.keys[0])


def pyjwt(case: Case) -> OutcomeOf:
    return with_key_set(case, import_module("jwt"))


def bouncer_verify_pyjwt(case: Case) -> OutcomeOf:
    return with_key_set(case, import_module("bouncer_verify.pyjwt"))


def oxyjwt(case: Case) -> OutcomeOf:
    import oxyjwt

    keys = {jwk["kid"]: oxyjwt.DecodingKey.from_jwk(jwk) for jwk in case.jwks["keys"]}
    return like_pyjwt(case, oxyjwt, keys, next(iter(keys.values())))


def ryjwt(case: Case) -> OutcomeOf:
    import ryjwt

    if case.is_bouncer:
        key = ryjwt.PublicKey(case.pem, algorithms=["RS256"])
    else:
        key = ryjwt.PublicKey.from_jwks(case.jwks, algorithms=["RS256"], **case.checks)

    def outcome_of(token: str) -> Any:
        try:
            return key.decode(token)[case.subject]
        except ryjwt.UnknownKeyError:
            return "!unknown_key"
        except ryjwt.ExpiredSignatureError:
            return "!expired"
        except ryjwt.InvalidSignatureError:
            return "!invalid_signature"
        except ryjwt.DecodeError:
            return "!malformed"

    return outcome_of


def joserfc(case: Case) -> OutcomeOf:
    from joserfc import errors, jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(case.jwks)
    key = keys.keys[0] if case.is_bouncer else keys
    wanted = {} if case.is_bouncer else {"iss": ISSUER, "aud": AUDIENCE}
    options: Any = {name: {"essential": True, "value": value} for name, value in wanted.items()}
    registry = jwt.JWTClaimsRegistry(exp={"essential": True}, **options)

    def outcome_of(token: str) -> Any:
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"]).claims
            registry.validate(claims)
        except errors.BadSignatureError:
            return "!invalid_signature"
        except errors.ExpiredTokenError:
            return "!expired"
        except (errors.DecodeError, UnicodeDecodeError):
            return "!malformed"
        except errors.InvalidKeyIdError:
            return "!unknown_key"
        return claims[case.subject]

    return outcome_of


def cryptography(case: Case) -> OutcomeOf:
    """Verifies only the signature. The token is decoded before the measurement."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    verify: Any = serialization.load_pem_public_key(case.pem).verify  # type: ignore[union-attr]
    is_ec, sha256 = case.algorithm == "ES256", hashes.SHA256()
    rest = (ec.ECDSA(sha256),) if is_ec else (padding.PKCS1v15(), sha256)
    parts = {}
    for token, expected in case.samples:
        signing_input, _, signature = token.rpartition(".")
        decoded = base64.urlsafe_b64decode(signature + "==")
        if is_ec:
            halves = (int.from_bytes(decoded[:32], "big"), int.from_bytes(decoded[32:], "big"))
            decoded = utils.encode_dss_signature(*halves)
        parts[token] = (decoded, signing_input.encode(), expected)

    def outcome_of(token: str) -> Any:
        signature, signing_input, expected = parts[token]
        verify(signature, signing_input, *rest)
        return expected

    return outcome_of


LIBRARIES: dict[str, tuple[str, str, Callable[[Case], OutcomeOf]]] = {
    "bouncer_verify": ("bouncer_verify", "bouncer_verify", bouncer_verify),
    "bouncer_verify.pyjwt": ("bouncer_verify", "bouncer_verify.pyjwt", bouncer_verify_pyjwt),
    "pyjwt": ("pyjwt", "PyJWT {version}", pyjwt),
    "oxyjwt": ("oxyjwt", "oxyjwt", oxyjwt),
    "ryjwt": ("ryjwt", "ryjwt", ryjwt),
    "joserfc": ("joserfc", "joserfc", joserfc),
    "cryptography": ("cryptography", "cryptography, signature alone", cryptography),
}


def delayed() -> int:
    """Returns the nanoseconds that this thread has waited for a core; 0 if unknown."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1])
    except OSError:
        return 0


# The cases that run with every library, and the cases that run only with bouncer_verify and the
# peers listed for them.
EVERY_LIBRARY = ("bouncer", "oidc", "tampered", "expired")
FEW = {
    "unknown_kid": ("pyjwt", "ryjwt"),
    "garbage": ("pyjwt", "ryjwt"),
    "jwks_100": ("pyjwt", "ryjwt"),
    "es256": ("pyjwt", "cryptography"),
}


class Candidate:
    def __init__(self, case: Case, name: str, version: str, outcome_of: OutcomeOf) -> None:
        self.case, self.name, self.version, self.outcome_of = (case, name, version, outcome_of)

    def calls(self, samples: Iterator[tuple[Any, Any]], count: int) -> None:
        # This loop holds the GIL, so it does only what is needed to check every result.
        outcome_of = self.outcome_of
        for token, expected in islice(samples, count):
            if outcome_of(token) != expected:
                raise AssertionError(
                    f"{self.case.name}, {self.name}: got {outcome_of(token)!r}, expected {expected!r}"
                )

    def check(self) -> None:
        self.calls(iter(self.case.samples), 64)

    def warm_up(self, nanoseconds: int) -> int:
        """Makes calls for a fifth of the slot, to fill caches and train branch predictors.

        Returns the number of calls to make between two reads of the clock.
        """
        samples, chunk, start = cycle(self.case.samples), 1, time.perf_counter_ns()
        while time.perf_counter_ns() - start < nanoseconds // 5:
            begin = time.perf_counter_ns()
            self.calls(samples, chunk)
            if time.perf_counter_ns() - begin < nanoseconds // 200:
                chunk *= 2
        return chunk

    def until(self, end: int, chunk: int) -> int:
        samples, count = cycle(self.case.samples), 0
        while time.perf_counter_ns() < end:
            self.calls(samples, chunk)
            count += chunk
        return count

    def slot(self, nanoseconds: int, threads: int) -> tuple[int, int, int]:
        chunk = self.warm_up(nanoseconds)
        if threads > 1:
            return self.slot_of_threads(nanoseconds, chunk, threads)
        start, cpu = time.perf_counter_ns(), time.thread_time_ns()
        count = self.until(start + nanoseconds, chunk)
        return count, time.perf_counter_ns() - start, time.thread_time_ns() - cpu

    def slot_of_threads(self, nanoseconds: int, chunk: int, threads: int) -> tuple[int, int, int]:
        slots: list[tuple[int, int, int]] = []
        ready = threading.Barrier(threads)

        def work() -> None:
            ready.wait()
            start, delay = time.perf_counter_ns(), delayed()
            count = self.until(start + nanoseconds, chunk)
            slots.append((count, time.perf_counter_ns() - start, delayed() - delay))

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        count, wall, delay = map(sum, zip(*slots, strict=True))
        # Waits of the threads for each other are part of the measurement. Waits for a core are a
        # disturbance, so they are subtracted from the time that is reported as CPU time.
        return count, wall // threads, wall - delay


class BatchCandidate(Candidate):
    """Verifies many tokens in one call. The library starts the threads."""

    def __init__(self, case: Case, count: int, threads: int) -> None:
        verify_batch = bouncer_verifier(case).verify_batch

        def outcome_of(tokens: list[str]) -> list[Any]:
            return [token.subject for token in verify_batch(tokens, threads)]

        tokens, subjects = map(list, zip(*islice(cycle(case.samples), count), strict=True))
        case.name, case.samples = "batch", [(tokens, subjects)]
        name = f"bouncer_verify, {count} in one call"
        super().__init__(case, name, version("bouncer_verify"), outcome_of)
        self.count = count

    def slot(self, nanoseconds: int, threads: int) -> tuple[int, int, int]:
        calls, wall, cpu = super().slot(nanoseconds, 1)
        # The clock measures only the calling thread, which waits for the slowest of the library's
        # threads. So the CPU time of all threads is estimated.
        return calls * self.count, wall, cpu * threads


class AsyncCandidate(Candidate):
    """Verifies on an event loop, one token after another."""

    def __init__(
        self, case: Case, name: str, version: str, outcome_of: Callable[[str], Awaitable[Any]]
    ) -> None:
        super().__init__(case, name, version, outcome_of)
        self.loop = asyncio.new_event_loop()

    def check(self) -> None:
        self.loop.run_until_complete(self.calls_async(0, 64))

    async def calls_async(self, first: int, count: int) -> None:
        outcome_of, samples = self.outcome_of, self.case.samples
        for at in range(first, first + count):
            token, expected = samples[at % 64]
            if await outcome_of(token) != expected:
                raise AssertionError(f"{self.case.name}, {self.name}: wrong result, expected {expected!r}")

    def slot(self, nanoseconds: int, threads: int) -> tuple[int, int, int]:
        return self.loop.run_until_complete(self.slot_async(nanoseconds))

    async def slot_async(self, nanoseconds: int) -> tuple[int, int, int]:
        await self.calls_async(0, 8)
        count, start = 0, time.perf_counter_ns()
        while time.perf_counter_ns() - start < nanoseconds:
            await self.calls_async(count, 8)
            count += 8
        # The calls switch between threads, so they always wait for a core. That is not a
        # disturbance, so 0 is reported as the CPU time.
        return count, time.perf_counter_ns() - start, 0


def with_asyncio(case: Case) -> Iterator[Candidate]:
    verify_async = bouncer_verifier(case).verify_async

    async def ours(token: str) -> Any:
        return (await verify_async(token)).subject

    yield AsyncCandidate(case, "bouncer_verify, verify_async", version("bouncer_verify"), ours)
    decode = pyjwt(case)

    async def inline(token: str) -> Any:
        return decode(token)

    async def in_thread(token: str) -> Any:
        return await asyncio.to_thread(decode, token)

    name = f"PyJWT {version('pyjwt')}"
    yield AsyncCandidate(case, f"{name}, inline", version("pyjwt"), inline)
    yield AsyncCandidate(case, f"{name}, asyncio.to_thread", version("pyjwt"), in_thread)


def without_the_lock(case: Case) -> Candidate:
    """Measures the highest throughput that two threads can reach in Python.

    Its calls take as long as a verification and run almost entirely without the GIL.
    """
    data = bytes(20 * 1024)
    case.name, case.samples = "without_the_lock", [(data, zlib.crc32(data))]
    name = f"zlib {zlib.ZLIB_RUNTIME_VERSION}'s crc32 of {len(data) // 1024} KiB"
    return Candidate(case, name, zlib.ZLIB_RUNTIME_VERSION, zlib.crc32)


def candidates(folder: Path, threads: int, chosen: list[str], notes: list[str]) -> Iterator[Candidate]:
    for name in list(chosen):
        try:
            import_module({"pyjwt": "jwt"}.get(name, name))
        except ImportError as error:
            notes.append(f"Python: {name} could not be imported: {error}")
            chosen.remove(name)
    for name in EVERY_LIBRARY + tuple(FEW) if threads == 1 else ("oidc",):
        case = Case(folder, name)
        for library in chosen:
            if library == "cryptography" and not case.accepts:
                continue
            if name in FEW and library != "bouncer_verify" and library not in FEW[name]:
                continue
            distribution, title, make = LIBRARIES[library]
            of = version(distribution)
            yield Candidate(case, title.format(version=of), of, make(case))
    if "bouncer_verify" in chosen:
        case = Case(folder, "oidc")
        case.name = "cached"
        outcome_of = one_by_one(case, bouncer_verifier(case).with_cache(1000))
        yield Candidate(case, "bouncer_verify, cached", version("bouncer_verify"), outcome_of)
        for count in (64, 1000) if threads == 1 else (1000,):
            yield BatchCandidate(Case(folder, "oidc"), count, threads)
        yield without_the_lock(Case(folder, "oidc"))
    if threads == 1 and "bouncer_verify" in chosen and "pyjwt" in chosen:
        case = Case(folder, "oidc")
        case.name = "asyncio"
        yield from with_asyncio(case)


def main() -> None:
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    notes: list[str] = []
    all_candidates = list(candidates(folder, threads, sys.argv[3:], notes))
    for candidate in all_candidates:
        candidate.check()
    for line in sys.stdin:
        match line.split():
            case ["list"]:
                for candidate in all_candidates:
                    print("candidate", candidate.case.name, candidate.name, candidate.version, sep="\t")
                for note in notes:
                    print("note", note, sep="\t")
                print("end", flush=True)
            case ["run", which, microseconds]:
                print(*all_candidates[int(which)].slot(int(microseconds) * 1000, threads), flush=True)
            case _:
                print("-", flush=True)


if __name__ == "__main__":
    main()
