"""Measurements of a mast: a CSV file to checked columns."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from solweig.errors import MastDataError
from solweig.messages import argument
from solweig.typing import F64
from solweig.validation.quantities import K_SIDES, QUANTITIES
from solweig.weather.sun import bounds_of_steps
from solweig.weather.values import STAMPS

__all__ = ["Mast", "read_mast"]

_MISSING = -900.0
_TIME = ("time", "datetime", "timestamp", "datetimelocal", "timeutc")
_DATE = ("day", "date")
_YEAR, _DAY_OF_YEAR = ("iy", "year"), ("id", "doy", "dayofyear")
_HOUR, _MINUTE = ("hour", "it"), ("minute", "imin")


@dataclass(frozen=True, eq=False)
class Mast:
    """What a mast measured.

    Parameters
    ----------
    name
        Of its file.
    times
        Stamps on the clock of the weather, strictly increasing, ``datetime64[ns]``, shape ``[n]``.
    minutes
        Length of the interval each row stands for.
    columns
        Measured values by the names of ``QUANTITIES``, ``[n]``, NaN where nothing was logged.
    stamp
        What the stamps mark, where that is known.
    """

    name: str
    times: NDArray[np.datetime64]
    minutes: float
    columns: dict[str, F64]
    stamp: str | None = None

    def __len__(self) -> int:
        return len(self.times)

    def bounds(self, stamp: str) -> NDArray[np.datetime64]:
        """Beginning and end of each row's interval.

        Parameters
        ----------
        stamp
            What the stamps are taken to mark: ``"end"``, ``"centre"`` or ``"start"``.

        Returns
        -------
        NDArray[np.datetime64]
            ``[n, 2]``, on the clock of the stamps.
        """
        return bounds_of_steps(self.times, self.minutes, stamp)

    def days(self) -> list[np.datetime64]:
        """The days on which it measured.

        Returns
        -------
        list[np.datetime64]
            In order.
        """
        return list(np.unique(self.times.astype("datetime64[D]")))


def read_mast(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    day: str | dt.date | None = None,
    timestep_minutes: float | None = None,
    stamp: str | None = None,
    utc_offset: float | None = None,
    weather_utc_offset: float | None = None,
) -> Mast:
    """Read a table of measurements.

    Times are one column (``time``), or ``date`` and ``hour``, or ``year``, ``doy`` and ``hour``, or
    ``hour`` alone with ``day``. Any of Tmrt and the fluxes up, down and from four sides may be
    there; -999 is missing.

    Parameters
    ----------
    path
        CSV file, separated by commas, semicolons or tabs.
    columns
        The file's column by quantity, ``{"Tmrt": "MRT_C", "time": "TIMESTAMP"}``, where it is not
        known by its name.
    day
        Keep this day only; where the file holds no date, the day it is of.
    timestep_minutes
        What a row stands for [min]; left out, the usual spacing of the rows.
    stamp
        What the stamps mark, ``"end"``, ``"centre"`` or ``"start"``; ``None``: to be found.
    utc_offset, weather_utc_offset
        Hours the clocks of the mast and of the weather are ahead of UTC; left out, they are the
        same. Stamps with a time zone need the second only.

    Returns
    -------
    Mast
        Checked, on the weather's clock.

    Raises
    ------
    FileNotFoundError
        No such file.
    MastDataError
        No table, no times, no quantity, a column that is not there, values out of range or in
        another unit, times out of order, rows nearer than what they stand for.
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"mast: no file {source}")
    if stamp is not None and stamp not in STAMPS:
        raise MastDataError("mast_stamp", "end, centre or start", repr(stamp))
    table = _table(source)
    mapping = dict(columns or {})
    _check_mapping(mapping, table)
    named, dates = _times(table, mapping, day, source.name)
    times = _on_clock(named, utc_offset, weather_utc_offset)
    found = _quantities(table, mapping, source.name)
    if day is not None:
        # By the date that is written: the hour 24 of a day is its own.
        kept = dates == np.datetime64(_as_day(day))
        if not kept.any():
            raise MastDataError("day", f"rows of {_as_day(day)}", f"none in {source.name}")
        times, found = times[kept], {name: values[kept] for name, values in found.items()}
    _check_order(times)
    minutes = _minutes(times, timestep_minutes)
    for name, values in found.items():
        _check_values(name, values, times)
    found = {name: values for name, values in found.items() if np.isfinite(values).any()}
    if not found:
        raise MastDataError("mast", "at least one measured value", f"none in {source.name}")
    return Mast(source.stem, times, minutes, found, stamp)


# ------------------------------------------------------------------ table


def _table(source: Path) -> pd.DataFrame:
    raw = source.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        raise MastDataError("mast", "a table with a header", f"{len(lines)} line(s), {source.name}")
    delimiter = max(",;\t", key=lines[0].count)
    rows = [[cell.strip() for cell in line.split(delimiter)] for line in lines]
    header = rows[0]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise MastDataError(
                "mast", f"{len(header)} columns, as the header has",
                f"{len(row)} in line {number} of {source.name}",
            )  # fmt: skip
    return pd.DataFrame(rows[1:], columns=header)


def _plain(name: str) -> str:
    """Letters and digits of a column name, without a unit in brackets."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"[\[(].*?[\])]", "", name.casefold()))


def _check_mapping(mapping: Mapping[str, str], table: pd.DataFrame) -> None:
    known = ("time", *QUANTITIES)
    for name, column in mapping.items():
        if name not in known:
            raise MastDataError("columns", "names among " + ", ".join(known), repr(name))
        if column not in table.columns:
            raise MastDataError(
                "columns", f"a column of the file for {name}, among " + ", ".join(table.columns),
                repr(column),
            )  # fmt: skip


def _named(table: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The column known by one of these names."""
    found = [c for c in table.columns if _plain(c) in names]
    if len(found) > 1:
        raise MastDataError(
            "columns", "one column for each quantity", " and ".join(map(repr, found)),
            "Choose one: columns= (--columns).",
        )  # fmt: skip
    return found[0] if found else None


def _numbers(column: pd.Series[Any], what: str) -> F64:
    text = column.str.replace(",", ".", regex=False)
    blank = text.str.casefold().isin(["", "nan", "na", "n/a", "null", "-"])
    values = pd.to_numeric(text.mask(blank), errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(np.isnan(values) & ~blank.to_numpy(bool))
    if wrong.size:
        got = column.iloc[int(wrong[0])]
        raise MastDataError(what, "numbers", f"{got!r} in row {int(wrong[0]) + 1}")
    return np.where(values <= _MISSING, np.nan, values)


def _quantities(table: pd.DataFrame, mapping: Mapping[str, str], source: str) -> dict[str, F64]:
    found = {}
    for name, quantity in QUANTITIES.items():
        column = mapping.get(name) or _named(table, quantity.names)
        if column is not None:
            found[name] = _numbers(table[column], column)
    if not found:
        raise MastDataError(
            "mast", "a column of " + ", ".join(QUANTITIES), f"{', '.join(table.columns)}",
            f"Name the columns of {source}: columns={{'Tmrt': 'NAME'}} (--columns Tmrt=NAME).",
        )  # fmt: skip
    return found


# ------------------------------------------------------------------ times


def _as_day(day: str | dt.date) -> dt.date:
    text = str(day)
    try:
        return pd.Timestamp(text).date()
    except ValueError:
        raise MastDataError("day", "a date, such as 2025-07-01", repr(text)) from None


def _times(
    table: pd.DataFrame, mapping: Mapping[str, str], day: str | dt.date | None, source: str
) -> tuple[pd.DatetimeIndex, NDArray[np.datetime64]]:
    """Times, and the dates they are written under."""
    column = mapping.get("time") or _named(table, _TIME)
    if column is not None:
        times = _parsed(table[column], column)
        return times, times.tz_localize(None).to_numpy("datetime64[D]")
    hour = _named(table, _HOUR)
    first = None if hour is None else _dates(table, day)
    if hour is None or first is None:
        raise MastDataError(
            "mast", "times: a column time, or date and hour, or year, doy and hour",
            f"{', '.join(table.columns)} in {source}",
            "Name the column columns={'time': 'NAME'} (--columns time=NAME), or the day of a file "
            f"that holds hours alone {argument('day')}.",
        )  # fmt: skip
    hours = _numbers(table[hour], hour)
    minute = _named(table, _MINUTE)
    if minute is not None:
        hours = hours + _numbers(table[minute], minute) / 60.0
    wrong = np.flatnonzero(~((hours >= 0.0) & (hours <= 24.0)))
    if wrong.size:
        raise MastDataError(hour, "hours from 0 to 24", f"{hours[wrong[0]]:g}")
    since = pd.to_timedelta(np.round(hours * 3600.0), unit="s")
    return pd.DatetimeIndex(first + since), first.to_numpy().astype("datetime64[D]")


def _dates(table: pd.DataFrame, day: str | dt.date | None) -> pd.DatetimeIndex | None:
    """The day of each row; None where neither file nor caller says it."""
    date, year, of_year = (_named(table, n) for n in (_DATE, _YEAR, _DAY_OF_YEAR))
    if date is not None:
        return _parsed(table[date], date)
    if year is not None and of_year is not None:
        first = pd.to_datetime(_numbers(table[year], year).astype(int).astype(str))
        return pd.DatetimeIndex(
            first + pd.to_timedelta(_numbers(table[of_year], of_year) - 1, unit="D")
        )
    return None if day is None else pd.DatetimeIndex([pd.Timestamp(_as_day(day))] * len(table))


def _parsed(column: pd.Series[Any], name: str) -> pd.DatetimeIndex:
    compact = column.str.fullmatch(r"\d{8}").all()
    try:
        return pd.DatetimeIndex(pd.to_datetime(column, format="%Y%m%d" if compact else "ISO8601"))
    except ValueError:
        raise MastDataError(
            name, "dates and times as 2025-07-01 13:00", repr(str(column.iloc[0]))
        ) from None


def _on_clock(
    times: pd.DatetimeIndex, own: float | None, weather: float | None
) -> NDArray[np.datetime64]:
    if times.hasnans:
        raise MastDataError("time", "a date and time in every row", "none in some")
    if times.tz is not None:
        if weather is None:
            raise MastDataError(
                "weather_utc_offset", "the weather's clock, for stamps with a time zone", "nothing"
            )
        times, own = times.tz_convert("UTC").tz_localize(None), 0.0
    moved = 0.0 if own is None or weather is None else weather - own
    on_file: NDArray[np.datetime64] = times.to_numpy("datetime64[ns]")
    return on_file + np.timedelta64(round(moved * 3600), "s")


def _check_order(times: NDArray[np.datetime64]) -> None:
    wrong = np.flatnonzero(np.diff(times) <= np.timedelta64(0, "ns"))
    if wrong.size:
        i = int(wrong[0])
        a, b = times[i].astype("datetime64[m]"), times[i + 1].astype("datetime64[m]")
        raise MastDataError("time", "strictly increasing times", f"{b} after {a}")


def _minutes(times: NDArray[np.datetime64], said: float | None) -> float:
    apart = np.diff(times) / np.timedelta64(1, "m")
    if said is None:
        if not apart.size:
            raise MastDataError(
                "mast_minutes", "what a row stands for, where there is one only", "nothing"
            )
        values, counts = np.unique(apart, return_counts=True)
        said = float(values[counts.argmax()])
    if not 0.01 <= said <= 1440.0:
        raise MastDataError("mast_minutes", "0.01 to 1440 min", f"{said:g}")
    if apart.size and apart.min() < said - 1e-6:
        raise MastDataError(
            "mast_minutes", f"no more than the {apart.min():g} min between two rows", f"{said:g}"
        )
    return float(said)


# ------------------------------------------------------------------ values


def _check_values(name: str, values: F64, times: NDArray[np.datetime64]) -> None:
    known = values[np.isfinite(values)]
    if not known.size:
        return
    quantity = QUANTITIES[name]
    hint = _unit_hint(name, known)
    outside = np.isfinite(values) & ~((values >= quantity.low) & (values <= quantity.high))
    if hint or outside.any():
        worst = int(np.flatnonzero(outside)[0]) if outside.any() else int(np.nanargmax(values))
        raise MastDataError(
            name, f"{quantity.low:g} to {quantity.high:g} {quantity.unit}",
            f"{values[worst]:g} at {times[worst].astype('datetime64[m]')}", hint or None,
        )  # fmt: skip


def _unit_hint(name: str, known: F64) -> str:
    """What the values look like instead."""
    most = float(known.max())
    if name == "Tmrt":
        return "It looks like kelvin: subtract 273.15." if float(known.min()) > 180.0 else ""
    if name.startswith("K"):
        sides = name in K_SIDES or name == "Kup"
        small = known.size >= 6 and 0.05 < most < (0.6 if sides else 1.5)
        return "It looks like kW/m2: multiply by 1000." if small else ""
    if float(np.median(known)) < 80.0:
        return (
            "It looks like the net signal of the sensor: add the emission of its own body, "
            "sigma T^4."
        )
    return ""
