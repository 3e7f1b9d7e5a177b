"""Where Tmrt comes from, as an output: names, units, files, points, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from solweig.config import ATTRIBUTION, ModelConfig, validate_outputs
from solweig.rasters.variables import TERMS
from tests.support.run_cases import LOCATION, small_surface, weather, xy

CELL = (18, 21)


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def inside(surface: solweig.SurfaceData) -> solweig.TimeseriesSummary:
    return solweig.calculate(
        surface, weather(), LOCATION, outputs=["tmrt", "attribution"], pois={"tree": xy(*CELL)}
    )


def test_one_name_stands_for_every_term() -> None:
    assert tuple(TERMS) == ATTRIBUTION
    assert validate_outputs(["tmrt", "attribution"]) == ["tmrt", *ATTRIBUTION]
    assert validate_outputs(["attribution_sky", "attribution"])[:2] == [
        "attribution_sky", "attribution_beam",
    ]  # fmt: skip
    assert validate_outputs("attribution_walls") == ["attribution_walls"]
    config = ModelConfig(outputs=["attribution"])
    assert ModelConfig.from_dict(config.to_dict()) == config
    with pytest.raises(solweig.ConfigurationError, match="attribution, attribution_beam"):
        validate_outputs(["attribution_moon"])


def test_terms_sum_to_tmrt_above_the_air(inside: solweig.TimeseriesSummary) -> None:
    data, table = inside.dataset, inside.pois
    assert data is not None
    assert table is not None
    total = sum(data[name].astype(np.float64) for name in ATTRIBUTION)
    assert float(np.abs(total - (data.tmrt - data.ta)).max()) < 1e-3
    at_tree = table[list(ATTRIBUTION)].sum(axis=1) - (table["tmrt"] - data.ta.values)
    assert np.abs(at_tree).max() < 1e-3
    columns = [name for name in table if name.startswith("attribution")]
    assert tuple(columns) == ATTRIBUTION
    for name in ATTRIBUTION:
        grid = data[name].values[:, CELL[0], CELL[1]]
        assert np.allclose(table[name], grid, atol=1e-4), name
    # Under the crown foliage takes the place of the sky.
    assert (table["attribution_vegetation"] < 0).all()
    noon = data.isel(time=3)
    assert noon.attribution_beam[3, 3] > 10 * noon.attribution_beam[18, 21]
    assert float(noon.attribution_walls[14, 12]) > float(noon.attribution_walls[23, 0])


def test_leaves_of_their_own_let_their_share_through() -> None:
    """Beam and diffuse light behind a canopy go by what it lets through, not by the season's."""
    found = {}
    for share in (0.0, 0.3, 0.6):
        tree = small_surface(svf=False)
        layers = {
            "dsm": tree.dsm,
            "cdsm": tree.cdsm,
            "dem": tree.dem,
            "pixel_size": tree.pixel_size,
        }
        through = np.full(tree.shape, share, np.float32)
        surface = solweig.SurfaceData.prepare(**layers, transmissivity=through)
        run = solweig.calculate(surface, weather((12,)), LOCATION, outputs=["tmrt", "attribution"])
        assert run.dataset is not None
        found[share] = run.dataset.isel(time=0, y=CELL[0], x=CELL[1])
    none, some, more = (found[share] for share in sorted(found))
    assert float(none.attribution_beam) == 0.0

    def flux(cell: Any, term: str) -> float:
        """What a term stands for, up to a factor all cells share."""
        warm, air = float(cell.tmrt) + 273.15, float(cell.ta) + 273.15
        return float(cell[f"attribution_{term}"]) * (warm**2 + air**2) * (warm + air)

    assert flux(more, "beam") == pytest.approx(2.0 * flux(some, "beam"), rel=1e-4)
    gained = [flux(one, "diffuse") - flux(none, "diffuse") for one in (some, more)]
    assert gained[0] > 0
    assert gained[1] == pytest.approx(2.0 * gained[0], rel=1e-3)


def test_names_and_units(inside: solweig.TimeseriesSummary) -> None:
    assert inside.dataset is not None
    for name in ATTRIBUTION:
        attributes = inside.dataset[name].attrs
        assert attributes["units"] == "K"
        assert attributes["units_metadata"] == "temperature: difference"
        assert attributes["long_name"].endswith(TERMS[name])
        assert attributes["cell_methods"] == "time: mean"


def test_every_format_holds_the_same(
    surface: solweig.SurfaceData, inside: solweig.TimeseriesSummary, tmp_path: Path
) -> None:
    rasterio = pytest.importorskip("rasterio")
    xr = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    pytest.importorskip("h5netcdf")
    solweig.calculate(
        surface, weather(), LOCATION, outputs=["tmrt", "attribution"], output_dir=tmp_path,
        output_format=["geotiff", "zarr", "netcdf"],
    )  # fmt: skip
    assert inside.dataset is not None
    with (
        xr.open_zarr(tmp_path / "solweig.zarr") as cube,
        xr.open_dataset(tmp_path / "solweig.nc") as file,
    ):
        for name in ATTRIBUTION:
            want = inside.dataset[name]
            for held in (cube[name], file[name]):
                assert np.array_equal(held.values, want.values, equal_nan=True), name
                assert held.attrs["units"] == "K"
                assert held.attrs["long_name"] == want.attrs["long_name"]
            path = tmp_path / name / f"{name}_20060801_1200.tif"
            with rasterio.open(path) as tif:
                grid = tif.read(1, masked=True).filled(np.nan)
                assert tif.tags(1)["units"] == "K"
                assert tif.descriptions == (want.attrs["long_name"],)
            assert np.array_equal(grid, want.values[3], equal_nan=True), name


def test_a_run_without_it_has_no_trace_of_it(surface: solweig.SurfaceData) -> None:
    plain = solweig.calculate(surface, weather(), LOCATION, pois={"tree": xy(*CELL)})
    assert plain.dataset is not None
    assert plain.pois is not None
    assert not set(ATTRIBUTION) & (set(plain.dataset) | set(plain.pois))


def test_colours_are_white_at_zero() -> None:
    pytest.importorskip("matplotlib")
    from solweig.results.map_style import scale_for

    scale = scale_for("attribution_walls", np.array([[-3.0, 0.0, 12.0, np.nan]]))
    assert "Kelvin" in scale.label
    red, green, blue, _ = scale.cmap(scale.norm(0.0))
    assert min(red, green, blue) > 0.95
    assert scale.norm.vmax == 15.0
    assert scale.norm.vmin == -15.0
    for one, two in ((-3.0, -0.5), (0.5, 3.0)):
        assert abs(float(scale.norm(one)) - float(scale.norm(two))) > 0.1


def test_pictures(
    surface: solweig.SurfaceData, inside: solweig.TimeseriesSummary, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    from solweig.results.attribution_plots import plot_attribution_curve, plot_attribution_maps
    from solweig.results.pictures import draw_curves, draw_run
    from solweig.results.plotting import Underlay

    names = [p.name for p in draw_run(inside, surface, tmp_path, place="Here")]
    assert "attribution_20060801_1200.png" in names
    names = [p.name for p in draw_curves(inside, tmp_path, place="Here")]
    assert names == ["day_curve.png", "attribution_day.png"]
    assert inside.pois is not None
    assert inside.dataset is not None
    curve = plot_attribution_curve(inside.pois, title="tree", save_path=tmp_path / "c.png")
    (axes,) = curve.axes
    (line,) = [one for one in axes.lines if one.get_label() == "Tmrt - air"]
    above = inside.pois["tmrt"].to_numpy() - inside.dataset.ta.values
    assert np.allclose(line.get_ydata(), above, atol=1e-3)
    # Of every hour the bars above and below zero make up the line.
    bars = np.zeros(len(above))
    for container in axes.containers:
        bars += [bar.get_height() for bar in container]
    assert np.allclose(bars, above, atol=0.02)
    terms = {name: inside.dataset[name].values[3] for name in ATTRIBUTION}
    underlay = Underlay.of_surface(surface)
    maps = plot_attribution_maps(terms, underlay, title="t", save_path=tmp_path / "m.png")
    assert len(maps.axes) == 9  # eight maps and their scale
    titles = [panel.get_title(loc="left") for panel in maps.axes[:8]]
    assert titles[0].startswith("beam: +")
    assert titles[-1].startswith("all: Tmrt - air: +")
    total = np.ma.filled(maps.axes[7].images[1].get_array(), np.nan)
    ground = ~underlay.buildings
    assert np.allclose(total[ground], (inside.dataset.tmrt - inside.dataset.ta)[3].values[ground],
                       atol=1e-3)  # fmt: skip
