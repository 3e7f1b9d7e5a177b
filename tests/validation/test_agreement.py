"""The statistics and the matching of hours, against what the reference's manifests report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig.validation.agreement import agreement
from tests.validation.reference import measured_agreement, point_series
from tests.validation.sites import FLUXES, site_days


def test_known_series() -> None:
    found = agreement([1.0, 2.0, np.nan, 6.0], [2.0, 2.0, 3.0, 4.0])
    assert found.n == 3
    assert found.rmse == pytest.approx(np.sqrt(5 / 3))
    assert found.mae == pytest.approx(1.0)
    assert found.bias == pytest.approx(1 / 3)
    assert found.r2 == pytest.approx(np.corrcoef([1, 2, 6], [2, 2, 4])[0, 1] ** 2)


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        agreement([1.0], [1.0, 2.0])


@pytest.mark.parametrize("mode", ["iso", "aniso", "iso_box"])
def test_reference_series_give_the_reference_figures(shared: Path, mode: str) -> None:
    compared = 0
    for site, day in site_days():
        reported = measured_agreement(shared, site.name, day, mode)
        if not reported:
            continue
        measured = site.measured(shared, day)
        for column, field in FLUXES.items():
            series = point_series(shared, site.name, day, mode, field)
            found = agreement(series, measured[column])
            assert found.n == reported[column]["n"], (site.name, day, column)
            assert found.rmse == pytest.approx(reported[column]["rmse"], abs=2e-3)
            assert found.bias == pytest.approx(reported[column]["bias"], abs=2e-3)
            compared += 1
    assert compared > 0
