"""Parts of a page that show maps: by hour with a slider, hours above thresholds, area by class."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from solweig.rasters.georef import GeoReference
from solweig.report.charts import bars, digits_of, ticks_within
from solweig.report.collect import Frame, PageMaps, all_drawn
from solweig.report.maps import DrawnMap, LayerMaps
from solweig.report.scales import ROOF, MapScale
from solweig.report.source import ToldRun
from solweig.report.words import (
    capital,
    escaped,
    interval_text,
    number,
    quantity_title,
    unit,
)
from solweig.results.map_style import CLASSES
from solweig.results.styles import amid

__all__ = ["MOST_NAMED", "by_class", "by_hour", "over_period", "table"]

Rows = Sequence[Sequence[str]]

MOST_NAMED = 12
"""Points with a name on maps and a chart of their own."""


def table(head: Sequence[str], rows: Rows, caption: str = "") -> str:
    """Rows of escaped text under a head; the first column names the row.

    Parameters
    ----------
    head
        One a column.
    rows
        HTML of the cells.
    caption
        What those who cannot see it are told.
    """
    told = f"<caption>{escaped(caption)}</caption>" if caption else ""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    # A table that is wider than the page can be moved with the keyboard, too.
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escaped(caption or head[0])}">'
        f"<table>{told}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def details(summary: str, inner: str) -> str:
    """A part that opens when asked to."""
    return f"<details><summary>{escaped(summary)}</summary>{inner}</details>"


# ------------------------------------------------------------------ by hour


def by_hour(told: ToldRun, maps: PageMaps) -> str:
    """A slider over the steps, and a map of every quantity that follows it.

    Parameters
    ----------
    told
        The run.
    maps
        What is drawn of it; without steps there is no such part.
    """
    if not maps.by_frame:
        return ""
    labels = [frame.label for frame in maps.frames]
    first, last = maps.first, len(labels) - 1
    means = {
        name: [_number_or_none(one.layer.mean) for one in drawn]
        for name, drawn in maps.by_frame.items()
    }
    data = json.dumps({"labels": labels, "means": means}, ensure_ascii=True).replace("<", "\\u003c")
    disabled = " disabled" if last == 0 else ""
    slider = (
        '<div class="slider" role="group" aria-label="Hour of the maps">'
        f'<button type="button" data-by="-1" aria-label="One step back"{disabled}>◀</button>'
        f'<input type="range" id="hour" min="0" max="{last}" step="1" value="{first}" '
        f'aria-label="Interval of the maps" aria-valuetext="{escaped(labels[first])}"{disabled}>'
        f'<button type="button" data-by="1" aria-label="One step on"{disabled}>▶</button>'
        f'<output for="hour">{escaped(labels[first])}</output></div>'
    )
    figures = "".join(
        _figure(told, name, drawn, maps.frames, first) for name, drawn in maps.by_frame.items()
    )
    return (
        '<section id="maps" aria-labelledby="maps-title"><h2 id="maps-title">Maps by hour</h2>'
        f'<p class="note">The slider goes over {_over(told, maps)}, with the arrow keys, too. '
        f"Colours mean the same at all hours. {_resolution(told.georef, maps.factor)}</p>"
        f'{slider}<div class="maps">{figures}</div>'
        f'<script type="application/json" id="frames">{data}</script></section>'
    )


def _over(told: ToldRun, maps: PageMaps) -> str:
    if maps.frames[0].begin is None:
        return "every hour of the day"
    if all_drawn(told, maps.frames):
        return "every step"
    assert told.bounds is not None
    steps = f"{len(maps.frames)} of the {len(told.bounds)} steps"
    return f'{steps} (<a href="#checks">why these</a>)'


def _resolution(georef: GeoReference, factor: int) -> str:
    side = abs(georef.gdal[1]) * factor
    if factor == 1:
        return f"A pixel is a cell of the run, {side:g} m."
    return (
        f"A pixel is the mean of the open ground in {factor} × {factor} cells of the run, {side:g} "
        "m; areas and means are counted from every cell."
    )


def _number_or_none(value: float) -> float | None:
    # More digits than the page shows: what is rounded twice differs from what is rounded once.
    return round(value, 6) if math.isfinite(value) else None


def _figure(
    told: ToldRun,
    name: str,
    drawn: Sequence[DrawnMap],
    frames: Sequence[Frame],
    first: int,
) -> str:
    title = _heading(name)
    images = "".join(
        _image(one, _alternative(name, one.layer, frames[i].label), hidden=i != first, frame=i)
        for i, one in enumerate(drawn)
    )
    mean = number(drawn[first].layer.mean, _digits(name))
    shown = f'<span class="value" data-name="{escaped(name)}">{mean}</span>'
    measure = f" {unit(name)}" if unit(name) else ""
    return (
        f'<figure class="map"><figcaption>{escaped(title)}</figcaption>'
        f"{_sheet(told, images)}"
        f'<p class="mean">Mean of open ground: {shown}{escaped(measure)}</p>'
        f"{_legend(drawn[0].scale, drawn)}</figure>"
    )


def _heading(name: str) -> str:
    found = unit(name)
    return f"{quantity_title(name)} [{found}]" if found else quantity_title(name)


def _digits(name: str) -> int:
    return 2 if not unit(name) else 1


def _alternative(name: str, layer: LayerMaps, when: str) -> str:
    if not layer.count:
        return f"{quantity_title(name)}, {when}: no value"
    span = (number(v, _digits(name)) for v in (layer.mean, layer.low, layer.high))
    mean, low, high = span
    return f"{quantity_title(name)}, {when}: mean {mean}, from {low} to {high} {unit(name)}".strip()


def _image(one: DrawnMap, alternative: str, *, hidden: bool, frame: int | None = None) -> str:
    data = base64.b64encode(one.png).decode("ascii")
    rows, cols = one.layer.small.shape
    place = "" if frame is None else f' data-frame="{frame}"'
    gone = " hidden" if hidden else ""
    return (
        f'<img alt="{escaped(alternative)}" width="{cols}" height="{rows}"{place}{gone} '
        f'src="data:image/png;base64,{data}">'
    )


def _sheet(told: ToldRun, images: str) -> str:
    """Maps on top of each other with points, scale bar and north."""
    georef = told.georef
    rows, cols = georef.shape
    metres = cols * abs(georef.gdal[1])
    length = _nice(metres / 4)
    text = f"{length:g} m" if length < 1000 else f"{length / 1000:g} km"
    marks = "".join(
        f'<span class="point{" back" if x > 55 else ""}" style="left:{x:.2f}%;top:{y:.2f}%"><i></i>'
        f"<b>{escaped(name)}</b></span>"
        for name, x, y in _places(told)
    )
    return (
        f'<div class="sheet" style="aspect-ratio:{cols}/{rows};'
        f'width:min(100%,{80 * cols / rows:.2f}vh)">{images}{marks}'
        f'<span class="scalebar" style="width:{100 * length / metres:.2f}%">{text}</span>'
        '<span class="north" aria-hidden="true">▲<br>N</span></div>'
    )


def _nice(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return max(n for n in (1, 2, 5) if n * power <= length) * power


def _places(told: ToldRun) -> list[tuple[str, float, float]]:
    """Points of the run in hundredths of the map."""
    if told.points is None:
        return []
    west, south, east, north = told.georef.bounds()
    found = told.points.drop_duplicates("poi")
    left = 100 * (found["x"] - west) / (east - west)
    top = 100 * (north - found["y"]) / (north - south)
    names = [str(name) for name in found["poi"]]
    if len(names) > MOST_NAMED:
        names = [""] * len(names)
    return [(n, float(x), float(y)) for n, x, y in zip(names, left, top, strict=True)]


# ------------------------------------------------------------------ legends


def _legend(scale: MapScale, drawn: Sequence[DrawnMap]) -> str:
    base = scale.name.partition("_")[0]
    by_class = base in CLASSES and "hours" not in scale.name
    names = _classes_in(scale, base) if by_class else ""
    inner = f'{_ramp(scale)}<ul class="classes">{names}{_OTHERS}</ul>'
    layers = [one.layer for one in drawn if one.layer.count]
    low = min((layer.low for layer in layers), default=math.nan)
    high = max((layer.high for layer in layers), default=math.nan)
    beyond = ""
    if low < scale.low - 0.05 or high > scale.high + 0.05:
        ends = " to ".join(number(v, _digits(scale.name)) for v in (low, high))
        beyond = f'<p class="note">Single cells go from {ends}.</p>'
    return f'<div class="legend">{inner}{beyond}</div>'


def _bounds_in(scale: MapScale) -> list[float]:
    """Bounds of classes that are in view, and the ends where there is room; empty without any."""
    base = scale.name.partition("_")[0]
    if base not in CLASSES or "hours" in scale.name:
        return []
    found = [row[0] for row in CLASSES[base] if scale.low < row[0] < scale.high]
    room = 0.08 * (scale.high - scale.low)
    ends = [e for e in (scale.low, scale.high) if all(abs(e - b) >= room for b in found)]
    return sorted([*found, *ends]) if found else []


def _classes_in(scale: MapScale, base: str) -> str:
    """Names of the classes that are in view."""
    rows = CLASSES[base]
    bounds = [row[0] for row in rows] + [math.inf]
    items = []
    for i, (_, name, *_shades) in enumerate(rows):
        low, high = max(bounds[i], scale.low), min(bounds[i + 1], scale.high)
        if high <= low:
            continue
        first, last = scale.colour(low + scale.step / 2), scale.colour(high - scale.step / 2)
        items.append(
            f'<li><i style="background:linear-gradient(90deg,{first},{last})"></i>'
            f"<span>{escaped(name)}</span> <small>{_extent(bounds, i, unit(base))}</small></li>"
        )
    return "".join(items)


def _extent(bounds: Sequence[float], i: int, measure: str) -> str:
    low, high = bounds[i], bounds[i + 1]
    if i == 0 or math.isinf(low):
        return f"below {number(high, 0)} {measure}"
    if math.isinf(high):
        return f"from {number(low, 0)} {measure}"
    return f"{number(low, 0)} to {number(high, 0)} {measure}"


def _ramp(scale: MapScale) -> str:
    """Every colour, part by part, over round numbers."""
    part = 100 / len(scale.colours)
    stops = ",".join(
        f"{colour} {i * part:.2f}% {(i + 1) * part:.2f}%" for i, colour in enumerate(scale.colours)
    )
    values = _bounds_in(scale) or ticks_within(scale.low, scale.high)
    digits = digits_of(values)
    ticks = "".join(
        f'<span style="left:{100 * (v - scale.low) / (scale.high - scale.low):.2f}%">'
        f"{number(v, digits)}</span>"
        for v in values
    )
    return (
        f'<div class="ramp" aria-hidden="true" style="background:linear-gradient(90deg,{stops})">'
        f'</div><div class="ticks">{ticks}</div>'
    )


_OTHERS = (
    f'<li><i style="background:{ROOF}"></i><span>buildings</span></li>'
    '<li><i class="none"></i><span>no data</span></li>'
)


# ------------------------------------------------------------------ over the period


def over_period(told: ToldRun, maps: PageMaps) -> str:
    """Hours above thresholds and other summaries: maps, and a table of all.

    Parameters
    ----------
    told
        The run.
    maps
        What is drawn of it.
    """
    names = sorted(maps.summaries, key=_order)
    figures = "".join(_summary_figure(told, maps.summaries[name]) for name in names)
    rows = [
        [
            escaped(quantity_title(name)),
            *(number(v, _digits(name)) for v in (layer.mean, layer.low, layer.high)),
            escaped(unit(name)),
        ]
        for name, layer in sorted(maps.numbers.items(), key=lambda item: _order(item[0]))
    ]
    if not rows:
        return ""
    head = ["Over the whole period", "mean", "lowest", "highest", "unit"]
    return (
        '<section id="hours" aria-labelledby="hours-title">'
        '<h2 id="hours-title">Hours above thresholds, sun and shade</h2>'
        f'<div class="maps small">{figures}</div>'
        f"{table(head, rows, 'Summaries of open ground over the whole period')}</section>"
    )


def _order(name: str) -> tuple[int, str]:
    """Thresholds first, then hours of sun, then the rest."""
    return (0 if "_hours_above_" in name else 1 if "hours" in name else 2, name)


def _summary_figure(told: ToldRun, one: DrawnMap) -> str:
    name, layer = one.layer.reading.name, one.layer
    text = _alternative(name, layer, "the whole period")
    mean = number(layer.mean, _digits(name))
    highest = number(layer.high, _digits(name))
    said = f"Mean of open ground: {mean} {unit(name)}, up to {highest} {unit(name)}"
    return (
        f'<figure class="map"><figcaption>{escaped(_heading(name))}</figcaption>'
        f"{_sheet(told, _image(one, text, hidden=False))}"
        f'<p class="mean">{escaped(said)}</p>{_legend(one.scale, [one])}</figure>'
    )


# ------------------------------------------------------------------ by class


def by_class(maps: PageMaps, cell_m2: float) -> str:
    """Area by class and hour of every quantity that has classes.

    Parameters
    ----------
    maps
        What is counted of the run.
    cell_m2
        Area of a cell [m2].
    """
    parts = [
        _classes_of(name, [one.layer for one in drawn], maps.frames, cell_m2)
        for name, drawn in maps.by_frame.items()
        if drawn[0].layer.classes.size
    ]
    if not any(parts):
        return ""
    begin, end = maps.frames[0].begin, maps.frames[-1].end
    when = "" if begin is None or end is None else f", {interval_text(begin, end)}"
    return (
        '<section id="classes" aria-labelledby="classes-title">'
        '<h2 id="classes-title">Area by class and hour</h2>'
        f'<p class="note">Of open ground, counted from every cell with a value{when}.</p>'
        f"{''.join(parts)}</section>"
    )


def _classes_of(
    name: str, layers: Sequence[LayerMaps], frames: Sequence[Frame], cell_m2: float
) -> str:
    rows = CLASSES[name.partition("_")[0]]
    counts = np.array([layer.classes for layer in layers], np.float64)
    seen = np.flatnonzero(counts.sum(axis=0))
    if not seen.size:
        return ""
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
    labels = [rows[i][1] for i in seen]
    colours = [amid(*rows[i][2:]) for i in seen]
    bounds = _bounds(frames)
    title = f"{quantity_title(name)}: share of open ground"
    chart = bars(shares[:, seen], labels, colours, bounds, [f.label for f in frames], title=title)
    every = [row[0] for row in rows] + [math.inf]
    key = "".join(
        f'<li><i style="background:{colour}"></i><span>{escaped(label)}</span> '
        f"<small>{_extent(every, int(i), unit(name))}</small></li>"
        for i, label, colour in zip(seen, labels, colours, strict=True)
    )
    body = [
        [escaped(frame.label), *(f"{s:.0%}" if math.isfinite(s) else "–" for s in row[seen])]
        for frame, row in zip(frames, shares, strict=True)
    ]
    area = counts.sum(axis=1).max() * cell_m2
    told = f"Open ground with a value: {_area(area)}."
    return f'{chart}<ul class="classes">{key}</ul><p class="note">{told}</p>' + details(
        "As a table",
        table(["Interval", *(escaped(capital(label)) for label in labels)], body, title),
    )


def _area(square_metres: float) -> str:
    if square_metres < 1e5:
        return f"{square_metres:,.0f} m²"
    return f"{square_metres / 1e6:.3g} km²"


def _bounds(frames: Sequence[Frame]) -> NDArray[np.datetime64] | None:
    if frames[0].begin is None:
        return None
    return np.array([[f.begin, f.end] for f in frames], "datetime64[s]")
