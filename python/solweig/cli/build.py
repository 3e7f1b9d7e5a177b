"""``solweig build``: from what a city has to the rasters of a surface."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.cli.machine import ProgressForm, StopWithInput, emit, progress_bars
from solweig.cli.support import clean_errors, out_console
from solweig.errors import ConfigurationError
from solweig.rasters.variables import attributes

__all__ = ["build"]

SOURCES = "Sources"
READING = "How sources are read"
CLOUDS = (".las", ".laz")
ANY_FILE = "Paths, patterns or URLs; repeatable."


def _source(flag: str, help: str) -> Any:
    return typer.Option(flag, help=help, rich_help_panel=SOURCES)


def _reading(flag: str, help: str, **more: Any) -> Any:
    return typer.Option(flag, help=help, rich_help_panel=READING, **more)


Files = list[str] | None


def build(
    out: Annotated[Path, typer.Option("--out", help="Folder for the rasters and the report.")],
    more: Annotated[
        list[str] | None,
        typer.Argument(
            help="More LiDAR files: what the shell makes of --lidar tiles/*.laz.",
            metavar="[LIDAR]...",
        ),
    ] = None,
    config: opt.Config = None,
    lidar: Annotated[Files, _source("--lidar", "LAS, LAZ or COPC files. " + ANY_FILE)] = None,
    footprints: Annotated[
        Files, _source("--footprints", "Areas of buildings, CityJSON or CityGML. " + ANY_FILE)
    ] = None,
    trees: Annotated[
        Files, _source("--trees", "Trees as points, or crowns as areas. " + ANY_FILE)
    ] = None,
    canopy: Annotated[
        Files, _source("--canopy", "Canopy height models, above ground (m). " + ANY_FILE)
    ] = None,
    dsm: Annotated[
        Files, _source("--dsm", "Surface models (m); footprints split them. " + ANY_FILE)
    ] = None,
    dem: Annotated[Files, _source("--dem", "Ground models (m). " + ANY_FILE)] = None,
    land_cover: Annotated[
        Files, _source("--land-cover", "Rasters of codes, or areas with tags. " + ANY_FILE)
    ] = None,
    albedo: Annotated[Files, _source("--albedo", "Rasters of albedo (0-1).")] = None,
    emissivity: Annotated[Files, _source("--emissivity", "Rasters of emissivity (0-1).")] = None,
    crs: Annotated[
        str | None,
        typer.Option(
            "--crs",
            help="Of the grid, in metres; default: that of the sources, or UTM.",
            rich_help_panel=opt.GRID,
        ),
    ] = None,
    pixel_size: Annotated[
        float | None,
        typer.Option(
            "--pixel-size",
            help="Side of a cell (m); default: the DSM's or DEM's, or 1.",
            rich_help_panel=opt.GRID,
        ),
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option("--bbox", help="west,south,east,north in --crs.", rich_help_panel=opt.GRID),
    ] = None,
    area: Annotated[
        Path | None,
        typer.Option(
            "--area", help="A polygon; the grid is the box around it.", rich_help_panel=opt.GRID
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            help="Added on every side of --bbox or --area (m).",
            rich_help_panel=opt.GRID,
        ),
    ] = 0.0,
    dsm_relative: Annotated[
        bool, _reading("--dsm-relative", "The DSM holds heights above ground.")
    ] = False,
    lidar_unit: Annotated[
        str | None,
        _reading(
            "--lidar-unit", "Of LiDAR heights: m, ft or us-ft.", show_default="as the files say"
        ),
    ] = None,
    lidar_class: Annotated[
        Files,
        _reading(
            "--lidar-class",
            "What a class is taken for, such as 26=building; "
            "ground, tree, building, water, other, noise or 'left out'; repeatable.",
        ),
    ] = None,
    footprint_height: Annotated[
        str | None,
        _reading("--footprint-height", "Column of heights.", show_default="one of the usual names"),
    ] = None,
    default_height: Annotated[
        float | None,
        _reading(
            "--default-height",
            "Of buildings of unknown height (m).",
            show_default="median of the others",
        ),
    ] = None,
    floor_height: Annotated[
        float, _reading("--floor-height", "Of a floor, where only floors are known (m).")
    ] = 3.0,
    building_ground: Annotated[
        str, _reading("--building-ground", "Heights count from the mean ground or the lowest.")
    ] = "mean",
    trunk_ratio: Annotated[
        float, _reading("--trunk-ratio", "Underside of a crown over its height, where unknown.")
    ] = 0.25,
    tree_shape: Annotated[
        str | None,
        _reading("--tree-shape", "ellipsoid, cone or umbrella for all.", show_default="by species"),
    ] = None,
    default_tree_height: Annotated[
        float | None,
        _reading(
            "--default-tree-height",
            "Of trees of unknown height (m).",
            show_default="median of the others",
        ),
    ] = None,
    land_cover_table: Annotated[
        str | None,
        _reading(
            "--land-cover-table",
            "CSV file column,value,class, or worldcover, osm, urban_atlas, solweig.",
            show_default="told by the codes",
        ),
    ] = None,
    ground_below_trees: Annotated[
        str, _reading("--ground-below-trees", "nearest, or a class such as grass.")
    ] = "nearest",
    min_object_height: Annotated[
        float, _reading("--min-object-height", "Lower objects of surveys are left out (m).")
    ] = 2.0,
    max_gap: Annotated[
        float, _reading("--max-gap", "Ground is filled up to so far from known ground (m).")
    ] = 100.0,
    max_building: Annotated[
        float, _reading("--max-building", "Widest building told from ground by shape (m).")
    ] = 100.0,
    picture: Annotated[
        bool, typer.Option("--picture/--no-picture", help="Draw the layers.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier surface in --out.")
    ] = False,
    progress: ProgressForm = "bars",
    stop_with_input: StopWithInput = False,
) -> None:
    """Build the rasters of a surface from LiDAR, footprints, trees and land cover.

    Writes dsm.tif, dem.tif and what else the sources know, on one grid, with a report of gaps,
    fallbacks and doubts, and prints the command that maps heat stress on them.

    Examples
    --------
    solweig build --lidar 'tiles/*.laz' --out built/

    solweig build --footprints b.gpkg --trees t.gpkg --dem dem.tif --land-cover wc.tif --out built/

    Needs pip install 'solweig[inputs]'.
    """  # fmt: skip
    with clean_errors():
        from solweig.inputs import build_surface

        with progress_bars() as bars:
            built = build_surface(
                out,
                lidar=_clouds(lidar, more), footprints=footprints, trees=trees, canopy=canopy,
                dsm=dsm, dem=dem, land_cover=land_cover, albedo=albedo, emissivity=emissivity,
                crs=crs, pixel_size=pixel_size, bbox=opt.parse_bbox(bbox), area=area,
                margin=margin, dsm_relative=dsm_relative, lidar_unit=lidar_unit,
                lidar_classes=parse_classes(lidar_class), footprint_height=footprint_height,
                default_height=default_height, floor_height=floor_height,
                building_ground=building_ground, trunk_ratio=trunk_ratio, tree_shape=tree_shape,
                default_tree_height=default_tree_height, land_cover_table=land_cover_table,
                ground_below_trees=ground_below_trees, min_object_height=min_object_height,
                max_gap=max_gap, max_building=max_building, picture=picture,
                overwrite=overwrite, feedback=bars.phase("Building the surface"),
            )  # fmt: skip
        console = out_console()
        console.print(built.report.text(), markup=False)
        console.print(f"Written to {built.folder}. Next:", markup=False)
        console.print(built.run_line(), markup=False)
        emit(
            command="build", folder=str(Path(out).absolute()),
            files=[
                {"path": str(path.absolute()), "kind": "layer", "name": name,
                 "units": attributes(name)["units"]}
                for name, path in built.files.items()
            ],
            doubts=built.doubts,
        )  # fmt: skip


def _clouds(named: list[str] | None, more: list[str] | None) -> list[str] | None:
    """LiDAR files, also those that a shell's pattern left without a flag."""
    for name in more or []:
        if not (named and name.lower().endswith(CLOUDS)):
            raise ConfigurationError(
                "arguments", "files of other kinds after a flag each, such as --footprints a.gpkg "
                "--footprints b.gpkg", repr(name),
            )  # fmt: skip
    return None if not named else [*named, *(more or [])]


def parse_classes(values: list[str] | None) -> dict[str, str] | None:
    """A mapping from ``["26=building"]``.

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    if not values:
        return None
    found = {}
    for entry in opt.comma_list(values):
        number, sign, role = entry.partition("=")
        if not sign:
            raise ConfigurationError(
                "--lidar-class", "class=role, such as 26=building", repr(entry)
            )
        found[number.strip()] = role.strip()
    return found
