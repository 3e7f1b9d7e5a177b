"""Surfaces read from files or arrays, and kept in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from solweig.execution.config import ExecutionConfig
from solweig.execution.resolve import resolve_execution
from solweig.leaf_area import EXTINCTION
from solweig.renamed import also_named
from solweig.surface.layers import WALL_LIMIT_M, Layers
from solweig.surface.prepare import PrepareOptions, prepared
from solweig.surface.store import load_surface, save_surface

__all__ = ["KeptLayers"]


class KeptLayers(Layers):
    """What :class:`SurfaceData` does with files."""

    @classmethod
    def prepare(
        cls,
        dsm: Any,
        working_dir: str | Path | None = None,
        cdsm: Any = None,
        dem: Any = None,
        tdsm: Any = None,
        land_cover: Any = None,
        wall_height: Any = None,
        wall_aspect: Any = None,
        svf_dir: str | Path | None = None,
        bbox: Any = None,
        pixel_size: float | None = None,
        trunk_ratio: float = 0.25,
        dsm_relative: bool = False,
        cdsm_relative: bool = True,
        tdsm_relative: bool = True,
        min_object_height: float = 1.0,
        smooth_quantized_dem: bool = True,
        dem_smooth_sigma: float = 3.0,
        force_recompute: bool = False,
        tile_size: int | None = None,
        feedback: Any = None,
        *,
        albedo: Any = None,
        emissivity: Any = None,
        transmissivity: Any = None,
        lai: Any = None,
        lai_extinction: float = EXTINCTION,
        patch_option: int = 2,
        max_shadow_distance_m: float = 1000.0,
        wall_limit: float = WALL_LIMIT_M,
        formulation: str = "reference",
        execution: ExecutionConfig | None = None,
        reproject: Any = None,
        height_unit: Any = None,
        check: Callable[[Any], None] | None = None,
    ) -> Self:
        """Read, check, align and complete a surface: walls, sky view factors, visibility.

        Every input is checked before any long work. Layers in another projection or grid are
        brought to the DSM's (``solweig.rasters.align``), which the log says.

        Parameters
        ----------
        dsm, cdsm, dem, tdsm, land_cover, wall_height, wall_aspect, albedo, emissivity
            Raster file, :class:`xarray.DataArray` with coordinates, or array ``[row, col]`` of the
            DSM's shape; meanings and units as in :class:`SurfaceData`. Files and DataArrays may
            keep heights in other units if they say so. Where a canopy or trunk zone ends, no trees
            stand; where another layer ends, so does the surface. ``dsm`` may be an
            :class:`xarray.Dataset` whose variables have these names. Of arrays that are not in
            memory (dask, or opened by xarray) only what lies in the surface is read, by chunks.
        transmissivity, lai
            Of the canopies, given as the other layers: share of light that comes through each in
            leaf [0-1], or leaf area index [m² m⁻²], 0 to 12, of which comes exp(-K lai). Needed
            where trees stand, and nowhere else.
        lai_extinction
            K of that, above 0, at most 2: 0.5 for leaves turned any way (Campbell & Norman 1998).
        working_dir
            Folder in which layers, walls and sky view are kept and looked for; ``None`` keeps
            nothing. See ``solweig.surface.cache``.
        svf_dir
            Folder with sky view factors made before (UMEP's ``svfs.zip`` and ``shadowmats.npz``, or
            ours) to use instead of computing them.
        bbox
            ``(west, south, east, north)`` in the DSM's CRS; its corner moves to the nearest cell
            edge of the DSM, its size to whole cells.
        pixel_size
            Cells of the prepared surface [m], at least a quarter of the DSM's; ``None`` = the
            DSM's. A plain array does not say it, so it must be given.
        trunk_ratio, dsm_relative, cdsm_relative, tdsm_relative
            As in :class:`SurfaceData`.
        min_object_height, smooth_quantized_dem, dem_smooth_sigma
            As in :class:`SurfaceData`.
        force_recompute
            Do not use what ``working_dir`` holds.
        tile_size
            Side of the tiles in which sky view factors are computed [cells], at least 1; ``None`` =
            the raster in one piece where that is possible. On the CPU the result is the same, bit
            for bit.
        feedback
            ``(current, total)`` callable or QGIS feedback object.
        patch_option
            Division of the sky: 1 (145 patches), 2 (153), 3 (305) or 4 (609).
        max_shadow_distance_m
            How far obstacles are looked for [m], above 0.
        wall_limit
            Least height of a wall [m], above 0.
        formulation
            Of the geometry, as in :class:`SurfaceData`.
        execution
            Wishes about hardware, see :class:`solweig.execution.ExecutionConfig`; ``None`` = a GPU
            where there is one.
        reproject
            Bring the DSM itself to another projection: ``"utm"`` for the zone it lies in, or a
            projected CRS in metres (``25832``, ``"EPSG:25832"``). Cells are about as large as the
            DSM's on the ground unless ``pixel_size`` says otherwise; a DSM in degrees, in feet,
            turned or in Web Mercator can be used so. ``None`` leaves it.
        height_unit
            Unit of heights, whatever files say of them: ``"m"``, ``"ft"``, ``"us-ft"``, ``"cm"``
            and others, or by layer, ``{"cdsm": "ft"}``. ``None`` = as the files say, else metres.
        check
            Called with the surface when its layers and walls are there and its sky view, which
            takes long, is not; what it raises ends the preparation.

        Returns
        -------
        SurfaceData
            Ready for :func:`solweig.calculate`.

        Raises
        ------
        InvalidSurfaceData
            A file is missing, not a raster, empty or without data; the DSM is geographic, not in
            metres, not north-up or has no square pixels; lengths in its projection are off by more
            than 5 %, or it is a Mercator; the unit of heights is contradictory or not clear;
            extents do not overlap; values are absurd; a land-cover code is unknown; a plain array
            comes without ``pixel_size``.
        GridShapeMismatch
            An array differs in shape from the DSM, or ``svf_dir`` belongs to another grid.
        MissingPrecomputedData
            ``svf_dir`` holds no sky view factors, or none that know ``transmissivity``.
        StalePrecomputedData
            ``svf_dir`` belongs to other inputs or parameters.
        ConfigurationError
            A number is out of range, ``working_dir`` cannot be written to or is needed because the
            sky view does not fit the memory, or a GPU is demanded and there is none.
        DiskFull
            The disk has no room for ``working_dir``.
        ComputationCancelled
            ``feedback`` said so.
        """
        layers = {
            "dsm": dsm,
            "cdsm": cdsm,
            "dem": dem,
            "tdsm": tdsm,
            "land_cover": land_cover,
            "wall_height": wall_height,
            "wall_aspect": wall_aspect,
            "albedo": albedo,
            "emissivity": emissivity,
            "transmissivity": transmissivity,
            "lai": lai,
        }
        options = PrepareOptions(
            working_dir=working_dir,
            svf_dir=svf_dir,
            bbox=bbox,
            pixel_size=pixel_size,
            force_recompute=force_recompute,
            tile_size=tile_size,
            feedback=feedback,
            patch_option=patch_option,
            max_shadow_distance_m=max_shadow_distance_m,
            wall_limit=wall_limit,
            execution=resolve_execution(execution),
            reproject=reproject,
            height_unit=height_unit,
            lai_extinction=lai_extinction,
            check=check,
        )
        frame = {
            "trunk_ratio": trunk_ratio,
            "dsm_relative": dsm_relative,
            "cdsm_relative": cdsm_relative,
            "tdsm_relative": tdsm_relative,
            "min_object_height": min_object_height,
            "smooth_quantized_dem": smooth_quantized_dem,
            "dem_smooth_sigma": dem_smooth_sigma,
            "formulation": formulation,
        }
        return prepared(cls, layers, options, frame)

    @classmethod
    def load(cls, directory: str | Path, *, load_svf: bool = True) -> Self:
        """The surface that :meth:`prepare` or :meth:`save_cleaned` left in a folder.

        Parameters
        ----------
        directory
            The folder, ``working_dir`` of :meth:`prepare`.
        load_svf
            Also take sky view factors and visibility, where present and belonging to the layers.

        Returns
        -------
        SurfaceData
            Large grids stay on disk and are mapped.

        Raises
        ------
        MissingPrecomputedData
            The folder holds no surface.
        InvalidSurfaceData
            Its files are damaged.
        """
        return load_surface(cls, directory, load_svf=load_svf)

    @also_named(output_dir="directory")
    def save_cleaned(
        self, directory: str | Path, *, prepare_fingerprint: str | None = None
    ) -> None:
        """Write all layers, walls and sky view, in the layout that :meth:`load` reads.

        Parameters
        ----------
        directory
            Made if need be; what an earlier surface left there is replaced.
        prepare_fingerprint
            Kept in ``metadata.json`` as it is.

        Raises
        ------
        ConfigurationError
            The folder cannot be made or written to.
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        save_surface(self, directory, prepare_fingerprint=prepare_fingerprint)
