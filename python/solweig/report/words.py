"""How a page says times, numbers and quantities."""

from __future__ import annotations

import html
import math
from typing import Any

import numpy as np

from solweig.rasters.variables import attributes, label_of

__all__ = ["capital", "escaped", "interval_text", "number", "quantity_title", "time_text", "unit"]

_UNITS = {"degC": "°C", "W m-2": "W m⁻²", "1": "", "m s-1": "m s⁻¹"}


def escaped(value: Any) -> str:
    """Text for HTML, quotes too."""
    return html.escape(str(value), quote=True)


def capital(text: str) -> str:
    """With a large first letter."""
    return text[:1].upper() + text[1:]


def unit(name: str) -> str:
    """Of a variable or statistic, as pages write it; empty for shares."""
    found = attributes(name)["units"]
    return _UNITS.get(found, found)


def quantity_title(name: str) -> str:
    """A variable or statistic in words, with its short name where it has one.

    Such as ``"Tmrt, mean radiant temperature"``.
    """
    long, base = attributes(name)["long_name"].replace("degC", "°C"), name.partition("_")[0]
    short = label_of(base)
    return f"{short}, {long}" if short != base and name == base else capital(long)


def number(value: float, digits: int = 1) -> str:
    """With a real minus; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def time_text(time: np.datetime64, *, date: bool = True) -> str:
    """``1 August 2006, 14:00``; seconds only where there are some."""
    when = time.astype("datetime64[s]").item()
    clock = f"{when:%H:%M:%S}" if when.second else f"{when:%H:%M}"
    return f"{when.day} {when:%B %Y}, {clock}" if date else clock


def interval_text(begin: np.datetime64, end: np.datetime64) -> str:
    """``1 August 2006, 14:00–15:00``; midnight of the next day is 24:00."""
    first, last = (t.astype("datetime64[s]").item() for t in (begin, end))
    if last == first.replace(hour=0, minute=0, second=0) + (np.timedelta64(1, "D").item()):
        return f"{time_text(begin)}–24:00"
    if first.date() == last.date():
        return f"{time_text(begin)}–{time_text(end, date=False)}"
    return f"{time_text(begin)} to {time_text(end)}"
