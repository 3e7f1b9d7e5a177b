"""One year for rows of a typical year, whose months are taken from several."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from solweig.weather.dates import parse_bound
from solweig.weather.readers.epw_clock import a_year

log = logging.getLogger("solweig")


def in_one_year(
    begins: pd.DatetimeIndex, year: int | None, start: Any, source: str
) -> pd.DatetimeIndex:
    """The same days in one year; NaT for 29 February where it has none.

    Parameters
    ----------
    begins
        Beginnings of the rows, without a time zone.
    year
        As the caller said. ``None``: that of ``start``, else the year most rows have.
    start
        First stamp that is wanted.
    source
        For the log.
    """
    if year is None:
        said = None if start is None else parse_bound(start, "start").year
        year = said or int(np.bincount(begins.year).argmax())
        log.info("%s is composed of months of several years; all rows are dated %d", source, year)
    months = ((a_year(year) - 1970) * 12 + begins.month.to_numpy() - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (begins.day.to_numpy() - 1)
    days = np.where(days.astype("datetime64[M]") == months, days, np.datetime64("NaT"))
    return pd.DatetimeIndex(days.astype("datetime64[ns]")) + (begins - begins.normalize())
