"""Scenarios as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from solweig import _core
from solweig.atomic import write_text
from solweig.scenarios.gains import CHANGED_K, Gain

__all__ = ["Section", "page_text", "write_page"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem;
       color: #1c2128; background: #fff; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; }
p.lead { color: #555; margin-top: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .45rem; text-align: right; border-bottom: 1px solid #e3e6ea; }
th { vertical-align: bottom; } th span { font-weight: 400; color: #555; white-space: nowrap; }
th:first-child, td:first-child, td.words { text-align: left; white-space: nowrap; }
.maps { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; flex: 1 1 420px; }
img { max-width: 100%; height: auto; }
figcaption, .note { color: #555; font-size: .9rem; }
ul.found { background: #f4f6f8; padding: .8rem 1.2rem .8rem 2rem; border-radius: 6px; }
"""

_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("area_won_m2", "Ground with fewer hours", "m²"),
    ("area_lost_m2", "Ground with more hours", "m²"),
    ("area_hours_won", "Area-hours won", "m² h"),
    ("hours_won", "Hours won there", "h"),
    ("mean_change", "Mean change", "K"),
    ("p95_change", "Change of the 95th percentile", "K"),
    ("strongest_fall", "Strongest fall", "K"),
    ("strongest_rise", "Strongest rise", "K"),
)
_INDEX = {"utci": "UTCI", "tmrt": "Tmrt", "pet": "PET"}


@dataclass(frozen=True)
class Section:
    """A scenario on the page.

    Attributes
    ----------
    name
        Heading.
    notes
        What was done, and what is to be said.
    pictures
        Caption and PNG file.
    """

    name: str
    notes: Sequence[str]
    pictures: Sequence[tuple[str, Path]] = field(default_factory=tuple)


def write_page(
    path: Path,
    *,
    title: str,
    lead: str,
    gains: Sequence[Gain],
    sections: Sequence[Section],
    cost_unit: str = "",
    extra: str = "",
) -> None:
    """Write the page, see :func:`page_text`."""
    write_text(path, page_text(title, lead, gains, sections, cost_unit, extra))


def page_text(
    title: str,
    lead: str,
    gains: Sequence[Gain],
    sections: Sequence[Section],
    cost_unit: str = "",
    extra: str = "",
) -> str:
    """The page.

    Parameters
    ----------
    title, lead
        Heading, and the line below it.
    gains
        Rows of the table.
    sections
        A scenario each.
    cost_unit
        Of costs.
    extra
        Further HTML before the scenarios.
    """
    heading = html.escape(title or "Scenarios")
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{heading}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{heading}</h1>",
        f'<p class="lead">{html.escape(lead)}. solweig {html.escape(_core.__version__)}.</p>',
        f'<div class="wide">{_table(gains, cost_unit)}</div>',
        '<p class="note">Open ground only, roofs and what is built over left out. Hours are those '
        "above the threshold. Changes are of the mean by day, scenario less baseline: over all "
        "open ground; of its 95th percentile, the hot end; strongest fall and rise on one cell. "
        "Maps: white is no change, blue cooler, red warmer.</p>",
        extra,
        *(_section(section) for section in sections),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _table(gains: Sequence[Gain], cost_unit: str) -> str:
    costs = any(not math.isnan(gain.cost) for gain in gains)
    roofs = any(abs(gain.roof_change) > CHANGED_K for gain in gains)
    columns = list(_COLUMNS)
    if roofs:
        columns.append(("roof_change", "Mean change on roofs", "K"))
    if costs:
        columns += [
            ("cost", "Cost", cost_unit),
            ("cost_per_area_hour", "Cost of an area-hour", f"{cost_unit}/(m² h)".lstrip("/")),
        ]
    head = "<th>Scenario</th><th>Above</th>" + "".join(
        f"<th>{name} <span>[{html.escape(unit)}]</span></th>" if unit else f"<th>{name}</th>"
        for _, name, unit in columns
    )
    rows = []
    for gain in gains:
        above = "" if math.isnan(gain.threshold) else f" {gain.threshold:g} °C"
        cells = "".join(f"<td>{_number(getattr(gain, key), key)}</td>" for key, _, _ in columns)
        rows.append(
            f"<tr><td>{html.escape(gain.scenario)}</td><td class='words'>"
            f"{_INDEX.get(gain.index, gain.index)}{above}</td>{cells}</tr>"
        )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _number(value: float, key: str) -> str:
    if math.isnan(value):
        return "–"
    if key.endswith(("_m2", "area_hours_won")) or key == "cost":
        return f"{value:,.0f}"
    if key == "cost_per_area_hour":
        return f"{value:.3g}"
    if key == "hours_won":
        return f"{value:.1f}"
    text = f"{value:+.3f}" if key == "mean_change" else f"{value:+.2f}"
    return text if float(text) else text[1:]


def _section(section: Section) -> str:
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in section.notes)
    figures = "".join(_figure(caption, path) for caption, path in section.pictures)
    return f"<h2>{html.escape(section.name)}</h2><ul class='found'>{notes}</ul>" + (
        f"<div class='maps'>{figures}</div>" if figures else ""
    )


def _figure(caption: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
