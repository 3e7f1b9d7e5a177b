"""Pictures: right colours, units and marks, and nothing drawn where nothing is known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import solweig
from tests.support.run_cases import LOCATION, PIXEL, small_surface, weather, xy

pytest.importorskip("matplotlib")

from solweig.results import captions, map_style, pictures, plotting
from solweig.results.pictures import draw_curves, draw_run, hottest_step


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


@pytest.fixture(scope="module")
def underlay(surface: solweig.SurfaceData) -> plotting.Underlay:
    return plotting.Underlay.of_surface(surface)


def field(low: float, high: float, surface: solweig.SurfaceData) -> np.ndarray:
    rows, cols = surface.shape
    return np.linspace(low, high, rows * cols, dtype=np.float32).reshape(rows, cols)


@pytest.mark.parametrize(
    ("utci", "name"),
    [
        (-45.0, "extreme cold"), (-0.1, "moderate cold"), (0.0, "slight cold"),
        (25.9, "no thermal stress"), (26.0, "moderate heat"), (32.0, "strong heat"),
        (38.0, "very strong heat"), (46.0, "extreme heat"),
    ],
)  # fmt: skip
def test_stress_classes(utci: float, name: str) -> None:
    assert map_style.stress_class(utci) == name


def test_utci_colours_jump_at_class_bounds_only() -> None:
    scale = map_style.scale_for("utci", np.array([[20.0, 40.0]]), (20.0, 40.0))

    def colour(value: float) -> np.ndarray:
        return np.asarray(scale.cmap(scale.norm(value)))[:3]

    for bound in (26.0, 32.0, 38.0):
        across = np.abs(colour(bound + 0.1) - colour(bound - 0.1)).sum()
        within = np.abs(colour(bound + 0.6) - colour(bound + 0.1)).sum()
        assert across > 4 * within, bound
    assert scale.ticks is not None
    assert {26.0, 32.0, 38.0} <= set(scale.ticks)
    assert [name for _, name in scale.classes] == [
        "no thermal stress", "moderate heat", "strong heat", "very strong heat",
    ]  # fmt: skip
    assert scale.label == "UTCI [°C]"


@pytest.mark.parametrize("kind", ["utci", "pet", "utci_max"])
@pytest.mark.parametrize(
    ("span", "least"),
    [((19.2, 21.7), 0.8), ((10.1, 24.9), 0.9), ((33.0, 37.0), 0.12), ((-5.0, -2.0), 0.09)],
)
def test_a_map_of_few_classes_shows_where_it_is_warmer(
    kind: str, span: tuple[float, float], least: float
) -> None:
    grid = np.linspace(*span, 500)
    scale = map_style.scale_for(kind, grid)
    colours = np.asarray(scale.cmap(scale.norm(grid)))[:, :3]
    assert len(np.unique(colours, axis=0)) >= 4 * (span[1] - span[0]) - 4
    table = map_style.CLASSES[kind.partition("_")[0]]
    lows = np.array([row[0] for row in table])
    number = np.searchsorted(lows, grid, side="right")
    widest = max(
        np.abs(colours[number == i].max(axis=0) - colours[number == i].min(axis=0)).sum()
        for i in np.unique(number)
    )
    assert widest > least, "shades of a class that one can tell apart"


def test_pet_has_classes() -> None:
    scale = map_style.scale_for("pet", np.array([[20.0, 40.0]]), (16.0, 43.0))
    assert [name for _, name in scale.classes] == [
        "slightly cool", "comfortable", "slightly warm", "warm", "hot", "very hot",
    ]  # fmt: skip
    assert scale.ticks is not None
    assert {18.0, 23.0, 29.0, 35.0, 41.0} <= set(scale.ticks)
    assert scale.label == "PET [°C]"
    below, above = (np.asarray(scale.cmap(scale.norm(v)))[:3] for v in (34.9, 35.1))
    assert np.abs(above - below).sum() > 0.15
    assert "[h]" in map_style.scale_for("pet_hours_above_35", np.array([[2.0]])).label


def test_scales_cover_the_data_and_name_the_unit() -> None:
    grid = np.array([[20.0, 30.0], [60.0, np.nan]])
    scale = map_style.scale_for("tmrt", grid)
    assert scale.norm.vmin is not None
    assert scale.norm.vmax is not None
    assert scale.norm.vmin <= 21
    assert scale.norm.vmax >= 59
    assert "°C" in scale.label
    assert map_style.scale_for("shade_hours", grid).label == "Shade [h]"
    assert map_style.scale_for("utci_hours_above_32", grid).label == "UTCI above 32 °C [h]"
    assert "W m⁻²" in map_style.scale_for("kdown", grid).label
    assert map_style.scale_for("tmrt", np.full((2, 2), np.nan)).norm.vmin == 0.0


def test_hillshade_is_lit_from_the_north_west() -> None:
    flat = map_style.hillshade(np.zeros((5, 5)), 1.0)
    assert np.allclose(flat, np.sqrt(0.5))
    columns = np.tile(np.arange(5.0), (5, 1))
    assert map_style.hillshade(columns, 1.0)[2, 2] > flat[2, 2], "faces west, towards the light"
    assert map_style.hillshade(-columns, 1.0)[2, 2] < flat[2, 2]
    assert map_style.hillshade(columns.T, 1.0)[2, 2] > flat[2, 2], "faces north"


def test_underlay_finds_houses_and_trees(underlay: plotting.Underlay) -> None:
    assert underlay.buildings[10, 12]
    assert underlay.buildings.sum() == 8 * 10
    assert underlay.trees is not None
    assert underlay.trees.sum() == 9


def test_a_map_has_what_a_map_needs(
    surface: solweig.SurfaceData, underlay: plotting.Underlay, tmp_path: Path
) -> None:
    path = tmp_path / "map.png"
    figure = plotting.plot_map(
        field(20, 60, surface), "tmrt", underlay, title="Tmrt", subtitle="noon", save_path=path,
        point=(*xy(3, 3), "mast"),
    )  # fmt: skip
    axes, bar = figure.axes
    texts = [t.get_text() for t in axes.texts]
    assert "N" in texts
    assert "mast" in texts
    assert any(t.endswith(" m") for t in texts), "scale bar"
    assert bar.get_ylabel() == "Mean radiant temperature [°C]"
    assert {t.get_text() for t in figure.texts} == {"Tmrt", "noon"}
    legend = axes.get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()] == ["Buildings", "Tree crowns"]
    ground = np.ma.filled(axes.images[1].get_array(), np.nan)
    assert np.isnan(ground[underlay.buildings]).all(), "roofs carry no colour"
    assert np.isfinite(ground[~underlay.buildings]).all()
    west, east, south, north = axes.images[1].get_extent()
    assert (east - west, north - south) == (30 * PIXEL, 24 * PIXEL)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["map.png"]


def test_the_scale_bar_is_as_long_as_it_says(
    surface: solweig.SurfaceData, underlay: plotting.Underlay, tmp_path: Path
) -> None:
    figure = plotting.plot_map(
        field(20, 60, surface), "tmrt", underlay, title="", save_path=tmp_path / "a.png"
    )
    axes = figure.axes[0]
    halves = [p for p in axes.patches if p.get_zorder() == 6]
    label = next(t.get_text() for t in axes.texts if t.get_text().endswith(" m"))
    assert sum(p.get_width() for p in halves) == pytest.approx(float(label.split()[0]))


def test_a_bare_surface_can_be_drawn(tmp_path: Path) -> None:
    bare = solweig.SurfaceData(np.full((9, 7), 4.0, np.float32))
    grid = np.full((9, 7), 27.0, np.float32)
    grid[0] = np.nan
    figure = plotting.plot_map(
        grid, "utci", plotting.Underlay.of_surface(bare), title="t", save_path=tmp_path / "a.png"
    )
    assert figure.axes[0].get_legend() is None


def test_pictures_of_a_run_from_memory_and_from_files(
    surface: solweig.SurfaceData, tmp_path: Path
) -> None:
    from matplotlib.image import imread

    options = {"outputs": ["tmrt", "utci"], "pois": {"mast": xy(3, 3), "tree": xy(18, 21)}}
    inside = solweig.calculate(surface, weather(), LOCATION, **options)  # type: ignore[arg-type]
    onto = solweig.calculate(surface, weather(), LOCATION, output_dir=tmp_path / "out", **options)  # type: ignore[arg-type]
    assert hottest_step(inside) == int(np.argmax(inside.timeseries.tmrt_mean))
    one = draw_run(inside, surface, tmp_path / "one", place="Here", wind_note="calm")
    two = draw_run(onto, surface, tmp_path / "two", place="Here", wind_note="calm")
    assert [p.name for p in one] == [p.name for p in two]
    assert {"shade_hours.png", "series.png"} < {p.name for p in one}
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(imread(a), imread(b)), a.name
    curves = draw_curves(inside, tmp_path / "one", place="Here")
    assert [p.name for p in curves] == ["day_curve.png", "curve_2.png"]


def texts_of(figure: object) -> str:
    from matplotlib.text import Text

    found = figure.findobj(Text)  # type: ignore[attr-defined]
    return " | ".join(text.get_text() for text in found)


def test_headings_say_place_period_and_clock(
    surface: solweig.SurfaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [step for day in range(1, 8) for step in weather((12, 18), day=f"2006-08-{day:02d}")]
    summary = solweig.calculate(
        surface, steps, LOCATION, outputs=["tmrt", "utci", "pet"], pois={"mast": xy(3, 3)}
    )
    said = []

    def note(*args: object, **options: object) -> None:
        said.append((str(options["title"]), str(options["subtitle"]), options.get("intervals")))

    monkeypatch.setattr(pictures, "plot_map", note)
    monkeypatch.setattr(pictures, "plot_point_curve", note)
    draw_run(summary, surface, tmp_path, place="A square")
    draw_curves(summary, tmp_path, place="A square")
    assert [title for title, _, _ in said] == [
        "Mean radiant temperature", "Heat stress (UTCI)", "PET", "Hours of shade", "mast",
    ]  # fmt: skip
    assert {subtitle for _, subtitle, _ in said[:3]} == {
        f"A square · {summary.timeseries.datetime[hottest_step(summary)].day} August 2006, 12:00 "
        "(UTC+1)"
    }
    assert said[3][1] == "A square · 1–7 August 2006 (UTC+1), sun above the horizon"
    assert said[4][1] == "A square · 1–7 August 2006 (UTC+1)"
    assert said[4][2] == "stamps mark the end of steps of 60 min; UTC+1"
    text = texts_of(summary.plot(save_path=tmp_path / "s.png"))
    assert "Heat stress, 1–5 August 2006, the first 5 days of 1–7 August 2006" in text
    assert "57.700° N, 12.000° E" in text
    assert "UTC+1" in text
    text = texts_of(summary.plot(save_path=tmp_path / "s.png", max_days=9, place="Here"))
    assert "Heat stress, 1–7 August 2006 |" in text
    assert "Here" in text


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (("2006-08-01T01:00", "2006-08-02T00:00"), "1 August 2006"),
        (("2006-08-01T01:00", "2006-08-02T00:01"), "1–2 August 2006"),
        (("2006-08-30T01:00", "2006-09-02T00:00"), "30 August to 1 September 2006"),
        (("2006-12-31T01:00", "2007-01-01T12:00"), "31 December 2006 to 1 January 2007"),
        (("2006-08-01T00:00", "2006-08-01T00:00"), "1 August 2006"),
    ],
)
def test_periods_in_words(times: tuple[str, str], text: str) -> None:
    assert captions.period_text([datetime.fromisoformat(t) for t in times]) == text


def test_clocks_and_places_in_words() -> None:
    clocks = [captions.zone_text(h) for h in (0, 1, -3.5, 5.75, 12)]
    assert clocks == ["UTC", "UTC+1", "UTC−3:30", "UTC+5:45", "UTC+12"]
    assert captions.place_text(-33.8568, 151.2153) == "33.857° S, 151.215° E"
    assert captions.place_text(40.7, -74.0) == "40.700° N, 74.000° W"


def test_a_curve_shows_measurements_as_dots(surface: solweig.SurfaceData, tmp_path: Path) -> None:
    summary = solweig.calculate(surface, weather(), LOCATION, pois={"mast": xy(3, 3)})
    assert summary.pois is not None
    times = pd.DatetimeIndex(summary.timeseries.datetime)
    measured = pd.DataFrame({"Tmrt": [10.0, 20.0, 40.0, 50.0], "Kdown": 100.0}, index=times)
    figure = plotting.plot_point_curve(
        summary.pois, title="mast", measured=measured, save_path=tmp_path / "c.png",
        air_temperature=pd.Series(20.0, index=times),
    )  # fmt: skip
    upper, lower = figure.axes
    lines = {line.get_label(): line for line in upper.lines}
    assert lines["Tmrt, measured"].get_linestyle() == "None"
    assert np.array_equal(lines["Tmrt, measured"].get_ydata(), measured["Tmrt"])
    assert np.allclose(lines["Tmrt"].get_ydata(), summary.pois["tmrt"])
    assert {"Tmrt", "UTCI", "PET", "Air"} <= set(lines)
    assert upper.get_ylabel() == "Temperature [°C]"
    assert lower.get_ylabel() == "Radiation [W m⁻²]"
