"""Keyword names that scripts written for earlier versions use."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def also_takes(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take keywords that it has no use for any more."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in names:
                kwargs.pop(name, None)
            return function(*args, **kwargs)

        return call

    return decorate


def also_named(**earlier: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take its arguments under earlier names as well: ``earlier="today's"``.

    Both names at once are a ``TypeError``, as any argument given twice is.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in earlier.keys() & kwargs.keys():
                if earlier[old] in kwargs:
                    raise TypeError(f"{function.__name__}() got both {old!r} and {earlier[old]!r}")
                kwargs[earlier[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate
