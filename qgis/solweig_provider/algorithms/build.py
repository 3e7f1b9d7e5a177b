"""From what a city has to the rasters of a surface."""

from __future__ import annotations

import os

from qgis.core import (
    QgsProcessingOutputRasterLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ..layers import Entry, load
from .base import NUMBER, SOURCE, SolweigAlgorithm

LAYERS = ("dsm", "dem", "cdsm", "tdsm", "land_cover")
VECTORS = (
    ("FOOTPRINTS", "--footprints", "Buildings: areas", SOURCE.TypeVectorPolygon),
    ("TREES", "--trees", "Trees: points, or crowns as areas", SOURCE.TypeVectorAnyGeometry),
    ("LAND_COVER_AREAS", "--land-cover", "Land cover: areas with tags", SOURCE.TypeVectorPolygon),
    ("AREA", "--area", "Area: the grid is the box around it", SOURCE.TypeVectorPolygon),
)


class BuildInputs(SolweigAlgorithm):
    """``solweig build``."""

    NAME = "build"
    TITLE = "Build inputs"
    ABOUT = (
        "The rasters of a surface on one grid, from LiDAR, height models, building footprints, "
        "trees and land cover, as far as they are there, with a report of gaps and doubts "
        "(report.txt, and in the log). Needs LiDAR, or footprints with a ground model, or a "
        "surface model."
    )
    RASTERS = (
        ("DSM", "dsm", "Surface model (m)"),
        ("DEM", "dem", "Ground model (m)"),
        ("CANOPY", "canopy", "Canopy height above ground (m)"),
        ("LAND_COVER", "land-cover", "Land cover: codes, such as WorldCover"),
    )

    def initAlgorithm(self, configuration=None):
        """Declare parameters and outputs."""
        self.add(
            QgsProcessingParameterMultipleLayers(
                "LIDAR", "LiDAR files (LAS, LAZ, COPC)", SOURCE.TypeFile, None, True
            )
        )
        self.add_rasters(needed=0)
        for name, _, text, kind in VECTORS:
            self.add(QgsProcessingParameterFeatureSource(name, text, [kind], optional=True))
        self.add(QgsProcessingParameterCrs("CRS", "CRS of the grid, in metres", optional=True))
        self.add(
            QgsProcessingParameterNumber(
                "PIXEL_SIZE", "Side of a cell (m)", NUMBER.Double, None, True, 0.01
            )
        )
        self.add(
            QgsProcessingParameterExtent("EXTENT", "Extent (with a CRS of the grid)", optional=True)
        )
        self.add(QgsProcessingParameterBoolean("OVERWRITE", "Replace an earlier surface", False))
        self.add(QgsProcessingParameterFolderDestination("OUTPUT", "Folder for the rasters"))
        self.add_common()
        for name in LAYERS:
            self.addOutput(QgsProcessingOutputRasterLayer(f"OUT_{name.upper()}", name))

    def checkParameterValues(self, parameters, context):
        """Refuse an extent whose numbers no CRS gives a meaning."""
        good, text = super().checkParameterValues(parameters, context)
        crs = self.parameterAsCrs(parameters, "CRS", context)
        if good and parameters.get("EXTENT") and not crs.isValid():
            return False, "Extent: give the CRS of the grid as well, in metres."
        return good, text

    def arguments(self, parameters, context, feedback):
        """The command and its flags."""
        found = ["build"]
        for path in self.parameterAsFileList(parameters, "LIDAR", context):
            if path:  # none chosen is a list of one empty text
                found += ["--lidar", path]
        found += self.raster_flags()
        for name, flag, _, _ in VECTORS:
            found += self.vector_flag(parameters, name, flag, context, feedback)
        crs = self.parameterAsCrs(parameters, "CRS", context)
        if crs.isValid():
            found += ["--crs", crs.authid() or crs.toWkt()]
        found += self.number_flags(parameters, context, PIXEL_SIZE="--pixel-size")
        found += self.box_flag(parameters, "EXTENT", crs, context)
        found += self.text_flags(parameters, context, OUTPUT="--out")
        if self.parameterAsBoolean(parameters, "OVERWRITE", context):
            found.append("--overwrite")
        return found

    def results(self, told, parameters, context, feedback):
        """Load the rasters; give the folder and each of them."""
        files = {f["name"]: f["path"] for f in told["files"]}
        outputs = {path: f"OUT_{n.upper()}" for n, path in files.items() if n in LAYERS}
        group = f"SOLWEIG {os.path.basename(os.path.normpath(told['folder']))}"
        entries = [
            Entry(path, name, group, None, None, name == "dsm") for name, path in files.items()
        ]
        load(entries, context, outputs)
        return {**{name: path for path, name in outputs.items()}, "OUTPUT": told["folder"]}
