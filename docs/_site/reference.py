"""What the reference documents: the names in the directives of ``api/*.md``, and what they mean.

Knows nothing of Sphinx, so that a test can hold every public name to it without building the site.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

_DIRECTIVE = re.compile(
    r"^\.\. (?:auto(?:function|class|exception|data|module)|module|py:data):: (solweig[\w.]*)$",
    re.MULTILINE,
)


def meant(name: str) -> Any:
    """What a dotted name means."""
    value: Any = importlib.import_module(name.partition(".")[0])
    path = name.split(".")
    for i, part in enumerate(path[1:], 2):
        try:
            value = getattr(value, part)
        except AttributeError:
            value = importlib.import_module(".".join(path[:i]))
    return value


def documented(pages: Path) -> dict[str, Any]:
    """Every name that the pages of a folder document, and what it means."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(pages.glob("*.md")))
    return {name: meant(name) for name in sorted(set(_DIRECTIVE.findall(text)))}


def entry_of(module: str, name: str, entries: dict[str, Any]) -> str | None:
    """The name under which something is documented: its own, or another of the same object.

    Plain values are one object by chance only: they are known by their name, here or in the package
    itself.
    """
    full = f"{module}.{name}"
    if full in entries:
        return full
    value = meant(full)
    if isinstance(value, ModuleType):  # one of several paths, whichever was imported first
        return next((e for e in entries if e.endswith(f".{name}")), None)
    if not callable(value):
        root = f"solweig.{name}"
        return root if entries.get(root) is value else None
    return next((entry for entry, other in entries.items() if other is value), None)


def source_of(module: str, name: str) -> tuple[str, str]:
    """Module that assigns a name, and its name there, however often it is imported on."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return source_of(node.module, alias.name)
    return module, name
