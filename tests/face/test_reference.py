"""The reference of the documentation holds every public name, and pages name what exists."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.face.test_docstrings import FACES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "api"
_DIRECTIVE = re.compile(
    r"^\.\. (?:auto(?:function|class|exception|data|module)|module):: (solweig[\w.]*)$", re.MULTILINE
)


def face_of_the_package() -> Iterator[str]:
    """Modules that hold public names only: the top of the contract of rooms, with what is below."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    rooms = settings["tool"]["importlinter"]["contracts"][0]["layers"][0].split(" : ")
    package = ROOT / "python" / "solweig"
    yield "solweig"
    for room in rooms:
        if room == "__main__":
            continue
        yield f"solweig.{room}"
        for path in sorted((package / room).glob("[a-z]*.py")):
            yield f"solweig.{room}.{path.stem}"


PUBLIC = sorted({*FACES, *face_of_the_package()})


def found(name: str) -> Any:
    """What a dotted name means."""
    value: Any = importlib.import_module("solweig")
    path = "solweig"
    for part in name.split(".")[1:]:
        path = f"{path}.{part}"
        try:
            value = getattr(value, part)
        except AttributeError:
            value = importlib.import_module(path)
    return value


@cache
def documented() -> tuple[frozenset[str], frozenset[int]]:
    """Names that the reference documents, and the functions, classes and modules they mean."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(REFERENCE.glob("*.md")))
    names = frozenset(_DIRECTIVE.findall(text))
    objects = map(found, names)
    return names, frozenset(id(o) for o in objects if callable(o) or isinstance(o, ModuleType))


def missing(module: str, names: frozenset[str], objects: frozenset[int]) -> list[str]:
    """Public names of a module that are documented under none of their names."""
    offered = importlib.import_module(module).__all__
    return [
        f"{module}.{name}" for name in offered
        if name != "__version__"
        and f"{module}.{name}" not in names
        and id(found(f"{module}.{name}")) not in objects
    ]  # fmt: skip


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    assert missing(module, *documented()) == []


def test_a_name_that_is_left_out_is_noticed() -> None:
    names, objects = documented()
    left_out = {"solweig.calculate", "solweig.tiling.MIN_TILE_SIZE"}
    fewer = objects - {id(found("solweig.calculate"))}
    assert missing("solweig", names - left_out, fewer) == ["solweig.calculate"]
    assert missing("solweig.tiling", names - left_out, fewer) == ["solweig.tiling.MIN_TILE_SIZE"]
    assert len(PUBLIC) > 25


PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
FILES = {"nc", "zarr"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_names_of_the_package_in_pages_exist(page: Path) -> None:
    named = set(re.findall(r"`(solweig(?:\.\w+)+)\b[^`/]*`", page.read_text("utf-8")))
    for name in sorted(named):
        if name.split(".")[1] not in FILES:
            found(name)


def test_every_page_is_in_the_list_of_pages() -> None:
    """Sphinx holds a build to it; this says so without one."""
    docs = ROOT / "docs"
    listed = set(re.findall(r"\]\(([\w/-]+\.(?:md|py))", (docs / "README.md").read_text("utf-8")))
    pages = {p.relative_to(docs).as_posix() for p in [*docs.glob("*.md"), *docs.glob("tutorials/*.py")]}
    assert pages - listed == {"README.md", "index.md"}
    assert {name for name in listed if not (docs / name).exists()} == set()
