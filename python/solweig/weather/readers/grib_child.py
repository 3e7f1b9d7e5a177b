"""What :mod:`solweig.weather.readers.era5_grib` runs in a process of its own: ecCodes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from solweig.errors import WeatherDataError
from solweig.weather.readers.era5_names import NAMES, SUMS
from solweig.weather.readers.grids import Spot, spacings, spot_on_axes
from solweig.weather.readers.wanted import Site

_SHORT = {name.lower(): short for short, names in NAMES.items() for name in (short, *names)}
_MISSING = 9.999e20


def main() -> None:
    """Read what standard input asks for, write what was found to standard output, as JSON."""
    asked = json.load(sys.stdin)
    try:
        answer = _point(Path(asked["path"]), Site(*asked["site"]), asked["method"])
    except WeatherDataError as error:
        told = {"field": error.field, "expected": error.expected, "got": error.got}
        answer = {"error": {**told, "hint": error.hint}}
    json.dump(answer, sys.stdout)


def _point(path: Path, site: Site, method: str) -> dict[str, Any]:
    """Values of each quantity by time, and the cells they are of.

    Raises
    ------
    WeatherDataError
        Not such a file, a place outside its grid, a grid that is not of latitudes and longitudes.
    """
    import eccodes

    found: dict[str, dict[str, float]] = {}
    grid: _Grid | None = None
    since_midnight = False
    other: set[str] = set()
    try:
        for message in _messages(path):
            name = str(message.get("shortName"))
            short = _SHORT.get(name.lower())
            if short is None:
                other.add(name)
                continue
            if message.get("numberOfForecastsInEnsemble", 0) > 1:
                raise WeatherDataError(path.name, "one run of the model", "an ensemble")
            if grid is None or grid.key != message.get("md5GridSection"):
                if grid is not None:
                    raise WeatherDataError(path.name, "one grid", "several")
                grid = _Grid(message, site, method, path.name)
            found.setdefault(short, {})[_valid(message)] = grid.value(message)
            if short in SUMS and message.get("startStep", 0) == 0:
                since_midnight |= message.get("endStep", 0) > 1
    except eccodes.CodesInternalError as error:
        raise WeatherDataError(path.name, "whole GRIB messages", str(error)) from error
    if grid is None:
        held = ", ".join(sorted(other)[:12]) or "no messages"
        raise WeatherDataError(path.name, "variables of ERA5, such as 2t and ssrd", held)
    return {
        "values": found, "spot": asdict(grid.spot), "spacing": grid.spacing,
        "since_midnight": since_midnight,
    }  # fmt: skip


class _Message:
    """One message, open."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle

    def get(self, key: str, otherwise: Any = None) -> Any:
        """A key, or what stands for one that the message does not have."""
        import eccodes

        try:
            return eccodes.codes_get(self.handle, key)
        except eccodes.KeyValueNotFoundError:
            return otherwise

    def array(self, key: str) -> Any:
        """An array of numbers."""
        import eccodes

        return np.asarray(eccodes.codes_get_array(self.handle, key), np.float64)

    def at(self, indices: list[int]) -> list[float]:
        """Values of some points; NaN where the bitmap has none."""
        import eccodes

        eccodes.codes_set(self.handle, "missingValue", _MISSING)
        values = eccodes.codes_get_double_elements(self.handle, "values", indices)
        return [np.nan if value == _MISSING else float(value) for value in values]


@contextmanager
def _released(handle: Any) -> Iterator[_Message]:
    import eccodes

    try:
        yield _Message(handle)
    finally:
        eccodes.codes_release(handle)


def _messages(path: Path) -> Iterator[_Message]:
    import eccodes

    with path.open("rb") as file:
        while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
            with _released(handle) as message:
                yield message


class _Grid:
    """The points of a grid that stand for a place."""

    def __init__(self, message: _Message, site: Site, method: str, source: str) -> None:
        kind = message.get("gridType")
        if kind != "regular_ll":
            raise WeatherDataError(
                source, "a regular grid of latitudes and longitudes", repr(kind),
                "Request it with a grid, such as 0.25/0.25.",
            )  # fmt: skip
        self.key = message.get("md5GridSection")
        latitudes, longitudes = (message.array(f"distinct{n}") for n in ("Latitudes", "Longitudes"))
        # Of every point, whatever the order in which the values lie.
        self._north, self._east = message.array("latitudes"), message.array("longitudes")
        self._axes = (latitudes, longitudes)
        self.spacing = spacings(latitudes, longitudes)
        self.spot: Spot = spot_on_axes(
            latitudes, longitudes, site, method,
            lambda row, column: bool(np.isfinite(message.at([self._index(row, column)])[0])),
            source,
        )  # fmt: skip
        cells = zip(self.spot.rows, self.spot.columns, strict=True)
        self.indices = [self._index(row, column) for row, column in cells]

    def _index(self, row: int, column: int) -> int:
        north, east = self._axes[0][row], self._axes[1][column]
        hit = (np.abs(self._north - north) < 1e-6) & (np.abs(self._east - east) < 1e-6)
        return int(np.flatnonzero(hit)[0])

    def value(self, message: _Message) -> float:
        """Weighted over the points of the spot."""
        values = message.at(self.indices)
        return float(np.dot(self.spot.weights, values))


def _valid(message: _Message) -> str:
    """The time a message is valid at; of a sum its end."""
    date, time = int(message.get("validityDate")), int(message.get("validityTime"))
    day = f"{date // 10000:04d}-{date // 100 % 100:02d}-{date % 100:02d}"
    return f"{day}T{time // 100:02d}:{time % 100:02d}"
