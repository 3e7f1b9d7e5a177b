"""Scalars of the sky against values stored from the reference's own functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import _core
from tests.support.tolerances import tolerance

Stored = dict[str, NDArray[Any]]


def stored(shared: Path, name: str) -> Stored:
    with np.load(shared / "reference/scalars" / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


@pytest.fixture(scope="module")
def weather(shared: Path) -> Stored:
    return stored(shared, "clearness_reindl_daylen")


@pytest.fixture(scope="module")
def skies(shared: Path) -> Stored:
    return stored(shared, "perez")


def test_clearness(weather: Stored) -> None:
    pressure = np.where(weather["P_kPa"] == -999, np.nan, weather["P_kPa"])
    # The function takes one latitude; the stored rows have their own.
    rows = [
        _core.clearness_index(
            *(
                np.array([float(x)])
                for x in (
                    90.0 - np.degrees(weather["zen_rad"][i]),
                    weather["jday"][i],
                    weather["Ta"][i],
                    weather["RH_percent"][i],
                    weather["radG"][i],
                )
            ),
            float(weather["latitude"][i]),
            pressure[i : i + 1],
        )
        for i in range(400)
    ]
    for name, theirs in {"i0": "I0", "ci": "CI", "kt": "Kt", "i0_et": "I0et"}.items():
        values = np.array([row[name][0] for row in rows])
        np.testing.assert_allclose(values, weather[theirs], rtol=tolerance("sky", "relative"))


def test_split(weather: Stored) -> None:
    beam, diffuse = _core.split_global(
        weather["radG"],
        90.0 - np.degrees(weather["zen_rad"]),
        weather["Kt"],
        weather["Ta"],
        weather["RH_percent"],
    )
    limit = {"rtol": tolerance("sky", "relative"), "atol": 1e-9}
    np.testing.assert_allclose(beam, weather["reindl_radI"], **limit)
    np.testing.assert_allclose(diffuse, weather["reindl_radD"], **limit)


def test_sunrise(weather: Stored) -> None:
    rows = zip(weather["jday"], weather["latitude"], strict=True)
    got = [_core.sunrise_hour(int(day), float(latitude)) for day, latitude in rows]
    np.testing.assert_allclose(got, weather["SNUP"], atol=1e-9)


@pytest.mark.parametrize(("option", "field"), [(2, "lv_153"), (1, "lv_145_first20")])
def test_luminance(skies: Stored, option: int, field: str) -> None:
    for i, want in enumerate(skies[field]):
        got, _, _ = _core.perez_luminance(
            float(skies["zen_deg"][i]),
            float(skies["azimuth_deg"][i]),
            float(skies["radD"][i]),
            float(skies["radI"][i]),
            int(skies["jday"][i]),
            option,
        )
        np.testing.assert_allclose(got, want, atol=1e-12)
        if option == 2:
            assert (np.ptp(got) == 0) == skies["uniform_fallback"][i]


def test_band_emissivity(shared: Path) -> None:
    bands = stored(shared, "patches_emissivity")
    for sky, want in zip(bands["esky"], bands["esky_band"], strict=True):
        got = _core.band_emissivity(float(sky), bands["band_altitude"])
        np.testing.assert_allclose(got, want, rtol=tolerance("sky", "relative"))


def test_patch_directions(shared: Path) -> None:
    bands = stored(shared, "patches_emissivity")
    table = _core.patch_table(2)
    np.testing.assert_allclose(table["altitude"], bands["patch_altitude"], atol=1e-12)
    np.testing.assert_allclose(table["azimuth"], bands["patch_azimuth"], atol=1e-12)
