"""What a field of the weather may hold: quantities with their units and ranges."""

from __future__ import annotations

from dataclasses import dataclass

from solweig.weather.values import HIGHEST_WET_RH, range_of

__all__ = ["COEFFICIENT", "QUANTITIES", "RADIATION", "SHORTWAVE", "Quantity"]


@dataclass(frozen=True)
class Quantity:
    """What a field may hold.

    Attributes
    ----------
    name
        As among the weather of a step.
    words
        For people.
    unit
        Of its values.
    low, high
        Their range.
    most
        Up to here they are taken as the highest.
    """

    name: str
    words: str
    unit: str
    low: float
    high: float
    most: float


def _quantity(
    name: str, words: str, most: float | None = None, *, column: str | None = None
) -> Quantity:
    low, high, unit = range_of(column or name)
    return Quantity(name, words, unit, low, high, high if most is None else most)


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        _quantity("ta", "air temperature"),
        _quantity("rh", "relative humidity", HIGHEST_WET_RH),
        _quantity("ws", "wind speed"),
    )
}
"""Of the air: on the grid of the surface."""
RADIATION = {
    quantity.name: quantity
    for quantity in (
        _quantity("global_rad", "global radiation"),
        _quantity("direct_rad", "direct radiation", column="measured_direct_rad"),
        _quantity("diffuse_rad", "diffuse radiation", column="measured_diffuse_rad"),
        _quantity("longwave_down", "longwave of the sky", column="measured_longwave_down"),
    )
}
"""Of the sky: by weather cells, on a grid of their own."""
SHORTWAVE = ("global_rad", "direct_rad", "diffuse_rad")
COEFFICIENT = Quantity("coefficient", "a wind coefficient", "for each of the wind", 0.0, 10.0, 10.0)
"""Wind of a cell for each of it at the reference height."""
