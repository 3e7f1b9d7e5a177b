"""The whole chain, from rasters to Tmrt, against every stored step of the reference, night and day.

Everything goes through the public interface: the rules of the reference are switches there. The sun
stands where the stored runs had it, as the weather may say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import solweig
from tests.support.reference_runs import MODES, Site
from tests.support.site_rasters import site_rasters
from tests.support.tolerances import tolerance

SITES = ("gustav_adolfs", "gvc")
FAR_M = 1e5
"""Farther than any shadow of the sites: the reference ends them by height."""


class Chain(Site):
    """A site whose sky view, masks, walls and buildings come from its rasters."""

    def __init__(self, shared: Path, name: str) -> None:
        super().__init__(shared / "reference" / name)
        self.rasters = site_rasters(shared, name)
        self.data = shared / "data" / name
        place = self.manifest["location"]
        self.location = solweig.Location(
            place["latitude"], place["longitude"], place["altitude"], utc_offset=1
        )
        self.surface = self.surface_of(2.0)
        self.bound = self.surface.reference_height_bound()
        self.surface.compute_svf(height_bound_m=self.bound, max_shadow_distance_m=FAR_M)

    def surface_of(self, pixel_size: float) -> solweig.SurfaceData:
        """Heights as they are in the files."""
        return solweig.SurfaceData(
            self.rasters.dsm, dem=self.rasters.dem, cdsm=self.rasters.canopy,
            land_cover=self.rasters.land_cover, pixel_size=pixel_size,
            min_object_height=0.0, smooth_quantized_dem=False,
        )  # fmt: skip

    def given(self, mode: str) -> solweig.PrecomputedData | None:
        """Walls of a run that read them from rasters, made as if the pixels were 1 m."""
        if not mode.endswith("tifwalls"):
            return None
        height, aspect = self.surface_of(1.0).walls(3.0)
        return solweig.PrecomputedData(wall_height=height, wall_aspect=aspect)

    def config(self, mode: str, **changes: Any) -> solweig.ModelConfig:
        """The rules of the stored runs."""
        chosen: dict[str, Any] = {
            "use_anisotropic_sky": MODES[mode]["anisotropic"],
            "body": MODES[mode].get("body", "cylinder"),
            "human": solweig.HumanParams(abs_l=0.95),
            "ground_clock": "legal",
            "night_clearness": "clear",
            "height_bound_m": self.bound,
            "max_shadow_distance_m": FAR_M,
            **changes,
        }
        return solweig.ModelConfig(**chosen)

    def weather(self, day: str, mode: str) -> list[solweig.Weather]:  # type: ignore[override]
        """Rows of the file, with the sun of the stored run; without its split where it had none."""
        (met,) = self.data.glob(f"MetFile*{day}*.txt")
        series = self.series(day, mode)
        rows = solweig.Weather.from_umep_met(met, resample_hourly=False)
        split = {"measured_direct_rad": np.nan, "measured_diffuse_rad": np.nan}
        return [
            replace(
                row,
                precomputed_sun_altitude=float(series["env__altitude"][i]),
                precomputed_sun_azimuth=float(series["env__azimuth"][i]),
                precomputed_altmax=float(series["env__altmax"][i]),
                **(split if mode.endswith("onlyglobal") else {}),
            )
            for i, row in enumerate(rows)
        ]

    def run(self, day: str, mode: str, **changes: Any) -> Any:
        """Tmrt of every step, ``[time, row, col]`` [deg C]."""
        summary = solweig.calculate(
            self.surface, self.weather(day, mode), self.location, outputs=["tmrt"],
            config=self.config(mode, **changes), precomputed=self.given(mode),
        )  # fmt: skip
        assert summary.dataset is not None
        return summary.dataset["tmrt"].values


@pytest.fixture(scope="module", params=SITES)
def chain(request: pytest.FixtureRequest, shared: Path) -> Chain:
    return Chain(shared, request.param)


def test_the_bound_of_shadows_is_the_reference_s(chain: Chain) -> None:
    assert chain.bound == pytest.approx(chain.manifest["amaxvalue_m"], abs=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_tmrt_of_every_stored_step(
    chain: Chain, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [day for day, stored in chain.runs() if stored == mode]
    assert days
    map_gaps, probe_gaps, steps, nights = [], [], 0, 0
    for day in days:
        series = chain.series(day, mode)
        maps = chain.maps(day, mode)
        patched = series.get("scalar__perez_patched", np.zeros(len(series["env__Ta"])))
        found = chain.run(day, mode)
        rows, cols = series["probes_rc"].T
        assert len(found) == len(patched)
        for step, tmrt in enumerate(found):
            nights += int(series["env__altitude"][step] <= 0)
            if patched[step]:
                continue
            steps += 1
            probe_gaps.append(np.abs(tmrt[rows, cols] - series["probe__Tmrt"][step]))
            mean = float(np.nanmean(tmrt, dtype=float))
            assert abs(mean - series["stats__Tmrt"][step][0]) <= tolerance("chain", "tmrt_mean_k")
            if ("tmrt", step) in maps:
                map_gaps.append(np.abs(tmrt - maps["tmrt", step]).ravel())
    assert nights >= 5 * len(days)
    for gaps in filter(None, (map_gaps, probe_gaps)):
        gap = np.concatenate(gaps)
        assert gap.mean() <= tolerance("chain", "tmrt_mean_k")
        share = np.mean(gap <= tolerance("chain", "tmrt_most_k"))
        assert share >= tolerance("chain", "tmrt_share")
    probes = np.concatenate(probe_gaps)
    with capsys.disabled():
        print(
            f"\n{chain.rasters.name} {mode}: {steps} steps, "
            f"probes mean |d| {probes.mean():.2e} max {probes.max():.2e} K"
        )


def test_nights_by_the_other_rules_are_cloudier(chain: Chain) -> None:
    """The stored nights are clear by accident (Q-05); the switch is what makes them so."""
    day = next(day for day, mode in chain.runs() if mode == "aniso")
    series = chain.series(day, "aniso")
    night = series["env__altitude"] <= 0
    clear = chain.run(day, "aniso")
    for rule in ("offerle", "evening", 0.4):
        other = chain.run(day, "aniso", night_clearness=rule)
        assert np.array_equal(other[~night], clear[~night], equal_nan=True)
        warmer = np.nanmean(other[night] - clear[night], axis=(1, 2))
        assert (warmer >= 0).all()
        assert warmer.max() > 0.05, rule
