"""Stored series of the reference implementation at the measuring points."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Our field names -> names in the stored series.
_SPECIAL = {"tmrt": "Tmrt"}


def measured_agreement(shared: Path, site: str, day: str, mode: str) -> dict[str, dict[str, float]]:
    """What the reference's manifest reports against measurements; empty where it holds nothing."""
    manifest = shared / "reference" / site / "manifest.json"
    if not manifest.exists():
        return {}
    run = json.loads(manifest.read_text())["runs"].get(f"{day}_{mode}", {})
    return run.get("vs_measured", {})


def point_series(shared: Path, site: str, day: str, mode: str, field: str) -> NDArray[np.float64]:
    """A field at the measuring point for the 24 hourly steps, as the reference computed it."""
    name = _SPECIAL.get(field, field.capitalize())
    with np.load(shared / "reference" / site / f"series_{day}_{mode}.npz") as stored:
        return np.asarray(stored[f"poi__{name}"], dtype=float)
