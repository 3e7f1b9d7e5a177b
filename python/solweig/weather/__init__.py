"""Weather: one step, a checked series with its sun, the readers of files, and the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.weather.location import Location as Location
    from solweig.weather.step import Weather as Weather

__all__ = ["Location", "Weather"]

__getattr__, __dir__ = on_first_use(
    __name__,
    {"Location": "solweig.weather.location", "Weather": "solweig.weather.step"},
)
