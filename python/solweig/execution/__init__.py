"""How a run is carried out, never what it computes."""

from .config import ExecutionConfig, ResolvedExecution, resolve_execution
from .cpu_strategy import CPUOnlyStrategy
from .gpu_strategy import MultiGPU, SingleGPUMultiProcess
from .strategy import GPUStrategy, auto_select_strategy, register, strategy_names
from .telemetry import Telemetry

__all__ = [
    "CPUOnlyStrategy",
    "ExecutionConfig",
    "GPUStrategy",
    "MultiGPU",
    "ResolvedExecution",
    "SingleGPUMultiProcess",
    "Telemetry",
    "auto_select_strategy",
    "register",
    "resolve_execution",
    "strategy_names",
]
