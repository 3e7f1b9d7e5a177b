"""Fields of the weather, opened and checked against the surface and the steps of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solweig.errors import ConfigurationError
from solweig.rasters.georef import GeoReference
from solweig.typing import F32, Bool
from solweig.weather.field_layers import ArrayLayers, Layers, grid_of, open_layers
from solweig.weather.field_times import layers_of_steps
from solweig.weather.field_values import Looked, check_unit, check_values, look
from solweig.weather.fields import (
    COEFFICIENT,
    QUANTITIES,
    GivenAs,
    LapseRate,
    WeatherField,
    WindCoefficients,
)
from solweig.weather.series import WeatherSeries
from solweig.weather.wind_sectors import Mix, mixes_of_steps, open_sectors

__all__ = ["GivenField", "WindRatio", "given_fields"]

WindRatio = Callable[[float, float], float]
"""Wind at a height for each of it at another [m]."""


@dataclass(frozen=True)
class GivenField:
    """A field of a run.

    Attributes
    ----------
    name
        Of the quantity.
    height_m
        Above the ground [m]; None where it does not matter.
    layers
        What it is read from.
    of_step
        Layers of each step, and their shares.
    factors
        What these are multiplied with in each step.
    added
        What is added then.
    spans
        Lowest and highest value of each step.
    identity
        What of it shapes the results.
    notes
        What else is recorded.
    """

    name: str
    height_m: float | None
    layers: Layers
    of_step: tuple[Mix, ...]
    factors: tuple[float, ...]
    added: tuple[float, ...]
    spans: tuple[tuple[float, float], ...]
    identity: dict[str, Any]
    notes: dict[str, Any]

    def used(self) -> list[int]:
        """Layers that steps read."""
        return list(dict.fromkeys(layer for mix in self.of_step for layer, _ in mix))

    def known(self, step: int) -> bool:
        """Whether the step has values: no coefficient makes wind of one that is missing."""
        return not np.isnan(self.factors[step])

    def values(self, step: int, read: Callable[[int], F32]) -> F32:
        """Values of a step from those of its layers."""
        (first, share), *others = self.of_step[step]
        values = read(first)
        if others:
            values = np.float32(share) * values
            for layer, share in others:
                values = values + np.float32(share) * read(layer)
        factor = self.factors[step]
        # Each is rounded by itself, so that a factor of one gives the wind of the step.
        scaled = values if factor == 1.0 else values * np.float32(factor)
        scaled = scaled if self.added[step] == 0.0 else scaled + np.float32(self.added[step])
        most = QUANTITIES[self.name].high
        return np.ascontiguousarray(np.minimum(scaled, np.float32(most)), np.float32)

    def describe(self) -> dict[str, Any]:
        """As it is recorded."""
        # Steps whose wind is not known have none for coefficients to scale.
        known = [span for span in self.spans if not np.isnan(span[0])]
        return {
            **self.identity,
            **self.notes,
            "unit": QUANTITIES[self.name].unit,
            "layers": len(self.used()),
            "lowest": min((low for low, _ in known), default=None),
            "highest": max((high for _, high in known), default=None),
        }


def given_fields(
    fields: Mapping[str, GivenAs],
    georef: GeoReference,
    valid: Bool,
    series: WeatherSeries,
    wind_ratio: WindRatio,
    wind_height: float,
    ground: F32 | None,
) -> tuple[GivenField, ...]:
    """Open fields and read all of them once, so that no step meets a fault.

    Parameters
    ----------
    fields
        By quantity.
    georef
        Grid of the surface.
    valid
        Cells of the surface with data; these need a value.
    series
        The steps.
    wind_ratio
        Profile of the wind.
    wind_height
        Height of the steps' wind [m].
    ground
        Elevation of the ground [m].

    Raises
    ------
    GridShapeMismatch, InvalidSurfaceData
        Another grid, or a raster that cannot be read.
    ConfigurationError
        A lapse rate without a ground model.
    WeatherDataError
        Other times than the steps', a gap, values out of range, a direction that is not known.
    """
    found = []
    for name, field in fields.items():
        if isinstance(field, WeatherField):
            found.append(_field(name, field, georef, valid, series))
        elif isinstance(field, LapseRate):
            found.append(_lapse(field, ground, valid, series))
        else:
            ratio = wind_ratio(field.reference_m, wind_height)
            found.append(_scaled(field, georef, valid, series, ratio))
    return tuple(found)


def _field(
    name: str, field: WeatherField, georef: GeoReference, valid: Bool, series: WeatherSeries
) -> GivenField:
    own = f"fields[{name}]"
    layers = open_layers(own, field, georef)
    for unit in layers.units:
        check_unit(own, QUANTITIES[name], unit)
    of_step = layers_of_steps(own, layers, series, utc=field.utc)
    looked = {layer: look(layers, layer, valid) for layer in dict.fromkeys(of_step)}
    first = {layer: series.stamps[of_step.index(layer)] for layer in looked}
    when = {f"At {first[layer]:%Y-%m-%d %H:%M}": each for layer, each in looked.items()}
    check_values(own, QUANTITIES[name], when)
    given = GivenField(
        name=name,
        height_m=float(field.height_m),
        layers=layers,
        of_step=tuple(((layer, 1.0),) for layer in of_step),
        factors=(1.0,) * len(of_step),
        added=(0.0,) * len(of_step),
        spans=tuple((looked[layer].low, looked[layer].high) for layer in of_step),
        identity={"height_m": float(field.height_m)},
        notes={},
    )
    return _identified(given, looked)


def _lapse(field: LapseRate, ground: F32 | None, valid: Bool, series: WeatherSeries) -> GivenField:
    """Air temperature of the steps and what the height of the ground adds to it."""
    own = "fields[ta]"
    if ground is None:
        raise ConfigurationError(own, "a ground model (dem) for a lapse rate", "a surface without")
    above = np.asarray(ground, np.float64) - field.station_m
    layers = ArrayLayers([(field.rate * above).astype(np.float32)], None)
    found = look(layers, 0, valid)
    stations = [float(ta) for ta in series.columns["ta"]]
    spans = tuple((ta + found.low, ta + found.high) for ta in stations)
    outermost = replace(found, low=min(s[0] for s in spans), high=max(s[1] for s in spans))
    check_values(own, QUANTITIES["ta"], {"By the lapse rate": outermost})
    given = GivenField(
        name="ta",
        height_m=None,
        layers=layers,
        of_step=(((0, 1.0),),) * len(stations),
        factors=(1.0,) * len(stations),
        added=tuple(stations),
        spans=spans,
        identity={"lapse_rate": float(field.rate), "station_m": float(field.station_m)},
        notes={},
    )
    return _identified(given, {0: found})


def _scaled(
    given: WindCoefficients,
    georef: GeoReference,
    valid: Bool,
    series: WeatherSeries,
    ratio: float,
) -> GivenField:
    """Coefficients times the wind of the steps at the reference height, ``ratio`` of it."""
    own = "fields[coefficient]"
    sectors = open_sectors(own, given, grid_of(georef))
    of_step = mixes_of_steps(own, sectors, series, given.between)
    looked = {i: look(sectors.layers, i, valid) for i in range(len(sectors.directions))}
    where = {f"Of {sectors.directions[i]:g} degrees": each for i, each in looked.items()}
    check_values(own, COEFFICIENT, where)
    factors = tuple(float(w) * ratio for w in series.columns["ws"])
    spans = tuple(
        (min(looked[i].low for i, _ in mix) * f, max(looked[i].high for i, _ in mix) * f)
        for mix, f in zip(of_step, factors, strict=True)
    )
    field = GivenField(
        name="ws",
        height_m=float(given.height_m),
        layers=sectors.layers,
        of_step=of_step,
        factors=factors,
        added=(0.0,) * len(factors),
        spans=spans,
        identity={
            "height_m": float(given.height_m),
            "reference_m": float(given.reference_m),
            "directions": list(sectors.directions),
            "between": given.between,
            "wind_direction": [None if np.isnan(d) else float(d) for d in series.wind_direction],
        },
        notes={"coefficient": True},
    )
    return _identified(field, looked)


def _identified(field: GivenField, looked: Mapping[int, Looked]) -> GivenField:
    """The field with a digest of what its steps read."""
    digest = hashlib.blake2b(digest_size=20)
    for mix in field.of_step:
        for layer, _ in mix:
            digest.update(looked[layer].digest)
    return replace(field, identity={**field.identity, "content": digest.hexdigest()})
