"""What a prepared surface leaves in its working folder, and when that may be used again.

``working_dir/``
    ``metadata.json``                            grid, parameters, digests of the cleaned layers
    ``cleaned/{dsm,...}.tif`` and ``.npy``       layers as the model takes them
    ``walls/px<size>/{wall_hts,wall_aspects}.tif``
    ``svf/px<size>/memmap/*.npy``                the fifteen grids, ``cache_meta.json``
    ``svf/px<size>/shadow_memmaps/*.npy``        patch visibility as words
    ``svf/px<size>/svfs.zip``, ``shadowmats.npz``  the same for UMEP, on small rasters

Each part has a JSON file written last, with the fingerprint of everything the part depends on and
the digest of each of its files. A part is used only if the fingerprint is the wanted one and every
digest is right, so a run killed half-way, a damaged file or a changed input lead to a new
computation and never to a wrong result.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError, SolweigError, StalePrecomputedData
from solweig.memory_limits import stay_on_disk
from solweig.parallel import in_parallel
from solweig.rasters.digests import file_digest, read_sealed, save_arrays, sealed, write_json
from solweig.rasters.files import save_raster
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.switches import Switches
from solweig.typing import F32

logger = logging.getLogger(__name__)

#: Raise when the meaning of a stored file changes.
CACHE_FORMAT = 1
META_NAME = "cache_meta.json"
_SIZE = "size:"
"""Instead of a digest, for files so large that reading them takes as long as making them. Their
tiles had digests until they were complete."""


def pixel_size_tag(pixel_size: float) -> str:
    """Name of the cache folder of a pixel size: ``px1.000``, ``px0.500``.

    Parameters
    ----------
    pixel_size
        Side of a cell [m], above 0.

    Returns
    -------
    str
        With three digits after the point.

    Raises
    ------
    ConfigurationError
        Not a positive number.
    """
    if not (pixel_size > 0 and math.isfinite(pixel_size)):
        raise ConfigurationError("pixel_size", "more than 0 m", repr(pixel_size))
    return f"px{pixel_size:.3f}"


def pixel_tag(pixel_size: float, patch_option: int = 2) -> str:
    """Folder name of a pixel size and, where it is not the default, a patch option."""
    tag = pixel_size_tag(pixel_size)
    return tag if patch_option == 2 else f"{tag}_patches{patch_option}"


# ------------------------------------------------------------------ one part of the cache


def commit(folder: Path, fingerprint: str, digests: dict[str, str], extra: dict[str, Any]) -> None:
    """Declare the files in ``folder`` (digests by path relative to it) complete."""
    told = {"format": CACHE_FORMAT, "fingerprint": fingerprint, "files": digests, **extra}
    write_json(folder / META_NAME, sealed(told))


def read_meta(folder: Path) -> dict[str, Any] | None:
    """Content of the folder's JSON file; ``None`` if it is absent or damaged."""
    return read_sealed(folder / META_NAME)


def why_unusable(folder: Path, fingerprint: str) -> str | None:
    """Why what ``folder`` holds cannot be used; ``None`` if it can."""
    if not folder.is_dir():
        return "nothing cached"
    meta = read_meta(folder)
    if meta is None:
        return "incomplete or damaged cache"
    if meta.get("format") != CACHE_FORMAT or meta.get("fingerprint") != fingerprint:
        return "inputs or parameters changed"
    files = meta.get("files")
    if not isinstance(files, dict) or not files:
        return "incomplete or damaged cache"
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if str(digest).startswith(_SIZE):
            if f"{_SIZE}{path.stat().st_size}" != digest:
                return f"{name} is damaged"
        elif file_digest(path) != digest:
            return f"{name} is damaged"
    return None


# ------------------------------------------------------------------ the working folder


class SurfaceCache:
    """The cache below one working folder.

    Parameters
    ----------
    switches
        Sizes above which cached arrays stay on disk and are mapped, archives are not compressed,
        and UMEP's ``shadowmats.npz`` is not written: it repeats what the mapped arrays hold at one
        byte a patch instead of one bit.

    Raises
    ------
    ConfigurationError
        The folder cannot be made or written to.
    """

    def __init__(self, working_dir: str | Path, switches: Switches) -> None:
        self.root = Path(working_dir)
        self._switches = switches
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".write_probe_{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as problem:
            raise ConfigurationError(
                "working_dir", "a folder that can be written to", f"{self.root} ({problem})"
            ) from problem

    def walls_dir(self, pixel_size: float) -> Path:
        """Folder of the wall rasters."""
        return self.root / "walls" / pixel_tag(pixel_size)

    def svf_dir(self, pixel_size: float, patch_option: int = 2) -> Path:
        """Folder of the sky view factors and visibility."""
        return self.root / "svf" / pixel_tag(pixel_size, patch_option)

    # -------------------------------------------------------------- walls

    def load_walls(self, pixel_size: float, fingerprint: str) -> tuple[F32, F32] | None:
        """Cached wall height and aspect, or ``None`` with a line in the log."""
        folder = self.walls_dir(pixel_size)
        reason = why_unusable(folder, fingerprint)
        if reason:
            logger.info("walls: computed anew (%s)", reason)
            return None
        logger.info("walls: taken from %s", folder)
        height, aspect = (
            np.ascontiguousarray(np.load(folder / f"{name}.npy", allow_pickle=False))
            for name in ("wall_hts", "wall_aspects")
        )
        return height, aspect

    def save_walls(
        self, height: F32, aspect: F32, pixel_size: float, fingerprint: str, grid: GridFiles
    ) -> None:
        """Store wall height and aspect."""
        folder = self.walls_dir(pixel_size)
        digests = grid.write_all(folder, {"wall_hts": height, "wall_aspects": aspect})
        commit(folder, fingerprint, digests, {})

    # -------------------------------------------------------------- sky view

    def load_svf(
        self, pixel_size: float, patch_option: int, fingerprint: str
    ) -> tuple[SvfArrays, ShadowArrays] | None:
        """Cached sky view factors and visibility, or ``None`` with a line in the log."""
        folder = self.svf_dir(pixel_size, patch_option)
        reason = why_unusable(folder / "memmap", fingerprint)
        if reason is None:
            try:
                result = _read_svf(folder)
                logger.info("sky view factors: taken from %s", folder)
                return result
            except SolweigError as problem:
                reason = str(problem)
        logger.info("sky view factors: computed anew (%s)", reason)
        return None

    def save_svf(
        self,
        svf: SvfArrays,
        matrices: ShadowArrays,
        pixel_size: float,
        fingerprint: str,
        grid: GridFiles,
    ) -> SvfArrays:
        """Store sky view factors and visibility.

        Returns
        -------
        SvfArrays
            The same, what steps seldom need being mapped from what is stored.
        """
        folder = self.svf_dir(pixel_size, matrices.patch_option)
        mapped = folder / "memmap"
        folder.mkdir(parents=True, exist_ok=True)
        # Older copies for UMEP would contradict the arrays about to be written.
        for name in ("svfs.zip", "shadowmats.npz"):
            (folder / name).unlink(missing_ok=True)
        digests: dict[str, str] = {}

        def save_mapped() -> None:
            digests.update(svf.to_memmap(mapped))
            for name, digest in matrices.to_memmap(folder / "shadow_memmaps").items():
                digests[f"../shadow_memmaps/{name}"] = digest

        in_parallel((save_mapped, partial(self._save_for_umep, folder, svf, matrices, grid)))
        commit(mapped, fingerprint, digests, {"patch_option": matrices.patch_option})
        return svf.with_mapped_sides(mapped)

    def adopt_svf(
        self, built: Path, pixel_size: float, patch_option: int, fingerprint: str
    ) -> tuple[SvfArrays, ShadowArrays]:
        """Take over what was built in tiles in a folder below; nothing is copied."""
        folder = self.svf_dir(pixel_size, patch_option)
        mapped, masks = folder / "memmap", folder / "shadow_memmaps"
        for name in (
            "svfs.zip", "shadowmats.npz", f"memmap/{META_NAME}", f"memmap/{SvfArrays.CANOPIES}.npy",
        ):  # fmt: skip
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(masks, ignore_errors=True)
        for target in (mapped, masks):
            target.mkdir(parents=True, exist_ok=True)
        found = []
        for path in sorted(built.glob("*.npy")):
            kind, _, name = path.name.partition("__")
            target = (mapped if kind == "field" else masks) / name
            path.replace(target)
            found.append(target)
        ShadowArrays.describe(masks, patch_option)
        files = {
            os.path.relpath(path, mapped).replace(os.sep, "/"): f"{_SIZE}{path.stat().st_size}"
            for path in found
        }
        commit(mapped, fingerprint, files, {"patch_option": patch_option})
        shutil.rmtree(built, ignore_errors=True)
        return _read_svf(folder)

    def _save_for_umep(
        self, folder: Path, svf: SvfArrays, matrices: ShadowArrays, grid: GridFiles
    ) -> None:
        """The same once more as UMEP reads it; its visibility takes eight times ours."""
        limits = self._switches
        cells = svf.svf.size
        compress = cells <= limits.compress_max_pixels
        place = (grid.geotransform, grid.crs_wkt)
        jobs = [partial(svf.to_zip, folder / "svfs.zip", *place, compress=compress)]
        if limits.force_shadow_npz or cells <= limits.shadow_npz_max_pixels:
            jobs.append(partial(matrices.to_npz, folder / "shadowmats.npz", compress=compress))
        in_parallel(jobs)


def _read_svf(folder: Path) -> tuple[SvfArrays, ShadowArrays]:
    svf = SvfArrays.from_memmap(folder / "memmap")
    matrices = ShadowArrays.from_memmap(folder / "shadow_memmaps")
    arrays = [*svf.as_dict().values(), *matrices.words().values()]
    if stay_on_disk(svf.svf.size, sum(a.nbytes for a in arrays) / svf.svf.size):
        return svf, matrices
    in_memory = SvfArrays(**{k: np.array(v) for k, v in svf.as_dict().items()})
    in_memory = in_memory.with_mapped_sides(folder / "memmap")
    words = {k: np.array(v) for k, v in matrices.words().items()}
    return in_memory, ShadowArrays.from_words(words, matrices.patch_option)


class GridFiles:
    """Writes layers of one grid as ``<name>.tif`` for people and ``<name>.npy`` for us."""

    def __init__(
        self,
        shape: tuple[int, int],
        pixel_size: float,
        geotransform: list[float] | None,
        crs_wkt: str | None,
    ) -> None:
        # Without a place on earth the raster lies with its lower left corner at (0, 0).
        local = [0.0, pixel_size, 0.0, shape[0] * pixel_size, 0.0, -pixel_size]
        self.geotransform = list(geotransform) if geotransform else local
        self.crs_wkt = crs_wkt

    def write_all(self, folder: Path, layers: Mapping[str, NDArray[Any]]) -> dict[str, str]:
        """Write both files of every layer; return the digests of the second by file name."""
        in_parallel(partial(self.write_tif, folder, name, a) for name, a in layers.items())
        return save_arrays(folder, layers)

    def write_tif(self, folder: Path, name: str, layer: NDArray[Any]) -> None:
        """Write the GeoTIFF only."""
        save_raster(
            str(folder / f"{name}.tif"),
            layer,
            self.geotransform,
            self.crs_wkt or "",
            no_data_val=-9999 if layer.dtype == np.float32 else 255,
            ensure_float32=layer.dtype == np.float32,
            use_cog=False,
            generate_preview=False,
        )


def check_not_stale(svf_dir: str | Path, fingerprint: str) -> None:
    """Refuse sky view factors that we computed for another surface or other parameters.

    What UMEP or another program made carries no fingerprint and passes. Raises
    StalePrecomputedData.
    """
    folder = Path(svf_dir) / "memmap"
    meta = read_meta(folder)
    if meta is None and (folder / META_NAME).exists():
        raise StalePrecomputedData(
            "svf_dir",
            f"the {META_NAME} that was written",
            "a damaged one, or one of an earlier version",
            "Leave out svf_dir to compute them anew.",
        )
    if meta is not None and meta.get("fingerprint") != fingerprint:
        raise StalePrecomputedData(
            "svf_dir",
            f"sky view factors of these inputs and parameters ({fingerprint[:12]})",
            f"those of others ({str(meta.get('fingerprint'))[:12]})",
            "Leave out svf_dir to compute them anew.",
        )
