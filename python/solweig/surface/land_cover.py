"""Properties of the ground by land-cover class."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from solweig.params import land_cover_table
from solweig.surface.checks import FIRST_WALL_CODE, GROUND_CODES
from solweig.surface.layers import Layers
from solweig.typing import F32

_COLUMNS = ("albedo", "emissivity", "ts_deg", "tstart", "tmaxlst")
_COBBLE, _ROOF = 0, 2


def property_grids(
    surface: Layers, params: SimpleNamespace | None
) -> tuple[F32, F32, F32, F32, F32]:
    """The five grids of ``SurfaceData.get_land_cover_properties``."""
    table = land_cover_table(params)
    lookup = np.full((len(_COLUMNS), 256), np.nan, dtype=np.float32)
    for code in (*GROUND_CODES, *range(FIRST_WALL_CODE, 256)):
        # Building codes without a temperature wave of their own (wall materials) are roofs.
        row = table.get(code, table[_ROOF if code >= FIRST_WALL_CODE else _COBBLE])
        lookup[:, code] = [row[column] for column in _COLUMNS]
    codes = surface.land_cover
    if codes is None:
        codes = np.full(surface.shape, _COBBLE, dtype=np.uint8)
    albedo, emissivity, slope, offset, hour = (values[codes] for values in lookup)
    if surface.albedo is not None:
        albedo = surface.albedo
    if surface.emissivity is not None:
        emissivity = surface.emissivity
    return albedo, emissivity, slope, offset, hour
