"""The plugin's archive as the QGIS plugin repository checks it, and its source without QGIS."""

from __future__ import annotations

import ast
import configparser
import runpy
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from typer.main import get_command

from solweig.cli.app import app

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "qgis" / "solweig_provider"
REQUIRED = (
    "name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker",
    "repository",
)  # fmt: skip
COMPILED = {".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib", ".exe", ".o", ".a"}
SOURCES = sorted(PLUGIN.rglob("*.py"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("zip")
    make_zip = runpy.run_path(str(ROOT / "qgis" / "make_zip.py"))["make_zip"]
    first = make_zip(folder).read_bytes()
    assert make_zip(folder).read_bytes() == first
    return zipfile.ZipFile(make_zip(folder))


def metadata() -> configparser.SectionProxy:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(PLUGIN / "metadata.txt", encoding="utf-8")
    return found["general"]


def test_one_folder_named_as_python_can_import_it(archive: zipfile.ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in archive.namelist()}
    assert tops == {"solweig_provider"}
    assert "solweig_provider".isidentifier()
    for needed in ("metadata.txt", "__init__.py", "LICENSE", metadata()["icon"]):
        assert f"solweig_provider/{needed}" in archive.namelist()
    assert archive.read("solweig_provider/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_nothing_compiled_hidden_or_large(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        assert path.suffix.lower() not in COMPILED, path
        assert not any(part.startswith((".", "__pycache__", "__MACOSX")) for part in path.parts)
    packed = {name.partition("/")[2] for name in archive.namelist()}
    assert {path.relative_to(PLUGIN).as_posix() for path in SOURCES} <= packed
    assert sum(entry.compress_size for entry in archive.infolist()) < 200_000


def test_metadata_have_what_the_repository_asks_for() -> None:
    found = metadata()
    assert [key for key in REQUIRED if not found.get(key, "").strip()] == []
    assert found["qgisMinimumVersion"] == "3.22"
    assert found["qgisMaximumVersion"] == "4.99"  # else QGIS 4 does not list it
    assert found["hasProcessingProvider"] == "yes"  # else qgis_process does not
    assert "supportsQt6" not in found
    for key in ("tracker", "repository", "homepage"):
        assert found[key].startswith("https://")
    cargo = tomllib.loads((ROOT / "rust" / "Cargo.toml").read_text(encoding="utf-8"))
    assert found["version"] == cargo["workspace"]["package"]["version"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_sources_import_neither_the_package_nor_a_qt_of_their_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            assert name.split(".")[0] not in ("solweig", "PyQt5", "PyQt6", "PySide6"), name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_enumerations_of_qt_are_scoped(path: Path) -> None:
    """``Qt.UTC`` is gone in PyQt 6, ``Qt.TimeSpec.UTC`` is in both."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("Qt", "QProcess"):
                assert node.attr in ("TimeSpec", "DateFormat", "ProcessState", "ExitStatus")
            assert node.attr != "exec_"


def test_every_flag_of_the_plugin_is_one_of_the_command() -> None:
    commands = get_command(app)
    with commands.make_context("solweig", ["--help"], resilient_parsing=True) as context:
        for name in ("run", "prepare", "plan", "compare", "build"):
            tree = ast.parse((PLUGIN / "algorithms" / f"{name}.py").read_text(encoding="utf-8"))
            texts = {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            flags = {text for text in texts if text.startswith("--")}
            command = commands.get_command(context, name)  # type: ignore[attr-defined]
            known = {opt for parameter in command.params for opt in parameter.opts}
            assert flags, name
            assert flags | {"--progress", "--stop-with-input"} <= known, name
