# %% [markdown]
# # A city in tiles
#
# A raster that does not fit the memory is cut into tiles, without being asked and without a trace in the results. This
# page cuts a small one on purpose, to show what happens: what a run will take, the cut, and a run that is interrupted and
# goes on.
#
# The city is made up: the square of [the first tutorial](square.py) and its mirror images, five by five.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import solweig
from solweig.demo import demo_folder, demo_weather

site = demo_folder()
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)

TIMES = 5
files = {}
for name in ("dsm", "dem", "cdsm", "land_cover"):
    array, transform, crs, _ = solweig.io.load_raster(site / f"{name}.tif")
    rows, cols = array.shape
    city = np.pad(
        array, ((0, (TIMES - 1) * rows), (0, (TIMES - 1) * cols)), mode="symmetric"
    )
    files[name] = folder / f"{name}.tif"
    solweig.io.save_raster(
        files[name], city, transform, crs, generate_preview=False
    )
print(f"{city.shape[0]} x {city.shape[1]} cells")

# %% [markdown]
# ## What it will take
#
# `solweig plan` says so on the command line, and this in Python. It reads extent and heights and computes nothing. Here is
# the same for four hundred times as many cells, at a memory of 16 GiB: times are those of two cores.

# %%
from dataclasses import replace

from solweig.run.forecast import forecast, measure_surface

place = measure_surface(files["dsm"], files["cdsm"])
large = replace(place, shape=(20 * place.shape[0], 20 * place.shape[1]))
for size in (place, large):
    plan = forecast(size, steps=24, outputs=2, memory=16 * 2**30, cores=2)
    for name, value in plan.lines():
        print(f"{name:12} {value}")
    print()

# %% [markdown]
# ## Prepared once
#
# With a `working_dir` the surface is kept there, and taken again as long as inputs and parameters are the same.

# %%
surface = solweig.SurfaceData.prepare(
    dsm=files["dsm"],
    dem=files["dem"],
    cdsm=files["cdsm"],
    land_cover=files["land_cover"],
    working_dir=folder / "cache",
    max_shadow_distance_m=200.0,
)
weather = demo_weather()[12:16]
location = solweig.Location.from_surface(surface, utc_offset=1)

# %% [markdown]
# ## The cut
#
# `tile_size` asks for a side; the planner adds what surrounds a tile: heights as far as light comes from, everything else
# as far as ground is seen. `run_metadata.json` and `summary.metadata` record it.

# %%
options = {"outputs": ["tmrt", "utci"], "max_shadow_distance_m": 200.0}
whole = solweig.calculate(surface, weather, location, **options)
tiled = solweig.calculate(
    surface,
    weather,
    location,
    output_dir=folder / "tiled",
    tile_size=192,
    **options,
)
cut = tiled.metadata["tile_plan"]
print(
    f"{cut['tiles']} tiles of {cut['core']} x {cut['core_cols']} cells, because of {cut['reason']}"
)
print(
    f"read around each: {cut['halo']} cells of heights, {cut['view']} of everything else"
)
print(f"cells computed for one that is kept: {cut['overlap_cost']:.2f}")

# %% [markdown]
# Tiled equals untiled, to the last bit; so do means, which are sums of whole numbers of a small unit:

# %%
print(
    "maps are equal: ",
    np.array_equal(whole.tmrt_mean, tiled.tmrt_mean, equal_nan=True),
)
print("means are equal:", whole.timeseries.tmrt_mean == tiled.timeseries.tmrt_mean)

# %% [markdown]
# ## Interrupted
#
# A tile runs through all steps before the next begins, and counts as finished when all it gave is written. Here the run is
# stopped from its own progress callback, as Ctrl-C or a power cut would stop it; then the same call with `resume=True`
# goes on. Progress counts steps of all tiles together.


# %%
def stop_half_way(done, total):
    """Give up after half of all steps."""
    if done >= total // 2:
        raise solweig.ComputationCancelled("the tutorial")


try:
    solweig.calculate(
        surface,
        weather,
        location,
        output_dir=folder / "again",
        tile_size=192,
        progress_callback=stop_half_way,
        **options,
    )
except solweig.ComputationCancelled as stopped:
    print(stopped)
print("kept for later:", (folder / "again" / ".solweig").is_dir())

# %%
seen = []
resumed = solweig.calculate(
    surface,
    weather,
    location,
    output_dir=folder / "again",
    tile_size=192,
    resume=True,
    progress_callback=lambda done, total: seen.append((done, total)),
    **options,
)
print(f"went on at step {seen[0][0]} of {seen[0][1]}")
same = all(
    path.read_bytes()
    == (folder / "tiled" / path.relative_to(folder / "again")).read_bytes()
    for path in (folder / "again").rglob("*.tif")
)
print("every file is that of the undisturbed run:", same)

# %% [markdown]
# ## The map

# %%
import solweig.xarray

whole.dataset.solweig.plot("tmrt", surface=surface)
plt.show()

# %%
scratch.cleanup()

# %% [markdown]
# How large rasters are cut, what is done at once, and the same on many machines: [scaling](../scaling.md).
