"""A surface after an edit of trees, buildings or ground: only what the edit can reach is computed.

What a rectangle of changed cells can reach: walls as far as their filter goes, sky view factors and
visibility where rays can meet the changed cells (:mod:`solweig.surface.edit_reach`); none of them
where nothing but the ground's cover changes. Everything else is taken over. The result is, bit for
bit, that of a full computation.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any, TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from solweig import _core
from solweig.errors import ConfigurationError, GridShapeMismatch, InvalidSurfaceData
from solweig.leaf_area import USUAL
from solweig.parallel import in_parallel
from solweig.rasters.align import read_on_grid
from solweig.rasters.grids import Grid, covered_cells
from solweig.rasters.labelled import is_labelled, north_up_values
from solweig.surface import checks, foliage, plausible
from solweig.surface import heights as heights_module
from solweig.surface.edit_reach import around, grown, held, highest, met_by_any_ray
from solweig.surface.facts import facts_of
from solweig.surface.layers import WALL_LIMIT_M, Change, Layers
from solweig.surface.reading import given_source, is_path
from solweig.surface.scene import buildings_of
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.sky_view import add_sky_view
from solweig.surface.svf_arrays import SvfArrays
from solweig.surface.tiled_svf import svf_halo
from solweig.surface.walls import walls_of
from solweig.tiles.grid import corners, within
from solweig.typing import F32, Bool, Window

__all__ = ["changed_surface", "say_what_canopies_let_through"]

log = logging.getLogger("solweig")

L = TypeVar("L", bound=Layers)

EDITABLE = (
    "dsm", "dem", "cdsm", "tdsm", "transmissivity", "land_cover", "albedo", "emissivity",
)  # fmt: skip
_SHADING = ("dsm", "dem", "cdsm", "tdsm", "transmissivity")
"""Layers that rays meet."""
_NOWHERE = (0, 0, 0, 0)
WALL_FILTER_M = 9.0
"""Side of the filter that finds the aspect of a wall (G 6.2)."""


def changed_surface(
    base: L,
    edits: Mapping[str, Any],
    window: tuple[int, int, int, int] | None,
    *,
    look: bool = True,
) -> L:
    """Carry out ``SurfaceData.with_changes``; ``look`` warns of heights that look like others."""
    new = _changed(base, edits, window, look)
    assert new.change is not None
    new.change = replace(
        new.change, base_relief_m=facts_of(base).relief_m, base_content=base.content()
    )
    return new


def _changed(
    base: L, edits: Mapping[str, Any], window: tuple[int, int, int, int] | None, look: bool
) -> L:
    where = _checked_window(base, window)
    heights_module.preprocess(base)
    svf, masks = base.require_svf(), base.require_shadow_matrices()
    reach_m, bound_m = base.require_sky_reach()
    layers = _edited(base, edits, where, look)
    new = _like(base, layers)
    if base.transmissivity is None and not _own_canopies(base, new, where):
        new.transmissivity = None  # as if nothing had been said
    box = _differing(base, new, where)
    shading = _differing(base, new, where, _SHADING) if box is not None else None
    if box is None or shading is None:
        new.wall_height, new.wall_aspect = walls_of(base)
        new.svf, new.shadow_matrices = svf, masks
        new.change = Change(_NOWHERE if box is None else corners(box), _NOWHERE, 0.0, 0)
        return new
    option = masks.patch_option
    halo = max(svf_halo(facts_of(s), option, reach_m, bound_m) for s in (base, new))
    whole = _why_whole(base, new)
    if whole is not None:
        log.info("with_changes: everything is computed, because %s", whole)
        add_sky_view(
            new, patch_option=option, max_shadow_distance_m=reach_m, height_bound_m=bound_m
        )
        rows, cols = new.shape
        new.change = Change((0, rows, 0, cols), (0, rows, 0, cols), 1.0, halo, whole)
        return new
    walls = _update_walls(base, new, shading)
    tops = np.maximum(highest(base, shading), highest(new, shading))
    tops[~_apart(base, new, shading)] = -np.inf
    lowest = float(_core.patch_table(option)["altitude"].min())
    touched = met_by_any_ray(new.dsm, shading, float(tops.max()), lowest, halo, new.pixel_size)
    seen = _update_sky(base, new, touched, halo, option, reach_m, bound_m)
    cells = math.prod(s.stop - s.start for s in touched)
    share = cells / math.prod(new.shape)
    new.change = Change(
        corners(around(box, walls)), corners(touched), share, halo,
        sky=_NOWHERE if seen is None else corners(seen), shading=corners(shading), tops_m=tops,
        only_foliage=_differing(base, new, shading, ("dsm", "dem")) is None,
    )  # fmt: skip
    log.info("with_changes: sky view of %.2f %% of the cells computed", 100.0 * share)
    return new


def say_what_canopies_let_through(surface: Layers) -> None:
    """Give a surface whose canopies are all alike the layer that says so; its sky view knows it.

    Where steps have several suns, the mean of their shadows is rounded otherwise with the layer.
    """
    if surface.transmissivity is not None or surface.cdsm is None:
        return
    surface.transmissivity = foliage.usual(surface.cdsm, surface.shape)
    svf, masks = surface.svf, surface.shadow_matrices
    if svf is not None and masks is not None and facts_of(surface).own_canopies:
        seen = _seen_alike(masks.words())
        surface.svf = SvfArrays(**{**svf.as_dict(), SvfArrays.CANOPIES: seen})


# ------------------------------------------------------------------ layers


def _checked_window(base: Layers, window: tuple[int, int, int, int] | None) -> Window:
    rows, cols = base.shape
    if window is None:
        return slice(0, rows), slice(0, cols)
    try:
        row, row_end, col, col_end = (int(v) for v in window)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            "window", "(row, end row, column, end column)", repr(window)
        ) from error
    if not (0 <= row < row_end <= rows and 0 <= col < col_end <= cols):
        raise ConfigurationError(
            "window",
            f"(row, end row, column, end column) inside {rows} x {cols} cells, not empty",
            repr(tuple(window)),
        )
    return slice(row, row_end), slice(col, col_end)


def _edited(base: Layers, edits: Mapping[str, Any], where: Window, look: bool) -> dict[str, Any]:
    """Every layer, those that are edited as copies."""
    shape = tuple(s.stop - s.start for s in where)
    layers = {name: getattr(base, name) for name in EDITABLE}
    given = {name: value for name, value in edits.items() if value is not None}
    if not given:
        raise ConfigurationError("with_changes", f"a layer among {', '.join(EDITABLE)}", "none")
    varied = []
    for name, value in given.items():
        patch = _patch(base, name, value, where)
        if patch.ndim and patch.shape != shape:
            raise GridShapeMismatch(name, shape, patch.shape)
        if patch.dtype.kind not in "fiub":
            raise InvalidSurfaceData(name, "numbers", str(patch.dtype))
        own = layers[name]
        if own is None and name == "cdsm" and base.tdsm is None:
            own = np.zeros(base.shape, np.float32)
        elif own is None and name == "transmissivity":
            log.info("with_changes: other canopies keep a transmissivity of %g", USUAL)
            own = foliage.usual(base.cdsm, base.shape)
        elif own is None:
            raise InvalidSurfaceData(name, f"a surface with a layer {name}", "one without")
        else:
            own = np.array(own)
        own[where] = patch
        layers[name] = own
        if patch.ndim and np.fmin.reduce(patch, axis=None) != np.fmax.reduce(patch, axis=None):
            varied.append(name)
    if look:
        _check_edits(base, layers, where, given, varied)
    _to_model_frame(base, layers, where, given)
    _settle_foliage(base, layers, where, given)
    return layers


def _patch(base: Layers, name: str, value: Any, where: Window) -> NDArray[Any]:
    """The new cells of the window; those of a raster that knows its place from there.

    Where a raster has no cells they are those of the surface.
    """
    placed = is_path(value) or (is_labelled(value) and base.geotransform is not None)
    if not placed:
        return north_up_values(name, value) if is_labelled(value) else np.asarray(value)
    crs = CRS.from_wkt(base.crs) if base.crs else None
    source = given_source(name, value, crs=crs)
    if base.geotransform is None:
        raise InvalidSurfaceData(
            name, "an array, because the surface does not say where it lies", f"a file, {value}"
        )
    if source is None:
        return north_up_values(name, value)
    grid = Grid(base.shape, Affine.from_gdal(*base.geotransform), crs)
    layer = read_on_grid(source, grid)
    if name == "dem" and base.smooth_quantized_dem and base.dem_smooth_sigma > 0.0:
        layer = heights_module.smooth_quantized(layer, base.dem_smooth_sigma)
    covered = covered_cells(source.grid, grid)
    if covered is None:
        raise InvalidSurfaceData(
            name, f"a raster that overlaps the surface, {grid.bounds}", f"{source.grid.bounds}"
        )
    own = getattr(base, name)
    if own is None and name == "transmissivity":
        own = foliage.usual(base.cdsm, base.shape)
    patched = np.zeros(base.shape, np.float32) if own is None else np.array(own, np.float32)
    patched[covered] = layer[covered]
    patch = patched[where]
    if name == "land_cover":
        return np.asarray(checks.check_land_cover(patch))
    return patch


def _check_edits(
    base: Layers,
    layers: Mapping[str, Any],
    where: Window,
    given: Mapping[str, Any],
    varied: Sequence[str],
) -> None:
    """Look at the edited cells as :func:`heights.preprocess` looks at all of them.

    A layer of one value is what somebody plants or builds, and may well equal the ground's height.
    """
    corner = (where[0].start, where[1].start)
    look = plausible.Look(base.georef, corner, whole=False)
    dsm, dem = layers["dsm"][where], None if layers["dem"] is None else layers["dem"][where]
    if {"dsm", "dem"} & given.keys() and not (
        dem is not None and heights_module.warn_if_other_frame(dsm, dem, relative=False)
    ):
        plausible.check_surface(dsm, dem, look, relative=False)
    for name in ("cdsm", "tdsm"):
        if name in given:
            plausible.check_canopy(name, layers[name][where], look)
    if "cdsm" in varied:
        ground = dsm if dem is None else dem
        heights_module.warn_if_absolute(layers["cdsm"][where], ground)


def _to_model_frame(
    base: Layers, layers: dict[str, Any], where: Window, given: Mapping[str, Any]
) -> None:
    """Treat the edited cells as :meth:`SurfaceData.preprocess` treats all of them."""
    dsm, dem = layers["dsm"], layers["dem"]
    if "dsm" in given or "dem" in given:
        dsm = layers["dsm"] = np.array(dsm) if dsm is base.dsm else dsm
        if dem is not None:
            own = dem[where]
            if np.isnan(own).any():
                dem = layers["dem"] = np.array(dem) if dem is base.dem else dem
                dem[where] = np.where(np.isnan(own), dsm[where], own)
            if base.min_object_height > 0.0:
                dsm[where] = heights_module.level_small_objects(
                    dsm[where], dem[where], base.min_object_height
                )
    for name in ("cdsm", "tdsm"):
        if name in given:
            layers[name][where] = np.nan_to_num(layers[name][where], nan=0.0)
    canopy, trunk = layers["cdsm"], layers["tdsm"]
    if canopy is not None and trunk is not None and ("cdsm" in given or "tdsm" in given):
        trunk = layers["tdsm"] = np.array(trunk) if trunk is base.tdsm else trunk
        trunk[where] = np.minimum(trunk[where], canopy[where])


def _settle_foliage(
    base: Layers, layers: dict[str, Any], where: Window, given: Mapping[str, Any]
) -> None:
    """What the canopies of the edited cells let through must be known, and of others nothing is."""
    own, canopy = layers["transmissivity"], layers["cdsm"]
    if own is None or not {"cdsm", "transmissivity"} & given.keys():
        return
    if own is base.transmissivity:
        own = layers["transmissivity"] = np.array(own)
    look = plausible.Look(base.georef, (where[0].start, where[1].start), whole=False)
    own[where] = foliage.of_canopies(own[where], None if canopy is None else canopy[where], look)


def _like(base: L, layers: Mapping[str, Any]) -> L:
    """A surface with these layers and the base's parameters; nothing is computed."""
    new = type(base)(
        **layers,
        pixel_size=base.pixel_size,
        trunk_ratio=base.trunk_ratio,
        min_object_height=base.min_object_height,
        smooth_quantized_dem=base.smooth_quantized_dem,
        dem_smooth_sigma=base.dem_smooth_sigma,
        formulation=base.formulation,
    )
    new.geotransform, new.crs = base.geotransform, base.crs
    new.mark_preprocessed()
    new.sky_reach = base.sky_reach
    return new


def _differing(
    base: Layers, new: Layers, where: Window, names: tuple[str, ...] = EDITABLE
) -> Window | None:
    """The smallest window of all cells whose layers differ, told apart from walls and sky."""
    found: Window | None = None
    pairs = [(getattr(base, name), getattr(new, name)) for name in names]
    # Roofs are told from the ground by heights farther off where there is no ground model.
    if names is EDITABLE and base.dem is None and base.land_cover is None:
        pairs.append((buildings_of(base), buildings_of(new)))
        where = slice(0, base.shape[0]), slice(0, base.shape[1])
    for one, two in pairs:
        apart = _unlike(base, new, one, two, where)
        box = None if apart is None else held(apart, where)
        found = found if box is None else around(found, box)
    return found


def _unlike(base: Layers, new: Layers, one: Any, two: Any, where: Window) -> Bool | None:
    """Cells of a window of which a layer differs; None where it is the same one."""
    if one is two:
        return None
    if one is None and two is new.transmissivity:
        one = foliage.usual(base.cdsm, base.shape)
    elif one is None:
        one = np.zeros_like(two)
    a, b = one[where], two[where]
    return np.asarray((a != b) & ~((a != a) & (b != b)))


def _own_canopies(base: Layers, new: Layers, where: Window) -> bool:
    """Whether a canopy of a window lets something else through than all did before."""
    apart = _unlike(base, new, base.transmissivity, new.transmissivity, where)
    return apart is not None and bool((apart & foliage.stands(new.cdsm, new.shape)[where]).any())


def _apart(base: Layers, new: Layers, where: Window) -> Bool:
    """Cells of a window of which a layer that rays meet differs."""
    pairs = [(getattr(base, name), getattr(new, name)) for name in _SHADING]
    found = [_unlike(base, new, one, two, where) for one, two in pairs]
    return np.asarray(np.logical_or.reduce([apart for apart in found if apart is not None]))


def _why_whole(base: Layers, new: Layers) -> str | None:
    """What of the whole raster changed that every cell is computed with."""
    old, now = facts_of(base), facts_of(new)
    if old.datum != now.datum:
        return f"the lowest cell moved from {old.datum:g} to {now.datum:g} m"
    if old.has_vegetation != now.has_vegetation:
        return "vegetation appeared where there was none, or all of it is gone"
    return None


# ------------------------------------------------------------------ walls and sky


def _update_walls(base: Layers, new: Layers, box: Window) -> Window:
    """Walls of the edited part and as far as their filter goes; returns where they may differ."""
    height, aspect = (np.array(grid) for grid in walls_of(base))
    reach = math.ceil(WALL_FILTER_M / new.pixel_size) // 2 + 3
    touched = grown(box, reach, new.shape)
    around = grown(touched, reach + 1, new.shape)
    dsm = np.ascontiguousarray(new.dsm[around])
    walls = _core.wall_height(dsm, WALL_LIMIT_M)
    improved = new.formulation == "improved"
    aspects = _core.wall_aspect(dsm, walls, new.pixel_size, improved=improved)
    own = within(touched, around)
    height[touched], aspect[touched] = walls[own], aspects[own]
    new.wall_height, new.wall_aspect = height, aspect
    return touched


def _update_sky(
    base: Layers,
    new: Layers,
    touched: Window,
    halo: int,
    option: int,
    reach_m: float,
    bound_m: float | None,
) -> Window | None:
    """Sky view of a window; the rest is copied from the base. Returns where it differs."""
    assert base.svf is not None
    assert base.shadow_matrices is not None
    full = grown(touched, halo, new.shape)
    facts, improved = facts_of(new), new.formulation == "improved"

    def cut(layer: Any) -> Any:
        return None if layer is None else np.ascontiguousarray(layer[full])

    grows = facts.has_vegetation
    scene = _core.Scene(
        cut(new.dsm),
        dem=cut(new.dem),
        canopy=cut(new.cdsm) if grows else None,
        trunk=cut(new.tdsm) if grows else None,
        transmissivity=cut(new.transmissivity) if grows else None,
        **facts.arguments(new),
    )
    view = scene.svf(
        option,
        max_shadow_distance_m=reach_m,
        height_bound_m=bound_m,
        normalised_sectors=improved,
        zenith_canopy="overhead" if improved else "reference",
        window=corners(within(touched, full)),
    )
    fields, masks = view.fields(), view.masks()
    names = [n for n in SvfArrays.names() if grows or "veg" not in n]
    words = base.shadow_matrices.words()

    def patched(old: NDArray[Any], part: NDArray[Any]) -> tuple[NDArray[Any], Window | None]:
        grid, before = np.array(old), old[touched]
        apart = (before != part) & ~((before != before) & (part != part))
        grid[touched] = part
        return grid, held(apart.any(axis=2) if apart.ndim > 2 else apart, touched)

    old = base.svf.as_dict()
    if facts.own_canopies:
        names.append(SvfArrays.CANOPIES)
        if SvfArrays.CANOPIES not in old:
            old[SvfArrays.CANOPIES] = _seen_alike(words)
    jobs = [partial(patched, old[name], fields[name]) for name in names]
    jobs += [partial(patched, words[name], masks[name]) for name in words]
    done = in_parallel(jobs)
    grids = [grid for grid, _ in done]
    new.svf = SvfArrays(**dict(zip(names, grids, strict=False)))
    own = dict(zip(words, grids[len(names) :], strict=True))
    new.shadow_matrices = ShadowArrays.from_words(own, option)
    differs = [window for _, window in done if window is not None]
    return None if not differs else reduce(around, differs)


def _seen_alike(words: Mapping[str, NDArray[np.uint32]]) -> F32:
    """What :class:`SvfArrays` has of canopies that are all alike, by the patches behind leaves."""
    behind = (words["shmat"] & ~words["vegshmat"]).any(axis=2)
    return np.where(behind, np.float32(USUAL), np.float32(np.nan))
