"""Parts of a page in words, tables and charts: where, when, weather, what ran, what was said."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from solweig.rasters.cf import WEATHER_ATTRIBUTES
from solweig.rasters.variables import attributes, label_of
from solweig.report.charts import Line, lines
from solweig.report.collect import PageMaps, all_drawn
from solweig.report.map_sections import MOST_NAMED, details, table
from solweig.report.source import ToldRun
from solweig.report.words import capital, escaped, interval_text, number, unit
from solweig.results.captions import place_text
from solweig.results.map_style import CLASSES
from solweig.weather.field_quantities import RADIATION

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["checks", "header", "points", "provenance", "weather", "what_ran", "where_and_when"]

_SOUTH = -59.4
"""Where the map of the world ends [deg]."""
_LISTED = 200
"""Points in the table."""
_MOST_ROWS = 72
"""Of a table by step; a longer one is by day."""
_CITATION = (
    "Lindberg, F., Holmer, B. & Thorsson, S. (2008): SOLWEIG 1.0 – Modelling spatial variations of "
    "3D radiant fluxes and mean radiant temperature in complex urban settings. International "
    "Journal of Biometeorology 52, 697–713. doi:10.1007/s00484-008-0162-7"
)
_OTHERS = {
    "utci": "Bröde, P. et al. (2012): Deriving the operational procedure for the Universal Thermal "
    "Climate Index (UTCI). International Journal of Biometeorology 56, 481–494. "
    "doi:10.1007/s00484-011-0454-1",
    "wbgt": "Liljegren, J. C. et al. (2008): Modeling the wet bulb globe temperature using "
    "standard meteorological measurements. Journal of Occupational and Environmental Hygiene 5, "
    "645–655. doi:10.1080/15459620802310770",
    "set": "Gagge, A. P., Fobelets, A. P. & Berglund, L. G. (1986): A standard predictive index of "
    "human response to the thermal environment. ASHRAE Transactions 92(2B), 709–731.",
    "pet": "Höppe, P. (1999): The physiological equivalent temperature. International Journal of "
    "Biometeorology 43, 71–75. doi:10.1007/s004840050118",
}

Pairs = Iterable[tuple[str, str]]


def _section(name: str, title: str, inner: str) -> str:
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">'
        f"{escaped(title)}</h2>{inner}</section>"
    )


def _pairs(entries: Pairs) -> str:
    """Names and values; values are text."""
    rows = "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in entries)
    return f"<dl>{rows}</dl>"


# ------------------------------------------------------------------ above all


def header(told: ToldRun, maps: PageMaps, place: str, period: str) -> str:
    """Title, and what matters in three lines.

    Parameters
    ----------
    told
        The run.
    maps
        What is counted of it.
    place, period
        In words.
    """
    facts = "".join(f"<li>{fact}</li>" for fact in _facts(told, maps))
    said = len(told.metadata.get("warnings", ()))
    if said:
        noun = "a warning" if said == 1 else f"{said} warnings"
        facts += f'<li><a href="#checks">The checks gave {noun}.</a></li>'
    return (
        f'<header><p class="kind">Heat stress</p><h1>{escaped(place)}</h1>'
        f'<p class="lead">{escaped(period)}, clock {escaped(told.clock)}</p>'
        f'<ul class="facts">{facts}</ul></header>'
    )


def _facts(told: ToldRun, maps: PageMaps) -> Iterator[str]:
    # Of steps that are not drawn no cell was read.
    among = "" if all_drawn(told, maps.frames) else " of the hours shown"
    for name, drawn in maps.by_frame.items():
        base = name.partition("_")[0]
        if unit(name) != "°C" or (base not in CLASSES and base != "tmrt"):
            continue
        means = np.array([one.layer.mean for one in drawn])
        if np.isnan(means).all():
            continue
        i = int(np.nanargmax(means))
        text = f"Highest {label_of(base)}{among}: {maps.frames[i].label}, {number(means[i])} °C"
        layer = drawn[i].layer
        if layer.classes.size:
            k = int(np.argmax(layer.classes))
            share = layer.classes[k] / layer.classes.sum()
            text += f" on average; {share:.0%} of open ground is “{CLASSES[base][k][1]}”"
        else:
            text += f" on average, {number(layer.high)} °C in the hottest cell"
        yield escaped(text + ".")


# ------------------------------------------------------------------ where and when


def where_and_when(told: ToldRun) -> str:
    """Place with a small map of the world, grid, period, clock, what stamps mark.

    Parameters
    ----------
    told
        The run.
    """
    return (
        '<div class="pair">'
        + _section("where", "Where", _locator(told) + _pairs(_where(told)))
        + _section("when", "When", _pairs(_when(told)))
        + "</div>"
    )


def _locator(told: ToldRun) -> str:
    about = told.metadata["inputs"]["location"]
    latitude, longitude = float(about["latitude"]), float(about["longitude"])
    image = resources.files("solweig.report").joinpath("land.png").read_bytes()
    data = base64.b64encode(image).decode("ascii")
    left = 100 * (longitude + 180) / 360
    top = 100 * (90 - latitude) / (90 - _SOUTH)
    mark = f'<i style="left:{left:.2f}%;top:{top:.2f}%"></i>' if latitude > _SOUTH else ""
    return (
        f'<div class="world" role="img" aria-label="On a map of the world: '
        f'{escaped(place_text(latitude, longitude))}"><img alt="" '
        f'src="data:image/png;base64,{data}">{mark}</div>'
    )


def _where(told: ToldRun) -> Iterator[tuple[str, str]]:
    about, georef = told.metadata["inputs"]["location"], told.georef
    yield "Coordinates", place_text(float(about["latitude"]), float(about["longitude"]))
    if "altitude" in about:
        yield "Altitude", f"{number(float(about['altitude']), 0)} m"
    rows, cols = georef.shape
    side = abs(georef.gdal[1])
    yield "Map", f"{cols * side:,.6g} × {rows * side:,.6g} m, {cols} × {rows} cells of {side:g} m"
    yield "CRS", _crs(georef.crs_wkt)
    west, south, east, north = georef.bounds()
    yield "Extent", f"west {west:.10g}, south {south:.10g}, east {east:.10g}, north {north:.10g}"


def _crs(wkt: str) -> str:
    if not wkt:
        return "not known; coordinates are local metres"
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_wkt(wkt)
    except CRSError:
        return "not understood"
    code = found.to_epsg()
    return f"{found.name} (EPSG:{code})" if code else str(found.name)


def _when(told: ToldRun) -> Iterator[tuple[str, str]]:
    about = told.metadata["intervals"]
    first, last = (np.datetime64(about[end]) for end in ("start", "end"))
    if told.bounds is not None:
        first, last = told.bounds[0, 0], told.bounds[-1, 1]
    yield "Period", interval_text(first, last)
    yield "Clock", f"{told.clock}, that of the weather"
    minutes = about["timestep_minutes"]
    length = f"{minutes[0]:g}" if len(minutes) == 1 else f"{minutes[0]:g} to {minutes[-1]:g}"
    count = told.metadata["inputs"]["weather"]["n_timesteps"]
    yield "Steps", f"{count} of {length} min"
    mark = {"end": "end", "start": "beginning"}.get(about["stamp"], "middle")
    yield (
        "Each row stands for",
        f"the {length} min its time stamp marks the {mark} of; intervals are written out here",
    )


# ------------------------------------------------------------------ weather


_CHARTS: tuple[tuple[str, tuple[tuple[str, int], ...], bool], ...] = (
    ("Air temperature, and means of open ground", (("ta", 1), ("tmrt_mean", 2), ("utci_mean", 3)),
     False),
    ("Radiation", (("global_rad", 4), ("direct_rad", 2), ("diffuse_rad", 1)), True),
    ("Wind", (("ws", 5),), True),
    ("Relative humidity", (("rh", 1),), True),
)  # fmt: skip
_COLUMNS = ("ta", "rh", "ws", "global_rad", "direct_rad", "diffuse_rad", "tmrt_mean", "utci_mean")


def weather(told: ToldRun) -> str:
    """Charts and a table of what the run was given, with the means it gave.

    Parameters
    ----------
    told
        The run.
    """
    if told.series is None:
        text = (
            "This run left no table of its weather (timeseries.csv), which runs of solweig 0.2 and "
            "newer do. Run it again to see it here."
        )
        return _section("weather", "Weather", f"<p>{text}</p>")
    series, bounds = told.series, told.series[["begin", "end"]].to_numpy("datetime64[s]")
    night = None if "is_daytime" not in series else ~series["is_daytime"].to_numpy(bool)
    if len(series) > 200:
        night = None  # stripes too thin to see
    charts = ""
    for title, columns, zero in _CHARTS:
        shown = [
            Line(_label(name), series[name].to_numpy(np.float64), ink)
            for name, ink in columns
            if name in series
        ]
        measure = _column_unit(columns[0][0])
        charts += lines(shown, bounds, title=title, unit=measure, night=night, zero=zero)
    shaded = "" if night is None or not night.any() else " Steps without sun are shaded."
    own = "".join(f" {escaped(each)}" for each in _by_cell(told.metadata))
    level = "A step is drawn level over the interval it stands for."
    note = f'<p class="note">{level}{shaded}{own}</p>'
    return _section(
        "weather", "Weather", f'{note}<div class="charts">{charts}</div>{_rows(series)}'
    )


def _by_cell(own: Mapping[str, Any]) -> Iterator[str]:
    """What of the weather each cell had of its own, which no chart shows."""
    for name, given in (own.get("fields") or {}).items():
        height, ends = given.get("height_m"), (given.get("lowest"), given.get("highest"))
        at = "" if height is None else f" at {height:g} m"
        known, sky = None not in ends, RADIATION.get(name)
        unit_of = _column_unit(name if sky is None else "global_rad")
        span = f", {number(ends[0])} to {number(ends[1])} {unit_of}" if known else ""
        what = capital(_label(name) if sky is None else sky.words)
        cells = "cell to cell" if sky is None else "weather cell to weather cell"
        yield f"{what} differed from {cells}{at}{span}; here is the station's."


def _label(name: str) -> str:
    if name in WEATHER_ATTRIBUTES:
        return WEATHER_ATTRIBUTES[name]["long_name"]
    own = {"direct_rad": "beam, normal to it", "diffuse_rad": "diffuse irradiance"}
    base, _, statistic = name.partition("_")
    return own.get(name, f"{label_of(base)}, {statistic}".rstrip(", "))


def _column_unit(name: str) -> str:
    units = {"degC": "°C", "W m-2": "W m⁻²", "m s-1": "m s⁻¹"}
    if name in WEATHER_ATTRIBUTES:
        found = WEATHER_ATTRIBUTES[name]["units"]
        return units.get(found, found)
    return "W m⁻²" if name.endswith("_rad") else unit(name)


def _rows(series: pd.DataFrame) -> str:
    names = [name for name in _COLUMNS if name in series]
    head = [f"{escaped(capital(_label(n)))} [{escaped(_column_unit(n))}]" for n in names]
    if len(series) <= _MOST_ROWS:
        rows = [
            [escaped(interval_text(np.datetime64(row["begin"]), np.datetime64(row["end"]))),
             *(number(float(row[n]), _weather_digits(n)) for n in names)]
            for _, row in series.iterrows()
        ]  # fmt: skip
        return details("As a table", table(["Interval", *head], rows, "Weather by step"))
    middle = series["begin"] + (series["end"] - series["begin"]) / 2
    days = series[names].groupby(middle.dt.date)
    means, tops = days.mean(), days.max()
    rows = [
        [escaped(day), *(
            f"{number(float(means.loc[day, n]), _weather_digits(n))} "
            f"({number(float(tops.loc[day, n]), _weather_digits(n))})" for n in names
        )]
        for day in means.index
    ]  # fmt: skip
    told = "Weather by day: mean, and in brackets the highest"
    return details("As a table, by day", table(["Day: mean (highest)", *head], rows, told))


def _weather_digits(name: str) -> int:
    return 0 if name in ("rh", "global_rad", "direct_rad", "diffuse_rad") else 1


# ------------------------------------------------------------------ points


def points(told: ToldRun) -> str:
    """Series of every point of interest.

    Parameters
    ----------
    told
        The run; without points there is no such part.
    """
    if told.points is None or not len(told.points):
        return ""
    found = told.points
    bounds = told.bounds
    names = [n for n in found.columns if _is_temperature(n)]
    on_roofs = set(told.metadata.get("means", {}).get("points_on_roofs", ()))
    charts, rows = "", []
    count = found["poi"].nunique()
    for number_of, (poi, own) in enumerate(found.groupby("poi", sort=False)):
        if number_of >= _LISTED:
            break
        if number_of < MOST_NAMED and bounds is not None and len(own) == len(bounds):
            series = [
                Line(label_of(n), own[n].to_numpy(np.float64), 1 + (i + 1) % 6)
                for i, n in enumerate(names)
            ]
            charts += lines(series, bounds, title=str(poi), unit="°C")
        first = own.iloc[0]
        named = f"{poi} (on a roof)" if str(poi) in on_roofs else str(poi)
        rows.append(
            [escaped(named), f"{first['x']:.10g}, {first['y']:.10g}",
             *(_mean_and_top(own[n]) for n in names)]
        )  # fmt: skip
    head = ["Point", "x, y", *(f"{escaped(label_of(n))} [°C], mean (highest)" for n in names)]
    inner = f'<div class="charts">{charts}</div>{table(head, rows, "Points")}'
    if count > MOST_NAMED:
        told_of = f"{count} points; the first {MOST_NAMED} are drawn"
        told_of += f", the first {_LISTED} listed" if count > _LISTED else ""
        inner += f'<p class="note">{told_of}. pois.csv holds them all.</p>'
    return _section("points", "Points", inner)


def _is_temperature(name: str) -> bool:
    """Whether a column of points is a comfort quantity."""
    try:
        return attributes(name)["units"] == "degC" and "_" not in name
    except KeyError:
        return False


def _mean_and_top(values: pd.Series) -> str:
    known = values.to_numpy(np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return "–"
    return f"{number(float(known.mean()))} ({number(float(known.max()))})"


# ------------------------------------------------------------------ what ran


def what_ran(told: ToldRun) -> str:
    """Version, formulation, engine, and every choice.

    Parameters
    ----------
    told
        The run.
    """
    own = told.metadata
    inner = _pairs(_ran(own))
    for title, part in (
        ("Every setting, as given", "settings"),
        ("Every parameter, as the engine read it", "engine"),
    ):
        leaves = _flat(own["parameters"].get(part), "")
        rows = [[escaped(cell) for cell in leaf] for leaf in leaves]
        inner += details(title, table(["Name", "Value"], rows, title))
    return _section("ran", "What ran", inner)


def _ran(own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    chosen = own["parameters"].get("settings", {})
    yield "solweig", str(own.get("solweig_version") or own["versions"]["solweig"])
    yield "Formulation", str(chosen.get("formulation") or own["inputs"]["surface"]["formulation"])
    device = own.get("device", {})
    adapters = ", ".join(str(a.get("adapter")) for a in device.get("adapters", ()))
    engine = str(device.get("accelerator", "cpu")).upper()
    yield "Engine", f"{engine} ({adapters or device.get('reason', '')})"
    sky = own["parameters"].get("use_anisotropic_sky")
    if sky is not None:
        yield "Sky", "anisotropic (Perez)" if sky else "isotropic"
    human = own.get("human") or {}
    if human:
        yield (
            "Person",
            (
                f"{human.get('posture')}, as a {chosen.get('body') or 'cylinder'}; absorbs "
                f"{human.get('abs_k')} of shortwave and {human.get('abs_l')} of longwave radiation"
            ),
        )
    comfort = own.get("comfort") or {}
    if comfort.get("pet_method"):
        yield "PET", str(comfort["pet_method"])
    if chosen.get("sun_substeps"):
        yield "Suns of a step", str(chosen["sun_substeps"])
    yield "Rasters of steps", ", ".join(own["parameters"]["outputs"]) or "none"
    tiles = own.get("tile_plan")
    yield "Tiles", "in one piece" if not tiles else f"{tiles.get('tiles')} ({tiles.get('reason')})"
    seconds = own.get("timings", {}).get("total_s")
    if seconds is not None:
        yield "Took", f"{seconds:.1f} s, without preparing the surface"
    if own.get("created"):
        yield "Begun", str(own["created"]).replace("T", " ").replace("+00:00", " UTC")


def _flat(value: Any, name: str) -> list[tuple[str, str]]:
    """Leaves of nested values with their paths; long lists are cut."""
    if isinstance(value, Mapping):
        return [
            row for key in value for row in _flat(value[key], f"{name}.{key}" if name else str(key))
        ]
    if value is None:
        return [(name, "default")]
    text = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    return [(name, text if len(text) <= 200 else f"{text[:200]}…")]


# ------------------------------------------------------------------ checks and provenance


def checks(told: ToldRun, notes: Sequence[str]) -> str:
    """What the checks of inputs warned of, and what the page leaves out.

    Parameters
    ----------
    told
        The run.
    notes
        Of the page itself.
    """
    said = told.metadata.get("warnings")
    if said is None:
        inner = "<p>This run, of an earlier version, did not keep what its checks warned of.</p>"
    elif said:
        inner = f'<ul class="said">{"".join(f"<li>{escaped(s)}</li>" for s in said)}</ul>'
    else:
        inner = "<p>Nothing was warned of.</p>"
    comfort = _outside(told)
    if comfort:
        inner += f'<p class="note">{escaped(comfort)}</p>'
    if notes:
        inner += f'<p class="note">Of this page: {escaped(" ".join(notes))}</p>'
    return _section("checks", "What the checks said", inner)


def _outside(told: ToldRun) -> str:
    found = (told.metadata.get("comfort") or {}).get("utci_outside") or {}
    cells, counted = found.get("cells", 0), found.get("cells_counted", 0)
    if not cells or not counted:
        return ""
    return f"UTCI lies outside its published range in {cells / counted:.1%} of all cells and steps."


def provenance(told: ToldRun, attribution: Sequence[str], resolution: str) -> str:
    """Digests of the inputs, versions, whose data they are, how to cite.

    Parameters
    ----------
    told
        The run.
    attribution
        Of the data that went in, as it was given.
    resolution
        What the page says of its maps and its size.
    """
    own = told.metadata
    surface, about = own["inputs"]["surface"], own["inputs"]["weather"]
    digests = [(name, str(value)) for name, value in surface.get("content", {}).items()]
    digests.append(("weather", str(about.get("content"))))
    rows = [[escaped(name), f"<code>{escaped(value)}</code>"] for name, value in digests]
    versions = ", ".join(f"{name} {value}" for name, value in own.get("versions", {}).items())
    if attribution:
        owed = "".join(f"<li>{escaped(line)}</li>" for line in attribution)
        data = f"<ul>{owed}</ul>"
    else:
        data = (
            "<p>Nothing was said of whose data went in; their licences may ask for it "
            "(<code>--attribution</code>).</p>"
        )
    asked = {name.partition("_")[0] for name in (*own["parameters"]["outputs"], "utci")}
    cited = [_CITATION, *(text for name, text in _OTHERS.items() if name in asked)]
    papers = "".join(f"<li>{escaped(text)}</li>" for text in cited)
    inner = (
        "<h3>Data</h3>"
        + data
        + "<p>Outline of the world: Natural Earth, public domain.</p><h3>How to cite</h3>"
        + f"<p>Say that solweig {escaped(own['versions']['solweig'])} was used, and cite the "
        + f"models it implements:</p><ul>{papers}</ul><h3>Inputs</h3>"
        + _pairs([("Run", str(own["run_id"])), ("Versions", versions)])
        + details("Digests of every input", table(["Input", "Digest of its content"], rows))
        + f'<p class="note">{escaped(resolution)}</p>'
    )
    return _section("provenance", "Provenance", inner)
