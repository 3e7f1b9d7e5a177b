"""How a run is configured: :class:`ModelConfig`, what users keep in a file."""

from __future__ import annotations

import datetime as dt
import json
import math
import numbers
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

from solweig import _core
from solweig.atomic import write_text
from solweig.digits import whole_number
from solweig.errors import ConfigurationError
from solweig.human import HumanParams
from solweig.messages import argument
from solweig.params import (
    human_from_params,
    namespace_from_dict,
    namespace_to_plain,
    read_json_object,
)

__all__ = [
    "ATTRIBUTION",
    "INDICES",
    "SENSOR_LOADS",
    "VALID_OUTPUTS",
    "WALL_TEMPERATURE",
    "HumanParams",
    "ModelConfig",
    "check_tile_size",
    "validate_outputs",
]

ATTRIBUTION = (
    "attribution_beam", "attribution_diffuse", "attribution_reflected", "attribution_sky",
    "attribution_walls", "attribution_ground", "attribution_vegetation", "attribution_offset",
)  # fmt: skip
"""Rasters that the output ``attribution`` stands for."""
INDICES = ("wbgt", "tnw", "globe150", "globe38", "at", "set")
"""Heat indices besides UTCI and PET."""
SENSOR_LOADS = ("globe_load", "wick_load")
"""What globe and wick absorb: WBGT of other weather follows from them."""
VALID_OUTPUTS = (
    "tmrt", "utci", "pet", "shadow", "kdown", "kup", "ldown", "lup",
    *INDICES,
    *SENSOR_LOADS,
    *ATTRIBUTION,
)  # fmt: skip
"""Rasters a step can give."""
WALL_TEMPERATURE = "wall_temperature"
"""The output that is no raster: over walls, height and time."""
DEFAULT_MAX_SHADOW_DISTANCE_M = 1000.0
DEFAULT_THRESHOLDS_DAY = (32.0, 38.0)
DEFAULT_THRESHOLDS_NIGHT = (26.0,)

MOST_SUNS = 5
"""What the engines take in a step."""
IMPROVED_SUNS = 3
IMPROVED_SKY = "dilley"
"""Best of 13 with this cloud correction at 21 sites (Flerchinger et al. 2009)."""

_COLDEST, _HOTTEST = -100.0, 100.0

_IGNORED = ("tile_workers", "tile_queue_depth", "prefetch_tiles")
LONGWAVES = ("modelled", "measured")
"""Longwave of the sky: by the engine's formula, or what the steps hold."""
SPLITS = ("reindl", "disc", "dirint")
"""Reindl et al. (1990) is the engine's own, Maxwell (1987) and Perez et al. (1992) are pvlib's."""
_CHOICES: dict[str, tuple[Any, ...]] = {
    "formulation": ("reference", "improved"),
    "body": ("cylinder", "box"),
    "beam": ("normal", "horizontal"),
    "pet_wind": ("10m", "1.1m"),
    "wind_profile": ("power", "log"),
    "stamp": (None, "end", "centre", "start"),
    "utci_range": (None, "clip", "flag", "nan"),
    "pet_variant": ("1999", "2018", "reference"),
    "ground_clock": ("solar", "legal"),
    "sky_emissivity": (None, "prata", "brunt", "dilley"),
    "longwave": LONGWAVES,
    "split": SPLITS,
    "walls": ("wave", "heated"),
}
NIGHT_RULES = ("offerle", "clear", "evening")
"""Rules for the clearness of the night."""


def validate_outputs(outputs: Sequence[str]) -> list[str]:
    """The outputs in the order given, without repeats; ``attribution`` is all of its rasters.

    Raises
    ------
    ConfigurationError
        A name that is neither that nor in :data:`VALID_OUTPUTS`.
    """
    plain = [name for name in VALID_OUTPUTS if name not in ATTRIBUTION]
    plain += [WALL_TEMPERATURE, "attribution"]
    expected = f"names among {', '.join(plain)}, {', '.join(ATTRIBUTION)}"
    if not isinstance(outputs, Iterable):
        raise ConfigurationError("outputs", expected, repr(outputs))
    names = [outputs] if isinstance(outputs, str) else list(outputs)
    for name in names:
        if name not in (*VALID_OUTPUTS, "attribution", WALL_TEMPERATURE):
            raise ConfigurationError("outputs", expected, repr(name))
    found = (ATTRIBUTION if name == "attribution" else (name,) for name in names)
    return list(dict.fromkeys(name for group in found for name in group))


def check_tile_size(
    tile_size: Any, shape: tuple[int, int] | None = None, least: int = 1
) -> int | None:
    """The side of a tile that was asked for [pixels]; None = not asked for.

    Parameters
    ----------
    tile_size
        As it was given.
    shape
        Of the raster, which is one tile if it is no larger; None where it is not known yet.
    least
        Shortest side of a tile that is smaller than the raster.

    Raises
    ------
    ConfigurationError
        Not a whole number, or too small.
    """
    if tile_size is None:
        return None
    if not isinstance(tile_size, numbers.Integral) or isinstance(tile_size, bool) or tile_size < 1:
        raise ConfigurationError(
            "tile_size", "a whole number of pixels, 1 or more", repr(tile_size)
        )
    if shape is not None and tile_size < least and tile_size < max(shape):
        raise ConfigurationError("tile_size", f"at least {least} pixels", int(tile_size))
    return int(tile_size)


@dataclass
class ModelConfig:
    """Everything about a run that is neither surface nor weather; round-trips through JSON.

    Parameters
    ----------
    use_anisotropic_sky
        Perez et al. (1993) sky and patch longwave; ``False``: isotropic.
    human
        The person; ``None``: what ``physics`` says, else the defaults. ``materials`` says nothing
        of people, even where its file holds a person, too.
    outputs
        Among ``tmrt utci pet shadow kdown kup ldown lup``, the heat indices ``wbgt tnw globe150
        globe38 at set``, ``globe_load wick_load``, which WBGT follows from, ``attribution``, the
        kelvin of Tmrt by beam, diffuse and reflected light, sky, walls, ground, vegetation (a
        raster each), and ``wall_temperature``, the surface of walls by height, a file of its own.
    physics
        Trees and posture, as :func:`solweig.load_physics` returns.
    materials
        Land cover and walls, as :func:`solweig.load_materials` returns.
    max_shadow_distance_m
        How far a shadow may reach [m], > 0.
    tile_size
        Side of a tile [pixels]; None = the raster in one piece where that is possible.
    tile_workers, tile_queue_depth, prefetch_tiles
        Accepted for old scripts, ignored with a warning.
    use_ground_scheme, use_outgoing_longwave
        The 2026 schemes, not in this release: ``True`` raises.
    conifer
        Trees keep their leaves.
    wall_material
        Name of a wall class in ``materials``; ``None``: the generic wall.
    walls
        Longwave of walls by the ``"wave"`` of the day in the sun and air temperature in the shade,
        or ``"heated"``: by heat conduction into standard walls of every aspect, under the
        anisotropic sky. Masts are met less well by it, see docs/validation.md.
    formulation
        ``"reference"`` or ``"improved"`` physics.
    body
        ``"cylinder"`` or ``"box"``.
    beam
        Meaning of a measured direct radiation: on the beam's ``"normal"`` or ``"horizontal"``.
    wind_height_m
        Height of the wind measurement [m], 0.5-200; ``None``: 10 or what ``physics`` says.
    pet_wind
        Wind that enters PET: scaled to ``"1.1m"`` or ``"10m"`` as given.
    wind_profile
        How wind grows with height: ``"power"``, the law of open ground with an exponent of 0.2, or
        ``"log"``, above a roughness length.
    roughness_m
        That length [m], 0.0001-0.5; with ``wind_profile="log"``, which needs it.
    utci_wind_floor
        An earlier name for ``utci_range="clip"``.
    stamp
        What a time stamp marks: the ``"end"``, ``"centre"`` or ``"start"`` of its step. ``None``:
        what the weather says of itself, else the end; weather that says otherwise is an error.
    heat_thresholds_day, heat_thresholds_night
        UTCI thresholds for hour counts [deg C].
    utci_range
        What UTCI is outside its published range (air -50 to 50 deg C, Tmrt 30 K below to 70 K above
        it, wind 0.5 to 17 m/s, humidity from 5 %, vapour pressure up to 50 hPa): ``None`` takes
        stronger wind as 17 m/s and all else as given, ``"clip"`` brings every input to the end of
        its range, ``"flag"`` computes as given, ``"nan"`` gives no UTCI. All of it is counted.
    pet_variant
        ``"1999"`` Höppe's PET on one branch, ``"2018"`` the revision of Walther and Goestchel,
        ``"reference"`` the six regimes of the reference's program.
    sun_substeps
        Suns of a step, 1 to 5, each for an equal part of its interval; shadows become fractions.
        ``None``: 1, as the reference, and 3 with ``formulation="improved"``.
    ground_clock
        What the warming of ground and walls and the days of a run go by: ``"solar"`` time, or the
        ``"legal"`` clock of the stamps as in the reference (Q-10, Q-11).
    night_clearness
        Clearness of the sky by night (Q-05): ``"offerle"``, of the first clear hour after sunrise
        before it and of the last of the day after sunset; ``"clear"``, 1, as in the reference's
        class driver; ``"evening"``, of the last hour of the day until midnight and 1 from then on,
        as in its procedural driver; or a number, 0 (overcast) to 1.
    height_bound_m
        Shadows of a step end this far below their source [m], as in the reference, see
        :meth:`solweig.SurfaceData.reference_height_bound`; ``None``: they do not (G-Q8). Give it to
        :meth:`solweig.SurfaceData.compute_svf`, too.
    no_land_cover_tstart
        Of the ground where no land cover is given, the amplitude of its temperature wave at a sun
        on the horizon [K], -20 to 20; ``None``: -3.41. The reference has 3.41 (Q-06).
    leaf_on, leaf_off
        First day with leaves and first day without: day of year, 1-366, or month and day,
        ``"04-15"``. Both or neither; ``None``: what ``physics`` says, else by latitude.
    shade_at_night
        Hours of shade count the night too, so that sun and shade cover the whole period.
    sky_emissivity
        Emissivity of the cloudless sky by ``"prata"`` (1996), ``"brunt"`` (1932) or ``"dilley"``
        (Dilley and O'Brien 1998). ``None``: Prata's, as the reference, and Dilley's with
        ``formulation="improved"``.
    sky_emissivity_offset
        Added to it, -0.2 to 0.2; -0.04 is that of Jonsson et al. (2006) for Prata's.
    longwave
        Longwave of the sky: ``"modelled"``, or ``"measured"`` as ``longwave_down`` of the weather.
    alternatives
        Single formulae of the engine beside ``formulation``, by name: ``{"night_memory": False}``
        leaves one of ``"improved"`` out, ``True`` takes one into ``"reference"``. They are named
        in docs/departures.md.
    split
        How a global radiation given alone is split: ``"reindl"``, ``"disc"`` or ``"dirint"``.

    Raises
    ------
    ConfigurationError
        A value out of range, an unknown name, a scheme not in this release.

    Examples
    --------
    >>> config = solweig.ModelConfig(outputs=["tmrt", "utci"], sun_substeps=3)
    >>> config.save("config.json")
    >>> solweig.ModelConfig.load("config.json") == config
    True
    """

    use_anisotropic_sky: bool = True
    human: HumanParams | None = None
    outputs: list[str] = field(default_factory=lambda: ["tmrt"])
    physics: SimpleNamespace | None = None
    materials: SimpleNamespace | None = None
    max_shadow_distance_m: float = DEFAULT_MAX_SHADOW_DISTANCE_M
    tile_size: int | None = None
    tile_workers: int | None = None
    tile_queue_depth: int | None = None
    prefetch_tiles: bool | None = None
    use_ground_scheme: bool | None = None
    use_outgoing_longwave: bool | None = None
    conifer: bool = False
    wall_material: str | None = None
    formulation: str = "reference"
    body: str = "cylinder"
    beam: str = "normal"
    wind_height_m: float | None = None
    pet_wind: str = "1.1m"
    wind_profile: str = "power"
    roughness_m: float | None = None
    utci_wind_floor: bool = False
    stamp: str | None = None
    heat_thresholds_day: Sequence[float] = field(
        default_factory=lambda: list(DEFAULT_THRESHOLDS_DAY)
    )
    heat_thresholds_night: Sequence[float] = field(
        default_factory=lambda: list(DEFAULT_THRESHOLDS_NIGHT)
    )
    utci_range: str | None = None
    pet_variant: str = "1999"
    ground_clock: str = "solar"
    leaf_on: int | str | None = None
    leaf_off: int | str | None = None
    sun_substeps: int | None = None
    shade_at_night: bool = False
    night_clearness: str | float = "offerle"
    height_bound_m: float | None = None
    no_land_cover_tstart: float | None = None
    sky_emissivity: str | None = None
    sky_emissivity_offset: float = 0.0
    longwave: str = "modelled"
    split: str = "reindl"
    alternatives: Mapping[str, bool] | None = None
    walls: str = "wave"

    def __post_init__(self) -> None:
        self.outputs = validate_outputs(self.outputs)
        if isinstance(self.human, Mapping):
            self.human = HumanParams.from_dict(self.human)
        for name in ("physics", "materials"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                setattr(self, name, namespace_from_dict(value))
        _take_wind_floor(self)
        self.pet_variant = str(self.pet_variant)  # files of TOML hold the year as a number
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                expected = "one of " + ", ".join(map(str, allowed))
                raise ConfigurationError(name, expected, repr(getattr(self, name)))
        _check_number("max_shadow_distance_m", self.max_shadow_distance_m, 1.0, 100_000.0, "m")
        _check_number("sky_emissivity_offset", self.sky_emissivity_offset, -0.2, 0.2, "")
        if self.wind_height_m is not None:
            _check_number("wind_height_m", self.wind_height_m, 0.5, 200.0, "m")
        self.night_clearness = night_rule(self.night_clearness)
        for name, low, high, unit in (
            ("height_bound_m", 0.0, 10_000.0, "m"),
            ("no_land_cover_tstart", -20.0, 20.0, "K"),
        ):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), low, high, unit)
        _check_profile(self)
        self.tile_size = check_tile_size(self.tile_size)
        for name in ("heat_thresholds_day", "heat_thresholds_night"):
            setattr(self, name, _thresholds(name, getattr(self, name)))
        _check_leaves(self)
        check_sun_substeps(self.sun_substeps)
        self.alternatives = _alternatives(self.alternatives)
        _refuse_absent_schemes(self.use_ground_scheme, self.use_outgoing_longwave)
        ignored = [name for name in _IGNORED if getattr(self, name) is not None]
        if ignored:
            warnings.warn(
                f"{', '.join(ignored)}: accepted and ignored; tiles are planned from memory. Use "
                "execution= to control workers.",
                UserWarning,
                stacklevel=3,
            )

    @property
    def suns(self) -> int:
        """Suns of a step, as said, else those of the formulation."""
        if self.sun_substeps is not None:
            return self.sun_substeps
        return IMPROVED_SUNS if self.formulation == "improved" else 1

    @property
    def clear_sky(self) -> str:
        """Formula for the cloudless sky, as said, else that of the formulation."""
        if self.sky_emissivity is not None:
            return self.sky_emissivity
        return IMPROVED_SKY if self.formulation == "improved" else "prata"

    @property
    def published_air_mass(self) -> bool:
        """Whether the clear sky's air mass is the published one, which the weather needs, too."""
        return (self.alternatives or {}).get("published_air_mass", self.formulation == "improved")

    @classmethod
    def defaults(cls) -> ModelConfig:
        """A configuration with every default.

        Returns
        -------
        ModelConfig
            As ``ModelConfig()``.
        """
        return cls()

    @classmethod
    def from_json(cls, path: str | os.PathLike[str] | None = None) -> ModelConfig:
        """Read a file written by :meth:`save`, or a parameter file in UMEP's layout.

        A UMEP parameter file fills ``physics`` and, as far as it holds them, ``materials`` and
        ``human``.

        Parameters
        ----------
        path
            The file; ``None`` gives the defaults, with a ``human`` to adjust.

        Returns
        -------
        ModelConfig
            Checked.

        Raises
        ------
        FileNotFoundError
            No such file.
        ConfigurationError
            Not JSON, unknown keys, values out of range.
        """
        if path is None:
            return cls(human=HumanParams())
        values = read_json_object(path, "configuration")
        if "Albedo" in values or "Tree_settings" in values or "Tmrt_params" in values:
            params = namespace_from_dict(values)
            return cls(
                physics=params,
                materials=params if "Albedo" in values else None,
                human=human_from_params(params) if "Tmrt_params" in values else None,
            )
        return cls.from_dict(values)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ModelConfig:
        """Read a file written by :meth:`save`.

        Parameters
        ----------
        path
            The file; also one that :meth:`from_json` understands.

        Returns
        -------
        ModelConfig
            Checked.

        Raises
        ------
        FileNotFoundError
            No such file.
        ConfigurationError
            Not JSON, unknown keys, values out of range.
        """
        return cls.from_json(path)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """The configuration of plain values; inverse of :meth:`to_dict`.

        Parameters
        ----------
        values
            By name of the field; what is left out is the default.

        Returns
        -------
        ModelConfig
            Checked.

        Raises
        ------
        ConfigurationError
            An unknown key, or a value out of its range.
        """
        known = [f.name for f in fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigurationError("config", f"keys among {', '.join(known)}", repr(key))
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold.

        Returns
        -------
        dict[str, Any]
            By name of the field.
        """
        return {f.name: namespace_to_plain(getattr(self, f.name)) for f in fields(self)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything as JSON; the file appears complete or not at all.

        Parameters
        ----------
        path
            Where to.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        write_text(path, json.dumps(self.to_dict(), indent=2) + "\n")


def _take_wind_floor(config: ModelConfig) -> None:
    """The earlier name of ``utci_range="clip"``."""
    if not config.utci_wind_floor:
        return
    if config.utci_range not in (None, "clip"):
        raise ConfigurationError(
            "utci_wind_floor", f"False with utci_range={config.utci_range!r}", "True",
            'It is an earlier name for utci_range="clip".',
        )  # fmt: skip
    config.utci_range = "clip"


def _alternatives(value: Any) -> dict[str, bool] | None:
    """Alternatives by name; None where there are none."""
    if value is None:
        return None
    known = _core.alternatives()
    for name, on in dict(value).items() if isinstance(value, Mapping) else [(value, None)]:
        if name not in known or not isinstance(on, bool):
            got = f"{name!r}: {on!r}" if isinstance(value, Mapping) else repr(value)
            raise ConfigurationError("alternatives", f"true or false for {', '.join(known)}", got)
    return dict(value) or None


def _check_profile(config: ModelConfig) -> None:
    log = config.wind_profile == "log"
    if log != (config.roughness_m is not None):
        expected = "a length with wind_profile='log'" if log else "None without wind_profile='log'"
        raise ConfigurationError("roughness_m", expected, repr(config.roughness_m))
    if log:
        _check_number("roughness_m", config.roughness_m, 1e-4, 0.5, "m")


def _check_leaves(config: ModelConfig) -> None:
    config.leaf_on = leaf_date("leaf_on", config.leaf_on)
    config.leaf_off = leaf_date("leaf_off", config.leaf_off)
    both = f"both {argument('leaf_on')} and {argument('leaf_off')}, or neither"
    if (config.leaf_on is None) != (config.leaf_off is None):
        raise ConfigurationError("leaf_on, leaf_off", both, "one of them")
    if config.leaf_on is not None and config.leaf_on == config.leaf_off:
        raise ConfigurationError("leaf_on, leaf_off", "two days", f"twice {config.leaf_on!r}")


def leaf_date(name: str, value: Any) -> int | str | None:
    """A day of year, or month and day as ``"04-15"``; None stays None.

    Raises
    ------
    ConfigurationError
        Neither.
    """
    if value is None:
        return None
    text = str(value).strip()
    day = whole_number(text)
    if day is not None and 1 <= day <= 366:
        return day
    found = re.fullmatch(r"(?:--)?(\d{2})-(\d{2})", text)
    try:
        if found is None:
            raise ValueError
        return f"{dt.date(2000, int(found[1]), int(found[2])):%m-%d}"
    except ValueError:
        expected = "a day of year, 1 to 366, or month and day such as 04-15"
        raise ConfigurationError(name, expected, repr(value)) from None


def _refuse_absent_schemes(ground: bool | None, outgoing: bool | None) -> None:
    for name, value in (("use_ground_scheme", ground), ("use_outgoing_longwave", outgoing)):
        if value:
            raise ConfigurationError(
                name,
                "False or None",
                repr(value),
                "This scheme is not in this release; the ground follows the 2025a temperature "
                "wave by land cover.",
            )


def check_sun_substeps(number: Any) -> None:
    """Refuse a number of suns that a step cannot have; None is none said.

    Raises
    ------
    ConfigurationError
        Not a whole number from 1 to :data:`MOST_SUNS`.
    """
    whole = isinstance(number, int) and not isinstance(number, bool)
    if number is not None and not (whole and 1 <= number <= MOST_SUNS):
        raise ConfigurationError("sun_substeps", f"a whole number, 1 to {MOST_SUNS}", repr(number))


def night_rule(value: Any) -> str | float:
    """A rule for the clearness of the night, or that clearness itself; numbers may be text.

    Raises
    ------
    ConfigurationError
        Neither.
    """
    if isinstance(value, str) and value in NIGHT_RULES:
        return value
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 <= number <= 1.0:
        expected = f"{', '.join(NIGHT_RULES)}, or a number from 0 to 1"
        raise ConfigurationError("night_clearness", expected, repr(value))
    return number


def _check_number(name: str, value: Any, low: float, high: float, unit: str) -> None:
    number = math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    if not low <= number <= high:
        raise ConfigurationError(name, f"{low:g} to {high:g} {unit}".rstrip(), repr(value))


def _thresholds(name: str, values: Sequence[float]) -> list[float]:
    hint = "For example [32, 38] (--heat-thresholds-day 32,38, --heat-thresholds-night 26)."
    try:
        if isinstance(values, (str, bytes, Mapping)):
            raise TypeError  # of "32" the digits are numbers, too
        found = [float(v) for v in values]
    except (TypeError, ValueError):
        raise ConfigurationError(name, "a list of temperatures [deg C]", repr(values), hint) from (
            None
        )
    if not all(_COLDEST <= v <= _HOTTEST for v in found):
        raise ConfigurationError(
            name, f"UTCI temperatures from {_COLDEST:g} to {_HOTTEST:g} deg C", repr(values), hint
        )
    # One named twice would be counted twice.
    return list(dict.fromkeys(found))
