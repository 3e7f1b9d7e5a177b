"""The bundled site: a square in Gothenburg on a hot day, with measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from solweig.config import HumanParams, ModelConfig
from solweig.execution.config import ExecutionConfig
from solweig.results.pictures import draw_curves, draw_run
from solweig.results.summary import TimeseriesSummary
from solweig.run.calculation import calculate
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location
from solweig.weather.step import Weather

__all__ = ["DemoRun", "demo_folder", "demo_measurements", "demo_weather", "run_demo"]

PLACE = "Gustav Adolfs torg, Gothenburg"
ATTRIBUTION = (
    "University of Gothenburg / UMEP project, distributed with UMEP under GPL-3.0; measurements: "
    "Lindberg, Holmer & Thorsson 2008, doi:10.1007/s00484-008-0162-7"
)
DAY = "2006-08-01"
UTC_OFFSET = 1.0
WIND = 1.5
"""Wind was not measured there; UTCI needs one [m/s]."""
PRESSURE = 1013.0
"""Nor was pressure; this is what the model takes where there is none [hPa]."""
ABS_L = 0.95
"""Longwave absorption the measurements were evaluated with."""

Phase = Callable[[str], Callable[[int, int], Any]]


@dataclass(frozen=True)
class DemoRun:
    """A finished demo and its pictures.

    Parameters
    ----------
    summary
        What the run gave.
    pictures
        Files drawn; none where they were not asked for.
    """

    summary: TimeseriesSummary
    pictures: list[Path]


def demo_folder() -> Path:
    """Where the bundled rasters, weather and measurements lie.

    Returns
    -------
    Path
        A folder of the installed package.

    Examples
    --------
    >>> from solweig.demo import demo_folder
    >>> sorted(path.name for path in demo_folder().glob("*.tif"))
    ['cdsm.tif', 'dem.tif', 'dsm.tif', 'land_cover.tif']
    """
    return Path(str(resources.files("solweig").joinpath("data/demo")))


def demo_surface(
    working_dir: Path | None = None,
    feedback: Any = None,
    execution: ExecutionConfig | None = None,
) -> SurfaceData:
    """The bundled square, prepared.

    Parameters
    ----------
    working_dir
        Where the preparation is kept; ``None`` keeps nothing.
    feedback
        ``(current, total)`` callable.
    execution
        Wishes about hardware.

    Returns
    -------
    SurfaceData
        With sky view.
    """
    folder = demo_folder()
    return SurfaceData.prepare(
        dsm=folder / "dsm.tif",
        dem=folder / "dem.tif",
        cdsm=folder / "cdsm.tif",
        land_cover=folder / "land_cover.tif",
        working_dir=working_dir,
        feedback=feedback,
        execution=execution,
    )


def demo_weather() -> list[Weather]:
    """The bundled day, hour by hour; wind and pressure, which were not measured, are filled in.

    Returns
    -------
    list[Weather]
        24 steps, stamped with their beginning, as the radiation of the file shows.
    """
    return Weather.from_umep_met(
        demo_folder() / "weather.txt", stamp="start", fill={"ws": WIND, "pressure": PRESSURE}
    )


def demo_measurements() -> pd.DataFrame:
    """What was measured at the station that day.

    Returns
    -------
    pd.DataFrame
        Tmrt [deg C] and fluxes [W m-2], indexed by the beginning of each hour in local standard
        time; the file names hours by their end.
    """
    table = pd.read_csv(demo_folder() / "measurements.csv")
    table = table[table["day"].astype(str) == DAY.replace("-", "")]
    table.index = pd.to_datetime(DAY) + pd.to_timedelta(table["hour"] - 1, unit="h")
    return table


def run_demo(
    out: Path,
    phase: Phase,
    *,
    pictures: bool = True,
    execution: ExecutionConfig | None = None,
) -> DemoRun:
    """Run the bundled day and draw it.

    Parameters
    ----------
    out
        Folder for GeoTIFFs, pictures and the prepared surface; an earlier run in it is replaced.
    phase
        Gives a progress callback for a named phase.
    pictures
        Draw PNG maps (needs matplotlib).
    execution
        Wishes about hardware.

    Returns
    -------
    DemoRun
        The summary and the files drawn.

    Raises
    ------
    ConfigurationError
        The folder cannot be written, matplotlib is missing, or a GPU is demanded and there is none.
    """
    folder = demo_folder()
    surface = demo_surface(out / "surface", phase("Preparing the surface"), execution)
    summary = calculate(
        surface,
        demo_weather(),
        Location.from_surface(surface, utc_offset=UTC_OFFSET),
        output_dir=out,
        config=ModelConfig(human=HumanParams(abs_l=ABS_L)),
        outputs=["tmrt", "utci", "shadow", "attribution"],
        pois=folder / "poi.geojson",
        progress_callback=phase("Running the day"),
        overwrite=True,
        execution=execution,
    )
    if not pictures:
        return DemoRun(summary, [])
    note = f"wind set to {WIND:g} m/s"
    plots = out / "plots"
    assert summary.pois is not None
    first = summary.pois.iloc[0]
    point = (float(first["x"]), float(first["y"]), "Station")
    files = draw_run(summary, surface, plots, place=PLACE, wind_note=note, point=point)
    files += draw_curves(summary, plots, place=PLACE, measured=demo_measurements(), wind_note=note)
    return DemoRun(summary, files)
