"""Arrays of several layers that know where these lie, read by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solweig.rasters.grids import Grid
from solweig.rasters.labelled import Placed, placed
from solweig.rasters.lazy_cells import meant_values, read_values
from solweig.typing import F32, Window

__all__ = ["LabelledLayers", "labelled_layers"]


def labelled_layers(name: str, array: Any, along: str) -> LabelledLayers | None:
    """Layers of an array that knows its grid; ``None`` where it does not say where it lies.

    Parameters
    ----------
    name
        Of the array, in messages.
    array
        DataArray with a dimension more than :func:`labelled_source` takes.
    along
        That dimension.

    Raises
    ------
    InvalidSurfaceData
        As :func:`labelled_source`.
    """
    found = placed(name, array.isel({along: 0}, drop=True), None, None)
    return None if found is None else LabelledLayers(name, array, along, found)


@dataclass(frozen=True)
class LabelledLayers:
    """Layers of one grid in a DataArray, read by window."""

    name: str
    array: Any
    along: str
    place: Placed

    @property
    def grid(self) -> Grid:
        """Of every layer."""
        return self.place.grid

    def read(self, layers: Sequence[int], where: Window) -> F32:
        """A window of some layers at once.

        Parameters
        ----------
        layers
            Which, each once, in ascending order.
        where
            Rows from north to south and columns from west to east.

        Returns
        -------
        F32
            ``[layer, row, col]``, NaN where there is no data.

        Raises
        ------
        InvalidSurfaceData
            It cannot be computed or read.
        """
        place = self.place
        ends = zip(place.dims, where, place.grid.shape, place.flipped, strict=True)
        parts = {dim: slice(n - w.stop, n - w.start) if flip else w for dim, w, n, flip in ends}
        others = {d: 0 for d in self.array.dims if d not in (*place.dims, self.along)}
        cube = self.array.isel({**others, **parts, self.along: list(layers)}, drop=True)
        raw = read_values(self.name, cube.transpose(self.along, *place.dims))
        turned = raw[(slice(None), *(slice(None, None, -1 if f else 1) for f in place.flipped))]
        return meant_values(turned, place.marks, place.stored)
