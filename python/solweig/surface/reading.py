"""Layers as they were given, files and arrays, brought onto one grid."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solweig.errors import GridShapeMismatch, InvalidSurfaceData
from solweig.messages import warn_user
from solweig.rasters.align import check_wall_grid, read_on_grid
from solweig.rasters.datasets import is_dataset, layers_of
from solweig.rasters.grids import Grid, whole_cell_offset
from solweig.rasters.labelled import is_labelled, labelled_source, north_up_values
from solweig.rasters.sources import RasterSource, open_source
from solweig.rasters.target import target_grid
from solweig.rasters.units import HEIGHT_LAYERS, HeightUnit
from solweig.surface import checks
from solweig.typing import F32

__all__ = ["SurfaceGrid", "given_source", "is_path", "read_layers"]

logger = logging.getLogger(__name__)

LAYERS = (
    "dsm", "dem", "cdsm", "tdsm", "land_cover", "wall_height", "wall_aspect", "albedo",
    "emissivity", "transmissivity", "lai",
)  # fmt: skip
"""Names of layers, of variables of a Dataset too."""
Given = dict[str, Any]
"""Layers as they were given, by name."""

_NO_PIXEL_SIZE = (
    "Say it: pixel_size=2.0. A georeferenced file (--dsm), or an xarray.DataArray with "
    "coordinates, says it itself."
)


@dataclass(frozen=True)
class SurfaceGrid:
    """The grid of the prepared surface; arrays without georeference have no transform."""

    shape: tuple[int, int]
    pixel_size: float
    geotransform: list[float] | None
    crs_wkt: str | None
    resampled: bool = False


def is_path(layer: Any) -> bool:
    """Whether a layer is given as a file."""
    return isinstance(layer, (str, os.PathLike))


def given_source(
    name: str, layer: Any, unit: HeightUnit | None = None, crs: Any = None
) -> RasterSource | None:
    """A layer that knows its grid, a file or a DataArray; ``None`` for a plain array.

    Raises
    ------
    InvalidSurfaceData
        The file or the array is unusable.
    """
    if is_path(layer):
        return open_source(name, layer, unit)
    if is_labelled(layer):
        return labelled_source(name, layer, unit, crs)
    return None


def read_layers(
    given: Given,
    *,
    bbox: Any = None,
    pixel_size: float | None = None,
    reproject: Any = None,
    units: Mapping[str, HeightUnit] | None = None,
) -> tuple[Given, SurfaceGrid]:
    """Every layer as an array on the grid of the surface.

    Parameters
    ----------
    given
        Layers by name: files, DataArrays, arrays; as ``dsm`` also a Dataset of them.
    bbox, pixel_size, reproject
        As in :meth:`solweig.SurfaceData.prepare`.
    units
        Of heights, whatever files say.

    Raises
    ------
    SolweigError
        As :meth:`solweig.SurfaceData.prepare` says.
    """
    units = units or {}
    given = _spread(given)
    if "dsm" not in given:
        raise InvalidSurfaceData("dsm", "a raster file or a 2-D array", "none")
    if ("wall_height" in given) != ("wall_aspect" in given):
        present = "wall_height" if "wall_height" in given else "wall_aspect"
        raise InvalidSurfaceData(
            "walls", "wall_height and wall_aspect together", f"only {present}",
            "Give both (--wall-height, --wall-aspect) or none.",
        )  # fmt: skip
    dsm = given_source("dsm", given["dsm"], units.get("dsm"))
    if dsm is None:
        return _beside_array(given, pixel_size, units, {"bbox": bbox, "reproject": reproject})
    return _on_grid_of(dsm, given, units, bbox, pixel_size, reproject)


def _spread(given: Given) -> Given:
    """The layers of a Dataset that stands for the DSM, beside those that are given by name."""
    if not is_dataset(given.get("dsm")):
        return given
    layers = layers_of(given["dsm"], LAYERS)
    twice = [name for name in given if name != "dsm" and name in layers]
    if twice:
        raise InvalidSurfaceData(
            twice[0], "one layer", "a variable of the Dataset and an argument",
            f"Leave one out: dataset.drop_vars({twice[0]!r}).",
        )  # fmt: skip
    return {**given, **layers}


# ------------------------------------------------------------------ beside a plain array


def _beside_array(
    given: Given,
    pixel_size: float | None,
    units: Mapping[str, HeightUnit],
    refused: Mapping[str, Any],
) -> tuple[Given, SurfaceGrid]:
    """Layers beside a DSM array: they must have its shape, whatever they come from."""
    for name, wish in refused.items():
        if wish is not None and wish is not False:
            raise InvalidSurfaceData(
                name, "a DSM given as a georeferenced file", "a DSM given as an array"
            )
    dsm = checks.as_layer("dsm", _plain("dsm", given["dsm"], units))
    if pixel_size is None:
        raise InvalidSurfaceData(
            "pixel_size", "the side of a cell [m], because an array does not say it", "none",
            _NO_PIXEL_SIZE,
        )  # fmt: skip
    rows, cols = dsm.shape
    arrays: Given = {"dsm": dsm}
    for name, layer in given.items():
        if name == "dsm":
            continue
        source = given_source(name, layer, units.get(name))
        if source is None:
            arrays[name] = _plain(name, layer, units)
            continue
        checks.check_shape(name, dsm.shape, source.grid.shape)
        _check_side(source, float(pixel_size))
        arrays[name] = read_on_grid(source, source.grid)
    return arrays, SurfaceGrid((rows, cols), float(pixel_size), None, None)


def _check_side(source: RasterSource, pixel_size: float) -> None:
    """A layer that knows its cells must have those that the call says."""
    crs, own = source.grid.crs, source.grid.pixel_size
    metric = crs is None or (crs.is_projected and crs.linear_units_factor[1] == 1.0)
    if metric and not math.isclose(own, pixel_size, rel_tol=0.01):
        raise InvalidSurfaceData(
            "pixel_size", f"{own:g} m, as {source.name} has it", f"{pixel_size:g} m",
            "Give the DSM as a georeferenced file too, or the layer as a plain array.",
        )  # fmt: skip


def _plain(name: str, layer: Any, units: Mapping[str, HeightUnit]) -> Any:
    """An array without a place; heights in metres."""
    if is_labelled(layer):
        return north_up_values(name, layer, units.get(name))
    unit = units.get(name)
    if unit is None or unit.metres == 1.0:
        return layer
    return np.asarray(layer, np.float64) * unit.metres


# ------------------------------------------------------------------ on the grid of the DSM


def _on_grid_of(
    dsm: RasterSource,
    given: Given,
    units: Mapping[str, HeightUnit],
    bbox: Any,
    pixel_size: float | None,
    reproject: Any,
) -> tuple[Given, SurfaceGrid]:
    sources = {"dsm": dsm}
    for name, layer in given.items():
        if name == "dsm":
            continue
        source = given_source(name, layer, units.get(name), dsm.grid.crs)
        if source is not None:
            sources[name] = source
    _warn_of_mixed_units(sources)
    others = [source for name, source in sources.items() if name != "dsm"]
    wish = None if reproject is False else reproject
    grid = target_grid(dsm, others, bbox, pixel_size, wish)
    for name in ("wall_height", "wall_aspect"):
        if name in sources:
            check_wall_grid(sources[name], grid)
    arrays: Given = {}
    for name, layer in given.items():
        if name in sources:
            arrays[name] = read_on_grid(sources[name], grid)
        else:
            arrays[name] = _cut_array(name, _plain(name, layer, units), dsm.grid, grid)
    resampled = whole_cell_offset(dsm.grid, grid) is None
    return arrays, SurfaceGrid(
        grid.shape, grid.pixel_size, grid.geotransform, grid.crs_wkt, resampled
    )


def _warn_of_mixed_units(sources: Mapping[str, RasterSource]) -> None:
    """Warn where one layer says feet and another says nothing."""
    known = {name: s.unit for name, s in sources.items() if name in HEIGHT_LAYERS and s.unit}
    other = next((u for u in known.values() if u.from_file and u.metres != 1.0), None)
    silent = [name for name, unit in known.items() if not unit.source]
    if other is None or not silent:
        return
    names, first = ", ".join(silent), silent[0]
    warn_user(
        f"{names}: expected a unit of heights beside layers in {other.name}, got none in the file; "
        f"taken as metres. If they are not, say height_unit={{'{first}': '{other.name}'}} "
        f"(--height-unit {first}={other.name}); if they are, height_unit={{'{first}': 'm'}}."
    )


def _cut_array(name: str, layer: Any, dsm: Grid, grid: Grid) -> F32:
    """The part of an array on the DSM's cells that lies on ``grid``."""
    array = np.asarray(layer)
    if array.shape != dsm.shape:
        raise GridShapeMismatch(name, dsm.shape, array.shape)
    offset = whole_cell_offset(dsm, grid)
    if offset is None:
        raise InvalidSurfaceData(
            name,
            "a raster file or a DataArray with coordinates, because the DSM is resampled",
            "an array",
            "Leave out pixel_size and reproject (--pixel-size, --reproject), or give a file.",
        )
    row, col = offset
    return array[row : row + grid.shape[0], col : col + grid.shape[1]]
