"""Heights and aspects of walls in a raster of heights, by the reference's names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solweig import _core
from solweig.feedback import Feedback
from solweig.surface.walls import generate_wall_hts

__all__ = ["filter1Goodwin_as_aspect_v3", "findwalls", "generate_wall_hts"]


def findwalls(a: ArrayLike, walllimit: float) -> NDArray[np.float32]:
    """Heights of walls [m], on the lower of two neighbouring cells (G 6).

    Parameters
    ----------
    a
        Heights [m], ``[row, col]``.
    walllimit
        Least height of a wall [m].

    Returns
    -------
    NDArray[np.float32]
        ``[row, col]``, 0 where no wall stands.

    Examples
    --------
    >>> from solweig.physics.wallalgorithms import findwalls
    >>> roofs = np.zeros((5, 5), np.float32)
    >>> roofs[2, 2] = 6.0
    >>> findwalls(roofs, walllimit=1.0)
    array([[0., 0., 0., 0., 0.],
           [0., 0., 6., 0., 0.],
           [0., 6., 0., 6., 0.],
           [0., 0., 6., 0., 0.],
           [0., 0., 0., 0., 0.]], dtype=float32)
    """
    return _core.wall_height(_heights(a), float(walllimit))


def filter1Goodwin_as_aspect_v3(
    walls: ArrayLike,
    scale: float,
    a: ArrayLike,
    feedback: Any = None,
    progress_range: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Directions in which walls face [deg clockwise from north] (G 6).

    Parameters
    ----------
    walls
        Heights of walls [m], as :func:`findwalls` gives them.
    scale
        Cells per metre, the reciprocal of the cell size.
    a
        Heights [m], ``[row, col]``.
    feedback
        A QGIS feedback or a callable ``(done, total)``.
    progress_range
        Part of 0-100 that this stage covers.

    Returns
    -------
    NDArray[np.float32]
        ``[row, col]``, 0 where no wall stands.

    Raises
    ------
    ComputationCancelled
        The user cancelled.
    """
    told = Feedback(feedback, "wall aspects", progress_range or (0.0, 100.0))
    told(0, 1)
    found = _core.wall_aspect(_heights(a), _heights(walls), 1.0 / float(scale))
    told(1, 1)
    return found


def _heights(values: ArrayLike) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)
