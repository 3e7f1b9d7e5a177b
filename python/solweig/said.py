"""Which arguments of a call were said, apart from the defaults its signature shows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

__all__ = ["knows_what_was_said"]

P = ParamSpec("P")
R = TypeVar("R")


def knows_what_was_said(
    function: Callable[Concatenate[frozenset[str], P], R],
) -> Callable[P, R]:
    """Let a function know the names of the keyword arguments it was called with.

    They come as its first argument, which callers neither give nor see: an explicit value can so be
    told from a default that reads the same.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(frozenset(kwargs), *args, **kwargs)

    signature = inspect.signature(function)
    _, *public = signature.parameters.values()
    call.__signature__ = signature.replace(parameters=public)  # type: ignore[attr-defined]
    return call
