"""Options of ``solweig run`` about the model, and the configuration they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from solweig.cli import options as opt
from solweig.config import HumanParams, ModelConfig
from solweig.errors import ConfigurationError

__all__ = [
    "MODEL",
    "Alternatives",
    "Beam",
    "Body",
    "Conifer",
    "GroundClock",
    "LeafOff",
    "LeafOn",
    "Longwave",
    "NightClearness",
    "Params",
    "PetVariant",
    "Posture",
    "Sky",
    "SkyEmissivity",
    "SkyEmissivityOffset",
    "Split",
    "SunSubsteps",
    "ThresholdsDay",
    "ThresholdsNight",
    "UtciRange",
    "WallMaterial",
    "Walls",
    "model_of",
]

MODEL = "Model"

Sky = Annotated[
    str | None,
    typer.Option(
        "--sky",
        help="anisotropic (Perez) or isotropic.",
        show_default="anisotropic",
        rich_help_panel=MODEL,
    ),
]
Conifer = Annotated[
    bool | None,
    typer.Option(
        "--conifer/--no-conifer",
        help="Trees keep their leaves.",
        show_default="no-conifer",
        rich_help_panel=MODEL,
    ),
]
LeafOn = Annotated[
    str | None,
    typer.Option(
        "--leaf-on",
        help="First day with leaves: day of year or 04-15; with --leaf-off.",
        show_default="by latitude",
        rich_help_panel=MODEL,
    ),
]
LeafOff = Annotated[
    str | None,
    typer.Option(
        "--leaf-off",
        help="First day without leaves: day of year or 11-01.",
        show_default="by latitude",
        rich_help_panel=MODEL,
    ),
]
SunSubsteps = Annotated[
    int | None,
    typer.Option(
        "--sun-substeps",
        help="Suns of a step, 1 to 5, each for an equal part of its interval.",
        show_default="1, improved 3",
        rich_help_panel=MODEL,
    ),
]
SkyEmissivity = Annotated[
    str | None,
    typer.Option(
        "--sky-emissivity",
        help="Emissivity of the cloudless sky: prata, brunt or dilley.",
        show_default="prata, improved dilley",
        rich_help_panel=MODEL,
    ),
]
SkyEmissivityOffset = Annotated[
    float | None,
    typer.Option(
        "--sky-emissivity-offset",
        help="Added to it, -0.2 to 0.2.",
        show_default="0",
        rich_help_panel=MODEL,
    ),
]
Longwave = Annotated[
    str | None,
    typer.Option(
        "--longwave",
        help="Longwave of the sky: modelled, or measured as the weather has it.",
        show_default="modelled",
        rich_help_panel=MODEL,
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="How a global radiation given alone is split: reindl, disc or dirint.",
        show_default="reindl",
        rich_help_panel=MODEL,
    ),
]
Alternatives = Annotated[
    list[str] | None,
    typer.Option(
        "--alternative",
        help="Take a single formula or leave it: night_memory=on, facet_radiance=off; "
        "repeatable. Names are in docs/departures.md.",
        rich_help_panel=MODEL,
    ),
]
GroundClock = Annotated[
    str | None,
    typer.Option(
        "--ground-clock",
        help="What warms the ground: solar time, or the legal clock of the stamps (reference).",
        show_default="solar",
        rich_help_panel=MODEL,
    ),
]
NightClearness = Annotated[
    str | None,
    typer.Option(
        "--night-clearness",
        help="Clearness of the sky by night: offerle, clear or evening (as the reference's two "
        "programs), or a number from 0 to 1.",
        show_default="offerle",
        rich_help_panel=MODEL,
    ),
]
Beam = Annotated[
    str | None,
    typer.Option(
        "--beam",
        help="Whether measured direct radiation is normal to the beam or on the horizontal.",
        show_default="normal",
        rich_help_panel=MODEL,
    ),
]
Walls = Annotated[
    str | None,
    typer.Option(
        "--walls",
        help="Longwave of walls: wave (of the day), or heated (by conduction).",
        show_default="wave",
        rich_help_panel=MODEL,
    ),
]
WallMaterial = Annotated[
    str | None,
    typer.Option(
        "--wall-material",
        help="What walls are made of: brick, concrete, wood, or a class of --params.",
        show_default="the generic wall; for temperatures land cover, else concrete",
        rich_help_panel=MODEL,
    ),
]
Posture = Annotated[
    str | None,
    typer.Option(
        "--posture",
        help="standing or sitting.",
        show_default="standing",
        rich_help_panel=MODEL,
    ),
]
Body = Annotated[
    str | None,
    typer.Option("--body", help="cylinder or box.", show_default="cylinder", rich_help_panel=MODEL),
]
ThresholdsDay = Annotated[
    str | None,
    typer.Option(
        "--heat-thresholds-day",
        help="UTCI (deg C) above which hours of the day are counted.",
        show_default="32,38",
        rich_help_panel=MODEL,
    ),
]
ThresholdsNight = Annotated[
    str | None,
    typer.Option(
        "--heat-thresholds-night",
        help="UTCI (deg C) above which hours of the night are counted.",
        show_default="26",
        rich_help_panel=MODEL,
    ),
]
UtciRange = Annotated[
    str | None,
    typer.Option(
        "--utci-range",
        help="UTCI outside its published range: clip (inputs to its ends), flag (as given), "
        "nan (none).",
        show_default="wind above 17 m/s as 17, all else as given",
        rich_help_panel=MODEL,
    ),
]
PetVariant = Annotated[
    str | None,
    typer.Option(
        "--pet-variant",
        help="1999, 2018 or reference.",
        show_default="1999",
        rich_help_panel=MODEL,
    ),
]
Params = Annotated[
    Path | None,
    typer.Option("--params", help="Parameter file in UMEP's JSON layout.", rich_help_panel=MODEL),
]


def model_of(
    params: Path | None, *, sky: str | None, posture: str | None, **said: Any
) -> ModelConfig:
    """The parameter file, with what flags say in its place.

    Raises
    ------
    ConfigurationError
        A value that the model does not take.
    """
    if sky not in (None, *opt.SKIES):
        raise ConfigurationError("--sky", " or ".join(opt.SKIES), repr(sky))
    config = ModelConfig() if params is None else ModelConfig.from_json(params)
    said["use_anisotropic_sky"] = None if sky is None else sky == "anisotropic"
    if posture is not None:
        said["human"] = replace(config.human or HumanParams(), posture=posture)
    return replace(config, **{name: value for name, value in said.items() if value is not None})
