#!/usr/bin/env python3
"""Draws the SVG files of this folder: two diagrams, and the charts of docs/performance.md.

`draw.py` writes them. `draw.py --check` fails if a file differs from what this script draws. The
script uses only the standard library. Each picture has a light and a dark background.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPORT = FOLDER.parent / "performance.md"
WIDTH = 860
# Charts cut off bars that are longer than this, in microseconds.
LIMIT = 105

# Each class has a light and a dark colour.
COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "edge": ("#d0d7de", "#30363d"),
    "text": ("#1f2328", "#e6edf3"),
    "soft": ("#59636e", "#9198a1"),
    "ours": ("#0a7d77", "#2fb5ac"),
    "peer": ("#b6c0cb", "#4a5461"),
    "good": ("#1a7f37", "#3fb950"),
    "warn": ("#b7791f", "#d29922"),
    "bad": ("#cf222e", "#f85149"),
    "box": ("#f6f8fa", "#161b22"),
}


# ------------------------------------------------------------------------------------------- drawing


class Picture:
    """An SVG file. `write`, `box`, `line` and `dot` add shapes. `text` returns the whole file."""

    def __init__(self, title: str, description: str) -> None:
        self.title, self.description = title, description
        self.shapes: list[str] = []

    def write(self, x: float, y: float, text: str, kind: str = "text", size: int = 13, **more: str) -> None:
        attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
        self.shapes.append(
            f'<text x="{x:g}" y="{y:g}" class="{kind}" font-size="{size}"{attributes}>{escape(text)}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: int = 3) -> None:
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" class="{kind}"/>'
        )

    def line(self, points: list[tuple[float, float]], kind: str = "soft", arrow: bool = False) -> None:
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        end = ' marker-end="url(#arrow)"' if arrow else ""
        self.shapes.append(f'<path d="M{path}" class="{kind} line"{end}/>')

    def dot(self, x: float, y: float, kind: str) -> None:
        self.shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="4.5" class="{kind}"/>')

    def text(self, height: float) -> str:
        light = "".join(f".{name}{{fill:{pair[0]}}}" for name, pair in COLOURS.items())
        dark = "".join(f".{name}{{fill:{pair[1]}}}" for name, pair in COLOURS.items())
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}"'
            f' height="{height:g}" role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="description">{escape(self.description)}</desc>',
            "<style>",
            "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}",
            f"{light}{self.strokes(0)}",
            f"@media (prefers-color-scheme:dark){{{dark}{self.strokes(1)}}}",
            "</style>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
            ' orient="auto"><path d="M0 0 L8 4 L0 8 Z" class="soft"/></marker></defs>',
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="8" class="page frame"/>',
            *self.shapes,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    @staticmethod
    def strokes(scheme: int) -> str:
        lines = "".join(
            f".{name}.line{{fill:none;stroke:{pair[scheme]};stroke-width:1.5}}"
            for name, pair in COLOURS.items()
        )
        return f".frame,.box{{stroke:{COLOURS['edge'][scheme]};stroke-width:1}}{lines}"


# ------------------------------------------------------------------------------------------- diagrams

# The checks in their order: the name, what is checked, the errors, and the HTTP status.
STEPS = (
    ("Authorization header", "Bearer <token> or token=<token>", "malformed_authorization", "401"),
    ("Form", "size, characters, three parts", "token_too_large, malformed_token, encrypted_token", "401"),
    ("Header", "strict JSON, alg, crit, typ", "unsupported_algorithm, algorithm_not_allowed …", "401"),
    ("Key", "by kid and alg, from the key set in memory", "no_matching_key", "401"),
    ("Signature", "with each matching key, at most four", "invalid_signature", "401"),
    (
        "Claims",
        "strict JSON, exp, nbf, iss, aud, your rules",
        "expired, wrong_issuer, wrong_audience …",
        "401",
    ),
)


def token() -> str:
    picture = Picture(
        "How a token is verified",
        "A token passes six checks in order. The first check that fails decides the error. A missing key may "
        "cause a fetch. If the fetch fails, the error is keys_unavailable with HTTP status 503.",
    )
    picture.write(24, 34, "How a token is verified", size=17, font_weight="600")
    picture.write(
        24,
        55,
        "The first check that fails decides the error. No claim is checked before the signature is valid.",
        "soft",
    )
    top, step = 76, 62
    for i, (name, checks, errors, status) in enumerate(STEPS):
        y = top + i * step
        picture.box(24, y, 330, 44, "box", 6)
        picture.write(38, y + 19, name, font_weight="600")
        picture.write(38, y + 36, checks, "soft", 12)
        picture.line([(189, y + 44), (189, y + step - 2)], arrow=True)
        bottom = y + 22
        picture.line([(354, bottom), (398, bottom)], arrow=True)
        picture.write(408, bottom + 4, status, "bad", font_weight="600")
        picture.write(442, bottom + 4, errors, "text", 12)
        if name == "Key":
            picture.line([(555, bottom), (598, bottom)], arrow=True)
            picture.box(604, y, 232, 44, "box", 6)
            picture.write(616, y + 19, "one fetch, shared by all callers", size=12)
            picture.write(616, y + 36, "503", "warn", 12, font_weight="600")
            picture.write(646, y + 36, "keys_unavailable if it fails", size=12)
    y = top + len(STEPS) * step
    picture.box(24, y, 330, 44, "box", 6)
    picture.write(38, y + 19, "VerifiedToken", "good", font_weight="600")
    picture.write(38, y + 36, "with the claims that the issuer signed", "soft", 12)
    return picture.text(y + 64)


@dataclass
class Span:
    """A coloured bar in a lane of the key-set diagram. The time axis goes from 0 to 10."""

    start: float
    end: float
    kind: str
    text: str


LANES: tuple[tuple[str, str, tuple[Span, ...]], ...] = (
    (
        "Issuer",
        "publishes",
        (
            Span(0, 2.2, "good", "key A"),
            Span(2.2, 4.2, "good", "keys A and B"),
            Span(4.2, 5.2, "good", "key B"),
            Span(5.2, 9.2, "bad", "down"),
            Span(9.2, 10, "good", "key B"),
        ),
    ),
    (
        "State",
        "of the key set",
        (
            Span(0, 0.25, "peer", ""),
            Span(0.25, 6.1, "good", "fresh"),
            Span(6.1, 8.2, "warn", "stale: keys still used"),
            Span(8.2, 9.35, "bad", "too_old"),
            Span(9.35, 10, "good", "fresh"),
        ),
    ),
    (
        "Tokens",
        "signed with key A",
        (
            Span(0.25, 4.6, "good", "accepted"),
            Span(4.6, 8.2, "bad", "401 no_matching_key *"),
            Span(8.2, 9.35, "warn", "503"),
            Span(9.35, 10, "bad", "401"),
        ),
    ),
    (
        "Tokens",
        "signed with key B",
        (
            Span(2.5, 8.2, "good", "accepted: the first one causes a fetch"),
            Span(8.2, 9.35, "warn", "503"),
            Span(9.35, 10, "good", "200"),
        ),
    ),
)
# The points on the time axis at which a fetch succeeded or failed.
SUCCEEDED = (0.2, 1.5, 2.5, 3.6, 4.6, 9.35)
FAILED = (5.5, 5.62, 5.82, 6.1, 6.5, 6.95, 7.4, 7.85, 8.3, 8.6, 8.9)
NOTES = (
    "The first fetch starts at once, the next after 70 to 80 % of the keys' lifetime or for an unknown kid.",
    "A failed fetch is retried after a random pause of at most 1 s, then 2 s, 4 s … 60 s.",
    "Keys stay in use for max_stale after the last successful fetch. Default: 24 h, or 1 h with discovery.",
    "* If the last fetch failed, a token with an unknown key gets 503, not 401: the issuer may have the key.",
)


def key_set() -> str:
    picture = Picture(
        "The life of a remote key set",
        "An issuer rotates from key A to key B and is then down. The key set fetches B when the first "
        "token signed with B arrives. It uses its keys during the outage until max_stale, and recovers with "
        "the next successful fetch.",
    )
    picture.write(24, 34, "The life of a remote key set", size=17, font_weight="600")
    picture.write(
        24,
        55,
        "A rotation, then an outage. Time runs to the right, not to scale. A red dot is a fetch that failed.",
        "soft",
    )
    left, unit, y = 140, 69.5, 78
    for name, more, spans in LANES:
        picture.write(24, y + (16 if more else 22), name, font_weight="600")
        picture.write(24, y + 32, more, "soft", 12)
        for span in spans:
            x, width = left + span.start * unit, (span.end - span.start) * unit - 2
            picture.box(x, y + 4, width, 28, span.kind)
            picture.write(
                x + width / 2, y + 22, span.text, "page", 12, text_anchor="middle", font_weight="600"
            )
        y += 46
        if name == "Issuer":
            picture.write(24, y + 22, "Fetches", font_weight="600")
            picture.line([(left, y + 18), (left + 10 * unit, y + 18)], "edge")
            for times, kind in ((SUCCEEDED, "good"), (FAILED, "bad")):
                for time in times:
                    picture.dot(left + time * unit, y + 18, kind)
            y += 46
    for note in NOTES:
        y += 18
        picture.write(24, y, note, "soft", 12)
    return picture.text(y + 22)


# ------------------------------------------------------------------------------------------- charts


@dataclass
class Row:
    """A row of a table in docs/performance.md."""

    language: str
    name: str
    microseconds: float
    low: float
    high: float

    @property
    def is_ours(self) -> bool:
        return self.name.startswith("bouncer_verify")


def sections() -> Iterator[tuple[str, str, str]]:
    """Yields the CPU vendor, the CPU's name and the text of each section of docs/performance.md."""
    for vendor, text in re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end of \1 -->", REPORT.read_text(), re.DOTALL):
        cpu = re.search(r"^## On \w+: (.*)$", text, re.MULTILINE)
        assert cpu, vendor
        yield vendor, cpu[1], text


def rows(section: str, heading: str) -> Iterator[Row]:
    _, found, rest = section.partition(f"#### {heading}\n")
    assert found, heading
    for line in rest.partition("\n#### ")[0].splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 7 and cells[0] and not cells[0].startswith("-"):
            low, high = cells[5].split(" .. ")
            yield Row(cells[0], cells[1], microseconds(cells[4]), microseconds(low), microseconds(high))


def microseconds(text: str) -> float:
    number, unit = text.replace(",", "").split()
    return float(number) * {"ns": 1e-3, "µs": 1, "ms": 1e3}[unit]


def chart(title: str, subtitle: str, groups: dict[str, list[tuple[str, Row]]], limit: float) -> str:
    """Draws bars, grouped by language. Cuts off and marks each bar longer than `limit` µs."""
    shown = [row for group in groups.values() for _, row in group]
    picture = Picture(
        title, "; ".join(f"{row.language} {row.name}: {row.microseconds:.2f} µs" for row in shown)
    )
    picture.write(24, 34, title, size=17, font_weight="600")
    picture.write(24, 55, subtitle, "soft")
    left, right, y = 330, WIDTH - 120, 74.0
    scale = (right - left) / min(limit, max(row.high for row in shown))
    for language, group in groups.items():
        y += 8
        picture.write(24, y + 14, language, font_weight="600")
        for name, row in group:
            is_cut = row.microseconds > limit
            width = scale * (limit if is_cut else row.microseconds)
            picture.write(left - 10, y + 14, name, "text" if row.is_ours else "soft", text_anchor="end")
            picture.box(left, y + 3, max(width, 2), 14, "ours" if row.is_ours else "peer", 2)
            if is_cut:
                x = right - 40.0
                picture.line([(x, y + 20), (x + 4, y), (x + 8, y + 20), (x + 12, y)], "page")
            else:
                picture.line(
                    [(left + scale * row.low, y + 10), (left + scale * min(row.high, limit), y + 10)], "text"
                )
            x = max(left + width, left + scale * min(row.high, limit)) + 8
            picture.write(x, y + 14, time(row.microseconds), font_weight="600" if row.is_ours else "400")
            y += 21
    return picture.text(y + 18)


def time(microseconds: float) -> str:
    if microseconds < 1:
        return f"{1000 * microseconds:.0f} ns"
    return f"{microseconds:.2f} µs" if microseconds < 10 else f"{microseconds:.1f} µs"


def beside_peers(title: str, subtitle: str, found: Iterator[Row]) -> str:
    """Draws bouncer_verify first in each language, then the other libraries, the fastest first."""
    groups: dict[str, list[tuple[str, Row]]] = {}
    for row in found:
        ours = row.name == "bouncer_verify"
        # Leave out candidates that verify only signatures, and other ways to call bouncer_verify.
        if ours or not (row.is_ours or "signature alone" in row.name):
            groups.setdefault(row.language, []).append((row.name, row))
    for group in groups.values():
        group.sort(key=lambda pair: (not pair[1].is_ours, pair[1].microseconds))
    return chart(title, subtitle, groups, LIMIT)


def batches(subtitle: str, section: str) -> str:
    """Draws the time per token in each language: alone, in a batch of 64, and from the cache."""
    wanted = (
        ("A token of OpenID Connect", "bouncer_verify", "one token per call"),
        ("Many tokens in one call", "bouncer_verify, 64 in one call", "64 tokens per call"),
        ("With a cache of verified tokens", "bouncer_verify, cached", "from the cache"),
    )
    groups: dict[str, list[tuple[str, Row]]] = {"Rust": [], "C": [], "Python": [], "Go": []}
    for heading, name, label in wanted:
        for row in rows(section, heading):
            if row.name == name and row.language in groups:
                groups[row.language].append((label, row))
    return chart("Batches and the cache: time per token", subtitle, groups, LIMIT)


# ------------------------------------------------------------------------------------------- files


def pictures() -> Iterator[tuple[str, str]]:
    yield "token.svg", token()
    yield "key-set.svg", key_set()
    for vendor, cpu, text in sections():
        about = f"RS256 with RSA-2048, one thread, on {cpu}. Median, p10 and p90. Shorter is better."
        valid = rows(text, "A token of OpenID Connect")
        forged = rows(text, "Rejected: one bit of the signature changed")
        yield f"valid-{vendor.lower()}.svg", beside_peers("Verifying a valid token", about, valid)
        yield f"forged-{vendor.lower()}.svg", beside_peers("Rejecting a forged token", about, forged)
        yield f"batch-{vendor.lower()}.svg", batches(about, text)


def main() -> None:
    stale: list[str] = []
    for name, text in pictures():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        sys.exit(f"out of date: {', '.join(stale)}; run docs/pictures/draw.py")


if __name__ == "__main__":
    main()
