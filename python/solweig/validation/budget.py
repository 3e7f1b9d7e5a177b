"""Which term makes the error of Tmrt: what a person receives, modelled minus measured.

Every term is in W m-2 of blackbody emission: absorbed radiation over longwave absorption, so that
the terms add up to ``sigma (Tmrt + 273.2)^4``. A standing body takes 0.06 of each horizontal flux
and 0.22 of each side.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solweig.typing import F64
from solweig.validation.modelled import ABSORBED
from solweig.validation.quantities import K_SIDES, L_SIDES

__all__ = ["REST", "TERMS", "measured_terms", "modelled_terms", "temperature_errors"]

UP, SIDE = 0.06, 0.22
SIGMA, KELVIN = 5.67051e-8, 273.2
TERMS = ("Kdown", "Kup", "K sides", "Ldown", "Lup", "L sides")
REST = "rest"


def measured_terms(measured: Mapping[str, F64], abs_k: float, abs_l: float) -> dict[str, F64]:
    """Terms from radiometers; those that were not measured are left out.

    Parameters
    ----------
    measured
        Columns of the mast.
    abs_k, abs_l
        Absorption of short- and longwave radiation the mast's Tmrt was formed with.
    """
    share = abs_k / abs_l
    found = {}
    for name in ("Kdown", "Kup"):
        if name in measured:
            found[name] = share * UP * measured[name]
    for name in ("Ldown", "Lup"):
        if name in measured:
            found[name] = UP * measured[name]
    for term, names, factor in (("K sides", K_SIDES, share), ("L sides", L_SIDES, 1.0)):
        if all(name in measured for name in names):
            found[term] = factor * SIDE * np.sum([measured[name] for name in names], axis=0)
    return {name: found[name] for name in TERMS if name in found}


def modelled_terms(model: Mapping[str, F64], abs_k: float, abs_l: float) -> dict[str, F64]:
    """The same of a run; the sides' longwave is what is left of the emission Tmrt stands for.

    Parameters
    ----------
    model
        As :meth:`solweig.validation.modelled.Modelled.at` gives it.
    abs_k, abs_l
        Absorption of the run.
    """
    share = abs_k / abs_l
    terms = {
        "Kdown": share * UP * model["Kdown"],
        "Kup": share * UP * model["Kup"],
        "K sides": share * model[ABSORBED],
        "Ldown": UP * model["Ldown"],
        "Lup": UP * model["Lup"],
    }
    terms["L sides"] = SIGMA * (model["Tmrt"] + KELVIN) ** 4 - sum(terms.values())
    return terms


def temperature_errors(
    model: Mapping[str, F64],
    measured: Mapping[str, F64],
    *,
    absorption: tuple[float, float],
    mast_absorption: tuple[float, float],
) -> dict[str, F64]:
    """Error of Tmrt [K] by term and row, linearised at the mean of both Tmrt.

    ``rest`` is what the measured fluxes do not explain of the measured Tmrt, and every term that
    was not measured.

    Parameters
    ----------
    model, measured
        Paired columns, Tmrt among both.
    absorption, mast_absorption
        Absorption of short- and longwave of the run and of the mast's Tmrt.
    """
    modelled = modelled_terms(model, *absorption)
    truth = measured_terms(measured, *mast_absorption)
    middle = 0.5 * (measured["Tmrt"] + model["Tmrt"]) + KELVIN
    errors = {name: (modelled[name] - truth[name]) / (4 * SIGMA * middle**3) for name in truth}
    errors[REST] = model["Tmrt"] - measured["Tmrt"] - sum(errors.values(), np.zeros(middle.shape))
    return errors
