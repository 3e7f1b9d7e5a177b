"""Heights that no place has: told with count, share and place, or refused."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from solweig import ConfigurationError, InvalidSurfaceData, ModelConfig, SurfaceData
from solweig.surface import plausible
from tests.support.rasters import NORTH, UTM33, WEST, scene, write_scene, write_tif

PLACE = {"pixel_size": 2.0, "geotransform": [WEST, 2.0, 0.0, NORTH, 0.0, -2.0], "crs": UTM33}


def made(**changes: Any) -> SurfaceData:
    """The scene with some layers changed or left out, in the model's frame."""
    layers = {**scene(), **changes}
    surface = SurfaceData(**{n: v for n, v in layers.items() if v is not None}, **PLACE)
    surface.preprocess()
    return surface


def holed(name: str, value: float, cells: tuple[slice, slice] | None = None) -> NDArray[Any]:
    """A layer of the scene with some cells of one value, 5 x 5 by default."""
    layer = scene()[name].astype(np.float32)
    layer[cells or (slice(3, 8), slice(30, 35))] = value
    return layer


HOLE = r"25 of 2000 cells \(1.2 %\), the first at row 3, column 30 \(x 400061.0, y 6399993.0\)"


def test_a_scene_that_is_right_says_nothing() -> None:
    made()  # warnings are errors in this suite
    made(dem=None)
    made(dem=None, land_cover=None, cdsm=None)


# ------------------------------------------------------------------ surface and ground


def test_a_surface_below_the_ground() -> None:
    below = r"1920 of 2000 cells \(96 %\) more than 1 m below it, the deepest by 5.0 m at row"
    with pytest.warns(UserWarning, match=f"dsm: .*on or above the ground.*{below}"):
        made(dsm=scene()["dsm"] - 5.0)
    dsm = scene()["dsm"]
    dsm[30:33, 5:9] -= 3.0
    dsm[31, 6] -= 1.0
    where = r"12 of 2000 cells \(0.6 %\).*4.0 m at row 31, column 6 \(x 400013.0, y 6399937.0\)"
    with pytest.warns(UserWarning, match=f"{where}.*--dem"):
        made(dsm=dsm)


def test_warnings_point_at_the_file_that_called() -> None:
    with pytest.warns(UserWarning, match="on or above the ground") as told:
        made(dsm=scene()["dsm"] - 5.0)
    files = [Path(one.filename) for one in told if one.category is UserWarning]
    assert files == [Path(__file__)]


def test_a_few_pits_and_small_differences_are_noise() -> None:
    dsm = scene()["dsm"]
    dsm[30, :10] -= 3.0
    dsm[20] -= 0.9
    made(dsm=dsm)


def test_a_surface_that_never_touches_its_ground() -> None:
    """Two height datums, or two units."""
    with pytest.warns(UserWarning, match=r"touches the ground.*3 m or more.*100 % .*36.0 m"):
        made(dsm=scene()["dsm"] + 36.0)
    with pytest.warns(UserWarning, match="height_unit=, --height-unit"):
        made(dsm=scene()["dsm"] / 0.3048)


@pytest.mark.parametrize("dem", [True, False])
def test_buildings_higher_than_any(dem: bool) -> None:
    dsm = scene()["dsm"]
    dsm[10:18, 12:22] = 2500.0
    where = r"\d+ of 2000 cells \(.* %\), the first at row 10, column 12 \(x 400025.0, y 63"
    with pytest.raises(InvalidSurfaceData, match=f"dsm: expected buildings up to 900 m.*{where}"):
        made(dsm=dsm, **({} if dem else {"dem": None}))


def test_steps_are_looked_for_across_bands_of_rows() -> None:
    dsm = np.full((plausible._ROWS + 20, 6), 5.0, np.float32)
    dsm[plausible._ROWS :] = 1200.0
    with pytest.raises(InvalidSurfaceData, match=rf"row {plausible._ROWS}, column 0"):
        SurfaceData(dsm, pixel_size=1.0).preprocess()


def test_high_mountains_are_no_buildings() -> None:
    slope = np.linspace(500.0, 3000.0, 200, dtype=np.float32)
    SurfaceData(np.tile(slope, (20, 1)), pixel_size=10.0).preprocess()


def test_a_relative_surface_is_looked_at_in_its_own_frame() -> None:
    dsm = scene()["dsm"] - scene()["dem"]
    surface = SurfaceData(dsm, dem=scene()["dem"], dsm_relative=True, pixel_size=2.0)
    surface.preprocess()
    dsm[5, 5] = 950.0
    with pytest.raises(InvalidSurfaceData, match=r"950 m in 1 of 2000 cells"):
        SurfaceData(dsm, dem=scene()["dem"], dsm_relative=True, pixel_size=2.0).preprocess()


# ------------------------------------------------------------------ undeclared gaps


@pytest.mark.parametrize("value", [0.0, -99.0, -1.0, -32.0])
@pytest.mark.parametrize("name", ["dsm", "dem"])
def test_gaps_that_nobody_declared(name: str, value: float) -> None:
    with pytest.warns(UserWarning, match=rf"{name}: .*exactly {value:g} m in {HOLE}.*-a_nodata"):
        made(**{name: holed(name, value)})


@pytest.mark.parametrize("value", [0.0, -99.0])
def test_gaps_without_a_ground_model(value: float) -> None:
    with pytest.warns(UserWarning, match=rf"dsm: .*exactly {value:g} m in {HOLE}"):
        made(dsm=holed("dsm", value), dem=None)


def test_gaps_of_surface_and_ground_at_once() -> None:
    with (
        pytest.warns(UserWarning, match="dem: .*exactly 0 m"),
        pytest.warns(UserWarning, match="dsm: .*exactly 0 m"),
    ):
        made(dsm=holed("dsm", 0.0), dem=holed("dem", 0.0))


def test_two_marks_in_one_layer() -> None:
    dsm = holed("dsm", 0.0)
    dsm[0, :7] = -99.0
    with (
        pytest.warns(UserWarning, match="exactly -99 m in 7 of"),
        pytest.warns(UserWarning, match="exactly 0 m in 25 of"),
    ):
        made(dsm=dsm)


def test_a_wedge_of_zeros_as_a_warp_leaves_it() -> None:
    """Half of a raster high above the sea."""
    dsm = scene()["dsm"] + 180.0
    dsm[np.add.outer(np.arange(40), np.arange(50)) > 42] = 0.0
    with pytest.warns(UserWarning, match=r"exactly 0 m in 1\d\d\d of 2000"):
        made(dsm=dsm, dem=None)


@pytest.mark.parametrize("value", [-9999.0, -32768.0, 3.4e38, 9999.0, -1e30])
@pytest.mark.parametrize("name", ["dsm", "dem"])
def test_marks_that_are_no_heights(name: str, value: float) -> None:
    where = r"out of range in 25 of 2000 cells \(1.2 %\), the first at row 3, column 30"
    with pytest.raises(InvalidSurfaceData, match=f"{name}: expected elevations.*{where}"):
        made(**{name: holed(name, value)})


@pytest.mark.parametrize("value", [-99.0, -9999.0, 3.4e38, 65535.0])
def test_marks_that_are_no_trees(value: float) -> None:
    with pytest.raises(InvalidSurfaceData, match=r"cdsm: .*25 of 2000 cells.*row 3, column 30"):
        made(cdsm=holed("cdsm", value))


@pytest.mark.parametrize("cells", [(slice(3, 8), slice(30, 35)), (slice(3, 4), slice(30, 31))])
def test_255_in_a_byte_canopy(tmp_path: Path, cells: tuple[slice, slice]) -> None:
    canopy = holed("cdsm", 255.0, cells).astype(np.uint8)
    files = write_scene(tmp_path)
    write_tif(files["cdsm"], canopy)
    said = r"cdsm: expected trees up to 120 m, got 255 m in \d+ of 2000 .*row 3, column 30.*NaN"
    with pytest.raises(InvalidSurfaceData, match=said):
        SurfaceData.prepare(**files)
    write_tif(files["cdsm"], canopy, nodata=255)
    np.testing.assert_array_equal(SurfaceData.prepare(**files).cdsm, scene()["cdsm"])


def test_ground_at_the_sea_is_no_gap() -> None:
    """A flat scene at 0 m, with a quay, a courtyard on its ground and a hydro-flattened river."""
    flat = np.zeros((40, 50), np.float32)
    block = flat.copy()
    block[5:35, 5:45] = 20.0
    block[18:22, 20:30] = 0.0
    SurfaceData(block, dem=flat, pixel_size=2.0).preprocess()
    river = np.full((40, 50), 2.5, np.float32)
    river[20:26] = 0.0
    SurfaceData(river, dem=river, pixel_size=2.0).preprocess()
    town = flat.copy()
    town[5:30, 5:45] = 20.0
    SurfaceData(town, pixel_size=2.0).preprocess()


@given(
    st.lists(st.sampled_from([0.0, 4.0, 8.0, 20.0, 31.5]), min_size=1, max_size=24),
    st.floats(0.0, 60.0),
)
def test_looks_at_any_heights_end(heights: list[float], gap: float) -> None:
    layer = np.array([heights], np.float32)
    least = float(layer.min())
    count = plausible._alone(layer, least, gap)
    near = [h for h in heights if least < h <= least + gap]
    assert count == (None if near else heights.count(least))
    list(plausible._void_values(layer))


# ------------------------------------------------------------------ canopy frames


def test_a_canopy_above_ground_that_is_said_to_be_elevations() -> None:
    said = (
        r"cdsm: expected elevations \(cdsm_relative=False, --cdsm-absolute\).*100 % of its 30 cells"
        r".*30 of 2000 cells \(1.5 %\), the first at row 25, column 30.*cdsm_relative=True"
    )
    with pytest.warns(UserWarning, match=said):
        made(cdsm_relative=False)
    with pytest.warns(UserWarning, match="tdsm: expected elevations"):
        made(tdsm=scene()["cdsm"] * 0.5, tdsm_relative=False)


def test_a_canopy_of_elevations_says_nothing() -> None:
    layers = scene()
    absolute = layers["dem"] + layers["cdsm"]
    made(cdsm=absolute, cdsm_relative=False)
    sparse = np.where(layers["cdsm"] > 0, absolute, 0.0)
    made(cdsm=sparse, cdsm_relative=False)


def test_a_trunk_zone_without_a_canopy(tmp_path: Path) -> None:
    with pytest.raises(InvalidSurfaceData, match=r"cdsm: .*trunk zone.*--cdsm.*--tdsm"):
        made(cdsm=None, tdsm=scene()["cdsm"])
    files = write_scene(tmp_path)
    files["tdsm"] = files.pop("cdsm")
    with pytest.raises(InvalidSurfaceData, match="--tdsm"):
        SurfaceData.prepare(**files)


# ------------------------------------------------------------------ canopies that end


def test_a_canopy_of_a_part_leaves_the_rest_without_trees(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    expected = SurfaceData.prepare(**files)
    write_tif(files["cdsm"], scene()["cdsm"][:, :40])
    said = r"cdsm: covers 80.0% .*no trees stand in the other 400 of 2000 cells, such as row 0, co"
    with pytest.warns(UserWarning, match=rf"{said}lumn 40 \(x 400081.0, y 6399999.0\).*--bbox"):
        surface = SurfaceData.prepare(**files)
    assert surface.shape == (40, 50)
    # The trees of the scene stand in columns 30 to 35.
    np.testing.assert_array_equal(surface.cdsm, expected.cdsm)
    np.testing.assert_array_equal(surface.require_svf().svf, expected.require_svf().svf)


@pytest.mark.parametrize(
    ("rows", "cols", "west", "north", "place"),
    [
        (40, 50, 20.0, 0.0, "row 0, column 0"),
        (40, 50, 0.0, -20.0, "row 0, column 0"),
        (20, 50, 0.0, 0.0, "row 20, column 0"),
        (20, 20, 0.0, 0.0, "row 0, column 20"),
    ],
)
def test_where_a_canopy_ends(
    tmp_path: Path, rows: int, cols: int, west: float, north: float, place: str
) -> None:
    files = write_scene(tmp_path)
    trees = np.full((rows, cols), 6.0, np.float32)
    write_tif(files["cdsm"], trees, west=WEST + west, north=NORTH + north)
    with pytest.warns(UserWarning, match=f"cdsm: covers .* such as {place}"):
        surface = SurfaceData.prepare(**files)
    assert surface.cdsm is not None
    covered = (surface.cdsm == 6.0).sum()
    assert covered == min(rows, 40 + int(north // 2)) * min(cols, 50 - int(west // 2))
    row, col = (int(word.strip(",")) for word in place.split()[1::2])
    assert surface.cdsm[row, col] == 0.0


def test_a_rim_of_one_cell_is_told_in_the_log_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_scene(tmp_path)
    write_tif(files["cdsm"], scene()["cdsm"][:-1, :-1])
    with caplog.at_level("INFO"):
        surface = SurfaceData.prepare(**files)
    assert surface.shape == (40, 50)
    assert "cdsm: covers 95.5% of the surface" in caplog.text


def test_other_layers_of_a_part_make_the_surface_smaller_and_say_so(tmp_path: Path) -> None:
    files = write_scene(tmp_path)
    write_tif(files["land_cover"], scene()["land_cover"][:30])
    with pytest.warns(UserWarning, match=r"land_cover: covers 75%.*30 x 50 of 40 x 50.*--bbox"):
        assert SurfaceData.prepare(**files).shape == (30, 50)


def test_cells_much_finer_than_the_data(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = write_scene(tmp_path)
    with pytest.raises(ConfigurationError, match=r"pixel_size: .*0.5 m or more.*--pixel-size"):
        SurfaceData.prepare(files["dsm"], pixel_size=0.4)
    assert SurfaceData.prepare(files["dsm"], pixel_size=0.5).shape == (160, 200)
    assert "no detail is gained" in caplog.text


# ------------------------------------------------------------------ edits


@pytest.fixture(scope="module")
def base() -> SurfaceData:
    surface = SurfaceData(**scene(), **PLACE)
    surface.compute_svf()
    return surface


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"cdsm": scene()["cdsm"] + scene()["dem"]}, "cdsm: .*look like elevations"),
        ({"dsm": scene()["dsm"] - scene()["dem"]}, "dsm: .*look like heights above ground"),
        ({"dsm": scene()["dsm"] - 5.0}, r"dsm: .*1920 of 2000 cells"),
        ({"dsm": holed("dsm", 0.0)}, f"dsm: .*exactly 0 m in {HOLE}"),
        (
            {"window": (20, 30, 5, 20), "dsm": 5.0},
            r"dsm: .*150 of 150 cells .*at row 29, column 19 \(x 400039.0",
        ),
    ],
)
def test_edits_that_are_odd(base: SurfaceData, edit: dict[str, Any], said: str) -> None:
    with pytest.warns(UserWarning, match=said):
        base.with_changes(**edit)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"window": (2, 6, 2, 6), "dsm": 3000.0}, "buildings up to 900 m"),
        ({"cdsm": holed("cdsm", 255.0)}, "cdsm: expected trees up to 120 m"),
        ({"window": (2, 6, 2, 6), "cdsm": 255.0}, "cdsm: expected trees up to 120 m"),
    ],
)
def test_edits_that_cannot_be(base: SurfaceData, edit: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSurfaceData, match=said):
        base.with_changes(**edit)


def test_edits_that_are_plain_say_nothing(base: SurfaceData) -> None:
    """Trees as high as the ground lies above the sea, and a house that fills its window."""
    base.with_changes(window=(2, 6, 2, 6), cdsm=20.0)
    base.with_changes(window=(2, 6, 2, 6), dsm=60.0)
    base.with_changes(window=(25, 30, 30, 36), cdsm=0.0)


# ------------------------------------------------------------------ thresholds, memory


@pytest.mark.parametrize("value", ["32", b"32", {32.0: 1}, ["hot"], [320.0], [float("inf")], 32])
@pytest.mark.parametrize("name", ["heat_thresholds_day", "heat_thresholds_night"])
def test_thresholds_that_cannot_be(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"--heat-thresholds-day 32,38") as info:
        ModelConfig(**{name: value})
    assert info.value.field == name


def test_looks_take_bands_not_copies() -> None:
    rows = 8 * plausible._ROWS
    rng = np.random.default_rng(3)
    dem = rng.uniform(10.0, 30.0, (rows, 300)).astype(np.float32)
    dsm, canopy = dem.copy(), dem + np.float32(3.0)
    look = plausible.Look(SurfaceData(dsm[:2], pixel_size=1.0).georef)
    tracemalloc.start()
    plausible.check_surface(dsm, dem, look, relative=False)
    plausible.check_canopy("cdsm", canopy, look)
    plausible.warn_if_below_ground("cdsm", canopy, dem, look)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.8 * dsm.nbytes
