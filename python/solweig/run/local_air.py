"""Weather given cell by cell as the tiles of a run read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solweig.results.sums import Limits
from solweig.tiles.store import TileInputs
from solweig.typing import F32, Window
from solweig.weather.field_layers import ArrayLayers, BandLayers
from solweig.weather.given_fields import GivenField
from solweig.weather.given_sky import GivenSky

__all__ = ["AirWindow", "LocalAir"]

UTCI_EXCESS = (-30.0, 70.0)
"""Tmrt beyond the air that UTCI was fitted for [K]."""


@dataclass(frozen=True)
class LocalAir:
    """The fields of a run; layers in memory lie among the inputs of the tiles.

    Radiation by weather cells is a few numbers a step, and is sent along.
    """

    fields: tuple[GivenField, ...] = ()
    sky: GivenSky | None = None

    @classmethod
    def published(
        cls, fields: tuple[GivenField, ...], sky: GivenSky | None, inputs: TileInputs
    ) -> LocalAir:
        """Put what is in memory among the inputs, so that it need not be sent along."""
        kept = []
        for field in fields:
            if isinstance(field.layers, ArrayLayers):
                for layer in field.used():
                    inputs.put(_place(field.name, layer), field.layers.arrays[layer])
                field = replace(field, layers=ArrayLayers([], None))
            kept.append(field)
        return cls(tuple(kept), sky)

    def window(self, inputs: TileInputs, where: Window) -> AirWindow | None:
        """Part of them; None where there are none."""
        given = self.fields or self.sky is not None
        return AirWindow(self, inputs, where) if given else None


def _place(name: str, layer: int) -> str:
    return f"field/{name}/{layer}"


class AirWindow:
    """A window of the fields of a run, read step by step."""

    def __init__(self, air: LocalAir, inputs: TileInputs, where: Window) -> None:
        self._fields, self._sky, self._inputs, self._where = air.fields, air.sky, inputs, where
        #: Of each quantity the layers of the last step.
        self._layers: dict[str, dict[int, F32]] = {}

    def of_step(self, i: int) -> dict[str, Any]:
        """What ``_core.Model.step`` takes as ``air``."""
        found = self._air_of(i)
        if self._sky is not None:
            found["sky"] = self._sky.of_step(i, self._where)
        return found

    def _air_of(self, i: int) -> dict[str, Any]:
        """Rasters of a step."""
        found: dict[str, Any] = {}
        for field in self._fields:
            if not field.known(i):
                continue
            known = self._layers.get(field.name, {})
            wanted = [n for n, _ in field.of_step[i]]
            layers = {n: known[n] if n in known else self._read(field, n) for n in wanted}
            self._layers[field.name] = layers
            found[field.name] = field.values(i, layers.__getitem__)
            if field.name == "ws":
                found["ws_height_m"] = field.height_m
        return found

    def utci_limits(self, i: int, ta: float, limits: Limits) -> Limits:
        """Lowest and highest Tmrt of the range of UTCI [deg C] in the air of each cell.

        Parameters
        ----------
        i
            The step.
        ta
            Its air temperature [deg C].
        limits
            In that.
        """
        own = self._air_of(i).get("ta")
        if own is None:
            return limits
        warmer = (own - np.float32(ta)).astype(np.float64)
        same, air = warmer == 0.0, ta + warmer
        low, high = (
            np.where(same, limit, air + beyond)
            for limit, beyond in zip(limits, UTCI_EXCESS, strict=True)
        )
        return low, high

    def _read(self, field: GivenField, layer: int) -> F32:
        if isinstance(field.layers, BandLayers):
            return field.layers.read(layer, self._where)
        return self._inputs.part(_place(field.name, layer), self._where)
