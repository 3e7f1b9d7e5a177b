# %% [markdown]
# # The model against a mast
#
# A mast measured radiation from six directions on the square, and Tmrt follows from them. This page compares the model with
# it: over the intervals that its rows stand for, on its own axes, with the error split by where it comes from.
#
# `solweig validate` does the same on the command line, with a page to pass on as its result.

# %%
import tempfile
from pathlib import Path

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np

import solweig
from solweig.demo import demo_folder, demo_surface, demo_weather
from solweig.validation import read_mast, validate_mast, write_validation

site = demo_folder()
surface = demo_surface()
location = solweig.Location.from_surface(surface, utc_offset=1)

# %% [markdown]
# ## Its table
#
# Times and any of Tmrt and the twelve fluxes; columns are known by the usual names, others are given with `columns=`. What
# a stamp marks is not said here: it will be found.

# %%
mast = read_mast(site / "measurements.csv")
print(f"{len(mast)} rows of {mast.minutes:g} min: {', '.join(mast.columns)}")

# %% [markdown]
# ## The comparison
#
# The model runs in steps of ten minutes, so that a shadow's edge passes when it passes, and is averaged over each row of the
# mast. The person absorbs longwave as the mast's evaluation assumed.

# %%
config = solweig.ModelConfig(human=solweig.HumanParams(abs_l=0.95))
found = validate_mast(
    mast, surface, demo_weather(), location, site / "poi.geojson", config=config
)
print(found.report())

# %% [markdown]
# The notes above the numbers come first on purpose: rows of this mast stand for the hour that *ends* with their stamp, those
# of the weather for the hour that *begins* with it. Pairing both by the hour they name would compare different hours; most
# of the error of earlier comparisons was that ([validation](../validation.md#which-interval-each-row-stands-for)).
#
# ## The day

# %%
table = found.table()
middle = table["start"] + (table["end"] - table["start"]) / 2
colours = {
    "Tmrt": "#c2185b",
    "Kdown": "#e8a200",
    "Ldown": "#3b6fb5",
    "Lup": "#6d4c41",
}
figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for name, colour in colours.items():
    axes = panels[0 if name == "Tmrt" else 1]
    axes.plot(middle, table[f"{name}_modelled"], color=colour, label=name)
    axes.plot(middle, table[f"{name}_measured"], "o", ms=4, color=colour)
for axes, unit in zip(panels, ("°C", "W m⁻²"), strict=True):
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H"))
    axes.set_xlabel("hour, UTC+1")
    axes.set_ylabel(unit)
    axes.legend(title="line: model, dots: mast", fontsize=8)
plt.show()

# %% [markdown]
# ## Where the error comes from
#
# What each flux, were it the measured one, would change in the modelled Tmrt. *rest* is what the mast's own fluxes do not
# explain of its Tmrt.

# %%
terms = {name: np.nanmean(values) for name, values in found.budget.items()}
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.barh(list(terms), list(terms.values()), color="#0072b2")
axes.axvline(0.0, color="#111111", lw=0.8)
axes.invert_yaxis()
axes.set_xlabel("error of Tmrt, mean of the day [K]")
plt.show()

# %% [markdown]
# ## The page
#
# `write_validation` puts all of it into one HTML file that needs nothing else, with the numbers beside it.

# %%
with tempfile.TemporaryDirectory() as folder:
    write_validation(found, Path(folder) / "check", plots=False)
    print(sorted(path.name for path in (Path(folder) / "check").iterdir()))

# %% [markdown]
# Other sites, other days, other formulations: [validation](../validation.md). All options for your own mast: [against a
# mast](../cli.md#against-a-mast).
