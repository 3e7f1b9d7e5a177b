"""Module-level switches and environment variables, in one place.

They only supply defaults: an explicit argument beats a switch, a switch beats the automatic choice.
The public functions read them once, at the call; nothing below them does.

==============================  ==============  ===================================================
Variable                        Default         Meaning
==============================  ==============  ===================================================
SOLWEIG_NO_GPU                  unset           set (and not 0, false, no, off): GPU off
SOLWEIG_ASYNC_OUTPUT            1               write rasters while the next step runs
SOLWEIG_RAM_FRACTION            0.50            share of memory a run may plan for
SOLWEIG_VISIBLE_DEVICES         unset           adapters that may be used, by number; empty = none
SOLWEIG_SOFTWARE_GPU            0               software adapters may be chosen automatically
SOLWEIG_GPU_HEADROOM            0.80            share of GPU memory a run may plan for
SOLWEIG_GPU_BUDGET_BYTES        3 GiB           GPU memory assumed where it cannot be asked
SOLWEIG_MAX_TILE_SIDE           unset           longest tile side [pixels]
SOLWEIG_MIN_TILE_SIDE           128             shortest tile side [pixels]; less is for tests
SOLWEIG_MEMMAP_THRESHOLD        50 000 000      pixels above which prepared data are memory-mapped
SOLWEIG_COMPRESS_MAX_PIXELS     100 000         pixels above which archives are not compressed
SOLWEIG_SHADOW_NPZ_MAX_PIXELS   100 000         pixels above which shadowmats.npz is not written
SOLWEIG_FORCE_SHADOW_NPZ        0               write it at any size
SOLWEIG_TIMING                  0               print telemetry while running
SOLWEIG_ANISO_GPU_OVERLAP       0               overlap the anisotropic stage with the next step
UMEP_USE_GDAL                   0               accepted; rasters are read through rasterio always
RAYON_NUM_THREADS               unset           threads of the engine, which reads it itself
==============================  ==============  ===================================================

"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from solweig.digits import whole_number
from solweig.errors import ConfigurationError

T = TypeVar("T")

_OFF = {"", "0", "false", "no", "off"}


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name)
    return default if value is None else value.strip().lower() not in _OFF


def _number(
    environ: Mapping[str, str], name: str, default: float, low: float, high: float
) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ConfigurationError(
            name, f"a number from {low:g} to {high:g}", repr(text), "Correct or unset the variable."
        )
    return value


def _count(environ: Mapping[str, str], name: str, default: float) -> int:
    return int(_number(environ, name, default, 1, 2**53))


def _optional_count(environ: Mapping[str, str], name: str) -> int | None:
    return _count(environ, name, 0) if environ.get(name, "").strip() else None


def _positions(environ: Mapping[str, str], name: str) -> tuple[int, ...] | None:
    text = environ.get(name)
    if text is None:
        return None
    numbers = [whole_number(part) for part in text.split(",") if part.strip()]
    found = tuple(number for number in numbers if number is not None)
    if len(found) < len(numbers):
        raise ConfigurationError(
            name, "numbers of adapters such as 0,2", repr(text), "solweig info lists them."
        )
    return found


GPU_ENABLED: bool = not _flag(os.environ, "SOLWEIG_NO_GPU", False)
"""Whether a GPU may be chosen automatically. Says nothing about a device being there."""


def enable_gpu() -> None:
    """Let runs choose a GPU where there is one and no ``execution=`` says otherwise."""
    global GPU_ENABLED
    GPU_ENABLED = True


def disable_gpu() -> None:
    """Keep every stage of later runs on the CPU unless ``execution=`` asks for a GPU.

    Examples
    --------
    >>> solweig.disable_gpu()
    >>> solweig.GPU_ENABLED, solweig.get_compute_backend()
    (False, 'cpu')
    >>> solweig.enable_gpu()
    """
    global GPU_ENABLED
    GPU_ENABLED = False


@dataclass(frozen=True)
class Switches:
    """What the switches and the environment say at one moment; see the module's table."""

    gpu: bool
    async_output: bool
    ram_fraction: float
    gpu_headroom: float
    visible_devices: tuple[int, ...] | None
    software_gpu: bool
    gpu_budget_bytes: int
    max_tile_side: int | None
    min_tile_side: int
    memmap_threshold: int
    compress_max_pixels: int
    shadow_npz_max_pixels: int
    force_shadow_npz: bool
    timing: bool
    aniso_gpu_overlap: bool
    threads: int | None


def read(environ: Mapping[str, str] | None = None) -> Switches:
    """Read every switch now.

    Raises
    ------
    ConfigurationError
        A variable holds something that is not a number in its range.
    """
    env = os.environ if environ is None else environ
    return Switches(
        gpu=GPU_ENABLED,
        async_output=_flag(env, "SOLWEIG_ASYNC_OUTPUT", True),
        ram_fraction=_number(env, "SOLWEIG_RAM_FRACTION", 0.50, 0.01, 1.0),
        visible_devices=_positions(env, "SOLWEIG_VISIBLE_DEVICES"),
        software_gpu=_flag(env, "SOLWEIG_SOFTWARE_GPU", False),
        gpu_headroom=_number(env, "SOLWEIG_GPU_HEADROOM", 0.80, 0.01, 1.0),
        gpu_budget_bytes=_count(env, "SOLWEIG_GPU_BUDGET_BYTES", 3 * 2**30),
        max_tile_side=_optional_count(env, "SOLWEIG_MAX_TILE_SIDE"),
        min_tile_side=_count(env, "SOLWEIG_MIN_TILE_SIDE", 128),
        memmap_threshold=_count(env, "SOLWEIG_MEMMAP_THRESHOLD", 50e6),
        compress_max_pixels=_count(env, "SOLWEIG_COMPRESS_MAX_PIXELS", 100e3),
        shadow_npz_max_pixels=_count(env, "SOLWEIG_SHADOW_NPZ_MAX_PIXELS", 100e3),
        force_shadow_npz=_flag(env, "SOLWEIG_FORCE_SHADOW_NPZ", False),
        timing=_flag(env, "SOLWEIG_TIMING", False),
        aniso_gpu_overlap=_flag(env, "SOLWEIG_ANISO_GPU_OVERLAP", False),
        threads=_optional_count(env, "RAYON_NUM_THREADS"),
    )


def choose(explicit: T | None, switch: T | None, automatic: T) -> T:
    """The first of the three that is not ``None``: argument, switch, automatic choice."""
    if explicit is not None:
        return explicit
    return switch if switch is not None else automatic
