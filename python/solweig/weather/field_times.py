"""Which layer of a weather field is of which step."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from solweig.errors import WeatherDataError
from solweig.weather.series import WeatherSeries

__all__ = ["Timed", "layers_of_steps"]

_NEAR = np.timedelta64(2, "s")
"""Days of the year in single precision lie this much beside the hours they mean."""
_LOCAL = (
    "They fit as local standard time, but are taken as UTC: leave out utc, or give them their zone."
)


class Timed(Protocol):
    """Layers with times."""

    @property
    def times(self) -> NDArray[np.datetime64] | None:
        """Of each layer; None where they have none."""

    @property
    def zoned(self) -> bool:
        """The times carry a zone, and are UTC here."""

    def __len__(self) -> int: ...


def layers_of_steps(
    name: str, layers: Timed, series: WeatherSeries, *, utc: bool
) -> tuple[int, ...]:
    """The layer of each step.

    Parameters
    ----------
    name
        Of the field, in messages.
    layers
        With times, on the clock of the stamps, in UTC where these have a zone; without, one for all
        steps or one each.
    series
        The steps.
    utc
        Times without a zone are UTC.

    Raises
    ------
    WeatherDataError
        A step without a layer, a time twice, or layers that do not say of which step they are.
    """
    steps = len(series)
    if layers.times is None:
        if len(layers) not in (1, steps):
            raise WeatherDataError(
                name, f"one layer, or {steps}: one for each step", len(layers),
                "Times say which layer is of which step: a DataArray, bands named by their time, "
                "or times=.",
            )  # fmt: skip
        return (0,) * steps if len(layers) == 1 else tuple(range(steps))
    if len(np.unique(layers.times)) != len(layers.times):
        raise WeatherDataError(name, "each time once", "a repeated time")
    aware = series.stamps[0].tzinfo is not None
    clock = series.utc if utc or layers.zoned or aware else _own_clock(series)
    found = _positions(layers.times, clock)
    missing = np.flatnonzero(found < 0)
    if missing.size:
        times = layers.times.astype("datetime64[s]")
        raise WeatherDataError(
            name, f"a layer of {clock[missing[0]].astype('datetime64[s]')}",
            f"{len(times)} of {times.min()} to {times.max()}",
            f"{missing.size} of {steps} steps have none. {_why(layers.times, clock, series)}",
        )  # fmt: skip
    return tuple(int(i) for i in found)


def _own_clock(series: WeatherSeries) -> NDArray[np.datetime64]:
    return np.array([t.replace(tzinfo=None) for t in series.stamps], "datetime64[ns]")


def _positions(times: NDArray[np.datetime64], wanted: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Where each of the wanted times is, -1 where it is not."""
    order = np.argsort(times)
    after = np.minimum(np.searchsorted(times[order], wanted), len(times) - 1)
    both = np.stack([np.maximum(after - 1, 0), after])
    apart = np.abs(times[order][both] - wanted)
    place = np.where(apart[0] < apart[1], both[0], both[1])
    return np.where(apart.min(axis=0) <= _NEAR, order[place], -1)


def _why(
    times: NDArray[np.datetime64], wanted: NDArray[np.datetime64], series: WeatherSeries
) -> str:
    """What the times seem to be instead of those that are wanted, in words."""
    for clock, words in (
        (series.utc, "They fit if they are UTC: utc=True (,utc at the end)."),
        (
            series.local,
            _LOCAL,
        ),
    ):
        if (clock != wanted).any() and (_positions(times, clock) >= 0).all():
            return words
    if len(times) == 1:
        return "A layer without a time of its own holds for all steps: array.drop_vars('time')."
    first = wanted[_positions(times, wanted) < 0][0]
    apart = np.abs(times - first).min() / np.timedelta64(1, "m")
    return f"The nearest to it is {apart:g} min away, and nothing is interpolated in time."
