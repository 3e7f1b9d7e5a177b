"""What the package reads: small valid files, and how they are read."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import sqlite3
import struct
import tempfile
import traceback
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import typer
from rasterio.transform import Affine
from typer.testing import CliRunner

import solweig
from solweig.cli import run as run_command
from solweig.cli.app import app
from solweig.errors import ConfigurationError, SolweigError
from solweig.execution import ExecutionConfig
from solweig.params import load_params, namespace_to_dict, tree_settings, wind_height
from solweig.rasters.georef import GeoReference
from solweig.results.comparison import compare_runs
from solweig.results.folder import find_standing
from solweig.results.metadata import FILE_NAME, load_run_metadata
from solweig.results.pois import read_points
from solweig.results.state import ThermalState
from solweig.run.forecast import measure_surface
from solweig.run.plan import RunPlan, make_plan
from solweig.run.settings import RunSettings
from solweig.run.store import WORK_FOLDER, open_store, recorded_tiles
from solweig.run.tiled import journal_head
from solweig.surface.precomputed import read_svf_dir
from solweig.surface.shadow_arrays import ShadowArrays
from solweig.surface.svf_arrays import SvfArrays
from solweig.tiles.plan import TilePlan
from tests.fuzz.mutations import archived, array_changed, bytes_changed, text_changed
from tests.fuzz.reader import ARRAYS, JSON, TEXT, Reader
from tests.fuzz.weather_readers import WEATHER, write_umep
from tests.support.rasters import NORTH, UTM33, WEST, write_tif
from tests.support.run_cases import LOCATION, weather

__all__ = ["READERS", "Reader"]

ROWS, COLS, PIXEL = 6, 8, 2.0
PLACE = Affine(PIXEL, 0.0, WEST, 0.0, -PIXEL, NORTH)
ON_CPU = ExecutionConfig(accelerator="cpu")


# ------------------------------------------------------------------ rasters


def _heights() -> Any:
    values = np.full((ROWS, COLS), 10.0, np.float32)
    values[2:4, 3:6] += 8.0
    return values


def _write_dsm(folder: Path) -> list[Path]:
    """Strips, compressed tiles and a text grid."""
    strips = write_tif(folder / "strips.tif", _heights(), nodata=-9999.0)
    tiles = folder / "tiles.tif"
    with rasterio.open(
        tiles, "w", driver="GTiff", height=ROWS, width=COLS, count=1, dtype="float32", crs=UTM33,
        transform=PLACE, compress="deflate", tiled=True, blockxsize=16, blockysize=16,
    ) as sink:  # fmt: skip
        sink.write(_heights(), 1)
    lines = [f"ncols {COLS}", f"nrows {ROWS}", f"xllcorner {WEST}", f"yllcorner {NORTH}",
             f"cellsize {PIXEL}", "NODATA_value -9999"]  # fmt: skip
    lines += [" ".join(f"{v:g}" for v in row) for row in _heights()]
    grid = folder / "grid.asc"
    grid.write_text("\n".join(lines) + "\n")
    return [strips, tiles, grid]


class Checked(SolweigError):
    """Everything was read and checked; what follows concerns no file."""


class NotKept(SolweigError):
    """A damaged record is set aside, and its tile computed again."""


def _stop(_: Any) -> None:
    raise Checked


def _prepare(**layers: Any) -> None:
    try:
        solweig.SurfaceData.prepare(**layers, check=_stop, execution=ON_CPU)
    except Checked:
        return


def _read_dsm(path: Path) -> Any:
    _prepare(dsm=path)
    measure_surface(path, None)
    solweig.io.get_raster_metadata(path)
    solweig.io.read_raster_window(path, (slice(0, 2), slice(0, 2)))
    return solweig.io.load_raster(path, heights=True)


def _write_layers(folder: Path) -> list[Path]:
    write_tif(folder / "dsm.tif", _heights())
    canopy = np.zeros((ROWS, COLS), np.float32)
    canopy[0:2, 0:2] = 5.0
    cover = np.ones((ROWS, COLS), np.uint8)
    cover[:, 4:] = 5
    return [
        write_tif(folder / "cdsm.tif", canopy),
        write_tif(folder / "tdsm.tif", canopy / 4),
        write_tif(folder / "land_cover.tif", cover),
        write_tif(folder / "dem.tif", np.full((ROWS, COLS), 10.0, np.float32)),
    ]


def _read_layers(path: Path) -> Any:
    layers = {name: path.with_name(f"{name}.tif") for name in ("dsm", "cdsm")}
    _prepare(**{**layers, path.stem: path})


# ------------------------------------------------------------------ points


def _points() -> list[tuple[str, float, float]]:
    return [("square", WEST + 3.0, NORTH - 3.0), ("yard", WEST + 9.0, NORTH - 7.0)]


def _write_points(folder: Path) -> list[Path]:
    import geopandas

    features = [
        {"type": "Feature", "properties": {"name": n}, "geometry": {"type": "Point",
         "coordinates": [x, y]}}
        for n, x, y in _points()
    ]  # fmt: skip
    crs = {"type": "name", "properties": {"name": UTM33}}
    document = {"type": "FeatureCollection", "crs": crs, "features": features}
    geojson, table = folder / "points.geojson", folder / "points.csv"
    geojson.write_text(json.dumps(document))
    lines = [f"{n},{x},{y}" for n, x, y in _points()]
    table.write_text("\n".join(["name,x,y", *lines]) + "\n")
    names, east, north = zip(*_points(), strict=True)
    frame = geopandas.GeoDataFrame(
        {"name": names}, geometry=geopandas.points_from_xy(east, north), crs=UTM33
    )
    frame.to_file(folder / "shape.shp")
    shapes = [folder / f"shape.{end}" for end in ("shp", "shx", "dbf", "prj")]
    return [geojson, table, _write_geopackage(folder / "points.gpkg"), *shapes]


def _write_geopackage(path: Path) -> Path:
    """As small as it can be; GDAL writes 100 KB."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size = 512")
        db.execute(
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INT, "
            "geometry_type_name TEXT)"
        )
        db.execute(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_id INT, organization TEXT, "
            "organization_coordsys_id INT, definition TEXT)"
        )
        db.execute("CREATE TABLE points (fid INT, geom BLOB, name TEXT)")
        db.execute("INSERT INTO gpkg_geometry_columns VALUES ('points', 'geom', 32633, 'POINT')")
        db.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (32633, 'EPSG', 32633, 'x')")
        for i, (name, x, y) in enumerate(_points()):
            blob = b"GP\x00\x01" + struct.pack("<iBI2d", 32633, 1, 1, x, y)
            db.execute("INSERT INTO points VALUES (?, ?, ?)", (i, blob, name))
        db.commit()
    return path


def _read_points(path: Path) -> Any:
    from pyproj import CRS

    grid = GeoReference(PLACE.to_gdal(), CRS.from_user_input(UTM33).to_wkt(), (ROWS, COLS))
    return read_points(path if path.stem != "shape" else path.with_suffix(".shp"), grid)


# ------------------------------------------------------------------ configuration


def _write_toml(folder: Path) -> list[Path]:
    write_tif(folder / "dsm.tif", _heights())
    write_umep(folder)
    path = folder / "run.toml"
    path.write_text(
        'dsm = "dsm.tif"\nmet = ["met.txt"]\nutc-offset = 1.0\noutputs = ["tmrt", "utci"]\n'
        'sky = "isotropic"\nmax-shadow-distance = 200\nbbox = "400000,6399990,400014,6400000"\n'
        'timestep-minutes = 60\nposture = "standing"\noverwrite = true\ntrunk-ratio = 0.25\n'
        "heat-thresholds-day = [32, 38.5]\npatch-option = 2\n\n[fill]\nws = 1.5\n"
    )
    return [path]


def _read_toml(path: Path) -> Any:
    """By the command line, which checks everything and stops before the work."""
    before, real = Path.cwd(), run_command.check_calculation

    def check(*given: Any, **options: Any) -> None:
        real(*given, **options)
        raise typer.Exit

    os.chdir(path.parent)
    run_command.check_calculation = check  # type: ignore[attr-defined]
    try:
        told = CliRunner().invoke(
            app, ["run", "--config", path.name, "--out", "out", "--accelerator", "cpu"]
        )
    finally:
        os.chdir(before)
        run_command.check_calculation = real  # type: ignore[attr-defined]
    if told.exit_code == 2:
        assert "Traceback" not in told.output
        raise ConfigurationError("run.toml", told.output)
    error = traceback.format_exception(told.exception, limit=-4) if told.exception else []
    assert told.exit_code == 0, told.output or "".join(error)


def _write_parameters(folder: Path) -> list[Path]:
    own = folder / "config.json"
    solweig.ModelConfig(human=solweig.HumanParams()).save(own)
    umep = folder / "umep.json"
    umep.write_text(json.dumps(namespace_to_dict(load_params())))
    return [own, umep]


def _read_parameters(path: Path) -> Any:
    found = solweig.ModelConfig.from_json(path)
    if path.stem == "umep":
        solweig.load_materials(path)
        tree_settings(solweig.load_physics(path))
        wind_height(load_params(path))
    return found


# ------------------------------------------------------------------ prepared data


def _sky() -> tuple[SvfArrays, ShadowArrays]:
    surface = solweig.SurfaceData(_heights(), pixel_size=PIXEL)
    surface.compute_svf(patch_option=1)
    assert surface.svf is not None
    assert surface.shadow_matrices is not None
    return surface.svf, surface.shadow_matrices


def _write_svfs(folder: Path) -> list[Path]:
    path = folder / "svfs.zip"
    _sky()[0].to_zip(path)
    return [path]


def _write_shadowmats(folder: Path) -> list[Path]:
    path = folder / "shadowmats.npz"
    _sky()[1].to_npz(path)
    return [path]


def _write_mapped(folder: Path) -> list[Path]:
    svf, matrices = _sky()
    svf.to_memmap(folder / "memmap")
    matrices.to_memmap(folder / "shadow_memmaps")
    return sorted([*folder.glob("shadow_memmaps/*"), folder / "memmap" / "svf.npy"])


def _read_mapped(path: Path) -> Any:
    svf, matrices = read_svf_dir(path.parents[1])
    assert matrices is not None
    return float(np.nansum(svf.svf)), {n: int(w.sum()) for n, w in matrices.words().items()}


def _write_surface(folder: Path) -> list[Path]:
    surface = solweig.SurfaceData(_heights(), pixel_size=PIXEL)
    surface.compute_svf(patch_option=1)
    surface.save_cleaned(folder)
    return sorted([*folder.rglob("*.json"), folder / "cleaned" / "dsm.npy"])


def _read_surface(path: Path) -> Any:
    folder = next(p for p in path.parents if (p / "cleaned").is_dir())
    return solweig.SurfaceData.load(folder)


# ------------------------------------------------------------------ what runs leave


def _write_state(folder: Path) -> list[Path]:
    names = ("lup", "lup_e", "lup_s", "lup_w", "lup_n")
    grids = {name: np.full((ROWS, COLS), 400.0, np.float32) for name in names}
    grids["tg"] = np.full((ROWS, COLS), 21.0, np.float32)
    return [ThermalState(False, 0.25, grids).save(folder / "state.npz")]


def _read_state(path: Path) -> Any:
    return ThermalState.load(path).to_engine()


def _write_metadata(folder: Path) -> list[Path]:
    surface = solweig.SurfaceData(_heights(), pixel_size=PIXEL)
    surface.compute_svf(patch_option=1)
    solweig.calculate(surface, weather((9,)), LOCATION, output_dir=folder)
    for raster in (folder / "summary").glob("*.tif"):
        if raster.stem != "tmrt_mean":
            raster.unlink()  # one is enough to compare
    shutil.copy(folder / FILE_NAME, folder / "whole.json")
    (folder / "other").mkdir()
    shutil.copytree(folder / "summary", folder / "other" / "summary")
    shutil.copy(folder / FILE_NAME, folder / "other" / FILE_NAME)
    return [folder / FILE_NAME, folder / "summary" / "tmrt_mean.tif"]


def _read_metadata(path: Path) -> Any:
    run = path.parent if path.name == FILE_NAME else path.parents[1]
    found = load_run_metadata(run)
    whole = json.loads((run / "whole.json").read_text())
    find_standing(run, whole, overwrite=True).held(["tmrt"], list(whole["steps"]), "geotiff")
    compare_runs(run, run / "other")
    find_standing(run, whole, overwrite=False, sky=False)
    find_standing(run, whole, overwrite=False, resume=True)
    return found


@functools.cache
def _long_square() -> solweig.SurfaceData:
    """Four tiles of 8 cells."""
    dsm = np.full((8, 32), 10.0, np.float32)
    dsm[2:4, 3:6] += 8.0
    surface = solweig.SurfaceData(dsm, pixel_size=PIXEL)
    surface.compute_svf(patch_option=1)
    return surface


_IN_TILES: dict[str, Any] = {
    "tile_size": 8, "use_anisotropic_sky": False, "max_shadow_distance_m": 20.0,
    "pois": {"square": (3.0, 3.0)}, "execution": ON_CPU,
}  # fmt: skip


def _write_journal(folder: Path) -> list[Path]:
    """A run that was stopped before its last tile."""

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    run = folder / "run"
    with contextlib.suppress(KeyboardInterrupt):
        solweig.calculate(
            _long_square(), weather((9,)), LOCATION, output_dir=run, progress_callback=stop,
            **_IN_TILES,
        )  # fmt: skip
    first, *others = sorted((run / WORK_FOLDER / "tiles").glob("*.json"))
    for record in others:
        record.unlink()
    whole = json.loads(first.read_text())
    del whole["digest"]
    (run / WORK_FOLDER / "whole.txt").write_text(json.dumps(whole))
    return [run / WORK_FOLDER / "journal.json", first]


@functools.cache
def _plan(run: Path) -> RunPlan:
    settings = RunSettings.resolve(output_dir=run, resume=True, **_IN_TILES)
    return make_plan(_long_square(), weather((9,)), LOCATION, settings)


def _read_journal(path: Path) -> Any:
    """What a resumed run keeps of the one that was stopped."""
    run = next(p for p in path.parents if (p / FILE_NAME).is_file())
    plan = _plan(run)
    cut = recorded_tiles(plan, journal_head(plan, TilePlan(plan.georef.shape, 8, 10, "")))
    if cut is None:
        raise NotKept("no tile of an earlier run is kept")
    tiles = TilePlan(plan.georef.shape, cut[0], cut[2], "", cols=cut[1])
    with tempfile.TemporaryDirectory() as folder:
        # Opening begins a journal anew where none can be gone on with.
        copy = Path(shutil.copytree(run, folder, dirs_exist_ok=True))
        moved = replace(plan, settings=replace(plan.settings, output_dir=copy))
        head = journal_head(plan, tiles)
        with open_store(moved, tiles, shared=False, alone=False, head=head) as store:
            kept = {number: found.record() for number, found in store.finished.items()}
    whole = json.loads((run / WORK_FOLDER / "whole.txt").read_text())
    assert all(json.loads(json.dumps(record)) == whole for record in kept.values())
    if not kept:
        raise NotKept("the tile is computed again")
    return kept


# ------------------------------------------------------------------ all

READERS = (
    *WEATHER,
    Reader("dsm", _write_dsm, _read_dsm, (bytes_changed, bytes_changed, text_changed)),
    Reader("canopy_and_land_cover", _write_layers, _read_layers, (bytes_changed,)),
    Reader("points", _write_points, _read_points, (bytes_changed, *JSON)),
    Reader("toml", _write_toml, _read_toml, TEXT),
    Reader("parameters", _write_parameters, _read_parameters, JSON),
    Reader("svfs_zip", _write_svfs, SvfArrays.from_zip, (bytes_changed, archived(bytes_changed))),
    Reader("shadowmats_npz", _write_shadowmats, ShadowArrays.from_npz, ARRAYS),
    Reader("mapped_sky", _write_mapped, _read_mapped, (*JSON, array_changed, array_changed)),
    Reader("prepared_surface", _write_surface, _read_surface, (*JSON, array_changed)),
    Reader("thermal_state", _write_state, _read_state, ARRAYS),
    Reader("journal", _write_journal, _read_journal, JSON),
    Reader("run_metadata", _write_metadata, _read_metadata, JSON),
)
