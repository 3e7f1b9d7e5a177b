"""Maps of differences as pictures: white where nothing changes, blue cooler, red warmer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.results.map_style import ColourScale
from solweig.results.plotting import Underlay, plot_map

__all__ = ["draw_difference", "quantity_of", "title_of", "top_of"]

_INDEX = {"utci": "UTCI", "tmrt": "Tmrt", "pet": "PET"}
_LEAST = {"h": 0.5, "K": 0.5}
_STEPS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)


def quantity_of(name: str) -> tuple[str, str]:
    """What a map shows and its unit: ``("UTCI, mean by day", "K")`` of ``utci_day_mean``."""
    index, _, rest = name.partition("_")
    shown = _INDEX.get(index, index)
    if "hours_above" in rest:
        return f"Hours with {shown} above {rest.rpartition('_')[2]} °C", "h"
    return f"{shown}, mean by {rest.partition('_')[0]}", "K"


def title_of(scenario: str, name: str) -> str:
    """Heading of a picture."""
    what = quantity_of(name)[0]
    what = what.replace("Hours", "hours", 1) if what.startswith("Hours") else what
    return f"{scenario}: change of {what}"


def top_of(grid: NDArray[Any], shown: NDArray[np.bool_], unit: str) -> float:
    """End of the colours: the first round number above nearly all of what changes."""
    values = np.abs(grid[shown & np.isfinite(grid)])
    values = values[values > 0.0]
    far = float(np.percentile(values, 99.0)) if values.size else 0.0
    return next((step for step in _STEPS if step >= max(far, _LEAST[unit])), far)


def draw_difference(
    grid: NDArray[Any],
    name: str,
    underlay: Underlay,
    *,
    title: str,
    subtitle: str,
    save_path: Path,
    roofs: bool = False,
) -> None:
    """Draw a map of differences.

    Parameters
    ----------
    grid
        After less before, NaN where there is no value.
    name
        Of the map, such as ``utci_day_mean``.
    underlay
        Houses and trees after the edit.
    title, subtitle
        Heading.
    save_path
        PNG to write.
    roofs
        Draw roofs, too.

    Raises
    ------
    ConfigurationError
        Matplotlib is not installed.
    """
    import matplotlib as mpl
    from matplotlib.colors import Normalize

    what, unit = quantity_of(name)
    shown = np.ones(grid.shape, np.bool_) if roofs else ~underlay.buildings
    top = top_of(grid, shown, unit)
    ticks = np.linspace(-top, top, 9)
    scale = ColourScale(
        mpl.colormaps["RdBu_r"], Normalize(-top, top), f"{what}: change [{unit}]", ticks=ticks
    )
    plot_map(
        grid, name, underlay, title=title, subtitle=subtitle, save_path=save_path, scale=scale,
        roofs=roofs,
    )  # fmt: skip
