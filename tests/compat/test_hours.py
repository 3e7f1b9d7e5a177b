"""Hours of sun and shade cover the whole period where that is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import solweig
from tests.support.run_cases import LOCATION, small_surface, weather

ALL_DAY = (0, 3, 6, 9, 12, 15, 18, 21, 23)


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    found = small_surface(svf=False)
    found.dsm[0, 0] = np.nan
    found.compute_svf()
    return found


def test_sun_and_shade_are_all_hours(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    by_day = solweig.calculate(surface, weather(ALL_DAY), LOCATION)
    whole = solweig.calculate(
        surface, weather(ALL_DAY), LOCATION, output_dir=tmp_path, shade_at_night=True
    )
    has_data = np.isfinite(whole.tmrt_mean)
    assert not has_data.all()
    assert np.allclose((whole.sun_hours + whole.shade_hours)[has_data], 9.0)
    assert np.isnan(whole.shade_hours[~has_data]).all()
    assert by_day.n_nighttime > 0
    night = whole.shade_hours - by_day.shade_hours
    assert np.allclose(night[has_data], by_day.n_nighttime)
    assert np.array_equal(whole.sun_hours, by_day.sun_hours, equal_nan=True)
    assert "Sun, shade and night" in whole.report()
    assert "Sun, shade by day" in by_day.report()
    stored, *_ = solweig.io.load_raster(tmp_path / "summary" / "shade_hours.tif")
    assert np.array_equal(stored, whole.shade_hours, equal_nan=True)


def test_a_night_alone_is_shade(surface: solweig.SurfaceData) -> None:
    config = solweig.ModelConfig(shade_at_night=True)
    night = solweig.calculate(surface, weather((0, 1)), LOCATION, config=config)
    has_data = np.isfinite(night.tmrt_mean)
    assert (night.shade_hours[has_data] == 2.0).all()
    assert np.isnan(night.shade_hours[~has_data]).all()
