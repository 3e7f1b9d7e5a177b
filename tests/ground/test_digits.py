"""Whole numbers in text: what is one, and what only looks like one."""

from __future__ import annotations

import pytest

from solweig.config import ModelConfig
from solweig.digits import whole_number
from solweig.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), (" 366 ", 366), ("007", 7), ("999999999", 999999999)]
)
def test_whole_numbers(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", "\N{SUPERSCRIPT TWO}", "9" * 5000])
def test_what_is_none(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize("day", ["\N{SUPERSCRIPT TWO}", "9" * 5000, "0", "367"])
def test_a_day_that_is_none_is_refused_by_name(day: str) -> None:
    with pytest.raises(ConfigurationError, match="leaf_on"):
        ModelConfig(leaf_on=day, leaf_off=300)
