"""Weather given cell by cell: what it changes, what it leaves, and that the cut does not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import solweig
from solweig import LapseRate, WeatherField, WindCoefficients, _core
from solweig.config import ATTRIBUTION, INDICES
from solweig.errors import ConfigurationError
from solweig.execution import ExecutionConfig
from solweig.results.metadata import load_run_metadata
from tests.support.field_cases import assert_same_maps, cube_of, patchy, write_bands
from tests.support.run_cases import LOCATION, small_surface, weather, xy
from tests.support.tile_cases import OUTPUTS, REACH_M, city, prepared

CPU = ExecutionConfig(accelerator="cpu")
HOURS = (3, 6, 9, 12, 15)
POINTS = [(5.0, 5.0), (60.0, 80.0), (151.0, 133.0)]
BODY = {"weight": 75.0, "age": 35.0, "height": 1.75, "activity": 80.0, "clothing": 0.9}


def steps(**changes: Any) -> list[solweig.Weather]:
    return weather(HOURS, **changes)


def run(surface: solweig.SurfaceData, rows: Any = None, **options: Any) -> Any:
    chosen: dict[str, Any] = {
        "outputs": list(OUTPUTS), "max_shadow_distance_m": REACH_M, "execution": CPU, **options,
    }  # fmt: skip
    return solweig.calculate(surface, steps() if rows is None else rows, LOCATION, **chosen)


def of_steps(rows: list[solweig.Weather], name: str) -> list[float]:
    return [getattr(row, name) for row in rows]


def all_fields(surface: solweig.SurfaceData, rows: list[solweig.Weather]) -> dict[str, Any]:
    """Air up to 3 K, humidity up to 12 % and wind up to 1.5 m/s from the steps'."""
    spans = {"ta": 3.0, "rh": 12.0, "ws": 1.5}
    return {
        name: WeatherField(patchy(surface, of_steps(rows, name), span, i), 10.0 if i == 2 else 2.0)
        for i, (name, span) in enumerate(spans.items())
    }


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return prepared()


@pytest.fixture(scope="module")
def small() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def whole(surface: solweig.SurfaceData) -> Any:
    return run(surface, fields=all_fields(surface, steps()), pois=POINTS)


# ------------------------------------------------------------------ the air of the step


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_anisotropic_sky": False},
        {"formulation": "improved"},
        {"config": solweig.ModelConfig(body="box")},
        {"wind_profile": "log", "roughness_m": 0.1, "utci_range": "clip"},
    ],
    ids=["default", "isotropic", "improved", "box", "log"],
)
@pytest.mark.filterwarnings("ignore:.*formulation")
def test_a_field_of_the_steps_own_air_changes_no_bit(
    surface: solweig.SurfaceData, options: dict[str, Any]
) -> None:
    rows = steps(ws=2.3)
    rows[1].ta, rows[2].rh = 21.37, 44.44  # no numbers of single precision
    fields = {
        name: WeatherField(cube_of(surface, of_steps(rows, name)), 10.0)
        for name in ("ta", "rh", "ws")
    }
    plain = run(surface, rows, pois=POINTS, **options)
    assert_same_maps(plain, run(surface, rows, pois=POINTS, fields=fields, **options))
    other = WeatherField(cube_of(surface, [t + 0.5 for t in of_steps(rows, "ta")]), 2.0)
    warmer = run(surface, rows, fields={"ta": other}, **options)
    assert float((warmer.dataset.tmrt - plain.dataset.tmrt).min()) > 0.1


@pytest.mark.parametrize("body", ["cylinder", "box"])
@pytest.mark.parametrize("patches", [False, True])
def test_uniform_air_is_another_station_under_the_same_sky(
    surface: solweig.SurfaceData, body: str, patches: bool
) -> None:
    # The measured longwave is the same whatever the air below; clear days have no cloud to correct.
    sky = {
        "measured_longwave_down": 340.0, "measured_direct_rad": 920.0,
        "measured_diffuse_rad": 110.0, "rh": 50.0,
    }  # fmt: skip
    options: dict[str, Any] = {
        "longwave": "measured", "use_anisotropic_sky": patches,
        "config": solweig.ModelConfig(body=body, night_clearness=1.0),
        "outputs": ["tmrt", "lup", "ldown", "attribution"],
    }  # fmt: skip
    rows = [
        solweig.Weather(w.datetime, global_rad=float("nan"), **{**sky, "ta": 20.0})
        if w.global_rad > 300 else solweig.Weather(
            w.datetime, ta=20.0, rh=50.0, global_rad=0.0, measured_longwave_down=340.0
        )
        for w in steps()
    ]  # fmt: skip
    hot = [solweig.Weather(**{**given(row), "ta": 26.0}) for row in rows]
    fields = {"ta": WeatherField(np.full(surface.shape, 26.0, np.float32), 2.0)}
    ours, theirs = run(surface, rows, fields=fields, **options), run(surface, hot, **options)
    plain = run(surface, rows, **options)
    for name, least, alike in (("lup", 20.0, 0.1), ("ldown", 1.0, 0.01), ("tmrt", 1.5, 0.01)):
        moved = np.abs(plain.dataset[name] - theirs.dataset[name])
        assert float(moved.mean()) > least, name
        if not patches or name == "lup":
            off = float(np.abs(ours.dataset[name] - theirs.dataset[name]).max())
            assert off < alike, (name, off)
    if not patches:
        return
    # Which part of the patch sky sends how much follows its emissivity (R 5.3), and with the whole
    # the kelvin a watt makes; what ground, walls and foliage send is the same.
    air = 26.0 + 273.15
    t, other = (x.dataset.tmrt + 273.2 for x in (ours, theirs))
    share = ((other**2 + air**2) * (other + air)) / ((t**2 + air**2) * (t + air))
    for name in ("ground", "walls", "vegetation"):
        one, two = (x.dataset[f"attribution_{name}"] for x in (ours, theirs))
        off = float(np.abs(one - share * two).max())
        assert off < 0.1, (name, off)


def given(row: solweig.Weather) -> dict[str, Any]:
    names = (
        "datetime", "ta", "rh", "global_rad", "measured_direct_rad", "measured_diffuse_rad",
        "measured_longwave_down",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


# ------------------------------------------------------------------ every cell by itself


def test_comfort_is_that_of_the_air_of_each_cell(whole: Any, surface: solweig.SurfaceData) -> None:
    rows = steps()
    fields = all_fields(surface, rows)
    for i in range(len(rows)):
        tmrt = whole.dataset.tmrt.values[i].astype(np.float64)
        ta, rh, ws = (np.asarray(fields[n].source[i], np.float64) for n in ("ta", "rh", "ws"))
        ws = np.maximum(ws, 0.0)
        utci = _core.utci(ta, rh, tmrt, ws)
        assert np.allclose(whole.dataset.utci.values[i], utci, atol=2e-4, equal_nan=True)
        at = (slice(20, 26), slice(30, 60))
        low = ws * _core.wind_ratio(1.1, 10.0)
        person = {name: np.full(tmrt[at].shape, value) for name, value in BODY.items()}
        pet = _core.pet(
            *(np.ascontiguousarray(x[at]) for x in (ta, rh, tmrt, low)),
            *(person[n] for n in ("weight", "age", "height", "activity", "clothing")),
            np.ones(tmrt[at].shape, np.int64),
        )
        assert np.allclose(whole.dataset.pet.values[i][at], pet, atol=2e-3, equal_nan=True)


def test_the_attribution_sums_up_from_the_air_of_each_cell(
    whole: Any, surface: solweig.SurfaceData
) -> None:
    ta = all_fields(surface, steps())["ta"].source
    parts = sum(whole.dataset[name].values.astype(np.float64) for name in ATTRIBUTION)
    assert np.allclose(parts, whole.dataset.tmrt.values - ta, atol=2e-3, equal_nan=True)


def test_a_cell_does_not_depend_on_the_air_of_others(surface: solweig.SurfaceData) -> None:
    rows = steps()
    fields = all_fields(surface, rows)
    before = run(surface, rows, fields=fields)
    changed = fields["ta"].source.copy()
    row, col = 40, 45
    assert surface.valid_mask[row, col]
    changed[:, row, col] += 4.0
    after = run(surface, rows, fields={**fields, "ta": WeatherField(changed, 2.0)})
    for name in ("tmrt", "utci", "pet", "lup", "ldown"):
        one, two = before.dataset[name].values, after.dataset[name].values
        apart = (one != two) & ~(np.isnan(one) & np.isnan(two))
        where = {(int(r), int(c)) for _, r, c in np.argwhere(apart)}
        assert where == {(row, col)}, name


def test_radiation_and_shade_of_the_sun_do_not_depend_on_the_air(
    whole: Any, surface: solweig.SurfaceData
) -> None:
    plain = run(surface, pois=POINTS)
    for name in ("shadow", "kdown", "kup"):
        assert np.array_equal(plain.dataset[name], whole.dataset[name], equal_nan=True), name


@pytest.mark.parametrize("rule", [None, "clip", "flag"])
def test_missing_wind_is_not_calm_where_the_air_is_the_cells(
    small: solweig.SurfaceData, rule: str | None
) -> None:
    rows = directions([0.0, 90.0])
    rows[1].ws = float("nan")
    air = all_fields(small, rows)["ta"]
    shares = {d: np.full(small.shape, 0.6, np.float32) for d in (0, 90)}
    winds = WindCoefficients(shares, 1.5)
    names = ["utci", "pet", *INDICES]
    for fields in ({"ta": air}, {"ws": winds}, {"ta": air, "ws": winds}):
        found = run(
            small, rows, fields=fields, utci_range=rule, outputs=["tmrt", *names], pois=[xy(3, 3)]
        )
        assert found.pois is not None
        for name in names:
            missing = np.isnan(found.dataset[name].values)
            assert not missing[0].any(), name
            assert missing[1].all(), name
            assert np.isnan(found.pois[name]).tolist() == [False, True], name
        assert not np.isnan(found.dataset.tmrt).any()
        assert found.metadata["comfort"]["steps_without_utci"] == 1
        if "ws" in fields:
            assert np.isfinite(found.metadata["fields"]["ws"]["highest"])
    # Cells whose wind is their own need none of the step.
    own = {"ta": air, "ws": WeatherField(np.full(small.shape, 1.2), 10.0)}
    found = run(small, rows, fields=own, utci_range=rule, outputs=names)
    assert not any(np.isnan(found.dataset[name]).any() for name in names)


# ------------------------------------------------------------------ cuts and sources


@pytest.mark.parametrize("tile", [40, 64])
def test_tiles_are_the_raster_in_one_piece(
    whole: Any, surface: solweig.SurfaceData, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLWEIG_MIN_TILE_SIDE", "32")
    fields = all_fields(surface, steps())
    tiled = run(surface, fields=fields, tile_size=tile, pois=POINTS)
    assert tiled.metadata["tile_plan"]["tiles"] > 3
    assert_same_maps(whole, tiled)


def test_worker_processes_read_the_same(
    whole: Any, surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLWEIG_MIN_TILE_SIDE", "32")
    fields = all_fields(surface, steps())
    path = write_bands(tmp_path / "ta.tif", fields["ta"].source, surface)
    fields["ta"] = f"{path}@2m"
    two = ExecutionConfig(accelerator="cpu", workers=2)
    tiled = run(surface, fields=fields, tile_size=64, pois=POINTS, execution=two)
    assert_same_maps(whole, tiled)


def test_files_and_labelled_arrays_give_the_same(
    small: solweig.SurfaceData, tmp_path: Path
) -> None:
    rows = steps()
    cube = patchy(small, of_steps(rows, "ta"), 3.0, 1)
    stamps = [row.datetime for row in rows]
    want = run(small, rows, fields={"ta": WeatherField(cube, 2.0)})
    bands = write_bands(tmp_path / "bands.tif", cube, small)
    backward = write_bands(
        tmp_path / "named.tif", cube[::-1], small, [t.isoformat() for t in stamps[::-1]]
    )
    labelled = xr.DataArray(
        cube[:, ::-1], dims=("time", "y", "x"), name="t2m",
        coords={"time": stamps, "y": small.georef.y()[::-1], "x": small.georef.x()},
    )  # fmt: skip
    labelled.to_netcdf(tmp_path / "ta.nc", engine="scipy")
    west = labelled.assign_coords(time=[np.datetime64(t) - np.timedelta64(1, "h") for t in stamps])
    more = np.concatenate([cube[:1], cube])
    times = [stamps[0].replace(hour=1), *stamps]
    for source in (
        f"{bands}@2m", f"{backward}@2m", f"{tmp_path / 'ta.nc'}@2m,variable=t2m",
        WeatherField(labelled, 2.0), WeatherField(west, 2.0, utc=True),
        WeatherField(more, 2.0, times=times),
    ):  # fmt: skip
        found = run(small, rows, fields={"ta": source})
        assert_same_maps(want, found)
        assert found.metadata["run_id"] == want.metadata["run_id"]


def test_a_raster_holds_for_all_steps(small: solweig.SurfaceData) -> None:
    raster = patchy(small, [24.0], 2.0, 5)[0]
    one = run(small, fields={"ta": WeatherField(raster, 2.0)})
    many = run(small, fields={"ta": WeatherField(np.stack([raster] * len(HOURS)), 2.0)})
    assert_same_maps(one, many)


def test_a_period_counts_the_steps_with_their_fields(small: solweig.SurfaceData) -> None:
    rows = steps()
    fields = all_fields(small, rows)
    maps = run(small, rows, fields=fields, outputs=["tmrt", "utci", "pet"])
    period = solweig.calculate_period(
        small, rows, LOCATION, fields=fields, execution=CPU, max_shadow_distance_m=REACH_M,
        percentiles=(0, 50, 100), pet=True,
    )  # fmt: skip
    grids = period.grids()
    for name in ("tmrt", "utci", "pet"):
        values = maps.dataset[name].values
        assert np.allclose(grids[f"{name}_p100"], values.max(axis=0), atol=0.1, equal_nan=True)
        assert np.allclose(grids[f"{name}_p0"], values.min(axis=0), atol=0.1, equal_nan=True)
    assert np.allclose(period.utci_mean, maps.utci_mean, atol=1e-3, equal_nan=True)


# ------------------------------------------------------------------ wind


def directions(degrees: list[float], **changes: Any) -> list[solweig.Weather]:
    rows = weather(tuple(range(8, 8 + len(degrees))), **changes)
    for row, direction in zip(rows, degrees, strict=True):
        row.wind_direction = direction
    return rows


@pytest.mark.parametrize(
    ("between", "wanted"),
    [
        ("nearest", [0.5, 0.5, 0.7, 0.9, 0.9, 0.5, 0.5]),
        ("linear", [0.5, 0.6, 0.7, 0.8, 0.9, 0.7, 0.5]),
    ],
)
def test_coefficients_by_the_direction_of_the_wind(
    small: solweig.SurfaceData, tmp_path: Path, between: str, wanted: list[float]
) -> None:
    rows = directions([0.0, 44.9999, 90.0, 135.0, 180.0, 270.0, 360.0], ws=3.0)
    shares = {0: 0.5, 90: 0.7, 180: 0.9}
    for degrees, share in shares.items():
        write_bands(
            tmp_path / f"coef_{degrees:03d}.tif", np.full(small.shape, share, np.float32), small
        )
    bands = write_bands(
        tmp_path / "coef.tif", [np.full(small.shape, s, np.float32) for s in shares.values()],
        small, [str(d) for d in shares],
    )  # fmt: skip
    text = "" if between == "nearest" else ",linear"
    arrays = {d: np.full(small.shape, s, np.float32) for d, s in shares.items()}
    found = [
        run(small, rows, fields=given, outputs=["tmrt", "utci"])
        for given in (
            {"ws": WindCoefficients(arrays, 1.5, between=between)},
            {"coefficient": f"{tmp_path / 'coef_{direction}.tif'}@1.5m{text}"},
            {"coefficient": f"{bands}@1.5m,of=10m{text}"},
        )
    ]
    for other in found[1:]:
        assert_same_maps(found[0], other)
    wind = np.array(wanted) * 3.0 * _core.wind_ratio(10.0, 1.5)
    for i, row in enumerate(rows):
        tmrt = found[0].dataset.tmrt.values[i].astype(np.float64)
        air = [np.full(tmrt.shape, x) for x in (row.ta, row.rh, wind[i])]
        utci = _core.utci(air[0], air[1], tmrt, air[2])
        assert np.allclose(found[0].dataset.utci.values[i], utci, atol=2e-4, equal_nan=True), i


def test_coefficients_of_one_are_the_wind_of_the_step(small: solweig.SurfaceData) -> None:
    rows = directions([10.0, 200.0], ws=2.7)
    one = {0: np.ones(small.shape, np.float32), 180: np.ones(small.shape, np.float32)}
    fields = {"ws": WindCoefficients(one, 10.0)}
    assert_same_maps(run(small, rows), run(small, rows, fields=fields))


def test_sectors_of_a_file_without_names_are_equal(
    small: solweig.SurfaceData, tmp_path: Path
) -> None:
    layers = [np.full(small.shape, 0.2 * (1 + i), np.float32) for i in range(4)]
    path = write_bands(tmp_path / "four.tif", layers, small)
    rows = directions([0.0, 90.0, 180.0, 270.0])
    found = run(small, rows, fields={"coefficient": f"{path}@10m"}, outputs=["tmrt", "utci"])
    told = found.metadata["fields"]["ws"]
    assert told["directions"] == [0.0, 90.0, 180.0, 270.0]
    assert (told["between"], told["height_m"], told["reference_m"]) == ("nearest", 10.0, 10.0)
    assert np.isclose(told["highest"], 0.8 * 2.0)


def test_coefficients_of_wind_that_is_not_known(small: solweig.SurfaceData) -> None:
    rows = directions([10.0, 20.0], ws=float("nan"))
    fields = {"ws": WindCoefficients({0: np.ones(small.shape)}, 10.0)}
    found = run(small, rows, fields=fields, outputs=["tmrt", "utci"])
    assert np.isnan(found.dataset.utci).all()
    assert found.metadata["fields"]["ws"]["lowest"] is None
    assert "Field of ws" not in found.report()


def test_calm_needs_no_direction(small: solweig.SurfaceData) -> None:
    rows = directions([0.0, 90.0], ws=0.0)
    rows[1].wind_direction = None
    fields = {"ws": WindCoefficients({0: np.ones(small.shape), 90: np.ones(small.shape)}, 10.0)}
    assert_same_maps(run(small, rows), run(small, rows, fields=fields))


def test_a_logarithmic_profile(small: solweig.SurfaceData) -> None:
    options: dict[str, Any] = {
        "wind_profile": "log",
        "roughness_m": 0.2,
        "outputs": ["tmrt", "pet"],
    }
    log_run, power = run(small, **options), run(small, outputs=["tmrt", "pet"])
    ratio = np.log(1.1 / 0.2) / np.log(10.0 / 0.2)
    same = [
        solweig.Weather(**{**given(row), "ws": row.ws * ratio / _core.wind_ratio(1.1, 10.0)})
        for row in steps()
    ]
    by_hand = run(small, same, outputs=["tmrt", "pet"])
    assert np.allclose(log_run.dataset.pet, by_hand.dataset.pet, atol=2e-3, equal_nan=True)
    assert float(np.abs(power.dataset.pet - log_run.dataset.pet).max()) > 0.05


# ------------------------------------------------------------------ what is recorded and refused


def test_fields_belong_to_the_run(small: solweig.SurfaceData, tmp_path: Path) -> None:
    rows = steps()
    cube = patchy(small, of_steps(rows, "ta"), 3.0, 1)
    fields = {"ta": WeatherField(cube, 2.0)}
    run(small, rows, fields=fields, output_dir=tmp_path / "out", outputs=["tmrt"])
    told = load_run_metadata(tmp_path / "out")
    assert told["fields"]["ta"]["layers"] == len(rows)
    assert told["fields"]["ta"]["height_m"] == 2.0
    assert np.isclose(told["fields"]["ta"]["highest"], cube.max())
    cube = cube.copy()
    cube[2, 3, 4] += 0.25
    other = {"ta": WeatherField(cube, 2.0)}
    with pytest.raises(ConfigurationError, match="output_dir"):
        run(small, rows, fields=other, output_dir=tmp_path / "out", outputs=["tmrt"])
    higher = run(small, rows, fields={"ta": WeatherField(cube, 3.0)}, outputs=["tmrt"])
    assert higher.metadata["run_id"] != told["run_id"]


@pytest.mark.parametrize(
    "wish", [{"accelerator": "gpu"}, {"strict": True}, {"devices": ("gpu:0",)}]
)
def test_a_gpu_that_is_demanded_for_what_it_cannot_count_is_refused(
    small: solweig.SurfaceData, wish: dict[str, Any]
) -> None:
    fields = {"ta": WeatherField(np.full(small.shape, 20.0), 2.0)}
    with pytest.raises(ConfigurationError, match="accelerator"):
        run(small, fields=fields, execution=ExecutionConfig(**wish), utci_range="nan")


def test_air_that_grows_colder_with_height(surface: solweig.SurfaceData) -> None:
    rows = steps()
    assert surface.dem is not None
    rate, station = -0.05, 115.0
    by_hand = np.stack([
        np.float32(row.ta) + (rate * (surface.dem.astype(np.float64) - station)).astype(np.float32)
        for row in rows
    ])  # fmt: skip
    want = run(surface, rows, fields={"ta": WeatherField(by_hand, 2.0)})
    for given_as in (LapseRate(rate, station), f"lapse:{rate},station={station}m"):
        assert_same_maps(want, run(surface, rows, fields={"ta": given_as}))
    level = run(surface, rows, fields={"ta": LapseRate(0.0, station)})
    assert_same_maps(run(surface, rows), level)


def test_an_edit_computes_what_it_reaches_with_the_same_fields() -> None:
    surface = city()
    surface.compute_svf(max_shadow_distance_m=REACH_M, execution=CPU)
    rows = steps()
    fields = all_fields(surface, rows)
    # Where it is much colder, Tmrt lies beyond the range of UTCI.
    fields["ta"] = WeatherField(fields["ta"].source - 55.0 * (np.arange(110) % 2), 2.0)
    options: dict[str, Any] = {"outputs": ["tmrt", "utci", "shadow"], "fields": fields}
    baseline = run(surface, rows, **options)
    dsm = surface.dsm.copy()
    dsm[50:54, 60:66] += 7.0
    edited = surface.with_changes(dsm=dsm)
    part = run(edited, rows, baseline=baseline, **options)
    whole = run(edited, rows, **options)
    assert_same_maps(whole, part)
    assert sum(s.over("all").above for s in whole.sums) > 0
    assert part.metadata["what_if"]["share_of_steps"] < 1.0
    other = {**fields, "rh": WeatherField(np.full(surface.shape, 40.0), 2.0)}
    with pytest.raises(ConfigurationError, match=r"parameters.*fields"):
        run(edited, rows, baseline=baseline, **{**options, "fields": other})


@pytest.mark.parametrize("rule", [None, "clip", "flag"])
def test_comfort_stays_missing_where_it_is(small: solweig.SurfaceData, rule: str | None) -> None:
    air = {"ta": WeatherField(patchy(small, [22.0], 2.0, 3)[0], 2.0)}
    options: dict[str, Any] = {"utci_range": rule, "outputs": ["tmrt", "utci", "pet"]}
    calm = run(small, steps(ws=float("nan")), fields=air, **options)
    assert np.isfinite(calm.dataset.tmrt).all()
    for name in ("utci", "pet"):
        assert np.isnan(calm.dataset[name]).all(), name
    wind = {"ws": WeatherField(np.full(small.shape, 2.0, np.float32), 10.0)}
    blown = run(small, steps(ws=float("nan")), fields=wind, **options)
    known = run(small, steps(ws=2.0), **options)
    assert np.allclose(blown.dataset.utci, known.dataset.utci, atol=1e-3)
    assert np.allclose(blown.dataset.pet, known.dataset.pet, atol=2e-3)


def test_cells_without_data_have_no_comfort(surface: solweig.SurfaceData) -> None:
    fields = all_fields(surface, steps())
    found = run(surface, fields=fields, utci_range="clip", outputs=["tmrt", "utci", "pet"])
    without = np.isnan(found.dataset.tmrt.values)
    assert without.any()
    for name in ("utci", "pet"):
        assert np.array_equal(np.isnan(found.dataset[name].values), without), name


def test_the_report_names_fields(small: solweig.SurfaceData) -> None:
    air = patchy(small, [22.0], 2.0, 3)[0]
    fields = {"ta": WeatherField(air, 2.0), "rh": WeatherField(np.full(small.shape, 50.0), 1.5)}
    text = run(small, fields=fields).report()
    assert f"{air.min():.1f} to {air.max():.1f} deg C, at 2 m" in text
    assert "50.0 to 50.0 %, at 1.5 m" in text
