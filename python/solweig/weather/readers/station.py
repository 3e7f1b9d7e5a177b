"""Tables of stations and services as text: named columns, units, a mapping where names are own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.weather.readers import air, frames
from solweig.weather.readers.delimited import Table, read_table
from solweig.weather.readers.frames import Rows
from solweig.weather.readers.layouts import QUANTITIES, TIMES, Layout, check_names, layout_named
from solweig.weather.readers.period import select
from solweig.weather.readers.sources import Files, local_files
from solweig.weather.readers.stamps import stamps_of
from solweig.weather.readers.units import Unit, converted, unit_of
from solweig.weather.readers.utc_rows import zone
from solweig.weather.readers.wanted import Wanted

log = logging.getLogger("solweig")

MISSING = (-999.0, -9999.0, -99999.0)
_LEAST_LIGHT = -20.0
"""Readings of a dark sensor down to here are its offset [W m-2]."""
_UTC = ("UTC", "GMT", "Z")


def read_csv(
    paths: Files,
    wanted: Wanted,
    *,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    time_format: str | None = None,
    missing: Sequence[float] = MISSING,
    year: int | None = None,
    utc_offset: float | None = None,
    altitude: float | None = None,
    minutes: float | None = None,
    stamp: str | None = None,
) -> Rows:
    """See :meth:`solweig.Weather.from_csv`."""
    chosen = layout_named(layout)
    check_names("columns", columns, (*TIMES, *QUANTITIES))
    check_names("units", units, QUANTITIES)
    formats = (time_format,) if time_format is not None else chosen.time_format
    with local_files(paths) as files:
        several = len(files) > 1
        tables = [read_table(file, chosen, columns or {}, partial=several) for file in files]
    source = tables[0].name + ("" if len(tables) == 1 else f" and {len(tables) - 1} more")
    _require_all(tables, columns or {}, source)
    frame = _together([_numbers(table, formats, tuple(missing), year) for table in tables], source)
    frames.require_order(frame, source)
    frame, offset = _own_clock(frame, tables, utc_offset, chosen)
    said = minutes if minutes is not None else chosen.minutes
    steps, known = frames.lengths(frame, said, source)
    frame, notes = _converted(frame, tables, chosen, units or {}, steps, source)
    frame = _quantities(frame, altitude, source)
    frame["minutes"] = steps
    frame = select(frame, wanted.start, wanted.end, wanted.hours, source, offset)
    steps = frame.pop("minutes").to_numpy(dtype=np.float64)
    frames.fill_missing(frame, wanted.fill, frames.REQUIRED, source)
    frames.log_missing(frame, source)
    if offset is not None:
        frame.index = pd.DatetimeIndex(frame.index).tz_localize(zone(offset))
    kind = f"table, layout {layout}" if layout else "table of named columns"
    return Rows(frame, steps, known, stamp or chosen.stamp, None, kind, tuple(notes))


# ------------------------------------------------------------------ files together


def _require_all(tables: Sequence[Table], columns: Mapping[str, str], source: str) -> None:
    for ours, theirs in columns.items():
        if not any(ours in table.words for table in tables):
            raise WeatherDataError(source, f"a column {theirs!r}", "none of that name")


def _numbers(
    table: Table, formats: tuple[str, ...], missing: tuple[float, ...], year: int | None
) -> pd.DataFrame:
    """Quantities as the file writes them, by their stamps."""
    frame = pd.DataFrame(index=stamps_of(table, formats, year))
    for name in table.words:
        if name in QUANTITIES:
            frame[name] = table.numbers(str(name), missing)
    frames.require_order(frame, table.name)
    return frame


def _together(parts: Sequence[pd.DataFrame], source: str) -> pd.DataFrame:
    """Files of other times one after the other, of other quantities side by side."""
    found = parts[0]
    for part in parts[1:]:
        if (_stamps(found).tz is None) != (_stamps(part).tz is None):
            raise WeatherDataError("datetime", "all stamps with a time zone or none", "a mixture")
        both = set(found.columns) & set(part.columns)
        repeated = len(found.index.intersection(part.index))
        if both and repeated:
            log.info("%s: %d time(s) are in two files; the first counts", source, repeated)
        if not both and not repeated:
            raise WeatherDataError(
                source, "files of several quantities that share their stamps",
                f"{found.index[0]}, ... and {part.index[0]}, ...",
                "Bring them to the same stamps first.",
            )  # fmt: skip
        found = found.combine_first(part)
    return found.sort_index()


def _stamps(frame: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(frame.index)


def _own_clock(
    frame: pd.DataFrame, tables: Sequence[Table], said: float | None, layout: Layout
) -> tuple[pd.DataFrame, float | None]:
    """Stamps without a time zone, and how far their clock is ahead of UTC where it is known."""
    utc = any(table.units.get("datetime", "").strip().upper() in _UTC for table in tables)
    offset = said if said is not None else layout.utc_offset
    if _stamps(frame).tz is not None:
        offset = said if said is not None else 0.0
        moved = _stamps(frame).tz_convert(zone(offset)).tz_localize(None)
        return frame.set_axis(moved, axis=0), offset
    return frame, 0.0 if offset is None and utc else offset


# ------------------------------------------------------------------ quantities


def _converted(
    frame: pd.DataFrame, tables: Sequence[Table], layout: Layout, said: Mapping[str, str],
    minutes: F64, source: str,
) -> tuple[pd.DataFrame, list[str]]:  # fmt: skip
    """Values in our units, and what was understood of each column."""
    found = pd.DataFrame(index=frame.index)
    notes = []
    for column in frame.columns:
        name = str(column)
        table = next(table for table in tables if name in table.words)
        text = said.get(name) or table.units.get(name) or layout.units.get(name) or ""
        unit = unit_of(name, text, source) if text else Unit()
        found[name] = converted(frame[name].to_numpy(dtype=np.float64), unit, minutes)
        notes.append(f"{name}: column {table.headers[name]!r}, {text or 'in our unit'}")
    return found, notes


def _quantities(table: pd.DataFrame, altitude: float | None, source: str) -> pd.DataFrame:
    """Our columns, what follows from others with them."""
    frame = pd.DataFrame(index=table.index, columns=list(frames.COLUMNS), dtype=np.float64)
    for name in frames.COLUMNS:
        if name in table:
            frame[name] = table[name]
    values = {str(name): table[name].to_numpy(dtype=np.float64) for name in table.columns}
    if "rh" not in values and {"ta", "td"} <= set(values):
        frame["rh"] = air.relative_humidity(air.saturation_pressure(values["td"]), values["ta"])
    if "ws" not in values and {"wind_east", "wind_north"} <= set(values):
        frame["ws"], frame["wind_direction"] = air.wind(values["wind_east"], values["wind_north"])
    if "wind_direction" in values:
        frame["wind_direction"] = values["wind_direction"]
    if "pressure" not in values and "pressure_sea" in values:
        frame["pressure"] = _at_height(values["pressure_sea"], altitude, source)
    for name in ("global_rad", "direct_rad", "diffuse_rad"):
        frame[name] = _without_offset(frame[name].to_numpy(dtype=np.float64), name, source)
    if "direct_horizontal_rad" in values:
        direct = _without_offset(values["direct_horizontal_rad"], "direct_horizontal_rad", source)
        _split(frame, direct)
    missing = [name for name in frames.REQUIRED if frame[name].isna().all()]
    if {"direct_rad", "diffuse_rad"} <= set(values):
        missing = [name for name in missing if name != "global_rad"]
    if missing:
        raise WeatherDataError(
            missing[0], f"columns for {', '.join(frames.REQUIRED)}",
            f"only {', '.join(values)}, in {source}",
            f"columns={{{missing[0]!r}: 'your name'}} names one; a second file may have it.",
        )  # fmt: skip
    return frame


def _split(frame: pd.DataFrame, direct: F64) -> None:
    """What a direct radiation on the horizontal says of the two others, in place."""
    if frame["diffuse_rad"].isna().all():
        frame["diffuse_rad"] = np.maximum(frame["global_rad"] - direct, 0.0)
    elif frame["global_rad"].isna().all():
        frame["global_rad"] = frame["diffuse_rad"] + direct


def _without_offset(values: F64, name: str, source: str) -> F64:
    """Radiation without the small negative readings of a dark sensor."""
    dark = (values < 0.0) & (values >= _LEAST_LIGHT)
    if dark.any():
        log.info("%s: %s a little below 0 in %d row(s), taken as 0", source, name, int(dark.sum()))
    return np.where(dark, 0.0, values)


def _at_height(sea_level: F64, altitude: float | None, source: str) -> F64:
    """Pressure at a height from that at sea level [hPa], in the standard atmosphere."""
    if altitude is None:
        log.warning(
            "%s: pressure is that of sea level and is left out; %s says the height of the place",
            source, argument("altitude"),
        )  # fmt: skip
        return np.full(sea_level.shape, np.nan)
    from pvlib.atmosphere import alt2pres  # pvlib takes its time

    return np.asarray(sea_level * (alt2pres(altitude) / alt2pres(0.0)), np.float64)
