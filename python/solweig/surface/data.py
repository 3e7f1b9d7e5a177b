"""The surface of a run behind one name: what is done to its layers is in the modules beside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Self

from solweig import _core
from solweig.execution.config import ExecutionConfig
from solweig.execution.resolve import ResolvedExecution, settled
from solweig.surface import extent, heights
from solweig.surface.changes import changed_surface
from solweig.surface.facts import facts_of
from solweig.surface.kept_layers import KeptLayers
from solweig.surface.land_cover import property_grids
from solweig.surface.layers import WALL_LIMIT_M, SceneFacts
from solweig.surface.place import check_geotransform, crs_text, settled_pixel_size
from solweig.surface.scene import buildings_of, scene_of
from solweig.surface.sky_view import add_sky_view
from solweig.surface.tiled_svf import SkyFolder
from solweig.surface.views import AuxiliaryView, BufferPool, GeometryView, OpticalView
from solweig.surface.walls import walls_of
from solweig.typing import F32, U8, Bool

__all__ = ["SurfaceData"]


class SurfaceData(KeptLayers):
    """Rasters of a place, all ``[row, col]`` on one grid, row 0 north, column 0 west.

    Build it from files with :meth:`prepare`, or from arrays: ``surface = SurfaceData(dsm,
    cdsm=trees, pixel_size=2.0); surface.compute_svf()``. Layers are kept as float32, land cover as
    uint8.

    Parameters
    ----------
    dsm
        Surface model: ground and roofs, elevation [m], -500 to 9500; NaN = no data.
    cdsm
        Canopy top [m]; above ground unless ``cdsm_relative`` is false. NaN or 0 = none.
    dem
        Ground model, elevation [m], -500 to 9500.
    tdsm
        Underside of the canopy [m], above ground unless ``tdsm_relative`` is false; without it,
        ``trunk_ratio`` times the canopy height.
    albedo, emissivity
        Of the ground [0-1], known at every cell; override the land-cover classes.
    transmissivity
        Share of light that comes through the canopy over each cell when it is in leaf [0-1], known
        wherever one stands; ``None`` = 0.03, or what the run says. A ray takes the lowest of the
        canopies it crosses (G 3.4).
    land_cover
        Codes 0 cobble, 1 asphalt, 2 buildings, 5 grass, 6 bare soil, 7 water; from 100 to 254
        buildings.
    wall_height, wall_aspect
        Height [m], 0 to 1000, and outward normal [deg clockwise from north], 0 to 360, of the wall
        beside a cell; computed if absent.
    svf, shadow_matrices
        Sky view factors and patch visibility, see :meth:`compute_svf`.
    pixel_size
        Side of a cell [m], above 0, at most 1000.
    trunk_ratio
        Trunk height over canopy height [0-1].
    dsm_relative, cdsm_relative, tdsm_relative
        Whether the layer holds heights above ground.
    min_object_height
        Surface within this of the ground is levelled to it [m], 0 to 1000; 0 switches it off. Needs
        ``dem``.
    smooth_quantized_dem, dem_smooth_sigma
        Smooth a ground model stored in whole or half metres, with a Gaussian of this many pixels, 0
        to 100.
    formulation
        ``"reference"``, or ``"improved"``: wall aspects without the reference's bias, directional
        sky view factors that are 1 on open ground, canopy shadows straight down, and bushes told by
        their height above ground (G-Q7, Q12, Q18, Q38, Q39 in ``docs/departures.md``).
    geotransform, crs
        Where the grid lies, in GDAL's order, and its projection as WKT; ``None`` = unknown.

    Attributes
    ----------
    telemetry
        What the last computation of sky view factors measured about itself.
    change
        What :meth:`with_changes` changed and computed; ``None`` for other surfaces.
    sky_reach
        How far, and how high, the sky view factors look for obstacles [m]; ``None`` where unknown.
    warnings
        What was warned of while :meth:`prepare` read and checked it.

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
    elevations and ``cdsm`` and ``tdsm`` to heights above ground and sets the flags accordingly (G
    1.3). For the numbers of the reference implementation pass ``min_object_height=0`` and
    ``smooth_quantized_dem=False``: it does neither.

    Examples
    --------
    >>> roofs = np.zeros((20, 30))
    >>> roofs[5:10, 8:20] = 9.0
    >>> surface = solweig.SurfaceData(dsm=roofs, dem=np.zeros((20, 30)), pixel_size=2.0)
    >>> surface.compute_svf()
    >>> round(float(surface.svf.svf[11, 14]), 2), round(float(surface.svf.svf[19, 0]), 2)
    (0.7, 0.99)
    >>> int(surface.buildings().sum())  # open ground
    540
    """

    # -------------------------------------------------------------- heights

    @property
    def max_height(self) -> float:
        """Height of the highest roof or canopy above the lowest surface [m]."""
        return heights.max_height(self)

    def looks_like_relative_heights(self) -> bool:
        """Whether the canopy layer looks like heights above ground.

        Returns
        -------
        bool
            True without a canopy, too.
        """
        return heights.looks_relative(self)

    def preprocess(self) -> None:
        """Bring the height layers to the model's frame; does nothing the second time.

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.

        Warns
        -----
        UserWarning
            With the reason, where a canopy said to be relative looks absolute, or the DSM like the
            other kind of heights.
        """
        heights.preprocess(self)

    def fill_nan(self, tolerance: float = 0.1) -> None:
        """Fill cells without data from the other layers.

        Surface from ground and ground from surface where one is known; unknown vegetation counts as
        none. Without this call a cell without a DSM height lets rays pass and has no result (G
        1.2). What was computed from the former heights is dropped.

        Parameters
        ----------
        tolerance
            Vegetation lower than this counts as none [m].

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        heights.fill_nan(self, tolerance)

    # -------------------------------------------------------------- cells with data

    @property
    def valid_mask(self) -> Bool:
        """Cells with data, boolean ``[row, col]``."""
        return extent.valid_of(self)

    def compute_valid_mask(self) -> Bool:
        """Find the cells with a surface height; also kept as ``valid_mask``.

        Returns
        -------
        Bool
            ``[row, col]``.
        """
        return extent.find_valid(self)

    def apply_valid_mask(self) -> None:
        """Remove all layers' data where ``valid_mask`` is false (NaN; land cover 0)."""
        extent.apply_mask(self)

    def crop_to_valid_bbox(self) -> tuple[int, int, int, int]:
        """Cut every layer to the smallest box that holds all cells with data.

        Returns
        -------
        tuple of int
            ``(first row, end row, first column, end column)`` in the former grid.
        """
        return extent.crop_to_valid(self)

    # -------------------------------------------------------------- earlier names

    @property
    def _geotransform(self) -> list[float] | None:
        """An earlier name of ``geotransform``, which scripts set."""
        return self.geotransform

    @_geotransform.setter
    def _geotransform(self, value: Any) -> None:
        if value is not None:
            check_geotransform(value)
            value = [float(v) for v in value]
        self._place(value, self.crs)

    @property
    def _crs_wkt(self) -> str | None:
        """An earlier name of ``crs``, which scripts set."""
        return self.crs

    @_crs_wkt.setter
    def _crs_wkt(self, value: str | None) -> None:
        self._place(self.geotransform, crs_text(value))

    def _place(self, geotransform: list[float] | None, crs: str | None) -> None:
        """Put the rasters elsewhere; a transform of other cells than these is refused."""
        settled_pixel_size(self.pixel_size, self.shape, geotransform, crs)
        self.geotransform, self.crs = geotransform, crs

    # -------------------------------------------------------------- engine

    def scene(self) -> _core.Scene:
        """The geometry in the form the engine reads; built once and kept.

        Returns
        -------
        solweig._core.Scene
            Of the preprocessed heights.

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        return scene_of(self)

    def facts(self) -> SceneFacts:
        """What tiles are told of the whole raster; found once and kept.

        Returns
        -------
        SceneFacts
            Shape, pixel size, datum and relief [m], whether anything grows.

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        return facts_of(self)

    def buildings(self) -> U8:
        """Where the ground is open (G 1.6).

        From land cover; else from heights 2 m or more above the ground model; without either, above
        a ground estimated from the surface (and a line in the log).

        Returns
        -------
        U8
            ``[row, col]``: 1 = open ground, 0 = building.

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        return buildings_of(self)

    def walls(self, wall_limit: float = WALL_LIMIT_M) -> tuple[F32, F32]:
        """Walls beside the cells, computed from the surface model if absent (G 6).

        Aspects given without heights, or the reverse, are not used.

        Parameters
        ----------
        wall_limit
            Least height of a wall [m]; read only where they are computed.

        Returns
        -------
        height : F32
            ``[row, col]`` [m]; 0 = no wall.
        aspect : F32
            Outward normal, ``[row, col]`` [deg clockwise from north].

        References
        ----------
        Goodwin et al. (2009) (line filter of the aspect)
        """
        return walls_of(self, wall_limit)

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
        """Compute sky view factors, patch visibility and, if absent, walls (G 5).

        Results are ``svf`` and ``shadow_matrices``, 60 bytes per cell each with vegetation and
        option 2.

        Parameters
        ----------
        patch_option
            Division of the sky: 1 (145 patches), 2 (153), 3 (305) or 4 (609).
        max_shadow_distance_m
            How far obstacles are looked for [m], above 0.
        feedback
            ``(current, total)`` callable or QGIS feedback object.
        height_bound_m
            Shadows end this far below their source [m], as in the reference, which cuts those of
            the tallest objects; ``None`` = they do not (G-Q8).
        tile_size
            Side of the tiles [cells], at least 1; ``None`` = the raster in one piece where that is
            possible. On the CPU it changes nothing but time and memory.
        execution
            Wishes about hardware; ``None`` = a GPU where there is one.
        folder
            Where a raster too large for the memory is built up in tiles, to stay mapped; ``None`` =
            in memory. :meth:`prepare` chooses it.

        Raises
        ------
        ConfigurationError
            A number is out of range, the result does not fit the memory, or a GPU is demanded and
            there is none.
        InvalidSurfaceData
            A relative DSM without a DEM.
        ComputationCancelled
            ``feedback`` said so.

        References
        ----------
        - Robinson & Stone (2004), Sol. Energy 77, https://doi.org/10.1016/j.solener.2004.05.010
          (145 patches)
        - Wallenberg et al. (2020) (153 patches)
        - Lindberg & Grimmond (2011), Theor. Appl. Climatol. 105,
          https://doi.org/10.1007/s00704-010-0382-8 (vegetation)
        """
        add_sky_view(
            self,
            patch_option=patch_option,
            max_shadow_distance_m=max_shadow_distance_m,
            feedback=feedback,
            height_bound_m=height_bound_m,
            tile_size=tile_size,
            execution=settled(execution),
            folder=folder,
        )

    def reference_height_bound(self) -> float:
        """How far below their source the reference ends shadows (G-Q8).

        What ``height_bound_m`` of :meth:`compute_svf` and of :class:`solweig.ModelConfig` takes to
        repeat the reference: the 99.9th percentile of heights above the lowest surface within
        100 m, or without a ground model the range of the surface; at least the range of the
        canopies, up to 50 m.

        Returns
        -------
        float
            Height [m].

        Raises
        ------
        InvalidSurfaceData
            A relative DSM without a DEM.
        """
        heights.preprocess(self)
        return heights.reference_height_bound(self)

    # -------------------------------------------------------------- edits and views

    def with_changes(
        self,
        *,
        window: tuple[int, int, int, int] | None = None,
        dsm: Any = None,
        dem: Any = None,
        cdsm: Any = None,
        tdsm: Any = None,
        land_cover: Any = None,
        albedo: Any = None,
        emissivity: Any = None,
        transmissivity: Any = None,
    ) -> Self:
        """The surface after an edit, computing only what the edit can reach.

        ``park = surface.with_changes(window=(400, 420, 300, 320), cdsm=8.0)`` plants trees 8 m high
        on 20 x 20 cells; ``calculate(park, ..., baseline=summary)`` then runs only what they reach.

        Parameters
        ----------
        window
            ``(row, end row, column, end column)`` of the edit; ``None`` = the whole raster, where
            the cells that differ are found.
        dsm, dem
            New elevations [m]: an array of the window's shape, a number, or a raster file, which is
            brought to the surface's grid; where the file has no cells the surface keeps its own.
        cdsm, tdsm
            New canopy top and underside above ground [m], likewise.
        land_cover, albedo, emissivity
            New codes and fractions.
        transmissivity
            Of the canopies of the window, needed for new ones where the surface has this layer;
            where it has none, all others keep 0.03.

        Returns
        -------
        SurfaceData
            With walls, sky view and visibility, bit for bit those of a full computation of the
            edited layers; ``change`` says what was computed. The surface itself stays as it is.

        Raises
        ------
        ConfigurationError
            A window off the raster, or no layer given.
        GridShapeMismatch, InvalidSurfaceData
            A layer of another shape, absurd values, or a layer that this surface does not have.
        MissingPrecomputedData
            This surface has no sky view factors, or it is not known how far they look.

        Examples
        --------
        >>> ground = np.zeros((60, 60), np.float32)
        >>> canopy = ground.copy()
        >>> canopy[50:54, 50:54] = 6.0
        >>> surface = solweig.SurfaceData(dsm=ground, dem=ground, cdsm=canopy, pixel_size=2.0)
        >>> surface.compute_svf(max_shadow_distance_m=20.0)
        >>> park = surface.with_changes(window=(10, 14, 10, 14), cdsm=8.0)
        >>> float(park.cdsm.max()), float(surface.cdsm.max())
        (8.0, 6.0)
        >>> park.change.share < 0.5
        True
        """
        edits = {
            "dsm": dsm, "dem": dem, "cdsm": cdsm, "tdsm": tdsm, "land_cover": land_cover,
            "albedo": albedo, "emissivity": emissivity, "transmissivity": transmissivity,
        }  # fmt: skip
        return changed_surface(self, edits, window)

    def get_land_cover_properties(
        self, params: SimpleNamespace | None = None
    ) -> tuple[F32, F32, F32, F32, F32]:
        """Properties of every cell by land-cover class (R 6.1).

        Codes from 100 without values of their own are roofs; without land cover every cell is
        cobble stone. ``albedo`` and ``emissivity`` of the surface go before those of the classes.

        Parameters
        ----------
        params
            From :func:`solweig.load_params`; ``None`` = the shipped values.

        Returns
        -------
        tuple of F32
            Five grids ``[row, col]``: albedo and emissivity [0-1], of the wave of surface
            temperature its slope [K per degree of the day's highest sun], its offset [K] and the
            hour of its maximum [h].

        Raises
        ------
        ConfigurationError
            A section of ``params`` is missing or a value is out of range.

        References
        ----------
        Lindberg, Onomura & Grimmond (2016), Int. J. Biometeorol. 60
        """
        return property_grids(self, params)

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

    # -------------------------------------------------------------- memory

    def get_buffer_pool(self) -> BufferPool:
        """Reusable scratch arrays of this surface's shape, kept until :meth:`clear_buffers`.

        Returns
        -------
        BufferPool
            Arrays by name, float32 ``[row, col]``.
        """
        if self.kept.buffers is None:
            self.kept.buffers = BufferPool(self.shape)
        return self.kept.buffers
