"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.memory_limits import memory_budget
from solweig.parallel import in_parallel
from solweig.postprocess import compute_pet_grid, compute_utci_grid
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import COG_BYTES_PER_CELL, write_geotiff
from solweig.results.outputs import prepare_folder, step_path, summary_path

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from solweig.config import HumanParams
    from solweig.execution.telemetry import Telemetry
    from solweig.results.state import ThermalState
    from solweig.surface.data import SurfaceData
    from solweig.weather.step import Weather

__all__ = ["SUMMARY_GRIDS", "SolweigResult", "Timeseries", "TimeseriesSummary"]

Grid = NDArray[np.float32]
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

    Attributes:
        datetime: time stamps as given.
        ta: air temperature [deg C].
        rh: relative humidity [%].
        ws: wind speed [m/s].
        global_rad: global horizontal irradiance [W m-2].
        direct_rad: beam irradiance [W m-2] as the engine used it.
        diffuse_rad: diffuse horizontal irradiance [W m-2] as the engine used it.
        sun_altitude: [degrees], negative at night.
        tmrt_mean: mean Tmrt [deg C].
        utci_mean: mean UTCI [deg C].
        sun_fraction: part of the ground that is sunlit, 0-1.
        diffuse_fraction: diffuse / global, NaN without sun.
        clearness_index: [-], 1 = clear.
        is_daytime: sun above the horizon.
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
        """The series as a table indexed by time."""
        import pandas as pd

        columns = {n: getattr(self, n) for n in self.__dataclass_fields__ if n != "datetime"}
        return pd.DataFrame(columns, index=pd.DatetimeIndex(self.datetime, name="time"))


@dataclass
class SolweigResult:
    """Grids of one step, float32, shape (rows, cols); None where not asked for.

    ``tmrt``, ``utci``, ``pet`` in deg C; ``shadow`` 1 = sunlit; ``kdown``, ``kup``, ``ldown``,
    ``lup`` in W m-2.
    """

    tmrt: Grid
    shadow: Grid | None = None
    kdown: Grid | None = None
    kup: Grid | None = None
    ldown: Grid | None = None
    lup: Grid | None = None
    utci: Grid | None = None
    pet: Grid | None = None
    state: ThermalState | None = None

    def to_geotiff(
        self,
        output_dir: str | Path,
        timestamp: datetime | None = None,
        outputs: Sequence[str] | None = None,
        surface: SurfaceData | None = None,
        transform: Sequence[float] | None = None,
        crs_wkt: str | None = None,
    ) -> None:
        """Write ``<output_dir>/<var>/<var>_YYYYMMDD_HHMM.tif`` for each output (default Tmrt).

        Args:
            output_dir: folder, created when missing.
            timestamp: time in the names; default now.
            outputs: which grids.
            surface: gives transform and CRS unless these are given.
            transform: GDAL geotransform.
            crs_wkt: CRS as WKT.

        Raises:
            ConfigurationError: an unknown output, one this result does not hold, or a folder that
                cannot be written.
        """
        from solweig.config import validate_outputs

        names = validate_outputs(outputs or ["tmrt"])
        georef = _georef(self.tmrt.shape, surface, transform, crs_wkt)
        missing = [name for name in names if getattr(self, name) is None]
        if missing:
            raise ConfigurationError("outputs", "grids this result holds", repr(missing[0]))
        folder = Path(output_dir)
        prepare_folder(folder, tuple(names))
        stamp = timestamp or datetime.now()
        for name in names:
            write_geotiff(step_path(folder, name, stamp), getattr(self, name), georef, name=name)

    def compute_utci(
        self, weather_or_ta: Weather | float, rh: float | None = None, wind: float | None = None
    ) -> Grid:
        """UTCI [deg C] from Tmrt; from a :class:`Weather`, or ``ta`` [deg C], ``rh`` [%] (50 when
        left out) and ``wind`` at 10 m [m/s] (1 when left out)."""
        ta, rh, wind = _weather_values(weather_or_ta, rh, wind)
        self.utci = compute_utci_grid(self.tmrt, ta, rh, wind)
        return self.utci

    def compute_pet(
        self,
        weather_or_ta: Weather | float,
        rh: float | None = None,
        wind: float | None = None,
        human: HumanParams | None = None,
    ) -> Grid:
        """PET [deg C] from Tmrt; arguments as :meth:`compute_utci`, with ``wind`` at 1.1 m."""
        ta, rh, wind = _weather_values(weather_or_ta, rh, wind)
        self.pet = compute_pet_grid(self.tmrt, ta, rh, wind, human)
        return self.pet


@dataclass
class TimeseriesSummary:
    """Statistics of a run per cell, its series, and how it was computed.

    Grids are float32 of the raster's shape, NaN where there is no data. Temperatures in deg C,
    hours in h.
    """

    tmrt_mean: Grid
    tmrt_max: Grid
    tmrt_min: Grid
    tmrt_day_mean: Grid
    tmrt_night_mean: Grid
    utci_mean: Grid
    utci_max: Grid
    utci_min: Grid
    utci_day_mean: Grid
    utci_night_mean: Grid
    sun_hours: Grid
    shade_hours: Grid
    utci_hours_above: dict[float, Grid]
    n_timesteps: int
    n_daytime: int
    n_nighttime: int
    shadow_available: bool
    heat_thresholds_day: list[float]
    heat_thresholds_night: list[float]
    timeseries: Timeseries
    dataset: xr.Dataset | None = None
    """Every requested step in memory; only where no ``output_dir`` was given."""
    pois: pd.DataFrame | None = None
    """One row per point of interest and step; only where ``pois`` were given."""
    tally: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per stage: runs on each engine, fallbacks, seconds."""
    state: ThermalState | None = None
    """Thermal state after the last step; ``calculate(state=...)`` goes on from it."""
    metadata: dict[str, Any] = field(default_factory=dict)
    telemetry: Telemetry | None = None
    """What the run measured about itself, see :mod:`solweig.execution.telemetry`."""
    output_dir: Path | None = None
    georef: GeoReference | None = None
    scalars: list[dict[str, float]] = field(default_factory=list, repr=False)
    """The sky's scalars and the means, of every step."""

    def __len__(self) -> int:
        return self.n_timesteps

    @classmethod
    def empty(cls) -> TimeseriesSummary:
        """The summary of no step at all: grids without cells, an empty series."""
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

    def grids(self) -> dict[str, Grid]:
        """Every statistic by the name of its file."""
        found = {name: getattr(self, name) for name in SUMMARY_GRIDS}
        for threshold, grid in sorted(self.utci_hours_above.items()):
            time = "day" if threshold in self.heat_thresholds_day else "night"
            found[f"utci_hours_above_{threshold:g}_{time}"] = grid
        return found

    def to_geotiff(self, output_dir: str | Path, surface: SurfaceData | None = None) -> None:
        """Write every statistic as ``<output_dir>/summary/<name>.tif`` (cloud-optimised GeoTIFF).

        Raises:
            ConfigurationError: the folder cannot be written.
        """
        folder = Path(output_dir)
        georef = self.georef
        if surface is not None or georef is None:
            georef = _georef(self.tmrt_mean.shape, surface, None, None)
        prepare_folder(folder, ("summary",))
        jobs = [
            partial(
                write_geotiff, summary_path(folder, name), grid, georef, name=name,
                cloud_optimised=True,
            )
            for name, grid in self.grids().items()
        ]  # fmt: skip
        budget, each = memory_budget(), COG_BYTES_PER_CELL * self.tmrt_mean.size
        # What the run itself holds is in memory still.
        in_parallel(jobs, most=None if budget is None else int(0.5 * budget / max(each, 1.0)))

    def report(self) -> str:
        """A page of plain text: period, heat, hours above thresholds, engine."""
        from solweig.results.report import text_report

        return text_report(self)

    def plot(
        self,
        save_path: str | Path | None = None,
        figsize: tuple[float, float] = (14, 10),
        max_days: int = 5,
    ) -> Any:
        """Draw the series: temperatures, radiation, sun. Needs ``pip install solweig[plot]``.

        Args:
            save_path: PNG, PDF or SVG to write; None leaves the figure open.
            figsize: [inches].
            max_days: days drawn, from the first on.

        Returns:
            The :class:`matplotlib.figure.Figure`.

        Raises:
            ConfigurationError: matplotlib is not installed.
        """
        from solweig.results.plotting import plot_series

        return plot_series(self, save_path=save_path, figsize=figsize, max_days=max_days)

    def _repr_html_(self) -> str:
        from solweig.results.report import html_report

        return html_report(self)

    def __repr__(self) -> str:
        where = f", output_dir={str(self.output_dir)!r}" if self.output_dir else ""
        return (
            f"TimeseriesSummary({self.n_timesteps} steps, {self.n_daytime} by day, "
            f"shape={self.tmrt_mean.shape}{where})"
        )


def statistics_kwargs(grids: Mapping[str, Grid], shape: tuple[int, int]) -> dict[str, Any]:
    """The engine's statistics by field name; a statistic without a step is all NaN."""
    empty = np.full(shape, np.nan, np.float32)
    return {name: grids.get(name, empty) for name in SUMMARY_GRIDS}


def _georef(
    shape: tuple[int, ...],
    surface: SurfaceData | None,
    transform: Sequence[float] | None,
    crs_wkt: str | None,
) -> GeoReference:
    if surface is not None:
        base = surface.georef
    else:
        base = GeoReference((0.0, 1.0, 0.0, float(shape[0]), 0.0, -1.0), "", (shape[0], shape[1]))
    gdal = base.gdal
    if transform is not None:
        x0, a, b, y0, d, e = (float(v) for v in transform)
        gdal = (x0, a, b, y0, d, e)
    return GeoReference(gdal, base.crs_wkt if crs_wkt is None else crs_wkt, base.shape)


def _weather_values(
    weather_or_ta: Weather | float, rh: float | None, wind: float | None
) -> tuple[float, float, float]:
    if isinstance(weather_or_ta, int | float):
        return (
            float(weather_or_ta),
            50.0 if rh is None else float(rh),
            1.0 if wind is None else float(wind),
        )
    found = weather_or_ta
    return (
        float(found.ta),
        float(found.rh if rh is None else rh),
        float(found.ws if wind is None else wind),
    )
