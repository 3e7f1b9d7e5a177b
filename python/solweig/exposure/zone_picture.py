"""Districts as a picture: hours above a threshold as a map, and the share of area by hour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from solweig.errors import ConfigurationError
from solweig.rasters.variables import COMFORT, label_of
from solweig.results.plotting import open_figure, require_matplotlib

__all__ = ["draw_zones"]

_NAMED = 6
"""Districts up to here have a line of their own; of more, the two extremes have."""
# Okabe and Ito's colours, which people with any colour vision tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def draw_zones(
    zones: Any,
    steps: Any,
    thresholds: dict[str, tuple[float, ...]],
    save_path: str | Path | None = None,
) -> Any:
    """Draw hours above the first threshold of UTCI (else of what there is), and the share by hour.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed, or there is no threshold.
    """
    require_matplotlib()
    named = [n for n in ("utci", "pet", "wbgt", *COMFORT) if thresholds.get(n)]
    if not named:
        raise ConfigurationError("thresholds", "at least one, to draw", "none")
    quantity = named[0]
    threshold = thresholds[quantity][0]
    hours, share = f"hours_{quantity}_above_{threshold:g}", f"share_above_{threshold:g}"
    label = f"{label_of(quantity)} above {threshold:g} °C"
    with open_figure(11.5, 5.2, save_path) as figure:
        left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.15, 1], "wspace": 0.28})
        on_map = zones[zones["area_on_map_m2"] > 0]
        on_map.plot(
            column=hours, ax=left, cmap="cividis", edgecolor="white", linewidth=0.8, vmin=0,
            legend=True, legend_kwds={"label": f"{label} [h]", "shrink": 0.85},
            missing_kwds={"color": "#dddddd", "edgecolor": "#888888", "hatch": "///"},
        )  # fmt: skip
        left.set_xticks([])
        left.set_yticks([])
        left.set(xlabel="", ylabel="")
        left.set_title("Mean hours on open ground", loc="left", fontsize=12, weight="bold")
        if len(on_map) <= 30:
            _name_zones(left, on_map)
        _draw_shares(right, zones, steps[steps["quantity"] == quantity], hours, share)
        right.set_ylabel(f"Share of area with {label} [-]")
        right.set_title("By hour", loc="left", fontsize=12, weight="bold")
    return figure


def _name_zones(axes: Any, zones: Any) -> None:
    import matplotlib.patheffects as effects

    halo = [effects.withStroke(linewidth=2.5, foreground="white")]
    for name, shape in zip(zones["zone"], zones.geometry, strict=True):
        place = shape.representative_point()
        axes.text(
            place.x, place.y, str(name), ha="center", va="center", fontsize=9, path_effects=halo
        )  # fmt: skip


def _draw_shares(axes: Any, zones: Any, steps: Any, hours: str, share: str) -> None:
    import matplotlib.dates as dates

    known = zones.dropna(subset=[hours]).sort_values(hours, kind="stable")
    chosen = list(known["zone"])
    wide = steps.pivot(index="begin", columns="zone", values=share)
    ends = steps.groupby("begin")["end"].first()
    times = np.append(wide.index.to_numpy(), ends.iloc[-1].to_datetime64())
    if len(chosen) > _NAMED:
        low, high = (wide[chosen].quantile(q, axis=1).to_numpy() for q in (0.05, 0.95))
        axes.fill_between(
            times, np.append(low, low[-1]), np.append(high, high[-1]), step="post",
            color="#bbbbbb", alpha=0.5, label=f"90 % of {len(chosen)} districts", lw=0,
        )  # fmt: skip
        chosen = [chosen[0], chosen[-1]]
    for colour, name in zip(_COLOURS, reversed(chosen), strict=False):
        axes.stairs(
            wide[name].to_numpy(), times, color=colour, lw=1.9, label=str(name), baseline=None
        )
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(times[0], times[-1])
    axes.grid(color="#dddddd", lw=0.7)
    axes.set_axisbelow(True)
    axes.legend(fontsize=9, framealpha=0.9)
    locator = dates.AutoDateLocator(minticks=4, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    short = (times[-1] - times[0]) <= np.timedelta64(26, "h")
    axes.xaxis.set_major_formatter(
        dates.DateFormatter("%H:%M") if short else dates.ConciseDateFormatter(locator)
    )
