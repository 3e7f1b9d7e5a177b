"""Which sky patches each cell sees, one bit per cell, patch and kind of obstacle."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.atomic import atomic_path
from solweig.errors import (
    GridShapeMismatch,
    InvalidSurfaceData,
    MissingPrecomputedData,
    MissingPreparedSurface,
)
from solweig.json_text import parse_json
from solweig.rasters.archives import Archive, DamagedFile, damage_told, open_archive
from solweig.rasters.digests import save_arrays, sealed, unsealed, write_json
from solweig.rasters.windows import map_array

logger = logging.getLogger(__name__)

#: Number of sky patches of each patch option (Robinson & Stone 2004; Wallenberg et al. 2020).
PATCH_COUNTS: dict[int, int] = {1: 145, 2: 153, 3: 305, 4: 609}
_OPTIONS = {count: option for option, count in PATCH_COUNTS.items()}

#: Our names of the three masks and the keys UMEP gives them in ``shadowmats.npz``.
MASK_KEYS = {"shmat": "shadowmat", "vegshmat": "vegshadowmat", "vbshmat": "vbshmat"}
_META = "shadow_meta.json"
# Bytes with their bits mirrored: turns most-significant-first packing into least-first.
_MIRRORED = np.packbits(
    np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1), axis=1, bitorder="little"
)[:, 0]


def patch_option_of(n_patches: int) -> int:
    """The patch option (1-4) with this many patches.

    Raises
    ------
    InvalidSurfaceData
        Any other count.
    """
    if n_patches not in _OPTIONS:
        raise InvalidSurfaceData(
            "shadow_matrices",
            "145, 153, 305 or 609 sky patches (options 1-4)",
            f"{n_patches} patches",
        )
    return _OPTIONS[n_patches]


def _pad_to_words(packed: NDArray[np.uint8], n_patches: int) -> NDArray[np.uint32]:
    """Little-bit-order bytes ``[row, col, byte]`` to 32-bit words ``[row, col, word]``."""
    n_words = -(-n_patches // 32)
    rows, cols, n_bytes = packed.shape
    out = np.zeros((rows, cols, 4 * n_words), dtype=np.uint8)
    out[:, :, :n_bytes] = packed
    spare = 8 * n_bytes - n_patches
    if spare:  # bits past the last patch carry no meaning; keep them zero
        out[:, :, n_bytes - 1] &= np.uint8(0xFF >> spare)
    return out.view("<u4").astype(np.uint32, copy=False)


def to_words(array: Any, n_patches: int, *, bitorder: str = "big") -> NDArray[np.uint32]:
    """Bring a visibility matrix in any of its forms to words ``[row, col, word]``.

    Forms: words already (uint32, patch ``i`` = bit ``i % 32`` of word ``i // 32``); packed bytes
    (uint8, last axis ``ceil(n_patches / 8)``, ``bitorder`` as in ``numpy.packbits``); one value per
    patch (last axis ``n_patches``; non-zero = visible).

    Raises
    ------
    InvalidSurfaceData
        None of these.
    """
    matrix = np.asarray(array)
    n_words, n_bytes = -(-n_patches // 32), -(-n_patches // 8)
    if matrix.ndim == 3:
        depth = matrix.shape[2]
        if matrix.dtype == np.uint32 and depth == n_words:
            return matrix
        if matrix.dtype == np.uint8 and depth == n_bytes:
            return _pad_to_words(_MIRRORED[matrix] if bitorder == "big" else matrix, n_patches)
        if depth == n_patches:
            return _pad_to_words(np.packbits(matrix > 0.5, axis=2, bitorder="little"), n_patches)
    raise InvalidSurfaceData(
        "shadow_matrices",
        f"(rows, cols, {n_words}) uint32 words, (rows, cols, {n_bytes}) packed bytes or "
        f"(rows, cols, {n_patches}) values",
        f"{matrix.dtype} of shape {matrix.shape}",
    )


class ShadowArrays:
    """Patch visibility of every cell, bit-packed (1 = not blocked).

    ``shmat``: blocked by buildings or ground; ``vegshmat``: blocked by vegetation only;
    ``vbshmat``: vegetation stands in front of a building (G 3.2). Held as 32-bit words, 4 bytes per
    cell and 32 patches (60 B per cell for 153 patches with vegetation); the properties named like
    the masks unpack them to float32 ``[row, col, patch]`` on every access.

    Parameters
    ----------
    shmat, vegshmat, vbshmat
        ``[row, col, ...]``: words, packed bytes or one value per patch; see ``to_words``.
        Without vegetation leave the last two ``None``: they count as visible everywhere.
    n_patches
        145, 153, 305 or 609.
    bitorder
        Bit order of packed bytes, ``"big"`` or ``"little"``, as in ``numpy.packbits``.

    Raises
    ------
    InvalidSurfaceData
        Unknown patch count or array form; one of the vegetation masks without the other.
    GridShapeMismatch
        The masks differ in shape.

    References
    ----------
    - Robinson & Stone (2004), Sol. Energy 77, https://doi.org/10.1016/j.solener.2004.05.010 (145
      patches)
    - Wallenberg et al. (2020) (153 patches)
    """

    def __init__(
        self,
        shmat: Any,
        vegshmat: Any = None,
        vbshmat: Any = None,
        n_patches: int = 153,
        *,
        bitorder: str = "big",
    ) -> None:
        self._patch_option = patch_option_of(int(n_patches))
        self._n_patches = int(n_patches)
        if (vegshmat is None) != (vbshmat is None):
            raise InvalidSurfaceData(
                "shadow_matrices", "vegshmat and vbshmat together or neither", "one of them"
            )
        given = {"shmat": shmat, "vegshmat": vegshmat, "vbshmat": vbshmat}
        self._words = {
            name: to_words(value, self._n_patches, bitorder=bitorder)
            for name, value in given.items()
            if value is not None
        }
        for name, words in self._words.items():
            if words.shape != self._words["shmat"].shape:
                raise GridShapeMismatch(
                    f"shadow_matrices.{name}", self._words["shmat"].shape[:2], words.shape[:2]
                )

    @classmethod
    def from_words(
        cls, words: Mapping[str, NDArray[np.uint32]], patch_option: int = 2
    ) -> ShadowArrays:
        """Hold masks as the engine returns them. No copy.

        Parameters
        ----------
        words
            ``shmat`` and, with vegetation, ``vegshmat`` and ``vbshmat``, as :meth:`words` gives
            them.
        patch_option
            Division of the sky they belong to, 1-4.

        Returns
        -------
        ShadowArrays
            Of the same memory.

        Raises
        ------
        InvalidSurfaceData
            Words that do not fit the option.
        """
        return cls(
            words["shmat"],
            words.get("vegshmat"),
            words.get("vbshmat"),
            n_patches=PATCH_COUNTS[patch_option],
        )

    def __repr__(self) -> str:
        kind = "with" if self.has_vegetation else "without"
        return f"ShadowArrays(shape={self.shape}, n_patches={self.n_patches}, {kind} vegetation)"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self._words["shmat"].shape[:2]
        return (rows, cols)

    @property
    def spatial_shape(self) -> tuple[int, int]:
        """Rows and columns, as ``shape``."""
        return self.shape

    @property
    def n_patches(self) -> int:
        """Number of sky patches."""
        return self._n_patches

    @property
    def patch_option(self) -> int:
        """Division of the sky, 1-4."""
        return self._patch_option

    @property
    def patch_count(self) -> int:
        """Number of sky patches, as ``n_patches``."""
        return self._n_patches

    @property
    def has_vegetation(self) -> bool:
        """Whether vegetation took part."""
        return "vegshmat" in self._words

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(words.nbytes for words in self._words.values())

    def words(self) -> dict[str, NDArray[np.uint32]]:
        """The masks as the engine reads them. No copy.

        Returns
        -------
        dict[str, NDArray[np.uint32]]
            By name, ``[row, col, word]``; patch ``i`` is bit ``i % 32`` of word ``i // 32``.
        """
        return dict(self._words)

    def _unpacked(self, name: str) -> NDArray[np.uint8]:
        if name not in self._words:
            return np.ones((*self.shape, self._n_patches), dtype=np.uint8)
        as_bytes = np.ascontiguousarray(self._words[name]).astype("<u4", copy=False).view(np.uint8)
        return np.unpackbits(as_bytes, axis=2, count=self._n_patches, bitorder="little")

    @property
    def shmat(self) -> NDArray[np.float32]:
        """Building visibility 0 or 1, float32 ``[row, col, patch]``; unpacked anew each time."""
        return self._unpacked("shmat").astype(np.float32)

    @property
    def vegshmat(self) -> NDArray[np.float32]:
        """Vegetation visibility 0 or 1, float32 ``[row, col, patch]``; unpacked anew each time."""
        return self._unpacked("vegshmat").astype(np.float32)

    @property
    def vbshmat(self) -> NDArray[np.float32]:
        """0 where vegetation hides a building; float32 ``[row, col, patch]``; unpacked anew."""
        return self._unpacked("vbshmat").astype(np.float32)

    def diffsh(
        self, transmissivity: float = 0.03, use_vegetation: bool = True
    ) -> NDArray[np.float32]:
        """Share of diffuse light from each patch, ``sh - (1 - vegsh)(1 - tau)`` (R 4.4).

        Parameters
        ----------
        transmissivity
            Of foliage, tau [0-1].
        use_vegetation
            ``False`` looks through it.

        Returns
        -------
        NDArray[np.float32]
            ``[row, col, patch]``, in {0, tau, 1}.
        """
        result = self.shmat
        if use_vegetation and self.has_vegetation:
            result -= (np.float32(1.0) - self.vegshmat) * np.float32(1.0 - transmissivity)
        return result

    @property
    def steradians(self) -> NDArray[np.float32]:
        """Solid angle of each patch [sr], float32 ``[patch]``; they sum to 2 pi."""
        return _core.patch_table(self._patch_option)["solid_angle"].astype(np.float32)

    def crop(self, r0: int, r1: int, c0: int, c1: int) -> ShadowArrays:
        """A part, as a copy.

        Parameters
        ----------
        r0, r1
            First and end row.
        c0, c1
            First and end column.

        Returns
        -------
        ShadowArrays
            Of ``[r0:r1, c0:c1]``.
        """
        parts = {name: words[r0:r1, c0:c1].copy() for name, words in self._words.items()}
        return ShadowArrays.from_words(parts, self._patch_option)

    # -------------------------------------------------------------- files

    @classmethod
    def from_npz(cls, path: str | Path) -> ShadowArrays:
        """Read ``shadowmats.npz`` as UMEP writes it, or as :meth:`to_npz` does.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        ShadowArrays
            In memory; without vegetation where the file holds none.

        Raises
        ------
        MissingPrecomputedData
            The file or a mask is absent.
        InvalidSurfaceData
            It cannot be read, or its arrays are no masks.
        """
        source = Path(path)
        if not source.is_file():
            raise MissingPrecomputedData(str(source), "Compute it with SurfaceData.compute_svf().")
        try:
            with open_archive(source) as stored:
                return cls._from_stored(stored, source)
        except DamagedFile as problem:
            raise InvalidSurfaceData(
                str(source), "a readable shadow matrix file", str(problem)
            ) from problem

    @classmethod
    def _from_stored(cls, stored: Archive, source: Path) -> ShadowArrays:
        present = {name.removesuffix(".npy") for name in stored.names}
        if "shadowmat" not in present:
            raise MissingPrecomputedData(f"{source} (key 'shadowmat')")
        first = stored.array("shadowmat")
        if first.ndim != 3:
            raise InvalidSurfaceData(str(source), "3-D shadow matrices", f"{first.ndim}-D")
        n_patches = int(first.shape[2])
        if "n_patches" in present:
            with damage_told():
                n_patches = int(stored.array("n_patches"))
        patch_option_of(n_patches)
        words = {"shmat": to_words(first, n_patches)}
        del first
        for name in ("vegshmat", "vbshmat"):
            if MASK_KEYS[name] in present:
                words[name] = to_words(stored.array(MASK_KEYS[name]), n_patches)
        if len(words) == 3 and not words["vegshmat"].any():
            # UMEP leaves the vegetation matrices at zero when it ran without vegetation; read
            # literally they would say that vegetation hides the whole sky.
            logger.info("%s was made without vegetation", source)
            words = {"shmat": words["shmat"]}
        return cls.from_words(words, patch_option_of(n_patches))

    def to_npz(self, path: str | Path, *, compress: bool = True) -> None:
        """Write ``shadowmats.npz`` as UMEP reads it: one byte per cell and patch.

        Parameters
        ----------
        path
            Where to; appears complete or not at all.
        compress
            Deflate the arrays.
        """
        method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with (
            atomic_path(path) as temporary,
            zipfile.ZipFile(temporary, "w", method, allowZip64=True, compresslevel=1) as archive,
        ):
            for name, key in MASK_KEYS.items():
                with archive.open(f"{key}.npy", "w", force_zip64=True) as stream:
                    # As numpy writes it, but without a copy.
                    values = self._unpacked(name)
                    header = np.lib.format.header_data_from_array_1_0(values)
                    np.lib.format.write_array_header_1_0(stream, header)
                    stream.write(values.data.cast("B"))

    def to_memmap(self, directory: str | Path) -> dict[str, str]:
        """Write the words as ``.npy`` files.

        Parameters
        ----------
        directory
            Made if need be.

        Returns
        -------
        dict[str, str]
            Digests by file name.
        """
        folder = Path(directory)
        for name in set(MASK_KEYS) - set(self._words):  # of an earlier sky with vegetation
            (folder / f"{name}.npy").unlink(missing_ok=True)
        digests = save_arrays(folder, self._words)
        self.describe(folder, self._patch_option)
        return digests

    @staticmethod
    def describe(folder: Path, patch_option: int) -> None:
        """Write what tells :meth:`from_memmap` of the ``.npy`` files in a folder.

        Parameters
        ----------
        folder
            Where they are.
        patch_option
            Division of the sky they belong to, 1-4.
        """
        masks = sorted(path.stem for path in folder.glob("*.npy"))
        write_json(folder / _META, sealed({"patch_option": patch_option, "masks": masks}))

    @classmethod
    def from_memmap(cls, directory: str | Path) -> ShadowArrays:
        """Map what :meth:`to_memmap` wrote; nothing is read before it is used.

        Parameters
        ----------
        directory
            The folder.

        Returns
        -------
        ShadowArrays
            Of mapped arrays.

        Raises
        ------
        MissingPrecomputedData
            A file is absent.
        InvalidSurfaceData
            A file is damaged.
        """
        folder = Path(directory)
        try:
            words, option = _map_words(folder)
        except FileNotFoundError as problem:
            raise MissingPreparedSurface(str(folder), str(problem)) from problem
        except DamagedFile as problem:
            raise InvalidSurfaceData(
                str(folder), "readable shadow matrices", str(problem)
            ) from problem
        return cls.from_words(words, option)


def _map_words(folder: Path) -> tuple[dict[str, NDArray[Any]], int]:
    """The masks mapped and their patch option; DamagedFile if they are not as written."""
    with damage_told():
        meta = unsealed(parse_json((folder / _META).read_text("utf-8")))
        masks = sorted(path.stem for path in folder.glob("*.npy"))
        if meta is None or sorted(meta["masks"]) != masks or "shmat" not in masks:
            raise DamagedFile(f"{_META} is not as it was written")
        option = int(meta["patch_option"])
    return {name: map_array(folder / f"{name}.npy") for name in masks}, option
