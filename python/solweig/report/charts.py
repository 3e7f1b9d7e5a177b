"""Charts that stretch: shapes scale with the page, letters do not, and colours follow its theme.

A picture of fixed size would not be readable at the width of a telephone, nor by night.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solweig.report.words import escaped, number

__all__ = ["Line", "bars", "digits_of", "lines", "ticks_within"]

Values = NDArray[np.float64]

MOST_STEPS = 800
"""Of a line; more could not be told apart, and would make a page large."""


@dataclass(frozen=True)
class Line:
    """A series of a chart.

    Attributes
    ----------
    label
        In the legend.
    values
        One a step, NaN where there is none.
    ink
        Number of its colour and dashes on the page, 1 to 6.
    """

    label: str
    values: Values
    ink: int


def lines(
    series: Sequence[Line],
    bounds: NDArray[np.datetime64],
    *,
    title: str,
    unit: str,
    night: NDArray[np.bool_] | None = None,
    zero: bool = False,
) -> str:
    """A chart of lines over time; a step is level over the interval it stands for.

    Parameters
    ----------
    series
        At least one; those without a value are left out.
    bounds
        Beginning and end of every step, ``[n, 2]``.
    title
        Above it, and what those who cannot see it are told.
    unit
        Of the values.
    night
        Steps without sun are shaded.
    zero
        The axis goes down to 0.
    """
    apart = math.ceil(len(bounds) / MOST_STEPS)
    if apart > 1:
        title = f"{title}, means of {apart} steps"
        series = [replace(one, values=_thinned(one.values, apart)) for one in series]
        ends = np.minimum(np.arange(0, len(bounds), apart) + apart, len(bounds)) - 1
        bounds = np.stack([bounds[::apart, 0], bounds[ends, 1]], axis=1)
        night = None  # stripes too thin to see
    shown = [one for one in series if np.isfinite(one.values).any()]
    if not shown:
        return ""
    every = np.concatenate([one.values[np.isfinite(one.values)] for one in shown])
    low, high, ticks = _axis(min(float(every.min()), 0.0 if zero else math.inf), float(every.max()))
    begin, width = _along(bounds)
    shades = "" if night is None else _nights(begin, width, night)
    span = high - low
    paths = "".join(
        f'<path class="ink{one.ink}" d="{_steps(begin, width, (high - one.values) / span)}"/>'
        for one in shown
    )
    grid = "".join(
        f'<line x1="0" x2="1000" y1="{_at(tick, low, high)}" y2="{_at(tick, low, high)}"/>'
        for tick in ticks
    )
    told = "; ".join(
        f"{one.label} {number(float(np.nanmin(one.values)))} to "
        f"{number(float(np.nanmax(one.values)))} {unit}"
        for one in shown
    )
    drawing = (
        f'<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" '
        f'aria-label="{escaped(f"{title}: {told}")}">{shades}<g class="grid">{grid}</g>'
        f'<g class="lines">{paths}</g></svg>'
    )
    legend = "".join(
        f'<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="ink{one.ink}" d="M0 4H24"/>'
        f"</svg>{escaped(one.label)}</li>"
        for one in shown
    )
    heading = f"{title} [{unit}]" if unit else title
    return (
        f'<figure class="chart"><figcaption>{escaped(heading)}</figcaption>'
        f'<ul class="key">{legend}</ul>{_frame(drawing, ticks, low, high, bounds)}</figure>'
    )


def bars(
    shares: Values,
    labels: Sequence[str],
    colours: Sequence[str],
    bounds: NDArray[np.datetime64] | None,
    frames: Sequence[str],
    *,
    title: str,
) -> str:
    """Stacked bars of shares that sum to 1, one a step.

    Parameters
    ----------
    shares
        ``[step, class]``.
    labels, colours
        Of the classes, from below to above.
    bounds
        Beginning and end of every step, ``[n, 2]``; None: bars of equal width, of the hours of a
        day.
    frames
        Name of every step.
    title
        Above it, and what those who cannot see it are told.
    """
    count = len(shares)
    if bounds is None:
        begin, width = np.arange(count) * 1000.0 / count, np.full(count, 1000.0 / count)
    else:
        begin, width = _along(bounds)
    parts = []
    for i in range(count):
        top, wide = 1000.0, max(width[i] - 1.5, 0.5)
        told = ", ".join(
            f"{label} {share:.0%}"
            for label, share in zip(labels, shares[i], strict=True)
            if share > 0
        )
        boxes = []
        for share, colour in zip(shares[i], colours, strict=True):
            height = 1000.0 * float(np.nan_to_num(share))
            top -= height
            if height:
                boxes.append(
                    f'<rect x="{begin[i]:.2f}" y="{top:.1f}" width="{wide:.2f}" '
                    f'height="{height:.1f}" fill="{colour}"/>'
                )
        parts.append(
            f"<g><title>{escaped(frames[i])}: {escaped(told or 'no value')}</title>"
            f"{''.join(boxes)}</g>"
        )
    drawing = (
        '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" '
        f'aria-label="{escaped(title)}; the table below has the numbers">{"".join(parts)}</svg>'
    )
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    return (
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption>'
        f"{_frame(drawing, ticks, 0.0, 1.0, bounds, share=True)}</figure>"
    )


def _thinned(values: Values, apart: int) -> Values:
    """Means of so many values that follow each other; the last may be of fewer."""
    at = np.arange(0, len(values), apart)
    known = np.isfinite(values)
    counts = np.add.reduceat(known.astype(np.float64), at)
    with np.errstate(invalid="ignore"):
        found: Values = np.add.reduceat(np.where(known, values, 0.0), at) / counts
    return found


# ------------------------------------------------------------------ axes


def _frame(
    drawing: str,
    ticks: Sequence[float],
    low: float,
    high: float,
    bounds: NDArray[np.datetime64] | None,
    *,
    share: bool = False,
) -> str:
    """A drawing with letters beside and below it."""
    beside = "".join(
        f'<span style="top:{100 * (high - t) / (high - low):.2f}%">'
        f"{f'{t:.0%}' if share else number(t, digits_of(ticks))}</span>"
        for t in ticks
    )
    below = "".join(
        f'<span style="left:{at:.2f}%">{escaped(text)}</span>' for at, text in _times(bounds)
    )
    return (
        f'<div class="plot"><div class="beside" aria-hidden="true">{beside}</div>'
        f'<div class="field">{drawing}</div>'
        f'<div class="below" aria-hidden="true">{below}</div></div>'
    )


def digits_of(ticks: Sequence[float]) -> int:
    """Behind the point, of numbers that stand beside each other."""
    return next((n for n in (0, 1, 2) if all(abs(round(t, n) - t) < 1e-6 for t in ticks)), 3)


def ticks_within(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``, six at most."""
    apart = _apart(low, high)
    first, last = math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9)
    return [round(i * apart, 6) for i in range(first, last + 1)]


def _apart(low: float, high: float) -> float:
    """What ticks are apart: 1, 2 or 5 times a power of ten."""
    span = max(high - low, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next(n * power for n in (1, 2, 5, 10) if span / (n * power) <= 5.5)


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Ends and ticks of an axis that begins and ends with a tick."""
    apart = _apart(low, high)
    first, last = math.floor(low / apart + 1e-9), math.ceil(high / apart - 1e-9)
    last = max(last, first + 1)
    ticks = [round(i * apart, 6) for i in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks


def _at(value: float, low: float, high: float) -> str:
    return f"{1000 * (high - value) / (high - low):.1f}"


def _along(bounds: NDArray[np.datetime64]) -> tuple[Values, Values]:
    """Where steps begin and how wide they are, of 1000."""
    seconds = bounds.astype("datetime64[s]").astype(np.int64).astype(np.float64)
    whole = max(seconds[-1, 1] - seconds[0, 0], 1.0)
    begin = (seconds[:, 0] - seconds[0, 0]) / whole * 1000
    return begin, (seconds[:, 1] - seconds[:, 0]) / whole * 1000


def _steps(begin: Values, width: Values, down: Values) -> str:
    """A path that is level over every step, with a gap where there is no value or no step."""
    parts, last = [], math.nan
    for x, wide, y in zip(begin, width, down, strict=True):
        if math.isfinite(y):
            joined = math.isfinite(last) and abs(last - x) < 0.02
            parts.append(f"{'L' if joined else 'M'}{x:.1f} {1000 * y:.1f}H{x + wide:.1f}")
            last = x + wide
        else:
            last = math.nan
    return "".join(parts)


def _nights(begin: Values, width: Values, night: NDArray[np.bool_]) -> str:
    boxes = "".join(
        f'<rect x="{x:.1f}" y="0" width="{wide + 0.3:.1f}" height="1000"/>'
        for x, wide, dark in zip(begin, width, night, strict=True)
        if dark
    )
    return f'<g class="night">{boxes}</g>'


def _times(bounds: NDArray[np.datetime64] | None) -> list[tuple[float, str]]:
    """Places along the axis [%] and what stands there: hours of a day, else days."""
    if bounds is None:
        return [(100 * h / 24, f"{h:02d}:00") for h in range(0, 24, 6)]
    first, last = bounds[0, 0].astype("datetime64[m]"), bounds[-1, 1].astype("datetime64[m]")
    minutes = max(int((last - first).astype(int)), 1)
    day = first.astype("datetime64[D]").astype("datetime64[m]")
    apart = next((a for a in _APART if minutes / a <= 6.5), 0)
    if not apart:
        apart = 1440 * math.ceil(minutes / 1440 / 6)
    found = []
    at = day
    while at <= last:
        if at >= first:
            when = at.item()
            text = f"{when:%H:%M}" if apart < 1440 else f"{when.day} {when:%b}"
            if minutes > 2880 and apart < 1440 and when.hour == 0:
                text = f"{when.day} {when:%b}"
            found.append((100 * int((at - first).astype(int)) / minutes, text))
        at = at + np.timedelta64(apart, "m")
    return found


_APART = (10, 30, 60, 120, 180, 240, 360, 720, 1440, 2880)
"""What ticks of time may be apart [min]."""
