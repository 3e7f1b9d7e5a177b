"""Progress bars that show phase, rate and remaining time, and vanish when not on a terminal."""

from __future__ import annotations

from solweig.compat.progress import (
    Progress,
    ProgressReporter,
    bounded,
    get_progress_iterator,
    parts_of,
    progress,
    track,
)

__all__ = [
    "Progress",
    "ProgressReporter",
    "bounded",
    "get_progress_iterator",
    "parts_of",
    "progress",
    "track",
]
