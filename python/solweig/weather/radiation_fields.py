"""Radiation by weather cells, as a caller gives it in place of a step's one value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from solweig.errors import ConfigurationError

__all__ = ["FORM", "RadiationField", "check_together", "layer_options", "parse_radiation"]

FORM = "FILE, such as ghi.nc"
_PARTS = ("direct_rad", "diffuse_rad")


@dataclass(frozen=True)
class RadiationField:
    """A radiation of the sky by weather cells: a satellite's, a reanalysis', a weather model's.

    Parameters
    ----------
    source
        A raster file (one band for all steps, one a step in their order, or bands named by their
        time), a NetCDF file, or a DataArray with dimensions y and x or time, y and x. Its grid is
        its own, in any projection, and covers the surface. In W m-2, means of the steps.
    times
        Of the layers of a source without times of its own; None: one layer a step, in their order.
    utc
        Times without a zone are UTC; else they are on the clock of the weather's stamps, and UTC
        where these have a zone. What they mark of a step, its end say, is what those stamps mark.
    variable
        Name in a NetCDF file that holds several.
    """

    source: Any
    times: Sequence[dt.datetime] | None = None
    utc: bool = False
    variable: str | None = None


def parse_radiation(name: str, text: str) -> RadiationField:
    """A field of ``FILE``, with ``,utc`` and ``,variable=NAME`` behind it.

    Raises
    ------
    ConfigurationError
        Another form; a height above the ground.
    """
    path, *options = (part.strip() for part in text.split(","))
    if not path or re.search(r"@[0-9.]+ ?m?$", path):
        raise ConfigurationError(
            f"fields[{name}]", FORM, repr(text),
            "Radiation is that of the sky: it has no height above the ground.",
        )  # fmt: skip
    return RadiationField(path, **layer_options(name, options))


def layer_options(name: str, options: Iterable[str]) -> dict[str, Any]:
    """What may be said behind the name of a file: ``utc`` and ``variable=NAME``.

    Raises
    ------
    ConfigurationError
        Something else.
    """
    known: dict[str, Any] = {}
    for option in options:
        key, _, value = option.partition("=")
        if (key, bool(value)) not in (("utc", False), ("variable", True)):
            raise ConfigurationError(f"fields[{name}]", "utc or variable=NAME", repr(option))
        known[key] = value or True
    return known


def check_together(names: Collection[str]) -> None:
    """Refuse a part of the shortwave without the others.

    Raises
    ------
    ConfigurationError
        Direct without diffuse radiation or the other way round, or either without the global.
    """
    given = [name for name in _PARTS if name in names]
    if not given:
        return
    missing = [name for name in ("global_rad", *_PARTS) if name not in names]
    if missing:
        raise ConfigurationError(
            "fields", "global_rad, direct_rad and diffuse_rad, or global_rad alone",
            f"{' and '.join(given)} without {' and '.join(missing)}",
            "A global radiation given alone is split by the model.",
        )  # fmt: skip
