"""Checks of surface layers and parameters, made before any long work."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, GridShapeMismatch, InvalidSurfaceData
from solweig.renamed import also_named
from solweig.typing import F32

logger = logging.getLogger(__name__)


#: Ground codes with parameters; codes from 100 up are buildings by wall material.
GROUND_CODES = {
    0: "cobble stone",
    1: "dark asphalt",
    2: "buildings",
    5: "grass",
    6: "bare soil",
    7: "water",
}
FIRST_WALL_CODE = 100
# Dead Sea shore to Mount Everest, with room to spare; outside lie undeclared no-data marks.
LOWEST_ELEVATION_M, HIGHEST_ELEVATION_M = -500.0, 9500.0
# The tallest building is 828 m, the tallest tree 116 m.
TALLEST_OBJECT_M = 1000.0
# Noise below the ground that laser canopy models carry; set to zero rather than refused.
_NEGATIVE_NOISE_M = 1.0
# Cells that tell what kind of heights a layer holds, and rows looked at in one go.
_LOOK_CELLS = 16_000_000
_ROWS = 512


def as_layer(name: str, value: Any) -> F32:
    """A layer as float32 ``[row, col]``, contiguous.

    Raises
    ------
    InvalidSurfaceData
        Not a non-empty numeric 2-D array, or infinite values.
    """
    if np.ma.isMaskedArray(value):
        value = np.ma.filled(np.ma.asarray(value, dtype=np.float64), np.nan)
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise InvalidSurfaceData(name, "a numeric 2-D array", f"dtype {array.dtype}")
    if array.ndim != 2:
        raise InvalidSurfaceData(name, "a 2-D array (rows, cols)", f"shape {array.shape}")
    if array.size == 0:
        raise InvalidSurfaceData(name, "at least one cell", f"an empty array {array.shape}")
    layer = np.ascontiguousarray(array, dtype=np.float32)
    if np.isinf(layer).any():
        raise InvalidSurfaceData(
            name, "finite values or NaN", "infinite values", "Mark cells without data with NaN."
        )
    return layer


def contiguous(layer: Any) -> F32:
    """``layer`` as the engine takes it: float32, C order."""
    return np.ascontiguousarray(layer, dtype=np.float32)


def check_shape(name: str, expected: tuple[int, ...], got: tuple[int, ...]) -> None:
    """Check that two shapes are equal.

    Raises
    ------
    GridShapeMismatch
        They are not.
    """
    if tuple(got) != tuple(expected):
        raise GridShapeMismatch(name, tuple(expected), tuple(got))


def _range(layer: F32) -> tuple[float, float] | None:
    """Least and greatest value, ``None`` if there is none."""
    low, high = np.fmin.reduce(layer, axis=None), np.fmax.reduce(layer, axis=None)
    return None if math.isnan(low) else (float(low), float(high))


def _cells_outside(layer: F32, least: float, most: float) -> str:
    """How many cells lie out of a range, and where the first of them is."""
    with np.errstate(invalid="ignore"):
        outside = (layer < least) | (layer > most)
    row, col = np.unravel_index(int(np.argmax(outside)), outside.shape)
    count = int(np.count_nonzero(outside))
    return (
        f", out of range in {count} of {layer.size} cells ({100.0 * count / layer.size:.2g} %), "
        f"the first at row {row}, column {col}"
    )


def check_elevation(name: str, layer: F32, *, relative: bool = False) -> None:
    """Heights of a surface or ground model: some data, none of it absurd.

    Raises
    ------
    InvalidSurfaceData
        No data, or heights out of range.
    """
    span = _range(layer)
    if span is None:
        raise InvalidSurfaceData(name, "at least one cell with data", "NaN everywhere")
    low, high = span
    least, most = (
        (-_NEGATIVE_NOISE_M, TALLEST_OBJECT_M)
        if relative
        else (LOWEST_ELEVATION_M, HIGHEST_ELEVATION_M)
    )
    if low < least or high > most:
        raise InvalidSurfaceData(
            name,
            f"{'heights above ground' if relative else 'elevations'} from {least:g} to {most:g} m",
            f"{low:g} to {high:g} m{_cells_outside(layer, least, most)}",
            "Is a no-data value undeclared (gdal_edit.py -a_nodata; NaN in arrays), or are the "
            "heights in another unit (height_unit=, --height-unit)?",
        )


def clean_vegetation(name: str, layer: F32, *, relative: bool) -> F32:
    """Canopy or trunk heights without negative noise.

    Raises
    ------
    InvalidSurfaceData
        Heights that are negative by more than noise, or absurd.
    """
    span = _range(layer)
    if span is None:
        logger.info("%s holds no data: no vegetation", name)
        return layer
    low, high = span
    least = -_NEGATIVE_NOISE_M if relative else LOWEST_ELEVATION_M
    # Absolute heights given as relative are warned about elsewhere, so the upper bound is wide.
    if low < least or high > HIGHEST_ELEVATION_M:
        raise InvalidSurfaceData(
            name,
            "heights above ground, 0 m or more" if relative else "elevations in metres",
            f"{low:g} to {high:g} m{_cells_outside(layer, least, HIGHEST_ELEVATION_M)}",
            "Is a no-data value undeclared (gdal_edit.py -a_nodata; NaN in arrays)?"
            + (
                f" Elevations need {name}_relative=False (--cdsm-absolute)."
                if relative and low >= LOWEST_ELEVATION_M
                else ""
            ),
        )
    if relative and low < 0.0:
        below = layer < 0.0
        logger.info("%s: %d cells slightly below zero set to 0 m", name, int(below.sum()))
        layer = np.where(below, np.float32(0.0), layer)
    return layer


def check_land_cover(value: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    """Land cover as uint8 codes; no-data (NaN or negative) becomes 0, cobble stone.

    Allowed: 0, 1, 2, 5, 6, 7 and codes from 100 to 254 (buildings by wall material).

    Raises
    ------
    InvalidSurfaceData
        A code without a meaning here; for 3 and 4 (trees in UMEP's wider coding) the hint says
        where trees belong.
    """
    array = np.asarray(value)
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        codes = np.ascontiguousarray(array)
    else:
        layer = as_layer("land_cover", value)
        missing = np.isnan(layer) | (layer < 0)
        if missing.all():
            raise InvalidSurfaceData("land_cover", "at least one cell with data", "none")
        if missing.any():
            logger.warning(
                "land_cover: %d of %d cells have no data and are taken as code 0 (cobble stone)",
                int(missing.sum()),
                layer.size,
            )
        rounded = np.where(missing, np.float32(0.0), np.rint(layer))
        wrong = (rounded > 255) | (~missing & (np.abs(layer - rounded) > 1e-3))
        if wrong.any():
            raise InvalidSurfaceData(
                "land_cover",
                "whole numbers from 0 to 255",
                f"{float(layer[wrong][0]):g} in {int(wrong.sum())} cells",
                "Was the raster resampled with averaging?",
            )
        codes = rounded.astype(np.uint8)
    if shape is not None:
        check_shape("land_cover", shape, codes.shape)
    present = np.flatnonzero(code_counts(codes))
    if 255 in present:
        raise InvalidSurfaceData(
            "land_cover",
            "codes below 255",
            f"code 255 in {int((codes == 255).sum())} cells",
            "255 usually marks missing cells: declare it as the file's no-data value.",
        )
    unknown = [int(c) for c in present if c not in GROUND_CODES and c < FIRST_WALL_CODE]
    if unknown:
        raise InvalidSurfaceData(
            "land_cover",
            "codes " + ", ".join(f"{c} ({n})" for c, n in GROUND_CODES.items()) + ", 100 to 254 "
            "(buildings by wall material)",
            f"code{'s' if len(unknown) > 1 else ''} {', '.join(map(str, unknown))}",
            "Codes 3 and 4 mean trees: give trees as a canopy raster (cdsm) and here the ground "
            "below them."
            if {3, 4} & set(unknown)
            else "Reclassify the raster to these codes.",
        )
    return codes


def code_counts(codes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Cells of each code; by rows, because counting takes eight bytes a cell."""
    counts = np.zeros(256, np.intp)
    for row in range(0, codes.shape[0], _ROWS):
        counts += np.bincount(codes[row : row + _ROWS].reshape(-1), minlength=256)
    return counts


def check_fraction(name: str, layer: F32, *, where: NDArray[np.bool_]) -> None:
    """Albedo or emissivity: values within [0, 1], known at every cell of ``where``.

    Raises
    ------
    InvalidSurfaceData
        A value out of range, or none.
    """
    missing = int((np.isnan(layer) & where).sum())
    if missing:
        raise InvalidSurfaceData(
            name, "a value at every cell of the surface", f"{missing} cells without data"
        )
    span = _range(layer)
    if span is None or span[0] < 0.0 or span[1] > 1.0:
        got = "NaN everywhere" if span is None else f"{span[0]:g} to {span[1]:g}"
        raise InvalidSurfaceData(name, "values from 0 to 1", got)


def check_within(name: str, layer: F32, most: float, expected: str, hint: str) -> None:
    """Values from 0 to ``most``, where there are any.

    Raises
    ------
    InvalidSurfaceData
        A value out of range, or none at all.
    """
    span = _range(layer)
    if span is None:
        raise InvalidSurfaceData(name, "at least one cell with data", "NaN everywhere")
    low, high = span
    if low < 0.0 or high > most:
        got = f"{low:g} to {high:g}{_cells_outside(layer, 0.0, most)}"
        raise InvalidSurfaceData(name, expected, got, hint)


def check_transmissivity(layer: F32) -> None:
    """Share of light that comes through canopies: values within [0, 1], where there are any.

    Raises
    ------
    InvalidSurfaceData
        A value out of range.
    """
    percent = bool(np.fmax.reduce(layer, axis=None) > 2.0)
    check_within(
        "transmissivity", layer, 1.0, "shares of light from 0 to 1",
        "Percent? Divide by 100." if percent else "Is a no-data value undeclared?",
    )  # fmt: skip


def check_walls(height: F32 | None, aspect: F32 | None) -> None:
    """Wall height in metres (0 or more) and aspect in degrees (0 to 360).

    Raises
    ------
    InvalidSurfaceData
        A value out of range.
    """
    for name, layer, most in (
        ("wall_height", height, TALLEST_OBJECT_M),
        ("wall_aspect", aspect, 360.0),
    ):
        span = None if layer is None else _range(layer)
        if span is not None and (span[0] < 0.0 or span[1] > most + 1e-3):
            raise InvalidSurfaceData(
                name, f"values from 0 to {most:g}", f"{span[0]:g} to {span[1]:g}"
            )


def check_number(
    name: str, value: Any, low: float, high: float, *, open_low: bool = False
) -> float:
    """A number within [low, high] (``open_low``: above low).

    Raises
    ------
    ConfigurationError
        Anything else.
    """
    expected = f"a number {'above' if open_low else 'from'} {low:g}" + (
        f" to {high:g}" if math.isfinite(high) else ("" if open_low else " up")
    )
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigurationError(name, expected, repr(value)) from None
    inside = low < number <= high if open_low else low <= number <= high
    if not inside:
        raise ConfigurationError(name, expected, repr(value))
    return number


def check_parameters(
    *,
    pixel_size: float | None,
    trunk_ratio: float,
    min_object_height: float,
    dem_smooth_sigma: float,
    patch_option: int = 2,
    max_shadow_distance_m: float = 1000.0,
    wall_limit: float = 1.0,
) -> None:
    """Check the ranges of the numeric parameters of a surface.

    Raises
    ------
    ConfigurationError
        A number out of range, or an unknown patch option.
    """
    if pixel_size is not None:
        check_number("pixel_size", pixel_size, 0.0, 1000.0, open_low=True)
    check_number("trunk_ratio", trunk_ratio, 0.0, 1.0)
    check_number("min_object_height", min_object_height, 0.0, TALLEST_OBJECT_M)
    check_number("dem_smooth_sigma", dem_smooth_sigma, 0.0, 100.0)
    check_number("max_shadow_distance_m", max_shadow_distance_m, 0.0, math.inf, open_low=True)
    check_number("wall_limit", wall_limit, 0.0, TALLEST_OBJECT_M, open_low=True)
    if patch_option not in (1, 2, 3, 4):
        raise ConfigurationError(
            "patch_option",
            "1 (145 patches), 2 (153), 3 (305) or 4 (609)",
            repr(patch_option),
        )


def _thinned(*layers: F32) -> list[F32]:
    """Layers for a look at what they hold: of large ones, every n-th cell of every n-th row."""
    step = max(math.ceil(math.sqrt(layers[0].size / _LOOK_CELLS)), 1)
    return [layer[::step, ::step] if step > 1 else layer for layer in layers]


def why_canopy_looks_absolute(canopy: F32, ground: F32) -> str | None:
    """A reason to believe that canopy heights are elevations, or ``None``.

    ``ground`` is the ground model, or the surface model where there is none.
    """
    canopy, ground = _thinned(canopy, ground)
    known = np.isfinite(canopy) & np.isfinite(ground)
    tree = known & (canopy > 0.5)
    if not tree.any():
        return None
    top = float(canopy[tree].max())
    if top > 120.0:
        return f"its highest value is {top:.0f} m and no tree is taller than 116 m"
    level = float(np.median(ground[known]))
    if level <= 3.0:
        return None  # on ground near 0 m the two readings cannot be told apart
    on_ground = float(np.mean(np.abs(canopy[known] - ground[known]) < 0.5))
    if on_ground > 0.5:
        return f"{on_ground:.0%} of its cells equal the ground elevation within 0.5 m"
    lowest = float(np.percentile(canopy[tree], 1))
    above = float(np.mean(canopy[tree] >= ground[tree] - 0.5))
    if level > 5.0 and above > 0.995 and lowest > 0.9 * float(np.min(ground[tree])):
        return (
            f"hardly a canopy value lies below the ground elevation there "
            f"(lowest {lowest:.1f} m, ground about {level:.1f} m)"
        )
    return None


def why_surface_frame_looks_wrong(dsm: F32, dem: F32, *, relative: bool) -> str | None:
    """A reason to believe that ``dsm_relative`` says the opposite of what the DSM holds."""
    dsm, dem = _thinned(dsm, dem)
    known = np.isfinite(dsm) & np.isfinite(dem)
    level = float(np.median(dem[known])) if known.any() else 0.0
    if abs(level) <= 5.0:
        return None  # on ground near 0 m the two readings cannot be told apart
    if relative:
        share = float(np.mean(np.abs(dsm[known] - dem[known]) < 1.0))
        what = "of its cells equal the ground elevation within 1 m"
    else:
        share = float(np.mean((np.abs(dsm[known]) < 1.0) & (dem[known] > 5.0)))
        what = f"of its cells are near 0 m where the ground lies at about {level:.0f} m"
    return f"{share:.0%} {what}" if share > 0.3 else None


@also_named(reference="ground")
def looks_like_relative(layer: NDArray[Any] | None, ground: NDArray[Any] | None) -> bool:
    """Whether a vegetation layer holds heights above ground rather than elevations.

    Parameters
    ----------
    layer
        Canopy or trunk heights ``[row, col]`` [m].
    ground
        Ground elevation ``[row, col]`` [m].

    Returns
    -------
    bool
        True where the two cannot be told apart, as on ground near 0 m; false where either is
        ``None``.
    """
    if layer is None or ground is None:
        return False
    heights = np.asarray(layer, np.float32)
    return why_canopy_looks_absolute(heights, np.asarray(ground, np.float32)) is None
