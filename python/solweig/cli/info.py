"""``solweig info``: versions and engines."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Mapping
from typing import Any

from solweig import _core
from solweig.cli import options as opt
from solweig.cli.support import clean_errors, out_console, print_json
from solweig.execution import GpuUnavailableWarning, resolve_execution
from solweig.execution.runtime import Probe, Rejected, decide_gpu_runtime, open_gpu, probe_gpu

__all__ = ["info"]


def info(as_json: opt.Json = False) -> None:
    """Show versions, engines and what this machine offers.

    Example:

    solweig info
    """
    with clean_errors():
        probe = probe_gpu()
        tested = {adapter.position: _tested(probe, adapter.position) for adapter in probe.adapters}
        chosen = _chosen()
        if as_json:
            adapters = [
                {
                    "name": f"gpu:{adapter.position}",
                    "adapter": adapter.name,
                    "backend": adapter.backend,
                    "device_type": adapter.device_type,
                    "driver": _driver(adapter),
                    "limits": dict(adapter.limits),
                    "self_test": tested[adapter.position],
                }
                for adapter in probe.adapters
            ]
            print_json({**dict(_lines()), "adapters": adapters, "chosen": chosen})
            return
        console = out_console()
        for name, value in (*_lines(), *_gpu_lines(probe, tested), ("chosen", chosen)):
            console.print(f"{name:<12}{value}", markup=False)


def _lines() -> list[tuple[str, str]]:
    import numpy
    import rasterio

    return [
        ("solweig", _core.__version__),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("numpy", numpy.__version__),
        ("rasterio", f"{rasterio.__version__} (GDAL {rasterio.__gdal_version__})"),
        ("cores", str(os.cpu_count())),
        ("engine", "CPU" + (", GPU compiled in" if _core.gpu_compiled() else "")),
        ("plots", "available" if _has_matplotlib() else "need: pip install 'solweig[plot]'"),
    ]


def _gpu_lines(probe: Probe, tested: Mapping[int, str]) -> list[tuple[str, str]]:
    """Adapters, and how each answers the self-test."""
    lines: list[tuple[str, str]] = []
    for adapter in probe.adapters:
        what = f"{adapter.name} [{adapter.backend}], {adapter.device_type}"
        lines.append((f"gpu:{adapter.position}", what))
        binding = adapter.limits.get("max_storage_buffer_binding_size", 0) / 2**20
        buffer = adapter.limits.get("max_buffer_size", 0) / 2**20
        lines.append(
            ("", f"{_driver(adapter)}; binding {binding:.0f} MiB, buffer {buffer:.0f} MiB")
        )
        lines.append(("", tested[adapter.position]))
    return lines


def _driver(adapter: Any) -> str:
    return f"{adapter.driver} {adapter.driver_info}".strip() or "driver unknown"


def _chosen() -> str:
    """What a run would choose, and why."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GpuUnavailableWarning)
        chosen = resolve_execution()
    what = ", ".join(str(ready.adapter) for ready in chosen.devices) or "CPU"
    return f"{what}: {chosen.reason}"


def _tested(probe: Probe, position: int) -> str:
    ready = decide_gpu_runtime(probe, device=position)
    if isinstance(ready, Rejected):
        return f"not usable: {ready.reason}"
    try:
        worst = open_gpu(ready).core.self_test()
    except _core.GpuError as error:
        return f"self-test failed: {error.reason}"
    stages = ", ".join(f"{stage} {apart:.1g}" for stage, apart in worst.items())
    return f"self-test passed; largest difference from the CPU: {stages}"


def _has_matplotlib() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None
