"""Typed errors: hierarchy, attributes, wording, pickling."""

from __future__ import annotations

import pickle

import pytest

from solweig import errors


@pytest.mark.parametrize(
    "kind",
    [
        errors.InvalidSurfaceData,
        errors.GridShapeMismatch,
        errors.WeatherDataError,
        errors.ConfigurationError,
        errors.StalePrecomputedData,
        errors.MissingRaster,
    ],
)
def test_field_errors_name_field_expected_and_got(kind: type[errors.SolweigError]) -> None:
    assert issubclass(kind, ValueError)
    error = kind("dsm", "2-D array", "3-D array", "Give one band.")
    assert str(error) == "dsm: expected 2-D array, got 3-D array. Give one band."
    assert (error.field, error.expected, error.got, error.hint) == (
        "dsm",
        "2-D array",
        "3-D array",
        "Give one band.",
    )


def test_hierarchy() -> None:
    assert issubclass(errors.GridShapeMismatch, errors.InvalidSurfaceData)
    for name in (
        "InvalidSurfaceData",
        "MissingPrecomputedData",
        "StalePrecomputedData",
        "WeatherDataError",
        "ConfigurationError",
        "ComputationCancelled",
    ):
        assert issubclass(getattr(errors, name), errors.SolweigError)


def test_shapes_stay_tuples() -> None:
    error = errors.GridShapeMismatch("cdsm", (10, 20), (10, 21))
    assert error.expected == (10, 20)
    assert str(error) == "cdsm: expected (10, 20), got (10, 21)."


def test_missing_and_cancelled() -> None:
    missing = errors.MissingPrecomputedData("svf", "Call SurfaceData.prepare first.")
    assert missing.field == "svf"
    assert str(missing).endswith("Call SurfaceData.prepare first.")
    cancelled = errors.ComputationCancelled("svf")
    assert cancelled.stage == "svf"
    assert str(cancelled) == "cancelled during svf."
    assert str(errors.ComputationCancelled()) == "cancelled."


@pytest.mark.parametrize(
    "error",
    [
        errors.GridShapeMismatch("dem", (1, 2), (3, 4), "Align them."),
        errors.MissingPrecomputedData("walls"),
        errors.ComputationCancelled("timestep"),
        errors.SolweigError("plain"),
    ],
)
def test_errors_survive_pickling(error: errors.SolweigError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__
