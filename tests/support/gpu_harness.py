"""Comparing a device with the CPU: strict engines, proof of who did the work, numbers on record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solweig import _core
from solweig.config import INDICES
from tests.support.tolerances import tolerance

BACKENDS = ("vulkan", "gl")
"""Mesa gives every machine a software adapter on both."""


def open_device(backend: str, **options: Any) -> _core.Gpu:
    """The first adapter of a backend. Missing is a failure: nothing here skips for the host."""
    if not _core.gpu_compiled():
        pytest.skip("a build without the GPU engine")
    adapters = _core.gpu_adapters([backend])
    assert adapters, f"no {backend} adapter; Debian: mesa-vulkan-drivers libegl1 libgl1-mesa-dri"
    return _core.open_gpu(backend, 0, **options)


@dataclass(frozen=True)
class Gap:
    """How far a device's field is from the CPU's."""

    mean_abs_diff: float
    max_abs_diff: float
    finite_share: float


def gap(cpu: NDArray[Any], gpu: NDArray[Any]) -> Gap:
    """Distance of two fields that must be missing in the same cells."""
    finite = np.isfinite(cpu)
    np.testing.assert_array_equal(finite, np.isfinite(gpu), err_msg="finite cells differ")
    if not finite.any():
        return Gap(0.0, 0.0, 0.0)
    apart = np.abs(cpu[finite].astype(np.float64) - gpu[finite])
    return Gap(float(apart.mean()), float(apart.max()), float(finite.mean()))


def record(case: str, backend: str, gaps: Mapping[str, Gap]) -> None:
    """Print the distances, and append them to the file SOLWEIG_PARITY_REPORT names."""
    for name, one in gaps.items():
        print(
            f"{case} [{backend}] {name}: mean_abs_diff {one.mean_abs_diff:.2e}, "
            f"max_abs_diff {one.max_abs_diff:.2e}, finite {one.finite_share:.4f}"
        )
    report = os.environ.get("SOLWEIG_PARITY_REPORT")
    if report:
        with Path(report).open("a", encoding="utf-8") as file:
            for name, one in gaps.items():
                line = {"case": case, "backend": backend, "field": name, **asdict(one)}
                file.write(json.dumps(line) + "\n")


def worst(gaps: list[dict[str, Gap]]) -> dict[str, Gap]:
    """The largest distances over several cases."""
    names = {name for one in gaps for name in one}
    return {
        name: Gap(
            max(one[name].mean_abs_diff for one in gaps if name in one),
            max(one[name].max_abs_diff for one in gaps if name in one),
            min(one[name].finite_share for one in gaps if name in one),
        )
        for name in sorted(names)
    }


def assert_on_device(engine: _core.Engine, *stages: str) -> None:
    """The device did the work of these stages, and the CPU none."""
    tally = engine.tally()
    for stage in stages:
        assert tally[stage]["gpu_runs"] > 0, (stage, tally)
        assert tally[stage]["cpu_runs"] == 0, (stage, tally)
        assert tally[stage]["fallbacks"] == 0, (stage, tally)


def compare_sky(cpu: _core.SkyView, gpu: _core.SkyView) -> dict[str, Gap]:
    """Masks equal on every bit, view factors within the tolerance."""
    want, got = cpu.masks(), gpu.masks()
    assert want.keys() == got.keys()
    for name, mask in want.items():
        np.testing.assert_array_equal(mask, got[name], err_msg=name)
    fields = gpu.fields()
    gaps = {name: gap(field, fields[name]) for name, field in cpu.fields().items()}
    for name, one in gaps.items():
        assert one.max_abs_diff <= tolerance("gpu", "svf"), (name, one)
    return gaps


def compare_shadows(cpu: Mapping[str, NDArray[Any]], gpu: Mapping[str, NDArray[Any]]) -> None:
    """Shadow masks and shade on walls equal on every cell."""
    assert cpu.keys() == gpu.keys()
    for name, field in cpu.items():
        np.testing.assert_array_equal(field, gpu[name], err_msg=name)


def compare_fields(
    cpu: Mapping[str, NDArray[Any]], gpu: Mapping[str, NDArray[Any]]
) -> dict[str, Gap]:
    """Fields of a step within the tolerances of their unit."""
    assert cpu.keys() == gpu.keys()
    gaps = {name: gap(field, gpu[name]) for name, field in cpu.items()}
    for name, one in gaps.items():
        if name in INDICES or name.startswith(("tmrt", "utci", "pet", "attribution")):
            assert one.max_abs_diff <= tolerance("gpu", "temperature_most_k"), (name, one)
            assert one.mean_abs_diff <= tolerance("gpu", "temperature_mean_k"), (name, one)
        elif name in ("shadow", "f_sh") or name.endswith("_hours"):
            assert one.max_abs_diff <= tolerance("gpu", "ratio"), (name, one)
        else:
            assert one.max_abs_diff <= tolerance("gpu", "flux_w_m2"), (name, one)
    return gaps
