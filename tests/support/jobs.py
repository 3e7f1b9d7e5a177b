"""Small jobs for strategies, importable by worker processes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from solweig import _core
from solweig.errors import ConfigurationError


@dataclass(frozen=True)
class Double:
    """Doubles a number, slowly enough that two workers both get some."""

    seconds: float = 0.0

    def begin(self, engine: Any) -> Callable[[Any, Callable[[int, int], None]], Any]:
        def work(item: int, report: Callable[[int, int], None]) -> int:
            report(0, 2)
            time.sleep(self.seconds)
            report(2, 2)
            return 2 * item

        return work


@dataclass(frozen=True)
class Fail:
    """Doubles, but for one number: raises, logs, dies or runs for ever."""

    at: int
    how: str = "raise"

    def begin(self, engine: Any) -> Callable[[Any, Callable[[int, int], None]], Any]:
        def work(item: int, report: Callable[[int, int], None]) -> int:
            if item == self.at:
                if self.how == "raise":
                    raise ConfigurationError("item", "another number", item)
                if self.how == "unpicklable":
                    raise Unpicklable(lambda: None)
                if self.how == "log":
                    logging.getLogger("solweig").warning("[GPU] svf failed: told so. CPU fallback.")
                if self.how == "die":
                    os._exit(7)
                if self.how == "hang":
                    report(1, 2)
                    time.sleep(600)
            return 2 * item

        return work


class Unpicklable(Exception):
    """An error that cannot be sent."""


@dataclass(frozen=True)
class Shadows:
    """Real work of the engine: the shadow of a block under a sun."""

    def begin(self, engine: Any) -> Callable[[Any, Callable[[int, int], None]], Any]:
        dsm = np.zeros((40, 40), np.float32)
        dsm[10:15, 10:15] = 8.0
        scene = _core.Scene(dsm, pixel_size=1.0)

        def work(item: float, report: Callable[[int, int], None]) -> Any:
            return scene.shadows(item, 30.0)["sh"]

        return work


@dataclass(frozen=True)
class Named:
    """Opens an engine that is only a name, or fails to."""

    names: tuple[str, ...]
    broken: int | None = None

    def __call__(self, device_index: int) -> Any:
        if device_index == self.broken:
            raise OSError("no such adapter")
        gpu = SimpleNamespace(
            name=self.names[device_index],
            backend="vulkan",
            timing="timestamp",
            affinity="worker_safe",
            stage_times=dict,
        )
        return SimpleNamespace(gpu=gpu, tally=_core.tally)


@dataclass(frozen=True)
class Adapters:
    """Opens real adapters, ``(backend, index)`` each."""

    adapters: tuple[tuple[str, int], ...]
    policy: str = "gpu"
    #: Stage and kind of a fault to plant in every device.
    fault: tuple[str, str] | None = None

    def __call__(self, device_index: int) -> Any:
        gpu = _core.open_gpu(*self.adapters[device_index])
        if self.fault is not None:
            gpu.inject_fault(*self.fault, times=1)
        return _core.Engine(self.policy, gpu)
