"""Two runs beside each other: difference maps and numbers, read block by block."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.atomic import atomic_path, write_text
from solweig.config import VALID_OUTPUTS
from solweig.errors import ConfigurationError
from solweig.rasters.digests import plain
from solweig.rasters.geotiff import NODATA
from solweig.rasters.room import raster_target
from solweig.results.metadata import differences, load_finished
from solweig.results.outputs import prepare_folder
from solweig.results.styles import write_style
from solweig.typing import Advance

__all__ = ["Comparison", "Difference", "compare_runs"]

_BAND_ROWS = 512
_BINS = 4001
"""Percentiles come from a histogram of this many bins between the extremes."""


@dataclass(frozen=True)
class Difference:
    """What one raster of run b has more than that of run a.

    Attributes
    ----------
    name
        Of the raster, such as ``tmrt_mean`` or ``tmrt_20250701_1300``.
    cells
        With a value in both.
    only_a, only_b
        Cells with a value in one of them only.
    mean, mean_absolute, rms, minimum, maximum
        Of b - a.
    p05, p50, p95
        Percentiles of b - a, within a 4000th of its range.
    changed_m2, above_m2
        Area where b differs from a, and where by more than the threshold [m2].
    """

    name: str
    cells: int
    only_a: int
    only_b: int
    mean: float
    mean_absolute: float
    rms: float
    minimum: float
    maximum: float
    p05: float
    p50: float
    p95: float
    changed_m2: float
    above_m2: float


@dataclass(frozen=True)
class Comparison:
    """Two runs compared.

    Attributes
    ----------
    a, b
        Their folders.
    threshold
        Differences above this are counted as area, in the raster's unit.
    apart
        Inputs and parameters in which the runs differ.
    differences
        One per raster.
    """

    a: str
    b: str
    threshold: float
    apart: tuple[str, ...]
    differences: tuple[Difference, ...]

    def report(self) -> str:
        """A page of plain text."""
        lines = [f"a  {self.a}", f"b  {self.b}", f"differ in: {', '.join(self.apart) or 'nothing'}"]
        head = f"{'b - a':<28}{'mean':>9}{'min':>9}{'p05':>9}{'p95':>9}{'max':>9}"
        lines.append(f"{head}{'changed m2':>13}{f'|.|>{self.threshold:g} m2':>13}")
        for d in self.differences:
            numbers = "".join(f"{v:9.3f}" for v in (d.mean, d.minimum, d.p05, d.p95, d.maximum))
            lines.append(f"{d.name:<28}{numbers}{d.changed_m2:13.0f}{d.above_m2:13.0f}")
        return "\n".join(lines)

    def write(self, folder: Path) -> None:
        """``comparison.json`` and ``comparison.csv``."""
        write_text(folder / "comparison.json", json.dumps(plain(asdict(self)), indent=2) + "\n")
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        names = tuple(Difference.__dataclass_fields__)
        table.writerow(names)
        for each in self.differences:
            table.writerow([getattr(each, name) for name in names])
        write_text(folder / "comparison.csv", text.getvalue())


def compare_runs(
    a: str | Path,
    b: str | Path,
    *,
    out: str | Path | None = None,
    steps: bool = False,
    threshold: float = 0.5,
    overwrite: bool = False,
    progress_callback: Advance | None = None,
    styles: bool = True,
) -> Comparison:
    """Compare the rasters of two finished runs, b less a.

    Parameters
    ----------
    a, b
        Output folders of the runs.
    out
        Folder for ``difference/<name>.tif``, ``comparison.json`` and ``comparison.csv``; None
        writes nothing.
    steps
        Also the rasters of every step, not the summaries alone.
    threshold
        Differences above this are counted as area, in the raster's unit, at least 0.
    overwrite
        Replace an earlier comparison in ``out``.
    progress_callback
        Called with (rasters done, rasters in all).
    styles
        Write a style for QGIS, ``name.qml``, beside every difference map.

    Raises
    ------
    FileNotFoundError
        A folder without a run.
    ConfigurationError
        A run that is not complete, other grids, nothing in common, or an ``out`` that is one of the
        runs, cannot be written, or holds a comparison.
    """
    first, second = Path(a), Path(b)
    if not (math.isfinite(threshold) and threshold >= 0.0):
        raise ConfigurationError("threshold", "0 or more", threshold)
    told = [load_finished(name, folder) for name, folder in (("a", first), ("b", second))]
    pairs = _common(first, second, steps=steps)
    with _damage_told():
        _check_grids(pairs)
    target = None if out is None else _checked_out(Path(out), first, second, overwrite=overwrite)
    with _damage_told():
        found = _compare_all(pairs, threshold, target, progress_callback, styles=styles)
    apart = tuple(
        name
        for part in ("inputs", "parameters")
        for name in differences(told[0].get(part), told[1].get(part), part)
    )
    comparison = Comparison(str(first), str(second), float(threshold), apart, found)
    if target is not None:
        comparison.write(target)
    return comparison


def _compare_all(
    pairs: list[tuple[str, Path, Path]],
    threshold: float,
    target: Path | None,
    progress: Advance | None,
    *,
    styles: bool,
) -> tuple[Difference, ...]:
    folder, found = None if target is None else target / "difference", []
    for number, (name, one, two) in enumerate(pairs, start=1):
        found.append(_compare(name, one, two, threshold, folder))
        if folder is not None and styles:
            top = max(abs(found[-1].p05), abs(found[-1].p95))
            write_style(folder / f"{name}.tif", "difference", top)
        if progress is not None:
            progress(number, len(pairs))
    return tuple(found)


@contextmanager
def _damage_told() -> Iterator[None]:
    from rasterio.errors import RasterioError

    try:
        yield
    except (RasterioError, UnicodeDecodeError) as error:
        raise ConfigurationError("a, b", "rasters that GDAL reads", str(error)) from error


def _common(a: Path, b: Path, *, steps: bool) -> list[tuple[str, Path, Path]]:
    """Rasters that both runs have: name and both files."""

    def of(folders: tuple[str, ...]) -> list[tuple[str, Path, Path]]:
        paths = [path for folder in folders for path in sorted((a / folder).glob("*.tif"))]
        pairs = [(path.stem, path, b / path.relative_to(a)) for path in paths]
        return [pair for pair in pairs if pair[2].is_file()]

    summaries, others = of(("summary",)), of(VALID_OUTPUTS) if steps else []
    if steps and not others:
        raise ConfigurationError(
            "steps", "runs with GeoTIFFs of the same steps", f"none in {a} and {b}"
        )
    if not summaries:
        raise ConfigurationError("a, b", "runs with rasters in common", f"none in {a} and {b}")
    return summaries + others


def _check_grids(pairs: list[tuple[str, Path, Path]]) -> None:
    import rasterio

    for name, one, two in pairs:
        with rasterio.open(one) as a, rasterio.open(two) as b:
            for what, first, second in (
                ("shape", a.shape, b.shape),
                ("transform", tuple(a.transform)[:6], tuple(b.transform)[:6]),
                ("CRS", a.crs, b.crs),
            ):
                if first != second:
                    expected = f"the grid of a, {what} {first}"
                    raise ConfigurationError("b", expected, f"{second} in {name}")


def _checked_out(out: Path, a: Path, b: Path, *, overwrite: bool) -> Path:
    if out.resolve() in (a.resolve(), b.resolve()):
        raise ConfigurationError("out", "a folder of its own", f"{out}, which holds a run")
    if (out / "comparison.json").exists() and not overwrite:
        raise ConfigurationError(
            "out", "a folder without a comparison", str(out), "Pass overwrite=True (--overwrite)."
        )
    prepare_folder(out, ("difference",))
    return out


def _bands(one: Any, two: Any) -> Iterator[tuple[Any, NDArray[np.float32], NDArray[np.float32]]]:
    from rasterio.windows import Window

    rows, cols = one.shape
    for row in range(0, rows, _BAND_ROWS):
        window = Window(0, row, cols, min(_BAND_ROWS, rows - row))
        a, b = (
            source.read(1, window=window, masked=True).astype(np.float32).filled(np.nan)
            for source in (one, two)
        )
        yield window, a, b


def _compare(name: str, a: Path, b: Path, threshold: float, folder: Path | None) -> Difference:
    import rasterio

    with rasterio.open(a) as one, rasterio.open(b) as two:
        area = abs(one.transform.a * one.transform.e)
        count = only_a = only_b = changed = above = 0
        low, high, total, absolute, squares = math.inf, -math.inf, 0.0, 0.0, 0.0
        for _, first, second in _bands(one, two):
            apart = (second - first).astype(np.float64)
            known = apart[~np.isnan(apart)]
            only_a += int(np.count_nonzero(~np.isnan(first) & np.isnan(second)))
            only_b += int(np.count_nonzero(np.isnan(first) & ~np.isnan(second)))
            count += known.size
            if known.size:
                low, high = min(low, float(known.min())), max(high, float(known.max()))
            total += float(known.sum())
            absolute += float(np.abs(known).sum())
            squares += float((known * known).sum())
            changed += int(np.count_nonzero(known))
            above += int(np.count_nonzero(np.abs(known) > threshold))
        if count == 0:
            low = high = math.nan
        p05, p50, p95 = _percentiles(one, two, low, high, count)
        if folder is not None:
            _write_map(name, one, two, folder)
    share = count or math.nan
    return Difference(
        name=name, cells=count, only_a=only_a, only_b=only_b, mean=total / share,
        mean_absolute=absolute / share, rms=math.sqrt(squares / share) if count else math.nan,
        minimum=low, maximum=high, p05=p05, p50=p50, p95=p95,
        changed_m2=changed * area, above_m2=above * area,
    )  # fmt: skip


def _percentiles(one: Any, two: Any, low: float, high: float, count: int) -> list[float]:
    """5th, 50th and 95th, from a histogram between the extremes; no difference is exactly 0."""
    if count == 0 or low == high:
        return [low] * 3
    edges = np.linspace(low, high, _BINS)
    histogram = np.zeros(_BINS - 1, np.int64)
    below = same = 0
    for _, first, second in _bands(one, two):
        apart = second - first
        known = apart[~np.isnan(apart) & (apart != 0.0)]
        histogram += np.histogram(known, edges)[0]
        below += int(np.count_nonzero(known < 0.0))
        same += int(np.count_nonzero(apart == 0.0))
    reached = np.cumsum(histogram)
    centres = 0.5 * (edges[1:] + edges[:-1])

    def at(share: float) -> float:
        rank = share * count
        if below < rank <= below + same:
            return 0.0
        rank -= same if rank > below else 0
        return float(centres[min(int(np.searchsorted(reached, rank)), centres.size - 1)])

    return [at(share) for share in (0.05, 0.5, 0.95)]


def _write_map(name: str, one: Any, two: Any, folder: Path) -> None:
    import rasterio

    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "height": one.height,
        "width": one.width, "crs": one.crs, "transform": one.transform, "nodata": NODATA,
        "compress": "deflate", "predictor": 3, "zlevel": 1, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    path, size = folder / f"{name}.tif", 4 * one.height * one.width
    with (
        atomic_path(path) as temporary,
        raster_target(temporary, size, told=path) as place,
        rasterio.open(place, "w", **profile) as target,
    ):
        target.set_band_description(1, f"difference in {one.descriptions[0] or name}")
        for window, first, second in _bands(one, two):
            apart = second - first
            target.write(np.where(np.isnan(apart), np.float32(NODATA), apart), 1, window=window)
