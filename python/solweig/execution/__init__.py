"""How a run is carried out, never what it computes."""

from .config import ExecutionConfig, ResolvedExecution, resolve_execution

__all__ = ["ExecutionConfig", "ResolvedExecution", "resolve_execution"]
