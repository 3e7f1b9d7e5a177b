"""Statistics by polygon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from solweig.errors import ConfigurationError, InvalidSurfaceData
from solweig.exposure import zones as module
from tests.exposure.made import CRS, FORMATS, HOURS, MAP, box, known_run, table
from tests.support.run_cases import COLS, ROWS

DISTRICTS = [box(1, 1, 20, 20), box(15, 5, 40, 47), box(-30, 10, 7, 30)]
MEASURES = ["mean", "p05", "p50", "p95", "max"]


def numbers(found: solweig.ZonalStatistics) -> pd.DataFrame:
    return found.steps.drop(columns="zone")


def test_of_a_constant_map_every_statistic_is_the_constant(constant: Path) -> None:
    found = solweig.zonal_statistics(constant, table(DISTRICTS), thresholds=(32, 35, 38))
    assert (found.steps[MEASURES] == 35.0).to_numpy().all()
    assert (found.steps[["share_above_32", "share_above_35", "share_above_38"]] == [1, 0, 0]).all(
        axis=None
    )
    assert (found.steps["share_without_value"] == 0).all()
    assert found.zones["hours_utci_above_32"].tolist() == pytest.approx([len(HOURS)] * 3)
    assert (found.zones[[f"tmrt_mean.{m}" for m in MEASURES]] == 35.0).all(axis=None)
    assert len(found.steps) == 3 * 2 * len(HOURS)
    assert found.steps["begin"].iloc[0] == pd.Timestamp("2006-08-01 07:00")
    assert found.steps["end"].iloc[0] == pd.Timestamp("2006-08-01 08:00")
    areas = [shape.intersection(MAP).area for shape in DISTRICTS]
    assert found.zones["area_on_map_m2"].tolist() == pytest.approx(areas, rel=1e-6)
    assert "polygons: 1 of 3 lie on the map in part" in found.notes


def test_formats_of_a_run_give_the_same(run: Path) -> None:
    first, *others = (
        solweig.zonal_statistics(run, table(DISTRICTS), format=each) for each in FORMATS
    )
    assert first.steps["share_without_value"].max() == 0
    assert first.steps["mean"].nunique() > 20
    for other in others:
        pd.testing.assert_frame_equal(first.steps, other.steps)
        pd.testing.assert_frame_equal(
            first.zones.drop(columns="geometry"), other.zones.drop(columns="geometry")
        )


def test_overlapping_polygons_count_each_for_itself(varied: Path) -> None:
    together = solweig.zonal_statistics(varied, table(DISTRICTS))
    for k, shape in enumerate(DISTRICTS):
        alone = solweig.zonal_statistics(varied, table([shape]))
        own = together.steps[together.steps["zone"] == k + 1].reset_index(drop=True)
        pd.testing.assert_frame_equal(own.drop(columns="zone"), numbers(alone))


def test_hours_are_those_of_cells(varied: Path) -> None:
    found = solweig.zonal_statistics(varied, table([MAP]), thresholds={"utci": 32})
    noise = np.random.default_rng(1).uniform(20.0, 50.0, (ROWS, COLS))
    hours = sum((noise + step).astype(np.float32) > 32.0 for step in range(len(HOURS)))
    assert found.zones["hours_utci_above_32"][0] == pytest.approx(np.mean(hours))
    assert found.thresholds == {"tmrt": (), "utci": (32.0,)}
    assert "hours_tmrt_above_32" not in found.zones
    tmrt = found.steps["quantity"] == "tmrt"
    assert found.steps.loc[tmrt, "share_above_32"].isna().all()


def test_the_window_in_memory_does_not_matter(
    varied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = 15 + 2 * len(HOURS)
    whole = solweig.zonal_statistics(varied, table(DISTRICTS))
    monkeypatch.setattr(module, "_BATCH_CELLS", 150)
    told: list[tuple[int, int]] = []
    parts = solweig.zonal_statistics(
        varied, table(DISTRICTS), progress=lambda *at: told.append(at)
    )  # fmt: skip
    pd.testing.assert_frame_equal(whole.steps, parts.steps)
    assert told[-1] == (2 * maps, 2 * maps)


def test_buildings_and_cells_without_a_value_are_left_out_and_told(
    run: Path, tmp_path: Path
) -> None:
    ground = np.ones((ROWS, COLS), np.uint8)
    ground[:, :10] = 0
    values = np.full((ROWS, COLS), 30.0)
    values[:, :10] = 90.0
    values[:, 10:15] = np.nan
    folder = known_run(run, tmp_path / "run", lambda name, step: values, ground)
    found = solweig.zonal_statistics(folder, table([MAP]))
    assert found.zones["share_buildings"][0] == pytest.approx(1 / 3)
    assert (found.steps["max"] == 30.0).all()
    assert found.steps["share_without_value"].to_numpy() == pytest.approx(0.25)
    assert "polygons: 33.3% of their area on the map is buildings, left out" in found.notes
    roofs = solweig.zonal_statistics(folder, table([MAP]), where="all")
    assert (roofs.steps["max"] == 90.0).all()


def test_polygons_off_the_map_keep_their_row_without_values(varied: Path) -> None:
    found = solweig.zonal_statistics(varied, table([box(-50, 0, -20, 20), *DISTRICTS]))
    assert found.steps.loc[found.steps["zone"] == 1, MEASURES].isna().all(axis=None)
    assert np.isnan(found.zones["hours_utci_above_32"][0])
    assert found.zones["area_on_map_m2"][0] == 0
    assert found.zones["hours_utci_above_32"][1:].notna().all()
    assert "polygons: 1 of 4 off the map, without values" in found.notes
    with pytest.raises(ConfigurationError, match=r"polygons: expected at least one on the map"):
        solweig.zonal_statistics(varied, table([box(-50, 0, -20, 20)]))


def test_another_system_and_heights(varied: Path) -> None:
    own = table(DISTRICTS)
    far = own.copy()
    far["geometry"] = shapely.force_3d(far.geometry.values)
    first, second = (
        solweig.zonal_statistics(varied, each) for each in (own, far.to_crs(4326))
    )  # fmt: skip
    pd.testing.assert_frame_equal(first.steps, second.steps, atol=1e-3)
    assert second.zones.crs == own.crs
    unsaid = solweig.zonal_statistics(varied, table(DISTRICTS, crs=None))
    assert any("says no CRS; taken as that of the run" in note for note in unsaid.notes)
    wrong = table([shapely.box(500_000, 5_000_000, 500_100, 5_000_100)], crs=4326)
    with pytest.raises(ConfigurationError, match="coordinates that"):
        solweig.zonal_statistics(varied, wrong)


def test_repairs_and_what_is_no_polygon(varied: Path) -> None:
    bow = shapely.Polygon(
        [box(2, 2, 22, 22).exterior.coords[k] for k in (0, 2, 1, 3)]
    )  # fmt: skip
    mixed = table([bow, None, shapely.Point(0, 0)])
    found = solweig.zonal_statistics(varied, mixed)
    assert found.zones["area_m2"].tolist() == pytest.approx([200.0])
    assert found.notes[:3] == [
        "polygons: 1 of 3 without geometry, left out",
        "polygons: 1 of 3 not of type Polygon, MultiPolygon, left out",
        "polygons: 1 of 1 invalid, repaired",
    ]
    with pytest.raises(ConfigurationError, match="of type Polygon, MultiPolygon, got Point"):
        solweig.zonal_statistics(varied, table([shapely.Point(0, 0)]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"thresholds": "warm"}, "thresholds: expected numbers from -60 to 120 °C"),
        ({"thresholds": [500]}, "got 500"),
        ({"thresholds": True}, "got True"),
        ({"thresholds": "pet=32"}, "thresholds: expected thresholds of tmrt, utci"),
        ({"id_column": "nom"}, "id_column: expected a column of the polygons: name, got 'nom'"),
        ({"id_column": "name"}, "name: a repeated"),
        ({"where": "roofs"}, "where"),
        ({"out": "zones.shp"}, "out: expected a file ending in .gpkg or .csv"),
        ({"out": "none/zones.csv"}, "out: expected a file in a folder that is there"),
    ],
)
def test_bad_arguments_are_told(varied: Path, options: dict[str, Any], said: str) -> None:
    shapes = table(DISTRICTS, name=["a", "a", "b"])
    with pytest.raises(ConfigurationError) as error:
        solweig.zonal_statistics(varied, shapes, **options)
    assert said in str(error.value)


def test_files(varied: Path, tmp_path: Path) -> None:
    (tmp_path / "districts.gpkg").write_text("no database")
    with pytest.raises(InvalidSurfaceData, match="polygons: expected a vector file"):
        solweig.zonal_statistics(varied, tmp_path / "districts.gpkg")
    found = solweig.zonal_statistics(
        varied, table(DISTRICTS, name=["a", "b", "c"]), id_column="name", out=tmp_path / "z.gpkg"
    )
    zones = gpd.read_file(tmp_path / "z.gpkg", layer="zones")
    assert zones.crs == CRS
    assert zones["zone"].tolist() == ["a", "b", "c"]
    assert zones["utci_max.p95"].tolist() == found.zones["utci_max.p95"].tolist()
    steps = pyogrio.read_dataframe(tmp_path / "z.gpkg", layer="zone_steps")
    assert steps["begin"][0] == "2006-08-01T07:00:00+01:00"
    assert steps["mean"].tolist() == found.steps["mean"].tolist()
    with pytest.raises(ConfigurationError, match="overwrite=True"):
        found.write(tmp_path / "z.gpkg")
    assert found.write(tmp_path / "z.csv") == [tmp_path / "z.csv", tmp_path / "z_steps.csv"]
    again = pd.read_csv(tmp_path / "z_steps.csv")
    assert again["p95"].tolist() == pytest.approx(found.steps["p95"].tolist())
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "districts.gpkg", "z.csv", "z.gpkg", "z_steps.csv",
    ]  # fmt: skip


def test_the_command(varied: Path, tmp_path: Path) -> None:
    table(DISTRICTS, name=["north", "south", "west"]).to_file(tmp_path / "d.geojson")
    words = [
        "zones", str(varied), "--polygons", str(tmp_path / "d.geojson"), "--id", "name",
        "--thresholds", "utci=32", "--out", str(tmp_path / "z.csv"),
    ]  # fmt: skip
    done = CliRunner().invoke(app, [*words, "--plot", str(tmp_path / "z.png")])
    assert done.exit_code == 0, done.output
    assert "hours_utci_above_32" in done.output
    assert "south" in done.output
    assert (tmp_path / "z.png").stat().st_size > 10_000
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 2
    assert "--overwrite" in again.output
    wrong = CliRunner().invoke(app, [*words, "--overwrite", "--id", "nom"])
    assert wrong.exit_code == 2
    assert "The flag is --id." in wrong.output
