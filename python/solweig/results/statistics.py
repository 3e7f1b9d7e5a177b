"""What a run gives back, as plain data: statistics per cell, and one value per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.execution.telemetry import Telemetry
from solweig.rasters.cf import naive_utc
from solweig.rasters.georef import GeoReference
from solweig.results.state import ThermalState
from solweig.results.sums import StepSums, check_where
from solweig.typing import F32

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["SUMMARY_GRIDS", "RunStatistics", "Timeseries", "statistics_kwargs"]

Series = NDArray[Any]

_STATISTICS = ("mean", "max", "min", "day_mean", "night_mean")
SUMMARY_GRIDS = (
    *(f"tmrt_{s}" for s in _STATISTICS),
    *(f"utci_{s}" for s in _STATISTICS),
    "sun_hours",
    "shade_hours",
)


@dataclass
class Timeseries:
    """One value per step: the weather it ran with and means over open ground, roofs left out.

    Parameters
    ----------
    datetime
        Time stamps as given; the other series are 1-D arrays of as many values.
    ta
        Air temperature [deg C].
    rh
        Relative humidity [%].
    ws
        Wind speed [m/s].
    global_rad
        Global horizontal irradiance [W m-2].
    direct_rad
        Irradiance normal to the beam [W m-2] as the engine used it.
    diffuse_rad
        Diffuse horizontal irradiance [W m-2] as the engine used it.
    sun_altitude
        [deg], negative at night.
    tmrt_mean
        Mean Tmrt of open ground [deg C].
    utci_mean
        Mean UTCI of open ground [deg C].
    sun_fraction
        Part of the ground that is sunlit [0-1].
    diffuse_fraction
        Diffuse over global [0-1], NaN without sun.
    clearness_index
        1 = clear.
    is_daytime
        Sun above the horizon.
    """

    # What the means come from, on open ground and on roofs; set by runs, no series of its own.
    _sums: ClassVar[Sequence[StepSums]] = ()

    datetime: list[datetime]
    ta: Series
    rh: Series
    ws: Series
    global_rad: Series
    direct_rad: Series
    diffuse_rad: Series
    sun_altitude: Series
    tmrt_mean: Series
    utci_mean: Series
    sun_fraction: Series
    diffuse_fraction: Series
    clearness_index: Series
    is_daytime: Series

    def __len__(self) -> int:
        return len(self.datetime)

    def over(self, where: str = "ground") -> Timeseries:
        """The series with its means and fractions over an area.

        Parameters
        ----------
        where
            ``"ground"``, where people stand, or ``"all"``, roofs too.

        Returns
        -------
        Timeseries
            ``tmrt_mean``, ``utci_mean`` and ``sun_fraction`` of that area, all else as it is.

        Raises
        ------
        ConfigurationError
            Another area.
        """
        check_where(where)
        means = [sums.over(where).means() for sums in self._sums]
        if not means:
            return self
        columns: dict[str, Any] = {n: np.array([m[n] for m in means]) for n in means[0]}
        return replace(self, **columns).with_sums(self._sums)

    def with_sums(self, sums: Sequence[StepSums]) -> Timeseries:
        """The series itself, which now knows the sums of every step that its means come from.

        Parameters
        ----------
        sums
            One a step.

        Returns
        -------
        Timeseries
            The same object.
        """
        vars(self).update(_sums=list(sums))
        return self

    def to_dataframe(self, where: str = "ground") -> pd.DataFrame:
        """The series as a table.

        Parameters
        ----------
        where
            Area of the means, as in :meth:`over`.

        Returns
        -------
        pd.DataFrame
            A column each, indexed by time.

        Raises
        ------
        ConfigurationError
            Another area.
        """
        import pandas as pd

        series = self.over(where)
        columns = {n: getattr(series, n) for n in _columns()}
        return pd.DataFrame(columns, index=pd.DatetimeIndex(self.datetime, name="time"))


def _columns() -> list[str]:
    """Names of the series of numbers."""
    return [f.name for f in fields(Timeseries) if f.name != "datetime"]


@dataclass
class RunStatistics:
    """Statistics of a run per cell, its series, and how it was computed.

    Fields and units are those of :class:`solweig.TimeseriesSummary`.
    """

    tmrt_mean: F32
    tmrt_max: F32
    tmrt_min: F32
    tmrt_day_mean: F32
    tmrt_night_mean: F32
    utci_mean: F32
    utci_max: F32
    utci_min: F32
    utci_day_mean: F32
    utci_night_mean: F32
    sun_hours: F32
    shade_hours: F32
    utci_hours_above: dict[float, F32]
    n_timesteps: int
    n_daytime: int
    n_nighttime: int
    shadow_available: bool
    heat_thresholds_day: list[float]
    heat_thresholds_night: list[float]
    timeseries: Timeseries
    dataset: xr.Dataset | None = None
    walls: xr.Dataset | None = None
    wall_points: pd.DataFrame | None = None
    pois: pd.DataFrame | None = None
    tally: dict[str, dict[str, Any]] = field(default_factory=dict)
    state: ThermalState | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    telemetry: Telemetry | None = None
    output_dir: Path | None = None
    georef: GeoReference | None = None
    scalars: list[dict[str, float]] = field(default_factory=list, repr=False)
    bounds: NDArray[np.datetime64] | None = field(default=None, repr=False)
    sums: list[StepSums] = field(default_factory=list, repr=False)
    open_ground: NDArray[np.uint8] | None = field(default=None, repr=False)
    shade_at_night: bool = False
    period: dict[str, F32] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.n_timesteps

    def interval_text(self) -> str:
        """What a time stamp marks and for how long a step stands.

        Returns
        -------
        str
            Such as ``"stamps mark the end of steps of 60 min"``; empty where it is not known.
        """
        if self.bounds is None or not self.timeseries.datetime:
            return ""
        (stamp,), _ = naive_utc(self.timeseries.datetime[:1])
        first, last = self.bounds[0]
        share = round(float((stamp - first) / (last - first)), 3)
        marks = {0.0: "start", 1.0: "end"}.get(share, "centre")
        minutes = np.unique(np.diff(self.bounds, axis=1) / np.timedelta64(1, "m"))
        shown = f"{minutes[0]:g}" if minutes.size == 1 else f"{minutes[0]:g} to {minutes[-1]:g}"
        return f"stamps mark the {marks} of steps of {shown} min"

    def series_table(self) -> pd.DataFrame:
        """The series as a table with the interval of each step, as a run writes it to its folder.

        Returns
        -------
        pd.DataFrame
            ``time``, ``begin`` and ``end``, where known, on the clock of the stamps and without
            its zone, then the columns of :meth:`Timeseries.to_dataframe`.
        """
        stamps = self.timeseries.datetime
        table = self.timeseries.to_dataframe().reset_index(drop=True)
        table.insert(0, "time", [stamp.replace(tzinfo=None) for stamp in stamps])
        if self.bounds is not None:
            # Bounds of stamps with a zone are in UTC.
            ahead = [stamp.utcoffset() or timedelta(0) for stamp in stamps]
            for place, name in enumerate(("begin", "end")):
                bound = self.bounds[:, place] + np.array(ahead, "timedelta64[s]")
                table.insert(1 + place, name, bound.astype("datetime64[s]"))
        return table

    @classmethod
    def empty(cls) -> Self:
        """The summary of no step at all.

        Returns
        -------
        TimeseriesSummary
            Grids without cells, an empty series.
        """
        grids: dict[str, Any] = {name: np.empty((0, 0), np.float32) for name in SUMMARY_GRIDS}
        columns: dict[str, Any] = {name: np.empty(0, np.float32) for name in _columns()}
        return cls(
            **grids,
            utci_hours_above={},
            n_timesteps=0,
            n_daytime=0,
            n_nighttime=0,
            shadow_available=False,
            heat_thresholds_day=[],
            heat_thresholds_night=[],
            timeseries=Timeseries(**{**columns, "datetime": []}),
        )

    def counted(self, where: str = "ground") -> NDArray[np.bool_]:
        """The cells that an area's means are taken over.

        Parameters
        ----------
        where
            ``"ground"``, where people stand, or ``"all"``, roofs too.

        Returns
        -------
        NDArray of bool
            ``[row, col]``.

        Raises
        ------
        ConfigurationError
            Another area.
        """
        if check_where(where) == "all" or self.open_ground is None:
            return np.ones(self.tmrt_mean.shape, np.bool_)
        return np.asarray(self.open_ground != 0)

    def mean(self, name: str, where: str = "ground") -> float:
        """Mean of a statistic over the map.

        Parameters
        ----------
        name
            A key of :meth:`grids`, such as ``"tmrt_day_mean"``.
        where
            As in :meth:`counted`.

        Returns
        -------
        float
            In the unit of the statistic; NaN without a cell that has a value.

        Raises
        ------
        ConfigurationError
            Another area, or no such statistic.
        """
        grids = self.grids()
        if name not in grids:
            raise ConfigurationError("name", f"one of {', '.join(grids)}", repr(name))
        values = grids[name][self.counted(where)]
        values = values[np.isfinite(values)]
        return float(values.mean(dtype=np.float64)) if values.size else float("nan")

    def grids(self) -> dict[str, F32]:
        """Every statistic by the name of its file.

        Returns
        -------
        dict[str, F32]
            ``[row, col]`` each: ``tmrt_mean`` [deg C], ``sun_hours`` [h],
            ``utci_hours_above_32_day`` [h] and so on.
        """
        found = {name: getattr(self, name) for name in SUMMARY_GRIDS}
        for threshold, grid in sorted(self.utci_hours_above.items()):
            time = "day" if threshold in self.heat_thresholds_day else "night"
            found[f"utci_hours_above_{threshold:g}_{time}"] = grid
        return {**found, **self.period}


def statistics_kwargs(grids: Mapping[str, F32], shape: tuple[int, int]) -> dict[str, Any]:
    """The engine's statistics by field name; a statistic without a step is all NaN."""
    empty = np.full(shape, np.nan, np.float32)
    return {name: grids.get(name, empty) for name in SUMMARY_GRIDS}


def with_nights(grids: Mapping[str, F32], night_hours: float) -> F32:
    """Hours of shade [h] that count the night too; NaN in cells that never had a value."""
    found = grids["shade_hours"] + np.float32(night_hours)
    # Without a step by day nothing was counted; a mean tells which cells had data.
    only_night = np.isnan(grids["shade_hours"]) & ~np.isnan(grids["tmrt_mean"])
    return np.where(only_night, np.float32(night_hours), found).astype(np.float32)
