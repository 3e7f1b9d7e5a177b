"""Typical-year weather from PVGIS (European Commission, Joint Research Centre)."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from solweig.atomic import atomic_path
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.renamed import also_named
from solweig.weather.location import in_range

SERVICE = "https://re.jrc.ec.europa.eu/api/v5_3/tmy"


@also_named(latitude="lat", longitude="lon", output_path="out")
def download_epw(
    lat: float,
    lon: float,
    out: str | os.PathLike[str],
    *,
    timeout: float = 60,
    opener: Callable[..., Any] = urllib.request.urlopen,
) -> Path:
    """Download a typical meteorological year as EPW.

    PVGIS writes hours of UTC, whatever time zone the first line of the file names: the clock of
    such weather is ``utc_offset=0``.

    Parameters
    ----------
    lat
        Latitude, -90 to 90 degrees.
    lon
        Longitude, -180 to 180 degrees.
    out
        File to write, or a folder, in which ``pvgis_<lat>_<lon>.epw`` is made.
    timeout
        Seconds to wait for an answer, > 0.
    opener
        Called as ``opener(url, timeout=...)``.

    Returns
    -------
    Path
        The file written. A file of that name is replaced only by a complete download.

    Raises
    ------
    ConfigurationError
        Coordinates or timeout out of range.
    WeatherDataError
        No connection, no answer in time, no data for the place.
    OSError
        The file cannot be written.

    References
    ----------
    PVGIS, European Commission, Joint Research Centre, https://re.jrc.ec.europa.eu
    """
    lat = in_range("lat", lat, -90, 90, "degrees north")
    lon = in_range("lon", lon, -180, 180, "degrees east")
    if not timeout > 0:
        raise ConfigurationError("timeout", "more than 0 s", repr(timeout))
    target = Path(out)
    if target.is_dir():
        target = target / f"pvgis_{lat:.4f}_{lon:.4f}.epw"
    query = urllib.parse.urlencode({"lat": lat, "lon": lon, "outputformat": "epw"})
    content = _fetch(f"{SERVICE}?{query}", timeout, opener)
    if not content.startswith(b"LOCATION") or content.count(b"\n") < 8760:
        start = content[:60].decode("utf-8", "replace")
        raise WeatherDataError("download", "a year of EPW rows", repr(start), "Try again later.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)
    return target


def _fetch(url: str, timeout: float, opener: Callable[..., Any]) -> bytes:
    try:
        with opener(url, timeout=timeout) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        got = f"HTTP {error.code} ({_message(error)})"
        hint = "PVGIS has no data over the sea and towards the poles."
        raise WeatherDataError("download", "an answer from PVGIS", got, hint) from error
    except TimeoutError as error:
        raise WeatherDataError(
            "download", f"an answer within {timeout:g} s", "none", "Raise timeout or try later."
        ) from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise WeatherDataError(
            "download", "a connection to PVGIS", str(reason), "Check the network."
        ) from error


def _message(error: urllib.error.HTTPError) -> str:
    """The explanation in the body of the answer, where there is one."""
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)
