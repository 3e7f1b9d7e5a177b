"""Rectangular tiles with a margin, and how wide that margin has to be.

A tile is computed on its core and a halo around it, and only the core is kept. The halo holds
everything that can matter to the core, so that a raster in tiles gives what it gives in one piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "TileSpec",
    "calculate_buffer_distance",
    "corners",
    "generate_tiles",
    "ground_view_reach",
    "shadow_reach",
    "within",
]

GROUND_VIEW_M = 23.0
"""No ground farther than this enters a person's ground view [m]: twenty times the centre height of
a standing person, 1.1 m, and its rounding (G 7)."""


@dataclass(frozen=True)
class TileSpec:
    """One tile: a core that is written, inside a full window that is read.

    All indices are half-open and in pixels of the whole raster, row 0 north.

    Parameters
    ----------
    row_start, row_end, col_start, col_end
        The core.
    row_start_full, row_end_full, col_start_full, col_end_full
        The core and the margin around it, cut at the edge of the raster.
    overlap_top, overlap_bottom, overlap_left, overlap_right
        Rows and columns of margin on each side [px]; follow from the rest, and must agree with it
        where they are given.

    Raises
    ------
    ValueError
        A margin that does not follow from the windows.
    """

    row_start: int
    row_end: int
    col_start: int
    col_end: int
    row_start_full: int
    row_end_full: int
    col_start_full: int
    col_end_full: int
    overlap_top: int = None  # type: ignore[assignment]
    overlap_bottom: int = None  # type: ignore[assignment]
    overlap_left: int = None  # type: ignore[assignment]
    overlap_right: int = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        margins = {
            "overlap_top": self.row_start - self.row_start_full,
            "overlap_bottom": self.row_end_full - self.row_end,
            "overlap_left": self.col_start - self.col_start_full,
            "overlap_right": self.col_end_full - self.col_end,
        }
        for name, margin in margins.items():
            said = getattr(self, name)
            if said is not None and said != margin:
                raise ValueError(f"{name}: expected {margin}, as the windows are, got {said}")
            object.__setattr__(self, name, margin)

    @property
    def core_shape(self) -> tuple[int, int]:
        """Rows and columns of the core."""
        return self.row_end - self.row_start, self.col_end - self.col_start

    @property
    def full_shape(self) -> tuple[int, int]:
        """Rows and columns of the tile with its margin."""
        return self.row_end_full - self.row_start_full, self.col_end_full - self.col_start_full

    @property
    def read_slice(self) -> tuple[slice, slice]:
        """Rows and columns of the tile with its margin in the whole raster."""
        return (
            slice(self.row_start_full, self.row_end_full),
            slice(self.col_start_full, self.col_end_full),
        )

    @property
    def write_slice(self) -> tuple[slice, slice]:
        """Rows and columns of the core in the whole raster."""
        return slice(self.row_start, self.row_end), slice(self.col_start, self.col_end)

    @property
    def core_slice(self) -> tuple[slice, slice]:
        """Rows and columns of the core inside the tile as it was read."""
        return within(self.write_slice, self.read_slice)

    def around(self, margin: int) -> tuple[slice, slice]:
        """The core and some pixels around it, as far as the tile goes.

        Parameters
        ----------
        margin
            How many [px], at least 0.

        Returns
        -------
        tuple of slice
            Rows and columns of the whole raster.
        """
        return (
            slice(
                max(self.row_start - margin, self.row_start_full),
                min(self.row_end + margin, self.row_end_full),
            ),
            slice(
                max(self.col_start - margin, self.col_start_full),
                min(self.col_end + margin, self.col_end_full),
            ),
        )


def within(part: tuple[slice, slice], whole: tuple[slice, slice]) -> tuple[slice, slice]:
    """A window of a raster as a window of another window that holds it."""
    rows, cols = (
        slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, whole, strict=True)
    )
    return rows, cols


def corners(window: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """``(row, end row, column, end column)``, as the engine takes a window."""
    rows, cols = window
    return rows.start, rows.stop, cols.start, cols.stop


def generate_tiles(
    rows: int, cols: int, tile_size: int, overlap: int, *, tile_cols: int | None = None
) -> list[TileSpec]:
    """Cover a raster with tiles, row by row from the north-west.

    Parameters
    ----------
    rows, cols
        Size of the raster [px], at least 1.
    tile_size
        Side of a core [px], at least 1. The last tile of a row or column is smaller.
    overlap
        Margin read around each core [px], at least 0, cut at the edge of the raster.
    tile_cols
        Columns of a core, at least 1; None = ``tile_size``, a square.

    Returns
    -------
    list[TileSpec]
        Their cores hold every pixel once.

    Raises
    ------
    ValueError
        A size below its minimum.

    Examples
    --------
    >>> tiles = solweig.generate_tiles(100, 250, tile_size=100, overlap=20)
    >>> [(tile.col_start, tile.col_end) for tile in tiles]
    [(0, 100), (100, 200), (200, 250)]
    >>> tiles[1].full_shape
    (100, 140)
    """
    wide = tile_size if tile_cols is None else tile_cols
    for name, value, least in (
        ("rows", rows, 1),
        ("cols", cols, 1),
        ("tile_size", tile_size, 1),
        ("tile_cols", wide, 1),
        ("overlap", overlap, 0),
    ):
        if value < least:
            raise ValueError(f"{name}: expected at least {least}, got {value}")
    return [
        TileSpec(
            row_start=r,
            row_end=min(r + tile_size, rows),
            col_start=c,
            col_end=min(c + wide, cols),
            row_start_full=max(r - overlap, 0),
            row_end_full=min(r + tile_size + overlap, rows),
            col_start_full=max(c - overlap, 0),
            col_end_full=min(c + wide + overlap, cols),
        )
        for r in range(0, rows, tile_size)
        for c in range(0, cols, wide)
    ]


def calculate_buffer_distance(
    max_height: float, min_sun_elev_deg: float = 3.0, max_shadow_distance_m: float = 1000.0
) -> float:
    """Length of the longest shadow that has to be followed.

    Parameters
    ----------
    max_height
        Height of the tallest object above its ground [m].
    min_sun_elev_deg
        Lowest sun altitude considered [deg], in (0, 90].
    max_shadow_distance_m
        Cap [m], at least 0.

    Returns
    -------
    float
        ``max_height / tan(min_sun_elev_deg)``, at most ``max_shadow_distance_m`` [m]; 0 for flat
        ground.

    Raises
    ------
    ValueError
        An angle or cap out of range.

    Examples
    --------
    >>> round(solweig.calculate_buffer_distance(20.0))
    382
    >>> solweig.calculate_buffer_distance(120.0)
    1000.0
    """
    if not 0.0 < min_sun_elev_deg <= 90.0:
        raise ValueError(f"min_sun_elev_deg: expected 0 < value <= 90, got {min_sun_elev_deg}")
    if max_shadow_distance_m < 0.0:
        raise ValueError(f"max_shadow_distance_m: expected >= 0, got {max_shadow_distance_m}")
    if max_height <= 0.0:
        return 0.0
    return min(max_height / math.tan(math.radians(min_sun_elev_deg)), max_shadow_distance_m)


def shadow_reach(
    relief_m: float, altitude_deg: float, pixel_size: float, max_distance_m: float
) -> int:
    """How far a ray of an altitude is followed, at most [px].

    A ray ends with the first step whose height gain exceeds the relief, and at the distance cap
    (G 2.2); no coordinate of a step exceeds its number.

    Parameters
    ----------
    relief_m
        Largest height difference a ray can meet [m].
    altitude_deg
        Of the light [degrees], above 0 and at most 90.
    pixel_size
        Side of a cell [m].
    max_distance_m
        Cap on the distance [m].
    """
    by_distance = math.floor(max_distance_m / pixel_size) + 1
    rise = pixel_size * math.tan(math.radians(altitude_deg))
    # The step after the last useful one is still taken, and one more covers the rounding here.
    by_relief = math.floor(min(relief_m / rise, float(by_distance))) + 2
    return min(by_distance, by_relief)


def ground_view_reach(pixel_size: float) -> int:
    """How far the ground view of a person reaches, at most [px]."""
    return math.ceil(GROUND_VIEW_M / pixel_size) + 1
