"""``solweig run --dry-run``: what a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from solweig.run.forecast import forecast, measure_surface
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location
from solweig.weather.series import weather_series
from solweig.weather.step import Weather

__all__ = ["Checked", "checked_only", "told"]

_LOWEST_SUN = 3.0


@dataclass
class Checked(Exception):
    """Raised where a run that passed all checks would begin its sky view."""

    surface: SurfaceData
    location: Location


@contextmanager
def checked_only(say: Callable[[Checked], None]) -> Iterator[None]:
    """Call ``say`` and leave the command where a run stops after its checks."""
    try:
        yield
    except Checked as found:
        say(found)
        raise typer.Exit from None


def told(
    found: Checked, weather: list[Weather], dsm: Path, cdsm: Path | None, **options: Any
) -> list[tuple[str, str]]:
    """Names and values to print.

    Parameters
    ----------
    found
        What was checked.
    weather
        Of the run.
    dsm, cdsm
        Files of its heights.
    options
        ``names`` of its rasters, ``folder`` of its results, ``reach`` of shadows [m],
        ``patch_option``, ``anisotropic``, ``tile_size``, ``height_unit``, ``reproject``, ``stamp``.
    """
    series = weather_series(weather, found.location, stamp=options["stamp"], gaps="allow")
    altitude = series.sun_altitudes()
    up = altitude[altitude > 0.0]
    heights = measure_surface(
        dsm, cdsm, reproject=options["reproject"], height_unit=options["height_unit"]
    )
    # What is used of the files may be a part, or resampled.
    surface = found.surface
    place = replace(heights, shape=surface.shape, pixel_size=surface.pixel_size)
    names = options["names"]
    plan = forecast(
        place,
        steps=len(weather),
        outputs=len(names),
        patch_option=options["patch_option"],
        anisotropic=options["anisotropic"],
        max_shadow_distance_m=options["reach"],
        lowest_sun_deg=max(1.0, float(up.min())) if up.size else _LOWEST_SUN,
        tile_size=options["tile_size"],
    )
    where = found.location
    return [
        ("place", f"{where.latitude:.4f}, {where.longitude:.4f}, UTC{where.utc_offset:+g} h"),
        ("weather", f"{len(weather)} steps, {int(series.daytime.sum())} by day, "
         f"{weather[0].datetime} to {weather[-1].datetime}"),
        ("rasters", ", ".join(names) or "none of steps"),
        ("results", str(options["folder"])),
        *plan.lines(),
        ("", "Everything was checked; nothing was computed or written (--dry-run)."),
    ]  # fmt: skip
