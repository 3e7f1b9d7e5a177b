"""Modules, names and keywords of the earlier package."""

from __future__ import annotations

import importlib
import lzma
import pickle
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import solweig
from solweig import errors
from solweig.geospatial import compute_max_tile_pixels, wallalgorithms
from solweig.loaders import resolve_wall_params
from solweig.models.precomputed import ShadowArrays, SvfArrays
from solweig.tiling import compute_max_tile_side, validate_tile_size
from tests.support.run_cases import LOCATION, small_surface, weather

ATHENS = Path(__file__).parents[1] / "data" / "data" / "weather" / "athens_2023.epw.xz"

OLD_PATHS = {
    "progress": "ProgressReporter get_progress_iterator progress",
    "tiling": "compute_max_tile_side MIN_TILE_SIZE MAX_BUFFER_M validate_tile_size TileSpec",
    "models": "SurfaceData Location Weather HumanParams ModelConfig PrecomputedData TileSpec",
    "models.weather": "Weather",
    "models.location": "Location",
    "models.config": "HumanParams ModelConfig",
    "models.settings": "Settings",
    "models.state": "ThermalState TileSpec",
    "models.precomputed": "PrecomputedData ShadowArrays SvfArrays",
    "models.surface": "SurfaceData",
    "models.results": "SolweigResult",
    "loaders": "load_params load_physics load_materials resolve_wall_params",
    "summary": "Timeseries TimeseriesSummary",
    "utils": "dict_to_namespace namespace_to_dict extract_bounds resample_to_grid",
    "constants": "SBC KELVIN_OFFSET SOLAR_CONSTANT F_SIDE_STANDING",
    "physics.wallalgorithms": "findwalls filter1Goodwin_as_aspect_v3",
    "geospatial.wallalgorithms": "findwalls filter1Goodwin_as_aspect_v3 generate_wall_hts",
    "api": "extract_bounds intersect_bounds resample_to_grid namespace_to_dict dict_to_namespace "
    "resolve_wall_params validate_tile_size SvfArrays ShadowArrays",
}


REACHED = (
    *(
        "api",
        "constants",
        "errors",
        "geospatial",
        "io",
        "loaders",
        "physics",
        "progress",
        "summary",
    ),
    *("summary", "tiling", "utils", "walls", "physics.wallalgorithms", "models"),
    *(f"models.{n}" for n in ("config", "location", "precomputed", "results", "settings")),
    *(f"models.{n}" for n in ("state", "surface", "weather")),
)


def test_modules_are_reached_from_the_package_alone() -> None:
    script = (
        "import sys, operator, solweig\n[operator.attrgetter(n)(solweig) for n in sys.argv[1:]]"
    )
    for first in (REACHED, REACHED[::-1]):
        subprocess.run([sys.executable, "-c", script, *first], check=True)


@pytest.mark.parametrize("path", OLD_PATHS)
def test_old_paths(path: str) -> None:
    if path == "geospatial.wallalgorithms":
        module: Any = wallalgorithms
    else:
        module = importlib.import_module(f"solweig.{path}")
    for name in OLD_PATHS[path].split():
        found = getattr(module, name)
        if isinstance(found, type):
            assert found is getattr(solweig, name, found), "one class, whatever the path"
        if path != "geospatial.wallalgorithms":
            assert name in module.__all__


def test_namespaces() -> None:
    from solweig.api import dict_to_namespace, namespace_to_dict

    values = {"a": {"b": [1, {"c": 2}]}, "d": None}
    found = dict_to_namespace(values)
    assert found.a.b[1].c == 2
    assert namespace_to_dict(found) == values


def test_walls_by_name() -> None:
    from solweig.loaders import (
        WALL_MATERIAL_MAP,
        get_lc_properties_from_params,
        resolve_wall_params,
    )

    assert resolve_wall_params("Brick") == (0.4, -4.0, 15.0)
    assert resolve_wall_params("concrete", solweig.load_params()) == (0.35, -5.0, 16.0)
    assert resolve_wall_params("cobblestone") == (0.37, -3.41, 15.0)
    assert all(resolve_wall_params(name) for name in WALL_MATERIAL_MAP)
    with pytest.raises(ValueError, match="steel"):
        resolve_wall_params("steel")
    cover = np.array([[0, 1, 2], [5, 7, 200]])
    albedo, emissivity, *_, hour = get_lc_properties_from_params(
        cover, solweig.load_params(), cover.shape
    )
    assert np.allclose(albedo, [[0.2, 0.18, 0.18], [0.16, 0.05, 0.2]])
    assert emissivity[1, 1] == pytest.approx(0.98)
    assert hour.dtype == np.float32
    with pytest.raises(errors.GridShapeMismatch):
        get_lc_properties_from_params(cover, solweig.load_params(), (3, 2))


def test_walls_of_a_raster() -> None:
    heights = np.full((30, 32), 10.0)
    heights[8:16, 10:20] = 22.0
    walls = wallalgorithms.findwalls(heights, 1.0)
    assert walls.max() == 12.0
    assert (walls > 0).sum() == 2 * (8 + 10)
    told: list[tuple[int, int]] = []
    aspects = wallalgorithms.filter1Goodwin_as_aspect_v3(
        walls, 0.5, heights, feedback=lambda done, total: told.append((done, total))
    )
    surface = solweig.SurfaceData(heights, pixel_size=2.0, wall_height=walls, wall_aspect=aspects)
    assert told[-1] == (1, 1)
    assert surface.shape == aspects.shape
    assert 150 <= aspects[16, 15] <= 210, "faces south"
    assert not aspects[walls == 0].any()


def test_sizes_of_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLWEIG_MAX_TILE_SIDE", "2000")
    assert compute_max_tile_side(context="svf") == 2000
    assert compute_max_tile_pixels(context="solweig") == 2000**2  # type: ignore[call-arg]
    assert validate_tile_size(1000, 100, 1.0) == (1000, None)
    side, why = validate_tile_size(100, 100, 1.0)
    assert side == 256
    assert why is not None
    side, why = validate_tile_size(5000, 100, 2.0, context="svf")
    assert side == 1800
    assert "200 m" in str(why)
    with pytest.raises(errors.ConfigurationError):
        validate_tile_size(500, 1000, 1.0)


def test_a_tile_may_say_its_margins() -> None:
    first = solweig.generate_tiles(10, 10, 6, 1)[0]
    said = solweig.TileSpec(
        0, 6, 0, 6, 0, 7, 0, 7, overlap_top=0, overlap_bottom=1, overlap_left=0, overlap_right=1
    )
    assert said == first
    with pytest.raises(ValueError, match="overlap_top"):
        solweig.TileSpec(0, 6, 0, 6, 0, 7, 0, 7, overlap_top=2)


class Listener:
    """A QGIS feedback."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.cancelled = False

    def setProgress(self, value: float) -> None:
        self.heard.append(value)

    def setProgressText(self, text: str) -> None:
        self.heard.append(text)

    def isCanceled(self) -> bool:
        return self.cancelled


def test_progress_of_ones_own() -> None:
    from solweig.progress import ProgressReporter, get_progress_iterator, progress

    feedback = Listener()
    reporter = ProgressReporter(4, "tiles", feedback=feedback, progress_range=(20, 60))
    reporter.update()
    reporter.update(2)
    reporter.update(5)
    reporter.set_text("nearly")
    reporter.set_description("the end")
    assert feedback.heard == [30, 50, 60, "nearly"]
    assert not reporter.is_cancelled()
    feedback.cancelled = True
    assert reporter.is_cancelled()
    reporter.close()
    reporter.close()
    reporter.update()
    assert reporter.current == 8
    assert feedback.heard[-1] == "nearly"
    silent = Listener()
    with ProgressReporter(2, feedback=silent, disable=True) as quiet:
        quiet.update()
    ProgressReporter(0).update()
    assert silent.heard == []
    heard = Listener()
    assert list(get_progress_iterator(range(4), "steps", feedback=heard)) == [0, 1, 2, 3]
    assert heard.heard == [25, 50, 75, 100]
    assert list(progress(iter("ab"), "letters", total=2, leave=False)) == ["a", "b"]


def test_keywords_of_errors() -> None:
    surface = errors.InvalidSurfaceData("no trees", field="cdsm", expected="1", got="2")
    assert (str(surface), surface.field, surface.expected, surface.got) == (
        "no trees", "cdsm", "1", "2",
    )  # fmt: skip
    assert str(errors.InvalidSurfaceData("cdsm", "trees", "none")) == (
        "cdsm: expected trees, got none."
    )
    assert errors.InvalidSurfaceData(message="no trees").field is None
    shape = errors.GridShapeMismatch(field="cdsm", expected_shape=(1, 1), actual_shape=(2, 2))  # type: ignore[call-arg]
    assert (shape.expected_shape, shape.actual_shape) == ((1, 1), (2, 2))
    missing = errors.MissingPrecomputedData("svf", suggestion="compute it")  # type: ignore[call-arg]
    assert missing.suggestion == "compute it"
    assert "compute it" in str(missing)
    stale = errors.StalePrecomputedData(  # type: ignore[call-arg]
        what="svf", cache_dir="cache", expected_shape=(1, 1), actual_shape=(2, 2)
    )
    assert (stale.what, stale.cache_dir, stale.expected_shape) == ("svf", "cache", (1, 1))
    found = errors.WeatherDataError(field="ta", value=99, reason="too hot")
    assert (found.value, found.reason, str(found)) == (99, "too hot", "ta: got 99 (too hot)")
    wrong = errors.ConfigurationError(parameter="outputs", reason="unknown")  # type: ignore[call-arg]
    assert (wrong.parameter, wrong.reason, str(wrong)) == ("outputs", "unknown", "outputs: unknown")
    for error in (surface, shape, missing, stale, found, wrong):
        twin = pickle.loads(pickle.dumps(error))
        assert (str(twin), twin.field) == (str(error), error.field)


def test_fields_of_a_thermal_state() -> None:
    grid = np.full((2, 3), 420.0)
    names = ("tgmap1", "tgmap1_e", "tgmap1_s", "tgmap1_w", "tgmap1_n")
    state = solweig.ThermalState(
        **dict.fromkeys(names, grid), tgout1=np.full((2, 3), 20.0),
        firstdaytime=0.0, timeadd=0.02, timestep_dec=1 / 24,
    )  # fmt: skip
    assert (state.first, state.accumulated_days, state.timestep_dec) == (False, 0.02, 1 / 24)
    assert state.shape == (2, 3)
    state.tgmap1_e = grid + 1
    state.firstdaytime, state.timeadd = 1.0, 0.5
    twin = state.copy()
    assert (twin.fields["lup_e"] == 421.0).all()
    assert (twin.firstdaytime, twin.timeadd, twin.timestep_dec) == (1.0, 0.5, 1 / 24)
    assert twin.to_engine() is not None
    fresh = solweig.ThermalState.initial((2, 3))
    assert fresh.timestep_dec == 0.0
    with pytest.raises(ValueError, match="read-only"):  # it would be lost
        fresh.tgmap1[:] = 5.0
    fresh.tgmap1 = grid
    fresh.tgmap1[:] = 5.0
    assert (fresh.copy().tgmap1 == 5.0).all()
    with pytest.raises(TypeError, match="tgmap2"):
        solweig.ThermalState(tgmap2=grid)


def test_settings_with_loaded_parameters() -> None:
    surface, step = small_surface(), weather((12,))
    plain = solweig.Settings.resolve(config=None, conifer=True)
    loaded = plain.with_loaded_defaults()
    assert plain.physics is None
    assert loaded.physics.Tree_settings.Value.Transmissivity == 0.03
    assert loaded.materials.Names is not None
    assert loaded.conifer
    wanted = solweig.calculate(surface, step, LOCATION).tmrt_mean
    found = solweig.calculate(
        surface, step, LOCATION, physics=loaded.physics, materials=loaded.materials
    ).tmrt_mean
    assert np.array_equal(wanted, found)


def test_views_and_files_of_a_surface(tmp_path: Path) -> None:
    surface = small_surface(svf=False)
    assert surface.geometry.shape == surface.shape
    assert (surface.geometry.dsm_relative, surface.geometry.cdsm_relative) == (False, True)
    assert surface.geometry.tdsm_relative
    assert surface.geometry.max_height == surface.max_height
    assert surface.optical.has_land_cover
    assert not surface.auxiliary.is_ready
    assert not surface.auxiliary.has_walls
    surface.compute_svf()
    surface.walls()
    view = surface.auxiliary
    assert view.is_ready
    assert view.has_svf
    assert view.has_walls
    assert view.wall_height is surface.wall_height
    assert view.wall_aspect is surface.wall_aspect
    surface.save_cleaned(output_dir=tmp_path / "kept")  # type: ignore[call-arg]
    assert solweig.SurfaceData.load(tmp_path / "kept").shape == surface.shape
    svf = surface.svf
    assert svf is not None
    assert svf.to_memmap(tmp_path / "svf", metadata=None)  # type: ignore[call-arg]


def test_sky_view_of_a_bundle() -> None:
    svf = small_surface().svf
    assert svf is not None
    sides = ("north", "east", "south", "west")
    bundle = SimpleNamespace(**{f: getattr(svf, f) for f in ("svf", "svf_veg", "svf_aveg")})
    for family in ("svf", "svf_veg", "svf_aveg"):
        grids = {side: getattr(svf, f"{family}_{side}") for side in sides}
        setattr(bundle, f"{family}_directional", SimpleNamespace(**grids))
    for given in (bundle, svf):
        found = type(svf).from_bundle(given)
        for name, grid in svf.as_dict().items():
            assert np.array_equal(getattr(found, name), grid, equal_nan=True), name
    with pytest.raises(AttributeError):
        type(svf).from_bundle(SimpleNamespace())


def test_the_place_of_a_surface_can_be_set(tmp_path: Path) -> None:
    surface = solweig.SurfaceData(small_surface(svf=False).dsm, pixel_size=2.0)
    surface.compute_svf(patch_option=1)
    surface._geotransform = (319_000, 2, 0, 6_400_000, 0, -2)  # type: ignore[assignment]
    surface._crs_wkt = "EPSG:3006"
    found = solweig.calculate(surface, weather((12,)), LOCATION)  # in memory, with CF attributes
    assert "SWEREF99" in found.dataset["spatial_ref"].attrs["spatial_ref"]
    surface._crs_wkt = small_surface(svf=False).crs
    assert surface.geotransform == [319_000.0, 2.0, 0.0, 6_400_000.0, 0.0, -2.0]
    assert surface._geotransform == surface.geotransform
    assert surface._crs_wkt == surface.crs
    solweig.calculate(surface, weather((12,)), LOCATION, output_dir=tmp_path)
    _, transform, crs, _ = solweig.io.load_raster(tmp_path / "summary" / "tmrt_mean.tif")
    assert transform == surface.geotransform
    assert "SWEREF99" in str(crs)
    for wrong in ([0, 1, 0, 0, 0, -1], [0, 1, 0, 0]):
        with pytest.raises(errors.InvalidSurfaceData):
            surface._geotransform = wrong  # type: ignore[assignment]
    assert surface.geotransform[0] == 319_000.0
    kept = surface.crs
    for place, nowhere in ((surface, "_crs_wkt"), (surface, "_geotransform")):
        with pytest.raises(errors.InvalidSurfaceData):
            setattr(place, nowhere, "nowhere")
    with pytest.raises(errors.InvalidSurfaceData, match="crs: expected a CRS such as"):
        solweig.SurfaceData(surface.dsm, pixel_size=2.0, crs="nowhere")
    assert surface.crs == kept


def test_errors_are_caught_by_their_earlier_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = solweig.calculate(small_surface(), weather((12,)), LOCATION)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"expected matplotlib.*pip install"):
        summary.plot()
    for kind in (SvfArrays, ShadowArrays):
        with pytest.raises(FileNotFoundError, match="expected prepared data"):
            kind.from_memmap(tmp_path / "nowhere")
    partial = SimpleNamespace(Ts_deg=SimpleNamespace(Value=SimpleNamespace(Brick_wall=0.9)))
    with pytest.raises(ValueError, match="materials: expected a section 'Names'"):
        resolve_wall_params("brick", materials=partial)


def test_table_of_an_epw_file(tmp_path: Path) -> None:
    path = tmp_path / "athens.epw"
    path.write_bytes(lzma.decompress(ATHENS.read_bytes()))
    table, place = solweig.io.read_epw(path)
    frame = table.to_dataframe()
    assert type(frame) is pd.DataFrame
    assert frame.index.name == "datetime"
    assert frame.index[0] == datetime(2023, 1, 1, 1)
    assert {"temp_air", "relative_humidity", "ghi", "wind_speed"} <= set(frame.columns)
    assert type(table[["ghi"]]) is pd.DataFrame
    assert place["tz_offset"] == 2.0
