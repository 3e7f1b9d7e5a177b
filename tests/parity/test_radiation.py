"""Every stored step of the reference's runs, with its own sun, sky view, masks and walls.

Compared are the fluxes and temperatures at the stored probe cells, the mean, spread and extremes of
every step, the stored maps, and the scalars of the sky. Left out are what the stored runs
themselves call broken: the box under the patch sky, and steps whose luminance had to be patched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solweig import _core
from tests.support.needed import needed
from tests.support.reference_runs import MODES, NAMES, SCALARS, Site
from tests.support.tolerances import tolerance

SITES = ("gustav_adolfs", "gvc")
TEMPERATURES = ("tmrt", "tg", "tg_out")
RATIOS = ("shadow", "f_sh")


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest, shared: Path) -> Site:
    return Site(shared / "reference" / request.param)


@dataclass
class Deviation:
    """Largest deviation of each quantity from the stored run."""

    worst: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, got: Any, want: Any) -> None:
        gap = np.abs(np.asarray(got, float) - np.asarray(want, float))
        assert not np.isnan(gap).any(), f"{name}: missing values do not agree"
        self.worst[name] = max(self.worst.get(name, 0.0), float(gap.max()))

    def beyond(self, limit: dict[str, float]) -> dict[str, float]:
        return {name: gap for name, gap in self.worst.items() if gap > limit[name]}


def limits() -> dict[str, float]:
    """Tolerance of every quantity."""
    flux = tolerance("radiation", "flux_w_m2")
    named = dict.fromkeys(NAMES, flux)
    named.update(dict.fromkeys(TEMPERATURES, tolerance("radiation", "temperature_k")))
    named.update(dict.fromkeys(RATIOS, tolerance("radiation", "ratio")))
    return named


def steps(site: Site, day: str, mode: str, **changes: Any) -> Iterator[tuple[int, Any]]:
    """Results of the comparable steps of a run."""
    series = site.series(day, mode)
    patched = series.get("scalar__perez_patched", np.zeros(len(series["env__Ta"])))
    model = site.model(mode, **changes)
    state = model.new_state()
    probes = np.ascontiguousarray(series["probes_rc"], dtype=np.int64)
    for step in range(len(patched)):
        weather = site.weather(series, step, mode)
        result = model.step(state, weather, outputs=list(NAMES), points=probes)
        if not patched[step]:
            yield step, result


@pytest.mark.parametrize("mode", MODES)
def test_series(site: Site, mode: str) -> None:
    days = [day for day, stored in site.runs() if stored == mode]
    assert days
    compared = 0
    for day in days:
        series = site.series(day, mode)
        cells, spread = Deviation(), Deviation()
        for step, result in steps(site, day, mode):
            for name, theirs in NAMES.items():
                cells.note(name, result.points[name], series[f"probe__{theirs}"][step])
                grid = result.fields[name].astype(float)
                summary = (grid.mean(), grid.std(), grid.min(), grid.max())
                spread.note(name, summary, series[f"stats__{theirs}"][step])
            compared += 1
        assert not cells.beyond(limits()), (day, cells.worst)
        assert not spread.beyond(limits()), (day, spread.worst)
    assert compared >= 22 * len(days)


@pytest.mark.parametrize("mode", ["iso", "aniso"])
def test_maps(site: Site, mode: str) -> None:
    days = site.mapped_days(mode)
    assert days
    for day in days:
        needed(site.folder / f"fields_{day}_{mode}.npz")
        stored = site.maps(day, mode)
        assert {name for name, _ in stored} >= {"tmrt", "kdown", "kside", "ldown", "lside"}
        gaps = Deviation()
        for step, result in steps(site, day, mode):
            for (name, at), want in stored.items():
                if at == step:
                    gaps.note(name, result.fields[name], want)
                    if name == "tmrt":
                        gap = np.abs(result.fields[name] - want)
                        assert gap.mean() <= tolerance("radiation", "tmrt_mean_k")
                        most = np.quantile(gap, tolerance("radiation", "tmrt_share"))
                        assert most <= tolerance("radiation", "tmrt_most_k")
        assert not gaps.beyond(limits()), (day, gaps.worst)


@pytest.mark.parametrize("mode", MODES)
def test_scalars(site: Site, mode: str) -> None:
    for day in [day for day, stored in site.runs() if stored == mode]:
        series = site.series(day, mode)
        gaps = Deviation()
        for step, result in steps(site, day, mode):
            night = series["env__altitude"][step] <= 0
            for name, theirs in SCALARS.items():
                # At night the stored irradiances are those of the file, which no flux reads.
                if not (night and name.startswith(("rad_", "ci_"))):
                    gaps.note(name, result.scalars[name], series[f"scalar__{theirs}"][step])
        limit = tolerance("radiation", "scalar")
        assert not gaps.beyond(dict.fromkeys(SCALARS, limit)), (day, gaps.worst)


def test_luminance(site: Site) -> None:
    for day in [day for day, stored in site.runs() if stored == "aniso"]:
        series = site.series(day, "aniso")
        compared = 0
        for step in np.flatnonzero(series["env__altitude"] > 0):
            if series["scalar__perez_patched"][step]:
                continue
            got, _, _ = _core.perez_luminance(
                90.0 - float(series["env__altitude"][step]),
                float(series["env__azimuth"][step]),
                float(series["scalar__radD"][step]),
                float(series["scalar__radI"][step]),
                int(series["env__jday"][step]),
            )
            np.testing.assert_allclose(got, series["perez_lv"][step], atol=1e-8)
            compared += 1
        assert compared > 5


@pytest.mark.parametrize(
    "change", [{"abs_l": 0.97}, {"wall_emissivity": 0.91}, {"formulation": "improved"}]
)
def test_the_comparison_sees_a_change(site: Site, change: dict[str, Any]) -> None:
    day = next(day for day, mode in site.runs() if mode == "aniso")
    series = site.series(day, "aniso")
    gaps = Deviation()
    for step, result in steps(site, day, "aniso", **change):
        gaps.note("tmrt", result.points["tmrt"], series["probe__Tmrt"][step])
    assert gaps.beyond(limits())
