"""The data that parity is held to: which are taken, and that the part is one of the whole."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.support.cut import FIRST_ROWS, PROBES, read
from tests.support.needed import needed
from tests.support.reference_runs import Site
from tests.support.stored import PART, stored_data, unpacked, whole
from tests.validation.sites import SITES, site_days

FILES = sorted(
    path.relative_to(PART) for path in PART.rglob("*") if path.is_file() and path.parent != PART
)


@pytest.fixture(scope="module")
def complete() -> Path:
    found = whole()
    if found is None:
        pytest.skip("the whole data are not at hand to compare tests/data with")
    return found


def test_the_part_differs_from_the_whole_in_no_value(complete: Path) -> None:
    assert len(FILES) > 50
    for name in FILES:
        ours, theirs = PART / name, complete / name
        if name.suffix == ".npz":
            compare_arrays(ours, theirs)
        elif name.suffix == ".tif":
            compare_rasters(ours, theirs)
        elif name.suffix == ".xz":
            assert lzma.decompress(ours.read_bytes()) == theirs.with_suffix("").read_bytes(), name
        elif name.name == "manifest.json" and name.parts[1] in ("gustav_adolfs", "gvc"):
            compare_manifests(ours, theirs)
        else:
            assert ours.read_bytes() == theirs.read_bytes(), name


def compare_arrays(ours: Path, theirs: Path) -> None:
    part, complete = read(ours), read(theirs)
    rows = FIRST_ROWS.get(ours.name)
    for name, values in part.items():
        want = complete[name]
        assert values.dtype == want.dtype, (ours, name)
        if name == "steps":
            assert set(values) <= set(want), ours
            continue
        if name.startswith("probe__"):
            want = want[:, PROBES]
        elif name == "probes_rc":
            want = want[PROBES]
        elif rows is not None:
            want = want[:rows]
        assert np.array_equal(values, want, equal_nan=values.dtype.kind == "f"), (ours, name)


def compare_rasters(ours: Path, theirs: Path) -> None:
    with rasterio.open(ours) as part, rasterio.open(theirs) as complete:
        assert np.array_equal(part.read(), complete.read()), ours
        for key in ("dtypes", "transform", "crs", "nodata", "shape"):
            assert getattr(part, key) == getattr(complete, key), (ours, key)


def compare_manifests(ours: Path, theirs: Path) -> None:
    part, complete = (json.loads(path.read_text()) for path in (ours, theirs))
    assert part["runs"]
    for name, said in part["runs"].items():
        said.pop("only_at_the_mast", None)
        assert said == {key: complete["runs"][name][key] for key in said}, (ours, name)
    positions = complete["shadows"]["positions"]
    assert all(position in positions for position in part["shadows"]["positions"])
    for manifest in (part, complete):
        del manifest["runs"], manifest["shadows"]["positions"]
    assert part == complete, ours


@pytest.mark.parametrize("name", ["gustav_adolfs", "gvc"])
def test_every_run_that_the_manifest_names_is_stored(shared: Path, name: str) -> None:
    site = Site(shared / "reference" / name)
    stored = {path.stem.removeprefix("series_") for path in site.folder.glob("series_*.npz")}
    assert stored == set(site.manifest["runs"])
    assert {mode for _, mode in site.runs()} >= {"iso", "aniso"}


def test_the_part_holds_every_site_and_day_with_measurements(tmp_path: Path) -> None:
    for site in SITES:
        for raster in (site.dsm, site.dem, site.canopy, site.land_cover):
            with rasterio.open(unpacked(site.folder(PART) / raster, tmp_path)) as dataset:
                assert dataset.read(1).any()
    for site, day in site_days():
        assert np.isfinite(site.measured(PART, day)["Tmrt"]).sum() >= 7
        assert (site.folder(PART) / site.weather[day]).is_file()


def test_the_part_is_small_and_attributed() -> None:
    assert sum(path.stat().st_size for path in PART.rglob("*") if path.is_file()) <= 4_000_000
    text = (PART / "README.md").read_text("utf-8")
    for word in (
        "University of Gothenburg", "UMEP", "GPL-3.0", "Copernicus",
        "10.1007/s00484-008-0162-7", "10.1007/s00704-010-0382-8",
    ):  # fmt: skip
        assert word in text


def test_the_whole_goes_before_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLWEIG_SHARED", str(tmp_path))
    assert stored_data() == PART  # a folder of this name that holds something else
    for name in ("data", "reference"):
        (tmp_path / name).mkdir()
    assert stored_data() == tmp_path
    monkeypatch.setenv("SOLWEIG_SHARED", str(tmp_path / "absent"))
    assert stored_data() == PART


def test_what_the_part_leaves_out_is_named_and_what_the_whole_lacks_fails(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"gvc.absent\.npz"):
        needed(PART / "reference/gvc/absent.npz")
    assert needed(PART / "README.md") == PART / "README.md"
    assert needed(tmp_path / "absent.npz") == tmp_path / "absent.npz"
