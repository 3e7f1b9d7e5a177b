"""Results are bitwise equal for 1, 2 and 7 threads; two of Python's may read what a run carries."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

PROGRAM = """
import sys
import numpy as np
from tests.execution.test_threads import digest_of_a_day
from solweig import _core
_core.set_threads(int(sys.argv[1]))
print(digest_of_a_day(_core))
"""


def now(hour: int, altitude: float) -> dict[str, Any]:
    """Weather of a step."""
    return {
        "ta": 20.0 + hour / 2, "rh": 50.0, "pressure_kpa": float("nan"), "ws": 1.0,
        "global_rad": max(0.0, 12 * altitude), "direct_rad": float("nan"),
        "diffuse_rad": float("nan"), "day_of_year": 200.0,
        "clock_fraction": hour / 24, "altitude": altitude, "azimuth": 15.0 * hour,
        "altitude_max": 55.0, "latitude": 57.7, "step_days": 1 / 6, "leaf_on": True,
        "night_clearness": 0.8, "water_temperature": float("nan"), "hours": 4.0,
    }  # fmt: skip


def digest_of_a_day(core: object) -> str:
    """Hash of everything computed for a small city with trees, relief and missing data."""
    rng = np.random.default_rng(7)
    shape = (75, 90)
    dem = np.add.outer(np.linspace(0, 6, shape[0]), np.linspace(3, 0, shape[1]))
    dsm = dem.copy()
    for _ in range(14):
        r, c = rng.integers(4, 60), rng.integers(4, 75)
        dsm[r : r + 9, c : c + 8] = dem[r, c] + rng.uniform(4, 30)
    canopy = np.where(rng.random(shape) < 0.2, rng.uniform(0.05, 15, shape), 0.0)
    dsm[30:33, 40:44] = np.nan
    dsm, dem, canopy = (a.astype(np.float32) for a in (dsm, dem, canopy))

    scene = core.Scene(dsm, pixel_size=1.0, dem=dem, canopy=canopy)
    sky = scene.svf(2)
    height = core.wall_height(dsm)
    aspect = core.wall_aspect(dsm, height, 1.0)
    hasher = hashlib.sha256()
    for field in (*sky.fields().values(), *sky.masks().values(), height, aspect):
        hasher.update(field.tobytes())
    for anisotropic in (False, True):
        model = core.Model(
            scene, svf=sky.fields(), masks=sky.masks(), patch_option=2,
            buildings=core.buildings_mask(dsm, dem=dem), wall_height=height, wall_aspect=aspect,
            params={"anisotropic": anisotropic},
        )  # fmt: skip
        state = model.new_state()
        statistics = model.new_statistics([32.0], [26.0])
        for hour, altitude in ((4, -5.0), (8, 25.0), (12, 55.0), (18, 4.0)):
            result = model.step(
                state,
                now(hour, altitude),
                outputs=["tmrt", "utci", "pet", "kdown", "lup", "shadow"],
                statistics=statistics,
            )  # fmt: skip
            for name in sorted(result.fields):
                hasher.update(result.fields[name].tobytes())
            hasher.update(repr(sorted(result.scalars.items())).encode())
            hasher.update(repr(result.sums).encode())
        for field in statistics.grids().values():
            hasher.update(field.tobytes())
    return hasher.hexdigest()


def digest_with(threads: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(threads)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("threads", [2, 7])
def test_bitwise_equal_for_any_number_of_threads(threads: int) -> None:
    assert digest_with(threads) == digest_with(1)


READERS = """
from tests.execution.test_threads import read_by_two_threads
from solweig import _core
read_by_two_threads(_core)
"""


def read_by_two_threads(core: Any) -> None:
    """One reads statistics, which goes on without the interpreter; one asks for the state."""
    dsm = np.zeros((300, 300), np.float32)
    dsm[100:140, 100:140] = 20.0
    scene = core.Scene(dsm, pixel_size=1.0)
    sky = scene.svf(1)
    height = core.wall_height(dsm)
    model = core.Model(
        scene, svf=sky.fields(), masks=sky.masks(), patch_option=1,
        buildings=core.buildings_mask(dsm, dem=np.zeros_like(dsm)), wall_height=height,
        wall_aspect=core.wall_aspect(dsm, height, 1.0),
    )  # fmt: skip
    state, statistics = model.new_state(), model.new_statistics([32.0], [26.0])
    model.step(state, now(12, 55.0), outputs=["tmrt"], statistics=statistics)
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            assert state.first in (True, False)
            assert state.fields((10, 20, 30, 50))["lup"].shape == (10, 20)

    other = threading.Thread(target=ask, daemon=True)
    other.start()
    for _ in range(40):
        assert statistics.grids((0, 300, 0, 200))["tmrt_mean"].shape == (300, 200)
    done.set()
    other.join()


def test_two_threads_read_what_a_run_carries() -> None:
    # In a process of its own: one that waits for the other for ever would hold this one, too.
    command = [sys.executable, "-c", READERS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
