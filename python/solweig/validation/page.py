"""A validation as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

import numpy as np

from solweig import _core
from solweig.atomic import atomic_path, write_text
from solweig.errors import ConfigurationError
from solweig.results.outputs import prepare_folder
from solweig.validation import plots as drawings
from solweig.validation.assess import Validation
from solweig.validation.quantities import QUANTITIES

__all__ = ["MOST_DAYS", "check_target", "write_validation"]

PAGE, RECORD = "index.html", "validation.json"

MOST_DAYS = 31
"""Days that are drawn."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem;
       color: #1c2128; background: #fff; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.lead { color: #555; margin-top: 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #e3e6ea; }
th:first-child, td:first-child { text-align: left; }
td.words { text-align: left; color: #555; }
img { max-width: 100%; height: auto; margin: .4rem 0; }
ul.found { background: #f4f6f8; padding: .8rem 1.2rem .8rem 2rem; border-radius: 6px; }
figcaption, .note { color: #555; font-size: .9rem; } figure { margin: 0; }
"""


def check_target(folder: str | Path, *, overwrite: bool) -> Path:
    """The folder a validation is written to.

    Raises
    ------
    ConfigurationError
        It holds one already.
    """
    target = Path(folder)
    if (target / RECORD).exists() and not overwrite:
        hint = "Pass overwrite=True (--overwrite)."
        raise ConfigurationError("out", "a folder without a validation", str(target), hint)
    return target


def write_validation(
    found: Validation, folder: str | Path, *, plots: bool = True, overwrite: bool = False
) -> Path:
    """Write ``index.html``, ``validation.json``, ``pairs.csv`` and, with plots, PNG files.

    Parameters
    ----------
    found
        What is told.
    folder
        Made if need be.
    plots
        Draw; the pictures are in the page itself, and PNG files beside it.
    overwrite
        Replace an earlier validation.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ConfigurationError
        The folder cannot be written or holds a validation, or matplotlib is missing.
    """
    target = check_target(folder, overwrite=overwrite)
    prepare_folder(target)
    for earlier in ("interval", "scatter", "budget", "day_*"):
        for path in target.glob(f"{earlier}.png"):
            path.unlink()
    pictures = _pictures(found, target) if plots else {}
    write_text(target / "pairs.csv", found.table().to_csv(index=False, lineterminator="\n"))
    write_text(target / PAGE, _page(found, pictures))
    write_text(target / RECORD, json.dumps(found.as_dict(), indent=2) + "\n")
    return target / PAGE


def _pictures(found: Validation, folder: Path) -> dict[str, bytes]:
    drawn: dict[str, bytes] = {}
    if found.fit.interval.evidence:
        drawn["interval"] = drawings.interval_picture(found)
    drawn["scatter"] = drawings.scatter_picture(found)
    if found.budget is not None:
        drawn["budget"] = drawings.budget_picture(found)
    for day in _days(found)[:MOST_DAYS]:
        drawn[f"day_{day}"] = drawings.day_picture(found, day)
    for name, png in drawn.items():
        with atomic_path(folder / f"{name}.png") as temporary:
            temporary.write_bytes(png)
    return drawn


def _days(found: Validation) -> list[np.datetime64]:
    bounds = found.mast.bounds(found.fit.interval.stamp)
    middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) // 2
    return list(np.unique(middle.astype("datetime64[D]")))


def _page(found: Validation, pictures: dict[str, bytes]) -> str:
    name = html.escape(found.mast.name)
    first, last = (t.astype("datetime64[m]") for t in found.mast.times[[0, -1]])
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Validation: {name}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Model against mast: {name}</h1>",
        f'<p class="lead">{len(found.mast)} rows of {found.mast.minutes:g} min, '
        f"{str(first).replace('T', ' ')} to {str(last).replace('T', ' ')}, on the clock of the "
        f"weather. solweig {html.escape(_core.__version__)}.</p>",
        '<ul class="found">',
        *(f"<li>{html.escape(_capital(note))}.</li>" for note in found.notes()),
        "</ul>",
        "<h2>How well it agrees</h2>",
        _agreement(found),
        '<p class="note">Bias and errors are model less mast. R² is the squared correlation. A '
        "row counts where both have a value; the model is averaged over the interval the mast's "
        "row stands for.</p>",
        _image(pictures, "scatter", "Modelled against measured; on the line they are equal."),
    ]
    if found.budget is not None:
        parts += [
            "<h2>Where the error of Tmrt comes from</h2>",
            _budget(found),
            '<p class="note"><em>rest</em> is what the measured fluxes do not explain of the '
            "measured Tmrt, and every term that was not measured.</p>",
            _image(pictures, "budget", "Error row by row; parts add up to the dots."),
        ]
    parts += ["<h2>Which interval, which axes</h2>", _evidence(found)]
    parts.append(
        _image(
            pictures,
            "interval",
            "All rows moved in time: where the curve is lowest, the mast's rows are.",
        )
    )
    days = _days(found)
    if pictures:
        parts.append("<h2>Day by day</h2>")
        parts += [_image(pictures, f"day_{day}", f"{day}") for day in days[:MOST_DAYS]]
        if len(days) > MOST_DAYS:
            parts.append(f'<p class="note">{len(days) - MOST_DAYS} more days are not drawn; '
                         "pairs.csv holds them all.</p>")  # fmt: skip
    parts += ["<h2>What was run</h2>", _settings(found), "</body></html>"]
    return "\n".join(part for part in parts if part) + "\n"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _agreement(found: Validation) -> str:
    rows = [
        f"<tr><td>{name}</td><td class='words'>{QUANTITIES[name].text}</td><td>{a.n}</td>"
        f"<td>{a.rmse:.2f}</td><td>{a.mae:.2f}</td><td>{a.bias:+.2f}</td><td>{_share(a.r2)}</td>"
        f"<td>{QUANTITIES[name].unit}</td></tr>"
        for name, a in found.agreement.items()
    ]
    head = "<tr><th>Quantity</th><th></th><th>Rows</th><th>RMSE</th><th>MAE</th><th>Bias</th>"
    return f"<table>{head}<th>R²</th><th>Unit</th></tr>{''.join(rows)}</table>"


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def _budget(found: Validation) -> str:
    assert found.budget is not None
    head = "".join(f"<th>{html.escape(name)}</th>" for name in found.budget)
    mean = "".join(f"<td>{np.nanmean(v):+.2f}</td>" for v in found.budget.values())
    size = "".join(f"<td>{np.nanmean(np.abs(v)):.2f}</td>" for v in found.budget.values())
    return (
        f"<table><tr><th>[K]</th>{head}</tr><tr><td>mean</td>{mean}</tr>"
        f"<tr><td>mean size</td>{size}</tr></table>"
    )


def _evidence(found: Validation) -> str:
    interval = found.fit.interval
    if not interval.evidence:
        return (
            '<p class="note">Too few rows of Tmrt and shortwave to tell which interval they stand '
            "for.</p>"
        )
    rows = "".join(
        f"<tr><td>{'middle' if s == 'centre' else s} of the row"
        f"{' (taken)' if s == interval.stamp else ''}</td><td>{interval.rms[s]:.0f}</td>"
        f"<td>{_percent(interval.variation[s])}</td></tr>"
        for s in interval.rms
    )
    names = ", ".join(interval.evidence)
    return (
        "<table><tr><th>Stamps mark the</th><th>Difference, rms [W m⁻²]</th>"
        f"<th>Variation of Kdown/global in full sun</th></tr>{rows}</table>"
        f'<p class="note">Over {interval.rows} rows of {html.escape(names)}. '
        "Tmrt counts as the emission it stands for. Each difference is that of the turn that suits "
        "it best. Resampling takes whole days from five days on, single rows below; rows of a day "
        "are not independent, so the share is an upper bound.</p>"
    )


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.1%}"


def _settings(found: Validation) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name.replace('_', ' '))}</td>"
        f"<td class='words'>{html.escape(str(value))}</td></tr>"
        for name, value in found.settings.items()
    )
    return f"<table>{rows}</table>"


def _image(pictures: dict[str, bytes], name: str, caption: str) -> str:
    png = pictures.get(name)
    if png is None:
        return ""
    data = base64.b64encode(png).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
