"""Thresholds above which hours are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from solweig.allowed import THRESHOLDS_C
from solweig.errors import ConfigurationError
from solweig.scenarios.wishes import checked_keys

__all__ = ["INDICES", "Thresholds"]

INDICES = ("utci", "pet", "tmrt")
"""What is told of: thermal indices and what they rest on [deg C]."""
_USUAL = {"utci": (32.0, 38.0)}


@dataclass(frozen=True)
class Thresholds:
    """Thresholds by index [deg C]; UTCI and Tmrt are told of in any case.

    Parameters
    ----------
    by_index
        Above which hours are counted.
    """

    by_index: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: dict(_USUAL))

    @classmethod
    def of(cls, given: Any, key: str = "thresholds") -> Thresholds:
        """From a list, of UTCI, or a mapping from indices to lists; None is 32 and 38 of UTCI.

        Raises
        ------
        ConfigurationError
            An unknown index, or something that is no temperature in their range.
        """
        if given is None:
            return cls()
        if isinstance(given, Thresholds):
            return given
        if not isinstance(given, Mapping):
            given = {"utci": given}
        checked_keys(given, INDICES, key)
        return cls({name: _numbers(values, f"{key}.{name}") for name, values in given.items()})

    @property
    def indices(self) -> tuple[str, ...]:
        """What maps and numbers are made of."""
        return tuple(n for n in INDICES if n != "pet" or n in self.by_index)

    @property
    def outputs(self) -> list[str]:
        """Rasters that runs have to keep."""
        return [*dict.fromkeys(("tmrt", "utci", *self.indices, "shadow"))]


def _numbers(values: Any, key: str) -> tuple[float, ...]:
    low, high = THRESHOLDS_C
    expected = f"temperatures from {low:g} to {high:g} deg C, such as [32, 38]"
    if isinstance(values, int | float) and not isinstance(values, bool):
        values = [values]
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ConfigurationError(key, expected, repr(values))
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and low <= value <= high):
            raise ConfigurationError(key, expected, repr(values))
    return tuple(dict.fromkeys(float(value) for value in values))
