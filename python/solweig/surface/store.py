"""A surface on disk: layers as the model takes them, with the digests that identify them."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from solweig import _core, switches
from solweig.errors import InvalidSurfaceData, MissingPreparedSurface
from solweig.parallel import in_parallel
from solweig.rasters.digests import (
    LayerDigests,
    array_digest,
    file_digest,
    fingerprint,
    read_sealed,
    sealed,
    write_json,
)
from solweig.surface.cache import CACHE_FORMAT, GridFiles, SurfaceCache
from solweig.surface.extent import valid_of
from solweig.surface.heights import preprocess
from solweig.surface.layers import LAYER_NAMES, Layers

logger = logging.getLogger(__name__)

L = TypeVar("L", bound=Layers)

_METADATA = "metadata.json"
_AGAIN = "Run SurfaceData.prepare() again."
_PARAMETERS = (
    "trunk_ratio",
    "min_object_height",
    "smooth_quantized_dem",
    "dem_smooth_sigma",
    "formulation",
)


# ------------------------------------------------------------------ identity


def _engine() -> str:
    return str(_core.__version__)


def walls_fingerprint(surface: Layers, wall_limit: float, digests: LayerDigests) -> str:
    """Identity of wall rasters: every value and parameter they depend on."""
    return fingerprint(
        {
            "kind": "walls",
            "format": CACHE_FORMAT,
            "engine": _engine(),
            **digests.of("dsm"),
            "pixel_size": float(surface.pixel_size),
            "wall_limit": float(wall_limit),
            "formulation": surface.formulation,
        }
    )


def svf_fingerprint(
    surface: Layers, patch_option: int, max_shadow_distance_m: float, digests: LayerDigests
) -> str:
    """Identity of sky view factors and visibility: every value and parameter they depend on."""
    return fingerprint(
        {
            "kind": "svf",
            "format": CACHE_FORMAT,
            "engine": _engine(),
            **digests.of("dsm", "dem", "cdsm", "tdsm"),
            **({} if surface.transmissivity is None else digests.of("transmissivity")),
            "pixel_size": float(surface.pixel_size),
            "trunk_ratio": float(surface.trunk_ratio),
            "patch_option": int(patch_option),
            "max_shadow_distance_m": float(max_shadow_distance_m),
            "formulation": surface.formulation,
        }
    )


# ------------------------------------------------------------------ writing


def grid_files(surface: Layers) -> GridFiles:
    """Writer for layers on the surface's grid."""
    return GridFiles(surface.shape, surface.pixel_size, surface.geotransform, surface.crs)


def _layers_of(surface: Layers) -> dict[str, NDArray[Any]]:
    layers = {name: getattr(surface, name) for name in LAYER_NAMES}
    layers["valid_mask"] = valid_of(surface).astype(np.uint8)
    return {name: layer for name, layer in layers.items() if layer is not None}


def save_layers(
    surface: Layers,
    root: Path,
    digests: LayerDigests,
    prepare_fingerprint: str | None = None,
) -> None:
    """Write ``cleaned/`` and ``metadata.json``, unless they hold the same already."""
    layers = _layers_of(surface)
    parameters = {name: getattr(surface, name) for name in _PARAMETERS}
    grid = {
        "rows": surface.shape[0],
        "cols": surface.shape[1],
        "pixel_size": float(surface.pixel_size),
        "geotransform": surface.geotransform,
        "crs_wkt": surface.crs,
    }
    known = digests.of(*(name for name in layers if name != "valid_mask"))
    known["valid_mask"] = array_digest(layers["valid_mask"])
    key = fingerprint({"format": CACHE_FORMAT, "layers": known, "grid": grid, **parameters})
    if _intact(root, key):
        return
    (root / _METADATA).unlink(missing_ok=True)
    files = grid_files(surface).write_all(root / "cleaned", layers)
    _remove_others(root / "cleaned", set(layers))
    told = {
        "format": CACHE_FORMAT,
        "engine": _engine(),
        "fingerprint": key,
        "prepare_fingerprint": prepare_fingerprint,
        "grid": grid,
        "parameters": parameters,
        "files": files,
    }
    write_json(root / _METADATA, sealed(told))


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove layers of an earlier surface, which this one does not have."""
    for name in (*LAYER_NAMES, "valid_mask"):
        if name not in kept:
            for suffix in (".tif", ".npy"):
                (folder / f"{name}{suffix}").unlink(missing_ok=True)


def _read_metadata(root: Path) -> dict[str, Any] | None:
    meta = read_sealed(root / _METADATA)
    return None if meta is None or meta.get("format") != CACHE_FORMAT else meta


def _intact(root: Path, key: str) -> bool:
    meta = _read_metadata(root)
    if meta is None or meta.get("fingerprint") != key:
        return False
    return _damaged_file(root, meta) is None


def _damaged_file(root: Path, meta: dict[str, Any]) -> str | None:
    paths = {root / "cleaned" / name: digest for name, digest in meta["files"].items()}

    def damaged(path: Path) -> bool:
        return not path.is_file() or file_digest(path) != paths[path]

    found = in_parallel(partial(damaged, path) for path in paths)
    return next((str(path) for path, bad in zip(paths, found, strict=True) if bad), None)


def note_svf(root: Path, surface: Layers, key: str) -> None:
    """Record in ``metadata.json`` which sky view belongs to the layers."""
    meta = _read_metadata(root)
    if meta is not None:
        meta["svf"] = {
            "patch_option": surface.patch_option,
            "fingerprint": key,
            "sky_reach": surface.sky_reach,
        }
        write_json(root / _METADATA, sealed(meta))


def save_surface(
    surface: Layers, directory: str | Path, *, prepare_fingerprint: str | None = None
) -> None:
    """Write layers, walls and sky view so that :func:`load_surface` finds them."""
    preprocess(surface)
    cache = SurfaceCache(directory, switches.read())
    save_layers(surface, cache.root, LayerDigests(surface), prepare_fingerprint)
    if surface.svf is None or surface.shadow_matrices is None:
        return
    # Where they came from is not known here, so their identity is what they hold.
    key = fingerprint(
        {
            "svf": {k: array_digest(v) for k, v in surface.svf.as_dict().items()},
            "masks": {k: array_digest(v) for k, v in surface.shadow_matrices.words().items()},
        }
    )
    cache.save_svf(
        surface.svf, surface.shadow_matrices, surface.pixel_size, key, grid_files(surface)
    )
    note_svf(cache.root, surface, key)


# ------------------------------------------------------------------ reading


def load_surface(kind: type[L], directory: str | Path, *, load_svf: bool = True) -> L:
    """The surface of a ``kind`` in a folder; see ``SurfaceData.load``."""
    root = Path(directory)
    if root.name == "cleaned" and not (root / _METADATA).exists():
        root = root.parent
    meta = _read_metadata(root)
    if meta is None and (root / _METADATA).exists():
        raise InvalidSurfaceData(
            str(root / _METADATA),
            "the file that was written",
            "a damaged one, or one of an earlier version",
            _AGAIN,
        )
    if meta is None:
        raise MissingPreparedSurface(
            str(root / _METADATA), "Make the surface with SurfaceData.prepare(working_dir=...)."
        )
    damaged = _damaged_file(root, meta)
    if damaged:
        raise InvalidSurfaceData(
            damaged,
            "the file that was written",
            "a damaged or missing file",
            _AGAIN,
        )
    return _build(kind, root, meta, load_svf)


def _build(kind: type[L], root: Path, meta: dict[str, Any], load_svf: bool) -> L:
    names = {Path(file).stem for file in meta["files"]} & set(LAYER_NAMES)
    layers = {name: np.load(root / "cleaned" / f"{name}.npy", allow_pickle=False) for name in names}
    surface = kind(
        **layers,
        **meta["parameters"],
        pixel_size=meta["grid"]["pixel_size"],
    )
    surface.geotransform, surface.crs = meta["grid"]["geotransform"], meta["grid"]["crs_wkt"]
    surface.mark_preprocessed()
    recorded = meta.get("svf")
    if load_svf and recorded:
        cached = SurfaceCache(root, switches.read()).load_svf(
            surface.pixel_size, int(recorded["patch_option"]), recorded["fingerprint"]
        )
        if cached is not None:
            surface.svf, surface.shadow_matrices = cached
            reach = recorded.get("sky_reach")
            surface.sky_reach = None if reach is None else (float(reach[0]), reach[1])
        else:
            logger.warning(
                "%s: sky view factors are missing; compute them with compute_svf()", root
            )
    return surface
