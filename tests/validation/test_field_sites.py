"""The model against measurements: as close as the reference is, with the reference's settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig.validation import budget
from solweig.validation.agreement import agreement
from solweig.validation.assess import MAST_ABSORPTION
from solweig.validation.finding import find_mast
from tests.validation import evidence, runs
from tests.validation.reference import measured_agreement, point_series
from tests.validation.sites import SITES, Site, site_days

RMSE_TOLERANCE_C = 0.1
HOURLY_TOLERANCE_C = 0.02
MODES = {"aniso": runs.ANISOTROPIC, "iso": runs.ISOTROPIC}
#: Days the reference compared with the masts itself; it was not run at Kronenhuset.
REPORTED_DAYS = [(site, day) for site, day in site_days() if site.name != "kronenhuset"]


@pytest.mark.slow
@pytest.mark.parametrize("key", MODES)
@pytest.mark.parametrize(("site", "day"), REPORTED_DAYS, ids=lambda v: getattr(v, "name", v))
def test_tmrt_is_as_close_to_measurements_as_the_reference(
    shared: Path, site: Site, day: str, key: str
) -> None:
    reported = measured_agreement(shared, site.name, day, key)
    with runs.quiet():
        series = runs.hourly(site, day, shared, MODES[key])
    measured = site.measured(shared, day)
    found = agreement(series["tmrt"], measured["Tmrt"])
    assert found.n == reported["Tmrt"]["n"]
    assert found.rmse == pytest.approx(reported["Tmrt"]["rmse"], abs=RMSE_TOLERANCE_C)
    # By night the reference's run has a cloudless sky by accident; by day every hour agrees.
    by_day = series["kdown"] > 0
    reference = point_series(shared, site.name, day, key, "tmrt")
    assert np.abs(series["tmrt"] - reference)[by_day].max() < HOURLY_TOLERANCE_C


@pytest.mark.parametrize(("site", "day"), site_days(), ids=lambda v: getattr(v, "name", v))
def test_weather_stands_for_the_hour_that_begins(shared: Path, site: Site, day: str) -> None:
    left = evidence.closure(site, day, shared)
    assert left["start"] < 5.0
    assert min(left["centre"], left["end"]) > 4.0 * left["start"]


@pytest.mark.slow
def test_the_square_is_found_to_name_hours_by_their_end(shared: Path) -> None:
    site = next(site for site in SITES if site.name == "gustav_adolfs")
    with runs.quiet():
        model = runs.joined(
            [runs.modelled(site, day, shared, runs.ANISOTROPIC) for day in site.weather]
        )
    fit = find_mast(site.mast(shared), model)
    assert (fit.interval.stamp, fit.interval.verdict) == (site.stamp, "sure")
    assert fit.turn is not None
    assert fit.turn.verdict == "found"
    assert fit.turn.best == pytest.approx(site.turn, abs=2.0)
    assert fit.turn.rms < 0.6 * fit.turn.rms_unturned


def test_terms_add_up_to_the_absorbed_radiation_the_masts_report(shared: Path) -> None:
    compared = 0
    for site, day in site_days():
        if site.name == "kronenhuset":
            continue  # Its reported absorption does not follow from its six fluxes.
        measured = site.measured(shared, day)
        emitted = sum(budget.measured_terms(measured, *MAST_ABSORPTION).values())
        absorbed = MAST_ABSORPTION[1] * emitted
        error = absorbed - measured["Sstr"]
        assert np.nanmax(np.abs(error)) < 0.1, (site.name, day)
        compared += int(np.isfinite(error).sum())
    assert compared > 40
