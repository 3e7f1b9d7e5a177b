"""The surface of a run: heights, land cover, walls and sky view on one grid."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import MissingPrecomputedData
from solweig.surface import checks as checks
from solweig.surface import heights as heights_module
from solweig.surface.edits_face import SurfaceEdits
from solweig.surface.facts import SceneFacts, scene_facts
from solweig.surface.files_face import SurfaceFiles
from solweig.surface.layers import LAYER_NAMES, WALL_LIMIT_M, check_surface
from solweig.surface.precomputed import ShadowArrays, SvfArrays
from solweig.surface.views import AuxiliaryView, BufferPool, GeometryView, OpticalView

if TYPE_CHECKING:
    from solweig import _core
    from solweig.execution import ExecutionConfig, ResolvedExecution
    from solweig.execution.telemetry import Telemetry
    from solweig.surface.changes import Change
    from solweig.surface.tiled_svf import SkyFolder

logger = logging.getLogger(__name__)

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# What is kept between calls, by the field it is made from: setting the field drops it.
_KEPT_FROM = {
    "dsm": ("_scene", "_facts", "_buildings", "_valid"),
    "dem": ("_scene", "_facts", "_buildings"),
    "cdsm": ("_scene", "_facts"),
    "tdsm": ("_scene",),
    "trunk_ratio": ("_scene",),
    "formulation": ("_scene",),
    "pixel_size": ("_scene", "_facts", "_buildings"),
    "land_cover": ("_buildings",),
}


@dataclass(eq=False, repr=False)
class SurfaceData(SurfaceEdits, SurfaceFiles):
    """Rasters of a place, all ``[row, col]`` on one grid, row 0 north, column 0 west.

    Build it from files with :meth:`prepare`, or from arrays:
    ``surface = SurfaceData(dsm, cdsm=trees, pixel_size=2.0); surface.compute_svf()``.

    Parameters
    ----------
    dsm
        Surface model: ground and roofs, elevation [m]; NaN = no data.
    cdsm
        Canopy top [m]; above ground unless ``cdsm_relative`` is false. NaN or 0 = none.
    dem
        Ground model, elevation [m].
    tdsm
        Underside of the canopy [m], above ground unless ``tdsm_relative`` is false; without it,
        ``trunk_ratio`` times the canopy height.
    albedo, emissivity
        Of the ground [0-1]; override the land-cover classes.
    land_cover
        Codes 0 cobble, 1 asphalt, 2 buildings, 5 grass, 6 bare soil, 7 water; from 100 buildings.
    wall_height, wall_aspect
        Height [m] and outward normal [deg from north] of the wall beside a cell; computed if
        absent.
    svf, shadow_matrices
        Sky view factors and patch visibility, see :meth:`compute_svf`.
    pixel_size
        Side of a cell [m].
    trunk_ratio
        Trunk height over canopy height [0-1].
    dsm_relative, cdsm_relative, tdsm_relative
        Whether the layer holds heights above ground.
    min_object_height
        Surface within this of the ground is levelled to it [m]; 0 switches it off. Needs ``dem``.
    smooth_quantized_dem, dem_smooth_sigma
        Smooth a ground model stored in whole or half metres, with a Gaussian of this many pixels.
    formulation
        ``"reference"``, or ``"improved"``: wall aspects without the reference's bias, directional
        sky view factors that are 1 on open ground, canopy shadows straight down, and bushes told by
        their height above ground (G-Q7, Q12, Q18, Q38, Q39 in ``docs/departures.md``).
    geotransform, crs
        Where the grid lies, in GDAL's order, and its projection as WKT; ``None`` = unknown.

    Raises
    ------
    InvalidSurfaceData
        A layer is not a 2-D numeric array, empty, without data, or holds absurd values.
    GridShapeMismatch
        A layer differs in shape from ``dsm``.
    ConfigurationError
        A number is out of range.

    Notes
    -----
    :meth:`preprocess`, which every computation calls first, brings ``dsm`` and ``dem`` to
    elevations and ``cdsm`` and ``tdsm`` to heights above ground and sets the flags accordingly
    (G 1.3). For the numbers of the reference implementation pass ``min_object_height=0`` and
    ``smooth_quantized_dem=False``: it does neither.
    """

    dsm: F32
    cdsm: F32 | None = None
    dem: F32 | None = None
    tdsm: F32 | None = None
    albedo: F32 | None = None
    emissivity: F32 | None = None
    land_cover: U8 | None = None
    wall_height: F32 | None = None
    wall_aspect: F32 | None = None
    svf: SvfArrays | None = None
    shadow_matrices: ShadowArrays | None = None
    pixel_size: float = 1.0
    trunk_ratio: float = 0.25
    dsm_relative: bool = False
    cdsm_relative: bool = True
    tdsm_relative: bool = True
    min_object_height: float = 1.0
    smooth_quantized_dem: bool = True
    dem_smooth_sigma: float = 3.0
    formulation: str = field(default="reference", kw_only=True)
    geotransform: list[float] | None = field(default=None, kw_only=True)
    crs: str | None = field(default=None, kw_only=True)
    telemetry: Telemetry | None = field(default=None, init=False)
    """What the last computation of sky view factors measured about itself."""
    change: Change | None = field(default=None, init=False)
    """What :meth:`with_changes` changed and computed; None for other surfaces."""
    sky_reach: tuple[float, float | None] | None = field(default=None, init=False)
    """How far, and how high, the sky view factors look for obstacles [m]; None where unknown."""
    _preprocessed: bool = field(default=False, init=False)
    _valid: Bool | None = field(default=None, init=False)
    _scene: _core.Scene | None = field(default=None, init=False)
    _facts: SceneFacts | None = field(default=None, init=False)
    _buildings: U8 | None = field(default=None, init=False)
    _buffers: BufferPool | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_surface(self)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        for kept in _KEPT_FROM.get(name, ()):
            object.__setattr__(self, kept, None)

    def __repr__(self) -> str:
        present = [name for name in LAYER_NAMES if getattr(self, name) is not None]
        ready = [name for name in ("svf", "shadow_matrices") if getattr(self, name) is not None]
        return (
            f"SurfaceData({self.shape[0]} x {self.shape[1]} cells of {self.pixel_size:g} m; "
            f"{', '.join(present + ready)})"
        )

    # -------------------------------------------------------------- properties

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.dsm.shape
        return (rows, cols)

    @property
    def max_height(self) -> float:
        """Height of the highest roof or canopy above the lowest surface [m]."""
        self.preprocess()
        top = float(np.nanmax(self.dsm))
        if self.cdsm is not None:
            base = self.dsm if self.dem is None else self.dem
            top = max(top, float(np.nanmax(base + self.cdsm)))
        return top - float(np.nanmin(self.dsm))

    @property
    def valid_mask(self) -> Bool:
        """Cells with data, boolean ``[row, col]``."""
        if self._valid is None:
            self.compute_valid_mask()
        assert self._valid is not None
        return self._valid

    @property
    def patch_option(self) -> int | None:
        """Patch option (1-4) of the visibility, ``None`` without."""
        return None if self.shadow_matrices is None else self.shadow_matrices.patch_option

    @property
    def geometry(self) -> GeometryView:
        """Heights and walls, as a read-only group."""
        return GeometryView.of(self)

    @property
    def optical(self) -> OpticalView:
        """Albedo, emissivity and land cover, as a read-only group."""
        return OpticalView.of(self)

    @property
    def auxiliary(self) -> AuxiliaryView:
        """What is derived from the heights, as a read-only group."""
        return AuxiliaryView.of(self)

    def looks_like_relative_heights(self) -> bool:
        """Whether the canopy layer looks like heights above ground; true without a canopy."""
        if self.cdsm is None:
            return True
        ground = self.dsm if self.dem is None else self.dem
        return checks.why_canopy_looks_absolute(self.cdsm, ground) is None

    # -------------------------------------------------------------- heights

    def preprocess(self) -> None:
        """Bring the height layers to the model's frame; does nothing the second time.

        Raises InvalidSurfaceData for a relative DSM without a DEM; warns (UserWarning), with the
        reason, if a canopy said to be relative looks absolute.
        """
        if self._preprocessed:
            return
        result = heights_module.to_model_heights(
            self._heights(),
            dsm_relative=self.dsm_relative,
            cdsm_relative=self.cdsm_relative,
            tdsm_relative=self.tdsm_relative,
            min_object_height=self.min_object_height,
            smooth_quantized_dem=self.smooth_quantized_dem,
            dem_smooth_sigma=self.dem_smooth_sigma,
        )
        self._take(result)
        self.dsm_relative, self.cdsm_relative, self.tdsm_relative = False, True, True
        self._preprocessed = True

    def mark_preprocessed(self) -> None:
        """Declare that the heights are in the model's frame already (they were read back)."""
        self.dsm_relative, self.cdsm_relative, self.tdsm_relative = False, True, True
        self._preprocessed = True

    def fill_nan(self, tolerance: float = 0.1) -> None:
        """Fill cells without data from the other layers.

        Surface from ground and ground from surface where one is known; unknown vegetation, and
        vegetation lower than ``tolerance`` [m], counts as none. Without this call a cell without a
        DSM height lets rays pass and has no result (G 1.2). What was computed from the former
        heights is dropped.
        """
        self.preprocess()
        self._take(heights_module.fill_missing(self._heights(), tolerance))
        self._drop_computed()

    def _heights(self) -> heights_module.Heights:
        return heights_module.Heights(self.dsm, self.dem, self.cdsm, self.tdsm)

    def _take(self, result: heights_module.Heights) -> None:
        for name in ("dsm", "dem", "cdsm", "tdsm"):
            layer = getattr(result, name)
            setattr(self, name, None if layer is None else checks.contiguous(layer))
        self.clear_buffers()

    def _drop_computed(self) -> None:
        if self.svf is not None or self.wall_height is not None:
            logger.info("heights changed: walls and sky view factors dropped")
        self.wall_height = self.wall_aspect = None
        self.svf = self.shadow_matrices = None

    # -------------------------------------------------------------- cells with data

    def compute_valid_mask(self) -> Bool:
        """Cells with a surface height, boolean ``[row, col]``; also kept as ``valid_mask``."""
        self.preprocess()
        self._valid = ~np.isnan(self.dsm)
        return self._valid

    def apply_valid_mask(self) -> None:
        """Remove all layers' data where ``valid_mask`` is false (NaN; land cover 0)."""
        from solweig.surface.extent import apply_mask

        apply_mask(self)

    def crop_to_valid_bbox(self) -> tuple[int, int, int, int]:
        """Cut every layer to the smallest box that holds all cells with data.

        Returns
        -------
        tuple of int
            ``(first row, end row, first column, end column)`` in the former grid.
        """
        from solweig.surface.extent import crop_to_valid

        return crop_to_valid(self)

    # -------------------------------------------------------------- engine

    def scene(self) -> _core.Scene:
        """The geometry in the form the engine reads; built once and kept."""
        from solweig.surface.sky_view import build_scene

        self.preprocess()
        if self._scene is None:
            self._scene = build_scene(self)
        return self._scene

    def facts(self) -> SceneFacts:
        """What tiles are told of the whole raster; found once and kept."""
        self.preprocess()
        if self._facts is None:
            self._facts = scene_facts(self)
        return self._facts

    def buildings(self) -> U8:
        """1 = open ground, 0 = building (G 1.6), uint8 ``[row, col]``.

        From land cover; else from heights 2 m or more above the ground model; without either, above
        a ground estimated from the surface (and a line in the log).
        """
        from solweig.surface.sky_view import buildings_mask

        if self._buildings is None:
            self._buildings = buildings_mask(self)
        return self._buildings

    def walls(self, wall_limit: float = WALL_LIMIT_M) -> tuple[F32, F32]:
        """Wall height [m] and aspect [deg], computed from the surface model if absent (G 6).

        Aspects given without heights, or the reverse, are not used.
        """
        from solweig import _core

        if self.wall_height is None or self.wall_aspect is None:
            self.preprocess()
            self.wall_height = _core.wall_height(self.dsm, wall_limit)
            self.wall_aspect = _core.wall_aspect(
                self.dsm,
                self.wall_height,
                self.pixel_size,
                improved=self.formulation == "improved",
            )
        return self.wall_height, self.wall_aspect

    def compute_svf(
        self,
        *,
        patch_option: int = 2,
        max_shadow_distance_m: float = 1000.0,
        feedback: Any = None,
        height_bound_m: float | None = None,
        tile_size: int | None = None,
        execution: ExecutionConfig | ResolvedExecution | None = None,
        folder: SkyFolder | None = None,
    ) -> None:
        """Compute sky view factors, patch visibility and, if absent, walls.

        Parameters
        ----------
        patch_option
            Division of the sky: 1 (145 patches), 2 (153), 3 (305) or 4 (609).
        max_shadow_distance_m
            How far obstacles are looked for [m].
        feedback
            ``(current, total)`` callable or QGIS feedback object; cancelling raises
            ComputationCancelled.
        height_bound_m
            Shadows end this far below their source [m], as in the reference, which cuts those of
            the tallest objects; ``None`` = they do not (G-Q8).
        tile_size
            Side of the tiles [cells]; ``None`` = the raster in one piece where that is possible.
            On the CPU it changes nothing but time and memory.
        execution
            Wishes about hardware; ``None`` = a GPU where there is one.
        folder
            Where a raster too large for the memory is built up in tiles, to stay mapped; ``None`` =
            in memory. :meth:`prepare` chooses it.

        Notes
        -----
        Results are ``svf`` and ``shadow_matrices``, 60 bytes per cell each with vegetation and
        option 2.
        """
        from solweig.execution.resolve import settled
        from solweig.surface.sky_view import compute_sky_view

        self.svf, self.shadow_matrices = compute_sky_view(
            self,
            patch_option,
            max_shadow_distance_m,
            feedback,
            height_bound_m=height_bound_m,
            tile_size=tile_size,
            execution=settled(execution),
            folder=folder,
        )
        self.sky_reach = (float(max_shadow_distance_m), height_bound_m)

    def require_svf(self) -> SvfArrays:
        """The sky view factors. Raises MissingPrecomputedData before :meth:`compute_svf`."""
        if self.svf is None:
            raise MissingPrecomputedData(
                "svf", "Call surface.compute_svf(), or make the surface with SurfaceData.prepare()."
            )
        return self.svf

    # -------------------------------------------------------------- land cover

    def get_land_cover_properties(
        self, params: SimpleNamespace | None = None
    ) -> tuple[F32, F32, F32, F32, F32]:
        """Properties of every cell by land-cover class, five float32 grids.

        Albedo [-], emissivity [-], slope of the surface temperature wave [K per degree of highest
        sun altitude], its offset [K] and the hour of its maximum (R 6.1). Codes from 100 without
        values of their own are roofs; without land cover every cell is cobble stone.

        Parameters
        ----------
        params
            From :func:`solweig.load_params`; ``None`` = the shipped values.
        """
        from solweig.surface.land_cover import property_grids

        return property_grids(self, params)

    # -------------------------------------------------------------- memory

    def get_buffer_pool(self) -> BufferPool:
        """Reusable scratch arrays of this surface's shape, kept until :meth:`clear_buffers`."""
        if self._buffers is None:
            self._buffers = BufferPool(self.shape)
        return self._buffers

    def clear_buffers(self) -> None:
        """Free what can be made again: scratch arrays, the engine's scene, the masks."""
        self._buffers = None
        self._scene = None
        self._buildings = None
        self._valid = None
