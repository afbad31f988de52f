#!/usr/bin/env python3
"""Collects the pages of the site into one folder for mdBook, and checks the links between them.

    docs/site/assemble.py [OUT]      without OUT, only the links are checked

mdBook reads one folder, but the pages are next to the code that they describe. The folder has the
layout of the repository, so links between pages stay as they are. A file that a page links to, such
as a header, is copied too. A link to a folder becomes a link to its README.md.

A link is an error if its file or its anchor does not exist. A link to a Markdown file that is not a
page of the site is an error too. Each Markdown file of docs and docs/guide must be listed.

summary.txt is mdBook's SUMMARY.md, with paths from the root of the repository. "@path@" stands for
the chapters of another SUMMARY.md. "?" after an entry marks a page that may be missing.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = "docs/site"
# build.sh writes this folder later. check_links.py checks the links to its files.
MADE = "api/"

ENTRY = re.compile(r"^(\s*(?:- )?)\[([^\]]*)\]\(([^)]*)\)(\??)$")
FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,}).*?^ {0,3}\2[`~]*\s*?$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# [text](target), [name]: target, and the attributes of HTML.
LINK = re.compile(
    r"""(?:\]\(\s*<?|^ {0,3}\[[^\]\n]+\]:\s*<?|\b(?:href|src|srcset)=["'])(?P<target>[^\s)>"']+)""",
    re.MULTILINE,
)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
HTML_ID = re.compile(r"""<[^>]*\b(?:id|name)=["']([^"']+)["']""")


def summary() -> str:
    """Returns the table of contents, with the guide's chapters. Repeated pages are removed."""
    lines: list[str] = []
    for line in (ROOT / HERE / "summary.txt").read_text().splitlines():
        if included := re.fullmatch("@(.*)@", line):
            lines += chapters(included[1])
        elif not ((entry := ENTRY.match(line)) and entry[4]) or (ROOT / entry[3]).exists():
            lines.append(line.removesuffix("?"))
    listed: set[str] = set()
    kept = []
    for line in lines:
        if entry := ENTRY.match(line):
            if entry[3] in listed:
                continue
            listed.add(entry[3])
        kept.append(line)
    return "\n".join(kept) + "\n"


def chapters(path: str) -> list[str]:
    """Returns the chapters of another SUMMARY.md, with paths from the root, without headings."""
    lines = []
    for line in (ROOT / path).read_text().splitlines():
        if entry := ENTRY.match(line):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry[3]))
            # A SUMMARY.md has its introduction before the list. Here it is the list's first item.
            lines.append(f"{entry[1] or '- '}[{entry[2]}]({target})")
    return lines


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def without_code(text: str) -> str:
    """Replaces code and comments with spaces, so that offsets stay the same."""
    return CODE.sub(blank, COMMENT.sub(blank, FENCE.sub(blank, text)))


def slug(heading: str) -> str:
    """Returns the anchor that GitHub and mdBook create for a heading."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return "".join(c for c in heading.strip().lower().replace(" ", "-") if c.isalnum() or c in "-_")


def anchors(text: str) -> set[str]:
    found: set[str] = set()
    plain = FENCE.sub(blank, text)
    for heading in HEADING.findall(plain):
        name = base = slug(heading)
        count = 0
        while name in found:
            count += 1
            name = f"{base}-{count}"
        found.add(name)
    return found | set(HTML_ID.findall(plain))


class Site:
    def __init__(self) -> None:
        self.summary = summary()
        self.pages = [entry[3] for entry in map(ENTRY.match, self.summary.splitlines()) if entry]
        self.faults: list[str] = []
        self.sources: dict[str, str] = {}
        for page in self.pages:
            if (ROOT / page).exists():
                self.sources[page] = (ROOT / page).read_text()
            elif not page.startswith(MADE):
                self.faults.append(f"{page}: listed, but does not exist")
        self.anchors = {page: anchors(text) for page, text in self.sources.items()}
        self.files: set[str] = set()

    def link(self, page: str, place: int, target: str) -> str:
        """Returns the target of the link in the site. Records a fault if the target is missing."""

        def fault(text: str) -> str:
            line = self.sources[page].count("\n", 0, place) + 1
            self.faults.append(f"{page}:{line}: {target}: {text}")
            return target

        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            return target
        path, _, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if found.startswith(MADE):
            return target
        if found.startswith("../"):
            return fault("outside the repository")
        if (ROOT / found).is_dir():
            if f"{found}/README.md" not in self.pages:
                return fault("a folder whose README.md is not a page of the site")
            found += "/README.md"
            target = posixpath.join(path, "README.md") + (f"#{anchor}" if anchor else "")
        if not (ROOT / found).exists():
            return fault("does not exist")
        if found not in self.pages:
            if found.endswith(".md"):
                return fault("not a page of the site; add it to docs/site/summary.txt")
            self.files.add(found)
        elif anchor and anchor not in self.anchors[found]:
            return fault("no heading has this anchor")
        return target

    def page(self, page: str) -> str:
        """Returns the text of a page, with its links changed for the site."""
        text, out, end = self.sources[page], [], 0
        for match in LINK.finditer(without_code(text)):
            out += [text[end : match.start("target")], self.link(page, match.start(), match["target"])]
            end = match.end("target")
        return "".join(out) + text[end:]


def main() -> None:
    site = Site()
    pages = {page: site.page(page) for page in site.sources}
    unlisted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")} | {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/guide").glob("*.md")
    }
    for page in sorted(unlisted - set(site.pages) - {"docs/guide/SUMMARY.md"}):
        site.faults.append(f"{page}: not listed in docs/site/summary.txt or docs/guide/SUMMARY.md")
    for fault in site.faults:
        print(fault, file=sys.stderr)
    if site.faults:
        sys.exit(f"{len(site.faults)} faults in the pages of the site")
    if len(sys.argv) < 2:
        return
    out = Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shutil.copy(ROOT / HERE / "book.toml", out)
    shutil.copy(ROOT / HERE / "site.css", out)
    out /= "src"
    out.mkdir()
    (out / "SUMMARY.md").write_text(site.summary)
    for page, text in pages.items():
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        (out / page).write_text(text)
    for file in sorted(site.files):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, out / file)


main()
