"""Text to a table of words: where its header is, what separates, whether a row of units follows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from solweig.errors import WeatherDataError
from solweig.typing import F64
from solweig.weather.readers.layouts import TIMES, Layout
from solweig.weather.readers.text import read_text
from solweig.weather.readers.units import KNOWN, plain

_SEPARATORS = (",", ";", "\t", "|")
_MOST_HEADER = 80
_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]\s*$")
_COMMA_NUMBER = re.compile(r"-?\d+,\d+")
_MISSING = ("", "nan", "na", "n/a", "null", "none", "-", "--", "///")


@dataclass(frozen=True)
class Table:
    """A table in words.

    Attributes
    ----------
    name
        Of the file.
    words
        A column each quantity and part of the time that was found, by our names.
    units
        As the file writes them, by our names.
    headers
        As the file writes them, by our names.
    lines
        Number of each row's line.
    comma
        Whether numbers have a decimal comma.
    """

    name: str
    words: pd.DataFrame
    units: dict[str, str]
    headers: dict[str, str]
    lines: list[int]
    comma: bool

    def numbers(self, name: str, missing: tuple[float, ...]) -> F64:
        """A column as numbers, NaN where the file has none.

        Raises
        ------
        WeatherDataError
            Other words among them.
        """
        text = self.words[name].str.strip()
        if self.comma:
            text = text.str.replace(",", ".", regex=False)
        empty = text.str.lower().isin(_MISSING)
        values = pd.to_numeric(text.where(~empty), errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(np.isnan(values) & ~empty.to_numpy())
        if wrong.size:
            row = int(wrong[0])
            raise WeatherDataError(
                name, "a number in every row", repr(str(text.iloc[row])[:40]),
                f"In {self.name}, line {self.lines[row]}, column {self.headers[name]}.",
            )  # fmt: skip
        return np.where(np.isin(values, missing) | ~np.isfinite(values), np.nan, values)


def read_table(
    path: Path, layout: Layout, columns: Mapping[str, str], *, partial: bool = False
) -> Table:
    """The columns of a file that are known.

    Parameters
    ----------
    path
        The file.
    layout
        Names that columns may have.
    columns
        Ours to the file's, as the caller said; they go before the layout.
    partial
        Whether other files may have some of ``columns``.

    Raises
    ------
    WeatherDataError
        No header with a time and a quantity, a column that is not there, rows of another length.
    """
    lines = read_text(path).splitlines()
    for number, line in enumerate(lines[:_MOST_HEADER]):
        for separator in _SEPARATORS:
            cells = _split(line, separator)
            found = _known(cells, layout, columns, partial)
            if len(cells) > 1 and set(found) & set(TIMES) and set(found) & set(KNOWN):
                return _body(path.name, lines, number, separator, cells, found)
    wanted = ", ".join(map(repr, columns.values())) or "names of a time and a quantity"
    whole = "\n".join(lines[:_MOST_HEADER])
    absent = [name for name in columns.values() if name.strip() not in whole]
    first = next((line for line in lines if line.strip()), "")
    raise WeatherDataError(
        path.name, f"a header with {wanted}",
        f"no {', '.join(map(repr, absent))}" if absent else repr(first[:100]),
        "columns={'datetime': 'your name', 'ta': 'your name'} says which is which.",
    )  # fmt: skip


def _split(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _key(header: str) -> str:
    return re.sub(r"\s+", "_", header.strip().lower())


def _parts(header: str) -> tuple[str, str]:
    """Name and unit of a header such as ``Air temperature [K]``."""
    found = _BRACKETS.match(header)
    return (header, "") if found is None else (found["name"], found["unit"])


def _known(
    cells: list[str], layout: Layout, columns: Mapping[str, str], partial: bool
) -> dict[str, int]:
    """Position of each quantity and part of the time among the cells of a header."""
    by_name: dict[str, list[int]] = {}
    for i, cell in enumerate(cells):
        for name in dict.fromkeys((_key(cell), _key(_parts(cell)[0]))):
            by_name.setdefault(name, []).append(i)
    found: dict[str, int] = {}
    for ours, theirs in columns.items():
        exact = [i for i, cell in enumerate(cells) if cell == theirs.strip()]
        places = exact or by_name.get(_key(theirs), [])
        if places:
            found[ours] = places[0]
        elif not partial:
            return {}
    said_time = set(found) & set(TIMES)
    for ours, names in layout.columns.items():
        if ours in found or (ours in TIMES and said_time):
            continue
        places = [i for name in names for i in by_name.get(name, []) if i not in found.values()]
        if places:
            found[ours] = places[0]
    return found if said_time else _one_time(found, cells)


def _one_time(found: dict[str, int], cells: list[str]) -> dict[str, int]:
    """Without the columns of time that another makes needless."""
    times = {ours: i for ours, i in found.items() if ours in TIMES}
    if (
        "date" in times
        and "datetime" in times
        and _key(_parts(cells[times["datetime"]])[0]) == "time"
    ):
        kept = {"date": times["date"], "time": times["datetime"]}
    elif "datetime" in times:
        kept = {"datetime": times["datetime"]}
    elif "date" in times and "hour" in times:
        kept = {ours: times[ours] for ours in ("date", "hour", "minute") if ours in times}
    elif "date" in times:
        kept = {"datetime": times["date"]}
    else:
        kept = times
    return {**kept, **{ours: i for ours, i in found.items() if ours not in TIMES}}


def _body(
    name: str, lines: list[str], header: int, separator: str, cells: list[str],
    found: dict[str, int],
) -> Table:  # fmt: skip
    units = {ours: unit for ours, i in found.items() if (unit := _parts(cells[i])[1])}
    rows, numbers = _rows(name, lines, header, separator, len(cells), max(found.values()))
    if rows and _is_units(rows[0], found):
        units |= {ours: rows[0][i] for ours, i in found.items()
                  if ours in KNOWN and i < len(rows[0]) and rows[0][i]}  # fmt: skip
        rows, numbers = rows[1:], numbers[1:]
    if not rows:
        raise WeatherDataError(name, "rows of weather", "none")
    words = pd.DataFrame(
        {ours: pd.Series([row[i] for row in rows], dtype=object).astype(str)
         for ours, i in found.items()}
    )  # fmt: skip
    quantities = [ours for ours in found if ours in KNOWN]
    comma = separator != "," and any(
        _COMMA_NUMBER.fullmatch(value) for ours in quantities for value in words[ours].head(50)
    )
    headers = {ours: cells[i] for ours, i in found.items()}
    return Table(name, words, units, headers, numbers, comma)


def _rows(
    name: str, lines: list[str], header: int, separator: str, width: int, last: int
) -> tuple[list[list[str]], list[int]]:
    """Cells of the lines after the header, up to a blank line, and their numbers."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    text = io.StringIO("\n".join(lines[header + 1 :]))
    reader = csv.reader(text, delimiter=separator)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                if rows:
                    break  # what follows is another table or a legend
                continue
            number = header + 1 + reader.line_num
            if len(cells) <= last or len(cells) > width + 1:
                raise WeatherDataError(
                    name, f"{width} columns, as in its header", f"{len(cells)} in line {number}"
                )
            rows.append([cell.strip() for cell in cells])
            numbers.append(number)
    except csv.Error as error:
        raise WeatherDataError(name, "rows of a table", str(error)) from error
    return rows, numbers


def _is_units(row: list[str], found: dict[str, int]) -> bool:
    """Whether a row holds units: words where numbers belong, one of them a known unit."""
    held = {ours: row[i] for ours, i in found.items() if ours in KNOWN and row[i]}
    # A share has "1" or "-" for a unit, which elsewhere is a number or a missing value.
    words = {ours: text for ours, text in held.items()
             if text.lower() not in _MISSING and not (ours == "rh" and text == "1")}  # fmt: skip
    if any(_is_number(text) for text in words.values()):
        return False
    return any(plain(text) in KNOWN[ours] for ours, text in words.items())


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
