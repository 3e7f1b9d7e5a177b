"""Where a run takes place: what the call says, what the raster knows, what a weather file says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from solweig.errors import InvalidSurfaceData
from solweig.surface.data import SurfaceData
from solweig.weather.location import Location, centre_of_grid
from solweig.weather.step import Weather
from solweig.weather.values import Origin

__all__ = ["RunPlace", "place_of"]

log = logging.getLogger("solweig")


@dataclass(frozen=True)
class RunPlace:
    """Place and clock of a run, and what they are checked against.

    Parameters
    ----------
    location
        Where the sun is looked at from.
    origin
        Where the weather's file says it is from.
    raster
        Latitude and longitude of the surface's centre; None where it does not know them.
    """

    location: Location
    origin: Origin | None
    raster: tuple[float, float] | None


def place_of(
    surface: SurfaceData, weather: Weather | Sequence[Weather], location: Location | None
) -> RunPlace:
    """Settle place and clock.

    What was said goes before all. A weather file gives its clock and altitude; its latitude and
    longitude only where the raster knows none, because the sun is the raster's.

    Raises
    ------
    InvalidSurfaceData
        Nothing says where it is.
    """
    steps = [weather] if isinstance(weather, Weather) else weather
    origin = steps[0].origin if steps and isinstance(steps[0], Weather) else None
    raster = None
    try:
        raster = centre_of_grid(surface.shape, surface.geotransform, surface.crs)
    except InvalidSurfaceData:
        if location is None and origin is None:
            raise
    if location is not None:
        of_file = location.of_file == (location.latitude, location.longitude)
        if of_file and raster is not None:
            log.info("location: clock and altitude are the weather file's, the sun the raster's")
            location = replace(location, latitude=raster[0], longitude=raster[1])
    elif origin is not None:
        latitude, longitude = raster or (origin.latitude, origin.longitude)
        log.info("location: clock and altitude are those of %s", origin.name)
        location = Location(latitude, longitude, origin.altitude, origin.utc_offset)
    else:
        location = Location.from_surface(surface)
    return RunPlace(location, origin, raster)
