"""Meteonorm: answers of its service (JSON). EPW, TMY3 and columns of it have other readers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.weather.readers import air, frames
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.sources import FileName, local_files
from solweig.weather.readers.text import read_text
from solweig.weather.readers.utc_rows import rows_on_clock
from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.readers.years import in_one_year

_NAMES = {
    "ta": ("temperature",), "td": ("dew_point_temperature",), "rh": ("relative_humidity",),
    "global_rad": ("global_horizontal_irradiance",),
    "direct_rad": ("direct_normal_irradiance",),
    "diffuse_rad": ("diffuse_horizontal_irradiance",),
    "longwave_down": ("longwave_downward_irradiance", "longwave_irradiance_incoming"),
    "ws": ("wind_speed",), "wind_direction": ("wind_direction",),
    "pressure": ("air_pressure", "surface_air_pressure", "pressure"),
}  # fmt: skip
_WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
_KEYS = ("start_times", "end_times", "values", "meta")


def is_meteonorm(text: str) -> bool:
    """Whether a text is an answer of Meteonorm's service."""
    return text.lstrip().startswith("{") and all(f'"{key}"' in text for key in _KEYS)


def read_meteonorm(
    path: FileName, wanted: Wanted, *, year: int | None = None, utc_offset: float = 0.0
) -> Rows:
    """See :meth:`solweig.Weather.from_file`."""
    with local_files(path) as files:
        if len(files) != 1:
            raise WeatherDataError("meteonorm", "one file", f"{len(files)}")
        text, name = read_text(files[0]), files[0].name
    begins, ends, values, site = _parsed(text, name, utc_offset)
    minutes = np.asarray((ends - begins) / pd.Timedelta(minutes=1), np.float64)
    notes = []
    if len(np.unique(begins.year)) > 2 or year is not None:
        # A typical year is of months from several; rows of measured years follow each other.
        begins = in_one_year(begins, year, wanted.start, name)
        notes.append(f"rows of a typical year, dated {begins[0].year}")
        ends = begins + pd.to_timedelta(minutes, unit="min")
    frame = _quantities(values, name).set_axis(ends, axis=0)
    kept = ends.notna()
    return rows_on_clock(
        frame[kept], minutes[kept], site, wanted, stamp="end", source=name,
        place=(site.latitude, site.longitude), kind="Meteonorm: means of intervals", notes=notes,
    )  # fmt: skip


def _parsed(
    text: str, source: str, utc_offset: float
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex, dict[str, Any], Site]:
    """Intervals in UTC, values by their names, place.

    Raises
    ------
    WeatherDataError
        Not a whole answer.
    """
    try:
        answer = json.loads(text)
        begins, ends = (
            pd.DatetimeIndex(pd.to_datetime(answer[key], utc=True, format="ISO8601"))
            .tz_localize(None).as_unit("ns")
            for key in ("start_times", "end_times")
        )  # fmt: skip
        values = {str(k): v for k, v in answer["values"].items() if v is not None}
        place = answer["meta"]
        height = float(place.get("altitude", place.get("elevation", 0.0)) or 0.0)
        site = Site(float(place["lat"]), float(place["lon"]), height, utc_offset)
        sound = len(begins) > 0 and len(begins) == len(ends)
        sound = sound and not (begins.hasnans or ends.hasnans) and bool((ends > begins).all())
        sound = sound and all(len(v) == len(begins) for v in values.values())
    except _WRONG as error:
        raise WeatherDataError(
            source, "a whole answer of Meteonorm (JSON)", " ".join(repr(error).split())[:120]
        ) from error
    if not sound:
        raise WeatherDataError(source, "a value for every interval", "lists of other lengths")
    return begins, ends, values, site


def _quantities(values: dict[str, Any], source: str) -> pd.DataFrame:
    """Our columns in our units, which are Meteonorm's."""
    columns: dict[str, Any] = {}
    for ours, names in _NAMES.items():
        theirs = next((name for name in names if name in values), None)
        if theirs is not None:
            try:
                columns[ours] = np.array(values[theirs], np.float64)
            except (TypeError, ValueError, OverflowError) as error:
                raise WeatherDataError(ours, "numbers", str(error)[:80], f"In {source}.") from None
    if "rh" not in columns and {"ta", "td"} <= set(columns):
        vapour = air.saturation_pressure(columns["td"])
        columns["rh"] = air.relative_humidity(vapour, columns["ta"])
    columns.pop("td", None)
    missing = [name for name in frames.REQUIRED if name not in columns]
    if missing:
        raise WeatherDataError(
            missing[0], " or ".join(_NAMES[missing[0]]), f"only {', '.join(values)}",
            f"In {source}; request it too.",
        )  # fmt: skip
    return pd.DataFrame(columns).reindex(columns=[*frames.COLUMNS, "wind_direction"])
