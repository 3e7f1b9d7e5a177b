"""How far a run went outside what the comfort indices were made for, counted and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solweig.results.sums import StepSums

__all__ = ["PET_VARIANTS", "ComfortCounts", "describe_comfort"]

PET_VARIANTS = {
    "1999": "Höppe 1999, one branch",
    "2018": "Walther & Goestchel 2018",
    "reference": "Höppe 1999, the reference's six regimes",
}

_WORDS = {
    "calm": "wind below 0.5 m/s",
    "storm": "wind above 17 m/s",
    "damp": "vapour pressure above 50 hPa",
    "dry": "humidity below 5 %",
    "air": "air outside -50 to 50 degC",
}
STEPS_BY = "weather of the steps, not their fields"
"""What steps are counted by where weather is given cell by cell."""
_DONE = {
    None: "wind above 17 m/s is taken as 17, all else as given",
    "clip": "brought to the ends of the range",
    "flag": "computed as given",
    "nan": "no UTCI there",
}


@dataclass(frozen=True)
class ComfortCounts:
    """Steps and cells outside the published range of UTCI, and steps too calm for PET.

    Cells are counted in every step, roofs included, by their own air; steps by their weather.
    """

    steps: int
    #: By input (calm, storm, damp, dry, air) the steps it lay outside in.
    inputs: dict[str, int]
    #: Steps with any of them.
    steps_outside: int
    #: Steps with Tmrt that have no UTCI.
    steps_without: int
    #: Cells with Tmrt, and those with it too far below and above air temperature.
    cells: int
    below: int
    above: int
    #: Steps whose wind PET raised to 0.1 m/s, globe and wick to 0.13, and SET* to 0.1.
    pet_calm: int
    sensor_calm: int = 0
    #: Weather is given cell by cell, too.
    fields: bool = False
    body_calm: int = 0

    @classmethod
    def of(
        cls,
        scalars: Sequence[Mapping[str, float]],
        sums: Sequence[StepSums],
        *,
        fields: bool = False,
    ) -> ComfortCounts:
        """Of a run, from the scalars and sums of its steps."""
        inputs = {n: sum(s.get(f"utci_{n}", 0.0) > 0 for s in scalars) for n in _WORDS}
        whole = [s.over("all") for s in sums]
        return cls(
            steps=len(scalars),
            inputs=inputs,
            steps_outside=sum(any(s.get(f"utci_{n}", 0.0) > 0 for n in _WORDS) for s in scalars),
            steps_without=sum(s.tmrt_count > 0 and s.utci_count == 0 for s in whole),
            cells=sum(s.tmrt_count for s in whole),
            below=sum(s.below for s in whole),
            above=sum(s.above for s in whole),
            pet_calm=sum(s.get("pet_calm", 0.0) > 0 for s in scalars),
            sensor_calm=sum(s.get("sensor_calm", 0.0) > 0 for s in scalars),
            fields=fields,
            body_calm=sum(s.get("body_calm", 0.0) > 0 for s in scalars),
        )

    @classmethod
    def of_grid(cls, outside: Mapping[str, int], cells: int) -> ComfortCounts:
        """Of one grid with ``cells`` values, as ``_core.utci_outside`` tells it."""
        inputs = {name: int(outside[name]) for name in _WORDS}
        return cls(
            steps=1,
            inputs=inputs,
            steps_outside=int(any(inputs.values())),
            steps_without=0,
            cells=cells,
            below=outside["below"],
            above=outside["above"],
            pet_calm=0,
        )

    def outside(self) -> list[str]:
        """What lay outside the range of UTCI, in words; empty where nothing did."""
        found = [
            f"{words} in {self.inputs[name]} of {self.steps} steps"
            for name, words in _WORDS.items()
            if self.inputs[name]
        ]
        for count, where in ((self.below, "30 K below"), (self.above, "70 K above")):
            if count:
                share = 100.0 * count / self.cells
                found.append(f"Tmrt more than {where} air in {count} cells ({share:.2g} %)")
        return found

    def utci_line(self, utci_range: str | None) -> str | None:
        """The range of UTCI in one line; None where nothing lay outside."""
        found = self.outside()
        if not found:
            return None
        by = self._by if any(self.inputs.values()) else ""
        return f"{'; '.join(found)}: {_DONE[utci_range]}{by}"

    def pet_line(self) -> str | None:
        """The floor of the wind in PET in one line; None where it was not met."""
        return self._raised(self.pet_calm, 0.1)

    def sensor_line(self) -> str | None:
        """The floor of the wind at globe and wick in one line; None where it was not met."""
        return self._raised(self.sensor_calm, 0.13)

    def body_line(self) -> str | None:
        """The floor of the wind in SET* in one line; None where it was not met."""
        return self._raised(self.body_calm, 0.1)

    def _raised(self, calm: int, least: float) -> str | None:
        if not calm:
            return None
        where = f"{calm} of {self.steps} steps"
        return f"wind below {least:g} m/s in {where}: taken as {least:g} m/s{self._by}"

    @property
    def _by(self) -> str:
        return f" (steps: {STEPS_BY})" if self.fields else ""


def describe_comfort(
    counts: ComfortCounts, *, utci_range: str | None, pet_variant: str
) -> dict[str, Any]:
    """What is said of comfort in ``run_metadata.json``."""
    return {
        "utci_range": utci_range,
        **({"steps_by": STEPS_BY} if counts.fields else {}),
        "utci_outside": {
            "steps": counts.steps_outside,
            **{f"steps_{name}": number for name, number in counts.inputs.items()},
            "cells": counts.below + counts.above,
            "cells_below": counts.below,
            "cells_above": counts.above,
            "cells_counted": counts.cells,
        },
        "steps_without_utci": counts.steps_without,
        "pet_variant": pet_variant,
        "pet_method": PET_VARIANTS[pet_variant],
        "pet_calm_steps": counts.pet_calm,
        "sensor_calm_steps": counts.sensor_calm,
        "body_calm_steps": counts.body_calm,
    }
