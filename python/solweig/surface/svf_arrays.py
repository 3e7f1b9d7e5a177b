"""The fifteen sky view factor grids of a surface."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from solweig.atomic import atomic_path
from solweig.errors import (
    GridShapeMismatch,
    InvalidSurfaceData,
    MissingPrecomputedData,
    MissingPreparedSurface,
)
from solweig.rasters.archives import DamagedFile, open_archive
from solweig.rasters.declared import check_declared
from solweig.rasters.digests import save_arrays
from solweig.rasters.windows import map_array
from solweig.renamed import also_takes
from solweig.typing import F32

_WHOLES = ("svf", "svf_veg", "svf_aveg")
_WORTH_MAPPING = 1 << 20
"""Of a grid [bytes]."""
_SIDES = {"north": "N", "east": "E", "south": "S", "west": "W"}

#: Field name -> file stem inside UMEP's ``svfs.zip``.
UMEP_STEMS: dict[str, str] = {
    name: stem
    for family, tail in (("svf", ""), ("svf_veg", "veg"), ("svf_aveg", "aveg"))
    for name, stem in (
        (family, f"svf{tail}"),
        *((f"{family}_{side}", f"svf{letter}{tail}") for side, letter in _SIDES.items()),
    )
}


@dataclass
class SvfArrays:
    """Sky view factors, each float32 ``[row, col]`` in [0, 1], NaN where there is no data (G 5.3).

    Parameters
    ----------
    svf
        Share of the sky not hidden by buildings and ground.
    svf_north, svf_east, svf_south, svf_west
        The same of the four half-spaces.
    svf_veg
        Not hidden by vegetation; ``None`` = no vegetation, 1 everywhere, as the grids below.
    svf_veg_north, svf_veg_east, svf_veg_south, svf_veg_west
        The same of the four half-spaces.
    svf_aveg
        1 less the share of the sky in which vegetation stands in front of a building.
    svf_aveg_north, svf_aveg_east, svf_aveg_south, svf_aveg_west
        The same of the four half-spaces.
    canopy_transmissivity
        Mean transmissivity of the canopies that a cell sees before the sky, weighed by the share of
        the sky behind them; NaN where it sees none, ``None`` where all canopies are alike (G 5.6).

    Attributes
    ----------
    CANOPIES
        Name of the last.

    Raises
    ------
    GridShapeMismatch
        The grids differ in shape, or are not 2-D.

    References
    ----------
    Lindberg & Grimmond (2011), Theor. Appl. Climatol. 105,
    https://doi.org/10.1007/s00704-010-0382-8
    """

    svf: F32
    svf_north: F32
    svf_east: F32
    svf_south: F32
    svf_west: F32
    svf_veg: F32 = None  # type: ignore[assignment]
    svf_veg_north: F32 = None  # type: ignore[assignment]
    svf_veg_east: F32 = None  # type: ignore[assignment]
    svf_veg_south: F32 = None  # type: ignore[assignment]
    svf_veg_west: F32 = None  # type: ignore[assignment]
    svf_aveg: F32 = None  # type: ignore[assignment]
    svf_aveg_north: F32 = None  # type: ignore[assignment]
    svf_aveg_east: F32 = None  # type: ignore[assignment]
    svf_aveg_south: F32 = None  # type: ignore[assignment]
    svf_aveg_west: F32 = None  # type: ignore[assignment]
    canopy_transmissivity: F32 | None = None

    CANOPIES: ClassVar[str] = "canopy_transmissivity"

    def __post_init__(self) -> None:
        shape = np.shape(self.svf)
        ones: F32 | None = None
        own = () if self.canopy_transmissivity is None else (self.CANOPIES,)
        for name in (*self.names(), *own):
            grid = getattr(self, name)
            if grid is None:
                # One shared grid: without vegetation all ten are equal.
                ones = self._ones() if ones is None else ones
                grid = ones
            elif not (isinstance(grid, np.ndarray) and grid.dtype == np.float32):
                grid = np.asarray(grid, dtype=np.float32)
            if grid.ndim != 2 or grid.shape != shape:
                raise GridShapeMismatch(f"svf.{name}", shape, grid.shape)
            setattr(self, name, grid)

    def _ones(self) -> F32:
        return np.where(np.isnan(self.svf), np.float32(np.nan), np.float32(1.0))

    def check_canopies(self, *, own: bool) -> None:
        """Check that the canopies are known where they have their own transmissivity.

        Parameters
        ----------
        own
            Whether they have.

        Raises
        ------
        MissingPrecomputedData
            These grids do not know it.
        """
        if own and self.canopy_transmissivity is None:
            raise MissingPrecomputedData(
                f"svf.{self.CANOPIES}",
                "These sky view factors do not know the transmissivity of the surface's canopies. "
                "Call surface.compute_svf(), or leave out svf_dir.",
            )

    @classmethod
    def from_bundle(cls, bundle: Any) -> SvfArrays:
        """The grids of whatever computed them.

        Parameters
        ----------
        bundle
            Has ``svf``, ``svf_veg`` and ``svf_aveg``, and of each the four sides: as attributes
            ``svf_north`` and so on, or in ``svf_directional`` and so on as ``north``...

        Returns
        -------
        SvfArrays
            Without copies; without vegetation its grids are 1.

        Raises
        ------
        GridShapeMismatch
            Grids of several shapes.
        AttributeError
            No ``svf``, or one of its sides is missing.
        """
        found: dict[str, Any] = {}
        for family in ("svf", "svf_veg", "svf_aveg"):
            found[family] = bundle.svf if family == "svf" else getattr(bundle, family, None)
            sides = getattr(bundle, f"{family}_directional", None)
            for side in ("north", "east", "south", "west"):
                name = f"{family}_{side}"
                if sides is not None:
                    found[name] = getattr(sides, side)
                elif family == "svf":
                    found[name] = getattr(bundle, name)
                else:
                    found[name] = getattr(bundle, name, None)
        return cls(**found)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the fifteen grids.

        Returns
        -------
        tuple of str
            In the order of the fields.
        """
        return tuple(field.name for field in fields(cls) if field.name != cls.CANOPIES)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.svf.shape
        return (rows, cols)

    def as_dict(self) -> dict[str, F32]:
        """The grids as the engine takes them. No copy.

        Returns
        -------
        dict[str, F32]
            By name, ``[row, col]``; that of the canopies only where they differ.
        """
        grids: dict[str, F32] = {name: getattr(self, name) for name in self.names()}
        if self.canopy_transmissivity is not None:
            grids[self.CANOPIES] = self.canopy_transmissivity
        return grids

    @property
    def svfalfa(self) -> F32:
        """Angle up to which the sky is hidden, ``[row, col]`` [rad], 0 to pi/2 (G 5.5)."""
        visible = np.clip(self.svf.astype(np.float64) + self.svf_veg - 1.0, 0.0, 1.0)
        return np.arcsin(np.sqrt(1.0 - visible)).astype(np.float32)

    @property
    def svfbuveg(self) -> F32:
        """Sky view factor with canopies letting 3 % of the light through (G 5.5)."""
        return self.total(0.03)

    def total(self, transmissivity: float = 0.03) -> F32:
        """Sky view factor through leaves, ``svf - (1 - svf_veg)(1 - transmissivity)`` (G 5.5).

        Parameters
        ----------
        transmissivity
            Of foliage [0-1].

        Returns
        -------
        F32
            ``[row, col]``.
        """
        return (self.svf - (1.0 - self.svf_veg) * np.float32(1.0 - transmissivity)).astype(
            np.float32
        )

    def crop(self, r0: int, r1: int, c0: int, c1: int) -> SvfArrays:
        """A part, as a copy.

        Parameters
        ----------
        r0, r1
            First and end row.
        c0, c1
            First and end column.

        Returns
        -------
        SvfArrays
            Of ``[r0:r1, c0:c1]``.
        """
        return SvfArrays(**{k: v[r0:r1, c0:c1].copy() for k, v in self.as_dict().items()})

    # -------------------------------------------------------------- files

    @classmethod
    def from_zip(cls, zip_path: str | Path, use_vegetation: bool = True) -> SvfArrays:
        """Read UMEP's ``svfs.zip``.

        Parameters
        ----------
        zip_path
            The archive. Without the vegetation grids it is taken as made without vegetation.
        use_vegetation
            ``False`` takes any archive so.

        Returns
        -------
        SvfArrays
            In memory.

        Raises
        ------
        MissingPrecomputedData
            The file or a needed grid is absent.
        InvalidSurfaceData
            It cannot be read or holds values outside [0, 1].
        GridShapeMismatch
            Its grids differ in shape.
        """
        source = Path(zip_path)
        if not source.is_file():
            raise MissingPrecomputedData(str(source), "Compute it with SurfaceData.compute_svf().")
        try:
            with open_archive(source) as archive:
                members = {Path(name).name: name for name in archive.names}
                present = {
                    k: members[f"{v}.tif"] for k, v in UMEP_STEMS.items() if f"{v}.tif" in members
                }
                needed = _needed_grids(set(present))
                for name in needed - set(present):
                    raise MissingPrecomputedData(f"{source} ({UMEP_STEMS[name]}.tif)")
                grids = {k: _read_tif(archive.content(v), k) for k, v in present.items()}
        except DamagedFile as problem:
            raise InvalidSurfaceData(str(source), "a zip archive", str(problem)) from problem
        if not use_vegetation:
            grids = {k: v for k, v in grids.items() if "veg" not in k}
        return cls(**grids)

    def to_zip(
        self,
        path: str | Path,
        geotransform: list[float] | None = None,
        crs_wkt: str | None = None,
        *,
        compress: bool = True,
    ) -> None:
        """Write ``svfs.zip`` as UMEP reads it: one GeoTIFF a grid.

        Parameters
        ----------
        path
            Where to; appears complete or not at all.
        geotransform
            Six numbers of GDAL; ``None`` = cells of 1 m from the origin.
        crs_wkt
            Projection as WKT; ``None`` = none.
        compress
            Deflate the archive.
        """
        method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        values = np.ascontiguousarray(self.svf).data.cast("B")
        head, found, tail = _tif(self.svf, geotransform, crs_wkt).partition(values)
        with (
            atomic_path(path) as temporary,
            zipfile.ZipFile(temporary, "w", method, compresslevel=1) as archive,
        ):
            for name, stem in UMEP_STEMS.items():
                grid = np.ascontiguousarray(getattr(self, name))
                # The file of a grid is that of another with other values.
                parts = (
                    (head, grid.data.cast("B"), tail)
                    if found
                    else (_tif(grid, geotransform, crs_wkt),)
                )
                with archive.open(f"{stem}.tif", "w") as stream:
                    for part in parts:
                        stream.write(part)

    @also_takes("metadata")
    def to_memmap(self, directory: str | Path) -> dict[str, str]:
        """Write each grid as ``<name>.npy``.

        Parameters
        ----------
        directory
            Made if need be.

        Returns
        -------
        dict[str, str]
            Digests by file name.
        """
        if self.canopy_transmissivity is None:
            # Of an earlier surface.
            (Path(directory) / f"{self.CANOPIES}.npy").unlink(missing_ok=True)
        return save_arrays(Path(directory), self.as_dict())

    def with_mapped_sides(self, directory: str | Path) -> SvfArrays:
        """The same with the grids of the four sides mapped from what :meth:`to_memmap` wrote.

        Steps under the patch sky never look at them: they then take no memory. What is written into
        them stays in memory, as with any array; the files may be replaced or removed.

        Parameters
        ----------
        directory
            The folder.

        Returns
        -------
        SvfArrays
            Its whole hemispheres are the same arrays; this one where the system does not let go of
            files that are mapped, or where nothing is gained.

        Raises
        ------
        MissingPrecomputedData
            A file is absent.
        InvalidSurfaceData
            A file is damaged.
        GridShapeMismatch
            The grids differ in shape.
        """
        if os.name != "posix" or self.svf.nbytes < _WORTH_MAPPING:
            return self
        own = self.as_dict()
        wholes = {own[name].__array_interface__["data"] for name in _WHOLES}
        mapped = self.from_memmap(directory, "c").as_dict()
        # Without vegetation sides are the whole's own grid of ones.
        sides = {n for n, g in own.items() if g.__array_interface__["data"] not in wholes}
        sides.discard(self.CANOPIES)
        return SvfArrays(**{n: mapped[n] if n in sides else grid for n, grid in own.items()})

    @classmethod
    def from_memmap(cls, directory: str | Path, mode: Literal["r", "r+", "c"] = "r") -> SvfArrays:
        """Map what :meth:`to_memmap` wrote; nothing is read before it is used.

        Parameters
        ----------
        directory
            The folder.
        mode
            numpy's: ``"r"`` read only, ``"r+"`` read and write, ``"c"`` copy on write.

        Returns
        -------
        SvfArrays
            Of mapped arrays.

        Raises
        ------
        MissingPrecomputedData
            A file is absent.
        InvalidSurfaceData
            A file is damaged.
        GridShapeMismatch
            The grids differ in shape.
        """
        folder = Path(directory)
        try:
            own = (cls.CANOPIES,) if (folder / f"{cls.CANOPIES}.npy").is_file() else ()
            names = (*cls.names(), *own)
            return cls(**{name: map_array(folder / f"{name}.npy", mode) for name in names})
        except FileNotFoundError as problem:
            raise MissingPreparedSurface(str(folder), str(problem)) from problem
        except DamagedFile as problem:
            raise InvalidSurfaceData(
                str(folder), "readable sky view factor grids", str(problem)
            ) from problem


def _tif(grid: F32, geotransform: list[float] | None, crs_wkt: str | None) -> bytes:
    """A GeoTIFF of a grid, not compressed."""
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    rows, cols = grid.shape
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": 1,
        "dtype": "float32",
        "nodata": float("nan"),
        "transform": Affine.from_gdal(*(geotransform or (0.0, 1.0, 0.0, float(rows), 0.0, -1.0))),
    }
    if crs_wkt:
        profile["crs"] = crs_wkt
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(grid, 1)
        return bytes(memory.read())


def _needed_grids(present: set[str]) -> set[str]:
    """All fifteen, or the five without vegetation where no vegetation grid is present at all."""
    vegetated = any("veg" in name for name in present)
    return {name for name in UMEP_STEMS if vegetated or "veg" not in name}


def _read_tif(content: bytes, name: str) -> F32:
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    try:
        with MemoryFile(content) as memory, memory.open() as dataset:
            check_declared(f"svf.{name}", dataset, len(content))
            grid = dataset.read(1).astype(np.float32)
            if dataset.nodata is not None:
                grid[grid == np.float32(dataset.nodata)] = np.nan
    except (RasterioError, UnicodeDecodeError) as problem:
        raise InvalidSurfaceData(f"svf.{name}", "a GeoTIFF", str(problem)) from problem
    finite = grid[np.isfinite(grid)]
    if finite.size and (finite.min() < -1e-4 or finite.max() > 1.0 + 1e-4):
        raise InvalidSurfaceData(
            f"svf.{name}", "values in [0, 1]", f"{finite.min():g} to {finite.max():g}"
        )
    return np.asarray(np.clip(grid, 0.0, 1.0), np.float32)
