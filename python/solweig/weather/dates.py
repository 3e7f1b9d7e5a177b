"""Dates and times as users write them: ISO 8601, or refused with what they could mean."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from solweig.errors import WeatherDataError
from solweig.messages import argument

_TIME = (
    r"(?:[T ]+(?P<time>\d{1,2}(?::\d{2}(?::\d{2}(?:[.,]\d+)?)?)?)\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_FORMS = (
    re.compile(r"(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})" + _TIME),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME),
    re.compile(r"(?:--)?(?P<month>\d{1,2})-(?P<day>\d{1,2})" + _TIME),
)
_LOCAL_DATE = re.compile(r"\s*(\d{1,4})[/. -](\d{1,2})[/. -](\d{1,4})(?!\d)(.*)")

ISO_HINT = "Dates are ISO 8601: 2023-08-01, 2023-08-01 13:00, 08-01 for any year."


@dataclass(frozen=True)
class Bound:
    """One end of a period, as far as it was said.

    Attributes
    ----------
    year, month, day
        ``None`` = not said: a bound may be a year, a month, a day of a year or of any year.
    time
        Of day; ``None`` = the whole day, month or year.
    """

    year: int | None
    month: int | None = None
    day: int | None = None
    time: dt.time | None = None

    @property
    def is_period(self) -> bool:
        """Whether it is a month or a year, which is a period by itself."""
        return self.day is None

    def first(self, year: int) -> dt.datetime:
        """Its first instant; ``year`` where none was said.

        Raises
        ------
        WeatherDataError
            29 February in a year without.
        """
        month, day = self.month or 1, self.day or 1
        try:
            date = dt.date(self.year or year, month, day)
        except ValueError:
            raise WeatherDataError(
                "period", f"days that {year} has", f"{month:02d}-{day:02d}",
                f"Name another day, or a leap year: {argument('year')}.",
            ) from None  # fmt: skip
        return dt.datetime.combine(date, self.time or dt.time())

    def after(self, year: int) -> dt.datetime | None:
        """The instant that follows its last day, month or year; ``None`` for a time of day."""
        if self.time is not None:
            return None
        begin = self.first(year)
        if self.day is not None:
            return begin + dt.timedelta(days=1)
        months = begin.month if self.month is not None else 12
        return begin.replace(year=begin.year + months // 12, month=months % 12 + 1)


def parse_bound(value: Any, name: str) -> Bound:
    """One end of a period from text, a year, a ``date`` or anything that is a date and time.

    Raises
    ------
    WeatherDataError
        Neither; text that is not ISO 8601 is refused with what it could mean.
    """
    if isinstance(value, str):
        return _bound_of_text(value.strip(), name)
    if isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999:
        return Bound(value)
    if hasattr(value, "to_pydatetime") and value == value:
        value = value.to_pydatetime(warn=False)
    if type(value).__module__ == "numpy" and hasattr(value, "astype"):
        value = _of_numpy(value)
    if isinstance(value, dt.datetime) and value == value:  # not NaT
        return Bound(value.year, value.month, value.day, value.timetz())
    if isinstance(value, dt.date) and value == value:
        return Bound(value.year, value.month, value.day)
    raise WeatherDataError(name, "a date or a date and time", repr(value), ISO_HINT)


def parse_datetime(text: str, name: str) -> dt.datetime:
    """A date and time from ISO text; a date alone is its midnight.

    Raises
    ------
    WeatherDataError
        Anything else.
    """
    bound = _bound_of_text(text.strip(), name)
    if bound.year is None or bound.day is None:
        raise WeatherDataError(name, "a date and time", repr(text), ISO_HINT)
    return bound.first(bound.year)


def _of_numpy(value: Any) -> Any:
    try:
        return value.astype("datetime64[us]").item()
    except (TypeError, ValueError):
        return None


def _bound_of_text(text: str, name: str) -> Bound:
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _bound_of_match(found, text, name)
    raise WeatherDataError(
        name, "a date or a date and time", repr(text), could_mean(text) or ISO_HINT
    )


def _bound_of_match(found: re.Match[str], text: str, name: str) -> Bound:
    said = found.groupdict()
    year, month, day = (int(said[k]) if said.get(k) else None for k in ("year", "month", "day"))
    try:
        time = _time(said.get("time"), said.get("zone"))
        dt.date(year or 2000, month or 1, day or 1)
    except ValueError as error:
        hint = could_mean(text) or f"{str(error).capitalize()}. {ISO_HINT}"
        raise WeatherDataError(name, "a date or a date and time", repr(text), hint) from None
    return Bound(year, month, day, time)


def _time(clock: str | None, zone: str | None) -> dt.time | None:
    if clock is None:
        return None
    hour, _, rest = clock.replace(",", ".").partition(":")
    minute, _, second = rest.partition(":")
    seconds = float(second or 0.0)
    whole = int(seconds)
    return dt.time(
        int(hour), int(minute or 0), whole, round((seconds - whole) * 1e6), tzinfo=_zone(zone)
    )


def _zone(text: str | None) -> dt.timezone | None:
    if text is None:
        return None
    if text == "Z":
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return dt.timezone(sign * dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def could_mean(text: str) -> str | None:
    """What a date that is not ISO 8601 could mean, in words; ``None`` for what is no date."""
    found = _LOCAL_DATE.fullmatch(text)
    if found is None:
        return None
    a, b, c, rest = int(found[1]), int(found[2]), int(found[3]), found[4].strip()
    if len(found[1]) == 4:
        orders = [(a, b, c)]
    elif len(found[3]) == 4:
        orders = [(c, b, a), (c, a, b)]
    else:
        orders = [(2000 + c, b, a), (2000 + c, a, b), (2000 + a, b, c)]
    dates = []
    for year, month, day in orders:
        try:
            dates.append(dt.date(year, month, day))
        except ValueError:
            continue
    if not dates:
        return None
    tail = f" {rest}" if rest else ""
    said = " or ".join(f"{d.isoformat()}{tail} ({d.day} {d:%B})" for d in dict.fromkeys(dates))
    return f"It could mean {said}. {ISO_HINT}"
