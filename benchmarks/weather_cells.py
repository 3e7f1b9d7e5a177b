"""A picture of what radiation by weather cells changes: the edge of a cloud over a city.

python -m benchmarks.weather_cells --picture docs/images/weather_cells.png
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import solweig
from benchmarks.city import synthetic_city
from solweig.execution import ExecutionConfig

CPU = ExecutionConfig(accelerator="cpu")
PIXEL_M, CELL_M = 2.0, 500.0
REACH_M = 300.0
CLEAR, CLOUD = 850.0, 260.0
"""Global radiation beside the cloud and below it [W m-2]."""


def under_a_cloud(cells: int) -> Any:
    """Global radiation of weather cells, of which a cloud covers one corner."""
    row, col = np.mgrid[0:cells, 0:cells]
    covered = np.clip((row - col) / 2.0 + 0.75, 0.0, 1.0)
    return CLEAR + (CLOUD - CLEAR) * covered


def draw(path: Path, side: int) -> None:
    """Weather cells, mean radiant temperature below them, and its difference to one weather."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    town = synthetic_city(side, pixel_size=PIXEL_M)
    surface = solweig.SurfaceData(
        town.dsm, cdsm=town.canopy, dem=town.dem, land_cover=town.land_cover, pixel_size=PIXEL_M,
        smooth_quantized_dem=False,
    )  # fmt: skip
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    width = side * PIXEL_M
    cells = int(np.ceil(width / CELL_M))
    light = under_a_cloud(cells)
    centres = CELL_M * (np.arange(cells) + 0.5)
    west = south = 0.5 * (width - cells * CELL_M)
    field = xr.DataArray(light, {"y": south + centres[::-1], "x": west + centres}, ("y", "x"))
    hour = solweig.Weather(
        datetime(2025, 7, 1, 13), ta=27.0, rh=45.0, ws=2.5, global_rad=float(light.mean())
    )
    options: dict[str, Any] = {
        "outputs": ["tmrt"], "execution": CPU, "max_shadow_distance_m": REACH_M,
    }  # fmt: skip
    place = solweig.Location(48.2, 16.4, utc_offset=1)
    fields = {"global_rad": solweig.RadiationField(field)}
    one = solweig.calculate(surface, hour, place, **options)
    own = solweig.calculate(surface, hour, place, fields=fields, **options)
    assert one.dataset is not None
    assert own.dataset is not None
    tmrt, station = own.dataset.tmrt.values[0], one.dataset.tmrt.values[0]
    roofs = surface.buildings() == 0
    figure, axes = plt.subplots(1, 3, figsize=(13.0, 4.4), layout="constrained")
    panels = (
        ("Global radiation by weather cell", light, "W m\u207b\u00b2", {"cmap": "cividis"}),
        ("Mean radiant temperature", tmrt, "\u00b0C", {"cmap": "inferno"}),
        ("Difference to one weather, their mean", tmrt - station, "K", {"cmap": "RdBu_r"}),
    )
    for axis, (title, grid, unit, look) in zip(axes, panels, strict=True):
        ends = (west, west + cells * CELL_M, south, south + cells * CELL_M)
        if grid.shape == roofs.shape:
            grid, ends = np.where(roofs, np.nan, grid), (0.0, width, 0.0, width)
            most = float(np.nanpercentile(np.abs(grid), 99))
            look = {**look, "vmin": -most, "vmax": most} if unit == "K" else look
        image = axis.imshow(grid, extent=ends, interpolation="nearest", **look)
        axis.set(xlim=(0.0, width), ylim=(0.0, width), xticks=[], yticks=[], facecolor="0.8")
        axis.set_title(title)
        figure.colorbar(image, ax=axis, shrink=0.85, label=unit)
    edge = f"cells of {PIXEL_M:g} m, weather cells of {CELL_M:g} m"
    figure.suptitle(f"The edge of a cloud over a made-up city of {width / 1000:g} km, {edge}")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--picture", type=Path, required=True)
    chosen = parser.parse_args()
    draw(chosen.picture, chosen.side)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
