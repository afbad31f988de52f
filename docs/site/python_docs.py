#!/usr/bin/env python3
"""Writes the documentation of the installed Python module with pdoc.

    docs/site/python_docs.py OUT

A public class or function without a docstring is an error.
"""

from __future__ import annotations
import __future__

import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from unittest import mock

import bouncer_verify
import pdoc
from bouncer_verify import exceptions, http_auth, pyjwt, rsa, types
from pdoc import doc, doc_pyi, render

MODULES = [bouncer_verify, exceptions, http_auth, pyjwt, rsa, types]


def take_types_from_the_stub(module: doc.Module) -> None:
    """Copies the types in the stub of the compiled module to the classes of bouncer_verify.

    pdoc's own function looks only for a stub of bouncer_verify itself. It also fails on a stub that
    uses a name before its definition.
    """
    if module.modulename != "bouncer_verify":
        return
    path = Path(bouncer_verify.__file__).with_name("_bouncer_verify.pyi")
    stub = ModuleType("bouncer_verify._bouncer_verify")
    stub.__package__, stub.__file__ = "bouncer_verify", str(path)
    exec(compile(path.read_text(), path, "exec", flags=__future__.annotations.compiler_flag), stub.__dict__)
    doc_pyi._prepare_module(module)
    typed = doc.Module(stub)
    with mock.patch.dict("sys.modules", {stub.__name__: stub}):
        doc_pyi._patch_doc(module, typed)
    # Sort the members of a compiled class, which have no fixed order, as in the stub.
    for name, member in module.members.items():
        if isinstance(member, doc.Class) and name in typed.members:
            order = list(typed.members[name].members)
            ordered = sorted(
                member.members.items(), key=lambda item: order.index(item[0]) if item[0] in order else -1
            )
            member.members.clear()
            member.members.update(ordered)


def is_known(namespace: doc.Namespace, member: doc.Doc) -> bool:
    """Returns whether PyJWT documents the name, or a base class documents the overridden name."""
    bases = namespace.obj.__mro__ if isinstance(namespace, doc.Class) else ()
    overridden = sum(member.name in vars(base) for base in bases) > 1
    return overridden or member.modulename.startswith("bouncer_verify.pyjwt")


def undocumented(namespace: doc.Namespace) -> list[str]:
    found = []
    for member in namespace.members.values():
        if member.name.startswith("_"):
            continue
        if (
            isinstance(member, doc.Class | doc.Function)
            and not member.docstring
            and not is_known(namespace, member)
        ):
            found.append(member.fullname)
        if isinstance(member, doc.Class):
            found += undocumented(member)
    return found


def main() -> None:
    warnings.simplefilter("error")
    # http_auth creates this class at first use. Create it now, so that pdoc finds it.
    _ = http_auth.HttpxAuth
    doc_pyi.include_typeinfo_from_stub_files = take_types_from_the_stub
    render.configure(
        docformat="markdown", show_source=False, template_directory=Path(__file__).parent / "pdoc"
    )
    missing = []
    for module in MODULES:
        missing += undocumented(doc.Module(module))
    for name in missing:
        print(f"{name} has no docstring", file=sys.stderr)
    out = Path(sys.argv[1])
    pdoc.pdoc(*(module.__name__ for module in MODULES), output_directory=out)
    # pdoc links to private base classes, but does not document them. Remove these links.
    for page in out.rglob("*.html"):
        page.write_text(re.sub(r'<a href="#_[^"]*">([^<]*)</a>', r"\1", page.read_text()))
    sys.exit(bool(missing))


main()
