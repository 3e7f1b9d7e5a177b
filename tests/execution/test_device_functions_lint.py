"""Devices are opened in one place: nothing else in the package touches them."""

from __future__ import annotations

import ast
from pathlib import Path

import solweig

PACKAGE = Path(solweig.__file__).parent
ALLOWED = PACKAGE / "execution" / "runtime.py"
DEVICE_FUNCTIONS = {"open_gpu", "gpu_adapters", "Gpu"}


def device_uses(source: str) -> list[str]:
    """Uses of the extension's device functions, by whatever name the extension was imported.
    Annotations are no uses."""
    tree = ast.parse(source)
    annotations = {
        id(inner)
        for node in ast.walk(tree)
        for one in _annotations(node)
        for inner in ast.walk(one)
    }
    names, found = {"_core"}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "_core":
                    names.add(alias.asname or alias.name)
                elif (node.module or "").endswith("_core") and alias.name in DEVICE_FUNCTIONS:
                    found.append(f"from _core import {alias.name}")
        if isinstance(node, ast.Constant) and node.value in DEVICE_FUNCTIONS - {"Gpu"}:
            found.append(f"{node.value!r} by name, line {node.lineno}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in DEVICE_FUNCTIONS:
            owner = node.value
            is_core = isinstance(owner, ast.Name) and owner.id in names
            is_core |= isinstance(owner, ast.Attribute) and owner.attr == "_core"
            if is_core and id(node) not in annotations:
                found.append(f"_core.{node.attr}, line {node.lineno}")
    return found


def _annotations(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.arg) and node.annotation is not None:
        return [node.annotation]
    if isinstance(node, ast.FunctionDef) and node.returns is not None:
        return [node.returns]
    return []


def test_only_the_runtime_touches_devices() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert ALLOWED in files
    offenders = {
        str(path.relative_to(PACKAGE)): uses
        for path in files
        if path != ALLOWED and (uses := device_uses(path.read_text(encoding="utf-8")))
    }
    # Names of the package's interface are data.
    offenders.pop("execution/__init__.py", None)
    assert not offenders
    assert device_uses(ALLOWED.read_text(encoding="utf-8"))


def test_the_lint_finds_them() -> None:
    for code in (
        "from . import _core\n_core.open_gpu('vulkan', 0)",
        "from solweig import _core as c\nc.gpu_adapters()",
        "import solweig\nsolweig._core.open_gpu('gl', 0)",
        "from solweig._core import open_gpu",
        "from . import _core\ngetattr(_core, 'open_gpu')",
        "from . import _core\nisinstance(x, _core.Gpu)",
    ):
        assert device_uses(code), code
    assert not device_uses("from . import _core\ndef f(gpu: _core.Gpu) -> None: ...")
