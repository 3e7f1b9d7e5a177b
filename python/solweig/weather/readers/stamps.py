"""Time stamps of a table: one column, a date and a time, or numbers."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.dates import parse_datetime
from solweig.weather.readers.delimited import Table

_ZONE = r"(?:Z|[+-]\d{2}:?\d{2})$"
_LIMITS = {"year": (1700, 2300), "month": (1, 12), "day": (1, 31), "day_of_year": (1, 366),
           "hour": (0, 24), "minute": (0, 59)}  # fmt: skip


def stamps_of(table: Table, formats: tuple[str, ...], year: int | None) -> pd.DatetimeIndex:
    """The stamp of each row, with a time zone where the file writes one.

    Parameters
    ----------
    table
        The file.
    formats
        As ``strptime`` has them, tried before ISO 8601.
    year
        Of rows that name none.

    Raises
    ------
    WeatherDataError
        Words that are no time, or parts of a time that are missing or out of range.
    """
    words = table.words
    if "datetime" in words:
        return _of_words(words["datetime"].str.strip(), formats, table)
    if "date" in words and "time" in words:
        return _of_words(
            words["date"].str.strip() + " " + words["time"].str.strip(), formats, table
        )
    if "date" in words:
        return _of_words(words["date"].str.strip(), (), table) + _since_midnight(table)
    if {"month", "day"} <= set(words) or "day_of_year" in words:
        return _of_numbers(table, year)
    raise WeatherDataError(
        table.name, "a time in every row: a column datetime, date and time, or year, month, day "
        "and hour", ", ".join(map(str, words.columns)),
    )  # fmt: skip


def _of_words(words: pd.Series, formats: tuple[str, ...], table: Table) -> pd.DatetimeIndex:
    for form in formats:
        found = pd.to_datetime(words, format=form, errors="coerce")
        if not found.isna().any():
            return _in_range(found, table)
    if formats:
        wrong = int(np.flatnonzero(found.isna().to_numpy())[0])
        raise WeatherDataError(
            "datetime", " or ".join(formats), repr(words.iloc[wrong]),
            f"In {table.name}, line {table.lines[wrong]}.",
        )  # fmt: skip
    zoned = words.str.contains(_ZONE)
    if zoned.any() and not zoned.all():
        raise WeatherDataError(
            "datetime", "all stamps with a time zone or none", "a mixture", f"In {table.name}."
        )
    _ = _one(words.iloc[0], table.lines[0], table.name)  # says what other dates could mean
    fast = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=bool(zoned.all()))
    if fast.isna().any():
        fast = pd.Series([_one(w, n, table.name) for w, n in zip(words, table.lines, strict=True)])
    return _in_range(fast, table)


def _in_range(stamps: pd.Series, table: Table) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(stamps)
    wrong = np.flatnonzero((index.year < 1700) | (index.year > 2200))
    if wrong.size:
        row = int(wrong[0])
        raise WeatherDataError(
            "datetime", "years 1700 to 2200", str(index[row]),
            f"In {table.name}, line {table.lines[row]}.",
        )  # fmt: skip
    return index.as_unit("ns")


def _one(text: str, line: int, source: str) -> dt.datetime:
    try:
        return parse_datetime(text, "datetime")
    except WeatherDataError as error:
        raise WeatherDataError(
            "datetime", error.expected, error.got, f"In {source}, line {line}. {error.hint or ''}"
        ) from None


def _number(table: Table, name: str) -> F64:
    values = table.numbers(name, ())
    low, high = _LIMITS[name]
    wrong = np.flatnonzero(~((values >= low) & (values <= high) & (values % 1 == 0)))
    if wrong.size:
        row = int(wrong[0])
        raise WeatherDataError(
            name,
            f"{low} to {high}",
            f"{values[row]:g}",
            f"In {table.name}, line {table.lines[row]}.",
        )
    return values


def _since_midnight(table: Table) -> pd.TimedeltaIndex:
    minutes = np.zeros(len(table.words))
    for name, length in (("hour", 60.0), ("minute", 1.0)):
        if name in table.words:
            minutes += length * _number(table, name)
    return pd.TimedeltaIndex(minutes.astype("timedelta64[m]").astype("timedelta64[ns]"))


def _of_numbers(table: Table, year: int | None) -> pd.DatetimeIndex:
    if "year" in table.words:
        years = _number(table, "year").astype(int)
    elif year is not None:
        years = np.full(len(table.words), year)
    else:
        raise WeatherDataError(
            table.name, "the year of its rows", "none", "year=2025 (--year 2025) says it."
        )
    if "day_of_year" in table.words and "month" not in table.words:
        begin = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        days = begin + (_number(table, "day_of_year").astype(int) - 1)
    else:
        months, day = (_number(table, name).astype(int) for name in ("month", "day"))
        begin = ((years - 1970) * 12 + months - 1).astype("datetime64[M]")
        days = begin.astype("datetime64[D]") + (day - 1)
        wrong = np.flatnonzero(days.astype("datetime64[M]") != begin)
        if wrong.size:
            row = int(wrong[0])
            raise WeatherDataError(
                "day", f"a day that month {months[row]} of {years[row]} has", f"{day[row]}",
                f"In {table.name}, line {table.lines[row]}.",
            )  # fmt: skip
    return pd.DatetimeIndex(days.astype("datetime64[ns]")) + _since_midnight(table)
