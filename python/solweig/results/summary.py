"""What a run gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from solweig.config import validate_outputs
from solweig.errors import ConfigurationError
from solweig.human import HumanParams
from solweig.memory_limits import memory_budget
from solweig.parallel import in_parallel
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import COG_BYTES_PER_CELL, write_geotiff
from solweig.results.comfort import checked_humidity, compute_pet_grid, compute_utci_grid
from solweig.results.outputs import prepare_folder, step_path, summary_path
from solweig.results.plotting import plot_series
from solweig.results.report import html_report, text_report
from solweig.results.state import ThermalState
from solweig.results.statistics import RunStatistics, Timeseries
from solweig.results.sums import check_where
from solweig.surface.data import SurfaceData
from solweig.typing import F32
from solweig.weather.step import Weather

__all__ = ["SolweigResult", "Timeseries", "TimeseriesSummary"]


@dataclass
class SolweigResult:
    """Grids of one step, float32 ``[row, col]``; None where not asked for.

    Cells without data are NaN.

    Parameters
    ----------
    tmrt
        Mean radiant temperature [deg C].
    shadow
        Share of the direct beam that arrives [0-1], 1 = sunlit; 0 at night.
    kdown, kup
        Shortwave radiation from above and below [W m-2].
    ldown, lup
        Longwave radiation from above and below [W m-2].
    utci, pet
        Comfort indices [deg C].
    state
        What the ground remembers after the step.
    """

    tmrt: F32
    shadow: F32 | None = None
    kdown: F32 | None = None
    kup: F32 | None = None
    ldown: F32 | None = None
    lup: F32 | None = None
    utci: F32 | None = None
    pet: F32 | None = None
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
        """Write ``<output_dir>/<var>/<var>_YYYYMMDD_HHMM.tif`` for each output.

        Parameters
        ----------
        output_dir
            Folder, created when missing.
        timestamp
            Time in the names; default now.
        outputs
            Which grids; default Tmrt.
        surface
            Gives transform and CRS unless these are given.
        transform
            Six numbers of GDAL.
        crs_wkt
            CRS as WKT.

        Raises
        ------
        ConfigurationError
            An unknown output, one this result does not hold, or a folder that cannot be written.
        """
        names = validate_outputs(outputs or ["tmrt"])
        georef = _georef(self.tmrt.shape, surface, transform, crs_wkt)
        missing = [name for name in names if getattr(self, name, None) is None]
        if missing:
            raise ConfigurationError("outputs", "grids this result holds", repr(missing[0]))
        folder = Path(output_dir)
        prepare_folder(folder, tuple(names))
        stamp = timestamp or datetime.now()
        for name in names:
            write_geotiff(step_path(folder, name, stamp), getattr(self, name), georef, name=name)

    def compute_utci(
        self,
        weather_or_ta: Weather | float,
        rh: float | None = None,
        wind: float | None = None,
        *,
        utci_range: str | None = None,
    ) -> F32:
        """UTCI from Tmrt; also kept as ``utci``.

        Parameters
        ----------
        weather_or_ta
            The weather, or air temperature [deg C].
        rh
            Relative humidity [%], 0-100; left out, that of the weather.
        wind
            Wind speed at 10 m [m/s]; left out, that of the weather as it is, else 1.
        utci_range
            As in :func:`solweig.postprocess.compute_utci_grid`.

        Returns
        -------
        F32
            UTCI [deg C], ``[row, col]``.

        Raises
        ------
        WeatherDataError
            An air temperature without humidity, or one out of range.

        References
        ----------
        Bröde et al. (2012), Int. J. Biometeorol. 56, https://doi.org/10.1007/s00484-011-0454-1
        """
        ta, rh, wind = _weather_values(weather_or_ta, rh, wind)
        self.utci = compute_utci_grid(self.tmrt, ta, rh, wind, utci_range=utci_range)
        return self.utci

    def compute_pet(
        self,
        weather_or_ta: Weather | float,
        rh: float | None = None,
        wind: float | None = None,
        human: HumanParams | None = None,
        *,
        pet_variant: str = "1999",
    ) -> F32:
        """PET from Tmrt; also kept as ``pet``.

        Parameters
        ----------
        weather_or_ta
            The weather, or air temperature [deg C].
        rh
            Relative humidity [%], 0-100; left out, that of the weather.
        wind
            Wind speed at 1.1 m [m/s]; left out, that of the weather as it is, else 1.
        human
            Body, age, activity and clothing; default :class:`HumanParams`.
        pet_variant
            As in :func:`solweig.postprocess.compute_pet_grid`.

        Returns
        -------
        F32
            PET [deg C], ``[row, col]``.

        Raises
        ------
        WeatherDataError
            An air temperature without humidity, or one out of range.

        References
        ----------
        Höppe (1999), Int. J. Biometeorol. 43, https://doi.org/10.1007/s004840050118
        """
        ta, rh, wind = _weather_values(weather_or_ta, rh, wind)
        self.pet = compute_pet_grid(self.tmrt, ta, rh, wind, human, pet_variant=pet_variant)
        return self.pet


class TimeseriesSummary(RunStatistics):
    """Statistics of a run per cell, its series, and how it was computed.

    Grids are float32 ``[row, col]``, NaN where there is no data.

    Parameters
    ----------
    tmrt_mean, tmrt_max, tmrt_min
        Of Tmrt over all steps [deg C].
    tmrt_day_mean, tmrt_night_mean
        Of Tmrt over steps with the sun above the horizon, and the others [deg C].
    utci_mean, utci_max, utci_min, utci_day_mean, utci_night_mean
        The same of UTCI [deg C].
    sun_hours, shade_hours
        In the sun and in the shade while it is up [h]; with ``shade_at_night`` all hours of the
        night are shade.
    utci_hours_above
        Hours with UTCI above each threshold [h], by threshold [deg C]: those of the day by day,
        those of the night at night.
    n_timesteps, n_daytime, n_nighttime
        Steps: all, by day, at night.
    shadow_available
        Whether sun and shade were counted: after any step.
    heat_thresholds_day, heat_thresholds_night
        UTCI thresholds [deg C].
    timeseries
        One value per step: weather and means of the map.
    dataset
        Every requested step in memory, ``(time, y, x)``; only where no ``output_dir`` was given.
    walls
        Temperatures of walls over ``(wall, height, time)``, with the output ``wall_temperature``.
    wall_points
        The same at points of interest: one row per point, height and step.
    pois
        One row per point of interest and step; only where ``pois`` were given.
    tally
        By stage: runs on each engine, fallbacks, seconds.
    state
        Thermal state after the last step; ``calculate(state=...)`` goes on from it.
    metadata
        What is in ``run_metadata.json``.
    telemetry
        What the run measured about itself, see :class:`solweig.execution.Telemetry`.
    output_dir
        Folder of the results; ``None`` in memory.
    georef
        Where the grids lie.
    scalars
        The sky's scalars and the means over open ground, of every step; see ``_core.StepResult``.
    sums
        Exact sums of every step, on open ground and on roofs.
    open_ground
        1 on open ground, 0 on buildings, ``[row, col]``: what the means leave out. Grids have
        roofs.
    shade_at_night
        Hours of shade count the night.
    period
        Further statistics of :func:`calculate_period` by name: percentiles, groups, PET, hours
        above other thresholds.
    bounds
        Beginning and end of the interval each step stands for, ``[n, 2]``, on the clock of the
        stamps; UTC where they carry a time zone.
    """

    def to_geotiff(self, output_dir: str | Path, surface: SurfaceData | None = None) -> None:
        """Write every statistic as ``<output_dir>/summary/<name>.tif`` (cloud-optimised GeoTIFF).

        Parameters
        ----------
        output_dir
            Folder, created when missing.
        surface
            Gives transform and CRS; ``None`` = those of the run.

        Raises
        ------
        ConfigurationError
            The folder cannot be written.
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

    def report(self, where: str = "ground") -> str:
        """A page about the run: period, heat, hours above thresholds, engine.

        Parameters
        ----------
        where
            Area that is described: ``"ground"``, where people stand, or ``"all"``, roofs too.

        Returns
        -------
        str
            Plain text.

        Raises
        ------
        ConfigurationError
            Another area.
        """
        return text_report(self, check_where(where))

    def plot(
        self,
        save_path: str | Path | None = None,
        figsize: tuple[float, float] = (14, 10),
        max_days: int = 5,
        where: str = "ground",
        place: str | None = None,
    ) -> Any:
        """Draw the series: temperatures, radiation, sun. Needs ``pip install solweig[plot]``.

        Parameters
        ----------
        save_path
            PNG, PDF or SVG to write; None leaves the figure open.
        figsize
            Width and height [inches].
        max_days
            Days drawn, from the first on, at least 1.
        where
            Area of the means, as in :meth:`report`.
        place
            Name in the heading; None is its coordinates.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ConfigurationError
            Matplotlib is not installed, or another area.
        """
        return plot_series(
            self, save_path=save_path, figsize=figsize, max_days=max_days, where=where, place=place
        )

    def _repr_html_(self) -> str:
        return html_report(self)

    def __repr__(self) -> str:
        where = f", output_dir={str(self.output_dir)!r}" if self.output_dir else ""
        return (
            f"TimeseriesSummary({self.n_timesteps} steps, {self.n_daytime} by day, "
            f"shape={self.tmrt_mean.shape}{where})"
        )


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
            checked_humidity(rh, "Give rh= beside an air temperature, or a Weather."),
            1.0 if wind is None else float(wind),
        )
    found = weather_or_ta
    return (
        float(found.ta),
        float(found.rh if rh is None else rh),
        float(found.ws if wind is None else wind),
    )
