"""Small pictures beside rasters."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path

__all__ = ["save_preview"]

log = logging.getLogger("solweig")

_PREVIEW_SIDE = 1024


def save_preview(path: Path, values: NDArray[Any]) -> None:
    """A small picture beside the raster; never a reason for a run to fail."""
    try:
        from matplotlib import colormaps
        from matplotlib.image import imsave
    except ImportError:
        return
    stride = max(1, -(-max(values.shape) // _PREVIEW_SIDE))
    small = values[::stride, ::stride].astype(np.float64)
    finite = np.isfinite(small)
    if not finite.any():
        return
    low, high = np.percentile(small[finite], (2, 98))
    scaled = np.clip((small - low) / ((high - low) or 1.0), 0, 1)
    rgba = colormaps["inferno"](np.where(finite, scaled, 0.0))
    rgba[~finite, 3] = 0.0
    try:
        with atomic_path(path.with_suffix(".preview.png")) as temporary:
            imsave(temporary, rgba)
    except OSError as error:
        log.warning("preview of %s could not be written: %s", path.name, error)
