"""How a run is configured: :class:`ModelConfig`, what users keep in a file."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

from solweig.allowed import (
    ATTRIBUTION,
    CHOICES,
    INDICES,
    LONGWAVES,
    MOST_SUNS,
    NIGHT_RULES,
    SENSOR_LOADS,
    SPLITS,
    VALID_OUTPUTS,
    WALL_TEMPERATURE,
    check_number,
    check_sun_substeps,
    check_tile_size,
    checked_alternatives,
    checked_thresholds,
    leaf_date,
    night_rule,
    refuse_absent_schemes,
    validate_outputs,
)
from solweig.atomic import write_text
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
    "ATTRIBUTION", "INDICES", "LONGWAVES", "MOST_SUNS", "NIGHT_RULES", "SENSOR_LOADS", "SPLITS",
    "VALID_OUTPUTS", "WALL_TEMPERATURE", "HumanParams", "ModelConfig", "check_sun_substeps",
    "check_tile_size", "leaf_date", "night_rule", "validate_outputs",
]  # fmt: skip

DEFAULT_MAX_SHADOW_DISTANCE_M = 1000.0
DEFAULT_THRESHOLDS_DAY = (32.0, 38.0)
DEFAULT_THRESHOLDS_NIGHT = (26.0,)

IMPROVED_SUNS = 3
IMPROVED_SKY = "dilley"
"""Best of 13 with this cloud correction at 21 sites (Flerchinger et al. 2009)."""

_IGNORED = ("tile_workers", "tile_queue_depth", "prefetch_tiles")


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
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                expected = "one of " + ", ".join(map(str, allowed))
                raise ConfigurationError(name, expected, repr(getattr(self, name)))
        check_number("max_shadow_distance_m", self.max_shadow_distance_m, 1.0, 100_000.0, "m")
        check_number("sky_emissivity_offset", self.sky_emissivity_offset, -0.2, 0.2, "")
        if self.wind_height_m is not None:
            check_number("wind_height_m", self.wind_height_m, 0.5, 200.0, "m")
        self.night_clearness = night_rule(self.night_clearness)
        for name, low, high, unit in (
            ("height_bound_m", 0.0, 10_000.0, "m"),
            ("no_land_cover_tstart", -20.0, 20.0, "K"),
        ):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), low, high, unit)
        _check_profile(self)
        self.tile_size = check_tile_size(self.tile_size)
        for name in ("heat_thresholds_day", "heat_thresholds_night"):
            setattr(self, name, checked_thresholds(name, getattr(self, name)))
        _check_leaves(self)
        check_sun_substeps(self.sun_substeps)
        self.alternatives = checked_alternatives(self.alternatives)
        refuse_absent_schemes(self.use_ground_scheme, self.use_outgoing_longwave)
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


def _check_profile(config: ModelConfig) -> None:
    log = config.wind_profile == "log"
    if log != (config.roughness_m is not None):
        expected = "a length with wind_profile='log'" if log else "None without wind_profile='log'"
        raise ConfigurationError("roughness_m", expected, repr(config.roughness_m))
    if log:
        check_number("roughness_m", config.roughness_m, 1e-4, 0.5, "m")


def _check_leaves(config: ModelConfig) -> None:
    config.leaf_on = leaf_date("leaf_on", config.leaf_on)
    config.leaf_off = leaf_date("leaf_off", config.leaf_off)
    both = f"both {argument('leaf_on')} and {argument('leaf_off')}, or neither"
    if (config.leaf_on is None) != (config.leaf_off is None):
        raise ConfigurationError("leaf_on, leaf_off", both, "one of them")
    if config.leaf_on is not None and config.leaf_on == config.leaf_off:
        raise ConfigurationError("leaf_on, leaf_off", "two days", f"twice {config.leaf_on!r}")
