"""An old path."""

from __future__ import annotations

from solweig.compat.models import Timeseries, TimeseriesSummary

__all__ = ["Timeseries", "TimeseriesSummary"]
