"""One figure a day: measured and modelled through the hours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.validation.runs import Series
from tests.validation.sites import FLUXES, Site

PANELS = ("Tmrt", "Kdown", "Kup", "Ldown", "Lup", "Le")
LABELS = {"Tmrt": "Tmrt [°C]", "Le": "L from the east [W m⁻²]"}
COLOURS = {
    "anisotropic": "#0072b2",
    "isotropic": "#e69f00",
    "anisotropic, improved": "#009e73",
}


def draw_day(site: Site, day: str, measured: Series, runs: dict[str, Series], path: Path) -> None:
    """Six panels, measured as dots, every run as a line."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    hours = np.arange(24)
    shown = np.isfinite(measured["Tmrt"])
    first, last = hours[shown].min() - 1, hours[shown].max() + 1
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), sharex=True, layout="constrained")
    for axis, name in zip(axes.flat, PANELS, strict=True):
        for run, series in runs.items():
            axis.plot(hours, series[FLUXES[name]], color=COLOURS[run], label=run, lw=1.6)
        axis.plot(hours, measured[name], "o", color="black", ms=4, label="measured")
        axis.set_title(LABELS.get(name, f"{name} [W m⁻²]"), fontsize=10)
        axis.set_xlim(first, last)
        axis.grid(alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("hour (UTC+1)")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"{site.title}, {day[:4]}-{day[4:6]}-{day[6:]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)
