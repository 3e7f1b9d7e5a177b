"""Options of ``solweig run`` about statistics of a period, and what they ask for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.errors import ConfigurationError

__all__ = [
    "PERIOD",
    "GroupBy",
    "IndexThresholds",
    "Indices",
    "Percentiles",
    "PetThresholds",
    "StatisticsOnly",
    "TmrtThresholds",
    "period_asked",
]

PERIOD = "Statistics of a period"

StatisticsOnly = Annotated[
    bool,
    typer.Option(
        "--statistics-only",
        help="No rasters of steps, statistics of a long period, such as a summer.",
        rich_help_panel=PERIOD,
    ),
]
Percentiles = Annotated[
    str | None,
    typer.Option(
        "--percentiles",
        help="Of all steps [%]; with --statistics-only.",
        show_default="5,50,95",
        rich_help_panel=PERIOD,
    ),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        help="Mean, maximum and minimum by hour, month or day_night, or several.",
        show_default="none",
        rich_help_panel=PERIOD,
    ),
]
TmrtThresholds = Annotated[
    str | None,
    typer.Option(
        "--tmrt-thresholds",
        help="Tmrt (deg C) above which hours are counted.",
        show_default="none",
        rich_help_panel=PERIOD,
    ),
]
PetThresholds = Annotated[
    str | None,
    typer.Option(
        "--pet-thresholds",
        help="PET (deg C) above which hours are counted.",
        show_default="none",
        rich_help_panel=PERIOD,
    ),
]
Indices = Annotated[
    str | None,
    typer.Option(
        "--indices",
        help="Statistics of further heat indices: wbgt,tnw,globe150,globe38,at,set.",
        show_default="none",
        rich_help_panel=PERIOD,
    ),
]
IndexThresholds = Annotated[
    str | None,
    typer.Option(
        "--index-thresholds",
        help="Hours of an index above (deg C): wbgt=28,wbgt=30,at=35.",
        show_default="none",
        rich_help_panel=PERIOD,
    ),
]

_TEXT = ("--group-by", "--indices", "--index-thresholds")
"""Flags of a period that hold names."""


def period_asked(
    wanted: bool,
    *,
    outputs: str | None,
    output_format: str,
    plots: bool,
    percentiles: str | None,
    group_by: str | None,
    tmrt_thresholds: str | None,
    pet_thresholds: str | None,
    indices: str | None,
    index_thresholds: str | None,
) -> dict[str, Any] | None:
    """What is asked of a period; None where its steps are wanted.

    Raises
    ------
    ConfigurationError
        A flag of the one with the other, or numbers that are none.
    """
    own = {
        "--percentiles": percentiles, "--group-by": group_by,
        "--tmrt-thresholds": tmrt_thresholds, "--pet-thresholds": pet_thresholds,
        "--indices": indices, "--index-thresholds": index_thresholds,
    }  # fmt: skip
    if not wanted:
        for flag, value in own.items():
            if value is not None:
                raise ConfigurationError(flag, "--statistics-only with it", "none")
        return None
    formats = None if output_format == "geotiff" else output_format
    of_steps: dict[str, Any] = {
        "--outputs": outputs,
        "--output-format": formats,
        "--plots": plots or None,
    }
    for flag, value in of_steps.items():
        if value is not None:
            raise ConfigurationError(flag, "nothing with --statistics-only", repr(value))
    parsed = {flag: opt.parse_numbers(flag, own[flag]) for flag in own if flag not in _TEXT}
    wished = parsed["--percentiles"]
    return {
        "percentiles": (5.0, 50.0, 95.0) if wished is None else tuple(wished),
        "groups": () if group_by is None else tuple(opt.comma_list(group_by)),
        "tmrt_thresholds": tuple(parsed["--tmrt-thresholds"] or ()),
        "pet_thresholds": tuple(parsed["--pet-thresholds"] or ()),
        "indices": () if indices is None else tuple(opt.comma_list(indices)),
        "index_thresholds": index_thresholds or {},
    }
