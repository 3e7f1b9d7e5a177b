"""Heat by polygon: statistics of every step and summary map of a run, weighted by area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import ConfigurationError
from solweig.exposure.coverage import QUANTILES, Zone, ZoneStatistics, cover
from solweig.exposure.files import check_file, write_csv, write_geopackage
from solweig.exposure.finished import FinishedRun
from solweig.exposure.shapes import need_packages, read_polygons
from solweig.exposure.thresholds import by_quantity
from solweig.rasters.windows import Where
from solweig.results.sums import check_where
from solweig.typing import Advance

__all__ = ["DEFAULT_THRESHOLDS", "ZonalStatistics", "zonal_statistics"]

DEFAULT_THRESHOLDS = (32.0, 38.0)
_BATCH_CELLS = 32_000_000
"""Cells of a map in memory at one time; a larger polygon is read alone."""
_NUMBERS = ("mean", *QUANTILES, "max")
_ZONE = "zone"
_WHOLE = 0.999
"""Less of a polygon on the map than this is told; rounded coordinates are not."""


@dataclass(frozen=True)
class ZonalStatistics:
    """Statistics by polygon.

    Parameters
    ----------
    zones
        GeoDataFrame, one row a polygon in the order of the file: ``zone``, ``area_m2``,
        ``area_on_map_m2``, ``share_buildings`` (of what is on the map, left out), of every summary
        map ``NAME.mean``, ``.p05``, ``.p50``, ``.p95``, ``.max``, of every threshold
        ``hours_QUANTITY_above_T`` (mean over the area that has values [h]).
    steps
        DataFrame, one row a polygon, quantity and step: ``zone``, ``quantity``, ``begin``, ``end``
        (the interval the step stands for, on the weather's clock), ``mean``, ``p05``, ``p50``,
        ``p95``, ``max`` [deg C], ``share_without_value``, ``share_above_T`` [0-1].
    thresholds
        By quantity [deg C].
    notes
        What was left out, repaired or assumed.
    utc_offset
        What the clock of the times is ahead of UTC [h].
    """

    zones: Any
    steps: Any
    thresholds: dict[str, tuple[float, ...]]
    notes: list[str]
    utc_offset: float
    _run: FinishedRun = field(repr=False)

    def report(self, most: int = 20) -> str:
        """The districts with most hours above the first threshold, and what is to be said.

        Parameters
        ----------
        most
            Lines of districts.

        Returns
        -------
        str
            Plain text.
        """
        lines = [f"note         {note}" for note in self.notes]
        columns = [name for name in self.zones.columns if name.startswith("hours_")]
        if columns:
            ranked = self.zones.sort_values(columns[0], ascending=False, kind="stable")
            lines.append(f"{_ZONE:<20}{'on map m2':>12}" + "".join(f"{c:>24}" for c in columns))
            for _, row in ranked.head(most).iterrows():
                numbers = "".join(f"{row[c]:24.2f}" for c in columns)
                lines.append(f"{row[_ZONE]!s:<20}{row['area_on_map_m2']:12.0f}{numbers}")
        return "\n".join(lines)

    def write(self, path: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Write both tables.

        Parameters
        ----------
        path
            ``.gpkg``: layers ``zones`` and ``zone_steps``; ``.csv``: this file, without geometry,
            and ``NAME_steps.csv`` beside it.
        overwrite
            Replace what is there.

        Returns
        -------
        list[Path]
            The files written.

        Raises
        ------
        ConfigurationError
            Another ending, no such folder, or a file that is there.
        DiskFull
            No room.
        """
        target = Path(path)
        _check_out(target, overwrite=overwrite)
        steps = self.steps.copy()
        for name in ("begin", "end"):
            steps[name] = [self._run.stamp(t) for t in steps[name].to_numpy()]
        if target.suffix.lower() == ".gpkg":
            write_geopackage(target, {"zones": self.zones, "zone_steps": steps})
            return [target]
        write_csv(target, self.zones)
        write_csv(_steps_beside(target), steps)
        return [target, _steps_beside(target)]

    def plot(self, save_path: str | Path | None = None) -> Any:
        """Draw a map of hours above the first threshold and the share of area above it by hour.

        Parameters
        ----------
        save_path
            PNG, PDF or SVG to write; None leaves the figure open.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ConfigurationError
            Matplotlib is not installed, or there is no threshold.
        """
        from solweig.exposure.zone_picture import draw_zones  # matplotlib is an extra

        return draw_zones(self.zones, self.steps, self.thresholds, save_path)


def zonal_statistics(
    run: str | Path,
    polygons: Any,
    *,
    id_column: str | None = None,
    thresholds: Any = None,
    where: str = "ground",
    out: str | Path | None = None,
    overwrite: bool = False,
    format: str | None = None,
    progress: Advance | None = None,
) -> ZonalStatistics:
    """Statistics of every step and summary map of a finished run, by polygon.

    Cells on the edge of a polygon count by the part of them it covers. Polygons may overlap; each
    is counted for itself. Polygons off the map keep their row, without values.

    Parameters
    ----------
    run
        Output folder of a complete run.
    polygons
        A vector file (``file|layername=name``), a URL or a GeoDataFrame, in any CRS.
    id_column
        Column that names the polygons, no two alike; None numbers them from 1.
    thresholds
        [deg C]: numbers for every quantity the run kept, ``"utci=32,tmrt=55"``, or a mapping from
        quantities to numbers; None is 32 and 38, of WBGT 28 and 30.
    where
        ``"ground"`` leaves cells on buildings out, ``"all"`` counts roofs too.
    out
        ``.gpkg`` or ``.csv`` file to write, see :meth:`ZonalStatistics.write`.
    overwrite
        Replace what is there.
    format
        Of the run's files: "geotiff", "zarr" or "netcdf"; None takes what is there.
    progress
        Called with (done, total).

    Returns
    -------
    ZonalStatistics
        Tables by polygon, and by polygon and step.

    Raises
    ------
    FileNotFoundError
        No run, or no file of polygons.
    InvalidSurfaceData
        A file that cannot be read as vectors.
    ConfigurationError
        A run that is not complete, no polygon on the map, an unknown column, thresholds out of
        range, packages that are not installed, a file that is there.
    """
    need_packages("polygons", "exactextract")
    check_where(where)
    if out is not None:
        _check_out(Path(out), overwrite=overwrite)
    source = FinishedRun.open(run, format=format)
    limits = by_quantity("thresholds", thresholds, source.quantities, DEFAULT_THRESHOLDS)
    notes: list[str] = []
    table = read_polygons(polygons, source.georef, notes)
    names = _names(table, id_column)
    covered = cover(table.geometry.values, source.georef)
    off = sum(zone is None for zone in covered)
    if off == len(covered):
        bounds = ", ".join(f"{v:.10g}" for v in source.georef.bounds())
        raise ConfigurationError(
            "polygons", f"at least one on the map ({bounds})",
            f"{off} off it, around ({', '.join(f'{v:.10g}' for v in table.total_bounds)})",
        )  # fmt: skip
    if off:
        notes.append(f"polygons: {off} of {len(covered)} off the map, without values")
    open_zones = _on_ground(source, covered, where)
    found = _collect(source, open_zones, limits, progress)
    zones = _zone_table(source, table, names, covered, open_zones, limits, found)
    partial = int((zones["area_on_map_m2"] < zones["area_m2"] * _WHOLE).sum()) - off
    if partial > 0:
        notes.append(f"polygons: {partial} of {len(covered)} lie on the map in part")
    if where == "ground":
        share = _share(zones["area_buildings_m2"].sum(), zones["area_on_map_m2"].sum())
        notes.append(f"polygons: {share:.1%} of their area on the map is buildings, left out")
    steps = _step_table(source, names, open_zones, limits, found)
    result = ZonalStatistics(zones, steps, limits, notes, source.utc_offset, source)
    if out is not None:
        result.write(out, overwrite=overwrite)
    return result


def _check_out(path: Path, *, overwrite: bool) -> None:
    check_file("out", path, (".gpkg", ".csv"), overwrite=overwrite)
    if path.suffix.lower() == ".csv":
        check_file("out", _steps_beside(path), (".csv",), overwrite=overwrite)


def _steps_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}_steps.csv")


def _names(table: Any, column: str | None) -> list[Any]:
    if column is None:
        return list(range(1, len(table) + 1))
    known = [str(name) for name in table.columns if name != table.geometry.name]
    if column not in known:
        raise ConfigurationError(
            "id_column", f"a column of the polygons: {', '.join(known) or 'none'}", repr(column)
        )
    names: list[Any] = table[column].tolist()
    twice = [str(v) for v in table[column][table[column].duplicated()].unique()]
    if twice:
        raise ConfigurationError(
            "id_column", "a name for each polygon, no two alike",
            f"{column}: {', '.join(twice[:5])} repeated",
            "Dissolve the parts of a district into one, or leave it out.",
        )  # fmt: skip
    return names


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


# ------------------------------------------------------------------ reading


@dataclass(frozen=True)
class _Batch:
    """Zones that lie near each other, and the window around them."""

    where: Where
    members: list[int]


def _batches(zones: Sequence[Zone | None]) -> Iterator[_Batch]:
    """Zones from north to south, as many as one window of bounded size holds."""
    order = sorted(
        (i for i, zone in enumerate(zones) if zone is not None),
        key=lambda i: zones[i].where[0].start,  # type: ignore[union-attr]
    )
    members: list[int] = []
    around: Where | None = None
    for i in order:
        zone = zones[i]
        assert zone is not None
        wider = zone.where if around is None else _around(around, zone.where)
        if around is not None and _size(wider) > _BATCH_CELLS:
            yield _Batch(around, members)
            members, wider = [], zone.where
        members.append(i)
        around = wider
    if around is not None:
        yield _Batch(around, members)


def _around(a: Where, b: Where) -> Where:
    rows, cols = (
        slice(min(x.start, y.start), max(x.stop, y.stop)) for x, y in zip(a, b, strict=True)
    )
    return rows, cols


def _size(where: Where) -> int:
    return int((where[0].stop - where[0].start) * (where[1].stop - where[1].start))


def _within(outer: Where, inner: Where) -> Where:
    rows, cols = (
        slice(i.start - o.start, i.stop - o.start) for o, i in zip(outer, inner, strict=True)
    )
    return rows, cols


def _on_ground(source: FinishedRun, zones: Sequence[Zone | None], where: str) -> list[Zone | None]:
    """The zones without their buildings."""
    if where == "all":
        return list(zones)
    found: list[Zone | None] = [None] * len(zones)
    for batch in _batches(zones):
        (ground,) = source.read_ground([batch.where])
        for i in batch.members:
            zone = zones[i]
            assert zone is not None
            found[i] = zone.only(ground[_within(batch.where, zone.where)])
    return found


#: Map (summary, or quantity and step) -> statistics of each zone, None off the map.
_Found = dict[tuple[str, int | None], list[ZoneStatistics | None]]


def _collect(
    source: FinishedRun,
    zones: Sequence[Zone | None],
    limits: dict[str, tuple[float, ...]],
    progress: Advance | None,
) -> _Found:
    maps: list[tuple[str, int | None]] = [(name, None) for name in source.summaries]
    maps += [(name, step) for name in source.quantities for step in range(len(source))]
    found: _Found = {key: [None] * len(zones) for key in maps}
    batches = list(_batches(zones))
    done = 0
    for batch in batches:
        for name, step in maps:
            if step is None:
                (values,) = source.read_summary(name, [batch.where])
            else:
                (values,) = source.read_step(name, step, [batch.where])
            for i in batch.members:
                zone = zones[i]
                assert zone is not None
                found[name, step][i] = zone.statistics(
                    values[_within(batch.where, zone.where)],
                    () if step is None else limits[name],
                )
            done += 1
            if progress is not None:
                progress(done, len(maps) * len(batches))
    return found


# ------------------------------------------------------------------ tables


def _column(stats: Sequence[ZoneStatistics | None], name: str) -> NDArray[np.float64]:
    return np.array([np.nan if s is None else getattr(s, name) for s in stats], np.float64)


def _above(stats: Sequence[ZoneStatistics | None], k: int) -> NDArray[np.float64]:
    return np.array([np.nan if s is None else s.above[k] for s in stats], np.float64)


def _zone_table(
    source: FinishedRun,
    table: Any,
    names: list[Any],
    covered: Sequence[Zone | None],
    open_zones: Sequence[Zone | None],
    limits: dict[str, tuple[float, ...]],
    found: _Found,
) -> Any:
    import geopandas

    cell = abs(source.georef.gdal[1] * source.georef.gdal[5])
    on_map = np.array([0.0 if zone is None else zone.cells * cell for zone in covered])
    on_ground = np.array([0.0 if zone is None else zone.cells * cell for zone in open_zones])
    columns: dict[str, Any] = {
        _ZONE: names,
        "area_m2": np.asarray(table.geometry.area),
        "area_on_map_m2": on_map,
        "area_buildings_m2": on_map - on_ground,
        "share_buildings": np.divide(
            on_map - on_ground, on_map, out=np.full(len(on_map), np.nan), where=on_map > 0
        ),
    }
    for name in source.summaries:
        for number in _NUMBERS:
            columns[f"{name}.{number}"] = _column(found[name, None], number)
    for name, numbers in limits.items():
        for k, threshold in enumerate(numbers):
            shares = np.array([_above(found[name, step], k) for step in range(len(source))])
            hours = np.nansum(shares * source.hours[:, None], axis=0)
            known = np.isfinite(shares).any(axis=0)
            columns[f"hours_{name}_above_{threshold:g}"] = np.where(known, hours, np.nan)
    return geopandas.GeoDataFrame(columns, geometry=list(table.geometry.values), crs=table.crs)


def _step_table(
    source: FinishedRun,
    names: list[Any],
    zones: Sequence[Zone | None],
    limits: dict[str, tuple[float, ...]],
    found: _Found,
) -> Any:
    import pandas as pd

    area = np.array([np.nan if zone is None else zone.cells for zone in zones])
    every = sorted({t for numbers in limits.values() for t in numbers})
    parts = []
    for name in source.quantities:
        for step, (begin, end) in enumerate(source.bounds):
            stats = found[name, step]
            part: dict[str, Any] = {_ZONE: names, "quantity": name, "begin": begin, "end": end}
            part |= {number: _column(stats, number) for number in _NUMBERS}
            with np.errstate(invalid="ignore", divide="ignore"):
                part["share_without_value"] = np.maximum(1.0 - _column(stats, "cells") / area, 0.0)
            for threshold in every:
                own = threshold in limits[name]
                part[f"share_above_{threshold:g}"] = (
                    _above(stats, limits[name].index(threshold)) if own else np.nan
                )
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)
