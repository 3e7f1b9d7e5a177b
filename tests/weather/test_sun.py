"""Sun position against published check values and the reference's own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig.errors import ConfigurationError
from solweig.weather import sun

ALTITUDE_TOLERANCE = 0.0014  # degrees; two codes of one algorithm
AZIMUTH_TOLERANCE = 0.001  # degrees on the sphere: times cos(altitude)


@pytest.mark.parametrize(
    ("utc", "place", "altitude", "azimuth"),
    [
        ("2005-10-17T12:30", (57.7, 11.94, 3.0), 90 - 69.662305, 204.383950),
        ("2020-06-21T11:00", (57.7, 11.97, 10.0), 55.652817, 174.297451),
    ],
)
def test_check_values(
    utc: str, place: tuple[float, float, float], altitude: float, azimuth: float
) -> None:
    found = sun.sun_position(np.datetime64(utc), *place)
    assert found[0] == pytest.approx([altitude], abs=ALTITUDE_TOLERANCE)
    assert found[1] == pytest.approx([azimuth], abs=AZIMUTH_TOLERANCE)


@pytest.mark.parametrize(
    ("day", "place", "offset", "height", "expected"),
    [
        ("1997-06-06", (57.7, 11.97), 1, 10, 54.980837),
        ("2023-06-21", (37.98, 23.73), 2, 100, 75.446260),
        ("2023-12-21", (-33.9, 151.2), 10, 100, 79.421458),
        ("2020-12-20", (69.6, 18.9), 1, 10, 0.0),
    ],
)
def test_highest_altitude_check_values(
    day: str, place: tuple[float, float], offset: float, height: float, expected: float
) -> None:
    stamps = np.array([day, f"{day}T13:07"], "datetime64[m]")
    found = sun.highest_altitude(stamps, *place, offset, height)
    assert found == pytest.approx([expected, expected], abs=ALTITUDE_TOLERANCE)


def test_reference_instants(shared: Path) -> None:
    stored = np.load(shared / "reference" / "scalars" / "sun_position.npz")
    parts = zip(*(stored[k] for k in ("year", "month", "day", "hour", "min")), strict=True)
    texts = ["{:04d}-{:02d}-{:02d}T{:02d}:{:02d}".format(*part) for part in parts]
    local = np.array(texts, "datetime64[m]")
    utc = local - stored["UTC"].astype("timedelta64[h]")
    places = np.stack([stored["latitude"], stored["longitude"], stored["altitude"]], axis=1)
    altitude, azimuth = np.empty(utc.size), np.empty(utc.size)
    for place in np.unique(places, axis=0):
        rows = np.all(places == place, axis=1)
        altitude[rows], azimuth[rows] = sun.sun_position(utc[rows], *place)
    expected = 90.0 - stored["zenith"]
    up = expected > 1.0
    assert up.sum() > 100
    assert np.abs(altitude - expected)[up].max() <= ALTITUDE_TOLERANCE
    turn = np.abs((azimuth - stored["azimuth"] + 180.0) % 360.0 - 180.0)
    assert (turn * np.cos(np.radians(expected)))[up].max() <= AZIMUTH_TOLERANCE
    assert np.array_equal(altitude > 0, expected > 0)


def test_low_sun_is_raised() -> None:
    raised = sun.raise_low_sun(np.array([-0.01, 0.0, 0.5, 0.999, 1.0, 30.0]))
    assert raised.tolist() == [-0.01, 1.0, 1.0, 1.0, 1.0, 30.0]


def test_middle_of_step() -> None:
    stamp = np.array(["2020-06-21T12:00"], "datetime64[m]")
    for meaning, expected in (("end", "11:57:30"), ("centre", "12:00:00"), ("start", "12:02:30")):
        middle = sun.middle_of_step(stamp, 5, meaning)
        assert middle[0] == np.datetime64(f"2020-06-21T{expected}")
    with pytest.raises(ConfigurationError, match="stamp"):
        sun.middle_of_step(stamp, 5, "begin")


def test_fractional_offset() -> None:
    local = np.array(["2020-06-21T12:00"], "datetime64[m]")
    assert sun.to_utc(local, 5.75)[0] == np.datetime64("2020-06-21T06:15")
    # At solar noon in Kathmandu the sun stands south, as it would not with a whole hour.
    altitude, azimuth = sun.sun_position(sun.to_utc(local, 5.75), 27.7, 85.3)
    assert altitude[0] > 80
    _, whole = sun.sun_position(sun.to_utc(local, 5.0), 27.7, 85.3)
    assert abs(whole[0] - azimuth[0]) > 10


def test_many_days_at_once_equal_single_days() -> None:
    stamps = np.array(["2020-03-01T10", "2020-03-02T10", "2020-03-01T12"], "datetime64[h]")
    together = sun.highest_altitude(stamps, 50.0, 10.0, 1.0)
    assert together[0] == together[2]
    for stamp, value in zip(stamps, together, strict=True):
        assert sun.highest_altitude(stamp[None], 50.0, 10.0, 1.0)[0] == value
