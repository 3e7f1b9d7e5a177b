"""The person for whom heat stress is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from solweig.errors import ConfigurationError

POSTURES = ("standing", "sitting")

# field: (low, high, unit). Limits reject slips of unit, not unusual people; clothing has a lower
# limit because the covered fraction in MEMI (Höppe 1999) turns negative below about 0.02 clo.
_RANGES: dict[str, tuple[float, float, str]] = {
    "abs_k": (0.01, 1.0, "-"),
    "abs_l": (0.01, 1.0, "-"),
    "age": (1.0, 120.0, "years"),
    "weight": (5.0, 300.0, "kg"),
    "height": (0.5, 2.6, "m"),
    "activity": (0.0, 1500.0, "W"),
    "clothing": (0.02, 5.0, "clo"),
}


@dataclass
class HumanParams:
    """A person: posture and absorption for Tmrt, the rest for PET and SET* (R 9, R 11, R 14.7).

    Parameters
    ----------
    posture
        ``"standing"`` or ``"sitting"``.
    abs_k
        Absorption of shortwave radiation, 0.01-1.
    abs_l
        Absorption of longwave radiation, 0.01-1 (0.97: ISO 7726).
    age
        1-120 years.
    weight
        5-300 kg.
    height
        0.5-2.6 m.
    sex
        1 male, 2 female.
    activity
        0-1500 W above the basal metabolism.
    clothing
        0.02-5 clo.

    Raises
    ------
    ConfigurationError
        A value out of its range.

    References
    ----------
    Höppe (1999), Int. J. Biometeorol. 43, https://doi.org/10.1007/s004840050118

    Examples
    --------
    >>> solweig.HumanParams(posture="sitting").abs_l
    0.97
    >>> solweig.HumanParams(height=175)
    Traceback (most recent call last):
    ...
    solweig.errors.ConfigurationError: height: expected 0.5 to 2.6 m, got 175...
    """

    posture: str = "standing"
    abs_k: float = 0.7
    abs_l: float = 0.97
    age: float = 35
    weight: float = 75
    height: float = 1.75
    sex: int = 1
    activity: float = 80
    clothing: float = 0.9

    def __post_init__(self) -> None:
        if self.posture not in POSTURES:
            raise ConfigurationError("posture", " or ".join(POSTURES), repr(self.posture))
        if self.sex not in (1, 2) or isinstance(self.sex, bool):
            raise ConfigurationError("sex", "1 (male) or 2 (female)", repr(self.sex))
        for name, (low, high, unit) in _RANGES.items():
            _check_range(name, getattr(self, name), low, high, unit)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and metadata.

        Returns
        -------
        dict[str, Any]
            By name of the field.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HumanParams:
        """The person of plain values; inverse of :meth:`to_dict`.

        Parameters
        ----------
        values
            By name of the field; what is left out is the default.

        Returns
        -------
        HumanParams
            Checked.

        Raises
        ------
        ConfigurationError
            An unknown key, or a value out of its range.
        """
        known = [f.name for f in fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigurationError("human", f"keys among {', '.join(known)}", repr(key))
        return cls(**values)


def _check_range(name: str, value: Any, low: float, high: float, unit: str) -> None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if low <= number <= high:
        return
    hint = None
    if name == "height" and number > high:
        hint = "Height is in metres."
    expected = f"{low:g} to {high:g}" + ("" if unit == "-" else f" {unit}")
    raise ConfigurationError(name, expected, repr(value), hint)
