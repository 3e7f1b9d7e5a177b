"""Heights as people write them."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from solweig.inputs.attributes import column_of, lengths, numbers, texts, with_tags


@given(st.floats(0.1, 900).map(lambda v: round(v, 2)))
def test_every_way_to_write_metres(metres: float) -> None:
    text = f"{metres:.2f}"
    ways = [
        metres,
        text,
        f"{text} m",
        f"{text}m",
        f" {text} metres ",
        text.replace(".", ","),
        f"~{text}",
    ]
    found = lengths(ways)
    assert found.unreadable == found.feet == 0
    np.testing.assert_allclose(found.metres, metres, rtol=1e-9)


@given(st.integers(1, 900), st.integers(0, 11))
def test_feet_and_inches(feet: int, inches: int) -> None:
    found = lengths([f"{feet} ft", f"{feet}'", f"{feet}'{inches}\"", f"{feet} feet"])
    expected = np.array([feet, feet, feet + inches / 12, feet]) * 0.3048
    np.testing.assert_allclose(found.metres, expected)
    assert found.feet == 4


def test_what_is_no_length_is_counted() -> None:
    found = lengths([None, "", float("nan"), "high", "3 floors", "12-15", "7"])
    assert found.unreadable == 3
    assert np.isnan(found.metres[:6]).all()
    assert found.metres[6] == 7.0


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float32", "int16"])
def test_numeric_columns(dtype: str) -> None:
    column = pd.Series([3, 7], dtype=dtype)
    if dtype[0].isupper():
        column = pd.Series([3, None], dtype=dtype)
    found = lengths(column).metres
    assert found[0] == 3.0
    assert np.isnan(found[1]) == dtype[0].isupper()


def test_numbers() -> None:
    found = numbers(["3", "2;4", "1,5", "x", None])
    np.testing.assert_array_equal(found[:3], [3, 4, 1.5])
    assert np.isnan(found[3:]).all()


def test_names_of_columns() -> None:
    columns = ["OBJECTID", "Building_Levels", "HEIGHT", "min_height"]
    assert column_of(columns, ("height",)) == "HEIGHT"
    assert column_of(columns, ("building:levels",)) == "Building_Levels"
    assert column_of(["building_l"], ("building:levels",)) == "building_l"
    assert column_of(columns, ("roof:height",)) is None
    # The first name asked for counts, not the first column.
    assert column_of(["levels", "height"], ("height", "levels")) == "height"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("other_tags", ['"height"=>"12 m","name"=>"a \\"b\\""', None]),
        ("tags", ['{"height": "12 m"}', "not json"]),
        ("tags", [{"height": "12 m"}, {}]),
        ("tags", [[("height", "12 m")], []]),
    ],
)
def test_tags_in_one_column(column: str, values: list[object]) -> None:
    table = geopandas.GeoDataFrame({column: values}, geometry=[Point(0, 0), Point(1, 1)])
    found = with_tags(table, ["height", "building:levels"])
    assert lengths(found["height"]).metres[0] == 12.0
    assert np.isnan(lengths(found["height"]).metres[1])
    assert "building:levels" not in found.columns


def test_texts() -> None:
    assert texts(["  Tilia Cordata ", None, float("nan"), 12]) == ["tilia cordata", "", "", "12"]
