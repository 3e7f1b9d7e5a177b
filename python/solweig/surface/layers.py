"""The layers of a surface as plain data: names, checks on making one, what is kept between calls.

Everything that is done to a surface is a function over :class:`Layers` in another module of this
room; :class:`solweig.SurfaceData` gathers them behind one name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from solweig import _core
from solweig.errors import ConfigurationError, InvalidSurfaceData, MissingPrecomputedData
from solweig.execution.telemetry import Telemetry
from solweig.rasters.digests import content_of
from solweig.rasters.georef import GeoReference
from solweig.surface import checks
from solweig.surface.place import (
    UNSAID_PIXEL_SIZE,
    as_plain,
    check_geotransform,
    crs_text,
    settled_pixel_size,
)
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.surface.views import BufferPool
from solweig.typing import F32, F64, U8, Bool

__all__ = ["LAYER_NAMES", "WALL_LIMIT_M", "Change", "Kept", "Layers", "SceneFacts"]

_FLOAT_LAYERS = (
    "dsm", "cdsm", "dem", "tdsm", "transmissivity", "albedo", "emissivity", "wall_height",
    "wall_aspect",
)  # fmt: skip
#: All layers that are arrays on the grid.
LAYER_NAMES = (*_FLOAT_LAYERS, "land_cover")
#: Walls lower than this do not count [m] (G 6.1).
WALL_LIMIT_M = 1.0
FORMULATIONS = ("reference", "improved")


@dataclass(frozen=True)
class SceneFacts:
    """What tiles are told of a whole preprocessed raster.

    Attributes
    ----------
    shape
        Rows, columns.
    pixel_size
        Side of a cell [m].
    datum
        Height that the engine subtracts, that of the lowest cell [m].
    relief_m
        At least the largest height difference a ray can meet [m].
    has_vegetation
        Whether anything grows.
    own_canopies
        Whether canopies have their own transmissivity.
    """

    shape: tuple[int, int]
    pixel_size: float
    datum: float
    relief_m: float
    has_vegetation: bool
    own_canopies: bool = False

    def arguments(self, surface: Layers) -> dict[str, Any]:
        """What the scene of a tile is told besides its rasters."""
        return {
            "pixel_size": self.pixel_size,
            "trunk_ratio": surface.trunk_ratio,
            "relative_bush": surface.formulation == "improved",
            "datum": self.datum,
            "vegetation": self.has_vegetation,
        }


@dataclass(frozen=True)
class Change:
    """What an edit changed, and what of the preparation was computed for it.

    Attributes
    ----------
    window
        ``(row, end row, column, end column)`` of all cells whose layers or walls differ; empty
        where nothing does.
    computed
        The same of the cells whose sky view was computed.
    share
        Computed cells over all cells, 0-1.
    reach
        How far sky view factors of either surface look [px].
    whole
        Why all of it had to be computed; None where it had not.
    shading
        As ``window`` of the cells whose heights or canopies differ: only these cast or lose
        shadows. Empty where nothing but the ground's cover changed.
    tops_m
        Elevation of the roof or canopy on each of them, before or after [m].
    sky
        As ``window`` of the cells whose sky view differs.
    only_foliage
        Whether no more than canopies differ among heights.
    """

    window: tuple[int, int, int, int]
    computed: tuple[int, int, int, int]
    share: float
    reach: int
    whole: str | None = None
    shading: tuple[int, int, int, int] = (0, 0, 0, 0)
    sky: tuple[int, int, int, int] = (0, 0, 0, 0)
    only_foliage: bool = False
    tops_m: F64 | None = field(default=None, repr=False, compare=False)
    #: Relief before the edit [m], and digests of the layers.
    base_relief_m: float = 0.0
    base_content: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return self.window[0] >= self.window[1] or self.window[2] >= self.window[3]


@dataclass
class Kept:
    """What is made from the layers and kept until one of them is set anew."""

    scene: _core.Scene | None = None
    facts: SceneFacts | None = None
    buildings: U8 | None = None
    valid: Bool | None = None
    buffers: BufferPool | None = None
    model: object = None
    """The model of the last run, as that run keeps it."""

    _MADE_FROM: ClassVar[dict[str, tuple[str, ...]]] = {
        "dsm": ("scene", "facts", "buildings", "valid", "model"),
        "dem": ("scene", "facts", "buildings", "model"),
        "cdsm": ("scene", "facts", "model"),
        "tdsm": ("scene", "model"),
        "transmissivity": ("scene", "facts", "model"),
        "trunk_ratio": ("scene", "model"),
        "formulation": ("scene", "model"),
        "pixel_size": ("scene", "facts", "buildings", "model"),
        "land_cover": ("buildings", "model"),
        **dict.fromkeys(
            ("albedo", "emissivity", "wall_height", "wall_aspect", "svf", "shadow_matrices"),
            ("model",),
        ),
    }

    def drop_made_from(self, layer: str) -> None:
        """Forget what a layer that is set anew went into."""
        for name in self._MADE_FROM.get(layer, ()):
            setattr(self, name, None)

    def clear(self) -> None:
        """Forget what takes memory; the facts take none."""
        self.buffers = self.scene = self.buildings = self.valid = self.model = None


@dataclass(eq=False, repr=False)
class Layers:
    """Rasters of a place on one grid, and how they are to be read.

    Fields, units and errors are those of :class:`solweig.SurfaceData`.
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
    pixel_size: float = UNSAID_PIXEL_SIZE
    trunk_ratio: float = 0.25
    dsm_relative: bool = False
    cdsm_relative: bool = True
    tdsm_relative: bool = True
    min_object_height: float = 1.0
    smooth_quantized_dem: bool = True
    dem_smooth_sigma: float = 3.0
    formulation: str = field(default="reference", kw_only=True)
    transmissivity: F32 | None = field(default=None, kw_only=True)
    geotransform: list[float] | None = field(default=None, kw_only=True)
    crs: str | None = field(default=None, kw_only=True)
    telemetry: Telemetry | None = field(default=None, init=False)
    """What the last computation of sky view factors measured about itself."""
    change: Change | None = field(default=None, init=False)
    """What ``with_changes`` changed and computed; None for other surfaces."""
    sky_reach: tuple[float, float | None] | None = field(default=None, init=False)
    """How far, and how high, the sky view factors look for obstacles [m]; None where unknown."""
    warnings: tuple[str, ...] = field(default=(), init=False)
    """What was warned of while it was prepared."""
    in_model_frame: bool = field(default=False, init=False)
    """Whether the heights are as the model takes them, see ``solweig.surface.heights``."""
    kept: Kept = field(default_factory=Kept, init=False)

    def __post_init__(self) -> None:
        check_layers(self)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        kept = self.__dict__.get("kept")
        if kept is not None:
            kept.drop_made_from(name)

    def __repr__(self) -> str:
        present = [name for name in LAYER_NAMES if getattr(self, name) is not None]
        ready = [name for name in ("svf", "shadow_matrices") if getattr(self, name) is not None]
        return (
            f"{type(self).__name__}({self.shape[0]} x {self.shape[1]} cells of "
            f"{self.pixel_size:g} m; {', '.join(present + ready)})"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.dsm.shape
        return (rows, cols)

    @property
    def georef(self) -> GeoReference:
        """Where the grid lies."""
        return GeoReference.of_grid(self.shape, self.pixel_size, self.geotransform, self.crs)

    @property
    def patch_option(self) -> int | None:
        """Patch option (1-4) of the visibility, ``None`` without."""
        return None if self.shadow_matrices is None else self.shadow_matrices.patch_option

    def mark_preprocessed(self) -> None:
        """Declare that the heights are in the model's frame already (they were read back)."""
        self.dsm_relative, self.cdsm_relative, self.tdsm_relative = False, True, True
        self.in_model_frame = True

    def require_svf(self) -> SvfArrays:
        """The sky view factors.

        Returns
        -------
        SvfArrays
            Fifteen grids.

        Raises
        ------
        MissingPrecomputedData
            They have not been computed.
        """
        if self.svf is None:
            raise MissingPrecomputedData(
                "svf", "Call surface.compute_svf(), or make the surface with SurfaceData.prepare()."
            )
        return self.svf

    def require_shadow_matrices(self) -> ShadowArrays:
        """Patch visibility.

        Returns
        -------
        ShadowArrays
            Bit-packed.

        Raises
        ------
        MissingPrecomputedData
            It has not been computed.
        """
        if self.shadow_matrices is None:
            raise MissingPrecomputedData("shadow_matrices", "Call surface.compute_svf().")
        return self.shadow_matrices

    def require_sky_reach(self) -> tuple[float, float | None]:
        """How far and how high sky view factors look.

        Returns
        -------
        distance : float
            [m].
        height : float or None
            Shadows end this far below their source [m]; ``None`` = they do not.

        Raises
        ------
        MissingPrecomputedData
            They were made elsewhere.
        """
        if self.sky_reach is None:
            raise MissingPrecomputedData(
                "sky_reach",
                "It is not known how far these sky view factors look; compute_svf() knows, or set "
                "surface.sky_reach = (max_shadow_distance_m, None).",
            )
        return self.sky_reach

    def content(self) -> dict[str, str]:
        """What identifies the values: digests of each layer and of the sky view factor.

        Returns
        -------
        dict[str, str]
            By name of the layer, of those that are there.
        """
        grids: dict[str, Any] = {name: getattr(self, name) for name in LAYER_NAMES}
        grids["svf"] = None if self.svf is None else self.svf.svf
        return content_of(grids)

    def clear_buffers(self) -> None:
        """Free what can be made again: scratch arrays, the engine's scene and model, the masks."""
        self.kept.clear()


def check_layers(surface: Layers) -> None:
    """Bring the layers of a new surface to float32 (land cover: uint8) and check everything.

    Raises
    ------
    InvalidSurfaceData, GridShapeMismatch, ConfigurationError
        As :class:`solweig.SurfaceData` says.
    """
    for name in LAYER_NAMES:
        setattr(surface, name, as_plain(name, getattr(surface, name), surface.pixel_size))
    checks.check_parameters(
        pixel_size=surface.pixel_size,
        trunk_ratio=surface.trunk_ratio,
        min_object_height=surface.min_object_height,
        dem_smooth_sigma=surface.dem_smooth_sigma,
    )
    if surface.formulation not in FORMULATIONS:
        raise ConfigurationError(
            "formulation", " or ".join(map(repr, FORMULATIONS)), repr(surface.formulation)
        )
    for name in _FLOAT_LAYERS:
        value = getattr(surface, name)
        if value is not None or name == "dsm":
            setattr(surface, name, checks.as_layer(name, value))
    for name in _FLOAT_LAYERS:
        layer = getattr(surface, name)
        if layer is not None:
            checks.check_shape(name, surface.dsm.shape, layer.shape)
    surface.crs = crs_text(surface.crs)
    if surface.geotransform is not None:
        check_geotransform(surface.geotransform)
    surface.pixel_size = settled_pixel_size(
        surface.pixel_size, surface.shape, surface.geotransform, surface.crs
    )
    _check_values(surface)
    if surface.land_cover is not None:
        surface.land_cover = checks.check_land_cover(surface.land_cover, surface.dsm.shape)
    for name in ("svf", "shadow_matrices"):
        part = getattr(surface, name)
        if part is not None:
            checks.check_shape(name, surface.shape, part.shape)


def _check_values(surface: Layers) -> None:
    checks.check_elevation("dsm", surface.dsm, relative=surface.dsm_relative)
    if surface.dem is not None:
        checks.check_elevation("dem", surface.dem)
    for name, relative in (("cdsm", surface.cdsm_relative), ("tdsm", surface.tdsm_relative)):
        layer = getattr(surface, name)
        if layer is not None:
            setattr(surface, name, checks.clean_vegetation(name, layer, relative=relative))
    known = ~np.isnan(surface.dsm)
    for name in ("albedo", "emissivity"):
        layer = getattr(surface, name)
        if layer is not None:
            checks.check_fraction(name, layer, where=known)
    checks.check_walls(surface.wall_height, surface.wall_aspect)
    for name, what in (("tdsm", "the trunk zone"), ("transmissivity", "what it lets through")):
        if getattr(surface, name) is not None and surface.cdsm is None:
            raise InvalidSurfaceData(
                "cdsm", f"a canopy beside {what} ({name})", "none",
                f"Give cdsm= (--cdsm), or leave out {name} (--{name}): without a canopy there are "
                "no trees.",
            )  # fmt: skip
    if surface.transmissivity is not None:
        checks.check_transmissivity(surface.transmissivity)
