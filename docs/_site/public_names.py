"""Sphinx extension: ``public-names MODULE`` lists what a module offers, with links to the reference.

Many names can be imported from several modules. Each is documented once, and listed wherever it is.
In a strict build a name that is documented nowhere is an error.
"""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx


def home(module: str, name: str) -> str:
    """The name under which the reference knows something: where it is defined."""
    value = getattr(importlib.import_module(module), name)
    if isinstance(value, ModuleType):
        return value.__name__
    if inspect.isclass(value) or inspect.isroutine(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"{module}.{name}"


class PublicNames(Directive):
    """``.. public-names:: solweig.tiling``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A paragraph of links."""
        module = self.arguments[0]
        paragraph = nodes.paragraph(classes=["public-names"])
        for name in sorted(importlib.import_module(module).__all__, key=str.lower):
            if len(paragraph):
                paragraph += nodes.Text(", ")
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="obj", reftarget=home(module, name), refwarn=True,
            )  # fmt: skip
            link += nodes.literal("", name, classes=["xref", "py"])
            paragraph += link
        return [paragraph]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
