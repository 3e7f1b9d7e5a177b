"""What a run gives: summaries, reports, maps, files and their metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solweig.lazy import on_first_use

if TYPE_CHECKING:
    from solweig.results.state import ThermalState as ThermalState
    from solweig.results.summary import SolweigResult as SolweigResult
    from solweig.results.summary import Timeseries as Timeseries
    from solweig.results.summary import TimeseriesSummary as TimeseriesSummary

__all__ = ["SolweigResult", "ThermalState", "Timeseries", "TimeseriesSummary"]

__getattr__, __dir__ = on_first_use(
    __name__,
    {
        "SolweigResult": "solweig.results.summary",
        "ThermalState": "solweig.results.state",
        "Timeseries": "solweig.results.summary",
        "TimeseriesSummary": "solweig.results.summary",
    },
)
