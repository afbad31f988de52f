#!/usr/bin/env python3
"""Lists the software of others that the artefacts contain, from Cargo.lock.

    third_party.py licences FILE    writes the licence texts, for people
    third_party.py sbom FILE        writes a software bill of materials: CycloneDX 1.5, JSON

Needs cargo and the sources of the crates: downloaded (`cargo fetch --locked`) or vendored. Uses no
network. The output depends only on Cargo.lock and the sources. cargo-about and cargo-cyclonedx do
the same. But each machine that builds a package would have to compile them first, also without a
network.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each artefact with cargo's options for it. The static and the shared library are one artefact.
ARTEFACTS = {
    "library": ["--package", "bouncer_verify", "--features", "capi"],
    "command": ["--package", "bouncer_verify", "--features", "cli"],
    "Python module": ["--package", "bouncer_verify_python"],
}
TARGETS = [
    f"{processor}-unknown-linux-{libc}"
    for processor in ("x86_64", "aarch64")
    for libc in ("gnu", "musl")
]
OWN = {"bouncer_verify", "bouncer_verify_python"}
LICENCE_FILE = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)
RULE = "=" * 100


def cargo(*arguments):
    command = [os.environ.get("CARGO", "cargo"), arguments[0], "--locked", "--offline", *arguments[1:]]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{result.stderr}{' '.join(command[:2])} failed. Is a crate missing? cargo fetch --locked")
    return result.stdout


def linked(options):
    """Returns the crates of an artefact, each with the crates that it uses, as (name, version).

    `cargo tree` selects the features exactly as a build does. It leaves out what runs only during
    the build: build scripts, macros and the crates that they use.
    """
    uses, path = {}, []
    targets = [option for target in TARGETS for option in ("--target", target)]
    edges = ["--edges", "normal,no-proc-macro"]
    tree = cargo("tree", *options, *targets, *edges, "--prefix", "depth", "--format", "|{p}")
    for line in filter(None, tree.splitlines()):
        depth, _, package = line.partition("|")
        name, version = package.split()[:2]
        crate = (name, version.removeprefix("v"))
        path[int(depth) :] = [crate]
        uses.setdefault(crate, set())
        if len(path) > 1:
            uses[path[-2]].add(crate)
    return uses


def packages():
    """Returns the entries of `cargo metadata` by (name, version)."""
    filters = [option for target in TARGETS for option in ("--filter-platform", target)]
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--all-features", *filters))
    return {(package["name"], package["version"]): package for package in metadata["packages"]}


def checksums():
    """Returns the SHA-256 of each crate by (name, version)."""
    entry = r'\[\[package\]\]\nname = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"'
    lock = (ROOT / "Cargo.lock").read_text()
    return {(name, version): checksum for name, version, checksum in re.findall(entry, lock)}


def expression(package):
    """Returns the SPDX expression. Old crates separate alternatives with a slash."""
    return package["license"].replace("/", " OR ")


def licence_files(package):
    folder = Path(package["manifest_path"]).parent
    # A crate with the key `links` may contain a library in C. Its folders have licences too.
    found = folder.rglob("*") if package["links"] else folder.iterdir()
    files = sorted(path for path in found if LICENCE_FILE.match(path.name) and path.is_file())
    if not files:
        sys.exit(f"{package['name']} {package['version']} has no licence file")
    return [(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")) for path in files]


def write_licences(out, artefacts, known):
    version = known[("bouncer_verify", root_version(known))]["version"]
    crates = sorted({crate for uses in artefacts.values() for crate in uses if crate[0] not in OWN})
    lines = [
        f"bouncer_verify {version} contains the software listed here. Each entry has its licence and the",
        "artefacts that contain it. The texts of the licences follow the list. Where a licence leaves a",
        "choice (OR), any of the licences may be chosen.",
        "",
    ]
    for crate in crates:
        holders = [name for name, uses in artefacts.items() if crate in uses]
        lines += [f"{crate[0]} {crate[1]}: {expression(known[crate])}", f"    in: {', '.join(holders)}"]
    lines += ["The Rust standard library: MIT OR Apache-2.0", f"    in: {', '.join(artefacts)}", ""]

    # Many crates have the same text. Texts that differ only in white space count as the same.
    texts = {}
    for crate in crates:
        for name, text in licence_files(known[crate]):
            first, owners = texts.setdefault(" ".join(text.split()), (text, []))
            owners.append(f"{crate[0]} {crate[1]} ({name})")
    for text, owners in texts.values():
        lines += [RULE, *owners, RULE, "", *(line.rstrip() for line in text.strip("\n").splitlines()), ""]
    standard = (Path(__file__).parent / "rust_std_licences.txt").read_text(encoding="utf-8")
    lines += [RULE, "The Rust standard library", RULE, "", *standard.splitlines()]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def root_version(known):
    return next(version for name, version in known if name == "bouncer_verify")


def purl(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1]}"


def aws_lc(package):
    """Returns the component for the library in C that the crate aws-lc-sys contains.

    Reports of vulnerabilities use the version of this library, not the one of the crate.
    """
    header = Path(package["manifest_path"]).parent / "aws-lc/include/openssl/base.h"
    version = re.search(r'AWSLC_VERSION_NUMBER_STRING "(.*)"', header.read_text()).group(1)
    reference = f"pkg:github/aws/aws-lc@v{version}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": "aws-lc",
        "version": version,
        "scope": "required",
        "licenses": [{"expression": expression(package)}],
        "purl": reference,
    }


def write_sbom(out, artefacts, known):
    sums = checksums()
    version = root_version(known)
    components, depends = {}, {}
    for artefact, uses in artefacts.items():
        for crate, used in uses.items():
            depends.setdefault(purl(crate), set()).update(map(purl, used))
            if crate[0] == "bouncer_verify":
                continue
            package = known[crate]
            component = {
                "type": "library",
                "bom-ref": purl(crate),
                "name": crate[0],
                "version": crate[1],
                "description": " ".join((package["description"] or "").split()),
                "scope": "required",
                "licenses": [{"expression": expression(package)}],
                "purl": purl(crate),
                "properties": [],
            }
            if crate in sums:
                component["hashes"] = [{"alg": "SHA-256", "content": sums[crate]}]
            if package["repository"]:
                component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
            entry = components.setdefault(purl(crate), component)
            entry["properties"].append({"name": "bouncer_verify:artefact", "value": artefact})
            if crate[0] == "aws-lc-sys":
                library = aws_lc(package)
                components[library["purl"]] = library
                depends.setdefault(library["purl"], set())
                depends[purl(crate)].add(library["purl"])
    root = known[("bouncer_verify", version)]
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": purl(("bouncer_verify", version)),
                "name": "bouncer_verify",
                "version": version,
                "description": root["description"],
                "licenses": [{"expression": expression(root)}],
                "purl": purl(("bouncer_verify", version)),
            }
        },
        "components": [components[key] for key in sorted(components)],
        "dependencies": [{"ref": key, "dependsOn": sorted(depends[key])} for key in sorted(depends)],
    }
    # The serial number identifies the content. A random one would make each build different.
    content = json.dumps(bom, sort_keys=True)
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    out.write_text(json.dumps(bom, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    writers = {"licences": write_licences, "sbom": write_sbom}
    if len(sys.argv) != 3 or sys.argv[1] not in writers:
        sys.exit(__doc__)
    artefacts = {name: linked(options) for name, options in ARTEFACTS.items()}
    writers[sys.argv[1]](Path(sys.argv[2]), artefacts, packages())


main()
