"""What words options take: of each the constants that its check goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from solweig import _core
from solweig.allowed import CHOICES, INDICES, NIGHT_RULES, OUTPUT_NAMES
from solweig.cli.machine import FORMS
from solweig.cli.options import SKIES, SWITCHES
from solweig.execution.config import Accelerator
from solweig.human import POSTURES
from solweig.results.period import GROUPS
from solweig.run.settings import OUTPUT_FORMATS
from solweig.weather.readers.era5 import PRODUCTS
from solweig.weather.readers.grids import METHODS
from solweig.weather.readers.layouts import LAYOUTS
from solweig.weather.values import STAMPS

__all__ = ["Choices", "choices_of"]


@dataclass(frozen=True)
class Choices:
    """Words that an option takes.

    Attributes
    ----------
    words
        All of them.
    several
        One or more, with commas between them or as a list.
    numbers
        Lowest and highest number it takes beside them.
    as_text
        Pattern of such a number in quotes.
    """

    words: tuple[str, ...]
    several: bool = False
    numbers: tuple[float, float] | None = None
    as_text: str = ""


def choices_of(command: str) -> dict[str, Choices]:
    """Of the options of a command that take words, by their key in its file."""
    found = {
        name.replace("_", "-"): Choices(tuple(word for word in words if word is not None))
        for name, words in CHOICES.items()
    }
    found |= {
        "sky": Choices(SKIES),
        "posture": Choices(POSTURES),
        "night-clearness": Choices(
            NIGHT_RULES, numbers=(0.0, 1.0), as_text=r"^(0(\.\d*)?|\.\d+|1(\.0*)?)$"
        ),
        "alternative": Choices(tuple(f"{n}={w}" for n in _core.alternatives() for w in SWITCHES)),
        "outputs": Choices(OUTPUT_NAMES, several=True),
        "output-format": Choices(OUTPUT_FORMATS, several=True),
        "indices": Choices(INDICES, several=True),
        "group-by": Choices(GROUPS, several=True),
        "weather-layout": Choices(tuple(LAYOUTS)),
        "weather-method": Choices(METHODS),
        "weather-product": Choices(PRODUCTS),
        "mast-stamp": Choices(STAMPS),
        "accelerator": Choices(get_args(Accelerator)),
        "progress": Choices(FORMS),
    }
    return found | _of_build() if command == "build" else found


def _of_build() -> dict[str, Choices]:
    from solweig.inputs.crowns import SHAPES  # other commands read no sources
    from solweig.inputs.crs import FEET
    from solweig.inputs.land_cover import CLASSES
    from solweig.inputs.rules import BUILDING_GROUNDS, NEAREST

    codes = tuple(str(code) for code in CLASSES.values())
    return {
        "building-ground": Choices(BUILDING_GROUNDS),
        "ground-below-trees": Choices((NEAREST, *CLASSES, *codes)),
        "lidar-unit": Choices(tuple(FEET)),
        "tree-shape": Choices(SHAPES),
    }
