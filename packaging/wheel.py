"""Steps of wheels.sh that need more than a shell.

- `wheel.py describe FILE FOLDER` writes the text for a package index to stdout.
- `wheel.py normalize WHEEL SOURCE` removes the path SOURCE from the list of components in WHEEL.
  In a wheel for musl, the module gets the usual name of musl.
- `wheel.py check WHEEL PATH...` checks WHEEL. No file in it may contain one of the PATHs.

The description is made from FILE, a Markdown file in FOLDER of the repository. A package index
shows its text alone, and gives headings no anchors. So a link to another file becomes the name of
that file, and a link to a section becomes its text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
NOTE = "Names such as `docs/settings.md` are files of the source archive."
FILES = [
    "bouncer_verify/py.typed",
    "bouncer_verify/_bouncer_verify.pyi",
    "bouncer_verify/_bouncer_verify.abi3.so",
    "bouncer_verify/pyjwt/__init__.py",
    ".dist-info/licenses/LICENSE",
    ".dist-info/licenses/LICENSE-APACHE",
    ".dist-info/licenses/LICENSE-MIT",
    ".dist-info/licenses/THIRD-PARTY.txt",
]
# The libraries of glibc that manylinux_2_17 allows, and the name of musl.
LIBRARIES = {
    "many": re.compile(r"lib(c|m|dl|rt|pthread|gcc_s)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d"),
    "musl": re.compile(r"libc\.musl-\w+\.so\.1"),
}


def plain(link: re.Match[str], folder: str) -> str:
    image, text, target = link.groups()
    if re.match(r"[a-z]+:", target):
        return link[0]
    if target.startswith("#"):
        return text
    path = os.path.normpath(os.path.join(folder, target.partition("#")[0]))
    if image or not os.path.exists(path):
        sys.exit(f"the link {link[0]} cannot be written as text")
    return f"`{path}`" if os.path.basename(path) in text else f"{text} (`{path}`)"


def describe(file: str, folder: str) -> None:
    with open(file, encoding="utf-8") as readme:
        blocks = readme.read().split("```")
    # Every second block is code, and contains no links.
    blocks[::2] = [LINK.sub(lambda link: plain(link, folder), block) for block in blocks[::2]]
    title, _, rest = "```".join(blocks).partition("\n")
    print(f"{title}\n\n{NOTE}\n{rest}", end="")


def normalize(wheel: str, source: str) -> None:
    with zipfile.ZipFile(wheel) as old:
        content = {info: old.read(info) for info in old.infolist()}
    changed = {}
    for info, data in content.items():
        if ".dist-info/sboms/" in info.filename:
            content[info] = data.replace(f"file://{source}".encode(), b"file:///source")
        elif info.filename.endswith(".so") and "musllinux" in wheel:
            content[info] = name_musl(data, re.findall(r"musllinux_1_2_(\w+)\.whl", wheel)[0])
        if content[info] != data:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content[info]).digest()).rstrip(b"=")
            changed[info.filename] = f"{info.filename},sha256={digest.decode()},{len(content[info])}"
    for info, data in content.items():
        if info.filename.endswith(".dist-info/RECORD"):
            lines = data.decode().splitlines()
            lines = [changed.get(line.partition(",")[0], line) for line in lines]
            content[info] = ("\n".join(lines) + "\n").encode()
    with zipfile.ZipFile(wheel, "w") as new:
        for info, data in content.items():
            new.writestr(info, data, zipfile.ZIP_DEFLATED, 9)


def name_musl(module: bytes, processor: str) -> bytes:
    """Replaces zig's name of musl. auditwheel requires the name that Alpine Linux uses."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "module.so")
        with open(file, "wb") as out:
            out.write(module)
        output("patchelf", "--replace-needed", "libc.so", f"libc.musl-{processor}.so.1", file)
        with open(file, "rb") as patched:
            return patched.read()


def output(*command: str) -> str:
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stdout}{result.stderr}")
    return result.stdout


def check(wheel: str, *paths: str) -> None:
    name = os.path.basename(wheel)

    def fail(message: str) -> None:
        sys.exit(f"{name}: {message}")

    output("check-wheel-contents", wheel)
    report = json.loads(output("abi3audit", "--strict", "--report", wheel))
    (audit,) = report["specs"].values()
    if not all(module["result"]["is_abi3_baseline_compatible"] for module in audit["wheel"]):
        fail(f"the module uses more than the stable ABI: {report}")
    # auditwheel names the tag of the oldest systems that the module can run on.
    shown = " ".join(output("auditwheel", "show", wheel).split())
    tag = re.search(r'platform tag: "(many|musl)linux_(\d+)_(\d+)_', shown)
    if not tag:
        sys.exit(f"{name}: no tag: {shown}")
    libc, oldest = tag[1], (int(tag[2]), int(tag[3]))
    wanted = {"many": (2, 17), "musl": (1, 2)}[libc]
    if f"{libc}linux_{wanted[0]}_{wanted[1]}_" not in name or oldest > wanted:
        fail(f"the tag does not match: {shown}")

    archive = zipfile.ZipFile(wheel)
    for file in FILES:
        if not any(member.endswith(file) for member in archive.namelist()):
            fail(f"{file} is missing")
    for member in archive.namelist():
        data = archive.read(member)
        for path in paths:
            if path.encode() in data:
                fail(f"{member} contains the path {path}")
        if member.endswith("METADATA"):
            links = [link[0] for link in LINK.finditer(data.decode()) if not re.match(r"[a-z]+:", link[3])]
            if links:
                fail(f"the description contains links to files: {links}")

    module = archive.extract("bouncer_verify/_bouncer_verify.abi3.so", f"{wheel}.content")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-dW", module))
    if not all(LIBRARIES[libc].fullmatch(library) for library in needed):
        fail(f"the module needs {needed}")
    if ".symtab" in output("readelf", "-SW", module):
        fail("the module is not stripped")
    size, unpacked = os.path.getsize(wheel), os.path.getsize(module)
    print(f"{name}: {size:,} bytes; the module has {unpacked:,} bytes and needs {', '.join(needed)}")
    subprocess.run(["rm", "-r", f"{wheel}.content"], check=True)


COMMANDS = {"describe": describe, "normalize": normalize, "check": check}
COMMANDS[sys.argv[1]](*sys.argv[2:])
