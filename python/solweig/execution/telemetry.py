"""What a run measured about itself.

====================== ===== =======================================================================
Metric                 Label Meaning
====================== ===== =======================================================================
svf_tile_wall_time_s         sky view factors of one tile, or of the raster in one piece
svf_patch_progress_rate      sky patches finished per second
svf_stitch_copy_time_ms      copying a tile's core into the whole raster
timestep_wall_time_s         one step of one tile
tile_turnaround_ms           from handing a tile to a worker until its result is in
gpu_stage_time_ms      stage one run's time of a stage on the device; ``source`` says how it was
                             measured: "timestamp" (queries on the device) or "fence" (waiting)
queue_depth_peak             most pieces of work handed over and not finished: tiles with the
                             workers, steps waiting for the disk
gpu_fallback_count     stage stages meant for a GPU that ran on the CPU after a failure
svf_gpu_fallback_count       the same of the sky view factors alone
aniso_gpu_overlap_s          time in which a step and the delivery of the one before ran together
====================== ===== =======================================================================
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from solweig.atomic import write_text

__all__ = ["FILE_STEM", "METRICS", "Row", "Telemetry"]

FILE_STEM = "telemetry"

METRICS: dict[str, str] = {
    "svf_tile_wall_time_s": "s",
    "svf_patch_progress_rate": "1/s",
    "svf_stitch_copy_time_ms": "ms",
    "timestep_wall_time_s": "s",
    "tile_turnaround_ms": "ms",
    "gpu_stage_time_ms": "ms",
    "queue_depth_peak": "",
    "gpu_fallback_count": "",
    "svf_gpu_fallback_count": "",
    "aniso_gpu_overlap_s": "s",
}
"""Every metric and its unit."""

_PEAKS = {"queue_depth_peak"}
_TOTALS = {"gpu_fallback_count", "svf_gpu_fallback_count", "aniso_gpu_overlap_s"}


@dataclass(frozen=True)
class Row:
    """One metric and label: how often it was measured and what came out.

    ``mean``, ``p95`` (95th percentile, nearest rank), ``max`` and ``total`` are in ``unit``.
    """

    metric: str
    stage: str
    source: str
    unit: str
    count: int
    mean: float
    p95: float
    max: float
    total: float


class Telemetry:
    """Collects measurements; safe to call from several threads.

    Parameters
    ----------
    live
        Print stage times as they come (``SOLWEIG_TIMING=1``).
    stream
        Where; None is stderr.
    """

    def __init__(self, live: bool = False, stream: IO[str] | None = None) -> None:
        self.live = live
        self._stream = stream
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str, str], list[float]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Results are pickled with it; a lock and a stream are of their process."""
        with self._lock:
            values = {key: list(kept) for key, kept in self._values.items()}
        return {"live": self.live, "_values": values}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(live=state["live"])  # type: ignore[misc]
        self._values = state["_values"]

    def record(self, metric: str, value: float, *, stage: str = "", source: str = "") -> None:
        """Add a measurement.

        Parameters
        ----------
        metric
            One of ``METRICS``, in its unit.
        value
            What was measured; of a peak only the largest is kept.
        stage
            Stage of the model it belongs to.
        source
            How it was measured.

        Raises
        ------
        ValueError
            An unknown metric.
        """
        if metric not in METRICS:
            raise ValueError(f"metric: expected one of {', '.join(METRICS)}, got {metric!r}")
        with self._lock:
            kept = self._values.setdefault((metric, stage, source), [])
            if metric in _PEAKS and kept:
                kept[0] = max(kept[0], float(value))
            else:
                kept.append(float(value))

    def take(self, other: Telemetry) -> None:
        """Add everything another one holds, as a run does with its surface's preparation.

        Parameters
        ----------
        other
            It stays as it is.
        """
        with other._lock:
            found = {key: list(values) for key, values in other._values.items()}
        for (metric, stage, source), values in found.items():
            for value in values:
                self.record(metric, value, stage=stage, source=source)

    def say(self, line: str) -> None:
        """Print a line if the run is followed live.

        Parameters
        ----------
        line
            What to print.
        """
        if self.live:
            print(f"[timing] {line}", file=self._stream or sys.stderr)

    def stages(self, what: str, seconds: Mapping[str, float]) -> None:
        """Print the times of the stages of one piece of work if the run is followed live.

        Parameters
        ----------
        what
            The piece of work.
        seconds
            By stage [s].
        """
        if self.live and seconds:
            parts = ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in seconds.items())
            self.say(f"{what}: {parts}")

    def gpu_stages(self, seconds: Mapping[str, float], source: str) -> None:
        """Record times of stages on a device.

        Parameters
        ----------
        seconds
            By stage [s].
        source
            How they were measured, "timestamp" or "fence".
        """
        for stage, value in seconds.items():
            self.record("gpu_stage_time_ms", 1e3 * value, stage=stage, source=source)

    def fallbacks(self, tally: Mapping[str, Mapping[str, Any]]) -> None:
        """Record the fallbacks of a run's tally, stage by stage; zeros too.

        Parameters
        ----------
        tally
            By stage, as ``_core.tally`` gives it.
        """
        for stage, entry in tally.items():
            self.record("gpu_fallback_count", entry.get("fallbacks", 0), stage=stage)
        self.record("svf_gpu_fallback_count", tally.get("svf", {}).get("fallbacks", 0))

    def rows(self) -> list[Row]:
        """What was measured, one row a metric and label.

        Returns
        -------
        list[Row]
            In the order of ``METRICS``.
        """
        with self._lock:
            found = {key: list(values) for key, values in self._values.items()}
        order = {name: i for i, name in enumerate(METRICS)}
        keys = sorted(found, key=lambda key: (order[key[0]], key[1:]))
        return [_row(*key, found[key]) for key in keys]

    def value(self, metric: str, stage: str = "") -> float:
        """The peak, total or mean of a metric, whichever tells most.

        Parameters
        ----------
        metric
            One of ``METRICS``.
        stage
            Of one stage; "" = of all.

        Returns
        -------
        float
            In the metric's unit; NaN if unmeasured.
        """
        rows = [r for r in self.rows() if r.metric == metric and stage in ("", r.stage)]
        if not rows:
            return math.nan
        if metric in _PEAKS:
            return max(r.max for r in rows)
        if metric in _TOTALS:
            return sum(r.total for r in rows)
        return sum(r.total for r in rows) / sum(r.count for r in rows)

    def table(self) -> list[tuple[str, str]]:
        """Lines for the end of a run.

        Returns
        -------
        list[tuple[str, str]]
            Name with label, and the figure with its unit.
        """
        return [(_name(row), _figure(row)) for row in self.rows()]

    def tiles(self) -> dict[str, float]:
        """How long tiles were under way and how many at a time.

        Returns
        -------
        dict[str, float]
            ``mean_turnaround`` and ``p95`` [ms], and ``max_queue``, the most tiles or steps that
            were handed over and not finished; empty for a raster in one piece.
        """
        rows = [r for r in self.rows() if r.metric == "tile_turnaround_ms"]
        if not rows:
            return {}
        return {
            "mean_turnaround": rows[0].mean,
            "p95": rows[0].p95,
            "max_queue": self.value("queue_depth_peak"),
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON.

        Returns
        -------
        dict[str, Any]
            Rows by metric, and ``tiles`` as :meth:`tiles` gives them.
        """
        out: dict[str, Any] = {}
        for row in self.rows():
            entry = {k: v for k, v in asdict(row).items() if v != "" and k != "metric"}
            out.setdefault(row.metric, []).append(entry)
        if tiles := self.tiles():
            out["tiles"] = tiles
        return out

    def write(self, folder: Path, log: str) -> Path | None:
        """Write ``telemetry.csv`` or ``telemetry.json``; nothing for "none".

        Parameters
        ----------
        folder
            Must exist.
        log
            "csv", "json" or "none".

        Returns
        -------
        Path or None
            The file, if any.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        formats: dict[str, Callable[[], str]] = {"csv": self._csv, "json": self._json}
        if log not in formats:
            return None
        path = folder / f"{FILE_STEM}.{log}"
        write_text(path, formats[log]())
        return path

    def _json(self) -> str:
        return json.dumps(self.as_dict(), indent=2) + "\n"

    def _csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = tuple(Row.__dataclass_fields__)
        writer.writerow(names)
        for row in self.rows():
            values = [getattr(row, name) for name in names]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])
        return text.getvalue()


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` (0-1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def _row(metric: str, stage: str, source: str, values: list[float]) -> Row:
    return Row(
        metric=metric,
        stage=stage,
        source=source,
        unit=METRICS[metric],
        count=len(values),
        mean=math.fsum(values) / len(values),
        p95=percentile(values, 0.95),
        max=max(values),
        total=math.fsum(values),
    )


def _name(row: Row) -> str:
    label = " ".join(part for part in (row.stage, row.source and f"({row.source})") if part)
    return f"{row.metric} {label}".strip()


def _figure(row: Row) -> str:
    unit = f" {row.unit}" if row.unit else ""
    if row.metric in _PEAKS:
        return f"{row.max:g}{unit}"
    if row.metric in _TOTALS:
        return f"{row.total:.4g}{unit}"
    if row.count == 1:
        return f"{row.mean:.4g}{unit}"
    return f"{row.mean:.4g}{unit} mean, {row.p95:.4g}{unit} p95 of {row.count}"
