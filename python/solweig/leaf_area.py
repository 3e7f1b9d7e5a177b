"""What comes through leaves, by how much there is of them.

Light is dimmed exponentially by the leaves it passes (Monsi & Saeki 1953): of an index L [m² of
leaves over a m² of ground] a share exp(-K L) comes through. With leaves turned any way K is 0.5
(Campbell & Norman 1998), so that the 0.03 of a canopy without a value of its own is an index of 7.
"""

from __future__ import annotations

import numpy as np

from solweig.typing import F32

__all__ = ["DENSEST_LAI", "EXTINCTION", "USUAL", "through_leaves"]

#: Of leaves turned any way.
EXTINCTION = 0.5
#: Transmissivity of canopies without a value of their own, in leaf.
USUAL = 0.03
#: The densest forests have 10.
DENSEST_LAI = 12.0


def through_leaves(lai: F32, extinction: float = EXTINCTION) -> F32:
    """Share of light that comes through canopies of a leaf area index; NaN stays NaN."""
    return np.exp(-extinction * np.asarray(lai, np.float64)).astype(np.float32)
