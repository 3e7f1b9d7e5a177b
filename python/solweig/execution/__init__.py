"""How a run is carried out, never what it computes."""

from solweig.execution.config import ExecutionConfig
from solweig.execution.cpu_strategy import CPUOnlyStrategy
from solweig.execution.dask_strategy import DaskStrategy
from solweig.execution.devices import DeviceManager
from solweig.execution.gpu_strategy import MultiGPU, SingleGPUMultiProcess
from solweig.execution.registry import register, strategy_names
from solweig.execution.resolve import (
    GpuUnavailable,
    GpuUnavailableWarning,
    ResolvedExecution,
    open_engine,
    resolve_execution,
)
from solweig.execution.strategy import GPUStrategy, auto_select_strategy
from solweig.execution.telemetry import Telemetry

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
