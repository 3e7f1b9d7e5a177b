"""A file of scenarios to fill in."""

from __future__ import annotations

__all__ = ["EXAMPLE"]

EXAMPLE = """\
# Scenarios: a baseline, and edits of it that are compared with it.
#   solweig scenario run FILE.toml            all scenarios below
#   solweig scenario optimise FILE.toml --trees 5
# Files are looked for beside this one. Points and polygons are in the surface's CRS, or in files of
# any CRS (GeoPackage, GeoJSON, shapefile; file.gpkg|layername=NAME).

title = "The square"
out = "square/"                        # or --out

# ---------- Baseline: the options of solweig run (solweig config init), by the same keys.
[baseline]
dsm = "dsm.tif"
dem = "dem.tif"
cdsm = "trees.tif"
land-cover = "land_cover.tif"
# surface = "cache/"                   # instead of rasters: a folder of solweig prepare
epw = "city.epw"
start = "2025-07-01"
end = "2025-07-01"

[results]
thresholds = [32, 38]                  # UTCI; or { utci = [32, 38], pet = [35], tmrt = [55] }
cost_unit = "EUR"

# ---------- Scenarios: a name, a cost if it is known, and one edit or several, done in order.
[[scenario]]
name = "Two trees"
cost = 5000

[[scenario.edit]]
kind = "plant"
points = [[319276.0, 6400161.0], [319290.0, 6400164.0]]
# file = "trees.gpkg"                  # instead; columns as solweig build reads them
height = 8.0                           # m
crown_diameter = 6.0                   # m; else by height and shape
trunk_height = 2.5                     # m; else a quarter of the height
shape = "ellipsoid"                    # ellipsoid, cone or umbrella
# transmissivity = 0.05                # of the crown in leaf; else as all others

[[scenario]]
name = "Grass instead of asphalt"
cost = 20000

[[scenario.edit]]
kind = "cover"
polygon = [[319256.0, 6400134.0], [319280.0, 6400138.0], [319276.0, 6400150.0]]
cover = "grass"                        # cobble, asphalt, grass, soil or water

# Other kinds, each with polygon = [...] or file = "...":
#
# [[scenario.edit]]
# kind = "remove_trees"                # or points = [...] with radius = 4.0
#
# [[scenario.edit]]
# kind = "remove_buildings"
# cover = "asphalt"                    # what is there then
#
# [[scenario.edit]]
# kind = "building"
# height = 12.0                        # of a file: where a building does not know its own
# height_column = "height"             # of a file
#
# [[scenario.edit]]
# kind = "green_roof"                  # without a place: all roofs
#
# [[scenario.edit]]
# kind = "cool_roof"                   # without a place: all roofs
# albedo = 0.65
# emissivity = 0.9
#
# [[scenario.edit]]
# kind = "albedo"                      # of open ground
# albedo = 0.4
#
# [[scenario.edit]]
# kind = "sail"                        # a cloth over open ground
# height = 4.0                         # m
# transmissivity = 0.1

# ---------- solweig scenario optimise: what trees, and where they may stand.
[optimise]
height = 8.0
crown_diameter = 6.0
trunk_height = 2.5
shape = "ellipsoid"
wall_distance = 3.0                    # m from buildings
# spacing = 6.0                        # m between stems; else the crown's diameter
# every = 1.5                          # m between the places looked at
# best = 4                             # places that the model computes for each tree
# threshold = 26.0                     # UTCI above which ground counts as hot
# cooled_by = 1.0                      # K of UTCI that count as cooled
# file = "allowed.gpkg"                # where they may stand; or polygon = [...]
# population = "people.tif"            # weights cells by people
"""
