"""Tiles on the CPU: in this process, or in several that share its cores."""

from __future__ import annotations

from collections.abc import Sequence

from solweig.execution.config import ExecutionConfig
from solweig.execution.pool import Crew, HereCrew, ProcessCrew
from solweig.execution.registry import register
from solweig.execution.runtime import Device
from solweig.execution.strategy import GPUStrategy, abreast
from solweig.execution.worker import Opener

__all__ = ["CPUOnlyStrategy"]


@register("cpu")
class CPUOnlyStrategy(GPUStrategy):
    """No GPU. One worker runs in this process; more are processes that share the cores out.

    Parameters
    ----------
    workers
        At least 1.
    opener
        How workers come by their engines; None is the CPU engine.
    tile_workers
        Tiles each worker has under way at once, at least 1: one is computed, others are read and
        written.

    Raises
    ------
    ValueError
        Less than one worker.
    """

    def __init__(
        self, workers: int = 1, *, opener: Opener | None = None, tile_workers: int = 1
    ) -> None:
        super().__init__()
        if workers < 1:
            raise ValueError(f"workers: expected at least 1, got {workers}")
        self._workers = int(workers)
        self._opener = opener
        self._abreast = int(tile_workers)

    @classmethod
    def from_config(
        cls, config: ExecutionConfig, devices: Sequence[Device], opener: Opener | None
    ) -> CPUOnlyStrategy:
        """With ``config.workers`` workers; ``devices`` are left alone."""
        return cls(config.workers or 1, opener=opener, tile_workers=abreast(config))

    @property
    def num_workers(self) -> int:
        """As many as it was made with."""
        return self._workers

    @property
    def backend(self) -> str:
        """Always "cpu"."""
        return "cpu"

    def get_device_for_worker(self, worker_id: int) -> str:
        """Always "cpu"."""
        self._check_worker(worker_id)
        return "cpu"

    def _hire(self) -> Crew:
        if self._workers == 1:
            return HereCrew("cpu", opener=self._opener, abreast=self._abreast)
        return ProcessCrew([("cpu", 0)] * self._workers, self._opener, self._abreast)
