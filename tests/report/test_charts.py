"""Charts stay small, and show what they are given where it belongs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from solweig.report import charts
from solweig.report.charts import Line, bars, lines, ticks_within


def hours(count: int) -> np.ndarray:
    begin = np.datetime64("2006-08-01T00:00") + np.arange(count) * np.timedelta64(60, "m")
    return np.stack([begin, begin + np.timedelta64(60, "m")], axis=1)


def path_of(text: str) -> list[tuple[str, float, float, float]]:
    """Every level part of the first line: how it begins, from where to where, how far down."""
    drawn = re.search(r'<g class="lines"><path class="ink1" d="([^"]*)"', text)
    assert drawn is not None
    parts = re.findall(r"([ML])([\d.]+) ([\d.]+)H([\d.]+)", drawn.group(1))
    return [(how, float(x), float(x1), float(y)) for how, x, y, x1 in parts]


def test_a_step_is_level_over_its_interval() -> None:
    values = np.array([10.0, 20.0, np.nan, 15.0])
    text = lines([Line("Air", values, 1)], hours(4), title="Air", unit="°C")
    assert path_of(text) == [
        ("M", 0.0, 250.0, 1000.0), ("L", 250.0, 500.0, 0.0), ("M", 750.0, 1000.0, 500.0),
    ]  # fmt: skip
    assert "Air: Air 10.0 to 20.0 °C" in text
    assert lines([Line("Air", values * np.nan, 1)], hours(4), title="Air", unit="°C") == ""


def test_a_gap_between_steps_is_a_gap() -> None:
    bounds = hours(4)[[0, 1, 3]]
    text = lines([Line("Air", np.array([1.0, 2.0, 3.0]), 1)], bounds, title="Air", unit="°C")
    assert [how for how, *_ in path_of(text)] == ["M", "L", "M"]


def test_a_year_of_hours_is_thinned_and_says_so() -> None:
    values = np.arange(8760.0)
    text = lines([Line("Air", values, 1)], hours(8760), title="Air", unit="°C")
    assert len(text) < 40_000
    assert "Air, means of 11 steps" in text
    found = path_of(text)
    assert len(found) == 797 <= charts.MOST_STEPS
    assert found[-1][2] == 1000.0
    assert "5.0 to 8757.5" in text, "means of the first eleven and of the last four"


def test_bars_sum_to_all_of_the_ground() -> None:
    shares = np.array([[0.25, 0.75], [1.0, 0.0], [np.nan, np.nan]])
    text = bars(
        shares, ["a", "b"], ["#111111", "#222222"], hours(3), ["x", "y", "z"], title="Share"
    )
    boxes = re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="(#\d+)"', text)
    assert boxes == [
        ("750.0", "250.0", "#111111"), ("0.0", "750.0", "#222222"), ("0.0", "1000.0", "#111111"),
    ]  # fmt: skip
    assert "z: no value" in text


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(10, 65, [10, 20, 30, 40, 50, 60]), (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 5, range(6)),
     (17, 34, [20, 25, 30]), (-3, 2, [-3, -2, -1, 0, 1, 2])],
)  # fmt: skip
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert ticks_within(low, high) == pytest.approx(list(ticks))
