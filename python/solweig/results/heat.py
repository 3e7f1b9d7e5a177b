"""Wet bulb globe temperature and its parts, apparent temperature and SET*, from finished grids."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from solweig import _core
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.human import HumanParams
from solweig.results.comfort import checked_humidity
from solweig.typing import F32, F64
from solweig.weather.values import HIGHEST_WET_RH, range_of

__all__ = [
    "compute_apparent_grid",
    "compute_globe_grid",
    "compute_sensor_loads",
    "compute_set_grid",
    "compute_wbgt_grid",
    "compute_wet_bulb_grid",
    "wearer_of",
]

log = logging.getLogger("solweig")

CALM_SENSOR = 0.13
"""Least wind of globe and wick [m/s] (Liljegren et al. 2008)."""
CALM_BODY = 0.1
"""Least wind of SET* [m/s]."""
STANDARD_HPA = 1013.0
MET = 58.2
"""Metabolic rate of one met [W m-2]."""
MOST_MET = 7.5
"""Beyond, the standard room of SET* would know less clothing than none."""
_METS, _MOST_CLO = (1.0, 4.0), 1.5


def compute_sensor_loads(
    kdown: ArrayLike,
    kup: ArrayLike,
    kside: ArrayLike,
    ldown: ArrayLike,
    lup: ArrayLike,
    lside: ArrayLike,
    *,
    beam: ArrayLike = 0.0,
    altitude: float = 90.0,
) -> tuple[F32, F32]:
    """What a globe and a wick take up of the fluxes around them (R 14.1).

    A run gives the same as ``outputs=["globe_load", "wick_load"]``.

    Parameters
    ----------
    kdown, kup
        Shortwave radiation from above, the beam in it, and from below [W m-2], ``[row, col]`` or
        one value for all.
    kside
        Shortwave radiation on upright faces, the mean of all directions, without the beam [W m-2].
    ldown, lup, lside
        Longwave radiation from above, from below and on upright faces [W m-2].
    beam
        The direct beam that arrives, normal to it [W m-2].
    altitude
        Of the sun [deg].

    Returns
    -------
    globe_load : F32
        Mean irradiance of a globe [W m-2], ``[row, col]``.
    wick_load : F32
        What the side of a wick absorbs [W m-2], ``[row, col]``.

    Raises
    ------
    ValueError
        Shapes that do not go together, or none that is a grid.

    References
    ----------
    Liljegren et al. (2008), J. Occup. Environ. Hyg. 5, https://doi.org/10.1080/15459620802310770
    """
    named = {
        "kdown": kdown, "kup": kup, "kside": kside, "ldown": ldown, "lup": lup, "lside": lside,
        "beam": beam,
    }  # fmt: skip
    down, up, side, long_down, long_up, long_side, sun = _grids(named)
    return _core.sensor_loads(down, up, side, long_down, long_up, long_side, sun, float(altitude))


def compute_wbgt_grid(
    globe_load: ArrayLike,
    wick_load: ArrayLike,
    ta: ArrayLike,
    rh: ArrayLike,
    wind: ArrayLike,
    *,
    pressure: ArrayLike = STANDARD_HPA,
) -> F32:
    """Wet bulb globe temperature of every cell after Liljegren et al. (2008) (R 14).

    0.7 of the natural wet bulb, 0.2 of a globe of 50.8 mm and 0.1 of the air, in the sun and in the
    shade.

    Parameters
    ----------
    globe_load, wick_load
        Of :func:`compute_sensor_loads` or of a run [W m-2], ``[row, col]``.
    ta
        Air temperature [deg C]; this and what follows one value or one a cell.
    rh
        Relative humidity [%], 0-100.
    wind
        Wind speed at 1.1 m, the height of the sensors [m/s]; below 0.13 it is taken as 0.13.
    pressure
        Air pressure [hPa], 400-1100.

    Returns
    -------
    F32
        WBGT [deg C], ``[row, col]``; NaN where a load or the weather is missing.

    Raises
    ------
    ValueError
        Loads that are no grids of one shape, or weather of another.
    WeatherDataError
        A humidity or pressure out of range; a ``ValueError`` too.

    References
    ----------
    Liljegren et al. (2008), J. Occup. Environ. Hyg. 5, https://doi.org/10.1080/15459620802310770
    """
    globe, wick = _grids({"globe_load": globe_load, "wick_load": wick_load})
    air = _Air(ta, rh, wind, pressure)
    if air.alike:
        return _core.wbgt_grid(globe, wick, *air.values())
    columns = air.columns(globe.shape)
    loads = globe.astype(np.float64), wick.astype(np.float64)
    return _core.wbgt(*loads, *columns.values()).astype(np.float32)


def compute_wet_bulb_grid(
    wick_load: ArrayLike,
    ta: ArrayLike,
    rh: ArrayLike,
    wind: ArrayLike,
    *,
    pressure: ArrayLike = STANDARD_HPA,
) -> F32:
    """Natural wet bulb temperature of every cell: of a wet wick in the sun and wind (R 14.3).

    Parameters
    ----------
    wick_load
        Of :func:`compute_sensor_loads` or of a run [W m-2], ``[row, col]``.
    ta, rh, wind, pressure
        As in :func:`compute_wbgt_grid`.

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where a load or the weather is missing.

    Raises
    ------
    ValueError
        A load that is no grid, or weather of another shape.
    WeatherDataError
        A humidity or pressure out of range; a ``ValueError`` too.

    References
    ----------
    Liljegren et al. (2008), J. Occup. Environ. Hyg. 5, https://doi.org/10.1080/15459620802310770
    """
    (wick,) = _grids({"wick_load": wick_load})
    air = _Air(ta, rh, wind, pressure)
    if air.alike:
        return _core.wet_bulb_grid(wick, *air.values())
    columns = air.columns(wick.shape)
    return _core.natural_wet_bulb(wick.astype(np.float64), *columns.values()).astype(np.float32)


def compute_globe_grid(
    globe_load: ArrayLike,
    ta: ArrayLike,
    wind: ArrayLike,
    *,
    diameter: float = 0.15,
    pressure: ArrayLike = STANDARD_HPA,
) -> F32:
    """Temperature of a black globe in every cell (R 14.2).

    Parameters
    ----------
    globe_load
        Of :func:`compute_sensor_loads` or of a run [W m-2], ``[row, col]``.
    ta
        Air temperature [deg C]; this and what follows one value or one a cell.
    wind
        Wind speed at 1.1 m, the height of the globe [m/s]; below 0.13 it is taken as 0.13.
    diameter
        Of the globe [m], 0.005-1: 0.15 is that of ISO 7243, 0.0508 Liljegren's, 0.038 a ball for
        table tennis.
    pressure
        Air pressure [hPa], 400-1100.

    Returns
    -------
    F32
        [deg C], ``[row, col]``; NaN where the load or the weather is missing.

    Raises
    ------
    ValueError
        A load that is no grid, weather of another shape, a ``diameter`` out of range.
    WeatherDataError
        A pressure out of range; a ``ValueError`` too.

    References
    ----------
    Liljegren et al. (2008), J. Occup. Environ. Hyg. 5, https://doi.org/10.1080/15459620802310770
    """
    (globe,) = _grids({"globe_load": globe_load})
    air = _Air(ta, 0.0, wind, pressure)
    if air.alike:
        warm, _, blown, pressed = air.values()
        return _core.globe_grid(globe, warm, blown, pressed, float(diameter))
    columns = air.columns(globe.shape)
    found = _core.globe(
        globe.astype(np.float64), columns["ta"], columns["wind"], columns["pressure"],
        float(diameter),
    )  # fmt: skip
    return found.astype(np.float32)


def compute_apparent_grid(
    tmrt: ArrayLike | None, ta: ArrayLike, rh: ArrayLike, wind10m: ArrayLike
) -> F32:
    """Apparent temperature of every cell (Steadman 1994) (R 14.5).

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``: Steadman's version with radiation, his
        net radiation being what a body with Tmrt receives beyond one in a room at air temperature.
        None: his version without radiation, that of the shade.
    ta
        Air temperature [deg C]; this and what follows one value or one a cell.
    rh
        Relative humidity [%], 0-100.
    wind10m
        Wind speed at 10 m [m/s].

    Returns
    -------
    F32
        [deg C], ``[row, col]``, or of the shape of the weather without ``tmrt``; NaN where
        something is missing.

    Raises
    ------
    ValueError
        A ``tmrt`` that is no grid, or weather of another shape.
    WeatherDataError
        A humidity out of range; a ``ValueError`` too.

    References
    ----------
    Steadman (1994), Aust. Meteorol. Mag. 43, 1-16
    """
    air = _Air(ta, rh, wind10m, STANDARD_HPA, least=None)
    if tmrt is None:
        columns = air.columns(np.broadcast_shapes(*(x.shape for x in air.all)))
        del columns["pressure"]
        return _core.apparent_shade(*columns.values()).astype(np.float32)
    (around,) = _grids({"tmrt": tmrt})
    columns = air.columns(around.shape)
    del columns["pressure"]
    return _core.apparent(around.astype(np.float64), *columns.values()).astype(np.float32)


def compute_set_grid(
    tmrt: ArrayLike,
    ta: ArrayLike,
    rh: ArrayLike,
    wind: ArrayLike,
    human: HumanParams | None = None,
    *,
    pressure: ArrayLike = STANDARD_HPA,
) -> F32:
    """Standard effective temperature SET* of every cell (Gagge et al. 1986) (R 14.7).

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C], ``[row, col]``.
    ta
        Air temperature [deg C]; this and what follows one value or one a cell.
    rh
        Relative humidity [%], 0-100.
    wind
        Wind speed at 1.1 m, the height of a person's centre [m/s]; below 0.1 it is taken as 0.1.
    human
        Whose metabolic rate, clothing and posture count; default :class:`HumanParams`: 1.5 met,
        0.9 clo, standing.
    pressure
        Air pressure [hPa], 400-1100.

    Returns
    -------
    F32
        SET* [deg C], ``[row, col]``; NaN where ``tmrt`` or the weather is missing.

    Raises
    ------
    ValueError
        A ``tmrt`` that is no grid, or weather of another shape.
    WeatherDataError
        A humidity or pressure out of range; a ``ValueError`` too.
    ConfigurationError
        More metabolism than 7.5 met.

    References
    ----------
    - Gagge, Fobelets & Berglund (1986), ASHRAE Trans. 92(2B), 709-731
    - ANSI/ASHRAE Standard 55, appendix on SET

    Examples
    --------
    >>> from solweig.postprocess import compute_set_grid
    >>> compute_set_grid([[30.0, 60.0]], ta=28.0, rh=40.0, wind=1.3).round(1)
    array([[28.5, 34.8]], dtype=float32)
    """
    (around,) = _grids({"tmrt": tmrt})
    body = human or HumanParams()
    (rate, clothing), sitting = wearer_of(body), body.posture == "sitting"
    air = _Air(ta, rh, wind, pressure, least=("SET*", CALM_BODY))
    if air.alike:
        warm, humid, blown, pressed = air.values()
        return _core.standard_effective_grid(
            around, warm, humid, blown, pressed, rate, clothing, sitting=sitting
        )
    each = air.columns(around.shape)
    worn = (np.full(around.shape, value) for value in (rate, clothing))
    found = _core.standard_effective(
        around.astype(np.float64), *each.values(), *worn, sitting=sitting
    )
    return found.astype(np.float32)


def wearer_of(human: HumanParams, *, tell: bool = True) -> tuple[float, float]:
    """Metabolic rate [W m-2] and clothing [clo] of a person, as SET* takes them.

    What lies outside the model's own range is logged, where ``tell`` says so.

    Raises
    ------
    ConfigurationError
        More metabolism than SET* has a room for.
    """
    rate = _core.metabolic_rate(
        float(human.weight), float(human.age), float(human.height), float(human.activity),
        int(human.sex),
    )  # fmt: skip
    met = rate / MET
    if not 0.0 < met <= MOST_MET:
        raise ConfigurationError(
            "activity",
            f"a person of at most {MOST_MET:g} met ({MOST_MET * MET:.0f} W m-2) for SET*",
            f"{human.activity:g} W, which make {met:.1f} met",
        )
    low, high = _METS
    if tell and (not low <= met <= high or human.clothing > _MOST_CLO):
        log.warning(
            "SET*: a person of %.1f met and %g clo; its model is for %g to %g met and up to %g clo",
            met, human.clothing, low, high, _MOST_CLO,
        )  # fmt: skip
    return rate, float(human.clothing)


def _grids(named: dict[str, Any]) -> list[F32]:
    """Grids of one shape."""
    arrays = {name: np.asarray(value, dtype=np.float32) for name, value in named.items()}
    shape = next((a.shape for a in arrays.values() if a.ndim == 2), None)
    if shape is None:
        name, first = next(iter(arrays.items()))
        raise ValueError(f"{name}: expected a 2-D grid, got shape {first.shape}")
    for name, each in arrays.items():
        if each.shape not in (shape, ()):
            raise ValueError(f"{name}: expected shape {shape} or one value, got {each.shape}")
    return [np.ascontiguousarray(np.broadcast_to(a, shape)) for a in arrays.values()]


class _Air:
    """Weather, one value or one a cell; ``least``: whose wind is raised to what."""

    def __init__(
        self,
        ta: ArrayLike,
        rh: ArrayLike,
        wind: ArrayLike,
        pressure: ArrayLike,
        *,
        least: tuple[str, float] | None = ("WBGT", CALM_SENSOR),
    ) -> None:
        self._named: dict[str, F64] = {
            "ta": _within("ta", ta, (60.0, "Of kelvin subtract 273.15.")),
            "rh": _humidity(rh),
            "wind": _within("ws", wind, name="wind"),
            "pressure": _pressure(pressure),
        }
        if least is None:
            return
        name, calm = least
        if ((self._named["wind"] >= 0.0) & (self._named["wind"] < calm)).any():
            log.warning("%s: wind below %g m/s is taken as %g m/s", name, calm, calm)

    @property
    def all(self) -> list[F64]:
        return list(self._named.values())

    @property
    def alike(self) -> bool:
        """The same in every cell."""
        return all(x.ndim == 0 for x in self.all)

    def values(self) -> list[float]:
        """Where it is the same everywhere."""
        return [float(x) for x in self.all]

    def columns(self, shape: tuple[int, ...]) -> dict[str, F64]:
        """One value a cell."""
        for name, x in self._named.items():
            if x.shape not in (shape, ()):
                raise ValueError(f"{name}: expected shape {shape} or one value, got {x.shape}")
        each = self._named.items()
        return {name: np.ascontiguousarray(np.broadcast_to(x, shape)) for name, x in each}


def _within(
    quantity: str,
    values: ArrayLike,
    hint: tuple[float, str] | None = None,
    name: str | None = None,
) -> F64:
    """Values in the range that weather is held to; missing ones stay so.

    ``hint`` is given above a value.
    """
    low, high, unit = range_of(quantity)
    found = np.asarray(values, np.float64)
    bad = ~(np.isnan(found) | ((found >= low) & (found <= high)))
    if bad.any():
        first = float(found[bad].flat[0])
        raise WeatherDataError(
            name or quantity, f"{low:g} to {high:g} {unit}", repr(first),
            hint[1] if hint is not None and first > hint[0] else None,
        )  # fmt: skip
    return found


def _humidity(rh: ArrayLike) -> F64:
    # Of None numpy makes NaN, which would pass for missing.
    values = np.asarray(checked_humidity(None) if rh is None else rh, np.float64)
    if values.ndim == 0:
        return np.asarray(checked_humidity(float(values)))
    bad = ~(np.isnan(values) | ((values >= 0.0) & (values <= HIGHEST_WET_RH)))
    if bad.any():
        raise WeatherDataError("rh", "0 to 100 %", repr(float(values[bad][0])))
    return np.minimum(values, 100.0)


def _pressure(pressure: ArrayLike) -> F64:
    values = _within("pressure", pressure, (40_000.0, "Pascal are a hundred times as many."))
    return np.where(np.isnan(values), STANDARD_HPA, values)
