"""The files of a build: all of them, or none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.atomic import write_text
from solweig.errors import ConfigurationError
from solweig.inputs.grid import row_bands
from solweig.inputs.picture import draw
from solweig.inputs.report import Report
from solweig.rasters.georef import GeoReference
from solweig.rasters.geotiff import write_geotiff
from solweig.rasters.grids import Grid

__all__ = ["REPORT", "check_target_folder", "describe_layer", "write_all"]

REPORT = "report.json"
_PICTURE = "picture.png"


def check_target_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that holds an earlier build, or is a file.

    Raises
    ------
    ConfigurationError
        It is, or does.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError("out", "a folder", f"a file, {folder}")
    if not overwrite and (folder / REPORT).exists():
        raise ConfigurationError(
            "out", "a folder without an earlier surface", str(folder), "overwrite replaces it."
        )


def describe_layer(name: str, layer: NDArray[Any], unit: str, source: str) -> dict[str, Any]:
    """Coverage and range of a layer."""
    known, low, high = 0, np.inf, -np.inf
    counts = np.zeros(256, np.int64)
    for rows in row_bands(len(layer)):
        band = np.asarray(layer[rows])
        if band.dtype == np.uint8:
            counts += np.bincount(band.reshape(-1), minlength=256)
            known += band.size
            continue
        finite = band[np.isfinite(band)]
        if name in ("cdsm", "tdsm"):
            finite = finite[finite > 0]
        known += finite.size
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    facts: dict[str, Any] = {"coverage": known / layer.size, "from": source}
    if layer.dtype == np.uint8:
        facts["cells"] = {str(code): int(counts[code]) for code in np.flatnonzero(counts)}
    elif known:
        facts |= {"lowest": low, "highest": high, "unit": unit}
    return facts


def write_all(
    folder: Path,
    workshop: Path,
    layers: Mapping[str, NDArray[Any]],
    grid: Grid,
    report: Report,
    *,
    picture: bool,
) -> tuple[dict[str, Path], Path | None]:
    """Write layers, picture and report beside the folder, then move them in.

    Parameters
    ----------
    folder
        Of the results; what an earlier build left there is replaced.
    workshop
        A folder on the same disk, for what is not complete.
    layers
        By name.
    grid
        Of all of them.
    report
        Written as JSON and as text.
    picture
        Whether to draw.

    Returns
    -------
    files : dict[str, Path]
        Of the layers.
    drawn : Path or None
        The picture.
    """
    ready = workshop / "ready"
    ready.mkdir(parents=True, exist_ok=True)
    place = GeoReference.of_grid(grid.shape, grid.pixel_size, grid.geotransform, grid.crs_wkt)
    tags = _tags(report)
    for name, layer in layers.items():
        facts = report.layers[name]
        write_geotiff(
            ready / f"{name}.tif", layer, place, name=name, cloud_optimised=True,
            tags={**tags, "SOLWEIG_FROM": str(facts["from"])},
        )  # fmt: skip
    drawn = picture and draw(layers, grid, ready / _PICTURE)
    content = {"solweig": _core.__version__, **report.to_dict()}
    write_text(ready / "report.txt", report.text())
    write_text(ready / REPORT, json.dumps(content, indent=2) + "\n")
    folder.mkdir(parents=True, exist_ok=True)
    # The report goes last: where it is, everything is.
    (folder / REPORT).unlink(missing_ok=True)
    for old in (*(f"{name}.tif" for name in _EVERY_LAYER), _PICTURE):
        if not (ready / old).exists():
            (folder / old).unlink(missing_ok=True)
    for path in sorted(ready.iterdir(), key=lambda path: path.name == REPORT):
        path.replace(folder / path.name)
    shutil.rmtree(ready)
    files = {name: folder / f"{name}.tif" for name in layers}
    return files, folder / _PICTURE if drawn else None


_EVERY_LAYER = (
    "dsm", "dem", "cdsm", "tdsm", "transmissivity", "land_cover", "albedo", "emissivity", "density",
)  # fmt: skip


def _tags(report: Report) -> dict[str, str]:
    """What a file says of how it was made; nothing that changes from one build to the next."""
    sources = [{k: s[k] for k in ("role", "name", "blake2b") if k in s} for s in report.sources]
    return {
        "SOLWEIG_VERSION": _core.__version__,
        "SOLWEIG_SOURCES": json.dumps(sources, sort_keys=True),
    }
