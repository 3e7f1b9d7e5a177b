"""One picture of the layers of a build."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path
from solweig.inputs.land_cover import CLASSES
from solweig.rasters.grids import Grid

__all__ = ["draw"]

_SIDE = 700
_WIDTH_IN = 3.4
_IN_A_ROW = 3
_TITLES = {
    "dsm": "Ground and roofs [m]", "dem": "Ground [m]", "cdsm": "Canopy above ground [m]",
    "land_cover": "Land cover", "density": "LiDAR returns [1/m²]",
}  # fmt: skip
_COLOURS = {
    "cobble": "#b8b0a8", "asphalt": "#6f6f74", "building": "#b5554a", "grass": "#8fbf6f",
    "bare_soil": "#d9b77e", "water": "#5b9bd5",
}  # fmt: skip


def draw(layers: Mapping[str, NDArray[Any]], grid: Grid, path: Path) -> bool:
    """Draw the layers side by side.

    Parameters
    ----------
    layers
        By name.
    grid
        Of all of them.
    path
        Of the PNG file, which appears complete or not at all.

    Returns
    -------
    bool
        Whether matplotlib is there to draw.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:  # an extra, [plot]
        return False

    names = [name for name in _TITLES if name in layers]
    west, south, east, north = grid.bounds
    across = len(names) if len(names) <= _IN_A_ROW else math.ceil(len(names) / 2)
    down = math.ceil(len(names) / across)
    tall = min(max((north - south) / (east - west), 0.3), 2.0)
    size = (_WIDTH_IN + 0.8) * across, (_WIDTH_IN * tall + 0.5) * down
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    step = max(max(grid.shape) // _SIDE, 1)
    for place, name in enumerate(names, start=1):
        axes = figure.add_subplot(down, across, place)
        small = np.asarray(layers[name][::step, ::step])
        image = _image(axes, name, small, (0.0, east - west, 0.0, north - south), step, grid)
        axes.set_title(_TITLES[name], fontsize=9)
        axes.tick_params(labelsize=7)
        if name == "land_cover":
            _legend(axes, small)
        else:
            figure.colorbar(image, ax=axes, shrink=0.7).ax.tick_params(labelsize=7)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    return True


def _image(
    axes: Any, name: str, small: NDArray[Any], extent: tuple[float, ...], step: int, grid: Grid
) -> Any:
    from matplotlib.colors import BoundaryNorm, ListedColormap

    options: dict[str, Any] = {"extent": extent, "interpolation": "nearest"}
    if name == "land_cover":
        codes = sorted(CLASSES.values())
        names = {code: key for key, code in CLASSES.items()}
        colours = ListedColormap([_COLOURS[names[code]] for code in codes])
        bounds = [codes[0] - 0.5, *(code + 0.5 for code in codes)]
        return axes.imshow(small, cmap=colours, norm=BoundaryNorm(bounds, len(codes)), **options)
    if name == "cdsm":
        return axes.imshow(np.where(small > 0, small, np.nan), cmap="YlGn", vmin=0.0, **options)
    if name == "density":
        most = np.percentile(small, 99) or 1.0
        return axes.imshow(small, cmap="magma", vmin=0.0, vmax=most, **options)
    image = axes.imshow(small, cmap="cividis", **options)
    known = np.isfinite(small)
    if known.any() and min(small.shape) > 1:
        filled = np.where(known, small, np.nanmin(small)).astype(np.float64)
        down, across = np.gradient(filled, step * grid.pixel_size)
        light = (1.0 - across + down) / np.sqrt(3.0 * (1.0 + across**2 + down**2))
        shade = np.clip(1.0 - light, 0.0, 0.7)  # a flat cell keeps a little of it
        axes.imshow(np.zeros_like(shade), cmap="gray", alpha=shade * 0.6, **options)
    return image


def _legend(axes: Any, small: NDArray[Any]) -> None:
    from matplotlib.patches import Patch

    there = set(np.unique(small).tolist())
    patches = [
        Patch(color=_COLOURS[name], label=name.replace("_", " "))
        for name, code in CLASSES.items()
        if code in there
    ]
    axes.legend(handles=patches, fontsize=6, loc="lower right", framealpha=0.8)
