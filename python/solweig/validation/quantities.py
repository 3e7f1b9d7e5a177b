"""What a mast may measure, and what the model calls it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["K_SIDES", "L_SIDES", "QUANTITIES", "SIDES", "Quantity"]


@dataclass(frozen=True)
class Quantity:
    """One measured column.

    Attributes
    ----------
    field
        The model's name of it.
    unit
        As it is shown.
    text
        In words.
    low, high
        What a value may be.
    names
        Column names it is known by, in lower case, letters and digits only.
    """

    field: str
    unit: str
    text: str
    low: float
    high: float
    names: tuple[str, ...]


def _flux(field: str, text: str, low: float, high: float, *names: str) -> Quantity:
    return Quantity(field, "W m⁻²", text, low, high, names)


_K, _L = (-60.0, 1600.0), (80.0, 900.0)
QUANTITIES: dict[str, Quantity] = {
    "Tmrt": Quantity(
        "tmrt", "°C", "mean radiant temperature", -60.0, 110.0, ("tmrt", "mrt", "tmrtc")
    ),
    "Kdown": _flux("kdown", "shortwave from above", *_K, "kdown", "kin", "swdown", "swin", "kd"),
    "Kup": _flux("kup", "shortwave from below", *_K, "kup", "kout", "swup", "swout", "ku"),
    "Ldown": _flux("ldown", "longwave from above", *_L, "ldown", "lin", "lwdown", "lwin", "ld"),
    "Lup": _flux("lup", "longwave from below", *_L, "lup", "lout", "lwup", "lwout", "lu"),
    "Ke": _flux("keast", "shortwave from the east", *_K, "ke", "keast", "sweast"),
    "Ks": _flux("ksouth", "shortwave from the south", *_K, "ks", "ksouth", "swsouth"),
    "Kw": _flux("kwest", "shortwave from the west", *_K, "kw", "kwest", "swwest"),
    "Kn": _flux("knorth", "shortwave from the north", *_K, "kn", "knorth", "swnorth"),
    "Le": _flux("least", "longwave from the east", *_L, "le", "least", "lweast"),
    "Ls": _flux("lsouth", "longwave from the south", *_L, "ls", "lsouth", "lwsouth"),
    "Lw": _flux("lwest", "longwave from the west", *_L, "lw", "lwest", "lwwest"),
    "Ln": _flux("lnorth", "longwave from the north", *_L, "ln", "lnorth", "lwnorth"),
}
"""By the name used in reports; the sides are those of the mast's own axes."""
SIDES = {"e": 90.0, "s": 180.0, "w": 270.0, "n": 0.0}
"""Where each side looks while the mast is not turned, clockwise from north [degrees]."""
K_SIDES = ("Ke", "Ks", "Kw", "Kn")
L_SIDES = ("Le", "Ls", "Lw", "Ln")
