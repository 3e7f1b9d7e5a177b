"""What a run gives back, as plain data: statistics per cell, and one value per step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from solweig.execution.telemetry import Telemetry
from solweig.rasters.cf import naive_utc
from solweig.rasters.georef import GeoReference
from solweig.results.state import ThermalState
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
    """One value per step: the weather it ran with and means over the valid cells.

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
        Mean Tmrt [deg C].
    utci_mean
        Mean UTCI [deg C].
    sun_fraction
        Part of the ground that is sunlit [0-1].
    diffuse_fraction
        Diffuse over global [0-1], NaN without sun.
    clearness_index
        1 = clear.
    is_daytime
        Sun above the horizon.
    """

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

    def to_dataframe(self) -> pd.DataFrame:
        """The series as a table.

        Returns
        -------
        pd.DataFrame
            A column each, indexed by time.
        """
        import pandas as pd

        columns = {n: getattr(self, n) for n in self.__dataclass_fields__ if n != "datetime"}
        return pd.DataFrame(columns, index=pd.DatetimeIndex(self.datetime, name="time"))


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
    pois: pd.DataFrame | None = None
    tally: dict[str, dict[str, Any]] = field(default_factory=dict)
    state: ThermalState | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    telemetry: Telemetry | None = None
    output_dir: Path | None = None
    georef: GeoReference | None = None
    scalars: list[dict[str, float]] = field(default_factory=list, repr=False)
    bounds: NDArray[np.datetime64] | None = field(default=None, repr=False)

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

    @classmethod
    def empty(cls) -> Self:
        """The summary of no step at all.

        Returns
        -------
        TimeseriesSummary
            Grids without cells, an empty series.
        """
        grids: dict[str, Any] = {name: np.empty((0, 0), np.float32) for name in SUMMARY_GRIDS}
        columns: dict[str, Any] = {f.name: np.empty(0, np.float32) for f in fields(Timeseries)}
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
        return found


def statistics_kwargs(grids: Mapping[str, F32], shape: tuple[int, int]) -> dict[str, Any]:
    """The engine's statistics by field name; a statistic without a step is all NaN."""
    empty = np.full(shape, np.nan, np.float32)
    return {name: grids.get(name, empty) for name in SUMMARY_GRIDS}
