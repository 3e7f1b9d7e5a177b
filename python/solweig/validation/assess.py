"""A mast against the model: everything of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from solweig import _core
from solweig.config import HumanParams, ModelConfig
from solweig.errors import ConfigurationError, MastDataError
from solweig.execution.config import ExecutionConfig
from solweig.rasters.digests import plain
from solweig.results.pois import PointSource, read_points
from solweig.surface.data import SurfaceData
from solweig.typing import F64
from solweig.validation.agreement import Agreement, agreement
from solweig.validation.budget import temperature_errors
from solweig.validation.finding import MastFit, find_mast
from solweig.validation.mast import Mast
from solweig.validation.modelled import Modelled, model_at
from solweig.validation.quantities import QUANTITIES
from solweig.validation.words import notes_of
from solweig.weather.checks import check_weather, report
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather
from solweig.weather.values import STAMPS

__all__ = ["Validation", "compare", "validate_mast"]

MAST_ABSORPTION = (0.70, 0.97)
"""Of short- and longwave, with which masts usually form Tmrt."""


@dataclass(frozen=True, eq=False)
class Validation:
    """A mast compared with the model.

    Parameters
    ----------
    mast
        The measurements.
    model
        The model there.
    fit
        Interval and turn.
    paired
        Modelled means over the mast's rows, by quantity.
    agreement
        How well each quantity agrees.
    budget
        Error of Tmrt by term [K], one value a row; None where Tmrt was not measured.
    settings
        What was run, as plain values.
    """

    mast: Mast
    model: Modelled
    fit: MastFit
    paired: dict[str, F64]
    agreement: dict[str, Agreement]
    budget: dict[str, F64] | None
    settings: dict[str, Any]

    def notes(self) -> list[str]:
        """What a reader has to know of interval, clock and axes.

        Returns
        -------
        list[str]
            Sentences.
        """
        return notes_of(self.fit, self.mast.minutes)

    def table(self) -> pd.DataFrame:
        """Measured and modelled columns, and the budget.

        Returns
        -------
        pd.DataFrame
            A row for each of the mast's, with beginning and end of its interval.
        """
        bounds = self.mast.bounds(self.fit.interval.stamp)
        columns: dict[str, Any] = {"start": bounds[:, 0], "end": bounds[:, 1]}
        for name, values in self.mast.columns.items():
            columns[f"{name}_measured"], columns[f"{name}_modelled"] = values, self.paired[name]
        for name, values in (self.budget or {}).items():
            columns[f"Tmrt error from {name}"] = values
        return pd.DataFrame(columns)

    def report(self) -> str:
        """The numbers in plain text.

        Returns
        -------
        str
            A page.
        """
        lines = [f"mast  {self.mast.name}: {len(self.mast)} rows of {self.mast.minutes:g} min"]
        lines += self.notes()
        lines.append(f"{'':<8}{'n':>5}{'RMSE':>9}{'MAE':>9}{'bias':>9}{'R2':>7}")
        for name, found in self.agreement.items():
            lines.append(
                f"{name:<8}{found.n:5d}{found.rmse:9.2f}{found.mae:9.2f}{found.bias:+9.2f}"
                f"{found.r2:7.2f}  {QUANTITIES[name].unit}"
            )
        if self.budget is not None:
            lines.append("error of Tmrt by term, mean [K]:")
            terms = [f"{n} {np.nanmean(v):+.2f}" for n, v in self.budget.items()]
            lines.append("  " + ", ".join(terms))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the series.

        Returns
        -------
        dict[str, Any]
            Plain values that JSON can hold.
        """
        budget = {} if self.budget is None else self.budget
        found: dict[str, Any] = plain(
            {
                "mast": {"name": self.mast.name, "rows": len(self.mast),
                         "minutes": self.mast.minutes},
                "interval": {
                    **asdict(self.fit.interval), "verdict": self.fit.interval.verdict,
                    "best_shift": self.fit.interval.best_shift,
                },
                "turn": None if self.fit.turn is None
                else {**asdict(self.fit.turn), "verdict": self.fit.turn.verdict},
                "agreement": {name: asdict(a) for name, a in self.agreement.items()},
                "budget": {name: float(np.nanmean(v)) for name, v in budget.items()},
                "settings": self.settings,
                "version": _core.__version__,
            }
        )  # fmt: skip
        return found


def validate_mast(
    mast: Mast,
    surface: SurfaceData,
    weather: Sequence[Weather],
    location: Location,
    point: PointSource | tuple[float, float],
    *,
    config: ModelConfig | None = None,
    minutes: float = 10.0,
    turn: float | None = None,
    mast_absorption: tuple[float, float] = MAST_ABSORPTION,
    execution: ExecutionConfig | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Validation:
    """Run the model where a mast stood and compare.

    Parameters
    ----------
    mast
        As :func:`solweig.validation.read_mast` gives it.
    surface
        With sky view.
    weather
        That of the mast's days, in order; what its stamps mark is said by it or ``config``.
    location
        Place, and clock of weather and mast.
    point
        Of the mast: x and y of the surface, or a file with one point.
    config
        Of the run.
    minutes
        Longest step of the model, 0.1 to 1440.
    turn
        Of the mast's axes, clockwise [degrees], -180 to 180; ``None``: to be found.
    mast_absorption
        Of short- and longwave, with which the mast's Tmrt was formed.
    execution
        Wishes about hardware.
    progress
        Called with steps done and steps in all.

    Returns
    -------
    Validation
        Numbers, and what makes pictures and a page of them.

    Raises
    ------
    MastDataError
        The point is off the map or has no ground; weather and mast have no time in common.
    ConfigurationError
        A number out of its range, and whatever a run refuses.
    """
    if not 0.1 <= minutes <= 1440.0:
        raise ConfigurationError("sun_minutes", "0.1 to 1440 min", repr(minutes))
    if turn is not None and not -180.0 <= turn <= 180.0:
        raise ConfigurationError("turn", "-180 to 180 degrees", repr(turn))
    if not all(0.0 < share <= 1.0 for share in mast_absorption):
        raise ConfigurationError("mast_absorption", "shares above 0, up to 1", mast_absorption)
    chosen = config or ModelConfig()
    place = point_of(point, surface)
    rows = _rows_of_mast(mast, list(weather), location, chosen)
    model = model_at(
        surface, rows, location, place, config=chosen, minutes=minutes, execution=execution,
        progress=progress,
    )  # fmt: skip
    settings = {
        "point": place, "latitude": location.latitude, "longitude": location.longitude,
        "utc_offset": location.utc_offset, "formulation": chosen.formulation,
        "anisotropic": chosen.use_anisotropic_sky, "sun_minutes": minutes,
        "weather_stamp": weather_series(rows[:1], location, stamp=chosen.stamp).stamp,
    }  # fmt: skip
    return compare(
        mast, model, config=chosen, turn=turn, mast_absorption=mast_absorption, settings=settings
    )


def compare(
    mast: Mast,
    model: Modelled,
    *,
    config: ModelConfig | None = None,
    turn: float | None = None,
    mast_absorption: tuple[float, float] = MAST_ABSORPTION,
    settings: dict[str, Any] | None = None,
    fit: MastFit | None = None,
) -> Validation:
    """Compare a mast with a model that has been run.

    Parameters
    ----------
    mast, model
        Measurements, and the model there.
    config
        Of the run.
    turn
        Of the mast's axes, clockwise [degrees]; ``None``: to be found.
    mast_absorption
        Of short- and longwave, with which the mast's Tmrt was formed.
    settings
        What was run, for the record.
    fit
        Interval and turn that are known; ``None``: to be found.

    Returns
    -------
    Validation
        Numbers, and what makes pictures and a page of them.

    Raises
    ------
    MastDataError
        Model and mast have no time in common.
    """
    known = fit or find_mast(mast, model, turn=turn)
    degrees = 0.0 if known.turn is None else known.turn.degrees
    paired = model.at(mast.bounds(known.interval.stamp), degrees)
    found = {
        name: agreement(paired[name], values)
        for name, values in mast.columns.items()
    }  # fmt: skip
    if not any(each.n for each in found.values()):
        raise _no_overlap(mast, model.bounds[0, 0], model.bounds[-1, 1])
    budget = None
    if "Tmrt" in mast.columns:
        human = (config or ModelConfig()).human or HumanParams()
        budget = temperature_errors(
            paired, mast.columns, absorption=(human.abs_k, human.abs_l),
            mast_absorption=mast_absorption,
        )  # fmt: skip
    return Validation(mast, model, known, paired, found, budget, dict(settings or {}))


def point_of(point: PointSource | tuple[float, float], surface: SurfaceData) -> tuple[float, float]:
    """Coordinates of the one point.

    Raises
    ------
    MastDataError
        It is off the map, or there are several.
    """
    pair = isinstance(point, tuple) and len(point) == 2 and not isinstance(point[0], tuple)
    source: Any = {"mast": point} if pair else point
    try:
        points = read_points(source, surface.georef)
    except ConfigurationError as error:
        raise MastDataError(
            "point", error.expected, error.got, "Where does the mast stand?"
        ) from error
    if len(points) != 1:
        raise MastDataError("point", "one point", f"{len(points)}: {', '.join(points.names)}")
    return float(points.x[0]), float(points.y[0])


def _rows_of_mast(
    mast: Mast, weather: list[Weather], location: Location, config: ModelConfig
) -> list[Weather]:
    """The weather of the days on which the mast measured, checked as a run checks it."""
    series = weather_series(
        weather, location, stamp=config.stamp, gaps="allow", ground_clock=config.ground_clock
    )
    days = np.unique(
        np.concatenate([mast.bounds(s).ravel() for s in STAMPS]).astype("datetime64[D]")
    )
    middle = series.bounds[:, 0] + (series.bounds[:, 1] - series.bounds[:, 0]) // 2
    kept = np.flatnonzero(np.isin(middle.astype("datetime64[D]"), days))
    covered = (middle >= mast.times[0]) & (middle <= mast.times[-1])
    if not kept.size or not (covered.any() or len(mast) == 1):
        raise _no_overlap(mast, series.bounds[0, 0], series.bounds[-1, 1])
    rows = [weather[int(i)] for i in kept]
    report(
        check_weather(
            weather_series(rows, location, stamp=config.stamp, gaps="allow"), location,
            beam=config.beam, origin=rows[0].origin,
        )
    )  # fmt: skip
    return rows


def _no_overlap(mast: Mast, first: np.datetime64, last: np.datetime64) -> MastDataError:
    a, b, c, d = (t.astype("datetime64[m]") for t in (mast.times[0], mast.times[-1], first, last))
    return MastDataError(
        "mast", f"rows within the weather, {c} to {d}", f"{a} to {b}",
        "Weather and mast have no time in common; an EPW file can be dated (--year).",
    )  # fmt: skip
