"""How much memory this process may use: the machine's, or less where a container says so."""

from __future__ import annotations

import os
from pathlib import Path

from solweig import switches

__all__ = ["available_memory", "memory_budget", "stay_on_disk"]

_UNLIMITED = 1 << 60
_MOST_OF_IT = 0.6


def available_memory(root: Path = Path("/")) -> tuple[int, str] | None:
    """Bytes, and who says so; None where the system does not say.

    The least of the physical memory and of the limits of the control groups this process is in
    (versions 1 and 2), up to the topmost.

    Parameters
    ----------
    root
        Of the file system that holds ``proc`` and ``sys``.
    """
    found = [(limit, "control group") for limit in _group_limits(root)]
    physical = _physical(root)
    if physical is not None:
        found.append((physical, "physical memory"))
    return min(found, default=None)


def memory_budget(root: Path = Path("/")) -> int | None:
    """The share of :func:`available_memory` that a run may plan for (SOLWEIG_RAM_FRACTION)."""
    found = available_memory(root)
    return None if found is None else int(found[0] * switches.read().ram_fraction)


def stay_on_disk(cells: int, bytes_per_cell: float, budget: int | None = None) -> bool:
    """Whether rasters are to be mapped files instead of arrays in memory.

    Where they have more cells than SOLWEIG_MEMMAP_THRESHOLD, or would take so much of what a run
    may plan for that little is left to compute with.

    Parameters
    ----------
    cells
        Of each raster.
    bytes_per_cell
        Of all of them.
    budget
        What a run may plan for [bytes]; None = :func:`memory_budget`.
    """
    if budget is None:
        budget = memory_budget()
    little = budget is not None and cells * bytes_per_cell > _MOST_OF_IT * budget
    return little or cells > switches.read().memmap_threshold


def _physical(root: Path) -> int | None:
    try:
        for line in (root / "proc" / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemTotal:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        pass
    try:
        import psutil  # comes with solweig on Windows, which has no sysconf
    except ImportError:
        return None
    return int(psutil.virtual_memory().total)


def _group_limits(root: Path) -> list[int]:
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text("ascii").splitlines()
    except OSError:
        return []
    limits = []
    base = root / "sys" / "fs" / "cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            limits += _up(base, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _up(base / "memory", path, "memory.limit_in_bytes")
    return [limit for limit in limits if limit < _UNLIMITED]


def _up(base: Path, path: str, name: str) -> list[int]:
    """The limits of a group and of all above it; a container sees its own as the topmost."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    found = []
    for depth in range(len(parts), -1, -1):
        try:
            text = base.joinpath(*parts[:depth], name).read_text("ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            found.append(int(text))
    return found
