# %% [markdown]
# # What if trees were planted
#
# An edit of a surface, the difference it makes, and a computation of only what it can reach.
#
# The town is made up: the square of [the first tutorial](square.py) and its mirror images, four by four, as plain arrays.

# %%
import matplotlib.pyplot as plt
import numpy as np

import solweig
from solweig.demo import demo_surface, demo_weather

TIMES = 4
square = demo_surface()
rows, cols = square.shape
town = {
    name: np.pad(
        getattr(square, name),
        ((0, (TIMES - 1) * rows), (0, (TIMES - 1) * cols)),
        "symmetric",
    )
    for name in ("dsm", "dem", "cdsm", "land_cover")
}
surface = solweig.SurfaceData(**town, pixel_size=2.0)
surface.compute_svf(max_shadow_distance_m=200.0)
location = solweig.Location(57.7, 12.0, utc_offset=1)
print(f"{surface.shape[0]} x {surface.shape[1]} cells of {surface.pixel_size:g} m")

# %% [markdown]
# ## As it is
#
# The run that edits are compared with is kept in memory, with the three quantities from which everything that does not
# change is taken over.

# %%
hours = demo_weather()[6:20]
options = {"outputs": ["tmrt", "utci", "shadow"], "max_shadow_distance_m": 200.0}
today = solweig.calculate(surface, hours, location, **options)

# %% [markdown]
# ## With trees
#
# Two rows of crowns on one of the squares, 10 m high and 6 m across, every 12 m. A window is
# `(row, end row, column, end column)`; cells with a roof stay as they are.

# %%
window = (46, 64, 40, 82)
inside = (slice(*window[:2]), slice(*window[2:]))
canopy = surface.cdsm[inside].copy()
spare = surface.buildings()[inside] == 1
planted = 0
for row in (4, 13):
    for column in range(3, canopy.shape[1] - 3, 6):
        crown = (slice(row - 1, row + 2), slice(column - 1, column + 2))
        if spare[crown].all():
            canopy[crown] = np.maximum(canopy[crown], 10.0)
            planted += 1
trees = surface.with_changes(window=window, cdsm=canopy)
print(
    f"{planted} trees; sky view computed again on {100 * trees.change.share:.0f} % of the cells"
)

# %%
then = solweig.calculate(trees, hours, location, baseline=today, **options)
print(
    f"steps computed on {100 * then.metadata['what_if']['share_of_steps']:.0f} % of the cells"
)

# %% [markdown]
# The rest is taken over, and the result is that of a full run, bit for bit:

# %%
full = solweig.calculate(trees, hours, location, **options)
print(np.array_equal(full.tmrt_mean, then.tmrt_mean, equal_nan=True))

# %% [markdown]
# ## The difference

# %%
ground = surface.buildings() == 1
cooler = np.where(ground, then.tmrt_day_mean - today.tmrt_day_mean, np.nan)
limit = np.nanmax(np.abs(cooler))
part = (slice(20, 92), slice(16, 106))
figure, axes = plt.subplots(figsize=(8, 5.6), layout="constrained")
axes.set_facecolor("#c9ccd1")
drawn = axes.imshow(
    cooler[part], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
)
axes.contour(trees.cdsm[part] > 2.0, levels=[0.5], colors="#1d7a3d", linewidths=0.8)
figure.colorbar(drawn, ax=axes, label="with trees less today, mean of the day [K]")
axes.set_title("Tmrt: what the trees change; crowns in green, roofs in grey")
axes.set_xticks([])
axes.set_yticks([])
plt.show()

# %% [markdown]
# In numbers, over open ground:

# %%
area = surface.pixel_size**2
for threshold, before in today.utci_hours_above.items():
    won = area * np.nansum(
        np.where(ground, before - then.utci_hours_above[threshold], 0.0)
    )
    print(f"UTCI above {threshold:g} °C: {won:6.0f} m² h fewer")
for kelvin in (1, 5, 10):
    print(
        f"at least {kelvin:2d} K less Tmrt over the day: {area * np.sum(cooler <= -kelvin):5.0f} m²"
    )

# %% [markdown]
# ## Other edits
#
# `with_changes` also takes new heights (`dsm`), albedo, emissivity and land cover, for a window, as a whole layer, or as a
# raster file ([what if](../scaling.md#what-if)). Grass instead of stone in the same window:

# %%
lawn = surface.with_changes(
    window=window, land_cover=np.where(spare, 5, surface.land_cover[inside])
)
grass = solweig.calculate(lawn, hours, location, baseline=today, **options)
for name, run in (("trees", then), ("grass", grass)):
    change = np.where(ground, run.tmrt_day_mean - today.tmrt_day_mean, np.nan)[
        inside
    ]
    print(f"{name}: {np.nanmean(change):+.2f} K over the day in the window")

# %% [markdown]
# ## Several plans compared
#
# [Scenarios](../scenarios.md) do all of this at once: edits in the coordinates of the map, numbers and costs side by side,
# with `out=` maps and a page. Four trees and a sail on the square itself:

# %%
square.compute_svf(max_shadow_distance_m=200.0)
stems = [[319262, 6400158], [319276, 6400161], [319290, 6400164], [319304, 6400167]]
cloth = [[319259, 6400139], [319281, 6400139], [319281, 6400155], [319259, 6400155]]
plans = [
    solweig.Scenario(
        "Four trees",
        (solweig.Edit("plant", {"points": stems, "height": 9.0}),),
        cost=12_000.0,
    ),
    solweig.Scenario(
        "A sail",
        (solweig.Edit("sail", {"polygon": cloth, "height": 5.0}),),
        cost=30_000.0,
    ),
]
found = solweig.run_scenarios(
    square,
    hours,
    solweig.Location.from_surface(square, utc_offset=1),
    plans,
    thresholds={"utci": [26, 32]},
    max_shadow_distance_m=200.0,
)
table = found.table()
table = table[table["index"] == "utci"]
table[
    ["scenario", "threshold", "area_won_m2", "area_hours_won", "cost_per_area_hour"]
]

# %% [markdown]
# The same from a file is `solweig scenario run plans.toml`; `solweig scenario init plans.toml` writes one to fill in.
