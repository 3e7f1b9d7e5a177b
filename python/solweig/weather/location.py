"""Where on earth the site is."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.messages import argument, warn_user
from solweig.rasters.files import get_raster_metadata

# A legal clock may be up to about 3 h away from the sun's (western China, summer time in Spain).
_PLAUSIBLE_HOURS = 3.5


class OnAGrid(Protocol):
    """What knows its grid and projection, such as :class:`solweig.SurfaceData`."""

    geotransform: list[float] | None
    crs: str | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""


@dataclass
class Location:
    """A site and its clock.

    Parameters
    ----------
    latitude
        -90 to 90 degrees, north positive.
    longitude
        -180 to 180 degrees, east positive.
    altitude
        Above sea level, -500 to 9000 m.
    utc_offset
        Hours the clock of the time stamps is ahead of UTC, -14 to 14; fractions are allowed. Left
        out, it is 0.

    Raises
    ------
    ConfigurationError
        A value out of its range.

    Warns
    -----
    UserWarning
        The sun's own clock is hours away from ``utc_offset``, unless that is said to be 0 (stamps
        in UTC), or differs from UTC where it is left out.

    Examples
    --------
    >>> solweig.Location(57.7, 12.0, altitude=10, utc_offset=1)
    Location(latitude=57.7, longitude=12.0, altitude=10.0, utc_offset=1.0)
    """

    latitude: float
    longitude: float
    altitude: float = 0.0
    utc_offset: float = None  # type: ignore[assignment]  # None marks "not given"; 0 afterwards
    #: Latitude and longitude as a weather file has them; what was said since goes before.
    of_file: ClassVar[tuple[float, float] | None] = None

    def __post_init__(self) -> None:
        self.latitude = in_range("latitude", self.latitude, -90, 90, "degrees north")
        self.longitude = in_range("longitude", self.longitude, -180, 180, "degrees east")
        self.altitude = in_range("altitude", self.altitude, -500, 9000, "m")
        solar = self.longitude / 15.0
        if self.utc_offset is None:
            self.utc_offset = 0.0
            if abs(solar) > 0.5:
                warn_user(
                    f"utc_offset is not given: time stamps are read as UTC, but at longitude "
                    f"{self.longitude:g} the sun's clock is {solar:+.1f} h. Give "
                    f"{argument('utc_offset')}."
                )
            return
        self.utc_offset = in_range("utc_offset", self.utc_offset, -14, 14, "hours")
        apart = (self.utc_offset - solar + 12.0) % 24.0 - 12.0
        # Stamps in UTC are usual anywhere.
        if self.utc_offset != 0 and abs(apart) > _PLAUSIBLE_HOURS:
            warn_user(
                f"utc_offset {self.utc_offset:+g} h is {abs(apart):.1f} h away from the sun's "
                f"clock at longitude {self.longitude:g} ({solar:+.1f} h). Check both."
            )

    def to_sun_position_dict(self) -> dict[str, float]:
        """Where the sun is looked at from.

        Returns
        -------
        dict[str, float]
            ``latitude`` and ``longitude`` [deg], ``altitude`` [m].
        """
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "altitude": self.altitude,
        }

    @classmethod
    def from_dsm_crs(
        cls,
        dsm_path: str | os.PathLike[str],
        utc_offset: float | None = None,
        altitude: float = 0.0,
    ) -> Location:
        """The centre of a raster, through its coordinate reference system.

        Parameters
        ----------
        dsm_path
            Any raster GDAL reads.
        utc_offset, altitude
            As in :class:`Location`: hours ahead of UTC, metres above sea level.

        Returns
        -------
        Location
            Latitude and longitude on WGS 84.

        Raises
        ------
        FileNotFoundError
            No such file.
        InvalidSurfaceData
            Not a raster, or one without a coordinate reference system.
        """
        meta = get_raster_metadata(dsm_path)
        latitude, longitude = centre_of_grid(meta["shape"], meta["geotransform"], meta["crs"])
        return cls(latitude, longitude, altitude, utc_offset)  # type: ignore[arg-type]

    @classmethod
    def from_surface(
        cls, surface: OnAGrid, utc_offset: float | None = None, altitude: float = 0.0
    ) -> Location:
        """The centre of a surface that knows its coordinate reference system.

        Parameters
        ----------
        surface
            Such as :class:`solweig.SurfaceData`.
        utc_offset, altitude
            As in :class:`Location`: hours ahead of UTC, metres above sea level.

        Returns
        -------
        Location
            Latitude and longitude on WGS 84.

        Raises
        ------
        InvalidSurfaceData
            The surface has no geotransform or coordinate reference system.
        """
        latitude, longitude = centre_of_grid(surface.shape, surface.geotransform, surface.crs)
        return cls(latitude, longitude, altitude, utc_offset)  # type: ignore[arg-type]

    @classmethod
    def from_epw(cls, path: str | os.PathLike[str]) -> Location:
        """Place and clock from the first line of an EPW file.

        A run over a surface that knows its coordinate reference system takes clock and altitude
        only: the sun is that of the surface.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Location
            With the file's altitude and hours ahead of UTC.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            The first line is not an EPW location.
        """
        from solweig.weather.readers.epw import read_place  # pandas takes its time

        place = read_place(path)
        found = cls(place["latitude"], place["longitude"], place["altitude"], place["TZ"])
        # Not the class's, though the type checker takes it for that.
        vars(found)["of_file"] = (found.latitude, found.longitude)
        return found


def centre_of_grid(shape: tuple[int, int], geotransform: Any, crs: Any) -> tuple[float, float]:
    """Latitude and longitude of the centre of a grid, on WGS 84.

    Parameters
    ----------
    shape
        Rows and columns.
    geotransform
        Six numbers in GDAL's order.
    crs
        Anything pyproj understands.

    Raises
    ------
    InvalidSurfaceData
        No geotransform, no coordinate reference system or an unknown one, or no place on earth.
    """
    hint = (
        f"Give Location(latitude, longitude), {argument('latitude')} and {argument('longitude')}."
    )
    if crs is None or not str(crs):
        raise InvalidSurfaceData("crs", "a coordinate reference system", "none", hint)
    if geotransform is None:
        raise InvalidSurfaceData("geotransform", "six numbers", "none", hint)
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError

    rows, cols = shape
    x0, dx, rx, y0, ry, dy = (float(v) for v in geotransform)
    x = x0 + cols / 2 * dx + rows / 2 * rx
    y = y0 + cols / 2 * ry + rows / 2 * dy
    try:
        to_degrees = Transformer.from_crs(CRS.from_user_input(crs), 4326, always_xy=True)
    except CRSError as error:
        raise InvalidSurfaceData("crs", "a known CRS", str(crs)[:80], hint) from error
    longitude, latitude = to_degrees.transform(x, y)
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise InvalidSurfaceData("geotransform", "a place on earth", f"x {x:g}, y {y:g}", hint)
    return float(latitude), float(longitude)


def in_range(name: str, value: Any, low: float, high: float, unit: str) -> float:
    """A number of a field, checked.

    Raises
    ------
    ConfigurationError
        Not a number from ``low`` to ``high``.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:
        raise ConfigurationError(name, f"{low:g} to {high:g} {unit}", repr(value))
    return number
