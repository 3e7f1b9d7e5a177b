"""Parameter files in UMEP's layout, and what the engine needs of them.

A file, such as UMEP's ``parametersforsolweig.json``, has sections (``Albedo``,
``Tree_settings``...), each holding ``Value`` and ``Comment``. They are read into nested
:class:`types.SimpleNamespace` objects: ``params.Tmrt_params.Value.absK``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from solweig.errors import ConfigurationError
from solweig.human import HumanParams
from solweig.json_text import parse_json
from solweig.renamed import also_named

MISSING = -900.0  # the files mark absent values with -999 or -9999

_SURFACE_SECTIONS = ("Names", "Code", "Albedo", "Emissivity", "TmaxLST", "Ts_deg", "Tstart")
_PHYSICS_SECTIONS = ("Tree_settings", "Posture")

# Temperature waves of walls whose rows in UMEP's files have none; those of solweig 0.1.0b96.
_WALL_WAVES = {
    "Brick_wall": {"ts_deg": 0.4, "tstart": -4.0, "tmaxlst": 15.0},
    "Concrete_wall": {"ts_deg": 0.35, "tstart": -5.0, "tmaxlst": 16.0},
    "Wood_wall": {"ts_deg": 0.5, "tstart": -2.0, "tmaxlst": 14.0},
}
_GENERIC_WALL = ("cobblestone", "Walls")

# quantity: section of the file, low, high, for the heat conduction of a wall class
_HEAT = {
    "conductivity": ("Thermal_conductivity", 0.005, 500.0),
    "specific_heat": ("Specific_heat", 100.0, 10_000.0),
    "density": ("Density", 5.0, 25_000.0),
    "thickness": ("Wall_thickness", 0.001, 2.0),
    "albedo": ("Albedo", 0.0, 1.0),
    "emissivity": ("Emissivity", 0.01, 1.0),
}

# quantity: low, high, for the values of a land-cover class
_LIMITS = {
    "albedo": (0.0, 1.0),
    "emissivity": (0.0, 1.0),
    "ts_deg": (-5.0, 5.0),
    "tstart": (-50.0, 50.0),
    "tmaxlst": (0.0, 24.0),
}


@also_named(params_json_path="path")
def load_params(path: str | os.PathLike[str] | None = None) -> SimpleNamespace:
    """Read a complete parameter file in UMEP's layout.

    Parameters
    ----------
    path
        The file; ``None`` = the one shipped with the package.

    Returns
    -------
    SimpleNamespace
        By section: ``params.Tmrt_params.Value.absK``.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not a JSON object.

    Examples
    --------
    >>> solweig.load_params().Albedo.Effective.Value.Dark_asphalt
    0.18
    """
    found: SimpleNamespace = namespace_from_dict(_read(path))
    return found


@also_named(physics_json_path="path")
def load_physics(path: str | os.PathLike[str] | None = None) -> SimpleNamespace:
    """Read trees and posture (sections ``Tree_settings`` and ``Posture``).

    Parameters
    ----------
    path
        The file; sections that it leaves out come from the shipped one, which ``None`` reads alone.

    Returns
    -------
    SimpleNamespace
        By section.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not a JSON object.

    Examples
    --------
    >>> solweig.load_physics().Tree_settings.Value.Transmissivity
    0.03
    """
    values = {k: v for k, v in _read(None).items() if k in _PHYSICS_SECTIONS}
    if path is not None:
        values.update(_read(path))
    found: SimpleNamespace = namespace_from_dict(values)
    return found


@also_named(materials_json_path="path")
def load_materials(path: str | os.PathLike[str] | None = None) -> SimpleNamespace:
    """Read land-cover and wall classes.

    Parameters
    ----------
    path
        The file; ``None`` = the one shipped with the package.

    Returns
    -------
    SimpleNamespace
        By section.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not a JSON object, a section of the land-cover table is missing or a value is out of range.
    """
    materials: SimpleNamespace = namespace_from_dict(_read(path))
    land_cover_table(materials)
    return materials


def land_cover_table(params: SimpleNamespace | None = None) -> dict[int, dict[str, float]]:
    """Land-cover classes with a complete row, by code.

    Each row holds ``albedo`` [-], ``emissivity`` [-], ``ts_deg`` [K per degree of the day's highest
    sun altitude], ``tstart`` [K] and ``tmaxlst`` [h]. Code 99 is the wall. Classes without a
    temperature wave (the wall materials 100-102) are left out.

    Raises
    ------
    ConfigurationError
        A section is missing or a value is out of range.
    """
    source = load_params() if params is None else params
    _check_sections(source)
    table = {}
    for code, name in sorted((_code(key), name) for key, name in _values(source.Names).items()):
        row = class_row(source, str(name))
        if row is not None:
            table[code] = row
    return table


def _check_sections(params: SimpleNamespace) -> None:
    for section in _SURFACE_SECTIONS:
        if not hasattr(params, section):
            raise ConfigurationError(
                "materials", f"a section {section!r}", "none", "Start from load_materials()."
            )


def _code(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise ConfigurationError("Names", "codes of classes, 0 to 999", _short(text))
    return int(text)


def wall_row(params: SimpleNamespace, name: str) -> dict[str, float] | None:
    """The row of a wall class; ``None`` where neither the file nor this package has all of it.

    Brick, concrete and wood have no temperature wave in UMEP's files; they get one here.
    """
    row = class_row(params, name)
    if row is not None or name not in _WALL_WAVES:
        return row
    albedo, emissivity = _albedos(params).get(name), _values(params.Emissivity).get(name)
    if albedo is None or emissivity is None:
        return None
    return {
        "albedo": _number(f"albedo of {name}", albedo),
        "emissivity": _number(f"emissivity of {name}", emissivity),
        **_WALL_WAVES[name],
    }


def wall_names(params: SimpleNamespace) -> dict[int, str]:
    """Names of all classes by code."""
    return {_code(key): str(name) for key, name in _values(params.Names).items()}


def wall_heat_row(params: SimpleNamespace, name: str) -> dict[str, float]:
    """What heat conduction takes of a wall class.

    Returns
    -------
    dict[str, float]
        ``conductivity`` [W m-1 K-1], ``specific_heat`` [J kg-1 K-1], ``density`` [kg m-3],
        ``thickness`` [m], ``albedo`` [-], ``emissivity`` [-].

    Raises
    ------
    ConfigurationError
        The class lacks one of them, or it is out of range.
    """
    row: dict[str, float] = {}
    for quantity, (section, low, high) in _HEAT.items():
        values = _albedos(params) if section == "Albedo" else {}
        if section != "Albedo" and hasattr(params, section):
            values = _values(getattr(params, section))
        value = values.get(name)
        if value is None:
            have = ", ".join(n for n in _values(params.Names).values() if _has_heat(params, str(n)))
            raise ConfigurationError(
                "wall_material", f"a wall class with {section}, such as {have or 'none here'}",
                repr(name), "Temperatures of walls follow from how they conduct and store heat.",
            )  # fmt: skip
        number = _number(f"{section} of {name}", value)
        if not low <= number <= high:
            raise ConfigurationError(f"{section} of {name}", f"{low:g} to {high:g}", value)
        row[quantity] = number
    return row


def _has_heat(params: SimpleNamespace, name: str) -> bool:
    sections = (section for section, _, _ in _HEAT.values() if section != "Albedo")
    found = (_values(getattr(params, s)) if hasattr(params, s) else {} for s in sections)
    return all(name in values for values in found)


def class_row(params: SimpleNamespace, name: str) -> dict[str, float] | None:
    """The row of one class, or ``None`` where it has no complete temperature wave."""
    sections = {
        "albedo": _albedos(params),
        "emissivity": _values(params.Emissivity),
        "ts_deg": _values(params.Ts_deg),
        "tstart": _values(params.Tstart),
        "tmaxlst": _values(params.TmaxLST),
    }
    row: dict[str, float] = {}
    for quantity, values in sections.items():
        value = values.get(name)
        if value is None or (number := _number(f"{quantity} of {name}", value)) <= MISSING:
            return None
        low, high = _LIMITS[quantity]
        if not low <= number <= high:
            raise ConfigurationError(f"{quantity} of {name}", f"{low:g} to {high:g}", value)
        row[quantity] = number
    return row


def wall_class_name(wall_material: str, materials: SimpleNamespace | None) -> str:
    """Name of the wall class that ``wall_material`` means in ``materials``.

    ``"brick"`` finds ``Brick_wall``, ``"cobblestone"`` the generic wall; upper and lower case are
    alike.

    Raises
    ------
    ConfigurationError
        No such class, one without the values of the temperature wave, or a section is missing.
    """
    params = load_params() if materials is None else materials
    _check_sections(params)
    names = [str(name) for name in _values(params.Names).values()]
    wanted = wall_material.strip().lower()
    if wanted == _GENERIC_WALL[0]:
        wanted = _GENERIC_WALL[1].lower()
    for name in names:
        if name.lower() in (wanted, f"{wanted}_wall", f"{wanted}s"):
            if wall_row(params, name) is None:
                raise ConfigurationError(
                    "wall_material",
                    "a wall class with Ts_deg, Tstart and TmaxLST",
                    repr(wall_material),
                    "Give these three values in materials, or leave wall_material out.",
                )
            return name
    raise ConfigurationError(
        "wall_material", "a class named in materials: " + ", ".join(names), repr(wall_material)
    )


def human_from_params(params: SimpleNamespace) -> HumanParams:
    """The person a parameter file describes; what it leaves out is the default.

    UMEP writes body height in centimetres; values above 3 are read so.
    """
    tmrt = _values(params.Tmrt_params) if hasattr(params, "Tmrt_params") else {}
    pet = _values(params.PET_settings) if hasattr(params, "PET_settings") else {}
    base = HumanParams()
    height = _number("Height", pet.get("Height", base.height))
    sex = pet.get("Sex", base.sex)
    if isinstance(sex, str):
        sex = {"male": 1, "female": 2}.get(sex.lower(), sex)
    return HumanParams(
        posture=str(tmrt.get("posture", base.posture)).lower(),
        abs_k=tmrt.get("absK", base.abs_k),
        abs_l=tmrt.get("absL", base.abs_l),
        age=pet.get("Age", base.age),
        weight=pet.get("Weight", base.weight),
        height=height / 100 if height > 3 else height,
        sex=sex,
        activity=pet.get("Activity", base.activity),
        clothing=pet.get("clo", base.clothing),
    )


def tree_settings(physics: SimpleNamespace | None = None) -> dict[str, float]:
    """What of trees a run takes from its parameters.

    Returns
    -------
    dict[str, float]
        ``transmissivity`` [0-1], ``trunk_ratio`` [0-1], ``first_day_leaf``, ``last_day_leaf`` [day
        of year].

    Raises
    ------
    ConfigurationError
        A value out of range.
    """
    values = _values(load_physics().Tree_settings)
    if physics is not None and hasattr(physics, "Tree_settings"):
        values.update(_values(physics.Tree_settings))
    rows = {
        "transmissivity": ("Transmissivity", 0.0, 1.0),
        "trunk_ratio": ("Trunk_ratio", 0.0, 1.0),
        "first_day_leaf": ("First_day_leaf", 1.0, 366.0),
        "last_day_leaf": ("Last_day_leaf", 1.0, 366.0),
    }
    settings = {}
    for name, (key, low, high) in rows.items():
        value = _number(key, values[key])
        if not low <= value <= high:
            raise ConfigurationError(key, f"{low:g} to {high:g}", value)
        settings[name] = value
    return settings


def wind_height(physics: SimpleNamespace | None) -> float | None:
    """Height of the wind sensor [m] where the file says so."""
    if physics is None or not hasattr(physics, "Wind_Height"):
        return None
    return _number("Wind_Height", _values(physics.Wind_Height).get("magl"))


def namespace_from_dict(values: Any) -> Any:
    """Nested mappings as nested :class:`types.SimpleNamespace`."""
    if isinstance(values, Mapping):
        return SimpleNamespace(**{str(k): namespace_from_dict(v) for k, v in values.items()})
    if isinstance(values, list):
        return [namespace_from_dict(v) for v in values]
    return values


def namespace_to_plain(value: Any) -> Any:
    """Inverse of :func:`namespace_from_dict`; a :class:`HumanParams` becomes a dictionary."""
    if isinstance(value, HumanParams):
        return value.to_dict()
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, Mapping):
        return {str(k): namespace_to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [namespace_to_plain(v) for v in value]
    return value


def _values(section: Any) -> dict[str, Any]:
    """The entries of a section, whether or not they sit under ``Value``."""
    inner = getattr(section, "Value", section)
    if not isinstance(inner, SimpleNamespace):
        raise ConfigurationError("parameters", "sections of names and values", _short(inner))
    return dict(vars(inner))


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(name, "a number", _short(value)) from None


def _short(value: Any) -> str:
    return repr(value)[:80]


def _albedos(params: SimpleNamespace) -> dict[str, Any]:
    section = params.Albedo
    if hasattr(section, "Value") or not isinstance(section, SimpleNamespace):
        return _values(section)
    merged: dict[str, Any] = {}
    for kind in ("Material", "Effective"):
        if hasattr(section, kind):
            merged.update(_values(getattr(section, kind)))
    return merged


def _read(path: str | os.PathLike[str] | None) -> dict[str, Any]:
    if path is None:
        text = resources.files("solweig").joinpath("data/parameters.json").read_text("utf-8")
        return dict(json.loads(text))
    return read_json_object(path, "parameter")


def read_json_object(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    """The object a JSON file holds.

    Parameters
    ----------
    path
        The file.
    kind
        What the file is, for the message where it is missing.

    Raises
    ------
    FileNotFoundError
        No such file.
    ConfigurationError
        Not JSON, or JSON that is not an object.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{kind} file not found: {file}")
    try:
        values = parse_json(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(str(file), "a JSON object", f"invalid JSON ({error})") from error
    if not isinstance(values, dict):
        raise ConfigurationError(str(file), "a JSON object", type(values).__name__)
    return values


@also_named(ns="value")
def namespace_to_dict(value: SimpleNamespace | Any) -> Any:
    """Nested namespaces as plain dictionaries.

    Parameters
    ----------
    value
        What :func:`solweig.load_params` returns, or a part of it.

    Returns
    -------
    Any
        Dictionaries and lists where there were namespaces; other values as they are.
    """
    return namespace_to_plain(value)
