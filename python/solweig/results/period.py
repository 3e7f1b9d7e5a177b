"""What is wanted of a long period of which only statistics are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solweig import _core
from solweig.allowed import INDICES, THRESHOLDS_C
from solweig.errors import ConfigurationError, WeatherDataError
from solweig.results.statistics import SUMMARY_GRIDS

__all__ = ["GROUPS", "PeriodRequest", "place_of_grid"]

GROUPS = ("hour", "month", "day_night")
_MOST_STEPS = 65_535
# Tmrt lies between these of air temperature [K]; a percentile outside is not told.
_TMRT_SPAN = (-50.0, 100.0)
_PET_SPAN = (-60.0, 80.0)
# And the other indices of air temperature.
_INDEX_SPAN = (-60.0, 80.0)


@dataclass(frozen=True)
class PeriodRequest:
    """Statistics besides means, extremes and the hours of UTCI that every run counts.

    Parameters
    ----------
    percentiles
        Over all steps [%], each 0-100.
    groups
        Among :data:`GROUPS`: mean, maximum and minimum of each.
    tmrt_thresholds, pet_thresholds
        Hours above these are counted [deg C].
    pet
        PET too.
    indices
        Among :data:`solweig.config.INDICES`, these too.
    index_thresholds
        By index, hours above these are counted [deg C]; text is ``"wbgt=28,at=35"``.

    Raises
    ------
    ConfigurationError
        A percentile out of range, an unknown group or index, a threshold that is no number.
    """

    percentiles: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()
    tmrt_thresholds: tuple[float, ...] = ()
    pet_thresholds: tuple[float, ...] = ()
    pet: bool = False
    indices: tuple[str, ...] = ()
    index_thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check and bring every value to its type."""
        object.__setattr__(self, "percentiles", _numbers("percentiles", self.percentiles))
        for name in ("tmrt_thresholds", "pet_thresholds"):
            object.__setattr__(self, name, _limits(name, getattr(self, name)))
        for p in self.percentiles:
            if not 0.0 <= p <= 100.0:
                raise ConfigurationError("percentiles", "numbers from 0 to 100", repr(p))
        groups = (self.groups,) if isinstance(self.groups, str) else self.groups
        try:
            groups = tuple(dict.fromkeys(groups))
        except TypeError:
            raise ConfigurationError("groups", f"among {', '.join(GROUPS)}", repr(groups)) from None
        for group in groups:
            if group not in GROUPS:
                raise ConfigurationError("groups", f"among {', '.join(GROUPS)}", repr(group))
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "pet", bool(self.pet or self.pet_thresholds))
        own = _by_index(self.index_thresholds)
        wanted = {*_known_indices(self.indices), *own}
        object.__setattr__(self, "index_thresholds", own)
        object.__setattr__(self, "indices", tuple(n for n in INDICES if n in wanted))

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is counted."""
        return ("tmrt", "utci", *(("pet",) if self.pet else ()), *self.indices)

    @property
    def _thresholds(self) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """Of the quantities that other runs do not count, by name."""
        own = (("tmrt", self.tmrt_thresholds), ("pet", self.pet_thresholds))
        return (*own, *((n, self.index_thresholds.get(n, ())) for n in self.indices))

    def describe(self) -> dict[str, Any]:
        """For metadata and digests.

        Returns
        -------
        dict[str, Any]
            By name of the field.
        """
        # Runs of before know of no indices: their digests stay.
        of_indices: dict[str, Any] = {}
        if self.indices:
            of_indices["indices"] = list(self.indices)
            of_indices["index_thresholds"] = {n: list(t) for n, t in self.index_thresholds.items()}
        return {
            "percentiles": list(self.percentiles),
            "groups": list(self.groups),
            "tmrt_thresholds": list(self.tmrt_thresholds),
            "pet_thresholds": list(self.pet_thresholds),
            "pet": self.pet,
            **of_indices,
        }

    def of_steps(
        self, bounds: NDArray[np.datetime64], daytime: NDArray[np.bool_]
    ) -> tuple[list[str], list[list[int]]]:
        """Groups there are, and those of each step: of the middle of its interval.

        Parameters
        ----------
        bounds
            Beginning and end of each step, ``[n, 2]``.
        daytime
            The sun is up.

        Returns
        -------
        names : list[str]
            ``hour_13``, ``month_07``, ``day``, ``night``.
        groups : list[list[int]]
            Numbers of them, one list a step.

        Raises
        ------
        WeatherDataError
            More steps than can be counted.
        """
        if len(bounds) > _MOST_STEPS:
            raise WeatherDataError("weather", f"at most {_MOST_STEPS} steps", str(len(bounds)))
        middle = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) / 2
        hour = (middle - middle.astype("datetime64[D]")) // np.timedelta64(1, "h")
        month = middle.astype("datetime64[M]").astype(int) % 12 + 1
        labels = {
            "hour": [f"hour_{h:02d}" for h in hour.astype(int)],
            "month": [f"month_{m:02d}" for m in month],
            "day_night": ["day" if day else "night" for day in daytime],
        }
        own = [labels[group] for group in self.groups]
        names = sorted({label for column in own for label in column})
        numbers = {name: i for i, name in enumerate(names)}
        return names, [[numbers[c[i]] for c in own] for i in range(len(bounds))]

    def statistics(
        self,
        shape: tuple[int, int],
        names: Sequence[str],
        heat: tuple[Sequence[float], Sequence[float]],
        ranges: Mapping[str, tuple[float, float]],
    ) -> _core.PeriodStatistics:
        """Empty statistics of so many rows and columns.

        Parameters
        ----------
        shape
            Rows, columns.
        names
            Of the groups.
        heat
            UTCI thresholds by day and at night [deg C].
        ranges
            Of :meth:`ranges`.

        Returns
        -------
        _core.PeriodStatistics
            To count in.
        """
        day, night = heat
        thresholds = [
            (f"hours/{t!r}", "utci", t, t in day, t in night) for t in dict.fromkeys((*day, *night))
        ]
        for quantity, own in self._thresholds:
            thresholds += [(f"{quantity}_hours_above_{t:g}", quantity, t, True, True) for t in own]
        return _core.PeriodStatistics(
            shape, quantities=list(self.quantities), groups=list(names), thresholds=thresholds,
            percentiles=list(self.percentiles), ranges=dict(ranges),
        )  # fmt: skip

    def grid_names(self, names: Sequence[str]) -> list[str]:
        """Names of the grids that other runs do not have.

        Parameters
        ----------
        names
            Of the groups.

        Returns
        -------
        list[str]
            Such as ``tmrt_p95``, ``utci_mean_hour_13``, ``pet_max``, ``tmrt_hours_above_55``.
        """
        found = []
        for quantity in self.quantities:
            if quantity not in ("tmrt", "utci"):
                found += [
                    f"{quantity}_{s}" for s in ("mean", "max", "min", "day_mean", "night_mean")
                ]
            found += [f"{quantity}_{s}_{n}" for n in names for s in ("mean", "max", "min")]
            found += [f"{quantity}_p{p:g}" for p in self.percentiles]
        for quantity, own in self._thresholds:
            found += [f"{quantity}_hours_above_{t:g}" for t in own]
        return found

    def ranges(self, columns: Mapping[str, Any], to_10m: float) -> dict[str, tuple[float, float]]:
        """Values that percentiles tell apart [deg C], wide enough for the weather of a run.

        Parameters
        ----------
        columns
            ``ta``, ``rh`` and ``ws`` of the steps.
        to_10m
            Wind at 10 m for each of it at its own height.

        Returns
        -------
        dict[str, tuple[float, float]]
            Lowest and highest by quantity.
        """
        if not self.percentiles:
            return {}
        ta, rh, ws = (np.asarray(columns[n], np.float64) for n in ("ta", "rh", "ws"))
        known = np.isfinite(ta)
        low, high = (float(ta[known].min()), float(ta[known].max())) if known.any() else (0.0, 0.0)
        wind = ws * to_10m
        excess = np.linspace(*_TMRT_SPAN, 31)
        each = np.broadcast_arrays(ta[:, None], rh[:, None], ta[:, None] + excess, wind[:, None])
        air, humid, tmrt, blown = (np.ascontiguousarray(x).ravel() for x in each)
        utci = _core.utci(air, humid, tmrt, blown, "flag")
        utci = utci[np.isfinite(utci)]
        felt = (float(utci.min()), float(utci.max())) if utci.size else (low, high)
        # The fit runs away far from where it was made.
        felt = (max(felt[0], low - 120.0) - 2.0, min(felt[1], high + 120.0) + 2.0)
        return {
            "tmrt": (low + _TMRT_SPAN[0], high + _TMRT_SPAN[1]),
            "utci": felt,
            "pet": (low + _PET_SPAN[0], high + _PET_SPAN[1]),
            **dict.fromkeys(self.indices, (low + _INDEX_SPAN[0], high + _INDEX_SPAN[1])),
        }

    def bytes_per_cell(self, groups: int, ranges: Mapping[str, tuple[float, float]]) -> float:
        """Memory of the statistics, histograms for all cells at a time [bytes].

        Parameters
        ----------
        groups
            How many.
        ranges
            Of :meth:`ranges`.

        Returns
        -------
        float
            Of a cell.
        """
        bins = sum(16.0 * (ranges[q][1] - ranges[q][0]) for q in self.quantities if q in ranges)
        running = 16.0 * len(self.quantities) * (2 + groups)
        return running + bins + 4.0 * len(self.grid_names([])) + 500.0


def place_of_grid(name: str) -> str:
    """Where tiles write a grid of a period.

    Parameters
    ----------
    name
        As the engine names it.

    Returns
    -------
    str
        With its prefix.
    """
    if name.startswith("hours/"):
        return name
    return f"statistic/{name}" if name in SUMMARY_GRIDS else f"period/{name}"


def _known_indices(indices: Any) -> tuple[str, ...]:
    listed = indices.split(",") if isinstance(indices, str) else indices
    try:
        names = tuple(str(n).strip() for n in listed)
    except TypeError:
        raise ConfigurationError("indices", f"among {', '.join(INDICES)}", repr(indices)) from None
    for name in names:
        if name not in INDICES:
            raise ConfigurationError("indices", f"among {', '.join(INDICES)}", repr(name))
    return names


def _by_index(thresholds: Any) -> dict[str, tuple[float, ...]]:
    """Thresholds of each index that has some."""
    field = "index_thresholds"
    expected = f"a number for each of {', '.join(INDICES)}, such as wbgt=28,at=35"
    if isinstance(thresholds, str):
        named: dict[str, list[str]] = {}
        for part in thresholds.split(","):
            name, equals, number = part.partition("=")
            if not equals:
                raise ConfigurationError(field, expected, repr(part))
            named.setdefault(name.strip(), []).append(number)
        thresholds = named
    if not isinstance(thresholds, Mapping) or not set(thresholds) <= set(INDICES):
        raise ConfigurationError(field, expected, repr(thresholds))
    found = {name: _limits(f"{field}[{name}]", n) for name, n in thresholds.items()}
    return {name: numbers for name, numbers in found.items() if numbers}


def _limits(name: str, values: Any) -> tuple[float, ...]:
    """A list of thresholds."""
    low, high = THRESHOLDS_C
    found = _numbers(name, values)
    for limit in found:
        if not low <= limit <= high:
            raise ConfigurationError(name, f"{low:g} to {high:g} degC", f"{limit:g}")
    return found


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    """A list of numbers."""
    listed = (values,) if isinstance(values, int | float) else values
    try:
        found = tuple(dict.fromkeys(float(v) for v in listed))
    except (TypeError, ValueError):
        raise ConfigurationError(name, "a list of numbers", repr(values)) from None
    if not np.isfinite(found).all():
        raise ConfigurationError(name, "finite numbers", repr(values))
    return found
