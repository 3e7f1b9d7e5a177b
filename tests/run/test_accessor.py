"""``dataset.solweig``: what the functions of the package give, asked of the data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import solweig
import solweig.xarray
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.results.netcdf import NETCDF_NAME
from solweig.run import accessor
from solweig.surface import prepare as surface_prepare
from tests.support.run_cases import LOCATION, small_surface, weather

OUTPUTS = ["tmrt", "utci"]


@pytest.fixture(scope="module")
def layers() -> xr.Dataset:
    """The small square as a Dataset of dask arrays would be."""
    surface = small_surface(svf=False)
    georef = surface.georef
    names = ("dsm", "dem", "cdsm", "land_cover")
    return xr.Dataset(
        {name: (("y", "x"), np.asarray(getattr(surface, name))) for name in names},
        coords={"y": georef.y(), "x": georef.x()},
        attrs={"crs": "EPSG:3006"},
    )


@pytest.fixture(scope="module")
def summary(layers: xr.Dataset) -> solweig.TimeseriesSummary:
    found: solweig.TimeseriesSummary = layers.solweig.run(weather(), LOCATION, outputs=OUTPUTS)
    return found


def test_it_is_there_once_asked_for_and_costs_nothing_before() -> None:
    code = (
        "import sys, solweig; assert 'xarray' not in sys.modules; import xarray as xr;"
        "assert not hasattr(xr.Dataset, 'solweig'); import solweig.xarray;"
        "print(hasattr(xr.Dataset, 'solweig'), hasattr(xr.DataArray, 'solweig'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True True"


def test_prepare_is_that_of_the_surface(layers: xr.Dataset, tmp_path: Path) -> None:
    known = solweig.SurfaceData.prepare(layers)
    for own in (
        layers.solweig.prepare(tmp_path),
        layers.dsm.assign_attrs(crs="EPSG:3006").solweig.prepare(
            cdsm=layers.cdsm, dem=layers.dem, land_cover=layers.land_cover
        ),
    ):
        assert own.georef.gdal == known.georef.gdal
        assert np.array_equal(own.svf.svf, known.svf.svf)
    assert (tmp_path / "walls").exists() or any(tmp_path.iterdir())


def test_run_is_prepare_and_calculate(
    layers: xr.Dataset, summary: solweig.TimeseriesSummary
) -> None:
    surface = solweig.SurfaceData.prepare(layers)
    known = solweig.calculate(surface, weather(), LOCATION, outputs=OUTPUTS)
    assert known.dataset is not None
    assert summary.dataset is not None
    for name in OUTPUTS:
        assert np.array_equal(known.dataset[name], summary.dataset[name], equal_nan=True)
    assert known.metadata["run_id"] == summary.metadata["run_id"]


def test_choices_of_the_run_hold_for_the_preparation(
    layers: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    prepare = accessor.SurfaceData.prepare

    def noted(*args: Any, **options: Any) -> solweig.SurfaceData:
        asked.append(options)
        return prepare(*args, **options)

    monkeypatch.setattr(accessor.SurfaceData, "prepare", noted)
    config = solweig.ModelConfig(max_shadow_distance_m=40.0, formulation="improved")
    steps: list[tuple[int, int]] = []
    done = layers.solweig.run(
        weather((12,)), LOCATION, config=config, prepare={"wall_limit": 2.0, "patch_option": 1},
        progress_callback=lambda a, b: steps.append((a, b)),
    )  # fmt: skip
    assert steps[-1] == (1, 1)
    assert asked[0]["max_shadow_distance_m"] == 40.0
    assert asked[0]["formulation"] == "improved"
    assert (asked[0]["wall_limit"], asked[0]["patch_option"]) == (2.0, 1)
    assert done.metadata["parameters"]["settings"]["formulation"] == "improved"


def test_what_a_run_refuses_is_refused_before_the_sky_view(
    layers: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h5netcdf")

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("the sky view was computed")

    monkeypatch.setattr(surface_prepare, "add_sky_view", never)
    (tmp_path / NETCDF_NAME).write_text("mine")
    with pytest.raises(ConfigurationError, match="not ours"):
        layers.solweig.run(weather(), LOCATION, output_dir=tmp_path, output_format="netcdf")
    with pytest.raises(ConfigurationError, match="outputs"):
        layers.solweig.run(weather(), LOCATION, outputs=["nonsense"])
    with pytest.raises(TypeError, match="unknown settings: baseline"):
        layers.solweig.run(weather(), LOCATION, baseline=None)
    with pytest.raises(solweig.WeatherDataError):
        layers.solweig.run([], LOCATION)
    with pytest.raises(InvalidSurfaceData, match="a variable dsm"):
        layers.drop_vars("dsm").solweig.run(weather(), LOCATION)


# ------------------------------------------------------------------ pictures


PLACE = "57.705° N, 11.963° E"
CLOCK = "(local standard time of the weather data)"


def drawn(figure: Any) -> tuple[str, str]:
    """Title and subtitle."""
    import matplotlib.pyplot as plt

    title, subtitle = (text.get_text() for text in figure.texts[:2])
    plt.close(figure)
    return title, subtitle


def test_maps(layers: xr.Dataset, summary: solweig.TimeseriesSummary, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    data = summary.dataset
    assert data is not None
    means = data.utci.mean(("y", "x")).values
    hottest = str(data.time.values[int(np.nanargmax(means))].astype("datetime64[m]"))
    assert drawn(data.solweig.plot()) == (
        "Universal Thermal Climate Index", f"{PLACE} · {hottest.replace('T', ' ')} {CLOCK}",
    )  # fmt: skip
    title = drawn(data.solweig.plot("tmrt", time="2006-08-01T06:00"))[1]
    assert title == f"{PLACE} · 2006-08-01 06:00 {CLOCK}"
    assert drawn(data.tmrt.chunk(time=1, x=7).solweig.plot())[0] == "Mean radiant temperature"
    surface = solweig.SurfaceData.prepare(layers)
    path = tmp_path / "map.png"
    data.solweig.plot("utci", surface=surface, save_path=path)
    assert path.stat().st_size > 10_000
    assert drawn(layers.solweig.plot())[0] == "Dsm"


@pytest.mark.parametrize("kind", ["netcdf", "zarr"])
def test_maps_of_what_a_run_wrote(layers: xr.Dataset, tmp_path: Path, kind: str) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip({"netcdf": "h5netcdf", "zarr": "zarr"}[kind])
    layers.solweig.run(
        weather((6, 12)), LOCATION, output_dir=tmp_path, output_format=kind,
        prepare={"patch_option": 1},
    )  # fmt: skip
    path = tmp_path / {"netcdf": NETCDF_NAME, "zarr": "solweig.zarr"}[kind]
    with xr.open_dataset(path, engine={"netcdf": "h5netcdf", "zarr": "zarr"}[kind]) as dataset:
        assert drawn(dataset.solweig.plot())[1] == f"{PLACE} · 2006-08-01 12:00 {CLOCK}"
        assert drawn(dataset.solweig.plot("tmrt_mean"))[1] == PLACE
        with pytest.raises(ConfigurationError, match="'time_bnds'"):
            dataset.solweig.plot("time_bnds")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "pet"}, "name: expected one of tmrt, utci, got 'pet'"),
        ({"time": "2006-08-02"}, "time: expected a step of utci, such as 2006-08-01T03"),
        ({"time": "2006-08-01"}, "which is 4 of them"),
    ],
)
def test_maps_that_cannot_be_drawn(
    summary: solweig.TimeseriesSummary, options: dict[str, Any], said: str
) -> None:
    pytest.importorskip("matplotlib")
    assert summary.dataset is not None
    with pytest.raises(ConfigurationError, match=said):
        summary.dataset.solweig.plot(**options)


def test_maps_of_other_cells_and_without_steps(
    layers: xr.Dataset, summary: solweig.TimeseriesSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    data = summary.dataset
    assert data is not None
    with pytest.raises(ConfigurationError, match="surface: expected the cells of utci"):
        data.isel(x=slice(4, 20)).solweig.plot(surface=small_surface(svf=False))
    with pytest.raises(ConfigurationError, match="dsm has no steps"):
        layers.solweig.plot("dsm", time="2006-08-01")
    with pytest.raises(ConfigurationError, match="'utci' or nothing"):
        data.utci.solweig.plot("tmrt")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"solweig\[plot\]"):
        data.solweig.plot()
