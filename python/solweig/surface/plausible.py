"""Heights that a file may hold and a place may not: looked for before any work.

Each look reads bands of rows and ends as soon as it knows. What is nonsense is refused, what is
doubtful is warned of, with how many cells, how much of the raster and where. The table of all of
them is in ``docs/checks.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from solweig.errors import InvalidSurfaceData
from solweig.messages import warn_user
from solweig.rasters.georef import GeoReference
from solweig.typing import F32, Bool

__all__ = ["Look", "check_canopy", "check_surface", "warn_if_below_ground"]

#: The tallest building is 828 m.
TALLEST_BUILDING_M = 900.0
#: The tallest tree is 116 m.
TALLEST_TREE_M = 120.0
#: Surface and ground models of two surveys differ by as much.
_BELOW_GROUND_M = 1.0
#: A few cells below the ground are noise: so many, or this part of all.
_FEW_CELLS, _FEW_SHARE = 10, 1e-4
#: Missing cells lie this far below all others; where there are many of them, the second.
_VOID_M, _WIDE_VOID_M = 3.0, 60.0
#: More cells of one height than this part are the ground.
_GROUND_SHARE = 0.25
#: A number that is not whole is no code, unless it is repeated and this far below all others.
_ODD_VOID_M = 10.0
#: What marks missing cells at the upper end, in bytes and elsewhere.
_HIGH_CODES = (127.0, 255.0, 999.0, 9999.0)
_HIGH_VOID_M = 30.0
#: A surface that hardly touches its ground, and by how much.
_TOUCHING_SHARE, _TOUCHING_M = 0.005, 3.0
#: Canopy cells below the ground that tell a layer of heights from one of elevations.
_LOST_SHARE = 0.05
_TREE_M = 0.5
_ROWS = 512

Find = Callable[[slice], Bool]
"""The cells in question of a band of rows."""


@dataclass(frozen=True)
class Look:
    """What is said of cells: how many, and where the first of them lies."""

    georef: GeoReference
    #: First row and column of what is looked at, in the whole.
    corner: tuple[int, int] = (0, 0)
    #: Whether it is all of a surface, ground between the buildings included.
    whole: bool = True

    def at(self, row: int, col: int) -> str:
        """A cell as rows, columns and coordinates."""
        row, col = row + self.corner[0], col + self.corner[1]
        x0, dx, _, y0, _, dy = self.georef.gdal
        x, y = x0 + (col + 0.5) * dx, y0 + (row + 0.5) * dy
        return f"row {row}, column {col} (x {x:.1f}, y {y:.1f})"

    def cells(self, layer: F32, find: Find) -> str:
        """``25 of 1600 cells (1.6 %), the first at row 3, column 7 (x ..., y ...)``."""
        count, place = 0, ""
        for band in _bands(layer):
            found = find(band)
            here = int(np.count_nonzero(found))
            if here and not count:
                row, col = np.unravel_index(int(np.argmax(found)), found.shape)
                place = self.at(band.start + int(row), int(col))
            count += here
        share = _percent(count / layer.size)
        return f"{count} of {layer.size} cells ({share}), the first at {place}"


def _bands(layer: F32) -> Iterator[slice]:
    for row in range(0, layer.shape[0], _ROWS):
        yield slice(row, row + _ROWS)


def _percent(share: float) -> str:
    return f"{100.0 * share:.2g} %" if share < 0.995 else f"{100.0 * share:.0f} %"


# ------------------------------------------------------------------ surface and ground


def check_surface(dsm: F32, dem: F32 | None, look: Look, *, relative: bool) -> None:
    """Look at surface and ground as they were given.

    Without a ground model only voids, and steps higher than any building, can be told.

    Parameters
    ----------
    dsm, dem
        ``[row, col]`` [m].
    look
        Where they lie.
    relative
        The surface model holds heights above ground.

    Raises
    ------
    InvalidSurfaceData
        Buildings higher than any.

    Warns
    -----
    UserWarning
        Cells that look like undeclared gaps; a surface below its ground, or high above all of it.
    """
    ground_gaps = () if dem is None else _say_voids("dem", dem, look, None)
    gaps: tuple[float, ...] = ()
    if not relative:
        gaps = _say_voids("dsm", dsm, look, None if ground_gaps else dem)
    if dem is None:
        if not relative:
            _check_steps(dsm, look)
        return
    ground = dem

    def above(band: slice) -> F32:
        return dsm[band] if relative else dsm[band] - ground[band]

    _check_objects(dsm, above, look, gaps, only_high=relative)


def _check_objects(
    dsm: F32, above: Callable[[slice], F32], look: Look, gaps: tuple[float, ...], *, only_high: bool
) -> None:
    """Heights above ground: none below it, none absurd, some of them zero."""
    known = below = touching = 0
    high = False
    deepest, place, most = 0.0, (0, 0), -math.inf
    with np.errstate(invalid="ignore"):
        for band in _bands(dsm):
            height = above(band)
            known += height.size - int(np.count_nonzero(np.isnan(height)))
            touching += int(np.count_nonzero(height < _TOUCHING_M))
            under = height < -_BELOW_GROUND_M
            for gap in gaps:
                under &= dsm[band] != gap
            if under.any():
                below += int(np.count_nonzero(under))
                lowest = int(np.argmin(np.where(under, height, np.float32(0.0))))
                row, col = np.unravel_index(lowest, height.shape)
                if height[row, col] < deepest:
                    deepest = float(height[row, col])
                    place = (band.start + int(row), int(col))
            top = np.fmax.reduce(height, axis=None)
            high |= bool(top > TALLEST_BUILDING_M)
            most = max(most, float(top)) if top == top else most
    if high:
        raise _too_high(most, look.cells(dsm, lambda band: above(band) > TALLEST_BUILDING_M))
    if only_high or not known:
        return
    if below > max(_FEW_CELLS, _FEW_SHARE * known):
        warn_user(
            f"dsm: expected a surface on or above the ground (dem), got {below} of {known} cells "
            f"({_percent(below / known)}) more than {_BELOW_GROUND_M:g} m below it, the deepest by "
            f"{-deepest:.1f} m at {look.at(*place)}. Do both have the same height datum and unit? "
            "Without dem (--dem) the surface stands alone."
        )
    elif look.whole and touching < _TOUCHING_SHARE * known:
        least = min(float(np.fmin.reduce(above(b), axis=None)) for b in _bands(dsm))
        warn_user(
            f"dsm: expected a surface that touches the ground (dem) somewhere, got one that lies "
            f"{_TOUCHING_M:g} m or more above it in {_percent(1.0 - touching / known)} of the "
            f"cells, at least {least:.1f} m. Do both have the same height datum and unit "
            "(height_unit=, --height-unit)?"
        )


def _too_high(most: float, cells: str) -> InvalidSurfaceData:
    return InvalidSurfaceData(
        "dsm",
        f"buildings up to {TALLEST_BUILDING_M:g} m above the ground",
        f"{most:.0f} m in {cells}",
        "Is a no-data value undeclared (gdal_edit.py -a_nodata; NaN in arrays), or are the heights "
        "in another unit (height_unit=, --height-unit)?",
    )


def _check_steps(dsm: F32, look: Look) -> None:
    """Without a ground model: no step between neighbours is higher than any building."""
    low, high = np.fmin.reduce(dsm, axis=None), np.fmax.reduce(dsm, axis=None)
    if not high - low > TALLEST_BUILDING_M:
        return

    def steep(band: slice) -> Bool:
        first = max(band.start - 1, 0)
        part = dsm[first : band.stop + 1]
        least = part.copy()
        for one, two in (
            (np.s_[1:, :], np.s_[:-1, :]), (np.s_[:-1, :], np.s_[1:, :]),
            (np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :-1], np.s_[:, 1:]),
        ):  # fmt: skip
            least[one] = np.fmin(least[one], part[two])
        own = slice(band.start - first, band.start - first + dsm[band].shape[0])
        with np.errstate(invalid="ignore"):
            return np.asarray(part[own] - least[own] > TALLEST_BUILDING_M)

    if any(bool(steep(band).any()) for band in _bands(dsm)):
        raise _too_high(float(high - low), look.cells(dsm, steep))


# ------------------------------------------------------------------ undeclared gaps


def _say_voids(name: str, layer: F32, look: Look, ground: F32 | None) -> tuple[float, ...]:
    """Warn of cells that look like undeclared gaps; returns their heights.

    ``ground``: a ground model that is believed; cells that lie on it are no gaps.
    """
    found: list[float] = []
    for value in _void_values(layer):

        def cells(band: slice, value: float = value) -> Bool:
            held = layer[band] == value
            if ground is not None:
                with np.errstate(invalid="ignore"):
                    held &= ~(np.abs(ground[band] - value) < _VOID_M)
            return np.asarray(held)

        if not any(bool(cells(band).any()) for band in _bands(layer)):
            continue
        found.append(value)
        warn_user(
            f"{name}: expected elevations, got exactly {value:g} m in {look.cells(layer, cells)}, "
            f"far from all others. Is this an undeclared no-data value? Then declare it "
            f"(gdal_edit.py -a_nodata {value:g}; NaN in arrays)."
        )
    return tuple(found)


def _void_values(layer: F32) -> Iterator[float]:
    """Heights of cells that stand far apart from all others."""
    known = layer.size - int(np.count_nonzero(np.isnan(layer)))
    if not known:
        return
    least = float(np.fmin.reduce(layer, axis=None))
    for _ in range(3):
        count = _alone(layer, least, _VOID_M)
        if count is None or not _looks_void(layer, least, count, known):
            break
        yield least
        above = [part[part > least] for part in (layer[band] for band in _bands(layer))]
        least = min((float(part.min()) for part in above if part.size), default=math.nan)
        if math.isnan(least):
            break
    most = float(np.fmax.reduce(layer, axis=None))
    if most in _HIGH_CODES:
        count = _alone(layer, most, -_WIDE_VOID_M)
        if count is not None and count < known:
            yield most


def _looks_void(layer: F32, least: float, count: int, known: int) -> bool:
    whole = least == round(least)
    if not (least <= 0.0 and whole) and not (least < 0.0 and count > 1):
        return False
    if not whole and _alone(layer, least, _ODD_VOID_M) is None:
        return False
    if count == known:
        return False
    return count < _GROUND_SHARE * known or _alone(layer, least, _WIDE_VOID_M) is not None


def _alone(layer: F32, value: float, gap: float) -> int | None:
    """Cells of one height, if no other lies within ``gap`` beyond it; else ``None``.

    Beyond is upwards for a gap above 0, downwards below.
    """
    count, one, other = 0, np.float32(value), np.float32(value + gap)
    low, high = min(one, other), max(one, other)
    with np.errstate(invalid="ignore"):
        for band in _bands(layer):
            part = layer[band]
            near = int(np.count_nonzero((part >= low) & (part <= high)))
            equal = int(np.count_nonzero(part == one)) if near else 0
            if near != equal:
                return None
            count += equal
    return count


# ------------------------------------------------------------------ canopy


def check_canopy(name: str, canopy: F32, look: Look) -> None:
    """Look at canopy heights above ground for undeclared gaps.

    Raises
    ------
    InvalidSurfaceData
        A height that no tree has, far above all others, is repeated or marks gaps elsewhere.
    """
    most = float(np.fmax.reduce(canopy, axis=None))
    if not most > TALLEST_TREE_M:
        return
    count = _alone(canopy, most, -_HIGH_VOID_M)
    if count is None or not (count > 1 or most in _HIGH_CODES):
        return
    raise InvalidSurfaceData(
        name,
        f"trees up to {TALLEST_TREE_M:g} m",
        f"{most:g} m in {look.cells(canopy, lambda band: canopy[band] == most)}, far above all "
        "others",
        f"Is it an undeclared no-data value? Then declare it (gdal_edit.py -a_nodata {most:g}; NaN "
        "in arrays): no trees stand there.",
    )


def warn_if_below_ground(name: str, layer: F32, ground: F32, look: Look) -> None:
    """Warn where a canopy said to hold elevations lies below the ground: its trees vanish.

    Parameters
    ----------
    name
        ``cdsm`` or ``tdsm``.
    layer
        As it was given, elevations as is said [m].
    ground
        Elevations [m].
    look
        Where they lie.
    """
    trees = lost = 0

    def vanishing(band: slice) -> Bool:
        with np.errstate(invalid="ignore"):
            return np.asarray((layer[band] > _TREE_M) & (layer[band] < ground[band] - _TREE_M))

    with np.errstate(invalid="ignore"):
        for band in _bands(layer):
            trees += int(np.count_nonzero(layer[band] > _TREE_M))
            lost += int(np.count_nonzero(vanishing(band)))
    if not trees or lost < _LOST_SHARE * trees:
        return
    warn_user(
        f"{name}: expected elevations ({name}_relative=False, --cdsm-absolute), got what look like "
        f"heights above ground: {_percent(lost / trees)} of its {trees} cells with trees lie below "
        f"the ground and vanish: {look.cells(layer, vanishing)}. If they are, pass "
        f"{name}_relative=True (leave out --cdsm-absolute)."
    )
