"""``solweig info``: versions and engines."""

from __future__ import annotations

import os
import platform
import warnings

from solweig import _core
from solweig.cli.support import clean_errors, out_console
from solweig.execution import GpuUnavailableWarning, resolve_execution
from solweig.execution.runtime import Probe, Rejected, decide_gpu_runtime, open_gpu, probe_gpu

__all__ = ["info"]


def info() -> None:
    """Show versions, engines and what this machine offers.

    Example:

    solweig info
    """
    with clean_errors():
        console = out_console()
        for name, value in (*_lines(), *_gpu_lines()):
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


def _gpu_lines() -> list[tuple[str, str]]:
    """Adapters, how each answers the self-test, and what a run would choose."""
    probe = probe_gpu()
    lines: list[tuple[str, str]] = []
    for adapter in probe.adapters:
        driver = f"{adapter.driver} {adapter.driver_info}".strip() or "driver unknown"
        what = f"{adapter.name} [{adapter.backend}], {adapter.device_type}"
        lines.append((f"gpu:{adapter.position}", what))
        binding = adapter.limits.get("max_storage_buffer_binding_size", 0) / 2**20
        buffer = adapter.limits.get("max_buffer_size", 0) / 2**20
        lines.append(("", f"{driver}; binding {binding:.0f} MiB, buffer {buffer:.0f} MiB"))
        lines.append(("", _tested(probe, adapter.position)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GpuUnavailableWarning)
        chosen = resolve_execution()
    what = ", ".join(str(ready.adapter) for ready in chosen.devices) or "CPU"
    lines.append(("chosen", f"{what}: {chosen.reason}"))
    return lines


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
