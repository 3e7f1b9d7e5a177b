"""The run of an edited surface: only what its edits can reach, each part of them for itself.

Parts of an edit that lie far from each other are carried out one after the other, each on the run
before it, so that what lies between them is not computed. The last run is that of all edits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.results.summary import TimeseriesSummary
from solweig.scenarios.layers import LAYERS
from solweig.surface.changes import changed_surface
from solweig.surface.data import SurfaceData
from solweig.surface.foliage import usual
from solweig.tiles.grid import corners, ground_view_reach
from solweig.typing import Bool, Window

__all__ = ["ChangedRun", "run_edits", "windows_of"]

_BLOCK = 16
_MOST_BLOCKS = 256
_OVERHEAD = 0.01
"""What a further part costs beside its cells, as a share of all cells."""

Run = Callable[[SurfaceData, TimeseriesSummary], TimeseriesSummary]


@dataclass
class ChangedRun:
    """A run after edits, and how much of it was computed.

    Attributes
    ----------
    surface
        After the edits.
    summary
        Of its run.
    windows
        Where it was edited, ``(row, end row, column, end column)`` each.
    share_of_sky, share_of_steps
        Cells whose sky view and whose steps were computed, over all; 1 and more where parts overlap
        or everything was.
    whole
        Why everything was computed; None where it was not.
    """

    surface: SurfaceData
    summary: TimeseriesSummary
    windows: list[tuple[int, int, int, int]] = field(default_factory=list)
    share_of_sky: float = 0.0
    share_of_steps: float = 0.0
    whole: str | None = None


def run_edits(
    base: SurfaceData,
    baseline: TimeseriesSummary,
    layers: dict[str, NDArray[Any] | None],
    run: Run,
) -> ChangedRun:
    """Run an edited surface on its baseline.

    Parameters
    ----------
    base
        With sky view.
    baseline
        Its run.
    layers
        Every layer after the edits.
    run
        Gives the run of a surface on a baseline.

    Returns
    -------
    ChangedRun
        Equal, bit for bit, to a run of the edited surface computed from nothing.
    """
    found = ChangedRun(base, baseline)
    differs = _differs(base, layers)
    if not differs.any():
        return found
    for window in windows_of(differs, _reach(base, layers, differs)):
        values = {
            name: new[window]
            for name, new in layers.items()
            if new is not None and new is not getattr(base, name)
        }
        # Of a few crowns heights above ground may look like elevations; here it is known.
        surface = changed_surface(found.surface, values, corners(window), look=False)
        change = surface.change
        assert change is not None
        found.summary = run(surface, found.summary)
        found.surface = surface
        found.windows.append(corners(window))
        found.share_of_sky += change.share
        found.share_of_steps += found.summary.metadata["what_if"]["share_of_steps"]
        found.whole = found.whole or change.whole
    return found


def _differs(base: SurfaceData, layers: dict[str, NDArray[Any] | None]) -> Bool:
    """Cells of which a layer differs."""
    found = np.zeros(base.shape, np.bool_)
    for name in LAYERS:
        old, new = getattr(base, name), layers[name]
        if new is None or new is old:
            continue
        if old is None:
            old = usual(base.cdsm, base.shape)
        with np.errstate(invalid="ignore"):
            found |= (old != new) & ~((old != old) & (new != new))
    return found


def _reach(base: SurfaceData, layers: dict[str, NDArray[Any] | None], differs: Bool) -> int:
    """About how far an edit reaches, to weigh parts [px]; no result depends on it."""
    dsm, canopy = layers["dsm"], layers["cdsm"]
    assert dsm is not None
    low = float(np.nanmin(base.dsm))
    top = np.fmax(base.dsm, dsm)
    for each in (base.cdsm, canopy):
        top = top if each is None else np.fmax(top, base.dsm + each)
    rise = float(np.nanmax(np.where(differs, top, np.nan))) - low
    limit = max(base.shape)
    far = 0.0 if not math.isfinite(rise) else 10.0 * rise / base.pixel_size
    return min(int(far), limit) + ground_view_reach(base.pixel_size)


def windows_of(differs: Bool, reach: int) -> list[Window]:
    """Windows that hold all cells of a mask, few and small, from north to south.

    Two are merged where one window around both takes fewer cells with what it reaches.
    """
    block = _BLOCK
    boxes = _blocks(differs, block)
    while len(boxes) > _MOST_BLOCKS:
        block *= 2
        boxes = _blocks(differs, block)
    area = float(differs.size)

    def cost(box: tuple[int, int, int, int]) -> float:
        rows = min(box[1] + reach, differs.shape[0]) - max(box[0] - reach, 0)
        cols = min(box[3] + reach, differs.shape[1]) - max(box[2] - reach, 0)
        return float(rows * cols + _OVERHEAD * area)

    merged = True
    while merged and len(boxes) > 1:
        merged = False
        best, pair = 0.0, (0, 0)
        costs = [cost(box) for box in boxes]
        for i in range(len(boxes)):
            for j in range(i + 1, len(boxes)):
                won = costs[i] + costs[j] - cost(_hull(boxes[i], boxes[j]))
                if won > best:
                    best, pair, merged = won, (i, j), True
        if merged:
            one = _hull(boxes[pair[0]], boxes[pair[1]])
            boxes = [box for k, box in enumerate(boxes) if k not in pair] + [one]
    return [(slice(a, b), slice(c, d)) for a, b, c, d in sorted(boxes)]


def _blocks(differs: Bool, block: int) -> list[tuple[int, int, int, int]]:
    """The smallest window of the cells in each block of a mask that has some."""
    rows, cols = np.nonzero(differs)
    keys = (rows // block) * (differs.shape[1] // block + 1) + cols // block
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    found = []
    for mine in np.split(order, starts[1:]):
        r, c = rows[mine], cols[mine]
        found.append((int(r.min()), int(r.max()) + 1, int(c.min()), int(c.max()) + 1))
    return found


def _hull(a: Sequence[int], b: Sequence[int]) -> tuple[int, int, int, int]:
    return min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3])
