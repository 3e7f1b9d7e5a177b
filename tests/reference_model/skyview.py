"""Sky patches, their weights, and sky view factors (G 5; R 4.1 and 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.reference_model.geometry import RADIANS, Scene, cast_shadow

F64 = NDArray[np.float64]

COARSE_EDGES = [0, 12, 24, 36, 48, 60, 72, 84, 90]
COARSE_CENTRES = [6, 18, 30, 42, 54, 66, 78, 90]
COARSE_STARTS = [0, 4, 2, 5, 8, 0, 10, 0]
COARSE_COUNTS = {
    1: [30, 30, 24, 24, 18, 12, 6, 1],
    2: [31, 30, 28, 24, 19, 13, 7, 1],
    3: [62, 60, 56, 48, 38, 26, 14, 1],
}
FINE_EDGES = [0, 4.5, 9, 15, 21, 27, 33, 39, 45, 51, 57, 63, 69, 75, 81, 90]
FINE_CENTRES = [3, 9, 15, 21, 27, 33, 39, 45, 51, 57, 63, 69, 75, 81, 90]
FINE_COUNTS = [62, 62, 60, 60, 56, 56, 48, 48, 38, 38, 26, 26, 14, 14, 1]
FINE_STARTS = [0, 0, 4, 4, 2, 2, 5, 5, 8, 8, 0, 0, 10, 10, 0]

ZENITH_CONSTANT = 3.0459e-4
"""Added to the S and W sectors by the reference (quirk Q18)."""


@dataclass(frozen=True)
class Patches:
    """One row per patch, band by band from the horizon (G 5.1)."""

    altitude: F64
    azimuth: F64
    band: NDArray[np.int64]
    weight: F64
    """Share of the cosine-weighted hemisphere, W_b / n_b; sums to 1 (G 5.2)."""
    sector_weight: F64
    """W_b / ceil(n_b / 2), the weight within a quadrant pair (G 5.2)."""
    solid_angle: F64
    """Sums to 2π [sr] (R 4.2)."""

    def __len__(self) -> int:
        return len(self.altitude)


def make_patches(option: int = 2) -> Patches:
    """Patch table of option 1 (145), 2 (153), 3 (305) or 4 (609 patches)."""
    if option == 4:
        edges, centres, counts, starts = FINE_EDGES, FINE_CENTRES, FINE_COUNTS, FINE_STARTS
    else:
        edges, centres, starts = COARSE_EDGES, COARSE_CENTRES, COARSE_STARTS
        counts = COARSE_COUNTS[option]
    lowest = centres[0]
    rows = []
    for band, n in enumerate(counts):
        lower, upper = np.sin(edges[band] * RADIANS), np.sin(edges[band + 1] * RADIANS)
        share = upper**2 - lower**2
        top = np.sin((centres[band] + lowest) * RADIANS)
        bottom = np.sin((centres[band] - lowest) * RADIANS)
        omega = 2 * np.pi / n * (top - bottom)
        if n == 1:
            omega = 2 * np.pi * (1 - np.sin((centres[band - 1] + lowest) * RADIANS))
        for j in range(n):
            azimuth = j * 360 / n + starts[band]
            rows.append((centres[band], azimuth, band, share / n, share / np.ceil(n / 2), omega))
    altitude, azimuth, band, weight, sector_weight, omega = np.array(rows, float).T
    return Patches(altitude, azimuth, band.astype(int), weight, sector_weight, omega)


def in_sector(azimuth: F64, sector: str) -> NDArray[np.bool_]:
    """Whether azimuths lie in the half circle of ``sector`` (G 5.3)."""
    if sector == "E":
        return (azimuth >= 0) & (azimuth < 180)
    if sector == "S":
        return (azimuth >= 90) & (azimuth < 270)
    if sector == "W":
        return (azimuth >= 180) & (azimuth < 360)
    return (azimuth >= 270) | (azimuth < 90)


@dataclass
class Visibility:
    """Bits of every cell and patch, ``[row, col, patch]``, 1 = not blocked (G 5.4).

    ``margin`` is the smallest decisive margin [m] of each bit (G 2.4).
    """

    sh: F64
    vegsh: F64
    vbshvegsh: F64
    margin: F64


def patch_visibility(scene: Scene, patches: Patches, height_bound: float = np.inf) -> Visibility:
    """Cast a shadow from the centre of every patch."""
    casts = [
        cast_shadow(scene, azimuth, altitude, height_bound)
        for azimuth, altitude in zip(patches.azimuth, patches.altitude, strict=True)
    ]

    def stack(name: str) -> F64:
        return np.stack([getattr(cast, name) for cast in casts], axis=2)

    return Visibility(stack("sh"), stack("vegsh"), stack("vbshvegsh"), stack("margin"))


FAMILIES = {"": "sh", "_veg": "vegsh", "_aveg": "vbshvegsh"}
SECTORS = {"": "", "_east": "E", "_south": "S", "_west": "W", "_north": "N"}


def sky_view_factors(
    bits: Visibility, patches: Patches, trunk_absent: NDArray[np.bool_] | None
) -> dict[str, F64]:
    """The fifteen sky view factors (G 5.3), named as the engine names them.

    ``trunk_absent`` marks cells without trunk zone, where the vegetation sectors get the zenith
    constant; ``None`` for a scene without vegetation, whose vegetation factors are all 1.
    """
    fields = {}
    for family, layer in FAMILIES.items():
        for suffix, sector in SECTORS.items():
            name = f"svf{family}{suffix}"
            bit = getattr(bits, layer)
            if family and trunk_absent is None:
                fields[name] = np.where(np.isnan(bits.sh[..., 0]), np.nan, 1.0)
                continue
            if not sector:
                value = bit @ patches.weight
            else:
                inside = in_sector(patches.azimuth, sector)
                value = bit[..., inside] @ patches.sector_weight[inside]
            if sector in ("S", "W"):
                value = value + ZENITH_CONSTANT * (trunk_absent if family else 1.0)
            fields[name] = np.minimum(value, 1.0)
    return fields


def obstruction_angle(svf: F64, svf_veg: F64) -> F64:
    """Angle of the horizon that would give the same combined SVF [rad] (G 5.5)."""
    return np.arcsin(np.sqrt(1 - np.clip(svf + svf_veg - 1, 0, 1)))


def transmitting_svf(svf: F64, svf_veg: F64, transmissivity: float) -> F64:
    """SVF with light through canopies (G 5.5, ``svfbuveg``)."""
    return svf - (1 - svf_veg) * (1 - transmissivity)
