"""One version and one oldest Python, in every file that has to name them."""

from __future__ import annotations

import re
import runpy
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import solweig

ROOT = Path(__file__).parents[2]
VERSIONS = runpy.run_path(str(ROOT / ".ci" / "version.py"))
FILES = [place.path for place in (*VERSIONS["PLACES"], VERSIONS["CHANGELOG"])]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_place_names_the_version_of_the_package() -> None:
    assert VERSIONS["agreed"](ROOT) == solweig.__version__


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("put", ["9.8.7", ""])
def test_a_place_that_says_otherwise_is_named(copy: Path, name: str, put: str) -> None:
    path = copy / name
    path.write_text(path.read_text("utf-8").replace(solweig.__version__, put), "utf-8")
    with pytest.raises(ValueError, match=re.escape(name)):
        VERSIONS["agreed"](copy)


def test_setting_reaches_all_but_the_changelog(copy: Path) -> None:
    VERSIONS["write"](copy, "3.2.1")
    with pytest.raises(ValueError, match=r"got in CHANGELOG\.md: \['\d"):
        VERSIONS["agreed"](copy)
    path = copy / "CHANGELOG.md"
    news = "## Unreleased\n\n- More\n\n## 3.2.1 - 2027-01-31\n\n- A version\n\n## "
    path.write_text(path.read_text("utf-8").replace("## ", news, 1), "utf-8")
    assert VERSIONS["agreed"](copy) == "3.2.1"


@pytest.mark.parametrize("version", ["3.2", "v3.2.1", "3.2.1rc1"])
def test_a_version_has_three_numbers(copy: Path, version: str) -> None:
    with pytest.raises(ValueError, match="three numbers"):
        VERSIONS["write"](copy, version)
    assert VERSIONS["agreed"](copy) == solweig.__version__


def test_the_tag_is_the_version() -> None:
    VERSIONS["main"]([f"v{solweig.__version__}"])
    with pytest.raises(ValueError, match="tag: expected v"):
        VERSIONS["main"](["v0.0.1"])


def test_one_oldest_python() -> None:
    found = project()
    oldest = found["project"]["requires-python"].removeprefix(">=")
    short = "py" + oldest.replace(".", "")
    cargo = tomllib.loads((ROOT / "rust" / "Cargo.toml").read_text("utf-8"))
    assert cargo["dependencies"]["pyo3"]["features"] == [f"abi3-{short}"]
    assert found["tool"]["ruff"]["target-version"] == short
    assert found["tool"]["mypy"]["python_version"] == oldest
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text("utf-8")
    assert f'python_min: "{oldest}"' in recipe
    for workflow in ("ci.yml", "release.yml"):
        text = (ROOT / ".github" / "workflows" / workflow).read_text("utf-8")
        assert f'python: ["{oldest}", "' in text


def test_the_recipe_asks_for_what_the_package_asks_for() -> None:
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text("utf-8")
    run = recipe.partition("\n  run:\n")[2].partition("\n  run_constraints:")[0]
    renamed = {"pvlib": "pvlib-python"}
    for dependency in project()["project"]["dependencies"]:
        name, _, version = dependency.partition(";")[0].partition(">=")
        assert f" {renamed.get(name, name)} >={version}\n" in f"{run}\n", dependency
