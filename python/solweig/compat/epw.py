"""The table of an EPW file, with the method that scripts convert it by."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from solweig.weather.readers import epw

__all__ = ["EpwTable", "read_epw"]


class EpwTable(pd.DataFrame):
    """A table that is a ``pandas.DataFrame`` already and can be asked for one."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def to_dataframe(self) -> pd.DataFrame:
        """The same rows as a plain ``DataFrame``.

        Returns
        -------
        pd.DataFrame
            A copy.
        """
        return pd.DataFrame(self).copy()


def read_epw(path: str | os.PathLike[str]) -> tuple[EpwTable, dict[str, Any]]:
    """All columns of an EPW file as pvlib names them, and its location.

    Missing values keep EPW's codes. :meth:`solweig.Weather.from_epw` is the reader for runs.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    table : EpwTable
        Indexed by ``datetime``: the end of each interval on the file's clock, without a time zone,
        as stamps of :class:`solweig.Weather` are.
    place : dict[str, Any]
        pvlib's, also by ``tz_offset`` [h], ``elevation`` [m] and ``state``.

    Raises
    ------
    FileNotFoundError
        No such file.
    WeatherDataError
        Not an EPW file.
    """
    frame, place = epw.read_epw(path)
    return EpwTable(frame.rename_axis("datetime")), place
