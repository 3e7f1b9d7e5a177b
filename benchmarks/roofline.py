"""The machine's limits, measured: memory bandwidth and single-precision vector throughput."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Limits:
    """Bytes read plus written per second, and f32 lane operations per second."""

    bandwidth_bytes_s: float
    lane_operations_s: float

    def seconds(self, bytes_moved: float, lane_operations: float) -> float:
        """Least time for work that must move these bytes and do these operations."""
        return max(bytes_moved / self.bandwidth_bytes_s, lane_operations / self.lane_operations_s)

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def measure(threads: int) -> Limits:
    """Measure with ``threads`` threads; takes about two seconds."""
    return Limits(_bandwidth(threads), _lane_operations(threads))


def _bandwidth(threads: int, mib: int = 192) -> float:
    """Copy far beyond the caches: one read and one write per element."""
    count = mib * 2**20 // 4 // threads
    pairs = [(np.ones(count, np.float32), np.empty(count, np.float32)) for _ in range(threads)]

    def copy(index: int) -> None:
        np.copyto(pairs[index][1], pairs[index][0])

    seconds = _best(lambda: _in_threads(copy, threads), 7)
    return 2 * 4 * count * threads / seconds


def _lane_operations(threads: int, side: int = 1024) -> float:
    """Matrix product of single precision; a fused multiply-add counts as one lane operation.

    One independent product a thread, so the figure does not depend on how many threads the
    linear algebra library starts by itself; with more than it can use, they share the cores.
    """
    matrices = [np.random.default_rng(i).random((side, side), np.float32) for i in range(threads)]
    results = [np.empty((side, side), np.float32) for _ in range(threads)]

    def multiply(index: int) -> None:
        np.matmul(matrices[index], matrices[index], out=results[index])

    seconds = _best(lambda: _in_threads(multiply, threads), 7)
    return threads * side**3 / seconds


def _in_threads(work: Callable[[int], None], threads: int) -> None:
    pool = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()


def _best(work: Callable[[], None], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    from benchmarks.machine import default_threads

    found = measure(default_threads())
    print(f"memory bandwidth  {found.bandwidth_bytes_s / 1e9:7.1f} GB/s (read + write)")
    print(f"vector throughput {found.lane_operations_s / 1e9:7.1f} G lane operations/s (f32)")
