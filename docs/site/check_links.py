#!/usr/bin/env python3
"""Checks the links in the HTML files of a folder: each linked file and anchor must exist.

    docs/site/check_links.py SITE

Links to other hosts are not checked. An absolute path is an error: the site must work in any
folder.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTES = ("href", "src", "data-src", "poster")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[int, str]] = []
        self.feed(text)

    def has(self, fragment: str) -> bool:
        """Returns whether a browser finds the anchor.

        In rustdoc's source pages, "7-9" is a range of lines, and each line has an anchor.
        """
        lines = re.fullmatch(r"([0-9]+)-[0-9]+", fragment)
        names = {fragment, unquote(fragment), lines[1] if lines else fragment}
        return fragment in ("", "top") or not names.isdisjoint(self.anchors)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value is None:
                continue
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name in ATTRIBUTES:
                self.links.append((self.getpos()[0], value.strip()))


def main() -> None:
    site = Path(sys.argv[1]).resolve()
    pages = {path: Page(path.read_text(errors="replace")) for path in sorted(site.rglob("*.html"))}
    faults = []
    count = 0
    for path, page in pages.items():
        for line, link in page.links:
            try:
                parts = urlsplit(link)
            except ValueError:
                faults.append(f"{path.relative_to(site)}:{line}: {link}: not a URL")
                continue
            if parts.scheme or parts.netloc:
                if parts.scheme == "file":
                    faults.append(f"{path.relative_to(site)}:{line}: {link}: a file URL")
                continue
            count += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_relative_to(site):
                faults.append(f"{path.relative_to(site)}:{line}: {link}: outside the site")
            elif not target.exists():
                faults.append(f"{path.relative_to(site)}:{line}: {link}: does not exist")
            elif target in pages and not pages[target].has(parts.fragment):
                faults.append(f"{path.relative_to(site)}:{line}: {link}: no element has this id")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(pages)} pages, {count} links, {len(faults)} dead")
    sys.exit(bool(faults))


main()
