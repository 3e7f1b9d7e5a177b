"""Thresholds of heat as users name them: numbers for all quantities, or for one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solweig.allowed import THRESHOLDS_C
from solweig.errors import ConfigurationError

__all__ = ["by_quantity", "one_each"]

_OWN: dict[str, Sequence[float]] = {"wbgt": (28.0, 30.0), "set": (30.0, 34.5)}


def by_quantity(
    field: str, value: Any, quantities: Sequence[str], default: Sequence[float]
) -> dict[str, tuple[float, ...]]:
    """Thresholds of each quantity, ascending.

    Parameters
    ----------
    field
        Name of the argument.
    value
        A number; text, ``"32,38"`` or ``"utci=32,tmrt=55"``; several of these; a mapping from
        quantities to numbers; None for the default. Numbers without a name hold for every quantity,
        unless it is named.
    quantities
        Those there are.
    default
        Of every quantity that has none of its own: WBGT has the limits of moderate and light work,
        SET* what is warm and hot.

    Raises
    ------
    ConfigurationError
        No number, out of range, or a quantity that is not there.
    """
    if value is None:
        return {n: tuple(sorted(_OWN.get(n, default)[: len(default)])) for n in quantities}
    named: dict[str, set[float]] = {}
    for name, number in _entries(field, value):
        if name is not None and name not in quantities:
            raise ConfigurationError(
                field, f"thresholds of {', '.join(quantities)}, which the run kept", repr(name)
            )
        for each in quantities if name is None else (name,):
            named.setdefault(f"{each}{'' if name is None else '='}", set()).add(number)
    return {
        n: tuple(sorted(named.get(f"{n}=") or named.get(n) or set[float]())) for n in quantities
    }


def one_each(field: str, value: Any, quantities: Sequence[str], default: float) -> dict[str, float]:
    """One threshold of each quantity.

    Raises
    ------
    ConfigurationError
        As :func:`by_quantity`, or not one.
    """
    found = by_quantity(field, value, quantities, (default,))
    for name, numbers in found.items():
        if len(numbers) > 1:
            raise ConfigurationError(field, f"one threshold of {name}", numbers)
    return {name: numbers[0] if numbers else default for name, numbers in found.items()}


def _entries(field: str, value: Any) -> Iterable[tuple[str | None, float]]:
    if isinstance(value, Mapping):
        for name, numbers in value.items():
            for _, number in _entries(field, numbers):
                yield str(name), number
    elif isinstance(value, str):
        for part in value.split(","):
            left, equals, right = part.rpartition("=")
            yield (left.strip().lower() if equals else None), _number(field, right)
    elif isinstance(value, Iterable):
        for one in value:
            yield from _entries(field, one)
    else:
        yield None, _number(field, value)


def _number(field: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    low, high = THRESHOLDS_C
    if not low <= number <= high:
        raise ConfigurationError(
            field, f"numbers from {low:g} to {high:g} °C, such as 32,38", repr(value)
        )
    return number
