"""From sources to the rasters of a surface."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import InvalidSurfaceData
from solweig.inputs.built import BuiltSurface
from solweig.inputs.cover import build_canopy, build_cover, build_fractions
from solweig.inputs.plan import make_plan
from solweig.inputs.report import Report
from solweig.inputs.rules import BuildRules
from solweig.inputs.scratch import Scratch
from solweig.inputs.stages import Stages
from solweig.inputs.terrain import Terrain, build_terrain
from solweig.inputs.trees import Canopy
from solweig.inputs.write import check_target_folder, describe_layer, write_all
from solweig.packages import need

__all__ = ["build_surface"]

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def build_surface(
    out: str | os.PathLike[str],
    *,
    lidar: Files | None = None,
    footprints: Files | Any | None = None,
    trees: Files | Any | None = None,
    canopy: Files | None = None,
    dsm: Files | None = None,
    dem: Files | None = None,
    land_cover: Files | Any | None = None,
    albedo: Files | None = None,
    emissivity: Files | None = None,
    crs: Any = None,
    pixel_size: float | None = None,
    bbox: Sequence[float] | None = None,
    area: Files | Any | None = None,
    margin: float = 0.0,
    dsm_relative: bool = False,
    lidar_unit: str | None = None,
    lidar_classes: Mapping[Any, str] | None = None,
    footprint_height: str | None = None,
    default_height: float | None = None,
    floor_height: float = 3.0,
    building_ground: str = "mean",
    trunk_ratio: float = 0.25,
    tree_shape: str | None = None,
    default_tree_height: float | None = None,
    land_cover_table: str | os.PathLike[str] | None = None,
    ground_below_trees: str = "nearest",
    min_object_height: float = 2.0,
    max_gap: float = 100.0,
    max_building: float = 100.0,
    picture: bool = True,
    overwrite: bool = False,
    feedback: Any = None,
) -> BuiltSurface:
    """Build the rasters of a surface, all on one grid, from what a city has.

    Sources are paths, patterns (``tiles/*.laz``), fsspec URLs, lists of these, and for vectors also
    GeoDataFrames; ``file.gpkg|layername=name`` names a layer. Nothing is written unless all is.
    docs/inputs.md says what each source is good for.

    Parameters
    ----------
    out
        Folder for the GeoTIFFs, ``report.json``, ``report.txt`` and ``picture.png``.
    lidar
        LAS, LAZ or COPC files.
    footprints
        Areas of buildings, with heights or floors unless LiDAR or a DSM knows them; CityJSON and
        CityGML too.
    trees
        Trees as points (height, crown diameter, trunk height, species, transmissivity or leaf area
        index) or crowns as areas (height and the last two).
    canopy
        Canopy height models [m above ground].
    dsm
        Surface models [m]; with footprints they are split into ground and buildings.
    dem
        Ground models [m].
    land_cover
        Rasters of codes or areas with tags.
    albedo, emissivity
        Rasters [0-1].
    crs
        Of the grid, in metres; None = that of the first source in metres, else the UTM zone.
    pixel_size
        Side of a cell [m]; None = that of the DSM or DEM, else 1.
    bbox
        West, south, east, north in ``crs``.
    area
        A polygon instead; the grid is the box around it.
    margin
        Added on every side of ``bbox`` or ``area`` [m], 0 or more.
    dsm_relative
        The DSM holds heights above ground.
    lidar_unit
        Of LiDAR heights: ``"m"``, ``"ft"``, ``"us-ft"``; None = as the files say.
    lidar_classes
        Class -> what it is taken for (``ground``, ``tree``, ``building``, ``water``, ``other``,
        ``noise``, ``left out``) where that is not what ASPRS says.
    footprint_height
        Column of heights; None = one of the usual names.
    default_height
        Of buildings of unknown height [m]; None = the median of the others.
    floor_height
        Of a floor [m], where only floors are known.
    building_ground
        Ground that the height of a building counts from: ``"mean"`` under it or ``"lowest"``.
    trunk_ratio
        Underside of a crown over its height, where it is unknown, 0 to below 1.
    tree_shape
        ``"ellipsoid"``, ``"cone"`` or ``"umbrella"`` for all; None = by species.
    default_tree_height
        Of trees of unknown height [m]; None = the median of the others.
    land_cover_table
        CSV file ``column,value,class``, or ``"worldcover"``, ``"osm"``, ``"urban_atlas"``,
        ``"solweig"``; None = told by the codes.
    ground_below_trees
        Ground where the land cover says trees: ``"nearest"``, or the name of a class.
    min_object_height
        Lower objects in LiDAR, surface and canopy models are left out [m].
    max_gap
        Ground is filled up to so far from known ground [m].
    max_building
        Widest building [m] that is told from ground by shape, where nothing else tells it.
    picture
        Draw the layers, where matplotlib is installed.
    overwrite
        Replace an earlier surface in ``out``.
    feedback
        Hears of progress: a callable ``(done, total)`` or a QGIS feedback object.

    Returns
    -------
    BuiltSurface
        Paths of the layers, and the report of gaps, fallbacks and doubts.

    Raises
    ------
    InvalidSurfaceData
        A source is missing, unreadable, empty, absurd, or does not overlap the others.
    ConfigurationError
        A parameter out of range, sources that contradict each other, no CRS, a missing package
        (``pip install 'solweig[inputs]'``), an ``out`` that holds an earlier surface.
    ComputationCancelled
        The user cancelled; nothing is written.
    OSError
        The disk is full.

    Notes
    -----
    Memory is bounded by the grid, some 100 bytes a cell, whatever the sources hold; above what the
    machine has, arrays are files in ``out`` until the build ends.
    """
    need("build", "scipy", extra="inputs")
    rules = BuildRules(
        dsm_relative=dsm_relative, lidar_unit=lidar_unit, lidar_classes=lidar_classes,
        footprint_height=footprint_height, default_height=default_height,
        floor_height=floor_height, building_ground=building_ground, trunk_ratio=trunk_ratio,
        tree_shape=tree_shape, default_tree_height=default_tree_height,
        land_cover_table=None if land_cover_table is None else os.fspath(land_cover_table),
        ground_below_trees=ground_below_trees, min_object_height=min_object_height,
        max_gap=max_gap, max_building=max_building,
    )  # fmt: skip
    folder = Path(out)
    check_target_folder(folder, overwrite)
    given = {
        "lidar": lidar, "footprints": footprints, "trees": trees, "canopy": canopy, "dsm": dsm,
        "dem": dem, "land_cover": land_cover, "albedo": albedo, "emissivity": emissivity,
    }  # fmt: skip
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".building_", dir=folder))
    try:
        report = Report()
        plan = make_plan(
            given, rules, report, workshop / "downloads", crs=crs, pixel_size=pixel_size,
            bbox=bbox, area=area, margin=margin,
        )  # fmt: skip
        scratch = Scratch(workshop / "arrays", plan.grid.shape)
        stages = Stages(feedback)
        terrain = build_terrain(plan, rules, scratch, report, stages)
        trees_built = build_canopy(plan, terrain, rules, scratch, report, stages)
        cover = build_cover(plan, terrain, trees_built, rules, scratch, report, stages)
        fractions = build_fractions(plan, scratch, report, stages)
        layers = _layers(terrain, trees_built, cover, fractions, report)
        stages.next("Writing", 5)
        files, drawn = write_all(folder, workshop, layers, plan.grid, report, picture=picture)
        stages.finish()
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        if made and folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
    return BuiltSurface(folder, files, report, drawn)


def _layers(
    terrain: Terrain,
    canopy: Canopy | None,
    cover: NDArray[np.uint8] | None,
    fractions: Mapping[str, NDArray[np.float32]],
    report: Report,
) -> dict[str, NDArray[Any]]:
    """What is written, described in the report."""
    layers: dict[str, NDArray[Any]] = {"dsm": terrain.dsm, "dem": terrain.dem}
    unit = {"dsm": "m", "dem": "m", "cdsm": "m", "tdsm": "m", "density": "1/m²"}
    source = {"dsm": terrain.surface_from, "dem": terrain.ground_from}
    if canopy is not None:
        layers |= {"cdsm": canopy.top, "tdsm": canopy.underside}
        if canopy.through is not None:
            layers["transmissivity"] = canopy.through
    if cover is not None:
        layers["land_cover"] = cover
    layers |= dict(fractions)
    if terrain.density is not None:
        layers["density"] = terrain.density
    for name, layer in layers.items():
        report.layers[name] = describe_layer(name, layer, unit.get(name, ""), source.get(name, ""))
    if report.layers["dsm"]["coverage"] == 0.0:
        raise InvalidSurfaceData("dsm", "a cell with data", "none in the whole grid")
    return layers
