"""A mast against the model from file to page, and what is refused on the way."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import solweig
from solweig.cli.app import app
from solweig.errors import ConfigurationError, MastDataError
from solweig.validation import Mast, read_mast, validate_mast, write_validation
from solweig.validation.agreement import agreement
from solweig.weather.series import weather_series
from tests.support.run_cases import LOCATION, small_surface
from tests.validation import made

runner = CliRunner()


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mast") / "yard.csv"
    return made.write_csv(made.mast(made.model(), "end", 17.0), path)


@pytest.fixture(scope="module")
def surface() -> solweig.SurfaceData:
    return small_surface()


def assessed(surface: solweig.SurfaceData, mast: Mast, **options: Any) -> Any:
    rows, place = options.pop("weather", made.clear_day()), options.pop("point", made.POINT)
    return validate_mast(mast, surface, rows, LOCATION, place, **options)


class _Outside(HTMLParser):
    """What a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "link", "iframe"):
            self.found.append(tag)
        source = values.get("src") or ""
        if source and not source.startswith("data:image/png;base64,"):
            self.found.append(source)


def test_from_file_to_page(surface: solweig.SurfaceData, csv: Path, tmp_path: Path) -> None:
    found = assessed(surface, read_mast(csv))
    assert found.fit.interval.stamp == "end"
    assert found.fit.turn.best == pytest.approx(17.0, abs=2.0)
    page = write_validation(found, tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    outside = _Outside()
    outside.feed(text)
    assert outside.found == []
    names = ["interval", "scatter", "budget", f"day_{made.DAY}"]
    assert {p.stem for p in page.parent.glob("*.png")} == set(names)
    assert text.count("data:image/png") == len(names)
    record = json.loads((page.parent / "validation.json").read_text())
    assert record["interval"]["verdict"] == "sure"
    assert record["agreement"]["Tmrt"]["rmse"] == pytest.approx(found.agreement["Tmrt"].rmse)
    pairs = pd.read_csv(page.parent / "pairs.csv")
    again = agreement(pairs["Kdown_modelled"], pairs["Kdown_measured"])
    assert again.rmse == pytest.approx(found.agreement["Kdown"].rmse)
    with pytest.raises(ConfigurationError, match=r"out: .*--overwrite"):
        write_validation(found, page.parent)
    write_validation(found, page.parent, overwrite=True, plots=False)
    assert not list(page.parent.glob("*.png"))


def test_any_subset_of_columns(surface: solweig.SurfaceData, csv: Path, tmp_path: Path) -> None:
    whole = read_mast(csv)
    for names in (("Tmrt",), ("Kdown", "Lup"), ("Le",)):
        part = Mast("part", whole.times, 60.0, {n: whole.columns[n] for n in names})
        found = assessed(surface, part, minutes=30.0)
        assert tuple(found.agreement) == names
        assert (found.budget is None) == ("Tmrt" not in names)
        if found.budget is not None:
            assert list(found.budget) == ["rest"]
        assert write_validation(found, tmp_path / names[0], plots=names == ("Le",)).is_file()


def test_weather_says_what_its_rows_stand_for(surface: solweig.SurfaceData, csv: Path) -> None:
    named_by_start = [
        solweig.Weather(
            row.datetime - pd.Timedelta(hours=1), row.ta, row.rh, row.global_rad, row.ws,
            stamp="start",
        )
        for row in made.clear_day()
    ]  # fmt: skip
    one, two = (
        assessed(surface, read_mast(csv), weather=rows, minutes=30.0)
        for rows in (made.clear_day(), named_by_start)
    )
    np.testing.assert_allclose(one.paired["Tmrt"], two.paired["Tmrt"], atol=1e-6)
    assert weather_series(named_by_start, LOCATION).stamp == "start"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"point": (0.0, 0.0)}, MastDataError, r"point: expected a point inside the raster"),
        ({"point": [made.POINT, made.POINT]}, MastDataError, r"point: expected one point, got 2"),
        ({"minutes": 0.0}, ConfigurationError, r"sun_minutes: "),
        ({"turn": 400.0}, ConfigurationError, r"turn: "),
        ({"mast_absorption": (0.0, 0.97)}, ConfigurationError, r"mast_absorption: "),
    ],
)
def test_what_is_refused(
    surface: solweig.SurfaceData, csv: Path, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        assessed(surface, read_mast(csv), **options)


def test_another_time_is_refused(surface: solweig.SurfaceData, csv: Path) -> None:
    mast = read_mast(csv)
    other = Mast("other", mast.times + np.timedelta64(365, "D"), 60.0, mast.columns)
    with pytest.raises(MastDataError, match=r"mast: expected rows within the weather.*--year"):
        assessed(surface, other)


def test_no_ground_at_the_mast(csv: Path) -> None:
    surface = small_surface(svf=False)
    heights = surface.dsm.copy()
    heights[4, 13] = np.nan
    bare = solweig.SurfaceData(
        heights, pixel_size=surface.pixel_size, geotransform=surface.geotransform, crs=surface.crs
    )
    bare.compute_svf()
    with pytest.raises(MastDataError, match=r"point: expected a cell with ground"):
        assessed(bare, read_mast(csv), minutes=60.0)


# ------------------------------------------------------------------ command


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    import rasterio

    folder = tmp_path_factory.mktemp("site")
    surface = small_surface(svf=False)
    rows, cols = surface.shape
    for name in ("dsm", "dem", "cdsm", "land_cover"):
        grid = np.asarray(getattr(surface, name), np.float32)
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", height=rows, width=cols, count=1,
            dtype="float32", crs="EPSG:3006", nodata=-9999,
            transform=rasterio.Affine.from_gdal(*surface.geotransform),
        ) as target:  # fmt: skip
            target.write(grid, 1)
    lines = ["iy id it imin Q* QH QE Qs Qf Wind RH Td press rain Kdn snow ldown fcld wuh xsmd lai "
             "Kdiff Kdir Wd"]  # fmt: skip
    for row in made.clear_day():
        t = row.datetime
        values = ["-999"] * 24
        values[:4] = [str(t.year), str(t.timetuple().tm_yday), str(t.hour), "0"]
        values[9:13] = [f"{row.ws}", f"{row.rh:.4f}", f"{row.ta:.4f}", "101.3"]
        values[14] = f"{row.global_rad:.4f}"
        lines.append(" ".join(values))
    (folder / "met.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = {name: str(folder / f"{name}.tif") for name in ("dsm", "dem", "cdsm", "land_cover")}
    return {**names, "met": str(folder / "met.txt")}


def command(files: dict[str, str], csv: Path, out: Path, *more: str) -> list[str]:
    flags = [f"--{name.replace('_', '-')}={path}" for name, path in files.items()]
    place = "--point={},{}".format(*made.POINT)
    return [
        "validate", *flags, "--utc-offset=1", "--latitude=57.7", "--longitude=12",
        f"--mast={csv}", f"--out={out}", "--accelerator=cpu", place, *more,
    ]  # fmt: skip


def test_the_command(files: dict[str, str], csv: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["-q", *command(files, csv, tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "stamps of the mast mark the end of each row (sure" in done.output
    assert "turned by +17 degrees" in done.output
    assert (tmp_path / "out" / "index.html").is_file()
    again = runner.invoke(app, ["-q", *command(files, csv, tmp_path / "out")])
    assert again.exit_code == 2
    assert "--overwrite" in again.output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--pois=x.geojson",), "either --point x,y or --pois FILE"),
        (("--columns=Tmrt",), "quantity=column"),
        (("--columns=Tmrt=MRT",), "columns: expected a column of the file"),
        (("--mast-stamp=middle",), "mast_stamp: expected end, centre or start"),
        (("--mast-minutes=600",), "mast_minutes: expected no more than the 60 min"),
        (("--mast-absorption=0.7",), "two shares: 0.7,0.97"),
        (("--sky=blue",), "--sky"),
        (("--sun-minutes=0",), "sun_minutes: expected 0.1 to 1440 min"),
        (("--day=2011-01-01",), "day: expected rows of 2011-01-01"),
    ],
)
def test_flags_that_are_refused(
    files: dict[str, str], csv: Path, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    done = runner.invoke(app, ["-q", *command(files, csv, tmp_path / "out", *more)])
    assert done.exit_code == 2, done.output
    assert message in done.output
    assert not (tmp_path / "out").exists()


def test_a_mast_off_the_map(files: dict[str, str], csv: Path, tmp_path: Path) -> None:
    flags = command(files, csv, tmp_path / "out")
    flags = [flag for flag in flags if not flag.startswith("--point")]
    done = runner.invoke(app, ["-q", *flags, "--point=1,2"])
    assert done.exit_code == 2
    assert "point: expected a point inside the raster" in done.output
