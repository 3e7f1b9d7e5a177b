"""``solweig info``: versions and engines."""

from __future__ import annotations

import os
import platform

from . import _core
from .cli_support import clean_errors, out_console

__all__ = ["info"]


def info() -> None:
    """Show versions, engines and what this machine offers.

    Example:

    solweig info
    """
    with clean_errors():
        console = out_console()
        for name, value in _lines():
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


def _has_matplotlib() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None
