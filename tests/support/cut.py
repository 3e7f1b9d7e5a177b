"""Cut ``tests/data`` from the whole data: ``python -m tests.support.cut [FOLDER_OF_THE_WHOLE]``.

Files, arrays, steps and probes are left out; what is left is packed tighter, no value is changed.
"""

from __future__ import annotations

import json
import lzma
import shutil
import sys
import zipfile
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from tests.support.reference_runs import MODES, NAMES, SCALARS
from tests.support.stored import PART, whole
from tests.validation.sites import FLUXES, SITES, Site

Arrays = dict[str, NDArray[Any]]

#: The first of the 80 probes is the mast's cell; kept are it, 3 on the ground and 1 on a roof.
PROBES = slice(None, None, 16)
#: The day of each site with every kind of run, kept with its probes and statistics.
DAYS = {"gustav_adolfs": "20060726", "gvc": "20100710"}
#: Runs of the other days, of which only what is compared with the masts is kept.
MAST_MODES = ("iso", "aniso")
#: Runs that are compared with the masts.
AGAINST_MASTS = ("iso", "aniso", "iso_box")
#: What the manifest says of a run beside its results: files and times of the machine.
ASIDE = ("config", "loadavg", "seconds")

ENVIRONMENT = {
    "Ta", "RH", "P", "Ws", "radG", "radI", "radD", "jday", "DOY", "dectime", "altitude", "azimuth",
    "altmax", "leafon",
}  # fmt: skip
OF_THE_SKY = {*SCALARS.values(), "perez_patched"}
OF_THE_SIDES = {"Lside_sky", "Lside_veg", "Lside_sun", "Lside_sh", "Lside_ref"}
AT_THE_MAST = {"Tmrt", *(field.capitalize() for field in FLUXES.values())}
#: Of 12 sun positions: along an axis, a diagonal with the sun low, and two others.
SUNS = {"E_030", "SE45_004", "q2_047", "q4_062"}
SHADOWS = {"bldg", "veg", "vbshvegsh", "wallsh", "wallsun", "wallshve", "facesun"}
INPUTS = {
    "dsm", "cdsm_abs", "tdsm_abs", "bush", "wall_height", "wall_aspect_deg", "wall_height_limit3",
    "buildings", "landcover", "alb_grid", "emis_grid",
}  # fmt: skip
#: Grids that are read of Gustav Adolfs torg alone.
DERIVED = {"TgK", "Tstart", "TmaxLST", "svfalfa", "svfbuveg"}
#: The maps kept, of Gustav Adolfs torg.
MAPS = {"Tmrt", "Kdown", "Ldown", "Kside", "Lside", "shadow"}
MAP_STEP = 13
#: The step of the ground view factors kept, of Gustav Adolfs torg.
GROUND_VIEW_STEP = 19

#: Tables of random points of which the first rows are enough.
FIRST_ROWS = {"perez.npz": 60, "utci.npz": 1000}

COPIED = (
    "spec/landcover_defaults.csv",
    "reference/scalars/manifest.json",
    "reference/comfort/manifest.json",
    "data/gvc/parametersforsolweig_GVC.json",
)
#: Text that shrinks to a tenth.
PACKED = ("data/weather/athens_2023.epw", "data/kronenhuset/CDSM_KR.asc")


def cut(source: Path, target: Path) -> None:
    """Replace what ``target`` holds, its README aside, by a part of ``source``."""
    for old in target.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    for name in COPIED:
        copy(source / name, target / name)
    for name in PACKED:
        pack(source / name, target / f"{name}.xz")
    for site in SITES:
        cut_field_site(site, source, target)
    for table in ("scalars", "comfort"):
        for path in sorted((source / "reference" / table).glob("*.npz")):
            rows = FIRST_ROWS.get(path.name)
            write(target / "reference" / table / path.name, first(read(path), rows))
    for name, day in DAYS.items():
        cut_reference(source / "reference" / name, target / "reference" / name, day)


# ---------------------------------------------------------------- field data


def cut_field_site(site: Site, source: Path, target: Path) -> None:
    """Rasters, masts and weather of a site."""
    there, here = site.folder(source), site.folder(target)
    for name in ("poi.geojson", site.measurements, *site.weather.values()):
        copy(there / name, here / name)
    for name in (site.dsm, site.dem, site.canopy, site.land_cover):
        if name.endswith(".tif"):
            copy_raster(there / name, here / name)


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())


def pack(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.compress(source.read_bytes(), preset=9 | lzma.PRESET_EXTREME))


def copy_raster(source: Path, target: Path) -> None:
    """The same GeoTIFF with the predictor under which it is smallest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(source) as raster:
        values, tags = raster.read(), raster.tags()
        kept = ("driver", "dtype", "nodata", "width", "height", "count", "crs", "transform")
        profile = {key: raster.profile[key] for key in kept}
    sizes = {}
    for predictor in (1, 2, 3):
        packing = {"compress": "deflate", "zlevel": 9, "predictor": predictor}
        with rasterio.MemoryFile() as memory:
            with memory.open(**profile, **packing, blockysize=profile["height"]) as sink:
                sink.update_tags(**tags)
                sink.write(values)
            sizes[predictor] = bytes(memory.getbuffer())
    target.write_bytes(min(sizes.values(), key=len))


# ---------------------------------------------------------------- outputs of the reference


def cut_reference(source: Path, target: Path, day: str) -> None:
    """Inputs, sky view, and the runs of a site."""
    square = source.name == "gustav_adolfs"
    inputs = INPUTS | DERIVED if square else INPUTS
    write(target / "inputs.npz", chosen(read(source / "inputs.npz"), inputs))
    sky = read(source / "svf.npz")
    write(target / "svf.npz", chosen(sky, set(sky) - {"svf_total"}))
    masks = read(source / "svf_shadowmats_packed.npz")
    write(target / "svf_shadowmats_packed.npz", chosen(masks, {m for m in masks if "shmat" in m}))
    manifest = json.loads((source / "manifest.json").read_text())
    manifest["runs"] = cut_runs(source, target, manifest["runs"], day)
    if square:
        shadows = read(source / "shadows.npz")
        kept = {f"{sun}__{what}" for sun in SUNS for what in SHADOWS}
        write(target / "shadows.npz", chosen(shadows, kept))
        positions = manifest["shadows"]["positions"]
        manifest["shadows"]["positions"] = [p for p in positions if p["name"] in SUNS]
        cut_maps(source, target, day)
        cut_ground_view(source, target, day)
    (target / "manifest.json").write_text(json.dumps(manifest) + "\n")


def cut_runs(source: Path, target: Path, runs: dict[str, Any], day: str) -> dict[str, Any]:
    """Write the series kept; what the manifest says of them."""
    kept = {}
    for name, run in runs.items():
        of, _, mode = name.partition("_")
        whole_day = of == day and mode in MODES
        mast = mode in AGAINST_MASTS and "vs_measured" in run
        if not whole_day and not (mast and mode in MAST_MODES):
            continue
        series = read(source / f"series_{name}.npz")
        found = forcing(series) | (at_the_mast(series) if mast else {})
        if whole_day:
            found |= over_the_site(series, mode)
        write(target / f"series_{name}.npz", found)
        kept[name] = {key: said for key, said in run.items() if not key.startswith(ASIDE)}
        if not whole_day:
            kept[name]["only_at_the_mast"] = True
    return kept


def forcing(series: Arrays) -> Arrays:
    """Weather, sun and what follows from them alone."""
    env = {f"env__{name}" for name in ENVIRONMENT}
    return chosen(series, env | {f"scalar__{name}" for name in OF_THE_SKY})


def at_the_mast(series: Arrays) -> Arrays:
    return chosen(series, {f"poi__{name}" for name in AT_THE_MAST})


def over_the_site(series: Arrays, mode: str) -> Arrays:
    """Statistics of every step, values at fewer probes, luminance of the sky."""
    names = set(NAMES.values())
    found = chosen(series, {f"stats__{name}" for name in names})
    if mode == "aniso":
        names |= OF_THE_SIDES
        found["perez_lv"] = series["perez_lv"]
    probes = chosen(series, {f"probe__{name}" for name in names})
    found |= {name: values[:, PROBES] for name, values in probes.items()}
    return found | {"probes_rc": series["probes_rc"][PROBES]}


def cut_maps(source: Path, target: Path, day: str) -> None:
    kept = {f"field__{name}__step{MAP_STEP:02d}" for name in MAPS}
    for mode in MAST_MODES:
        name = f"fields_{day}_{mode}.npz"
        maps = chosen(read(source / name), kept)
        write(target / name, maps | {"steps": np.array([MAP_STEP], np.int32)})


def cut_ground_view(source: Path, target: Path, day: str) -> None:
    name, step = f"gvf_{day}.npz", f"step{GROUND_VIEW_STEP:02d}__"
    stored = read(source / name)
    found = chosen(stored, {key for key in stored if key.startswith(step)})
    write(target / name, found | {"steps": np.array([GROUND_VIEW_STEP], np.int32)})


# ---------------------------------------------------------------- files of arrays


def read(path: Path) -> Arrays:
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def chosen(arrays: Arrays, names: Container[str]) -> Arrays:
    return {name: values for name, values in arrays.items() if name in names}


def first(arrays: Arrays, rows: int | None) -> Arrays:
    return {name: values[:rows] for name, values in arrays.items()}


def write(path: Path, arrays: Arrays) -> None:
    """As ``numpy.savez``, packed with LZMA: a fifth smaller, and ``numpy.load`` reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)


def main() -> None:
    source = Path(sys.argv[1]) if sys.argv[1:] else whole()
    if source is None:
        sys.exit("No whole data: name its folder, or put it into ../shared.")
    cut(source, PART)
    size = sum(path.stat().st_size for path in PART.rglob("*") if path.is_file())
    print(f"{PART.name}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
