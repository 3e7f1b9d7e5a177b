# %% [markdown]
# # A square on a hot day
#
# From four rasters and a day's weather to maps of mean radiant temperature and heat stress, and to what was measured
# there. The place is Gustav Adolfs torg in Gothenburg on 1 August 2006; its files come with the package.

# %%
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np

import solweig
import solweig.xarray  # adds .solweig to datasets
from solweig.demo import demo_folder, demo_measurements

site = demo_folder()
sorted(path.name for path in site.glob("*.tif"))

# %% [markdown]
# ## The surface
#
# `prepare` reads the rasters, brings them to one grid, checks them, finds the walls, and computes how much sky every cell
# sees. With a `working_dir` the result is kept for the next run; here nothing is kept.

# %%
surface = solweig.SurfaceData.prepare(
    dsm=site / "dsm.tif",
    dem=site / "dem.tif",
    cdsm=site / "cdsm.tif",
    land_cover=site / "land_cover.tif",
)
rows, cols = surface.shape
print(
    f"{rows} x {cols} cells of {surface.pixel_size:g} m, {100 * surface.buildings().mean():.0f} % open ground"
)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
height = left.imshow(surface.dsm - surface.dem, cmap="cividis")
figure.colorbar(height, ax=left, label="above ground [m]")
left.set_title("Buildings")
sky = right.imshow(surface.svf.svf, cmap="viridis", vmin=0, vmax=1)
figure.colorbar(sky, ax=right, label="sky view factor [1]")
right.set_title("How much sky is seen between them")
for axes in (left, right):
    axes.set_xticks([])
    axes.set_yticks([])
plt.show()

# %% [markdown]
# ## The weather
#
# A text file in UMEP's format. Nothing in it says what a time stamp marks, nor which clock it is on, so we say it: each row
# is the mean of the hour that begins with its stamp, and the clock is one hour ahead of UTC. Wind was not measured; we
# put 1.5 m/s in its place, because UTCI needs one. Left out, both would be said: radiation that does not fit the sun is
# [noticed](../checks.md#weather), and a missing value is an error until it is filled on purpose.

# %%
weather = solweig.Weather.from_umep_met(
    site / "weather.txt", stamp="start", fill={"ws": 1.5, "pressure": 1013.0}
)
location = solweig.Location.from_surface(surface, utc_offset=1)
noon = weather[12]
print(
    f"{len(weather)} steps; at {noon.datetime:%H:%M} {noon.ta:g} °C, {noon.rh:g} %, {noon.global_rad:g} W/m²"
)

# %% [markdown]
# ## The run
#
# Without `output_dir` every step stays in memory. `pois` names the place where the instruments stood, at which every flux
# is kept.

# %%
summary = solweig.calculate(
    surface,
    weather,
    location,
    outputs=["tmrt", "utci", "shadow"],
    pois=site / "poi.geojson",
)
print(summary.report())

# %% [markdown]
# ## Maps
#
# `summary.dataset` is an `xarray.Dataset` with coordinates, CRS and units. With the surface, `.solweig.plot` draws houses
# and crowns beneath, and leaves roofs blank, for nobody stands there. Without a time it takes the hottest step.

# %%
summary.dataset.solweig.plot("tmrt", surface=surface)
plt.show()

# %%
summary.dataset.solweig.plot("utci", surface=surface, time="2006-08-01T14:00")
plt.show()

# %% [markdown]
# The two differ: Tmrt follows light and shade sharply, UTCI weighs it with air temperature, humidity and wind.
#
# ## Beside the measurements
#
# The mast gave Tmrt from six pairs of radiometers. Its table names hours by their end; `demo_measurements` has them by
# their beginning, as the run has.

# %%
point = summary.pois.set_index("time")
measured = demo_measurements()
both = point.join(measured[["Tmrt"]], how="inner")
error = both["tmrt"] - both["Tmrt"]
print(
    f"{len(both)} hours: RMSE {np.sqrt((error**2).mean()):.1f} K, mean difference {error.mean():+.1f} K"
)

figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
axes.plot(point.index, point["tmrt"], color="#c2185b", label="Tmrt, modelled")
axes.plot(point.index, point["utci"], color="#ef8a17", label="UTCI, modelled")
axes.plot(both.index, both["Tmrt"], "o", color="#111111", label="Tmrt, measured")
axes.set_ylabel("°C")
axes.xaxis.set_major_formatter(mdates.DateFormatter("%H"))
axes.set_xlabel("hour that begins, 1 August 2006, UTC+1")
axes.legend()
plt.show()

# %% [markdown]
# Where such a comparison goes wrong, and why intervals matter, is in [the model against a mast](mast.py); the other sites
# and days are in [validation](../validation.md).
#
# ## To files
#
# `output_dir` writes a GeoTIFF for every step and quantity, summaries of the period, styles for QGIS and a record of what
# ran.

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "out"
    solweig.calculate(
        surface, weather[10:16], location, output_dir=out, outputs=["tmrt"]
    )
    for path in sorted(out.rglob("*.tif")):
        print(path.relative_to(out).as_posix())
