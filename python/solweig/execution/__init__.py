"""How a run is carried out, never what it computes."""

from .config import ExecutionConfig
from .cpu_strategy import CPUOnlyStrategy
from .dask_strategy import DaskStrategy
from .devices import DeviceManager
from .gpu_strategy import MultiGPU, SingleGPUMultiProcess
from .resolve import (
    GpuUnavailable,
    GpuUnavailableWarning,
    ResolvedExecution,
    open_engine,
    resolve_execution,
)
from .strategy import GPUStrategy, auto_select_strategy, register, strategy_names
from .telemetry import Telemetry

__all__ = [
    "CPUOnlyStrategy",
    "DaskStrategy",
    "DeviceManager",
    "ExecutionConfig",
    "GPUStrategy",
    "GpuUnavailable",
    "GpuUnavailableWarning",
    "MultiGPU",
    "ResolvedExecution",
    "SingleGPUMultiProcess",
    "Telemetry",
    "auto_select_strategy",
    "open_engine",
    "register",
    "resolve_execution",
    "strategy_names",
]
