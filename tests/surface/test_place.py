"""How large the cells of a surface made from arrays are, and when that cannot be."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import xarray as xr

from solweig import InvalidSurfaceData, SurfaceData
from tests.support.rasters import NORTH, UTM33, WEST, scene

DSM = scene()["dsm"]
PLACE = [WEST, 2.0, 0.0, NORTH, 0.0, -2.0]


def test_a_plain_array_keeps_one_metre_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert SurfaceData(DSM).pixel_size == 1.0
    assert "pixel_size is not given: cells are taken as 1 m wide" in caplog.text
    caplog.clear()
    assert SurfaceData(DSM, pixel_size=1.0).pixel_size == 1.0
    assert caplog.text == ""


@pytest.mark.parametrize("layers", [{}, {"dem": scene()["dem"], "cdsm": scene()["cdsm"]}])
def test_prepare_wants_the_pixel_size_of_a_plain_array(layers: dict[str, Any]) -> None:
    with pytest.raises(InvalidSurfaceData, match=r"pixel_size: .*an array does not say") as info:
        SurfaceData.prepare(DSM, **layers)
    assert info.value.field == "pixel_size"
    assert SurfaceData.prepare(DSM, pixel_size=3.0, **layers).pixel_size == 3.0


def test_a_transform_says_the_pixel_size(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert SurfaceData(DSM, geotransform=PLACE).pixel_size == 2.0
    assert "pixel_size: 2 m, as the geotransform has it" in caplog.text
    assert SurfaceData(DSM, geotransform=PLACE, crs=UTM33).pixel_size == 2.0


@pytest.mark.parametrize(
    ("place", "crs", "pixel_size", "expected"),
    [
        (PLACE, UTM33, 1.0, "2 m"),
        (PLACE, None, 4.0, "2 m"),
        ([1.6e6, 1.0, 0.0, 8e6, 0.0, -1.0], "EPSG:3857", 1.0, "0.528"),
        ([14.0, 1e-5, 0.0, 2.0, 0.0, -1e-5], "EPSG:4326", 1.0, "1.109"),
        ([1e6, 3.0, 0.0, 2e5, 0.0, -3.0], "EPSG:2263", 3.0, "0.914"),
    ],
)
def test_cells_that_are_not_as_large_as_is_said(
    place: list[float], crs: str | None, pixel_size: float, expected: str
) -> None:
    with pytest.raises(InvalidSurfaceData, match=f"pixel_size: expected {expected}.*on the ground"):
        SurfaceData(DSM, geotransform=place, crs=crs, pixel_size=pixel_size)
    SurfaceData(DSM, geotransform=place, crs=crs, pixel_size=float(expected.split()[0]))


def test_cells_that_are_oblong_on_the_ground() -> None:
    place = [14.0, 1e-5, 0.0, 50.0, 0.0, -1e-5]
    with pytest.raises(InvalidSurfaceData, match=r"geotransform: .*square.*0.717 m by 1.11 m"):
        SurfaceData(DSM, geotransform=place, crs="EPSG:4326", pixel_size=0.9)


def test_cells_a_little_off_are_told() -> None:
    with pytest.warns(UserWarning, match="pixel_size: expected 2 m"):
        SurfaceData(DSM, geotransform=PLACE, crs=UTM33, pixel_size=2.03)


def test_a_data_array_must_say_the_same() -> None:
    x, y = WEST + 2.0 * np.arange(50) + 1.0, NORTH - 2.0 * np.arange(40) - 1.0
    array = xr.DataArray(DSM, dims=("y", "x"), coords={"y": y, "x": x})
    for size in ({}, {"pixel_size": 1.0}):
        with pytest.raises(InvalidSurfaceData, match=r"2 m, .*SurfaceData.prepare\(dsm"):
            SurfaceData(array, **size)
    np.testing.assert_array_equal(SurfaceData(array[::-1], pixel_size=2.0).dsm, DSM)
