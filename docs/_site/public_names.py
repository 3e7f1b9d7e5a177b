"""Sphinx extension: ``public-names MODULE`` lists what a module offers, with links.

Many names can be imported from several modules. Each is documented once, and listed wherever it is.
In a strict build a name that is documented nowhere is an error. Values that a module imports are
described as where they are assigned.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from docutils import nodes
from reference import documented, entry_of, source_of
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)


class PublicNames(SphinxDirective):
    """``.. public-names:: solweig.tiling``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A paragraph of links."""
        self.env.note_reread()  # what a module offers changes without the page
        module = self.arguments[0]
        entries = documented(Path(self.env.srcdir) / "api")
        paragraph = nodes.paragraph(classes=["public-names"])
        for name in sorted(importlib.import_module(module).__all__, key=str.lower):
            entry = entry_of(module, name, entries)
            if entry is None:
                log.warning(
                    "%s.%s is documented nowhere", module, name, location=self.get_location()
                )
                continue
            if len(paragraph):
                paragraph += nodes.Text(", ")
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="obj", reftarget=entry, refwarn=True
            )
            link += nodes.literal("", name, classes=["xref", "py"])
            paragraph += link
        return [paragraph]


def describe_value(
    app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Say of a value what is said where it is assigned, instead of what its type says."""
    if what != "data":
        return
    home, own = source_of(*name.rpartition(".")[::2])
    lines[:] = ModuleAnalyzer.for_module(home).find_attr_docs().get(("", own), [])
    if not any(lines):
        log.warning("%s has no description", name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("public-names", PublicNames)
    app.connect("autodoc-process-docstring", describe_value)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
