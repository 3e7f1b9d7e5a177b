"""The strategies by name; they register themselves as they are defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["register", "registered", "strategy_names"]

S = TypeVar("S", bound=type[Any])

_registered: dict[str, type[Any]] = {}


def register(name: str) -> Callable[[S], S]:
    """Make a strategy known under a name; a later one of that name takes its place.

    Parameters
    ----------
    name
        As ``ExecutionConfig(strategy=...)`` says it.

    Returns
    -------
    Callable
        Decorates the class, a :class:`GPUStrategy`.
    """

    def known(strategy: S) -> S:
        strategy.name = name
        _registered[name] = strategy
        return strategy

    return known


def registered(name: str) -> type[Any] | None:
    """The strategy of a name, None where there is none."""
    return _registered.get(name)


def strategy_names() -> tuple[str, ...]:
    """Every registered name.

    Returns
    -------
    tuple of str
        In the order in which they were registered.
    """
    return tuple(_registered)
