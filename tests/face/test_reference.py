"""The reference of the documentation holds every public name, and pages name what exists."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.face.test_docstrings import FACES

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "docs" / "_site"))
from reference import documented, entry_of, meant  # noqa: E402 - no module of the package


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


ENTRIES = documented(ROOT / "docs" / "api")


def missing(module: str, entries: dict[str, Any]) -> list[str]:
    """Public names of a module that are documented under none of their names."""
    offered = importlib.import_module(module).__all__
    return [name for name in offered if entry_of(module, name, entries) is None]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    assert missing(module, ENTRIES) == []


def test_a_name_that_is_left_out_is_noticed() -> None:
    left_out = {"solweig.calculate", "solweig.tiling.MIN_TILE_SIZE"}
    fewer = {name: value for name, value in ENTRIES.items() if name not in left_out}
    assert missing("solweig", fewer) == ["calculate"]
    assert missing("solweig.tiling", fewer) == ["MIN_TILE_SIZE"]
    assert len(PUBLIC) > 25


PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
FILES = {"nc", "zarr"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_names_of_the_package_in_pages_exist(page: Path) -> None:
    named = set(re.findall(r"`(solweig(?:\.\w+)+)\b[^`/]*`", page.read_text("utf-8")))
    for name in sorted(named):
        if name.split(".")[1] not in FILES:
            meant(name)


def test_every_page_is_in_the_list_of_pages() -> None:
    """Sphinx holds a build to it; this says so without one."""
    docs = ROOT / "docs"
    listed = set(re.findall(r"\]\(([\w/-]+\.(?:md|py))", (docs / "README.md").read_text("utf-8")))
    pages = {
        p.relative_to(docs).as_posix() for p in [*docs.glob("*.md"), *docs.glob("tutorials/*.py")]
    }
    assert pages - listed == {"README.md", "index.md"}
    assert {name for name in listed if not (docs / name).exists()} == set()
