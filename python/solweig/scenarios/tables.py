"""Scenarios from a TOML file, every key of which is known or refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solweig.errors import ConfigurationError
from solweig.scenarios.optimise_wishes import TreeWishes
from solweig.scenarios.places import file_beside
from solweig.scenarios.thresholds import Thresholds
from solweig.scenarios.wishes import Edit, Scenario, check_names, checked_keys, did_you_mean

__all__ = ["ScenarioFile", "read_scenarios"]

_TOP = ("title", "out", "baseline", "results", "scenario", "optimise")
_RESULTS = ("thresholds", "cost_unit")
_SCENARIO = ("name", "cost", "edit")


@dataclass(frozen=True)
class ScenarioFile:
    """What such a file says.

    Parameters
    ----------
    path
        The file.
    title
        Of the page.
    out
        Folder for the results; None where it is not said.
    baseline
        Options of ``solweig run``, by key; files in it are those beside the file.
    scenarios
        In the order of the file.
    thresholds
        Of the hours that are counted.
    cost_unit
        Of costs, such as EUR.
    trees
        What ``solweig scenario optimise`` is to plant; None where it is not said.
    """

    path: Path
    title: str = ""
    out: Path | None = None
    baseline: Mapping[str, Any] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    cost_unit: str = ""
    trees: TreeWishes | None = None


def read_scenarios(path: str | Path) -> ScenarioFile:
    """Read a file of scenarios and check all that needs no surface.

    Parameters
    ----------
    path
        A TOML file, see ``docs/scenarios.md``.

    Returns
    -------
    ScenarioFile
        Its scenarios, with paths of edits resolved against its folder.

    Raises
    ------
    FileNotFoundError
        No such file, or one that an edit names.
    ConfigurationError
        Not TOML, an unknown key, or a value that cannot be; the message names file and key.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no file {file}")
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            str(file), "a TOML file", str(error) or "one nested too deep"
        ) from (None)
    name = file.name
    checked_keys(found, _TOP, f"{name}:")
    results = _table(found, "results", name)
    checked_keys(results, _RESULTS, f"{name}: results")
    scenarios = tuple(
        _scenario(entry, number, file)
        for number, entry in enumerate(_tables(found, "scenario", f"{name}: scenario"), start=1)
    )
    check_names(scenarios)
    trees = None
    if "optimise" in found:
        trees = TreeWishes.of_table(
            _table(found, "optimise", name), f"{name}: optimise", file.parent
        )
    out = _text(found, "out", name)
    return ScenarioFile(
        file,
        title=_text(found, "title", name),
        out=file.parent / out if out else None,
        baseline=_table(found, "baseline", name),
        scenarios=scenarios,
        thresholds=Thresholds.of(results.get("thresholds"), f"{name}: results.thresholds"),
        cost_unit=_text(results, "cost_unit", f"{name}: results"),
        trees=trees,
    )


def _scenario(entry: Mapping[str, Any], number: int, file: Path) -> Scenario:
    key = f"{file.name}: scenario[{number}]"
    checked_keys(entry, _SCENARIO, key)
    named = entry.get("name")
    where = f"{key} {named!r}" if isinstance(named, str) else key
    edits = tuple(
        _edit(values, f"{where}.edit[{i}]", file.parent)
        for i, values in enumerate(_tables(entry, "edit", f"{where}.edit"), start=1)
    )
    return Scenario(entry.get("name", ""), edits, entry.get("cost"), where)


def _edit(values: Mapping[str, Any], key: str, folder: Path) -> Edit:
    if "kind" not in values:
        near = next((did_you_mean(k, ["kind"]) for k in values if did_you_mean(k, ["kind"])), None)
        raise ConfigurationError(f"{key}.kind", "what to do, such as plant", "none", near)
    rest = {k: v for k, v in values.items() if k != "kind"}
    edit = Edit(values["kind"], rest, key)
    if "file" not in rest:
        return edit
    return Edit(edit.kind, {**rest, "file": file_beside(rest["file"], folder, f"{key}.file")}, key)


def _table(found: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = found.get(key, {})
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}: {key}", f"a table, [{key}]", repr(value)[:80])
    return value


def _tables(found: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    value = found.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise ConfigurationError(where, f"tables, [[{key}]]", repr(value)[:80])
    return value


def _text(found: Mapping[str, Any], key: str, where: str) -> str:
    value = found.get(key, "")
    if not isinstance(value, str):
        raise ConfigurationError(f"{where}: {key}", "a text", repr(value))
    return value
