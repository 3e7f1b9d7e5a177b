"""Temperatures of ground and walls, and their delay (R 6)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

LAND_COVER: dict[int, tuple[float, float, float, float, float]] = {
    0: (0.20, 0.95, 0.37, -3.41, 15.0),
    1: (0.18, 0.95, 0.58, -9.78, 15.0),
    2: (0.18, 0.95, 0.58, -9.78, 15.0),
    5: (0.16, 0.94, 0.21, -3.38, 14.0),
    6: (0.25, 0.94, 0.33, -3.01, 14.0),
    7: (0.05, 0.98, 0.00, 0.00, 12.0),
    99: (0.20, 0.90, 0.37, -3.41, 15.0),
}
"""Albedo, emissivity, k [K/deg], T0 [K], hour of the maximum, by class (R 6.1). 99 = walls."""

RATE_PER_DAY = 33.27
REFRESH_DAYS = 59 / 1440


def day_wave(
    clock_fraction: float, sunrise: float, altitude_max: float, k: F64, t0: F64, hour_max: F64
) -> F64:
    """Excess over air temperature [K] at a clock fraction of the day, clear sky (R 6.2)."""
    amplitude = k * altitude_max + t0
    rising = hour_max / 24 - sunrise / 24
    with np.errstate(divide="ignore", invalid="ignore"):
        phase = (clock_fraction - sunrise / 24) / rising * np.pi / 2
    return np.where(rising == 0, 0.0, amplitude * np.sin(phase))


@dataclass
class Delay:
    """State of the temperature-wave delay carried from step to step (R 6.5)."""

    first: bool = True
    days: float = 0.0
    base: dict[str, F64] = field(default_factory=dict)

    def night(self) -> None:
        """The next day starts without memory."""
        self.first, self.days = True, 0.0

    def apply(self, now: dict[str, F64], step_days: float) -> dict[str, F64]:
        """Delayed values of all quantities of one day step; advances the state once."""
        if self.first:
            self.base = {name: value.copy() for name, value in now.items()}
        out = {}
        refresh = self.days >= REFRESH_DAYS
        if refresh:
            following = step_days if step_days > REFRESH_DAYS else 0.0
            weight = np.exp(-RATE_PER_DAY * self.days)
        else:
            following = self.days + step_days
            weight = np.exp(-RATE_PER_DAY * following)
        for name, value in now.items():
            out[name] = value * (1 - weight) + self.base[name] * weight
            if refresh:
                self.base[name] = out[name]
        self.first, self.days = False, following
        return out
