"""Radiation by weather cells, opened and checked against the surface and the steps of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solweig.errors import GridShapeMismatch
from solweig.rasters.georef import GeoReference
from solweig.rasters.grids import Grid
from solweig.typing import F64, Window
from solweig.weather import sun
from solweig.weather.checks import Finding
from solweig.weather.field_layers import grid_of
from solweig.weather.field_quantities import RADIATION, SHORTWAVE
from solweig.weather.field_times import layers_of_steps
from solweig.weather.field_values import check_unit
from solweig.weather.own_layers import opened_layers
from solweig.weather.radiation import Radiation, settle
from solweig.weather.radiation_fields import RadiationField
from solweig.weather.series import WeatherSeries, spacing_minutes
from solweig.weather.sky_checks import check_cells, check_lengths, check_sun, findings_of_cells
from solweig.weather.split import split_alone
from solweig.weather.weather_cells import FINEST, WeatherCells, cells_around

__all__ = ["GivenSky", "given_sky"]

_TRACE = 1.0
"""What packing leaves below zero [W m-2]."""
_SAME = 1e-4
"""Weather cells closer than this part of one are the same, and than what origins are rounded to."""
_DIGITS = 6


@dataclass(frozen=True)
class GivenSky:
    """Radiation of a run by weather cells.

    Attributes
    ----------
    origin
        Row and column of the centre of the first, in cells of the surface.
    pitch
        Their distances, likewise.
    values
        What the engine takes of each quantity, ``[step, row, col]`` [W m-2].
    identity
        What of each given quantity shapes the results.
    notes
        What else is recorded of it.
    """

    origin: tuple[float, float]
    pitch: tuple[float, float]
    values: dict[str, F64]
    identity: dict[str, dict[str, Any]]
    notes: dict[str, dict[str, Any]]

    def of_step(self, step: int, where: Window) -> dict[str, Any]:
        """What ``_core.Model.step`` takes as ``air["sky"]`` for a window of the surface."""
        rows, cols = where
        return {
            "first": (int(rows.start), int(cols.start)),
            "origin": self.origin,
            "pitch": self.pitch,
            **{name: np.ascontiguousarray(each[step]) for name, each in self.values.items()},
        }

    def describe(self) -> dict[str, dict[str, Any]]:
        """As it is recorded, by quantity."""
        return {name: {**own, **self.notes[name]} for name, own in self.identity.items()}


@dataclass(frozen=True)
class _Read:
    """A quantity as it was read."""

    cells: WeatherCells
    #: Of the weather cells in each step.
    values: F64
    layers: int
    #: Shortest time from one layer to the next [min]; infinite where it is not known.
    every: float
    digest: str


def given_sky(
    fields: Mapping[str, RadiationField],
    georef: GeoReference,
    series: WeatherSeries,
    *,
    split: str,
    beam: str,
) -> tuple[GivenSky, list[Finding]]:
    """Open fields and read all of them once, so that no step meets a fault.

    Parameters
    ----------
    fields
        By quantity, one at least.
    georef
        Grid of the surface.
    series
        The steps.
    split
        How a global radiation given alone is split: one of :data:`solweig.config.SPLITS`.
    beam
        Whether direct radiation is on the beam's ``"normal"`` or ``"horizontal"``.

    Returns
    -------
    tuple
        What the steps take, and what there is to be said of it.

    Raises
    ------
    GridShapeMismatch
        A grid that does not cover the surface, has too many cells around it, or is another for each
        quantity.
    InvalidSurfaceData
        A source that cannot be read, or does not say where its cells lie.
    WeatherDataError
        Other times than the steps', a gap, another unit, values out of range or more than the sun
        can give.
    """
    surface = grid_of(georef)
    read = {
        name: _read(name, field, surface, series, beam) for name, field in fields.items()
    }  # fmt: skip
    cells = _of_all({name: each.cells for name, each in read.items()})
    given = {name: each.values for name, each in read.items()}
    values, settled = dict(given), None
    if "global_rad" in given:
        settled = _settled(given, series, beam)
        values |= _parts(settled, series, cells.shape, split, beam)
    sky = GivenSky(
        origin=cells.origin,
        pitch=cells.pitch,
        values=values,
        identity={
            name: {
                "cells": list(cells.shape),
                "origin": [round(at, _DIGITS) for at in cells.origin],
                "pitch": [round(step, _DIGITS) for step in cells.pitch],
                "content": each.digest,
            }
            for name, each in read.items()
        },
        notes={
            name: {
                "unit": RADIATION[name].unit,
                "layers": each.layers,
                "lowest": float(each.values.min()),
                "highest": float(each.values.max()),
            }
            for name, each in read.items()
        },
    )
    findings = check_lengths({name: each.every for name, each in read.items()}, series)
    return sky, findings + findings_of_cells(given, settled, series, beam)


def _read(
    name: str, field: RadiationField, surface: Grid, series: WeatherSeries, beam: str
) -> _Read:
    own = f"fields[{name}]"
    with opened_layers(own, field) as layers:
        for unit in layers.units:
            check_unit(own, RADIATION[name], unit)
        of_step = layers_of_steps(own, layers, series, utc=field.utc)
        cells = cells_around(own, layers.grid, surface)
        wanted, which = np.unique(of_step, return_inverse=True)
        known = layers.read(wanted.tolist(), cells.window)
    values = np.asarray(known[which.ravel()], np.float64)
    if name in SHORTWAVE:
        # By night there is none, and what packing leaves of that is none either.
        night = ~series.daytime[:, None, None]
        values[(np.isnan(values) & night) | ((values < 0.0) & (values > -_TRACE))] = 0.0
    check_cells(name, own, values, series)
    if name in SHORTWAVE:
        check_sun(name, own, values, series, beam)
    digest = hashlib.blake2b(
        np.ascontiguousarray(values, "<f8").view(np.uint8).data, digest_size=20
    )
    every = np.inf
    if layers.times is not None and len(layers) > 1:
        every = float(np.diff(np.sort(layers.times)).min() / np.timedelta64(1, "m"))
    return _Read(cells, cells.take(values), len(wanted), every, digest.hexdigest())


def _of_all(cells: Mapping[str, WeatherCells]) -> WeatherCells:
    """The weather cells of every quantity, which are the same."""
    (first, ours), *others = cells.items()
    for name, theirs in others:
        places = zip((*ours.origin, *ours.pitch), (*theirs.origin, *theirs.pitch), strict=True)
        near = _SAME * min(ours.pitch) + 1.5 / FINEST
        if ours.shape != theirs.shape or any(abs(a - b) > near for a, b in places):
            raise GridShapeMismatch(
                f"fields[{name}]", f"the weather cells of fields[{first}] ({_shown(ours)})",
                _shown(theirs), "Bring them to one grid first.",
            )  # fmt: skip
    return ours


def _shown(cells: WeatherCells) -> str:
    rows, cols = cells.shape
    return (
        f"{rows} x {cols}, {cells.pitch[0]:.6g} x {cells.pitch[1]:.6g} cells of the surface apart, "
        f"the first at row {cells.origin[0]:.6g} and column {cells.origin[1]:.6g}"
    )


def _settled(given: Mapping[str, F64], series: WeatherSeries, beam: str) -> Radiation:
    """Components of all weather cells in all steps, by the rules of the steps themselves."""
    total = given["global_rad"]
    unknown = np.full(total.shape, np.nan)
    direct, diffuse = (given.get(name, unknown) for name in ("direct_rad", "diffuse_rad"))
    altitude = np.repeat(series.columns["altitude"], total[0].size)
    return settle(total.ravel(), direct.ravel(), diffuse.ravel(), altitude, beam)


def _parts(
    settled: Radiation, series: WeatherSeries, shape: tuple[int, int], split: str, beam: str
) -> dict[str, F64]:
    """What the engine takes of the shortwave; it splits by Reindl what is not split here."""
    steps = len(series)
    columns = {
        name: each.reshape(steps, -1)
        for name, each in (
            ("global_rad", settled.total), ("direct_rad", settled.direct),
            ("diffuse_rad", settled.diffuse),
        )
    }  # fmt: skip
    if split != "reindl":
        columns |= _split(columns, series, split, beam)
    if np.isnan(columns["direct_rad"]).all():
        columns = {"global_rad": columns["global_rad"]}
    return {name: each.reshape(steps, *shape) for name, each in columns.items()}


def _split(
    columns: Mapping[str, F64], series: WeatherSeries, split: str, beam: str
) -> dict[str, F64]:
    """Direct and diffuse of each weather cell by itself, with the air of the steps."""
    share_up = np.ones(len(series))
    if series.suns is not None:
        share_up = np.where(series.suns.share_up > 0.0, series.suns.share_up, 1.0)
    middle = sun.middle_of_step(series.utc, series.columns["hours"] * 60.0, series.stamp)
    spacing = spacing_minutes(series.utc)
    found = [
        split_alone(
            split, {**series.columns, **{name: each[:, cell] for name, each in columns.items()}},
            share_up, middle, spacing, beam,
        )
        for cell in range(columns["global_rad"].shape[1])
    ]  # fmt: skip
    return {name: np.stack([each[name] for each in found], axis=1) for name in found[0]}
