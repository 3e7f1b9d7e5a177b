"""What the figures were measured on: machine, software, commit, load."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import REPOSITORY


def describe(threads: int) -> dict[str, Any]:
    """Everything needed to read a figure later, and to know whether two may be compared."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "threads": threads,
        "engine": "cpu",
        "load_average_before": os.getloadavg()[0],
    }


def commit() -> str:
    """Commit of the working tree, with ``+`` when tracked files differ from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "rust", "python")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def cpu_name() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def memory_gib() -> float | None:
    information = Path("/proc/meminfo")
    if not information.exists():
        return None
    kib = int(information.read_text().split("MemTotal:", 1)[1].split()[0])
    return round(kib / 2**20, 1)


def default_threads() -> int:
    """Threads the engine will use: ``RAYON_NUM_THREADS`` or every core."""
    return int(os.environ.get("RAYON_NUM_THREADS") or os.cpu_count() or 1)
