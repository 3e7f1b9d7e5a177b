"""What was found out about a mast, in sentences."""

from __future__ import annotations

from solweig.validation.finding import EXPLAINED, IntervalFit, MastFit, TurnFit

__all__ = ["notes_of"]

_BEGINS = {"end": -1.0, "centre": -0.5, "start": 0.0}
_CLOCK_OFF, _FAR = 0.2, 45.0


def notes_of(fit: MastFit, minutes: float) -> list[str]:
    """Interval, clock and turn.

    Parameters
    ----------
    fit
        What was found.
    minutes
        Length of the mast's rows.
    """
    lines = [_interval(fit.interval)]
    apart = fit.interval.best_shift - _BEGINS[fit.interval.stamp] * minutes
    if fit.interval.evidence and abs(apart) > _CLOCK_OFF * minutes:
        lines.append(
            f"its rows fit best {abs(apart):.0f} min {'later' if apart > 0 else 'earlier'} than "
            "that: are the clock (--mast-utc-offset) and the place right?"
        )
    if fit.turn is not None:
        lines.append(_turn(fit.turn))
    return lines


def _interval(found: IntervalFit) -> str:
    marks = {"centre": "middle"}.get(found.stamp, found.stamp)
    agree = f"{found.confidence:.0%} of resampled series agree"
    doubt = "nothing measured tells it"
    if found.evidence:
        follows = found.rms[found.stamp] <= EXPLAINED * found.spread
        doubt = agree if follows else "the model does not follow the mast under any"
    sure = {
        "said": "as was said",
        "sure": f"sure: {agree}",
        "likely": f"likely: {agree}",
        "not told": f"not sure: {doubt}; say it where you know (--mast-stamp)",
    }[found.verdict]
    return f"stamps of the mast mark the {marks} of each row ({sure})"


def _turn(found: TurnFit) -> str:
    if found.verdict == "not told":
        return "the turn of its axes cannot be told; they are taken as they are named"
    how = "as was said" if found.said else f"found, ± {found.error:.0f}"
    text = (
        f"its axes are turned by {found.degrees:+.0f} degrees clockwise ({how}): the sides differ "
        f"by {found.rms:.0f} W/m2 instead of {found.rms_unturned:.0f}"
    )
    if abs(found.degrees) > _FAR:
        text += f"; more than {_FAR:.0f}: are the columns of the sides named right?"
    return text
