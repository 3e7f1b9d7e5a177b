"""Which interval the rows of a mast stand for, and how its axes are turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solweig.typing import F64
from solweig.validation.mast import Mast
from solweig.validation.modelled import Modelled
from solweig.validation.pairing import overlap_means
from solweig.validation.quantities import K_SIDES
from solweig.weather.values import STAMPS

__all__ = ["EXPLAINED", "IntervalFit", "MastFit", "TurnFit", "find_mast"]

_TURNS = np.arange(-180.0, 180.0, 2.0)
_FINE = np.arange(-2.0, 2.01, 0.5)
_SIGMA, _KELVIN = 5.67051e-8, 273.15
_DRAWS = 400
_SURE, _LIKELY = 0.95, 0.80
_LEAST_ROWS = 4
_BRIGHT, _LIT = 50.0, 0.98
_TURN_ERROR, _TURN_GAIN = 10.0, 0.9
EXPLAINED = 0.75
"""A model that differs by more than this share of the spread does not follow the mast."""


@dataclass(frozen=True)
class IntervalFit:
    """What speaks for each meaning of the stamps.

    Attributes
    ----------
    stamp
        The meaning that is taken: found, or said.
    said
        Whether it was said.
    confidence
        Share of resampled series in which this meaning fits best, 0 to 1.
    rms
        What model and mast differ by under each [W m-2], at the turn that fits it best.
    variation
        Of Kdown over the weather's global radiation in rows that the model has in full sun, under
        each: standard deviation over mean; NaN with fewer than three.
    spread
        Standard deviation of the measurements, each quantity about its mean [W m-2].
    shifts, shift_rms
        What model and mast differ by if rows begin that many minutes after their stamps, for a
        whole range [min], [W m-2].
    rows
        Rows compared.
    evidence
        Quantities compared.
    """

    stamp: str
    said: bool
    confidence: float
    rms: Mapping[str, float]
    variation: Mapping[str, float]
    spread: float
    shifts: F64
    shift_rms: F64
    rows: int
    evidence: tuple[str, ...]

    @property
    def best_shift(self) -> float:
        """Minutes after the stamp at which rows begin, as fits best; NaN where nothing tells."""
        if not np.isfinite(self.shift_rms).any():
            return float("nan")
        return float(self.shifts[int(np.nanargmin(self.shift_rms))])

    @property
    def verdict(self) -> str:
        """``"said"``, ``"sure"``, ``"likely"`` or ``"not told"``."""
        if self.said:
            return "said"
        if not self.evidence or self.rms[self.stamp] > EXPLAINED * self.spread:
            return "not told"
        if self.confidence >= _SURE:
            return "sure"
        return "likely" if self.confidence >= _LIKELY else "not told"


@dataclass(frozen=True)
class TurnFit:
    """How the axes of a mast are turned.

    Attributes
    ----------
    degrees
        The turn that is taken, clockwise: found, said, or 0 where the measurements do not tell.
    best
        The turn that fits best, whether it is taken or not.
    error
        Its standard error [degrees].
    rms, rms_unturned
        Of the four sides at the best turn and with axes to north [W m-2].
    spread
        Standard deviation of what the sides measured, each about its mean [W m-2].
    said
        Whether it was said.
    """

    degrees: float
    best: float
    error: float
    rms: float
    rms_unturned: float
    spread: float
    said: bool

    @property
    def verdict(self) -> str:
        """``"said"``, ``"found"`` or ``"not told"``."""
        if self.said:
            return "said"
        explained = self.rms <= min(_TURN_GAIN * self.rms_unturned, EXPLAINED * self.spread)
        return "found" if explained and self.error <= _TURN_ERROR else "not told"


@dataclass(frozen=True)
class MastFit:
    """What was found out about a mast."""

    interval: IntervalFit
    turn: TurnFit | None


def find_mast(
    mast: Mast, model: Modelled, *, stamp: str | None = None, turn: float | None = None,
    seed: int = 1,
) -> MastFit:  # fmt: skip
    """Find interval and turn by what fits the model's shortwave and Tmrt best.

    Tmrt is compared as the emission it stands for, so that all errors are in W m-2. The shadow's
    edge and the low sun decide: a mean over another interval has them in the wrong row. How sure
    that is comes from resampling days, or rows where there are fewer than five days; rows of a day
    are not independent, so the figure is an upper bound.

    Parameters
    ----------
    mast
        The measurements.
    model
        The model there, in steps shorter than the mast's rows.
    stamp, turn
        What is known already.
    seed
        Of the resampling.
    """
    means = {s: model.at(mast.bounds(s)) for s in STAMPS}
    sides = all(name in mast.columns for name in K_SIDES)
    turns = (np.array([turn]) if turn is not None else _TURNS) if sides else np.zeros(1)
    flat, names = _flat_errors(mast, means)
    turned = {s: _side_errors(mast, model, mast.bounds(s), turns) for s in STAMPS} if sides else {}
    known = np.ones(len(mast), bool)
    for s in STAMPS:
        for errors in (*flat[s], *([turned[s][0]] if sides else [])):
            known &= np.isfinite(errors)
    parts = len(names) + (4 if sides else 0)
    if parts == 0 or known.sum() < _LEAST_ROWS:
        interval = IntervalFit(
            stamp or mast.stamp or "end", (stamp or mast.stamp) is not None, 0.0,
            dict.fromkeys(STAMPS, np.nan), dict.fromkeys(STAMPS, np.nan),
            np.nan, np.zeros(0), np.zeros(0), int(known.sum()), (),
        )  # fmt: skip
        return MastFit(interval, None)
    rows = np.flatnonzero(known)
    # Squared error of each row under each meaning and turn, [meaning, turn, row].
    squares = np.array(
        [
            (sum((e[rows] for e in flat[s]), np.zeros(rows.size))[None, :]
             + (turned[s][:, rows] if sides else 0.0)) / parts
            for s in STAMPS
        ]
    )  # fmt: skip
    weights = _resampled(mast.times[rows], seed)
    best = squares.mean(axis=2).min(axis=1)
    drawn = (squares @ weights.T).min(axis=1)
    wins = np.bincount(drawn.argmin(axis=0), minlength=len(STAMPS)) / weights.shape[0]
    said = stamp or mast.stamp
    chosen = said or STAMPS[int(best.argmin())]
    shifts = np.arange(-18.0, 13.0) * (mast.minutes / 12.0)
    interval = IntervalFit(
        stamp=chosen,
        said=said is not None,
        confidence=float(wins[STAMPS.index(chosen)]),
        rms=dict(zip(STAMPS, np.sqrt(best).tolist(), strict=True)),
        variation={s: _variation(mast, model, means[s], s) for s in STAMPS},
        spread=_spread(mast, (*names, *(K_SIDES if sides else ())), rows),
        shifts=shifts,
        shift_rms=_shifted(mast, model, shifts, names, turns if sides else None),
        rows=int(rows.size),
        evidence=(*names, *(K_SIDES if sides else ())),
    )
    if not sides:
        return MastFit(interval, None)
    return MastFit(interval, _turn(mast, model, chosen, turn, turned[chosen], turns, seed))


def _flat_errors(
    mast: Mast, means: Mapping[str, Mapping[str, F64]]
) -> tuple[dict[str, list[F64]], tuple[str, ...]]:
    """Squared errors of what does not depend on the turn."""
    names = tuple(name for name in ("Tmrt", "Kdown") if name in mast.columns)
    found = {
        s: [
            (_as_flux(name, means[s][name]) - _as_flux(name, mast.columns[name])) ** 2
            for name in names
        ]
        for s in STAMPS
    }
    return found, names


def _shifted(
    mast: Mast, model: Modelled, shifts: F64, names: tuple[str, ...], turns: F64 | None
) -> F64:
    """Difference of model and mast with rows that begin a while after their stamps."""
    length = np.timedelta64(round(mast.minutes * 60e9), "ns")
    found = []
    for shift in shifts:
        first = mast.times + np.timedelta64(round(shift * 60e9), "ns")
        bounds = np.stack([first, first + length], axis=-1)
        means = model.at(bounds)
        flat = sum(
            ((_as_flux(n, means[n]) - _as_flux(n, mast.columns[n])) ** 2 for n in names),
            np.zeros(len(mast)),
        )
        parts, squares = len(names), flat[None, :]
        if turns is not None:
            parts += 4
            squares = squares + _side_errors(mast, model, bounds, turns)
        known = np.isfinite(squares[0])
        found.append(
            np.sqrt(squares[:, known].mean(axis=1).min() / parts) if known.any() else np.nan
        )
    return np.array(found)


def _as_flux(name: str, values: F64) -> F64:
    return _SIGMA * (values + _KELVIN) ** 4 if name == "Tmrt" else values


def _side_errors(mast: Mast, model: Modelled, bounds: NDArray[np.datetime64], turns: F64) -> F64:
    """Squared errors of the four sides, summed, ``[turn, row]``."""
    measured = np.array([mast.columns[name] for name in K_SIDES])
    stacked = np.concatenate([model.shortwave_sides(float(turn)) for turn in turns])
    means = overlap_means(model.bounds, stacked, bounds).reshape(turns.size, 4, -1)
    return np.asarray(((means - measured) ** 2).sum(axis=1), np.float64)


def _turn(
    mast: Mast, model: Modelled, stamp: str, said: float | None, coarse: F64, turns: F64, seed: int
) -> TurnFit:
    rows, bounds = np.flatnonzero(np.isfinite(coarse[0])), mast.bounds(stamp)
    weights = _resampled(mast.times[rows], seed)
    if said is None:
        first = float(turns[int(coarse[:, rows].mean(axis=1).argmin())])
        fine = first + _FINE
        errors = _side_errors(mast, model, bounds, fine)[:, rows].mean(axis=1)
        best = float(fine[int(errors.argmin())])
        drawn = turns[(coarse[:, rows] @ weights.T).argmin(axis=0)]
        apart = (drawn - best + 180.0) % 360.0 - 180.0
        # The search goes by 2 degrees.
        error = float(np.hypot(np.sqrt(np.mean(apart**2)), 1.0))
    else:
        best, error = float(said), 0.0
    at_best, unturned = _side_errors(mast, model, bounds, np.array([best, 0.0]))[:, rows]
    fit = TurnFit(
        degrees=best, best=best, error=error,
        rms=float(np.sqrt(at_best.mean() / 4)), rms_unturned=float(np.sqrt(unturned.mean() / 4)),
        spread=_spread(mast, K_SIDES, rows), said=said is not None,
    )  # fmt: skip
    if fit.verdict == "not told":
        return replace(fit, degrees=0.0)
    return fit


def _spread(mast: Mast, names: tuple[str, ...], rows: NDArray[np.int64]) -> float:
    """Root of the mean variance."""
    variances = [np.var(_as_flux(name, mast.columns[name])[rows]) for name in names]
    return float(np.sqrt(np.mean(variances)))


def _variation(mast: Mast, model: Modelled, means: Mapping[str, F64], stamp: str) -> float:
    if "Kdown" not in mast.columns:
        return float("nan")
    total = means["global_rad"]
    with np.errstate(invalid="ignore"):
        lit = (means["shadow"] >= _LIT) & (total > _BRIGHT) & (mast.columns["Kdown"] > _BRIGHT)
    ratio = mast.columns["Kdown"][lit] / total[lit]
    return float(ratio.std() / ratio.mean()) if ratio.size >= 3 else float("nan")


def _resampled(times: NDArray[np.datetime64], seed: int) -> F64:
    """How often each row is drawn, ``[draw, row]``; whole days where there are five."""
    generator = np.random.default_rng(seed)
    _, day = np.unique(times.astype("datetime64[D]"), return_inverse=True)
    block = day.ravel() if day.max() >= 4 else np.arange(times.size)
    count = int(block.max()) + 1
    drawn = generator.multinomial(count, np.full(count, 1.0 / count), _DRAWS)
    return np.asarray(drawn[:, block], np.float64)
