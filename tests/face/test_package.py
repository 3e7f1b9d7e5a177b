"""The package as a whole: quick to import, every public name there, nothing loaded too early."""

from __future__ import annotations

import subprocess
import sys

import pytest

import solweig
import solweig.api
import solweig.models


def child(code: str) -> str:
    """Output of a fresh interpreter; a warning is an error there too."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


@pytest.mark.parametrize("name", solweig.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(solweig, name) is not None
    assert name in dir(solweig)
    assert getattr(solweig.api, name) is getattr(solweig, name)


def test_names_of_the_older_modules() -> None:
    for name in ("SvfArrays", "ShadowArrays"):
        assert name in solweig.api.__all__
        assert getattr(solweig.models, name) is getattr(solweig.api, name)
    for name in solweig.models.__all__:
        assert isinstance(getattr(solweig.models, name), type)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = solweig.nonsense


def test_import_is_quick_and_loads_nothing_heavy() -> None:
    heavy = child(
        "import sys, solweig;"
        "print([m for m in ('numpy', 'pandas', 'xarray', 'rasterio', 'pvlib', 'matplotlib',"
        " 'scipy', 'solweig._core') if m in sys.modules])"
    )
    assert heavy == "[]"
    # Processor time, and the best of a few: other work on the machine must not decide this.
    took = "import time; t = time.process_time(); import solweig; print(time.process_time() - t)"
    assert min(float(child(took)) for _ in range(3)) < 0.3


def test_star_import() -> None:
    assert child("from solweig import *; print(SurfaceData.__name__, calculate.__name__)") == (
        "SurfaceData calculate"
    )


def test_importing_a_submodule_does_not_hide_a_function() -> None:
    names = "solweig.run.calculation, solweig.walls, solweig"
    assert child(f"import {names}; print(callable(solweig.calculate))") == "True"


def test_switch_is_read_live() -> None:
    before = solweig.GPU_ENABLED
    try:
        solweig.disable_gpu()
        assert solweig.GPU_ENABLED is False
        solweig.enable_gpu()
        assert solweig.GPU_ENABLED is True
    finally:
        (solweig.enable_gpu if before else solweig.disable_gpu)()


def test_version() -> None:
    assert solweig.__version__ == solweig._core.__version__


def test_type_checkers_see_the_same_names() -> None:
    """The imports that only type checkers follow name what is loaded on first use."""
    import ast
    from pathlib import Path

    source = Path(solweig.__file__ or "").read_text("utf-8")
    block = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imported = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lazy = {name: f"solweig.{module}" for name, module in solweig._EXPORTS.items()}
    lazy |= {name: f"solweig.{module}" for name, module in solweig._LIVE.items()}
    lazy |= dict.fromkeys(solweig._MODULES, "solweig")
    assert imported == lazy
