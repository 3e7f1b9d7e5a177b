"""What the layers of a weather field hold: read once, before any step needs them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solweig.errors import WeatherDataError
from solweig.messages import argument
from solweig.typing import Bool, Window
from solweig.weather.field_layers import Layers
from solweig.weather.field_quantities import RADIATION, Quantity
from solweig.weather.readers.units import KNOWN, Unit, plain

__all__ = ["Looked", "check_unit", "check_values", "look"]

_BLOCK = 1 << 22
"""Cells that are looked at together."""
_OF_ENERGY = (
    "Divide the sum of each step by its seconds, of an hour by 3600 (those of ERA5-Land grow since "
    "00 UTC: take differences first)"
)
_DRY = 1.5
"""Humidity that is nowhere higher is a fraction [%]."""


@dataclass(frozen=True)
class Looked:
    """What a layer holds on the cells of the surface.

    Attributes
    ----------
    low, high
        Lowest and highest value.
    missing
        Cells without one.
    digest
        Of all of them.
    """

    low: float
    high: float
    missing: int
    digest: bytes


def look(layers: Layers, layer: int, valid: Bool) -> Looked:
    """Read a layer once, by blocks of rows.

    Parameters
    ----------
    layers, layer
        Which.
    valid
        Cells of the surface with data; the others do not count.
    """
    low, high, missing = np.inf, -np.inf, 0
    digest = hashlib.blake2b(digest_size=20)
    for window in _blocks(valid.shape):
        wanted = valid[window]
        here = np.where(wanted, layers.read(layer, window), np.float32(np.nan))
        known = np.isfinite(here)
        missing += int(np.count_nonzero(wanted & ~known))
        if known.any():
            low = min(low, float(np.min(here, where=known, initial=np.inf)))
            high = max(high, float(np.max(here, where=known, initial=-np.inf)))
        digest.update(np.ascontiguousarray(here, np.float32).view(np.uint8).data)
    return Looked(low, high, missing, digest.digest())


def _blocks(shape: Sequence[int]) -> Iterator[Window]:
    rows = max(_BLOCK // max(shape[1], 1), 1)
    for row in range(0, shape[0], rows):
        yield slice(row, min(row + rows, shape[0])), slice(0, shape[1])


def check_values(
    name: str,
    quantity: Quantity,
    looked: Mapping[str, Looked],
    *,
    cells: str = "cell of the surface",
) -> None:
    """Refuse gaps and values out of range.

    Parameters
    ----------
    name
        Of the field, in messages.
    quantity
        What it holds.
    looked
        Its layers by what they are of, in words.
    cells
        Which of them need a value, in words.

    Raises
    ------
    WeatherDataError
        Either.
    """
    highest = max((found.high for found in looked.values()), default=0.0)
    for when, found in looked.items():
        if found.missing:
            raise WeatherDataError(
                name, f"a value in every {cells}", f"none in {found.missing} cells",
                f"{when}. Fill the gaps, or cut the surface to where the field is.",
            )  # fmt: skip
        if found.low < quantity.low or found.high > quantity.most:
            raise WeatherDataError(
                name, f"{quantity.words} of {quantity.low:g} to {quantity.high:g} {quantity.unit}",
                f"{found.low:g} to {found.high:g}", f"{when}. {_hint(quantity, found, highest)}",
            )  # fmt: skip
    if quantity.name == "rh" and 0.0 < highest <= _DRY:
        raise WeatherDataError(
            name, "relative humidity in %", f"{highest:g} at most",
            "It looks like a fraction: multiply by 100.",
        )  # fmt: skip


def check_unit(name: str, quantity: Quantity, unit: str) -> None:
    """Refuse a unit in which values could pass for ours: km/h, knots, Fahrenheit.

    Kelvin and fractions show by their values, and arithmetic leaves their labels behind. Radiation
    is in W m-2, or its unit is not named.

    Parameters
    ----------
    name
        Of the field, in messages.
    quantity
        What it holds.
    unit
        As its source names it.

    Raises
    ------
    WeatherDataError
        It is one of these.
    """
    found = KNOWN[quantity.name].get(plain(unit))
    if quantity.name in RADIATION:
        if found != Unit():
            summed = found is not None and found.energy
            raise WeatherDataError(
                name, f"{quantity.words} in {quantity.unit}", f"units of {unit}",
                f"{_OF_ENERGY if summed else 'Convert it'}, and name its units W m-2.",
            )  # fmt: skip
        return
    if found is not None and quantity.name != "rh" and found.factor != 1.0:
        raise WeatherDataError(
            name, f"{quantity.words} in {quantity.unit}", f"units of {unit}",
            f"Convert it, and name its units {quantity.unit}.",
        )  # fmt: skip


def _hint(quantity: Quantity, found: Looked, highest: float) -> str:
    if found.low <= -99.0:
        return "It looks like a code for a missing value: declare it as no data."
    if quantity.name in RADIATION:
        return _radiation_hint(quantity, found, highest)
    if quantity.name == "ta" and found.low > 180.0 and found.high < 340.0:
        return "It looks like kelvin: subtract 273.15."
    if quantity.name == "ta" and found.high < 130.0:
        return "It looks like Fahrenheit: (value - 32) / 1.8."
    if found.low < 0.0 and quantity.name in ("ws", "coefficient"):
        return "Wind is not negative; of its vector take the length."
    if quantity.name == "coefficient":
        return "It looks like a percentage: divide by 100." if found.high <= 200.0 else ""
    return f"Is it in {quantity.unit}? ({argument('fields')})"


def _radiation_hint(quantity: Quantity, found: Looked, highest: float) -> str:
    # Sums of the first hours of a day are small.
    if highest > 1e5:
        return f"It looks like J/m2. {_OF_ENERGY}."
    if quantity.name == "longwave_down" and found.low < quantity.low:
        return "Is it net radiation? What comes down from the sky is meant."
    if found.low < 0.0:
        return "Set the small negative values of the night to 0."
    return f"Is it in {quantity.unit}? ({argument('fields')})"
