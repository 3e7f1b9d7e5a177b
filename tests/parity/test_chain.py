"""The whole chain, from rasters to Tmrt, against every stored step of the reference.

Everything is ours but what the reference run was given or decided by itself: sun position, leaf
state, night clearness and the bound on ray heights.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solweig import _core
from tests.support.reference_runs import MODES, Site
from tests.support.site_rasters import site_rasters
from tests.support.tolerances import tolerance

SITES = ("gustav_adolfs", "gvc")


class Chain(Site):
    """A site whose sky view, masks, walls and buildings come from its rasters."""

    def __init__(self, shared: Path, name: str) -> None:
        super().__init__(shared / "reference" / name)
        self.rasters = site_rasters(shared, name)
        self.inputs = {"dsm": self.rasters.dsm, "landcover": self.rasters.land_cover}
        self.inputs["buildings"] = _core.buildings_mask(
            self.rasters.dsm, land_cover=self.rasters.land_cover
        )

    @cached_property
    def scene(self) -> _core.Scene:
        return self.rasters.scene()

    @cached_property
    def sky(self) -> _core.SkyView:
        bound = float(self.manifest["amaxvalue_m"])
        return self.scene.svf(2, height_bound_m=bound, max_shadow_distance_m=1e6)

    @cached_property
    def svf(self) -> dict[str, Any]:
        return self.sky.fields()

    @cached_property
    def masks(self) -> dict[str, Any]:
        return self.sky.masks()

    def walls(self, mode: str) -> tuple[Any, Any]:
        if mode.endswith("tifwalls"):
            height = _core.wall_height(self.rasters.dsm, 3.0)
            return height, _core.wall_aspect(self.rasters.dsm, height, 1.0)
        height = _core.wall_height(self.rasters.dsm, 1.0)
        return height, _core.wall_aspect(self.rasters.dsm, height, 2.0)


@pytest.fixture(scope="module", params=SITES)
def chain(request: pytest.FixtureRequest, shared: Path) -> Chain:
    return Chain(shared, request.param)


@pytest.mark.parametrize("mode", MODES)
def test_tmrt_of_every_stored_step(
    chain: Chain, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [day for day, stored in chain.runs() if stored == mode]
    assert days
    map_gaps, probe_gaps, steps = [], [], 0
    for day in days:
        series = chain.series(day, mode)
        maps = chain.maps(day, mode)
        patched = series.get("scalar__perez_patched", np.zeros(len(series["env__Ta"])))
        model = chain.model(mode)
        state = model.new_state()
        rows, cols = series["probes_rc"].T
        for step in range(len(patched)):
            weather = chain.weather(series, step, mode)
            tmrt = model.step(state, weather, outputs=["tmrt"]).fields["tmrt"]
            if patched[step]:
                continue
            steps += 1
            probe_gaps.append(np.abs(tmrt[rows, cols] - series["probe__Tmrt"][step]))
            mean = float(np.nanmean(tmrt, dtype=float))
            assert abs(mean - series["stats__Tmrt"][step][0]) <= tolerance("chain", "tmrt_mean_k")
            if ("tmrt", step) in maps:
                map_gaps.append(np.abs(tmrt - maps["tmrt", step]).ravel())
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
