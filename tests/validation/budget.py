"""Which term makes the error: what a person receives, modelled minus measured.

Every term is in W m-2 of blackbody emission: absorbed radiation over longwave absorption, so that
the terms of a series add up to ``sigma (Tmrt + 273.2)^4``. The masts' own Tmrt was formed with a
longwave absorption of 0.97 and six directions (0.06 of each horizontal, 0.22 of each side).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.validation.runs import LONGWAVE_ABSORPTION, Series

UP, SIDE, CYLINDER = 0.06, 0.22, 0.28
SHORTWAVE_ABSORPTION = 0.70
MEASURED_LONGWAVE_ABSORPTION = 0.97
SIGMA, KELVIN = 5.67051e-8, 273.2
TERMS = ("Kdown", "Kup", "K sides", "Ldown", "Lup", "L sides")
REST = "rest"


def measured_terms(measured: Series) -> Series:
    """Terms from the six pairs of radiometers."""
    return _terms(
        measured,
        ("Kdown", "Kup", "Ldown", "Lup"),
        SIDE * sum(measured[name] for name in ("Ke", "Ks", "Kw", "Kn")),
        SIDE * sum(measured[name] for name in ("Le", "Ls", "Lw", "Ln")),
        MEASURED_LONGWAVE_ABSORPTION,
    )


def modelled_terms(model: Series, *, anisotropic: bool) -> Series:
    """The same of a run with a cylinder and reference settings.

    The sides' longwave is what is left of the emission that Tmrt stands for.
    """
    on_cylinder = model["kside"] if anisotropic else model["kside_i"]
    ground_and_sky = sum(model[name] for name in ("keast", "ksouth", "kwest", "knorth"))
    terms = _terms(
        model,
        ("kdown", "kup", "ldown", "lup"),
        CYLINDER * on_cylinder + SIDE * ground_and_sky,
        np.zeros(24),
        LONGWAVE_ABSORPTION,
    )
    terms["L sides"] = SIGMA * (model["tmrt"] + KELVIN) ** 4 - sum(terms.values())
    return terms


def _terms(
    series: Series,
    horizontals: tuple[str, str, str, str],
    k_sides: NDArray[np.float64],
    l_sides: NDArray[np.float64],
    longwave_absorption: float,
) -> Series:
    kdown, kup, ldown, lup = (UP * series[name] for name in horizontals)
    share = SHORTWAVE_ABSORPTION / longwave_absorption
    values = (share * kdown, share * kup, share * k_sides, ldown, lup, l_sides)
    return dict(zip(TERMS, values, strict=True))


def temperature_errors(model: Series, measured: Series, *, anisotropic: bool) -> Series:
    """Error of Tmrt [K] by term and hour, linearised at the mean of both Tmrt.

    ``rest`` is what the measured fluxes do not explain of the measured Tmrt.
    """
    modelled = modelled_terms(model, anisotropic=anisotropic)
    truth = measured_terms(measured)
    middle = 0.5 * (measured["Tmrt"] + model["tmrt"]) + KELVIN
    errors = {name: (modelled[name] - truth[name]) / (4 * SIGMA * middle**3) for name in TERMS}
    errors[REST] = model["tmrt"] - measured["Tmrt"] - sum(errors.values())
    return errors
