#!/usr/bin/env python3
"""Measures the candidates of all drivers, and writes docs/performance.md and its charts.

`compare.py TARGET/bench`. A driver is a process that runs one of its candidates for a short time
slot on request. In each round, every candidate of every language runs once. Ratios are computed
within a round, so a change of the machine's speed affects both sides. benches/README.md describes
the method.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "performance.md"
# The comments before and after the section of one CPU vendor in the report.
BEGINS, ENDS = "<!-- {} -->\n", "<!-- end of {} -->\n"

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "151"))
# Length of a slot in microseconds. It is short enough for hundreds of rounds, and long enough for a
# hundred verifications.
SLOT_MICROSECONDS = int(os.environ.get("BENCH_SLOT", "2000"))
CHOSEN = [text for text in os.environ.get("BENCH_CASES", "").split(",") if text]
WARM_UP_ROUNDS = 5
# A slot is repeated, at most TRIES times, if its wall time divided by its CPU time is greater than
# DISTURBED.
DISTURBED, TRIES = 1.02, 5

WITHOUT_TABLES = 'The row "without tables" shows the first 100 tokens of a key.'

# The cases in the order of the report: the name, the title, and the text between title and table.
CASES = {
    "oidc": (
        "A token of OpenID Connect",
        "927 bytes, 12 claims, `kid`; the key set has one key. Checked: signature, exp, iss, aud.",
    ),
    "bouncer": ("A token of DC/OS", "430 bytes, two claims, no `kid`. Checked: signature, exp."),
    "tampered": ("Rejected: one bit of the signature changed", "A token of OpenID Connect with this change."),
    "expired": ("Rejected: expired", "The signature is valid, so the full verification runs."),
    "unknown_kid": ("Rejected: `kid` not in the key set", ""),
    "garbage": ("Rejected: no part decodes", "Random characters in the form and length of a token."),
    "jwks_2": ("A key set of 2 keys", "The token's key is the last."),
    "second_key": ("No `kid`, and 2 keys", "A token of DC/OS, signed with the second key."),
    "keys_in_turn": ("No `kid`, and 2 keys in turn", "The two keys sign tokens alternately."),
    "jwks_100": ("A key set of 100 keys", "The token's key is the last."),
    "rsa_3072": ("RS256 with RSA-3072", ""),
    "rsa_4096": ("RS256 with RSA-4096", ""),
    "rs384": ("RS384 with RSA-2048", ""),
    "rs512": ("RS512 with RSA-2048", ""),
    "ps256": ("PS256 with RSA-2048", ""),
    "es256": ("ES256", WITHOUT_TABLES),
    "ed25519": ("Ed25519", WITHOUT_TABLES),
    "es256_tampered": ("ES256, rejected: one bit of the signature changed", ""),
    "ed25519_tampered": ("Ed25519, rejected: one bit of the signature changed", ""),
    "es256_keys_in_turn": ("ES256 with 100 keys in turn", "One set. Each key signs every hundredth token."),
    "batch": ("Many tokens in one call", "Tokens of OpenID Connect. The time is for one token."),
    "cached": (
        "With a cache of verified tokens",
        "64 tokens of OpenID Connect, repeated: every lookup is a cache hit.",
    ),
    "without_the_lock": (
        "A control for Python's two threads",
        "A call that takes about as long as a verification, and runs without Python's global lock.",
    ),
    "asyncio": ("Python's asyncio", "Verified on an event loop, one token after another."),
    "own_token": ("Returning the service's own token", "The time of one call while the token is valid."),
}

# The charts that docs/pictures/draw.py draws of the report, and their titles.
CHARTS = {
    "valid": "Time to verify a valid token",
    "forged": "Time to reject a forged token",
    "batch": "Time for a token alone, in a batch, and from the cache",
}

# Notes on the peers that explain their times. Each continues a sentence that begins with the name.
ABOUT = {
    "libjwt": "parses the PEM text in each call and does not select a key by `kid` (version 1).",
    "cjose": "does not parse claims. The driver parses them with jansson, as programs with cjose do.",
    "rhonabwy": "keeps keys as JSON and imports them into GnuTLS in each call.",
    "jwt-simple": "takes its options by value, so each call copies them.",
    "jsonwebtoken": "rebuilds the RSA key from `n` and `e` in each call. The driver reads only the subject.",
    "golang-jwt": "is the version in Debian 12.",
    "jose": "is asynchronous. It verifies on Node's thread pool, which here uses the same core.",
    "fast-jwt": "runs without its cache of verified tokens, which is off by default.",
    "standard library, by hand": "makes only the necessary checks. `aud` must be a string.",
    "OpenSSL, signature alone": "calls `EVP_DigestVerify` with a key that is parsed once.",
}


# --------------------------------------------------------------------------------------------- drivers


@dataclass
class Driver:
    language: str
    command: list[str]
    threads: int = 1
    # Factor for the length of a slot. Some runtimes need longer to warm up. In others, a slot must
    # contain several switches of a lock or several runs of a garbage collector.
    stretch: int = 1
    # Whether the runtime has its own threads. They need the other core.
    has_companions: bool = False
    notes: list[str] = field(default_factory=list)

    def start(self, cores: set[int]) -> list[Candidate]:
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        self.send("list")
        candidates: list[Candidate] = []
        while (line := self.receive()) != "end":
            kind, *fields = line.split("\t")
            if kind == "note":
                self.notes.append(fields[0])
            else:
                case, name, version = fields
                candidates.append(Candidate(self, len(candidates), case, name, version))
        return candidates

    def send(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def receive(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            # The driver has printed the reason to its standard error.
            sys.exit(f"the driver ended unexpectedly: {' '.join(self.command)}")
        return line.rstrip("\n")

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@dataclass(eq=False)
class Candidate:
    driver: Driver
    index: int
    case: str
    name: str
    version: str
    times: list[float] = field(default_factory=list)  # nanoseconds per token, one value for each round
    redone: int = 0
    allocations: str = ""

    @property
    def language(self) -> str:
        return self.driver.language

    @property
    def title(self) -> str:
        if self.is_ours or self.version in self.name:
            return self.name
        head, comma, rest = self.name.partition(",")
        return f"{head} {self.version}{comma}{rest}"

    @property
    def is_ours(self) -> bool:
        return self.name.startswith("bouncer_verify")

    @property
    def place(self) -> tuple[str, int]:
        return self.case, self.driver.threads

    def is_chosen(self) -> bool:
        text = f"{self.case}/{self.language}/{self.name}/{self.driver.threads}"
        return not CHOSEN or any(part in text for part in CHOSEN)

    def slot(self) -> tuple[float, float]:
        """Runs a slot. Returns nanoseconds per token, and wall time divided by CPU time."""
        self.driver.send(f"run {self.index} {SLOT_MICROSECONDS * self.driver.stretch}")
        calls, wall, cpu = map(int, self.driver.receive().split())
        if calls == 0:
            return math.inf, math.inf
        return wall / calls, wall * self.driver.threads / cpu if cpu else 1.0

    def measure(self) -> float:
        best = self.slot()
        for _ in range(TRIES):
            if best[1] <= DISTURBED:
                break
            self.redone += 1
            best = min(best, self.slot(), key=lambda slot: slot[1])
        return best[0]

    def count_allocations(self) -> None:
        self.driver.send(f"allocations {self.index}")
        response = self.driver.receive()
        if response != "-":
            count, size = map(float, response.split())
            self.allocations = f"{count:.0f} ({size:,.0f} B)"


def drivers(bench: Path) -> Iterator[Driver]:
    fixtures = str(bench / "fixtures")
    rust, words, boringssl, c, go = (
        str(bench / f"driver_{name}") for name in ("rust", "words", "boringssl", "c", "go")
    )
    python = str(bench / "python" / "requirements" / "bin" / "python")
    python_212 = str(bench / "python" / "requirements-pyjwt-2.12" / "bin" / "python")
    script = str(ROOT / "benches" / "python" / "driver.py")
    peers = ["pyjwt", "joserfc", "oxyjwt", "ryjwt", "cryptography"]
    yield Driver("Rust", [rust, fixtures, "1"])
    yield Driver("Rust", [words, fixtures, "1"])
    yield Driver("Rust", [boringssl, fixtures, "1"])
    yield Driver("C", [c, fixtures, "1"])
    yield Driver(
        "Python", [python, script, fixtures, "1", "bouncer_verify", "bouncer_verify.pyjwt", *peers], stretch=2
    )
    yield Driver("Python", [python_212, script, fixtures, "1", "pyjwt"], stretch=2)
    yield Driver("Go", [go, fixtures, "1"], stretch=4, has_companions=True)
    yield Driver("Node", ["node", str(bench / "node" / "driver.js"), fixtures], stretch=5)
    if (os.cpu_count() or 1) > 1:
        yield Driver("Rust", [rust, fixtures, "2"], threads=2)
        yield Driver("C", [c, fixtures, "2"], threads=2)
        yield Driver(
            "Python",
            [python, script, fixtures, "2", "bouncer_verify", "pyjwt", "ryjwt"],
            threads=2,
            stretch=50,
        )
        yield Driver("Go", [go, fixtures, "2"], threads=2, stretch=5)


def is_built(driver: Driver) -> bool:
    return all(Path(part).exists() for part in driver.command if part.startswith("/"))


# ------------------------------------------------------------------------------------------ measuring


def measure(candidates: list[Candidate]) -> None:
    """Measures every candidate in every round.

    Candidates of one case run one after another, in random order, because they are compared.
    """
    groups: dict[tuple[str, int], list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.place, []).append(candidate)
    begin = time.monotonic()
    for number in range(-WARM_UP_ROUNDS, ROUNDS):
        for group in groups.values():
            for candidate in random.sample(group, len(group)):
                time_of_one = candidate.measure()
                if number >= 0:
                    candidate.times.append(time_of_one)
        if number == 0:
            left = (time.monotonic() - begin) / (WARM_UP_ROUNDS + 1) * ROUNDS
            print(
                f"{len(candidates)} candidates, {ROUNDS} rounds: about {left / 60:.1f} minutes",
                file=sys.stderr,
            )


@dataclass
class Spread:
    median: float
    p10: float
    p90: float

    @staticmethod
    def of(values: Iterable[float]) -> Spread:
        ordered = sorted(values)
        at = [ordered[len(ordered) * percent // 100] for percent in (50, 10, 90)]
        return Spread(*at)

    def text(self, form: Callable[[float], str]) -> tuple[str, str]:
        return form(self.median), f"{form(self.p10)} .. {form(self.p90)}"


def ratio_of(one: Candidate, other: Candidate) -> tuple[str, str]:
    return Spread.of(a / b for a, b in zip(one.times, other.times, strict=True)).text(as_ratio)


def difference_of(one: Candidate, other: Candidate) -> tuple[str, str]:
    return Spread.of(a - b for a, b in zip(one.times, other.times, strict=True)).text(as_difference)


def time_of(one: Candidate) -> tuple[str, str]:
    return Spread.of(one.times).text(as_time)


def as_ratio(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.2f}"


def as_time(nanoseconds: float) -> str:
    return f"{nanoseconds / 1000:.2f} µs" if nanoseconds >= 1000 else f"{nanoseconds:.0f} ns"


def as_difference(nanoseconds: float) -> str:
    return f"{nanoseconds:+.0f} ns"


# ----------------------------------------------------------------------------------------- the report

# A row of the first table: its text, the function that computes its value, and the places of its
# candidates, as for `Results.find`.
Figure = tuple[str, Callable[..., tuple[str, str]], list[str]]


def figures_of(token: str, case: str) -> list[Figure]:
    rust, c = f"{case}/Rust", f"{case}/C"
    ours = f"{rust}/bouncer_verify"
    return [
        (f"{token}: Rust ÷ jsonwebtoken", ratio_of, [ours, f"{rust}/jsonwebtoken"]),
        (f"{token}: Rust ÷ OpenSSL's signature alone", ratio_of, [ours, f"{rust}/OpenSSL"]),
        (f"{token}: Rust ÷ aws-lc-rs's signature alone", ratio_of, [ours, f"{rust}/aws-lc-rs"]),
        (f"{token}: Rust with AVX-512 ÷ without", ratio_of, [ours, f"{ours}, without AVX-512"]),
        (
            f"{token}: Rust without AVX-512 ÷ aws-lc-rs's signature alone",
            ratio_of,
            [f"{ours}, without AVX-512", f"{rust}/aws-lc-rs"],
        ),
        (
            f"{token}: time outside RSA and SHA-256 (Rust minus its signature alone)",
            difference_of,
            [ours, f"{ours}, signature alone"],
        ),
        (f"{token}: C ABI minus Rust, in one program", difference_of, [f"{ours}, C ABI", ours]),
        (f"{token}: C's shared library minus Rust", difference_of, [f"{c}/bouncer_verify", ours]),
    ]


def other_algorithm(name: str, case: str) -> list[Figure]:
    ours, bare = f"{case}/Rust/bouncer_verify", f"{case}/Rust/aws-lc-rs"
    return [
        (f"{name}: Rust ÷ jsonwebtoken", ratio_of, [ours, f"{case}/Rust/jsonwebtoken"]),
        (f"{name}: Rust ÷ aws-lc-rs's signature alone", ratio_of, [ours, bare]),
    ]


def on_a_curve(name: str, case: str) -> list[Figure]:
    ours, bare = f"{case}/Rust/bouncer_verify", f"{case}/Rust/aws-lc-rs"
    return [
        *other_algorithm(name, case),
        (f"{name}: Rust with AVX-512 ÷ without", ratio_of, [ours, f"{ours}, without AVX-512"]),
        (
            f"{name}: Rust without AVX-512 ÷ aws-lc-rs's signature alone",
            ratio_of,
            [f"{ours}, without AVX-512", bare],
        ),
        (
            f"{name}: the first tokens of a key ÷ aws-lc-rs's signature alone",
            ratio_of,
            [f"{ours}, without tables", bare],
        ),
        (
            f"{name}: time per token, 64 in one call ÷ one call per token",
            ratio_of,
            [f"{ours}, 64 in one call", ours],
        ),
        (f"{name}: a forged token ÷ a valid one", ratio_of, [f"{case}_tampered/Rust/bouncer_verify", ours]),
    ]


def beside_peers(language: str, *peers: str, case: str = "oidc") -> list[Figure]:
    what = "" if case == "oidc" else f"{case.upper()}: "
    ours = f"{case}/{language}/bouncer_verify"
    return [
        (f"{what}{language} ÷ {peer}", ratio_of, [ours, f"{case}/{language}/{peer}"]) for peer in peers
    ]


def with_two_threads(what: str, place: str) -> Figure:
    return f"{what}: throughput of two threads ÷ of one", ratio_of, [place, f"{place}/2"]


def in_one_call(language: str, *counts: int) -> list[Figure]:
    alone, batch = f"oidc/{language}/bouncer_verify", f"batch/{language}/bouncer_verify"
    return [
        (
            f"{language}: time per token, {n} in one call ÷ one call per token",
            ratio_of,
            [f"{batch}, {n} in one call", alone],
        )
        for n in counts
    ]


def with_cache(language: str) -> list[Figure]:
    hit = f"cached/{language}/bouncer_verify, cached"
    return [
        (f"{language}: cached ÷ verified", ratio_of, [hit, f"oidc/{language}/bouncer_verify"]),
        (f"{language}: cached", time_of, [hit]),
    ]


FIGURES: list[Figure] = [
    *figures_of("OpenID Connect", "oidc"),
    *figures_of("DC/OS", "bouncer"),
    *on_a_curve("ES256", "es256"),
    (
        "ES256: 100 keys in turn ÷ one key",
        ratio_of,
        ["es256_keys_in_turn/Rust/bouncer_verify", "es256/Rust/bouncer_verify"],
    ),
    *on_a_curve("Ed25519", "ed25519"),
    *other_algorithm("RS384", "rs384"),
    *other_algorithm("RS512", "rs512"),
    *other_algorithm("PS256", "ps256"),
    ("2 keys ÷ 1 key", ratio_of, ["jwks_2/Rust/bouncer_verify", "oidc/Rust/bouncer_verify"]),
    ("100 keys ÷ 1 key", ratio_of, ["jwks_100/Rust/bouncer_verify", "oidc/Rust/bouncer_verify"]),
    ("A forged token ÷ a valid one", ratio_of, ["tampered/Rust/bouncer_verify", "oidc/Rust/bouncer_verify"]),
    (
        "No `kid`, the second of 2 keys ÷ one key",
        ratio_of,
        ["second_key/Rust/bouncer_verify", "bouncer/Rust/bouncer_verify"],
    ),
    (
        "No `kid`, 2 keys in turn ÷ one key",
        ratio_of,
        ["keys_in_turn/Rust/bouncer_verify", "bouncer/Rust/bouncer_verify"],
    ),
    *in_one_call("Rust", 1, 7, 8, 64, 1000),
    *in_one_call("C", 64, 1000),
    *in_one_call("Go", 64, 1000),
    *in_one_call("Python", 64, 1000),
    *with_cache("Rust"),
    *with_cache("C"),
    *with_cache("Go"),
    *with_cache("Python"),
    with_two_threads("Rust, cached", "cached/Rust/bouncer_verify, cached"),
    with_two_threads("Rust", "oidc/Rust/bouncer_verify"),
    with_two_threads("aws-lc-rs's signature alone", "oidc/Rust/aws-lc-rs"),
    with_two_threads("C", "oidc/C/bouncer_verify"),
    with_two_threads("Go", "oidc/Go/bouncer_verify"),
    with_two_threads("Python", "oidc/Python/bouncer_verify"),
    with_two_threads("Python's control, zlib without the lock", "without_the_lock/Python/zlib"),
    with_two_threads("Rust, 1000 in one call", "batch/Rust/bouncer_verify, 1000 in one call"),
    with_two_threads("C, 1000 in one call", "batch/C/bouncer_verify, 1000 in one call"),
    with_two_threads("Python, 1000 in one call", "batch/Python/bouncer_verify, 1000 in one call"),
    *beside_peers("C", "cjose", "libjwt", "rhonabwy"),
    *beside_peers("Go", "standard library, by hand", "golang-jwt"),
    *beside_peers("Python", "ryjwt", "PyJWT 2.15", "PyJWT 2.12", "joserfc", "oxyjwt", "cryptography"),
    *beside_peers("Go", "Go's ECDSA", case="es256"),
    *beside_peers("Python", "PyJWT 2.15", "PyJWT 2.12", "cryptography", case="es256"),
    ("C ÷ jose in Node", ratio_of, ["oidc/C/bouncer_verify", "oidc/Node/jose"]),
    ("C ÷ fast-jwt in Node", ratio_of, ["oidc/C/bouncer_verify", "oidc/Node/fast-jwt"]),
    ("Rejecting a token that does not decode", time_of, ["garbage/Rust/bouncer_verify"]),
    ("Rejecting an unknown `kid`", time_of, ["unknown_kid/Rust/bouncer_verify"]),
    ("Rejecting an expired token", time_of, ["expired/Rust/bouncer_verify"]),
    ("Rejecting a changed signature", time_of, ["tampered/Rust/bouncer_verify"]),
    ("Returning the service's own token", time_of, ["own_token/Rust/bouncer_verify"]),
]


class Results:
    def __init__(self, candidates: list[Candidate]) -> None:
        self.candidates = candidates

    def find(self, place: str) -> Candidate | None:
        """Finds a candidate by "case/language/name", or "case/language/name/2" for two threads.

        For a peer, the beginning of its name is enough.
        """
        case, language, name, threads = (*place.split("/"), "1")[:4]
        for one in self.candidates:
            if one.place == (case, int(threads)) and one.language == language:
                if one.name == name or (one.name.startswith(name) and not one.is_ours):
                    return one
        return None

    def figures(self) -> Iterator[tuple[str, str, str]]:
        """Returns the text of each figure, its median, and its 10th and 90th percentiles."""
        for what, form, places in FIGURES:
            found = [self.find(place) for place in places]
            if all(found):
                yield (what, *form(*found))

    def tables(self) -> Iterator[str]:
        for case, (title, about) in CASES.items():
            rows = [candidate for candidate in self.candidates if candidate.place == (case, 1)]
            if rows:
                yield f"\n### {title}\n"
                if about:
                    yield f"{about}\n"
                yield from self.table(rows)
        rows = [candidate for candidate in self.candidates if candidate.driver.threads > 1]
        if rows:
            yield "\n### Two threads\n"
            yield (
                "Tokens of OpenID Connect. The time is that of a slot divided by the number of tokens "
                "that both threads verify. The library splits a batch across the threads itself.\n"
            )
            yield from self.table_of_threads(rows)

    def table(self, rows: list[Candidate]) -> Iterator[str]:
        c = self.find(f"{rows[0].case}/C/bouncer_verify")
        yield "| | | × bouncer_verify | p10 .. p90 | time | p10 .. p90 | allocations |"
        yield "|---|---|---|---|---|---|---|"
        for row in in_order(rows):
            baseline = next((other for other in rows if other.language == row.language and other.is_ours), c)
            compared = ratio_of(row, baseline) if baseline else ("", "")
            if row is baseline:
                compared = ("1", "")
            cells = (row.language, row.title, *compared, *time_of(row), row.allocations)
            yield f"| {' | '.join(cells)} |"

    def table_of_threads(self, rows: list[Candidate]) -> Iterator[str]:
        yield "| | | throughput ÷ one thread's | p10 .. p90 | time | p10 .. p90 |"
        yield "|---|---|---|---|---|---|"
        for row in in_order(rows):
            same = (one for one in self.candidates if one.place == (row.case, 1) and one.title == row.title)
            alone = next((one for one in same if one.language == row.language), None)
            compared = ratio_of(alone, row) if alone else ("", "")
            cells = (row.language, row.title, *compared, *time_of(row))
            yield f"| {' | '.join(cells)} |"


def in_order(rows: list[Candidate]) -> list[Candidate]:
    """Sorts by language, in the order of the drivers, then by time."""
    languages = list(dict.fromkeys(row.language for row in rows))
    return sorted(rows, key=lambda row: (languages.index(row.language), Spread.of(row.times).median))


def output_of(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def cpu() -> dict[str, str]:
    """Returns the kernel's description of the first CPU."""
    info: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        info.setdefault(name.strip(), value.strip())
    return info


def vendor(info: dict[str, str]) -> str:
    """Returns the name of the report's section for this CPU."""
    names = {"AuthenticAMD": "AMD", "GenuineIntel": "Intel"}
    return names.get(info.get("vendor_id", ""), info.get("vendor_id") or platform.machine())


def model(info: dict[str, str]) -> str:
    family, number = info.get("cpu family", "?"), info.get("model", "?")
    return f"{info.get('model name', 'unknown')} (family {family}, model {number})"


def machine(info: dict[str, str]) -> Iterator[str]:
    flags = info.get("flags", "").split()
    extensions = [
        name for name in ("avx2", "bmi2", "adx", "sha_ni", "avx512f", "avx512ifma") if name in flags
    ]
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    yield (
        f"{model(info)}, {os.cpu_count()} cores, "
        f"{info.get('cpu MHz', '?')} MHz nominal; {', '.join(extensions)}"
    )
    kind = "virtual" if "hypervisor" in flags else "physical"
    yield f"{kind} machine, governor {governor.read_text().strip() if governor.exists() else 'not visible'}"
    yield f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}"
    yield f"{output_of('rustc', '--version')}; {output_of('cc', '--version')}"


EVERYTHING = (
    '"× bouncer_verify" is the time divided by the time of bouncer_verify in the same language. Node is '
    "compared with C."
)


def cpu_ticks() -> tuple[int, int]:
    """Returns the CPU ticks that the host has used for other machines (steal), and all ticks."""
    ticks = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return ticks[7], sum(ticks)


INTRODUCTION = """\
# Performance

Generated by `make bench`; do not edit. [benches/README.md](../benches/README.md) describes the
method. Each CPU vendor has a section. A run replaces the section of its own vendor.
"""

FIGURES_BEGIN = (
    "Unless the row names something else, the algorithm is RS256 with RSA-2048, the key set is loaded "
    "once, and one thread verifies. Rust, C, Python and Go mean bouncer_verify in that language. A ratio "
    "without the word throughput is a ratio of times: below 1, the first one is faster."
)


def section(results: Results, notes: list[str], load: str, info: dict[str, str]) -> str:
    """Returns the report's section for the vendor of this CPU."""
    lines = [f"## On {vendor(info)}: {model(info)}", ""]
    for chart, title in CHARTS.items():
        lines += [f"![{title}, on {vendor(info)}](pictures/{chart}-{vendor(info).lower()}.svg)", ""]
    lines += ["### The figures that matter", "", FIGURES_BEGIN]
    lines += ["| | median | p10 .. p90 |", "|---|---|---|"]
    lines += [f"| {' | '.join(figure)} |" for figure in results.figures()]
    lines += ["", "### Measured on", ""]
    lines += [f"- {line}" for line in machine(info)]
    lines += [f"- {ROUNDS} rounds; {load}"]
    lines += ["", "### Everything", "", EVERYTHING]
    lines += [line.replace("\n### ", "\n#### ") for line in results.tables()]
    names = {candidate.name for candidate in results.candidates}
    about = [
        f"- {peer} {text}" for peer, text in ABOUT.items() if any(name.startswith(peer) for name in names)
    ]
    lines += ["", "### About the peers", "", *about]
    if notes:
        lines += ["", "### Not measured", "", *(f"- {note}" for note in notes)]
    return "\n".join(wrapped(lines)) + "\n"


def wrapped(lines: list[str]) -> Iterator[str]:
    """Wraps prose at 100 columns. Does not change tables, headings and pictures."""
    for line in "\n".join(lines).split("\n"):
        if line.startswith(("|", "#", "!")):
            yield line
        else:
            yield from textwrap.wrap(line, 100, subsequent_indent="  " * line.startswith("- ")) or [""]


def merged(report: str, own: str, text: str) -> str:
    """Replaces the section of the vendor `own` by `text`, and keeps the other sections."""
    between = re.escape(BEGINS).replace(r"\{\}", "(.+)") + "(.*?)" + re.escape(ENDS).replace(r"\{\}", r"\1")
    sections = dict(re.findall(between, report, re.DOTALL))
    sections[own] = f"\n{text}\n"
    whole = [f"{BEGINS.format(name)}{sections[name]}{ENDS.format(name)}" for name in sorted(sections)]
    return "\n".join([INTRODUCTION, *whole])


def main() -> None:
    bench = Path(sys.argv[1])
    info = cpu()
    print(f"CPU: {vendor(info)}, {model(info)}", file=sys.stderr)
    os.sched_setaffinity(0, {0})
    cores = set(range(os.cpu_count() or 1))
    missing = bench / "missing"
    notes = missing.read_text().splitlines() if missing.exists() else []
    running: list[Driver] = []
    candidates: list[Candidate] = []
    for driver in drivers(bench):
        if not is_built(driver):
            continue
        # A driver with one thread has the last core for itself. This process uses the first core.
        is_alone = driver.threads == 1 and not driver.has_companions
        offered = driver.start({max(cores)} if is_alone else cores)
        running.append(driver)
        notes += driver.notes
        candidates += [candidate for candidate in offered if candidate.is_chosen()]
    if not candidates:
        sys.exit("nothing to measure")
    for candidate in candidates:
        if candidate.driver.threads == 1:
            candidate.count_allocations()
    before = cpu_ticks()
    measure(candidates)
    steal, ticks = (after - earlier for after, earlier in zip(cpu_ticks(), before, strict=True))
    for driver in running:
        driver.stop()
    slots, redone = ROUNDS * len(candidates), sum(candidate.redone for candidate in candidates)
    load = (
        f"{slots:,} slots, and {redone:,} repetitions because another process used the core; the host "
        f"used {100 * steal / max(ticks, 1):.1f} % of the CPU time for other machines"
    )
    if redone > slots / 10:
        load += "; **the machine was busy, so measure again**"
    results = Results(candidates)
    text = section(results, notes, load, info)
    print(text)
    raw = {"|".join((*map(str, one.place), one.language, one.title)): one.times for one in candidates}
    (bench / "results.json").write_text(json.dumps(raw))
    if CHOSEN:
        print("BENCH_CASES is set: docs/performance.md and its charts are not changed.", file=sys.stderr)
    else:
        REPORT.parent.mkdir(exist_ok=True)
        report = REPORT.read_text() if REPORT.exists() else ""
        REPORT.write_text(merged(report, vendor(info), text))
        subprocess.run([sys.executable, ROOT / "docs" / "pictures" / "draw.py"], check=True)


if __name__ == "__main__":
    main()
