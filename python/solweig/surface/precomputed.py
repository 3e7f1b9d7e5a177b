"""Prepared data of a surface that may come from elsewhere: walls, sky view, patch visibility."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solweig.errors import GridShapeMismatch, MissingPrecomputedData
from solweig.rasters.files import load_raster
from solweig.surface.shadow_arrays import PATCH_COUNTS, ShadowArrays, patch_option_of
from solweig.surface.svf_arrays import SvfArrays

__all__ = [
    "PATCH_COUNTS",
    "PrecomputedData",
    "ShadowArrays",
    "SvfArrays",
    "patch_option_of",
    "read_svf_dir",
]


@dataclass
class PrecomputedData:
    """Prepared grids handed to a run instead of computing them; all optional.

    Parameters
    ----------
    wall_height
        Height of the wall beside a cell [m], float32 ``[row, col]``; 0 = no wall.
    wall_aspect
        Its outward normal [deg clockwise from north], float32 ``[row, col]``.
    svf
        Sky view factors.
    shadow_matrices
        Patch visibility; an isotropic run does without.
    """

    wall_height: NDArray[np.float32] | None = None
    wall_aspect: NDArray[np.float32] | None = None
    svf: SvfArrays | None = None
    shadow_matrices: ShadowArrays | None = None

    @classmethod
    def prepare(
        cls,
        walls_dir: str | Path | None = None,
        svf_dir: str | Path | None = None,
        expected_shape: tuple[int, int] | None = None,
    ) -> PrecomputedData:
        """Read prepared data from folders.

        Parameters
        ----------
        walls_dir
            Folder with ``wall_hts.tif`` and ``wall_aspects.tif``.
        svf_dir
            Folder with ``svfs.zip`` and ``shadowmats.npz`` as UMEP writes them, or with what
            ``SurfaceData.prepare`` left in its working folder. The matrices may be absent: an
            isotropic run does without.
        expected_shape
            Rows and columns every grid must have.

        Returns
        -------
        PrecomputedData
            What the folders hold; ``None`` for a folder not given.

        Raises
        ------
        MissingPrecomputedData
            A folder or file is absent.
        InvalidSurfaceData
            A file cannot be read or holds impossible values.
        GridShapeMismatch
            A grid has another shape than ``expected_shape``, or the matrices than the factors.
        """
        wall_height = wall_aspect = None
        if walls_dir is not None:
            wall_height = _read_wall(Path(walls_dir), "wall_hts.tif")
            wall_aspect = _read_wall(Path(walls_dir), "wall_aspects.tif")
        svf, matrices = (None, None) if svf_dir is None else read_svf_dir(svf_dir)
        result = cls(wall_height, wall_aspect, svf, matrices)
        if expected_shape is not None:
            result.check_shape(expected_shape)
        return result

    def check_shape(self, expected: tuple[int, int]) -> None:
        """Check that every grid present has a shape.

        Parameters
        ----------
        expected
            Rows and columns.

        Raises
        ------
        GridShapeMismatch
            One has another.
        """
        for name in ("wall_height", "wall_aspect", "svf", "shadow_matrices"):
            part = getattr(self, name)
            if part is not None and tuple(part.shape) != tuple(expected):
                raise GridShapeMismatch(name, tuple(expected), tuple(part.shape))


def _read_wall(folder: Path, name: str) -> NDArray[np.float32]:
    if not (folder / name).is_file():
        raise MissingPrecomputedData(
            str(folder / name), "Make it with solweig.walls.generate_wall_hts()."
        )
    return load_raster(str(folder / name))[0].astype(np.float32, copy=False)


def read_svf_dir(svf_dir: str | Path) -> tuple[SvfArrays, ShadowArrays | None]:
    """Sky view factors and, where present, patch visibility from a folder.

    Looks for our mapped arrays (``memmap/``, ``shadow_memmaps/``), then for UMEP's files.

    Raises
    ------
    MissingPrecomputedData
        There are no sky view factors.
    GridShapeMismatch
        The two differ in shape.
    """
    folder = Path(svf_dir)
    if not folder.is_dir():
        raise MissingPrecomputedData(str(folder), "The folder does not exist.")
    mapped = folder / "memmap" / "svf.npy"
    if mapped.is_file():
        svf = SvfArrays.from_memmap(folder / "memmap")
    elif (folder / "svfs.zip").is_file():
        svf = SvfArrays.from_zip(folder / "svfs.zip")
    else:
        raise MissingPrecomputedData(f"{folder} (memmap/svf.npy or svfs.zip)")
    matrices: ShadowArrays | None = None
    if (folder / "shadow_memmaps").is_dir():
        matrices = ShadowArrays.from_memmap(folder / "shadow_memmaps")
    elif (folder / "shadowmats.npz").is_file():
        matrices = ShadowArrays.from_npz(folder / "shadowmats.npz")
    if matrices is not None and matrices.shape != svf.shape:
        raise GridShapeMismatch("shadow_matrices", svf.shape, matrices.shape)
    return svf, matrices
