"""Switches that bring back rules of the reference, through :func:`solweig.calculate`."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import solweig
from tests.support.run_cases import LOCATION, PIXEL, weather


def tower(land_cover: bool = True) -> solweig.SurfaceData:
    """Of 60 m among houses of 6 m, on flat ground."""
    dem = np.zeros((50, 60), np.float32)
    dsm = dem.copy()
    dsm[20:30, 5:15] = dsm[2:8, 40:50] = 6.0
    dsm[40:43, 30:32] = 60.0
    cover = np.where(dsm > 0, 2, 1).astype(np.uint8) if land_cover else None
    return solweig.SurfaceData(dsm, dem=dem, land_cover=cover, pixel_size=PIXEL)


def noon(surface: solweig.SurfaceData, **changes: object) -> solweig.TimeseriesSummary:
    config = solweig.ModelConfig(**changes)  # type: ignore[arg-type]
    return solweig.calculate(
        surface, weather((8,)), LOCATION, config=config, outputs=["shadow", "lup"]
    )


def test_a_bound_cuts_the_shadow_of_a_tower() -> None:
    surface = tower()
    surface.compute_svf(height_bound_m=20.0)
    cut = noon(surface, height_bound_m=20.0)
    whole = noon(surface)
    assert cut.dataset is not None
    assert whole.dataset is not None
    lit, shaded = (d["shadow"].values[0] for d in (cut.dataset, whole.dataset))
    assert (lit >= shaded).all()
    assert (lit > shaded).sum() > 20


def test_two_bounds_are_told(caplog: pytest.LogCaptureFixture) -> None:
    surface = tower()
    surface.compute_svf(height_bound_m=20.0)
    with caplog.at_level(logging.WARNING, logger="solweig"):
        noon(surface, height_bound_m=20.0)
        assert not [r for r in caplog.records if "height_bound_m" in r.message]
        noon(surface)
    (told,) = [r for r in caplog.records if "height_bound_m" in r.message]
    assert "None" in told.message
    assert "20" in told.message


def test_the_reference_s_bound_follows_the_heights() -> None:
    bare = tower()
    assert solweig.SurfaceData(bare.dsm, pixel_size=PIXEL).reference_height_bound() == 60.0
    canopy = np.zeros_like(bare.dsm)
    canopy[10, 10] = 25.0
    cover = np.where(bare.dsm > 0, 2, 1).astype(np.uint8)
    few = np.where(bare.dsm == 60.0, 0.0, bare.dsm).astype(np.float32)
    low = solweig.SurfaceData(few, dem=np.zeros_like(few), land_cover=cover, pixel_size=PIXEL)
    assert low.reference_height_bound() == 6.0
    green = solweig.SurfaceData(
        few, dem=np.zeros_like(few), cdsm=canopy, land_cover=cover, pixel_size=PIXEL
    )
    assert green.reference_height_bound() == 25.0


def test_bare_ground_starts_as_warm_as_in_the_reference() -> None:
    surface = tower(land_cover=False)
    surface.compute_svf()
    ours, theirs = noon(surface), noon(surface, no_land_cover_tstart=3.41)
    same = noon(surface, no_land_cover_tstart=-3.41)
    assert ours.dataset is not None
    assert theirs.dataset is not None
    assert same.dataset is not None
    lup = [summary.dataset["lup"].values for summary in (ours, theirs, same)]
    assert np.array_equal(lup[0], lup[2], equal_nan=True)
    assert np.nanmean(lup[1] - lup[0]) > 5.0
    covered = tower()
    covered.compute_svf()
    pair = [noon(covered, **c).dataset["lup"] for c in ({}, {"no_land_cover_tstart": 3.41})]
    assert np.array_equal(*pair, equal_nan=True)
