"""Fields of the weather, opened and checked against the surface and the steps of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.rasters.georef import GeoReference
from solweig.typing import Bool, Window
from solweig.weather.field_layers import Layers, open_layers
from solweig.weather.fields import QUANTITIES, Quantity, WeatherField
from solweig.weather.series import WeatherSeries
from solweig.weather.values import HIGHEST_WET_RH

__all__ = ["GivenField", "given_fields"]

_BLOCK = 1 << 22
"""Cells that are looked at together."""
_DRY = 1.5
"""Humidity that is nowhere higher is a fraction [%]."""


@dataclass(frozen=True)
class GivenField:
    """A field of a run.

    Attributes
    ----------
    name
        Of the quantity.
    height_m
        Above the ground [m].
    layers
        What it is read from.
    of_step
        The layer of each step.
    spans
        Lowest and highest value of each step.
    digest
        Of what the steps read.
    """

    name: str
    height_m: float
    layers: Layers
    of_step: tuple[int, ...]
    spans: tuple[tuple[float, float], ...]
    digest: str

    def identity(self) -> dict[str, Any]:
        """What of it shapes the results."""
        return {"height_m": float(self.height_m), "content": self.digest}

    def describe(self) -> dict[str, Any]:
        """As it is recorded."""
        quantity = QUANTITIES[self.name]
        return {
            **self.identity(),
            "unit": quantity.unit,
            "layers": len(set(self.of_step)),
            "lowest": min(low for low, _ in self.spans),
            "highest": max(high for _, high in self.spans),
        }


def given_fields(
    fields: Mapping[str, WeatherField], georef: GeoReference, valid: Bool, series: WeatherSeries
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

    Raises
    ------
    GridShapeMismatch, InvalidSurfaceData
        Another grid, or a raster that cannot be read.
    WeatherDataError
        Other times than the steps', a gap, or values out of range.
    """
    return tuple(_given(name, field, georef, valid, series) for name, field in fields.items())


def _given(
    name: str, field: WeatherField, georef: GeoReference, valid: Bool, series: WeatherSeries
) -> GivenField:
    own, quantity = f"fields[{name}]", QUANTITIES[name]
    layers = open_layers(own, field, georef)
    of_step = layers_of_steps(own, layers, series, utc=field.utc)
    looked = {layer: _look(own, layers, layer, valid) for layer in dict.fromkeys(of_step)}
    check_values(own, quantity, looked, series, of_step)
    digest = hashlib.blake2b(digest_size=20)
    for layer in of_step:
        digest.update(looked[layer].digest)
    spans = tuple((looked[layer].low, looked[layer].high) for layer in of_step)
    return GivenField(name, field.height_m, layers, of_step, spans, digest.hexdigest())


# ------------------------------------------------------------------ times


def layers_of_steps(
    name: str, layers: Layers, series: WeatherSeries, *, utc: bool
) -> tuple[int, ...]:
    """The layer of each step.

    Raises
    ------
    WeatherDataError
        A step without a layer, or times that say nothing.
    """
    steps = len(series)
    if layers.times is None:
        if len(layers) not in (1, steps):
            raise WeatherDataError(
                name, f"one layer, or {steps}: one for each step", len(layers),
                "Times say which layer is of which step: a DataArray, bands named by their time, "
                "or times=.",
            )  # fmt: skip
        return (0,) * steps if len(layers) == 1 else tuple(range(steps))
    aware = series.stamps[0].tzinfo is not None
    clock = series.utc if utc or layers.zoned or aware else _own_clock(series)
    if len(np.unique(layers.times)) != len(layers.times):
        raise WeatherDataError(name, "each time once", "a repeated time")
    found = _positions(layers.times, clock)
    missing = np.flatnonzero(found < 0)
    if missing.size:
        raise WeatherDataError(
            name, f"a layer of {clock[missing[0]].astype('datetime64[s]')}, step {missing[0] + 1}",
            f"{len(layers.times)} layers from {layers.times.min().astype('datetime64[s]')} to "
            f"{layers.times.max().astype('datetime64[s]')}",
            f"{missing.size} of {steps} steps have none. {_why(layers.times, series)}".strip(),
        )  # fmt: skip
    return tuple(int(i) for i in found)


def _own_clock(series: WeatherSeries) -> NDArray[np.datetime64]:
    return np.array([t.replace(tzinfo=None) for t in series.stamps], "datetime64[ns]")


def _positions(
    times: NDArray[np.datetime64], wanted: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """Where each of the wanted times is, -1 where it is not."""
    order = np.argsort(times)
    place = np.searchsorted(times[order], wanted)
    place = np.minimum(place, len(times) - 1)
    return np.where(times[order][place] == wanted, order[place], -1)


def _why(times: NDArray[np.datetime64], series: WeatherSeries) -> str:
    """What the times may be instead, in words."""
    offset = (_own_clock(series) - series.utc)[0]
    if offset and (_positions(times, series.utc) >= 0).all():
        return "They fit if they are UTC: utc=True (,utc behind the height)."
    if offset and (_positions(times, _own_clock(series) + offset) >= 0).all():
        return "They seem to be shifted from the clock of the stamps twice."
    return ""


# ------------------------------------------------------------------ values


@dataclass(frozen=True)
class Looked:
    """What a layer holds on the cells of the surface."""

    low: float
    high: float
    missing: int
    digest: bytes


def _look(name: str, layers: Layers, layer: int, valid: Bool) -> Looked:
    """Read a layer once, by blocks of rows."""
    low, high, missing = np.inf, -np.inf, 0
    digest = hashlib.blake2b(digest_size=20)
    for window in _blocks(valid.shape):
        values, wanted = layers.read(layer, window), valid[window]
        here = np.where(wanted, values, np.float32(np.nan))
        known = np.isfinite(here)
        missing += int(np.count_nonzero(wanted & ~known))
        if known.any():
            found = here[known]
            low, high = min(low, float(found.min())), max(high, float(found.max()))
        digest.update(np.ascontiguousarray(here).view(np.uint8).data)
    return Looked(low, high, missing, digest.digest())


def _blocks(shape: Sequence[int]) -> Iterator[Window]:
    rows = max(_BLOCK // max(shape[1], 1), 1)
    for row in range(0, shape[0], rows):
        yield slice(row, min(row + rows, shape[0])), slice(0, shape[1])


def check_values(
    name: str,
    quantity: Quantity,
    looked: Mapping[int, Looked],
    series: WeatherSeries,
    of_step: Sequence[int],
) -> None:
    """Refuse gaps and values out of range.

    Raises
    ------
    WeatherDataError
        Either.
    """
    highest = HIGHEST_WET_RH if quantity.name == "rh" else quantity.high
    for step, layer in enumerate(of_step):
        found = looked[layer]
        when = f"At {series.stamps[step]:%Y-%m-%d %H:%M}."
        if found.missing:
            raise WeatherDataError(
                name, "a value in every cell of the surface", f"none in {found.missing} cells",
                f"{when} Fill the gaps, or cut the surface to where the field is.",
            )  # fmt: skip
        if not quantity.low <= found.low <= found.high <= highest and np.isfinite(found.low):
            raise WeatherDataError(
                name, f"{quantity.words} of {quantity.low:g} to {quantity.high:g} {quantity.unit}",
                f"{found.low:g} to {found.high:g}", f"{when} {_hint(quantity, found)}".strip(),
            )  # fmt: skip
    if quantity.name == "rh" and 0.0 < max(found.high for found in looked.values()) <= _DRY:
        raise WeatherDataError(
            name, "relative humidity in %", f"at most {max(f.high for f in looked.values()):g}",
            "It looks like a fraction: multiply by 100.",
        )  # fmt: skip


def _hint(quantity: Quantity, found: Looked) -> str:
    if found.low <= -99.0:
        return "It looks like a code for a missing value: declare it as no data."
    if quantity.name == "ta" and 180.0 < found.low and found.high < 340.0:
        return "It looks like kelvin: subtract 273.15."
    if quantity.name == "ta" and quantity.high < found.high < 130.0:
        return "It looks like Fahrenheit: (value - 32) / 1.8."
    if quantity.name == "ws" and found.low < 0.0:
        return "Wind speed is not negative; the parts of a wind vector make it by Pythagoras."
    return f"Is it {quantity.words} in {quantity.unit}? {argument('fields')}"
